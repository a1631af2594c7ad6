// SPDX-License-Identifier: GPL-2.0
/* What /proc tells of a VMM on the classic API of KVM. */
#include "vmm_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VCPU_LINK	"anon_inode:kvm-vcpu:"

/* PF_USER_WORKER: works for the process, but never runs its code. */
#define TASK_USER_WORKER	0x4000

static int add_vcpu(struct vmm_scan_vcpu **vcpus, int count, const struct vmm_scan_vcpu *vcpu)
{
	struct vmm_scan_vcpu *more = realloc(*vcpus, ((size_t)count + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	more[count] = *vcpu;
	*vcpus = more;
	return count + 1;
}

static DIR *open_files(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	return opendir(path);
}

#define LINK_BYTES	64

/* Return: false: there is no more. */
static bool next_file(DIR *dir, int *fd, char link[LINK_BYTES])
{
	struct dirent *entry;
	ssize_t length = 0;

	while (length <= 0 && (entry = readdir(dir))) {
		length = readlinkat(dirfd(dir), entry->d_name, link, LINK_BYTES - 1);
		*fd = atoi(entry->d_name);
	}
	link[length > 0 ? length : 0] = 0;
	return length > 0;
}

static int scan_vcpu_files(pid_t pid, struct vmm_scan_vcpu **vcpus)
{
	struct vmm_scan_vcpu vcpu = { 0 };
	DIR *dir = open_files(pid);
	char link[LINK_BYTES];
	int count = 0;

	if (!dir)
		return -errno;
	while (count >= 0 && next_file(dir, &vcpu.fd, link))
		if (sscanf(link, VCPU_LINK "%u", &vcpu.id) == 1)
			count = add_vcpu(vcpus, count, &vcpu);
	closedir(dir);
	return count;
}

bool vmm_scan_is_vcpu(pid_t pid, int fd)
{
	char path[64];
	char link[LINK_BYTES];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	length = readlink(path, link, sizeof(link));
	return length > (ssize_t)strlen(VCPU_LINK) && !memcmp(link, VCPU_LINK, strlen(VCPU_LINK));
}

int vmm_scan_files(pid_t pid, const char *link, int *fds, int room)
{
	DIR *dir = open_files(pid);
	char found[LINK_BYTES];
	int count = 0;
	int fd;

	if (!dir)
		return -errno;
	while (count <= room && next_file(dir, &fd, found)) {
		if (strcmp(found, link))
			continue;
		if (count < room)
			fds[count] = fd;
		count++;
	}
	closedir(dir);
	return count <= room ? count : -E2BIG;
}

static FILE *open_maps(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	return fopen(path, "re");
}

static int find_runs(pid_t pid, struct vmm_scan_vcpu *vcpus, int count)
{
	char line[512];
	FILE *file = open_maps(pid);

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		const char *name = strstr(line, VCPU_LINK);
		unsigned long long start;
		unsigned long long offset;
		unsigned int id;

		if (!name || sscanf(name, VCPU_LINK "%u", &id) != 1 ||
		    sscanf(line, "%llx-%*x %*s %llx", &start, &offset) != 2 || offset)
			continue;
		for (int i = 0; i < count; i++)
			if (vcpus[i].id == id && !vcpus[i].run)
				vcpus[i].run = start;
	}
	fclose(file);
	return 0;
}

int vmm_scan_vcpus(pid_t pid, struct vmm_scan_vcpu **vcpus)
{
	int count;
	int err;

	*vcpus = NULL;
	count = scan_vcpu_files(pid, vcpus);
	err = count > 0 ? find_runs(pid, *vcpus, count) : 0;
	if (count >= 0 && !err)
		return count;
	free(*vcpus);
	*vcpus = NULL;
	return err ? err : count;
}

static int compare_sizes(const void *a, const void *b)
{
	const struct vmm_mapping *left = a;
	const struct vmm_mapping *right = b;

	return (left->size < right->size) - (left->size > right->size);
}

int vmm_scan_mappings(pid_t pid, struct vmm_mapping *mappings, unsigned int room)
{
	unsigned int count = 0;
	char line[512];
	FILE *file = open_maps(pid);

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		unsigned long long start, end;
		char access[8];

		if (sscanf(line, "%llx-%llx %7s", &start, &end, access) != 3 || access[1] != 'w' ||
		    end - start < 1 << 20)
			continue;
		if (count == room && mappings[count - 1].size >= end - start)
			continue;
		mappings[count < room ? count++ : count - 1] = (struct vmm_mapping){ start, end - start };
		qsort(mappings, count, sizeof(*mappings), compare_sizes);
	}
	fclose(file);
	return (int)count;
}

#define STAT_BYTES	512

/* Return: what follows the name, which may have any characters; NULL: there is no such thread. */
static const char *read_stat(const char *path, char text[STAT_BYTES])
{
	FILE *file = fopen(path, "re");
	size_t length;

	if (!file)
		return NULL;
	length = fread(text, 1, STAT_BYTES - 1, file);
	fclose(file);
	text[length] = 0;
	return strrchr(text, ')');
}

static bool is_users(pid_t pid, const char *tid)
{
	unsigned int flags = 0;
	char path[300];
	char text[STAT_BYTES];
	const char *rest;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)pid, tid);
	rest = read_stat(path, text);
	if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		return false;
	return !(flags & TASK_USER_WORKER);
}

uint64_t vmm_scan_started(pid_t pid)
{
	unsigned long long ticks = 0;
	char path[64];
	char text[STAT_BYTES];
	const char *rest;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	rest = read_stat(path, text);
	if (!rest || sscanf(rest, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &ticks) != 1)
		return 0;
	return ticks;
}

int vmm_scan_threads(pid_t pid, pid_t **tids)
{
	struct dirent *entry;
	char path[64];
	int count = 0;
	DIR *dir;

	*tids = NULL;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		pid_t *more;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    !is_users(pid, entry->d_name))
			continue;
		more = realloc(*tids, ((size_t)count + 1) * sizeof(*more));
		if (!more)
			break;
		*tids = more;
		more[count++] = atoi(entry->d_name);
	}
	closedir(dir);
	return count;
}
