// SPDX-License-Identifier: LGPL-2.1
/*
 * The memory map and the dirty log on the classic ioctls, which change one
 * memslot at a time: a plan of such changes is made, carried out, and undone
 * backwards when one of them fails.
 */
#include "classic.h"
#include "dirty_runs.h"

#include <stdlib.h>
#include <string.h>

#define SPACE_SHIFT	16	/* the address space in a slot id */

static uint32_t kvm_flags(const struct kvm2_memory_region *region)
{
	return (region->flags & KVM2_REGION_LOG_DIRTY ? KVM_MEM_LOG_DIRTY_PAGES : 0) |
	       (region->flags & KVM2_REGION_READ_ONLY ? KVM_MEM_READONLY : 0);
}

/* @size 0 deletes the slot. */
static int set_slot(const struct machine_classic *machine, unsigned int space,
		    const struct kvm2_slot *slot, uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot->id | space << SPACE_SHIFT,
		.flags = kvm_flags(&slot->region),
		.guest_phys_addr = slot->region.gpa,
		.memory_size = size,
		.userspace_addr = slot->region.address,
	};

	return classic_ioctl(machine->vm_fd, KVM_SET_USER_MEMORY_REGION, &region);
}

static int make_change(const struct machine_classic *machine,
		       const struct kvm2_slot_change *change, unsigned int space)
{
	if (change->kind == KVM2_SLOT_DELETE)
		return set_slot(machine, space, &change->old, 0);
	return set_slot(machine, space, &change->new, change->new.region.size);
}

static int undo_change(const struct machine_classic *machine,
		       const struct kvm2_slot_change *change, unsigned int space)
{
	if (change->kind == KVM2_SLOT_CREATE)
		return set_slot(machine, space, &change->new, 0);
	return set_slot(machine, space, &change->old, change->old.region.size);
}

/* A step is one change in one address space. */
static int make_changes(const struct machine_classic *machine,
			const struct kvm2_map_plan *plan)
{
	size_t nr_steps = plan->nr_changes * machine->nr_spaces;
	size_t step;
	int ret = 0;

	for (step = 0; step < nr_steps; step++) {
		ret = make_change(machine, &plan->changes[step / machine->nr_spaces],
				  step % machine->nr_spaces);
		if (ret < 0)
			break;
	}
	if (ret == 0)
		return 0;

	while (step-- > 0)
		if (undo_change(machine, &plan->changes[step / machine->nr_spaces],
				step % machine->nr_spaces) < 0)
			return -ENOTRECOVERABLE;
	return ret;
}

static size_t bitmap_words(const struct kvm2_slot *slot)
{
	uint64_t pages = slot->region.size / KVM2_PAGE_BYTES;

	return (pages + KVM2_WORD_PAGES - 1) / KVM2_WORD_PAGES;
}

/* Reads the log of a slot, of all address spaces, and leaves it as it is. */
static int read_log(const struct machine_classic *machine,
		    const struct kvm2_slot *slot, uint64_t *bitmap)
{
	size_t words = bitmap_words(slot);
	uint64_t *one = bitmap;
	int ret = 0;

	for (unsigned int space = 0; space < machine->nr_spaces && ret == 0; space++) {
		struct kvm_dirty_log log = { .slot = slot->id | space << SPACE_SHIFT };

		if (space && one == bitmap) {
			one = calloc(words, sizeof(*one));
			if (!one)
				return -ENOMEM;
		}
		log.dirty_bitmap = one;
		ret = classic_ioctl(machine->vm_fd, KVM_GET_DIRTY_LOG, &log);
		for (size_t i = 0; one != bitmap && i < words && ret == 0; i++)
			bitmap[i] |= one[i];
	}
	if (one != bitmap)
		free(one);
	return ret;
}

/* Clears the bits of @taken, which are of pages in [@first, @end). */
static int clear_log(const struct machine_classic *machine,
		     const struct kvm2_slot *slot, uint64_t *taken,
		     uint64_t first, uint64_t end)
{
	uint64_t pages = slot->region.size / KVM2_PAGE_BYTES;
	int ret = 0;

	/* KVM wants whole words, but for the last one of the slot. */
	first -= first % KVM2_WORD_PAGES;
	end += (KVM2_WORD_PAGES - end % KVM2_WORD_PAGES) % KVM2_WORD_PAGES;
	if (end > pages)
		end = pages;

	for (unsigned int space = 0; space < machine->nr_spaces && ret == 0; space++) {
		struct kvm_clear_dirty_log log = {
			.slot = slot->id | space << SPACE_SHIFT,
			.num_pages = (uint32_t)(end - first),
			.first_page = first,
			.dirty_bitmap = taken + first / KVM2_WORD_PAGES,
		};

		ret = classic_ioctl(machine->vm_fd, KVM_CLEAR_DIRTY_LOG, &log);
	}
	return ret;
}

/* The dirty pages of logs that end. Return: 0; -ENOSPC too many; -errno. */
static int harvest(const struct machine_classic *machine,
		   const struct kvm2_map_plan *plan, struct kvm2_dirty_runs *runs)
{
	int ret = 0;

	for (size_t i = 0; i < plan->nr_changes && ret == 0; i++) {
		const struct kvm2_slot *slot = &plan->changes[i].old;
		uint64_t pages = slot->region.size / KVM2_PAGE_BYTES;
		uint64_t *bitmap;

		if (!kvm2_slot_change_ends_log(&plan->changes[i]))
			continue;
		bitmap = calloc(bitmap_words(slot), sizeof(*bitmap));
		if (!bitmap)
			return -ENOMEM;
		ret = read_log(machine, slot, bitmap);
		if (ret == 0 && kvm2_dirty_runs_take(runs, slot->region.gpa, bitmap,
						     0, pages, NULL) < pages)
			ret = -ENOSPC;
		free(bitmap);
	}
	return ret;
}

static int change_map(struct machine_classic *machine,
		      const struct kvm2_memory_map *map)
{
	const struct kvm2_memory_region *regions =
		(const struct kvm2_memory_region *)(uintptr_t)map->regions;
	struct kvm2_dirty_runs runs = {
		.to = (struct kvm2_dirty_run *)(uintptr_t)map->dirty,
		.room = map->nr_dirty,
		.max_pages = UINT64_MAX,
	};
	struct kvm2_map_plan plan;
	int ret;

	ret = kvm2_map_plan_init(&plan, machine->slots, machine->nr_slots,
				 regions, map->nr_regions, machine->max_slots);
	if (ret < 0)
		return ret;
	if (runs.to)
		ret = harvest(machine, &plan, &runs);
	if (ret == 0)
		ret = make_changes(machine, &plan);
	if (ret == 0) {
		free(machine->slots);
		machine->slots = plan.slots;
		machine->nr_slots = plan.nr_slots;
		plan.slots = NULL;
		ret = (int)runs.count;
	}
	kvm2_map_plan_fini(&plan);
	return ret;
}

int kvm2_classic_set_memory_map(struct kvm2_machine *base,
				const struct kvm2_memory_map *map)
{
	struct machine_classic *machine = classic_machine_of(base);
	int ret;

	if (map->flags || map->reserved)
		return -EINVAL;
	pthread_mutex_lock(&machine->lock);
	ret = machine->map_is_lost ? -ENOTRECOVERABLE : change_map(machine, map);
	machine->map_is_lost = ret == -ENOTRECOVERABLE;
	pthread_mutex_unlock(&machine->lock);
	return ret;
}

/*
 * Report and clear dirty pages of a slot that lie in [@gpa, @end).
 * Return: 1 all of them; 0 a limit was met, and *next says where; -errno.
 */
static int take_log(const struct machine_classic *machine,
		    const struct kvm2_slot *slot, uint64_t gpa, uint64_t end,
		    struct kvm2_dirty_runs *runs, uint64_t *next)
{
	const struct kvm2_memory_region *region = &slot->region;
	uint64_t first = gpa > region->gpa ? (gpa - region->gpa) / KVM2_PAGE_BYTES : 0;
	uint64_t last = end - region->gpa < region->size ?
			(end - region->gpa) / KVM2_PAGE_BYTES : region->size / KVM2_PAGE_BYTES;
	struct kvm2_dirty_runs before = *runs;
	uint64_t *bitmap;
	uint64_t *taken;
	uint64_t stop;
	int ret = -ENOMEM;

	bitmap = calloc(bitmap_words(slot), sizeof(*bitmap));
	taken = calloc(bitmap_words(slot), sizeof(*taken));
	if (!bitmap || !taken)
		goto out;
	ret = read_log(machine, slot, bitmap);
	if (ret < 0)
		goto out;

	stop = kvm2_dirty_runs_take(runs, region->gpa, bitmap, first, last, taken);
	if (runs->pages != before.pages) {
		ret = clear_log(machine, slot, taken, first, stop);
		if (ret < 0)
			goto out;
	}
	*next = region->gpa + stop * KVM2_PAGE_BYTES;
	ret = stop == last;
out:
	free(bitmap);
	free(taken);
	return ret;
}

static int take_logs(const struct machine_classic *machine, uint64_t end,
		     struct kvm2_dirty_runs *runs, uint64_t *next)
{
	uint64_t gpa = *next;

	for (size_t i = 0; i < machine->nr_slots; i++) {
		const struct kvm2_slot *slot = &machine->slots[i];
		int ret;

		if (!(slot->region.flags & KVM2_REGION_LOG_DIRTY) ||
		    slot->region.gpa >= end ||
		    slot->region.gpa + (slot->region.size - 1) < gpa)
			continue;
		ret = take_log(machine, slot, gpa, end, runs, next);
		if (ret <= 0)
			return ret;
	}
	*next = end;
	return 0;
}

int kvm2_classic_get_dirty_log(struct kvm2_machine *base,
			       struct kvm2_dirty_log *log)
{
	struct machine_classic *machine = classic_machine_of(base);
	struct kvm2_dirty_runs runs = {
		.to = (struct kvm2_dirty_run *)(uintptr_t)log->runs,
		.room = log->nr_runs,
		.max_pages = log->max_pages ? log->max_pages : UINT64_MAX,
	};
	uint64_t next = log->gpa;
	int ret;

	if (!log->nr_runs)
		return -ENOSPC;
	if (log->flags || log->nr_runs > INT32_MAX || !log->size ||
	    (log->gpa | log->size) % KVM2_PAGE_BYTES || log->gpa + log->size < log->gpa)
		return -EINVAL;

	pthread_mutex_lock(&machine->lock);
	ret = take_logs(machine, log->gpa + log->size, &runs, &next);
	pthread_mutex_unlock(&machine->lock);

	/* What was taken before an error counts, and is not put back. */
	if (ret < 0 && !runs.count)
		return ret;
	log->pages = runs.pages;
	log->next = next;
	return (int)runs.count;
}
