/* SPDX-License-Identifier: LGPL-2.1 */
/* Joins dirty pages of bitmaps to runs, within limits. Pure. */
#ifndef KVM2_DIRTY_RUNS_H
#define KVM2_DIRTY_RUNS_H

#include <linux/kvm2.h>

#include <stddef.h>
#include <stdint.h>

#define KVM2_PAGE_BYTES		4096ULL
#define KVM2_WORD_PAGES		64ULL

/**
 * struct kvm2_dirty_runs - where runs go
 * @to:		the caller's array
 * @room:	elements of @to
 * @count:	elements written
 * @pages:	pages reported
 * @max_pages:	no more than this; UINT64_MAX: no limit
 */
struct kvm2_dirty_runs {
	struct kvm2_dirty_run *to;
	uint32_t room;
	uint32_t count;
	uint64_t pages;
	uint64_t max_pages;
};

/**
 * kvm2_dirty_runs_take() - report pages of a bitmap
 * @gpa:	address of bit 0
 * @bitmap:	one bit a page
 * @first:	first page to look at
 * @end:	page behind the last one to look at
 * @taken:	bits of the pages reported are set in it; NULL: not wanted
 * Return: the page to go on from: @end, or the first dirty one that met a limit.
 */
uint64_t kvm2_dirty_runs_take(struct kvm2_dirty_runs *runs, uint64_t gpa,
			      const uint64_t *bitmap, uint64_t first,
			      uint64_t end, uint64_t *taken);

#endif /* KVM2_DIRTY_RUNS_H */
