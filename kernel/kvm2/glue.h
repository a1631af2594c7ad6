/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the glue files give kvm2 of the statics of KVM's own files.
 */
#ifndef _KVM2_GLUE_H
#define _KVM2_GLUE_H

#include <linux/kvm_host.h>

/* glue_main.c, part of kvm_main.c */
bool kvm2_glue_is_dev_kvm(const struct file *file);
struct kvm *kvm2_glue_create_vm(const char *name);
int kvm2_glue_create_vcpu(struct kvm *kvm, u32 id, struct kvm_vcpu **vcpup);
int kvm2_glue_set_vcpu_pid(struct kvm_vcpu *vcpu);
void kvm2_glue_swap_slots(struct kvm *kvm, int as_id);
int kvm2_glue_prepare_slot(struct kvm *kvm, const struct kvm_memory_slot *old,
			   struct kvm_memory_slot *new,
			   enum kvm_mr_change change);
int kvm2_glue_prepare_heir(struct kvm *kvm, struct kvm_memory_slot *new);
void kvm2_glue_unprepare_slot(struct kvm *kvm,
			      const struct kvm_memory_slot *old,
			      struct kvm_memory_slot *new,
			      enum kvm_mr_change change);
void kvm2_glue_commit_slot(struct kvm *kvm, struct kvm_memory_slot *old,
			   const struct kvm_memory_slot *new,
			   enum kvm_mr_change change);
void kvm2_glue_commit_heir(struct kvm *kvm, struct kvm_memory_slot *old,
			   const struct kvm_memory_slot *new);

/* glue_x86.c, part of x86.c */
unsigned int kvm2_glue_list_msrs(u32 *msrs, unsigned int max);
int kvm2_glue_set_msr(struct kvm_vcpu *vcpu, u32 index, u64 value);
bool kvm2_glue_is_feature_msr(u32 index);
int kvm2_glue_set_xcr0(struct kvm_vcpu *vcpu, u64 xcr0);
void kvm2_glue_get_events(struct kvm_vcpu *vcpu,
			  struct kvm_vcpu_events *events);
int kvm2_glue_set_events(struct kvm_vcpu *vcpu,
			 struct kvm_vcpu_events *events);
bool kvm2_glue_flushes_all(struct kvm *kvm);
bool kvm2_glue_flushes_ranges(struct kvm *kvm);
void kvm2_glue_flush_slots(struct kvm *kvm, struct kvm_memory_slot *first,
			   const struct kvm_memory_slot *last);
bool kvm2_glue_can_inherit(struct kvm_memory_slot *old,
			   struct kvm_memory_slot *new);
void kvm2_glue_inherit(struct kvm *kvm, const struct kvm_memory_slot *old,
		       struct kvm_memory_slot *new);
int kvm2_glue_deny_msr(struct kvm *kvm, u32 index);
bool kvm2_glue_is_tsc_unstable(void);
int kvm2_glue_set_tsc_khz(struct kvm_vcpu *vcpu, u32 khz);
void kvm2_glue_set_tsc_offset(struct kvm_vcpu *vcpu, u64 offset);

/* glue_cpuid.c, part of cpuid.c */
int kvm2_glue_set_cpuid(struct kvm_vcpu *vcpu, struct kvm_cpuid_entry2 *leaves,
			int nr_leaves);
int kvm2_glue_host_cpuid(struct kvm_cpuid_entry2 *leaves, int max);
void kvm2_glue_xstate_place(unsigned int component, u32 *offset, u32 *size);

#endif /* _KVM2_GLUE_H */
