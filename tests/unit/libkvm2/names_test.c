// SPDX-License-Identifier: GPL-2.0
/* libkvm2/src/names.c: every name leads back to what it names. */
#include <kvm2/kvm2.h>

#include <linux/kvm2_names.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The register of that number has that name, and the other way round. */
static void names(uint32_t set, uint64_t number, const char *expected, uint32_t size)
{
	char name[KVM2_NAME_SIZE];
	struct kvm2_register reg;

	assert_ptr_equal(kvm2_register_name(set, number, name), name);
	assert_string_equal(name, expected);
	assert_int_equal(kvm2_register_find(name, &reg), 0);
	assert_int_equal(reg.set, set);
	assert_int_equal(reg.number, number);
	assert_int_equal(reg.size, size);
	assert_int_equal(kvm2_register_size(set, number), size);
}

static void part(const char *name, uint32_t set, uint64_t number, uint32_t size)
{
	struct kvm2_register reg;

	assert_int_equal(kvm2_register_find(name, &reg), 0);
	assert_int_equal(reg.set, set);
	assert_int_equal(reg.number, number);
	assert_int_equal(reg.size, size);
}

static void every_register_of_fixed_number_leads_back(void **state)
{
	(void)state;
#define X(set, number, size, attributes, name, text) \
	names(KVM2_SET_##set, number, text, size);
	KVM2_REGISTERS(X)
#undef X
}

static void attributes_are_those_of_the_list(void **state)
{
	struct kvm2_register reg;

	(void)state;
#define X(set, number, bytes, attrs, name, text) \
	assert_int_equal(kvm2_register_find(text, &reg), 0); \
	assert_int_equal(reg.attributes, attrs);
	KVM2_REGISTERS(X)
#undef X
}

static void every_listed_number_leads_back(void **state)
{
	char name[KVM2_NAME_SIZE];

	(void)state;
#define X(number, text) \
	names(KVM2_SET_MSR, number, "msr:" text, 8); \
	assert_string_equal(kvm2_msr_name(number), text);
	KVM2_MSR_NAMES(X)
#undef X
#define X(number, text) names(KVM2_SET_LAPIC, number, "lapic:" text, 4);
	KVM2_LAPIC_NAMES(X)
#undef X
#define X(number, text) names(KVM2_SET_XSTATE, number, "xstate:" text, 0);
	KVM2_XSTATE_NAMES(X)
#undef X
	assert_non_null(kvm2_register_name(KVM2_SET_MSR, 0xc0000303, name));
}

static void the_lists_are_ascending_and_fit(void **state)
{
	static const struct {
		uint32_t number;
		const char *text;
	} lists[] = {
#define X(number, text) { number, text },
		KVM2_MSR_NAMES(X) { 0, NULL },
		KVM2_LAPIC_NAMES(X) { 0, NULL },
		KVM2_XSTATE_NAMES(X) { 0, NULL },
#undef X
	};

	(void)state;
	for (size_t i = 1; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (!lists[i].text || !lists[i - 1].text)
			continue;
		assert_true(lists[i].number > lists[i - 1].number);
		assert_true(strlen("msr:") + strlen(lists[i].text) < KVM2_NAME_SIZE);
	}
}

static void numbers_without_a_word_are_written_as_such(void **state)
{
	(void)state;
	names(KVM2_SET_MSR, 0x12345, "msr:0x12345", 8);
	names(KVM2_SET_MSR, 0xffffffff, "msr:0xffffffff", 8);
	names(KVM2_SET_LAPIC, 0x29, "lapic:0x29", 4);
	names(KVM2_SET_XSTATE, 40, "xstate:0x28", 0);
	names(KVM2_SET_CPUID, 7ULL << 32 | 1, "cpuid:0x7.1", sizeof(struct kvm2_cpuid));
	names(KVM2_SET_CPUID, 0, "cpuid:0x0.0", sizeof(struct kvm2_cpuid));
	names(KVM2_SET_HOST_CPUID, UINT64_MAX, "host_cpuid:0xffffffff.4294967295",
	      sizeof(struct kvm2_cpuid));
	part("cpuid:0x80000001", KVM2_SET_CPUID, 0x80000001ULL << 32, sizeof(struct kvm2_cpuid));
	part("msr:16", KVM2_SET_MSR, 16, 8);
}

static void vector_registers_have_three_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i <= KVM2_VECTOR_ZMM31; i++) {
		char name[KVM2_NAME_SIZE];

		snprintf(name, sizeof(name), "zmm%u", i);
		names(KVM2_SET_VECTOR, i, name, 64);
		snprintf(name, sizeof(name), "ymm%u", i);
		part(name, KVM2_SET_VECTOR, i, 32);
		snprintf(name, sizeof(name), "xmm%u", i);
		part(name, KVM2_SET_VECTOR, i, 16);
	}
}

static void low_parts_have_names(void **state)
{
	(void)state;
	part("eax", KVM2_SET_GPR, KVM2_GPR_RAX, 4);
	part("cx", KVM2_SET_GPR, KVM2_GPR_RCX, 2);
	part("dl", KVM2_SET_GPR, KVM2_GPR_RDX, 1);
	part("sil", KVM2_SET_GPR, KVM2_GPR_RSI, 1);
	part("r8d", KVM2_SET_GPR, KVM2_GPR_R8, 4);
	part("r15b", KVM2_SET_GPR, KVM2_GPR_R15, 1);
	part("eip", KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 4);
	part("eflags", KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 4);
	/* Not a part of rax or rsp, nor of a segment. */
	part("es", KVM2_SET_SEGMENT, KVM2_SEGMENT_ES, 16);
	part("k1", KVM2_SET_VECTOR, KVM2_VECTOR_K1, 8);
}

static void what_is_no_register_has_no_name(void **state)
{
	char name[KVM2_NAME_SIZE];

	(void)state;
	assert_null(kvm2_register_name(0, 0, name));
	assert_null(kvm2_register_name(99, 0, name));
	assert_null(kvm2_register_name(KVM2_SET_GPR, 16, name));
	assert_null(kvm2_register_name(KVM2_SET_DEBUG, 4, name));
	assert_null(kvm2_register_name(KVM2_SET_VECTOR, 33, name));
	assert_null(kvm2_register_name(KVM2_SET_MSR, 1ULL << 32, name));
	assert_null(kvm2_register_name(KVM2_SET_LAPIC, 64, name));
	assert_null(kvm2_register_name(KVM2_SET_XSTATE, 63, name));
	assert_int_equal(kvm2_register_size(KVM2_SET_GPR, 16), -ENOENT);
	assert_int_equal(kvm2_register_size(99, 0), -ENOENT);
}

static void what_is_no_name_is_not_found(void **state)
{
	static const char *const none[] = {
		"", "rax ", "RAX", "ra", "raxx", "zmm", "zmm32", "zmm03", "zmm-1", "zmm0x1",
		"zmm1 ", "msr:", "msr", "msr:nope", "msr:0x", "msr:0x100000000", "msr:1x",
		"msr:-1", "msr: 1", "lapic:0x40", "lapic:64", "cpuid:", "cpuid:.1", "cpuid:1.",
		"cpuid:1.2.3", "cpuid:0x100000000", "host_cpuid", "xstate:63", "gpr:0", "ah",
		"msr:18446744073709551616", "msr:99999999999999999999999999",
	};
	struct kvm2_register reg;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (kvm2_register_find(none[i], &reg) != -ENOENT)
			fail_msg("\"%s\" was found", none[i]);
}

static void words_of_the_abi(void **state)
{
	(void)state;
	assert_string_equal(kvm2_syscall_name(602), "kvm_enter_guest");
	assert_string_equal(kvm2_exit_reason_name(KVM2_EXIT_MMIO), "mmio");
	assert_string_equal(kvm2_exit_reason_name(KVM2_EXIT_UNKNOWN), "unknown");
	assert_string_equal(kvm2_set_name(KVM2_SET_CONTROL), "control");
	assert_string_equal(kvm2_mp_state_name(KVM2_MP_HALTED), "halted");
	assert_string_equal(kvm2_msr_name(0xc0000082), "lstar");
	assert_null(kvm2_syscall_name(1));
	assert_null(kvm2_exit_reason_name(75));
	assert_null(kvm2_set_name(0));
	assert_null(kvm2_mp_state_name(99));
	assert_null(kvm2_msr_name(0x12345));
	assert_string_equal(kvm2_api_name(KVM2_API_KVM2), "kvm2");
	assert_string_equal(kvm2_api_name(KVM2_API_CLASSIC), "classic");
	assert_null(kvm2_api_name((enum kvm2_api)7));
	assert_int_equal(kvm2_api_find("classic"), KVM2_API_CLASSIC);
	assert_int_equal(kvm2_api_find("kvm2"), KVM2_API_KVM2);
	assert_int_equal(kvm2_api_find("kvm3"), -ENOENT);
	assert_int_equal(kvm2_api_probe((enum kvm2_api)7), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_register_of_fixed_number_leads_back),
		cmocka_unit_test(attributes_are_those_of_the_list),
		cmocka_unit_test(every_listed_number_leads_back),
		cmocka_unit_test(the_lists_are_ascending_and_fit),
		cmocka_unit_test(numbers_without_a_word_are_written_as_such),
		cmocka_unit_test(vector_registers_have_three_names),
		cmocka_unit_test(low_parts_have_names),
		cmocka_unit_test(what_is_no_register_has_no_name),
		cmocka_unit_test(what_is_no_name_is_not_found),
		cmocka_unit_test(words_of_the_abi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
