/* SPDX-License-Identifier: GPL-2.0 */
/* Programs that look at guests, run beside them. */
#ifndef TESTS_BENCH_TOOL_H
#define TESTS_BENCH_TOOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TOOL_ARGS	14

/**
 * struct tool - a program that looks on
 * @args:	NULL at the end; what begins with "kvm2" or "top_" is ours
 * @ready:	what its output begins to contain when it is attached
 * @has_screen:	it needs a terminal
 */
struct tool {
	const char *args[TOOL_ARGS];
	const char *ready;
	bool has_screen;
};

/**
 * struct running - one that runs
 * @ready_ns:	from its start to @ready
 * @output:	the file with all that it has written
 */
struct running {
	pid_t pid;
	uint64_t ready_ns;
	char output[64];
	int terminal;
	pthread_t reader;
};

/* Returns when it is ready: 0 or a negative errno. */
int tool_start(struct running *running, const struct tool *tool);
void tool_stop(struct running *running);

/* Processor time of all its threads so far. */
uint64_t tool_cpu_ns(const struct running *running);

/* Resident memory. */
uint64_t tool_rss_bytes(const struct running *running);

/* All that it has written, to be freed; NULL: no memory. */
char *tool_text(const struct running *running);

void tool_pause_ms(long ms);

/* CLOCK_MONOTONIC. */
uint64_t tool_now_ns(void);

#endif /* TESTS_BENCH_TOOL_H */
