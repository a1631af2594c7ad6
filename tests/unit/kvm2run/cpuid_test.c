// SPDX-License-Identifier: GPL-2.0
// Leaves of two hosts, turned into those of a guest.
#include "cpuid.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define INDEXED KVM2_CPUID_INDEXED

struct leaf {
	uint32_t function;
	uint32_t index;
	struct kvm2_cpuid value;
};

static const struct leaf intel[] = {
	{ 0x0, 0, { 0x1f, 0x756e6547, 0x6c65746e, 0x49656e69, 0, 0 } },
	{ 0x1, 0, { 0x000906ea, 0x07100800, 0x80000201, 0x1fabfbff, 0, 0 } },
	{ 0x4, 0, { 0x1c004121, 0x01c0003f, 0x3f, 0, INDEXED, 0 } },
	{ 0x4, 3, { 0x1c03c163, 0x02c0003f, 0x3fff, 6, INDEXED, 0 } },
	{ 0x4, 4, { 0, 0, 0, 0, INDEXED, 0 } },
	{ 0xb, 0, { 1, 2, 0x100, 7, INDEXED, 0 } },
	{ 0xb, 1, { 4, 12, 0x201, 7, INDEXED, 0 } },
	{ 0x1f, 0, { 1, 2, 0x100, 7, INDEXED, 0 } },
	{ 0x40000000, 0, { 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d, 0, 0 } },
	{ 0x80000008, 0, { 0x3027, 0, 0, 0, 0, 0 } },
};

static const struct leaf amd[] = {
	{ 0x0, 0, { 0x10, 0x68747541, 0x444d4163, 0x69746e65, 0, 0 } },
	{ 0x1, 0, { 0x00800f12, 0x05200800, 0x80000201, 0x178bfbff, 0, 0 } },
	{ 0x80000001, 0, { 0x00800f12, 0, 0x00400001, 0, 0, 0 } },
	{ 0x80000008, 0, { 0x3030, 0, 0x0003701f, 0, 0, 0 } },
	{ 0x8000001d, 0, { 0x00004121, 0x01c0003f, 0x3f, 0, INDEXED, 0 } },
	{ 0x8000001d, 3, { 0x0001c163, 0x03c0003f, 0x1fff, 1, INDEXED, 0 } },
	{ 0x8000001e, 0, { 0x29, 0x0104, 0x0301, 0, 0, 0 } },
};

static _Alignas(8) uint8_t host_data[2048];
static _Alignas(8) uint8_t guest_data[2048];
static struct kvm2_records host;
static struct kvm2_records guest;

static int build(const struct leaf *leaves, size_t nr, uint32_t id, uint32_t cpus)
{
	kvm2_records_init(&host, host_data, sizeof(host_data));
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(kvm2_records_add(&host, KVM2_SET_HOST_CPUID,
						  (uint64_t)leaves[i].function << 32 |
						  leaves[i].index,
						  &leaves[i].value, sizeof(leaves[i].value)), 0);
	kvm2_records_init(&guest, guest_data, host.used + CPUID_ADDED_BYTES);
	return cpuid_build(&host, &guest, id, cpus, true);
}

#define BUILD(leaves, id, cpus) \
	assert_int_equal(build(leaves, sizeof(leaves) / sizeof((leaves)[0]), id, cpus), 0)

static struct kvm2_cpuid get(uint32_t function, uint32_t index)
{
	struct kvm2_cpuid leaf;

	assert_int_equal(kvm2_records_get(&guest, KVM2_SET_CPUID, (uint64_t)function << 32 | index,
					  &leaf, sizeof(leaf)), sizeof(leaf));
	return leaf;
}

static void leaf_1_has_the_apic_id_and_the_number_of_cpus(void **state)
{
	(void)state;
	BUILD(intel, 5, 8);
	assert_int_equal(get(1, 0).ebx, 0x05080800);
	assert_int_equal(get(1, 0).edx & 1 << 28, 1 << 28);
	assert_int_equal(get(1, 0).ecx, 0x80000201);
	BUILD(intel, 0, 1);
	assert_int_equal(get(1, 0).ebx, 0x00010800);
	assert_int_equal(get(1, 0).edx & 1 << 28, 0);
}

static void leaf_b_says_one_thread_a_core_in_one_package(void **state)
{
	(void)state;
	BUILD(intel, 2, 3);
	assert_int_equal(get(0xb, 0).eax, 0);
	assert_int_equal(get(0xb, 0).ebx, 1);
	assert_int_equal(get(0xb, 0).ecx, 0x100);
	assert_int_equal(get(0xb, 1).eax, 2);
	assert_int_equal(get(0xb, 1).ebx, 3);
	assert_int_equal(get(0xb, 1).ecx, 0x201);
	assert_int_equal(get(0xb, 2).ecx, 2);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(get(0xb, i).edx, 2);
		assert_int_equal(get(0xb, i).flags, INDEXED);
	}
	assert_null(kvm2_records_find(&guest, KVM2_SET_CPUID, (uint64_t)0x1f << 32));
}

static void intel_caches_have_the_sharers_of_this_machine(void **state)
{
	(void)state;
	BUILD(intel, 1, 8);
	assert_int_equal(get(4, 0).eax, 0x1c000121);
	assert_int_equal(get(4, 3).eax, 0x1c01c163);
	assert_int_equal(get(4, 4).eax, 0);
	assert_int_equal(get(0x80000008, 0).ecx, 0);
}

static void amd_leaves_tell_the_same(void **state)
{
	(void)state;
	BUILD(amd, 3, 8);
	assert_int_equal(get(0x80000001, 0).ecx, 0x00400003);
	assert_int_equal(get(0x80000008, 0).ecx, 0x00033007);
	assert_int_equal(get(0x8000001d, 0).eax, 0x00000121);
	assert_int_equal(get(0x8000001d, 3).eax, 0x0001c163);
	assert_int_equal(get(0x8000001e, 0).eax, 3);
	assert_int_equal(get(0x8000001e, 0).ebx, 3);
	assert_int_equal(get(0x8000001e, 0).ecx, 0);
	BUILD(amd, 0, 1);
	assert_int_equal(get(0x80000001, 0).ecx, 0x00400001);
	assert_int_equal(get(0x80000008, 0).ecx, 0x00030000);
}

static void other_leaves_are_the_hosts(void **state)
{
	(void)state;
	BUILD(intel, 7, 8);
	assert_int_equal(get(0x40000000, 0).ebx, 0x4b4d564b);
	assert_int_equal(get(0, 0).eax, 0x1f);
}

static void room_for_the_added_leaves_is_enough_and_needed(void **state)
{
	static const struct leaf small[] = { { 0, 0, { 0xb, 0, 0, 0, 0, 0 } } };

	(void)state;
	BUILD(small, 0, 1);
	assert_int_equal(guest.used, guest.size);
	guest.size = host.used + CPUID_ADDED_BYTES - 8;
	guest.used = 0;
	assert_int_equal(cpuid_build(&host, &guest, 0, 1, true), -ENOSPC);
}

static void host_below_leaf_b_gets_none(void **state)
{
	static const struct leaf old[] = { { 0, 0, { 0xa, 0, 0, 0, 0, 0 } } };

	(void)state;
	BUILD(old, 0, 1);
	assert_null(kvm2_records_find(&guest, KVM2_SET_CPUID, (uint64_t)0xb << 32));
	assert_int_equal(build(NULL, 0, 0, 1), 0);
	assert_int_equal(guest.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaf_1_has_the_apic_id_and_the_number_of_cpus),
		cmocka_unit_test(leaf_b_says_one_thread_a_core_in_one_package),
		cmocka_unit_test(intel_caches_have_the_sharers_of_this_machine),
		cmocka_unit_test(amd_leaves_tell_the_same),
		cmocka_unit_test(other_leaves_are_the_hosts),
		cmocka_unit_test(room_for_the_added_leaves_is_enough_and_needed),
		cmocka_unit_test(host_below_leaf_b_gets_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
