/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Check decoding of what kvm_enter_guest returns: each exit. The calls succeed
 * by injection, so the structure comes back as it went in.
 */
#include "tests.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kvm2.h"

static struct kvm2_run *run;

/* Enter, and expect these texts: of the reply, and of the exit. */
static void
enter(const char *reply, const char *reason, const char *detail)
{
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
#if VERBOSE
	(void) reply;
	printf("kvm_enter_guest({flags=0, exit_reason=%s%s} => {exit_reason=%s%s}, 1040, NULL, 0)",
	       reason, detail, reason, detail);
#else
	printf("kvm_enter_guest({flags=0%s} => {exit_reason=%s%s}, 1040, NULL, 0)",
	       reply, reason, detail);
#endif
	if (strchr(reason, ' '))
		printf(" = %s (KVM2_EXIT_???) (INJECTED)\n", errstr);
	else
		printf(" = %s (%s) (INJECTED)\n", errstr, reason);
}

static void
begin(uint32_t reason)
{
	memset(run, 0, sizeof(*run));
	run->exit_reason = reason;
}

/* In brief, a reply is shown only if the exit before had one: the pairs below. */
int
main(void)
{
	run = tail_alloc(sizeof(*run));

	begin(KVM2_EXIT_UNKNOWN);
	run->unknown.kvm_reason = 26;
	run->unknown.hardware_reason = 0x30;
	enter("", "KVM2_EXIT_UNKNOWN",
	      ", unknown={kvm_reason=KVM_EXIT_IOAPIC_EOI, hardware_reason=0x30}");
	run->unknown.kvm_reason = 99;
	enter("", "KVM2_EXIT_UNKNOWN",
	      ", unknown={kvm_reason=99 /* KVM_EXIT_??? */, hardware_reason=0x30}");

	begin(KVM2_EXIT_IO);
	run->io = (struct kvm2_exit_io) { .port = 0x3f8, .size = 1, .count = 2,
					  .direction = KVM2_IO_OUT, .data = "Hi" };
	enter("", "KVM2_EXIT_IO",
	      ", io={port=0x3f8, size=1, direction=KVM2_IO_OUT, count=2, data=\"Hi\"}");
	run->io.direction = KVM2_IO_IN;
#if VERBOSE
# define IN_DATA ", data=\"Hi\""
#else
# define IN_DATA
#endif
	enter("", "KVM2_EXIT_IO",
	      ", io={port=0x3f8, size=1, direction=KVM2_IO_IN, count=2" IN_DATA "}");
	/* Now a reply is due. */
	enter(", io={data=\"Hi\"}", "KVM2_EXIT_IO",
	      ", io={port=0x3f8, size=1, direction=KVM2_IO_IN, count=2" IN_DATA "}");

	begin(KVM2_EXIT_MMIO);
	run->mmio = (struct kvm2_exit_mmio) { .gpa = 0xfee000b0, .len = 4, .is_write = 1,
					      .data = { 0x40, 0x1f } };
	enter("", "KVM2_EXIT_MMIO", ", mmio={gpa=0xfee000b0, len=4, is_write=1, data=0x1f40}");
	run->mmio.is_write = 0;
#if VERBOSE
# define READ_DATA ", data=0x1f40"
#else
# define READ_DATA
#endif
	enter("", "KVM2_EXIT_MMIO", ", mmio={gpa=0xfee000b0, len=4, is_write=0" READ_DATA "}");
	enter(", mmio={data=0x1f40}", "KVM2_EXIT_MMIO",
	      ", mmio={gpa=0xfee000b0, len=4, is_write=0" READ_DATA "}");

	/* The reply to the exit before is due, but this is no reply. */
	begin(KVM2_EXIT_SHUTDOWN);
	enter("", "KVM2_EXIT_SHUTDOWN", "");
	begin(KVM2_EXIT_BUS_LOCK);
	enter("", "KVM2_EXIT_BUS_LOCK", "");

	begin(KVM2_EXIT_HYPERCALL);
	run->hypercall = (struct kvm2_exit_hypercall) { .nr = 12, .ret = 0,
							.args = { 1, 2, 3, 4 }, .flags = 1 };
#if VERBOSE
# define RET ", ret=0"
#else
# define RET
#endif
	enter("", "KVM2_EXIT_HYPERCALL", ", hypercall={nr=KVM_HC_MAP_GPA_RANGE" RET
	      ", args=[0x1, 0x2, 0x3, 0x4, 0, 0], flags=0x1}");
	enter(", hypercall={ret=0}", "KVM2_EXIT_HYPERCALL",
	      ", hypercall={nr=KVM_HC_MAP_GPA_RANGE" RET
	      ", args=[0x1, 0x2, 0x3, 0x4, 0, 0], flags=0x1}");

	begin(KVM2_EXIT_SHUTDOWN);
	enter("", "KVM2_EXIT_SHUTDOWN", "");

	begin(KVM2_EXIT_RDMSR);
	run->msr = (struct kvm2_exit_msr) { .index = 0x10, .reason = KVM2_MSR_EXIT_UNKNOWN,
					    .data = 7, .error = 1 };
#if VERBOSE
# define MSR_DATA ", data=0x7, error=1"
# define MSR_ERROR ", error=1"
#else
# define MSR_DATA
# define MSR_ERROR
#endif
	enter("", "KVM2_EXIT_RDMSR",
	      ", msr={index=0x10 /* tsc */, reason=KVM2_MSR_EXIT_UNKNOWN" MSR_DATA "}");
	enter(", msr={data=0x7, error=1}", "KVM2_EXIT_RDMSR",
	      ", msr={index=0x10 /* tsc */, reason=KVM2_MSR_EXIT_UNKNOWN" MSR_DATA "}");
	begin(KVM2_EXIT_SHUTDOWN);
	enter("", "KVM2_EXIT_SHUTDOWN", "");
	begin(KVM2_EXIT_WRMSR);
	run->msr = (struct kvm2_exit_msr) { .index = 0x123456, .reason = KVM2_MSR_EXIT_INVALID,
					    .data = 7, .error = 1 };
	enter("", "KVM2_EXIT_WRMSR",
	      ", msr={index=0x123456, reason=KVM2_MSR_EXIT_INVALID, data=0x7" MSR_ERROR "}");

	begin(KVM2_EXIT_DEBUG);
	run->debug = (struct kvm2_debug_event) { 1, 0, 0x1000, 0x4001, 0x401 };
	enter("", "KVM2_EXIT_DEBUG",
	      ", debug={exception=#DB, pc=0x1000, dr6=0x4001 /* B0|BS */, dr7=0x401}");

	begin(KVM2_EXIT_FAIL_ENTRY);
	run->fail_entry = (struct kvm2_exit_fail_entry) { 0x80000021, 3, 0 };
	enter("", "KVM2_EXIT_FAIL_ENTRY", ", fail_entry={hardware_reason=0x80000021, cpu=3}");

	begin(KVM2_EXIT_INTERNAL_ERROR);
	run->internal_error = (struct kvm2_exit_internal_error) {
		.suberror = 1, .ndata = 3, .data = { 1, 0x050b0f02, 0 } };
	enter("", "KVM2_EXIT_INTERNAL_ERROR",
	      ", internal_error={suberror=KVM_INTERNAL_ERROR_EMULATION, ndata=3"
	      ", data=[0x1, 0x50b0f02, 0] /* instruction 0f 0b */}");
	run->internal_error.suberror = 77;
	run->internal_error.ndata = 0xffffffff;
	enter("", "KVM2_EXIT_INTERNAL_ERROR",
	      ", internal_error={suberror=77 /* KVM_INTERNAL_ERROR_??? */, ndata=4294967295"
	      ", data=[0x1, 0x50b0f02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}");

	begin(KVM2_EXIT_EXCEPTION);
	run->exception = (struct kvm2_exit_exception) { 14, 2 };
	enter("", "KVM2_EXIT_EXCEPTION", ", exception={exception=#PF, error_code=0x2}");

	begin(KVM2_EXIT_SYSTEM_EVENT);
	run->system_event = (struct kvm2_exit_system_event) { .type = 2 };
	enter("", "KVM2_EXIT_SYSTEM_EVENT",
	      ", system_event={type=KVM_SYSTEM_EVENT_RESET, ndata=0}");
	run->system_event.ndata = 2;
	run->system_event.data[1] = 5;
	enter("", "KVM2_EXIT_SYSTEM_EVENT",
	      ", system_event={type=KVM_SYSTEM_EVENT_RESET, ndata=2, data=[0, 0x5]}");

	begin(KVM2_EXIT_NOTIFY);
	run->notify.flags = 1;
	enter("", "KVM2_EXIT_NOTIFY", ", notify={flags=KVM_NOTIFY_CONTEXT_INVALID}");

	begin(KVM2_EXIT_HYPERV);
	run->hyperv = (struct kvm2_exit_hyperv) { .type = 1, .msr = 0x40000080, .input = 1,
						  .params = { 2, 3, 0 } };
#if VERBOSE
# define RESULT ", result=0"
#else
# define RESULT
#endif
	enter("", "KVM2_EXIT_HYPERV", ", hyperv={type=KVM_EXIT_HYPERV_SYNIC"
	      ", msr=0x40000080 /* hv_scontrol */, input=0x1" RESULT ", params=[0x2, 0x3, 0]}");

	begin(KVM2_EXIT_MEMORY_FAULT);
	run->memory_fault = (struct kvm2_exit_memory_fault) { -1ULL, 0, 8 };
	enter("", "KVM2_EXIT_MEMORY_FAULT", ", memory_fault={gpa=0xffffffffffffffff, size=0"
	      ", flags=KVM_MEMORY_EXIT_FLAG_PRIVATE}");

	begin(KVM2_EXIT_APIC);
	run->apic = (struct kvm2_exit_apic) { KVM2_APIC_EOI, 0x31, 0, 0 };
	enter("", "KVM2_EXIT_APIC", ", apic={type=KVM2_APIC_EOI, vector=0x31, error=0}");
	begin(KVM2_EXIT_DEVICE);
	run->device = (struct kvm2_exit_device) { 0xc0ffee, 32, 0 };
	enter("", "KVM2_EXIT_DEVICE", ", device={cookie=0xc0ffee, error=32}");

	/* An exit that strace does not know yet. */
	begin(0x63);
	memset(&run->unknown, 0x5a, 8);
#define Z8 "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
	enter("", "99 /* KVM2_EXIT_??? */", ", data=\"\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a"
	      Z8 Z8 Z8 "\"");

	puts("+++ exited with 0 +++");
	return 0;
}
