/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several decoders of kvm2 print. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_print.h"

#include "kvm2_options.h"
#include "kvm2_task.h"
#include "kvm2_xlat.h"

#include <linux/kvm2_names.h>

static const struct xlat_data msr_data[] = {
#define X(index, text) { index, text },
	KVM2_MSR_NAMES(X)
#undef X
};
KVM2_XLAT_SORTED(msrs, msr_data);

void
kvm2_print_bytes(const void *bytes, size_t size, bool hex)
{
	const size_t shown = MIN(size, max_strlen);

	print_quoted_string(bytes, shown, hex ? QUOTE_FORCE_HEX : 0);
	if (shown < size)
		tprint_more_data_follows();
}

void
kvm2_print_number(const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	while (size && !byte[size - 1])
		size--;
	if (!size) {
		STRACE_PRINTS("0");
		return;
	}
	STRACE_PRINTF("0x%x", byte[--size]);
	while (size)
		STRACE_PRINTF("%02x", byte[--size]);
}

void
kvm2_print_note(const char *text)
{
	if (!text || xlat_verbose(xlat_verbosity) == XLAT_STYLE_RAW)
		return;
	tprint_comment_begin();
	STRACE_PRINTS(text);
	tprint_comment_end();
}

void
kvm2_print_vcpu(struct tcb *const tcp)
{
	int64_t vcpu;

	if (!kvm2_options.vcpu)
		return;
	vcpu = kvm2_task_vcpu(tcp->pid);
	if (vcpu >= 0)
		STRACE_PRINTF("/* vcpu %u */ ", (unsigned int) vcpu);
	else
		STRACE_PRINTS("/* vcpu ??? */ ");
}

void
kvm2_print_array(struct tcb *const tcp, uint64_t addr, size_t count,
		 void *element, size_t size,
		 bool (*print)(struct tcb *, void *, size_t, void *))
{
	print_array(tcp, addr, MIN(count, KVM2_ARRAY_MAX), element, size,
		    tfetch_mem, print, NULL);
	if (count > KVM2_ARRAY_MAX && !abbrev(tcp)) {
		tprint_comment_begin();
		STRACE_PRINTF("%u of %zu", KVM2_ARRAY_MAX, count);
		tprint_comment_end();
	}
}

bool
kvm2_full(struct tcb *const tcp)
{
	return kvm2_options.full || !abbrev(tcp);
}

const char *
kvm2_msr_name(uint64_t index)
{
	return xlookup(msrs, index);
}

void
kvm2_print_msr(uint64_t index)
{
	PRINT_VAL_X(index);
	kvm2_print_note(kvm2_msr_name(index));
}
