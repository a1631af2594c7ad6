// SPDX-License-Identifier: GPL-2.0
/*
 * A VM on the kvm2 system calls: state by thread pidfds, stops by ptrace,
 * debug events as SIGSTOP, memory as /proc/PID/kvm2 says.
 */
#include "target_kvm2.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "crash.h"
#include "debug.h"
#include "journal.h"
#include "proc_kvm2.h"
#include "protect.h"
#include "registers.h"
#include "thread.h"
#include "vmm.h"
#include "vmm_memory.h"

/* The kernel's own, for calls that a signal interrupted; not in errno.h. */
#define ERESTARTSYS_MIN	(-516)
#define ERESTARTSYS_MAX	(-512)

#define SYSCALL_BYTES	2

/* How long a vcpu thread may take to come back to the guest. */
#define SETTLE_MS	1000

/* @stops_at_crash: KVM2_DEBUG_STOP_FATAL is set */
struct vcpu_kvm2 {
	struct vmm_vcpu base;
	int pidfd;
	bool stops_at_crash;
};

static struct vcpu_kvm2 *vcpu_of(struct target *target, unsigned int vcpu)
{
	return (struct vcpu_kvm2 *)vmm_of(target)->vcpus[vcpu];
}

static int add_vcpu(struct vmm *vmm, uint32_t id, pid_t tid)
{
	struct vcpu_kvm2 *vcpu = calloc(1, sizeof(*vcpu));
	int err;

	if (!vcpu)
		return -ENOMEM;
	vcpu->pidfd = kvm2_thread_pidfd_open(tid);
	err = vcpu->pidfd < 0 ? vcpu->pidfd : vmm_add_vcpu(vmm, id, tid, &vcpu->base);
	if (!err) {
		vcpu->base.undo = journal_add_vcpu(vmm->journal, tid);
		return 1;
	}
	if (vcpu->pidfd >= 0)
		close(vcpu->pidfd);
	free(vcpu);
	return err;
}

/* As proc_kvm2_fn. */
static int take_vcpu(struct target *base, uint32_t id, pid_t tid)
{
	struct vmm *vmm = vmm_of(base);

	return vmm_knows(vmm, tid) || base->nr_vcpus == TARGET_VCPUS_MAX ? 0 : add_vcpu(vmm, id, tid);
}

static int refresh(struct target *base)
{
	return proc_kvm2_read(base, take_vcpu);
}

/* ---- life ---- */

static void free_vcpu(struct vmm_vcpu *base)
{
	struct vcpu_kvm2 *vcpu = (struct vcpu_kvm2 *)base;

	close(vcpu->pidfd);
	free(vcpu);
}

static void detach(struct target *target)
{
	for (unsigned int i = 0; i < target->nr_vcpus; i++)
		if (vcpu_of(target, i)->stops_at_crash)
			state_set_u64(target, i, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, 4, 0);
	vmm_release(vmm_of(target));
	free(target);
}

/* ---- state ---- */

static int get_state(struct target *target, unsigned int vcpu, void *records, size_t size,
		     uint32_t flags)
{
	return kvm2_sys_get_state(vcpu_of(target, vcpu)->pidfd, records, size, flags);
}

static int set_state(struct target *target, unsigned int vcpu, void *records, size_t size)
{
	return kvm2_sys_set_state(vcpu_of(target, vcpu)->pidfd, records, size, 0);
}

static int set_debug(struct target *target, unsigned int vcpu, const struct target_debug *debug)
{
	int ret = debug_set(target, vcpu, debug, KVM2_DEBUG_STOP, KVM2_DEBUG_STOP_FATAL);

	if (ret < 0)
		return ret;
	vcpu_of(target, vcpu)->stops_at_crash = true;
	return 0;
}

/* As target_ops.resume. */
static int resume(struct target *target, unsigned int vcpu)
{
	const struct target_debug none = { 0 };

	if (!vcpu_of(target, vcpu)->stops_at_crash)
		set_debug(target, vcpu, &none);
	return vmm_resume(target, vcpu);
}

/* ---- stops ---- */

/* At the end of kvm_enter_guest(), to be called again: all is complete. */
static bool is_in_guest(const struct thread *thread, struct user_regs_struct *regs)
{
	long ret;

	if (thread_get_regs(thread, regs) || regs->orig_rax != __NR_kvm_enter_guest)
		return false;
	ret = (long)regs->rax;
	return ret == -EINTR || (ret >= ERESTARTSYS_MIN && ret <= ERESTARTSYS_MAX);
}

static void call_again(const struct thread *thread, struct user_regs_struct *regs)
{
	regs->rip -= SYSCALL_BYTES;
	regs->rax = regs->orig_rax;
	regs->orig_rax = ~0ULL;
	thread_set_regs(thread, regs);
}

/*
 * With a signal mask the call ends with -EINTR whatever interrupted it. We
 * did, so nobody need know: it is made again.
 */
static void hide_interruption(const struct thread *thread, struct user_regs_struct *regs)
{
	if ((long)regs->rax == -EINTR && !thread->signal)
		call_again(thread, regs);
}

static bool owes_reply(struct target *target, unsigned int vcpu)
{
	uint64_t data[3];
	struct kvm2_records records;
	uint64_t pending = 0;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT, NULL, 4);
	if (get_state(target, vcpu, data, records.used, 0) < 0)
		return false;
	kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT, &pending);
	return pending;
}

static void set_run_flag(pid_t pid, uint64_t run, bool on)
{
	uint64_t address = run + offsetof(struct kvm2_run, flags);
	uint32_t flags;

	if (vmm_peek(pid, address, &flags, sizeof(flags)))
		return;
	flags = on ? flags | KVM2_RUN_IMMEDIATE_EXIT : flags & ~KVM2_RUN_IMMEDIATE_EXIT;
	vmm_poke(pid, address, &flags, sizeof(flags));
}

/* The entry stop of kvm_enter_guest(): let it complete the exit, and no more. */
static enum thread_stop complete(pid_t pid, struct thread *thread, struct user_regs_struct *regs)
{
	uint64_t run = regs->rdi;
	enum thread_stop stop;

	set_run_flag(pid, run, true);
	stop = thread_resume(thread, PTRACE_SYSCALL) ? THREAD_NO_STOP :
						       thread_wait_stop(thread, SETTLE_MS);
	set_run_flag(pid, run, false);
	return stop;
}

/*
 * The thread is stopped somewhere in the VMM, with an exit whose reply the
 * kernel has not had. Let it run until it has, and no further: only then are
 * the registers what they will be. A VMM that takes long stays as it is.
 */
static enum thread_stop settle(struct target *target, struct thread *thread)
{
	enum thread_stop stop = thread->stop;
	struct user_regs_struct regs;

	for (int i = 0; i < 1000; i++) {
		if (thread_resume(thread, PTRACE_SYSCALL))
			return THREAD_ENDED;
		stop = thread_wait_stop(thread, SETTLE_MS);
		if (stop == THREAD_NO_STOP) {
			thread_interrupt(thread);
			return thread_wait_stop(thread, SETTLE_MS);
		}
		if (stop == THREAD_ENDED || stop == THREAD_GROUP_STOP)
			return stop;
		if (stop != THREAD_SYSCALL || thread_get_regs(thread, &regs) ||
		    regs.orig_rax != __NR_kvm_enter_guest || (long)regs.rax != -ENOSYS)
			continue;
		stop = complete(target->pid, thread, &regs);
		if (stop == THREAD_SYSCALL && !thread_get_regs(thread, &regs) &&
		    (long)regs.rax == -EINTR) {
			hide_interruption(thread, &regs);
			return THREAD_INTERRUPTED;
		}
		if (stop != THREAD_SYSCALL)
			return stop;
	}
	return stop;
}

/* A debug event: SIGSTOP of the kernel's, and nobody else's. */
static bool is_debug_stop(const struct thread *thread)
{
	struct user_regs_struct regs;

	return thread_stop_is_kernels(thread) && is_in_guest(thread, &regs);
}

static int take_debug_event(struct target *target, unsigned int vcpu, struct target_event *event)
{
	uint64_t data[KVM2_RECORD_BYTES(sizeof(event->debug)) / 8];
	struct vmm_vcpu *v = vmm_of(target)->vcpus[vcpu];
	struct kvm2_records records;
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, NULL,
			 sizeof(event->debug));
	ret = get_state(target, vcpu, data, records.used, 0);
	if (ret < 0)
		return ret;
	kvm2_records_get(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, &event->debug,
			 sizeof(event->debug));
	event->kind = TARGET_DEBUG;
	v->held = true;
	v->thread.signal = 0;
	return 1;
}

/* At the end of kvm_enter_guest(), with an exit that the VMM is about to see. */
static bool has_exit(const struct thread *thread, struct user_regs_struct *regs)
{
	return !thread_get_regs(thread, regs) && regs->orig_rax == __NR_kvm_enter_guest && !regs->rax;
}

/* SIGSTOP of the kernel's comes there for nothing else. Return: @event is one. */
static bool take_crash(struct vmm *vmm, struct vmm_vcpu *vcpu, struct target_event *event)
{
	struct user_regs_struct regs;
	uint32_t suberror = 0;
	uint32_t reason;

	if (!thread_stop_is_kernels(&vcpu->thread) || !has_exit(&vcpu->thread, &regs))
		return false;
	vcpu->thread.signal = 0;
	vmm_give_held(vcpu, event);
	if (vmm_peek(vmm->base.pid, regs.rdi + offsetof(struct kvm2_run, exit_reason), &reason, sizeof(reason)))
		return true;
	vmm_peek(vmm->base.pid, regs.rdi + offsetof(struct kvm2_run, internal_error.suberror), &suberror, sizeof(suberror));
	crash_of_kvm2(reason, suberror, event);
	return true;
}

/* As target_ops.retract. */
static int retract(struct target *target, unsigned int vcpu)
{
	const struct thread *thread = &vcpu_of(target, vcpu)->base.thread;
	struct user_regs_struct regs;

	if (!has_exit(thread, &regs))
		return -ESRCH;
	call_again(thread, &regs);
	return 0;
}

/* As vmm_ops.take_stop. */
static bool take_stop(struct vmm *vmm, unsigned int index, enum thread_stop stop,
		      struct target_event *event)
{
	struct vmm_vcpu *vcpu = vmm->vcpus[index];
	struct user_regs_struct regs;

	for (;;) {
		if (stop == THREAD_ENDED)
			return vmm_give_ended(vmm, index, event);
		if (is_debug_stop(&vcpu->thread))
			return take_debug_event(&vmm->base, index, event) > 0;
		if (take_crash(vmm, vcpu, event))
			return true;
		if (stop == THREAD_INTERRUPTED && thread_expects_kernels_stop(&vcpu->thread)) {
			/* A debug event comes at once, and tells more. */
			thread_resume(&vcpu->thread, PTRACE_CONT);
			return false;
		}
		if (!vcpu->asked) {
			/* Not for us: a signal, or a stop that came too late. */
			thread_resume(&vcpu->thread, PTRACE_CONT);
			return false;
		}
		if (is_in_guest(&vcpu->thread, &regs)) {
			hide_interruption(&vcpu->thread, &regs);
			break;
		}
		if (stop == THREAD_GROUP_STOP || !owes_reply(&vmm->base, index))
			break;
		stop = settle(&vmm->base, &vcpu->thread);
		if (stop == THREAD_INTERRUPTED || stop == THREAD_NO_STOP)
			break;
	}
	return vmm_give_held(vcpu, event);
}

static const struct vmm_ops vmm_ops = {
	.free_vcpu = free_vcpu,
	.take_stop = take_stop,
};

static const struct target_ops kvm2_ops = {
	.name = "kvm2",
	.detach = detach,
	.refresh = refresh,
	.interrupt = vmm_interrupt,
	.resume = resume,
	.set_debug = set_debug,
	.reflect = debug_reflect,
	.retract = retract,
	.next_event = vmm_next_event,
	.wait = vmm_wait,
	.get_state = get_state,
	.set_state = set_state,
	.read = vmm_memory_read,
	.write = vmm_memory_write,
	.note_patch = vmm_note_patch,
	.note_copy = vmm_note_copy,
	.protect = protect_page,
	.kill = vmm_kill,
	.event_fd = protect_event_fd,
};

int target_kvm2_attach(pid_t pid, struct target **attached)
{
	struct vmm *vmm = calloc(1, sizeof(*vmm));
	struct target *base;
	int err;

	if (!vmm)
		return -ENOMEM;
	base = &vmm->base;
	base->ops = &kvm2_ops;
	base->pid = pid;
	vmm->ops = &vmm_ops;
	vmm->faults = -1;
	vmm->journal = journal_open(pid, JOURNAL_KVM2);
	err = refresh(base);
	if (err >= 0)
		err = base->nr_vcpus ? vmm_seize_leader(vmm) : -ENOENT;
	if (err < 0) {
		detach(base);
		return err;
	}
	*attached = base;
	return 0;
}
