// SPDX-License-Identifier: GPL-2.0
/* The virtual machines of this host. */
#include "vms.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm_scan.h"

#define COUNTERS	"/sys/kernel/debug/kvm"

/* ---- which there are ---- */

static void read_comm(pid_t pid, char name[static 64])
{
	char path[64];
	FILE *file;

	name[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (file && fgets(name, 64, file))
		name[strcspn(name, "\n")] = 0;
	if (file)
		fclose(file);
}

/* Return: vcpus of its VM on kvm2, -1: it has none. */
static int count_kvm2(pid_t pid)
{
	char path[64];
	int count;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/kvm2", (int)pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "vm %*u vcpus %d", &count) != 1)
		count = -1;
	if (file)
		fclose(file);
	return count;
}

static void add_item(struct buffer *xml, pid_t pid, const char *api, int vcpus)
{
	char name[64];

	read_comm(pid, name);
	buffer_printf(xml, "<item><column name=\"pid\">%d</column><column name=\"api\">%s</column>"
		      "<column name=\"vcpus\">%d</column><column name=\"name\">", (int)pid, api, vcpus);
	buffer_xml(xml, name);
	buffer_text(xml, "</column></item>\n");
}

static void look_at(pid_t pid, struct buffer *xml)
{
	struct vmm_scan_vcpu *vcpus = NULL;
	int count = count_kvm2(pid);

	if (count >= 0)
		add_item(xml, pid, "kvm2", count);
	count = vmm_scan_vcpus(pid, &vcpus);
	if (count > 0)
		add_item(xml, pid, "classic", count);
	free(vcpus);
}

int vms_list(struct buffer *xml)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			look_at(atoi(entry->d_name), xml);
	closedir(dir);
	return 0;
}

/* ---- what is counted ---- */

struct counter {
	char name[64];
	unsigned long long value;
};

struct counters {
	struct counter all[256];
	size_t count;
};

static void add(struct counters *counters, const char *name, unsigned long long value)
{
	const size_t room = sizeof(counters->all) / sizeof(counters->all[0]);
	size_t i = 0;

	while (i < counters->count && strcmp(counters->all[i].name, name))
		i++;
	if (i == room)
		return;
	if (i == counters->count) {
		snprintf(counters->all[i].name, sizeof(counters->all[i].name), "%.63s", name);
		counters->all[i].value = 0;
		counters->count++;
	}
	counters->all[i].value += value;
}

static void read_counters(int folder, struct counters *counters)
{
	DIR *dir = fdopendir(folder);
	struct dirent *entry;

	if (!dir) {
		close(folder);
		return;
	}
	while ((entry = readdir(dir))) {
		char text[32] = "";
		char *end;
		int fd = openat(folder, entry->d_name, O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0) {
			unsigned long long value = strtoull(text, &end, 10);

			if (end != text && (*end == '\n' || !*end) && value)
				add(counters, entry->d_name, value);
		}
		if (fd >= 0)
			close(fd);
	}
	closedir(dir);
}

static int compare(const void *a, const void *b)
{
	const struct counter *left = a;
	const struct counter *right = b;

	if (left->value != right->value)
		return left->value < right->value ? 1 : -1;
	return strcmp(left->name, right->name);
}

int vms_exits(pid_t pid, struct buffer *text)
{
	static struct counters counters;
	DIR *dir = opendir(COUNTERS);
	struct dirent *entry;
	bool found = false;

	if (!dir)
		return -errno;
	counters.count = 0;
	while ((entry = readdir(dir))) {
		int folder;
		char *end;

		/* PID-FD */
		if (strtol(entry->d_name, &end, 10) != pid || *end != '-')
			continue;
		folder = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (folder < 0)
			continue;
		found = true;
		read_counters(folder, &counters);
	}
	closedir(dir);
	if (!found)
		return -ENOENT;
	qsort(counters.all, counters.count, sizeof(counters.all[0]), compare);
	for (size_t i = 0; i < counters.count; i++)
		buffer_printf(text, "%-28s %llu\n", counters.all[i].name, counters.all[i].value);
	return 0;
}
