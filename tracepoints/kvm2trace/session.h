/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of records, wherever they come from: lines, tables, counts. */
#ifndef KVM2TRACE_SESSION_H
#define KVM2TRACE_SESSION_H

#include <kvm2/trace.h>
#include <kvm2/trace_fold.h>
#include <kvm2/trace_symbols.h>

#include "json.h"
#include "options.h"
#include "view.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct session - one run of the program
 * @options:	what the user wants
 * @out:	where the output goes
 * @view:	how
 * @decoder:	what events mean
 * @tasks:	whose they are
 * @folds:	exits that are under way; NULL: each event is shown by itself
 * @counts:	how many, with -c
 * @filter:	what is wanted
 * @symbols:	of the guest's kernel, NULL: none
 * @json:	if that is what is shown, and not @view
 * @wanted:	for a report with -e, by number of the event: is it shown?
 * @met:	called for each thread that has exits; NULL: none
 * @met_context: for @met
 * @events:	taken up to now
 * @lost:	known to be lost
 * @lost_more:	and some more, the kernel does not say how many
 * @start_ns:	when it began
 * @mark_ns:	when the present interval began
 * @now_ns:	of the last record
 * @write_err:	what writing to @out gave, the first time it failed
 */
struct session {
	const struct options *options;
	FILE *out;
	struct view view;
	struct kvm2_trace_decoder *decoder;
	struct kvm2_trace_tasks *tasks;
	struct kvm2_trace_folds *folds;
	struct kvm2_trace_counts *counts;
	struct filter filter;
	struct kvm2_trace_symbols *symbols;
	struct json json;
	uint8_t *wanted;
	void (*met)(int tid, void *context);
	void *met_context;
	uint64_t events;
	uint64_t lost;
	bool lost_more;
	uint64_t start_ns;
	uint64_t mark_ns;
	uint64_t now_ns;
	int write_err;
};

/**
 * session_init() - nothing seen yet
 * @options: borrowed until session_fini()
 * @out:     the same
 * @lookup:  who a thread is
 * @context: for @lookup
 * Return: 0 or a negative errno; what is wrong with the file of symbols has
 *	   been told on stderr then.
 */
int session_init(struct session *session, const struct options *options,
		 FILE *out, kvm2_trace_task_lookup_fn *lookup, void *context);

/* The terminal is as it was afterwards; can be called twice. */
void session_close_view(struct session *session);
void session_fini(struct session *session);

/* A kvm2_trace_record_fn, whose context is the session: 1 after -n lines. */
int session_record(const struct kvm2_trace_record *record, void *session);

/* All records up to @now_ns have been taken: show what is in order by now. */
int session_advance(struct session *session, uint64_t now_ns);

/*
 * A kvm2_trace_record_fn that only looks where the guest's kernel is: 1 when
 * that is known.
 */
int session_learn(const struct kvm2_trace_record *record, void *session);

/* No more records come: show the rest. */
int session_finish(struct session *session);

/* The table as it is now; @is_last: with the rates of the whole time. */
int session_table(struct session *session, uint64_t now_ns, bool is_last);

/* Write what is buffered. */
void session_flush(struct session *session);

#endif /* KVM2TRACE_SESSION_H */
