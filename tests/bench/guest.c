// SPDX-License-Identifier: GPL-2.0
/* The RAM of the guest that both sides run. */
#include "guest.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#define PRESENT		0x3ULL		/* and writable */
#define LARGE		0x80ULL
#define PAGE		0x1000
#define LARGE_PAGE	0x200000ULL

extern const uint8_t guest_code[];
extern const uint8_t guest_code_end[];

void *guest_alloc(uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void put_pointer(uint8_t *at, uint16_t limit, uint64_t base)
{
	memcpy(at, &limit, sizeof(limit));
	memcpy(at + 2, &base, sizeof(base));
}

/* A code segment of 64 bits, and an interrupt gate for one vector. */
static void make_tables(uint8_t *ram)
{
	const uint64_t code = 0x00209b0000000000ULL;
	const uint64_t handler = guest_rip(guest_handler);
	const uint64_t gate = (handler & 0xffff) | 8 << 16 | 0x8e00ULL << 32 |
			      handler >> 16 << 48;

	memcpy(ram + GUEST_GDT + 8, &code, sizeof(code));
	memcpy(ram + GUEST_IDT + GUEST_VECTOR * 16, &gate, sizeof(gate));
	put_pointer(ram + GUEST_GDTR, 15, GUEST_GDT);
	put_pointer(ram + GUEST_IDTR, 256 * 16 - 1, GUEST_IDT);
}

void *guest_load(void)
{
	uint8_t *ram = guest_alloc(GUEST_RAM);
	uint64_t *table;
	unsigned int i;

	if (!ram)
		return NULL;
	memcpy(ram + GUEST_CODE, guest_code, guest_code_end - guest_code);
	table = (uint64_t *)(ram + GUEST_TABLES);
	table[0] = (GUEST_TABLES + PAGE) | PRESENT;
	table[512] = (GUEST_TABLES + 2 * PAGE) | PRESENT;
	for (i = 0; i < 512; i++)
		table[1024 + i] = i * LARGE_PAGE | LARGE | PRESENT;
	make_tables(ram);
	return ram;
}

uint64_t guest_rip(const uint8_t *program)
{
	return GUEST_CODE + (program - guest_code);
}
