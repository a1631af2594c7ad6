// SPDX-License-Identifier: GPL-2.0
// A VMM, which is a child of ours without a VM, after the death of whoever debugged it.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/kvm.h>

#include "gdbstub/src/undo_classic.h"
#include "gdbstub/src/x86.h"

#define IF		0x200
#define ALL_BYTES	(4096 + INJECT_DATA_BYTES)

/* syscall; jmp to itself */
static const uint8_t loop[] = { 0x0f, 0x05, 0xeb, 0xfe };

/* At the same addresses in the child; shared. */
static struct kvm_run *run;
static volatile uint32_t *counter;
static uint8_t *page;

static struct inject_saved saved;
static struct undo_vcpu vcpu;
static struct undo_classic undo = { .vcpus = &vcpu, .nr_vcpus = 1, .saved = &saved };

static void pause_ms(long ms)
{
	const struct timespec pause = { 0, ms * 1000000 };

	nanosleep(&pause, NULL);
}

static int begin(void **state)
{
	(void)state;
	run = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run == MAP_FAILED)
		return 1;
	counter = (volatile uint32_t *)((char *)run + 4096);
	page = mmap((void *)0x50000000, ALL_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (page == MAP_FAILED)
		return 1;
	memcpy(page, loop, sizeof(loop));
	undo.pid = fork();
	if (!undo.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(*counter)++;
	}
	memset(&saved, 0, sizeof(saved));
	vcpu = (struct undo_vcpu){ .tid = undo.pid, .fd = -1, .run = (uint64_t)(uintptr_t)run };
	return undo.pid < 0;
}

static int end(void **state)
{
	(void)state;
	kill(undo.pid, SIGKILL);
	waitpid(undo.pid, NULL, 0);
	munmap(run, 2 * 4096);
	munmap(page, ALL_BYTES);
	return 0;
}

static bool counts(void)
{
	uint32_t before = *counter;

	for (int i = 0; i < 5000 && *counter == before; i++)
		pause_ms(1);
	return *counter != before;
}

static void what_KVM_is_told_by_its_page_is_undone(void **state)
{
	(void)state;
	run->immediate_exit = 1;
	run->kvm_valid_regs = KVM_SYNC_X86_VALID_FIELDS;
	run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	run->s.regs.regs.rflags = RFLAGS_TF | IF | 2;
	undo_classic(&undo);
	assert_int_equal(run->immediate_exit, 0);
	assert_int_equal(run->kvm_valid_regs, 0);
	assert_int_equal(run->s.regs.regs.rflags, IF | 2);
	assert_true(counts());
}

/* That KVM left there: it does not take them. */
static void other_registers_are_left_alone(void **state)
{
	(void)state;
	run->kvm_dirty_regs = 0;
	run->s.regs.regs.rflags = RFLAGS_TF | IF | 2;
	undo_classic(&undo);
	assert_int_equal(run->s.regs.regs.rflags, RFLAGS_TF | IF | 2);
	assert_true(counts());
}

/* Stop the child, and let it go on with other registers. */
static void park(struct user_regs_struct *own)
{
	struct user_regs_struct regs;
	struct inject inject = { .pid = undo.pid, .page = (uint64_t)(uintptr_t)page };

	assert_int_equal(ptrace(PTRACE_SEIZE, undo.pid, 0, 0), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, undo.pid, 0, 0), 0);
	assert_int_equal(waitpid(undo.pid, NULL, __WALL), undo.pid);
	assert_int_equal(ptrace(PTRACE_GETREGS, undo.pid, 0, own), 0);
	regs = *own;
	inject_park(&inject, &regs);
	assert_int_equal(ptrace(PTRACE_SETREGS, undo.pid, 0, &regs), 0);
	assert_int_equal(ptrace(PTRACE_DETACH, undo.pid, 0, 0), 0);
	saved.page = inject.page;
}

static void a_thread_that_was_held_goes_on_where_it_was(void **state)
{
	uint32_t before;

	(void)state;
	assert_true(counts());
	park(&vcpu.parked);
	before = *counter;
	pause_ms(20);
	assert_int_equal(*counter, before);
	undo_classic(&undo);
	assert_true(counts());
	/* And our page is not there any more. */
	assert_int_equal(saved.page, 0);
}

static void one_in_a_call_of_ours_too(void **state)
{
	(void)state;
	park(&saved.regs);
	saved.tid = undo.pid;
	undo_classic(&undo);
	assert_int_equal(saved.tid, 0);
	assert_true(counts());
}

/* Its registers were parked when the call was begun. */
static void and_one_that_was_held_then(void **state)
{
	(void)state;
	park(&vcpu.parked);
	saved.regs = vcpu.parked;
	saved.regs.rip = (uint64_t)(uintptr_t)page + 2;
	saved.tid = undo.pid;
	undo_classic(&undo);
	assert_true(counts());
}

static void a_stored_trap_flag_is_taken_out_if_the_step_was_made(void **state)
{
	struct kvm2_debug_event event = { .exception = 1, .pc = 0x1001, .dr6 = 0xffff0ff0 | DR6_STEP };
	uint8_t *byte = (uint8_t *)run;

	(void)state;
	*byte = 0x83;
	undo_copy(undo.pid, &vcpu, &event);
	assert_int_equal(*byte, 0x83);
	undo_note_copy(&vcpu, 0x1000, (uint64_t)(uintptr_t)byte);
	event.pc = 0x1000;
	undo_copy(undo.pid, &vcpu, &event);
	assert_int_equal(*byte, 0x83);
	event.pc = 0x1001;
	event.dr6 = 0xffff0ff1;
	undo_copy(undo.pid, &vcpu, &event);
	assert_int_equal(*byte, 0x83);
	event.dr6 |= DR6_STEP;
	undo_copy(undo.pid, &vcpu, &event);
	assert_int_equal(*byte, 0x82);
	*byte = 0x83;
	undo_note_copy(&vcpu, 0, 0);
	undo_copy(undo.pid, &vcpu, &event);
	assert_int_equal(*byte, 0x83);
	undo_note_copy(NULL, 0, 1);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_KVM_is_told_by_its_page_is_undone),
		TEST(other_registers_are_left_alone),
		TEST(a_thread_that_was_held_goes_on_where_it_was),
		TEST(one_in_a_call_of_ours_too),
		TEST(and_one_that_was_held_then),
		TEST(a_stored_trap_flag_is_taken_out_if_the_step_was_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
