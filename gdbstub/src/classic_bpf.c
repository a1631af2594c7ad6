// SPDX-License-Identifier: GPL-2.0
/* BPF programs for a VMM on the classic API. */
#include "classic_bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "classic.skel.h"

struct classic_bpf {
	struct classic *programs;
};

int classic_bpf_create(pid_t vmm, struct classic_bpf **created)
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

int classic_bpf_scan(struct classic_bpf *bpf,
		     int (*each)(void *context, const struct classic_record *record),
		     void *context)
{
	struct classic_record records[64];
	int fd = bpf_iter_create(bpf_link__fd(bpf->programs->links.files));
	size_t used = 0;
	ssize_t got;
	int err = 0;

	if (fd < 0)
		return -errno;
	while (!err && (got = read(fd, (char *)records + used, sizeof(records) - used)) != 0) {
		size_t count;

		if (got < 0) {
			err = errno == EINTR || errno == EAGAIN ? 0 : -errno;
			continue;
		}
		used += (size_t)got;
		count = used / sizeof(records[0]);
		for (size_t i = 0; i < count && !err; i++)
			err = each(context, &records[i]);
		used -= count * sizeof(records[0]);
		for (size_t i = 0; i < used; i++)
			((char *)records)[i] = ((char *)&records[count])[i];
	}
	close(fd);
	return err;
}
