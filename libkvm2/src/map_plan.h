/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * The way from one guest physical memory map to the next, in changes of one
 * memslot each. Pure: nothing here calls the kernel.
 */
#ifndef KVM2_MAP_PLAN_H
#define KVM2_MAP_PLAN_H

#include <linux/kvm2.h>

#include <stddef.h>
#include <stdint.h>

/* A region of the map and the number that KVM knows it by. */
struct kvm2_slot {
	uint32_t id;
	struct kvm2_memory_region region;
};

enum kvm2_slot_change_kind {
	KVM2_SLOT_DELETE,	/* @old goes */
	KVM2_SLOT_FLAGS,	/* @old becomes @new, only logging differs */
	KVM2_SLOT_CREATE,	/* @new comes */
};

struct kvm2_slot_change {
	enum kvm2_slot_change_kind kind;
	struct kvm2_slot old;
	struct kvm2_slot new;
};

/**
 * struct kvm2_map_plan - changes that make the next map of the current one
 * @slots:	the next map, sorted by address; owned
 * @changes:	to be made in this order, undone in the reverse; owned
 */
struct kvm2_map_plan {
	struct kvm2_slot *slots;
	size_t nr_slots;
	struct kvm2_slot_change *changes;
	size_t nr_changes;
};

/**
 * kvm2_map_plan_init() - find the changes
 * @plan:	the caller's storage, for kvm2_map_plan_fini()
 * @old:	the current map, sorted by address
 * @regions:	the next map, in any order
 * @max_slots:	slot ids are below this
 * Return: 0; -EINVAL a region that is empty, unaligned, wraps, overlaps
 *	   another, or has unknown flags; -E2BIG too many; -ENOMEM.
 */
int kvm2_map_plan_init(struct kvm2_map_plan *plan, const struct kvm2_slot *old,
		       size_t nr_old, const struct kvm2_memory_region *regions,
		       size_t nr_regions, uint32_t max_slots);
void kvm2_map_plan_fini(struct kvm2_map_plan *plan);

/* Does the dirty log of change->old end with this change? */
static inline int kvm2_slot_change_ends_log(const struct kvm2_slot_change *change)
{
	if (change->kind == KVM2_SLOT_CREATE ||
	    !(change->old.region.flags & KVM2_REGION_LOG_DIRTY))
		return 0;
	return change->kind == KVM2_SLOT_DELETE ||
	       !(change->new.region.flags & KVM2_REGION_LOG_DIRTY);
}

#endif /* KVM2_MAP_PLAN_H */
