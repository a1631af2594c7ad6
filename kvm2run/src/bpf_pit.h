/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The timer of a PC as a BPF program (--bpf-pit): it answers within the
 * kernel, and keeps the counters in memory that it shares with us.
 */
#ifndef KVM2RUN_BPF_PIT_H
#define KVM2RUN_BPF_PIT_H

#include "failure.h"
#include "pit.h"

struct pit_bpf;

/* @skeleton: NULL when there is none */
struct bpf_pit {
	struct pit_bpf *skeleton;
};

/**
 * bpf_pit_load() - give the program to the kernel
 * @bpf:	all zeros; for bpf_pit_fini(), also after an error
 * @changed_fd:	eventfd, signalled whenever the guest sets a counter
 * Return: 0, or a negative errno with @failure set.
 */
int bpf_pit_load(struct bpf_pit *bpf, int changed_fd, struct failure *failure);

/* What it has written. To be initialised by pit_init() before the guest runs, and then only read. */
struct pit *bpf_pit_state(const struct bpf_pit *bpf);

/**
 * bpf_pit_attach() - give it the ports of the calling process' VM
 * Return: 0, or a negative errno with @failure set.
 */
int bpf_pit_attach(const struct bpf_pit *bpf, struct failure *failure);

void bpf_pit_fini(struct bpf_pit *bpf);

#endif
