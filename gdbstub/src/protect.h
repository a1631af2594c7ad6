/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes to pages of a guest's memory held back, whoever makes them, by a
 * userfaultfd(2) of the VMM's that we have alone: the kernel takes all of it
 * away when we die.
 */
#ifndef PROTECT_H
#define PROTECT_H

#include "vmm.h"

/* These are target_ops. */
int protect_page(struct target *target, unsigned int vcpu, uint64_t gpa,
		 enum target_protection protection);
int protect_event_fd(const struct target *target);

/* A write that was held back. Return: @event is one; the vcpu was asked to stop, or it is none. */
bool protect_next_event(struct vmm *vmm, struct target_event *event);

void protect_destroy(struct vmm *vmm);

#endif
