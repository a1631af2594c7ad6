// SPDX-License-Identifier: GPL-2.0
// view.c: lines and tables as text, without a terminal and on one.
#include "view.h"

#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

static struct view view;
static FILE *file;
static char *text;
static size_t size;

static void begin(size_t tail)
{
	file = open_memstream(&text, &size);
	assert_non_null(file);
	assert_int_equal(view_init(&view, file, tail, true), 0);
	/* Memory is no terminal, whatever stdin is. */
	assert_false(view.is_live);
}

/* What has been shown; end() gives it back. */
static const char *shown(void)
{
	fflush(file);
	return text;
}

static void end(void)
{
	view_fini(&view);
	fclose(file);
	free(text);
}

static const struct kvm2_trace_event event = {
	.name = "kvm2_exit", .record = { .time_ns = 12003000456, .cpu = 1 },
};

static void an_event_is_a_line(void **state)
{
	(void)state;
	begin(0);
	view_event(&view, &event, "vm1/0", "io in port=0x60 size=1");
	view_event(&view, &event, "vm1/0", "");
	assert_string_equal(shown(),
		"    12.003000  vm1/0              kvm2_exit          io in port=0x60 size=1\n"
		"    12.003000  vm1/0              kvm2_exit\n");
	end();
}

static void a_gap_is_a_line(void **state)
{
	struct kvm2_trace_record gap = { .time_ns = 1000, .cpu = 3, .lost = 17 };

	(void)state;
	begin(0);
	view_gap(&view, &gap);
	gap.lost = KVM2_TRACE_LOST_UNKNOWN;
	view_gap(&view, &gap);
	assert_string_equal(shown(),
		"     0.000001  cpu3               LOST               17 events\n"
		"     0.000001  cpu3               LOST               events, the kernel does not say how many\n");
	end();
}

static const struct kvm2_trace_fold fold = {
	.reason = "io", .text = "io out", .start_ns = 12003000456,
	.total_ns = 9100, .kernel_ns = 1200, .vmm_ns = 7600, .wait_ns = 300,
};

static void an_exit_is_a_line_with_its_times(void **state)
{
	struct kvm2_trace_fold other = fold;

	(void)state;
	begin(0);
	view_fold(&view, &fold, "vm1/0");
	view.has_total = true;
	view_fold(&view, &fold, "vm1/0");
	other.state = KVM2_TRACE_FOLD_UNFINISHED;
	view_fold(&view, &other, "vm1/0");
	other.state = KVM2_TRACE_FOLD_RESUMED;
	other.text = " -> user";
	view_fold(&view, &other, "vm1/0");
	other.state = KVM2_TRACE_FOLD_BROKEN;
	view_fold(&view, &other, "vm1/0");
	assert_string_equal(shown(),
		"    12.003000  vm1/0              io out [kernel 1.2 vmm 7.6 wait 0.3 us]\n"
		"    12.003000  vm1/0              io out [kernel 1.2 vmm 7.6 wait 0.3 us] <0.000009>\n"
		"    12.003000  vm1/0              io out <unfinished ...>\n"
		"    12.003009  vm1/0              <... io resumed> -> user [kernel 1.2 vmm 7.6 wait 0.3 us] <0.000009>\n"
		"    12.003000  vm1/0               -> user [not seen whole]\n");
	end();
}

static void lines_wait_for_their_turn(void **state)
{
	struct kvm2_trace_event at = event;

	(void)state;
	begin(0);
	view.is_sorted = true;
	for (uint64_t i = 0; i < 1000; i++) {
		at.record.time_ns = (i * 7919 % 1000 + 1) * 1000000000;
		view_event(&view, &at, "", "");
	}
	assert_string_equal(shown(), "");
	view_release(&view, 3000000000);
	assert_string_equal(shown(),
		"     1.000000                     kvm2_exit\n"
		"     2.000000                     kvm2_exit\n");
	view_release(&view, UINT64_MAX);
	for (uint64_t i = 1; i <= 1000; i++) {
		const size_t line = sizeof("     1.000000                     kvm2_exit");
		char stamp[32];

		snprintf(stamp, sizeof(stamp), "%6d.000000 ", (int)i);
		assert_memory_equal(shown() + (i - 1) * line, stamp,
				    strlen(stamp));
	}
	end();
}

static void stamps_are_as_asked_for(void **state)
{
	struct kvm2_trace_event at = event;

	(void)state;
	setenv("TZ", "UTC", 1);
	begin(0);
	view.epoch_ns = 1000000000000000000;
	for (int stamp = VIEW_STAMP_DAY; stamp <= VIEW_STAMP_RELATIVE; stamp++) {
		view.stamp = (enum view_stamp)stamp;
		at.record.time_ns += 1500000;
		view_event(&view, &at, "", "");
	}
	assert_string_equal(shown(),
		"01:46:52                     kvm2_exit\n"
		"01:46:52.006000                     kvm2_exit\n"
		"1000000012.007500                     kvm2_exit\n"
		"     0.001500                     kvm2_exit\n");
	end();
}

static const struct view_totals totals_of_one = { .elapsed_ns = 1000000000 };

static struct kvm2_trace_count counts_of_one(void)
{
	return (struct kvm2_trace_count){
		.kind = KVM2_TRACE_EXIT_CPU, .reason = "io", .count = 100,
		.timed = 100, .kernel_ns = 1000000, .vmm_ns = 2000000,
		.wait_ns = 3000000, .max_ns = 999000,
	};
}

static void exits_with_times_have_more_columns(void **state)
{
	struct kvm2_trace_count timed = counts_of_one();

	(void)state;
	begin(0);
	view_table(&view, &totals_of_one, &timed, 1);
	assert_non_null(strstr(shown(),
		"PER SECOND %TIME  KERNEL ms     VMM ms    WAIT ms     AVG us     MAX us\n"));
	assert_non_null(strstr(shown(),
		" 100.00      1.000      2.000      3.000       60.0      999.0\n"));
	end();
}

static const struct view_totals totals = {
	.elapsed_ns = 4000000000, .interval_ns = 2000000000, .events = 99,
	.lost = 1,
};

static const struct kvm2_trace_count counts[] = {
	{ .tgid = 10, .process = "kvm2run", .has_vm = true, .vm = 1,
	  .has_vcpu = true, .vcpu = 0, .kind = KVM2_TRACE_EXIT_USER,
	  .reason = "io", .count = 90, .recent = 60 },
	{ .tgid = 20, .process = "", .kind = KVM2_TRACE_EXIT_USER,
	  .reason = "mmio", .count = 8, .recent = 0 },
};

static void a_table_has_a_row_for_each_count(void **state)
{
	(void)state;
	begin(0);
	view_table(&view, &totals, counts, 2);
	assert_string_equal(shown(),
		"4.0 s: 99 events, 1 lost\n"
		"\n"
		"  VM  NAME-PID               VCPU  EXIT    REASON                    COUNT  PER SECOND\n"
		"   1  kvm2run-10                0  user    io                           90        30.0\n"
		"   -  ?-20                      -  user    mmio                          8         0.0\n"
		"\n");
	end();
}

static void the_last_table_has_the_rates_of_the_whole_time(void **state)
{
	struct view_totals last = totals;

	(void)state;
	last.interval_ns = 0;
	begin(0);
	view_table(&view, &last, counts, 1);
	assert_non_null(strstr(shown(), "90        22.5\n"));
	end();
}

static void the_last_lines_stand_below_the_table(void **state)
{
	(void)state;
	begin(2);
	view_event(&view, &event, "a", "first");
	view_table(&view, &totals, counts, 0);
	assert_non_null(strstr(shown(), "first\n"));
	view_event(&view, &event, "a", "second");
	view_event(&view, &event, "a", "third");
	end();

	begin(2);
	view_event(&view, &event, "a", "first");
	view_event(&view, &event, "a", "second");
	view_event(&view, &event, "a", "third");
	view_table(&view, &totals, counts, 0);
	assert_null(strstr(shown(), "first"));
	assert_non_null(strstr(shown(), "second\n"));
	assert_non_null(strstr(strstr(shown(), "second\n"), "third\n"));
	end();
}

/* A terminal of 10 lines of 60 columns is stdin, and @terminal's other end. */
static int begin_terminal(struct termios *before)
{
	const struct winsize winsize = { .ws_row = 10, .ws_col = 60 };
	int other;
	int own;

	assert_int_equal(openpty(&other, &own, NULL, NULL, &winsize), 0);
	assert_int_equal(dup2(own, STDIN_FILENO), STDIN_FILENO);
	tcgetattr(own, before);
	file = fdopen(own, "w");
	assert_int_equal(view_init(&view, file, 2, true), 0);
	assert_true(view.is_live);
	return other;
}

/* What a terminal's end has got, up to what ends a table. It takes a while. */
static void read_table(int terminal, char *seen, size_t seen_size)
{
	size_t length = 0;

	while (!strstr(seen, "\033[J")) {
		const ssize_t got = read(terminal, seen + length,
					 seen_size - 1 - length);

		assert_true(got > 0);
		length += (size_t)got;
		seen[length] = '\0';
	}
}

static void press(int terminal, const char *key)
{
	struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };

	assert_int_equal(write(terminal, key, 1), 1);
	assert_int_equal(poll(&keys, 1, -1), 1);
}

static void on_a_terminal_the_table_stays_in_place_and_fits(void **state)
{
	struct kvm2_trace_count many[20];
	struct termios before;
	char seen[4096] = "";
	int newlines = 0;
	int terminal;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		many[i] = counts[0];
	terminal = begin_terminal(&before);
	view_event(&view, &event, "a", "last line of all");
	view_table(&view, &totals, many, 20);
	read_table(terminal, seen, sizeof(seen));
	assert_non_null(strstr(seen, "\033[H4.0 s: 99 events"));
	assert_non_null(strstr(seen, "q ends"));
	assert_non_null(strstr(seen, "(18 more rows)"));
	assert_non_null(strstr(seen, "kvm2_exit          last"));
	/* The end of a line may not wrap, or the table would scroll. */
	assert_null(strstr(seen, "last line of all"));
	for (const char *c = seen; *c; c++)
		newlines += *c == '\n';
	assert_true(newlines < 10);
	view_fini(&view);
	fclose(file);
	close(terminal);
}

static void on_a_terminal_q_ends_and_gives_it_back(void **state)
{
	struct termios before;
	struct termios after;
	int terminal;

	(void)state;
	terminal = begin_terminal(&before);
	assert_false(view_is_quit(&view));
	press(terminal, "x");
	assert_false(view_is_quit(&view));
	press(terminal, "q");
	assert_true(view_is_quit(&view));
	tcgetattr(STDIN_FILENO, &after);
	assert_false(after.c_lflag & (ICANON | ECHO));
	assert_true(after.c_lflag & ISIG);
	view_fini(&view);
	tcgetattr(STDIN_FILENO, &after);
	assert_int_equal(after.c_lflag, before.c_lflag);
	fclose(file);
	close(terminal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_a_line),
		cmocka_unit_test(a_gap_is_a_line),
		cmocka_unit_test(an_exit_is_a_line_with_its_times),
		cmocka_unit_test(lines_wait_for_their_turn),
		cmocka_unit_test(stamps_are_as_asked_for),
		cmocka_unit_test(exits_with_times_have_more_columns),
		cmocka_unit_test(a_table_has_a_row_for_each_count),
		cmocka_unit_test(the_last_table_has_the_rates_of_the_whole_time),
		cmocka_unit_test(the_last_lines_stand_below_the_table),
		cmocka_unit_test(on_a_terminal_the_table_stays_in_place_and_fits),
		cmocka_unit_test(on_a_terminal_q_ends_and_gives_it_back),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
