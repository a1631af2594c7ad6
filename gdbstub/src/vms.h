/* SPDX-License-Identifier: GPL-2.0 */
/* The virtual machines of this host, and what KVM counts of them. */
#ifndef VMS_H
#define VMS_H

#include <sys/types.h>

#include "buffer.h"

/* Items of a table for gdb's `info os vms`. Return: 0 or a negative errno. */
int vms_list(struct buffer *xml);

/* How often a guest was left, and why, one line each. Return: 0; -ENOENT nothing is known. */
int vms_exits(pid_t pid, struct buffer *text);

#endif
