// SPDX-License-Identifier: LGPL-2.1
// format.c: fields of format files, and what is no format file.
#include "format.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] =
	"name: kvm_x\nID: 77\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n"
	"\tfield:s16 small;\toffset:8;\tsize:2;\tsigned:1;\n"
	"\tfield:__u8 insn[15];\toffset:10;\tsize:15;\tsigned:0;\n"
	"\tfield:__data_loc char[] msg;\toffset:28;\tsize:4;\tsigned:0;\n"
	"\nprint fmt: \"%d\", REC->small\n";

static void fields_have_place_kind_and_sign(void **state)
{
	struct format *format = malloc(sizeof(*format));
	const struct format_field *field;

	(void)state;
	assert_int_equal(format_parse(format, text, strlen(text)), 0);
	assert_string_equal(format->name, "kvm_x");
	assert_int_equal(format->id, 77);
	assert_int_equal(format->nr_fields, 4);
	assert_int_equal(format->bytes, 32);
	assert_true(format->fields[0].is_common);
	field = format_find(format, "small");
	assert_non_null(field);
	assert_int_equal(field->kind, FORMAT_NUMBER);
	assert_true(field->is_signed);
	assert_int_equal(format_find(format, "insn")->kind, FORMAT_ARRAY);
	field = format_find(format, "msg");
	assert_int_equal(field->kind, FORMAT_DYNAMIC);
	assert_true(field->is_text);
	assert_null(format_find(format, "nothing"));
	free(format);
}

static void a_dynamic_field_stays_within_the_record(void **state)
{
	struct format *format = malloc(sizeof(*format));
	char record[40] = { 0 };
	uint32_t where = 4 << 16 | 32;
	size_t length;

	(void)state;
	assert_int_equal(format_parse(format, text, strlen(text)), 0);
	memcpy(record + 28, &where, sizeof(where));
	memcpy(record + 32, "abc", 4);
	assert_string_equal(format_bytes(format_find(format, "msg"), record,
					 sizeof(record), &length), "abc");
	assert_int_equal(length, 4);
	where = 9 << 16 | 32;
	memcpy(record + 28, &where, sizeof(where));
	assert_null(format_bytes(format_find(format, "msg"), record,
				 sizeof(record), &length));
	free(format);
}

static void what_is_cut_off_is_refused_or_has_fewer_fields(void **state)
{
	struct format *format = malloc(sizeof(*format));

	(void)state;
	/* Of the heap, so that a sanitizer sees a byte too much. */
	for (size_t size = 0; size < strlen(text); size++) {
		char *copy = malloc(size + !size);

		memcpy(copy, text, size);
		if (!format_parse(format, copy, size))
			assert_true(format->nr_fields <= 4);
		free(copy);
	}
	free(format);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_have_place_kind_and_sign),
		cmocka_unit_test(a_dynamic_field_stays_within_the_record),
		cmocka_unit_test(what_is_cut_off_is_refused_or_has_fewer_fields),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
