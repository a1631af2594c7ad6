// SPDX-License-Identifier: GPL-2.0
// Intel, MultiProcessor Specification 1.4, chapter 4.
#include "mptable.h"

#include <string.h>

#include "bytes.h"
#include "chipset.h"

#define LAPIC_GPA	0xfee00000U
#define LAPIC_VERSION	0x14
#define IOAPIC_VERSION	0x20
#define FAMILY_ANY	0x600	/* signature of the processors */
#define FEATURES	0x201	/* FPU, APIC */

enum entry_type {
	ENTRY_PROCESSOR,
	ENTRY_BUS,
	ENTRY_IOAPIC,
	ENTRY_INTERRUPT,
	ENTRY_LOCAL,
};

#define PROCESSOR_ENABLED	0x01
#define PROCESSOR_BOOT		0x02
#define IOAPIC_ENABLED		0x01

/* interrupt entries */
#define TYPE_INT		0
#define TYPE_NMI		1
#define TYPE_EXTINT		3
#define ALL_APICS		0xff

#define BUS_ISA			0
#define ISA_INPUTS		16

#define HEADER_BYTES		44
#define POINTER_BYTES		16

/* Where the table is being written. */
struct out {
	uint8_t *table;
	size_t used;
	unsigned int entries;
};

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static uint8_t *add(struct out *out, enum entry_type type, size_t bytes)
{
	uint8_t *entry = out->table + out->used;

	entry[0] = (uint8_t)type;
	out->used += bytes;
	out->entries++;
	return entry;
}

static void add_processor(struct out *out, unsigned int id)
{
	uint8_t *entry = add(out, ENTRY_PROCESSOR, 20);

	entry[1] = (uint8_t)id;
	entry[2] = LAPIC_VERSION;
	entry[3] = PROCESSOR_ENABLED | (id ? 0 : PROCESSOR_BOOT);
	bytes_put32(entry + 4, FAMILY_ANY);
	bytes_put32(entry + 8, FEATURES);
}

static void add_bus(struct out *out)
{
	uint8_t *entry = add(out, ENTRY_BUS, 8);

	entry[1] = BUS_ISA;
	memcpy(entry + 2, "ISA   ", 6);
}

static void add_ioapic(struct out *out, unsigned int id)
{
	uint8_t *entry = add(out, ENTRY_IOAPIC, 8);

	entry[1] = (uint8_t)id;
	entry[2] = IOAPIC_VERSION;
	entry[3] = IOAPIC_ENABLED;
	bytes_put32(entry + 4, IOAPIC_GPA);
}

/* Polarity and trigger mode are those of the bus: edge triggered. */
static void add_interrupt(struct out *out, enum entry_type type, unsigned int kind,
			  unsigned int source, unsigned int apic, unsigned int pin)
{
	uint8_t *entry = add(out, type, 8);

	entry[1] = (uint8_t)kind;
	put16(entry + 2, 0);
	entry[4] = BUS_ISA;
	entry[5] = (uint8_t)source;
	entry[6] = (uint8_t)apic;
	entry[7] = (uint8_t)pin;
}

static uint8_t checksum(const uint8_t *bytes, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return (uint8_t)-sum;
}

size_t mptable_write(uint8_t *to, unsigned int cpus)
{
	struct out out = { .table = to + POINTER_BYTES, .used = HEADER_BYTES };

	for (unsigned int id = 0; id < cpus; id++)
		add_processor(&out, id);
	add_bus(&out);
	add_ioapic(&out, cpus);
	for (unsigned int input = 0; input < ISA_INPUTS; input++)
		if (input != CHIPSET_TIMER_PIN)
			add_interrupt(&out, ENTRY_INTERRUPT, TYPE_INT, input, cpus,
				      input ? input : CHIPSET_TIMER_PIN);
	add_interrupt(&out, ENTRY_LOCAL, TYPE_EXTINT, 0, 0, 0);
	add_interrupt(&out, ENTRY_LOCAL, TYPE_NMI, 0, ALL_APICS, 1);

	memcpy(out.table, "PCMP", 4);
	put16(out.table + 4, (unsigned int)out.used);
	out.table[6] = 4;	/* revision 1.4 */
	memcpy(out.table + 8, "KVM2    ", 8);
	memcpy(out.table + 16, "KVM2RUN     ", 12);
	put16(out.table + 34, out.entries);
	bytes_put32(out.table + 36, LAPIC_GPA);
	out.table[7] = checksum(out.table, out.used);

	memcpy(to, "_MP_", 4);
	bytes_put32(to + 4, MPTABLE_GPA + POINTER_BYTES);
	to[8] = 1;		/* length in paragraphs */
	to[9] = 4;
	to[10] = checksum(to, POINTER_BYTES);
	return POINTER_BYTES + out.used;
}
