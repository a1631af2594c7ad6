/* SPDX-License-Identifier: GPL-2.0 */
/* A VM on the kvm2 system calls, in another process. */
#ifndef TARGET_KVM2_H
#define TARGET_KVM2_H

#include <sys/types.h>

#include "target.h"

/**
 * target_kvm2_attach() - trace the vcpus of a process
 * @target: out; its vcpus run on
 * Return: 0; -ENOENT the process has no VM of kvm2; -EPERM, -EACCES; -ESRCH.
 */
int target_kvm2_attach(pid_t pid, struct target **target);

#endif
