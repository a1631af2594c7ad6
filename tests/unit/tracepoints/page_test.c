// SPDX-License-Identifier: LGPL-2.1
// page.c: what the kernel writes, and what it never would.
#include "page.h"

#include <kvm2/trace.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint8_t bytes[256];
static size_t used;
static struct page page;
static const void *data;
static uint64_t lost;
static size_t size;

static void put32(uint32_t word)
{
	memcpy(bytes + used, &word, 4);
	used += 4;
}

static void begin(uint64_t time_ns)
{
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, &time_ns, 8);
	used = 16;
}

static int open_page(uint64_t flags)
{
	const uint64_t commit = (used - 16) | flags;

	memcpy(bytes + 8, &commit, 8);
	return page_open(&page, bytes, sizeof(bytes), &lost);
}

static void events_have_the_sum_of_their_deltas(void **state)
{
	(void)state;
	begin(1000);
	put32(10 << 5 | 2);		/* 8 bytes */
	put32(0x11111111);
	put32(0x22222222);
	put32(5 << 5 | 30);		/* more time than 27 bits hold */
	put32(3);
	put32(7 << 5 | 0);		/* a length of its own */
	put32(4 + 6);
	put32(0x33333333);
	put32(0x4444);
	put32(100 << 5 | 29);		/* discarded */
	put32(8);
	put32(0);
	put32(1 << 5 | 1);
	put32(0x55555555);
	assert_int_equal(open_page(0), 0);
	assert_int_equal(lost, 0);
	assert_int_equal(page_next(&page, &data, &size), 1);
	assert_int_equal(size, 8);
	assert_int_equal(page.time_ns, 1010);
	assert_int_equal(page_next(&page, &data, &size), 1);
	assert_int_equal(size, 6);
	assert_int_equal(page.time_ns, 1010 + 5 + (3ULL << 27) + 7);
	assert_int_equal(page_next(&page, &data, &size), 1);
	assert_int_equal(page.time_ns, 1015 + (3ULL << 27) + 7 + 100 + 1);
	assert_int_equal(*(const uint32_t *)data, 0x55555555);
	assert_int_equal(page_next(&page, &data, &size), 0);
	assert_int_equal(page_next(&page, &data, &size), 0);
}

static void a_full_stamp_lacks_its_upper_bits(void **state)
{
	(void)state;
	begin(0x7800000000000001);
	put32(9 << 5 | 31);
	put32(2);
	put32(0 << 5 | 1);
	put32(0);
	assert_int_equal(open_page(0), 0);
	assert_int_equal(page_next(&page, &data, &size), 1);
	assert_true(page.time_ns == (0x7800000000000000 | 2ULL << 27 | 9));
}

static void losses_are_before_the_first_event(void **state)
{
	(void)state;
	begin(1);
	put32(1);
	put32(0);
	bytes[24] = 42;
	assert_int_equal(open_page(1ULL << 31 | 1ULL << 30), 0);
	assert_int_equal(lost, 42);
	assert_int_equal(open_page(1ULL << 31), 0);
	assert_true(lost == KVM2_TRACE_LOST_UNKNOWN);
}

static void nonsense_is_refused(void **state)
{
	static const uint32_t heads[] = { 28, 0, 30, 31, 1 << 5 | 29 };

	(void)state;
	begin(1);
	assert_int_equal(page_open(&page, bytes, 15, &lost), -EINVAL);
	used = sizeof(bytes) + 1;
	assert_int_equal(open_page(0), -EINVAL);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		begin(1);
		put32(heads[i]);
		assert_int_equal(open_page(0), 0);
		assert_int_equal(page_next(&page, &data, &size), -EINVAL);
		assert_int_equal(page_next(&page, &data, &size), 0);
	}
	/* Lengths that are too small, and too large. */
	for (uint32_t length = 0; length < 12; length += 3) {
		begin(1);
		put32(0);
		put32(length == 9 ? 1000 : length);
		assert_int_equal(open_page(0), 0);
		assert_int_equal(page_next(&page, &data, &size), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_have_the_sum_of_their_deltas),
		cmocka_unit_test(a_full_stamp_lacks_its_upper_bits),
		cmocka_unit_test(losses_are_before_the_first_event),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
