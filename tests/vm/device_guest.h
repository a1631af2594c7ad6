/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest that makes one access to a device after the other, as it is told.
 * Read by the assembler, too.
 */
#ifndef TESTS_VM_DEVICE_GUEST_H
#define TESTS_VM_DEVICE_GUEST_H

#define DEVICE_CODE	0x5000
#define DEVICE_ORDER	0x6000	/* what is to be done: struct device_order */

#define DEVICE_MMIO	0xd0000	/* nobody has memory there; 64 KiB */

#ifndef __ASSEMBLER__
#include <linux/kvm2.h>
#include <stdbool.h>
#include <stdint.h>

enum device_kind {
	DEVICE_IN8,
	DEVICE_OUT8,
	DEVICE_IN16,
	DEVICE_OUT16,
	DEVICE_IN32,
	DEVICE_OUT32,
	DEVICE_READ32,		/* of memory; the address is an offset in DEVICE_MMIO */
	DEVICE_WRITE32,
};

struct device_order {
	uint16_t kind;
	uint16_t address;
	uint32_t value;
};

/* Let the calling thread's vcpu begin. Return: 0 or a negative errno. */
int device_guest_start(uint8_t *ram);

/**
 * device_guest_access() - make one access
 * @run:	the exits
 * @answer:	when it is an exit: what the VMM answers
 * @result:	out: what the guest has read
 * Return: exits that the access was: 0 or 1; or a negative errno.
 */
int device_guest_access(struct kvm2_run *run, const struct device_order *order, uint32_t answer,
			uint32_t *result);
#endif

#endif /* TESTS_VM_DEVICE_GUEST_H */
