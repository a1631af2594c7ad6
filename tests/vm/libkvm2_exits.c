// SPDX-License-Identifier: GPL-2.0
/* libkvm2_test: every exit, its reply, and what ends an entry without one. */
#include "libkvm2_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

GUEST(guest_in,
	"inb $0x20, %al; movb %al, 0x2000\n"
	"inw $0x21, %ax; movw %ax, 0x2002\n"
	"inl $0x22, %eax; movl %eax, 0x2004\n" END);

GUEST(guest_string,
	"cld\n"
	"movw $0x30, %dx; movw $0x2000, %si; movw $300, %cx; rep outsb\n"
	"movw $0x31, %dx; movw $0x3000, %di; movw $200, %cx\n"
	"pushw %es; movw %ds, %ax; movw %ax, %es; rep insw; popw %es\n" END);

GUEST(guest_mmio,
	"movl $0x11223344, %fs:0x10\n"
	"movw $0x5566, %fs:0x20\n"
	"movb $0x77, %fs:0x30\n"
	"movl %fs:0x40, %eax; movl %eax, 0x2000\n"
	"movb %fs:0x50, %al; movb %al, 0x2004\n" END);

GUEST(guest_cpuid,
	"xorl %eax, %eax; cpuid\n"
	"movl %eax, 0x2000; movl %ebx, 0x2004; movl %ecx, 0x2008; movl %edx, 0x200c\n" END);

GUEST(guest_halt, "hlt\n" END);

GUEST(guest_triple_fault, "lidtw 0x2000; int3\n");

GUEST(guest_msr,
	"movl $0x12345, %ecx; rdmsr; movl %eax, 0x2000; movl %edx, 0x2004\n"
	"movl $0x89abcdef, %eax; movl $0x01234567, %edx; wrmsr\n" END);

static void test_out(struct fixture *f)
{
	uint16_t word;
	uint32_t dword;
	bool passed;

	start(f, guest_out);
	passed = enter_io(f, KVM2_IO_OUT, 0x10, 1) && f->run.io.data[0] == 0x12 &&
		 f->run.io.count == 1;
	OK(passed, "a byte written to a port arrives");
	passed = enter_io(f, KVM2_IO_OUT, 0x11, 2);
	memcpy(&word, f->run.io.data, sizeof(word));
	OK(passed && word == 0x3456, "a word written to a port arrives");
	passed = enter_io(f, KVM2_IO_OUT, 0x12, 4);
	memcpy(&dword, f->run.io.data, sizeof(dword));
	OK(passed && dword == 0x789abcde, "a long written to a port arrives");
	OK(ends(f), "the guest goes on after port writes");
}

static void reply_io(struct fixture *f, const void *data, size_t size)
{
	memcpy(f->run.io.data, data, size);
}

static void test_in(struct fixture *f)
{
	const uint32_t value = 0xa1b2c3d4;
	bool passed;

	start(f, guest_in);
	passed = enter_io(f, KVM2_IO_IN, 0x20, 1);
	reply_io(f, &value, 1);
	passed = passed && enter_io(f, KVM2_IO_IN, 0x21, 2);
	reply_io(f, &value, 2);
	passed = passed && enter_io(f, KVM2_IO_IN, 0x22, 4);
	reply_io(f, &value, 4);
	OK(passed && ends(f), "port reads of three widths exit");
	OK(!memcmp(f->ram + BUFFER, "\xd4\0\xd4\xc3\xd4\xc3\xb2\xa1", 8),
	   "replies to port reads reach the guest");
}

static void test_string(struct fixture *f)
{
	char out[300];
	size_t have = 0;
	uint16_t next = 0;
	bool passed = true;

	start(f, guest_string);
	for (size_t i = 0; i < sizeof(out); i++)
		f->ram[BUFFER + i] = (char)(i * 7);
	while (have < sizeof(out) && passed) {
		size_t bytes;

		passed = enter_io(f, KVM2_IO_OUT, 0x30, 1);
		bytes = f->run.io.count;
		if (!passed || bytes > sizeof(out) - have)
			break;
		memcpy(out + have, f->run.io.data, bytes);
		have += bytes;
	}
	OK(have == sizeof(out) && !memcmp(out, f->ram + BUFFER, sizeof(out)),
	   "all bytes of rep outsb arrive in order");

	while (next < 200 && passed) {
		uint16_t words[KVM2_IO_DATA_MAX / 2];

		passed = enter_io(f, KVM2_IO_IN, 0x31, 2) && f->run.io.count <= 200U - next;
		for (uint32_t i = 0; passed && i < f->run.io.count; i++)
			words[i] = 0x1000 + next++;
		if (passed)
			reply_io(f, words, 2 * f->run.io.count);
	}
	passed = passed && ends(f);
	for (uint16_t i = 0; passed && i < 200; i++) {
		uint16_t word;

		memcpy(&word, f->ram + 0x3000 + 2 * i, sizeof(word));
		passed = word == 0x1000 + i;
	}
	OK(passed, "all replies to rep insw reach guest memory in order");
}

static void test_mmio(struct fixture *f)
{
	bool passed;

	start(f, guest_mmio);
	set_segment(f, KVM2_SEGMENT_FS, HOLE >> 4);
	passed = enter_mmio(f, HOLE + 0x10, 4, 1) &&
		 !memcmp(f->run.mmio.data, "\x44\x33\x22\x11\0\0\0\0", 8) &&
		 enter_mmio(f, HOLE + 0x20, 2, 1) &&
		 !memcmp(f->run.mmio.data, "\x66\x55\0\0\0\0\0\0", 8) &&
		 enter_mmio(f, HOLE + 0x30, 1, 1) && f->run.mmio.data[0] == 0x77;
	OK(passed, "writes where no memory is exit with their data");
	passed = passed && enter_mmio(f, HOLE + 0x40, 4, 0);
	memcpy(f->run.mmio.data, "abcd", 4);
	passed = passed && enter_mmio(f, HOLE + 0x50, 1, 0);
	f->run.mmio.data[0] = 'e';
	passed = passed && ends(f);
	OK(passed && !memcmp(f->ram + BUFFER, "abcde", 5),
	   "replies to reads where no memory is reach the guest");
}

static void test_cpuid(struct fixture *f)
{
	struct kvm2_records records;
	struct kvm2_cpuid cpuid;
	uint32_t seen[4];

	start(f, guest_cpuid);
	list_into(f, &records, f->data, KVM2_STATE_SET(KVM2_SET_CPUID));
	must(kvm2_records_get(&records, KVM2_SET_CPUID, 0, &cpuid, sizeof(cpuid)), "CPUID leaf 0");
	OK(ends(f), "a guest that executes cpuid runs to its end");
	memcpy(seen, f->ram + BUFFER, sizeof(seen));
	OK(seen[0] == cpuid.eax && seen[1] == cpuid.ebx && seen[2] == cpuid.ecx &&
	   seen[3] == cpuid.edx, "the guest sees the CPUID leaf that the state shows");
	cpuid.ebx ^= 1;
	kvm2_records_init(&records, f->data, STATE_BYTES);
	kvm2_records_add(&records, KVM2_SET_CPUID, 0, &cpuid, sizeof(cpuid));
	IS(kvm2_vcpu_set_state(f->vcpu, f->data, records.used, 0), -EBUSY,
	   "CPUID cannot change once the vcpu has run");
}

static void test_msr_exit(struct fixture *f)
{
	bool passed;

	start(f, guest_msr);
	passed = enter(f) == 0 && f->run.exit_reason == KVM2_EXIT_RDMSR &&
		 f->run.msr.index == MSR_UNKNOWN &&
		 f->run.msr.reason == KVM2_MSR_EXIT_UNKNOWN;
	f->run.msr.data = 0x1122334455667788;
	OK(passed, "rdmsr of an unknown MSR exits");
	passed = enter(f) == 0 && f->run.exit_reason == KVM2_EXIT_WRMSR &&
		 f->run.msr.data == 0x0123456789abcdef;
	OK(passed, "wrmsr of an unknown MSR exits with its value");
	OK(ends(f) && !memcmp(f->ram + BUFFER, "\x88\x77\x66\x55\x44\x33\x22\x11", 8),
	   "the reply to rdmsr reaches the guest");
}

void test_triple_fault(struct fixture *f)
{
	start(f, guest_triple_fault);
	OK(enter(f) == 0 && f->run.exit_reason == KVM2_EXIT_SHUTDOWN, "a triple fault is a shutdown");
}

static void test_flags(struct fixture *f)
{
	start(f, guest_out);
	f->run.flags = ~KVM2_RUN_FLAGS;
	IS(enter(f), -EINVAL, "unknown run flags are refused");
	f->run.flags = 0;
	OK(enter_io(f, KVM2_IO_OUT, 0x10, 1), "the guest runs after a refused entry");
	/* Let the exit complete, so that the next test starts clean. */
	f->run.flags = KVM2_RUN_IMMEDIATE_EXIT;
	IS(enter(f), -EINTR, "an immediate exit returns -EINTR");
	f->run.flags = 0;
}

static void test_immediate_exit(struct fixture *f)
{
	bool passed;

	start(f, guest_in);
	IS(get(f, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT), 0, "no exit is pending at first");
	passed = enter_io(f, KVM2_IO_IN, 0x20, 1);
	IS(get(f, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT), KVM2_EXIT_IO,
	   "an exit that waits for a reply is pending");
	f->run.io.data[0] = 0x5a;
	f->run.flags = KVM2_RUN_IMMEDIATE_EXIT;
	IS(enter(f), -EINTR, "an immediate exit comes after a port read");
	f->run.flags = 0;
	OK(passed && (get(f, KVM2_SET_GPR, KVM2_GPR_RAX) & 0xff) == 0x5a &&
	   get(f, KVM2_SET_CONTROL, KVM2_CONTROL_RIP) == CODE + 2,
	   "an immediate exit completes the instruction, and runs no other");
	IS(get(f, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT), 0, "then no exit is pending");

	OK(enter_io(f, KVM2_IO_IN, 0x21, 2) &&
	   set(f, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, CODE) == 0, "rip can be set at a pending exit");
	IS(get(f, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT), 0, "a new rip abandons the exit");
	OK(enter_io(f, KVM2_IO_IN, 0x20, 1), "and the guest goes on there");
}

/* ---- signals ---- */

static struct kvm2_vcpu *volatile signalled;
static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals = signals + 1;
	kvm2_vcpu_kick(signalled);
}

static timer_t start_timer(int number, long milliseconds)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = number,
	};
	struct itimerspec when = { .it_value.tv_nsec = milliseconds * 1000000 };
	timer_t timer;

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
	event.sigev_notify_thread_id = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &when, NULL))
		tap_die("timer");
	return timer;
}

static void test_signal(struct fixture *f)
{
	struct sigaction action = { .sa_handler = on_signal };
	timer_t timer;

	signalled = f->vcpu;
	sigaction(SIGUSR1, &action, NULL);

	start(f, guest_spin);
	signals = 0;
	timer = start_timer(SIGUSR1, 20);
	IS(enter(f), -EINTR, "a signal ends the entry of a guest that spins");
	OK(signals == 1, "its handler has run");
	timer_delete(timer);

	start(f, guest_halt);
	timer = start_timer(SIGUSR1, 20);
	IS(enter(f), -EINTR, "a signal ends the entry of a guest that is halted");
	timer_delete(timer);
	IS(get(f, KVM2_SET_MP, KVM2_MP_STATE), KVM2_MP_HALTED, "the vcpu shows that it is halted");
	IS(set(f, KVM2_SET_MP, KVM2_MP_STATE, KVM2_MP_RUNNABLE), 0, "it can be made runnable");
	OK(ends(f), "it goes on behind hlt");

	start(f, guest_spin);
	kvm2_vcpu_kick(f->vcpu);
	IS(enter(f), -EINTR, "a kick ends the entry after it");
	timer = start_timer(SIGUSR1, 20);
	IS(enter(f), -EINTR, "one kick ends one entry");
	timer_delete(timer);
}

static void test_signal_mask(struct fixture *f)
{
	const struct timespec none = { 0, 0 };
	sigset_t blocked, during;
	timer_t timer;
	int before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, &during);
	sigdelset(&during, SIGUSR1);

	start(f, guest_spin);
	before = signals;
	raise(SIGUSR1);
	IS(kvm2_vcpu_enter(f->vcpu, &f->run, &during), -EINTR,
	   "a pending signal that the mask lets through ends the entry");
	OK(signals == before, "its handler does not run");
	IS(sigtimedwait(&blocked, NULL, &none), SIGUSR1, "it stays pending");

	timer = start_timer(SIGUSR1, 20);
	IS(kvm2_vcpu_enter(f->vcpu, &f->run, &during), -EINTR,
	   "a signal that comes while the guest runs ends the entry too");
	/* To delete the timer may take back its signal: later. */
	IS(sigtimedwait(&blocked, NULL, &none), SIGUSR1, "and stays pending");
	timer_delete(timer);

	/* Without the mask the blocked signal must not end the entry. */
	start(f, guest_out);
	raise(SIGUSR1);
	OK(enter_io(f, KVM2_IO_OUT, 0x10, 1), "without a mask a blocked signal does not matter");
	IS(sigtimedwait(&blocked, NULL, &none), SIGUSR1, "and is still there");
	pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
}

void test_exits(struct fixture *f)
{
	test_out(f);
	test_in(f);
	test_string(f);
	test_mmio(f);
	test_cpuid(f);
	test_msr_exit(f);
	test_flags(f);
	test_immediate_exit(f);
	test_signal(f);
	test_signal_mask(f);
}
