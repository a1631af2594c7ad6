/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A writer of struct kvm2_dirty_run to user space that joins pages which
 * follow each other.
 */
#ifndef _KVM2_DIRTY_RUN_H
#define _KVM2_DIRTY_RUN_H

#include <linux/kvm_host.h>
#include <uapi/linux/kvm2.h>

/**
 * struct kvm2_dirty_runs - where runs go
 * @to:    user's array
 * @room:  elements of @to
 * @count: elements written
 * @last:  the run that may still grow; not yet in @to
 */
struct kvm2_dirty_runs {
	struct kvm2_dirty_run __user *to;
	u32 room;
	u32 count;
	struct kvm2_dirty_run last;
};

void kvm2_dirty_runs_init(struct kvm2_dirty_runs *runs,
			  struct kvm2_dirty_run __user *to, u32 room);
/* Return: 0; -ENOSPC: there is no room; -EFAULT. */
int kvm2_dirty_runs_add_mask(struct kvm2_dirty_runs *runs, gfn_t gfn,
			     unsigned long mask);
/* Write what is left. Return: runs written; -ENOSPC; -EFAULT. */
int kvm2_dirty_runs_finish(struct kvm2_dirty_runs *runs);

#endif /* _KVM2_DIRTY_RUN_H */
