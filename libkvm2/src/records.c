// SPDX-License-Identifier: LGPL-2.1
/* Tag/value records in a buffer of the caller: built, walked, searched. */
#include <kvm2/kvm2.h>

#include <errno.h>
#include <string.h>

#define HEADER_BYTES	offsetof(struct kvm2_record, value)

_Static_assert(HEADER_BYTES == KVM2_RECORD_BYTES(0), "a record is a header and a value");

/* Bytes that a record occupies in this buffer. */
static size_t stride_of(const struct kvm2_records *records,
			const struct kvm2_record *record)
{
	return records->headers ? HEADER_BYTES : KVM2_RECORD_BYTES(record->size);
}

/* The record at an offset, NULL when it does not lie within the bytes in use. */
static struct kvm2_record *record_at(const struct kvm2_records *records,
				     size_t offset)
{
	size_t end = records->used < records->size ? records->used : records->size;
	struct kvm2_record *record;

	if (offset > end || end - offset < HEADER_BYTES)
		return NULL;
	record = (struct kvm2_record *)((char *)records->data + offset);
	if (record->size > KVM2_VALUE_MAX ||
	    stride_of(records, record) > end - offset)
		return NULL;
	return record;
}

int kvm2_records_init(struct kvm2_records *records, void *data, size_t size)
{
	if ((uintptr_t)data % _Alignof(struct kvm2_record))
		return -EINVAL;
	*records = (struct kvm2_records){ .data = data, .size = size };
	return 0;
}

int kvm2_records_add(struct kvm2_records *records, uint32_t set,
		     uint64_t number, const void *value, uint32_t size)
{
	size_t bytes = KVM2_RECORD_BYTES((size_t)size);
	struct kvm2_record *record;

	if (set > UINT16_MAX || size > KVM2_VALUE_MAX || records->headers)
		return -EINVAL;
	if (records->used > records->size || bytes > records->size - records->used)
		return -ENOSPC;

	record = (struct kvm2_record *)((char *)records->data + records->used);
	memset(record, 0, bytes);
	record->set = set;
	record->size = size;
	record->number = number;
	if (value)
		memcpy(record->value, value, size);
	records->used += bytes;
	return 0;
}

int kvm2_records_add_u64(struct kvm2_records *records, uint32_t set,
			 uint64_t number, uint64_t value, uint32_t size)
{
	if (size < 1 || size > sizeof(value))
		return -EINVAL;
	if (size < sizeof(value) && value >> (8 * size))
		return -EINVAL;
	return kvm2_records_add(records, set, number, &value, size);
}

struct kvm2_record *kvm2_records_next(const struct kvm2_records *records,
				      const struct kvm2_record *record)
{
	size_t offset = 0;

	if (record)
		offset = (size_t)((const char *)record - (const char *)records->data) +
			 stride_of(records, record);
	return record_at(records, offset);
}

int kvm2_records_check(const struct kvm2_records *records)
{
	struct kvm2_record *record;
	size_t offset = 0;
	int count = 0;

	while ((record = record_at(records, offset))) {
		offset += stride_of(records, record);
		count++;
	}
	return offset == records->used ? count : -EINVAL;
}

struct kvm2_record *kvm2_records_find(const struct kvm2_records *records,
				      uint32_t set, uint64_t number)
{
	struct kvm2_record *record = NULL;

	while ((record = kvm2_records_next(records, record)))
		if (record->set == set && record->number == number)
			break;
	return record;
}

struct kvm2_record *kvm2_records_failed(const struct kvm2_records *records)
{
	struct kvm2_record *record = NULL;

	while ((record = kvm2_records_next(records, record)))
		if (record->attributes & KVM2_ATTR_FAILED)
			break;
	return record;
}

int kvm2_records_get(const struct kvm2_records *records, uint32_t set,
		     uint64_t number, void *value, size_t size)
{
	struct kvm2_record *record = kvm2_records_find(records, set, number);

	if (!record)
		return -ENOENT;
	if (records->headers || record->size > size)
		return -EINVAL;
	memset(value, 0, size);
	memcpy(value, record->value, record->size);
	return (int)record->size;
}

int kvm2_records_get_u64(const struct kvm2_records *records, uint32_t set,
			 uint64_t number, uint64_t *value)
{
	int ret = kvm2_records_get(records, set, number, value, sizeof(*value));

	return ret < 0 ? ret : 0;
}
