/* SPDX-License-Identifier: GPL-2.0 */
/* The Multiboot 0.6.96 information structure (section 3.3). */
#ifndef KVM2RUN_MULTIBOOT_INFO_H
#define KVM2RUN_MULTIBOOT_INFO_H

#include <stddef.h>
#include <stdint.h>

/* In eax when the kernel starts; ebx has the address of the structure. */
#define MULTIBOOT_INFO_MAGIC		0x2badb002U

#define MULTIBOOT_INFO_AVAILABLE	1
#define MULTIBOOT_INFO_RESERVED		2

struct multiboot_memory {
	uint64_t gpa;
	uint64_t bytes;
	uint32_t type;
};

struct multiboot_module {
	uint32_t start;
	uint32_t end;
	const char *string;
};

struct multiboot_facts {
	uint32_t lower_kb;
	uint32_t upper_kb;
	const char *cmdline;
	const char *loader;
	const struct multiboot_module *modules;
	unsigned int nr_modules;
	const struct multiboot_memory *memory;
	unsigned int nr_memory;
};

/* Bytes that the structure and everything it points to occupy. */
size_t multiboot_info_bytes(const struct multiboot_facts *facts);

/**
 * multiboot_info_write() - write it
 * @to:		multiboot_info_bytes() bytes
 * @gpa:	where the guest sees them; 8 byte aligned
 */
void multiboot_info_write(uint8_t *to, uint32_t gpa, const struct multiboot_facts *facts);

#endif
