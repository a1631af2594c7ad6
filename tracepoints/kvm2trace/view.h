/* SPDX-License-Identifier: GPL-2.0 */
/* What kvm2trace shows: lines, tables, and a table that stays in place. */
#ifndef KVM2TRACE_VIEW_H
#define KVM2TRACE_VIEW_H

#include <kvm2/trace.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>

#define VIEW_LINE_SIZE		640

/**
 * struct view - where it is shown
 * @out:	borrowed
 * @is_live:	tables stay in place on a terminal
 * @tail:	ring of the last lines, @tail_size of them
 * @tail_size:	0: lines are printed at once
 * @tail_next:	number of lines up to now
 * @saved:	the terminal as it was, if @is_live
 */
struct view {
	FILE *out;
	bool is_live;
	char (*tail)[VIEW_LINE_SIZE];
	size_t tail_size;
	uint64_t tail_next;
	struct termios saved;
};

/**
 * view_init() - prepare
 * @out:  borrowed until view_fini()
 * @tail: lines to keep for the table, 0: print lines at once
 * @live: keep tables in place, if @out and stdin are terminals
 * Return: 0 or -ENOMEM.
 */
int view_init(struct view *view, FILE *out, size_t tail, bool live);

/* Gives the terminal back as it was. */
void view_fini(struct view *view);

/* An event as a line; @who and @text are the library's. */
void view_event(struct view *view, const struct kvm2_trace_event *event,
		const char *who, const char *text);

/* A gap as a line. */
void view_gap(struct view *view, const struct kvm2_trace_record *gap);

/**
 * struct view_totals - the line above a table
 * @elapsed_ns:	since the beginning
 * @interval_ns: that the recent counts are for; 0: show the rates of all
 * @events:	up to now
 * @lost:	up to now
 */
struct view_totals {
	uint64_t elapsed_ns;
	uint64_t interval_ns;
	uint64_t events;
	uint64_t lost;
};

/* The totals, the counts, and the last lines. */
void view_table(struct view *view, const struct view_totals *totals,
		const struct kvm2_trace_count *counts, size_t nr_counts);

/* Has the key q been pressed? For a live view, when stdin is readable. */
bool view_is_quit(const struct view *view);

#endif /* KVM2TRACE_VIEW_H */
