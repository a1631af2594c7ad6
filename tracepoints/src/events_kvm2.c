// SPDX-License-Identifier: LGPL-2.1
// The events of kvm2, for people.
#include "events.h"

#include "bits.h"

#include <linux/kvm2.h>

#include <string.h>

static void put_error(struct text *text, int64_t error)
{
	char name[KVM2_TRACE_NAME_SIZE];

	if (!error)
		return;
	text_string(text, " failed: ");
	text_string(text, kvm2_trace_errno_name((int)error, name));
}

/* Source: the comment on kvm2_exit in trace/events/kvm2.h. */
static void put_io(struct text *text, uint64_t what, uint64_t data)
{
	const unsigned int bytes = what >> 16 & 0xff;
	const bool out = (what >> 24 & 0xff) == KVM2_IO_OUT;
	const unsigned int count = (unsigned int)(what >> 32);
	const uint64_t total = (uint64_t)bytes * count;

	text_printf(text, "io %s port=0x%x size=%u", out ? "out" : "in",
		    (unsigned int)(what & 0xffff), bytes);
	if (count != 1)
		text_printf(text, " count=%u", count);
	if (!out || !total)
		return;
	text_string(text, " value=0x");
	text_hex_digits(text, data, total <= sizeof(data) ?
			(unsigned int)total * 2 : 16);
	if (total > sizeof(data))
		text_string(text, "...");
}

static void put_msr(struct text *text, uint64_t detail0)
{
	char name[KVM2_TRACE_NAME_SIZE];

	text_string(text, kvm2_trace_register_name(KVM2_SET_MSR,
						   (uint32_t)detail0, 8, name));
}

static void put_msr_exit(struct text *text, uint64_t why)
{
	static const struct bit_name names[] = {
		{ 0, "invalid" }, { 1, "unknown" }, { 2, "filter" },
	};

	if (!why)
		return;
	text_char(text, ' ');
	bit_names(text, BITS(names), why);
}

void print_kvm2_exit(const struct kvm2_trace_event *event, struct text *text)
{
	const uint64_t detail0 = event->values[EXIT_DETAIL0];
	const uint64_t detail1 = event->values[EXIT_DETAIL1];

	if ((int64_t)event->values[EXIT_RET] < 0) {
		text_string(text, event->reason);
		return;
	}
	switch (event->values[EXIT_REASON]) {
	case KVM2_EXIT_IO:
		put_io(text, detail0, detail1);
		return;
	case KVM2_EXIT_MMIO:
		text_printf(text, "mmio gpa=0x%llx data=0x%llx",
			    (unsigned long long)detail0,
			    (unsigned long long)detail1);
		return;
	case KVM2_EXIT_HYPERCALL:
		text_printf(text, "hypercall nr=%llu arg0=0x%llx",
			    (unsigned long long)detail0,
			    (unsigned long long)detail1);
		return;
	case KVM2_EXIT_RDMSR:
		text_string(text, "rdmsr ");
		put_msr(text, detail0);
		put_msr_exit(text, detail0 >> 32);
		return;
	case KVM2_EXIT_WRMSR:
		text_string(text, "wrmsr ");
		put_msr(text, detail0);
		text_char(text, '=');
		text_hex(text, detail1);
		put_msr_exit(text, detail0 >> 32);
		return;
	case KVM2_EXIT_DEBUG:
		text_printf(text, "debug pc=0x%llx dr6=0x%llx",
			    (unsigned long long)detail0,
			    (unsigned long long)detail1);
		return;
	}
	text_string(text, event->reason);
	text_char(text, ' ');
	text_hex(text, detail0);
	text_char(text, ' ');
	text_hex(text, detail1);
}

void print_kvm2_enter(const struct kvm2_trace_event *event, struct text *text)
{
	const uint32_t completes = (uint32_t)event->values[ENTER_COMPLETES];
	char name[KVM2_TRACE_NAME_SIZE];

	if (completes) {
		text_string(text, "completes ");
		text_string(text, kvm2_trace_exit_name(completes, name));
	}
	if (event->values[ENTER_IMMEDIATE])
		text_string(text, completes ? " immediate" : "immediate");
}

enum {
	STATE_ACCESSOR, STATE_IS_SET, STATE_SET, STATE_NUMBER, STATE_SIZE,
	STATE_VALUE, STATE_ERR,
};

void print_kvm2_state(const struct kvm2_trace_event *event, struct text *text)
{
	const uint64_t *values = event->values;
	const uint32_t bytes = (uint32_t)values[STATE_SIZE];
	char name[KVM2_TRACE_NAME_SIZE];

	text_string(text, values[STATE_IS_SET] ? "set " : "get ");
	text_string(text, kvm2_trace_register_name((uint32_t)values[STATE_SET],
						   values[STATE_NUMBER], bytes,
						   name));
	/* What a failed get would have read is not there. */
	if (bytes && (values[STATE_IS_SET] || !values[STATE_ERR])) {
		text_char(text, '=');
		text_hex(text, values[STATE_VALUE]);
		text_string(text, bytes > 8 ? "..." : "");
	}
	text_printf(text, " size=%u by=%d", bytes, (int)values[STATE_ACCESSOR]);
	put_error(text, (int64_t)values[STATE_ERR]);
}
