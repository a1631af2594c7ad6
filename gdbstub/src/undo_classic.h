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

/* @fd, @run: the VMM's file of the vcpu, and its struct kvm_run. */
struct undo_vcpu {
	pid_t tid;
	int fd;
	uint64_t run;
};

/**
 * struct undo_classic - what was done
 * @saved: of inject.c's
 */
struct undo_classic {
	pid_t pid;
	const struct undo_vcpu *vcpus;
	unsigned int nr_vcpus;
	struct inject_saved *saved;
};

void undo_classic(const struct undo_classic *undo);

/* Of a VMM on kvm2: our page alone, and the registers of a thread that made a call for us. */
void undo_page(const struct undo_classic *undo);

#endif
