// SPDX-License-Identifier: GPL-2.0
// Registers and queues of a device that does nothing: what a guest may do to it, and what it may not.
#include "virtio_mmio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "virtio_driver.h"

#define FEATURE		(1ULL << 9)
#define NEEDS_RESET	0x40

static const uint8_t config[6] = { 1, 2, 3, 4, 5, 6 };
static struct driver driver;
static struct virtio virtio;
static struct virtqueue_chain chain;
static unsigned int served;

/* Takes all there is, and keeps the last. */
static void serve(struct virtio *device, unsigned int number)
{
	while (virtio_pop(device, number, &chain)) {
		served++;
		virtio_push(device, number, &chain, 7);
	}
}

static const struct virtio_ops ops = { .id = 42, .nr_queues = 1, .serve = serve };

static int set_up(void **state)
{
	(void)state;
	served = 0;
	driver_init(&driver);
	memset(&virtio, 0, sizeof(virtio));
	virtio.features = FEATURE;
	virtio.config = config;
	virtio.config_bytes = sizeof(config);
	virtio_init(&virtio, &ops, &driver.host, DRIVER_INPUT);
	driver.virtio = &virtio;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	driver_fini(&driver);
	return 0;
}

static void start(uint32_t entries)
{
	driver_start(&driver, &virtio, entries);
}

static void assert_broken(void)
{
	assert_int_equal(driver_get(&driver, 0x70) & NEEDS_RESET, NEEDS_RESET);
	assert_int_equal(served, 0);
}

/* One descriptor is offered, and is no request. */
static void refuses(uint64_t gpa, uint32_t len, uint16_t flags, uint16_t next)
{
	start(8);
	driver_describe(&driver, 0, 0, gpa, len, flags, next);
	driver_offer(&driver, 0, 0);
	driver_notify(&driver, 0);
	assert_broken();
	assert_int_equal(driver_used(&driver, 0), 0);
}

/* ---- registers ---- */

static void identification(void **state)
{
	(void)state;
	assert_int_equal(driver_get(&driver, 0), 0x74726976);
	assert_int_equal(driver_get(&driver, 4), 2);
	assert_int_equal(driver_get(&driver, 8), 42);
	assert_int_equal(driver_get(&driver, 0x34), VIRTQUEUE_ENTRIES_MAX);
	driver_set(&driver, 0x30, 1);
	assert_int_equal(driver_get(&driver, 0x34), 0);
	driver_set(&driver, 0x30, ~0U);
	driver_set(&driver, 0x38, 8);
	driver_set(&driver, 0x44, 1);
	assert_int_equal(driver_get(&driver, 0x44), 0);
}

static void features_are_in_two_halves(void **state)
{
	(void)state;
	assert_int_equal(driver_get(&driver, 0x10), FEATURE);
	driver_set(&driver, 0x14, 1);
	assert_int_equal(driver_get(&driver, 0x10), 1);
	driver_set(&driver, 0x14, 2);
	assert_int_equal(driver_get(&driver, 0x10), 0);
}

static void features_that_were_not_offered_are_not_OK(void **state)
{
	(void)state;
	driver_set(&driver, 0x70, 3);
	driver_set(&driver, 0x24, 1);
	driver_set(&driver, 0x20, 3);
	driver_set(&driver, 0x70, 0xb);
	assert_int_equal(driver_get(&driver, 0x70), 3);
	/* Without VERSION_1 neither. */
	driver_set(&driver, 0x20, 0);
	driver_set(&driver, 0x70, 0xb);
	assert_int_equal(driver_get(&driver, 0x70), 3);
	driver_set(&driver, 0x20, 1);
	driver_set(&driver, 0x70, 0xb);
	assert_int_equal(driver_get(&driver, 0x70), 0xb);
}

static void configuration_ends_where_it_ends(void **state)
{
	(void)state;
	assert_int_equal(virtio_mmio_ops.read(&virtio, 0x100, 4), 0x04030201);
	assert_int_equal(virtio_mmio_ops.read(&virtio, 0x104, 2), 0x0605);
	assert_int_equal(virtio_mmio_ops.read(&virtio, 0x105, 1), 6);
	assert_int_equal(virtio_mmio_ops.read(&virtio, 0x104, 4), 0);
	assert_int_equal(virtio_mmio_ops.read(&virtio, 0x106, 1), 0);
	assert_int_equal(virtio_mmio_ops.read(&virtio, 0xfff, 1), 0);
	virtio_mmio_ops.write(&virtio, 0x100, 4, ~0U);
	assert_int_equal(virtio_mmio_ops.read(&virtio, 0x100, 4), 0x04030201);
}

static void registers_are_of_4_bytes(void **state)
{
	(void)state;
	assert_int_equal(virtio_mmio_ops.read(&virtio, 0, 1), 0);
	virtio_mmio_ops.write(&virtio, 0x70, 1, 3);
	assert_int_equal(driver_get(&driver, 0x70), 0);
}

static void reset_ends_all(void **state)
{
	(void)state;
	start(8);
	driver_describe(&driver, 0, 0, DRIVER_DATA, 16, DRIVER_OUT, 0);
	driver_offer(&driver, 0, 0);
	driver_notify(&driver, 0);
	assert_true(driver.line);
	driver_set(&driver, 0x70, 0);
	assert_false(driver.line);
	assert_int_equal(driver_get(&driver, 0x60), 0);
	assert_int_equal(driver_get(&driver, 0x70), 0);
	assert_int_equal(driver_get(&driver, 0x44), 0);
	/* The features of the device stay. */
	driver_set(&driver, 0x14, 0);
	assert_int_equal(driver_get(&driver, 0x10), FEATURE);
}

/* ---- queues ---- */

static void a_request_is_served(void **state)
{
	uint8_t bytes[32];

	(void)state;
	start(8);
	memcpy(driver_at(&driver, DRIVER_DATA), "0123456789", 10);
	driver_describe(&driver, 0, 3, DRIVER_DATA, 4, DRIVER_NEXT, 1);
	driver_describe(&driver, 0, 1, DRIVER_DATA + 4, 6, DRIVER_NEXT, 7);
	driver_describe(&driver, 0, 7, DRIVER_DATA + 100, 20, DRIVER_IN, 99);
	driver_offer(&driver, 0, 3);
	driver_notify(&driver, 0);

	assert_int_equal(served, 1);
	assert_int_equal(chain.nr_out, 2);
	assert_int_equal(chain.nr_in, 1);
	assert_int_equal(chain.out_bytes, 10);
	assert_int_equal(chain.in_bytes, 20);
	assert_int_equal(virtqueue_read(&chain, 3, bytes, sizeof(bytes)), 7);
	assert_memory_equal(bytes, "3456789", 7);
	assert_int_equal(virtqueue_write(&chain, 18, "abc", 3), 2);
	assert_memory_equal(driver_at(&driver, DRIVER_DATA + 118), "ab\0", 3);
	assert_int_equal(driver_used(&driver, 0), 1);
	assert_int_equal(driver_used_bytes(&driver, 0, 0), 7);
	assert_int_equal(driver.rises, 1);
	assert_int_equal(driver_get(&driver, 0x60), 1);
	driver_set(&driver, 0x64, 1);
	assert_false(driver.line);
}

static void indexes_wrap(void **state)
{
	(void)state;
	start(4);
	driver_describe(&driver, 0, 2, DRIVER_DATA, 4, DRIVER_OUT, 0);
	for (unsigned int i = 0; i < 70000; i++) {
		driver_offer(&driver, 0, 2);
		driver_notify(&driver, 0);
	}
	assert_int_equal(served, 70000);
	assert_int_equal(driver_used(&driver, 0), 70000 & 0xffff);
	assert_int_equal(driver_get(&driver, 0x70), 0xf);
}

/* The interrupt is edge triggered: while one is pending the next must be an edge, too. */
static void each_interrupt_is_an_edge(void **state)
{
	(void)state;
	start(8);
	driver_describe(&driver, 0, 0, DRIVER_DATA, 4, DRIVER_OUT, 0);
	for (unsigned int i = 0; i < 3; i++) {
		driver_offer(&driver, 0, 0);
		driver_notify(&driver, 0);
	}
	assert_int_equal(driver.rises, 3);
	assert_true(driver.line);
}

static void no_interrupt_when_none_is_wanted(void **state)
{
	(void)state;
	start(8);
	*driver_at(&driver, DRIVER_AVAILABLE) = 1;
	driver_describe(&driver, 0, 0, DRIVER_DATA, 4, DRIVER_OUT, 0);
	driver_offer(&driver, 0, 0);
	driver_notify(&driver, 0);
	assert_int_equal(driver_used(&driver, 0), 1);
	assert_int_equal(driver.rises, 0);
}

static void nothing_is_served_before_the_driver_is_ready(void **state)
{
	(void)state;
	start(8);
	virtio.status = 0xb;
	driver_describe(&driver, 0, 0, DRIVER_DATA, 4, DRIVER_OUT, 0);
	driver_offer(&driver, 0, 0);
	driver_notify(&driver, 0);
	driver_notify(&driver, 1);
	driver_notify(&driver, ~0U);
	assert_int_equal(served, 0);
	driver_set(&driver, 0x70, 0xf);
	driver_notify(&driver, 0);
	assert_int_equal(served, 1);
}

static void nothing_is_served_after_the_end(void **state)
{
	(void)state;
	start(8);
	driver.ended = true;
	driver_describe(&driver, 0, 0, DRIVER_DATA, 4, DRIVER_OUT, 0);
	driver_offer(&driver, 0, 0);
	driver_notify(&driver, 0);
	assert_int_equal(served, 0);
}

/* ---- what a guest may not do ---- */

static void queues_that_are_none_break_the_device(void **state)
{
	static const struct virtqueue_place places[] = {
		{ 0, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE, DRIVER_USED },
		{ 3, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE, DRIVER_USED },
		{ VIRTQUEUE_ENTRIES_MAX * 2, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE, DRIVER_USED },
		{ 0x80000000, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE, DRIVER_USED },
		{ 8, DRIVER_DESCRIPTORS + 8, DRIVER_AVAILABLE, DRIVER_USED },
		{ 8, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE + 1, DRIVER_USED },
		{ 8, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE, DRIVER_USED + 2 },
		{ 8, DRIVER_RAM_BYTES - 16, DRIVER_AVAILABLE, DRIVER_USED },
		{ 8, DRIVER_DESCRIPTORS, DRIVER_RAM_BYTES - 2, DRIVER_USED },
		{ 8, DRIVER_DESCRIPTORS, DRIVER_AVAILABLE, DRIVER_RAM_BYTES - 4 },
		{ 8, 0xfffffffffffffff0, DRIVER_AVAILABLE, DRIVER_USED },
		{ 8, 0xa0000, DRIVER_AVAILABLE, DRIVER_USED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		start(8);
		driver_set(&driver, 0x44, 0);
		virtio.places[0] = places[i];
		driver_set(&driver, 0x44, 1);
		assert_broken();
		assert_int_equal(driver_get(&driver, 0x44), 0);
		assert_int_equal(driver_get(&driver, 0x60), 2);
		driver_notify(&driver, 0);
		assert_int_equal(served, 0);
	}
}

static void a_queue_in_use_does_not_move(void **state)
{
	(void)state;
	start(8);
	driver_set(&driver, 0x80, 0x30000);
	driver_set(&driver, 0x38, 16);
	assert_int_equal(virtio.places[0].descriptors, DRIVER_DESCRIPTORS);
	assert_int_equal(virtio.queues[0].entries, 8);
}

static void a_circle_of_descriptors_breaks_it(void **state)
{
	(void)state;
	refuses(DRIVER_DATA, 4, DRIVER_NEXT, 0);
}

static void a_next_one_beyond_the_table_breaks_it(void **state)
{
	(void)state;
	refuses(DRIVER_DATA, 4, DRIVER_NEXT, 8);
	refuses(DRIVER_DATA, 4, DRIVER_NEXT, 0xffff);
}

static void a_head_beyond_the_table_breaks_it(void **state)
{
	(void)state;
	start(8);
	driver_describe(&driver, 0, 8, DRIVER_DATA, 4, DRIVER_OUT, 0);
	driver_offer(&driver, 0, 8);
	driver_notify(&driver, 0);
	assert_broken();
}

static void memory_that_is_not_there_breaks_it(void **state)
{
	(void)state;
	refuses(DRIVER_RAM_BYTES - 1, 2, DRIVER_OUT, 0);
	refuses(DRIVER_RAM_BYTES, 1, DRIVER_OUT, 0);
	refuses(0x9ffff, 2, DRIVER_IN, 0);
	refuses(0xfffffffffffffff0, 0x20, DRIVER_OUT, 0);
	refuses(0, 0xffffffff, DRIVER_OUT, 0);
	refuses(DRIVER_DATA, 0, DRIVER_OUT, 0);
}

static void flags_that_were_not_offered_break_it(void **state)
{
	(void)state;
	refuses(DRIVER_DATA, 16, 4, 0);		/* indirect */
	refuses(DRIVER_DATA, 16, 0x8000, 0);
}

static void reading_behind_writing_breaks_it(void **state)
{
	(void)state;
	start(8);
	driver_describe(&driver, 0, 0, DRIVER_DATA, 4, DRIVER_IN | DRIVER_NEXT, 1);
	driver_describe(&driver, 0, 1, DRIVER_DATA, 4, DRIVER_OUT, 0);
	driver_offer(&driver, 0, 0);
	driver_notify(&driver, 0);
	assert_broken();
}

static void more_available_than_there_are_breaks_it(void **state)
{
	(void)state;
	start(8);
	driver_describe(&driver, 0, 0, DRIVER_DATA, 4, DRIVER_OUT, 0);
	for (unsigned int i = 0; i < 9; i++)
		driver_offer(&driver, 0, 0);
	driver_notify(&driver, 0);
	assert_broken();
}

static void after_a_reset_it_can_be_used_again(void **state)
{
	(void)state;
	refuses(DRIVER_DATA, 4, DRIVER_NEXT, 0);
	memset(driver_at(&driver, DRIVER_AVAILABLE), 0, 8);
	start(8);
	driver_describe(&driver, 0, 0, DRIVER_DATA, 4, DRIVER_OUT, 0);
	driver_offer(&driver, 0, 0);
	driver_notify(&driver, 0);
	assert_int_equal(served, 1);
	assert_int_equal(driver_get(&driver, 0x70), 0xf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identification),
		TEST(features_are_in_two_halves),
		TEST(features_that_were_not_offered_are_not_OK),
		TEST(configuration_ends_where_it_ends),
		TEST(registers_are_of_4_bytes),
		TEST(reset_ends_all),
		TEST(a_request_is_served),
		TEST(indexes_wrap),
		TEST(each_interrupt_is_an_edge),
		TEST(no_interrupt_when_none_is_wanted),
		TEST(nothing_is_served_before_the_driver_is_ready),
		TEST(nothing_is_served_after_the_end),
		TEST(queues_that_are_none_break_the_device),
		TEST(a_queue_in_use_does_not_move),
		TEST(a_circle_of_descriptors_breaks_it),
		TEST(a_next_one_beyond_the_table_breaks_it),
		TEST(a_head_beyond_the_table_breaks_it),
		TEST(memory_that_is_not_there_breaks_it),
		TEST(flags_that_were_not_offered_break_it),
		TEST(reading_behind_writing_breaks_it),
		TEST(more_available_than_there_are_breaks_it),
		TEST(after_a_reset_it_can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
