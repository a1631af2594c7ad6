// SPDX-License-Identifier: LGPL-2.1
// page_build.c: page.c reads what it makes.
#include "page_build.h"

#include "page.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define PAGE_BYTES	4096
/* Without the headers of the page and the event. */
#define EVENT_BYTES_MAX	(PAGE_BYTES - 16 - 8)

static struct page_build page;
static uint8_t data[2 * PAGE_BYTES];

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 1);
	return page_build_init(&page, PAGE_BYTES);
}

static int teardown(void **state)
{
	(void)state;
	page_build_fini(&page);
	return 0;
}

/* The next event is the first @size bytes of @data, and perhaps some zeros. */
static void has(struct page *in, uint64_t time_ns, size_t size)
{
	static const uint8_t zeros[4];
	const void *bytes;
	size_t length;

	assert_int_equal(page_next(in, &bytes, &length), 1);
	assert_int_equal(length, (size + 3) / 4 * 4);
	assert_memory_equal(bytes, data, size);
	assert_memory_equal((const uint8_t *)bytes + size, zeros, length - size);
	assert_true(in->time_ns == time_ns);
}

static void open_it(struct page *in)
{
	uint64_t lost;

	assert_int_equal(page_open(in, page.bytes, PAGE_BYTES, &lost), 0);
	assert_int_equal(lost, 0);
}

static void has_no_more(struct page *in)
{
	const void *bytes;
	size_t length;

	assert_int_equal(page_next(in, &bytes, &length), 0);
}

static void events_of_all_sizes_are_read_again(void **state)
{
	struct page in;

	(void)state;
	for (size_t size = 8; size <= EVENT_BYTES_MAX; size++) {
		page_build_clear(&page);
		assert_int_equal(page_build_add(&page, 1000 + size, data, size), 0);
		open_it(&in);
		has(&in, 1000 + size, size);
		has_no_more(&in);
	}
}

static void times_may_be_far_apart(void **state)
{
	static const uint64_t times[] = {
		5, 5, 6, 6 + (1 << 27) - 1, 6 + (2ULL << 27) - 1, 1ULL << 40, (1ULL << 59) - 1,
	};
	struct page in;

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_int_equal(page_build_add(&page, times[i], data, 8 + i * 20), 0);
	open_it(&in);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		has(&in, times[i], 8 + i * 20);
	has_no_more(&in);
	/* Farther than a page can tell: the next one. */
	assert_int_equal(page_build_add(&page, UINT64_MAX, data, 8), -ENOSPC);
	page_build_clear(&page);
	assert_int_equal(page_build_add(&page, UINT64_MAX, data, 8), 0);
	open_it(&in);
	has(&in, UINT64_MAX, 8);
}

static void a_full_page_has_a_next_one(void **state)
{
	uint64_t time_ns = 1;
	size_t count = 0;
	struct page in;

	(void)state;
	while (!page_build_add(&page, time_ns, data, count ? 12 : 28)) {
		time_ns += 1 + (count % 3 == 0) * (1 << 28);
		count++;
	}
	assert_int_equal(page_build_add(&page, time_ns, data, 12), -ENOSPC);
	/* A third has a time of its own, as the next one would, for which 16 bytes do not do. */
	assert_int_equal(page.used, PAGE_BYTES - 16);
	open_it(&in);
	time_ns = 1;
	for (size_t i = 0; i < count; i++) {
		has(&in, time_ns, i ? 12 : 28);
		time_ns += 1 + (i % 3 == 0) * (1 << 28);
	}
	has_no_more(&in);
	page_build_clear(&page);
	open_it(&in);
	has_no_more(&in);
	assert_int_equal(page_build_add(&page, time_ns, data, 12), 0);
	open_it(&in);
	has(&in, time_ns, 12);
	has_no_more(&in);
}

static void what_is_not_possible_is_refused(void **state)
{
	(void)state;
	assert_int_equal(page_build_add(&page, 1, data, EVENT_BYTES_MAX + 1), -EMSGSIZE);
	assert_int_equal(page_build_add(&page, 1, data, SIZE_MAX), -EMSGSIZE);
	assert_int_equal(page_build_add(&page, 1, data, SIZE_MAX - 3), -EMSGSIZE);
	assert_int_equal(page_build_add(&page, 1, data, 7), -EINVAL);
	assert_int_equal(page_build_add(&page, 1, data, 0), -EINVAL);
	assert_int_equal(page.used, 0);
	assert_int_equal(page_build_add(&page, 9, data, 8), 0);
	assert_int_equal(page_build_add(&page, 8, data, 8), -EINVAL);
	page_build_clear(&page);
	assert_int_equal(page_build_add(&page, 8, data, 8), -EINVAL);
	assert_int_equal(page_build_add(&page, 9, data, 8), 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_of_all_sizes_are_read_again),
		TEST(times_may_be_far_apart),
		TEST(a_full_page_has_a_next_one),
		TEST(what_is_not_possible_is_refused),
	};

	return cmocka_run_group_tests_name("page_build", tests, NULL, NULL);
}
