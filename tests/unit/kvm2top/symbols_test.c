// SPDX-License-Identifier: GPL-2.0
// Names of addresses.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "symbols.h"

static struct symbols *read_text(const char *text, uint64_t offset)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct symbols *symbols = symbols_read(file, offset);

	fclose(file);
	return symbols;
}

static void an_address_has_the_name_before_it(void **state)
{
	struct symbols *symbols = read_text("ffffffff81000100 T schedule\nffffffff81000000 t start\n"
					    "ffffffff81000080 D data\nno line of this kind\n", 0);
	char name[64];

	(void)state;
	assert_non_null(symbols);
	assert_string_equal(symbols_find(symbols, 0xffffffff81000100, name, sizeof(name)), "schedule+0x0");
	assert_string_equal(symbols_find(symbols, 0xffffffff8100011c, name, sizeof(name)), "schedule+0x1c");
	assert_string_equal(symbols_find(symbols, 0xffffffff810000ff, name, sizeof(name)), "start+0xff");
	assert_string_equal(symbols_find(symbols, 0x1000, name, sizeof(name)), "");
	assert_string_equal(symbols_find(symbols, UINT64_MAX, name, sizeof(name)), "");
	symbols_destroy(symbols);
}

static void an_offset_moves_them(void **state)
{
	struct symbols *symbols = read_text("1000 T here\n", 0x500);
	char name[64];

	(void)state;
	assert_string_equal(symbols_find(symbols, 0x1510, name, sizeof(name)), "here+0x10");
	assert_string_equal(symbols_find(symbols, 0x1010, name, sizeof(name)), "");
	symbols_destroy(symbols);
}

static void a_file_without_symbols_is_none(void **state)
{
	char name[64];

	(void)state;
	assert_null(read_text("nothing here\n", 0));
	assert_null(symbols_load("/nonexistent/System.map"));
	assert_string_equal(symbols_find(NULL, 1, name, sizeof(name)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_the_name_before_it),
		cmocka_unit_test(an_offset_moves_them),
		cmocka_unit_test(a_file_without_symbols_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
