/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The APIC bus: one end of a socketpair, whose other end the kernel has.
 * Interrupt controllers send messages; a thread of the bus hears what the
 * local APICs say.
 */
#ifndef KVM2RUN_APIC_BUS_H
#define KVM2RUN_APIC_BUS_H

#include <linux/kvm2.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

/**
 * struct apic_bus - the bus
 * @fd:		our end, -1 when there is none
 * @eoi:	a level interrupt has been served
 * @inta:	a vcpu acknowledges the interrupt of LINT0. Return: its vector
 */
struct apic_bus {
	int fd;
	pthread_t thread;
	bool started;
	void (*eoi)(void *context, uint8_t vector);
	uint8_t (*inta)(void *context);
	void *context;
};

/**
 * apic_bus_start() - connect the calling process' VM
 * @bus:	eoi, inta and context are set; both are called by the bus' thread
 * Return: 0, or a negative errno with @failure set.
 */
int apic_bus_start(struct apic_bus *bus, struct failure *failure);

/* Ends the thread. Without an apic_bus_start() it does nothing. */
void apic_bus_stop(struct apic_bus *bus);

/* Any thread. What is sent when there is no bus is lost. */
void apic_bus_interrupt(struct apic_bus *bus, uint32_t dest, bool logical, uint8_t mode,
			uint8_t vector, bool level);
void apic_bus_lint(struct apic_bus *bus, uint32_t vcpu, uint8_t pin, bool high);

#endif
