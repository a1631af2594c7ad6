/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VMM held by ptrace: its first thread, whose end is that of the process,
 * and the threads of its vcpus. What the targets have in common.
 */
#ifndef VMM_H
#define VMM_H

#include <stdbool.h>
#include <sys/types.h>

#include "journal.h"
#include "target.h"
#include "thread.h"

/**
 * struct vmm_vcpu - a vcpu's thread; a target's own vcpu begins with it
 * @held:  it stands, for the stub
 * @asked: it was to stop
 * @undo:   where it is noted what is done to it, NULL: nowhere
 * @writes: to stop before its write to a protected page, at @writes_at
 */
struct vmm_vcpu {
	struct thread thread;
	struct undo_vcpu *undo;
	bool held;
	bool asked;
	bool writes;
	uint64_t writes_at;
	int64_t deadline_ms;
};

struct vmm;

/**
 * struct vmm_ops - where the targets differ
 * @free_vcpu: its thread is let go already
 * @take_stop: what a stop of vcpus[@index] means. Return: @event is one
 * @go_on:     let the thread go on from a stop; NULL: by PTRACE_CONT
 * @poll:      before the leader is looked at; may be NULL
 */
struct vmm_ops {
	void (*free_vcpu)(struct vmm_vcpu *vcpu);
	bool (*take_stop)(struct vmm *vmm, unsigned int index, enum thread_stop stop,
			  struct target_event *event);
	int (*go_on)(struct vmm_vcpu *vcpu);
	void (*poll)(struct vmm *vmm);
};

/**
 * struct vmm - the process; a target begins with it
 * @leader: its first thread, if that is no vcpu
 * @vcpus:  as base.vcpus; pointers, since threads are in a list
 * @inject: for calls in the process; NULL: none are made otherwise
 * @faults: file of protect.c's, -1: none yet
 */
struct vmm {
	struct target base;
	const struct vmm_ops *ops;
	struct thread leader;
	bool has_leader;
	bool exited;
	struct vmm_vcpu **vcpus;
	struct journal_vm *journal;
	struct inject *inject;
	int faults;
};

static inline struct vmm *vmm_of(struct target *target)
{
	return (struct vmm *)target;
}

/* Is the thread that of a vcpu? */
bool vmm_knows(const struct vmm *vmm, pid_t tid);

/* Trace a vcpu's thread, as the last one of @vcpus. Return: 0, -ENOMEM or as thread_seize(). */
int vmm_add_vcpu(struct vmm *vmm, uint32_t id, pid_t tid, struct vmm_vcpu *vcpu);

/* Trace the first thread, too, if it is no vcpu. Return: as thread_seize(). */
int vmm_seize_leader(struct vmm *vmm);

/* Let all threads go, and free everything but @vmm itself. */
void vmm_release(struct vmm *vmm);

/* The vcpu stands, as it was asked to; its thread has ended. */
bool vmm_give_held(struct vmm_vcpu *vcpu, struct target_event *event);
bool vmm_give_ended(struct vmm *vmm, unsigned int index, struct target_event *event);

/* These are target_ops. */
int vmm_next_event(struct target *target, struct target_event *event);
void vmm_wait(struct target *target, int ms);
int vmm_interrupt(struct target *target, unsigned int vcpu);
int vmm_resume(struct target *target, unsigned int vcpu);
int vmm_kill(struct target *target);
void vmm_note_patch(struct target *target, uint64_t gpa, uint8_t original, bool inserted);
void vmm_note_copy(struct target *target, unsigned int vcpu, uint64_t pc, uint64_t gpa);

#endif
