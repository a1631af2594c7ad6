// SPDX-License-Identifier: GPL-2.0
/* /proc/PID/kvm2: the vcpus and the memory of a VM. */
#include "proc_kvm2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm_memory.h"

static int read_text(pid_t pid, char **text)
{
	size_t size = 0;
	size_t used = 0;
	char path[64];
	char *data = NULL;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/kvm2", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT && !access("/proc/self/kvm2", F_OK) ? -ESRCH : -errno;
	for (;;) {
		if (size - used < 4096) {
			char *more = realloc(data, size + 65536);

			if (!more) {
				got = -ENOMEM;
				break;
			}
			data = more;
			size += 65536;
		}
		got = read(fd, data + used, size - used - 1);
		if (got <= 0) {
			got = got < 0 ? -errno : 0;
			break;
		}
		used += (size_t)got;
	}
	close(fd);
	if (got < 0) {
		free(data);
		return (int)got;
	}
	data[used] = 0;
	*text = data;
	return used ? 0 : -ENOENT;
}

bool proc_kvm2_has_vm(pid_t pid)
{
	char *text = NULL;
	bool has_vm = !read_text(pid, &text);

	free(text);
	return has_vm;
}

void proc_kvm2_threads(pid_t pid, void (*each)(void *context, pid_t tid), void *context)
{
	char *text = NULL;
	char *rest = NULL;
	int err = read_text(pid, &text);
	int tid;

	for (char *line = err ? NULL : strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (sscanf(line, "vcpu %*u tid %d", &tid) == 1)
			each(context, tid);
	free(text);
}

int proc_kvm2_read(struct target *base, proc_kvm2_fn *each)
{
	char *text = NULL;
	char *rest = NULL;
	char *line;
	int added = 0;
	int err = read_text(base->pid, &text);

	if (err) {
		free(text);
		return err;
	}
	base->nr_regions = 0;
	for (line = strtok_r(text, "\n", &rest); line && err >= 0;
	     line = strtok_r(NULL, "\n", &rest)) {
		unsigned long long start, end, host;
		unsigned int id;
		char access[8];
		char log[8];
		char name[64];
		int tid;

		if (sscanf(line, "%llx-%llx %7s %7s %llx", &start, &end, access, log, &host) == 5) {
			const struct target_region region = {
				.gpa = start, .size = end - start + 1, .host = host,
				.read_only = access[1] != 'w',
			};

			err = vmm_memory_add(base, &region);
		} else if (sscanf(line, "vcpu %u tid %d", &id, &tid) == 2) {
			err = each(base, id, tid);
			added += err > 0;
		} else if (sscanf(line, "vm %*u vcpus %*u generation %*u name %63s", name) == 1) {
			memcpy(base->name, name, sizeof(base->name));
		}
	}
	free(text);
	return err < 0 ? err : added;
}
