// SPDX-License-Identifier: GPL-2.0
// Where a member of a record is.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format.h"

static const char text[] =
	"name: kvm_exit\nID: 114\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n"
	"\tfield:unsigned int exit_reason;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:0;\n"
	"\tfield:u32 isa;\toffset:28;\tsize:4;\tsigned:0;\n"
	"\nprint fmt: \"field:%u;\", REC->isa\n";

static void a_field_is_found_by_its_whole_name(void **state)
{
	struct format_field field;

	(void)state;
	assert_int_equal(format_field(text, "exit_reason", &field), 0);
	assert_int_equal(field.offset, 8);
	assert_int_equal(field.size, 4);
	assert_int_equal(format_field(text, "isa", &field), 0);
	assert_int_equal(field.offset, 28);
	assert_int_equal(format_field(text, "comm", &field), 0);
	assert_int_equal(field.size, 16);
	assert_int_equal(format_field(text, "reason", &field), -ENOENT);
	assert_int_equal(format_field("", "isa", &field), -ENOENT);
	assert_int_equal(format_field("field:", "isa", &field), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_is_found_by_its_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
