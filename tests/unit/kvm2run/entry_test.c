// SPDX-License-Identifier: GPL-2.0
// The state that images start in.
#include "entry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static _Alignas(8) uint8_t data[ENTRY_BYTES];
static struct kvm2_records records;

static void build(enum image_mode mode, uint64_t entry, uint32_t info_gpa)
{
	const struct image image = { .mode = mode, .entry = entry };

	assert_int_equal(kvm2_records_init(&records, data, sizeof(data)), 0);
	assert_int_equal(entry_build(&image, info_gpa, &records), 0);
	assert_true(kvm2_records_check(&records) > 0);
}

static uint64_t number(uint32_t set, uint64_t which)
{
	uint64_t value = 0;

	assert_int_equal(kvm2_records_get_u64(&records, set, which, &value), 0);
	return value;
}

static struct kvm2_segment segment(uint64_t which)
{
	struct kvm2_segment value;

	assert_int_equal(kvm2_records_get(&records, KVM2_SET_SEGMENT, which, &value,
					  sizeof(value)), sizeof(value));
	return value;
}

static void multiboot_is_flat_32_bit_without_paging(void **state)
{
	(void)state;
	build(IMAGE_MULTIBOOT, 0x100010, 0x9f000);
	assert_int_equal(number(KVM2_SET_GPR, KVM2_GPR_RAX), 0x2badb002);
	assert_int_equal(number(KVM2_SET_GPR, KVM2_GPR_RBX), 0x9f000);
	assert_int_equal(number(KVM2_SET_CONTROL, KVM2_CONTROL_RIP), 0x100010);
	/* PE on, PG off; VM and IF off */
	assert_int_equal(number(KVM2_SET_CONTROL, KVM2_CONTROL_CR0) & 0x80000001, 1);
	assert_int_equal(number(KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS), 2);
	for (uint64_t i = KVM2_SEGMENT_ES; i <= KVM2_SEGMENT_GS; i++) {
		struct kvm2_segment value = segment(i);

		assert_int_equal(value.base, 0);
		assert_int_equal(value.limit, 0xffffffff);
		/* 32 bit, in pages, present; code for cs, data for the others */
		assert_int_equal(value.access, i == KVM2_SEGMENT_CS ? 0xc09b : 0xc093);
	}
}

static void flat_binary_starts_at_cs_0_below_64k(void **state)
{
	(void)state;
	build(IMAGE_REAL_MODE, 0x7c00, 0);
	assert_int_equal(number(KVM2_SET_CONTROL, KVM2_CONTROL_RIP), 0x7c00);
	assert_int_equal(number(KVM2_SET_CONTROL, KVM2_CONTROL_CR0) & 0x80000001, 0);
	assert_int_equal(segment(KVM2_SEGMENT_CS).selector, 0);
	assert_int_equal(segment(KVM2_SEGMENT_CS).base, 0);
	assert_int_equal(segment(KVM2_SEGMENT_SS).limit, 0xffff);
	assert_int_equal(number(KVM2_SET_GPR, KVM2_GPR_RSP), 0x7c00);
}

static void flat_binary_above_64k_has_the_cs_of_its_64k(void **state)
{
	(void)state;
	build(IMAGE_REAL_MODE, 0xf1234, 0);
	assert_int_equal(segment(KVM2_SEGMENT_CS).selector, 0xf000);
	assert_int_equal(segment(KVM2_SEGMENT_CS).base, 0xf0000);
	assert_int_equal(number(KVM2_SET_CONTROL, KVM2_CONTROL_RIP), 0x1234);
}

static void buffer_too_small_is_an_error(void **state)
{
	const struct image image = { .mode = IMAGE_MULTIBOOT };
	size_t needed;

	(void)state;
	build(IMAGE_MULTIBOOT, 0, 0);
	needed = records.used;
	for (size_t size = 0; size < needed; size += 8) {
		kvm2_records_init(&records, data, size);
		assert_int_equal(entry_build(&image, 0, &records), -ENOSPC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multiboot_is_flat_32_bit_without_paging),
		cmocka_unit_test(flat_binary_starts_at_cs_0_below_64k),
		cmocka_unit_test(flat_binary_above_64k_has_the_cs_of_its_64k),
		cmocka_unit_test(buffer_too_small_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
