// SPDX-License-Identifier: LGPL-2.1
// names.c: the words for exits, errors and registers.
#include <kvm2/trace.h>

#include <linux/kvm2.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *reg(uint32_t set, uint64_t number, uint32_t size)
{
	static char name[KVM2_TRACE_NAME_SIZE];

	return kvm2_trace_register_name(set, number, size, name);
}

static void exits_have_the_words_of_the_abi(void **state)
{
	char name[KVM2_TRACE_NAME_SIZE];

	(void)state;
	assert_string_equal(kvm2_trace_exit_name(KVM2_EXIT_MMIO, name), "mmio");
	assert_string_equal(kvm2_trace_exit_name(99, name), "UNKNOWN(99)");
}

static void errors_have_their_names(void **state)
{
	char name[KVM2_TRACE_NAME_SIZE];

	(void)state;
	assert_string_equal(kvm2_trace_errno_name(-4, name), "EINTR");
	assert_string_equal(kvm2_trace_errno_name(22, name), "EINVAL");
	assert_string_equal(kvm2_trace_errno_name(-513, name), "ERESTARTNOINTR");
	assert_string_equal(kvm2_trace_errno_name(-4000, name), "-4000");
	assert_string_equal(kvm2_trace_errno_name(INT32_MIN, name), "-2147483648");
}

static void registers_of_fixed_number_have_one_word(void **state)
{
	(void)state;
	assert_string_equal(reg(KVM2_SET_GPR, KVM2_GPR_RAX, 8), "rax");
	assert_string_equal(reg(KVM2_SET_CONTROL, KVM2_CONTROL_CR3, 8), "cr3");
	assert_string_equal(reg(KVM2_SET_VECTOR, KVM2_VECTOR_MXCSR, 4), "mxcsr");
}

static void vector_registers_are_called_by_their_width(void **state)
{
	(void)state;
	assert_string_equal(reg(KVM2_SET_VECTOR, 3, 16), "xmm3");
	assert_string_equal(reg(KVM2_SET_VECTOR, 3, 32), "ymm3");
	assert_string_equal(reg(KVM2_SET_VECTOR, 31, 64), "zmm31");
}

static void other_sets_are_named_before_the_colon(void **state)
{
	(void)state;
	assert_string_equal(reg(KVM2_SET_MSR, 0xc0000082, 8), "msr:lstar");
	assert_string_equal(reg(KVM2_SET_MSR, 0x12345, 8), "msr:0x12345");
	assert_string_equal(reg(KVM2_SET_CPUID, 7ULL << 32 | 1, 24), "cpuid:0x7.1");
	assert_string_equal(reg(KVM2_SET_LAPIC, 8, 4), "lapic:tpr");
	assert_string_equal(reg(KVM2_SET_XSTATE, 9, 4), "xstate:pkru");
}

static void what_has_no_name_is_a_number(void **state)
{
	(void)state;
	assert_string_equal(reg(KVM2_SET_GPR, 77, 8), "gpr:0x4d");
	assert_string_equal(reg(KVM2_SET_VECTOR, 50, 8), "vector:0x32");
	assert_string_equal(reg(4000000000, 5, 8), "UNKNOWN(4000000000):0x5");
	assert_string_equal(reg(4000000000, UINT64_MAX, 8),
			    "UNKNOWN(4000000000):0xffffffffffffffff");
}

static void kinds_have_names(void **state)
{
	(void)state;
	assert_string_equal(kvm2_trace_kind_name(KVM2_TRACE_EXIT_CPU), "cpu");
	assert_string_equal(kvm2_trace_kind_name(KVM2_TRACE_EXIT_USER), "user");
	assert_null(kvm2_trace_kind_name(KVM2_TRACE_NR_KINDS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exits_have_the_words_of_the_abi),
		cmocka_unit_test(errors_have_their_names),
		cmocka_unit_test(registers_of_fixed_number_have_one_word),
		cmocka_unit_test(vector_registers_are_called_by_their_width),
		cmocka_unit_test(other_sets_are_named_before_the_colon),
		cmocka_unit_test(what_has_no_name_is_a_number),
		cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
