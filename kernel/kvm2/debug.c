// SPDX-License-Identifier: GPL-2.0
/*
 * Debug events of the guest, as an exit for the VMM or as SIGTRAP of the
 * vcpu thread for its tracer.
 */
#include "kvm2.h"

#include <linux/kvm.h>
#include <linux/sched/signal.h>
#include <trace/events/kvm2.h>

#include <asm/debugreg.h>

static int trap_code(const struct kvm2_debug_event *event)
{
	if (event->exception == BP_VECTOR)
		return TRAP_BRKPT;
	return event->dr6 & DR_STEP ? TRAP_TRACE : TRAP_HWBKPT;
}

/*
 * Not force_sig_fault(): when SIGTRAP is blocked, as in the vcpu threads of
 * most VMMs, that would unblock it and reset its handler for good. Unblock
 * it as sigsuspend() does, until the tracer has seen the stop.
 */
static void raise_trap(const struct kvm2_debug_event *event)
{
	struct kernel_siginfo info;
	sigset_t trap, old;

	clear_siginfo(&info);
	info.si_signo = SIGTRAP;
	info.si_code = trap_code(event);
	info.si_addr = (void __user *)(unsigned long)event->pc;

	if (sigismember(&current->blocked, SIGTRAP)) {
		siginitset(&trap, sigmask(SIGTRAP));
		sigprocmask(SIG_UNBLOCK, &trap, &old);
		current->saved_sigmask = old;
		set_restore_sigmask();
	}
	send_sig_info(SIGTRAP, &info, current);
}

/**
 * kvm2_debug_trap() - note a debug event, and stop for the tracer if it asked
 * @v: vcpu of the current task, whose vcpu->run has a KVM_EXIT_DEBUG
 * Return: 0 when the exit goes to user space; -ERESTARTNOINTR when the tracer
 * gets SIGTRAP: the call is made again unseen when it lets the thread go.
 */
int kvm2_debug_trap(struct kvm2_vcpu *v)
{
	const struct kvm_debug_exit_arch *arch = &v->vcpu->run->debug.arch;
	struct kvm2_debug_event *event = &v->debug_event;
	bool stop;

	event->exception = arch->exception;
	event->pc = arch->pc;
	event->dr6 = arch->dr6;
	event->dr7 = arch->dr7;

	/* Without a tracer SIGTRAP would kill the VMM. */
	stop = v->debug_control & KVM2_DEBUG_SIGTRAP && current->ptrace;
	trace_kvm2_debug_trap(v->vm->id, v->id, event, stop);
	if (!stop)
		return 0;
	raise_trap(event);
	trace_kvm2_loop(v->vm->id, v->id, KVM2_TRACE_LOOP_DEBUG_TRAP);
	return -ERESTARTNOINTR;
}
