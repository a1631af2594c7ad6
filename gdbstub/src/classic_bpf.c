// SPDX-License-Identifier: GPL-2.0
/* BPF programs for a VMM on the classic API. */
#include "classic_bpf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What bpftool generates is not written for every warning. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpointer-arith"
#include "classic.skel.h"
#include "look.skel.h"
#pragma GCC diagnostic pop

/**
 * struct classic_bpf - programs in the kernel
 * @stop, @look: those of the one use and of the other, of which one is NULL
 * @files: the link of what tells the VMM's files
 */
struct classic_bpf {
	struct classic_light *stop;
	struct look_light *look;
	int files;
};

static int load_stop(struct classic_bpf *bpf, pid_t vmm)
{
	int err;

	bpf->stop = classic_light__open();
	if (!bpf->stop)
		return -ENOMEM;
	bpf->stop->rodata->vmm = vmm;
	bpf->stop->bss->armed = 1;
	err = classic_light__load(bpf->stop);
	if (!err)
		err = classic_light__attach(bpf->stop);
	bpf->files = bpf->stop->links.files_fd;
	return err;
}

static int load_look(struct classic_bpf *bpf, pid_t vmm)
{
	int err;

	bpf->look = look_light__open();
	if (!bpf->look)
		return -ENOMEM;
	bpf->look->rodata->vmm = vmm;
	err = look_light__load(bpf->look);
	if (!err)
		err = look_light__attach(bpf->look);
	bpf->files = bpf->look->links.files_fd;
	return err;
}

int classic_bpf_create(pid_t vmm, enum classic_bpf_use use, struct classic_bpf **created)
{
	struct classic_bpf *bpf = calloc(1, sizeof(*bpf));
	int err;

	if (!bpf)
		return -ENOMEM;
	err = use == CLASSIC_BPF_LOOK ? load_look(bpf, vmm) : load_stop(bpf, vmm);
	if (!err) {
		*created = bpf;
		return 0;
	}
	classic_light__destroy(bpf->stop);
	look_light__destroy(bpf->look);
	free(bpf);
	return err;
}

void classic_bpf_destroy(struct classic_bpf *bpf)
{
	if (!bpf)
		return;
	/* The link may be kept by another process. */
	if (bpf->stop)
		bpf->stop->bss->armed = 0;
	classic_light__destroy(bpf->stop);
	look_light__destroy(bpf->look);
	free(bpf);
}

int classic_bpf_link(const struct classic_bpf *bpf)
{
	return bpf->stop->links.debug_exit_fd;
}

/* What the iterator's program writes, to be read. Return: a file; a negative errno. */
static int open_iterator(int link)
{
	union bpf_attr attr = { .iter_create.link_fd = (uint32_t)link };
	int fd = skel_sys_bpf(BPF_ITER_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : fd;
}

/* Return: bytes; 0 at the end; a negative errno. */
static ssize_t read_some(int fd, void *data, size_t size)
{
	ssize_t got;

	do
		got = read(fd, data, size);
	while (got < 0 && (errno == EINTR || errno == EAGAIN));
	return got < 0 ? -errno : got;
}

int classic_bpf_scan(struct classic_bpf *bpf,
		     int (*each)(void *context, const struct classic_record *record),
		     void *context)
{
	struct classic_record records[64];
	size_t used = 0;
	int err = 0;
	int fd = open_iterator(bpf->files);

	if (fd < 0)
		return fd;
	while (!err) {
		ssize_t got = read_some(fd, (char *)records + used, sizeof(records) - used);
		size_t count;

		if (got <= 0) {
			err = (int)got;
			break;
		}
		used += (size_t)got;
		count = used / sizeof(records[0]);
		for (size_t i = 0; i < count && !err; i++)
			err = each(context, &records[i]);
		used -= count * sizeof(records[0]);
		memmove(records, &records[count], used);
	}
	close(fd);
	return err;
}

int classic_bpf_look(struct classic_bpf *bpf, unsigned int fd, struct classic_look looks[static 2])
{
	const size_t size = 2 * sizeof(looks[0]);
	size_t used = 0;
	ssize_t got = 1;
	int iter;

	bpf->look->bss->wanted = fd;
	iter = open_iterator(bpf->look->links.registers_fd);
	if (iter < 0)
		return iter;
	while (used < size && got > 0) {
		got = read_some(iter, (char *)looks + used, size - used);
		used += got > 0 ? (size_t)got : 0;
	}
	close(iter);
	if (got < 0)
		return (int)got;
	return used == size ? 0 : -ENOENT;
}
