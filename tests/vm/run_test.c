// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_enter_guest(): exits survive a run structure that cannot be written,
 * replies one that cannot be read, and signals do what they should.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "guest.h"
#include "tap.h"

#define PAGE	4096
#define ROUNDS	50
#define SEED	77
#define EFER_LME	(1 << 8)
#define LEAF_FEATURES	0x80000001ULL
#define CPUID_LM	(1 << 29)

static uint8_t *ram;

/* Two pages: run structures across their boundary, and at the start. */
static uint8_t *pages;

static int enter_at(struct kvm2_run *run)
{
	return kvm2_sys_enter_guest(run, sizeof(*run), NULL, 0);
}

/*
 * Enter with the reply in @run, or whatever the guest does next, and get the
 * next exit to @run, by a way with two bad structures. The first has flags
 * and reason, but neither the reply nor room for data; the second may only be
 * read. Return: as the last call.
 */
static int enter_badly(struct kvm2_run *run)
{
	struct kvm2_run *split = (void *)(pages + PAGE - 16);
	int r;

	mprotect(pages, 2 * PAGE, PROT_READ | PROT_WRITE);
	memcpy(split, run, sizeof(*run));
	mprotect(pages + PAGE, PAGE, PROT_NONE);
	r = enter_at(split);
	mprotect(pages, 2 * PAGE, PROT_READ | PROT_WRITE);
	if (!r) {
		/* No reply to read, and an exit (IN) that needs no room. */
		memcpy(run, split, 16);
		return run->exit_reason == KVM2_EXIT_IO &&
		       run->io.direction == KVM2_IO_IN ? 0 : -EPROTO;
	}
	if (r != -EFAULT)
		return r;

	memcpy(pages, run, sizeof(*run));
	mprotect(pages, 2 * PAGE, PROT_READ);
	r = enter_at((void *)pages);
	if (r != -EFAULT)
		return r ? r : -EPROTO;
	return enter_at(run);
}

static void test_faults(void)
{
	struct kvm2_run run = {};
	unsigned int exits = 0;
	uint32_t sum = 0;
	int r;

	guest_start(guest_sum, ROUNDS);
	do {
		r = enter_badly(&run);
		if (!r) {
			exits++;
			r = guest_answer(&run, SEED);
		}
	} while (!r);
	memcpy(&sum, run.io.data, sizeof(sum));
	mprotect(pages, 2 * PAGE, PROT_READ | PROT_WRITE);
	tap_is(r, 1, "a guest whose every exit faults runs to its end");
	tap_is(exits, ROUNDS * 4 + 1, "each exit is delivered, and only once");
	tap_is(sum, guest_sum_result(ROUNDS, SEED), "no reply is lost");
}

static void test_flags_fault(void)
{
	struct kvm2_run run = {};
	uint32_t sum;

	guest_start(guest_sum, 1);
	mprotect(pages, PAGE, PROT_NONE);
	tap_is(enter_at((void *)pages), -EFAULT,
	       "flags that cannot be read are -EFAULT");
	mprotect(pages, PAGE, PROT_READ | PROT_WRITE);
	run.flags = ~0U;
	tap_is(enter_at(&run), -EINVAL, "unknown flags are -EINVAL");
	run.flags = 0;
	tap_is(guest_finish(&run, SEED, &sum), 0, "then the guest runs");
	tap_is(sum, guest_sum_result(1, SEED), "and nothing was lost");
}

/*
 * As between two instructions of any system that enters long mode. The host
 * that the guest exits to has paging on, and keeps it.
 */
static void test_long_mode_enable(void)
{
	const uint64_t on = EFER_LME, off = 0;
	struct kvm2_run run = {};
	uint32_t sum;

	guest_start(guest_sum, 1);
	tap_is(guest_set(KVM2_SET_CONTROL, KVM2_CONTROL_EFER, &on, sizeof(on)),
	       0, "LME can be set where PAE and paging are not");
	tap_is(guest_finish(&run, SEED, &sum), 0, "and the guest runs");
	tap_is(sum, guest_sum_result(1, SEED), "as it did without");
	guest_set(KVM2_SET_CONTROL, KVM2_CONTROL_EFER, &off, sizeof(off));
}

static void test_immediate_exit(void)
{
	struct kvm2_run run = {};
	uint32_t rip[2] = {}, sum;

	guest_start(guest_sum, 1);
	run.flags = KVM2_RUN_IMMEDIATE_EXIT;
	tap_is(guest_enter(&run), -EINTR, "an immediate exit does not run");
	run.flags = 0;
	tap_is(guest_enter(&run), 0, "the guest runs to its first exit");
	guest_get(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip[0], 4);
	guest_answer(&run, SEED);
	run.flags = KVM2_RUN_IMMEDIATE_EXIT;
	tap_is(guest_enter(&run), -EINTR, "an immediate exit completes it");
	guest_get(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip[1], 4);
	tap_ok(rip[1] > rip[0], "the instruction is behind it then");
	/* The reply was taken: another one must change nothing. */
	memset(run.io.data, 0xee, 8);
	run.flags = 0;
	tap_is(guest_enter(&run), 0, "the next exit is another one");
	tap_is(run.exit_reason, KVM2_EXIT_MMIO, "it is the MMIO read");
	guest_answer(&run, SEED);
	tap_is(guest_finish(&run, SEED, &sum), 0, "the guest ends");
	tap_is(sum, guest_sum_result(1, SEED), "the reply was taken once");
}

static void test_strings(void)
{
	struct kvm2_run run = {};
	uint8_t data[GUEST_DATA_SIZE];
	uint32_t sum = 0, result = 0;
	size_t done = 0, i;
	unsigned int exits = 0;

	for (i = 0; i < sizeof(data); i++) {
		data[i] = i * 7 + 1;
		sum += data[i];
	}
	memcpy(ram + GUEST_DATA, data, sizeof(data));
	guest_start(guest_outs, 0);
	while (!guest_enter(&run) && run.exit_reason == KVM2_EXIT_IO &&
	       run.io.port == GUEST_PORT_STRING &&
	       run.io.direction == KVM2_IO_OUT &&
	       done + run.io.count <= sizeof(data) &&
	       !memcmp(run.io.data, data + done, run.io.count))
		done += run.io.count;
	tap_is(done, sizeof(data), "rep outs writes its bytes in order");

	memset(ram + GUEST_DATA, 0, sizeof(data));
	guest_start(guest_ins, 0);
	memset(&run, 0, sizeof(run));
	done = 0;
	while (!guest_enter(&run) && run.io.port == GUEST_PORT_STRING &&
	       done + run.io.count <= sizeof(data)) {
		memcpy(run.io.data, data + done, run.io.count);
		done += run.io.count;
		exits++;
	}
	memcpy(&result, run.io.data, sizeof(result));
	tap_is(done, sizeof(data), "rep ins reads its bytes");
	tap_ok(exits < sizeof(data), "many at a time: %u exits", exits);
	tap_is(result, sum, "and in order");
}

static void test_memory_fault(void)
{
	struct kvm2_run run = {};
	uint8_t *page = ram + GUEST_TOUCH;
	uint32_t result = 1;

	/* A page of RAM with nothing behind it, until somebody mends that. */
	munmap(page, PAGE);
	guest_start(guest_touch, 3);
	tap_is(guest_enter(&run), 0, "RAM that the host took away is an exit");
	tap_is(run.exit_reason, KVM2_EXIT_MEMORY_FAULT, "it is memory_fault");
	mmap(page, PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(&run, 0, sizeof(run));
	tap_is(guest_finish(&run, SEED, &result), 0,
	       "the guest goes on when the memory is there");
	tap_is(*(uint32_t *)page, 3, "and has written to it");
}

static volatile sig_atomic_t handled;

static void handle(int signal)
{
	(void)signal;
	handled++;
}

static void arm_timer(long usec)
{
	const struct itimerval timer = { .it_value.tv_usec = usec };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void test_handler(void)
{
	const struct sigaction action = { .sa_handler = handle };
	const struct sigaction restart = { .sa_handler = handle,
					   .sa_flags = SA_RESTART };
	struct kvm2_run run = {};

	guest_start(guest_count, 0);
	sigaction(SIGALRM, &action, NULL);
	arm_timer(20000);
	tap_is(guest_enter(&run), -EINTR, "a signal with a handler is -EINTR");
	tap_is(handled, 1, "the handler has run");
	sigaction(SIGALRM, &restart, NULL);
	arm_timer(20000);
	tap_is(guest_enter(&run), -EINTR, "with SA_RESTART, too");
}

static void test_mask(void)
{
	const struct timespec none = {};
	struct kvm2_run run = {};
	sigset_t blocked, open, before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM);
	sigemptyset(&open);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	handled = 0;
	guest_start(guest_count, 0);
	arm_timer(20000);
	tap_is(kvm2_sys_enter_guest(&run, sizeof(run), &open,
				    KVM2_SIGSET_SIZE), -EINTR,
	       "a blocked signal that the mask lets through is -EINTR");
	tap_is(handled, 0, "its handler has not run");
	tap_is(sigtimedwait(&blocked, NULL, &none), SIGALRM,
	       "the signal is pending and can be taken");
	raise(SIGALRM);
	tap_is(kvm2_sys_enter_guest(&run, sizeof(run), &open,
				    KVM2_SIGSET_SIZE), -EINTR,
	       "one that was pending before ends the call at once");
	sigtimedwait(&blocked, NULL, &none);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* What a VMM in another process tells: returns of kvm_enter_guest(). */
struct report {
	atomic_int ready;
	atomic_int returns;
	atomic_int result;
	_Atomic(uint8_t *) counter;
};

/* A VMM whose guest counts for ever; for its tracer, or whoever stops it. */
static pid_t fork_counting(struct report *report)
{
	pid_t pid = fork();
	struct kvm2_run run = {};
	uint8_t *child_ram;
	int r;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = guest_create_vm("run_test child", &child_ram);
	if (!r)
		r = kvm2_sys_create_vcpu(0, 0);
	if (!r)
		r = guest_start(guest_count, 0);
	report->counter = child_ram + GUEST_DATA;
	report->result = r;
	report->ready = 1;
	while (!r) {
		r = guest_enter(&run);
		report->result = r;
		report->returns++;
	}
	_exit(0);
}

/* The counter of the child's guest. */
static uint32_t read_counter(pid_t pid, const struct report *report)
{
	uint32_t value = 0;
	struct iovec to = { &value, sizeof(value) };
	struct iovec from = { report->counter, sizeof(value) };

	return process_vm_readv(pid, &to, 1, &from, 1, 0) < 0 ? 0 : value;
}

/* Does the guest count on, within ten seconds? */
static bool is_counting(pid_t pid, const struct report *report)
{
	uint32_t before = read_counter(pid, report);
	int i;

	for (i = 0; i < 10000; i++) {
		if (read_counter(pid, report) != before)
			return true;
		usleep(1000);
	}
	return false;
}

static void test_stops(void)
{
	struct report *report;
	bool counting = true;
	int i, status;
	pid_t pid;

	report = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork_counting(report);
	while (!report->ready)
		usleep(1000);

	for (i = 0; i < 20; i++) {
		kill(pid, SIGSTOP);
		waitpid(pid, &status, WUNTRACED);
		kill(pid, SIGCONT);
		counting = counting && is_counting(pid, report);
	}
	tap_is(report->returns, 0, "20 job-control stops pass unseen (%d)",
	       report->result);

	for (i = 0; i < 20; i++)
		kill(pid, SIGWINCH);
	counting = counting && is_counting(pid, report);
	tap_is(report->returns, 0, "ignored signals pass unseen");

	ptrace(PTRACE_SEIZE, pid, 0, 0);
	for (i = 0; i < 50; i++) {
		ptrace(PTRACE_INTERRUPT, pid, 0, 0);
		waitpid(pid, &status, __WALL);
		ptrace(PTRACE_CONT, pid, 0, 0);
		counting = counting && is_counting(pid, report);
	}
	tap_is(report->returns, 0, "50 ptrace stops pass unseen");
	tap_ok(counting, "the guest counts on after each");
	kill(pid, SIGKILL);
	waitpid(pid, &status, __WALL);
	tap_ok(WIFSIGNALED(status), "SIGKILL ends a vcpu in the guest");
	munmap(report, PAGE);
}

/* Before the first entry: what CPUID says may not change then. */
static void offer_long_mode(void)
{
	const struct kvm2_cpuid leaf = { .edx = CPUID_LM };

	if (guest_set(KVM2_SET_CPUID, LEAF_FEATURES << 32, &leaf, sizeof(leaf)))
		tap_die("CPUID");
}

int main(void)
{
	pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || guest_create_vm("run_test", &ram) ||
	    kvm2_sys_create_vcpu(0, 0))
		tap_die("a VM with a vcpu");
	offer_long_mode();

	test_faults();
	test_flags_fault();
	test_long_mode_enable();
	test_immediate_exit();
	test_strings();
	test_memory_fault();
	test_handler();
	test_mask();
	test_stops();
	return tap_end();
}
