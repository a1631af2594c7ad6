// SPDX-License-Identifier: GPL-2.0
// Lines and tables as text; the only file that knows about the terminal.
#include "view.h"

#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND	1000000000
#define NAME_WIDTH	18
#define WHO_WIDTH	18
#define STAMP_WIDTH	13

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
	queue_fini(&view->queue);
	memset(view, 0, sizeof(*view));
}

/* "   123.456789", at least @width characters. */
static void put_seconds(struct text *text, uint64_t ns, size_t width)
{
	const uint64_t seconds = ns / NS_PER_SECOND;
	const unsigned int us = (unsigned int)(ns % NS_PER_SECOND / 1000);
	size_t digits = 1;

	for (uint64_t rest = seconds; rest >= 10; rest /= 10)
		digits++;
	for (; digits + 7 < width; digits++)
		text_char(text, ' ');
	text_decimal(text, seconds);
	text_char(text, '.');
	for (unsigned int place = 100000; place; place /= 10)
		text_char(text, (char)('0' + us / place % 10));
}

/* The first word of a line: when it was. */
static void put_stamp(struct view *view, uint64_t time_ns, struct text *text)
{
	const uint64_t wall_ns = time_ns + view->epoch_ns;
	const time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
	const uint64_t last_ns = view->last_ns ? view->last_ns : time_ns;
	char day[16] = "";
	struct tm tm;

	view->last_ns = time_ns;
	switch (view->stamp) {
	case VIEW_STAMP_DAY:
	case VIEW_STAMP_DAY_US:
		if (localtime_r(&seconds, &tm))
			strftime(day, sizeof(day), "%H:%M:%S", &tm);
		text_string(text, day);
		if (view->stamp == VIEW_STAMP_DAY_US)
			text_printf(text, ".%06u", (unsigned int)
				    (wall_ns % NS_PER_SECOND / 1000));
		break;
	case VIEW_STAMP_EPOCH:
		put_seconds(text, wall_ns, 0);
		break;
	case VIEW_STAMP_RELATIVE:
		put_seconds(text, time_ns > last_ns ? time_ns - last_ns : 0,
			    STAMP_WIDTH);
		break;
	default:
		put_seconds(text, time_ns, STAMP_WIDTH);
		break;
	}
	text_string(text, "  ");
}

/* A queue_line_fn. */
static void show_line(uint64_t time_ns, const char *from, void *context)
{
	struct view *view = context;
	char line[VIEW_LINE_SIZE + 40];
	struct text text = { line, sizeof(line) - 1, 0 };
	size_t length;

	put_stamp(view, time_ns, &text);
	text_string(&text, from);
	length = text_end(&text);
	if (view->tail_size) {
		snprintf(view->tail[view->tail_next++ % view->tail_size],
			 VIEW_LINE_SIZE, "%.*s", VIEW_LINE_SIZE - 1, line);
		return;
	}
	if (length > text.size - 1)
		length = text.size - 1;
	line[length] = '\n';
	fwrite_unlocked(line, length + 1, 1, view->out);
}

static void put_line(struct view *view, uint64_t time_ns, const char *text)
{
	view->lines++;
	/* Without memory, a line out of its order is better than none. */
	if (!view->is_sorted || queue_add(&view->queue, time_ns, text))
		show_line(time_ns, text, view);
}

static void put_padded(struct text *text, const char *word, size_t width)
{
	size_t length = strlen(word);

	text_bytes(text, word, length);
	for (; length < width; length++)
		text_char(text, ' ');
}

static void put_event(struct view *view, uint64_t time_ns, const char *who,
		      const char *name, const char *text)
{
	char buffer[VIEW_LINE_SIZE];
	struct text line = { buffer, sizeof(buffer), 0 };

	put_padded(&line, who, WHO_WIDTH);
	text_char(&line, ' ');
	put_padded(&line, name, *text ? NAME_WIDTH : 0);
	if (*text) {
		text_char(&line, ' ');
		text_string(&line, text);
	}
	text_end(&line);
	put_line(view, time_ns, buffer);
}

void view_event(struct view *view, const struct kvm2_trace_event *event,
		const char *who, const char *text)
{
	put_event(view, event->record.time_ns, who, event->name, text);
}

/* "1.2": us, rounded to a tenth */
static void put_us(struct text *text, uint64_t ns)
{
	const uint64_t tenths = (ns + 50) / 100;

	text_decimal(text, tenths / 10);
	text_char(text, '.');
	text_char(text, (char)('0' + tenths % 10));
}

/* " [kernel 1.2 vmm 7.6 wait 0.3 us] <0.000009>" */
static void put_times(const struct view *view,
		      const struct kvm2_trace_fold *fold, struct text *text)
{
	text_string(text, " [kernel ");
	put_us(text, fold->kernel_ns);
	text_string(text, " vmm ");
	put_us(text, fold->vmm_ns);
	text_string(text, " wait ");
	put_us(text, fold->wait_ns);
	text_string(text, " us]");
	if (!view->has_total)
		return;
	text_string(text, " <");
	put_seconds(text, fold->total_ns, 0);
	text_char(text, '>');
}

void view_fold(struct view *view, const struct kvm2_trace_fold *fold,
	       const char *who)
{
	const char *reason = fold->reason ? fold->reason : fold->user;
	/* Room for the times, however long the text is. */
	const size_t room = strnlen(fold->text, VIEW_LINE_SIZE - 160);
	uint64_t time_ns = fold->start_ns;
	char buffer[VIEW_LINE_SIZE];
	struct text line = { buffer, sizeof(buffer), 0 };

	put_padded(&line, who, WHO_WIDTH);
	text_char(&line, ' ');
	if (fold->state == KVM2_TRACE_FOLD_RESUMED) {
		time_ns += fold->total_ns;
		text_string(&line, "<... ");
		text_string(&line, reason ? reason : "?");
		text_string(&line, " resumed>");
	}
	text_bytes(&line, fold->text, room);
	if (fold->state == KVM2_TRACE_FOLD_UNFINISHED)
		text_string(&line, " <unfinished ...>");
	else if (fold->state == KVM2_TRACE_FOLD_BROKEN)
		text_string(&line, " [not seen whole]");
	else
		put_times(view, fold, &line);
	text_end(&line);
	put_line(view, time_ns, buffer);
}

void view_release(struct view *view, uint64_t until_ns)
{
	if (view->is_sorted)
		queue_release(&view->queue, until_ns, show_line, view);
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

static uint64_t time_of(const struct kvm2_trace_count *count)
{
	return count->kernel_ns + count->vmm_ns + count->wait_ns;
}

/* Where the time went, in ms, and how long an exit takes, in us. */
static void put_count_times(char *row, size_t size,
			    const struct kvm2_trace_count *count,
			    const struct view_totals *totals)
{
	const double ms = 1e6;
	const double us = 1e3;

	snprintf(row, size, " %6.2f %10.3f %10.3f %10.3f %10.1f %10.1f",
		 totals->exits_ns ? (double)time_of(count) * 100 /
				    (double)totals->exits_ns : 0,
		 (double)count->kernel_ns / ms, (double)count->vmm_ns / ms,
		 (double)count->wait_ns / ms,
		 (double)time_of(count) / (double)count->timed / us,
		 (double)count->max_ns / us);
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
	int length;

	if (count->has_vm)
		snprintf(vm, sizeof(vm), "%llu", (unsigned long long)count->vm);
	if (count->has_vcpu)
		snprintf(vcpu, sizeof(vcpu), "%u", count->vcpu);
	snprintf(process, sizeof(process), "%s-%d",
		 *count->process ? count->process : "?", count->tgid);
	/* A word, for those who read the table with awk. */
	for (char *c = process; *c; c++)
		*c = *c == ' ' ? '_' : *c;
	length = snprintf(row, sizeof(row),
			  "%4s  %-22s %4s  %-6s  %-18s %12llu %11.1f",
			  vm, process, vcpu, kvm2_trace_kind_name(count->kind),
			  count->reason, (unsigned long long)count->count,
			  rate);
	if (count->timed && length > 0)
		put_count_times(row + length, sizeof(row) - (size_t)length,
				count, totals);
	put_row(view, columns, row);
}

static const char time_titles[] =
	" %TIME  KERNEL ms     VMM ms    WAIT ms     AVG us     MAX us";

static struct view_totals add_times(const struct view_totals *totals,
				    const struct kvm2_trace_count *counts,
				    size_t nr_counts)
{
	struct view_totals with_times = *totals;

	with_times.exits_ns = 0;
	for (size_t i = 0; i < nr_counts; i++)
		with_times.exits_ns += time_of(&counts[i]);
	return with_times;
}

static void put_tail(struct view *view, size_t columns)
{
	uint64_t next = view->tail_next > view->tail_size ?
			view->tail_next - view->tail_size : 0;

	for (; next < view->tail_next; next++)
		put_row(view, columns, view->tail[next % view->tail_size]);
}

void view_table(struct view *view, const struct view_totals *given,
		const struct kvm2_trace_count *counts, size_t nr_counts)
{
	const struct view_totals with_times = add_times(given, counts,
							nr_counts);
	const struct view_totals *totals = &with_times;
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
	snprintf(row, sizeof(row), "%4s  %-22s %4s  %-6s  %-18s %12s %11s%s",
		 "VM", "NAME-PID", "VCPU", "EXIT", "REASON", "COUNT",
		 "PER SECOND", totals->exits_ns ? time_titles : "");
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
