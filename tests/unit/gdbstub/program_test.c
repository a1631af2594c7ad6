// SPDX-License-Identifier: GPL-2.0
// program.c: what gdb wants started and ended, by somebody who starts nothing.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

#define STARTED_PID	0x200

static unsigned int starts;
static char command[256];
static int start_fails;
static struct fake *started;
static struct fake after_started;

/* What was to be started is in @command, one in brackets each. */
static int start(void *context, char *const arguments[], bool wide, struct vm **vm, const char **why)
{
	size_t used = 0;
	int err;

	(void)context;
	command[0] = 0;
	for (unsigned int i = 0; arguments[i] && used < sizeof(command); i++)
		used += (size_t)snprintf(command + used, sizeof(command) - used, "[%s]", arguments[i]);
	if (start_fails) {
		*why = "it is not there";
		return start_fails;
	}
	started = fake_create();
	started->after = &after_started;
	started->base.pid = STARTED_PID + (pid_t)starts++;
	err = vm_create(&started->base, wide, vm);
	if (!err)
		(*vm)->target->is_started = true;
	return err;
}

static int begin(void **state)
{
	static struct session_host starts_programs;

	starts = 0;
	start_fails = 0;
	after = (struct fake){ 0 };
	after_started = (struct fake){ 0 };
	talk_begin(state);
	starts_programs = host;
	starts_programs.start = start;
	session.host = &starts_programs;
	answer("qSupported:multiprocess+;error-message+");
	return 0;
}

static void is_stopped(const char *reply, const char *thread)
{
	assert_int_equal(strncmp(reply, "T05", 3), 0);
	assert_non_null(strstr(reply, thread));
}

static void its_arguments_are_those_of_gdb(void **state)
{
	(void)state;
	is_stopped(answer("vRun;2f62696e2f61;2d2d6d656d;3634204d"), "thread:p200.1;");
	assert_string_equal(command, "[/bin/a][--mem][64 M]");
	assert_false(started->running[0] || started->running[1]);
	is_stopped(answer("vRun;61"), "thread:p201.1;");
	assert_string_equal(command, "[a]");
	/* Also where there is nothing. */
	is_stopped(answer("vRun;61;;62;"), "thread:p202.1;");
	assert_string_equal(command, "[a][][b][]");
}

static void what_is_malformed_starts_nothing(void **state)
{
	static const char *const bad[] = {
		"vRun;6", "vRun;61;6", "vRun;zz", "vRun;61;6z", "vRun;6100", "vRun;61;0061", "vRun;61,62",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(answer(bad[i]), "E16");
	assert_int_equal(starts, 0);
	assert_int_equal(session.nr_vms, 1);
}

/* A packet that is longer than those of answer(), without acknowledgement. Return: the beginning of the reply. */
static const char *answer_to_long(const char *text, size_t size)
{
	static char reply[8];

	session.no_ack = true;
	session.reader.no_checksum = true;
	buffer_clear(&session.out);
	session_input(&session, (const uint8_t *)"$", 1);
	session_input(&session, (const uint8_t *)text, size);
	session_input(&session, (const uint8_t *)"#00", 3);
	assert_true(session.out.used > 3);
	snprintf(reply, sizeof(reply), "%.3s", (const char *)session.out.data + 1);
	return reply;
}

static void so_many_arguments_there_may_be(void **state)
{
	static char many[3 * 4097 + 8] = "vRun;61";
	size_t size = strlen(many);

	(void)state;
	for (int i = 1; i < 4097; i++, size += 3)
		memcpy(many + size, ";62", 3);
	assert_string_equal(answer_to_long(many, size), "E07");
	assert_int_equal(starts, 0);
	assert_string_equal(answer_to_long(many, size - 3), "T05");
	assert_int_equal(starts, 1);
}

static void a_packet_that_is_too_long_starts_nothing(void **state)
{
	const size_t size = SESSION_PACKET_BYTES + 2;
	char *text = malloc(size + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '6', size);
	memcpy(text, "vRun;", 5);
	text[size] = 0;
	assert_string_equal(answer_to_long(text, size), "E.t");
	assert_int_equal(starts, 0);
	assert_int_equal(session.nr_vms, 1);
	assert_string_equal(answer_to_long("vRun;61", 7), "T05");
	free(text);
}

static void without_a_name_it_is_the_last_one(void **state)
{
	static char name[] = "given";
	static char first[] = "1";
	static char second[] = "2";
	static char *const given[] = { name, first, second, NULL };
	static struct session_host names;

	(void)state;
	assert_string_equal(answer("vRun;"), "E.no program is named: set remote exec-file");
	assert_string_equal(answer("vRun;;61"), "E.no program is named: set remote exec-file");
	assert_int_equal(starts, 0);

	names = *session.host;
	names.program = given;
	session.host = &names;
	answer("vRun;");
	assert_string_equal(command, "[given][1][2]");
	answer("vRun;;78");
	assert_string_equal(command, "[given][x]");
	answer("vRun;");
	assert_string_equal(command, "[given][x]");
	answer("vRun;61;62");
	answer("vRun;;");
	assert_string_equal(command, "[a][]");
	answer("vRun;");
	assert_string_equal(command, "[a][]");
	session_leave(&session);
	answer("vRun;");
	assert_string_equal(command, "[a][]");
}

static void what_cannot_be_started_is_told(void **state)
{
	(void)state;
	start_fails = -ENOENT;
	assert_string_equal(answer("vRun;61"), "E.it is not there");
	session.error_message = false;
	assert_string_equal(answer("vRun;61"), "E02");
	/* Once it is there it need not be named again. */
	start_fails = 0;
	answer("vRun;");
	assert_string_equal(command, "[a]");
}

static void nobody_starts_what_is_only_looked_at(void **state)
{
	(void)state;
	session.host = &host;
	assert_string_equal(answer("vRun;61"), "");
}

static void there_is_room_for_so_many(void **state)
{
	(void)state;
	for (int i = 1; i < SESSION_VMS_MAX; i++)
		answer("vRun;61");
	assert_int_equal(session.nr_vms, SESSION_VMS_MAX);
	assert_string_equal(answer("vRun;61"), "E.there are as many guests as there may be");
	assert_int_equal(starts, SESSION_VMS_MAX - 1);
}

static void gdb_is_told_whose_it_is(void **state)
{
	(void)state;
	assert_string_equal(answer("qAttached"), "1");
	answer("vRun;61");
	assert_string_equal(answer("qAttached:200"), "0");
	assert_string_equal(answer("qAttached:77"), "1");
	assert_string_equal(answer("qAttached"), "0");
	assert_string_equal(answer("qAttached:999"), "1");
}

static void one_that_was_started_is_killed(void **state)
{
	(void)state;
	answer("vRun;61");
	assert_string_equal(answer("vKill;200"), "OK");
	assert_true(after_started.detached && after_started.exited && after_started.killed);
	assert_int_equal(session.nr_vms, 1);
	assert_string_equal(answer("vKill;200"), "E03");
	assert_string_equal(answer("vKill;x"), "E03");
	is_stopped(answer("vRun;"), "thread:p201.1;");
	/* While it runs, and has int3s. */
	assert_string_equal(answer("Z0,1100,1"), "OK");
	answer("vCont;c");
	assert_string_equal(answer("vKill;201"), "OK");
	assert_true(after_started.killed);
}

static void one_that_was_attached_to_is_not(void **state)
{
	(void)state;
	assert_string_equal(answer("vKill;77"), "E.the guest was attached to, not started: detach lets it go");
	assert_string_equal(answer("k"), "");
	assert_int_equal(session.nr_vms, 1);
	assert_false(fake->killed || after.detached);
	answer("vRun;61");
	assert_string_equal(answer("k"), "");
	assert_true(after_started.killed);
	assert_int_equal(session.nr_vms, 1);
	assert_false(fake->killed || after.detached);
}

static void it_ends_with_the_conversation(void **state)
{
	(void)state;
	answer("vRun;61");
	session_leave(&session);
	assert_true(after.detached && !after.killed);
	assert_true(after_started.detached && after_started.killed);
}

static void unless_gdb_lets_it_go(void **state)
{
	(void)state;
	answer("vRun;61");
	assert_string_equal(answer("D;200"), "OK");
	session_leave(&session);
	assert_true(after_started.detached && !after_started.killed);
}

static void or_another_gdb_may_come(void **state)
{
	static struct session_host comes_back;

	(void)state;
	comes_back = *session.host;
	comes_back.comes_back = true;
	session.host = &comes_back;
	answer("vRun;61");
	session_leave(&session);
	assert_true(after_started.detached && !after_started.killed);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, begin, talk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_arguments_are_those_of_gdb),
		TEST(what_is_malformed_starts_nothing),
		TEST(so_many_arguments_there_may_be),
		TEST(a_packet_that_is_too_long_starts_nothing),
		TEST(without_a_name_it_is_the_last_one),
		TEST(what_cannot_be_started_is_told),
		TEST(nobody_starts_what_is_only_looked_at),
		TEST(there_is_room_for_so_many),
		TEST(gdb_is_told_whose_it_is),
		TEST(one_that_was_started_is_killed),
		TEST(one_that_was_attached_to_is_not),
		TEST(it_ends_with_the_conversation),
		TEST(unless_gdb_lets_it_go),
		TEST(or_another_gdb_may_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
