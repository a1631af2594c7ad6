// SPDX-License-Identifier: GPL-2.0
// Tracepoints by gdb's packets, on a target that is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

/* At 0x2000: registers, four bytes at 0x3000, and variable 1. */
static void define_one(const char *tail)
{
	char text[100] = "QTDP:1:2000:E:";

	strcat(text, tail);
	all_are_OK("QTinit", "QTDV:1:5:0:78");
	assert_string_equal(answer(text), "OK");
	all_are_OK("QTDP:-1:2000:R07ffffffffffffffffffffffffffffffff-",
		   "QTDP:-1:2000:M-1,3000,4X3,2e0001");
}

/* Vcpu 2 comes to the tracepoint, and makes its step over it. */
static void is_hit(uint64_t rax)
{
	set_register(1, KVM2_SET_GPR, KVM2_GPR_RAX, rax);
	happens(1, 3, 0x2000, 0);
	assert_string_equal(stopped(), "");
	assert_true(!fake->running[0] && fake->running[1] && fake->debug[1].step);
	happens(1, 1, 0x2001, STEPPED);
	assert_string_equal(stopped(), "");
}

static void interrupt(void)
{
	answer("vCtrlC");
	stopped();
	assert_false(fake->running[0] || fake->running[1]);
}

/* For tsave. */
static void definitions_are_told_as_they_came(void **state)
{
	(void)state;
	define_one("0:0-");
	all_are_OK("QTDP:-1:2000:SR03", "QTDPsrc:1:2000:at:0:1:78", "QTDP:2:3000:D:0:3", "QTDV:2:9:0:7a7");
	assert_string_equal(answer("qTfP"), "T1:2000:E:0:0");
	assert_string_equal(answer("qTsP"), "A1:2000:R07ffffffffffffffffffffffffffffffff");
	assert_string_equal(answer("qTsP"), "A1:2000:M-1,3000,4X3,2e0001");
	assert_string_equal(answer("qTsP"), "S1:2000:R03");
	assert_string_equal(answer("qTsP"), "Z1:2000:at:0:1:78");
	assert_string_equal(answer("qTsP"), "T2:3000:D:0:3");
	assert_string_equal(answer("qTsP"), "l");
	assert_string_equal(answer("qTfV"), "1:5:0:78");
	assert_string_equal(answer("qTsV"), "2:9:0:7a7");
	assert_string_equal(answer("qTsV"), "l");
	all_are_OK("QTinit");
	assert_string_equal(answer("qTfP"), "l");
	assert_string_equal(answer("qTfV"), "l");
}

static void a_hit_makes_a_frame(void **state)
{
	const char *reply;

	(void)state;
	define_one("0:0-");
	assert_int_equal(fake->memory[0x2000], 0x90);
	assert_string_equal(answer("QTStart"), "OK");
	assert_int_equal(fake->memory[0x2000], 0xcc);
	answer("vCont;c");
	memcpy(fake->memory + 0x3000, "abcd", 4);
	is_hit(0x11);
	memcpy(fake->memory + 0x3000, "efgh", 4);
	is_hit(0x22);
	assert_true(fake->running[0] && fake->running[1]);
	interrupt();
	reply = answer("qTStatus");
	assert_non_null(strstr(reply, "T1;tframes:2;tcreated:2;"));
	assert_string_equal(answer("QTStop"), "OK");
	assert_int_equal(fake->memory[0x2000], 0x90);
	assert_int_equal(strncmp(answer("qTStatus"), "T0;tstop::0;tframes:2;", 22), 0);

	memcpy(fake->memory + 0x3000, "ijkl", 4);
	set_register(1, KVM2_SET_GPR, KVM2_GPR_RAX, 0x33);
	assert_string_equal(answer("Hg2"), "OK");
	assert_string_equal(answer("QTFrame:0"), "F0T1");
	assert_string_equal(answer("p0"), "1100000000000000");
	assert_string_equal(answer("m3000,4"), "61626364");
	assert_string_equal(answer("m3002,10"), "6364");
	assert_string_equal(answer("m3004,1"), "E3d");
	assert_string_equal(answer("qTV:1"), "V5");
	assert_string_equal(answer("qTV:2"), "U");
	assert_string_equal(answer("qXfer:traceframe-info:read::0,fff"),
			    "l<traceframe-info>\n<memory start=\"0x3000\" length=\"0x4\"/>\n<tvar id=\"0x1\"/>\n"
			    "</traceframe-info>\n");
	assert_string_equal(answer("M3000,1:00"), "E1e");
	assert_string_equal(answer("P0=0000000000000000"), "E1e");
	assert_string_equal(answer("QTFrame:pc:2000"), "F1T1");
	assert_string_equal(answer("m3000,4"), "65666768");
	assert_string_equal(answer("p0"), "2200000000000000");
	assert_string_equal(answer("QTFrame:pc:2000"), "F-1");
	assert_string_equal(answer("QTFrame:2"), "F-1");
	assert_string_equal(answer("QTFrame:ffffffff"), "OK");
	assert_string_equal(answer("p0"), "3300000000000000");
	assert_string_equal(answer("m3000,4"), "696a6b6c");
	assert_string_equal(answer("QTFrame:tdp:1"), "F0T1");
	assert_string_equal(answer("QTFrame:range:0:1fff"), "F-1");
	assert_string_equal(answer("QTFrame:outside:0:1fff"), "F1T1");
	assert_int_equal(strncmp(answer("qTP:1:2000"), "V2:", 3), 0);
}

static void a_condition_and_a_count_end_it(void **state)
{
	(void)state;
	assert_string_equal(answer("QTinit"), "OK");
	/* rax == 0x22; ends with the second. */
	assert_string_equal(answer("QTDP:7:2000:E:0:2:X7,260000222213"
				   "27"), "OK");
	assert_string_equal(answer("QTStart"), "OK");
	answer("vCont;c");
	is_hit(0x11);
	is_hit(0x22);
	is_hit(0x22);
	is_hit(0x22);
	interrupt();
	assert_int_equal(strncmp(answer("qTStatus"), "T0;tpasscount:7;tframes:2;", 26), 0);
	assert_string_equal(answer("QTStop"), "OK");
	assert_int_equal(strncmp(answer("qTStatus"), "T0;tpasscount:7;tframes:2;", 26), 0);
	assert_int_equal(fake->memory[0x2000], 0x90);
	/* Registers were not collected, but it was there. */
	assert_string_equal(answer("QTFrame:0"), "F0T7");
	assert_string_equal(answer("p0"), "xxxxxxxxxxxxxxxx");
}

static void a_new_start_counts_anew(void **state)
{
	(void)state;
	all_are_OK("QTinit", "QTDP:7:2000:E:0:2-", "QTDP:-7:2000:M-1,3000,4", "QTStart");
	answer("vCont;c");
	is_hit(1);
	is_hit(1);
	interrupt();
	assert_int_equal(strncmp(answer("qTStatus"), "T0;tpasscount:7;", 16), 0);
	/* Each frame has its head of 6 bytes, and four of memory with where they were, 15. */
	assert_string_equal(answer("qTP:7:2000"), "V2:2a");
	assert_string_equal(answer("QTStart"), "OK");
	answer("vCont;c");
	is_hit(1);
	interrupt();
	assert_int_equal(strncmp(answer("qTStatus"), "T1;tframes:1;", 13), 0);
	assert_string_equal(answer("qTP:7:2000"), "V1:15");
}

static void one_may_be_disabled_meanwhile(void **state)
{
	(void)state;
	define_one("0:0-");
	assert_string_equal(answer("QTStart"), "OK");
	answer("vCont;c");
	is_hit(1);
	interrupt();
	assert_string_equal(answer("QTDisable:1:2000"), "OK");
	answer("vCont;c");
	happens(1, 3, 0x2000, 0);
	assert_string_equal(stopped(), "");
	interrupt();
	assert_non_null(strstr(answer("qTStatus"), "tframes:1;"));
}

static void memory_may_be_where_a_register_points(void **state)
{
	(void)state;
	all_are_OK("QTinit", "QTDP:1:2000:E:0:0-", "QTDP:-1:2000:M0,10,4", "QTStart");
	answer("vCont;c");
	memcpy(fake->memory + 0x3010, "abcd", 4);
	is_hit(0x3000);
	interrupt();
	assert_string_equal(answer("QTFrame:0"), "F0T1");
	assert_string_equal(answer("m3010,4"), "61626364");
}

static void gdbs_breakpoint_may_be_there_too(void **state)
{
	(void)state;
	define_one("0:0-");
	all_are_OK("Z0,2000,1", "QTStart");
	answer("vCont;c");
	happens(0, 3, 0x2000, 0);
	assert_non_null(strstr(stopped(), "thread:1;"));
	assert_non_null(strstr(answer("qTStatus"), "tframes:1;"));
	assert_string_equal(answer("z0,2000,1"), "OK");
	assert_int_equal(fake->memory[0x2000], 0xcc);
	all_are_OK("Z0,2000,1", "QTStop");
	assert_int_equal(fake->memory[0x2000], 0xcc);
	assert_string_equal(answer("z0,2000,1"), "OK");
	assert_int_equal(fake->memory[0x2000], 0x90);
}

static void steps_are_collected(void **state)
{
	(void)state;
	define_one("2:0-");
	all_are_OK("QTDP:-1:2000:SR1", "QTStart");
	answer("vCont;c");
	is_hit(1);
	/* That over the int3 was the first. */
	assert_true(fake->running[1] && fake->debug[1].step);
	set_register(1, KVM2_SET_GPR, KVM2_GPR_RAX, 2);
	happens(1, 1, 0x2002, STEPPED);
	assert_string_equal(stopped(), "");
	assert_true(fake->running[1] && !fake->debug[1].step);
	interrupt();
	assert_non_null(strstr(answer("qTStatus"), "tframes:3;"));
	assert_string_equal(answer("QTFrame:2"), "F2T1");
	assert_string_equal(answer("p0"), "0200000000000000");
	assert_string_equal(answer("m3000,4"), "E3d");
	assert_string_equal(answer("QTFrame:ffffffff"), "OK");
	assert_string_equal(answer("QTFrame:pc:2001"), "F1T1");
}

static void a_stop_ends_the_steps(void **state)
{
	(void)state;
	define_one("5:0-");
	all_are_OK("QTDP:-1:2000:SR1", "QTStart");
	answer("vCont;c");
	is_hit(1);
	assert_true(fake->debug[1].step);
	interrupt();
	assert_string_equal(answer("QTStop"), "OK");
	answer("vCont;c");
	assert_true(fake->running[1] && !fake->debug[1].step);
}

static void the_buffer_has_an_end(void **state)
{
	(void)state;
	define_one("0:0-");
	all_are_OK("QTBuffer:size:c8", "QTStart");
	assert_string_equal(answer("QTBuffer:size:c8"), "E10");
	answer("vCont;c");
	for (unsigned int i = 0; i < 4; i++)
		is_hit(i);
	interrupt();
	assert_int_equal(strncmp(answer("qTStatus"), "T0;tfull:0;tframes:2;tcreated:2;", 32), 0);
	assert_string_equal(answer("qTBuffer:0,2"), "0100");
	assert_string_equal(answer("qTBuffer:c8,2"), "l");
	/* In a circle the newest are kept. */
	all_are_OK("QTBuffer:circular:1", "QTStart");
	answer("vCont;c");
	for (unsigned int i = 0; i < 4; i++)
		is_hit(i);
	interrupt();
	assert_int_equal(strncmp(answer("qTStatus"), "T1;tframes:2;tcreated:4;", 24), 0);
	assert_string_equal(answer("Hg2"), "OK");
	assert_string_equal(answer("QTFrame:0"), "F0T1");
	assert_string_equal(answer("p0"), "0200000000000000");
	/* The one that is looked at stays so while others go. */
	assert_string_equal(answer("QTFrame:1"), "F1T1");
	answer("vCont;c");
	is_hit(9);
	interrupt();
	assert_string_equal(answer("p0"), "0300000000000000");
}

static void malformed_ones_are_refused(void **state)
{
	(void)state;
	assert_string_equal(answer("QTDP:1:2000:X:0:0"), "E16");
	assert_string_equal(answer("QTDP:-9:2000:R1"), "E02");
	assert_string_equal(answer("QTDP:1:3000:E:0:0:X4,2207"), "E16");
	assert_string_equal(answer("QTDP:2:3000:E:0:0-"), "OK");
	assert_string_equal(answer("QTDP:2:3000:E:0:0-"), "E11");
	assert_string_equal(answer("QTDP:-2:3000:Q1"), "E16");
	assert_string_equal(answer("QTDP:-2:3000:M0,1"), "E16");
	assert_string_equal(answer("QTDP:3:3000:E:ffffffff:0"), "E16");
	assert_string_equal(answer("QTBuffer:size:ffffffffff"), "E16");
	assert_string_equal(answer("QTFrame:pc:"), "E16");
	assert_string_equal(answer("QTEnable:9:9"), "E02");
	assert_string_equal(answer("QTinit"), "OK");
	for (unsigned int i = 0; i < 128; i++) {
		if (!i)
			assert_string_equal(answer("QTDP:1:2000:E:0:0-"), "OK");
		assert_string_equal(answer("QTDP:-1:2000:R1-"), "OK");
	}
	assert_string_equal(answer("QTDP:-1:2000:R1-"), "E16");
}

static void what_has_ended_is_left_alone(void **state)
{
	(void)state;
	define_one("0:0-");
	all_are_OK("QTStart", "Hg2");
	answer("vCont;c");
	fake->event = (struct target_event){ .kind = TARGET_EXITED, .status = 42 << 8 };
	fake->has_event = true;
	assert_string_equal(stopped(), "W2a");
	assert_string_equal(answer("QTDP:8:2100:E:0:0"), "E03");
}

static void nothing_is_left(void **state)
{
	(void)state;
	define_one("0:0-");
	all_are_OK("QTStart", "D");
	assert_int_equal(after.memory[0x2000], 0x90);
	assert_int_equal(after.patches, 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, talk_begin, talk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(definitions_are_told_as_they_came),
		TEST(a_hit_makes_a_frame),
		TEST(a_condition_and_a_count_end_it),
		TEST(a_new_start_counts_anew),
		TEST(one_may_be_disabled_meanwhile),
		TEST(memory_may_be_where_a_register_points),
		TEST(gdbs_breakpoint_may_be_there_too),
		TEST(steps_are_collected),
		TEST(a_stop_ends_the_steps),
		TEST(the_buffer_has_an_end),
		TEST(malformed_ones_are_refused),
		TEST(what_has_ended_is_left_alone),
		TEST(nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
