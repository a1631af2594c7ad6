// SPDX-License-Identifier: GPL-2.0
/*
 * The kvm2 system calls: check the arguments that need no VM, find the VM
 * or the vcpu, and call kvm.ko.
 */
#include <linux/kvm2.h>
#include <linux/kvm2_core.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <uapi/linux/pidfd.h>

#include "object.h"

/* Why there is no VM or vcpu to work on. */
static int absent(void)
{
	return kvm2_ops_present() ? -ENXIO : -ENOSYS;
}

static int check_size(size_t size, size_t min)
{
	if (size < min)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return 0;
}

static int create_vm(struct file *kvm_file,
		     const struct kvm2_vm_config *config)
{
	const struct kvm2_ops *ops;
	struct kvm2_vm *vm;

	if (current->mm->kvm2)
		return -EEXIST;
	ops = kvm2_ops_get();
	if (!ops)
		return -ENOSYS;
	vm = ops->create_vm(kvm_file, config);
	if (IS_ERR(vm)) {
		module_put(ops->owner);
		return PTR_ERR(vm);
	}
	/* Pairs with readers of mm->kvm2, which depend on the address. */
	if (cmpxchg(&current->mm->kvm2, NULL, vm)) {
		kvm2_vm_put(vm);
		return -EEXIST;
	}
	return 0;
}

SYSCALL_DEFINE3(kvm_create_vm, int, kvm_fd,
		const struct kvm2_vm_config __user *, uconfig, size_t, size)
{
	struct kvm2_vm_config config;
	struct fd f;
	int r;

	BUILD_BUG_ON(sizeof(config) != KVM2_VM_CONFIG_SIZE_VER0);

	r = check_size(size, KVM2_VM_CONFIG_SIZE_VER0);
	if (!r)
		r = copy_struct_from_user(&config, sizeof(config), uconfig, size);
	if (r)
		return r;
	if (config.flags & ~KVM2_VM_FLAGS || config.reserved ||
	    strnlen(config.name, sizeof(config.name)) == sizeof(config.name))
		return -EINVAL;

	/* Opening /dev/kvm is the permission to use KVM. */
	f = fdget(kvm_fd);
	if (!fd_file(f))
		return -EBADF;
	if (~fd_file(f)->f_mode & (FMODE_READ | FMODE_WRITE))
		r = -EBADF;
	else
		r = create_vm(fd_file(f), &config);
	fdput(f);
	return r;
}

SYSCALL_DEFINE2(kvm_create_vcpu, u32, id, u32, flags)
{
	struct kvm2_vm *vm = READ_ONCE(current->mm->kvm2);

	if (flags & ~KVM2_VCPU_FLAGS)
		return -EINVAL;
	if (!vm)
		return absent();
	return vm->ops->create_vcpu(vm, id, flags);
}

SYSCALL_DEFINE4(kvm_enter_guest, struct kvm2_run __user *, urun, size_t, size,
		const sigset_t __user *, umask, size_t, masksize)
{
	struct kvm2_vcpu *v = current->kvm2_vcpu;
	sigset_t mask;
	int r;

	BUILD_BUG_ON(sizeof(struct kvm2_run) != KVM2_RUN_SIZE_VER0);

	r = check_size(size, KVM2_RUN_SIZE_VER0);
	if (unlikely(r))
		return r;
	if (unlikely(size > sizeof(*urun))) {
		r = check_zeroed_user(urun + 1, size - sizeof(*urun));
		if (r <= 0)
			return r ? r : -E2BIG;
	}
	if (unlikely(!v))
		return absent();
	if (umask) {
		if (masksize != sizeof(mask))
			return -EINVAL;
		if (copy_from_user(&mask, umask, sizeof(mask)))
			return -EFAULT;
		sigdelsetmask(&mask, sigmask(SIGKILL) | sigmask(SIGSTOP));
	}
	return v->vm->ops->enter_guest(v, urun, umask ? &mask : NULL);
}

/*
 * The vcpu of the thread that @pidfd names, for somebody who may ptrace it.
 * The reference to its VM keeps the vcpu, also when the thread ends.
 */
static struct kvm2_vcpu *get_foreign_vcpu(int pidfd,
					  struct kvm2_accessor *accessor)
{
	struct kvm2_vcpu *v = ERR_PTR(-EPERM);
	struct task_struct *task;
	unsigned int flags;
	struct pid *pid;

	pid = pidfd_get_pid(pidfd, &flags);
	if (IS_ERR(pid))
		return ERR_CAST(pid);
	/* The pidfd of a process would name its leader, by accident. */
	task = flags & PIDFD_THREAD ? get_pid_task(pid, PIDTYPE_PID) :
				      ERR_PTR(-EINVAL);
	put_pid(pid);
	if (!task)
		return ERR_PTR(-ESRCH);
	if (IS_ERR(task))
		return ERR_CAST(task);

	if (down_read_killable(&task->signal->exec_update_lock)) {
		v = ERR_PTR(-EINTR);
		goto out_task;
	}
	if (!ptrace_may_access(task, PTRACE_MODE_ATTACH_REALCREDS))
		goto out_unlock;

	task_lock(task);
	v = task->kvm2_vcpu;
	if (v)
		kvm2_vm_get(v->vm);
	else
		v = ERR_PTR(task->flags & PF_EXITING ? -ESRCH : absent());
	task_unlock(task);

	accessor->foreign = task != current;
	rcu_read_lock();
	if (accessor->foreign && ptrace_parent(task))
		accessor->is_tracer = same_thread_group(ptrace_parent(task),
							current);
	rcu_read_unlock();
out_unlock:
	up_read(&task->signal->exec_update_lock);
out_task:
	put_task_struct(task);
	return v;
}

typedef int (*state_fn)(struct kvm2_vcpu *, const struct kvm2_accessor *,
			void __user *, size_t, u32);

static int access_state(int vcpu, bool set, void __user *records, size_t size,
			u32 flags)
{
	struct kvm2_accessor accessor = { .tid = task_pid_nr(current) };
	const struct kvm2_ops *ops;
	struct kvm2_vcpu *v;
	state_fn access;
	int r;

	if (vcpu == KVM2_SELF) {
		v = current->kvm2_vcpu;
		if (!v)
			return absent();
	} else {
		v = get_foreign_vcpu(vcpu, &accessor);
		if (IS_ERR(v))
			return PTR_ERR(v);
	}
	ops = v->vm->ops;
	access = set ? ops->set_state : ops->get_state;
	r = access(v, &accessor, records, size, flags);
	if (vcpu != KVM2_SELF)
		kvm2_vm_put(v->vm);
	return r;
}

SYSCALL_DEFINE4(kvm_get_state, int, vcpu, void __user *, records, size_t, size,
		u32, flags)
{
	const u32 list_only = KVM2_STATE_FLAGS & ~KVM2_STATE_LIST;

	if (flags & ~(KVM2_STATE_FLAGS | KVM2_STATE_SET_MASK))
		return -EINVAL;
	if (!(flags & KVM2_STATE_LIST) &&
	    (flags & (list_only | KVM2_STATE_SET_MASK) || !size))
		return -EINVAL;
	return access_state(vcpu, false, records, size, flags);
}

SYSCALL_DEFINE4(kvm_set_state, int, vcpu, void __user *, records, size_t, size,
		u32, flags)
{
	if (flags || !size)
		return -EINVAL;
	return access_state(vcpu, true, records, size, flags);
}

SYSCALL_DEFINE2(kvm_set_memory_map, const struct kvm2_memory_map __user *, umap,
		size_t, size)
{
	struct kvm2_vm *vm = READ_ONCE(current->mm->kvm2);
	struct kvm2_memory_map map;
	int r;

	BUILD_BUG_ON(sizeof(map) != KVM2_MEMORY_MAP_SIZE_VER0);

	r = check_size(size, KVM2_MEMORY_MAP_SIZE_VER0);
	if (!r)
		r = copy_struct_from_user(&map, sizeof(map), umap, size);
	if (r)
		return r;
	if (map.flags || map.reserved)
		return -EINVAL;
	if (!vm)
		return absent();
	return vm->ops->set_memory_map(vm, &map);
}

SYSCALL_DEFINE2(kvm_get_dirty_log, struct kvm2_dirty_log __user *, ulog,
		size_t, size)
{
	struct kvm2_vm *vm = READ_ONCE(current->mm->kvm2);
	struct kvm2_dirty_log log;
	int r;

	BUILD_BUG_ON(sizeof(log) != KVM2_DIRTY_LOG_SIZE_VER0);

	r = check_size(size, KVM2_DIRTY_LOG_SIZE_VER0);
	if (!r)
		r = copy_struct_from_user(&log, sizeof(log), ulog, size);
	if (r)
		return r;
	if (!log.nr_runs)
		return -ENOSPC;
	if (log.flags || !log.size ||
	    !PAGE_ALIGNED(log.gpa) || !PAGE_ALIGNED(log.size) ||
	    log.gpa + log.size < log.gpa)
		return -EINVAL;
	if (!vm)
		return absent();
	return vm->ops->get_dirty_log(vm, &log, ulog);
}

SYSCALL_DEFINE2(kvm_attach_io, const struct kvm2_io __user *, uio, size_t, size)
{
	struct kvm2_vm *vm = READ_ONCE(current->mm->kvm2);
	struct kvm2_io io;
	int r;

	BUILD_BUG_ON(sizeof(io) != KVM2_IO_SIZE_VER0);

	r = check_size(size, KVM2_IO_SIZE_VER0);
	if (!r)
		r = copy_struct_from_user(&io, sizeof(io), uio, size);
	if (r)
		return r;
	if (io.flags & ~KVM2_IO_FLAGS || io.reserved)
		return -EINVAL;
	if (!vm)
		return absent();
	return vm->ops->attach_io(vm, &io);
}

SYSCALL_DEFINE2(kvm_attach_irq, const struct kvm2_irq __user *, uirq, size_t,
		size)
{
	struct kvm2_vm *vm = READ_ONCE(current->mm->kvm2);
	struct kvm2_irq irq;
	int r;

	BUILD_BUG_ON(sizeof(irq) != KVM2_IRQ_SIZE_VER0);

	r = check_size(size, KVM2_IRQ_SIZE_VER0);
	if (!r)
		r = copy_struct_from_user(&irq, sizeof(irq), uirq, size);
	if (r)
		return r;
	if (irq.flags & ~KVM2_DETACH)
		return -EINVAL;
	if (!vm)
		return absent();
	return vm->ops->attach_irq(vm, &irq);
}

SYSCALL_DEFINE2(kvm_apic_message, const struct kvm2_apic_message __user *,
		umessage, size_t, size)
{
	struct kvm2_vm *vm = READ_ONCE(current->mm->kvm2);
	struct kvm2_apic_message message;
	int r;

	BUILD_BUG_ON(sizeof(message) != KVM2_APIC_MESSAGE_SIZE_VER0);

	r = check_size(size, KVM2_APIC_MESSAGE_SIZE_VER0);
	if (!r)
		r = copy_struct_from_user(&message, sizeof(message), umessage,
					  size);
	if (r)
		return r;
	if (message.flags & ~KVM2_APIC_FLAGS || message.reserved)
		return -EINVAL;
	if (!vm)
		return absent();
	return vm->ops->apic_message(vm, &message);
}
