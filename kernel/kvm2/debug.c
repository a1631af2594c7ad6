// SPDX-License-Identifier: GPL-2.0
/*
 * Debug events of the guest, as an exit for the VMM or as a stop of the vcpu
 * thread for its tracer.
 */
#include "kvm2.h"

#include <linux/kvm.h>
#include <linux/sched/signal.h>
#include <trace/events/kvm2.h>

/**
 * kvm2_debug_check_tracer() - does the tracer live that the vcpu stops for?
 *
 * When it dies a thread that it held goes on. The guest must not: an event that
 * nobody has dealt with would be lost, and a step that nobody waits for leaves
 * its trap flag in what the guest has stored.
 * Context: the vcpu's thread, about to enter the guest.
 * Return: 0; -ERESTARTNOINTR: no, and the thread stops as for an event.
 */
int kvm2_debug_check_tracer(void)
{
	if (current->ptrace)
		return 0;
	send_sig(SIGSTOP, current, 1);
	return -ERESTARTNOINTR;
}

/**
 * kvm2_debug_trap() - note a debug event, and stop the thread if its tracer asked
 * @v: vcpu of the current task, whose vcpu->run has a KVM_EXIT_DEBUG
 *
 * By SIGSTOP: it cannot be blocked or handled, so nothing of the VMM's has to
 * be changed for it. A tracer takes it; when the tracer has died meanwhile the
 * VMM stands, which another debugger can mend, rather than ends.
 * Return: 0 when the exit goes to user space; -ERESTARTNOINTR when the thread
 * stops: the call is made again unseen when it goes on.
 */
int kvm2_debug_trap(struct kvm2_vcpu *v)
{
	const struct kvm_debug_exit_arch *arch = &v->vcpu->run->debug.arch;
	struct kvm2_debug_event *event = &v->debug_event;
	bool stop = v->debug_control & KVM2_DEBUG_STOP;

	event->exception = arch->exception;
	event->pc = arch->pc;
	event->dr6 = arch->dr6;
	event->dr7 = arch->dr7;

	trace_kvm2_debug_trap(v->vm->id, v->id, event, stop);
	if (!stop)
		return 0;
	send_sig(SIGSTOP, current, 1);
	trace_kvm2_loop(v->vm->id, v->id, KVM2_TRACE_LOOP_DEBUG_TRAP);
	return -ERESTARTNOINTR;
}

/**
 * kvm2_debug_stop_fatal() - let the tracer look before the VMM has the exit
 * @v: vcpu of the current task, with an exit that the guest may not survive
 *
 * When the tracer dies before it has looked the VMM stands until SIGCONT, and
 * has its exit then.
 */
void kvm2_debug_stop_fatal(const struct kvm2_vcpu *v)
{
	if (v->debug_control & KVM2_DEBUG_STOP_FATAL && current->ptrace)
		send_sig(SIGSTOP, current, 1);
}
