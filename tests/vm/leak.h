/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What processes leave behind in the kernel: memory of theirs that it has not
 * given back, VMs, and processes that do not end.
 */
#ifndef TESTS_VM_LEAK_H
#define TESTS_VM_LEAK_H

#include <stdbool.h>

/**
 * struct leak_count - what there is when all is quiet
 * @kernel:	bytes of kernel memory on account of the processes counted
 * @available:	bytes of memory that the machine has left
 * @vms:	kvm2 VMs
 * @processes:	processes counted
 */
struct leak_count {
	long kernel;
	long available;
	int vms;
	int processes;
};

/* Make a cgroup for the processes to be counted. Dies if there is none. */
void leak_init(void);

/* From now on the calling process and its children are counted. */
void leak_join(void);

/* Stop all processes counted, or let them go on. */
void leak_freeze(bool on);

/*
 * Wait until the work that ends VMs and frees memory is done, at most some
 * seconds, and count. Call it when all processes counted have ended.
 */
void leak_settle(struct leak_count *count);

/*
 * The same, but no longer than until nothing is left, and the memory is back
 * where it was at @before: at most as much more as @slack has.
 */
void leak_settle_at(struct leak_count *count, const struct leak_count *before,
		    const struct leak_count *slack);

#endif /* TESTS_VM_LEAK_H */
