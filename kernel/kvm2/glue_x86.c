// SPDX-License-Identifier: GPL-2.0
/*
 * Included at the end of x86.c: what kvm2 needs of its statics. All are
 * called with the vcpu loaded, except those that say otherwise.
 */
#include <linux/sort.h>

#include "../../../virt/kvm/kvm2/glue.h"

static int kvm2_compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

static unsigned int kvm2_append_u32(u32 *to, unsigned int n, unsigned int max,
				    const u32 *from, unsigned int nr_from)
{
	nr_from = min(nr_from, max - n);
	memcpy(to + n, from, nr_from * sizeof(*to));
	return n + nr_from;
}

/*
 * The MSRs that KVM tells user space to save, and the feature MSRs, each
 * once and ascending. Return: how many. The vcpu need not be loaded.
 */
unsigned int kvm2_glue_list_msrs(u32 *msrs, unsigned int max)
{
	unsigned int i, n = 0, nr_unique = 0;

	n = kvm2_append_u32(msrs, n, max, msrs_to_save, num_msrs_to_save);
	n = kvm2_append_u32(msrs, n, max, emulated_msrs, num_emulated_msrs);
	n = kvm2_append_u32(msrs, n, max, msr_based_features,
			    num_msr_based_features);
	sort(msrs, n, sizeof(*msrs), kvm2_compare_u32, NULL);
	for (i = 0; i < n; i++) {
		if (!nr_unique || msrs[nr_unique - 1] != msrs[i])
			msrs[nr_unique++] = msrs[i];
	}
	return nr_unique;
}

/* As KVM_SET_MSRS, for one. Context: kvm->srcu held. Return: 0 if taken. */
int kvm2_glue_set_msr(struct kvm_vcpu *vcpu, u32 index, u64 value)
{
	return do_set_msr(vcpu, index, &value);
}

bool kvm2_glue_is_feature_msr(u32 index)
{
	return kvm_is_immutable_feature_msr(index);
}

int kvm2_glue_set_xcr0(struct kvm_vcpu *vcpu, u64 xcr0)
{
	return __kvm_set_xcr(vcpu, XCR_XFEATURE_ENABLED_MASK, xcr0) ?
	       -EINVAL : 0;
}

void kvm2_glue_get_events(struct kvm_vcpu *vcpu,
			  struct kvm_vcpu_events *events)
{
	kvm_vcpu_ioctl_x86_get_vcpu_events(vcpu, events);
}

int kvm2_glue_set_events(struct kvm_vcpu *vcpu, struct kvm_vcpu_events *events)
{
	return kvm_vcpu_ioctl_x86_set_vcpu_events(vcpu, events);
}

/*
 * Does kvm_arch_flush_shadow_memslot() take away the mappings of all
 * memslots, whichever it is called for? Needs no vcpu.
 */
bool kvm2_glue_flushes_all(struct kvm *kvm)
{
	return kvm->arch.vm_type == KVM_X86_DEFAULT_VM &&
	       kvm_check_has_quirk(kvm, KVM_X86_QUIRK_SLOT_ZAP_ALL);
}

/*
 * Does kvm_arch_flush_shadow_memslot() look at nothing of a memslot but which
 * pages it has? Context: slots_arch_lock held.
 */
bool kvm2_glue_flushes_ranges(struct kvm *kvm)
{
	return !kvm_memslots_have_rmaps(kvm);
}

/* All from @first to @last, which are one, or neighbours of which this is so. */
void kvm2_glue_flush_slots(struct kvm *kvm, struct kvm_memory_slot *first,
			   const struct kvm_memory_slot *last)
{
	struct kvm_memory_slot range = {
		.as_id = first->as_id,
		.base_gfn = first->base_gfn,
		.npages = last->base_gfn + last->npages - first->base_gfn,
	};

	kvm_arch_flush_shadow_memslot(kvm, first == last ? first : &range);
}

/* Would the metadata of @old, which is no more, be of the right size? */
bool kvm2_glue_can_inherit(struct kvm_memory_slot *old,
			   struct kvm_memory_slot *new)
{
	int level;

	if (old->npages != new->npages ||
	    new->base_gfn + new->npages - 1 > kvm_mmu_max_gfn())
		return false;
	for (level = PG_LEVEL_2M; level <= KVM_MAX_HUGEPAGE_LEVEL; level++) {
		if (kvm_mmu_slot_lpages(old, level) !=
		    kvm_mmu_slot_lpages(new, level))
			return false;
	}
	return true;
}

/* May a page of this size be mapped nowhere in @slot? */
static bool kvm2_is_askew(const struct kvm_memory_slot *slot,
			  unsigned long pages)
{
	return (slot->base_gfn ^ (slot->userspace_addr >> PAGE_SHIFT)) &
	       (pages - 1);
}

/* As KVM does when it creates @slot: where huge pages are not allowed. */
static void kvm2_init_lpages(struct kvm_memory_slot *slot, int level)
{
	struct kvm_lpage_info *info = slot->arch.lpage_info[level - 2];
	unsigned long pages = KVM_PAGES_PER_HPAGE(level);
	unsigned long count = kvm_mmu_slot_lpages(slot, level), i;

	memset(info, 0, count * sizeof(*info));
	if (slot->base_gfn & (pages - 1))
		info[0].disallow_lpage = 1;
	if ((slot->base_gfn + slot->npages) & (pages - 1))
		info[count - 1].disallow_lpage = 1;
	for (i = 0; kvm2_is_askew(slot, pages) && i < count; i++)
		info[i].disallow_lpage = 1;
}

/*
 * Let @new have the metadata of @old, whose pages are mapped and tracked no
 * longer; kvm2_glue_can_inherit() was true. kvm2_glue_commit_heir() frees
 * @old without it. Context: slots_lock and slots_arch_lock held, no vcpu runs.
 */
void kvm2_glue_inherit(struct kvm *kvm, const struct kvm_memory_slot *old,
		       struct kvm_memory_slot *new)
{
	int level;

	new->arch = old->arch;
	for (level = PG_LEVEL_2M; level <= KVM_MAX_HUGEPAGE_LEVEL; level++)
		kvm2_init_lpages(new, level);
#ifdef CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES
	kvm_mmu_init_memslot_memory_attributes(kvm, new);
#endif
}

/*
 * The guest gets #GP for this MSR. Context: the VM has no vcpu, nor a filter.
 */
int kvm2_glue_deny_msr(struct kvm *kvm, u32 index)
{
	struct kvm_x86_msr_filter *filter = kvm_alloc_msr_filter(true);

	if (!filter)
		return -ENOMEM;
	/* A bit that is clear denies. */
	filter->ranges[0] = (struct msr_bitmap_range) {
		.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
		.base = index,
		.nmsrs = 1,
		.bitmap = kzalloc(sizeof(long), GFP_KERNEL_ACCOUNT),
	};
	if (!filter->ranges[0].bitmap) {
		kfree(filter);
		return -ENOMEM;
	}
	filter->count = 1;
	rcu_assign_pointer(kvm->arch.msr_filter, filter);
	return 0;
}

/* The vcpu need not be loaded. */
bool kvm2_glue_is_tsc_unstable(void)
{
	return kvm_check_tsc_unstable();
}

int kvm2_glue_set_tsc_khz(struct kvm_vcpu *vcpu, u32 khz)
{
	return kvm_set_tsc_khz(vcpu, khz);
}

/* As KVM_VCPU_TSC_OFFSET of KVM_SET_DEVICE_ATTR. */
void kvm2_glue_set_tsc_offset(struct kvm_vcpu *vcpu, u64 offset)
{
	struct kvm_arch *ka = &vcpu->kvm->arch;
	unsigned long flags;
	bool matched;
	u64 tsc;

	raw_spin_lock_irqsave(&ka->tsc_write_lock, flags);
	matched = vcpu->arch.virtual_tsc_khz &&
		  ka->last_tsc_khz == vcpu->arch.virtual_tsc_khz &&
		  ka->last_tsc_offset == offset;
	tsc = kvm_scale_tsc(rdtsc(), vcpu->arch.l1_tsc_scaling_ratio) + offset;
	ka->user_set_tsc = true;
	__kvm_synchronize_tsc(vcpu, offset, tsc, get_kvmclock_base_ns(),
			      matched);
	raw_spin_unlock_irqrestore(&ka->tsc_write_lock, flags);
}
