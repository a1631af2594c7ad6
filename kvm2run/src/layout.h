/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest physical memory as a PC has it, and who occupies which part of it
 * before the guest starts.
 *
 *	0		640 KiB of RAM
 *	LAYOUT_VIDEO	no memory
 *	LAYOUT_FIRMWARE	RAM, zeros; reserved for firmware tables
 *	LAYOUT_HIGH	RAM, up to 3 GiB
 *	LAYOUT_ABOVE	the rest of RAM, if there is more
 */
#ifndef KVM2RUN_LAYOUT_H
#define KVM2RUN_LAYOUT_H

#include <stdint.h>

#include "failure.h"

#define LAYOUT_VIDEO		0xa0000ULL
#define LAYOUT_FIRMWARE		0xc0000ULL
#define LAYOUT_HIGH		0x100000ULL
#define LAYOUT_LOW_END		0xc0000000ULL
#define LAYOUT_ABOVE		0x100000000ULL

#define LAYOUT_RAM_MIN		(2ULL << 20)
#define LAYOUT_RAM_MAX		(1ULL << 40)

#define LAYOUT_BANKS		3
#define LAYOUT_USES_MAX		160
#define LAYOUT_WHAT_BYTES	96

/* One run of RAM; @offset is where its backing starts in the RAM's file. */
struct layout_bank {
	uint64_t gpa;
	uint64_t bytes;
	uint64_t offset;
};

struct layout_use {
	uint64_t gpa;
	uint64_t bytes;
	char what[LAYOUT_WHAT_BYTES];
};

struct layout {
	struct layout_bank banks[LAYOUT_BANKS];
	unsigned int nr_banks;
	struct layout_use uses[LAYOUT_USES_MAX];
	unsigned int nr_uses;
};

/* @ram_bytes: LAYOUT_RAM_MIN to LAYOUT_RAM_MAX, a multiple of 4096 */
void layout_init(struct layout *layout, uint64_t ram_bytes);

/* The end of RAM below 4 GiB. */
uint64_t layout_low_end(const struct layout *layout);

/* The bank that holds all of [gpa, gpa + bytes), or NULL; any values will do. */
const struct layout_bank *layout_find_bank(const struct layout *layout, uint64_t gpa,
					   uint64_t bytes);

/**
 * layout_take() - occupy exactly these addresses
 * @gpa:	first address
 * @bytes:	0 occupies nothing and always succeeds
 * @what:	for messages: "segment 1 of vmlinux"; cut if too long
 * Return: 0; -ENOSPC where there is no RAM, -EEXIST when something else is
 * there already, -E2BIG for more parts than the table has, each with the
 * two objects and the remedy in @failure.
 */
int layout_take(struct layout *layout, uint64_t gpa, uint64_t bytes,
		const char *what, struct failure *failure);

/**
 * layout_place() - occupy the first free, page aligned addresses below 4 GiB
 * @from:	not below this address
 * @gpa:	out: the address
 * Return: 0; -ENOSPC if RAM is too small, -E2BIG as above.
 */
int layout_place(struct layout *layout, uint64_t from, uint64_t bytes,
		 const char *what, uint64_t *gpa, struct failure *failure);

#endif
