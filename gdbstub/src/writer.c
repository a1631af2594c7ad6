// SPDX-License-Identifier: GPL-2.0
/* Who a thread is that writes to a guest's memory. */
#include "writer.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES	256

/* Its number in its own namespace of PIDs, the last one of the line "NSpid: 4711 12". Return: 0: it is not there. */
static pid_t own_number(const char *folder)
{
	char line[LINE_BYTES];
	pid_t number = 0;
	FILE *file;

	snprintf(line, sizeof(line), "%s/status", folder);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "NSpid:", 6))
			number = (pid_t)atoi(strrchr(line, '\t') + 1);
	if (file)
		fclose(file);
	return number;
}

static void read_comm(const char *folder, char comm[static TARGET_COMM_BYTES])
{
	char path[LINE_BYTES];
	FILE *file;

	snprintf(path, sizeof(path), "%s/comm", folder);
	file = fopen(path, "re");
	comm[0] = 0;
	if (file && fgets(comm, TARGET_COMM_BYTES, file))
		comm[strcspn(comm, "\n")] = 0;
	for (char *c = comm; *c; c++)
		*c = *c < ' ' || *c > '~' ? '?' : *c;
	if (file)
		fclose(file);
}

/* Return: it is the one, and @writer is filled. */
static bool try(pid_t number, pid_t tid, const char *folder, struct target_writer *writer)
{
	if (own_number(folder) != number)
		return false;
	writer->tid = tid;
	read_comm(folder, writer->comm);
	return true;
}

/* As a container has other numbers, all may have to be asked. */
static bool find_in_vmm(pid_t pid, pid_t number, struct target_writer *writer)
{
	char path[LINE_BYTES];
	struct dirent *entry;
	bool found;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task/%d", (int)pid, (int)number);
	found = try(number, number, path, writer);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = found ? NULL : opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		const pid_t tid = (pid_t)atoi(entry->d_name);

		snprintf(path, sizeof(path), "/proc/%d/task/%d", (int)pid, (int)tid);
		found = tid > 0 && try(number, tid, path, writer);
	}
	if (dir)
		closedir(dir);
	return found;
}

void writer_find(pid_t pid, pid_t number, struct target_writer *writer)
{
	char path[LINE_BYTES];

	*writer = (struct target_writer){ .kind = TARGET_WRITER_THREAD, .tid = number };
	if (find_in_vmm(pid, number, writer))
		return;
	writer->kind = TARGET_WRITER_FOREIGN;
	snprintf(path, sizeof(path), "/proc/%d", (int)number);
	try(number, number, path, writer);
}
