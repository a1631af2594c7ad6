// SPDX-License-Identifier: GPL-2.0
/* The guest's page tables: from linear to guest physical addresses. */
#include "walk.h"

#include <errno.h>
#include <string.h>

#define CR0_PE		(1ULL << 0)
#define CR0_PG		(1ULL << 31)
#define CR4_PSE		(1ULL << 4)
#define CR4_PAE		(1ULL << 5)
#define CR4_LA57	(1ULL << 12)
#define EFER_LMA	(1ULL << 10)

#define PRESENT		(1ULL << 0)
#define WRITABLE	(1ULL << 1)
#define USER		(1ULL << 2)
#define LARGE		(1ULL << 7)
#define NO_EXECUTE	(1ULL << 63)
#define ADDRESS		0x000ffffffffff000ULL

/* Return: as walk(); 1: the walk goes on with @entry, of @size bytes. */
static int read_entry(uint64_t at, size_t size, walk_read *read, void *context,
		      struct walk_result *result, uint64_t *entry)
{
	int err = read(context, at, entry, size);

	if (err)
		return err;
	result->tables[result->nr_levels] = at;
	result->entries[result->nr_levels++] = *entry;
	return *entry & PRESENT ? 1 : 0;
}

/* Two levels of 32-bit entries, with pages of 4 KiB or 4 MiB. */
static int walk_32(const struct walk_mode *mode, uint64_t address, walk_read *read, void *context,
		   struct walk_result *result)
{
	uint64_t table = mode->cr3 & 0xfffff000;

	address &= 0xffffffff;
	for (unsigned int shift = 22; ; shift -= 10) {
		uint64_t entry = 0;
		int ret = read_entry(table + (address >> shift & 0x3ff) * 4, sizeof(uint32_t), read,
				     context, result, &entry);

		result->page_size = 1ULL << shift;
		if (ret <= 0)
			return ret;
		result->writable &= !!(entry & WRITABLE);
		result->user &= !!(entry & USER);
		if (shift == 12) {
			result->gpa = (entry & 0xfffff000) | (address & 0xfff);
			return 1;
		}
		if (entry & LARGE && mode->cr4 & CR4_PSE) {
			/* Bits 13-20 are address bits 32-39. */
			result->gpa = (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32 |
				      (address & 0x3fffff);
			return 1;
		}
		table = entry & 0xfffff000;
	}
}

/* Levels of 512 entries; the root of PAE has four. */
static int walk_64(const struct walk_mode *mode, uint64_t address, unsigned int levels,
		   walk_read *read, void *context, struct walk_result *result)
{
	bool pae = levels == 3;
	uint64_t table = mode->cr3 & (pae ? 0xffffffe0ULL : ADDRESS);

	for (unsigned int shift = 12 + 9 * (levels - 1); ; shift -= 9) {
		uint64_t index = address >> shift & 0x1ff;
		bool pae_root = pae && shift == 30;
		uint64_t entry;
		int ret = read_entry(table + (pae_root ? index & 3 : index) * 8, sizeof(entry), read,
				     context, result, &entry);

		result->page_size = 1ULL << shift;
		if (ret <= 0)
			return ret;
		if (!pae_root) {
			result->writable &= !!(entry & WRITABLE);
			result->user &= !!(entry & USER);
			result->executable &= !(entry & NO_EXECUTE);
		}
		if (shift == 12 || (shift <= 30 && !pae_root && entry & LARGE)) {
			uint64_t mask = (1ULL << shift) - 1;

			result->gpa = (entry & ADDRESS & ~mask) | (address & mask);
			return 1;
		}
		table = entry & ADDRESS;
	}
}

int walk(const struct walk_mode *mode, uint64_t address, walk_read *read, void *context,
	 struct walk_result *result)
{
	memset(result, 0, sizeof(*result));
	result->writable = true;
	result->user = true;
	result->executable = true;
	if (!(mode->cr0 & CR0_PG)) {
		result->gpa = address & 0xffffffff;
		return address >> 32 ? 0 : 1;
	}
	if (mode->efer & EFER_LMA) {
		unsigned int levels = mode->cr4 & CR4_LA57 ? 5 : 4;
		int64_t top = (int64_t)address >> (12 + 9 * levels - 1);

		if (top && top != -1)
			return 0;
		return walk_64(mode, address, levels, read, context, result);
	}
	if (address >> 32)
		return 0;
	if (mode->cr4 & CR4_PAE)
		return walk_64(mode, address, 3, read, context, result);
	return walk_32(mode, address, read, context, result);
}

const char *walk_mode_name(const struct walk_mode *mode, bool code_is_long, bool code_is_32)
{
	if (!(mode->cr0 & CR0_PE))
		return "real mode";
	if (mode->efer & EFER_LMA)
		return code_is_long ? "64 bit" : "compatibility mode";
	return code_is_32 ? "32 bit" : "16 bit";
}
