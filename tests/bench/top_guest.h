/* SPDX-License-Identifier: GPL-2.0 */
/* The guest that kvm2top's rows are measured with: it executes CPUID, which the kernel handles by itself. */
#ifndef TESTS_BENCH_TOP_GUEST_H
#define TESTS_BENCH_TOP_GUEST_H

#define TOP_GUEST_CPUIDS	100	/* of a round, before the write to a port */
#define TOP_GUEST_EXITS		(TOP_GUEST_CPUIDS + 1)

/* Make it, once. Return: 0 or a negative errno. */
int top_guest_setup(void);

/* A round. Return: 0 or a negative errno. */
int top_guest_round(void *unused);

#endif /* TESTS_BENCH_TOP_GUEST_H */
