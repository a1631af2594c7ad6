// SPDX-License-Identifier: GPL-2.0
// The information structure, read as a kernel reads it.
#include "multiboot_info.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"

#define GPA 0x9f000U

static const struct multiboot_module modules[] = {
	{ 0x200000, 0x200010, "first one" },
	{ 0x201000, 0x201000, "" },
};

static const struct multiboot_memory memory[] = {
	{ 0, GPA, MULTIBOOT_INFO_AVAILABLE },
	{ 0x100000000, 0x40000000, MULTIBOOT_INFO_RESERVED },
};

static const struct multiboot_facts facts = {
	.lower_kb = 636,
	.upper_kb = 1024,
	.cmdline = "kernel a=b",
	.loader = "loader",
	.modules = modules,
	.nr_modules = 2,
	.memory = memory,
	.nr_memory = 2,
};

/* Exactly as large as announced, for the sanitizer. */
static uint8_t *info;
static size_t info_bytes;

static int setup(void **state)
{
	(void)state;
	info_bytes = multiboot_info_bytes(&facts);
	info = malloc(info_bytes);
	if (!info)
		return -1;
	memset(info, 0xaa, info_bytes);
	multiboot_info_write(info, GPA, &facts);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(info);
	return 0;
}

static const uint8_t *at(uint32_t gpa)
{
	assert_in_range(gpa, GPA, GPA + info_bytes - 1);
	return info + (gpa - GPA);
}

static void flags_tell_what_is_there(void **state)
{
	(void)state;
	assert_int_equal(bytes_get32(info), 1U << 0 | 1U << 2 | 1U << 3 | 1U << 6 | 1U << 9);
	assert_int_equal(bytes_get32(info + 4), 636);
	assert_int_equal(bytes_get32(info + 8), 1024);
}

static void strings_are_where_the_fields_point(void **state)
{
	(void)state;
	assert_string_equal(at(bytes_get32(info + 16)), "kernel a=b");
	assert_string_equal(at(bytes_get32(info + 64)), "loader");
}

static void modules_have_bounds_and_strings(void **state)
{
	const uint8_t *module = at(bytes_get32(info + 24));

	(void)state;
	assert_int_equal(bytes_get32(info + 20), 2);
	assert_int_equal(bytes_get32(module), 0x200000);
	assert_int_equal(bytes_get32(module + 4), 0x200010);
	assert_string_equal(at(bytes_get32(module + 8)), "first one");
	assert_int_equal(bytes_get32(module + 16), 0x201000);
	assert_int_equal(bytes_get32(module + 20), 0x201000);
	assert_string_equal(at(bytes_get32(module + 24)), "");
	assert_int_equal(bytes_get32(module + 28), 0);
}

static void map_entries_tell_their_size(void **state)
{
	const uint8_t *entry = at(bytes_get32(info + 48));

	(void)state;
	assert_int_equal(bytes_get32(info + 44), 48);
	assert_int_equal(bytes_get32(entry), 20);
	assert_int_equal(bytes_get64(entry + 4), 0);
	assert_int_equal(bytes_get64(entry + 12), GPA);
	assert_int_equal(bytes_get32(entry + 20), 1);
	assert_int_equal(bytes_get64(entry + 28), 0x100000000);
	assert_int_equal(bytes_get64(entry + 36), 0x40000000);
	assert_int_equal(bytes_get32(entry + 44), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(flags_tell_what_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(strings_are_where_the_fields_point, setup,
						teardown),
		cmocka_unit_test_setup_teardown(modules_have_bounds_and_strings, setup, teardown),
		cmocka_unit_test_setup_teardown(map_entries_tell_their_size, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
