// SPDX-License-Identifier: LGPL-2.1
// The table of the events that get more than their format file's text.
#include "events.h"

#include <linux/kvm2.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LLU(value) ((unsigned long long)(value))

/* Values of kvm2:kvm2_exit, in the order of its fields below. */
enum { EXIT_REASON, EXIT_RET, EXIT_DETAIL0, EXIT_DETAIL1 };

static void kvm2_exit_reason(const uint64_t values[static KVM2_TRACE_VALUES_MAX],
			     const char *text,
			     char name[static KVM2_TRACE_NAME_SIZE])
{
	(void)text;
	if ((int64_t)values[EXIT_RET] < 0)
		kvm2_trace_errno_name((int)values[EXIT_RET], name);
	else
		kvm2_trace_exit_name((uint32_t)values[EXIT_REASON], name);
}

static size_t print_io(uint64_t what, uint64_t data, char *buffer, size_t size)
{
	const unsigned int port = what & 0xffff;
	const unsigned int bytes = (what >> 16) & 0xff;
	const bool out = ((what >> 24) & 0xff) == KVM2_IO_OUT;
	const unsigned int count = (unsigned int)(what >> 32);
	const unsigned int total = bytes * count;
	char times[24] = "";
	char value[48] = "";

	if (count != 1)
		snprintf(times, sizeof(times), " count=%u", count);
	if (out && total && total <= sizeof(data))
		snprintf(value, sizeof(value), " value=0x%0*llx", (int)total * 2,
			 LLU(data));
	else if (out && total)
		snprintf(value, sizeof(value), " value=0x%016llx...", LLU(data));
	return snprintf(buffer, size, "io %s port=0x%x size=%u%s%s",
			out ? "out" : "in", port, bytes, times, value);
}

static size_t kvm2_exit_print(const struct kvm2_trace_event *event,
			      char *buffer, size_t size)
{
	const uint64_t *values = event->values;
	const uint64_t detail0 = values[EXIT_DETAIL0];
	const uint64_t detail1 = values[EXIT_DETAIL1];
	char name[KVM2_TRACE_NAME_SIZE];

	if ((int64_t)values[EXIT_RET] < 0)
		return snprintf(buffer, size, "%s", event->reason);

	switch (values[EXIT_REASON]) {
	case KVM2_EXIT_IO:
		return print_io(detail0, detail1, buffer, size);
	case KVM2_EXIT_MMIO:
		return snprintf(buffer, size, "mmio gpa=0x%llx data=0x%llx",
				LLU(detail0), LLU(detail1));
	case KVM2_EXIT_HYPERCALL:
		return snprintf(buffer, size, "hypercall nr=%llu arg0=0x%llx",
				LLU(detail0), LLU(detail1));
	case KVM2_EXIT_RDMSR:
		kvm2_trace_register_name(KVM2_SET_MSR, (uint32_t)detail0, 8, name);
		return snprintf(buffer, size, "rdmsr %s", name);
	case KVM2_EXIT_WRMSR:
		kvm2_trace_register_name(KVM2_SET_MSR, (uint32_t)detail0, 8, name);
		return snprintf(buffer, size, "wrmsr %s=0x%llx", name,
				LLU(detail1));
	case KVM2_EXIT_DEBUG:
		return snprintf(buffer, size, "debug pc=0x%llx dr6=0x%llx",
				LLU(detail0), LLU(detail1));
	}
	return snprintf(buffer, size, "%s 0x%llx 0x%llx", event->reason,
			LLU(detail0), LLU(detail1));
}

enum { ENTER_IMMEDIATE, ENTER_COMPLETES };

static size_t kvm2_enter_print(const struct kvm2_trace_event *event,
			       char *buffer, size_t size)
{
	const uint32_t completes = (uint32_t)event->values[ENTER_COMPLETES];
	char name[KVM2_TRACE_NAME_SIZE] = "";

	if (completes)
		kvm2_trace_exit_name(completes, name);
	return snprintf(buffer, size, "%s%s%s%s",
			completes ? "completes " : "", name,
			completes && event->values[ENTER_IMMEDIATE] ? " " : "",
			event->values[ENTER_IMMEDIATE] ? "immediate" : "");
}

enum {
	STATE_ACCESSOR, STATE_IS_SET, STATE_SET, STATE_NUMBER, STATE_SIZE,
	STATE_VALUE, STATE_ERR,
};

static size_t kvm2_state_print(const struct kvm2_trace_event *event,
			       char *buffer, size_t size)
{
	const uint64_t *values = event->values;
	const uint32_t bytes = (uint32_t)values[STATE_SIZE];
	char error_name[KVM2_TRACE_NAME_SIZE];
	char name[KVM2_TRACE_NAME_SIZE];
	char error[KVM2_TRACE_NAME_SIZE + 8] = "";
	char value[48] = "";

	kvm2_trace_register_name((uint32_t)values[STATE_SET],
				 values[STATE_NUMBER], bytes, name);
	if (values[STATE_ERR])
		snprintf(error, sizeof(error), " failed: %s",
			 kvm2_trace_errno_name((int)values[STATE_ERR],
					       error_name));
	/* What a failed get would have read is not there. */
	if (bytes && (values[STATE_IS_SET] || !values[STATE_ERR]))
		snprintf(value, sizeof(value), "=0x%llx%s",
			 LLU(values[STATE_VALUE]), bytes > 8 ? "..." : "");
	return snprintf(buffer, size, "%s %s%s size=%u by=%d%s",
			values[STATE_IS_SET] ? "set" : "get", name, value,
			bytes, (int)values[STATE_ACCESSOR], error);
}

/* The word after @label in @text, up to @end or the end. */
static void copy_word(const char *text, const char *label, const char *end,
		      char name[static KVM2_TRACE_NAME_SIZE])
{
	const char *from = strstr(text, label);
	const char *to;

	if (!from) {
		snprintf(name, KVM2_TRACE_NAME_SIZE, "?");
		return;
	}
	from += strlen(label);
	to = strstr(from, end);
	snprintf(name, KVM2_TRACE_NAME_SIZE, "%.*s",
		 to ? (int)(to - from) : (int)strlen(from), from);
}

static void kvm2_loop_reason(const uint64_t values[static KVM2_TRACE_VALUES_MAX],
			     const char *text,
			     char name[static KVM2_TRACE_NAME_SIZE])
{
	(void)values;
	copy_word(text, "why=", " ", name);
}

static void kvm_exit_reason(const uint64_t values[static KVM2_TRACE_VALUES_MAX],
			    const char *text,
			    char name[static KVM2_TRACE_NAME_SIZE])
{
	(void)values;
	copy_word(text, "reason ", " rip ", name);
}

enum { USERSPACE_EXIT_REASON, USERSPACE_EXIT_ERRNO };

/* KVM_EXIT_X86_RDMSR is "rdmsr": the words of kvm2 where there are any. */
static void kvm_userspace_exit_reason(
		const uint64_t values[static KVM2_TRACE_VALUES_MAX],
		const char *text, char name[static KVM2_TRACE_NAME_SIZE])
{
	static const char prefix[] = "KVM_EXIT_";
	static const char x86[] = "X86_";
	char word[KVM2_TRACE_NAME_SIZE];
	const char *from = word;

	if ((int64_t)values[USERSPACE_EXIT_ERRNO] < 0) {
		kvm2_trace_errno_name((int)values[USERSPACE_EXIT_ERRNO], name);
		return;
	}
	copy_word(text, "reason ", " ", word);
	if (strncmp(from, prefix, strlen(prefix))) {
		snprintf(name, KVM2_TRACE_NAME_SIZE, "UNKNOWN(%llu)",
			 LLU(values[USERSPACE_EXIT_REASON]));
		return;
	}
	from += strlen(prefix);
	if (!strncmp(from, x86, strlen(x86)))
		from += strlen(x86);
	snprintf(name, KVM2_TRACE_NAME_SIZE, "%s", from);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

static const struct event_handler handlers[] = {
	{
		.system = "kvm2",
		.name = "kvm2_exit",
		.kind = KVM2_TRACE_EXIT_USER,
		.fields = { "reason", "ret", "detail0", "detail1" },
		.nr_reason = 2,
		.reason = kvm2_exit_reason,
		.print = kvm2_exit_print,
	}, {
		.system = "kvm2",
		.name = "kvm2_enter",
		.fields = { "immediate", "completes" },
		.print = kvm2_enter_print,
	}, {
		.system = "kvm2",
		.name = "kvm2_loop",
		.kind = KVM2_TRACE_EXIT_KERNEL,
		.fields = { "why" },
		.nr_reason = 1,
		.reason = kvm2_loop_reason,
	}, {
		.system = "kvm2",
		.name = "kvm2_state",
		.fields = { "accessor", "is_set", "set", "number", "size",
			    "value", "err" },
		.print = kvm2_state_print,
	}, {
		.system = "kvm",
		.name = "kvm_exit",
		.kind = KVM2_TRACE_EXIT_CPU,
		.fields = { "exit_reason", "isa" },
		.nr_reason = 2,
		.reason = kvm_exit_reason,
	}, {
		.system = "kvm",
		.name = "kvm_userspace_exit",
		.kind = KVM2_TRACE_EXIT_USER,
		.fields = { "reason", "errno" },
		.nr_reason = 2,
		.reason = kvm_userspace_exit_reason,
	},
};

const struct event_handler *event_handler_find(const char *system,
					       const char *name)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (!strcmp(handlers[i].system, system) &&
		    !strcmp(handlers[i].name, name))
			return &handlers[i];
	return NULL;
}
