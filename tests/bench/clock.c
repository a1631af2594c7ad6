// SPDX-License-Identifier: GPL-2.0
/* The counting clock: the TSC under LAB_ICOUNT=1, without idle time. */
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SPINS		100000

/* The processor is ours if it idles through 99 % of such a nap. */
#define NAP_NS		20000000
#define NR_NAPS		2000

static uint64_t now(void)
{
	return __builtin_ia32_rdtsc();
}

/* How far the clock goes in a loop of SPINS times 2 instructions. */
static uint64_t spin(void)
{
	uint64_t start = now();
	uint64_t i = SPINS;

	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(i) : : "cc");
	return now() - start;
}

/* A timer interrupt may come in between, so the best of several. */
int clock_check(void)
{
	const char *icount = getenv("LAB_ICOUNT");
	uint64_t best = UINT64_MAX;
	int i;

	if (!icount || strcmp(icount, "1"))
		return -ENODEV;
	for (i = 0; i < 5; i++) {
		uint64_t count = spin();

		if (count < best)
			best = count;
	}
	return best >= 2 * SPINS && best <= 2 * SPINS + 100 ? 0 : -ENODEV;
}

/* In ns, of the only processor that the lab has then. */
static int read_idle(uint64_t *idle)
{
	static const char key[] = ".idle_sleeptime";
	char text[16384];
	ssize_t size = 0;
	ssize_t n;
	char *found;
	int fd;

	fd = open("/proc/timer_list", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, text + size, sizeof(text) - 1 - size)) > 0)
		size += n;
	close(fd);
	text[size] = '\0';
	found = strstr(text, key);
	found = found ? strchr(found, ':') : NULL;
	if (!found)
		return -ENODATA;
	*idle = strtoull(found + 1, NULL, 10);
	return 0;
}

int clock_settle(void)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	uint64_t before, after;
	int i, r;

	for (i = 0; i < NR_NAPS; i++) {
		r = read_idle(&before);
		if (r)
			return r;
		nanosleep(&nap, NULL);
		r = read_idle(&after);
		if (r)
			return r;
		if (after - before >= NAP_NS / 100 * 99)
			return 0;
	}
	return -ETIMEDOUT;
}

static int do_nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int count_one(const struct clock_series *series, uint64_t *count)
{
	uint64_t idle = 0, idle_after = 0;
	uint64_t start;
	int r = 0;

	if (series->before)
		r = series->before(series->arg);
	if (!r && series->sleeps)
		r = read_idle(&idle);
	if (r)
		return r;
	start = now();
	r = series->op(series->arg);
	*count = now() - start;
	if (r)
		return r;
	if (series->sleeps)
		r = read_idle(&idle_after);
	*count -= idle_after - idle;
	return r;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static int count_all(const struct clock_series *series, uint64_t *median)
{
	uint64_t *counts = calloc(series->times, sizeof(*counts));
	uint64_t ignored;
	unsigned int i;
	int r = 0;

	if (!counts)
		return -ENOMEM;
	/* Present, so that no page is faulted in while it counts. */
	memset(counts, 1, series->times * sizeof(*counts));
	for (i = 0; i < series->warm_up && !r; i++)
		r = count_one(series, &ignored);
	for (i = 0; i < series->times && !r; i++)
		r = count_one(series, &counts[i]);
	if (!r) {
		qsort(counts, series->times, sizeof(*counts), compare);
		*median = counts[series->times / 2];
	}
	free(counts);
	return r;
}

int clock_median(const struct clock_series *series, double *instructions)
{
	const struct clock_series empty = {
		.op = do_nothing,
		.times = 100,
		.warm_up = 1,
	};
	uint64_t idle, idle_after, overhead, median;
	int r;

	r = count_all(&empty, &overhead);
	if (!r)
		r = read_idle(&idle);
	if (!r)
		r = count_all(series, &median);
	if (!r)
		r = read_idle(&idle_after);
	if (r)
		return r;
	if (!series->sleeps && idle_after != idle)
		return -EBUSY;
	*instructions = (double)median - (double)overhead;
	return 0;
}
