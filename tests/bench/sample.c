// SPDX-License-Identifier: GPL-2.0
/* A figure is the median of several samples, each in its own process. */
#include "sample.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define NR_SAMPLES 3

struct sample {
	double figure;
	int error;
};

int sample_once(const struct probe *probe, double *figure)
{
	struct sample sample = {};
	int ends[2];
	ssize_t n;
	pid_t pid;

	if (pipe(ends))
		return -errno;
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return -errno;
	}
	if (!pid) {
		sample.error = clock_settle();
		if (!sample.error)
			sample.error = probe->take(probe->arg, &sample.figure);
		n = write(ends[1], &sample, sizeof(sample));
		_exit(n != sizeof(sample));
	}
	close(ends[1]);
	n = read(ends[0], &sample, sizeof(sample));
	close(ends[0]);
	waitpid(pid, NULL, 0);
	if (n != sizeof(sample))
		return -ECHILD;
	*figure = sample.figure;
	return sample.error;
}

static int compare(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

int sample_median(const struct probe *probe, double *figure)
{
	double figures[NR_SAMPLES];
	int i, r;

	for (i = 0; i < NR_SAMPLES; i++) {
		r = sample_once(probe, &figures[i]);
		if (r)
			return r;
	}
	qsort(figures, NR_SAMPLES, sizeof(figures[0]), compare);
	*figure = figures[NR_SAMPLES / 2];
	return 0;
}
