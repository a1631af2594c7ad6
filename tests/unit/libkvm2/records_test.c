// SPDX-License-Identifier: GPL-2.0
/* libkvm2/src/records.c: records in a buffer, also in one full of nonsense. */
#include <kvm2/kvm2.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES	256

static uint64_t data[BYTES / 8];

static struct kvm2_records empty(size_t size)
{
	struct kvm2_records records;

	assert_int_equal(kvm2_records_init(&records, data, size), 0);
	return records;
}

static void a_record_can_be_found_and_read_back(void **state)
{
	struct kvm2_records records = empty(sizeof(data));
	const char value[10] = "123456789";
	char back[16];
	uint64_t number;

	(void)state;
	assert_int_equal(kvm2_records_add_u64(&records, KVM2_SET_GPR, KVM2_GPR_RBX, 0x1234, 8), 0);
	assert_int_equal(kvm2_records_add(&records, KVM2_SET_X87, 0, value, sizeof(value)), 0);
	assert_int_equal(records.used, 24 + 32);
	assert_int_equal(kvm2_records_check(&records), 2);

	assert_int_equal(kvm2_records_get_u64(&records, KVM2_SET_GPR, KVM2_GPR_RBX, &number), 0);
	assert_int_equal(number, 0x1234);
	assert_int_equal(kvm2_records_get(&records, KVM2_SET_X87, 0, back, sizeof(back)), 10);
	assert_memory_equal(back, "123456789\0\0\0\0\0\0", sizeof(back));
}

static void a_value_is_padded_with_zeros(void **state)
{
	struct kvm2_records records = empty(sizeof(data));

	(void)state;
	memset(data, 0xff, sizeof(data));
	assert_int_equal(kvm2_records_add(&records, KVM2_SET_MP, 0, "\1\2\3", 3), 0);
	assert_memory_equal(kvm2_records_find(&records, KVM2_SET_MP, 0)->value,
			    "\1\2\3\0\0\0\0", 8);
	assert_int_equal(kvm2_records_find(&records, KVM2_SET_MP, 0)->attributes, 0);
}

static void a_record_without_a_value_gets_zeros(void **state)
{
	struct kvm2_records records = empty(sizeof(data));
	uint64_t value = 1;

	(void)state;
	memset(data, 0xff, sizeof(data));
	assert_int_equal(kvm2_records_add(&records, KVM2_SET_GPR, 0, NULL, 8), 0);
	assert_int_equal(kvm2_records_get_u64(&records, KVM2_SET_GPR, 0, &value), 0);
	assert_int_equal(value, 0);
}

static void a_full_buffer_is_left_as_it_is(void **state)
{
	struct kvm2_records records = empty(47);

	(void)state;
	assert_int_equal(kvm2_records_add_u64(&records, KVM2_SET_GPR, 0, 1, 8), 0);
	assert_int_equal(kvm2_records_add_u64(&records, KVM2_SET_GPR, 1, 1, 8), -ENOSPC);
	assert_int_equal(records.used, 24);
	assert_int_equal(kvm2_records_check(&records), 1);
	records = empty(48);
	assert_int_equal(kvm2_records_add_u64(&records, KVM2_SET_GPR, 0, 1, 8), 0);
	assert_int_equal(kvm2_records_add_u64(&records, KVM2_SET_GPR, 1, 1, 8), 0);
}

static void wrong_arguments_are_refused(void **state)
{
	struct kvm2_records records = empty(sizeof(data));
	uint64_t value;

	(void)state;
	assert_int_equal(kvm2_records_init(&records, (char *)data + 4, 64), -EINVAL);
	records = empty(sizeof(data));
	assert_int_equal(kvm2_records_add(&records, 65536, 0, NULL, 8), -EINVAL);
	assert_int_equal(kvm2_records_add(&records, 1, 0, NULL, KVM2_VALUE_MAX + 1), -EINVAL);
	assert_int_equal(kvm2_records_add(&records, 1, 0, NULL, UINT32_MAX), -EINVAL);
	assert_int_equal(kvm2_records_add_u64(&records, 1, 0, 0, 0), -EINVAL);
	assert_int_equal(kvm2_records_add_u64(&records, 1, 0, 0, 9), -EINVAL);
	assert_int_equal(kvm2_records_add_u64(&records, 1, 0, 0x100, 1), -EINVAL);
	assert_int_equal(kvm2_records_add_u64(&records, 1, 0, 0xff, 1), 0);
	assert_int_equal(kvm2_records_get_u64(&records, 1, 1, &value), -ENOENT);
	assert_int_equal(kvm2_records_add(&records, 1, 2, NULL, 9), 0);
	assert_int_equal(kvm2_records_get_u64(&records, 1, 2, &value), -EINVAL);
}

static void headers_alone_are_walked_without_values(void **state)
{
	struct kvm2_record *headers = (struct kvm2_record *)data;
	struct kvm2_records records = empty(sizeof(data));
	char value[64];

	(void)state;
	memset(data, 0, sizeof(data));
	headers[0].set = KVM2_SET_GPR;
	headers[0].size = 8;
	headers[0].number = 3;
	headers[1].set = KVM2_SET_VECTOR;
	headers[1].size = 240;
	headers[1].number = 5;
	records.used = 2 * sizeof(*headers);
	records.headers = true;
	assert_int_equal(kvm2_records_check(&records), 2);
	assert_non_null(kvm2_records_find(&records, KVM2_SET_VECTOR, 5));
	assert_int_equal(kvm2_records_get(&records, KVM2_SET_GPR, 3, value, 8), -EINVAL);
	assert_int_equal(kvm2_records_add(&records, KVM2_SET_GPR, 1, NULL, 8), -EINVAL);
	records.headers = false;
	assert_int_equal(kvm2_records_check(&records), -EINVAL);
}

static void the_failed_record_is_found(void **state)
{
	struct kvm2_records records = empty(sizeof(data));

	(void)state;
	kvm2_records_add_u64(&records, KVM2_SET_GPR, 0, 1, 8);
	kvm2_records_add_u64(&records, KVM2_SET_GPR, 1, 1, 8);
	assert_null(kvm2_records_failed(&records));
	kvm2_records_find(&records, KVM2_SET_GPR, 1)->attributes = KVM2_ATTR_FAILED;
	assert_ptr_equal(kvm2_records_failed(&records),
			 kvm2_records_find(&records, KVM2_SET_GPR, 1));
}

static void a_walk_stops_before_a_record_that_does_not_fit(void **state)
{
	struct kvm2_records records = empty(sizeof(data));
	struct kvm2_record *last;

	(void)state;
	kvm2_records_add_u64(&records, KVM2_SET_GPR, 0, 1, 8);
	kvm2_records_add_u64(&records, KVM2_SET_GPR, 1, 1, 8);
	last = kvm2_records_find(&records, KVM2_SET_GPR, 1);
	last->size = 9;
	assert_null(kvm2_records_find(&records, KVM2_SET_GPR, 1));
	assert_int_equal(kvm2_records_check(&records), -EINVAL);
	last->size = UINT32_MAX;
	assert_null(kvm2_records_find(&records, KVM2_SET_GPR, 1));
	assert_int_equal(kvm2_records_check(&records), -EINVAL);
	last->size = 8;
	records.used -= 1;
	assert_int_equal(kvm2_records_check(&records), -EINVAL);
	records.used = sizeof(data) + 1000;
	assert_int_equal(kvm2_records_check(&records), -EINVAL);
}

/* Any bytes at all: nothing is read outside the buffer, and a walk ends. */
static void nonsense_is_walked_within_the_buffer(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t size = (size_t)rand() % 128;
		/* Of its exact size, for the address sanitizer. */
		unsigned char *bytes = malloc(size ? size : 1);
		struct kvm2_records records;
		struct kvm2_record *record = NULL;
		int steps = 0;

		assert_non_null(bytes);
		for (size_t i = 0; i < size; i++)
			bytes[i] = (unsigned char)(rand() % 4 ? 0 : rand());
		assert_int_equal(kvm2_records_init(&records, bytes, size), 0);
		records.used = size;
		records.headers = round & 1;
		while ((record = kvm2_records_next(&records, record)))
			assert_in_range(++steps, 1, 8);
		kvm2_records_find(&records, 1, 1);
		kvm2_records_failed(&records);
		kvm2_records_check(&records);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_can_be_found_and_read_back),
		cmocka_unit_test(a_value_is_padded_with_zeros),
		cmocka_unit_test(a_record_without_a_value_gets_zeros),
		cmocka_unit_test(a_full_buffer_is_left_as_it_is),
		cmocka_unit_test(wrong_arguments_are_refused),
		cmocka_unit_test(headers_alone_are_walked_without_values),
		cmocka_unit_test(the_failed_record_is_found),
		cmocka_unit_test(a_walk_stops_before_a_record_that_does_not_fit),
		cmocka_unit_test(nonsense_is_walked_within_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
