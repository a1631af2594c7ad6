// SPDX-License-Identifier: GPL-2.0
// Lines and tables as text; the only file that knows about the terminal.
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NS_PER_SECOND	1000000000
#define NAME_WIDTH	18

static const char clear_line_end[] = "\033[K";
static const char clear_below[] = "\033[J";
static const char home[] = "\033[H";
static const char clear_screen[] = "\033[2J";

/* Keys are read one by one, unseen; ^C stays a signal. */
static bool terminal_enter(struct view *view)
{
	struct termios now;

	if (!isatty(fileno(view->out)) || !isatty(STDIN_FILENO) ||
	    tcgetattr(STDIN_FILENO, &view->saved))
		return false;
	now = view->saved;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	now.c_cc[VMIN] = 0;
	now.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &now))
		return false;
	fputs(clear_screen, view->out);
	return true;
}

int view_init(struct view *view, FILE *out, size_t tail, bool live)
{
	memset(view, 0, sizeof(*view));
	view->out = out;
	if (tail) {
		view->tail = calloc(tail, sizeof(*view->tail));
		if (!view->tail)
			return -ENOMEM;
		view->tail_size = tail;
	}
	view->is_live = live && terminal_enter(view);
	return 0;
}

void view_fini(struct view *view)
{
	if (view->is_live)
		tcsetattr(STDIN_FILENO, TCSANOW, &view->saved);
	free(view->tail);
	memset(view, 0, sizeof(*view));
}

static void put_line(struct view *view, const char *line)
{
	if (view->tail_size)
		snprintf(view->tail[view->tail_next++ % view->tail_size],
			 VIEW_LINE_SIZE, "%s", line);
	else
		fprintf(view->out, "%s\n", line);
}

static void put_event(struct view *view, uint64_t time_ns, const char *who,
		      const char *name, const char *text)
{
	char line[VIEW_LINE_SIZE];

	snprintf(line, sizeof(line), "%6llu.%06llu  %-18s %-*s%s%s",
		 (unsigned long long)(time_ns / NS_PER_SECOND),
		 (unsigned long long)(time_ns % NS_PER_SECOND / 1000), who,
		 *text ? NAME_WIDTH : 0, name, *text ? " " : "", text);
	put_line(view, line);
}

void view_event(struct view *view, const struct kvm2_trace_event *event,
		const char *who, const char *text)
{
	put_event(view, event->record.time_ns, who, event->name, text);
}

void view_gap(struct view *view, const struct kvm2_trace_record *gap)
{
	char who[24];
	char text[64];

	snprintf(who, sizeof(who), "cpu%d", gap->cpu);
	if (gap->lost == KVM2_TRACE_LOST_UNKNOWN)
		snprintf(text, sizeof(text), "events, the kernel does not say how many");
	else
		snprintf(text, sizeof(text), "%llu events",
			 (unsigned long long)gap->lost);
	put_event(view, gap->time_ns, who, "LOST", text);
}

/* Lines and columns of the terminal; without one there is no limit. */
static void get_size(const struct view *view, size_t *lines, size_t *columns)
{
	struct winsize size;

	*lines = SIZE_MAX;
	*columns = SIZE_MAX;
	if (!view->is_live || ioctl(fileno(view->out), TIOCGWINSZ, &size) ||
	    !size.ws_row || !size.ws_col)
		return;
	*lines = size.ws_row;
	*columns = size.ws_col;
}

/* One line of a table, cut off at the terminal's edge. */
static void put_row(struct view *view, size_t columns, const char *row)
{
	const size_t length = strnlen(row, columns);

	fprintf(view->out, "%.*s%s\n", (int)length, row,
		view->is_live ? clear_line_end : "");
}

static double per_second(uint64_t count, uint64_t ns)
{
	return ns ? (double)count * NS_PER_SECOND / (double)ns : 0;
}

static void put_count(struct view *view, size_t columns,
		      const struct kvm2_trace_count *count,
		      const struct view_totals *totals)
{
	const double rate = totals->interval_ns ?
		per_second(count->recent, totals->interval_ns) :
		per_second(count->count, totals->elapsed_ns);
	char row[VIEW_LINE_SIZE];
	char process[KVM2_TRACE_PROCESS_SIZE + 16];
	char vcpu[12] = "-";
	char vm[24] = "-";

	if (count->has_vm)
		snprintf(vm, sizeof(vm), "%llu", (unsigned long long)count->vm);
	if (count->has_vcpu)
		snprintf(vcpu, sizeof(vcpu), "%u", count->vcpu);
	snprintf(process, sizeof(process), "%s-%d",
		 *count->process ? count->process : "?", count->tgid);
	snprintf(row, sizeof(row), "%4s  %-22s %4s  %-6s  %-18s %12llu %11.1f",
		 vm, process, vcpu, kvm2_trace_kind_name(count->kind),
		 count->reason, (unsigned long long)count->count,
		 rate);
	put_row(view, columns, row);
}

static void put_tail(struct view *view, size_t columns)
{
	uint64_t next = view->tail_next > view->tail_size ?
			view->tail_next - view->tail_size : 0;

	for (; next < view->tail_next; next++)
		put_row(view, columns, view->tail[next % view->tail_size]);
}

void view_table(struct view *view, const struct view_totals *totals,
		const struct kvm2_trace_count *counts, size_t nr_counts)
{
	/* Around the rows: totals, a blank line, titles, and the last one. */
	const size_t around = 4 + (view->tail_size ? view->tail_size + 1 : 0);
	size_t columns;
	size_t lines;
	size_t shown;
	char row[VIEW_LINE_SIZE];

	get_size(view, &lines, &columns);
	shown = lines > around ? lines - around : 1;
	if (view->is_live)
		fputs(home, view->out);
	snprintf(row, sizeof(row),
		 "%.1f s: %llu events, %llu lost%s",
		 (double)totals->elapsed_ns / NS_PER_SECOND,
		 (unsigned long long)totals->events,
		 (unsigned long long)totals->lost,
		 view->is_live ? "; q ends" : "");
	put_row(view, columns, row);
	put_row(view, columns, "");
	snprintf(row, sizeof(row), "%4s  %-22s %4s  %-6s  %-18s %12s %11s",
		 "VM", "NAME-PID", "VCPU", "EXIT", "REASON", "COUNT", "PER SECOND");
	put_row(view, columns, row);
	if (shown < nr_counts)
		shown--;	/* for the line that says so */
	for (size_t i = 0; i < nr_counts && i < shown; i++)
		put_count(view, columns, &counts[i], totals);
	if (shown < nr_counts) {
		snprintf(row, sizeof(row), "      (%zu more rows)",
			 nr_counts - shown);
		put_row(view, columns, row);
	}
	if (view->tail_size) {
		put_row(view, columns, "");
		put_tail(view, columns);
	}
	if (view->is_live)
		fputs(clear_below, view->out);
	else
		fputc('\n', view->out);
	fflush(view->out);
}

bool view_is_quit(const struct view *view)
{
	char keys[16];
	ssize_t got;

	if (!view->is_live)
		return false;
	got = read(STDIN_FILENO, keys, sizeof(keys));
	return got > 0 && memchr(keys, 'q', (size_t)got);
}
