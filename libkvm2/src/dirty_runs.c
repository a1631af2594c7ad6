// SPDX-License-Identifier: LGPL-2.1
/* Joins dirty pages of bitmaps to runs, within limits. */
#include "dirty_runs.h"

#include <stdbool.h>

static bool add_page(struct kvm2_dirty_runs *runs, uint64_t gpa)
{
	struct kvm2_dirty_run *last = runs->count ? &runs->to[runs->count - 1] : NULL;

	if (runs->pages == runs->max_pages)
		return false;
	if (last && last->gpa + last->pages * KVM2_PAGE_BYTES == gpa) {
		last->pages++;
	} else {
		if (runs->count == runs->room)
			return false;
		runs->to[runs->count++] = (struct kvm2_dirty_run){ gpa, 1 };
	}
	runs->pages++;
	return true;
}

uint64_t kvm2_dirty_runs_take(struct kvm2_dirty_runs *runs, uint64_t gpa,
			      const uint64_t *bitmap, uint64_t first,
			      uint64_t end, uint64_t *taken)
{
	for (uint64_t page = first; page < end; page++) {
		uint64_t word = page / KVM2_WORD_PAGES;
		uint64_t bits = bitmap[word] >> (page % KVM2_WORD_PAGES);

		if (!bits) {
			/* Nothing in the rest of the word: to its last page. */
			page |= KVM2_WORD_PAGES - 1;
			continue;
		}
		page += (uint64_t)__builtin_ctzll(bits);
		if (page >= end)
			break;
		if (!add_page(runs, gpa + page * KVM2_PAGE_BYTES))
			return page;
		if (taken)
			taken[word] |= 1ULL << (page % KVM2_WORD_PAGES);
	}
	return end;
}
