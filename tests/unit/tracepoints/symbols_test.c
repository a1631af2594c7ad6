// SPDX-License-Identifier: LGPL-2.1
// symbols.c: names from files of both kinds, and how far a kernel has moved.
#include <kvm2/trace_symbols.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/symbols_test-XXXXXX";
static struct kvm2_trace_symbols *symbols;

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	symbols = kvm2_trace_symbols_create();
	return symbols ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	kvm2_trace_symbols_destroy(symbols);
	return unlink(path);
}

static ssize_t load(const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
	return kvm2_trace_symbols_load(symbols, path);
}

static void found(uint64_t address, const char *name, uint64_t offset)
{
	uint64_t got = 0;
	const char *is = kvm2_trace_symbols_find(symbols, address, &got);

	if (!name) {
		assert_null(is);
		return;
	}
	assert_non_null(is);
	assert_string_equal(is, name);
	assert_int_equal(got, offset);
}

static void a_map_names_addresses(void **state)
{
	(void)state;
	assert_int_equal(load("0000000000001000 T first\n"
			      "0000000000001800 D data\n"
			      "0000000000002000 t second\n"), 2);
	found(0xfff, NULL, 0);
	found(0x1000, "first", 0);
	found(0x1fff, "first", 0xfff);
	found(0x2010, "second", 0x10);
	found(0x2000 + (1 << 20), NULL, 0);
	assert_int_equal(load("0000000000001000 T again\n"), -EINVAL);
}

/* This program is an ELF file with symbols. */
static void elf_files_name_addresses_too(void **state)
{
	(void)state;
	assert_true(kvm2_trace_symbols_load(symbols, "/proc/self/exe") > 10);
}

static void what_has_no_symbols_is_refused(void **state)
{
	(void)state;
	assert_int_equal(load("root:x:0:0:root:/root:/bin/bash\n"), -EINVAL);
	assert_int_equal(load(""), -EINVAL);
	assert_int_equal(load("0000000000001000 D data\n"), -EINVAL);
	assert_int_equal(kvm2_trace_symbols_load(symbols, "/no/such/file"),
			 -ENOENT);
}

static const char kernel[] =
	"ffffffff81000000 T _stext\n"
	"ffffffff81020000 t native_write_msr\n"
	"ffffffff81020040 t native_read_msr\n"
	"ffffffff81020100 T x86_configure_nx\n"
	"ffffffff81a00000 t pv_native_safe_halt\n"
	"ffffffff81a00020 T default_idle\n"
	"ffffffff81a00100 T schedule\n"
	"ffffffff82000000 T __end\n";

static void a_kernel_that_may_have_moved_has_no_names_yet(void **state)
{
	uint64_t offset;

	(void)state;
	assert_int_equal(load(kernel), 8);
	assert_false(kvm2_trace_symbols_offset(symbols, &offset));
	found(0xffffffff81a00000, NULL, 0);
	kvm2_trace_symbols_move(symbols, 0);
	found(0xffffffff81a00004, "pv_native_safe_halt", 4);
}

static void where_it_is_is_learned_from_its_exits(void **state)
{
	const uint64_t moved = 0x1ce00000;
	uint64_t offset;

	(void)state;
	load(kernel);
	/* Not the kernel's, and of reasons that happen everywhere. */
	assert_false(kvm2_trace_symbols_learn(symbols, "hlt", 0x1000));
	assert_false(kvm2_trace_symbols_learn(symbols, "npf",
					      0xffffffff81a00004 + moved));
	for (uint64_t place = 0; place < 10000; place++)
		kvm2_trace_symbols_learn(symbols, "npf", 0xffffffff81000000 +
					 moved + place);
	for (int again = 0; again < 10; again++)
		assert_false(kvm2_trace_symbols_learn(symbols, "hlt",
				0xffffffff81a0000f + moved));
	assert_false(kvm2_trace_symbols_learn(symbols, "msr",
					      0xffffffff81020006 + moved));
	assert_true(kvm2_trace_symbols_learn(symbols, "msr",
					     0xffffffff81020049 + moved));
	assert_true(kvm2_trace_symbols_offset(symbols, &offset));
	assert_int_equal(offset, moved);
	found(0xffffffff81a00110 + moved, "schedule", 0x10);
}

static void what_does_not_agree_is_not_believed(void **state)
{
	uint64_t offset;

	(void)state;
	load(kernel);
	for (uint64_t i = 0; i < 300; i++)
		kvm2_trace_symbols_learn(symbols, "hlt", 0xffffffff81a00000 +
					 i * 0x200000 % 0x3e000000);
	assert_false(kvm2_trace_symbols_offset(symbols, &offset));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_map_names_addresses),
		TEST(elf_files_name_addresses_too),
		TEST(what_has_no_symbols_is_refused),
		TEST(a_kernel_that_may_have_moved_has_no_names_yet),
		TEST(where_it_is_is_learned_from_its_exits),
		TEST(what_does_not_agree_is_not_believed),
	};

	return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
