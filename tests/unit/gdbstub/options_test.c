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

static struct options options;
static char message[OPTIONS_MESSAGE_SIZE];

static int parse_all(const char *const *word)
{
	static char words[8][64] = { "kvm2gdb" };
	static char *argv[9];
	int argc = 1;

	memset(argv, 0, sizeof(argv));
	argv[0] = words[0];
	for (; *word; word++) {
		snprintf(words[argc], sizeof(words[argc]), "%s", *word);
		argv[argc] = words[argc];
		argc++;
	}
	return options_parse(&options, argc, argv, message);
}

static int parse(const char *first, const char *second)
{
	return parse_all((const char *const[]){ first, second, NULL });
}

static void refused_all(const char *const *words, const char *why)
{
	assert_int_not_equal(parse_all(words), 0);
	assert_string_equal(message, why);
}

static void refused(const char *first, const char *second, const char *why)
{
	refused_all((const char *const[]){ first, second, NULL }, why);
}

static void a_process_is_named(void **state)
{
	(void)state;
	assert_int_equal(parse("-p", "12"), 0);
	assert_int_equal(options.pid, 12);
	assert_int_equal(parse("--pid=2147483647", NULL), 0);
	assert_int_equal(options.pid, 2147483647);
	assert_int_equal(parse(NULL, NULL), 0);
	assert_int_equal(options.pid, 0);
}

static void what_is_no_process_is_refused(void **state)
{
	(void)state;
	refused("-p", "0", "--pid: bad PID: 0");
	refused("-p", "-1", "--pid: bad PID: -1");
	refused("-p", "1x", "--pid: bad PID: 1x");
	refused("-p", "2147483648", "--pid: bad PID: 2147483648");
	refused("-p", "99999999999999999999", "--pid: bad PID: 99999999999999999999");
	refused("--pid=", NULL, "--pid: bad PID: ");
}

static void or_it_is_named_by_a_file(void **state)
{
	(void)state;
	assert_int_equal(parse("--pidfd", "0"), 0);
	assert_int_equal(options.pidfd, 0);
	assert_int_equal(options.pid, 0);
	assert_int_equal(parse("-p", "12"), 0);
	assert_int_equal(options.pidfd, -1);
	refused("--pidfd=-1", NULL, "--pidfd: bad file descriptor: -1");
	refused("--pidfd=", NULL, "--pidfd: bad file descriptor: ");
	refused("--pidfd=3", "-p3", "--pid and --pidfd name a process each");
}

static void other_words_are_refused(void **state)
{
	(void)state;
	refused("-p", NULL, "-p: an argument is missing");
	refused("--port", NULL, "--port: no such option");
	refused("12", NULL, "12: only options are expected; a program to start comes after --");
	refused("vmm", "--", "vmm: only options are expected; a program to start comes after --");
}

static void where_gdb_connects_and_what_it_may_read(void **state)
{
	(void)state;
	assert_int_equal(parse("--listen=unix:/run/a", "-k/boot/vmlinux"), 0);
	assert_string_equal(options.listen, "unix:/run/a");
	assert_string_equal(options.vmlinux, "/boot/vmlinux");
	assert_null(options.files);
	assert_false(options.once);
	assert_int_equal(parse("-lunix:a", "--once"), 0);
	assert_true(options.once);
	assert_int_equal(parse("-l127.0.0.1:0", "--stdio"), 0);
	assert_null(options.listen);
	assert_int_equal(parse("-f", "/srv"), 0);
	assert_string_equal(options.files, "/srv");
	refused("--listen", NULL, "--listen: an argument is missing");
}

static void where_frames_go(void **state)
{
	(void)state;
	assert_int_equal(parse("--frames", "/srv/frames.dat"), 0);
	assert_string_equal(options.frames, "/srv/frames.dat");
	assert_int_equal(parse("-p", "12"), 0);
	assert_null(options.frames);
	refused("--frames", NULL, "--frames: an argument is missing");
	refused("--frames=a", "-i", "--frames: there are none with --inspect");
}

static void a_program_comes_last(void **state)
{
	(void)state;
	assert_int_equal(parse("--", "vmm"), 0);
	assert_string_equal(options.program[0], "vmm");
	assert_null(options.program[1]);
	assert_int_equal(options.wait_s, 60);
	/* Its options are its own. */
	assert_int_equal(parse_all((const char *const[]){ "-w", "5", "--", "vmm", "-p", "0", "--", NULL }), 0);
	assert_string_equal(options.program[1], "-p");
	assert_string_equal(options.program[3], "--");
	assert_null(options.program[4]);
	assert_int_equal(options.pid, 0);
	assert_int_equal(options.wait_s, 5);
	assert_int_equal(parse("-f", "--"), 0);
	assert_null(options.program);
	assert_string_equal(options.files, "--");
	assert_int_equal(parse_all((const char *const[]){ "-f", "--", "--", "vmm", NULL }), 0);
	assert_string_equal(options.program[0], "vmm");
	assert_int_equal(parse_all((const char *const[]){ "-lunix:a", "--once", "--", "vmm", NULL }), 0);
	assert_int_not_equal(parse_all((const char *const[]){ "-f", "--", "vmm", NULL }), 0);
	assert_int_equal(parse(NULL, NULL), 0);
	assert_null(options.program);
}

static void what_does_not_go_with_a_program_is_refused(void **state)
{
	(void)state;
	refused("--", NULL, "--: a program is expected");
	refused_all((const char *const[]){ "-p1", "--", "vmm", NULL }, "a guest is attached to or a program is started, not both");
	refused_all((const char *const[]){ "--pidfd=3", "--", "vmm", NULL }, "a guest is attached to or a program is started, not both");
	refused_all((const char *const[]){ "-i", "--", "vmm", NULL }, "--inspect is for guests that run, a program is started to be held");
	refused("-w", "0", "--wait: bad number of seconds: 0");
	refused("--wait=x", NULL, "--wait: bad number of seconds: x");
}

static void help_and_version(void **state)
{
	(void)state;
	assert_int_equal(parse("--help", NULL), 0);
	assert_true(options.help && !options.version);
	assert_int_equal(parse("-V", NULL), 0);
	assert_true(options.version && !options.help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_named),
		cmocka_unit_test(what_is_no_process_is_refused),
		cmocka_unit_test(or_it_is_named_by_a_file),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(where_gdb_connects_and_what_it_may_read),
		cmocka_unit_test(where_frames_go),
		cmocka_unit_test(a_program_comes_last),
		cmocka_unit_test(what_does_not_go_with_a_program_is_refused),
		cmocka_unit_test(help_and_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
