// SPDX-License-Identifier: LGPL-2.1
/* State of a vcpu in handier forms, on the calls that every API has. */
#include <kvm2/kvm2.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* CPUID leaves that hold the initial APIC id. */
#define LEAF_FEATURES		0x1U		/* ebx, bits 24-31 */
#define LEAF_TOPOLOGY		0xbU		/* edx, at each index */
#define LEAF_TOPOLOGY2		0x1fU		/* edx, at each index */
#define LEAF_AMD_TOPOLOGY	0x8000001eU	/* eax */
#define FEATURES_ID_SHIFT	24
#define FEATURES_ID_MASK	0xff000000U

/* One record of up to 8 bytes. */
union one {
	struct kvm2_record record;
	char bytes[KVM2_RECORD_BYTES(sizeof(uint64_t))];
};

static int make_one(union one *one, uint32_t set, uint64_t number, uint64_t value)
{
	int size = kvm2_register_size(set, number);

	if (size < 0)
		return size;
	if (size == 0 || size > (int)sizeof(value) ||
	    (size < (int)sizeof(value) && value >> (8 * size)))
		return -EINVAL;
	memset(one, 0, sizeof(*one));
	one->record.set = (uint16_t)set;
	one->record.size = (uint32_t)size;
	one->record.number = number;
	memcpy(one->record.value, &value, sizeof(value));
	return 0;
}

int kvm2_vcpu_get_u64(struct kvm2_vcpu *vcpu, uint32_t set, uint64_t number,
		      uint64_t *value)
{
	union one one;
	int ret = make_one(&one, set, number, 0);

	if (ret == 0)
		ret = kvm2_vcpu_get_state(vcpu, &one, KVM2_RECORD_BYTES(one.record.size), 0);
	if (ret < 0)
		return ret;
	memcpy(value, one.record.value, sizeof(*value));
	return 0;
}

int kvm2_vcpu_set_u64(struct kvm2_vcpu *vcpu, uint32_t set, uint64_t number,
		      uint64_t value)
{
	union one one;
	int ret = make_one(&one, set, number, value);

	if (ret == 0)
		ret = kvm2_vcpu_set_state(vcpu, &one, KVM2_RECORD_BYTES(one.record.size), 0);
	return ret < 0 ? ret : 0;
}

static void put_apic_id(struct kvm2_record *record, uint32_t id)
{
	struct kvm2_cpuid cpuid;

	memcpy(&cpuid, record->value, sizeof(cpuid));
	switch (record->number >> 32) {
	case LEAF_FEATURES:
		cpuid.ebx = (cpuid.ebx & ~FEATURES_ID_MASK) | id << FEATURES_ID_SHIFT;
		break;
	case LEAF_TOPOLOGY:
	case LEAF_TOPOLOGY2:
		cpuid.edx = id;
		break;
	case LEAF_AMD_TOPOLOGY:
		cpuid.eax = id;
		break;
	}
	memcpy(record->value, &cpuid, sizeof(cpuid));
}

int kvm2_vcpu_set_host_cpuid(struct kvm2_vcpu *vcpu)
{
	const uint32_t flags = KVM2_STATE_LIST | KVM2_STATE_SET(KVM2_SET_HOST_CPUID);
	struct kvm2_records records;
	struct kvm2_record *record = NULL;
	void *data = NULL;
	int ret;

	ret = kvm2_vcpu_get_state(vcpu, NULL, 0, flags);
	if (ret <= 0)
		return ret;
	data = calloc(1, (size_t)ret);
	if (!data)
		return -ENOMEM;
	ret = kvm2_vcpu_get_state(vcpu, data, (size_t)ret, flags);
	if (ret < 0)
		goto out;

	kvm2_records_init(&records, data, (size_t)ret);
	records.used = (size_t)ret;
	while ((record = kvm2_records_next(&records, record))) {
		record->set = KVM2_SET_CPUID;
		if (record->size == sizeof(struct kvm2_cpuid))
			put_apic_id(record, kvm2_vcpu_id(vcpu));
	}
	ret = kvm2_vcpu_set_state(vcpu, data, records.used, 0);
out:
	free(data);
	return ret < 0 ? ret : 0;
}
