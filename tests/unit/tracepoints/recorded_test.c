// SPDX-License-Identifier: LGPL-2.1
// The recorded format files of Linux 6.1, 6.12 (with kvm2) and 6.18: each
// event is understood, and every record of it has text.
#include <kvm2/trace.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode.h"
#include "recorded.h"

static void check_version(const char *version, unsigned int expected)
{
	struct kvm2_trace_decoder *decoder;
	const struct kvm2_trace_format *format;
	size_t id = 0;
	unsigned int nr;

	decoder = recorded_load(version, &nr);
	assert_int_equal(nr, expected);
	while ((format = decoder_next(decoder, &id))) {
		if (!format->print)
			fail_msg("%s: %s is not understood", version,
				 format->format->name);
		for (unsigned int round = 0; round < 300; round++) {
			const size_t size = format->format->bytes + round % 9;
			struct kvm2_trace_record record = { .size = size };
			struct kvm2_trace_event event;
			const uint16_t number = (uint16_t)format->format->id;
			unsigned char *bytes = malloc(size);
			char text[512];

			for (size_t i = 0; i < size; i++)
				bytes[i] = round < 2 ? (unsigned char)-round :
						       (unsigned char)rand();
			memcpy(bytes, &number, sizeof(number));
			record.data = bytes;
			assert_int_equal(kvm2_trace_decode(decoder, &record,
							   &event), 0);
			kvm2_trace_text(decoder, &event, true, text, sizeof(text));
			kvm2_trace_text(decoder, &event, false, text,
					sizeof(text));
			free(bytes);
		}
	}
	kvm2_trace_decoder_destroy(decoder);
}

static void linux_6_1_is_understood(void **state)
{
	(void)state;
	check_version("6.1", 109);
}

static void linux_6_12_with_kvm2_is_understood(void **state)
{
	(void)state;
	check_version("6.12", 119);
}

static void linux_6_18_is_understood(void **state)
{
	(void)state;
	check_version("6.18", 109);
}

static void reasons_have_the_words_of_each_kernel(void **state)
{
	static const char *const versions[] = { "6.1", "6.12", "6.18" };
	unsigned int nr;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct kvm2_trace_decoder *decoder = recorded_load(versions[i], &nr);

		assert_string_equal(kvm2_trace_cpu_exit_reason(decoder, 1, 12),
				    "HLT");
		assert_string_equal(kvm2_trace_cpu_exit_reason(decoder, 2, 0x7b),
				    "io");
		assert_string_equal(kvm2_trace_cpu_exit_reason(decoder, 2, 0x999),
				    "svm:0x999");
		assert_string_equal(kvm2_trace_user_exit_reason(decoder, 6),
				    "mmio");
		kvm2_trace_decoder_destroy(decoder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_6_1_is_understood),
		cmocka_unit_test(linux_6_12_with_kvm2_is_understood),
		cmocka_unit_test(linux_6_18_is_understood),
		cmocka_unit_test(reasons_have_the_words_of_each_kernel),
	};

	return cmocka_run_group_tests_name("recorded", tests, NULL, NULL);
}
