// SPDX-License-Identifier: GPL-2.0
// The zero page (Linux, Documentation/arch/x86/zero-page.rst) and 64-bit mode.
#include "linux_boot.h"

#include <string.h>

#include <asm/bootparam.h>

#include "bytes.h"
#include "image_linux.h"

#define LOADER_UNKNOWN		0xff

#define PAGE_BYTES		4096
#define PTE_PRESENT		(1U << 0)
#define PTE_WRITABLE		(1U << 1)
#define PTE_LARGE		(1U << 7)
#define LARGE_BYTES		(2ULL << 20)
#define NR_DIRECTORIES		4

int linux_boot_place(struct layout *layout, struct failure *failure)
{
	return layout_take(layout, LINUX_BOOT_PARAMS, LINUX_BOOT_END - LINUX_BOOT_PARAMS,
			   "boot parameters of Linux", failure);
}

static void write_params(const struct linux_boot_facts *facts, const struct memory *memory)
{
	struct boot_params params;
	size_t header = image_linux_header_bytes(facts->file);

	_Static_assert(sizeof(params) == PAGE_BYTES, "the zero page");

	memset(&params, 0, sizeof(params));
	if (header > sizeof(params.hdr))
		header = sizeof(params.hdr);
	memcpy(&params.hdr, facts->file + IMAGE_LINUX_HEADER, header);
	params.hdr.type_of_loader = LOADER_UNKNOWN;
	params.hdr.cmd_line_ptr = facts->cmdline_gpa;
	params.hdr.ramdisk_image = facts->initrd_gpa;
	params.hdr.ramdisk_size = facts->initrd_bytes;
	params.acpi_rsdp_addr = facts->rsdp_gpa;

	for (unsigned int i = 0; i < facts->nr_memory && i < E820_MAX_ENTRIES_ZEROPAGE; i++) {
		/* Both have 1 for memory and 2 for what is reserved. */
		params.e820_table[i].addr = facts->memory[i].gpa;
		params.e820_table[i].size = facts->memory[i].bytes;
		params.e820_table[i].type = facts->memory[i].type;
		params.e820_entries = (uint8_t)(i + 1);
	}
	memory_write(memory, LINUX_BOOT_PARAMS, &params, sizeof(params));
}

static void write_page_tables(const struct memory *memory)
{
	const uint64_t pointers = LINUX_BOOT_TABLES + PAGE_BYTES;
	const uint64_t directories = pointers + PAGE_BYTES;
	uint64_t entry = pointers | PTE_PRESENT | PTE_WRITABLE;

	memory_write(memory, LINUX_BOOT_TABLES, &entry, sizeof(entry));
	for (uint64_t i = 0; i < NR_DIRECTORIES; i++) {
		entry = (directories + i * PAGE_BYTES) | PTE_PRESENT | PTE_WRITABLE;
		memory_write(memory, pointers + i * sizeof(entry), &entry, sizeof(entry));
	}
	for (uint64_t i = 0; i < NR_DIRECTORIES * PAGE_BYTES / sizeof(entry); i++) {
		entry = i * LARGE_BYTES | PTE_PRESENT | PTE_WRITABLE | PTE_LARGE;
		memory_write(memory, directories + i * sizeof(entry), &entry, sizeof(entry));
	}
}

void linux_boot_write(const struct linux_boot_facts *facts, const struct memory *memory)
{
	/* Flat, 64-bit code and data. */
	static const uint64_t gdt[] = { 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff };

	_Static_assert(sizeof(gdt) == LINUX_BOOT_GDT_BYTES, "the descriptor table");

	write_params(facts, memory);
	write_page_tables(memory);
	memory_write(memory, LINUX_BOOT_GDT, gdt, sizeof(gdt));
}
