/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BPF programs that know a VMM's memory slots and vcpus, and either stop a
 * vcpu's thread by SIGSTOP of the kernel's at a debug exit, or read registers
 * while it runs. They need privileges.
 */
#ifndef CLASSIC_BPF_H
#define CLASSIC_BPF_H

#include <sys/types.h>

#include "classic_record.h"

struct classic_bpf;

enum classic_bpf_use {
	CLASSIC_BPF_DEBUG,	/* slots, vcpus, debug exits */
	CLASSIC_BPF_LOOK,	/* slots, vcpus, registers as KVM has them; not on every processor */
};

/* Return: 0; -EPERM without the privileges; another negative errno. */
int classic_bpf_create(pid_t vmm, enum classic_bpf_use use, struct classic_bpf **bpf);

/* Debug exits reach the VMM from now on. NULL is allowed. */
void classic_bpf_destroy(struct classic_bpf *bpf);

/* What keeps the stops in force, for another process to keep. */
int classic_bpf_link(const struct classic_bpf *bpf);

/* Call @each for every slot and vcpu. Return: 0; a negative errno, also of @each. */
int classic_bpf_scan(struct classic_bpf *bpf,
		     int (*each)(void *context, const struct classic_record *record),
		     void *context);

/*
 * Two looks at the vcpu whose file of the VMM's is @fd, one right after the other.
 * Return: 0; -ENOENT there is none; another negative errno.
 */
int classic_bpf_look(struct classic_bpf *bpf, unsigned int fd, struct classic_look looks[static 2]);

#endif
