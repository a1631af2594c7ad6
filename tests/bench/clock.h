/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counting clock: in the lab with LAB_ICOUNT=1 the TSC advances by one
 * with each instruction, of the kernel and of guests too. While the processor
 * idles it jumps from timer to timer; that part is left out.
 *
 * Functions return 0 or a negative errno.
 */
#ifndef TESTS_BENCH_CLOCK_H
#define TESTS_BENCH_CLOCK_H

#include <stdbool.h>

/**
 * clock_check() - is this the counting clock?
 * Return: 0; -ENODEV no.
 */
int clock_check(void);

/**
 * clock_settle() - wait until nothing but us wants the processor
 *
 * After boot the kernel tests itself for a while, and VMs of processes that
 * have ended are taken apart later.
 *
 * Return: 0; -ETIMEDOUT something never ends.
 */
int clock_settle(void);

/**
 * struct clock_series - the same operation many times
 * @op:     one operation. Return: 0 or a negative errno
 * @before: done before each of them, not counted; NULL: nothing
 * @arg:    for @op and @before
 * @times:  how often it is counted
 * @warm_up: how often it is done at first without
 * @sleeps: @op may wait for another task. Idle time is looked up for each of
 *	    them then; otherwise there must be none.
 */
struct clock_series {
	int (*op)(void *arg);
	int (*before)(void *arg);
	void *arg;
	unsigned int times;
	unsigned int warm_up;
	bool sleeps;
};

/**
 * clock_median() - the median of the instructions that an operation takes
 *
 * A timer interrupt in a few of the short ones does not show; long ones take
 * what comes.
 *
 * Return: 0; -EBUSY the processor has idled; what @op returned.
 */
int clock_median(const struct clock_series *series, double *instructions);

#endif /* TESTS_BENCH_CLOCK_H */
