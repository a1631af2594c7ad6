// SPDX-License-Identifier: GPL-2.0
// The serial port's registers, by the ports.
#include "serial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCRATCH };
#define FCR IIR

static struct ports ports;
static struct serial serial;
static char sent[1024];
static size_t nr_sent;
static unsigned int writes;
static const char *input;

static void line_write(void *context, const uint8_t *data, size_t len)
{
	(void)context;
	memcpy(sent + nr_sent, data, len);
	nr_sent += len;
	writes++;
}

static bool line_read(void *context, bool take, uint8_t *byte)
{
	(void)context;
	if (!*input)
		return false;
	if (take)
		*byte = (uint8_t)*input++;
	return true;
}

static bool line_is_high;

static void line_interrupt(void *context, bool high)
{
	(void)context;
	line_is_high = high;
}

static int setup(void **state)
{
	const struct serial_backend line = {
		.write = line_write, .read = line_read, .interrupt = line_interrupt,
	};

	(void)state;
	nr_sent = 0;
	writes = 0;
	line_is_high = false;
	input = "";
	ports_init(&ports);
	serial_init(&serial, &line);
	return ports_add(&ports, SERIAL_PORT, SERIAL_PORTS, &serial_ops, &serial);
}

static int teardown(void **state)
{
	(void)state;
	ports_fini(&ports);
	return 0;
}

static uint8_t in(unsigned int reg)
{
	uint8_t byte;

	ports_access(&ports, (uint16_t)(SERIAL_PORT + reg), 1, 1, false, &byte);
	return byte;
}

static void out(unsigned int reg, uint8_t byte)
{
	ports_access(&ports, (uint16_t)(SERIAL_PORT + reg), 1, 1, true, &byte);
}

static void bytes_are_sent_at_once(void **state)
{
	(void)state;
	assert_int_equal(in(LSR), 0x60);
	out(DATA, 'a');
	assert_int_equal(nr_sent, 1);
	assert_int_equal(sent[0], 'a');
	assert_int_equal(in(LSR), 0x60);
}

static void string_is_one_write(void **state)
{
	uint8_t text[600];

	(void)state;
	memset(text, 'x', sizeof(text));
	ports_access(&ports, SERIAL_PORT, 1, 100, true, text);
	assert_int_equal(writes, 1);
	assert_int_equal(nr_sent, 100);
	ports_access(&ports, SERIAL_PORT, 1, 600, true, text);
	assert_int_equal(nr_sent, 700);
}

static void input_is_announced_and_taken(void **state)
{
	(void)state;
	input = "ab";
	assert_int_equal(in(LSR), 0x61);
	assert_int_equal(in(DATA), 'a');
	assert_int_equal(in(DATA), 'b');
	assert_int_equal(in(LSR), 0x60);
	assert_int_equal(in(DATA), 0);
}

static void divisor_latch_hides_the_data_registers(void **state)
{
	(void)state;
	out(LCR, 0x83);
	out(DATA, 0x34);
	out(IER, 0x12);
	assert_int_equal(in(DATA), 0x34);
	assert_int_equal(in(IER), 0x12);
	out(LCR, 0x03);
	assert_int_equal(in(LCR), 0x03);
	assert_int_equal(in(IER), 0);
	assert_int_equal(nr_sent, 0);
}

static void iir_tells_what_is_enabled_and_pending(void **state)
{
	(void)state;
	assert_int_equal(in(IIR), 0x01);
	out(IER, 0x03);
	assert_int_equal(in(IIR), 0x02);
	assert_int_equal(in(IIR), 0x01);
	out(DATA, 'a');
	input = "z";
	assert_int_equal(in(IIR), 0x04);
	assert_int_equal(in(DATA), 'z');
	assert_int_equal(in(IIR), 0x02);
	out(FCR, 0x01);
	assert_int_equal(in(IIR), 0xc1);
}

static void modem_lines_are_up_and_scratch_keeps(void **state)
{
	(void)state;
	assert_int_equal(in(MSR), 0xb0);
	out(SCRATCH, 0x5a);
	assert_int_equal(in(SCRATCH), 0x5a);
	out(LSR, 0xff);
	out(MSR, 0xff);
	assert_int_equal(in(MSR), 0xb0);
}

static void loopback_returns_data_and_lines(void **state)
{
	(void)state;
	input = "z";
	out(MCR, 0x1a);
	assert_int_equal(in(MCR), 0x1a);
	assert_int_equal(in(MSR), 0x90);
	assert_int_equal(in(LSR), 0x60);
	out(DATA, 'l');
	assert_int_equal(nr_sent, 0);
	assert_int_equal(in(LSR), 0x61);
	assert_int_equal(in(DATA), 'l');
	assert_int_equal(in(LSR), 0x60);
	out(MCR, 0x0b);
	assert_int_equal(in(DATA), 'z');
}

static void interrupt_follows_what_is_enabled(void **state)
{
	(void)state;
	out(1, 0x02);
	assert_true(line_is_high);	/* the transmitter is empty */
	assert_int_equal(in(2) & 0x0f, 0x02);
	assert_false(line_is_high);	/* reading IIR takes that back */
	out(0, 'x');
	assert_true(line_is_high);
	out(1, 0x01);
	assert_false(line_is_high);
	input = "y";
	ports_poke(&ports, SERIAL_PORT);
	assert_true(line_is_high);
	assert_int_equal(in(0), 'y');
	assert_false(line_is_high);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(bytes_are_sent_at_once),
		TEST(string_is_one_write),
		TEST(input_is_announced_and_taken),
		TEST(divisor_latch_hides_the_data_registers),
		TEST(iir_tells_what_is_enabled_and_pending),
		TEST(modem_lines_are_up_and_scratch_keeps),
		TEST(interrupt_follows_what_is_enabled),
		TEST(loopback_returns_data_and_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
