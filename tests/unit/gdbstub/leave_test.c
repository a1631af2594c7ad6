// SPDX-License-Identifier: GPL-2.0
// leave.c: gdb goes and comes, on a target that is none.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

#define STARTED	123

static unsigned int attached;
static uint64_t started_next;

/* The same process again, or another of its number. */
static int attach_again(void *context, pid_t pid, bool wide, struct vm **vm, const char **why)
{
	(void)context;
	(void)why;
	attached++;
	fake = fake_create();
	fake->base.pid = pid;
	fake->after = &after;
	fake->base.started = started_next;
	return vm_create(&fake->base, wide, vm);
}

static int begin(void **state)
{
	static struct session_host comes_back;

	comes_back = host;
	comes_back.attach = attach_again;
	comes_back.comes_back = true;
	after = (struct fake){ 0 };
	attached = 0;
	started_next = STARTED;
	talk_begin(state);
	fake->base.started = STARTED;
	session.host = &comes_back;
	return 0;
}

/* At 0x2000 registers and four bytes at 0x3000. */
static void trace(const char *outlives_gdb)
{
	all_are_OK("QTinit", "QTDV:1:5:0:78", "QTDP:1:2000:E:0:0-", "QTDP:-1:2000:R03-", "QTDP:-1:2000:M-1,3000,4",
		   outlives_gdb, "QTStart");
}

/* Vcpu 2 comes to the tracepoint, and makes its step over it; nobody is told. */
static void is_hit(uint64_t rax)
{
	assert_true(fake->running[0] && fake->running[1]);
	set_register(1, KVM2_SET_GPR, KVM2_GPR_RAX, rax);
	happens(1, 3, 0x2000, 0);
	assert_string_equal(stopped(), "");
	happens(1, 1, 0x2001, STEPPED);
	assert_string_equal(stopped(), "");
}

static void status_is(const char *wanted)
{
	const char *reply = answer("qTStatus");

	if (strncmp(reply, wanted, strlen(wanted)))
		assert_string_equal(reply, wanted);
}

static void its_listener_alone_offers_it(void **state)
{
	(void)state;
	assert_non_null(strstr(answer("qSupported"), ";DisconnectedTracing+"));
	session.host = &host;
	assert_null(strstr(answer("qSupported"), "DisconnectedTracing"));
	assert_string_equal(answer("QTDisconnected:1"), "");
}

static void a_guest_is_traced_on_without_gdb(void **state)
{
	(void)state;
	trace("QTDisconnected:1");
	all_are_OK("Z0,1100,1", "Z2,3000,4", "Z1,1200,1");
	answer("vCont;c");
	is_hit(0x11);
	session_leave(&session);
	assert_false(after.detached);
	assert_int_equal(session.nr_vms, 0);
	assert_true(session_is_running(&session));
	/* What gdb stopped for is gone. */
	assert_int_equal(fake->memory[0x1100], 0x90);
	assert_int_equal(fake->memory[0x2000], 0xcc);
	assert_int_equal(fake->debug[0].dr7 & 0xff, 0);
	memcpy(fake->memory + 0x3000, "abcd", 4);
	is_hit(0x22);
	is_hit(0x33);

	session_come(&session);
	assert_false(fake->running[0] || fake->running[1]);
	assert_int_equal(strncmp(answer("?"), "T05", 3), 0);
	status_is("T1;tframes:3;tcreated:3;");
	assert_non_null(strstr(answer("qTStatus"), ";disconn:1;"));
	assert_string_equal(answer("qTfP"), "T1:2000:E:0:0");
	assert_string_equal(answer("qTsP"), "A1:2000:R03");
	assert_string_equal(answer("qTfV"), "1:5:0:78");
	assert_string_equal(answer("QTFrame:1"), "F1T1");
	assert_string_equal(answer("p0"), "2200000000000000");
	assert_string_equal(answer("m3000,4"), "61626364");
	assert_string_equal(answer("QTFrame:ffffffff"), "OK");
	answer("vCont;c");
	is_hit(0x44);
	answer("vCtrlC");
	stopped();
	assert_false(fake->running[0] || fake->running[1]);
	assert_string_equal(answer("QTStop"), "OK");
	assert_int_equal(fake->memory[0x2000], 0x90);
	status_is("T0;tstop::0;tframes:4;");
	assert_int_equal(attached, 0);
}

/* It stood at a breakpoint, another one had met one, too, and gdb looked at a frame. */
static void a_guest_that_stood_runs_on(void **state)
{
	(void)state;
	trace("QTDisconnected:1");
	answer("vCont;c");
	is_hit(0x11);
	answer("vCtrlC");
	stopped();
	all_are_OK("Z0,1100,1");
	answer("vCont;c");
	happens(0, 3, 0x1100, 0);
	assert_non_null(strstr(stopped(), "thread:1;"));
	session.vms[0]->vcpus[1].stop.reason = STOP_WATCH;
	assert_string_equal(answer("QTFrame:0"), "F0T1");
	session_leave(&session);
	assert_string_equal(stopped(), "");
	is_hit(0x22);
	session_come(&session);
	/* And it is the guest that is seen now. */
	assert_string_equal(answer("Hg2"), "OK");
	set_register(1, KVM2_SET_GPR, KVM2_GPR_RAX, 0x77);
	assert_string_equal(answer("p0"), "7700000000000000");
	answer("vCont;c");
	assert_string_equal(stopped(), "");
	assert_true(fake->running[0] && fake->running[1]);
}

static void otherwise_gdb_takes_the_run_with_it(void **state)
{
	(void)state;
	trace("QTDisconnected:0");
	answer("vCont;c");
	is_hit(0x11);
	answer("vCtrlC");
	stopped();
	assert_string_equal(answer("QTFrame:0"), "F0T1");
	session_leave(&session);
	assert_true(after.detached);
	assert_int_equal(after.patches, 0);
	assert_int_equal(after.memory[0x2000], 0x90);
	assert_false(session_is_running(&session));
	/* But what was collected is there for the next one. */
	session_come(&session);
	assert_int_equal(strncmp(answer("vAttach;77"), "T05", 3), 0);
	status_is("T0;tdisconnected:0;tframes:1;");
	assert_string_equal(answer("p0"), "0000000000000000");
	assert_string_equal(answer("QTFrame:0"), "F0T1");
	assert_string_equal(answer("p0"), "1100000000000000");
	/* A new run is like any. */
	all_are_OK("QTFrame:ffffffff", "QTStart");
	assert_int_equal(fake->memory[0x2000], 0xcc);
	status_is("T1;tframes:0;");
}

static void another_process_has_nothing_of_it(void **state)
{
	(void)state;
	trace("QTDisconnected:0");
	answer("vCont;c");
	is_hit(0x11);
	session_leave(&session);
	started_next = STARTED + 1;
	answer("vAttach;77");
	status_is("T0;tnotrun:0;tframes:0;");
	all_are_OK("D");
	started_next = STARTED;
	answer("vAttach;78");
	status_is("T0;tnotrun:0;tframes:0;");
	all_are_OK("D");
	answer("vAttach;77");
	status_is("T0;tdisconnected:0;tframes:1;");
}

static void what_never_ran_is_forgotten(void **state)
{
	(void)state;
	all_are_OK("QTinit", "QTDP:1:2000:E:0:0", "QTDisconnected:1");
	session_leave(&session);
	assert_true(after.detached);
	assert_int_equal(session.left.nr_traces, 0);
}

static void gdb_may_detach_and_attach_again(void **state)
{
	(void)state;
	trace("QTDisconnected:1");
	assert_string_equal(answer("D;77"), "OK");
	assert_string_equal(answer("qfThreadInfo"), "l");
	assert_string_equal(answer("qTStatus"), "T0;tnotrun:0");
	is_hit(0x11);
	assert_int_equal(strncmp(answer("vAttach;77"), "T05", 3), 0);
	assert_int_equal(attached, 0);
	assert_false(fake->running[0] || fake->running[1]);
	status_is("T1;tframes:1;");
	/* Without the flag, or once the run has ended, it is let go. */
	all_are_OK("QTStop", "D");
	assert_true(after.detached);
	assert_int_equal(session.left.nr_vms, 0);
}

static void a_full_buffer_lets_the_guest_go(void **state)
{
	(void)state;
	all_are_OK("QTBuffer:size:90");
	trace("QTDisconnected:1");
	session_leave(&session);
	is_hit(0x11);
	assert_false(after.detached);
	happens(1, 3, 0x2000, 0);
	assert_string_equal(stopped(), "");
	assert_true(after.detached);
	assert_int_equal(after.patches, 0);
	assert_false(after.debug[1].step);
	assert_int_equal(session.left.nr_vms, 0);
	session_come(&session);
	answer("vAttach;77");
	assert_int_equal(attached, 1);
	status_is("T0;tfull:0;tframes:1;");
}

static void guest_ends(void)
{
	fake->event = (struct target_event){ .kind = TARGET_EXITED, .status = 42 << 8 };
	fake->has_event = true;
}

/* There are vcpus, frames, and nothing else. */
static void ended_guest_is_seen(void)
{
	assert_true(after.detached);
	assert_int_equal(attached, 0);
	assert_int_equal(session.vms[0]->nr_breakpoints, 0);
	assert_string_equal(answer("qfThreadInfo"), "m1,2");
	status_is("T0;terror:7468652067756573742068617320656e646564:0;tframes:1;");
	assert_string_equal(answer("qTfP"), "T1:2000:E:0:0");
	assert_string_equal(answer("p0"), "xxxxxxxxxxxxxxxx");
	/* Of the fake's registers rip is the fifth. */
	assert_int_equal(strncmp(answer("g"), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0000000000000000xxxxxxxx", 88), 0);
	assert_string_equal(answer("m3000,4"), "E3d");
	assert_string_equal(answer("M3000,1:00"), "E3d");
	assert_string_equal(answer("P0=0000000000000000"), "E3d");
	assert_string_equal(answer("QTFrame:0"), "F0T1");
	assert_string_equal(answer("p0"), "1100000000000000");
	assert_string_equal(answer("m3000,4"), "90909090");
	assert_string_equal(answer("QTFrame:ffffffff"), "OK");
	assert_string_equal(answer("Z0,2000,1"), "E1e");
	assert_string_equal(answer("QTStart"), "E1e");
	assert_string_equal(answer("QTStop"), "OK");
	/* That it has ended is told when it shall go on. */
	assert_string_equal(answer("vCont;c"), "W2a");
	assert_string_equal(answer("qfThreadInfo"), "l");
	assert_int_equal(session.left.nr_vms, 0);
}

static void a_guest_may_end_without_gdb(void **state)
{
	(void)state;
	trace("QTDisconnected:1");
	all_are_OK("Z2,3000,4");
	answer("vCont;c");
	is_hit(0x11);
	session_leave(&session);
	guest_ends();
	assert_string_equal(stopped(), "");
	assert_false(session_is_running(&session));
	session_come(&session);
	assert_int_equal(strncmp(answer("?"), "T0504:0000000000000000;thread", 29), 0);
	ended_guest_is_seen();
}

/* Whether or not another gdb may come. */
static void a_guest_may_end_before_gdb_has_seen_it(void **state)
{
	(void)state;
	trace("QTDisconnected:0");
	all_are_OK("Z0,1100,1", "Z2,3000,4");
	session.host = &host;
	answer("vCont;c");
	is_hit(0x11);
	guest_ends();
	assert_string_equal(stopped(), "W2a");
	assert_string_equal(answer("?"), "W00");
	assert_int_equal(strncmp(answer("vAttach;77"), "T0504:0000000000000000;thread", 29), 0);
	ended_guest_is_seen();
}

static void what_gdb_was_told_of_is_not_left(void **state)
{
	(void)state;
	trace("QTDisconnected:1");
	answer("vCont;c");
	is_hit(0x11);
	guest_ends();
	assert_string_equal(stopped(), "W2a");
	assert_int_equal(session.left.nr_vms, 1);
	session_leave(&session);
	assert_int_equal(session.left.nr_vms, 0);
}

static void what_gdb_was_not_told_of_is_left(void **state)
{
	(void)state;
	trace("QTDisconnected:0");
	answer("vCont;c");
	is_hit(0x11);
	answer("vCtrlC");
	stopped();
	/* It looks at something else, and both vcpus have met watchpoints: that is all of the past. */
	session.vms[0]->vcpus[0].stop.reason = STOP_WATCH;
	session.vms[0]->vcpus[1].stop.reason = STOP_WATCH;
	assert_string_equal(answer("QTFrame:0"), "F0T1");
	guest_ends();
	assert_string_equal(stopped(), "");
	session_leave(&session);
	assert_int_equal(session.left.nr_vms, 1);
	session_come(&session);
	ended_guest_is_seen();
}

static void nothing_is_kept_for_nobody(void **state)
{
	(void)state;
	trace("QTDisconnected:1");
	session.host = &host;
	session_leave(&session);
	assert_true(after.detached);
	assert_int_equal(after.patches, 0);
	assert_int_equal(session.left.nr_vms + session.left.nr_traces, 0);
}

static void each_conversation_begins_anew(void **state)
{
	(void)state;
	trace("QTDisconnected:1");
	answer("qSupported:multiprocess+;swbreak+");
	all_are_OK("QNonStop:1", "QStartNoAckMode");
	session_leave(&session);
	session_come(&session);
	assert_false(session.no_ack || session.non_stop || session.multiprocess || session.swbreak);
	/* With its acknowledgement. */
	assert_string_equal(answer("qC"), "QC1");
}

static void files_are_not_written(void **state)
{
	(void)state;
	assert_string_equal(answer("QTSave:2f746d702f78"), "E.kvm2gdb writes no files: use tsave without -r");
}

static void malformed_ones_are_refused(void **state)
{
	(void)state;
	assert_string_equal(answer("QTDisconnected:2"), "E16");
	assert_string_equal(answer("QTDisconnected:"), "E16");
	assert_string_equal(answer("QTDisconnected:1x"), "E16");
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, begin, talk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_listener_alone_offers_it),
		TEST(a_guest_is_traced_on_without_gdb),
		TEST(a_guest_that_stood_runs_on),
		TEST(otherwise_gdb_takes_the_run_with_it),
		TEST(another_process_has_nothing_of_it),
		TEST(what_never_ran_is_forgotten),
		TEST(gdb_may_detach_and_attach_again),
		TEST(a_full_buffer_lets_the_guest_go),
		TEST(a_guest_may_end_without_gdb),
		TEST(a_guest_may_end_before_gdb_has_seen_it),
		TEST(what_gdb_was_told_of_is_not_left),
		TEST(what_gdb_was_not_told_of_is_left),
		TEST(nothing_is_kept_for_nobody),
		TEST(each_conversation_begins_anew),
		TEST(files_are_not_written),
		TEST(malformed_ones_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
