// SPDX-License-Identifier: GPL-2.0
// Exits and registers in words, in buffers of any size.
#include "report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void exits_are_told_in_words(void **state)
{
	static const struct {
		struct kvm2_run run;
		const char *text;
	} rows[] = {
		{ { .exit_reason = KVM2_EXIT_SHUTDOWN }, "shutdown: triple fault" },
		{ { .exit_reason = KVM2_EXIT_FAIL_ENTRY,
		    .fail_entry = { .hardware_reason = 0x80000021, .cpu = 3 } },
		  "fail_entry: the processor refused the guest's state, reason 0x80000021 on cpu 3" },
		{ { .exit_reason = KVM2_EXIT_INTERNAL_ERROR,
		    .internal_error = { .suberror = 1, .ndata = 2, .data = { 0xf, 0x90 } } },
		  "internal_error: an instruction that KVM cannot emulate, data 0xf 0x90" },
		{ { .exit_reason = KVM2_EXIT_INTERNAL_ERROR,
		    .internal_error = { .suberror = 77 } }, "internal_error: suberror UNKNOWN(77)" },
		{ { .exit_reason = KVM2_EXIT_UNKNOWN,
		    .unknown = { .kvm_reason = 99, .hardware_reason = 0x10 } },
		  "unknown: KVM's reason 99, hardware reason 0x10" },
		{ { .exit_reason = KVM2_EXIT_MEMORY_FAULT, .memory_fault = { .gpa = ~0ULL } },
		  "memory_fault: the host cannot provide memory" },
		{ { .exit_reason = KVM2_EXIT_MEMORY_FAULT, .memory_fault = { .gpa = 0x1000 } },
		  "memory_fault: the host cannot provide memory at 0x1000" },
		{ { .exit_reason = KVM2_EXIT_HYPERV }, "hyperv" },
		{ { .exit_reason = 75 }, "UNKNOWN(75)" },
	};
	char text[REPORT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		report_exit(&rows[i].run, text, sizeof(text));
		assert_string_equal(text, rows[i].text);
	}
}

static void more_data_than_there_can_be_is_cut(void **state)
{
	struct kvm2_run run = {
		.exit_reason = KVM2_EXIT_INTERNAL_ERROR,
		.internal_error = { .suberror = 1, .ndata = ~0U },
	};
	char text[REPORT_BYTES];

	(void)state;
	report_exit(&run, text, sizeof(text));
	assert_non_null(strstr(text, "0x0 0x0"));
}

static _Alignas(8) uint8_t data[1024];
static struct kvm2_records records;

static void make_records(void)
{
	const struct kvm2_segment segment = { 0x10000, 0xffff, 0x1000, 0x9b };
	const struct kvm2_descriptor_table table = { .base = 0x5000, .limit = 0x17 };

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add_u64(&records, KVM2_SET_GPR, KVM2_GPR_RAX, 0x1234, 8);
	kvm2_records_add_u64(&records, KVM2_SET_GPR, KVM2_GPR_R15, ~0ULL, 8);
	kvm2_records_add_u64(&records, KVM2_SET_GPR, KVM2_GPR_RCX, 1, 8);
	kvm2_records_add_u64(&records, KVM2_SET_GPR, KVM2_GPR_RDX, 2, 8);
	kvm2_records_add_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 0xfff0, 8);
	kvm2_records_add(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, &segment, sizeof(segment));
	kvm2_records_add(&records, KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_IDTR, &table,
			 sizeof(table));
}

static void registers_have_their_names_and_lines(void **state)
{
	char text[REPORT_BYTES];

	(void)state;
	make_records();
	report_registers(&records, text, sizeof(text));
	assert_string_equal(text,
		"rax=0000000000001234 r15=ffffffffffffffff rcx=0000000000000001\n"
		"rdx=0000000000000002\n"
		"rip=000000000000fff0\n"
		"cs   selector=1000 base=0000000000010000 limit=0000ffff access=009b\n"
		"idtr base=0000000000005000 limit=0017\n");
}

static void short_buffers_cut_and_terminate(void **state)
{
	char text[REPORT_BYTES];

	(void)state;
	make_records();
	for (size_t size = 1; size < 300; size++) {
		memset(text, 'x', sizeof(text));
		report_registers(&records, text, size);
		assert_true(strlen(text) < size);
		assert_int_equal(text[size], 'x');
	}
	report_registers(&records, text, 0);
}

static void no_registers_are_an_empty_text(void **state)
{
	char text[8] = "before";

	(void)state;
	kvm2_records_init(&records, data, sizeof(data));
	report_registers(&records, text, sizeof(text));
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exits_are_told_in_words),
		cmocka_unit_test(more_data_than_there_can_be_is_cut),
		cmocka_unit_test(registers_have_their_names_and_lines),
		cmocka_unit_test(short_buffers_cut_and_terminate),
		cmocka_unit_test(no_registers_are_an_empty_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
