// SPDX-License-Identifier: GPL-2.0
// Loading and attaching the program of bpf/pit.bpf.c.
#include "bpf_pit.h"

#include <errno.h>
#include <kvm2/kvm2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "pit.skel.h"

/* The first warning of libbpf says more than an errno. */
static char warning[FAILURE_BYTES / 2];

__attribute__((format(printf, 2, 0)))
static int keep_warning(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN && !*warning) {
		vsnprintf(warning, sizeof(warning), format, arguments);
		warning[strcspn(warning, "\n")] = 0;
	}
	return 0;
}

static const char *remedy(int err)
{
	switch (err) {
	case -EPERM:
		return "; be root, or have CAP_BPF and CAP_PERFMON";
	case -EINVAL:
	case -ESRCH:
		return "; it takes a kernel with CONFIG_KVM2 and BTF";
	default:
		return "";
	}
}

int bpf_pit_load(struct bpf_pit *bpf, int changed_fd, struct failure *failure)
{
	int err;

	libbpf_set_print(keep_warning);
	bpf->skeleton = pit_bpf__open();
	err = bpf->skeleton ? 0 : -errno;
	if (!err) {
		bpf->skeleton->bss->changed_fd = changed_fd;
		err = pit_bpf__load(bpf->skeleton);
	}
	if (err)
		return failure_set(failure, -err, "--bpf-pit: load the program: %s (%s)%s",
				   strerror(-err), warning, remedy(err));
	return 0;
}

struct pit *bpf_pit_state(const struct bpf_pit *bpf)
{
	return &bpf->skeleton->bss->pit;
}

static int attach(const struct bpf_pit *bpf, uint64_t port, uint64_t ports)
{
	const struct kvm2_io io = {
		.type = KVM2_IO_BPF,
		.flags = KVM2_IO_PORTS,
		.address = port,
		.size = ports,
		.fd = bpf_program__fd(bpf->skeleton->progs.answer),
	};

	return kvm2_sys_attach_io(&io, sizeof(io));
}

int bpf_pit_attach(const struct bpf_pit *bpf, struct failure *failure)
{
	int err = attach(bpf, PIT_PORT, PIT_PORTS);

	if (!err)
		err = attach(bpf, PIT_GATE_PORT, 1);
	return err ? failure_set(failure, -err, "--bpf-pit: give it the ports: %s",
				 strerror(-err)) : 0;
}

void bpf_pit_fini(struct bpf_pit *bpf)
{
	pit_bpf__destroy(bpf->skeleton);
	bpf->skeleton = NULL;
}
