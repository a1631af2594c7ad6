/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest in real mode that waits for interrupts, on the guests of guest.h.
 * Read by the assembler, too.
 */
#ifndef TESTS_VM_APIC_GUEST_H
#define TESTS_VM_APIC_GUEST_H

/* Its code, counters and stack, all below GUEST_TOUCH. */
#define APIC_CODE	0x5000
#define APIC_COUNTS	0x6000	/* a word of 32 bits for each vector */
#define APIC_STACK	0x9000

/* Vectors that it counts, and those that it also reports. */
#define APIC_COUNTED	0x30	/* to 0x33 */
#define APIC_REPORTED	0x40	/* to 0x44; and 2, the NMI */

#ifndef __ASSEMBLER__
#include <stdint.h>

/**
 * apic_guest_start() - let the calling thread's vcpu wait for interrupts
 * @ram:  of guest_create_vm()
 * @has_apic: switch the local APIC on, in x2APIC mode
 *
 * Each interrupt is counted. Those reported write their vector to
 * GUEST_PORT_SUM, before the EOI.
 */
int apic_guest_start(uint8_t *ram, int has_apic);

/* How often the guest has seen @vector. */
uint32_t apic_guest_count(const uint8_t *ram, unsigned int vector);
#endif

#endif /* TESTS_VM_APIC_GUEST_H */
