// SPDX-License-Identifier: GPL-2.0
/*
 * cost_t0, cost_t1, cost_t2: what kvm2top's tiers add to an exit that the
 * kernel handles by itself. A guest that executes CPUID is measured alone,
 * with kvm2top, alone again, and with the peer: perf kvm stat's two samples
 * for times, a histogram trigger for reasons.
 */
#include "row.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "classic.h"
#include "clock.h"

#define CPUIDS		100	/* of a round, before the write to a port */
#define EXITS		(CPUIDS + 1)
#define WARM_UP		50
#define ROUNDS		400
#define ARGS		12
#define READY_TRIES	600

/* mov si, CPUIDS; cpuid; dec si; jnz cpuid; out 0x10, al; jmp to the first */
static const uint8_t program[] = {
	0xbe, CPUIDS, 0, 0x0f, 0xa2, 0x4e, 0x75, 0xfb, 0xe6, 0x10, 0xeb, 0xf4,
};

static struct classic classic;

static int setup_guest(void)
{
	static const struct guest_start start = { .mode = GUEST_REAL, .program = guest_real };
	static bool done;
	uint8_t *ram;
	int r;

	if (done)
		return 0;
	ram = guest_load();
	if (!ram)
		return -ENOMEM;
	memcpy(ram + guest_rip(guest_real), program, sizeof(program));
	r = classic_create(&classic, CLASSIC_NONE);
	if (!r)
		r = classic_map(&classic, 0, 0, GUEST_RAM, ram);
	if (!r)
		r = classic_start(&classic, &start);
	done = !r;
	return r;
}

static int run_round(void *arg)
{
	(void)arg;
	return classic_exit(&classic);
}

/* Instructions for each exit. */
static int measure(double *each)
{
	const struct clock_series series = {
		.op = run_round,
		.times = ROUNDS,
		.warm_up = WARM_UP,
	};
	int r = clock_settle();

	if (!r)
		r = clock_median(&series, each);
	*each /= EXITS;
	return r;
}

/* ---- tools beside it ---- */

/**
 * struct tool - a program that looks on
 * @args:   NULL at the end
 * @ready:  what its output begins to contain when it is attached
 */
struct tool {
	const char *args[ARGS];
	const char *ready;
};

struct running {
	pid_t pid;
	char output[64];
};

static void pause_ms(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static const char *program_path(const char *name, char path[static 256])
{
	ssize_t length = readlink("/proc/self/exe", path, 200);
	char *slash;

	if (strncmp(name, "kvm2", 4) || length < 0)
		return name;
	path[length] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash + 1, name);
	return path;
}

static bool contains(const char *file, const char *word)
{
	static char text[1 << 16];
	const int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return strstr(text, word);
}

static int start(struct running *running, const struct tool *tool)
{
	char path[256];

	snprintf(running->output, sizeof(running->output), "/tmp/bench-%d", (int)getpid());
	unlink(running->output);
	running->pid = fork();
	if (running->pid < 0)
		return -errno;
	if (!running->pid) {
		const int fd = open(running->output, O_CREAT | O_WRONLY | O_TRUNC, 0600);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execvp(program_path(tool->args[0], path), (char **)(uintptr_t)tool->args);
		_exit(127);
	}
	for (int i = 0; i < READY_TRIES; i++) {
		pause_ms(100);
		if (contains(running->output, tool->ready))
			break;
		if (waitpid(running->pid, NULL, WNOHANG) == running->pid) {
			running->pid = 0;
			fprintf(stderr, "%s does not run\n", tool->args[0]);
			return -ESRCH;
		}
	}
	pause_ms(1000);
	return 0;
}

static void stop(struct running *running)
{
	if (running->pid > 0) {
		kill(running->pid, SIGINT);
		waitpid(running->pid, NULL, 0);
	}
	running->pid = 0;
}

/* What it adds to each exit: the mean of before and after is taken off. */
static int measure_beside(const struct tool *tool, double *added)
{
	struct running running = { 0 };
	double before = 0;
	double with = 0;
	double after = 0;
	int r = setup_guest();

	if (!r)
		r = measure(&before);
	if (!r)
		r = start(&running, tool);
	if (!r)
		r = measure(&with);
	stop(&running);
	if (!r)
		r = measure(&after);
	*added = with - (before + after) / 2;
	return r;
}

static const struct tool tiers[] = {
	{ { "kvm2top", "-t", "0", "--json", NULL }, "\"tier\":0" },
	{ { "kvm2top", "-t", "1", "--json", NULL }, "\"tier\":1" },
	{ { "kvm2top", "-t", "2", "--json", NULL }, "\"tier\":2" },
};

#define TRIGGER	"/sys/kernel/tracing/events/kvm/kvm_exit/trigger"

/* The kernel's own, which no tool that counts by reason is below. */
static const struct tool histogram = {
	{ "sh", "-c", "trap 'echo !hist:keys=exit_reason >" TRIGGER "; exit' INT; echo hist:keys=exit_reason >" TRIGGER
	  " && echo ready; while sleep 1; do :; done", NULL }, "ready",
};

/* perf kvm stat takes these two; it is its recording that costs the guest. */
static const struct tool perf = {
	{ "perf", "record", "-a", "-e", "kvm:kvm_exit", "-e", "kvm:kvm_entry", "-o", "/tmp/bench-perf.data", "-v", NULL },
	"mmap size",
};

static int cost_rows(const char *name, int tier, const struct tool *peer, const char *peer_name, double goal)
{
	struct row row = { .name = name, .unit = "instructions", .peer_name = peer_name, .goal = goal };
	int r = measure_beside(&tiers[tier], &row.ours);

	if (!r)
		r = measure_beside(peer, &row.peer);
	if (!r)
		row_print(&row);
	return r;
}

int top_cost_t0_rows(void)
{
	return cost_rows("cost_t0", 0, &histogram, "hist trigger, counts by reason", 0.01);
}

int top_cost_t1_rows(void)
{
	return cost_rows("cost_t1", 1, &histogram, "hist trigger, counts by reason", 0.75);
}

int top_cost_t2_rows(void)
{
	return cost_rows("cost_t2", 2, &perf, "perf record, two samples as perf kvm stat", 0.3);
}
