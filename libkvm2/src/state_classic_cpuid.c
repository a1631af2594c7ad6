// SPDX-License-Identifier: LGPL-2.1
/*
 * CPUID and HOST_CPUID on KVM_GET_CPUID2, KVM_SET_CPUID2 and
 * KVM_GET_SUPPORTED_CPUID. KVM takes all leaves at once; after the first run
 * of the vcpu only what is there already.
 */
#include "state_classic.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LEAVES	256	/* KVM_MAX_CPUID_ENTRIES */

static uint64_t number_of(const struct kvm_cpuid_entry2 *leaf)
{
	bool indexed = leaf->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX;

	return (uint64_t)leaf->function << 32 | (indexed ? leaf->index : 0);
}

static struct kvm_cpuid_entry2 *find_leaf(struct kvm_cpuid2 *leaves, uint64_t number)
{
	for (uint32_t i = 0; i < leaves->nent; i++)
		if (number_of(&leaves->entries[i]) == number)
			return &leaves->entries[i];
	return NULL;
}

static struct kvm2_cpuid value_of(const struct kvm_cpuid_entry2 *leaf)
{
	_Static_assert(KVM2_CPUID_INDEXED == KVM_CPUID_FLAG_SIGNIFCANT_INDEX, "flag");

	return (struct kvm2_cpuid){
		.eax = leaf->eax,
		.ebx = leaf->ebx,
		.ecx = leaf->ecx,
		.edx = leaf->edx,
		.flags = leaf->flags & KVM2_CPUID_INDEXED,
	};
}

static int find_in(struct kvm_cpuid2 *leaves, uint64_t number,
		   struct classic_register *reg, uint16_t attributes)
{
	*reg = (struct classic_register){
		.size = sizeof(struct kvm2_cpuid),
		.attributes = attributes,
	};
	return find_leaf(leaves, number) ? 0 : -ENOENT;
}

static int read_from(struct kvm_cpuid2 *leaves, uint64_t number, void *value,
		     uint32_t size)
{
	struct kvm2_cpuid cpuid = value_of(find_leaf(leaves, number));

	memcpy(value, &cpuid, size);
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static int list_from(struct classic_state *s, struct classic_lister *lister,
		     uint16_t set, const struct kvm_cpuid2 *leaves)
{
	uint64_t *numbers;
	int ret = 0;

	numbers = calloc(leaves->nent + 1, sizeof(*numbers));
	if (!numbers)
		return -ENOMEM;
	for (uint32_t i = 0; i < leaves->nent; i++)
		numbers[i] = number_of(&leaves->entries[i]);
	qsort(numbers, leaves->nent, sizeof(*numbers), compare_numbers);
	for (uint32_t i = 0; i < leaves->nent && ret == 0; i++)
		ret = kvm2_classic_list_register(s, lister, set, numbers[i]);
	free(numbers);
	return ret;
}

/* Room for as many leaves as KVM ever has. */
static int make_room(struct kvm_cpuid2 **leaves)
{
	if (!*leaves)
		*leaves = calloc(1, sizeof(**leaves) +
				    MAX_LEAVES * sizeof((*leaves)->entries[0]));
	if (!*leaves)
		return -ENOMEM;
	(*leaves)->nent = MAX_LEAVES;
	return 0;
}

/* ---- CPUID ---- */

/* Linux 6.1 does not say how many leaves there are: what it has left as it was is none. */
static void drop_unwritten(struct kvm_cpuid2 *leaves)
{
	static const struct kvm_cpuid_entry2 unwritten;

	if (leaves->nent != MAX_LEAVES)
		return;
	while (leaves->nent && !memcmp(&leaves->entries[leaves->nent - 1], &unwritten, sizeof(unwritten)))
		leaves->nent--;
}

int kvm2_classic_cpuid_fetch(struct classic_state *s, struct classic_values *values)
{
	int ret = make_room(&values->cpuid);

	if (ret < 0)
		return ret;
	memset(values->cpuid->entries, 0, MAX_LEAVES * sizeof(values->cpuid->entries[0]));
	ret = classic_vcpu_ioctl(s->vcpu, KVM_GET_CPUID2, values->cpuid);
	if (ret == 0)
		drop_unwritten(values->cpuid);
	return ret;
}

int kvm2_classic_cpuid_commit(struct classic_state *s, const struct classic_values *values)
{
	int ret = classic_vcpu_ioctl(s->vcpu, KVM_SET_CPUID2, values->cpuid);

	return ret == -EINVAL && s->vcpu->has_run ? -EBUSY : ret;
}

int kvm2_classic_cpuid_find(struct classic_state *s, uint64_t number,
			    struct classic_register *reg)
{
	int ret = kvm2_classic_fetch(s, GROUP_CPUID);

	return ret < 0 ? ret : find_in(s->now.cpuid, number, reg, KVM2_ATTR_GUEST_READ_ONLY);
}

int kvm2_classic_cpuid_read(struct classic_state *s, uint64_t number, void *value,
			    uint32_t size)
{
	return read_from(s->now.cpuid, number, value, size);
}

int kvm2_classic_cpuid_list(struct classic_state *s, struct classic_lister *lister)
{
	int ret = kvm2_classic_fetch(s, GROUP_CPUID);

	return ret < 0 ? ret : list_from(s, lister, KVM2_SET_CPUID, s->now.cpuid);
}

static void remove_leaf(struct classic_state *s, uint64_t number)
{
	struct kvm_cpuid2 *leaves = s->now.cpuid;
	struct kvm_cpuid_entry2 *leaf = find_leaf(leaves, number);

	if (!leaf)
		return;
	leaves->nent--;
	memmove(leaf, leaf + 1, (size_t)(leaves->entries + leaves->nent - leaf) * sizeof(*leaf));
	s->dirty |= 1U << GROUP_CPUID;
}

int kvm2_classic_cpuid_write(struct classic_state *s, uint64_t number, const void *value,
			     uint32_t size)
{
	struct kvm_cpuid2 *leaves = s->now.cpuid;
	struct kvm_cpuid_entry2 *leaf = find_leaf(leaves, number);
	struct kvm_cpuid_entry2 new = { .function = (uint32_t)(number >> 32) };
	struct kvm2_cpuid cpuid = { 0 };

	if (!size) {
		remove_leaf(s, number);
		return 0;
	}
	if (leaf)
		cpuid = value_of(leaf);
	memcpy(&cpuid, value, size);
	if (cpuid.flags & ~KVM2_CPUID_INDEXED || cpuid.reserved)
		return -EINVAL;
	if ((uint32_t)number && !(cpuid.flags & KVM2_CPUID_INDEXED))
		return -EINVAL;

	new.index = (uint32_t)number;
	new.flags = cpuid.flags;
	new.eax = cpuid.eax;
	new.ebx = cpuid.ebx;
	new.ecx = cpuid.ecx;
	new.edx = cpuid.edx;
	if (!leaf) {
		if (leaves->nent == MAX_LEAVES)
			return -E2BIG;
		leaf = &leaves->entries[leaves->nent++];
	} else {
		/* Not ours to change: KVM compares it after the first run. */
		new.index = leaf->index;
		new.flags |= leaf->flags & ~(uint32_t)KVM2_CPUID_INDEXED;
		if (!memcmp(leaf, &new, sizeof(new)))
			return 0;
	}
	*leaf = new;
	s->dirty |= 1U << GROUP_CPUID;
	return 0;
}

/* ---- HOST_CPUID ---- */

static int fetch_host(struct classic_state *s)
{
	int ret;

	if (s->host_cpuid)
		return 0;
	ret = make_room(&s->host_cpuid);
	if (ret == 0)
		ret = classic_ioctl(s->vcpu->machine->kvm_fd, KVM_GET_SUPPORTED_CPUID,
				    s->host_cpuid);
	if (ret < 0) {
		free(s->host_cpuid);
		s->host_cpuid = NULL;
	}
	return ret;
}

int kvm2_classic_host_cpuid_find(struct classic_state *s, uint64_t number,
				 struct classic_register *reg)
{
	int ret = fetch_host(s);

	return ret < 0 ? ret : find_in(s->host_cpuid, number, reg,
				       KVM2_ATTR_READ_ONLY | KVM2_ATTR_GUEST_READ_ONLY);
}

int kvm2_classic_host_cpuid_read(struct classic_state *s, uint64_t number, void *value,
				 uint32_t size)
{
	return read_from(s->host_cpuid, number, value, size);
}

int kvm2_classic_host_cpuid_list(struct classic_state *s, struct classic_lister *lister)
{
	int ret = fetch_host(s);

	return ret < 0 ? ret : list_from(s, lister, KVM2_SET_HOST_CPUID, s->host_cpuid);
}

int kvm2_classic_host_cpuid_leaf(struct classic_state *s, uint32_t function, uint32_t index,
				 struct kvm2_cpuid *leaf)
{
	struct kvm_cpuid_entry2 *found;
	int ret = fetch_host(s);

	if (ret < 0)
		return ret;
	found = find_leaf(s->host_cpuid, (uint64_t)function << 32 | index);
	*leaf = found ? value_of(found) : (struct kvm2_cpuid){ 0 };
	return 0;
}
