// SPDX-License-Identifier: GPL-2.0
// Which writes end a run, and how.
#include "power.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ports ports;
static struct power power;
static struct ending ending;

static void note_end(void *context, struct ending how)
{
	(void)context;
	ending = how;
}

static int setup(void **state)
{
	(void)state;
	memset(&ending, 0, sizeof(ending));
	ports_init(&ports);
	power.end = note_end;
	return power_add_ports(&power, &ports);
}

static int teardown(void **state)
{
	(void)state;
	ports_fini(&ports);
	return 0;
}

/* One row a write: the port, its width and value, and the end that it is. */
static void writes_end_the_run_as_on_a_pc(void **state)
{
	static const struct {
		uint16_t port;
		unsigned int width;
		uint32_t value;
		struct ending ending;
	} rows[] = {
		{ 0xf4, 1, 0, { ENDING_EXIT_PORT, 1 } },
		{ 0xf4, 4, 5, { ENDING_EXIT_PORT, 11 } },
		{ 0xf4, 2, 0x1234, { ENDING_EXIT_PORT, 0x2469 } },
		{ 0xf5, 1, 1, { ENDING_EXIT_PORT, 3 } },
		{ 0xf8, 1, 0, { ENDING_NONE, 0 } },
		{ 0x64, 1, 0xfe, { ENDING_RESET, 0 } },
		{ 0x64, 1, 0xd1, { ENDING_NONE, 0 } },
		{ 0x60, 1, 0xdf, { ENDING_NONE, 0 } },
		{ 0x92, 1, 0x02, { ENDING_NONE, 0 } },
		{ 0x92, 1, 0x03, { ENDING_RESET, 0 } },
		{ 0xcf9, 1, 0x02, { ENDING_NONE, 0 } },
		{ 0xcf9, 1, 0x06, { ENDING_RESET, 0 } },
		{ 0xcf8, 4, 0x80000600, { ENDING_NONE, 0 } },
		{ 0x604, 2, 0x2000, { ENDING_POWER_OFF, 0 } },
		{ 0xb004, 2, 0x2000, { ENDING_POWER_OFF, 0 } },
		{ 0xb004, 2, 0x2400, { ENDING_NONE, 0 } },
		{ 0xb004, 2, 0x0001, { ENDING_NONE, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t value = rows[i].value;

		memset(&ending, 0, sizeof(ending));
		ports_access(&ports, rows[i].port, rows[i].width, 1, true, (uint8_t *)&value);
		if (ending.kind != rows[i].ending.kind || ending.value != rows[i].ending.value)
			fail_msg("row %zu: ending %d, value %u", i, ending.kind, ending.value);
	}
}

static void reads_show_a_ready_pc(void **state)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} rows[] = { { 0x60, 0 }, { 0x64, 0 }, { 0x92, 2 }, { 0xf4, 0 }, { 0xcf9, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t byte = 0x55;

		ports_access(&ports, rows[i].port, 1, 1, false, &byte);
		assert_int_equal(byte, rows[i].value);
	}
	assert_int_equal(ending.kind, ENDING_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_end_the_run_as_on_a_pc, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_show_a_ready_pc, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
