// SPDX-License-Identifier: GPL-2.0
// Guest physical memory: RAM banks and what is placed in them.
#include "layout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PAGE_BYTES 4096ULL

void layout_init(struct layout *layout, uint64_t ram_bytes)
{
	uint64_t low_end = ram_bytes < LAYOUT_LOW_END ? ram_bytes : LAYOUT_LOW_END;

	memset(layout, 0, sizeof(*layout));
	layout->banks[0] = (struct layout_bank){ 0, LAYOUT_VIDEO, 0 };
	layout->banks[1] = (struct layout_bank){
		LAYOUT_FIRMWARE, low_end - LAYOUT_FIRMWARE, LAYOUT_FIRMWARE
	};
	layout->nr_banks = 2;
	if (ram_bytes > low_end)
		layout->banks[layout->nr_banks++] = (struct layout_bank){
			LAYOUT_ABOVE, ram_bytes - low_end, low_end
		};
}

uint64_t layout_low_end(const struct layout *layout)
{
	return layout->banks[1].gpa + layout->banks[1].bytes;
}

const struct layout_bank *layout_find_bank(const struct layout *layout, uint64_t gpa,
					   uint64_t bytes)
{
	for (unsigned int i = 0; i < layout->nr_banks; i++) {
		const struct layout_bank *bank = &layout->banks[i];

		if (gpa >= bank->gpa && gpa - bank->gpa <= bank->bytes &&
		    bytes <= bank->bytes - (gpa - bank->gpa))
			return bank;
	}
	return NULL;
}

static const struct layout_use *find_use(const struct layout *layout,
					 uint64_t gpa, uint64_t bytes)
{
	for (unsigned int i = 0; i < layout->nr_uses; i++) {
		const struct layout_use *use = &layout->uses[i];

		if (gpa < use->gpa + use->bytes && use->gpa < gpa + bytes)
			return use;
	}
	return NULL;
}

static int add_use(struct layout *layout, uint64_t gpa, uint64_t bytes,
		   const char *what, struct failure *failure)
{
	struct layout_use *use;

	if (layout->nr_uses == LAYOUT_USES_MAX)
		return failure_set(failure, E2BIG,
				   "%s: more than %u parts to load; use fewer modules",
				   what, LAYOUT_USES_MAX);

	use = &layout->uses[layout->nr_uses++];
	use->gpa = gpa;
	use->bytes = bytes;
	snprintf(use->what, sizeof(use->what), "%s", what);
	return 0;
}

int layout_take(struct layout *layout, uint64_t gpa, uint64_t bytes,
		const char *what, struct failure *failure)
{
	const struct layout_use *other;

	if (!bytes)
		return 0;

	if (!layout_find_bank(layout, gpa, bytes)) {
		uint64_t low_end = layout_low_end(layout);

		if (gpa >= LAYOUT_HIGH && gpa + bytes > gpa && gpa + bytes > low_end &&
		    gpa + bytes <= LAYOUT_LOW_END)
			return failure_set(failure, ENOSPC,
				"%s: needs memory up to 0x%llx, but it ends at 0x%llx; give the guest more with --mem",
				what, (unsigned long long)(gpa + bytes),
				(unsigned long long)low_end);
		return failure_set(failure, ENOSPC,
			"%s: is to be loaded at 0x%llx, 0x%llx bytes, where there is no RAM (0-0x%llx, 0x%llx-0x%llx); link it for an address that has some",
			what, (unsigned long long)gpa, (unsigned long long)bytes,
			LAYOUT_VIDEO - 1, LAYOUT_FIRMWARE,
			(unsigned long long)low_end - 1);
	}

	other = find_use(layout, gpa, bytes);
	if (other)
		return failure_set(failure, EEXIST,
			"%s: 0x%llx-0x%llx overlaps %s at 0x%llx-0x%llx; link it for other addresses",
			what, (unsigned long long)gpa,
			(unsigned long long)(gpa + bytes - 1), other->what,
			(unsigned long long)other->gpa,
			(unsigned long long)(other->gpa + other->bytes - 1));

	return add_use(layout, gpa, bytes, what, failure);
}

static uint64_t page_up(uint64_t gpa)
{
	return (gpa + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

int layout_place(struct layout *layout, uint64_t from, uint64_t bytes,
		 const char *what, uint64_t *gpa, struct failure *failure)
{
	const struct layout_use *use;
	uint64_t at = page_up(from < LAYOUT_HIGH ? LAYOUT_HIGH : from);

	/* Each turn passes one more use, so it ends. */
	while (layout_find_bank(layout, at, bytes)) {
		use = find_use(layout, at, bytes ? bytes : 1);
		if (!use) {
			*gpa = at;
			return bytes ? add_use(layout, at, bytes, what, failure) : 0;
		}
		at = page_up(use->gpa + use->bytes);
	}
	return failure_set(failure, ENOSPC,
		"%s: no room for 0x%llx bytes between 0x%llx and the end of memory at 0x%llx; give the guest more with --mem",
		what, (unsigned long long)bytes, (unsigned long long)at,
		(unsigned long long)layout_low_end(layout));
}
