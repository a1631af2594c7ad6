// SPDX-License-Identifier: GPL-2.0
/* libkvm2/src/dirty_runs.c: bitmaps to runs, within limits. */
#include "dirty_runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGES	200
#define WORDS	((PAGES + 63) / 64)
#define BASE	0x100000ULL

static struct kvm2_dirty_run to[PAGES];

static struct kvm2_dirty_runs runs(uint32_t room, uint64_t max_pages)
{
	memset(to, 0, sizeof(to));
	return (struct kvm2_dirty_runs){ .to = to, .room = room, .max_pages = max_pages };
}

static uint64_t gpa_of(uint64_t page)
{
	return BASE + page * KVM2_PAGE_BYTES;
}

static void neighbours_are_joined_across_words(void **state)
{
	const uint64_t bitmap[WORDS] = { 3ULL << 62 | 1, 1, 1ULL << 40 };
	uint64_t taken[WORDS] = { 0 };
	struct kvm2_dirty_runs r = runs(PAGES, UINT64_MAX);

	(void)state;
	assert_int_equal(kvm2_dirty_runs_take(&r, BASE, bitmap, 0, PAGES, taken), PAGES);
	assert_int_equal(r.count, 3);
	assert_int_equal(r.pages, 5);
	assert_int_equal(to[0].gpa, gpa_of(0));
	assert_int_equal(to[0].pages, 1);
	assert_int_equal(to[1].gpa, gpa_of(62));
	assert_int_equal(to[1].pages, 3);
	assert_int_equal(to[2].gpa, gpa_of(168));
	assert_memory_equal(taken, bitmap, sizeof(bitmap));
}

static void only_the_range_is_looked_at(void **state)
{
	const uint64_t bitmap[WORDS] = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	uint64_t taken[WORDS] = { 0 };
	struct kvm2_dirty_runs r = runs(PAGES, UINT64_MAX);

	(void)state;
	assert_int_equal(kvm2_dirty_runs_take(&r, BASE, bitmap, 10, 70, taken), 70);
	assert_int_equal(r.count, 1);
	assert_int_equal(to[0].gpa, gpa_of(10));
	assert_int_equal(to[0].pages, 60);
	assert_int_equal(taken[0], UINT64_MAX << 10);
	assert_int_equal(taken[1], 0x3f);
	assert_int_equal(taken[2], 0);
}

static void bitmaps_of_neighbours_make_one_run(void **state)
{
	const uint64_t bitmap[WORDS] = { 1 };
	struct kvm2_dirty_runs r = runs(PAGES, UINT64_MAX);

	(void)state;
	kvm2_dirty_runs_take(&r, BASE, bitmap, 0, 1, NULL);
	kvm2_dirty_runs_take(&r, BASE + KVM2_PAGE_BYTES, bitmap, 0, 1, NULL);
	assert_int_equal(r.count, 1);
	assert_int_equal(to[0].pages, 2);
}

static void a_page_limit_stops_at_the_next_dirty_page(void **state)
{
	const uint64_t bitmap[WORDS] = { 0x8f };
	uint64_t taken[WORDS] = { 0 };
	struct kvm2_dirty_runs r = runs(PAGES, 4);

	(void)state;
	assert_int_equal(kvm2_dirty_runs_take(&r, BASE, bitmap, 0, PAGES, taken), 7);
	assert_int_equal(r.pages, 4);
	assert_int_equal(taken[0], 0xf);
}

static void a_lack_of_room_stops_at_the_next_run(void **state)
{
	const uint64_t bitmap[WORDS] = { 0x7 | 0x30, 1 };
	uint64_t taken[WORDS] = { 0 };
	struct kvm2_dirty_runs r = runs(2, UINT64_MAX);

	(void)state;
	assert_int_equal(kvm2_dirty_runs_take(&r, BASE, bitmap, 0, PAGES, taken), 64);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.pages, 5);
	assert_int_equal(taken[0], 0x37);
	assert_int_equal(taken[1], 0);
}

static void no_room_takes_nothing(void **state)
{
	const uint64_t bitmap[WORDS] = { 0x10 };
	uint64_t taken[WORDS] = { 0 };
	struct kvm2_dirty_runs r = runs(0, UINT64_MAX);

	(void)state;
	assert_int_equal(kvm2_dirty_runs_take(&r, BASE, bitmap, 0, PAGES, taken), 4);
	assert_int_equal(r.pages, 0);
	assert_int_equal(taken[0], 0);
}

/* Whatever the limits: taken in parts, all is reported once. */
static void parts_add_up_to_the_whole(void **state)
{
	(void)state;
	srand(3);
	for (int round = 0; round < 2000; round++) {
		uint64_t bitmap[WORDS];
		uint64_t taken[WORDS] = { 0 };
		uint64_t seen[WORDS] = { 0 };
		uint64_t page = 0;

		for (size_t i = 0; i < WORDS; i++)
			bitmap[i] = ((uint64_t)rand() << 40 ^ (uint64_t)rand()) &
				    (rand() % 3 ? UINT64_MAX : 0);
		bitmap[WORDS - 1] &= (1ULL << (PAGES % 64)) - 1;
		while (page < PAGES) {
			struct kvm2_dirty_runs r = runs(1 + (uint32_t)(rand() % 5),
							1 + (uint64_t)(rand() % 20));
			uint64_t next = kvm2_dirty_runs_take(&r, BASE, bitmap, page, PAGES, taken);
			uint64_t pages = 0;

			assert_true(next > page);
			for (uint32_t i = 0; i < r.count; i++) {
				for (uint64_t j = 0; j < to[i].pages; j++) {
					uint64_t p = (to[i].gpa - BASE) / KVM2_PAGE_BYTES + j;

					assert_in_range(p, page, next - 1);
					assert_false(seen[p / 64] >> (p % 64) & 1);
					seen[p / 64] |= 1ULL << (p % 64);
					pages++;
				}
			}
			assert_int_equal(pages, r.pages);
			assert_in_range(pages, 0, r.max_pages);
			page = next;
		}
		assert_memory_equal(seen, bitmap, sizeof(bitmap));
		assert_memory_equal(taken, bitmap, sizeof(bitmap));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_joined_across_words),
		cmocka_unit_test(only_the_range_is_looked_at),
		cmocka_unit_test(bitmaps_of_neighbours_make_one_run),
		cmocka_unit_test(a_page_limit_stops_at_the_next_dirty_page),
		cmocka_unit_test(a_lack_of_room_stops_at_the_next_run),
		cmocka_unit_test(no_room_takes_nothing),
		cmocka_unit_test(parts_add_up_to_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
