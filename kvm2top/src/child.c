// SPDX-License-Identifier: GPL-2.0
// Children behind sockets.
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int child_create(struct child *child, int type, void (*work)(int socket, const void *argument), const void *argument)
{
	sigset_t all;
	int fds[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds))
		return -errno;
	child->pid = fork();
	if (child->pid < 0) {
		const int error = -errno;

		close(fds[0]);
		close(fds[1]);
		return error;
	}
	if (!child->pid) {
		close(fds[0]);
		/* What ends kvm2top, as a ^C, may not end this before it. */
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		work(fds[1], argument);
		_exit(0);
	}
	close(fds[1]);
	child->fd = fds[0];
	return 0;
}

void child_destroy(struct child *child)
{
	close(child->fd);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
