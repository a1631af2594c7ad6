/* SPDX-License-Identifier: GPL-2.0 */
/* Conversations with gdb, one after the other, and the guests meanwhile. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>

#include "listen.h"
#include "process.h"
#include "session.h"

/**
 * struct server - what it takes
 * @attach:	at the beginning of a conversation, to @process. Return: 0; 1, and it is said: it cannot be
 * @listener:	.fd -1: gdb is at stdin and stdout
 * @parent:	can be read when all shall end
 * @gdb:	what is read of it, -1: nobody is there
 */
struct server {
	struct session *session;
	int (*attach)(struct session *session);
	const struct process *process;
	struct listener listener;
	int parent;
	int gdb;
};

/* Until there is nothing more to be done. Return: the exit code. */
int server_run(struct server *server);

#endif
