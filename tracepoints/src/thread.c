// SPDX-License-Identifier: LGPL-2.1
// What a thread is called, and whose it is.
#include "thread.h"

#include "instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first line of a small file, without its end; false if there is none. */
static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool ok;

	if (!file)
		return false;
	ok = fgets(line, (int)size, file);
	fclose(file);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

/* "TID VALUE" in one of the kernel's lists of threads that have ended. */
static bool read_saved(const char *name, int tid, char *value, size_t size)
{
	bool found = false;
	size_t length;
	char *text;

	if (instance_read(NULL, name, &text, &length))
		return false;
	for (char *line = text; line && *line && !found;) {
		char *next = strchr(line, '\n');
		char *end;

		if (next)
			*next++ = '\0';
		if (strtol(line, &end, 10) == tid && *end == ' ') {
			snprintf(value, size, "%s", end + 1);
			found = true;
		}
		line = next;
	}
	free(text);
	return found;
}

bool thread_comm(int tid, char comm[static KVM2_TRACE_COMM_SIZE])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", tid);
	return read_line(path, comm, KVM2_TRACE_COMM_SIZE) ||
	       read_saved("saved_cmdlines", tid, comm, KVM2_TRACE_COMM_SIZE);
}

int thread_process(int tid)
{
	char line[128];
	char path[64];
	int tgid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	while (file && !tgid && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &tgid) != 1)
			tgid = 0;
	if (file)
		fclose(file);
	if (!tgid && read_saved("saved_tgids", tid, line, sizeof(line)))
		tgid = atoi(line);
	return tgid ? tgid : tid;
}
