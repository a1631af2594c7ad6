// SPDX-License-Identifier: GPL-2.0
/* BPF programs for a VMM on the classic API. */
#include "classic_bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "classic.skel.h"

struct classic_bpf {
	struct classic *programs;
};

int classic_bpf_create(pid_t vmm, enum classic_bpf_use use, struct classic_bpf **created)
{
	struct classic_bpf *bpf = calloc(1, sizeof(*bpf));
	int err;

	if (!bpf)
		return -ENOMEM;
	libbpf_set_print(NULL);
	bpf->programs = classic__open();
	if (!bpf->programs) {
		err = -errno;
		goto err_free;
	}
	bpf->programs->rodata->vmm = vmm;
	bpf->programs->bss->armed = 1;
	bpf_program__set_autoload(bpf->programs->progs.debug_exit, use == CLASSIC_BPF_DEBUG);
	bpf_program__set_autoload(bpf->programs->progs.registers, use == CLASSIC_BPF_LOOK);
	err = classic__load(bpf->programs);
	if (!err)
		err = classic__attach(bpf->programs);
	if (!err) {
		*created = bpf;
		return 0;
	}
	classic__destroy(bpf->programs);
err_free:
	free(bpf);
	return err;
}

void classic_bpf_destroy(struct classic_bpf *bpf)
{
	if (!bpf)
		return;
	/* The link may be kept by another process. */
	bpf->programs->bss->armed = 0;
	classic__destroy(bpf->programs);
	free(bpf);
}

int classic_bpf_link(const struct classic_bpf *bpf)
{
	return bpf_link__fd(bpf->programs->links.debug_exit);
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
	int fd = bpf_iter_create(bpf_link__fd(bpf->programs->links.files));

	if (fd < 0)
		return -errno;
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

	bpf->programs->bss->wanted = fd;
	iter = bpf_iter_create(bpf_link__fd(bpf->programs->links.registers));
	if (iter < 0)
		return -errno;
	while (used < size && got > 0) {
		got = read_some(iter, (char *)looks + used, size - used);
		used += got > 0 ? (size_t)got : 0;
	}
	close(iter);
	if (got < 0)
		return (int)got;
	return used == size ? 0 : -ENOENT;
}
