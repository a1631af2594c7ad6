// SPDX-License-Identifier: GPL-2.0
/*
 * Joins dirty pages to runs and writes them to user space.
 */
#include "dirty_run.h"

#include <linux/bitops.h>
#include <linux/uaccess.h>

void kvm2_dirty_runs_init(struct kvm2_dirty_runs *runs,
			  struct kvm2_dirty_run __user *to, u32 room)
{
	memset(runs, 0, sizeof(*runs));
	runs->to = to;
	runs->room = room;
}

static int write_last(struct kvm2_dirty_runs *runs)
{
	if (!runs->last.pages)
		return 0;
	if (runs->count == runs->room)
		return -ENOSPC;
	if (copy_to_user(&runs->to[runs->count], &runs->last,
			 sizeof(runs->last)))
		return -EFAULT;
	runs->count++;
	runs->last.pages = 0;
	return 0;
}

static int add_pages(struct kvm2_dirty_runs *runs, gfn_t gfn, u64 pages)
{
	struct kvm2_dirty_run *last = &runs->last;
	int r;

	if (last->pages && last->gpa + (last->pages << PAGE_SHIFT) ==
			   gfn_to_gpa(gfn)) {
		last->pages += pages;
		return 0;
	}
	r = write_last(runs);
	if (r)
		return r;
	last->gpa = gfn_to_gpa(gfn);
	last->pages = pages;
	return 0;
}

int kvm2_dirty_runs_add_mask(struct kvm2_dirty_runs *runs, gfn_t gfn,
			     unsigned long mask)
{
	unsigned int first, pages;
	int r;

	while (mask) {
		first = __ffs(mask);
		pages = mask >> first == ~0UL >> first ?
				BITS_PER_LONG - first : ffz(mask >> first);
		r = add_pages(runs, gfn + first, pages);
		if (r)
			return r;
		if (first + pages == BITS_PER_LONG)
			break;
		mask &= ~0UL << (first + pages);
	}
	return 0;
}

int kvm2_dirty_runs_finish(struct kvm2_dirty_runs *runs)
{
	int r = write_last(runs);

	return r ? r : runs->count;
}
