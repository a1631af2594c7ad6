/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one table of columns: what they are called, hold, mean. Headers, sort
 * keys, filters, batch output, the help screen and the manual come from it.
 */
#ifndef KVM2TOP_COLUMNS_H
#define KVM2TOP_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

enum column_format {
	COLUMN_NUMBER,		/* a count, or a rate */
	COLUMN_PERCENT,
	COLUMN_TIME,		/* ns */
	COLUMN_TEXT,
	COLUMN_HISTORY,		/* a sparkline; sorts as the rate */
	COLUMN_ID,		/* a number that is a name */
};

/**
 * struct column - a column
 * @key:	for options, filters and machines, as "exits"
 * @title:	for people
 * @width:	characters
 * @format:	how to write it
 * @tier:	the lowest tier that knows it
 * @shown:	without being asked for
 * @value:	of a node; NAN: not known, or makes no sense there
 * @text:	of COLUMN_TEXT: the same, written to @buffer
 * @help:	one sentence
 */
struct column {
	const char *key;
	const char *title;
	int width;
	enum column_format format;
	int tier;
	bool shown;
	double (*value)(const struct model *model, const struct node *node);
	void (*text)(const struct node *node, char *buffer, size_t size);
	const char *help;
};

extern const struct column columns[];
extern const size_t nr_columns;

/* The column called @key, up to @length characters of it; or NULL. */
const struct column *column_find(const char *key, size_t length);

/* Room for any cell. */
#define COLUMN_CELL_SIZE	128

/**
 * column_print() - a cell for people, without padding
 * @buffer: out; "-" for what is not known
 */
void column_print(const struct column *column, const struct model *model,
		  const struct node *node, char buffer[static COLUMN_CELL_SIZE]);

/* "1.2M", "980", "0.4": at most 5 characters below 1e15. */
void column_print_number(double value, char buffer[static COLUMN_CELL_SIZE]);

/* "950ns", "12.3us", "1.20s" */
void column_print_time(double ns, char buffer[static COLUMN_CELL_SIZE]);

/* "host", the VM's name, "vcpu 3", the reason's name. */
void column_node_name(const struct node *node, char *buffer, size_t size);

/* Did it halt the vcpu? Its time is not handling. */
bool column_is_halt(const struct reason *reason);

/**
 * column_times() - how many exits took how long
 * @total: since the start, else in the last refresh
 * @hist:  out: of a reason; of others, of all their reasons but halts
 * Return: false: no times were measured.
 */
bool column_times(const struct node *node, bool total, uint64_t hist[static SHARED_HIST]);

/* What that time was spent on. Return: all of it, in ns. */
uint64_t column_parts(const struct node *node, bool total, uint64_t parts[static NR_PHASES]);

#endif /* KVM2TOP_COLUMNS_H */
