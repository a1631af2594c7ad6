// SPDX-License-Identifier: GPL-2.0
// fw_cfg as a test kernel reads it: by outw and inb or insb.
#include "fw_cfg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ports ports;
static struct fw_cfg fw_cfg;

static const struct fw_cfg_facts facts = {
	.ram_bytes = 0x123456789000,
	.cpus = 8,
	.initrd = (const uint8_t *)"initrd!",
	.initrd_bytes = 7,
	.initrd_gpa = 0x200000,
	.cmdline = "a b",
	.cmdline_gpa = 0x9f000,
};

static int setup(void **state)
{
	(void)state;
	ports_init(&ports);
	fw_cfg_init(&fw_cfg, &facts);
	return ports_add(&ports, FW_CFG_PORT, FW_CFG_PORTS, &fw_cfg_ops, &fw_cfg);
}

static int teardown(void **state)
{
	(void)state;
	ports_fini(&ports);
	return 0;
}

static void select_key(uint16_t key)
{
	ports_access(&ports, FW_CFG_PORT, 2, 1, true, (uint8_t *)&key);
}

static uint64_t number(uint16_t key, uint32_t bytes)
{
	uint64_t value = 0;

	select_key(key);
	ports_access(&ports, FW_CFG_PORT + 1, 1, bytes, false, (uint8_t *)&value);
	return value;
}

static void signature_and_id_are_the_traditional_ones(void **state)
{
	char text[5] = "";

	(void)state;
	select_key(FW_CFG_SIGNATURE);
	ports_access(&ports, FW_CFG_PORT + 1, 1, 4, false, (uint8_t *)text);
	assert_string_equal(text, "QEMU");
	assert_int_equal(number(FW_CFG_ID, 4), 1);
}

static void numbers_are_little_endian_in_their_widths(void **state)
{
	(void)state;
	assert_true(number(FW_CFG_RAM_SIZE, 8) == 0x123456789000);
	assert_int_equal(number(FW_CFG_NB_CPUS, 2), 8);
	assert_int_equal(number(FW_CFG_MAX_CPUS, 2), 8);
	assert_int_equal(number(FW_CFG_INITRD_ADDR, 4), 0x200000);
	assert_int_equal(number(FW_CFG_INITRD_SIZE, 4), 7);
	assert_int_equal(number(FW_CFG_CMDLINE_ADDR, 4), 0x9f000);
	assert_int_equal(number(FW_CFG_CMDLINE_SIZE, 4), 4);
	assert_int_equal(number(FW_CFG_FILE_DIR, 4), 0);
}

static void data_items_are_whole_and_then_zeros(void **state)
{
	char text[16];

	(void)state;
	select_key(FW_CFG_INITRD_DATA);
	ports_access(&ports, FW_CFG_PORT + 1, 1, 10, false, (uint8_t *)text);
	assert_memory_equal(text, "initrd!\0\0\0", 10);
	select_key(FW_CFG_CMDLINE_DATA);
	ports_access(&ports, FW_CFG_PORT + 1, 1, 4, false, (uint8_t *)text);
	assert_string_equal(text, "a b");
}

static void selecting_begins_anew(void **state)
{
	uint8_t byte;

	(void)state;
	select_key(FW_CFG_SIGNATURE);
	ports_access(&ports, FW_CFG_PORT + 1, 1, 1, false, &byte);
	select_key(FW_CFG_SIGNATURE);
	ports_access(&ports, FW_CFG_PORT + 1, 1, 1, false, &byte);
	assert_int_equal(byte, 'Q');
}

static void unknown_keys_read_as_zeros(void **state)
{
	(void)state;
	assert_int_equal(number(0x7777, 4), 0);
	assert_int_equal(number(0x8003, 4), 0);
}

static void writes_to_the_data_port_change_nothing(void **state)
{
	uint8_t byte = 'X';

	(void)state;
	select_key(FW_CFG_SIGNATURE);
	ports_access(&ports, FW_CFG_PORT + 1, 1, 1, true, &byte);
	assert_int_equal(number(FW_CFG_SIGNATURE, 1), 'Q');
}

static void without_initrd_and_command_line_they_are_empty(void **state)
{
	const struct fw_cfg_facts none = { .cpus = 1 };

	(void)state;
	fw_cfg_init(&fw_cfg, &none);
	assert_int_equal(number(FW_CFG_INITRD_SIZE, 4), 0);
	assert_int_equal(number(FW_CFG_INITRD_DATA, 4), 0);
	assert_int_equal(number(FW_CFG_CMDLINE_SIZE, 4), 0);
	assert_int_equal(number(FW_CFG_CMDLINE_DATA, 4), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(signature_and_id_are_the_traditional_ones),
		TEST(numbers_are_little_endian_in_their_widths),
		TEST(data_items_are_whole_and_then_zeros),
		TEST(selecting_begins_anew),
		TEST(unknown_keys_read_as_zeros),
		TEST(writes_to_the_data_port_change_nothing),
		TEST(without_initrd_and_command_line_they_are_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
