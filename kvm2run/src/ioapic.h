/* SPDX-License-Identifier: GPL-2.0 */
/* The I/O APIC: 24 pins to messages on the APIC bus. Its owner has the lock. */
#ifndef KVM2RUN_IOAPIC_H
#define KVM2RUN_IOAPIC_H

#include <stdbool.h>
#include <stdint.h>

#define IOAPIC_GPA	0xfec00000ULL
#define IOAPIC_BYTES	0x1000
#define IOAPIC_PINS	24

/**
 * struct ioapic_bus - where messages go
 * @interrupt:	as apic_bus_interrupt()
 */
struct ioapic_bus {
	void (*interrupt)(void *context, uint32_t dest, bool logical, uint8_t mode,
			  uint8_t vector, bool level);
	void *context;
};

struct ioapic {
	struct ioapic_bus bus;
	uint8_t index;
	uint8_t id;
	uint64_t entries[IOAPIC_PINS];
	bool high[IOAPIC_PINS];
};

void ioapic_init(struct ioapic *ioapic, const struct ioapic_bus *bus);

/* The level of a pin; an edge triggered one sends when it rises. */
void ioapic_set(struct ioapic *ioapic, unsigned int pin, bool high);

/* A level interrupt of @vector has been served: pins still high send again. */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector);

uint32_t ioapic_read(const struct ioapic *ioapic, uint32_t offset);
void ioapic_write(struct ioapic *ioapic, uint32_t offset, uint32_t value);

#endif
