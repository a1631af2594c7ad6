// SPDX-License-Identifier: GPL-2.0
/*
 * kvm2bench [NAME]: measures rows of the table, in instructions, inside the
 * lab with LAB_ICOUNT=1. Without NAME all; NAME_... belong to NAME. VMLINUX in
 * the environment names the kernel that runs. tests/bench/bench calls this.
 */
#include "row.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

static const struct {
	const char *name;
	row_fn *measure;
} groups[] = {
	{ "port_exit_roundtrip",	port_exit_rows },
	{ "read_by_vmm",		read_by_vmm_rows },
	{ "read_by_socket",		read_by_socket_rows },
	{ "read_by_bpf",		read_by_bpf_rows },
	{ "posted_write",		posted_write_rows },
	{ "doorbell",			doorbell_rows },
	{ "irqfd_delivery",		irqfd_delivery_rows },
	{ "all_registers_read",		registers_rows },
	{ "map_replace_256",		memory_map_rows },
	{ "tracepoint_off",		tracepoint_off_rows },
	{ "tracepoint_on",		tracepoint_on_rows },
	{ "cost_t0",			top_cost_t0_rows },
	{ "cost_t1",			top_cost_t1_rows },
	{ "cost_t2",			top_cost_t2_rows },
	{ "tool_cpu",			top_tool_cpu_rows },
	{ "exits_shown",		top_exits_shown_rows },
	{ "first_screen",		top_first_screen_rows },
	{ "rss",			top_rss_rows },
	{ "refresh_4096",		top_refresh_rows },
};

#define NR_GROUPS (sizeof(groups) / sizeof(groups[0]))

static const char *only;

static int begins_with(const char *name, const char *group)
{
	size_t length = strlen(group);

	return !strncmp(name, group, length) &&
	       (!name[length] || name[length] == '_');
}

/* Tabs between: name, unit, ours, peer's, peer, goal. */
void row_print(const struct row *row)
{
	char goal[32] = "";

	if (only && !begins_with(row->name, only))
		return;
	if (row->goal != NO_GOAL)
		snprintf(goal, sizeof(goal), "%g", row->goal);
	printf("row\t%s\t%s\t%.2f\t%.2f\t%s\t%s\n", row->name, row->unit,
	       row->ours, row->peer, row->peer_name, goal);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int status = 0;
	int found = 0;
	size_t i;
	int r;

	if (argc > 2) {
		fprintf(stderr, "usage: kvm2bench [NAME]\n");
		return 2;
	}
	only = argv[1];
	if (clock_check()) {
		fprintf(stderr, "kvm2bench: the clock does not count instructions: run it in the lab, LAB_ICOUNT=1\n");
		return 1;
	}
	for (i = 0; i < NR_GROUPS; i++) {
		if (only && !begins_with(only, groups[i].name))
			continue;
		found = 1;
		r = groups[i].measure();
		if (!r)
			continue;
		fprintf(stderr, "kvm2bench: %s: %s\n", groups[i].name,
			strerror(-r));
		status = 1;
	}
	if (!found) {
		fprintf(stderr, "kvm2bench: no row is called '%s'\n", only);
		return 2;
	}
	return status;
}
