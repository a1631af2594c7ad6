// SPDX-License-Identifier: GPL-2.0
// The I/O APIC (Intel 82093AA, sections 3.1 and 3.2; the EOI register of ICH).
#include "ioapic.h"

#include <string.h>

#include <linux/kvm2.h>

/* Offsets in its page. */
#define OFFSET_INDEX	0x00
#define OFFSET_DATA	0x10
#define OFFSET_EOI	0x40

/* Registers behind the index. */
#define REG_ID		0x00
#define REG_VERSION	0x01
#define REG_ARBITRATION	0x02
#define REG_ENTRIES	0x10

/* 0x20: it has the EOI register. */
#define VERSION		(0x20U | (IOAPIC_PINS - 1) << 16)

#define ENTRY_VECTOR	0xffULL
#define ENTRY_MODE_SHIFT 8
#define ENTRY_LOGICAL	(1ULL << 11)
#define ENTRY_REMOTE_IRR (1ULL << 14)
#define ENTRY_LEVEL	(1ULL << 15)
#define ENTRY_MASKED	(1ULL << 16)
#define ENTRY_DEST_SHIFT 56
#define ENTRY_WRITABLE	0xff0000000001afffULL

void ioapic_init(struct ioapic *ioapic, const struct ioapic_bus *bus)
{
	memset(ioapic, 0, sizeof(*ioapic));
	ioapic->bus = *bus;
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++)
		ioapic->entries[pin] = ENTRY_MASKED;
}

static void deliver(struct ioapic *ioapic, unsigned int pin)
{
	uint64_t entry = ioapic->entries[pin];
	uint8_t mode = entry >> ENTRY_MODE_SHIFT & 7;
	bool level = entry & ENTRY_LEVEL;

	/* Only these two can be level triggered, and have an EOI. */
	if (mode != KVM2_DELIVERY_FIXED && mode != KVM2_DELIVERY_LOWEST)
		level = false;
	if (level)
		ioapic->entries[pin] |= ENTRY_REMOTE_IRR;
	ioapic->bus.interrupt(ioapic->bus.context, (uint32_t)(entry >> ENTRY_DEST_SHIFT),
			      entry & ENTRY_LOGICAL, mode, (uint8_t)(entry & ENTRY_VECTOR), level);
}

/* A level triggered pin that is high sends, unless it waits for an EOI. */
static void update_level(struct ioapic *ioapic, unsigned int pin)
{
	uint64_t entry = ioapic->entries[pin];

	if (ioapic->high[pin] && (entry & ENTRY_LEVEL) &&
	    !(entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR)))
		deliver(ioapic, pin);
}

void ioapic_set(struct ioapic *ioapic, unsigned int pin, bool high)
{
	bool rises = high && !ioapic->high[pin];

	ioapic->high[pin] = high;
	if (ioapic->entries[pin] & ENTRY_LEVEL)
		update_level(ioapic, pin);
	else if (rises && !(ioapic->entries[pin] & ENTRY_MASKED))
		deliver(ioapic, pin);
}

void ioapic_eoi(struct ioapic *ioapic, uint8_t vector)
{
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		uint64_t entry = ioapic->entries[pin];

		if ((entry & ENTRY_VECTOR) != vector || !(entry & ENTRY_REMOTE_IRR))
			continue;
		ioapic->entries[pin] &= ~ENTRY_REMOTE_IRR;
		update_level(ioapic, pin);
	}
}

static void write_entry(struct ioapic *ioapic, unsigned int pin, bool upper, uint32_t value)
{
	uint64_t *entry = &ioapic->entries[pin];
	uint64_t writable = ENTRY_WRITABLE & (upper ? ~0ULL << 32 : 0xffffffffULL);
	uint64_t bits = upper ? (uint64_t)value << 32 : value;

	*entry = (*entry & ~writable) | (bits & writable);
	/* Edge triggered ones wait for no EOI. */
	if (!(*entry & ENTRY_LEVEL))
		*entry &= ~ENTRY_REMOTE_IRR;
	update_level(ioapic, pin);
}

static uint32_t read_register(const struct ioapic *ioapic)
{
	unsigned int pin = (ioapic->index - REG_ENTRIES) / 2U;

	switch (ioapic->index) {
	case REG_ID:
	case REG_ARBITRATION:
		return (uint32_t)ioapic->id << 24;
	case REG_VERSION:
		return VERSION;
	}
	if (ioapic->index < REG_ENTRIES || pin >= IOAPIC_PINS)
		return 0;
	return (uint32_t)(ioapic->entries[pin] >> (ioapic->index & 1 ? 32 : 0));
}

static void write_register(struct ioapic *ioapic, uint32_t value)
{
	unsigned int pin = (ioapic->index - REG_ENTRIES) / 2U;

	if (ioapic->index == REG_ID)
		ioapic->id = value >> 24 & 0xf;
	else if (ioapic->index >= REG_ENTRIES && pin < IOAPIC_PINS)
		write_entry(ioapic, pin, ioapic->index & 1, value);
}

uint32_t ioapic_read(const struct ioapic *ioapic, uint32_t offset)
{
	if (offset == OFFSET_INDEX)
		return ioapic->index;
	return offset == OFFSET_DATA ? read_register(ioapic) : 0;
}

void ioapic_write(struct ioapic *ioapic, uint32_t offset, uint32_t value)
{
	if (offset == OFFSET_INDEX)
		ioapic->index = (uint8_t)value;
	else if (offset == OFFSET_DATA)
		write_register(ioapic, value);
	else if (offset == OFFSET_EOI)
		ioapic_eoi(ioapic, (uint8_t)value);
}
