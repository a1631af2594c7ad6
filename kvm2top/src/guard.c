// SPDX-License-Identifier: GPL-2.0
// Removes tracefs instances of a kvm2top that has ended.
#include "guard.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES		500
#define PAUSE_US	20000

struct guard {
	pid_t child;
	int fd;
};

const char *guard_tracing(void)
{
	static const char *const folders[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

	return !access("/sys/kernel/tracing/instances", F_OK) ? folders[0] : folders[1];
}

/* Its instances are kvm2top-PID and kvm2top-PID.N. Return: there are none left. */
static int remove_instances(pid_t owner)
{
	char prefix[64];
	char path[512];
	struct dirent *entry;
	int left = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/instances", guard_tracing());
	snprintf(prefix, sizeof(prefix), "%s-%d", GUARD_PREFIX, (int)owner);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		const size_t length = strlen(prefix);

		if (strncmp(entry->d_name, prefix, length) || (entry->d_name[length] && entry->d_name[length] != '.'))
			continue;
		snprintf(path, sizeof(path), "%s/instances/%.200s", guard_tracing(), entry->d_name);
		left += rmdir(path) && errno != ENOENT;
	}
	if (dir)
		closedir(dir);
	return !left;
}

static void watch(int fd, pid_t owner)
{
	sigset_t all;
	char byte;

	/* What ends kvm2top, as a ^C, may not end this before it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	/* In use until the kernel has closed all of a process that was killed. */
	for (int i = 0; i < TRIES && !remove_instances(owner); i++)
		usleep(PAUSE_US);
	_exit(0);
}

struct guard *guard_create(void)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	const pid_t owner = getpid();
	int fds[2];

	if (!guard)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		free(guard);
		return NULL;
	}
	guard->child = fork();
	if (!guard->child) {
		close(fds[0]);
		watch(fds[1], owner);
	}
	close(fds[1]);
	guard->fd = fds[0];
	if (guard->child > 0)
		return guard;
	close(guard->fd);
	free(guard);
	return NULL;
}

void guard_destroy(struct guard *guard)
{
	if (!guard)
		return;
	close(guard->fd);
	waitpid(guard->child, NULL, 0);
	free(guard);
}
