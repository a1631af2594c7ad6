// SPDX-License-Identifier: GPL-2.0
// Watchpoints without a debug register, on a target that is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gdbstub/src/monitor.h"
#include "talk.h"

static void use_up_registers(void)
{
	all_are_OK("Z2,10,8", "Z2,20,8", "Z2,30,8", "Z2,40,8");
	assert_false(fake->is_watched[0]);
}

static void is_about_to_write(enum target_event_kind kind, unsigned int vcpu, uint64_t gpa)
{
	fake->event = (struct target_event){ .kind = kind, .vcpu = vcpu, .gpa = gpa & ~0xfffULL };
	fake->has_event = true;
}

static void the_fifth_is_by_its_page(void **state)
{
	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,2010,4"), "OK");
	assert_true(fake->waits[2]);
	answer("vCont;c");
	is_about_to_write(TARGET_WRITE, 1, 0x2010);
	/* That vcpu makes its write by a step, alone, and others wait. */
	assert_string_equal(stopped(), "");
	assert_true(!fake->running[0] && fake->running[1] && fake->debug[1].step);
	assert_false(fake->waits[2]);
	fake->memory[0x2010] = 7;
	happens(1, 1, 0x1003, STEPPED);
	assert_non_null(strstr(stopped(), "thread:2;watch:2010;"));
	assert_true(fake->waits[2]);
	assert_false(fake->running[0] || fake->running[1]);
	/* The same value again is no news. */
	answer("vCont;c");
	assert_true(fake->running[0] && fake->running[1] && !fake->debug[1].step);
	is_about_to_write(TARGET_WRITE, 1, 0x2010);
	assert_string_equal(stopped(), "");
	happens(1, 1, 0x1003, STEPPED);
	assert_string_equal(stopped(), "");
	assert_true(fake->running[0] && fake->running[1] && fake->waits[2]);
	answer("vCtrlC");
	stopped();
	assert_string_equal(answer("z2,2010,4"), "OK");
	assert_false(fake->is_watched[2]);
}

static void what_is_not_watched_in_the_page_may_change(void **state)
{
	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,2010,4"), "OK");
	answer("vCont;c");
	is_about_to_write(TARGET_WRITE, 0, 0x2014);
	assert_string_equal(stopped(), "");
	fake->memory[0x2014] = 7;
	fake->memory[0x200f] = 7;
	happens(0, 1, 0x1003, STEPPED);
	assert_string_equal(stopped(), "");
	assert_true(fake->running[0] && fake->running[1] && fake->waits[2]);
}

static void a_write_may_cross_pages(void **state)
{
	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,1ff0,1020"), "OK");
	assert_true(fake->waits[1] && fake->waits[2] && fake->waits[3]);
	answer("vCont;c");
	is_about_to_write(TARGET_WRITE, 0, 0x2ffe);
	assert_string_equal(stopped(), "");
	assert_true(!fake->waits[2] && fake->waits[3]);
	/* The step meets the second one. */
	is_about_to_write(TARGET_WRITE, 0, 0x3000);
	assert_string_equal(stopped(), "");
	assert_true(!fake->waits[2] && !fake->waits[3] && fake->running[0] && !fake->running[1]);
	fake->memory[0x3001] = 7;
	happens(0, 1, 0x1003, STEPPED);
	assert_non_null(strstr(stopped(), "thread:1;watch:1ff0;"));
	assert_true(fake->waits[1] && fake->waits[2] && fake->waits[3]);
	/* Two in one page. */
	all_are_OK("Z2,3008,4", "z2,1ff0,1020");
	assert_true(!fake->is_watched[1] && !fake->is_watched[2] && fake->waits[3]);
}

/* A vcpu writes to the page, by a step. */
static void writes(unsigned int vcpu, uint64_t gpa)
{
	is_about_to_write(TARGET_WRITE, vcpu, gpa);
	assert_string_equal(stopped(), "");
	happens(vcpu, 1, 0x1003, STEPPED);
}

static void each_part_is_compared_with_itself(void **state)
{
	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,1ff0,1020"), "OK");
	answer("vCont;c");
	fake->memory[0x2001] = 5;
	writes(0, 0x2000);
	assert_non_null(strstr(stopped(), "watch:1ff0;"));
	answer("vCont;c");
	writes(0, 0x3000);
	assert_string_equal(stopped(), "");
	fake->memory[0x3001] = 5;
	writes(0, 0x3000);
	assert_non_null(strstr(stopped(), "watch:1ff0;"));
}

static void a_condition_may_let_it_pass(void **state)
{
	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,2010,4;X3,220027"), "OK");
	answer("vCont;c");
	fake->memory[0x2010] = 5;
	writes(0, 0x2010);
	assert_string_equal(stopped(), "");
	assert_true(fake->running[0] && fake->running[1]);
}

/* Not stepped: it writes nothing, and would not come back. */
static void one_that_sleeps_is_not_waited_for(void **state)
{
	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,2010,4"), "OK");
	answer("vCont;c");
	set_register(0, KVM2_SET_MP, KVM2_MP_STATE, KVM2_MP_HALTED);
	set_register(1, KVM2_SET_MP, KVM2_MP_STATE, KVM2_MP_HALTED);
	is_about_to_write(TARGET_OTHERS_WRITE, 0, 0x2010);
	assert_string_equal(stopped(), "");
	assert_true(fake->running[0] && fake->running[1]);
	assert_false(fake->debug[0].step || fake->debug[1].step);
	/* The write had its time, and the page is watched again. */
	assert_true(fake->waits[2]);
}

static void others_writes_are_told_of(void **state)
{
	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,2010,4"), "OK");
	answer("vCont;c");
	/* Nobody knows who: each vcpu is stepped, and none of them is it. */
	is_about_to_write(TARGET_OTHERS_WRITE, 0, 0x2010);
	assert_string_equal(stopped(), "");
	assert_false(fake->waits[2]);
	assert_true(fake->running[0] && !fake->running[1] && fake->debug[0].step);
	happens(0, 1, 0x1001, STEPPED);
	fake->memory[0x2010] = 9;
	assert_non_null(strstr(stopped(), "watch:2010;"));
	assert_true(fake->waits[2]);
}

/* Who writes that is no vcpu, on behalf of @vcpu. */
static void other_writes(enum target_writer_kind kind, pid_t tid, const char *comm, unsigned int vcpu, uint64_t gpa)
{
	is_about_to_write(TARGET_OTHERS_WRITE, vcpu, gpa);
	fake->event.writer = (struct target_writer){ .kind = kind, .tid = tid };
	snprintf(fake->event.writer.comm, sizeof(fake->event.writer.comm), "%s", comm);
}

/* What gdb's console shows before the next stop reply, and the reply. */
static const char *console(void)
{
	static char text[1024];
	const char *packet = stopped();
	const char *hash = strchr(packet, '#');
	size_t used = 0;

	if (*packet == 'O' && hash) {
		for (const char *c = packet + 1; c < hash; c += 2) {
			unsigned int byte;

			assert_int_equal(sscanf(c, "%2x", &byte), 1);
			text[used++] = (char)byte;
		}
		packet = hash + 4;
	}
	snprintf(text + used, sizeof(text) - used, "%.3s%s", packet, strstr(packet, "watch:") ? " watch" : "");
	return text;
}

static const char *monitor_writer(void)
{
	static char text[512];
	struct buffer out;

	buffer_init(&out, sizeof(text));
	monitor_run(&session, (struct place){ session.vms[0], 0 }, "writer", &out);
	snprintf(text, sizeof(text), "%.*s", (int)out.used, (const char *)out.data);
	buffer_fini(&out);
	return text;
}

static void vcpus_sleep(bool sleep)
{
	for (unsigned int i = 0; i < FAKE_VCPUS; i++)
		set_register(i, KVM2_SET_MP, KVM2_MP_STATE, sleep ? KVM2_MP_HALTED : KVM2_MP_RUNNABLE);
}

static void gdb_is_told_who_wrote(void **state)
{
	static const struct {
		enum target_writer_kind kind;
		const char *comm;
		const char *text;
	} writers[] = {
		{ TARGET_WRITER_THREAD, "disk", "VMM thread 1234 (disk)" },
		{ TARGET_WRITER_THREAD, "", "VMM thread 1234 (?)" },
		{ TARGET_WRITER_FOREIGN, "vhost-1", "thread 1234 (vhost-1), which is not the VMM's" },
		{ TARGET_WRITER_KVM, "", "KVM itself, for vcpu 1" },
	};

	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,2010,4"), "OK");
	assert_string_equal(monitor_writer(), "no watchpoint was hit yet\n");
	vcpus_sleep(true);
	for (unsigned int i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		char text[256];

		answer("vCont;c");
		fake->memory[0x2010] = (uint8_t)i;
		other_writes(writers[i].kind, 1234, writers[i].comm, 1, 0x2010);
		snprintf(text, sizeof(text), "0x2010 was written by %s\nT05 watch", writers[i].text);
		assert_string_equal(console(), text);
		*strstr(text, "T05") = 0;
		assert_string_equal(monitor_writer(), text);
	}
	/* They are forgotten then. */
	vcpus_sleep(false);
	answer("vCont;c");
	fake->memory[0x2010] = 12;
	writes(1, 0x2010);
	assert_string_equal(console(), "T05 watch");
	assert_string_equal(monitor_writer(), "0x2010 was written by vcpu 1\n");
	/* Of a debug register. */
	answer("vCont;c");
	happens(0, 1, 0x1001, 1);
	assert_non_null(strstr(stopped(), "watch:10;"));
	assert_string_equal(monitor_writer(), "0x10 was written by vcpu 0\n");
}

/* The thread may have been slow, and write while the page is open for a vcpu. */
static void who_wrote_may_not_be_certain(void **state)
{
	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,2010,4"), "OK");
	for (int i = 0; i < 2; i++) {
		vcpus_sleep(true);
		answer("vCont;c");
		other_writes(TARGET_WRITER_THREAD, 1234, "disk", 0, 0x2010);
		assert_string_equal(stopped(), "");
		vcpus_sleep(false);
		assert_int_equal(session.vms[0]->nr_writers, 1);
		/* After that time it was not. */
		if (i)
			session.vms[0]->writers[0].until_ms = 0;
		writes(1, 0x2010);
		assert_string_equal(stopped(), "");
		fake->memory[0x2010] = (uint8_t)i;
		writes(1, 0x2010);
		assert_string_equal(console(), i ? "T05 watch" : "0x2010 was written by vcpu 1 or VMM thread 1234 (disk)\nT05 watch");
		assert_int_equal(session.vms[0]->nr_writers, 0);
	}
}

static void writers_of_other_pages_are_not_named(void **state)
{
	(void)state;
	use_up_registers();
	all_are_OK("Z2,2010,4", "Z2,1010,4");
	vcpus_sleep(true);
	answer("vCont;c");
	other_writes(TARGET_WRITER_THREAD, 1, "one", 0, 0x1010);
	assert_string_equal(stopped(), "");
	for (int i = 0; i < 2; i++) {
		other_writes(TARGET_WRITER_THREAD, 2, "two", 0, 0x2010);
		assert_string_equal(stopped(), "");
	}
	fake->memory[0x2010] = 9;
	other_writes(TARGET_WRITER_FOREIGN, 3, "three", 0, 0x2010);
	assert_string_equal(console(), "0x2010 was written by VMM thread 2 (two) or thread 3 (three), which is not the VMM's\nT05 watch");
	assert_int_equal(session.vms[0]->nr_writers, 1);
}

static void of_many_writers_the_newest_are_named(void **state)
{
	static const char longest[] = "0x2010 was written by thread 2147480";

	(void)state;
	use_up_registers();
	all_are_OK("Z2,2010,4", "Z2,1010,4");
	vcpus_sleep(true);
	answer("vCont;c");
	for (int i = 0; i < WATCH_WRITERS_MAX; i++) {
		other_writes(TARGET_WRITER_THREAD, 10 + i, "many", 0, 0x1010);
		assert_string_equal(stopped(), "");
		session.vms[0]->writers[i].until_ms -= i;
	}
	fake->memory[0x2010] = 9;
	other_writes(TARGET_WRITER_THREAD, 20, "new", 0, 0x2010);
	assert_string_equal(console(), "0x2010 was written by VMM thread 20 (new)\nT05 watch");
	assert_int_equal(session.vms[0]->writers[0].who.tid, 10);
	/* However long it is, it has an end. */
	answer("vCont;c");
	for (int i = 0; i < WATCH_WRITERS_MAX; i++) {
		if (i == WATCH_WRITERS_MAX - 1)
			fake->memory[0x2010] = 10;
		other_writes(TARGET_WRITER_FOREIGN, 2147480000 + i, "fifteen letters", 0, 0x2010);
		session_poll(&session);
	}
	assert_non_null(strstr(monitor_writer(), longest));
}

static void what_others_write_while_gdb_looks_is_told_when_it_goes_on(void **state)
{
	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,2010,4"), "OK");
	fake->memory[0x2010] = 9;
	other_writes(TARGET_WRITER_THREAD, 1234, "disk", 0, 0x2010);
	assert_string_equal(stopped(), "");
	assert_true(fake->waits[2]);
	assert_false(fake->running[0] || fake->running[1]);
	answer("vCont;c");
	assert_false(fake->running[0]);
	assert_string_equal(monitor_writer(), "0x2010 was written by VMM thread 1234 (disk)\n");
}

/* No O packet may come there: gdb would take it for the answer to something. */
static void in_non_stop_mode_gdb_asks(void **state)
{
	(void)state;
	all_are_OK("QNonStop:1", "Z2,10,8", "Z2,20,8", "Z2,30,8", "Z2,40,8", "Z2,2010,4", "vCont;c");
	vcpus_sleep(true);
	fake->memory[0x2010] = 9;
	other_writes(TARGET_WRITER_THREAD, 1234, "disk", 0, 0x2010);
	buffer_clear(&session.out);
	session_poll(&session);
	assert_int_equal(session.out.data[0], '%');
	assert_null(memchr(session.out.data, '$', session.out.used));
	assert_string_equal(monitor_writer(), "0x2010 was written by VMM thread 1234 (disk)\n");
}

static void gdb_may_write_there(void **state)
{
	(void)state;
	use_up_registers();
	all_are_OK("Z2,2010,4", "M2010,2:0102", "Z0,2020,1");
	assert_int_equal(fake->memory[0x2020], 0xcc);
	assert_true(fake->waits[2]);
	/* That was no hit. */
	answer("vCont;c");
	is_about_to_write(TARGET_WRITE, 0, 0x2010);
	stopped();
	happens(0, 1, 0x1003, STEPPED);
	assert_string_equal(stopped(), "");
}

static void what_cannot_be_watched_is_refused(void **state)
{
	(void)state;
	answer("qSupported:error-message+");
	use_up_registers();
	assert_string_equal(answer("Z3,2010,4"), "E.all debug registers are in use");
	assert_string_equal(answer("Z4,2010,4"), "E.all debug registers are in use");
	assert_string_equal(answer("Z1,2010,1"), "E.all debug registers are in use");
	assert_string_equal(answer("Z2,10,ffffffffffff"), "E.this is too much to be watched");
	assert_string_equal(answer("Z2,ffffffffffffff00,200"), "E.this is too much to be watched");
	assert_string_equal(answer("Z2,3ff0,20"), "E.this memory cannot be write-protected");
	for (unsigned int i = 0; i < FAKE_PAGES; i++)
		assert_false(fake->is_watched[i]);
}

static void nothing_is_left(void **state)
{
	(void)state;
	use_up_registers();
	assert_string_equal(answer("Z2,1010,4"), "OK");
	assert_string_equal(answer("Z2,2010,2000"), "E0e");
	all_are_OK("Z2,2010,1000", "D");
	for (unsigned int i = 0; i < FAKE_PAGES; i++)
		assert_false(after.is_watched[i]);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, talk_begin, talk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_fifth_is_by_its_page),
		TEST(what_is_not_watched_in_the_page_may_change),
		TEST(a_write_may_cross_pages),
		TEST(each_part_is_compared_with_itself),
		TEST(a_condition_may_let_it_pass),
		TEST(one_that_sleeps_is_not_waited_for),
		TEST(others_writes_are_told_of),
		TEST(gdb_is_told_who_wrote),
		TEST(who_wrote_may_not_be_certain),
		TEST(writers_of_other_pages_are_not_named),
		TEST(of_many_writers_the_newest_are_named),
		TEST(what_others_write_while_gdb_looks_is_told_when_it_goes_on),
		TEST(in_non_stop_mode_gdb_asks),
		TEST(gdb_may_write_there),
		TEST(what_cannot_be_watched_is_refused),
		TEST(nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
