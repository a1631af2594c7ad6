/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What strace remembers of traced threads and processes that use kvm2. */
#ifndef KVM2_TASK_H
#define KVM2_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvm2_memory_region;

enum kvm2_reply {
	KVM2_REPLY_UNKNOWN,	/* strace came later than the last exit */
	KVM2_REPLY_NONE,
	KVM2_REPLY_DUE,
};

/**
 * struct kvm2_task - a thread that is, or may be, a vcpu
 * @vcpu:  its id, -1 if not known
 * @tgid:  the process, as strace sees it
 * @reply: whether its next entry has a reply to the last exit
 * @run_fd:    of the vcpu of /dev/kvm that it ran last
 * @run_addr:  where the tracee has mapped that one's struct kvm_run
 * @run_bytes: of that mapping; 0: not known
 * @due:       heap: the struct kvm_run of the exit that a reply is due to
 */
struct kvm2_task {
	struct kvm2_task *next;
	int pid;
	int tgid;
	int64_t vcpu;
	enum kvm2_reply reply;
	int run_fd;
	uint64_t run_addr;
	uint64_t run_bytes;
	void *due;
};

/**
 * struct kvm2_process - a process with a VM
 * @map_known:  @map is what the VM has
 * @map:        the memory map last set, heap
 */
struct kvm2_process {
	struct kvm2_process *next;
	int tgid;
	bool map_known;
	struct kvm2_memory_region *map;
	size_t nr_regions;
};

/**
 * kvm2_task_get() - what is known of the thread @pid, at first nothing
 * Return: borrowed, until kvm2_task_forget().
 */
extern struct kvm2_task *kvm2_task_get(int pid);

/**
 * kvm2_task_vcpu() - which vcpu the thread @pid is, -1 if none
 *
 * As long as that is not known it is looked up in /proc/PID/kvm2, each time.
 */
extern int64_t kvm2_task_vcpu(int pid);

/** kvm2_task_forget() - the thread @pid is no more traced */
extern void kvm2_task_forget(int pid);

/** kvm2_process_get() - what is known of the process; borrowed, for ever */
extern struct kvm2_process *kvm2_process_get(int tgid);

/**
 * kvm2_process_set_map() - remember a memory map
 * @map: heap, owned by the process from now on; may be NULL for none
 */
extern void kvm2_process_set_map(struct kvm2_process *process,
				 struct kvm2_memory_region *map, size_t count);

#endif /* KVM2_TASK_H */
