// SPDX-License-Identifier: GPL-2.0
// CPUID leaves that tell a processor its place among the others.
#include "cpuid.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* The topology: @shift bits of the APIC id number the cores. */
struct place {
	uint32_t id;
	uint32_t cpus;
	uint32_t shift;
	bool has_apic;
};

static uint32_t with_bits(uint32_t value, unsigned int low, unsigned int bits, uint32_t field)
{
	uint32_t mask = ((1U << bits) - 1) << low;

	return (value & ~mask) | (field << low & mask);
}

#define LEAF1_EDX_HTT		(1U << 28)
#define AMD1_ECX_CMP_LEGACY	(1U << 1)

#define LEAF1_EDX_APIC		(1U << 9)
#define LEAF1_ECX_X2APIC	(1U << 21)
#define LEAF1_ECX_DEADLINE	(1U << 24)	/* of the APIC's timer */
#define AMD1_ECX_EXTENDED_APIC	(1U << 3)

/* KVM's own: PV_EOI, PV_UNHALT, PV_SEND_IPI, PV_SCHED_YIELD, ASYNC_PF_INT, MSI_EXT_DEST_ID */
#define KVM_EAX_APIC		(1U << 6 | 1U << 7 | 1U << 11 | 1U << 13 | 1U << 14 | 1U << 15)

/* Intel SDM, vol. 2, CPUID; AMD APM, vol. 3, appendix E. */
static void fix_leaf_1(struct kvm2_cpuid *leaf, const struct place *place)
{
	leaf->ebx = with_bits(leaf->ebx, 24, 8, place->id);
	leaf->ebx = with_bits(leaf->ebx, 16, 8, place->cpus);
	leaf->edx &= ~LEAF1_EDX_HTT;
	if (place->cpus > 1)
		leaf->edx |= LEAF1_EDX_HTT;
	if (!place->has_apic) {
		leaf->edx &= ~LEAF1_EDX_APIC;
		leaf->ecx &= ~(LEAF1_ECX_X2APIC | LEAF1_ECX_DEADLINE);
	}
}

static void fix_kvm_features(struct kvm2_cpuid *leaf, const struct place *place)
{
	if (!place->has_apic)
		leaf->eax &= ~KVM_EAX_APIC;
}

/* A cache: levels 1 and 2 belong to a core, the third to the package. */
static uint32_t sharers(uint32_t eax, const struct place *place)
{
	uint32_t level = eax >> 5 & 7;

	return level < 3 ? 0 : (1U << place->shift) - 1;
}

static void fix_cache_intel(struct kvm2_cpuid *leaf, const struct place *place)
{
	if (!(leaf->eax & 0x1f))
		return;
	leaf->eax = with_bits(leaf->eax, 14, 12, sharers(leaf->eax, place));
	leaf->eax = with_bits(leaf->eax, 26, 6, (1U << place->shift) - 1);
}

static void fix_cache_amd(struct kvm2_cpuid *leaf, const struct place *place)
{
	if (leaf->eax & 0x1f)
		leaf->eax = with_bits(leaf->eax, 14, 12, sharers(leaf->eax, place));
}

static void fix_amd_features(struct kvm2_cpuid *leaf, const struct place *place)
{
	leaf->ecx &= ~AMD1_ECX_CMP_LEGACY;
	if (place->cpus > 1)
		leaf->ecx |= AMD1_ECX_CMP_LEGACY;
	if (!place->has_apic) {
		leaf->edx &= ~LEAF1_EDX_APIC;
		leaf->ecx &= ~AMD1_ECX_EXTENDED_APIC;
	}
}

static void fix_amd_cores(struct kvm2_cpuid *leaf, const struct place *place)
{
	leaf->ecx = with_bits(leaf->ecx, 0, 8, place->cpus - 1);
	leaf->ecx = with_bits(leaf->ecx, 12, 4, place->shift);
}

static void fix_amd_topology(struct kvm2_cpuid *leaf, const struct place *place)
{
	leaf->eax = place->id;
	leaf->ebx = with_bits(leaf->ebx, 0, 16, place->id);
	leaf->ecx = with_bits(leaf->ecx, 0, 11, 0);
}

static const struct fix {
	uint32_t function;
	bool amd_only;
	void (*fix)(struct kvm2_cpuid *leaf, const struct place *place);
} fixes[] = {
	{ 0x1, false, fix_leaf_1 },
	{ 0x4, false, fix_cache_intel },
	{ 0x40000001, false, fix_kvm_features },
	{ 0x80000001, true, fix_amd_features },
	{ 0x80000008, true, fix_amd_cores },
	{ 0x8000001d, true, fix_cache_amd },
	{ 0x8000001e, true, fix_amd_topology },
};

#define LEAF_TOPOLOGY		0xb
#define LEAF_TOPOLOGY_V2	0x1f

#define LEVEL_THREAD		1
#define LEVEL_CORE		2

static int add_leaf(struct kvm2_records *guest, uint64_t number, const struct kvm2_cpuid *leaf)
{
	return kvm2_records_add(guest, KVM2_SET_CPUID, number, leaf, sizeof(*leaf));
}

/* Leaf 0xb: threads of a core, cores of the package, and the end. */
static int add_topology(struct kvm2_records *guest, const struct place *place)
{
	const struct kvm2_cpuid levels[] = {
		{ 0, 1, 0 | LEVEL_THREAD << 8, place->id, KVM2_CPUID_INDEXED, 0 },
		{ place->shift, place->cpus, 1 | LEVEL_CORE << 8, place->id,
		  KVM2_CPUID_INDEXED, 0 },
		{ 0, 0, 2, place->id, KVM2_CPUID_INDEXED, 0 },
	};
	int err = 0;

	for (uint64_t i = 0; !err && i < sizeof(levels) / sizeof(levels[0]); i++)
		err = add_leaf(guest, (uint64_t)LEAF_TOPOLOGY << 32 | i, &levels[i]);
	return err;
}

/* "AuthenticAMD" and "HygonGenuine" answer in AMD's way. */
static bool is_amd(const struct kvm2_cpuid *leaf0)
{
	return leaf0->ebx == 0x68747541 || leaf0->ebx == 0x6f677948;
}

int cpuid_build(const struct kvm2_records *host, struct kvm2_records *guest, uint32_t id,
		uint32_t cpus, bool has_apic)
{
	struct place place = { .id = id, .cpus = cpus, .has_apic = has_apic };
	const struct kvm2_record *record = NULL;
	struct kvm2_cpuid leaf0 = { 0 };
	struct kvm2_cpuid leaf;
	int err;

	while (1U << place.shift < cpus)
		place.shift++;
	err = kvm2_records_get(host, KVM2_SET_HOST_CPUID, 0, &leaf0, sizeof(leaf0));
	if (err < 0 && err != -ENOENT)
		return err;

	while ((record = kvm2_records_next(host, record))) {
		uint32_t function = (uint32_t)(record->number >> 32);

		if (record->set != KVM2_SET_HOST_CPUID || function == LEAF_TOPOLOGY ||
		    function == LEAF_TOPOLOGY_V2)
			continue;
		err = kvm2_records_get(host, record->set, record->number, &leaf, sizeof(leaf));
		if (err < 0)
			return err;
		for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
			if (fixes[i].function == function &&
			    (!fixes[i].amd_only || is_amd(&leaf0)))
				fixes[i].fix(&leaf, &place);
		err = add_leaf(guest, record->number, &leaf);
		if (err)
			return err;
	}
	return leaf0.eax >= LEAF_TOPOLOGY ? add_topology(guest, &place) : 0;
}
