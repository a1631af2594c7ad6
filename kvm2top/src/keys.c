// SPDX-License-Identifier: GPL-2.0
// The keys.
#include "keys.h"

#define TREE	KEYS_TREE
#define MOVES	(KEYS_TREE | KEYS_LIST | KEYS_DETAILS | KEYS_HELP)

const struct key keys[] = {
	{ { KEYS_UP, 'k' }, "Up, k", MOVES, DO_UP, NULL, "To the line above." },
	{ { KEYS_DOWN, 'j' }, "Down, j", MOVES, DO_DOWN, NULL, "To the line below." },
	{ { KEYS_PAGE_UP }, "PageUp", MOVES, DO_PAGE_UP, NULL, "A page up." },
	{ { KEYS_PAGE_DOWN }, "PageDown", MOVES, DO_PAGE_DOWN, NULL, "A page down." },
	{ { KEYS_HOME }, "Home", MOVES, DO_HOME, NULL, "To the first line." },
	{ { KEYS_END }, "End", MOVES, DO_END, NULL, "To the last line." },
	{ { 'h', '?', KEYS_F1 }, "h, ?, F1", KEYS_ANY, DO_HELP, "help", "Show the keys and the columns." },
	{ { KEYS_ENTER, ' ' }, "Enter, Space", TREE | KEYS_LIST, DO_TOGGLE, "open",
	  "Show or hide what is below the line; in a list, choose." },
	{ { KEYS_RIGHT }, "Right", TREE, DO_OPEN, NULL, "Show what is below the line." },
	{ { KEYS_LEFT }, "Left", TREE, DO_CLOSE, NULL, "Hide it, or go to the line above it." },
	{ { '+', '*' }, "+, *", TREE, DO_OPEN_ALL, NULL, "Show what is below every line." },
	{ { '-' }, "-", TREE, DO_CLOSE_ALL, NULL, "Show only VMs." },
	{ { 's', KEYS_F1 + 5 }, "s, F6", TREE, DO_SORT, "sort", "Choose the column to sort by." },
	{ { '<' }, "<", TREE, DO_SORT_LEFT, NULL, "Sort by the column to the left." },
	{ { '>' }, ">", TREE, DO_SORT_RIGHT, NULL, "Sort by the column to the right." },
	{ { 'r', 'I' }, "r, I", TREE, DO_REVERSE, NULL, "Turn the order round." },
	{ { 'f', '\\', KEYS_F1 + 3 }, "f, \\, F4", TREE, DO_FILTER, "filter",
	  "Show only VMs for which a condition holds; nothing: all." },
	{ { '/', KEYS_F1 + 2 }, "/, F3", TREE, DO_SEARCH, "search", "Find a line whose name contains a word." },
	{ { 'n' }, "n", TREE, DO_SEARCH_NEXT, NULL, "Find the next one." },
	{ { 'c', KEYS_F1 + 1 }, "c, F2", TREE, DO_COLUMNS, "columns", "Choose the columns." },
	{ { '[' }, "[", TREE, DO_COLUMNS_LEFT, NULL, "Move the columns to the right." },
	{ { ']' }, "]", TREE, DO_COLUMNS_RIGHT, NULL, "Move them to the left, to see those that do not fit." },
	{ { 'g' }, "g", TREE, DO_GROUP, NULL, "Reasons by vcpu, by VM, of the host." },
	{ { '0' }, "0", KEYS_ANY, DO_TIER_0, NULL, "Tier 0: KVM's own counters, at no cost." },
	{ { '1' }, "1", KEYS_ANY, DO_TIER_1, NULL, "Tier 1: exits by reason." },
	{ { '2' }, "2", KEYS_ANY, DO_TIER_2, "tier", "Tier 2: times, too." },
	{ { 't' }, "t", TREE, DO_TIMES, "times", "How long exits take: a histogram, and on what it is spent." },
	{ { 'i' }, "i", TREE, DO_DETAILS, "details",
	  "What the exits of the VM are about: ports, MSRs, pages, hypercalls, CPUID leaves, code." },
	{ { 'a' }, "a", KEYS_TIMES | KEYS_DETAILS, DO_SPAN, "span", "Since the start, or in the last refresh." },
	{ { 'd' }, "d", TREE, DO_DELAY, NULL, "Change the time between refreshes." },
	{ { 'p' }, "p", KEYS_ANY, DO_PAUSE, NULL, "Stop refreshes, and go on." },
	{ { 'R' - '@' }, "^R", KEYS_ANY, DO_REFRESH, NULL, "Refresh now." },
	{ { 'z' }, "z", TREE, DO_RESET, NULL, "Count from zero again." },
	{ { ',' }, ",", KEYS_REPLAY, DO_STEP_BACK, NULL, "Of a recording, the refresh before." },
	{ { '.' }, ".", KEYS_REPLAY, DO_STEP, NULL, "The refresh after." },
	{ { '{' }, "{", KEYS_REPLAY, DO_LEAP_BACK, NULL, "60 refreshes back." },
	{ { '}' }, "}", KEYS_REPLAY, DO_LEAP, NULL, "60 refreshes forth." },
	{ { KEYS_ESCAPE, 'q' }, "Esc, q", KEYS_ANY & ~(unsigned int)TREE, DO_BACK, "back", "Back to the VMs." },
	{ { 'q', KEYS_F10 }, "q, F10", KEYS_ANY, DO_QUIT, "quit", "End." },
};

const size_t nr_keys = sizeof(keys) / sizeof(keys[0]);

enum keys_command keys_find(int code, unsigned int view)
{
	for (size_t i = 0; code && i < nr_keys; i++) {
		if (!(keys[i].views & view))
			continue;
		for (int j = 0; j < KEYS_CODES; j++)
			if (keys[i].codes[j] == code)
				return keys[i].command;
	}
	return DO_NOTHING;
}
