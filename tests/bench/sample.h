/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A figure is the median of several samples, each taken in a process of its
 * own, so that none finds what another left behind.
 */
#ifndef TESTS_BENCH_SAMPLE_H
#define TESTS_BENCH_SAMPLE_H

/**
 * struct probe - something to measure
 * @take: sets up, warms up, and measures; it may leave everything behind.
 *	  Return: 0 or a negative errno.
 * @arg:  for @take
 */
struct probe {
	int (*take)(const void *arg, double *figure);
	const void *arg;
};

/**
 * sample_once() - take one sample
 * @figure: out
 * Return: as sample_median().
 */
int sample_once(const struct probe *probe, double *figure);

/**
 * sample_median() - measure
 * @figure: out: the median
 * Return: 0; -ECHILD a sample did not come to its end; what @take returned.
 */
int sample_median(const struct probe *probe, double *figure);

#endif /* TESTS_BENCH_SAMPLE_H */
