/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vcpus of collectors that know of threads only: who these are, and what
 * has been counted of them.
 */
#ifndef KVM2TOP_THREADS_H
#define KVM2TOP_THREADS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model.h"

/**
 * struct thread - a thread that runs a vcpu
 * @is_gone, @told: it has ended, and this many exits and ways to user space were told
 * @exits, @user, @counts, @user_counts: as struct shared_row has them
 * @kvm:	what stands for its VM
 * @phase, @since_ns, @exit_ns, @code: of the exit that goes on, for times
 * @part_ns:	of it
 * @slots:	times of a reason, or NULL
 */
struct thread {
	struct thread *next;
	pid_t tid;
	pid_t tgid;
	uint64_t start_ns;
	char comm[SHARED_COMM_SIZE];
	bool is_gone;
	uint64_t told;
	bool is_kvm2;
	uint64_t vm;
	uint64_t kvm;
	uint32_t vcpu;
	uint32_t isa;
	uint32_t other;
	uint64_t exits;
	uint64_t user;
	uint64_t counts[SHARED_REASONS];
	uint64_t user_counts[SHARED_USER_REASONS];
	uint32_t phase;
	uint64_t since_ns;
	uint64_t exit_ns;
	uint32_t code;
	uint64_t part_ns[NR_PHASES];
	uint64_t phase_ns[NR_PHASES];
	struct shared_slot *slots[SHARED_REASONS];
};

struct threads;

/* Only threads of process @pid are known; 0: all. NULL: no memory. */
struct threads *threads_create(pid_t pid);
void threads_destroy(struct threads *threads);

/* The thread, looked up in /proc when it is new. NULL: it is not of the process, or no memory. */
struct thread *threads_find(struct threads *threads, pid_t tid);

/* The dense code of a reason, and of a way to user space; see shared.h. */
uint32_t threads_code(struct thread *thread, uint32_t isa, uint32_t reason);
uint32_t threads_user_code(uint32_t reason, int error);

/* Forget all counts: they will be told again. */
void threads_clear(struct threads *threads);

/**
 * threads_tell() - tell the model what was counted, and what the scheduler knows of it
 * @keep: those that have ended will be told again
 */
void threads_tell(struct threads *threads, struct model *model, bool keep);

#endif /* KVM2TOP_THREADS_H */
