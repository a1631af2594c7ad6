// SPDX-License-Identifier: GPL-2.0
/*
 * cost_t0, cost_t1, cost_t2: what kvm2top's tiers add to an exit that the
 * kernel handles by itself. A guest that executes CPUID is measured alone,
 * with kvm2top, alone again, and so with each peer: for reasons a histogram
 * trigger, bpftrace's one line, trace-cmd and kvm_stat; for times perf kvm
 * stat's two samples, and trace-cmd. kvmexit of bpfcc cannot be measured here:
 * it compiles its program with the headers of the running kernel.
 */
#include "row.h"

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "tool.h"
#include "top_guest.h"

#define WARM_UP		50
#define ROUNDS		400

/* Instructions for each exit. */
static int measure(double *each)
{
	const struct clock_series series = {
		.op = top_guest_round,
		.times = ROUNDS,
		.warm_up = WARM_UP,
	};
	int r = clock_settle();

	if (!r)
		r = clock_median(&series, each);
	*each /= TOP_GUEST_EXITS;
	return r;
}

/* What it adds to each exit: the mean of before and after is taken off. */
static int measure_beside(const struct tool *tool, double *added)
{
	struct running running = { 0 };
	double before = 0;
	double with = 0;
	double after = 0;
	int r = top_guest_setup();

	if (!r)
		r = measure(&before);
	if (!r)
		r = tool_start(&running, tool);
	if (!r)
		r = measure(&with);
	tool_stop(&running);
	if (!r)
		r = measure(&after);
	*added = with - (before + after) / 2;
	return r;
}

static const struct tool tiers[] = {
	{ { "kvm2top", "-t", "0", "--json", NULL }, "\"tier\":0", false },
	{ { "kvm2top", "-t", "1", "--json", NULL }, "\"tier\":1", false },
	{ { "kvm2top", "-t", "2", "--json", NULL }, "\"tier\":2", false },
};

#define TRIGGER	"/sys/kernel/tracing/events/kvm/kvm_exit/trigger"

/* The kernel's own, which no tool that counts by reason is below. */
static const struct tool histogram = {
	{ "sh", "-c", "trap 'echo !hist:keys=exit_reason >" TRIGGER "; exit' INT; echo hist:keys=exit_reason >" TRIGGER
	  " && echo ready; while sleep 1; do :; done", NULL }, "ready", false,
};

static const struct tool bpftrace = {
	{ "bpftrace", "-e", "tracepoint:kvm:kvm_exit { @[args->exit_reason] = count(); }", NULL }, "Attach", false,
};

static const struct tool trace_cmd = {
	{ "trace-cmd", "record", "-e", "kvm:kvm_exit", "-o", "/tmp/bench-trace.dat", NULL }, "Hit Ctrl^C", false,
};

static const struct tool trace_cmd_times = {
	{ "trace-cmd", "record", "-e", "kvm:kvm_exit", "-e", "kvm:kvm_entry", "-o", "/tmp/bench-trace.dat", NULL },
	"Hit Ctrl^C", false,
};

/* From the kernel's source, as Debian has no package of it. */
static const struct tool kvm_stat = {
	{ "sh", "-c", "[ -x \"$KVM_STAT\" ] || exit; exec python3 -u \"$KVM_STAT\" -t -l", NULL }, "kvm_exit", false,
};

/* perf kvm stat takes these two; it is its recording that costs the guest. */
static const struct tool perf = {
	{ "perf", "record", "-a", "-e", "kvm:kvm_exit", "-e", "kvm:kvm_entry", "-o", "/tmp/bench-perf.data", "-v", NULL },
	"mmap size", false,
};

/**
 * struct peer - what a tier is measured beside
 * @row:	the name of the row
 * @name:	of the peer
 * @goal:	see struct row
 * @optional:	it need not be there
 */
struct peer {
	const char *row;
	const struct tool *tool;
	const char *name;
	double goal;
	bool optional;
};

static int cost_rows(int tier, const struct peer *peers, size_t nr)
{
	double ours;
	int r = measure_beside(&tiers[tier], &ours);

	for (size_t i = 0; !r && i < nr; i++) {
		struct row row = {
			.name = peers[i].row, .unit = "instructions", .peer_name = peers[i].name, .goal = peers[i].goal,
			.ours = ours,
		};

		r = measure_beside(peers[i].tool, &row.peer);
		if (!r)
			row_print(&row);
		else if (peers[i].optional)
			r = 0;
	}
	return r;
}

int top_cost_t0_rows(void)
{
	static const struct peer peers[] = {
		{ "cost_t0", &histogram, "hist trigger, counts by reason", 0.01, false },
	};

	return cost_rows(0, peers, sizeof(peers) / sizeof(peers[0]));
}

int top_cost_t1_rows(void)
{
	static const struct peer peers[] = {
		{ "cost_t1", &histogram, "hist trigger, counts by reason", 0.75, false },
		{ "cost_t1_bpftrace", &bpftrace, "bpftrace, counts by reason", 0.75, false },
		{ "cost_t1_trace_cmd", &trace_cmd, "trace-cmd record, kvm_exit", NO_GOAL, false },
		{ "cost_t1_kvm_stat", &kvm_stat, "kvm_stat, its tracepoints", 0.75, true },
	};

	return cost_rows(1, peers, sizeof(peers) / sizeof(peers[0]));
}

int top_cost_t2_rows(void)
{
	static const struct peer peers[] = {
		{ "cost_t2", &perf, "perf record, two samples as perf kvm stat", 0.3, false },
		{ "cost_t2_trace_cmd", &trace_cmd_times, "trace-cmd record, kvm_exit and kvm_entry", NO_GOAL, false },
	};

	return cost_rows(2, peers, sizeof(peers) / sizeof(peers[0]));
}
