/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A child that keeps the rights which kvm2top gives up, for one thing: it
 * takes copies of the files of statistics that VMMs hold open, one for each
 * vcpu, as QEMU does from 8.1 on. It ends with kvm2top, however that ends.
 */
#ifndef KVM2TOP_TAKER_H
#define KVM2TOP_TAKER_H

#include <stdint.h>
#include <sys/types.h>

#include "shared.h"

/**
 * struct taken - a copy of a file
 * @fd:		ours, the receiver's to close
 * @pid, @start_ns, @comm: the VMM
 * @number:	what the VMM calls the file
 * @vcpu:	the vcpu's id
 */
struct taken {
	int fd;
	int32_t pid;
	uint64_t start_ns;
	int32_t number;
	uint32_t vcpu;
	char comm[SHARED_COMM_SIZE];
};

struct taker;

/* NULL: with errno. */
struct taker *taker_create(void);
void taker_destroy(struct taker *taker);

/* Look at all files of a process, or of all processes (@pid 0). Return: 0 or a negative errno. */
int taker_ask(struct taker *taker, pid_t pid);

/**
 * taker_next() - what was found
 *
 * A VMM that holds no such file comes once, with @taken->fd -1.
 *
 * Return: 1, 0: that was all, or a negative errno.
 */
int taker_next(struct taker *taker, struct taken *taken);

#endif /* KVM2TOP_TAKER_H */
