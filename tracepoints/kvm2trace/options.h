/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of kvm2trace. */
#ifndef KVM2TRACE_OPTIONS_H
#define KVM2TRACE_OPTIONS_H

#include "filter.h"
#include "view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define OPTIONS_EVENTS_MAX	64
#define OPTIONS_PIDS_MAX	256
/* Of a pattern. */
#define OPTIONS_NAME_SIZE	96

/* Exit statuses besides those of stdlib.h. */
#define OPTIONS_STATUS_USAGE	2
#define OPTIONS_STATUS_LOST	3

/**
 * struct options - what the user wants
 * @pids:	processes to trace, none: all
 * @nr_pids:	number of them
 * @events:	patterns; strings of @names
 * @nr_events:	number of them, 0: what KVM has
 * @names:	their texts
 * @filter:	what of these is wanted
 * @limit:	end after so many events, 0: none
 * @for_ns:	end after so long, 0: never
 * @every_ns:	a table each so often, 0: only at the end
 * @tail:	lines below a table
 * @buffer_kb:	KiB for each processor, 0: the library's choice
 * @stamp:	what lines begin with
 * @day:	how many -t there were
 * @file:	to write, or for a report to read; NULL: none
 * @flight_ns:	with @file: write only the last so long, when a guest dies
 * @symbols:	file with the guest's symbols, NULL: none
 * @has_offset:	@offset is given
 * @offset:	of the guest to @symbols
 * @is_report:	show a file
 * @json:	objects for programs
 * @perfetto:	in Perfetto's form
 * @count:	count exits rather than print lines
 * @raw:	fields as the kernel prints them, a line for each event
 * @each:	a line for each event
 * @folds:	a line for each exit: what the others leave
 * @total:	with the whole time of each
 * @follow:	trace what the processes create, too
 * @command:	program to run and trace, NULL: none; of argv
 * @strict:	lost events are a failure
 * @help:	say what can be said here, and end
 * @version:	the same
 */
struct options {
	pid_t pids[OPTIONS_PIDS_MAX];
	size_t nr_pids;
	const char *events[OPTIONS_EVENTS_MAX];
	size_t nr_events;
	char names[OPTIONS_EVENTS_MAX][OPTIONS_NAME_SIZE];
	struct filter filter;
	uint64_t limit;
	uint64_t for_ns;
	uint64_t every_ns;
	size_t tail;
	size_t buffer_kb;
	enum view_stamp stamp;
	unsigned int day;
	const char *file;
	uint64_t flight_ns;
	const char *symbols;
	bool has_offset;
	uint64_t offset;
	bool is_report;
	bool json;
	bool perfetto;
	bool count;
	bool raw;
	bool each;
	bool folds;
	bool total;
	bool follow;
	char **command;
	bool strict;
	bool help;
	bool version;
};

/* Room for what options_parse() says. */
#define OPTIONS_MESSAGE_SIZE	160

/**
 * options_parse() - read the command line
 * @options: out; borrows strings of @argv
 * @message: out: what is wrong with it
 * Return: 0 or -EINVAL.
 */
int options_parse(struct options *options, int argc, char *argv[],
		  char message[static OPTIONS_MESSAGE_SIZE]);

/* Is an event, as "kvm" and "kvm_exit", one of those of -e? */
bool options_want_event(const struct options *options, const char *system,
			const char *name);

/* What --help says. */
void options_help(FILE *out);

#endif /* KVM2TRACE_OPTIONS_H */
