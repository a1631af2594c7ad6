// SPDX-License-Identifier: GPL-2.0
// agent.c: expressions as gdb compiles them, and bytes that are none.
#include "agent.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char printed[256];
static uint8_t memory[16] = { 0x78, 0x56, 0x34, 0x12, 0xff, 'h', 'i', 0 };

static int read_register(void *context, unsigned int number, uint64_t *value)
{
	(void)context;
	*value = number * 100;
	return number > 10 ? -ENOENT : 0;
}

static int read_memory(void *context, uint64_t address, void *data, size_t size)
{
	(void)context;
	if (address < 0x1000 || address - 0x1000 > sizeof(memory) - size)
		return -EFAULT;
	memcpy(data, memory + (address - 0x1000), size);
	return 0;
}

static int get_variable(void *context, unsigned int number, uint64_t *value)
{
	(void)context;
	*value = number;
	return 0;
}

static int set_variable(void *context, unsigned int number, uint64_t value)
{
	(void)context;
	(void)number;
	(void)value;
	return 0;
}

static void print(void *context, const char *text, size_t length)
{
	(void)context;
	strncat(printed, text, length < sizeof(printed) - strlen(printed) ? length : 0);
}

static const struct agent_access access_all = {
	.read_register = read_register,
	.read_memory = read_memory,
	.get_variable = get_variable,
	.set_variable = set_variable,
	.print = print,
};

static uint64_t value;

/* RUN(bytes): the error of an expression; its value is in @value. */
#define RUN(...) \
	agent_evaluate((const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }), \
		       &access_all, &value)
#define GIVES(wanted, ...) \
	do { \
		assert_int_equal(RUN(__VA_ARGS__), 0); \
		assert_int_equal(value, (uint64_t)(wanted)); \
	} while (0)

/* add 2, sub 3, mul 4, div 5 6, rem 7 8, shifts 9 a b, ext 16, zero_ext 2a, const8 22, end 27 */
static void arithmetic(void **state)
{
	(void)state;
	GIVES(7, 0x22, 5, 0x22, 2, 0x02, 0x27);
	GIVES(3, 0x22, 5, 0x22, 2, 0x03, 0x27);
	GIVES(10, 0x22, 5, 0x22, 2, 0x04, 0x27);
	GIVES(-2, 0x22, 0xfc, 0x16, 8, 0x22, 2, 0x05, 0x27);
	GIVES(-1, 0x22, 0xfd, 0x16, 8, 0x22, 2, 0x07, 0x27);
	GIVES(1, 0x22, 5, 0x22, 2, 0x08, 0x27);
	GIVES(20, 0x22, 5, 0x22, 2, 0x09, 0x27);
	GIVES(-1, 0x22, 0xff, 0x16, 8, 0x22, 70, 0x0a, 0x27);
	GIVES(0, 0x22, 1, 0x22, 64, 0x09, 0x27);
	GIVES(0x7f, 0x22, 0xff, 0x2a, 7, 0x27);
	GIVES(0x12345678, 0x24, 0x12, 0x34, 0x56, 0x78, 0x27);
	GIVES(1, 0x22, 0xff, 0x16, 8, 0x22, 1, 0x14, 0x27);
	GIVES(0, 0x22, 0xff, 0x16, 8, 0x22, 1, 0x15, 0x27);
}

static void the_smallest_number_divided_by_minus_one(void **state)
{
	(void)state;
	GIVES(1ULL << 63, 0x22, 1, 0x22, 63, 0x09, 0x22, 0xff, 0x16, 8, 0x05, 0x27);
	GIVES(0, 0x22, 1, 0x22, 63, 0x09, 0x22, 0xff, 0x16, 8, 0x07, 0x27);
}

static void registers_and_memory(void **state)
{
	(void)state;
	GIVES(200, 0x26, 0, 2, 0x27);
	GIVES(0x78, 0x23, 0x10, 0, 0x17, 0x27);
	GIVES(0x12345678, 0x23, 0x10, 0, 0x19, 0x27);
	assert_int_equal(RUN(0x26, 0, 11, 0x27), -ENOENT);
	assert_int_equal(RUN(0x22, 0, 0x19, 0x27), -EFAULT);
}

/* if_goto 20, goto 21, dup 28, pop 29, swap 2b, pick 32, rot 33, log_not 0e */
static void jumps_and_the_stack(void **state)
{
	(void)state;
	GIVES(9, 0x22, 1, 0x20, 0, 8, 0x22, 7, 0x27, 0x22, 9, 0x27);
	GIVES(7, 0x22, 0, 0x20, 0, 8, 0x22, 7, 0x27, 0x22, 9, 0x27);
	GIVES(4, 0x22, 2, 0x28, 0x02, 0x27);
	GIVES(1, 0x22, 2, 0x22, 1, 0x22, 3, 0x2b, 0x27);
	GIVES(5, 0x22, 5, 0x22, 6, 0x32, 1, 0x27);
	GIVES(1, 0x22, 0, 0x0e, 0x27);
	GIVES(0, 0x27);
}

static void printf_prints(void **state)
{
	/* dprintf "a=%d %x %s%%\n", -1, 255, "hi" */
	static const uint8_t head[] = { 0x23, 0x10, 0x05, 0x22, 0xff, 0x22, 0xff, 0x16, 8,
					0x22, 0, 0x22, 0, 0x34, 3, 0, 14 };
	static const char format[14] = "a=%d %x %s%%\n";
	uint8_t code[64];
	size_t size = 0;

	(void)state;
	printed[0] = 0;
	memcpy(code, head, sizeof(head));
	size = sizeof(head);
	memcpy(code + size, format, sizeof(format));
	size += sizeof(format);
	code[size++] = 0x27;
	assert_int_equal(agent_evaluate(code, size, &access_all, &value), 0);
	assert_string_equal(printed, "a=-1 ff hi%\n");
}

/* As the user types them: gdb leaves them to whoever prints. */
static void printf_knows_escapes(void **state)
{
	(void)state;
	printed[0] = 0;
	RUN(0x22, 5, 0x22, 0, 0x22, 0, 0x34, 1, 0, 20, 'a', '\\', 'n', '\\', 't', '\\', '\\', '\\', '"', '\\', 'e', '\\', '1', '0', '1',
	    '2', '%', 'd', 'z', 0, 0x27);
	assert_string_equal(printed, "a\n\t\\\"\033A25z");
	assert_int_equal(RUN(0x22, 0, 0x22, 0, 0x34, 0, 0, 3, '\\', 'q', 0, 0x27), -EINVAL);
	assert_int_equal(RUN(0x22, 0, 0x22, 0, 0x34, 0, 0, 2, '\\', 0, 0x27), -EINVAL);
	assert_int_equal(RUN(0x22, 0, 0x22, 0, 0x34, 0, 0, 1, '\\', 0x27), -EINVAL);
}

static void a_format_cannot_reach_what_is_not_its_own(void **state)
{
	(void)state;
	/* "%n", "%s" without an argument, a format beyond the end of the code */
	assert_int_equal(RUN(0x22, 1, 0x22, 0, 0x22, 0, 0x34, 1, 0, 3, '%', 'n', 0, 0x27), -EINVAL);
	assert_int_equal(RUN(0x22, 0, 0x22, 0, 0x34, 0, 0, 3, '%', 's', 0, 0x27), -EINVAL);
	assert_int_equal(RUN(0x22, 0, 0x22, 0, 0x34, 0, 0, 200, '%', 's', 0, 0x27), -EINVAL);
}

static void what_is_wrong_is_refused(void **state)
{
	(void)state;
	assert_int_equal(RUN(0x22, 1, 0x22, 0, 0x05, 0x27), -EDOM);
	assert_int_equal(RUN(0x02, 0x27), -EINVAL);
	assert_int_equal(RUN(0x22), -EINVAL);
	assert_int_equal(RUN(0x22, 1), -EINVAL);
	assert_int_equal(RUN(0x21, 0xff, 0xff), -EINVAL);
	assert_int_equal(RUN(0xff), -EINVAL);
	assert_int_equal(RUN(0x22, 1, 0x32, 9, 0x27), -EINVAL);
	assert_int_equal(RUN(0x22, 1, 0x16, 0, 0x27), -EINVAL);
	assert_int_equal(RUN(0x22, 1, 0x16, 65, 0x27), -EINVAL);
}

static void what_never_ends_is_ended(void **state)
{
	(void)state;
	assert_int_equal(RUN(0x21, 0, 0), -EOVERFLOW);
	assert_int_equal(RUN(0x22, 1, 0x21, 0, 0), -EOVERFLOW);
}

/* Bytes at random, the same each time: whatever they are, it comes to an end. */
static void any_bytes_do_no_harm(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int run = 0; run < 20000; run++) {
		uint8_t code[48];

		for (size_t i = 0; i < sizeof(code); i++) {
			seed = seed * 1664525 + 1013904223;
			code[i] = (uint8_t)((seed >> 16) % 0x36);
			/* No jumps: loops would only take their time. */
			if (code[i] == 0x20 || code[i] == 0x21)
				code[i] = 0x22;
		}
		assert_true(agent_evaluate(code, sizeof(code), &access_all, &value) <= 0);
		printed[0] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(the_smallest_number_divided_by_minus_one),
		cmocka_unit_test(registers_and_memory),
		cmocka_unit_test(jumps_and_the_stack),
		cmocka_unit_test(printf_prints),
		cmocka_unit_test(printf_knows_escapes),
		cmocka_unit_test(a_format_cannot_reach_what_is_not_its_own),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(what_never_ends_is_ended),
		cmocka_unit_test(any_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
