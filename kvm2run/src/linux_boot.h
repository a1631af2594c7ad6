/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a Linux kernel finds in memory at its 64-bit entry: its boot
 * parameters, page tables that map the first 4 GiB, and a descriptor table.
 */
#ifndef KVM2RUN_LINUX_BOOT_H
#define KVM2RUN_LINUX_BOOT_H

#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "layout.h"
#include "memory.h"
#include "multiboot_info.h"

/* Where they are: nothing else is there in a PC's first 640 KiB. */
#define LINUX_BOOT_PARAMS	0x10000
#define LINUX_BOOT_TABLES	0x11000		/* page tables: 6 pages */
#define LINUX_BOOT_GDT		0x17000
#define LINUX_BOOT_END		0x18000

#define LINUX_BOOT_SELECTOR_CODE 0x10
#define LINUX_BOOT_SELECTOR_DATA 0x18
#define LINUX_BOOT_GDT_BYTES	32

/**
 * struct linux_boot_facts - what the parameters say
 * @file:	the kernel's file, whose setup header is copied
 * @cmdline_gpa: 0: none
 * @rsdp_gpa:	the ACPI tables; 0: none
 */
struct linux_boot_facts {
	const uint8_t *file;
	uint32_t cmdline_gpa;
	uint32_t initrd_gpa;
	uint32_t initrd_bytes;
	uint64_t rsdp_gpa;
	const struct multiboot_memory *memory;
	unsigned int nr_memory;
};

/* Occupy the addresses. Return: as layout_take(). */
int linux_boot_place(struct layout *layout, struct failure *failure);

/* Write it all to where linux_boot_place() has reserved room. */
void linux_boot_write(const struct linux_boot_facts *facts, const struct memory *memory);

#endif
