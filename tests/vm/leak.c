// SPDX-License-Identifier: GPL-2.0
/* What processes leave behind in the kernel. */
#include "leak.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

#define CGROUPS		"/sys/fs/cgroup"
#define CGROUP		CGROUPS "/counted"
#define VMS		"/sys/kernel/debug/kvm"

#define POLL_US		100000
#define POLLS_MAX	200
#define POLLS_QUIET	10

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		tap_die("%s", path);
	close(fd);
}

/* The number behind a line's first word; -1 if there is none. */
static long read_number(const char *path, const char *word)
{
	size_t length = strlen(word);
	FILE *file = fopen(path, "re");
	char line[256];
	long number = -1;

	if (!file)
		tap_die("%s", path);
	while (number < 0 && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, word, length))
			number = strtol(line + length, NULL, 10);
	}
	fclose(file);
	return number;
}

static int count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	int c, lines = 0;

	if (!file)
		tap_die("%s", path);
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

/* A VM has a folder PID-NAME there; ours are named kvm2-ID. */
static int count_vms(void)
{
	DIR *folder = opendir(VMS);
	struct dirent *entry;
	int count = 0;

	if (!folder)
		tap_die("%s", VMS);
	while ((entry = readdir(folder)))
		count += strstr(entry->d_name, "-kvm2-") != NULL;
	closedir(folder);
	return count;
}

void leak_init(void)
{
	write_text(CGROUPS "/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		tap_die(CGROUP);
}

void leak_join(void)
{
	write_text(CGROUP "/cgroup.procs", "0");
}

void leak_freeze(bool on)
{
	write_text(CGROUP "/cgroup.freeze", on ? "1" : "0");
}

static void count_all(struct leak_count *count)
{
	/* What RCU still holds is freed after a grace period. */
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	write_text("/proc/sys/vm/drop_caches", "3");
	/* To read this sums up all that processors have noted apart. */
	count_lines(CGROUP "/cpu.stat");
	count->kernel = read_number(CGROUP "/memory.stat", "kernel ");
	count->available = 1024 * read_number("/proc/meminfo",
					      "MemAvailable:");
	count->vms = count_vms();
	count->processes = count_lines(CGROUP "/cgroup.procs");
}

static bool is_back(const struct leak_count *count,
		    const struct leak_count *before,
		    const struct leak_count *slack)
{
	return !count->vms && !count->processes &&
	       count->kernel - before->kernel < slack->kernel &&
	       before->available - count->available < slack->available;
}

/* Until all is quiet, or back at @wanted if that is not NULL. */
static void settle(struct leak_count *count, const struct leak_count *wanted,
		   const struct leak_count *slack)
{
	struct leak_count before;
	int polls, quiet = 0;

	count_all(count);
	for (polls = 0; polls < POLLS_MAX && quiet < POLLS_QUIET; polls++) {
		if (wanted && is_back(count, wanted, slack))
			return;
		usleep(POLL_US);
		before = *count;
		count_all(count);
		if (count->vms || count->processes ||
		    count->kernel < before.kernel)
			quiet = 0;
		else
			quiet++;
	}
}

void leak_settle(struct leak_count *count)
{
	settle(count, NULL, NULL);
}

void leak_settle_at(struct leak_count *count, const struct leak_count *before,
		    const struct leak_count *slack)
{
	settle(count, before, slack);
}
