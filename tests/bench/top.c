// SPDX-License-Identifier: GPL-2.0
/*
 * cost_t0, cost_t1, cost_t2: what kvm2top's tiers add to an exit that the
 * kernel handles by itself. A guest that executes CPUID is measured alone,
 * with kvm2top, alone again, and with the peer: perf kvm stat's two samples
 * for times, a histogram trigger for reasons.
 */
#include "row.h"

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

/* perf kvm stat takes these two; it is its recording that costs the guest. */
static const struct tool perf = {
	{ "perf", "record", "-a", "-e", "kvm:kvm_exit", "-e", "kvm:kvm_entry", "-o", "/tmp/bench-perf.data", "-v", NULL },
	"mmap size", false,
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
