// SPDX-License-Identifier: LGPL-2.1
// What /proc tells about a process, for the rules that name VMs.
#include <kvm2/trace_vm_name.h>

#include "vm_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RULES_BYTES_MAX	(1024 * 1024)

/* A file of /proc/PID, NUL-terminated; bytes without the NUL, or -errno. */
static ssize_t read_proc(int dir, const char *name, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got = 0;
	int fd;

	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (length < size - 1) {
		got = read(fd, text + length, size - 1 - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	got = got < 0 ? -errno : (ssize_t)length;
	text[got < 0 ? 0 : length] = '\0';
	close(fd);
	return got;
}

/* The path in "0::PATH", else that of the systemd line of version 1. */
static void read_cgroup(int dir, struct vm_facts *facts)
{
	char text[8192];
	char *rest;

	if (read_proc(dir, "cgroup", text, sizeof(text)) <= 0)
		return;
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *path = strchr(line, ':');

		path = path ? strchr(path + 1, ':') : NULL;
		if (!path)
			continue;
		if (strncmp(line, "0::", 3) && !strstr(line, "name=systemd"))
			continue;
		/* Of a hybrid the other line may be the root alone. */
		if (strlen(path + 1) > strlen(facts->cgroup))
			snprintf(facts->cgroup, sizeof(facts->cgroup), "%.1023s",
				 path + 1);
	}
}

/* "vm 3 vcpus 2 generation 5 name demo" is the first line. */
static void read_kvm2(int dir, struct vm_facts *facts)
{
	static const char label[] = " name ";
	char text[512];
	char *name;

	if (read_proc(dir, "kvm2", text, sizeof(text)) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	facts->has_kvm2 = !strncmp(text, "vm ", 3);
	name = strstr(text, label);
	if (name)
		snprintf(facts->kvm2, sizeof(facts->kvm2), "%.63s",
			 name + strlen(label));
}

static void read_program(int dir, struct vm_facts *facts)
{
	static const char deleted[] = " (deleted)";
	char path[PATH_MAX];
	ssize_t length;
	char *slash;

	length = readlinkat(dir, "exe", path, sizeof(path) - 1);
	if (length <= 0) {
		/* Not ours to look at: what it says itself. */
		snprintf(path, sizeof(path), "%.4095s", facts->args);
		length = (ssize_t)strlen(path);
	}
	path[length] = '\0';
	if ((size_t)length > strlen(deleted) &&
	    !strcmp(path + length - strlen(deleted), deleted))
		path[(size_t)length - strlen(deleted)] = '\0';
	slash = strrchr(path, '/');
	snprintf(facts->program, sizeof(facts->program), "%.255s",
		 slash ? slash + 1 : path);
}

static int open_process(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

/* The folder of the process, even if @pid is only one of its threads. */
static int open_main_thread(pid_t pid)
{
	int dir = open_process(pid);
	char text[1024];
	const char *label;
	int tgid;

	if (dir < 0 || read_proc(dir, "status", text, sizeof(text)) <= 0)
		return dir;
	label = strstr(text, "\nTgid:");
	if (!label || sscanf(label, " Tgid: %d", &tgid) != 1 || tgid == pid)
		return dir;
	close(dir);
	return open_process(tgid);
}

int kvm2_trace_vm_name(const struct kvm2_trace_vm_rules *rules, pid_t pid,
		       struct kvm2_trace_vm_name *name)
{
	struct vm_facts *facts;
	ssize_t size;
	int dir;

	dir = open_main_thread(pid);
	if (dir < 0)
		return dir;
	facts = calloc(1, sizeof(*facts));
	if (!facts) {
		close(dir);
		return -ENOMEM;
	}
	if (read_proc(dir, "comm", facts->comm, sizeof(facts->comm)) > 0)
		facts->comm[strcspn(facts->comm, "\n")] = '\0';
	size = read_proc(dir, "cmdline", facts->args, sizeof(facts->args));
	facts->args_size = size > 0 ? (size_t)size : 0;
	read_program(dir, facts);
	read_cgroup(dir, facts);
	read_kvm2(dir, facts);
	close(dir);
	vm_rules_apply(rules, facts, name);
	free(facts);
	return 0;
}

int kvm2_trace_vm_rules_load(struct kvm2_trace_vm_rules *rules,
			     const char *path, unsigned int *line)
{
	const bool is_optional = !path;
	ssize_t size;
	char *text;
	int err;

	if (line)
		*line = 0;
	text = malloc(RULES_BYTES_MAX + 2);
	if (!text)
		return -ENOMEM;
	size = read_proc(AT_FDCWD, path ? path : KVM2_TRACE_VM_RULES_FILE, text,
			 RULES_BYTES_MAX + 2);
	if (size == -ENOENT && is_optional)
		err = 0;
	else if (size < 0)
		err = (int)size;
	else if (size > RULES_BYTES_MAX)
		err = -EFBIG;
	else
		err = kvm2_trace_vm_rules_add(rules, text, (size_t)size, line);
	free(text);
	return err;
}
