/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interactive interface: keys in, screens out. Pure: a canvas takes what
 * it shows, and what has to be done elsewhere is handed back as a request.
 */
#ifndef KVM2TOP_UI_H
#define KVM2TOP_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "canvas.h"
#include "collector.h"
#include "keys.h"
#include "model.h"
#include "options.h"
#include "output.h"
#include "symbols.h"
#include "tree.h"

#define UI_TEXT_SIZE	128
#define UI_DETAILS_MAX	4096

enum ui_what {
	UI_GO_ON,
	UI_QUIT,
	UI_SET_TIER,		/* @value: tier */
	UI_SET_DELAY,		/* @value: ns */
	UI_SET_FILTER,		/* text(): "" none; ui_refuse() if it is wrong */
	UI_WATCH,		/* @value: process; 0: none */
	UI_REFRESH,
	UI_RESET,
	UI_SEEK,		/* @value: so many refreshes forth, or back */
};

struct ui_request {
	enum ui_what what;
	int64_t value;
};

enum ui_prompt { PROMPT_NONE, PROMPT_FILTER, PROMPT_SEARCH, PROMPT_DELAY };
enum ui_list { LIST_SORT, LIST_COLUMNS };

/**
 * struct ui_detail - what exits are about, with a rate
 * @count:	since the watch began
 * @recent:	in the last refresh
 */
struct ui_detail {
	uint32_t detail;
	uint64_t value;
	uint64_t count;
	uint64_t recent;
};

/**
 * struct ui - what is shown
 * @columns:	those shown, in order; of struct output, too
 * @may_change_columns: they are the usual ones: those that the tier does not
 *		know are left out
 * @first_column: how many are scrolled away behind the first
 * @selected:	the node under the bar, @line of the tree
 * @top:	the first line shown
 * @list_line, @list_top: the same of the other views
 * @times_of:	the node whose times are shown
 * @details_of:	the VM whose details are
 * @span_total:	since the start instead of the last refresh
 * @message:	said once in the last line
 * @replay:	it is a recording, at refresh @place of @places
 */
struct ui {
	struct model *model;
	struct tree *tree;
	struct output *output;
	const struct symbols *symbols;
	const struct column *columns[OPTIONS_COLUMNS_MAX];
	size_t nr_columns;
	bool may_change_columns;
	size_t first_column;
	enum keys_view view;
	const struct node *selected;
	size_t line;
	size_t top;
	size_t list_line;
	size_t list_top;
	enum ui_list list;
	const struct node *times_of;
	const struct node *details_of;
	bool span_total;
	struct ui_detail *details;
	size_t nr_details;
	double details_seconds;
	bool paused;
	bool replay;
	uint64_t place;
	uint64_t places;
	enum ui_prompt prompt;
	char text[UI_TEXT_SIZE];
	char search[UI_TEXT_SIZE];
	char filter[UI_TEXT_SIZE];
	char message[UI_TEXT_SIZE];
	size_t help_lines;
	int width;			/* of the screen, as drawn last */
	int page;			/* lines of the view */
	int body_y;			/* where they began */
	int heading_y;
};

/* All pointers are borrowed; @options has the columns to begin with. */
int ui_init(struct ui *ui, struct model *model, struct tree *tree, struct output *output,
	    const struct options *options);
void ui_fini(struct ui *ui);

/* There was a refresh: the tree is built anew. */
void ui_refresh(struct ui *ui);

/* What exits of the VM that is watched are about, as cumulative counts. */
void ui_details(struct ui *ui, const struct collector_detail *list, size_t nr);

/**
 * ui_key() - somebody has pressed a key
 * @code: a character, or of keys.h
 * @x, @y: of KEYS_CLICK
 */
struct ui_request ui_key(struct ui *ui, int code, int x, int y);

/* Say something in the last line. */
void __attribute__((format(printf, 2, 3))) ui_say(struct ui *ui, const char *format, ...);

void ui_draw(struct ui *ui, struct canvas *canvas);

/* ---- between ui.c and ui_draw.c ---- */

/* Is the column left out, because the tier does not know it? */
bool ui_is_hidden(const struct ui *ui, const struct column *column);

/* How many lines the lists have. */
size_t ui_list_length(const struct ui *ui);

/* The column at a place of the tree's heading; NULL: none. */
const struct column *ui_column_at(const struct ui *ui, int x);

/**
 * ui_layout() - the columns that fit, and where they begin
 * @at: out: for each of @ui->columns where it begins; -1: not shown
 * Return: the width of the first.
 */
int ui_layout(const struct ui *ui, int width, int at[static OPTIONS_COLUMNS_MAX]);

#endif /* KVM2TOP_UI_H */
