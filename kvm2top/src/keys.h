/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one table of keys: what they do, and what is said about them on the
 * help screen, in the last line and in the manual.
 */
#ifndef KVM2TOP_KEYS_H
#define KVM2TOP_KEYS_H

#include <stddef.h>

/* Keys that are no character. */
enum {
	KEYS_UP = 0x10000,
	KEYS_DOWN,
	KEYS_LEFT,
	KEYS_RIGHT,
	KEYS_PAGE_UP,
	KEYS_PAGE_DOWN,
	KEYS_HOME,
	KEYS_END,
	KEYS_F1,
	KEYS_F10 = KEYS_F1 + 9,
	KEYS_ENTER,
	KEYS_ESCAPE,
	KEYS_BACKSPACE,
	KEYS_DELETE,
	KEYS_CLICK,		/* with a place */
	KEYS_WHEEL_UP,
	KEYS_WHEEL_DOWN,
	KEYS_RESIZE,
};

enum keys_view { KEYS_TREE = 1, KEYS_LIST = 2, KEYS_TIMES = 4, KEYS_DETAILS = 8, KEYS_HELP = 16, KEYS_REPLAY = 32 };

#define KEYS_ANY	(KEYS_TREE | KEYS_LIST | KEYS_TIMES | KEYS_DETAILS | KEYS_HELP)

enum keys_command {
	DO_NOTHING,
	DO_UP, DO_DOWN, DO_PAGE_UP, DO_PAGE_DOWN, DO_HOME, DO_END,
	DO_OPEN, DO_CLOSE, DO_TOGGLE, DO_OPEN_ALL, DO_CLOSE_ALL,
	DO_TIER_0, DO_TIER_1, DO_TIER_2,
	DO_SORT, DO_SORT_LEFT, DO_SORT_RIGHT, DO_REVERSE,
	DO_FILTER, DO_SEARCH, DO_SEARCH_NEXT,
	DO_COLUMNS, DO_COLUMNS_LEFT, DO_COLUMNS_RIGHT,
	DO_GROUP, DO_TIMES, DO_DETAILS, DO_SPAN,
	DO_DELAY, DO_PAUSE, DO_REFRESH, DO_RESET,
	DO_STEP_BACK, DO_STEP, DO_LEAP_BACK, DO_LEAP,
	DO_HELP, DO_BACK, DO_QUIT,
};

#define KEYS_CODES	4

/**
 * struct key - what some keys do
 * @codes:	the keys, 0 for no more
 * @name:	of them, for people
 * @views:	where, of enum keys_view
 * @command:	what
 * @label:	one word for the last line; NULL: not there
 * @help:	a few words
 */
struct key {
	int codes[KEYS_CODES];
	const char *name;
	unsigned int views;
	enum keys_command command;
	const char *label;
	const char *help;
};

extern const struct key keys[];
extern const size_t nr_keys;

/* What the key does in that view. */
enum keys_command keys_find(int code, unsigned int view);

#endif /* KVM2TOP_KEYS_H */
