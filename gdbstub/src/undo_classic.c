// SPDX-License-Identifier: GPL-2.0
/* What is left to do for a VMM on the classic API after a death. */
#include "undo_classic.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>

#include <linux/kvm.h>

#include "kvm_run.h"
#include "orphan.h"
#include "vmm_memory.h"
#include "x86.h"

#define STOP_MS		5000
#define TRIES		1000
#define ROUNDS		5

/* The thread is free once the kernel has taken in that its tracer is dead. */
static int seize(struct thread *thread, pid_t tid)
{
	const struct timespec pause = { 0, 1000000 };
	int err = thread_seize(thread, tid);

	for (int i = 0; i < TRIES && err == -EPERM; i++) {
		nanosleep(&pause, NULL);
		err = thread_seize(thread, tid);
	}
	if (!err)
		err = thread_interrupt(thread);
	if (!err && thread_wait_stop(thread, STOP_MS) == THREAD_NO_STOP)
		err = -ETIMEDOUT;
	return err;
}

static uint32_t exit_reason(pid_t pid, uint64_t run)
{
	uint32_t reason = 0;

	vmm_peek(pid, run + offsetof(struct kvm_run, exit_reason), &reason, sizeof(reason));
	return reason;
}

static void give_registers_back(const struct undo_classic *undo, struct thread *thread)
{
	if (undo->saved->tid != thread->tid)
		return;
	thread_set_regs(thread, &undo->saved->regs);
	undo->saved->tid = 0;
}

/* Registers that KVM has not taken yet may be for a step; the flag for it would be the guest's. */
static void clear_trap_flag(pid_t pid, uint64_t run)
{
	const uint64_t at = run + offsetof(struct kvm_run, s.regs.regs.rflags);
	uint64_t dirty = 0;
	uint64_t flags;

	vmm_peek(pid, run + offsetof(struct kvm_run, kvm_dirty_regs), &dirty, sizeof(dirty));
	if (!(dirty & KVM_SYNC_X86_REGS) || vmm_peek(pid, at, &flags, sizeof(flags)))
		return;
	flags &= ~RFLAGS_TF;
	vmm_poke(pid, at, &flags, sizeof(flags));
}

static void recover(const struct undo_classic *undo, struct undo_vcpu *vcpu,
		    struct thread *thread)
{
	const uint64_t none = 0;
	struct user_regs_struct regs;

	if (thread_stop_is_kernels(thread))
		thread->signal = 0;
	give_registers_back(undo, thread);
	if (!thread_get_regs(thread, &regs) && inject_is_parked(undo->saved, &regs))
		thread_set_regs(thread, &vcpu->parked);
	if (!thread_get_regs(thread, &regs) && kvm_run_is_call(&regs, vcpu->fd) && !regs.rax &&
	    exit_reason(undo->pid, vcpu->run) == KVM_EXIT_DEBUG) {
		kvm_run_again(&regs);
		thread_set_regs(thread, &regs);
	}
	clear_trap_flag(undo->pid, vcpu->run);
	vmm_poke(undo->pid, vcpu->run + offsetof(struct kvm_run, immediate_exit), &none, 1);
	vmm_poke(undo->pid, vcpu->run + offsetof(struct kvm_run, kvm_valid_regs), &none,
		 sizeof(none));
}

/* ---- debug flags ---- */

void undo_note_debug(struct undo_vcpu *vcpu, const struct target_debug *debug)
{
	unsigned int next;

	if (!vcpu)
		return;
	next = !vcpu->now;
	vcpu->debug[next] = *debug;
	vcpu->now = next;
}

void undo_note_copy(struct undo_vcpu *vcpu, uint64_t pc, uint64_t copy)
{
	if (!vcpu)
		return;
	vcpu->copy = 0;
	vcpu->copy_pc = pc;
	vcpu->copy = copy;
}

void undo_copy(pid_t pid, const struct undo_vcpu *vcpu, const struct kvm2_debug_event *event)
{
	uint8_t byte;

	if (!vcpu->copy || event->exception != VECTOR_DB || !(event->dr6 & DR6_STEP) ||
	    event->pc == vcpu->copy_pc || vmm_peek(pid, vcpu->copy, &byte, 1))
		return;
	byte &= (uint8_t)~(RFLAGS_TF >> 8);
	vmm_poke(pid, vcpu->copy, &byte, 1);
}

/* With data in our page. */
static long make_ioctl(struct inject *inject, const struct undo_vcpu *vcpu, struct thread *thread,
		       unsigned long request, void *data, size_t size)
{
	const uint64_t arguments[6] = { (uint64_t)vcpu->fd, request, inject_data(inject) };
	long ret = vmm_poke(inject->pid, inject_data(inject), data, size);

	if (!ret)
		ret = inject_call(inject, thread, SYS_ioctl, arguments);
	if (!ret && _IOC_DIR(request) & _IOC_READ)
		ret = vmm_peek(inject->pid, inject_data(inject), data, size);
	return ret;
}

/* Registers that KVM has not taken yet: to take them later would end an exception that we give. */
static void flush_registers(struct inject *inject, const struct undo_vcpu *vcpu, struct thread *thread)
{
	const uint64_t arguments[6] = {
		(uint64_t)vcpu->fd, KVM_SET_REGS, vcpu->run + offsetof(struct kvm_run, s.regs.regs),
	};
	const uint64_t at = vcpu->run + offsetof(struct kvm_run, kvm_dirty_regs);
	uint64_t dirty = 0;

	vmm_peek(inject->pid, at, &dirty, sizeof(dirty));
	if (!(dirty & KVM_SYNC_X86_REGS) || inject_call(inject, thread, SYS_ioctl, arguments))
		return;
	dirty &= ~(uint64_t)KVM_SYNC_X86_REGS;
	vmm_poke(inject->pid, at, &dirty, sizeof(dirty));
}

/* Of the exit that it stands at. Return: there is something for the guest. */
static bool prepare_own(struct inject *inject, const struct undo_vcpu *vcpu, struct thread *thread)
{
	struct kvm2_debug_event event = { 0 };
	uint64_t addresses[TARGET_SLOTS];
	struct kvm_debugregs own;
	struct kvm_debug_exit_arch exit;

	if (exit_reason(inject->pid, vcpu->run) != KVM_EXIT_DEBUG ||
	    vmm_peek(inject->pid, vcpu->run + offsetof(struct kvm_run, debug.arch), &exit, sizeof(exit)))
		return false;
	event.exception = exit.exception;
	event.pc = exit.pc;
	event.dr6 = exit.dr6;
	undo_copy(inject->pid, vcpu, &event);
	if (make_ioctl(inject, vcpu, thread, KVM_GET_DEBUGREGS, &own, sizeof(own)))
		return false;
	memcpy(addresses, own.db, sizeof(addresses));
	own.dr6 = orphan_dr6(&vcpu->debug[vcpu->now], &event, addresses, own.dr7);
	return own.dr6 && !make_ioctl(inject, vcpu, thread, KVM_SET_DEBUGREGS, &own, sizeof(own));
}

static void clear_debug(struct inject *inject, struct undo_vcpu *vcpu, struct thread *thread)
{
	static const struct target_debug nothing;
	struct kvm_guest_debug none = { 0 };
	struct kvm_guest_debug give = { .control = KVM_GUESTDBG_INJECT_DB };
	bool given;

	/* A page was there before any debug flag was. */
	if (!inject->page)
		return;
	flush_registers(inject, vcpu, thread);
	/* It is refused if whoever died had given it before. */
	given = prepare_own(inject, vcpu, thread) &&
		!make_ioctl(inject, vcpu, thread, KVM_SET_GUEST_DEBUG, &give, sizeof(give));
	if (!given)
		make_ioctl(inject, vcpu, thread, KVM_SET_GUEST_DEBUG, &none, sizeof(none));
	undo_note_debug(vcpu, &nothing);
}

static void undo_once(const struct undo_classic *undo, struct thread *threads)
{
	struct inject inject;

	for (unsigned int i = 0; i < undo->nr_vcpus; i++)
		if (!seize(&threads[i], undo->vcpus[i].tid))
			recover(undo, &undo->vcpus[i], &threads[i]);
	/* The signal that stopped it, or is about to, was the kernel's on our behalf. */
	kill(undo->pid, SIGCONT);
	/* Now no call of ours is on its way any more. */
	inject_init(&inject, undo->pid, undo->saved);
	for (unsigned int i = 0; i < undo->nr_vcpus; i++)
		if (threads[i].state == THREAD_STOPPED)
			clear_debug(&inject, &undo->vcpus[i], &threads[i]);
	for (unsigned int i = 0; i < undo->nr_vcpus; i++) {
		if (threads[i].state != THREAD_STOPPED)
			continue;
		inject_undo_open(&inject, &threads[i]);
		if (!inject_finish(&inject, &threads[i]))
			break;
	}
	for (unsigned int i = 0; i < undo->nr_vcpus; i++)
		thread_detach(&threads[i]);
	kill(undo->pid, SIGCONT);
}

void undo_classic(const struct undo_classic *undo)
{
	struct thread *threads = calloc(undo->nr_vcpus + 1, sizeof(*threads));

	if (!threads || threads_init())
		return;
	/* What could not be done while threads were busy may be a moment later; it is noted until it is. */
	for (int i = 0; i < ROUNDS; i++) {
		memset(threads, 0, (undo->nr_vcpus + 1) * sizeof(*threads));
		undo_once(undo, threads);
		if (!undo->saved->page)
			break;
	}
	free(threads);
}

static void undo_page_by(const struct undo_classic *undo, pid_t tid)
{
	struct thread thread = { 0 };
	struct inject inject;

	if (!seize(&thread, tid)) {
		give_registers_back(undo, &thread);
		inject_init(&inject, undo->pid, undo->saved);
		inject_undo_open(&inject, &thread);
		inject_finish(&inject, &thread);
	}
	thread_detach(&thread);
}

void undo_page(const struct undo_classic *undo)
{
	const struct inject_saved *saved = undo->saved;

	if (!undo->nr_vcpus || threads_init())
		return;
	for (unsigned int i = 0; i < ROUNDS && (saved->tid || saved->page); i++)
		undo_page_by(undo, saved->tid ? saved->tid : undo->vcpus[i % undo->nr_vcpus].tid);
}
