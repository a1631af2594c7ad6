// SPDX-License-Identifier: GPL-2.0
/* The guest that waits for interrupts. */
#include "apic_guest.h"

#include <kvm2/kvm2.h>
#include <string.h>

#include "guest.h"

#define APIC_BASE		0xfee00000ULL
#define APIC_BASE_ENABLE	(1ULL << 11)
#define APIC_BASE_X2APIC	(1ULL << 10)
#define APIC_BASE_BSP		(1ULL << 8)

/* So that interrupts are taken before the guest has run. */
#define LAPIC_SPIV		0xf
#define LAPIC_SPIV_ENABLED	0x1ff

extern const uint8_t apic_code[];
extern const uint8_t apic_code_end[];
extern const struct {
	uint16_t vector;
	uint16_t offset;
} apic_code_table[], apic_code_table_end[];

/* The leaves of the host: what makes x2APIC mode possible. */
static int set_cpuid(void)
{
	static uint64_t records[8192];
	uint8_t *at = (uint8_t *)records;
	int used = kvm2_sys_get_state(KVM2_SELF, records, sizeof(records),
				      KVM2_STATE_LIST |
				      KVM2_STATE_SET(KVM2_SET_HOST_CPUID));

	if (used < 0)
		return used;
	for (int i = 0; i < used;) {
		struct kvm2_record *record = (struct kvm2_record *)(at + i);

		record->set = KVM2_SET_CPUID;
		i += KVM2_RECORD_BYTES(record->size);
	}
	used = kvm2_sys_set_state(KVM2_SELF, records, used, 0);
	return used < 0 ? used : 0;
}

static int set_u64(uint32_t set, uint64_t number, uint64_t value, size_t size)
{
	return guest_set(set, number, &value, size);
}

int apic_guest_start(uint8_t *ram, int has_apic)
{
	size_t nr = apic_code_table_end - apic_code_table;
	int r;

	memcpy(ram + APIC_CODE, apic_code, apic_code_end - apic_code);
	for (size_t i = 0; i < nr; i++) {
		uint16_t entry[2] = { APIC_CODE + apic_code_table[i].offset, 0 };

		memcpy(ram + apic_code_table[i].vector * sizeof(entry), entry,
		       sizeof(entry));
	}
	r = set_cpuid();
	if (!r && has_apic)
		r = set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_APIC_BASE,
			    APIC_BASE | APIC_BASE_ENABLE | APIC_BASE_X2APIC |
			    APIC_BASE_BSP, 8);
	if (!r && has_apic)
		r = set_u64(KVM2_SET_LAPIC, LAPIC_SPIV, LAPIC_SPIV_ENABLED, 4);
	if (!r)
		r = guest_start(guest_halt, has_apic);
	if (!r)
		r = set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, APIC_CODE, 8);
	if (!r)
		r = set_u64(KVM2_SET_GPR, KVM2_GPR_RSP, APIC_STACK, 8);
	return r;
}

uint32_t apic_guest_count(const uint8_t *ram, unsigned int vector)
{
	const volatile uint32_t *counts =
		(const volatile uint32_t *)(ram + APIC_COUNTS);

	return counts[vector];
}
