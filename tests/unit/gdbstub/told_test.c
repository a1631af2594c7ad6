// SPDX-License-Identifier: GPL-2.0
// Values of registers that gdb was told.
#include "told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct told told;
static const int vm[2];

static int forget_all(void **state)
{
	(void)state;
	memset(&told, 0, sizeof(told));
	return 0;
}

static void what_was_told_is_known(void **state)
{
	const uint8_t value[4] = { 1, 2, 3, 4 };
	const uint8_t other[4] = { 1, 2, 3, 5 };

	(void)state;
	assert_false(told_has(&told, &vm[0], 7, value, sizeof(value)));
	told_add(&told, &vm[0], 7, value, sizeof(value));
	assert_true(told_has(&told, &vm[0], 7, value, sizeof(value)));
	assert_false(told_has(&told, &vm[0], 7, other, sizeof(other)));
	assert_false(told_has(&told, &vm[0], 8, value, sizeof(value)));
	assert_false(told_has(&told, &vm[1], 7, value, sizeof(value)));
}

static void the_oldest_are_forgotten(void **state)
{
	uint32_t value;

	(void)state;
	for (value = 0; value <= TOLD_MAX; value++) {
		told_add(&told, &vm[0], 7, (const uint8_t *)&value, sizeof(value));
		told_add(&told, &vm[0], 7, (const uint8_t *)&value, sizeof(value));
	}
	value = 0;
	assert_false(told_has(&told, &vm[0], 7, (const uint8_t *)&value, sizeof(value)));
	for (value = 1; value <= TOLD_MAX; value++)
		assert_true(told_has(&told, &vm[0], 7, (const uint8_t *)&value, sizeof(value)));
}

static void long_values_are_not_kept(void **state)
{
	const uint8_t value[TOLD_BYTES + 1] = { 0 };

	(void)state;
	told_add(&told, &vm[0], 7, value, sizeof(value));
	assert_false(told_has(&told, &vm[0], 7, value, sizeof(value)));
	assert_int_equal(told.next, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_told_is_known, forget_all),
		cmocka_unit_test_setup(the_oldest_are_forgotten, forget_all),
		cmocka_unit_test_setup(long_values_are_not_kept, forget_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
