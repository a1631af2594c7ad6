// SPDX-License-Identifier: GPL-2.0
/* Tracepoints in a trace instance of our own. */
#include "tracepoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSTANCE	"/sys/kernel/tracing/instances/kvm2bench"

int tracepoint_init(void)
{
	return mkdir(INSTANCE, 0755) && errno != EEXIST ? -errno : 0;
}

void tracepoint_fini(void)
{
	rmdir(INSTANCE);
}

int tracepoint_set(const char *system, const char *name, int on)
{
	char path[256];
	int r = 0;
	int fd;

	snprintf(path, sizeof(path), INSTANCE "/events/%s/%s/enable", system,
		 name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, on ? "1" : "0", 1) != 1)
		r = -errno;
	close(fd);
	return r;
}

/* The number after @key in @text. */
static uint64_t number_after(const char *text, const char *key)
{
	const char *found = strstr(text, key);

	return found ? strtoull(found + strlen(key), NULL, 10) : 0;
}

/* The lab has one processor then. */
int tracepoint_count(uint64_t *events)
{
	char text[1024];
	ssize_t n;
	int fd;

	fd = open(INSTANCE "/per_cpu/cpu0/stats", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	text[n] = '\0';
	*events = number_after(text, "entries: ") +
		  number_after(text, "overrun: ");
	return 0;
}
