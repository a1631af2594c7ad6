/* SPDX-License-Identifier: GPL-2.0 */
/* A VM that is no more, of which gdb is still to see what was collected. */
#ifndef TARGET_ENDED_H
#define TARGET_ENDED_H

#include "target.h"

/**
 * target_ended_create() - in place of the VM's target
 * @target: what it was; borrowed
 * @status: how its VMM ended, as of waitpid(2)
 *
 * It has the same vcpus, which are at 0, and of them no other register, and no memory. When one is
 * let go the event is that the VMM has ended.
 *
 * Return: NULL: no memory.
 */
struct target *target_ended_create(const struct target *target, int status);

#endif
