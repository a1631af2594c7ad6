// SPDX-License-Identifier: GPL-2.0
// The clock chip at a known time.
#include "cmos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MB (1ULL << 20)
#define GB (1ULL << 30)

static struct ports ports;
static struct cmos cmos;

/* Friday, 2024-03-01 23:59:58 UTC */
static time_t a_friday(time_t *to)
{
	(void)to;
	return 1709337598;
}

static int setup(void **state)
{
	(void)state;
	ports_init(&ports);
	cmos_init(&cmos, 3 * GB, 2 * GB, 8, a_friday);
	return ports_add(&ports, CMOS_PORT, CMOS_PORTS, &cmos_ops, &cmos);
}

static int teardown(void **state)
{
	(void)state;
	ports_fini(&ports);
	return 0;
}

static uint8_t get(uint8_t index)
{
	uint8_t byte;

	ports_access(&ports, CMOS_PORT, 1, 1, true, &index);
	ports_access(&ports, CMOS_PORT + 1, 1, 1, false, &byte);
	return byte;
}

static void time_is_in_bcd(void **state)
{
	(void)state;
	assert_int_equal(get(0x00), 0x58);
	assert_int_equal(get(0x02), 0x59);
	assert_int_equal(get(0x04), 0x23);
	assert_int_equal(get(0x06), 0x06);
	assert_int_equal(get(0x07), 0x01);
	assert_int_equal(get(0x08), 0x03);
	assert_int_equal(get(0x09), 0x24);
	assert_int_equal(get(0x32), 0x20);
}

static void status_says_24_hours_valid_and_no_update(void **state)
{
	(void)state;
	assert_int_equal(get(0x0a) & 0x80, 0);
	assert_int_equal(get(0x0b), 0x02);
	assert_int_equal(get(0x0d), 0x80);
}

static void memory_sizes_are_cut_to_their_fields(void **state)
{
	(void)state;
	assert_int_equal(get(0x15) | get(0x16) << 8, 640);
	assert_int_equal(get(0x17) | get(0x18) << 8, 63 * 1024);
	assert_int_equal(get(0x34) | get(0x35) << 8, (3 * GB - 16 * MB) >> 16);
	assert_int_equal(get(0x5b) | get(0x5c) << 8 | get(0x5d) << 16, 2 * GB >> 16);
	cmos_init(&cmos, 8 * MB, 0, 1, a_friday);
	assert_int_equal(get(0x17) | get(0x18) << 8, 7 * 1024);
	assert_int_equal(get(0x34) | get(0x35) << 8, 0);
}

static void further_cpus_are_counted(void **state)
{
	(void)state;
	assert_int_equal(get(0x5f), 7);
}

static void nmi_bit_of_the_index_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(get(0x8d), 0x80);
}

static void writes_change_nothing(void **state)
{
	uint8_t byte = 0x11;

	(void)state;
	get(0x02);
	ports_access(&ports, CMOS_PORT + 1, 1, 1, true, &byte);
	assert_int_equal(get(0x02), 0x59);
	ports_access(&ports, CMOS_PORT, 1, 1, false, &byte);
	assert_int_equal(byte, 0xff);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(time_is_in_bcd),
		TEST(status_says_24_hours_valid_and_no_update),
		TEST(memory_sizes_are_cut_to_their_fields),
		TEST(further_cpus_are_counted),
		TEST(nmi_bit_of_the_index_is_ignored),
		TEST(writes_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
