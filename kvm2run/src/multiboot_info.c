// SPDX-License-Identifier: GPL-2.0
// What a multiboot kernel finds at ebx.
#include "multiboot_info.h"

#include <string.h>

#include "bytes.h"

/* Offsets in the structure. */
#define INFO_FLAGS		0
#define INFO_MEM_LOWER		4
#define INFO_MEM_UPPER		8
#define INFO_CMDLINE		16
#define INFO_MODS_COUNT		20
#define INFO_MODS_ADDR		24
#define INFO_MMAP_LENGTH	44
#define INFO_MMAP_ADDR		48
#define INFO_LOADER_NAME	64
#define INFO_BYTES		88

#define FLAG_MEMORY		(1U << 0)
#define FLAG_CMDLINE		(1U << 2)
#define FLAG_MODS		(1U << 3)
#define FLAG_MMAP		(1U << 6)
#define FLAG_LOADER_NAME	(1U << 9)

#define MODULE_BYTES		16
#define MMAP_BYTES		24	/* and its size field says 20 */

/* The parts one after the other: structure, modules, map, strings. */
static size_t modules_at(void)
{
	return INFO_BYTES;
}

static size_t mmap_at(const struct multiboot_facts *facts)
{
	return modules_at() + (size_t)facts->nr_modules * MODULE_BYTES;
}

static size_t strings_at(const struct multiboot_facts *facts)
{
	return mmap_at(facts) + (size_t)facts->nr_memory * MMAP_BYTES;
}

size_t multiboot_info_bytes(const struct multiboot_facts *facts)
{
	size_t bytes = strings_at(facts) + strlen(facts->cmdline) + 1 + strlen(facts->loader) + 1;

	for (unsigned int i = 0; i < facts->nr_modules; i++)
		bytes += strlen(facts->modules[i].string) + 1;
	return bytes;
}

static uint32_t put_string(uint8_t *to, uint32_t gpa, size_t *at, const char *string)
{
	size_t bytes = strlen(string) + 1;
	uint32_t address = gpa + (uint32_t)*at;

	memcpy(to + *at, string, bytes);
	*at += bytes;
	return address;
}

void multiboot_info_write(uint8_t *to, uint32_t gpa, const struct multiboot_facts *facts)
{
	size_t strings = strings_at(facts);

	memset(to, 0, strings);
	bytes_put32(to + INFO_FLAGS,
		    FLAG_MEMORY | FLAG_CMDLINE | FLAG_MODS | FLAG_MMAP | FLAG_LOADER_NAME);
	bytes_put32(to + INFO_MEM_LOWER, facts->lower_kb);
	bytes_put32(to + INFO_MEM_UPPER, facts->upper_kb);
	bytes_put32(to + INFO_CMDLINE, put_string(to, gpa, &strings, facts->cmdline));
	bytes_put32(to + INFO_LOADER_NAME, put_string(to, gpa, &strings, facts->loader));

	bytes_put32(to + INFO_MODS_COUNT, facts->nr_modules);
	bytes_put32(to + INFO_MODS_ADDR, gpa + (uint32_t)modules_at());
	for (unsigned int i = 0; i < facts->nr_modules; i++) {
		uint8_t *module = to + modules_at() + (size_t)i * MODULE_BYTES;

		bytes_put32(module, facts->modules[i].start);
		bytes_put32(module + 4, facts->modules[i].end);
		bytes_put32(module + 8,
			    put_string(to, gpa, &strings, facts->modules[i].string));
	}

	bytes_put32(to + INFO_MMAP_LENGTH, facts->nr_memory * MMAP_BYTES);
	bytes_put32(to + INFO_MMAP_ADDR, gpa + (uint32_t)mmap_at(facts));
	for (unsigned int i = 0; i < facts->nr_memory; i++) {
		uint8_t *entry = to + mmap_at(facts) + (size_t)i * MMAP_BYTES;

		bytes_put32(entry, MMAP_BYTES - 4);
		bytes_put64(entry + 4, facts->memory[i].gpa);
		bytes_put64(entry + 12, facts->memory[i].bytes);
		bytes_put32(entry + 20, facts->memory[i].type);
	}
}
