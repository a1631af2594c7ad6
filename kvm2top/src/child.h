/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A child behind a socket, which keeps the rights that kvm2top gives up. It
 * ends with kvm2top, however that ends, as then the socket is closed.
 */
#ifndef KVM2TOP_CHILD_H
#define KVM2TOP_CHILD_H

#include <sys/types.h>

/**
 * struct child - one
 * @fd:		the socket to it
 */
struct child {
	pid_t pid;
	int fd;
};

/**
 * child_create() - make one
 * @type:	of the socket, SOCK_STREAM or SOCK_SEQPACKET
 * @work:	what it does, with its end of the socket; it ends when this returns
 * Return: 0 or a negative errno.
 */
int child_create(struct child *child, int type, void (*work)(int socket, const void *argument), const void *argument);

/* Close the socket, and wait for its end. */
void child_destroy(struct child *child);

#endif /* KVM2TOP_CHILD_H */
