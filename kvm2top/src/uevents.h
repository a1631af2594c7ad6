/* SPDX-License-Identifier: GPL-2.0 */
/* New VMs, as the kernel tells them: nobody has to look through /proc for them. */
#ifndef KVM2TOP_UEVENTS_H
#define KVM2TOP_UEVENTS_H

#include <stdbool.h>
#include <sys/types.h>

/* A socket, readable when there is something; -1: without it a VM is found later. */
int uevents_open(void);

/* The next VM that was made, by the process @pid. Return: there is one. */
bool uevents_next(int fd, pid_t *pid);

#endif /* KVM2TOP_UEVENTS_H */
