// SPDX-License-Identifier: GPL-2.0
// Guest RAM: one anonymous mapping, of which the banks are parts.
#include "memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES	(2ULL << 20)

/*
 * At addresses that are as far from a huge page's start as the guest's are, so
 * that KVM can map them as one: Linux touches tens of thousands of pages as it
 * boots, and each small one is an exit.
 */
static uint8_t *align_huge(void *base)
{
	uintptr_t address = (uintptr_t)base;

	return (uint8_t *)base + (-address & (HUGE_PAGE_BYTES - 1));
}

int memory_init(struct memory *memory, const struct layout *layout, struct failure *failure)
{
	const struct layout_bank *last = &layout->banks[layout->nr_banks - 1];
	void *base;

	memory->layout = layout;
	memory->bytes = last->offset + last->bytes;
	base = mmap(NULL, memory->bytes + HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return failure_set(failure, errno,
			"guest memory: allocate 0x%llx bytes: %s; choose a smaller --mem",
			(unsigned long long)memory->bytes, strerror(errno));
	memory->base = align_huge(base);
	/* Where there are none, small ones do. */
	(void)madvise(memory->base, memory->bytes, MADV_HUGEPAGE);
	return 0;
}

uint8_t *memory_at(const struct memory *memory, uint64_t gpa, uint64_t bytes)
{
	const struct layout_bank *bank = layout_find_bank(memory->layout, gpa, bytes);

	return bank ? memory->base + bank->offset + (gpa - bank->gpa) : NULL;
}

void memory_write(const struct memory *memory, uint64_t gpa, const void *data, size_t len)
{
	if (len)
		memcpy(memory_at(memory, gpa, len), data, len);
}

int memory_map(const struct memory *memory, struct kvm2_machine *machine,
	       struct failure *failure)
{
	struct kvm2_memory_region regions[LAYOUT_BANKS] = { 0 };
	struct kvm2_memory_map map = {
		.regions = (uintptr_t)regions,
		.nr_regions = memory->layout->nr_banks,
	};
	int err;

	for (unsigned int i = 0; i < memory->layout->nr_banks; i++) {
		const struct layout_bank *bank = &memory->layout->banks[i];

		regions[i].gpa = bank->gpa;
		regions[i].size = bank->bytes;
		regions[i].address = (uintptr_t)(memory->base + bank->offset);
	}
	err = kvm2_machine_set_memory_map(machine, &map);
	if (err < 0)
		return failure_set(failure, -err, "guest memory: set memory map: %s%s",
				   strerror(-err),
				   err == -ENOMEM ? "; choose a smaller --mem" : "");
	return 0;
}
