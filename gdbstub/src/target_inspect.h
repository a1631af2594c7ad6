/* SPDX-License-Identifier: GPL-2.0 */
/* A VM on the kvm2 system calls that is looked at, and never stopped. */
#ifndef TARGET_INSPECT_H
#define TARGET_INSPECT_H

#include <sys/types.h>

#include "target.h"

/* Return: 0; as target_kvm2_attach(). */
int target_inspect_attach(pid_t pid, struct target **target);

#endif
