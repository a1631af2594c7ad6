/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of kvm2top. */
#ifndef KVM2TOP_OPTIONS_H
#define KVM2TOP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "columns.h"
#include "condition.h"
#include "tree.h"

#define OPTIONS_COLUMNS_MAX	40
#define OPTIONS_MESSAGE_SIZE	192
#define OPTIONS_DELAY_MIN	0.05
#define OPTIONS_DELAY_MAX	86400

enum options_output { OPTIONS_SCREEN, OPTIONS_TEXT, OPTIONS_JSON, OPTIONS_CSV, OPTIONS_METRICS, OPTIONS_QUIET };

/**
 * struct options - what is asked for
 * @pid:	0: all
 * @delay_ns:	between refreshes
 * @count:	refreshes; 0: for ever
 * @rows:	vcpus there is room for
 * @idle_ns:	see struct collector_config
 * @collector:	name; NULL: the best that works
 * @file:	where to write instead of stdout; NULL
 * @record:	file to write a recording to; NULL
 * @replay:	recording to read instead of the kernel; NULL
 * @listen:	where to serve OpenMetrics; NULL
 * @symbols:	of the guests' kernel; NULL
 * @when:	to be destroyed by options_fini()
 * @action:	what to do then; NULL
 * @columns_chosen: these were asked for
 * @filter:	to be destroyed by options_fini()
 * @help, @version: that is all that is asked for
 */
struct options {
	enum options_output output;
	pid_t pid;
	uint64_t delay_ns;
	uint64_t count;
	int tier;
	unsigned int rows;
	uint64_t idle_ns;
	const char *collector;
	const char *file;
	const char *record;
	const char *replay;
	const char *listen;
	const char *symbols;
	struct condition *when;
	const char *action;
	const char *filter_text;
	enum tree_group group;
	const struct column *sort;
	bool ascending;
	const struct column *columns[OPTIONS_COLUMNS_MAX];
	size_t nr_columns;
	bool columns_chosen;
	struct condition *filter;
	bool no_colour;
	bool keep_privileges;
	bool help;
	bool version;
};

/**
 * options_parse() - read the command line
 * @message: out: what is wrong
 * Return: 0 or -EINVAL.
 */
int options_parse(struct options *options, int argc, char **argv,
		  char message[static OPTIONS_MESSAGE_SIZE]);
void options_fini(struct options *options);

void options_print_help(FILE *file);

#endif /* KVM2TOP_OPTIONS_H */
