// SPDX-License-Identifier: GPL-2.0
// Symbols and bytes of an ELF file, which is this program.
#include "kernel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What is looked for; not static, so that it has a symbol. */
extern const char kernel_test_text[];
const char kernel_test_text[] = "the text of a symbol";

static void a_symbol_leads_to_the_bytes_of_the_file(void **state)
{
	char text[sizeof(kernel_test_text)];
	struct kernel *kernel;
	uint64_t address;

	(void)state;
	assert_int_equal(kernel_open("/proc/self/exe", &kernel), 0);
	assert_int_equal(kernel_path(kernel)[0], '/');
	assert_int_equal(kernel_find(kernel, "kernel_test_text", &address), 0);
	assert_true(address > kernel_base(kernel));
	assert_int_equal(kernel_read(kernel, address, text, sizeof(text)), 0);
	assert_string_equal(text, kernel_test_text);
	assert_int_equal(kernel_find(kernel, "kernel_test_no_text", &address), -ENOENT);
	assert_int_equal(kernel_read(kernel, UINT64_MAX - 4, text, 8), -EFAULT);
	assert_int_equal(kernel_read(kernel, address, text, SIZE_MAX), -EFAULT);
	kernel_close(kernel);
}

static void other_files_are_refused(void **state)
{
	struct kernel *kernel;

	(void)state;
	assert_int_equal(kernel_open("/nowhere", &kernel), -ENOENT);
	assert_int_equal(kernel_open("/proc/self/status", &kernel), -EINVAL);
	assert_int_equal(kernel_open("/proc", &kernel), -EINVAL);
	kernel_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_symbol_leads_to_the_bytes_of_the_file),
		cmocka_unit_test(other_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
