// SPDX-License-Identifier: LGPL-2.1
// format.c: what is rewritten, and what is left alone.
#include "format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void becomes(const char *text, const char *expected)
{
	size_t size = strlen(text);
	char *copy = format_repair(text, &size);

	assert_non_null(copy);
	assert_string_equal(copy, expected);
	assert_int_equal(size, strlen(expected));
	free(copy);
}

static void enumerators_get_their_values(void **state)
{
	(void)state;
	becomes("REC->c, {VDSO_CLOCKMODE_NONE, \"none\"}, {VDSO_CLOCKMODE_TSC, \"tsc\"}",
		"REC->c, {0, \"none\"}, {1, \"tsc\"}");
}

static void signed_comparisons_look_at_the_sign(void **state)
{
	(void)state;
	becomes("REC->errno < 0 ? (REC->errno == -4 ? 1 : 2) : 3",
		"REC->errno >> 31 ? (REC->errno == 0xfffffffc ? 1 : 2) : 3");
	becomes("REC->delta < 0 ?", "REC->delta >> 63 ?");
}

static void other_text_is_left_alone(void **state)
{
	(void)state;
	becomes("", "");
	becomes("REC->errno", "REC->errno");
	becomes("print fmt: \"%u\", REC->delta < 1 ? 2 : 3",
		"print fmt: \"%u\", REC->delta < 1 ? 2 : 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enumerators_get_their_values),
		cmocka_unit_test(signed_comparisons_look_at_the_sign),
		cmocka_unit_test(other_text_is_left_alone),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
