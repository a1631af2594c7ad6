/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's page tables: from linear to guest physical addresses. */
#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WALK_LEVELS_MAX	5

/* What decides how addresses are translated. */
struct walk_mode {
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;
};

/**
 * struct walk_result - where an address leads
 * @gpa:	of the address itself
 * @page_size:	of the page it is in, or of what is not mapped there; 0: no paging,
 *		or no address
 * @writable, @user, @executable: by all levels together
 * @nr_levels:	entries that were read, from the root
 * @entries:	each entry
 * @tables:	where each was read
 */
struct walk_result {
	uint64_t gpa;
	uint64_t page_size;
	bool writable;
	bool user;
	bool executable;
	unsigned int nr_levels;
	uint64_t entries[WALK_LEVELS_MAX];
	uint64_t tables[WALK_LEVELS_MAX];
};

/* Reads @size bytes at a guest physical address. Return: 0 or -errno. */
typedef int walk_read(void *context, uint64_t gpa, void *data, size_t size);

/**
 * walk() - translate a linear address
 * @read, @context: for the page tables
 * @result: also filled in as far as it got
 * Return: 1 it is mapped; 0 it is not; -errno: a table cannot be read.
 */
int walk(const struct walk_mode *mode, uint64_t address, walk_read *read, void *context,
	 struct walk_result *result);

/* "16 bit", "32 bit", ...: how the processor is run. */
const char *walk_mode_name(const struct walk_mode *mode, bool code_is_long, bool code_is_32);

#endif
