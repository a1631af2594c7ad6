/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Leave a VMM on the classic API as it was, when whoever debugged its guest
 * has died: no debug flags, no registers of ours, no page of ours, and no
 * debug exit that the VMM would wonder about.
 */
#ifndef UNDO_CLASSIC_H
#define UNDO_CLASSIC_H

#include <stdint.h>
#include <sys/types.h>

#include "inject.h"
#include "target.h"

/**
 * struct undo_vcpu - of one vcpu
 * @fd, @run:	the VMM's file of it, and its struct kvm_run
 * @parked:	the thread's registers, if those that it has are inject_park()'s
 * @debug:	what it stops for; of the two @now tells which
 * @copy:	RFLAGS' second byte in the VMM, when a step at @copy_pc has stored it; 0: none does
 */
struct undo_vcpu {
	pid_t tid;
	int fd;
	uint64_t run;
	struct user_regs_struct parked;
	struct target_debug debug[2];
	_Atomic unsigned int now;
	uint64_t copy_pc;
	_Atomic uint64_t copy;
};

/* @vcpu may be NULL in these. What it stops for from now on: */
void undo_note_debug(struct undo_vcpu *vcpu, const struct target_debug *debug);

/* As target_ops.note_copy; @copy is the VMM's address. */
void undo_note_copy(struct undo_vcpu *vcpu, uint64_t pc, uint64_t copy);

/* Take the trap flag out of it if the step was made that led to @event. On either API. */
void undo_copy(pid_t pid, const struct undo_vcpu *vcpu, const struct kvm2_debug_event *event);

/**
 * struct undo_classic - what was done
 * @saved: of inject.c's
 */
struct undo_classic {
	pid_t pid;
	struct undo_vcpu *vcpus;
	unsigned int nr_vcpus;
	struct inject_saved *saved;
};

void undo_classic(const struct undo_classic *undo);

/* Of a VMM on kvm2: our page alone, and the registers of a thread that made a call for us. */
void undo_page(const struct undo_classic *undo);

#endif
