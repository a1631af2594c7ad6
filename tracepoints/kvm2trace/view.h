/* SPDX-License-Identifier: GPL-2.0 */
/* What kvm2trace shows: lines, tables, and a table that stays in place. */
#ifndef KVM2TRACE_VIEW_H
#define KVM2TRACE_VIEW_H

#include <kvm2/trace.h>
#include <kvm2/trace_fold.h>

#include "queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>

#define VIEW_LINE_SIZE		640

/**
 * enum view_stamp - what a line begins with
 * @VIEW_STAMP_CLOCK:	seconds as the kernel counts them
 * @VIEW_STAMP_DAY:	the time of day
 * @VIEW_STAMP_DAY_US:	the same, with microseconds
 * @VIEW_STAMP_EPOCH:	seconds since 1970
 * @VIEW_STAMP_RELATIVE: since the line before
 */
enum view_stamp {
	VIEW_STAMP_CLOCK,
	VIEW_STAMP_DAY,
	VIEW_STAMP_DAY_US,
	VIEW_STAMP_EPOCH,
	VIEW_STAMP_RELATIVE,
};

/**
 * struct view - where it is shown
 * @out:	borrowed
 * @stamp:	what a line begins with
 * @epoch_ns:	from the kernel's clock to the time since 1970
 * @has_total:	a fold's whole time is its last word
 * @is_sorted:	lines wait for view_release()
 * @lines:	lines up to now
 * @queue:	those that wait
 * @last_ns:	of the line before
 * @is_live:	tables stay in place on a terminal
 * @tail:	ring of the last lines, @tail_size of them
 * @tail_size:	0: lines are printed at once
 * @tail_next:	number of lines up to now
 * @saved:	the terminal as it was, if @is_live
 */
struct view {
	FILE *out;
	enum view_stamp stamp;
	uint64_t epoch_ns;
	bool has_total;
	bool is_sorted;
	uint64_t lines;
	struct queue queue;
	uint64_t last_ns;
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

/* An exit as a line. */
void view_fold(struct view *view, const struct kvm2_trace_fold *fold,
	       const char *who);

/* Show what waits and is from before @until_ns. */
void view_release(struct view *view, uint64_t until_ns);

/* A gap as a line. */
void view_gap(struct view *view, const struct kvm2_trace_record *gap);

/**
 * struct view_totals - the line above a table
 * @elapsed_ns:	since the beginning
 * @interval_ns: that the recent counts are for; 0: show the rates of all
 * @events:	up to now
 * @lost:	up to now
 * @exits_ns:	time of all exits: view_table() adds it up
 */
struct view_totals {
	uint64_t elapsed_ns;
	uint64_t interval_ns;
	uint64_t events;
	uint64_t lost;
	uint64_t exits_ns;
};

/* The totals, the counts, and the last lines. */
void view_table(struct view *view, const struct view_totals *totals,
		const struct kvm2_trace_count *counts, size_t nr_counts);

/* Has the key q been pressed? For a live view, when stdin is readable. */
bool view_is_quit(const struct view *view);

#endif /* KVM2TRACE_VIEW_H */
