// SPDX-License-Identifier: GPL-2.0
/*
 * The gate: keeps vcpus out of the guest while the memory map changes (all
 * of them) or while another thread reads or writes registers (one of them).
 *
 * A vcpu thread takes vcpu->mutex, sets v->running and then looks at the
 * gate. Who closes the gate counts it up and then looks at v->running:
 * one of the two sees the other, so either the thread turns back or it gets
 * a kick. Taking vcpu->mutex once then waits until it is out. Only a thread
 * inside kvm_enter_guest() is ever kicked, so that no other system call
 * is interrupted.
 */
#include "kvm2.h"

#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

static void kick(struct kvm2_vcpu *v)
{
	struct task_struct *task;

	if (!READ_ONCE(v->running))
		return;
	/* A task is freed one grace period after it has let go the vcpu. */
	rcu_read_lock();
	task = READ_ONCE(v->task);
	if (task)
		kvm2_kick_task(task);
	rcu_read_unlock();
}

/**
 * kvm2_gate_close() - get all vcpus of @vm out of the guest, keep them out
 * Context: no vcpu->mutex held; may be nested, opens with the last one.
 * Return: 0; -EINTR when killed meanwhile, the gate is open then.
 */
int kvm2_gate_close(struct kvm2_vm *vm)
{
	struct kvm2_vcpu *v;
	unsigned long id;

	atomic_inc(&vm->gate);
	/* Pairs with smp_store_mb() in kvm2_gate_enter(). */
	smp_mb__after_atomic();
	xa_for_each(&vm->vcpus, id, v)
		kick(v);
	xa_for_each(&vm->vcpus, id, v) {
		if (mutex_lock_killable(&v->vcpu->mutex)) {
			kvm2_gate_open(vm);
			return -EINTR;
		}
		mutex_unlock(&v->vcpu->mutex);
	}
	return 0;
}

void kvm2_gate_open(struct kvm2_vm *vm)
{
	if (atomic_dec_and_test(&vm->gate))
		wake_up_all(&vm->gate_wait);
}

/* The rest of kvm2_gate_enter(), for a vcpu that has found the gate closed. */
int kvm2_gate_wait(struct kvm2_vcpu *v)
{
	do {
		kvm2_gate_leave(v);

		/* The kick that made us wait is no reason to stop waiting. */
		kvm2_take_kick();
		if (wait_event_interruptible(v->vm->gate_wait,
					     !kvm2_gate_is_closed(v)) &&
		    !kvm2_take_kick())
			return -ERESTARTNOHAND;
		if (mutex_lock_killable(&v->vcpu->mutex))
			return -EINTR;
		smp_store_mb(v->running, true);
	} while (unlikely(kvm2_gate_is_closed(v)));
	return 0;
}

/**
 * kvm2_vcpu_hold() - hold a vcpu out of the guest and lock its state
 * Waits while the gate is closed: a write to guest memory by a register
 * write must not fall into a change of the memory map.
 * Return: 0 with v->vcpu->mutex held; -EINTR when killed.
 */
int kvm2_vcpu_hold(struct kvm2_vcpu *v)
{
	struct kvm2_vm *vm = v->vm;

	atomic_inc(&v->pause);
	smp_mb__after_atomic();
	for (;;) {
		kick(v);
		if (mutex_lock_killable(&v->vcpu->mutex))
			break;
		if (!atomic_read(&vm->gate))
			return 0;
		mutex_unlock(&v->vcpu->mutex);
		if (wait_event_killable(vm->gate_wait, !atomic_read(&vm->gate)))
			break;
	}
	if (atomic_dec_and_test(&v->pause))
		wake_up_all(&vm->gate_wait);
	return -EINTR;
}

void kvm2_vcpu_release(struct kvm2_vcpu *v)
{
	mutex_unlock(&v->vcpu->mutex);
	if (atomic_dec_and_test(&v->pause))
		wake_up_all(&v->vm->gate_wait);
}
