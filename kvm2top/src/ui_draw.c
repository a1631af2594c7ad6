// SPDX-License-Identifier: GPL-2.0
// The interactive interface: what the screens look like.
#include "ui.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "names.h"

#define NAME_NARROW	20	/* on a screen that is */
#define WIDE		110
#define LINE_SIZE	512
#define LLU(value)	((unsigned long long)(value))

/* ---- the columns' places ---- */

static int first_width(const struct ui *ui, int width)
{
	const int wanted = ui->columns[0]->width;

	return width < WIDE && wanted > NAME_NARROW ? NAME_NARROW : wanted;
}

int ui_layout(const struct ui *ui, int width, int at[static OPTIONS_COLUMNS_MAX])
{
	const int first = first_width(ui, width);
	int x = first + 1;
	size_t skip = ui->first_column;
	bool is_full = false;

	at[0] = 0;
	for (size_t i = 1; i < ui->nr_columns; i++) {
		at[i] = -1;
		if (ui_is_hidden(ui, ui->columns[i]))
			continue;
		if (skip) {
			skip--;
			continue;
		}
		is_full = is_full || x + ui->columns[i]->width > width;
		if (is_full)
			continue;
		at[i] = x;
		x += ui->columns[i]->width + 1;
	}
	return first;
}

const struct column *ui_column_at(const struct ui *ui, int x)
{
	int at[OPTIONS_COLUMNS_MAX];
	const int first = ui_layout(ui, ui->width, at);

	for (size_t i = 0; i < ui->nr_columns; i++) {
		const int width = i ? ui->columns[i]->width : first;

		if (at[i] >= 0 && x >= at[i] && x <= at[i] + width)
			return ui->columns[i];
	}
	return NULL;
}

/* ---- head and foot ---- */

static void draw_right(struct canvas *canvas, int y, int after, enum canvas_style style, const char *text)
{
	const int x = canvas->width - (int)strlen(text);

	canvas_text(canvas, y, x > after + 2 ? x : after + 2, -1, style, text);
}

/* Return: the line behind it. */
static int draw_head(const struct ui *ui, struct canvas *canvas)
{
	char line[LINE_SIZE];
	char state[UI_TEXT_SIZE + 48] = "";
	bool is_right;
	int end;

	output_summary(ui->output, ui->model, line, sizeof(line));
	canvas_text(canvas, 0, 0, -1, CANVAS_PLAIN, line);
	is_right = output_completeness(ui->output, ui->model, line, sizeof(line));
	end = canvas_text(canvas, 1, 0, -1, is_right ? CANVAS_GOOD : CANVAS_BAD, line);
	if (ui->replay)
		snprintf(state, sizeof(state), "recording %llu/%llu", LLU(ui->place), LLU(ui->places));
	if (ui->paused)
		snprintf(state + strlen(state), sizeof(state) - strlen(state), "%spaused", state[0] ? ", " : "");
	if (ui->filter[0])
		snprintf(state + strlen(state), sizeof(state) - strlen(state), "%sonly %s", state[0] ? ", " : "",
			 ui->filter);
	draw_right(canvas, 1, end, CANVAS_STRONG, state);
	if (!ui->output->status.missing[0])
		return 2;
	end = canvas_text(canvas, 2, 0, -1, CANVAS_FAINT, "for more: ");
	canvas_text(canvas, 2, end, -1, CANVAS_FAINT, ui->output->status.missing);
	return 3;
}

static void draw_prompt(const struct ui *ui, struct canvas *canvas, int y)
{
	static const char *const questions[] = {
		[PROMPT_FILTER] = "Only VMs with: ", [PROMPT_SEARCH] = "Find: ",
		[PROMPT_DELAY] = "Seconds between refreshes: ",
	};
	const int x = canvas_text(canvas, y, 0, -1, CANVAS_STRONG, questions[ui->prompt]);

	canvas->cursor_x = canvas_text(canvas, y, x, -1, CANVAS_PLAIN, ui->text);
	canvas->cursor_y = y;
}

static void draw_foot(const struct ui *ui, struct canvas *canvas)
{
	const int y = canvas->height - 1;
	int x = 0;

	if (ui->prompt != PROMPT_NONE) {
		draw_prompt(ui, canvas, y);
		return;
	}
	if (ui->message[0]) {
		canvas_text(canvas, y, 0, -1, CANVAS_STRONG, ui->message);
		return;
	}
	for (size_t i = 0; i < nr_keys; i++) {
		const char *first = keys[i].command == DO_TIER_2 ? "012" : keys[i].name;
		char name[16];

		if (!keys[i].label || !(keys[i].views & ui->view))
			continue;
		/* In other views q goes back. */
		if (keys[i].command == DO_QUIT && ui->view != KEYS_TREE)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(first, ","), first);
		if (x + (int)strlen(name) + 2 + (int)strlen(keys[i].label) > canvas->width)
			break;
		x = canvas_text(canvas, y, x, -1, CANVAS_KEY, name);
		x = canvas_format(canvas, y, x, CANVAS_PLAIN, " %s  ", keys[i].label);
	}
}

/* ---- the tree ---- */

static void draw_headings(const struct ui *ui, struct canvas *canvas, int y, const int *at, int first)
{
	canvas_fill(canvas, y, 0, CANVAS_TITLE);
	for (size_t i = 0; i < ui->nr_columns; i++) {
		const struct column *column = ui->columns[i];
		const int width = i ? column->width : first;
		const int length = (int)strlen(column->title);
		const bool is_left = column->format == COLUMN_TEXT || column->format == COLUMN_HISTORY;
		const enum canvas_style style = column == ui->tree->sort ? CANVAS_MARKED : CANVAS_TITLE;

		if (at[i] < 0)
			continue;
		canvas_text(canvas, y, is_left || length > width ? at[i] : at[i] + width - length, -1, style,
			    column->title);
	}
}

static void draw_cell(const struct ui *ui, struct canvas *canvas, int y, int x, int width,
		      const struct column *column, const struct node *node, enum canvas_style style)
{
	char cell[COLUMN_CELL_SIZE];
	uint8_t levels[64];
	int length;

	if (column->format == COLUMN_HISTORY) {
		output_levels(node, (unsigned int)width, levels);
		for (int i = 0; i < width; i++)
			canvas_level(canvas, y, x + i, style, levels[i]);
		return;
	}
	column_print(column, ui->model, node, cell);
	length = (int)strlen(cell);
	if (column->format == COLUMN_TEXT || length > width)
		canvas_text(canvas, y, x, width, style, cell);
	else
		canvas_text(canvas, y, x + width - length, length, style, cell);
}

static bool is_gone(const struct node *node)
{
	for (; node; node = node->parent) {
		if (node->type == NODE_VM && ((const struct vm *)node)->gone_ns)
			return true;
		if (node->type == NODE_VCPU && ((const struct vcpu *)node)->gone_ns)
			return true;
	}
	return false;
}

static enum canvas_style style_of(const struct ui *ui, const struct node *node)
{
	if (!ui->model->kernel_unknown && ui->output->status.tier && node->type != NODE_REASON && node->total.exits != node->total.kernel)
		return CANVAS_BAD;
	if (is_gone(node))
		return CANVAS_FAINT;
	return node->type == NODE_VM || node->type == NODE_HOST ? CANVAS_STRONG : CANVAS_PLAIN;
}

static void draw_line(const struct ui *ui, struct canvas *canvas, int y, const struct tree_line *line,
		      const int *at, int first)
{
	const enum canvas_style style = style_of(ui, line->node);

	for (size_t i = 0; i < ui->nr_columns; i++) {
		const struct column *column = ui->columns[i];
		int x = at[i];

		if (x < 0)
			continue;
		if (!strcmp(column->key, "name")) {
			x += line->depth;
			x = canvas_text(canvas, y, x, 2, style, !line->has_below ? "" :
					line->node->expanded || ui->tree->all ? "-" : "+");
		}
		draw_cell(ui, canvas, y, x, at[i] + (i ? column->width : first) - x, column, line->node, style);
	}
}

/* The bar is always on the screen. */
static size_t scroll_to(size_t top, size_t line, size_t nr, size_t page)
{
	if (line < top)
		top = line;
	if (line >= top + page)
		top = line - page + 1;
	if (top + page > nr)
		top = nr > page ? nr - page : 0;
	return top;
}

static void draw_tree(struct ui *ui, struct canvas *canvas, int y)
{
	int at[OPTIONS_COLUMNS_MAX];
	const int first = ui_layout(ui, canvas->width, at);
	const size_t page = (size_t)ui->page;

	ui->heading_y = y;
	draw_headings(ui, canvas, y, at, first);
	ui->top = scroll_to(ui->top, ui->line, ui->tree->nr_lines, page);
	for (size_t i = 0; i < page && ui->top + i < ui->tree->nr_lines; i++) {
		draw_line(ui, canvas, ui->body_y + (int)i, &ui->tree->lines[ui->top + i], at, first);
		if (ui->top + i == ui->line)
			canvas_restyle(canvas, ui->body_y + (int)i, CANVAS_SELECTED);
	}
	if (!ui->model->nr_vms && ui->tree->nr_lines <= 1)
		canvas_text(canvas, ui->body_y + 2, 2, -1, CANVAS_PLAIN, "No VM runs on this host.");
}

/* ---- lists ---- */

static void draw_list(struct ui *ui, struct canvas *canvas, int y)
{
	const size_t page = (size_t)ui->page;

	canvas_fill(canvas, y, 0, CANVAS_TITLE);
	canvas_text(canvas, y, 0, -1, CANVAS_TITLE, ui->list == LIST_SORT ?
		    "Sort by (again: the other way round)" : "Columns to show");
	ui->list_top = scroll_to(ui->list_top, ui->list_line, nr_columns, page);
	for (size_t i = 0; i < page && ui->list_top + i < nr_columns; i++) {
		const struct column *column = &columns[ui->list_top + i];
		bool is_on = false;

		for (size_t j = 0; j < ui->nr_columns; j++)
			is_on |= ui->columns[j] == column;
		if (ui->list == LIST_SORT)
			is_on = ui->tree->sort == column;
		canvas_format(canvas, ui->body_y + (int)i, 0, CANVAS_PLAIN, "[%c] %-11s %s", is_on ? 'x' : ' ',
			      column->title, column->help);
		if (ui->list_top + i == ui->list_line)
			canvas_restyle(canvas, ui->body_y + (int)i, CANVAS_SELECTED);
	}
}

/* ---- help ---- */

/* One entry, in as many lines as it takes; only those from @top on are seen. */
static void draw_entry(struct ui *ui, struct canvas *canvas, const char *name, const char *help)
{
	const int left = 15;
	const int room = canvas->width - left > 20 ? canvas->width - left : 20;
	bool is_first = true;

	while (*help || is_first) {
		const int64_t line = (int64_t)ui->help_lines - (int64_t)ui->list_top;
		const int y = line >= 0 && line < ui->page ? ui->body_y + (int)line : -1;
		size_t length = strlen(help);
		char part[LINE_SIZE];

		if (length > (size_t)room) {
			length = (size_t)room;
			while (length && help[length] != ' ')
				length--;
		}
		snprintf(part, sizeof(part), "%.*s", (int)length, help);
		if (is_first)
			canvas_text(canvas, y, 0, -1, CANVAS_KEY, name);
		canvas_text(canvas, y, left, -1, CANVAS_PLAIN, part);
		help += length;
		help += strspn(help, " ");
		is_first = false;
		ui->help_lines++;
	}
}

static void draw_help(struct ui *ui, struct canvas *canvas, int y)
{
	const size_t before = ui->help_lines;

	canvas_fill(canvas, y, 0, CANVAS_TITLE);
	canvas_text(canvas, y, 0, -1, CANVAS_TITLE, "Keys, then columns");
	ui->list_top = ui->list_line;
	if (before && ui->list_top + (size_t)ui->page > before)
		ui->list_top = before > (size_t)ui->page ? before - (size_t)ui->page : 0;
	ui->list_line = ui->list_top;
	ui->help_lines = 0;
	for (size_t i = 0; i < nr_keys; i++)
		draw_entry(ui, canvas, keys[i].name, keys[i].help);
	draw_entry(ui, canvas, "Mouse", "A click chooses a line, another one opens it; on a heading, sorts.");
	draw_entry(ui, canvas, "", "");
	for (size_t i = 0; i < nr_columns; i++)
		draw_entry(ui, canvas, columns[i].title, columns[i].help);
}

/* ---- how long exits take ---- */

static void path_of(const struct node *node, char *path, size_t size)
{
	char name[MODEL_NAME_SIZE + 8];
	char rest[LINE_SIZE] = "";

	for (; node && node->type != NODE_HOST; node = node->parent) {
		column_node_name(node, name, sizeof(name));
		snprintf(path, size, "%s%s%s", name, rest[0] ? " > " : "", rest);
		snprintf(rest, sizeof(rest), "%s", path);
	}
	if (!rest[0])
		snprintf(path, size, "host");
}

static const char *span_name(const struct ui *ui)
{
	return ui->span_total ? "since the start" : "in the last refresh";
}

/* Without halts, but of a halt. */
static void draw_parts(const struct ui *ui, struct canvas *canvas, int y, const struct node *node)
{
	uint64_t parts[NR_PHASES];
	const uint64_t all = column_parts(node, ui->span_total, parts);

	static const char *const names[NR_PHASES] = {
		[PHASE_KERNEL] = "kernel", [PHASE_USER] = "VMM", [PHASE_READY] = "ready", [PHASE_HALT] = "halt",
		[PHASE_SLEEP] = "sleep",
	};
	int x = canvas_text(canvas, y, 0, -1, CANVAS_PLAIN, "spent on");

	for (int i = 0; i < NR_PHASES && all; i++) {
		if (!names[i])
			continue;
		x = canvas_format(canvas, y, x, CANVAS_PLAIN, "  %s ", names[i]);
		x = canvas_format(canvas, y, x, CANVAS_STRONG, "%.1f%%",
				  100 * (double)parts[i] / (double)all);
	}
}

static void draw_times(struct ui *ui, struct canvas *canvas, int y)
{
	const struct node *node = ui->times_of;
	uint64_t hist[SHARED_HIST];
	uint64_t octaves[SHARED_HIST / SHARED_HIST_STEPS] = { 0 };
	const unsigned int nr = sizeof(octaves) / sizeof(octaves[0]);
	char path[LINE_SIZE];
	char cells[4][COLUMN_CELL_SIZE];
	unsigned int first = nr;
	unsigned int last = 0;
	uint64_t all = 0;
	uint64_t most = 1;
	const bool any = column_times(node, ui->span_total, hist);

	path_of(node, path, sizeof(path));
	canvas_fill(canvas, y, 0, CANVAS_TITLE);
	canvas_format(canvas, y, 0, CANVAS_TITLE, "Time from exit to entry of %s, %s", path, span_name(ui));
	if (!any) {
		canvas_text(canvas, ui->body_y + 1, 2, -1, CANVAS_PLAIN, ui->output->status.tier < 2 ?
			    "Times are measured in tier 2: press 2." : "There is none yet.");
		return;
	}
	for (unsigned int i = 0; i < SHARED_HIST; i++) {
		const unsigned int octave = i / SHARED_HIST_STEPS;

		octaves[octave] += hist[i];
		all += hist[i];
		if (octaves[octave] > most)
			most = octaves[octave];
		if (hist[i]) {
			last = octave;
			first = first == nr ? octave : first;
		}
	}
	column_print_time((double)model_percentile(hist, 0.5), cells[0]);
	column_print_time((double)model_percentile(hist, 0.9), cells[1]);
	column_print_time((double)model_percentile(hist, 0.99), cells[2]);
	column_print_time((double)model_percentile(hist, 0.999), cells[3]);
	canvas_format(canvas, ui->body_y, 0, CANVAS_PLAIN, "%llu exits  p50 %s  p90 %s  p99 %s  p99.9 %s", LLU(all),
		      cells[0], cells[1], cells[2], cells[3]);
	draw_parts(ui, canvas, ui->body_y + 1, node);
	if (first == nr)
		return;
	for (unsigned int i = first; i <= last; i++) {
		const int line = ui->body_y + 3 + (int)(i - first);
		const int room = canvas->width - 44;

		if (line >= ui->body_y + ui->page)
			break;
		column_print_time((double)model_hist_from(i * SHARED_HIST_STEPS), cells[0]);
		column_print_time((double)model_hist_to(i * SHARED_HIST_STEPS + SHARED_HIST_STEPS - 1), cells[1]);
		canvas_format(canvas, line, 0, CANVAS_PLAIN, "%8s .. %-8s %12llu %6.2f%%", cells[0], cells[1],
			      LLU(octaves[i]), 100 * (double)octaves[i] / (double)all);
		canvas_bar(canvas, line, 43, room > 0 ? room : 0,
			   (unsigned int)ceil(8.0 * (double)(room > 0 ? room : 0) * (double)octaves[i] / (double)most));
	}
}

/* ---- what exits are about ---- */

static void draw_detail(const struct ui *ui, struct canvas *canvas, int y, const struct ui_detail *detail, uint64_t all)
{
	const uint64_t count = ui->span_total ? detail->count : detail->recent;
	char name[MODEL_NAME_SIZE];
	char cell[COLUMN_CELL_SIZE] = "-";
	char symbol[128] = "";

	if (ui->span_total)
		snprintf(cell, sizeof(cell), "%llu", LLU(count));
	else if (ui->details_seconds > 0)
		column_print_number((double)count / ui->details_seconds, cell);
	if (detail->detail == DETAIL_RIP)
		symbols_find(ui->symbols, detail->value, symbol, sizeof(symbol));
	canvas_format(canvas, y, 0, CANVAS_PLAIN, "%-12s %10s %6.1f%%  %s%s%s", names_detail_kind(detail->detail), cell,
		      all ? 100 * (double)count / (double)all : 0, names_detail(detail->detail, detail->value, name),
		      symbol[0] ? " " : "", symbol);
}

static void draw_details(struct ui *ui, struct canvas *canvas, int y)
{
	uint64_t all[NR_DETAILS] = { 0 };
	char path[LINE_SIZE];

	path_of(ui->details_of, path, sizeof(path));
	canvas_fill(canvas, y, 0, CANVAS_TITLE);
	canvas_format(canvas, y, 0, CANVAS_TITLE, "%-12s %10s %7s  of %s, %s", "KIND",
		      ui->span_total ? "COUNT" : "COUNT/s", "%KIND", path, span_name(ui));
	for (size_t i = 0; i < ui->nr_details; i++)
		if (ui->details[i].detail < NR_DETAILS)
			all[ui->details[i].detail] += ui->span_total ? ui->details[i].count : ui->details[i].recent;
	ui->list_top = scroll_to(ui->list_top, ui->list_line, ui->nr_details, (size_t)ui->page);
	for (size_t i = 0; i < (size_t)ui->page && ui->list_top + i < ui->nr_details; i++) {
		const struct ui_detail *detail = &ui->details[ui->list_top + i];

		draw_detail(ui, canvas, ui->body_y + (int)i, detail, all[detail->detail % NR_DETAILS]);
		if (ui->list_top + i == ui->list_line)
			canvas_restyle(canvas, ui->body_y + (int)i, CANVAS_SELECTED);
	}
	if (!ui->nr_details)
		canvas_text(canvas, ui->body_y + 1, 2, -1, CANVAS_PLAIN, "Nothing has been counted yet.");
}

void ui_draw(struct ui *ui, struct canvas *canvas)
{
	const int y = draw_head(ui, canvas);

	ui->width = canvas->width;
	ui->body_y = y + 1;
	ui->page = canvas->height - ui->body_y - 1;
	if (ui->page < 1)
		ui->page = 1;
	switch (ui->view) {
	case KEYS_LIST:
		draw_list(ui, canvas, y);
		break;
	case KEYS_HELP:
		draw_help(ui, canvas, y);
		break;
	case KEYS_TIMES:
		draw_times(ui, canvas, y);
		break;
	case KEYS_DETAILS:
		draw_details(ui, canvas, y);
		break;
	default:
		draw_tree(ui, canvas, y);
	}
	canvas_fill(canvas, canvas->height - 1, 0, CANVAS_PLAIN);
	draw_foot(ui, canvas);
}
