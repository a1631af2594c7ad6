// SPDX-License-Identifier: LGPL-2.1
// decode.c: records that fit a format, and records that do not.
#include <kvm2/trace.h>

#include "formats.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct kvm2_trace_decoder *decoder;

static int add(const char *system, const char *text)
{
	return kvm2_trace_decoder_add(decoder, system, text, strlen(text));
}

static int setup(void **state)
{
	(void)state;
	decoder = kvm2_trace_decoder_create();
	assert_non_null(decoder);
	assert_int_equal(add("kvm2", exit_format), 0);
	assert_int_equal(add("kvm2", state_format), 0);
	assert_int_equal(add("kvm2", loop_format), 0);
	assert_int_equal(add("kvm", kvm_exit_format), 0);
	assert_int_equal(add("kvm", userspace_exit_format), 0);
	assert_int_equal(add("kvm", other_format), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kvm2_trace_decoder_destroy(decoder);
	return 0;
}

static int decode(const void *data, size_t size, struct kvm2_trace_event *event)
{
	const struct kvm2_trace_record record = {
		.time_ns = 1000, .cpu = 1, .data = data, .size = size,
	};

	return kvm2_trace_decode(decoder, &record, event);
}

static const char *text_of(const struct kvm2_trace_event *event, bool raw)
{
	static char text[512];

	kvm2_trace_text(decoder, event, raw, text, sizeof(text));
	return text;
}

static const struct exit_record io_exit = {
	.common = { .type = ID_EXIT, .pid = 42 },
	.vm = 7, .vcpu = 3, .reason = 1,
	.detail0 = 0x3f8 | 1 << 16 | 1 << 24 | 1ULL << 32, .detail1 = 0x41,
};

static void an_exit_has_vm_vcpu_thread_and_reason(void **state)
{
	struct kvm2_trace_event event;

	(void)state;
	assert_int_equal(decode(&io_exit, sizeof(io_exit), &event), 0);
	assert_string_equal(event.system, "kvm2");
	assert_string_equal(event.name, "kvm2_exit");
	assert_int_equal(event.tid, 42);
	assert_int_equal(event.kind, KVM2_TRACE_EXIT_USER);
	assert_true(event.has_vm);
	assert_int_equal(event.vm, 7);
	assert_true(event.has_vcpu);
	assert_int_equal(event.vcpu, 3);
	assert_string_equal(event.reason, "io");
}

static void an_exit_is_shown_with_port_and_value(void **state)
{
	struct kvm2_trace_event event;

	(void)state;
	decode(&io_exit, sizeof(io_exit), &event);
	assert_string_equal(text_of(&event, false),
			    "io out port=0x3f8 size=1 value=0x41");
}

static void raw_text_is_that_of_the_kernel(void **state)
{
	struct kvm2_trace_event event;

	(void)state;
	decode(&io_exit, sizeof(io_exit), &event);
	assert_string_equal(text_of(&event, true),
			    "vm=7 vcpu=3 reason=io ret=0 detail0=0x1010103f8 detail1=0x41");
}

static void an_exit_with_an_error_has_its_name_as_reason(void **state)
{
	struct exit_record record = io_exit;
	struct kvm2_trace_event event;

	(void)state;
	record.reason = 0;
	record.ret = -EINTR;
	decode(&record, sizeof(record), &event);
	assert_string_equal(event.reason, "EINTR");
	assert_string_equal(text_of(&event, false), "EINTR");
}

static void a_reason_without_a_name_is_shown_as_unknown(void **state)
{
	struct exit_record record = io_exit;
	struct kvm2_trace_event event;

	(void)state;
	record.reason = 75;
	decode(&record, sizeof(record), &event);
	assert_string_equal(event.reason, "UNKNOWN(75)");
}

static void a_state_access_names_the_register(void **state)
{
	const struct state_record record = {
		.common = { .type = ID_STATE, .pid = 50 },
		.vm = 7, .vcpu = 1, .accessor = 50, .number = 0xc0000082,
		.value = 0xffffffff81000000, .size = 8, .set = 9, .is_set = 1,
	};
	struct kvm2_trace_event event;

	(void)state;
	assert_int_equal(decode(&record, sizeof(record), &event), 0);
	assert_string_equal(text_of(&event, false),
			    "set msr:lstar=0xffffffff81000000 size=8 by=50");
	assert_string_equal(text_of(&event, true),
			    "vm=7 vcpu=1 accessor=50 op=set set=msr number=0xc0000082 size=8 value=0xffffffff81000000 err=0");
	assert_int_equal(event.kind, KVM2_TRACE_OTHER);
}

static void a_loop_is_an_exit_that_the_kernel_consumed(void **state)
{
	const struct loop_record record = {
		.common = { .type = ID_LOOP, .pid = 50 }, .vm = 1, .why = 2,
	};
	struct kvm2_trace_event event;

	(void)state;
	decode(&record, sizeof(record), &event);
	assert_int_equal(event.kind, KVM2_TRACE_EXIT_KERNEL);
	assert_string_equal(event.reason, "retry");
	assert_string_equal(text_of(&event, false), "vm=1 vcpu=0 why=retry");
}

static void reasons_of_the_processor_are_the_kernels_words(void **state)
{
	struct kvm_exit_record record = {
		.common = { .type = ID_KVM_EXIT, .pid = 9 }, .vcpu_id = 5,
		.guest_rip = 0x1000, .isa = 2, .exit_reason = 0x7b,
	};
	struct kvm2_trace_event event;

	(void)state;
	decode(&record, sizeof(record), &event);
	assert_string_equal(event.reason, "io");
	assert_false(event.has_vm);
	assert_true(event.has_vcpu);
	assert_int_equal(event.vcpu, 5);
	assert_int_equal(event.kind, KVM2_TRACE_EXIT_CPU);
	assert_string_equal(text_of(&event, true), "vcpu 5 reason io rip 0x1000");

	record.isa = 1;
	record.exit_reason = 12;
	decode(&record, sizeof(record), &event);
	assert_string_equal(event.reason, "HLT");

	record.exit_reason = 0x80000000 | 30;
	decode(&record, sizeof(record), &event);
	assert_string_equal(event.reason, "IO_INSTRUCTION FAILED_VMENTRY");
}

static void classic_exits_to_user_space_have_the_words_of_kvm2(void **state)
{
	struct userspace_exit_record record = {
		.common = { .type = ID_USERSPACE_EXIT, .pid = 9 }, .reason = 2,
	};
	struct kvm2_trace_event event;

	(void)state;
	decode(&record, sizeof(record), &event);
	assert_string_equal(event.reason, "io");
	assert_int_equal(event.kind, KVM2_TRACE_EXIT_USER);
	assert_false(event.has_vcpu);

	record.reason = 29;
	decode(&record, sizeof(record), &event);
	assert_string_equal(event.reason, "rdmsr");

	record.reason = 99;
	decode(&record, sizeof(record), &event);
	assert_string_equal(event.reason, "UNKNOWN(99)");

	record.error = -EINTR;
	decode(&record, sizeof(record), &event);
	assert_string_equal(event.reason, "EINTR");
}

static void the_kernels_words_for_errors_are_ours(void **state)
{
	struct userspace_exit_record record = {
		.common = { .type = ID_USERSPACE_EXIT, .pid = 9 }, .reason = 2,
	};
	struct kvm2_trace_event event;

	(void)state;
	decode(&record, sizeof(record), &event);
	assert_string_equal(text_of(&event, true), "reason KVM_EXIT_IO (2)");
	record.error = -EINTR;
	decode(&record, sizeof(record), &event);
	assert_string_equal(text_of(&event, true), "reason restart (4)");
	record.error = -EAGAIN;
	decode(&record, sizeof(record), &event);
	assert_string_equal(text_of(&event, true), "reason error (11)");
}

static void a_reason_is_named_once(void **state)
{
	struct kvm2_trace_event first;
	struct kvm2_trace_event second;

	(void)state;
	decode(&io_exit, sizeof(io_exit), &first);
	decode(&io_exit, sizeof(io_exit), &second);
	assert_ptr_equal(first.reason, second.reason);
}

static void reasons_without_end_do_not_fill_the_memory(void **state)
{
	struct exit_record record = io_exit;
	struct kvm2_trace_event event;

	(void)state;
	for (record.reason = 1000; record.reason < 5000; record.reason++)
		decode(&record, sizeof(record), &event);
	assert_string_equal(event.reason, "OTHER");
}

static void an_ordinary_event_has_the_kernels_text(void **state)
{
	const struct other_record record = {
		.common = { .type = ID_OTHER, .pid = 9 }, .vcpu_id = 2,
	};
	struct kvm2_trace_event event;

	(void)state;
	decode(&record, sizeof(record), &event);
	assert_string_equal(event.name, "kvm_other");
	assert_int_equal(event.kind, KVM2_TRACE_OTHER);
	assert_null(event.reason);
	assert_true(event.has_vcpu);
	assert_string_equal(text_of(&event, false), "vcpu 2");
}

static void enumerators_that_only_the_kernel_knows_are_understood(void **state)
{
	static const char format[] = FORMAT("kvm_clock", 801,
		FIELD("unsigned int", "clock", 8, 4, 0),
		"\"clock %s\", __print_symbolic(REC->clock, "
		"{VDSO_CLOCKMODE_NONE, \"none\"}, {VDSO_CLOCKMODE_TSC, \"tsc\"})");
	struct { struct common common; uint32_t clock; } record = {
		.common = { .type = 801, .pid = 1 }, .clock = 1,
	};
	struct kvm2_trace_event event;

	(void)state;
	assert_int_equal(add("kvm", format), 0);
	decode(&record, sizeof(record), &event);
	assert_string_equal(text_of(&event, true), "clock tsc");
	record.clock = 0;
	decode(&record, sizeof(record), &event);
	assert_string_equal(text_of(&event, true), "clock none");
}

static void an_event_without_a_format_is_shown_as_unknown(void **state)
{
	const struct common record = { .type = 999, .pid = 77 };
	struct kvm2_trace_event event;

	(void)state;
	assert_int_equal(decode(&record, sizeof(record), &event), 0);
	assert_string_equal(event.name, "unknown");
	assert_int_equal(event.tid, 77);
	assert_string_equal(text_of(&event, false), "8 bytes, format not known");
}

static void a_handler_whose_field_is_missing_is_left_out(void **state)
{
	static const char format[] = FORMAT("kvm2_enter", 800,
		FIELD("u64", "vm", 8, 8, 0), "\"vm=%llu\", REC->vm");
	const struct { struct common common; uint64_t vm; } record = {
		.common = { .type = 800, .pid = 1 }, .vm = 5,
	};
	struct kvm2_trace_event event;

	(void)state;
	assert_int_equal(add("kvm2", format), 0);
	decode(&record, sizeof(record), &event);
	assert_string_equal(text_of(&event, false), "vm=5");
}

static void a_record_too_short_for_its_format_is_refused(void **state)
{
	struct kvm2_trace_event event;

	(void)state;
	/* Of the heap, so that a sanitizer sees a byte too much. */
	for (size_t size = 0; size < offsetof(struct exit_record, detail1) + 8;
	     size++) {
		void *bytes = malloc(size);

		memcpy(bytes, &io_exit, size);
		assert_int_equal(decode(bytes, size, &event), -EINVAL);
		free(bytes);
	}
}

static void a_gap_is_no_event(void **state)
{
	const struct kvm2_trace_record gap = { .cpu = 0, .lost = 5 };
	struct kvm2_trace_event event;

	(void)state;
	assert_int_equal(kvm2_trace_decode(decoder, &gap, &event), -EINVAL);
}

static void an_event_is_learned_once(void **state)
{
	(void)state;
	assert_int_equal(add("kvm2", exit_format), -EEXIST);
}

static void what_is_no_format_is_refused(void **state)
{
	(void)state;
	assert_int_equal(add("kvm2", ""), -EINVAL);
	assert_int_equal(add("kvm2", "name: x\n"), -EINVAL);
	assert_int_equal(add("kvm2", "name: x\nID: 70000\nformat:\n"), -EINVAL);
	assert_int_equal(add("kvm2", "name: x\nID: 900\nformat:\nprint fmt: \"\"\n"),
			 -EINVAL);
}

static void random_bytes_do_no_harm(void **state)
{
	static const uint16_t types[] = {
		ID_EXIT, ID_STATE, ID_LOOP, ID_KVM_EXIT, ID_USERSPACE_EXIT,
		ID_OTHER, 999,
	};
	struct kvm2_trace_event event;

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		const size_t size = (size_t)rand() % 80;
		uint8_t *bytes = malloc(size);

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)rand();
		if (size >= 2)
			memcpy(bytes, &types[rand() % 7], 2);
		if (!decode(bytes, size, &event)) {
			text_of(&event, false);
			text_of(&event, true);
		}
		free(bytes);
	}
}

static void text_is_cut_off_at_the_size_given(void **state)
{
	struct kvm2_trace_event event;
	char text[8];

	(void)state;
	decode(&io_exit, sizeof(io_exit), &event);
	assert_int_equal(kvm2_trace_text(decoder, &event, false, text,
					 sizeof(text)),
			 strlen("io out port=0x3f8 size=1 value=0x41"));
	assert_string_equal(text, "io out ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_exit_has_vm_vcpu_thread_and_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(an_exit_is_shown_with_port_and_value, setup, teardown),
		cmocka_unit_test_setup_teardown(raw_text_is_that_of_the_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(an_exit_with_an_error_has_its_name_as_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reason_without_a_name_is_shown_as_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(a_state_access_names_the_register, setup, teardown),
		cmocka_unit_test_setup_teardown(a_loop_is_an_exit_that_the_kernel_consumed, setup, teardown),
		cmocka_unit_test_setup_teardown(reasons_of_the_processor_are_the_kernels_words, setup, teardown),
		cmocka_unit_test_setup_teardown(classic_exits_to_user_space_have_the_words_of_kvm2, setup, teardown),
		cmocka_unit_test_setup_teardown(the_kernels_words_for_errors_are_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reason_is_named_once, setup, teardown),
		cmocka_unit_test_setup_teardown(reasons_without_end_do_not_fill_the_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(an_ordinary_event_has_the_kernels_text, setup, teardown),
		cmocka_unit_test_setup_teardown(enumerators_that_only_the_kernel_knows_are_understood, setup, teardown),
		cmocka_unit_test_setup_teardown(an_event_without_a_format_is_shown_as_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(a_handler_whose_field_is_missing_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(a_record_too_short_for_its_format_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_gap_is_no_event, setup, teardown),
		cmocka_unit_test_setup_teardown(an_event_is_learned_once, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_format_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(random_bytes_do_no_harm, setup, teardown),
		cmocka_unit_test_setup_teardown(text_is_cut_off_at_the_size_given, setup, teardown),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
