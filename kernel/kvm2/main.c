// SPDX-License-Identifier: GPL-2.0
/*
 * Life cycle of VMs and vcpus in kvm.ko, and the table of calls that it
 * offers to the built-in system calls.
 */
#include "kvm2.h"

#include <linux/kvm.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "apic.h"
#include "glue.h"
#include "io.h"
#include "lapic.h"
#include "x86.h"

#define CREATE_TRACE_POINTS
#include <trace/events/kvm2.h>

/*
 * One for each vector that an APIC can deliver, see routes.c: KVM lets EOIs
 * out for reserved pins alone. It keeps this number in 8 bits.
 */
#define NR_RESERVED_PINS	KVM2_LEVEL_ROUTES

static struct kvm2_ops main_ops;
static atomic64_t last_vm_id;

static int enable_cap(struct kvm *kvm, u32 cap, u64 arg0)
{
	struct kvm_enable_cap enable = { .cap = cap, .args[0] = arg0 };

	return kvm_vm_ioctl_enable_cap(kvm, &enable);
}

/* What every kvm2 VM has: local APICs only, and all of the event state. */
static const struct { u32 cap; u64 arg0; } fixed_caps[] = {
	{ KVM_CAP_SPLIT_IRQCHIP, NR_RESERVED_PINS },
	{ KVM_CAP_X2APIC_API, KVM_X2APIC_API_USE_32BIT_IDS },
	{ KVM_CAP_EXCEPTION_PAYLOAD, 1 },
	{ KVM_CAP_X86_TRIPLE_FAULT_EVENT, 1 },
	/* Zap only the memslot that goes: the others keep their mappings. */
	{ KVM_CAP_DISABLE_QUIRKS2, KVM_X86_QUIRK_SLOT_ZAP_ALL },
};

static int configure_vm(struct kvm *kvm, const struct kvm2_vm_config *config)
{
	u64 notify = (u64)config->notify_window << 32 |
		     KVM_X86_NOTIFY_VMEXIT_ENABLED | KVM_X86_NOTIFY_VMEXIT_USER;
	const struct { u32 cap; u64 arg0; bool wanted; } wishes[] = {
		{ KVM_CAP_X86_USER_SPACE_MSR, config->msr_exits,
		  config->msr_exits },
		{ KVM_CAP_EXIT_HYPERCALL, config->hypercall_exits,
		  config->hypercall_exits },
		{ KVM_CAP_X86_BUS_LOCK_EXIT, KVM_BUS_LOCK_DETECTION_EXIT,
		  config->flags & KVM2_VM_EXIT_BUS_LOCK },
		{ KVM_CAP_X86_NOTIFY_VMEXIT, notify, config->notify_window },
	};
	int i, r;

	BUILD_BUG_ON(NR_RESERVED_PINS >
		     (typeof(kvm->arch.nr_reserved_ioapic_pins))~0);
	BUILD_BUG_ON(KVM2_MSR_EXIT_INVALID != KVM_MSR_EXIT_REASON_INVAL);
	BUILD_BUG_ON(KVM2_MSR_EXIT_UNKNOWN != KVM_MSR_EXIT_REASON_UNKNOWN);
	BUILD_BUG_ON(KVM2_MSR_EXIT_FILTER != KVM_MSR_EXIT_REASON_FILTER);

	for (i = 0; i < ARRAY_SIZE(fixed_caps); i++) {
		r = enable_cap(kvm, fixed_caps[i].cap, fixed_caps[i].arg0);
		if (r)
			return r;
	}
	/* KVM takes this one and ignores it where the processor has it not. */
	if (config->flags & KVM2_VM_EXIT_BUS_LOCK &&
	    !kvm_caps.has_bus_lock_exit)
		return -EOPNOTSUPP;
	for (i = 0; i < ARRAY_SIZE(wishes); i++) {
		if (!wishes[i].wanted)
			continue;
		r = enable_cap(kvm, wishes[i].cap, wishes[i].arg0);
		if (r)
			return r == -EINVAL ? -EOPNOTSUPP : r;
	}
	if (config->flags & KVM2_VM_HIDDEN_APIC) {
		r = kvm2_glue_deny_msr(kvm, MSR_IA32_APICBASE);
		if (r)
			return r;
	}
	kvm->arch.bsp_vcpu_id = config->bsp_vcpu_id;
	/* Logging starts with all pages dirty: cheap, and split as harvested. */
	kvm->manual_dirty_log_protect = KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE |
					KVM_DIRTY_LOG_INITIALLY_SET;
	/*
	 * Never start the thread that merges split huge pages again: it is a
	 * thread of this process and would keep the mm, and so the VM, when
	 * all others have left by exit(2).
	 */
	atomic_set_release(&kvm->arch.nx_once.state, ONCE_COMPLETED);
	return 0;
}

static struct kvm2_vm *create_vm(struct file *kvm_file,
				 const struct kvm2_vm_config *config)
{
	struct kvm2_vm *vm;
	char name[32];
	int r;

	if (!kvm2_glue_is_dev_kvm(kvm_file))
		return ERR_PTR(-EINVAL);
	if (config->bsp_vcpu_id >= KVM_MAX_VCPU_IDS ||
	    config->msr_exits & ~KVM_MSR_EXIT_REASON_VALID_MASK)
		return ERR_PTR(-EINVAL);

	vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return ERR_PTR(-ENOMEM);
	kref_init(&vm->kref);
	vm->id = atomic64_inc_return(&last_vm_id);
	mutex_init(&vm->lock);
	mutex_init(&vm->map_lock);
	xa_init_flags(&vm->vcpus, XA_FLAGS_ACCOUNT);
	init_waitqueue_head(&vm->gate_wait);
	strscpy(vm->name, config->name);

	/* A debugfs folder of this name is made: it must be unique. */
	snprintf(name, sizeof(name), "kvm2-%llu", vm->id);
	vm->kvm = kvm2_glue_create_vm(name);
	if (IS_ERR(vm->kvm)) {
		r = PTR_ERR(vm->kvm);
		goto err_free;
	}
	r = configure_vm(vm->kvm, config);
	if (r)
		goto err_put_kvm;
	vm->flags = config->flags;
	r = kvm2_apic_create(vm);
	if (r)
		goto err_put_kvm;
	r = kvm2_io_create(vm);
	if (r)
		goto err_destroy_apic;

	vm->ops = &main_ops;
	trace_kvm2_vm(vm->id, KVM2_TRACE_CREATE);
	return vm;

err_destroy_apic:
	kvm2_apic_destroy(vm);
err_put_kvm:
	kvm_put_kvm(vm->kvm);
err_free:
	kfree(vm);
	return ERR_PTR(r);
}

static void destroy_vm(struct kvm2_vm *vm)
{
	struct kvm *kvm = vm->kvm;
	struct kvm2_vcpu *v;
	unsigned long id;

	trace_kvm2_vm(vm->id, KVM2_TRACE_DESTROY);
	/* irqfds hold no reference to the VM: as kvm_vm_release() does. */
	kvm_irqfd_release(kvm);
	kvm2_apic_destroy(vm);
	xa_for_each(&vm->vcpus, id, v)
		kvm2_vcpu_io_destroy(v);
	kvm2_io_destroy(vm);
	xa_for_each(&vm->vcpus, id, v) {
		kvm_put_kvm(kvm);
		kfree(v);
	}
	kvm_put_kvm(kvm);
	xa_destroy(&vm->vcpus);
	kfree(vm);
}

/* The guest cannot switch it on again: see kvm2_glue_deny_msr(). */
static void hide_apic(struct kvm_vcpu *vcpu)
{
	struct msr_data base = {
		.host_initiated = true,
		.index = MSR_IA32_APICBASE,
		.data = vcpu->arch.apic_base & ~MSR_IA32_APICBASE_ENABLE,
	};

	vcpu_load(vcpu);
	WARN_ON_ONCE(kvm_apic_set_base(vcpu, &base));
	vcpu_put(vcpu);
}

/* Context: vm->lock held, no vcpu of that id. */
static struct kvm2_vcpu *new_vcpu(struct kvm2_vm *vm, u32 id)
{
	struct kvm2_vcpu *v;
	int r;

	v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
	if (!v)
		return ERR_PTR(-ENOMEM);
	v->vm = vm;
	v->id = id;
	v->inta.eoi = -1;
	spin_lock_init(&v->lint_lock);
	v->io = kvm2_vcpu_io_create();
	if (!v->io) {
		r = -ENOMEM;
		goto err_free;
	}

	r = xa_reserve(&vm->vcpus, id, GFP_KERNEL_ACCOUNT);
	if (r)
		goto err_free_io;
	r = kvm2_glue_create_vcpu(vm->kvm, id, &v->vcpu);
	if (r)
		goto err_release;
	if (vm->flags & KVM2_VM_HIDDEN_APIC)
		hide_apic(v->vcpu);
	xa_store(&vm->vcpus, id, v, GFP_KERNEL_ACCOUNT);
	return v;

err_release:
	xa_release(&vm->vcpus, id);
err_free_io:
	kvm2_vcpu_io_destroy(v);
err_free:
	kfree(v);
	return ERR_PTR(r);
}

static void attach_vcpu(struct kvm2_vcpu *v)
{
	task_lock(current);
	WRITE_ONCE(v->task, current);
	current->kvm2_vcpu = v;
	task_unlock(current);
}

static int create_vcpu(struct kvm2_vm *vm, u32 id, u32 flags)
{
	struct kvm2_vcpu *v;
	bool adopt;
	int r;

	if (id >= KVM_MAX_VCPU_IDS)
		return -EINVAL;
	if (current->kvm2_vcpu)
		return -EBUSY;
	if (mutex_lock_killable(&vm->lock))
		return -EINTR;

	v = xa_load(&vm->vcpus, id);
	adopt = v;
	/* Pairs with the release of __kvm2_task_release(). */
	if (v && (flags & KVM2_VCPU_NEW || smp_load_acquire(&v->task))) {
		r = -EEXIST;
		goto out;
	}
	if (!v)
		v = new_vcpu(vm, id);
	if (IS_ERR(v)) {
		r = PTR_ERR(v);
		goto out;
	}
	/* A foreign access may still use the vcpu of the thread that died. */
	r = mutex_lock_killable(&v->vcpu->mutex);
	if (r)
		goto out;
	r = kvm2_glue_set_vcpu_pid(v->vcpu);
	mutex_unlock(&v->vcpu->mutex);
	if (r)
		goto out;

	attach_vcpu(v);
	trace_kvm2_vcpu(vm->id, id, adopt ? KVM2_TRACE_ADOPT :
					    KVM2_TRACE_CREATE,
			task_pid_nr(current));
	r = adopt;
out:
	mutex_unlock(&vm->lock);
	return r;
}

static void park_vcpu(struct kvm2_vcpu *v)
{
	trace_kvm2_vcpu(v->vm->id, v->id, KVM2_TRACE_PARK,
			task_pid_nr(current));
}

static struct kvm2_ops main_ops = {
	.create_vm	= create_vm,
	.destroy_vm	= destroy_vm,
	.create_vcpu	= create_vcpu,
	.park_vcpu	= park_vcpu,
	.enter_guest	= kvm2_run_enter,
	.get_state	= kvm2_access_get,
	.set_state	= kvm2_access_set,
	.set_memory_map	= kvm2_map_set,
	.get_dirty_log	= kvm2_dirty_get,
	.attach_io	= kvm2_io_attach,
	.attach_irq	= kvm2_apic_attach,
	.apic_message	= kvm2_apic_message,
	.show		= kvm2_show,
};

/*
 * @owner is the vendor module: it pins kvm.ko, and is what must stay as long
 * as there is a VM.
 */
int kvm2_init(struct module *owner)
{
	main_ops.owner = owner;
	kvm2_state_init();
	kvm2_io_bpf_init();
	return kvm2_register(&main_ops);
}

void kvm2_exit(void)
{
	kvm2_unregister(&main_ops);
}
