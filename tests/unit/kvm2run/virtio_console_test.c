// SPDX-License-Identifier: GPL-2.0
// A console: bytes to the other end and from it, in order, and as many as there is room for.
#include "virtio_console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "virtio_driver.h"

#define RECEIVE		0
#define TRANSMIT	1

static struct driver driver;
static struct virtio_console console;
static uint8_t output[4096];
static size_t nr_output;
static const char *input;

static void backend_write(void *context, const uint8_t *data, size_t len)
{
	(void)context;
	assert_true(nr_output + len <= sizeof(output));
	memcpy(output + nr_output, data, len);
	nr_output += len;
}

static bool backend_read(void *context, bool take, uint8_t *byte)
{
	(void)context;
	if (!*input)
		return false;
	if (take)
		*byte = (uint8_t)*input++;
	return true;
}

static int set_up(void **state)
{
	const struct virtio_console_backend backend = {
		.write = backend_write, .read = backend_read,
	};

	(void)state;
	nr_output = 0;
	input = "";
	driver_init(&driver);
	virtio_console_init(&console, &backend, &driver.host, DRIVER_INPUT);
	driver_start(&driver, &console.virtio, 8);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	driver_fini(&driver);
	return 0;
}

/* As ports_poke() does. */
static void poke(void)
{
	virtio_mmio_ops.done(&console.virtio);
}

static void offer_room(uint16_t index, uint32_t bytes)
{
	driver_describe(&driver, RECEIVE, index, DRIVER_DATA + index * 0x100U, bytes, DRIVER_IN, 0);
	driver_offer(&driver, RECEIVE, index);
}

static void what_is_sent_comes_out(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2000; i++)
		*driver_at(&driver, DRIVER_DATA + i) = (uint8_t)(i * 7);
	driver_describe(&driver, TRANSMIT, 0, DRIVER_DATA, 700, DRIVER_NEXT, 1);
	driver_describe(&driver, TRANSMIT, 1, DRIVER_DATA + 700, 1300, DRIVER_OUT, 0);
	driver_offer(&driver, TRANSMIT, 0);
	driver_notify(&driver, TRANSMIT);
	assert_int_equal(nr_output, 2000);
	assert_memory_equal(output, driver_at(&driver, DRIVER_DATA), 2000);
	assert_int_equal(driver_used(&driver, TRANSMIT), 1);
	assert_int_equal(driver.rises, 1);
}

static void input_waits_for_room(void **state)
{
	(void)state;
	input = "hello world";
	poke();
	assert_int_equal(driver_used(&driver, RECEIVE), 0);
	assert_int_equal(driver.rises, 0);

	offer_room(0, 6);
	driver_notify(&driver, RECEIVE);
	assert_int_equal(driver_used(&driver, RECEIVE), 1);
	assert_int_equal(driver_used_bytes(&driver, RECEIVE, 0), 6);
	assert_memory_equal(driver_at(&driver, DRIVER_DATA), "hello \0", 7);
	assert_string_equal(input, "world");

	offer_room(1, 64);
	driver_notify(&driver, RECEIVE);
	assert_int_equal(driver_used_bytes(&driver, RECEIVE, 1), 5);
	assert_memory_equal(driver_at(&driver, DRIVER_DATA + 0x100), "world\0", 6);
}

static void room_waits_for_input(void **state)
{
	(void)state;
	offer_room(0, 16);
	driver_notify(&driver, RECEIVE);
	assert_int_equal(driver_used(&driver, RECEIVE), 0);
	input = "x";
	poke();
	assert_int_equal(driver_used_bytes(&driver, RECEIVE, 0), 1);
	assert_int_equal(driver.rises, 1);
}

static void room_that_is_none_loses_nothing(void **state)
{
	(void)state;
	input = "kept";
	driver_describe(&driver, RECEIVE, 0, DRIVER_DATA, 4, DRIVER_OUT, 0);
	driver_offer(&driver, RECEIVE, 0);
	driver_notify(&driver, RECEIVE);
	assert_int_equal(driver_used_bytes(&driver, RECEIVE, 0), 0);
	assert_string_equal(input, "kept");
}

static void nothing_before_the_driver_is_ready(void **state)
{
	(void)state;
	input = "early";
	driver_set(&driver, 0x70, 0);
	poke();
	assert_string_equal(input, "early");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_sent_comes_out),
		TEST(input_waits_for_room),
		TEST(room_waits_for_input),
		TEST(room_that_is_none_loses_nothing),
		TEST(nothing_before_the_driver_is_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
