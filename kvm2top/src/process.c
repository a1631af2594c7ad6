// SPDX-License-Identifier: GPL-2.0
// What /proc says of a process.
#include "process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_SECOND	UINT64_C(1000000000)

bool process_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t length;

	if (!file)
		return false;
	length = fread(text, 1, size - 1, file);
	text[length] = '\0';
	fclose(file);
	return length;
}

uint64_t process_ticks_to_ns(unsigned long long ticks)
{
	return ticks * (NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK));
}

const char *process_behind_name(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end ? end + 1 : "";
}

uint64_t process_start_ns(pid_t tgid)
{
	unsigned long long start = 0;
	char path[64];
	char stat[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tgid);
	if (process_read(path, stat, sizeof(stat)))
		sscanf(process_behind_name(stat), " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d"
		       " %*d %llu", &start);
	return process_ticks_to_ns(start);
}

void process_comm(pid_t tgid, char *comm, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)tgid);
	if (process_read(path, comm, size))
		comm[strcspn(comm, "\n")] = '\0';
}
