// SPDX-License-Identifier: GPL-2.0
/*
 * The life of kvm2 objects as the built-in kernel sees it: which kvm.ko
 * serves the calls, references to a VM, and the end of an mm or a task.
 */
#include <linux/kvm2.h>
#include <linux/kvm2_core.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/task_work.h>

#include "object.h"

static const struct kvm2_ops __rcu *registered_ops;
static struct workqueue_struct *destroy_wq;

/**
 * kvm2_register() - offer the calls to user space
 * @ops: borrowed until kvm2_unregister()
 * Return: 0; -EBUSY when another module serves them.
 */
int kvm2_register(const struct kvm2_ops *ops)
{
	if (cmpxchg((const struct kvm2_ops **)&registered_ops, NULL, ops))
		return -EBUSY;
	return 0;
}
EXPORT_SYMBOL_GPL(kvm2_register);

/* No VM is left: each pins @ops->owner. */
void kvm2_unregister(const struct kvm2_ops *ops)
{
	WARN_ON_ONCE(rcu_access_pointer(registered_ops) != ops);
	RCU_INIT_POINTER(registered_ops, NULL);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(kvm2_unregister);

/* The calls with their module pinned, or NULL when no module serves them. */
const struct kvm2_ops *kvm2_ops_get(void)
{
	const struct kvm2_ops *ops;

	rcu_read_lock();
	ops = rcu_dereference(registered_ops);
	if (ops && !try_module_get(ops->owner))
		ops = NULL;
	rcu_read_unlock();
	return ops;
}

bool kvm2_ops_present(void)
{
	return rcu_access_pointer(registered_ops);
}

/*
 * A VM is destroyed by a work item. The last reference may be dropped by
 * __mmput() inside a work item that the destruction would wait for
 * (async_pf), or under cpus_read_lock(), which the destruction takes.
 * module_put() comes last and from built-in text: with it kvm.ko may go.
 */
static void destroy_work(struct work_struct *work)
{
	struct kvm2_vm *vm = container_of(work, struct kvm2_vm, destroy_work);
	struct module *owner = vm->ops->owner;

	vm->ops->destroy_vm(vm);
	module_put(owner);
}

static void release_vm(struct kref *kref)
{
	struct kvm2_vm *vm = container_of(kref, struct kvm2_vm, kref);

	INIT_WORK(&vm->destroy_work, destroy_work);
	queue_work(destroy_wq, &vm->destroy_work);
}

struct kvm2_vm *kvm2_vm_get(struct kvm2_vm *vm)
{
	kref_get(&vm->kref);
	return vm;
}

/* Context: any that is not atomic with respect to queue_work(). */
void kvm2_vm_put(struct kvm2_vm *vm)
{
	kref_put(&vm->kref, release_vm);
}

void __kvm2_mm_release(struct mm_struct *mm)
{
	struct kvm2_vm *vm = mm->kvm2;

	mm->kvm2 = NULL;
	kvm2_vm_put(vm);
}

/*
 * The vcpu is parked with its state, for another thread to adopt. The VM
 * outlives this: @task still holds its mm.
 */
void __kvm2_task_release(struct task_struct *task)
{
	struct kvm2_vcpu *v = task->kvm2_vcpu;

	v->vm->ops->park_vcpu(v);
	task_lock(task);
	task->kvm2_vcpu = NULL;
	/* Pairs with the acquire of the adopting thread. */
	smp_store_release(&v->task, NULL);
	task_unlock(task);
}

/*
 * Get @task out of kvm_enter_guest(), out of HLT too, with no signal that
 * user space or a tracer could see.
 */
void kvm2_kick_task(struct task_struct *task)
{
	set_notify_signal(task);
}
EXPORT_SYMBOL_GPL(kvm2_kick_task);

/* Consume a kick of the current task. Return: whether there was one. */
bool kvm2_take_kick(void)
{
	if (!test_thread_flag(TIF_NOTIFY_SIGNAL))
		return false;
	clear_notify_signal();
	if (task_work_pending(current))
		task_work_run();
	return true;
}
EXPORT_SYMBOL_GPL(kvm2_take_kick);

static int __init object_init(void)
{
	destroy_wq = alloc_workqueue("kvm2_destroy", WQ_UNBOUND, 0);
	return destroy_wq ? 0 : -ENOMEM;
}
core_initcall(object_init);
