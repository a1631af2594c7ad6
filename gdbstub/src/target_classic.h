/* SPDX-License-Identifier: GPL-2.0 */
/* VMs on the ioctls of /dev/kvm, in a VMM that knows nothing of us. */
#ifndef TARGET_CLASSIC_H
#define TARGET_CLASSIC_H

#include "target.h"

/**
 * target_classic_attach() - attach to the VM of a process
 * @why: out: for people, on some errors
 * Return: 0; -ENOENT it has none; -EPERM; another negative errno.
 */
int target_classic_attach(pid_t pid, struct target **target, const char **why);

#endif
