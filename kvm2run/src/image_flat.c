// SPDX-License-Identifier: GPL-2.0
// Flat binaries.
#include "image_flat.h"

#include <errno.h>

/* cs is a multiple of 64 KiB up to this, so that ip reaches the address. */
#define REAL_MODE_END 0x100000ULL

int image_flat_parse(size_t len, const struct image_wish *wish,
		     struct image *image, struct failure *failure)
{
	uint64_t load = wish->has_load ? wish->load : IMAGE_FLAT_LOAD;
	uint64_t entry = wish->has_entry ? wish->entry : load;

	if (entry >= REAL_MODE_END)
		return failure_set(failure, EINVAL,
			"a flat binary starts in real mode, which cannot reach 0x%llx; %s below 0x%llx",
			(unsigned long long)entry,
			wish->has_entry ? "choose --entry" : "choose --load, or --entry,",
			REAL_MODE_END);
	if (entry < load || entry - load >= len)
		return failure_set(failure, EINVAL,
			"the entry 0x%llx is outside the image, which is loaded at 0x%llx, 0x%zx bytes; choose --entry within it",
			(unsigned long long)entry, (unsigned long long)load, len);

	image->format = "flat binary";
	image->mode = IMAGE_REAL_MODE;
	image->entry = entry;
	image->nr_segments = 1;
	image->segments[0] = (struct image_segment){
		.gpa = load,
		.memory_bytes = len,
		.file_bytes = len,
	};
	return 0;
}
