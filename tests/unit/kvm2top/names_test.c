// SPDX-License-Identifier: GPL-2.0
// Names of reasons come from the text of the format file.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "names.h"

static const char exit_text[] =
	"name: kvm_exit\nID: 114\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:unsigned int exit_reason;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:unsigned long guest_rip;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:u32 isa;\toffset:24;\tsize:4;\tsigned:0;\n"
	"\tfield:u64 info1;\toffset:32;\tsize:8;\tsigned:0;\n"
	"\tfield:u64 info2;\toffset:40;\tsize:8;\tsigned:0;\n"
	"\tfield:u32 intr_info;\toffset:48;\tsize:4;\tsigned:0;\n"
	"\tfield:u32 error_code;\toffset:52;\tsize:4;\tsigned:0;\n"
	"\tfield:unsigned int vcpu_id;\toffset:56;\tsize:4;\tsigned:0;\n\n"
	"print fmt: \"vcpu %u reason %s rip 0x%lx\", REC->vcpu_id, (REC->isa == 1) ? __print_symbolic(REC->exit_reason & 0xffff, "
	"{ 10, \"CPUID\" }, { 200, \"BRAND NEW\" }) : __print_symbolic(REC->exit_reason, { 0x072, \"cpuid\" }, "
	"{ 0x400, \"npf\" }, { 0x80000001, \"vmgexit_mmio_read\" }), REC->guest_rip\n";

static void the_kernels_own_words_are_used(void **state)
{
	struct names *names = names_create();
	char name[MODEL_NAME_SIZE];

	(void)state;
	assert_int_equal(names_add_format(names, exit_text), 0);
	assert_string_equal(names_reason(names, MODEL_CPU, SHARED_VMX, 10, 0, name), "cpuid");
	assert_string_equal(names_reason(names, MODEL_CPU, SHARED_VMX, 200, 0, name), "brand_new");
	assert_string_equal(names_reason(names, MODEL_CPU, SHARED_SVM, 0x72, 0, name), "cpuid");
	assert_string_equal(names_reason(names, MODEL_CPU, SHARED_SVM, SHARED_LOW, 0, name), "npf");
	assert_string_equal(names_reason(names, MODEL_CPU, SHARED_SVM, SHARED_OTHER, 0x80000001, name),
			    "vmgexit_mmio_read");
	names_destroy(names);
}

static void without_a_name_the_code_is_shown(void **state)
{
	struct names *names = names_create();
	char name[MODEL_NAME_SIZE];

	(void)state;
	assert_string_equal(names_reason(names, MODEL_CPU, SHARED_SVM, 0x72, 0, name), "svm:0x72");
	assert_int_equal(names_add_format(names, exit_text), 0);
	assert_string_equal(names_reason(names, MODEL_CPU, SHARED_SVM, 0x73, 0, name), "svm:0x73");
	assert_string_equal(names_reason(names, MODEL_CPU, 7, SHARED_OTHER, 0x20000, name), "isa7:0x20000");
	assert_string_equal(names_reason(names, MODEL_USER, 0, 61, 0, name), "61");
	names_destroy(names);
}

static void reasons_to_leave_for_the_vmm_have_names(void **state)
{
	struct names *names = names_create();
	char name[MODEL_NAME_SIZE];

	(void)state;
	assert_string_equal(names_reason(names, MODEL_USER_KVM2, 0, 1, 0, name), "io");
	assert_string_equal(names_reason(names, MODEL_USER, 0, SHARED_USER_SIGNAL, 0, name), "signal");
	assert_string_equal(names_reason(names, MODEL_COUNTER, 0, COUNTER_HALT_EXITS, 0, name), "halt_exits");
	names_destroy(names);
}

static void broken_formats_are_refused(void **state)
{
	struct names *names = names_create();

	(void)state;
	assert_true(names_add_format(names, "") < 0);
	assert_true(names_add_format(names, "nonsense") < 0);
	names_destroy(names);
}

static void details_have_names_where_there_are_any(void **state)
{
	char name[MODEL_NAME_SIZE];

	(void)state;
	assert_string_equal(names_detail(DETAIL_MSR_WRITE, 0x10, name), "tsc");
	assert_string_equal(names_detail(DETAIL_PORT_READ, 0x3f8, name), "0x3f8");
	assert_string_equal(names_detail(DETAIL_RIP, UINT64_MAX, name), "not known");
	assert_string_equal(names_detail_kind(DETAIL_PAGE_FAULT), "page fault");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernels_own_words_are_used),
		cmocka_unit_test(without_a_name_the_code_is_shown),
		cmocka_unit_test(reasons_to_leave_for_the_vmm_have_names),
		cmocka_unit_test(broken_formats_are_refused),
		cmocka_unit_test(details_have_names_where_there_are_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
