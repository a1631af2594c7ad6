/* SPDX-License-Identifier: GPL-2.0 */
/* The MultiProcessor table: processors and interrupts for kernels without ACPI. */
#ifndef KVM2RUN_MPTABLE_H
#define KVM2RUN_MPTABLE_H

#include <stddef.h>
#include <stdint.h>

/* Where the floating pointer is looked for; the table follows it. */
#define MPTABLE_GPA	0xf0000
#define MPTABLE_BYTES	1024

/**
 * mptable_write() - write pointer and table
 * @to:		MPTABLE_BYTES bytes, all zero, that the guest has at MPTABLE_GPA
 * @cpus:	at most OPTIONS_CPUS_MAX
 * Return: bytes used.
 */
size_t mptable_write(uint8_t *to, unsigned int cpus);

#endif
