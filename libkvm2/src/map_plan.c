// SPDX-License-Identifier: LGPL-2.1
/* Compares two guest physical memory maps. */
#include "map_plan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES	4096ULL
#define PAGES_MAX	0x7fffffffULL	/* KVM_MEM_MAX_NR_PAGES */

static int compare_gpa(const void *a, const void *b)
{
	const struct kvm2_slot *left = a;
	const struct kvm2_slot *right = b;

	return (left->region.gpa > right->region.gpa) -
	       (left->region.gpa < right->region.gpa);
}

static int check_region(const struct kvm2_memory_region *region)
{
	if (region->flags & ~KVM2_REGION_FLAGS || region->reserved)
		return -EINVAL;
	if (!region->size || region->size / PAGE_BYTES > PAGES_MAX)
		return -EINVAL;
	if ((region->gpa | region->size | region->address) % PAGE_BYTES)
		return -EINVAL;
	if (region->gpa + (region->size - 1) < region->gpa ||
	    region->address + (region->size - 1) < region->address)
		return -EINVAL;
	return 0;
}

/* The same memory at the same place; logging may differ. */
static bool is_same(const struct kvm2_memory_region *a,
		    const struct kvm2_memory_region *b)
{
	return a->gpa == b->gpa && a->size == b->size &&
	       a->address == b->address &&
	       !((a->flags ^ b->flags) & KVM2_REGION_READ_ONLY);
}

static struct kvm2_slot_change *add_change(struct kvm2_map_plan *plan,
					   enum kvm2_slot_change_kind kind)
{
	struct kvm2_slot_change *change = &plan->changes[plan->nr_changes++];

	change->kind = kind;
	return change;
}

/* Sorted and checked into plan->slots, without ids. */
static int take_regions(struct kvm2_map_plan *plan,
			const struct kvm2_memory_region *regions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int ret = check_region(&regions[i]);

		if (ret < 0)
			return ret;
		plan->slots[i].region = regions[i];
	}
	plan->nr_slots = count;
	if (count)
		qsort(plan->slots, count, sizeof(*plan->slots), compare_gpa);

	for (size_t i = 1; i < count; i++) {
		const struct kvm2_memory_region *before = &plan->slots[i - 1].region;

		if (plan->slots[i].region.gpa - before->gpa < before->size)
			return -EINVAL;
	}
	return 0;
}

/*
 * Both maps are sorted: walk them side by side. What leaves goes first, since
 * what comes may take its addresses and its id. @is_kept: by id, all false.
 */
static void find_changes(struct kvm2_map_plan *plan, const struct kvm2_slot *old,
			 size_t nr_old, bool *is_kept)
{
	struct kvm2_slot_change *change;
	uint32_t id = 0;
	size_t i = 0;

	for (size_t j = 0; j < nr_old; j++) {
		while (i < plan->nr_slots && plan->slots[i].region.gpa < old[j].region.gpa)
			i++;
		if (i < plan->nr_slots &&
		    is_same(&plan->slots[i].region, &old[j].region)) {
			is_kept[old[j].id] = true;
		} else {
			change = add_change(plan, KVM2_SLOT_DELETE);
			change->old = old[j];
		}
	}

	for (size_t j = i = 0; i < plan->nr_slots; i++) {
		struct kvm2_slot *slot = &plan->slots[i];

		while (j < nr_old && old[j].region.gpa < slot->region.gpa)
			j++;
		if (j < nr_old && is_same(&slot->region, &old[j].region)) {
			slot->id = old[j].id;
			if (slot->region.flags == old[j].region.flags)
				continue;
			change = add_change(plan, KVM2_SLOT_FLAGS);
			change->old = old[j];
		} else {
			while (is_kept[id])
				id++;
			slot->id = id++;
			change = add_change(plan, KVM2_SLOT_CREATE);
		}
		change->new = *slot;
	}
}

int kvm2_map_plan_init(struct kvm2_map_plan *plan, const struct kvm2_slot *old,
		       size_t nr_old, const struct kvm2_memory_region *regions,
		       size_t nr_regions, uint32_t max_slots)
{
	bool *is_kept = NULL;
	int ret = -ENOMEM;

	memset(plan, 0, sizeof(*plan));
	if (nr_regions > max_slots)
		return -E2BIG;

	/* calloc(0) may be NULL: one element more than needed. */
	plan->slots = calloc(nr_regions + 1, sizeof(*plan->slots));
	plan->changes = calloc(nr_old + nr_regions + 1, sizeof(*plan->changes));
	is_kept = calloc((size_t)max_slots + 1, sizeof(*is_kept));
	if (!plan->slots || !plan->changes || !is_kept)
		goto out;

	ret = take_regions(plan, regions, nr_regions);
	if (ret == 0)
		find_changes(plan, old, nr_old, is_kept);
out:
	free(is_kept);
	if (ret < 0)
		kvm2_map_plan_fini(plan);
	return ret;
}

void kvm2_map_plan_fini(struct kvm2_map_plan *plan)
{
	free(plan->slots);
	free(plan->changes);
	memset(plan, 0, sizeof(*plan));
}
