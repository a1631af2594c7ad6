/* SPDX-License-Identifier: GPL-2.0 */
/* Where gdb may connect to. */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>

/* Room for what listen_open() says. */
#define LISTEN_MESSAGE_SIZE	200

/**
 * struct listener - a place to connect to
 * @where: as listen_open() was told; borrowed
 * @fd:    can be read when somebody has connected; -1: nobody can
 */
struct listener {
	const char *where;
	int fd;
};

/**
 * listen_open() - let gdb connect
 * @where: "unix:PATH": a socket that only this user can connect to, or
 *	   "HOST:PORT": of this machine's loopback; port 0: any, which is told
 *	   on stderr
 * @message: out: what is wrong
 * Return: 0 or a negative errno.
 */
int listen_open(struct listener *listener, const char *where, char message[static LISTEN_MESSAGE_SIZE]);

/**
 * listen_accept() - take who has connected; never waits
 * @is_busy: one user is enough: nobody is taken
 * Return: gdb's socket; -EACCES it may not, which is told on stderr; another negative errno.
 */
int listen_accept(const struct listener *listener, bool is_busy);

/* Nobody can connect any more, and the socket is gone. */
void listen_close(struct listener *listener);

#endif
