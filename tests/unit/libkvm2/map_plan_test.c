// SPDX-License-Identifier: GPL-2.0
/* libkvm2/src/map_plan.c: the changes between two memory maps. */
#include "map_plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE	4096ULL
#define LOG	KVM2_REGION_LOG_DIRTY
#define RO	KVM2_REGION_READ_ONLY
#define SLOTS	64

static struct kvm2_memory_region region(uint64_t gpa, uint64_t pages, uint64_t address,
					uint32_t flags)
{
	return (struct kvm2_memory_region){ gpa * PAGE, pages * PAGE, address * PAGE, flags, 0 };
}

/* The plan from one map to another; both are kept as a caller would. */
static struct kvm2_map_plan plan(const struct kvm2_slot *old, size_t nr_old,
				 const struct kvm2_memory_region *next, size_t nr_next)
{
	struct kvm2_map_plan result;

	assert_int_equal(kvm2_map_plan_init(&result, old, nr_old, next, nr_next, SLOTS), 0);
	return result;
}

static void a_first_map_is_created_in_order_of_addresses(void **state)
{
	const struct kvm2_memory_region next[] = { region(8, 2, 100, 0), region(0, 4, 200, LOG) };
	struct kvm2_map_plan p = plan(NULL, 0, next, 2);

	(void)state;
	assert_int_equal(p.nr_slots, 2);
	assert_int_equal(p.nr_changes, 2);
	assert_int_equal(p.slots[0].region.gpa, 0);
	assert_int_equal(p.slots[1].region.gpa, 8 * PAGE);
	assert_int_not_equal(p.slots[0].id, p.slots[1].id);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(p.changes[i].kind, KVM2_SLOT_CREATE);
		assert_memory_equal(&p.changes[i].new, &p.slots[i], sizeof(p.slots[i]));
		assert_false(kvm2_slot_change_ends_log(&p.changes[i]));
	}
	kvm2_map_plan_fini(&p);
}

static void the_same_map_needs_no_change(void **state)
{
	const struct kvm2_memory_region next[] = { region(8, 2, 100, RO), region(0, 4, 200, LOG) };
	const struct kvm2_memory_region again[] = { next[1], next[0] };
	struct kvm2_map_plan first = plan(NULL, 0, next, 2);
	struct kvm2_map_plan p = plan(first.slots, first.nr_slots, again, 2);

	(void)state;
	assert_int_equal(p.nr_changes, 0);
	assert_memory_equal(p.slots, first.slots, 2 * sizeof(*p.slots));
	kvm2_map_plan_fini(&p);
	kvm2_map_plan_fini(&first);
}

static void logging_alone_changes_flags(void **state)
{
	const struct kvm2_memory_region on[] = { region(0, 4, 200, LOG) };
	const struct kvm2_memory_region off[] = { region(0, 4, 200, 0) };
	struct kvm2_map_plan first = plan(NULL, 0, on, 1);
	struct kvm2_map_plan p = plan(first.slots, 1, off, 1);

	(void)state;
	assert_int_equal(p.nr_changes, 1);
	assert_int_equal(p.changes[0].kind, KVM2_SLOT_FLAGS);
	assert_int_equal(p.changes[0].old.id, p.changes[0].new.id);
	assert_true(kvm2_slot_change_ends_log(&p.changes[0]));
	kvm2_map_plan_fini(&first);

	first = p;
	p = plan(first.slots, 1, on, 1);
	assert_int_equal(p.changes[0].kind, KVM2_SLOT_FLAGS);
	assert_false(kvm2_slot_change_ends_log(&p.changes[0]));
	kvm2_map_plan_fini(&p);
	kvm2_map_plan_fini(&first);
}

static void other_differences_replace_a_region(void **state)
{
	const struct kvm2_memory_region from[] = { region(4, 4, 200, LOG) };
	const struct kvm2_memory_region to[] = {
		region(5, 4, 200, LOG), region(4, 3, 200, LOG), region(4, 4, 201, LOG),
		region(4, 4, 200, LOG | RO),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		struct kvm2_map_plan first = plan(NULL, 0, from, 1);
		struct kvm2_map_plan p = plan(first.slots, 1, &to[i], 1);

		assert_int_equal(p.nr_changes, 2);
		assert_int_equal(p.changes[0].kind, KVM2_SLOT_DELETE);
		assert_true(kvm2_slot_change_ends_log(&p.changes[0]));
		assert_int_equal(p.changes[1].kind, KVM2_SLOT_CREATE);
		kvm2_map_plan_fini(&p);
		kvm2_map_plan_fini(&first);
	}
}

static void an_empty_map_deletes_all(void **state)
{
	const struct kvm2_memory_region from[] = { region(8, 2, 100, 0), region(0, 4, 200, 0) };
	struct kvm2_map_plan first = plan(NULL, 0, from, 2);
	struct kvm2_map_plan p = plan(first.slots, 2, NULL, 0);

	(void)state;
	assert_int_equal(p.nr_slots, 0);
	assert_int_equal(p.nr_changes, 2);
	assert_int_equal(p.changes[0].kind, KVM2_SLOT_DELETE);
	assert_int_equal(p.changes[1].kind, KVM2_SLOT_DELETE);
	kvm2_map_plan_fini(&p);
	kvm2_map_plan_fini(&first);
}

static void regions_may_touch_but_not_overlap(void **state)
{
	struct kvm2_memory_region next[] = { region(4, 4, 200, 0), region(0, 4, 100, 0) };
	struct kvm2_map_plan p = plan(NULL, 0, next, 2);

	(void)state;
	kvm2_map_plan_fini(&p);
	next[1].size += PAGE;
	assert_int_equal(kvm2_map_plan_init(&p, NULL, 0, next, 2, SLOTS), -EINVAL);
	next[1] = next[0];
	assert_int_equal(kvm2_map_plan_init(&p, NULL, 0, next, 2, SLOTS), -EINVAL);
	/* A region that ends where the address space does. */
	next[0] = (struct kvm2_memory_region){ 0 - PAGE, PAGE, PAGE, 0, 0 };
	next[1] = region(0, 1, 100, 0);
	p = plan(NULL, 0, next, 2);
	kvm2_map_plan_fini(&p);
}

static void wrong_regions_are_refused(void **state)
{
	const struct kvm2_memory_region wrong[] = {
		{ 1, PAGE, PAGE, 0, 0 },
		{ 0, PAGE + 1, PAGE, 0, 0 },
		{ 0, PAGE, 1, 0, 0 },
		{ 0, 0, PAGE, 0, 0 },
		{ 0, PAGE, PAGE, 4, 0 },
		{ 0, PAGE, PAGE, 0, 1 },
		{ 0 - PAGE, 2 * PAGE, PAGE, 0, 0 },
		{ 0, 2 * PAGE, 0 - PAGE, 0, 0 },
		{ 0, 1ULL << 43, PAGE, 0, 0 },
	};
	struct kvm2_map_plan p;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(kvm2_map_plan_init(&p, NULL, 0, &wrong[i], 1, SLOTS), -EINVAL);
	assert_int_equal(kvm2_map_plan_init(&p, NULL, 0, wrong, SLOTS + 1, SLOTS), -E2BIG);
}

/* What KVM would hold if it were told the changes, one slot for each id. */
static void carry_out(struct kvm2_slot *slots, bool *used, const struct kvm2_map_plan *p)
{
	for (size_t i = 0; i < p->nr_changes; i++) {
		const struct kvm2_slot_change *change = &p->changes[i];

		if (change->kind == KVM2_SLOT_CREATE) {
			assert_false(used[change->new.id]);
			for (size_t id = 0; id < SLOTS; id++)
				assert_true(!used[id] ||
					    slots[id].region.gpa + slots[id].region.size <=
						    change->new.region.gpa ||
					    change->new.region.gpa + change->new.region.size <=
						    slots[id].region.gpa);
		} else {
			assert_true(used[change->old.id]);
			assert_memory_equal(&slots[change->old.id], &change->old,
					    sizeof(change->old));
		}
		if (change->kind == KVM2_SLOT_DELETE) {
			used[change->old.id] = false;
		} else {
			used[change->new.id] = true;
			slots[change->new.id] = change->new;
		}
	}
}

static void random_maps_are_reached_in_valid_steps(void **state)
{
	struct kvm2_map_plan current = { 0 };
	struct kvm2_slot slots[SLOTS];
	bool used[SLOTS] = { false };

	(void)state;
	srand(7);
	for (int round = 0; round < 3000; round++) {
		struct kvm2_memory_region next[16];
		struct kvm2_map_plan p;
		size_t count = 0;
		size_t in_use = 0;
		uint64_t gpa = 0;

		while (count < (size_t)(rand() % 17)) {
			uint64_t pages = 1 + (uint64_t)(rand() % 3);

			gpa += (uint64_t)(rand() % 2);
			next[count++] = region(gpa, pages, 1000 + gpa + (uint64_t)(rand() % 2),
					       (uint32_t)(rand() % 4));
			gpa += pages;
		}
		for (size_t i = count; i > 1; i--) {
			size_t j = (size_t)rand() % i;
			struct kvm2_memory_region other = next[j];

			next[j] = next[i - 1];
			next[i - 1] = other;
		}
		p = plan(current.slots, current.nr_slots, next, count);
		carry_out(slots, used, &p);
		for (size_t i = 0; i < p.nr_slots; i++)
			assert_memory_equal(&slots[p.slots[i].id], &p.slots[i], sizeof(p.slots[i]));
		for (size_t id = 0; id < SLOTS; id++)
			in_use += used[id];
		assert_int_equal(in_use, count);
		kvm2_map_plan_fini(&current);
		current = p;
	}
	kvm2_map_plan_fini(&current);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_map_is_created_in_order_of_addresses),
		cmocka_unit_test(the_same_map_needs_no_change),
		cmocka_unit_test(logging_alone_changes_flags),
		cmocka_unit_test(other_differences_replace_a_region),
		cmocka_unit_test(an_empty_map_deletes_all),
		cmocka_unit_test(regions_may_touch_but_not_overlap),
		cmocka_unit_test(wrong_regions_are_refused),
		cmocka_unit_test(random_maps_are_reached_in_valid_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
