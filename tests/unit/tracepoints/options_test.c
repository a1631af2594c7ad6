// SPDX-License-Identifier: GPL-2.0
// options.c: what is understood, and what is refused.
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARGS_MAX	16

static struct options options;
static char message[OPTIONS_MESSAGE_SIZE];

/* @line: the words of a command line, after the name of the program */
static int parse(const char *line)
{
	static char name[] = "kvm2trace";
	static char words[256];
	char *argv[ARGS_MAX + 1] = { name };
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return options_parse(&options, argc, argv, message);
}

static void refused(const char *line, const char *why)
{
	assert_int_not_equal(parse(line), 0);
	assert_string_equal(message, why);
}

static void without_options_all_is_traced(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(options.nr_pids, 0);
	assert_int_equal(options.nr_events, 0);
	assert_false(options.count);
}

static void pids_add_up(void **state)
{
	(void)state;
	assert_int_equal(parse("-p 12 --pid 3,4"), 0);
	assert_int_equal(options.nr_pids, 3);
	assert_int_equal(options.pids[0], 12);
	assert_int_equal(options.pids[1], 3);
	assert_int_equal(options.pids[2], 4);
	refused("-p 1x", "--pid: bad PID[,PID...]: 1x");
	refused("-p 0", "--pid: bad PID[,PID...]: 0");
	refused("-p 1,", "--pid: bad PID[,PID...]: 1,");
	refused("-p 99999999999", "--pid: bad PID[,PID...]: 99999999999");
}

static void events_add_up(void **state)
{
	(void)state;
	assert_int_equal(parse("-e kvm2 -e kvm:kvm_p*"), 0);
	assert_int_equal(options.nr_events, 2);
	assert_string_equal(options.events[1], "kvm:kvm_p*");
	/* As strace has it, and names without a system. */
	assert_int_equal(parse("-e trace=kvm_exit,kvm2:kvm2_vm -e event=kvm_*"), 0);
	assert_int_equal(options.nr_events, 3);
	assert_string_equal(options.events[0], "kvm*:kvm_exit");
	assert_string_equal(options.events[1], "kvm2:kvm2_vm");
	assert_string_equal(options.events[2], "kvm*:kvm_*");
	refused("-e :x", "--event: bad [SYSTEM:]EVENT[,...]: :x");
	refused("-e kvm:", "--event: bad [SYSTEM:]EVENT[,...]: kvm:");
	refused("-e a:b:c", "--event: bad [SYSTEM:]EVENT[,...]: a:b:c");
}

static void seconds_may_have_decimals(void **state)
{
	(void)state;
	assert_int_equal(parse("-c --every 0.5 --for 3"), 0);
	assert_int_equal(options.every_ns, 500000000);
	assert_int_equal(options.for_ns, 3000000000);
	refused("--for 0", "--for: bad SECONDS: 0");
	refused("--for -1", "--for: bad SECONDS: -1");
	refused("--for nan", "--for: bad SECONDS: nan");
	refused("--for 1s", "--for: bad SECONDS: 1s");
}

static void numbers_are_whole_and_positive(void **state)
{
	(void)state;
	assert_int_equal(parse("-n 18446744073709551615 -b 64 -c --tail 8"), 0);
	assert_true(options.limit == UINT64_MAX);
	assert_int_equal(options.buffer_kb, 64);
	assert_int_equal(options.tail, 8);
	refused("-n 18446744073709551616",
		"--limit: bad COUNT: 18446744073709551616");
	refused("-n 1.5", "--limit: bad COUNT: 1.5");
	refused("-b 0", "--buffer: bad KIB: 0");
	refused("-c --tail 1001", "--tail: bad LINES: 1001");
}

static void options_of_the_table_need_the_table(void **state)
{
	(void)state;
	refused("--every 1", "--every and --tail are for the table: give -c too");
	refused("--tail 1", "--every and --tail are for the table: give -c too");
}

static void what_is_no_option_is_refused(void **state)
{
	(void)state;
	refused("-x", "-x: no such option");
	refused("--nonsense", "--nonsense: no such option");
	refused("-p", "-p: an argument is missing");
}

static void a_command_has_its_own_options(void **state)
{
	(void)state;
	assert_int_equal(parse("-c kvm2run -c --raw"), 0);
	assert_string_equal(options.command[0], "kvm2run");
	assert_string_equal(options.command[2], "--raw");
	assert_false(options.raw);
	assert_int_equal(parse("-c"), 0);
	assert_null(options.command);
}

static void stamps_are_those_of_strace(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(options.stamp, VIEW_STAMP_CLOCK);
	assert_int_equal(parse("-t"), 0);
	assert_int_equal(options.stamp, VIEW_STAMP_DAY);
	assert_int_equal(parse("-tt"), 0);
	assert_int_equal(options.stamp, VIEW_STAMP_DAY_US);
	assert_int_equal(parse("-t -t -tt"), 0);
	assert_int_equal(options.stamp, VIEW_STAMP_EPOCH);
	assert_int_equal(parse("-rT"), 0);
	assert_int_equal(options.stamp, VIEW_STAMP_RELATIVE);
	assert_true(options.total);
}

static void lines_are_exits_where_their_ends_are_traced(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_true(options.folds);
	assert_int_equal(parse("-e kvm"), 0);
	assert_true(options.folds);
	assert_int_equal(parse("-e kvm:kvm_e*"), 0);
	assert_true(options.folds);
	assert_int_equal(parse("-e kvm:kvm_exit"), 0);
	assert_false(options.folds);
	assert_int_equal(parse("-e kvm2"), 0);
	assert_false(options.folds);
	assert_int_equal(parse("--raw"), 0);
	assert_false(options.folds);
	assert_int_equal(parse("--events"), 0);
	assert_false(options.folds);
}

static void a_report_is_of_one_file(void **state)
{
	(void)state;
	assert_int_equal(parse("report -c trace.dat --raw"), 0);
	assert_true(options.is_report);
	assert_string_equal(options.file, "trace.dat");
	assert_true(options.raw);
	assert_int_equal(parse("-o trace.dat report"), 0);
	assert_false(options.is_report);
	refused("report", "report needs one FILE, and options of a live trace do not go with it");
	refused("report a b", "report needs one FILE, and options of a live trace do not go with it");
	refused("report --for 3 a", "report needs one FILE, and options of a live trace do not go with it");
}

static void what_makes_no_sense_together_is_refused(void **state)
{
	(void)state;
	refused("-o a -c", "-o records and prints nothing: give -c, -n and forms to kvm2trace report");
	refused("-o a -n 5", "-o records and prints nothing: give -c, -n and forms to kvm2trace report");
	refused("--kaslr 0", "--kaslr is for symbols: give --symbols too");
	refused("--flight 5", "--flight writes a file: give -o too");
	refused("-c -e took=1ms", "the table counts by vm, vcpu, reason and user: other conditions of -e are for lines");
	refused("--events -e took=1ms", "took= is for exits: their ends have to be traced");
	refused("--json --perfetto", "--json and --perfetto are two forms: give one");
	refused("--json -c", "--json and --perfetto have neither a table nor raw lines");
}

static void help_names_every_option_once(void **state)
{
	static const char *const names[] = {
		"-p, --pid PID", "-e, --event [SYSTEM:]EVENT[,...]", "-c, --count",
		"--every SECONDS", "--tail LINES", "-n, --limit COUNT",
		"--for SECONDS", "--events  ", "--raw", "-b, --buffer KIB",
		"-o, --output FILE", "--json  ", "--perfetto  ",
		"-f, --follow", "-r, --relative", "-t, --time", "-T, --total",
		"--strict", "-h, --help", "-V, --version",
	};
	size_t size;
	char *text;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	options_help(file);
	fclose(file);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *found = strstr(text, names[i]);

		assert_non_null(found);
		assert_null(strstr(found + 1, names[i]));
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_all_is_traced),
		cmocka_unit_test(pids_add_up),
		cmocka_unit_test(events_add_up),
		cmocka_unit_test(seconds_may_have_decimals),
		cmocka_unit_test(numbers_are_whole_and_positive),
		cmocka_unit_test(options_of_the_table_need_the_table),
		cmocka_unit_test(what_is_no_option_is_refused),
		cmocka_unit_test(a_command_has_its_own_options),
		cmocka_unit_test(stamps_are_those_of_strace),
		cmocka_unit_test(lines_are_exits_where_their_ends_are_traced),
		cmocka_unit_test(a_report_is_of_one_file),
		cmocka_unit_test(what_makes_no_sense_together_is_refused),
		cmocka_unit_test(help_names_every_option_once),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
