// SPDX-License-Identifier: GPL-2.0
/*
 * Included at the end of kvm_main.c: what kvm2 needs of its statics.
 */
#include "glue.h"

#include "mmu.h"
#include "mmu/page_track.h"

bool kvm2_glue_is_dev_kvm(const struct file *file)
{
	return file->f_op == &kvm_chardev_ops;
}

/* As kvm_dev_ioctl_create_vm(), without the fd. */
struct kvm *kvm2_glue_create_vm(const char *name)
{
	struct kvm *kvm = kvm_create_vm(0, name);

	if (!IS_ERR(kvm))
		kvm_uevent_notify_change(KVM_EVENT_CREATE_VM, kvm);
	return kvm;
}

/* The vcpu holds a reference to @kvm, as one with an fd does. */
int kvm2_glue_create_vcpu(struct kvm *kvm, u32 id, struct kvm_vcpu **vcpup)
{
	return __kvm_vm_create_vcpu(kvm, id, vcpup);
}

/* As KVM_RUN does when the vcpu thread has changed; for yield_to(). */
int kvm2_glue_set_vcpu_pid(struct kvm_vcpu *vcpu)
{
	struct pid *old = rcu_access_pointer(vcpu->pid);
	int r;

	if (old == task_pid(current))
		return 0;
	r = kvm_arch_vcpu_run_pid_change(vcpu);
	if (r)
		return r;
	rcu_assign_pointer(vcpu->pid, get_task_pid(current, PIDTYPE_PID));
	if (old)
		synchronize_rcu_expedited();
	put_pid(old);
	return 0;
}

/* Context: slots_lock and slots_arch_lock held; the latter is released. */
void kvm2_glue_swap_slots(struct kvm *kvm, int as_id)
{
	kvm_swap_active_memslots(kvm, as_id);
}

/* Context: slots_arch_lock held. @new->dirty_bitmap and ->arch are set. */
int kvm2_glue_prepare_slot(struct kvm *kvm, const struct kvm_memory_slot *old,
			   struct kvm_memory_slot *new,
			   enum kvm_mr_change change)
{
	return kvm_prepare_memory_region(kvm, old, new, change);
}

/*
 * The same for one that is created, without what the architecture keeps beside
 * it: that comes by kvm2_glue_inherit(). For KVM it is a change of flags of a
 * memslot that has none.
 */
int kvm2_glue_prepare_heir(struct kvm *kvm, struct kvm_memory_slot *new)
{
	static const struct kvm_memory_slot none;

	return kvm_prepare_memory_region(kvm, &none, new, KVM_MR_FLAGS_ONLY);
}

/* Undo kvm2_glue_prepare_slot() or kvm2_glue_prepare_heir() and free @new. */
void kvm2_glue_unprepare_slot(struct kvm *kvm,
			      const struct kvm_memory_slot *old,
			      struct kvm_memory_slot *new,
			      enum kvm_mr_change change)
{
	if (!old || new->dirty_bitmap != old->dirty_bitmap)
		kvm_destroy_dirty_bitmap(new);
	if (change == KVM_MR_CREATE)
		kvm_arch_free_memslot(kvm, new);
	kfree(new);
}

/* Frees @old. */
void kvm2_glue_commit_slot(struct kvm *kvm, struct kvm_memory_slot *old,
			   const struct kvm_memory_slot *new,
			   enum kvm_mr_change change)
{
	kvm_commit_memory_region(kvm, old, new, change);
}

/*
 * The same for both when @new has inherited from @old, which is freed: for KVM
 * one that has moved, and kept its metadata.
 */
void kvm2_glue_commit_heir(struct kvm *kvm, struct kvm_memory_slot *old,
			   const struct kvm_memory_slot *new)
{
	kvm_page_track_delete_slot(kvm, old);
	/* @new has its own. */
	if (old->dirty_bitmap)
		kvm_destroy_dirty_bitmap(old);
	/* Without this there is nothing else to do. */
	if ((old->flags ^ new->flags) & KVM_MEM_LOG_DIRTY_PAGES) {
		memset(&old->arch, 0, sizeof(old->arch));
		kvm_commit_memory_region(kvm, old, new, KVM_MR_MOVE);
	} else {
		kfree(old);
	}
}
