/* SPDX-License-Identifier: GPL-2.0 */
/* Where gdb may connect to. */
#ifndef LISTEN_H
#define LISTEN_H

/* Room for what listen_accept() says. */
#define LISTEN_MESSAGE_SIZE	200

/**
 * listen_accept() - wait for gdb
 * @where: "unix:PATH": a socket that only this user can connect to, or
 *	   "HOST:PORT": of this machine's loopback; port 0: any, which is told
 *	   on stderr
 * @stop:  file descriptor that ends the waiting when it can be read
 * @message: out: what is wrong
 *
 * It listens no longer then: one user is enough.
 *
 * Return: gdb's socket; a negative errno.
 */
int listen_accept(const char *where, int stop, char message[static LISTEN_MESSAGE_SIZE]);

#endif
