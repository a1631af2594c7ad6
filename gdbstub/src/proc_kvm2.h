/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/PID/kvm2: the vcpus and the memory of a VM. */
#ifndef PROC_KVM2_H
#define PROC_KVM2_H

#include <stdbool.h>

#include "target.h"

/* Called with every vcpu. Return: 1 it is new, 0, or a negative errno, which ends it. */
typedef int proc_kvm2_fn(struct target *target, uint32_t id, pid_t tid);

/**
 * proc_kvm2_read() - what there is now
 *
 * Sets the target's name and regions.
 *
 * Return: how many vcpus are new; -ENOENT this process has no VM; -ESRCH there
 *	   is no such process; what @each or reading the file gave.
 */
int proc_kvm2_read(struct target *target, proc_kvm2_fn *each);

bool proc_kvm2_has_vm(pid_t pid);

/* Call @each with the threads of the vcpus of a VM, if there is one. */
void proc_kvm2_threads(pid_t pid, void (*each)(void *context, pid_t tid), void *context);

#endif
