// SPDX-License-Identifier: GPL-2.0
// The interactive interface: what the keys do.
#include "ui.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHEEL_LINES	3
#define LEAP		60

int ui_init(struct ui *ui, struct model *model, struct tree *tree, struct output *output,
	    const struct options *options)
{
	memset(ui, 0, sizeof(*ui));
	ui->model = model;
	ui->tree = tree;
	ui->output = output;
	ui->view = KEYS_TREE;
	ui->page = 1;
	ui->may_change_columns = !options->columns_chosen;
	memcpy(ui->columns, options->columns, sizeof(ui->columns));
	ui->nr_columns = options->nr_columns;
	output->columns = ui->columns;
	output->nr_columns = ui->nr_columns;
	ui->details = calloc(UI_DETAILS_MAX, sizeof(*ui->details));
	return ui->details ? 0 : -ENOMEM;
}

void ui_fini(struct ui *ui)
{
	free(ui->details);
	ui->details = NULL;
}

void ui_say(struct ui *ui, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ui->message, sizeof(ui->message), format, args);
	va_end(args);
}

bool ui_is_hidden(const struct ui *ui, const struct column *column)
{
	return ui->may_change_columns && column->tier > ui->output->status.tier;
}

/* ---- the line under the bar ---- */

static bool is_there(const struct ui *ui, const struct node *node)
{
	for (size_t i = 0; node && i < ui->tree->nr_lines; i++)
		if (ui->tree->lines[i].node == node)
			return true;
	return false;
}

static void select_line(struct ui *ui, size_t line)
{
	const size_t nr = ui->tree->nr_lines;

	ui->line = !nr ? 0 : line < nr ? line : nr - 1;
	ui->selected = nr ? ui->tree->lines[ui->line].node : NULL;
}

/* The node stays under the bar wherever it has gone. */
static void find_selected(struct ui *ui)
{
	for (size_t i = 0; i < ui->tree->nr_lines; i++) {
		if (ui->tree->lines[i].node != ui->selected)
			continue;
		ui->line = i;
		return;
	}
	select_line(ui, ui->line);
}

static void build(struct ui *ui)
{
	tree_build(ui->tree, ui->model);
	find_selected(ui);
}

static struct node *selected(const struct ui *ui)
{
	return ui->line < ui->tree->nr_lines ? ui->tree->lines[ui->line].node : NULL;
}

static const struct vm *vm_of(const struct node *node)
{
	while (node && node->type != NODE_VM)
		node = node->parent;
	return (const struct vm *)node;
}

static bool model_has(const struct ui *ui, const struct node *node)
{
	const struct vm *vm;

	for (vm = ui->model->vms; vm; vm = vm->next)
		if (&vm->node == node)
			return true;
	return false;
}

void ui_refresh(struct ui *ui)
{
	build(ui);
	if (ui->view == KEYS_TIMES && !is_there(ui, ui->times_of)) {
		ui->view = KEYS_TREE;
		ui_say(ui, "it has gone");
	}
	if (ui->view == KEYS_DETAILS && !model_has(ui, ui->details_of)) {
		ui->view = KEYS_TREE;
		ui_say(ui, "the VM has gone");
	}
}

/* ---- details ---- */

static int compare_details(const void *left, const void *right)
{
	const struct ui_detail *a = left;
	const struct ui_detail *b = right;

	if (a->recent != b->recent)
		return a->recent > b->recent ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->detail != b->detail)
		return a->detail < b->detail ? -1 : 1;
	return a->value < b->value ? -1 : a->value > b->value;
}

static int compare_totals(const void *left, const void *right)
{
	const struct ui_detail *a = left;
	const struct ui_detail *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return compare_details(left, right);
}

static void sort_details(struct ui *ui)
{
	qsort(ui->details, ui->nr_details, sizeof(ui->details[0]), ui->span_total ? compare_totals : compare_details);
}

static int compare_keys(const void *left, const void *right)
{
	const struct ui_detail *a = left;
	const struct ui_detail *b = right;

	if (a->detail != b->detail)
		return a->detail < b->detail ? -1 : 1;
	return a->value < b->value ? -1 : a->value > b->value;
}

void ui_details(struct ui *ui, const struct collector_detail *list, size_t nr)
{
	const size_t before = ui->nr_details;

	qsort(ui->details, before, sizeof(ui->details[0]), compare_keys);
	for (size_t i = 0; i < before; i++)
		ui->details[i].recent = 0;
	for (size_t i = 0; i < nr; i++) {
		const struct ui_detail key = { .detail = list[i].detail, .value = list[i].value };
		struct ui_detail *detail = bsearch(&key, ui->details, before, sizeof(key), compare_keys);

		if (!detail && ui->nr_details < UI_DETAILS_MAX) {
			detail = &ui->details[ui->nr_details++];
			*detail = key;
		}
		if (!detail)
			continue;
		detail->recent = list[i].count - detail->count;
		detail->count = list[i].count;
	}
	ui->details_seconds = (double)ui->model->interval_ns / 1e9;
	sort_details(ui);
}

/* ---- lists: columns, keys ---- */

size_t ui_list_length(const struct ui *ui)
{
	switch (ui->view) {
	case KEYS_LIST:
		return nr_columns;
	case KEYS_DETAILS:
		return ui->nr_details;
	case KEYS_HELP:
		return ui->help_lines;
	default:
		return 0;
	}
}

static void move_list(struct ui *ui, int64_t by)
{
	const int64_t length = (int64_t)ui_list_length(ui);
	int64_t line = (int64_t)ui->list_line + by;

	if (line >= length)
		line = length - 1;
	ui->list_line = line < 0 ? 0 : (size_t)line;
}

static size_t place_of(const struct ui *ui, const struct column *column)
{
	size_t i = 0;

	while (i < ui->nr_columns && ui->columns[i] != column)
		i++;
	return i;
}

/* Columns keep the order of the table. */
static void toggle_column(struct ui *ui, const struct column *column)
{
	const size_t place = place_of(ui, column);
	size_t i;

	if (column == &columns[0])
		return;
	ui->may_change_columns = false;
	if (place < ui->nr_columns) {
		memmove(&ui->columns[place], &ui->columns[place + 1],
			(ui->nr_columns - place - 1) * sizeof(ui->columns[0]));
		ui->nr_columns--;
	} else if (ui->nr_columns < OPTIONS_COLUMNS_MAX) {
		for (i = ui->nr_columns; i > 1 && ui->columns[i - 1] > column; i--)
			ui->columns[i] = ui->columns[i - 1];
		ui->columns[i] = column;
		ui->nr_columns++;
	}
	ui->output->nr_columns = ui->nr_columns;
}

static void sort_by(struct ui *ui, const struct column *column)
{
	if (ui->tree->sort == column)
		ui->tree->ascending = !ui->tree->ascending;
	else
		ui->tree->ascending = false;
	ui->tree->sort = column;
	build(ui);
}

static void choose_in_list(struct ui *ui)
{
	const struct column *column = &columns[ui->list_line];

	if (ui->list == LIST_SORT) {
		sort_by(ui, column);
		ui->view = KEYS_TREE;
	} else {
		toggle_column(ui, column);
	}
}

static void open_list(struct ui *ui, enum ui_list list)
{
	ui->view = KEYS_LIST;
	ui->list = list;
	ui->list_top = 0;
	ui->list_line = list == LIST_SORT && ui->tree->sort ? (size_t)(ui->tree->sort - columns) : 0;
}

static void sort_beside(struct ui *ui, int step)
{
	size_t place = place_of(ui, ui->tree->sort);

	for (size_t tries = 0; tries < ui->nr_columns; tries++) {
		place = (place + ui->nr_columns + (size_t)step) % ui->nr_columns;
		if (!ui_is_hidden(ui, ui->columns[place]))
			break;
	}
	ui->tree->sort = ui->columns[place];
	ui->tree->ascending = false;
	build(ui);
}

/* ---- open and close ---- */

static bool can_open(const struct ui *ui)
{
	return ui->line < ui->tree->nr_lines && ui->tree->lines[ui->line].has_below;
}

static void set_open(struct ui *ui, bool open)
{
	struct node *node = selected(ui);

	if (!node)
		return;
	if (open && can_open(ui)) {
		node->expanded = true;
	} else if (!open && node->expanded && can_open(ui)) {
		node->expanded = false;
	} else if (!open) {
		/* To the line it is below. */
		const int depth = ui->tree->lines[ui->line].depth;
		size_t line = ui->line;

		while (line && ui->tree->lines[line].depth >= depth)
			line--;
		select_line(ui, line);
	}
	build(ui);
}

static void set_all(struct ui *ui, bool open)
{
	struct vm *vm;
	struct vcpu *vcpu;

	ui->model->host.expanded = true;
	for (vm = ui->model->vms; vm; vm = vm->next) {
		vm->node.expanded = open;
		for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
			vcpu->node.expanded = open;
	}
	/* What was selected may not be shown any more: then its VM is. */
	if (!open && vm_of(ui->selected))
		ui->selected = &vm_of(ui->selected)->node;
	build(ui);
}

/* ---- prompts ---- */

static void open_prompt(struct ui *ui, enum ui_prompt prompt, const char *text)
{
	ui->prompt = prompt;
	snprintf(ui->text, sizeof(ui->text), "%s", text);
}

static bool contains(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

/* From the line behind this one on, round the end. */
static void search(struct ui *ui)
{
	const size_t nr = ui->tree->nr_lines;
	char name[MODEL_NAME_SIZE + 8];

	if (!ui->search[0])
		return;
	for (size_t i = 1; i <= nr; i++) {
		const size_t line = (ui->line + i) % nr;

		column_node_name(ui->tree->lines[line].node, name, sizeof(name));
		if (!contains(name, ui->search))
			continue;
		select_line(ui, line);
		return;
	}
	ui_say(ui, "no line shown contains '%.60s'", ui->search);
}

static struct ui_request end_prompt(struct ui *ui)
{
	struct ui_request request = { UI_GO_ON, 0 };
	const enum ui_prompt prompt = ui->prompt;
	double seconds;
	char *end;

	ui->prompt = PROMPT_NONE;
	switch (prompt) {
	case PROMPT_FILTER:
		request.what = UI_SET_FILTER;
		break;
	case PROMPT_SEARCH:
		snprintf(ui->search, sizeof(ui->search), "%s", ui->text);
		search(ui);
		break;
	case PROMPT_DELAY:
		seconds = strtod(ui->text, &end);
		if (end == ui->text || *end || !(seconds >= OPTIONS_DELAY_MIN && seconds <= OPTIONS_DELAY_MAX)) {
			ui_say(ui, "'%.40s' is not from %g to %g seconds", ui->text, OPTIONS_DELAY_MIN,
			       (double)OPTIONS_DELAY_MAX);
			break;
		}
		request.what = UI_SET_DELAY;
		request.value = (int64_t)(seconds * 1e9);
		break;
	case PROMPT_NONE:
		break;
	}
	return request;
}

static struct ui_request prompt_key(struct ui *ui, int code)
{
	const size_t length = strlen(ui->text);

	if (code == KEYS_ENTER)
		return end_prompt(ui);
	if (code == KEYS_ESCAPE) {
		ui->prompt = PROMPT_NONE;
	} else if (code == KEYS_BACKSPACE && length) {
		/* All bytes of a character. */
		size_t end = length - 1;

		while (end && ((unsigned char)ui->text[end] & 0xc0) == 0x80)
			end--;
		ui->text[end] = '\0';
	} else if (code == ('U' - '@')) {
		ui->text[0] = '\0';
	} else if (code >= ' ' && code < 0x100 && code != 0x7f && length + 1 < sizeof(ui->text)) {
		ui->text[length] = (char)code;
		ui->text[length + 1] = '\0';
	}
	return (struct ui_request){ UI_GO_ON, 0 };
}

/* ---- keys ---- */

static void move(struct ui *ui, int64_t by)
{
	int64_t line = (int64_t)ui->line + by;

	if (ui->view != KEYS_TREE) {
		move_list(ui, by);
		return;
	}
	select_line(ui, line < 0 ? 0 : (size_t)line);
}

static struct ui_request open_details(struct ui *ui)
{
	const struct vm *vm = vm_of(selected(ui));

	if (!vm) {
		ui_say(ui, "choose a VM first: details are those of one");
		return (struct ui_request){ UI_GO_ON, 0 };
	}
	ui->view = KEYS_DETAILS;
	ui->details_of = &vm->node;
	ui->nr_details = 0;
	ui->list_line = 0;
	ui->list_top = 0;
	return (struct ui_request){ UI_WATCH, vm->tgid };
}

static struct ui_request go_back(struct ui *ui)
{
	const bool had_details = ui->view == KEYS_DETAILS;

	ui->view = KEYS_TREE;
	return (struct ui_request){ had_details ? UI_WATCH : UI_GO_ON, 0 };
}

static struct ui_request click(struct ui *ui, int x, int y)
{
	const struct column *column;

	if (ui->view == KEYS_TREE && y == ui->heading_y) {
		column = ui_column_at(ui, x);
		if (column)
			sort_by(ui, column);
	} else if (ui->view == KEYS_TREE && y >= ui->body_y && y < ui->body_y + ui->page) {
		const size_t line = ui->top + (size_t)(y - ui->body_y);

		if (line >= ui->tree->nr_lines)
			return (struct ui_request){ UI_GO_ON, 0 };
		if (line == ui->line)
			set_open(ui, !selected(ui)->expanded);
		else
			select_line(ui, line);
	} else if (ui->view == KEYS_LIST && y >= ui->body_y) {
		const size_t line = ui->list_top + (size_t)(y - ui->body_y);

		if (line < ui_list_length(ui)) {
			ui->list_line = line;
			choose_in_list(ui);
		}
	}
	return (struct ui_request){ UI_GO_ON, 0 };
}

/* To the left, until the last one is there. */
static void scroll_columns(struct ui *ui, bool right)
{
	int at[OPTIONS_COLUMNS_MAX];
	size_t last = ui->nr_columns;

	if (!right) {
		ui->first_column -= ui->first_column > 0;
		return;
	}
	ui_layout(ui, ui->width, at);
	while (--last && ui_is_hidden(ui, ui->columns[last]))
		;
	if (last && at[last] < 0)
		ui->first_column++;
}

static struct ui_request replay_request(int64_t by)
{
	return (struct ui_request){ UI_SEEK, by };
}

static struct ui_request command(struct ui *ui, enum keys_command what)
{
	const struct ui_request go_on = { UI_GO_ON, 0 };

	switch (what) {
	case DO_NOTHING:
		return go_on;
	case DO_UP:
		move(ui, -1);
		break;
	case DO_DOWN:
		move(ui, 1);
		break;
	case DO_PAGE_UP:
		move(ui, -(int64_t)ui->page);
		break;
	case DO_PAGE_DOWN:
		move(ui, ui->page);
		break;
	case DO_HOME:
		move(ui, -INT32_MAX);
		break;
	case DO_END:
		move(ui, INT32_MAX);
		break;
	case DO_OPEN:
		set_open(ui, true);
		break;
	case DO_CLOSE:
		set_open(ui, false);
		break;
	case DO_TOGGLE:
		if (ui->view == KEYS_LIST)
			choose_in_list(ui);
		else if (selected(ui) && can_open(ui))
			set_open(ui, !selected(ui)->expanded);
		break;
	case DO_OPEN_ALL:
	case DO_CLOSE_ALL:
		set_all(ui, what == DO_OPEN_ALL);
		break;
	case DO_TIER_0:
	case DO_TIER_1:
	case DO_TIER_2:
		return (struct ui_request){ UI_SET_TIER, what - DO_TIER_0 };
	case DO_SORT:
		open_list(ui, LIST_SORT);
		break;
	case DO_COLUMNS:
		open_list(ui, LIST_COLUMNS);
		break;
	case DO_SORT_LEFT:
		sort_beside(ui, -1);
		break;
	case DO_SORT_RIGHT:
		sort_beside(ui, 1);
		break;
	case DO_REVERSE:
		ui->tree->ascending = !ui->tree->ascending;
		build(ui);
		break;
	case DO_FILTER:
		open_prompt(ui, PROMPT_FILTER, ui->filter);
		break;
	case DO_SEARCH:
		open_prompt(ui, PROMPT_SEARCH, "");
		break;
	case DO_SEARCH_NEXT:
		search(ui);
		break;
	case DO_COLUMNS_LEFT:
	case DO_COLUMNS_RIGHT:
		scroll_columns(ui, what == DO_COLUMNS_RIGHT);
		break;
	case DO_GROUP:
		ui->tree->group = (ui->tree->group + 1) % TREE_NR_GROUPS;
		build(ui);
		ui_say(ui, "reasons by %s", ui->tree->group == TREE_BY_VCPU ? "vcpu" :
					    ui->tree->group == TREE_BY_VM ? "VM" : "host");
		break;
	case DO_TIMES:
		ui->times_of = selected(ui);
		if (ui->times_of)
			ui->view = KEYS_TIMES;
		break;
	case DO_DETAILS:
		return open_details(ui);
	case DO_SPAN:
		ui->span_total = !ui->span_total;
		sort_details(ui);
		break;
	case DO_DELAY:
		open_prompt(ui, PROMPT_DELAY, "");
		break;
	case DO_PAUSE:
		ui->paused = !ui->paused;
		break;
	case DO_REFRESH:
		return (struct ui_request){ UI_REFRESH, 0 };
	case DO_RESET:
		return (struct ui_request){ UI_RESET, 0 };
	case DO_STEP_BACK:
		return replay_request(-1);
	case DO_STEP:
		return replay_request(1);
	case DO_LEAP_BACK:
		return replay_request(-LEAP);
	case DO_LEAP:
		return replay_request(LEAP);
	case DO_HELP:
		ui->list_line = 0;
		ui->list_top = 0;
		if (ui->view == KEYS_DETAILS) {
			ui->view = KEYS_HELP;
			return (struct ui_request){ UI_WATCH, 0 };
		}
		ui->view = ui->view == KEYS_HELP ? KEYS_TREE : KEYS_HELP;
		break;
	case DO_BACK:
		return go_back(ui);
	case DO_QUIT:
		return (struct ui_request){ UI_QUIT, 0 };
	}
	return go_on;
}

struct ui_request ui_key(struct ui *ui, int code, int x, int y)
{
	const unsigned int views = ui->view | (ui->replay ? KEYS_REPLAY : 0U);

	ui->message[0] = '\0';
	if (ui->prompt != PROMPT_NONE)
		return prompt_key(ui, code);
	if (code == KEYS_CLICK)
		return click(ui, x, y);
	if (code == KEYS_WHEEL_UP || code == KEYS_WHEEL_DOWN) {
		move(ui, code == KEYS_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES);
		return (struct ui_request){ UI_GO_ON, 0 };
	}
	return command(ui, keys_find(code, views));
}
