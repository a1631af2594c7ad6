// SPDX-License-Identifier: GPL-2.0
// walk.c: page tables of every kind, by hand.
#include "walk.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CR0_PG		0x80000001ULL
#define CR4_PSE		(1ULL << 4)
#define CR4_PAE		(1ULL << 5)
#define CR4_LA57	(1ULL << 12)
#define EFER_LMA	(1ULL << 10)
#define NO_EXECUTE	(1ULL << 63)

/* Entries at 0x1000 to 0x6fff; what is beyond cannot be read. */
static uint8_t memory[0x7000];

static int read_memory(void *context, uint64_t gpa, void *data, size_t size)
{
	(void)context;
	if (gpa >= sizeof(memory) || size > sizeof(memory) - gpa)
		return -EFAULT;
	memcpy(data, memory + gpa, size);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	return 0;
}

static void entry_64(uint64_t table, unsigned int index, uint64_t value)
{
	memcpy(memory + table + index * 8, &value, 8);
}

static void entry_32(uint64_t table, unsigned int index, uint32_t value)
{
	memcpy(memory + table + index * 4, &value, 4);
}

static struct walk_result result;

static void leads_to(const struct walk_mode *mode, uint64_t address, uint64_t gpa, uint64_t page)
{
	assert_int_equal(walk(mode, address, read_memory, NULL, &result), 1);
	assert_int_equal(result.gpa, gpa);
	assert_int_equal(result.page_size, page);
}

static void is_unmapped(const struct walk_mode *mode, uint64_t address)
{
	assert_int_equal(walk(mode, address, read_memory, NULL, &result), 0);
}

static void without_paging_addresses_are_physical(void **state)
{
	const struct walk_mode mode = { .cr0 = 1 };

	(void)state;
	leads_to(&mode, 0x12345678, 0x12345678, 0);
	is_unmapped(&mode, 1ULL << 32);
}

static void two_levels(void **state)
{
	struct walk_mode mode = { .cr0 = CR0_PG, .cr3 = 0x1000, .cr4 = CR4_PSE };

	(void)state;
	/* 0x00c02345: 3, 2, 0x345 */
	entry_32(0x1000, 3, 0x2007);
	entry_32(0x2000, 2, 0x00abc005);
	leads_to(&mode, 0x00c02345, 0x00abc345, 4096);
	assert_false(result.writable);
	assert_true(result.user);
	assert_int_equal(result.nr_levels, 2);
	is_unmapped(&mode, 0x00c03345);
	is_unmapped(&mode, 0x01002345);
	/* 4 MiB, with bit 32 of the address in bit 13. */
	entry_32(0x1000, 4, 0x00c02083);
	leads_to(&mode, 0x01012345, 0x100c12345ULL, 4 << 20);
	assert_false(result.user);
	mode.cr4 = 0;
	assert_int_not_equal(walk(&mode, 0x01012345, read_memory, NULL, &result), 1);
}

static void three_levels(void **state)
{
	const struct walk_mode mode = { .cr0 = CR0_PG, .cr3 = 0x1020, .cr4 = CR4_PAE };

	(void)state;
	/* 0x80403345: 2, 2, 3, 0x345. The root may begin within a page, and has no rights. */
	entry_64(0x1020, 2, 0x2001);
	entry_64(0x2000, 2, 0x3007);
	entry_64(0x3000, 3, 0xfedcba000ULL | 7 | NO_EXECUTE);
	leads_to(&mode, 0x80403345, 0xfedcba345ULL, 4096);
	assert_true(result.writable && result.user);
	assert_false(result.executable);
	entry_64(0x2000, 3, 0xfc0000000ULL | 0x83);
	leads_to(&mode, 0x80612345, 0xfc0012345ULL, 2 << 20);
	is_unmapped(&mode, 0x00403345);
}

static void four_and_five_levels(void **state)
{
	struct walk_mode mode = { .cr0 = CR0_PG, .cr3 = 0x1000, .cr4 = CR4_PAE, .efer = EFER_LMA };

	(void)state;
	/* 0xffff800040403345: 256, 1, 2, 3, 0x345 */
	entry_64(0x1000, 256, 0x2003);
	entry_64(0x2000, 1, 0x3003);
	entry_64(0x3000, 2, 0x4003);
	entry_64(0x4000, 3, 0x77777003);
	leads_to(&mode, 0xffff800040403345ULL, 0x77777345, 4096);
	assert_int_equal(result.nr_levels, 4);
	assert_int_equal(result.tables[3], 0x4018);
	/* The same with the upper bits lost is no address. */
	is_unmapped(&mode, 0x0000800040403345ULL);
	entry_64(0x2000, 2, 0x40000083);
	leads_to(&mode, 0xffff800081234567ULL, 0x41234567, 1 << 30);
	/* 5 levels: the table above becomes the second. */
	entry_64(0x5000, 511, 0x1003);
	mode.cr3 = 0x5000;
	mode.cr4 |= CR4_LA57;
	leads_to(&mode, 0xffff800040403345ULL, 0x77777345, 4096);
	assert_int_equal(result.nr_levels, 5);
}

static void a_table_that_cannot_be_read_is_an_error(void **state)
{
	const struct walk_mode mode = { .cr0 = CR0_PG, .cr3 = 0x1000, .cr4 = CR4_PAE,
					.efer = EFER_LMA };

	(void)state;
	entry_64(0x1000, 0, 0x100003);
	assert_int_equal(walk(&mode, 0x1000, read_memory, NULL, &result), -EFAULT);
	assert_int_equal(result.nr_levels, 1);
}

static void modes_have_names(void **state)
{
	(void)state;
	assert_string_equal(walk_mode_name(&(struct walk_mode){ 0 }, false, false), "real mode");
	assert_string_equal(walk_mode_name(&(struct walk_mode){ .cr0 = 1 }, false, true), "32 bit");
	assert_string_equal(walk_mode_name(&(struct walk_mode){ .cr0 = 1 }, false, false), "16 bit");
	assert_string_equal(walk_mode_name(&(struct walk_mode){ .cr0 = CR0_PG, .efer = EFER_LMA },
					   true, false), "64 bit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_paging_addresses_are_physical, set_up),
		cmocka_unit_test_setup(two_levels, set_up),
		cmocka_unit_test_setup(three_levels, set_up),
		cmocka_unit_test_setup(four_and_five_levels, set_up),
		cmocka_unit_test_setup(a_table_that_cannot_be_read_is_an_error, set_up),
		cmocka_unit_test(modes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
