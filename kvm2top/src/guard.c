// SPDX-License-Identifier: GPL-2.0
// Removes tracefs instances of a kvm2top that has ended.
#include "guard.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"

#define TRIES		500
#define PAUSE_US	20000

struct guard {
	struct child child;
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

static void watch(int socket, const void *argument)
{
	const pid_t *owner = argument;
	char byte;

	while (read(socket, &byte, 1) < 0 && errno == EINTR)
		;
	/* In use until the kernel has closed all of a process that was killed. */
	for (int i = 0; i < TRIES && !remove_instances(*owner); i++)
		usleep(PAUSE_US);
}

struct guard *guard_create(void)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	const pid_t owner = getpid();
	int error;

	if (!guard)
		return NULL;
	error = child_create(&guard->child, SOCK_STREAM, watch, &owner);
	if (!error)
		return guard;
	free(guard);
	errno = -error;
	return NULL;
}

void guard_destroy(struct guard *guard)
{
	if (!guard)
		return;
	child_destroy(&guard->child);
	free(guard);
}
