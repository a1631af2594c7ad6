// SPDX-License-Identifier: GPL-2.0
// Which device an access reaches, and in what pieces.
#include "ports.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LOG_MAX 16

/* A device that remembers its accesses and answers with the offset. */
struct recorder {
	unsigned int nr;
	unsigned int done;
	struct {
		uint16_t offset;
		unsigned int width;
		bool is_write;
		uint32_t value;
	} log[LOG_MAX];
};

static void record(struct recorder *recorder, uint16_t offset, unsigned int width, bool is_write,
		   uint32_t value)
{
	assert_in_range(recorder->nr, 0, LOG_MAX - 1);
	recorder->log[recorder->nr].offset = offset;
	recorder->log[recorder->nr].width = width;
	recorder->log[recorder->nr].is_write = is_write;
	recorder->log[recorder->nr].value = value;
	recorder->nr++;
}

static uint32_t recorder_read(void *device, uint16_t offset, unsigned int width)
{
	record(device, offset, width, false, 0);
	return 0x44332211U + offset;
}

static void recorder_write(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	record(device, offset, width, true, value);
}

static void recorder_done(void *device)
{
	((struct recorder *)device)->done++;
}

static const struct port_ops byte_ops = {
	.widths = 1, .read = recorder_read, .write = recorder_write, .done = recorder_done,
};

static const struct port_ops wide_ops = {
	.widths = 1 | 2 | 4, .read = recorder_read, .write = recorder_write,
};

static const struct port_ops no_ops = { .widths = 1 };

static struct ports ports;
static struct recorder bytes;
static struct recorder wide;

static int setup(void **state)
{
	(void)state;
	memset(&bytes, 0, sizeof(bytes));
	memset(&wide, 0, sizeof(wide));
	ports_init(&ports);
	return ports_add(&ports, 0x100, 4, &byte_ops, &bytes) ||
	       ports_add(&ports, 0x200, 4, &wide_ops, &wide) ||
	       ports_add(&ports, 0x300, 1, &no_ops, NULL) ||
	       ports_add(&ports, 0xffff, 1, &byte_ops, &bytes);
}

static int teardown(void **state)
{
	(void)state;
	ports_fini(&ports);
	return 0;
}

static void unclaimed_ports_read_as_ones(void **state)
{
	uint8_t data[12] = { 0 };

	(void)state;
	ports_access(&ports, 0x400, 4, 3, false, data);
	for (size_t i = 0; i < sizeof(data); i++)
		assert_int_equal(data[i], 0xff);
	memset(data, 0, sizeof(data));
	ports_access(&ports, 0x400, 1, 2, false, data);
	assert_memory_equal(data, "\xff\xff\0", 3);
	ports_access(&ports, 0x400, 4, 3, true, data);
	assert_int_equal(bytes.nr + wide.nr, 0);
}

static void operations_that_a_device_lacks_do_nothing(void **state)
{
	uint8_t data[1] = { 0 };

	(void)state;
	ports_access(&ports, 0x300, 1, 1, true, data);
	ports_access(&ports, 0x300, 1, 1, false, data);
	assert_int_equal(data[0], 0xff);
}

static void access_in_a_width_it_takes_is_whole(void **state)
{
	uint8_t data[4] = { 1, 2, 3, 4 };

	(void)state;
	ports_access(&ports, 0x200, 4, 1, true, data);
	assert_int_equal(wide.nr, 1);
	assert_int_equal(wide.log[0].width, 4);
	assert_int_equal(wide.log[0].value, 0x04030201);
	ports_access(&ports, 0x202, 2, 1, false, data);
	assert_memory_equal(data, "\x13\x22", 2);
}

static void wide_access_to_bytes_is_split_over_neighbours(void **state)
{
	uint8_t data[4] = { 1, 2, 3, 4 };

	(void)state;
	ports_access(&ports, 0x102, 4, 1, true, data);
	assert_int_equal(bytes.nr, 2);
	assert_int_equal(bytes.log[0].offset, 2);
	assert_int_equal(bytes.log[0].value, 1);
	assert_int_equal(bytes.log[1].offset, 3);
	assert_int_equal(bytes.log[1].value, 2);
	ports_access(&ports, 0x102, 4, 1, false, data);
	assert_memory_equal(data, "\x13\x14\xff\xff", 4);
}

static void wide_access_below_a_device_reaches_it(void **state)
{
	uint8_t data[2] = { 1, 2 };

	(void)state;
	ports_access(&ports, 0xff, 2, 1, true, data);
	assert_int_equal(bytes.nr, 1);
	assert_int_equal(bytes.log[0].offset, 0);
	assert_int_equal(bytes.log[0].value, 2);
}

static void access_at_the_last_port_wraps_around(void **state)
{
	uint8_t data[4] = { 1, 2, 3, 4 };

	(void)state;
	ports_access(&ports, 0xffff, 4, 1, true, data);
	assert_int_equal(bytes.nr, 1);
	assert_int_equal(bytes.log[0].value, 1);
}

static void strings_are_one_exit(void **state)
{
	uint8_t data[] = { 7, 8, 9 };

	(void)state;
	ports_access(&ports, 0x101, 1, 3, true, data);
	assert_int_equal(bytes.nr, 3);
	assert_int_equal(bytes.log[2].value, 9);
	assert_int_equal(bytes.log[2].offset, 1);
	assert_int_equal(bytes.done, 1);
}

static void ranges_do_not_overlap(void **state)
{
	(void)state;
	assert_int_equal(ports_add(&ports, 0xfe, 3, &byte_ops, &bytes), -EEXIST);
	assert_int_equal(ports_add(&ports, 0x103, 1, &byte_ops, &bytes), -EEXIST);
	assert_int_equal(ports_add(&ports, 0x104, 1, &byte_ops, &bytes), 0);
}

static void table_has_an_end(void **state)
{
	uint16_t port = 0x1000;

	(void)state;
	while (ports.nr < PORTS_MAX)
		assert_int_equal(ports_add(&ports, port++, 1, &byte_ops, &bytes), 0);
	assert_int_equal(ports_add(&ports, port, 1, &byte_ops, &bytes), -ENOSPC);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(unclaimed_ports_read_as_ones),
		TEST(operations_that_a_device_lacks_do_nothing),
		TEST(access_in_a_width_it_takes_is_whole),
		TEST(wide_access_to_bytes_is_split_over_neighbours),
		TEST(wide_access_below_a_device_reaches_it),
		TEST(access_at_the_last_port_wraps_around),
		TEST(strings_are_one_exit),
		TEST(ranges_do_not_overlap),
		TEST(table_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
