// SPDX-License-Identifier: GPL-2.0
/* Guest memory by way of the VMM's address space. */
#include "vmm_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static const struct target_region *find(const struct target *target, uint64_t gpa)
{
	for (unsigned int i = 0; i < target->nr_regions; i++) {
		const struct target_region *r = &target->regions[i];

		if (gpa >= r->gpa && gpa - r->gpa < r->size)
			return r;
	}
	return NULL;
}

uint64_t vmm_memory_host(const struct target *target, uint64_t gpa)
{
	const struct target_region *region = find(target, gpa);

	return region ? region->host + (gpa - region->gpa) : 0;
}

int vmm_memory_add(struct target *target, const struct target_region *region)
{
	struct target_region *regions;

	regions = realloc(target->regions, (target->nr_regions + 1) * sizeof(*regions));
	if (!regions)
		return -ENOMEM;
	regions[target->nr_regions++] = *region;
	target->regions = regions;
	return 0;
}

/* For pages that the VMM itself may not access, too. */
static ssize_t by_file(pid_t pid, uint64_t address, void *data, size_t size, int is_write)
{
	char path[64];
	ssize_t done;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, (is_write ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	done = is_write ? pwrite(fd, data, size, (off_t)address) :
			  pread(fd, data, size, (off_t)address);
	if (done < 0)
		done = -errno;
	close(fd);
	return done;
}

static ssize_t transfer(pid_t pid, uint64_t address, void *data, size_t size, int is_write)
{
	struct iovec local = { data, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	ssize_t done;

	done = is_write ? process_vm_writev(pid, &local, 1, &remote, 1, 0) :
			  process_vm_readv(pid, &local, 1, &remote, 1, 0);
	if (done < 0 && (errno == EFAULT || errno == EPERM))
		done = by_file(pid, address, data, size, is_write);
	else if (done < 0)
		done = -errno;
	return done;
}

int vmm_peek(pid_t pid, uint64_t address, void *data, size_t size)
{
	ssize_t done = transfer(pid, address, data, size, 0);

	if (done < 0)
		return (int)done;
	return (size_t)done == size ? 0 : -EFAULT;
}

int vmm_poke(pid_t pid, uint64_t address, const void *data, size_t size)
{
	ssize_t done = transfer(pid, address, (void *)data, size, 1);

	if (done < 0)
		return (int)done;
	return (size_t)done == size ? 0 : -EFAULT;
}

static ssize_t access_guest(struct target *target, uint64_t gpa, uint8_t *data, size_t size,
			    int is_write)
{
	size_t done = 0;

	while (done < size) {
		const struct target_region *region = find(target, gpa + done);
		uint64_t offset;
		size_t part;
		ssize_t got;

		if (!region)
			break;
		offset = gpa + done - region->gpa;
		part = region->size - offset < size - done ? (size_t)(region->size - offset) :
							     size - done;
		got = transfer(target->pid, region->host + offset, data + done, part, is_write);
		if (got < 0)
			return done ? (ssize_t)done : got;
		done += (size_t)got;
		if ((size_t)got < part)
			break;
	}
	return done ? (ssize_t)done : -EFAULT;
}

ssize_t vmm_memory_read(struct target *target, uint64_t gpa, void *data, size_t size)
{
	return access_guest(target, gpa, data, size, 0);
}

ssize_t vmm_memory_write(struct target *target, uint64_t gpa, const void *data, size_t size)
{
	return access_guest(target, gpa, (uint8_t *)data, size, 1);
}
