// SPDX-License-Identifier: GPL-2.0
// Where RAM is, and who gets which part of it.
#include "layout.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MB (1ULL << 20)
#define GB (1ULL << 30)

static struct layout layout;
static struct failure failure;

static int setup(void **state)
{
	(void)state;
	layout_init(&layout, 64 * MB);
	return 0;
}

static void small_ram_has_a_hole_for_video_only(void **state)
{
	(void)state;
	assert_int_equal(layout.nr_banks, 2);
	assert_int_equal(layout_low_end(&layout), 64 * MB);
	assert_non_null(layout_find_bank(&layout, 0x9fff0, 16));
	assert_null(layout_find_bank(&layout, 0x9fff0, 17));
	assert_null(layout_find_bank(&layout, 0xa0000, 1));
	assert_non_null(layout_find_bank(&layout, 0xc0000, 64 * MB - 0xc0000));
	assert_null(layout_find_bank(&layout, 64 * MB - 1, 2));
}

static void ram_above_3g_continues_at_4g(void **state)
{
	const struct layout_bank *bank;

	(void)state;
	layout_init(&layout, 3 * GB);
	assert_int_equal(layout.nr_banks, 2);
	layout_init(&layout, 5 * GB);
	assert_int_equal(layout.nr_banks, 3);
	assert_int_equal(layout_low_end(&layout), 3 * GB);
	assert_null(layout_find_bank(&layout, 3 * GB, 1));
	bank = layout_find_bank(&layout, 6 * GB - 1, 1);
	assert_non_null(bank);
	assert_int_equal(bank->offset, 3 * GB);
	assert_null(layout_find_bank(&layout, 6 * GB, 1));
}

static void bank_lookup_survives_any_numbers(void **state)
{
	(void)state;
	assert_null(layout_find_bank(&layout, 0, ~0ULL));
	assert_null(layout_find_bank(&layout, ~0ULL, ~0ULL));
	assert_null(layout_find_bank(&layout, ~0ULL, 1));
	assert_null(layout_find_bank(&layout, 1, ~0ULL));
}

static void overlap_names_both(void **state)
{
	(void)state;
	assert_int_equal(layout_take(&layout, MB, 4096, "kernel", &failure), 0);
	assert_int_equal(layout_take(&layout, MB + 4095, 10, "module", &failure), -EEXIST);
	assert_non_null(strstr(failure.text, "module"));
	assert_non_null(strstr(failure.text, "kernel"));
	assert_int_equal(layout_take(&layout, MB - 10, 11, "other", &failure), -EEXIST);
	assert_int_equal(layout_take(&layout, MB + 4096, 1, "neighbour", &failure), 0);
	assert_int_equal(layout_take(&layout, MB, 0, "nothing", &failure), 0);
}

static void past_the_end_asks_for_more_memory(void **state)
{
	(void)state;
	assert_int_equal(layout_take(&layout, 64 * MB - 1, 2, "kernel", &failure), -ENOSPC);
	assert_non_null(strstr(failure.text, "--mem"));
	assert_int_equal(layout_take(&layout, 0x9ffff, 2, "kernel", &failure), -ENOSPC);
	assert_non_null(strstr(failure.text, "no RAM"));
	assert_int_equal(layout_take(&layout, 0xfee00000, 1, "kernel", &failure), -ENOSPC);
	assert_non_null(strstr(failure.text, "no RAM"));
	assert_int_equal(layout_take(&layout, ~0ULL, 2, "kernel", &failure), -ENOSPC);
}

static void places_are_page_aligned_above_1m_and_free(void **state)
{
	uint64_t gpa;

	(void)state;
	assert_int_equal(layout_take(&layout, 2 * MB, 1, "kernel", &failure), 0);
	assert_int_equal(layout_place(&layout, 0, 10, "first", &gpa, &failure), 0);
	assert_int_equal(gpa, MB);
	assert_int_equal(layout_place(&layout, 0, MB, "second", &gpa, &failure), 0);
	assert_int_equal(gpa, 2 * MB + 4096);
	assert_int_equal(layout_place(&layout, 0, 4096, "third", &gpa, &failure), 0);
	assert_int_equal(gpa, MB + 4096);
	assert_int_equal(layout_place(&layout, 0, 0, "empty", &gpa, &failure), 0);
	assert_int_equal(layout_place(&layout, 0, 61 * MB, "large", &gpa, &failure), -ENOSPC);
	assert_non_null(strstr(failure.text, "large"));
	assert_non_null(strstr(failure.text, "--mem"));
}

static void full_table_is_an_error(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < LAYOUT_USES_MAX; i++)
		assert_int_equal(layout_take(&layout, MB + i, 1, "byte", &failure), 0);
	assert_int_equal(layout_take(&layout, MB + i, 1, "byte", &failure), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(small_ram_has_a_hole_for_video_only, setup),
		cmocka_unit_test_setup(ram_above_3g_continues_at_4g, setup),
		cmocka_unit_test_setup(bank_lookup_survives_any_numbers, setup),
		cmocka_unit_test_setup(overlap_names_both, setup),
		cmocka_unit_test_setup(past_the_end_asks_for_more_memory, setup),
		cmocka_unit_test_setup(places_are_page_aligned_above_1m_and_free, setup),
		cmocka_unit_test_setup(full_table_is_an_error, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
