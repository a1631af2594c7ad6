// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_set_memory_map(): replaces the guest physical memory map as one.
 *
 * KVM changes one memslot at a time and, for each that goes, lets vcpus run
 * between a map without it and a map with its successor. Here all vcpus are
 * held at the gate. The new memslots are prepared beside the old ones, the
 * dirty logs of those that leave are harvested, and only when nothing can
 * fail any more are the mappings of the leaving ones zapped, the next set made
 * and the sets swapped, once for each address space (the second one is that of
 * SMM, with the same memslots).
 * A new memslot of the size of one that leaves inherits what KVM keeps beside
 * it for its pages, which is dearer to make than all the rest of a change.
 * Memslots that stay keep their dirty logs, and where KVM can zap those of
 * one memslot alone (KVM_X86_QUIRK_SLOT_ZAP_ALL is off) their mappings.
 */
#include "kvm2.h"

#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/kvm.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>
#include <trace/events/kvm2.h>

#include "dirty_run.h"
#include "glue.h"
#include "memslots.h"

#define NR_SPACES	KVM_MAX_NR_ADDRESS_SPACES

/* How many of those that leave are looked at for one to inherit from. */
#define DONORS_TRIED	16

/**
 * struct slot_change - one memslot that changes, in each address space
 * @donor:	of one that is created: whose metadata it inherits, or NULL
 * @is_donor:	of one that leaves: another inherits its metadata
 */
struct slot_change {
	enum kvm_mr_change change;
	struct slot_change *donor;
	bool is_donor;
	struct kvm_memory_slot *old[NR_SPACES];
	struct kvm_memory_slot *new[NR_SPACES];
};

/**
 * struct map_change - the way from the current map to the next
 * @regions:	the next map, sorted by gpa
 * @current_slots: the memslots that there are
 * @next_slots:	those that there will be
 * @slots:	changes: first all that remove, then the others
 * @nr_deleted:	how many of @slots remove
 * @next_donor:	the first of them that may still leave its metadata to another
 * @nr_prepared: (slot, space) pairs that have a prepared memslot, in order
 */
struct map_change {
	struct kvm2_vm *vm;
	int nr_spaces;
	const struct kvm2_memory_region *regions;
	u32 nr_regions;
	struct kvm2_memslots current_slots[NR_SPACES];
	struct kvm2_memslots next_slots[NR_SPACES];
	struct slot_change *slots;
	u32 nr_slots;
	u32 nr_deleted;
	u32 next_donor;
	u32 nr_kept;
	u32 nr_added;
	u32 nr_prepared;
};

static int compare_gpa(const void *a, const void *b)
{
	const struct kvm2_memory_region *left = a, *right = b;

	return left->gpa < right->gpa ? -1 : left->gpa > right->gpa;
}

/* Most callers keep them so, and sort() is as slow then as at its worst. */
static bool is_sorted(const struct kvm2_memory_region *regions, u32 count)
{
	u32 i;

	for (i = 1; i < count; i++) {
		if (compare_gpa(&regions[i - 1], &regions[i]) > 0)
			return false;
	}
	return true;
}

static int check_region(const struct kvm2_memory_region *region)
{
	void __user *address = u64_to_user_ptr(region->address);

	if (region->flags & ~KVM2_REGION_FLAGS || region->reserved)
		return -EINVAL;
	if (!region->size ||
	    !PAGE_ALIGNED(region->gpa | region->size | region->address))
		return -EINVAL;
	if (region->gpa + region->size - 1 < region->gpa ||
	    region->size >> PAGE_SHIFT > KVM_MEM_MAX_NR_PAGES)
		return -EINVAL;
	if (region->address != untagged_addr(region->address) ||
	    !access_ok(address, region->size))
		return -EINVAL;
	return 0;
}

/* Return: the regions, sorted and checked, or an ERR_PTR. */
static struct kvm2_memory_region *copy_regions(const struct kvm2_memory_map *map)
{
	struct kvm2_memory_region *regions;
	u64 pages = 0;
	u32 i;
	int r = 0;

	if (map->nr_regions > KVM_USER_MEM_SLOTS)
		return ERR_PTR(-E2BIG);
	if (!map->nr_regions)
		return NULL;
	regions = vmemdup_array_user(u64_to_user_ptr(map->regions),
				     map->nr_regions, sizeof(*regions));
	if (IS_ERR(regions))
		return regions;

	if (!is_sorted(regions, map->nr_regions))
		sort(regions, map->nr_regions, sizeof(*regions), compare_gpa,
		     NULL);
	for (i = 0; i < map->nr_regions && !r; i++) {
		r = check_region(&regions[i]);
		if (!r && i && regions[i - 1].gpa + regions[i - 1].size >
			       regions[i].gpa)
			r = -EINVAL;
		if (!r && check_add_overflow(pages,
					     regions[i].size >> PAGE_SHIFT,
					     &pages))
			r = -EINVAL;
	}
	if (r) {
		kvfree(regions);
		return ERR_PTR(r);
	}
	return regions;
}

static u32 slot_flags(const struct kvm2_memory_region *region)
{
	return (region->flags & KVM2_REGION_LOG_DIRTY ?
			KVM_MEM_LOG_DIRTY_PAGES : 0) |
	       (region->flags & KVM2_REGION_READ_ONLY ? KVM_MEM_READONLY : 0);
}

/* The same memory at the same place; logging may differ. */
static bool is_same(const struct kvm_memory_slot *slot,
		    const struct kvm2_memory_region *region)
{
	return slot->base_gfn == gpa_to_gfn(region->gpa) &&
	       slot->npages == region->size >> PAGE_SHIFT &&
	       slot->userspace_addr == region->address &&
	       !((slot->flags ^ slot_flags(region)) & KVM_MEM_READONLY);
}

static bool is_internal(const struct kvm_memory_slot *slot)
{
	return slot->id >= KVM_USER_MEM_SLOTS;
}

/* A change of the memslot number @i of the current ones, or of none. */
static struct slot_change *add_change(struct map_change *c,
				      enum kvm_mr_change change, int i)
{
	struct slot_change *slot = &c->slots[c->nr_slots++];
	int space;

	slot->change = change;
	for (space = 0; i >= 0 && space < c->nr_spaces; space++)
		slot->old[space] = c->current_slots[space].by_gfn[i];
	return slot;
}

static void keep_slot(struct map_change *c, u32 i)
{
	int space;

	for (space = 0; space < c->nr_spaces; space++)
		kvm2_memslots_add(&c->next_slots[space],
				  c->current_slots[space].by_gfn[i]);
}

static int alloc_slots(struct map_change *c, struct slot_change *slot, int id,
		       const struct kvm2_memory_region *region)
{
	struct kvm_memory_slot *new;
	int space;

	for (space = 0; space < c->nr_spaces; space++) {
		new = kmalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
		if (!new)
			return -ENOMEM;
		*new = (struct kvm_memory_slot){
			.as_id = space,
			.id = id,
			.base_gfn = gpa_to_gfn(region->gpa),
			.npages = region->size >> PAGE_SHIFT,
			.flags = slot_flags(region),
			.userspace_addr = region->address,
		};
		slot->new[space] = new;
		kvm2_memslots_add(&c->next_slots[space], new);
	}
	return 0;
}

/*
 * Walk the current map and the next one side by side, twice: what leaves
 * goes first, since its successor may take its id and its addresses.
 */
static int find_deleted(struct map_change *c, unsigned long *kept_ids)
{
	const struct kvm2_memslots *slots = &c->current_slots[0];
	u32 i = 0, n;

	for (n = 0; n < slots->count; n++) {
		const struct kvm_memory_slot *slot = slots->by_gfn[n];

		while (i < c->nr_regions &&
		       gpa_to_gfn(c->regions[i].gpa) < slot->base_gfn)
			i++;
		if (is_internal(slot)) {
			/* KVM's own page must not be covered. */
			if (i && gpa_to_gfn(c->regions[i - 1].gpa +
					    c->regions[i - 1].size) >
				 slot->base_gfn)
				return -EEXIST;
			if (i < c->nr_regions &&
			    gpa_to_gfn(c->regions[i].gpa) <
			    slot->base_gfn + slot->npages)
				return -EEXIST;
			continue;
		}
		if (i < c->nr_regions && is_same(slot, &c->regions[i]))
			__set_bit(slot->id, kept_ids);
		else
			add_change(c, KVM_MR_DELETE, n);
	}
	c->nr_deleted = c->nr_slots;
	return 0;
}

/*
 * Both lists are sorted by gpa, and maps differ little in most cases, so the
 * first ones to try are those behind the last one found.
 */
static void find_donor(struct map_change *c, struct slot_change *slot)
{
	u32 end = min(c->next_donor + DONORS_TRIED, c->nr_deleted), i;

	for (i = c->next_donor; i < end; i++) {
		if (!kvm2_glue_can_inherit(c->slots[i].old[0], slot->new[0]))
			continue;
		slot->donor = &c->slots[i];
		slot->donor->is_donor = true;
		c->next_donor = i + 1;
		return;
	}
}

/* From the current memslot number @n on, keep KVM's own as far as @gfn. */
static u32 keep_internal(struct map_change *c, u32 n, gfn_t gfn)
{
	const struct kvm2_memslots *slots = &c->current_slots[0];

	for (; n < slots->count && slots->by_gfn[n]->base_gfn < gfn; n++) {
		if (is_internal(slots->by_gfn[n]))
			keep_slot(c, n);
	}
	return n;
}

static int find_added(struct map_change *c, unsigned long *kept_ids)
{
	const struct kvm2_memslots *slots = &c->current_slots[0];
	struct slot_change *change;
	unsigned long id = 0;
	u32 i, n = 0;
	int r = 0;

	for (i = 0; i < c->nr_regions && !r; i++) {
		const struct kvm2_memory_region *region = &c->regions[i];
		const struct kvm_memory_slot *slot;

		n = keep_internal(c, n, gpa_to_gfn(region->gpa));
		slot = n < slots->count ? slots->by_gfn[n] : NULL;
		if (slot && !is_internal(slot) && is_same(slot, region)) {
			c->nr_kept++;
			if (slot->flags == slot_flags(region)) {
				keep_slot(c, n);
				continue;
			}
			change = add_change(c, KVM_MR_FLAGS_ONLY, n);
			r = alloc_slots(c, change, slot->id, region);
			continue;
		}
		id = find_next_zero_bit(kept_ids, KVM_USER_MEM_SLOTS, id);
		if (WARN_ON_ONCE(id >= KVM_USER_MEM_SLOTS))
			return -ENOSPC;
		change = add_change(c, KVM_MR_CREATE, -1);
		r = alloc_slots(c, change, id++, region);
		if (!r)
			find_donor(c, change);
		c->nr_added++;
	}
	keep_internal(c, n, ~0ULL);
	return r;
}

/*
 * Lists of what there is, and room for what there will be. All address spaces
 * have the same memslots: nobody but us and KVM's own changes them.
 */
static int read_slots(struct map_change *c)
{
	const struct kvm2_memslots *first = &c->current_slots[0];
	int space, r = 0;

	for (space = 0; space < c->nr_spaces && !r; space++) {
		r = kvm2_memslots_read(&c->current_slots[space], c->vm->kvm,
				       space);
		if (!r && WARN_ON_ONCE(c->current_slots[space].count !=
				       first->count))
			r = -EIO;
		if (!r)
			r = kvm2_memslots_alloc(&c->next_slots[space],
						c->nr_regions + first->count);
	}
	return r;
}

static int sort_slots(struct map_change *c)
{
	int space, r = 0;

	for (space = 0; space < c->nr_spaces && !r; space++)
		r = kvm2_memslots_sort(&c->next_slots[space]);
	return r;
}

static int find_changes(struct map_change *c)
{
	unsigned long *kept_ids;
	int r;

	r = read_slots(c);
	if (r)
		return r;
	c->slots = kvcalloc(c->nr_regions + c->current_slots[0].count,
			    sizeof(*c->slots), GFP_KERNEL_ACCOUNT);
	kept_ids = bitmap_zalloc(KVM_USER_MEM_SLOTS, GFP_KERNEL);
	r = c->slots && kept_ids ? 0 : -ENOMEM;
	if (!r)
		r = find_deleted(c, kept_ids);
	if (!r)
		r = find_added(c, kept_ids);
	if (!r)
		r = sort_slots(c);
	bitmap_free(kept_ids);
	return r;
}

/* Does the dirty log of @slot end with this change? */
static bool log_ends(const struct slot_change *slot)
{
	const struct kvm_memory_slot *old = slot->old[0];

	return old && old->dirty_bitmap &&
	       (slot->change == KVM_MR_DELETE ||
		!(slot->new[0]->flags & KVM_MEM_LOG_DIRTY_PAGES));
}

/* Return: the runs written, or a negative errno. */
static int harvest(const struct map_change *c,
		   const struct kvm2_memory_map *map)
{
	struct kvm2_dirty_runs runs;
	int space, r = 0;
	u32 i;

	if (!map->dirty)
		return 0;
	kvm2_dirty_runs_init(&runs, u64_to_user_ptr(map->dirty),
			     map->nr_dirty);
	for (i = 0; i < c->nr_slots && !r; i++) {
		const struct slot_change *slot = &c->slots[i];
		const struct kvm_memory_slot *old = slot->old[0];
		unsigned long word, words, mask;

		if (!log_ends(slot))
			continue;
		words = BITS_TO_LONGS(old->npages);
		for (word = 0; word < words && !r; word++) {
			mask = 0;
			for (space = 0; space < c->nr_spaces; space++)
				mask |= READ_ONCE(slot->old[space]->
						  dirty_bitmap[word]);
			r = kvm2_dirty_runs_add_mask(&runs, old->base_gfn +
						     word * BITS_PER_LONG,
						     mask);
			if (!(word % 1024))
				cond_resched();
		}
		if (!r && fatal_signal_pending(current))
			r = -EINTR;
	}
	return r ? r : kvm2_dirty_runs_finish(&runs);
}

/*
 * Each slot takes several allocations, of what may be a large map: others get
 * their turn, and who is killed need not wait for the end.
 * Context: slots_arch_lock held.
 */
static int prepare(struct map_change *c)
{
	struct kvm *kvm = c->vm->kvm;
	int space, r;
	u32 i;

	for (i = c->nr_deleted; i < c->nr_slots; i++) {
		struct slot_change *slot = &c->slots[i];

		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		for (space = 0; space < c->nr_spaces; space++) {
			r = slot->donor ?
				kvm2_glue_prepare_heir(kvm, slot->new[space]) :
				kvm2_glue_prepare_slot(kvm, slot->old[space],
						       slot->new[space],
						       slot->change);
			if (r)
				return r;
			c->nr_prepared++;
		}
	}
	return 0;
}

/* Free the new memslots; those that were prepared come first. */
static void abandon(struct map_change *c)
{
	struct kvm *kvm = c->vm->kvm;
	int space;
	u32 i;

	for (i = c->nr_deleted; i < c->nr_slots; i++) {
		struct slot_change *slot = &c->slots[i];

		for (space = 0; space < c->nr_spaces; space++) {
			if (!c->nr_prepared) {
				kfree(slot->new[space]);
				continue;
			}
			c->nr_prepared--;
			kvm2_glue_unprepare_slot(kvm, slot->old[space],
						 slot->new[space],
						 slot->change);
		}
	}
}

/* How many from the one that leaves at @first on are flushed with it. */
static u32 count_flushed(const struct map_change *c, u32 first)
{
	u32 i;

	if (!kvm2_glue_flushes_ranges(c->vm->kvm))
		return 1;
	for (i = first + 1; i < c->nr_deleted; i++) {
		const struct kvm_memory_slot *below = c->slots[i - 1].old[0];

		if (c->slots[i].old[0]->base_gfn !=
		    below->base_gfn + below->npages)
			break;
	}
	return i - first;
}

/* The dear part, so as few flushes as take away all that there is. */
static void flush_deleted(const struct map_change *c)
{
	struct kvm *kvm = c->vm->kvm;
	u32 first, count;
	int space;

	if (!c->nr_deleted)
		return;
	if (kvm2_glue_flushes_all(kvm)) {
		kvm_arch_flush_shadow_memslot(kvm, c->slots[0].old[0]);
		goto out;
	}
	for (first = 0; first < c->nr_deleted; first += count) {
		count = count_flushed(c, first);
		for (space = 0; space < c->nr_spaces; space++)
			kvm2_glue_flush_slots(kvm, c->slots[first].old[space],
				c->slots[first + count - 1].old[space]);
	}
out:
	kvm_arch_guest_memory_reclaimed(kvm);
}

/*
 * From here to their end old and new share the metadata, of pages that are not
 * mapped. The old ones cannot give them up now: MMU notifiers see them still.
 */
static void inherit(const struct map_change *c)
{
	int space;
	u32 i;

	for (i = c->nr_deleted; i < c->nr_slots; i++) {
		const struct slot_change *slot = &c->slots[i];

		for (space = 0; slot->donor && space < c->nr_spaces; space++)
			kvm2_glue_inherit(c->vm->kvm, slot->donor->old[space],
					  slot->new[space]);
	}
}

/* Frees the old memslot; that of a donor goes with its heir. */
static void commit_slot(const struct map_change *c,
			const struct slot_change *slot)
{
	struct kvm *kvm = c->vm->kvm;
	int space;

	for (space = 0; space < c->nr_spaces && !slot->is_donor; space++) {
		if (slot->donor)
			kvm2_glue_commit_heir(kvm, slot->donor->old[space],
					      slot->new[space]);
		else
			kvm2_glue_commit_slot(kvm, slot->old[space],
					      slot->new[space], slot->change);
	}
}

/*
 * The point of no return. Context: gate closed, slots_lock and
 * slots_arch_lock held; the latter is released.
 */
static void commit(struct map_change *c)
{
	struct kvm *kvm = c->vm->kvm;
	int space;
	u32 i;

	flush_deleted(c);
	inherit(c);
	for (space = 0; space < c->nr_spaces; space++) {
		if (space)
			mutex_lock(&kvm->slots_arch_lock);
		kvm2_memslots_install(&c->next_slots[space], kvm, space);
		kvm2_glue_swap_slots(kvm, space);
		/* The set that was active follows. */
		kvm2_memslots_mirror(&c->next_slots[space], kvm, space);
	}
	for (i = 0; i < c->nr_slots; i++) {
		commit_slot(c, &c->slots[i]);
		cond_resched();
	}
}

/* Context: gate closed, slots_lock held. Return: runs, or negative errno. */
static int change_map(struct map_change *c, const struct kvm2_memory_map *map)
{
	struct kvm *kvm = c->vm->kvm;
	int runs, r;

	r = find_changes(c);
	if (r)
		goto err;
	runs = harvest(c, map);
	if (runs < 0) {
		r = runs;
		goto err;
	}
	if (!c->nr_slots)
		return runs;

	mutex_lock(&kvm->slots_arch_lock);
	r = prepare(c);
	if (r) {
		mutex_unlock(&kvm->slots_arch_lock);
		goto err;
	}
	commit(c);
	return runs;

err:
	abandon(c);
	return r;
}

static void trace_map(const struct map_change *c, int runs, u64 start_ns)
{
	u32 i;

	trace_kvm2_map(c->vm->id, c->vm->map_generation, c->nr_kept,
		       c->nr_added, c->nr_deleted, max(runs, 0),
		       ktime_get_ns() - start_ns, min(runs, 0));
	if (!trace_kvm2_map_region_enabled() || runs < 0)
		return;
	for (i = 0; i < c->nr_regions; i++)
		trace_kvm2_map_region(c->vm->id, c->vm->map_generation,
				      &c->regions[i]);
}

static void free_change(struct map_change *c)
{
	int space;

	for (space = 0; space < c->nr_spaces; space++) {
		kvm2_memslots_free(&c->current_slots[space]);
		kvm2_memslots_free(&c->next_slots[space]);
	}
	kvfree(c->slots);
	kvfree(c->regions);
}

int kvm2_map_set(struct kvm2_vm *vm, const struct kvm2_memory_map *map)
{
	struct map_change c = {
		.vm = vm,
		.nr_spaces = kvm_arch_nr_memslot_as_ids(vm->kvm),
		.nr_regions = map->nr_regions,
	};
	struct kvm2_memory_region *regions;
	u64 start_ns = ktime_get_ns();
	int r;

	regions = copy_regions(map);
	if (IS_ERR(regions))
		return PTR_ERR(regions);
	c.regions = regions;

	r = mutex_lock_killable(&vm->map_lock);
	if (r)
		goto out;
	if (vm->kvm->vm_dead) {
		r = -EIO;
		goto out_unlock;
	}
	r = kvm2_gate_close(vm);
	if (r)
		goto out_unlock;
	mutex_lock(&vm->kvm->slots_lock);
	r = change_map(&c, map);
	mutex_unlock(&vm->kvm->slots_lock);
	kvm2_gate_open(vm);
	if (r >= 0)
		WRITE_ONCE(vm->map_generation, vm->map_generation + 1);
	if (trace_kvm2_map_enabled() || trace_kvm2_map_region_enabled())
		trace_map(&c, r, start_ns);
out_unlock:
	mutex_unlock(&vm->map_lock);
out:
	free_change(&c);
	return r;
}
