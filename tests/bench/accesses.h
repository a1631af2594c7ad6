/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What one access of a guest to a device costs: the same program makes FEW
 * accesses before it writes to a port, and MANY; the difference is theirs.
 */
#ifndef TESTS_BENCH_ACCESSES_H
#define TESTS_BENCH_ACCESSES_H

#include <stdint.h>

#include "classic.h"
#include "guest.h"

/* KVM's ring of coalesced writes has room for 169. */
#define ACCESSES_FEW	40
#define ACCESSES_MANY	80

/**
 * struct accesses - a guest and its device
 * @start:	rsi will be the number of accesses
 * @attach:	give the device to the VM of the calling process; or NULL
 * @classic:	where the peer is, NULL for ours
 * @drain:	after each write to the port; or NULL
 */
struct accesses {
	struct guest_start start;
	int (*attach)(const struct accesses *accesses);
	struct classic *classic;
	void (*drain)(const struct accesses *accesses);
};

/* Return: 0, with the instructions that one access takes; a negative errno. */
int accesses_cost(const struct accesses *accesses, double *figure);

/* A process that answers reads with 0, and flushes, at the other end of a socket. Return: our end. */
int accesses_device(void);

#endif /* TESTS_BENCH_ACCESSES_H */
