/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Check decoding of KVM_RUN under -e kvm2=classic: each exit. No KVM is
 * needed: a file stands for the vcpu, and the calls succeed by injection.
 */
#include "tests.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/kvm.h>

static struct kvm_run *run;
static int fd;

/* Run, and expect these texts: of the reply, and of the exit. */
static void
enter(const char *before, const char *reason, const char *detail)
{
	const char *const errstr = sprintrc(ioctl(fd, KVM_RUN, 0));

#if VERBOSE
	(void) before;
	printf("ioctl(%d, KVM_RUN, 0, {immediate_exit=%d, request_interrupt_window=0"
	       ", exit_reason=%s%s} => {exit_reason=%s%s}) = %s",
	       fd, run->immediate_exit, reason, detail, reason, detail, errstr);
#else
	printf("ioctl(%d, KVM_RUN, 0, {immediate_exit=%d%s} => {exit_reason=%s%s}) = %s",
	       fd, run->immediate_exit, before, reason, detail, errstr);
#endif
	printf(" (%s) (INJECTED)\n", strchr(reason, ' ') ? "KVM_EXIT_???" : reason);
}

static void
begin(uint32_t reason)
{
	memset(run, 0, sizeof(*run));
	run->exit_reason = reason;
}

/*
 * Give the reply that is due, and end it. The VMM may overwrite all but the
 * reply: it is known what it is to.
 */
static void
reply(const char *text)
{
	begin(KVM_EXIT_HLT);
	enter(text, "KVM_EXIT_HLT", "");
}

#if VERBOSE
# define FULL(text_) text_
#else
# define FULL(text_)
#endif

int
main(void)
{
	const size_t size = 3 * getpagesize();

	/* strace finds the mapping by the file's name. */
	fd = open("kvm-classic-run.vcpu", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, size))
		perror_msg_and_fail("kvm-classic-run.vcpu");

	/* Not mapped yet. */
	const char *errstr = sprintrc(ioctl(fd, KVM_RUN, 0));
	printf("ioctl(%d, KVM_RUN, 0, ???) = %s (INJECTED)\n", fd, errstr);

	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (run == MAP_FAILED)
		perror_msg_and_fail("mmap");

	begin(KVM_EXIT_UNKNOWN);
	run->hw.hardware_exit_reason = 0x30;
	enter("", "KVM_EXIT_UNKNOWN", ", unknown={hardware_reason=0x30}");
	run->immediate_exit = 1;
	enter("", "KVM_EXIT_UNKNOWN", ", unknown={hardware_reason=0x30}");

	static const struct {
		uint32_t reason;
		const char *name;
	} bare[] = {
		{ KVM_EXIT_HLT, "KVM_EXIT_HLT" },
		{ KVM_EXIT_IRQ_WINDOW_OPEN, "KVM_EXIT_IRQ_WINDOW_OPEN" },
		{ KVM_EXIT_SHUTDOWN, "KVM_EXIT_SHUTDOWN" },
		{ KVM_EXIT_INTR, "KVM_EXIT_INTR" },
		{ KVM_EXIT_SET_TPR, "KVM_EXIT_SET_TPR" },
		{ KVM_EXIT_NMI, "KVM_EXIT_NMI" },
		{ KVM_EXIT_WATCHDOG, "KVM_EXIT_WATCHDOG" },
		{ KVM_EXIT_DIRTY_RING_FULL, "KVM_EXIT_DIRTY_RING_FULL" },
		{ KVM_EXIT_AP_RESET_HOLD, "KVM_EXIT_AP_RESET_HOLD" },
		{ KVM_EXIT_X86_BUS_LOCK, "KVM_EXIT_X86_BUS_LOCK" },
	};
	for (unsigned int i = 0; i < ARRAY_SIZE(bare); i++) {
		begin(bare[i].reason);
		enter("", bare[i].name, "");
	}

	begin(KVM_EXIT_EXCEPTION);
	run->ex.exception = 14;
	run->ex.error_code = 2;
	enter("", "KVM_EXIT_EXCEPTION", ", exception={exception=#PF, error_code=0x2}");

	begin(KVM_EXIT_IO);
	run->io.direction = KVM_EXIT_IO_OUT;
	run->io.size = 1;
	run->io.count = 2;
	run->io.port = 0x3f8;
	run->io.data_offset = getpagesize();
	memcpy((char *) run + getpagesize(), "Hi", 2);
	enter("", "KVM_EXIT_IO", ", io={port=0x3f8, size=1, direction=KVM_EXIT_IO_OUT, count=2"
	      ", data=\"Hi\"}");
	run->io.direction = KVM_EXIT_IO_IN;
	enter("", "KVM_EXIT_IO", ", io={port=0x3f8, size=1, direction=KVM_EXIT_IO_IN, count=2"
	      FULL(", data=\"Hi\"") "}");
	/* Now a reply is due. */
	enter(", io={data=\"Hi\"}", "KVM_EXIT_IO",
	      ", io={port=0x3f8, size=1, direction=KVM_EXIT_IO_IN, count=2" FULL(", data=\"Hi\"")
	      "}");
	reply(", io={data=\"Hi\"}");
	/* Data outside of the mapping are not the vcpu's. */
	begin(KVM_EXIT_IO);
	run->io.size = 4;
	run->io.count = 1;
	run->io.data_offset = size - 3;
	enter("", "KVM_EXIT_IO", ", io={port=0, size=4, direction=KVM_EXIT_IO_IN, count=1"
	      FULL(", data=???") "}");
	run->io.data_offset = -1ULL;
	enter(", io={data=???}", "KVM_EXIT_IO", ", io={port=0, size=4"
	      ", direction=KVM_EXIT_IO_IN, count=1" FULL(", data=???") "}");
	reply(", io={data=???}");

	begin(KVM_EXIT_MMIO);
	run->mmio.phys_addr = 0xfee000b0;
	run->mmio.len = 4;
	run->mmio.is_write = 1;
	run->mmio.data[0] = 0x40;
	run->mmio.data[1] = 0x1f;
	enter("", "KVM_EXIT_MMIO", ", mmio={gpa=0xfee000b0, len=4, is_write=1, data=0x1f40}");
	run->mmio.is_write = 0;
	enter("", "KVM_EXIT_MMIO", ", mmio={gpa=0xfee000b0, len=4, is_write=0"
	      FULL(", data=0x1f40") "}");
	enter(", mmio={data=0x1f40}", "KVM_EXIT_MMIO", ", mmio={gpa=0xfee000b0, len=4, is_write=0"
	      FULL(", data=0x1f40") "}");
#if !VERBOSE
	begin(KVM_EXIT_HLT);
	memcpy(run->mmio.data, "\x78\x56\x34\x12", 4);
	enter(", mmio={data=0x12345678}", "KVM_EXIT_HLT", "");
#else
	reply(", mmio={data=0}");
#endif

	begin(KVM_EXIT_HYPERCALL);
	run->hypercall.nr = 12;
	run->hypercall.args[0] = 1;
	run->hypercall.ret = 5;
	enter("", "KVM_EXIT_HYPERCALL", ", hypercall={nr=KVM_HC_MAP_GPA_RANGE" FULL(", ret=0x5")
	      ", args=[0x1, 0, 0, 0, 0, 0], flags=0}");
	enter(", hypercall={ret=0x5}", "KVM_EXIT_HYPERCALL", ", hypercall={nr=KVM_HC_MAP_GPA_RANGE"
	      FULL(", ret=0x5") ", args=[0x1, 0, 0, 0, 0, 0], flags=0}");
	reply(", hypercall={ret=0}");

	begin(KVM_EXIT_X86_RDMSR);
	run->msr.index = 0x10;
	run->msr.reason = KVM_MSR_EXIT_REASON_FILTER;
	run->msr.data = 7;
	enter("", "KVM_EXIT_X86_RDMSR", ", msr={index=0x10 /* tsc */"
	      ", reason=KVM_MSR_EXIT_REASON_FILTER" FULL(", data=0x7, error=0") "}");
	enter(", msr={data=0x7, error=0}", "KVM_EXIT_X86_RDMSR", ", msr={index=0x10 /* tsc */"
	      ", reason=KVM_MSR_EXIT_REASON_FILTER" FULL(", data=0x7, error=0") "}");
	reply(", msr={data=0, error=0}");
	begin(KVM_EXIT_X86_WRMSR);
	run->msr.index = 0x123456;
	run->msr.reason = KVM_MSR_EXIT_REASON_UNKNOWN;
	run->msr.data = 7;
	enter("", "KVM_EXIT_X86_WRMSR", ", msr={index=0x123456"
	      ", reason=KVM_MSR_EXIT_REASON_UNKNOWN, data=0x7" FULL(", error=0") "}");
	reply(", msr={error=0}");

	begin(KVM_EXIT_DEBUG);
	run->debug.arch.exception = 1;
	run->debug.arch.pc = 0x1000;
	run->debug.arch.dr6 = 0x4001;
	run->debug.arch.dr7 = 0x401;
	enter("", "KVM_EXIT_DEBUG", ", debug={exception=#DB, pc=0x1000, dr6=0x4001 /* B0|BS */"
	      ", dr7=0x401}");

	begin(KVM_EXIT_TPR_ACCESS);
	run->tpr_access.rip = 0x1234;
	run->tpr_access.is_write = 1;
	enter("", "KVM_EXIT_TPR_ACCESS", ", tpr_access={rip=0x1234, is_write=1}");

	begin(KVM_EXIT_FAIL_ENTRY);
	run->fail_entry.hardware_entry_failure_reason = 0x80000021;
	run->fail_entry.cpu = 3;
	enter("", "KVM_EXIT_FAIL_ENTRY", ", fail_entry={hardware_reason=0x80000021, cpu=3}");

	begin(KVM_EXIT_INTERNAL_ERROR);
	run->internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
	run->internal.ndata = 3;
	run->internal.data[0] = 1;
	run->internal.data[1] = 0x050b0f02;
	enter("", "KVM_EXIT_INTERNAL_ERROR",
	      ", internal_error={suberror=KVM_INTERNAL_ERROR_EMULATION, ndata=3"
	      ", data=[0x1, 0x50b0f02, 0] /* instruction 0f 0b */}");

	begin(KVM_EXIT_SYSTEM_EVENT);
	run->system_event.type = KVM_SYSTEM_EVENT_RESET;
	enter("", "KVM_EXIT_SYSTEM_EVENT", ", system_event={type=KVM_SYSTEM_EVENT_RESET, ndata=0}");

	begin(KVM_EXIT_IOAPIC_EOI);
	run->eoi.vector = 0x31;
	enter("", "KVM_EXIT_IOAPIC_EOI", ", eoi={vector=0x31}");

	begin(KVM_EXIT_HYPERV);
	run->hyperv.type = KVM_EXIT_HYPERV_HCALL;
	run->hyperv.u.hcall.input = 0x5c;
	run->hyperv.u.hcall.params[0] = 2;
	enter("", "KVM_EXIT_HYPERV", ", hyperv={type=KVM_EXIT_HYPERV_HCALL" FULL(", msr=0")
	      ", input=0x5c" FULL(", result=0") ", params=[0x2, 0, 0]}");
	reply(", hyperv={result=0}");

	begin(KVM_EXIT_XEN);
	run->xen.type = KVM_EXIT_XEN_HCALL;
	run->xen.u.hcall.longmode = 1;
	run->xen.u.hcall.input = 0x20;
	enter("", "KVM_EXIT_XEN", ", xen={type=KVM_EXIT_XEN_HCALL, longmode=1, cpl=0, input=0x20"
	      FULL(", result=0") ", params=[0, 0, 0, 0, 0, 0]}");

	begin(37);
	memcpy(run->padding, "\1", 1);
	enter("", "KVM_EXIT_NOTIFY", ", notify={flags=KVM_NOTIFY_CONTEXT_INVALID}");

	/* Newer than some linux/kvm.h: flags, gpa, size. */
	begin(39);
	memcpy(run->padding, "\10\0\0\0\0\0\0\0\0\20\0\0\0\0\0\0\0\40\0\0\0\0\0\0", 24);
	enter("", "KVM_EXIT_MEMORY_FAULT", ", memory_fault={gpa=0x1000, size=0x2000"
	      ", flags=KVM_MEMORY_EXIT_FLAG_PRIVATE}");

	/* An exit that strace does not know yet. */
	begin(0x63);
	memset(run->padding, 0x5a, 8);
#define Z8 "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
	enter("", "99 /* KVM_EXIT_??? */", ", data=\"\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a"
	      Z8 Z8 Z8 "\"");

	/* Gone. */
	if (munmap(run, size))
		perror_msg_and_fail("munmap");
	errstr = sprintrc(ioctl(fd, KVM_RUN, 0));
	printf("ioctl(%d, KVM_RUN, 0, ???) = %s (INJECTED)\n", fd, errstr);

	puts("+++ exited with 0 +++");
	return 0;
}
