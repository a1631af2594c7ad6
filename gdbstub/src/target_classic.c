// SPDX-License-Identifier: GPL-2.0
/*
 * A VM on the ioctls of /dev/kvm, in a VMM that knows nothing of us.
 *
 * Registers: struct kvm_run of each vcpu is mapped here, too, and KVM fills in
 * the general and system registers at every exit, if it is asked to
 * (kvm_valid_regs); since that costs the guest time, only while a stop is
 * likely. All else is read and written by ioctls that the vcpu's own thread
 * makes for us while it stands in a ptrace stop (inject.c).
 *
 * Debug exits: a BPF program sends the thread SIGSTOP before the VMM sees the
 * exit. Without the privileges for that, the thread stops at the end of every
 * system call while there is something to stop for.
 *
 * Memory: the slots are known by BPF. Without, they are guessed and the guess is
 * tried.
 */
#include "target_classic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "classic.h"
#include "clock.h"
#include "crash.h"
#include "debug.h"
#include "kvm_run.h"
#include "protect.h"
#include "undo_classic.h"
#include "vmm_scan.h"
#include "x86.h"

/* ---- state ---- */

static int get_state(struct target *target, unsigned int vcpu, void *records, size_t size,
		     uint32_t flags)
{
	return kvm2_remote_get_state(classic_vcpu_of(target, vcpu)->remote, records, size, flags);
}

static int set_state(struct target *target, unsigned int vcpu, void *records, size_t size)
{
	return kvm2_remote_set_state(classic_vcpu_of(target, vcpu)->remote, records, size, 0);
}

/* ---- registers at every exit ---- */

static void set_sync(struct classic_vcpu *vcpu, bool on)
{
	const uint64_t wanted = on || vcpu->had_valid_regs ? KVM_SYNC_X86_VALID_FIELDS : 0;
	struct kvm_run *run = vcpu->run;

	if (run->kvm_valid_regs == wanted)
		return;
	/* No processor has these flags: they tell that no exit has come since. */
	if (!vcpu->had_valid_regs)
		run->s.regs.regs.rflags = 0;
	atomic_thread_fence(memory_order_release);
	run->kvm_valid_regs = wanted;
}

/* After an exit. Return: it left its registers. */
static bool is_synced(const struct classic_vcpu *vcpu)
{
	return vcpu->run->kvm_valid_regs == KVM_SYNC_X86_VALID_FIELDS && vcpu->run->s.regs.regs.rflags;
}

static bool is_stop_likely(const struct classic_vcpu *vcpu)
{
	return vcpu->base.asked || vcpu->settling || vcpu->steps ||
	       (vcpu->has_debug && clock_ms() < vcpu->debug_exit_ms + CLASSIC_SYNC_MS);
}

/* As target_ops.interrupt. */
static int interrupt(struct target *target, unsigned int index)
{
	set_sync(classic_vcpu_of(target, index), true);
	return vmm_interrupt(target, index);
}

/* ---- where a vcpu is held that stops for something ---- */

/*
 * @regs: with which the thread is to go on. Meanwhile it has others: when we die it goes on by itself, and the guest must
 * not before whoever cleans up has seen why it stands and has taken its debug flags. A step in force would leave the
 * trap flag wherever the next instruction puts RFLAGS.
 */
static int stand(struct classic_vcpu *vcpu, const struct user_regs_struct *regs)
{
	struct user_regs_struct parked = *regs;

	if (!vcpu->base.undo || !vcpu->target->inject.page)
		return thread_set_regs(&vcpu->base.thread, regs);
	vcpu->base.undo->parked = *regs;
	atomic_thread_fence(memory_order_release);
	inject_park(&vcpu->target->inject, &parked);
	vcpu->is_parked = !thread_set_regs(&vcpu->base.thread, &parked);
	return vcpu->is_parked ? 0 : -ESRCH;
}

/* Whatever it stands for. */
static void stand_here(struct classic_vcpu *vcpu)
{
	struct user_regs_struct regs;

	if (vcpu->is_parked || thread_get_regs(&vcpu->base.thread, &regs))
		return;
	inject_restart(&regs);
	stand(vcpu, &regs);
}

static void leave_stand(struct classic_vcpu *vcpu)
{
	if (vcpu->is_parked)
		thread_set_regs(&vcpu->base.thread, &vcpu->base.undo->parked);
	vcpu->is_parked = false;
}

/* ---- stops ---- */

/* Exits whose reply KVM takes in with the next KVM_RUN. */
static bool owes_reply(const struct classic_vcpu *vcpu)
{
	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_IO:
	case KVM_EXIT_MMIO:
	case KVM_EXIT_HYPERCALL:
	case KVM_EXIT_XEN:
	case KVM_EXIT_HYPERV:
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		return true;
	default:
		return false;
	}
}

static void end_settling(struct classic_vcpu *vcpu)
{
	if (!vcpu->settling)
		return;
	vcpu->run->immediate_exit = vcpu->immediate_exit;
	vcpu->settling = false;
}

/* The VMM is not to see the exit: its KVM_RUN is made once more. Return: it was one. */
static bool is_debug_exit(struct classic_vcpu *vcpu, struct user_regs_struct *regs)
{
	if (!vcpu->has_debug || !kvm_run_is_call(regs, vcpu->fd) || regs->rax ||
	    vcpu->run->exit_reason != KVM_EXIT_DEBUG)
		return false;
	kvm_run_again(regs);
	return !stand(vcpu, regs);
}

void classic_before_signal(struct thread *thread)
{
	struct classic_vcpu *vcpu = (struct classic_vcpu *)thread;
	struct user_regs_struct regs;

	if (!thread_get_regs(thread, &regs) && is_debug_exit(vcpu, &regs))
		vcpu->had_debug_exit = true;
}

/* It stands before KVM_RUN, which is made once more. */
static void stands_before_run(struct classic_vcpu *vcpu)
{
	vcpu->is_current = is_synced(vcpu);
	vcpu->runs_again = true;
}

static bool take_debug_exit(struct classic_vcpu *vcpu, struct target_event *event)
{
	const struct kvm_debug_exit_arch *exit = &vcpu->run->debug.arch;

	end_settling(vcpu);
	vcpu->had_debug_exit = false;
	event->debug.exception = exit->exception;
	event->debug.pc = exit->pc;
	event->debug.dr6 = exit->dr6;
	event->debug.dr7 = exit->dr7;
	event->kind = TARGET_DEBUG;
	vcpu->debug_exit_ms = clock_ms();
	stands_before_run(vcpu);
	vcpu->base.held = true;
	vcpu->base.asked = false;
	return true;
}

/* As vmm_ops.go_on. */
static int go_on(struct vmm_vcpu *base)
{
	struct classic_vcpu *vcpu = (struct classic_vcpu *)base;
	bool every_call = vcpu->settling || (vcpu->has_debug && !vcpu->target->bpf);

	vcpu->is_current = false;
	vcpu->runs_again = false;
	leave_stand(vcpu);
	set_sync(vcpu, is_stop_likely(vcpu));
	return thread_resume(&base->thread, every_call ? PTRACE_SYSCALL : PTRACE_CONT);
}

/*
 * The thread is somewhere in the VMM, with an exit whose reply KVM has not had.
 * Let it go on until it has, and no further: only then are the registers what
 * they will be.
 */
static void begin_settling(struct classic_vcpu *vcpu)
{
	vcpu->settling = true;
	vcpu->immediate_exit = vcpu->run->immediate_exit;
	vcpu->deadline_ms = clock_ms() + CLASSIC_SETTLE_MS;
	go_on(&vcpu->base);
}

static bool give_held(struct classic_vcpu *vcpu, struct target_event *event)
{
	end_settling(vcpu);
	if (vcpu->has_debug)
		stand_here(vcpu);
	return vmm_give_held(&vcpu->base, event);
}

/*
 * Held before the VMM sees an exit that the guest may not survive. We are told of it once: by the signal of our BPF program,
 * or at the end of the system call. Return: @event is one.
 */
static bool take_crash(struct classic_vcpu *vcpu, enum thread_stop stop, bool is_kernels, const struct user_regs_struct *regs,
		       struct target_event *event)
{
	const struct kvm_run *run = vcpu->run;

	if (!(vcpu->target->bpf ? is_kernels : stop == THREAD_SYSCALL) || regs->rax || !kvm_run_is_call(regs, vcpu->fd) ||
	    !crash_of_classic(run->exit_reason, run->internal.suberror, event))
		return false;
	vcpu->is_current = is_synced(vcpu);
	give_held(vcpu, event);
	event->kind = TARGET_CRASHED;
	return true;
}

/* As target_ops.retract. */
static int retract(struct target *target, unsigned int index)
{
	struct classic_vcpu *vcpu = classic_vcpu_of(target, index);
	struct user_regs_struct regs;
	int err;

	leave_stand(vcpu);
	err = thread_get_regs(&vcpu->base.thread, &regs);
	if (err || !kvm_run_is_call(&regs, vcpu->fd))
		return err ? err : -ESRCH;
	kvm_run_again(&regs);
	err = stand(vcpu, &regs);
	if (err)
		return err;
	vcpu->run->exit_reason = KVM_EXIT_INTR;
	stands_before_run(vcpu);
	return 0;
}

/* At a system call while settling. Return: @event is one. */
static bool take_settling_call(struct classic_vcpu *vcpu, struct user_regs_struct *regs,
			       struct target_event *event)
{
	if (kvm_run_is_call(regs, vcpu->fd)) {
		if ((long)regs->rax == -ENOSYS) {
			vcpu->run->immediate_exit = 1;
		} else if ((long)regs->rax == -EINTR) {
			kvm_run_again(regs);
			thread_set_regs(&vcpu->base.thread, regs);
			stands_before_run(vcpu);
			return give_held(vcpu, event);
		} else if (!owes_reply(vcpu)) {
			/* For the VMM: it has it when it goes on. */
			vcpu->is_current = !regs->rax && is_synced(vcpu);
			return give_held(vcpu, event);
		}
	}
	go_on(&vcpu->base);
	return false;
}

/* As vmm_ops.take_stop. */
static bool take_stop(struct vmm *vmm, unsigned int index, enum thread_stop stop,
		      struct target_event *event)
{
	struct classic_vcpu *vcpu = classic_vcpu_of(&vmm->base, index);
	const bool is_kernels = thread_stop_is_kernels(&vcpu->base.thread);
	struct user_regs_struct regs;
	bool in_run;

	if (is_kernels)
		vcpu->base.thread.signal = 0;
	vcpu->gives_regs = vcpu->gives_regs && vcpu->run->kvm_dirty_regs & KVM_SYNC_X86_REGS;
	if (vcpu->had_debug_exit)
		return take_debug_exit(vcpu, event);
	if (thread_get_regs(&vcpu->base.thread, &regs))
		return false;
	if (is_debug_exit(vcpu, &regs))
		return take_debug_exit(vcpu, event);
	if (take_crash(vcpu, stop, is_kernels, &regs, event))
		return true;
	in_run = kvm_run_is_call(&regs, vcpu->fd);
	if (!vcpu->base.asked || (stop == THREAD_SIGNAL && vcpu->base.thread.signal)) {
		/* Not for us: a signal, or a stop that came too late. */
		go_on(&vcpu->base);
		return false;
	}
	if (vcpu->settling && stop == THREAD_SYSCALL)
		return take_settling_call(vcpu, &regs, event);
	if (in_run && (long)regs.rax == -EINTR) {
		kvm_run_again(&regs);
		thread_set_regs(&vcpu->base.thread, &regs);
		stands_before_run(vcpu);
		return give_held(vcpu, event);
	}
	if (stop == THREAD_SYSCALL || stop == THREAD_SIGNAL) {
		go_on(&vcpu->base);
		return false;
	}
	vcpu->is_current = false;
	if (stop == THREAD_GROUP_STOP || vcpu->settling || !owes_reply(vcpu))
		return give_held(vcpu, event);
	begin_settling(vcpu);
	return false;
}

/* A VMM that takes long stays as it is; a guest that nothing stops is not held up. */
static void check_deadlines(struct vmm *vmm)
{
	for (unsigned int i = 0; i < vmm->base.nr_vcpus; i++) {
		struct classic_vcpu *vcpu = classic_vcpu_of(&vmm->base, i);

		if (vcpu->base.thread.state != THREAD_RUNNING)
			continue;
		if (vcpu->settling && clock_ms() > vcpu->deadline_ms)
			thread_interrupt(&vcpu->base.thread);
		if (!is_stop_likely(vcpu))
			set_sync(vcpu, false);
	}
}

static const struct vmm_ops vmm_ops = {
	.free_vcpu = classic_free_vcpu,
	.take_stop = take_stop,
	.go_on = go_on,
	.poll = check_deadlines,
};

/* ---- life ---- */

static void restore_run(struct classic_vcpu *vcpu)
{
	vcpu->run->kvm_valid_regs = vcpu->had_valid_regs;
	if (vcpu->settling)
		vcpu->run->immediate_exit = vcpu->immediate_exit;
}

static void detach(struct target *base)
{
	struct classic *target = classic_of(base);

	for (unsigned int i = 0; i < base->nr_vcpus; i++)
		leave_stand(classic_vcpu_of(base, i));
	for (unsigned int i = 0; i < base->nr_vcpus && target->inject.page; i++) {
		struct thread *thread = &target->vmm.vcpus[i]->thread;

		if (thread->state == THREAD_STOPPED)
			inject_finish(&target->inject, thread);
	}
	classic_bpf_destroy(target->bpf);
	for (unsigned int i = 0; i < base->nr_vcpus; i++)
		restore_run(classic_vcpu_of(base, i));
	vmm_release(&target->vmm);
	if (target->kvm_fd >= 0)
		close(target->kvm_fd);
	if (target->pidfd >= 0)
		close(target->pidfd);
	free(target);
}

static int set_debug(struct target *target, unsigned int vcpu, const struct target_debug *debug)
{
	struct classic_vcpu *v = classic_vcpu_of(target, vcpu);
	int ret;

	if (!inject_prepare(&v->target->inject, &v->base.thread))
		stand_here(v);
	ret = debug_set(target, vcpu, debug, 0, 0);
	if (ret < 0)
		return ret;
	v->has_debug = ret;
	v->steps = debug->step;
	/* The exit it stands at came of what was set before, and has been dealt with. */
	if (v->run->exit_reason == KVM_EXIT_DEBUG)
		v->run->exit_reason = KVM_EXIT_INTR;
	atomic_thread_fence(memory_order_release);
	undo_note_debug(v->base.undo, debug);
	return 0;
}

/*
 * In the registers that KVM takes from struct kvm_run. It takes the flag for the guest's there, and for its own, hidden
 * and cleared at the end, as it makes steps. To take registers ends an exception that is pending.
 */
static int set_trap_flag(struct target *target, unsigned int vcpu)
{
	struct classic_vcpu *v = classic_vcpu_of(target, vcpu);
	struct kvm_sync_regs *regs = &v->run->s.regs;

	if (!v->is_current || !v->runs_again || regs->events.exception.pending)
		return -EOPNOTSUPP;
	regs->regs.rflags |= RFLAGS_TF;
	v->gives_regs = true;
	v->run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
	return 0;
}

static const struct target_ops classic_ops = {
	.name = "classic",
	.detach = detach,
	.refresh = classic_refresh,
	.interrupt = interrupt,
	.resume = vmm_resume,
	.set_debug = set_debug,
	.set_trap_flag = set_trap_flag,
	.reflect = debug_reflect,
	.retract = retract,
	.next_event = vmm_next_event,
	.wait = vmm_wait,
	.get_state = get_state,
	.set_state = set_state,
	.read = classic_read,
	.write = classic_write,
	.note_patch = vmm_note_patch,
	.note_copy = vmm_note_copy,
	.protect = protect_page,
	.kill = vmm_kill,
	.event_fd = protect_event_fd,
};

static int attach(struct classic *target, const char **why)
{
	struct target *base = &target->vmm.base;
	int err;

	target->pidfd = (int)syscall(SYS_pidfd_open, base->pid, 0);
	if (target->pidfd < 0)
		return -errno;
	target->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	err = classic_bpf_create(base->pid, CLASSIC_BPF_DEBUG, &target->bpf);
	if (!err) {
		/* Else nothing would hold debug exits back when we die. */
		err = journal_keep(target->vmm.journal, classic_bpf_link(target->bpf));
		if (err)
			return err;
	} else {
		target->bpf = NULL;
	}
	err = classic_refresh(base);
	if (err < 0)
		return err;
	if (!base->nr_vcpus) {
		*why = "no vcpu of its VM has run yet";
		return -ESRCH;
	}
	return vmm_seize_leader(&target->vmm);
}

int target_classic_attach(pid_t pid, struct target **attached, const char **why)
{
	struct classic *target;
	struct vmm_scan_vcpu *vcpus;
	int err = vmm_scan_vcpus(pid, &vcpus);

	if (err <= 0)
		return err ? (err == -ENOENT ? -ESRCH : err) : -ENOENT;
	free(vcpus);
	target = calloc(1, sizeof(*target));
	if (!target)
		return -ENOMEM;
	target->vmm.base.ops = &classic_ops;
	target->vmm.base.pid = pid;
	target->vmm.ops = &vmm_ops;
	target->vmm.inject = &target->inject;
	target->vmm.faults = -1;
	target->pidfd = -1;
	target->kvm_fd = -1;
	target->vmm.journal = journal_open(pid, JOURNAL_CLASSIC);
	inject_init(&target->inject, pid, journal_saved(target->vmm.journal));
	err = attach(target, why);
	if (err < 0) {
		detach(&target->vmm.base);
		return err;
	}
	*attached = &target->vmm.base;
	return 0;
}
