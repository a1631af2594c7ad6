// SPDX-License-Identifier: GPL-2.0
// The packets of gdb against a target that is none: registers, memory, breakpoints, who runs.
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "talk.h"

static void attaching_holds_everyone(void **state)
{
	(void)state;
	assert_false(fake->running[0] || fake->running[1]);
	assert_non_null(strstr(answer("?"), "T05"));
	assert_string_equal(answer("qfThreadInfo"), "m1,2");
	assert_string_equal(answer("qsThreadInfo"), "l");
	assert_string_equal(answer("T2"), "OK");
	assert_string_equal(answer("T3"), "E03");
	assert_string_equal(answer("qNoSuchThing"), "");
}

static void registers_are_of_the_chosen_vcpu(void **state)
{
	(void)state;
	set_register(0, KVM2_SET_GPR, KVM2_GPR_RAX, 0x1122334455667788);
	set_register(1, KVM2_SET_GPR, KVM2_GPR_RAX, 1);
	assert_string_equal(answer("Hg1"), "OK");
	assert_string_equal(answer("p0"), "8877665544332211");
	assert_memory_equal(answer("g"), "8877665544332211", 16);
	assert_string_equal(answer("Hg2"), "OK");
	assert_string_equal(answer("p0"), "0100000000000000");
	assert_string_equal(answer("P0=0200000000000000"), "OK");
	assert_string_equal(answer("p0"), "0200000000000000");
	assert_int_equal(fake_register(fake, 1, KVM2_SET_GPR, KVM2_GPR_RAX) & 0xff, 2);
	assert_int_equal(fake_register(fake, 0, KVM2_SET_GPR, KVM2_GPR_RAX) & 0xff, 0x88);
	assert_string_equal(answer("P0=02"), "E16");
	assert_string_equal(answer("pffff"), "E16");
}

static void memory_is_read_and_written(void **state)
{
	(void)state;
	assert_string_equal(answer("M1000,3:010203"), "OK");
	assert_string_equal(answer("mfff,5"), "9001020390");
	assert_string_equal(answer("x1000,3"), "b\x01\x02\x03");
	assert_string_equal(answer("X1000,1:}\x03"), "OK");
	assert_int_equal(fake->memory[0x1000], 0x23);
	/* As far as there is any. */
	assert_string_equal(answer("m3ffe,10"), "9090");
	assert_string_equal(answer("m4000,1"), "E0e");
	assert_string_equal(answer("M1000,3:01"), "E16");
	assert_string_equal(answer("qSearch:memory:0;4000;\x02\x03"), "1,1001");
}

static void without_acknowledgements_replies_are_the_same(void **state)
{
	(void)state;
	assert_string_equal(answer("QStartNoAckMode"), "OK");
	memcpy(fake->memory + 0x1000, "#$}*", 4);
	buffer_clear(&session.out);
	session_input(&session, (const uint8_t *)"$x1000,4#00$m1000,4#00", 22);
	assert_memory_equal(session.out.data, "$b}\x03}\x04}]}\n#c4$23247d2a#f9", 25);
	assert_int_equal(session.out.used, 25);
}

static void a_breakpoint_is_hidden_and_leaves_nothing(void **state)
{
	(void)state;
	fake->memory[0x2000] = 0x55;
	assert_string_equal(answer("Z0,2000,1"), "OK");
	assert_int_equal(fake->memory[0x2000], 0xcc);
	assert_string_equal(answer("m2000,1"), "55");
	/* What is written goes below it. */
	assert_string_equal(answer("M2000,1:66"), "OK");
	assert_int_equal(fake->memory[0x2000], 0xcc);
	assert_string_equal(answer("m2000,1"), "66");
	assert_string_equal(answer("z0,2000,1"), "OK");
	assert_int_equal(fake->memory[0x2000], 0x66);
	all_are_OK("Z0,3000,1", "D");
	assert_true(after.detached);
	assert_int_equal(after.memory[0x3000], 0x90);
}

static void a_breakpoint_stops_all(void **state)
{
	(void)state;
	answer("qSupported:swbreak+;hwbreak+");
	assert_string_equal(answer("Z0,2000,1"), "OK");
	assert_string_equal(answer("vCont;c"), "");
	assert_true(fake->running[0] && fake->running[1]);
	assert_true(fake->debug[1].software);
	happens(1, 3, 0x2000, 0);
	assert_non_null(strstr(stopped(), "thread:2;swbreak:;"));
	assert_false(fake->running[0] || fake->running[1]);
	/* It goes on over it, alone, and by one step; then both run. */
	assert_string_equal(answer("vCont;c"), "");
	assert_true(!fake->running[0] && fake->running[1] && fake->debug[1].step);
	assert_int_equal(fake->memory[0x2000], 0x90);
	happens(1, 1, 0x2001, STEPPED);
	assert_string_equal(stopped(), "");
	assert_true(fake->running[0] && fake->running[1]);
	assert_false(fake->debug[1].step);
	assert_int_equal(fake->memory[0x2000], 0xcc);
}

/* As gdb's `jump` does. */
static void a_vcpu_that_is_sent_to_a_breakpoint_meets_it(void **state)
{
	(void)state;
	all_are_OK("Z0,2000,1", "Z0,3000,1");
	assert_string_equal(answer("vCont;c"), "");
	happens(1, 3, 0x2000, 0);
	assert_non_null(strstr(stopped(), "thread:2;"));
	all_are_OK("Hc2");
	assert_string_equal(answer("c3000"), "");
	assert_true(fake->running[0] && fake->running[1]);
	assert_false(fake->debug[1].step);
	assert_int_equal(fake->memory[0x3000], 0xcc);
	happens(1, 3, 0x3000, 0);
	assert_non_null(strstr(stopped(), "thread:2;"));
	/* From there it goes on over it. */
	assert_string_equal(answer("vCont;c"), "");
	assert_true(!fake->running[0] && fake->debug[1].step);
}

static void those_that_run_know_of_new_breakpoints(void **state)
{
	(void)state;
	all_are_OK("QNonStop:1", "vCont;c:2", "Z0,2000,1");
	assert_true(!fake->running[0] && fake->running[1] && fake->debug[1].software);
	assert_string_equal(answer("Z1,3000,1"), "OK");
	assert_true(!fake->running[0] && fake->running[1]);
	assert_int_equal(fake->debug[1].address[0], 0x3000);
	all_are_OK("z1,3000,1", "z0,2000,1");
	assert_true(fake->running[1] && !fake->debug[1].software && !(fake->debug[1].dr7 & 0xff));
}

static void who_asks_in_non_stop_mode_is_told_one_by_one(void **state)
{
	(void)state;
	answer("QNonStop:1");
	assert_non_null(strstr(answer("?"), "thread:1;"));
	/* Two at once are too much for gdb. */
	assert_memory_equal(answer("vStopped"), "OK", 2);
	assert_non_null(strstr((const char *)session.out.data, "%Stop:T00"));
	assert_non_null(strstr((const char *)session.out.data, "thread:2;"));
	assert_string_equal(answer("vStopped"), "OK");
}

/* gdb passes a breakpoint by a step without it, and takes what is behind that for met. */
static void what_a_step_of_gdbs_leads_to_is_met(void **state)
{
	/* printf "x" */
	static const char *const prints = "Z0,2001,1;cmds:0,Xb,220022003400000278" "0027";

	(void)state;
	all_are_OK(prints);
	answer("vCont;c");
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 0x2000);
	answer("vCtrlC");
	stopped();
	answer("vCont;s:1");
	happens(0, 1, 0x2001, STEPPED);
	assert_memory_equal(stopped(), "T05", 3);
	/* Once, before it goes on over it. */
	assert_memory_equal(answer("vCont;c"), "O78", 3);
	assert_true(fake->running[0] && fake->debug[0].step);
	happens(0, 1, 0x2002, STEPPED);
	assert_string_equal(stopped(), "");
	/* One that is met as usual prints once, too. */
	happens(0, 3, 0x2001, 0);
	assert_string_equal(stopped(), "O78");
	assert_true(fake->running[0] && fake->debug[0].step);
}

static void time_passes(void)
{
	session.vms[0]->place_ms = 0;
	assert_string_equal(stopped(), "");
	assert_true(fake->running[0] && fake->running[1]);
}

static void one_without_a_page_waits_for_it(void **state)
{
	/* Pages of 4 MiB, of which the first one is there. */
	uint32_t directory[2] = { 0x83, 0 };

	(void)state;
	for (unsigned int i = 0; i < FAKE_VCPUS; i++) {
		set_register(i, KVM2_SET_CONTROL, KVM2_CONTROL_CR3, 0x3000);
		set_register(i, KVM2_SET_CONTROL, KVM2_CONTROL_CR4, 0x10);
		set_register(i, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 0x80000001);
	}
	memcpy(fake->memory + 0x3000, directory, sizeof(directory));
	all_are_OK("Z1,10,1", "Z1,20,1", "Z1,30,1", "Z1,40,1", "Z0,402000,1");
	answer("vCont;c");
	time_passes();
	assert_int_equal(fake->memory[0x2000], 0x90);
	fake->memory[0x3004] = 0x83;
	time_passes();
	assert_int_equal(fake->memory[0x2000], 0xcc);
	happens(1, 3, 0x402000, 0);
	assert_memory_equal(stopped(), "T05", 3);
	assert_string_equal(answer("z0,402000,1"), "OK");
	assert_int_equal(fake->memory[0x2000], 0x90);
}

static void one_that_is_overwritten_comes_back(void **state)
{
	(void)state;
	assert_string_equal(answer("Z0,2000,1"), "OK");
	answer("vCont;c");
	fake->memory[0x2000] = 0x55;
	time_passes();
	assert_int_equal(fake->memory[0x2000], 0xcc);
	answer("vCtrlC");
	stopped();
	assert_string_equal(answer("m2000,1"), "55");
	assert_string_equal(answer("z0,2000,1"), "OK");
	assert_int_equal(fake->memory[0x2000], 0x55);
}

static void the_guests_own_int3_is_given_back(void **state)
{
	(void)state;
	assert_string_equal(answer("Z0,2000,1"), "OK");
	answer("vCont;c");
	happens(0, 3, 0x3000, 0);
	assert_string_equal(stopped(), "");
	assert_int_equal(fake->reflected, 1);
	assert_true(fake->running[0] && fake->running[1]);
}

static void a_condition_is_for_the_stub(void **state)
{
	(void)state;
	/* rax == 5: reg 0, const8 5, equal, end */
	assert_string_equal(answer("Z0,2000,1;X7,26000022051327"), "OK");
	answer("vCont;c");
	set_register(0, KVM2_SET_GPR, KVM2_GPR_RAX, 4);
	happens(0, 3, 0x2000, 0);
	assert_string_equal(stopped(), "");
	happens(0, 1, 0x2001, STEPPED);
	assert_string_equal(stopped(), "");
	set_register(0, KVM2_SET_GPR, KVM2_GPR_RAX, 5);
	happens(0, 3, 0x2000, 0);
	assert_non_null(strstr(stopped(), "thread:1;"));
	assert_string_equal(answer("Z0,2001,1;X7,2600"), "E16");
	assert_int_equal(fake->memory[0x2001], 0x90);
}

#define RF	0x10000

static uint64_t flags_of(unsigned int vcpu)
{
	return fake_register(fake, vcpu, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS);
}

/* That of a breakpoint with a condition that never holds is met by vcpu 0. */
static void meet_in_vain(void)
{
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 2);
	happens(0, 1, 0x2000, 1);
	assert_string_equal(stopped(), "");
}

static void a_condition_that_does_not_hold_costs_one_stop(void **state)
{
	(void)state;
	/* const8 0, end: in a debug register while there is one. */
	assert_string_equal(answer("Z0,2000,1;X3,220027"), "OK");
	assert_int_equal(fake->memory[0x2000], 0x90);
	answer("vCont;c");
	assert_int_equal(fake->debug[1].address[0], 0x2000);
	/* Whether RF leads over it a step shows, and the other one runs meanwhile. */
	meet_in_vain();
	assert_true(flags_of(0) & RF && fake->running[0] && fake->running[1]);
	assert_true(fake->debug[0].step && fake->debug[0].dr7 & 3);
	happens(0, 1, 0x2001, STEPPED);
	assert_string_equal(stopped(), "");
	for (int i = 0; i < 62; i++) {
		meet_in_vain();
		assert_true(flags_of(0) & RF && fake->running[0] && fake->running[1]);
		assert_false(fake->debug[0].step);
	}
	/* From time to time it is stepped over as any other. */
	meet_in_vain();
	assert_true(!(flags_of(0) & RF) && fake->running[0] && !fake->running[1]);
	assert_true(fake->debug[0].step && !(fake->debug[0].dr7 & 3));
	happens(0, 1, 0x2001, STEPPED);
	assert_string_equal(stopped(), "");
	assert_true(fake->running[0] && fake->running[1]);
}

static void a_breakpoint_that_rf_does_not_pass_is_stepped_over(void **state)
{
	(void)state;
	assert_string_equal(answer("Z0,2000,1;X3,220027"), "OK");
	answer("vCont;c");
	meet_in_vain();
	assert_true(fake->debug[0].step && fake->debug[0].dr7 & 3);
	/* It is met again, rather than the step done. */
	meet_in_vain();
	assert_true(!(flags_of(0) & RF) && fake->running[0] && !fake->running[1]);
	assert_true(fake->debug[0].step && !(fake->debug[0].dr7 & 3));
}

static void a_debug_register_by_choice_is_given_up(void **state)
{
	static const char *const others[] = { "Z1,3000,1", "Z1,3001,1", "Z1,3002,1", "Z1,3003,1" };

	(void)state;
	/* What commands print is printed once only if it is stepped over. */
	assert_string_equal(answer("Z0,2000,1;X3,220027;cmds:0,X3,220027"), "OK");
	assert_int_equal(fake->memory[0x2000], 0xcc);
	all_are_OK("z0,2000,1", "Z0,2000,1;X3,220027");
	assert_int_equal(fake->memory[0x2000], 0x90);
	for (int i = 0; i < 4; i++)
		assert_string_equal(answer(others[i]), "OK");
	assert_int_equal(fake->memory[0x2000], 0xcc);
	answer("vCont;c");
	assert_true(fake->debug[0].software);
	happens(0, 1, 0x3000, 2);
	assert_non_null(strstr(stopped(), "thread:1;"));
	assert_string_equal(answer("z0,2000,1"), "OK");
	assert_int_equal(fake->memory[0x2000], 0x90);
}

static void debug_registers_are_four(void **state)
{
	(void)state;
	answer("qSupported:swbreak+;hwbreak+");
	all_are_OK("Z1,2000,1", "Z2,3000,4");
	/* 7 bytes at an odd address: 1, 2 and 4. */
	assert_string_equal(answer("Z4,3001,7"), "E1c");
	assert_string_equal(answer("Z4,3008,2"), "OK");
	answer("vCont;c");
	assert_int_equal(fake->debug[0].address[0], 0x2000);
	assert_int_equal(fake->debug[1].address[1], 0x3000);
	assert_int_equal(fake->debug[1].dr7 >> 16, 0 | 0xd << 4 | 0x7 << 8);
	happens(0, 1, 0x1234, 1 << 1);
	assert_non_null(strstr(stopped(), "watch:3000;"));
	answer("vCont;c");
	happens(0, 1, 0x1238, 1 << 2);
	assert_non_null(strstr(stopped(), "awatch:3008;"));
	assert_string_equal(answer("D"), "OK");
	assert_int_equal(after.debug[0].dr7, 0);
	assert_int_equal(after.debug[1].dr7, 0);
}

static void one_steps_and_the_others_do_as_told(void **state)
{
	(void)state;
	answer("vCont;s:1");
	assert_true(fake->running[0] && !fake->running[1] && fake->debug[0].step);
	happens(0, 1, 0x1001, STEPPED);
	assert_non_null(strstr(stopped(), "T05"));
	answer("vCont;s:2;c");
	assert_true(fake->running[0] && fake->running[1]);
	assert_true(fake->debug[1].step && !fake->debug[0].step);
	happens(1, 1, 0x1001, STEPPED);
	assert_non_null(strstr(stopped(), "thread:2;"));
	assert_false(fake->running[0]);
}

static void a_range_is_left_by_itself(void **state)
{
	(void)state;
	answer("vCont;r1000,1010:1");
	for (uint64_t pc = 0x1001; pc < 0x1010; pc++) {
		happens(0, 1, pc, STEPPED);
		assert_string_equal(stopped(), "");
		assert_true(fake->running[0]);
	}
	happens(0, 1, 0x1010, STEPPED);
	assert_non_null(strstr(stopped(), "T05"));
}

static void an_interrupt_stops_who_runs(void **state)
{
	(void)state;
	answer("vCont;c");
	buffer_clear(&session.out);
	session_input(&session, (const uint8_t *)"\x03", 1);
	assert_non_null(strstr(stopped(), "T02"));
	assert_false(fake->running[0] || fake->running[1]);
}

static void the_end_of_the_process_is_told(void **state)
{
	(void)state;
	answer("vCont;c");
	fake->event = (struct target_event){ .kind = TARGET_EXITED, .status = 42 << 8 };
	fake->has_event = true;
	assert_string_equal(stopped(), "W2a");
	assert_string_equal(answer("g"), "E03");
}

static void one_held_before_a_breakpoint_meets_it(void **state)
{
	(void)state;
	all_are_OK("QNonStop:1", "Z0,1100,1", "vCont;c:2");
	set_register(1, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 0x1100);
	/* All are held for a moment, for another one, and once more before it has run. */
	all_are_OK("Z0,1300,1", "Z0,1310,1");
	assert_true(fake->running[1] && !fake->debug[1].step);
	assert_int_equal(fake->memory[0x1100], 0xcc);
	/* Where it stood is another matter. */
	happens(1, 3, 0x1100, 0);
	session_poll(&session);
	assert_false(fake->running[1]);
	all_are_OK("vStopped", "vCont;c:2");
	assert_true(fake->running[1] && fake->debug[1].step);
	assert_int_equal(fake->memory[0x1100], 0x90);
}

static void malformed_packets_are_refused(void **state)
{
	static const char *const bad[] = {
		"m", "m1", "m1,", "mx,1", "M1000", "M1000,1", "M1000,1:0", "P", "P0", "p", "pzz",
		"Z0,2000", "Z0,,1", "vCont;q", "vCont;c:99", "vCont;r1", "vCont;", "Hx1", "H", "Tzz",
		"qSearch:memory:1", "qCRC:1", "D;", "vAttach;", "vAttach;12",
		"m11112222333344445,1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (answer(bad[i])[0] != 'E')
			fail_msg("%s: %s", bad[i], answer(bad[i]));
	}
	assert_false(fake->running[0] || fake->running[1]);
}

/* What `monitor @line` writes. */
static const char *monitor(const char *line)
{
	static char text[2048];
	char packet[256] = "qRcmd,";
	const char *reply;
	long length;

	hex_encode(packet + 6, line, strlen(line));
	packet[6 + 2 * strlen(line)] = 0;
	reply = answer(packet);
	length = hex_decode(reply, strlen(reply), text);
	assert_true(length >= 0);
	text[length] = 0;
	return text;
}

static void put32(uint64_t address, uint32_t value)
{
	memcpy(fake->memory + address, &value, sizeof(value));
}

static void monitor_mem_shows_what_is_mapped(void **state)
{
	const uint64_t pages = 0x2000, table = 0x3000;

	(void)state;
	assert_string_equal(monitor("mem"), "addresses are physical ones, without paging\n");
	memset(fake->memory + pages, 0, 0x2000);
	put32(pages, (uint32_t)table | 7);
	put32(pages + 4, 0x87);
	put32(pages + 1023 * 4, 0x83);
	put32(table, 1);
	put32(table + 4, 0x1003);
	put32(table + 8, 0x3);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 0x80000001);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_CR4, 0x10);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_CR3, pages);
	answer("vCont;c");
	answer("vCtrlC");
	stopped();
	assert_string_equal(monitor("mem"),
			    "0x0000000000000000 to 0x0000000000000fff r-x-\n"
			    "0x0000000000001000 to 0x0000000000002fff rwx-\n"
			    "0x0000000000400000 to 0x00000000007fffff rwxu\n"
			    "0x00000000ffc00000 to 0x00000000ffffffff rwx-\n");
	assert_string_equal(monitor("mem 0x500000"),
			    "0x0000000000500000 to 0x00000000007fffff rwxu\n"
			    "0x00000000ffc00000 to 0x00000000ffffffff rwx-\n");
	assert_string_equal(monitor("mem here"), "an address is expected\n");
	/* Four levels: both halves, one page each. */
	memset(fake->memory + pages, 0, 0x2000);
	put32(pages, (uint32_t)table | 3);
	put32(pages + 511 * 8, (uint32_t)table | 3);
	put32(table + 511 * 8, 0x83);
	put32(table + 511 * 8 + 4, 0x80000000);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_CR4, 0x20);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_EFER, 0x500);
	answer("vCont;c");
	answer("vCtrlC");
	stopped();
	assert_string_equal(monitor("mem"),
			    "0x0000007fc0000000 to 0x0000007fffffffff rw--\n"
			    "0xffffffffc0000000 to the end         rw--\n");
}

static void physical_addresses_are_asked_for_as_of_QEMU(void **state)
{
	(void)state;
	assert_string_equal(answer("qqemu.Supported"), "PhyMemMode");
	assert_string_equal(answer("qqemu.PhyMemMode"), "0");
	assert_string_equal(answer("Qqemu.PhyMemMode:1"), "OK");
	assert_string_equal(answer("qqemu.PhyMemMode"), "1");
	assert_string_equal(monitor("phys"), "addresses are physical\n");
	assert_string_equal(answer("Qqemu.PhyMemMode:0"), "OK");
	assert_string_equal(answer("qqemu.PhyMemMode"), "0");
	assert_string_equal(answer("Qqemu.PhyMemMode:2"), "E16");
}

static void monitor_commands_are_answered(void **state)
{
	(void)state;
	assert_non_null(strstr(monitor("help"), "\npt       ADDRESS    follow the page tables\n"));
	assert_non_null(strstr(monitor("halp"), "no such command"));
	assert_non_null(strstr(monitor(""), "no such command"));
	assert_string_equal(monitor("pt 0x2345"), "0x2345 is physical 0x2345, without paging\n");
	assert_string_equal(monitor("pt"), "an address is expected\n");
	assert_string_equal(monitor("pt -1"), "an address is expected\n");
	assert_string_equal(monitor("pt 0x11112222333344445"), "an address is expected\n");
	assert_string_equal(monitor("exits"), "exits of 119\n");
	assert_string_equal(monitor("exits all"), "exits takes no argument\n");
	assert_string_equal(monitor("lapic"), "the local APIC: No such file or directory\n");
	assert_non_null(strstr(monitor("kaslr"), "--vmlinux"));
	assert_string_equal(monitor("step-irq maybe"), "on or off is expected\n");
	assert_string_equal(monitor("step-irq on"), "single steps let interrupts in\n");
	answer("vCont;s:1");
	assert_false(fake->debug[0].block_irq);
	assert_string_equal(monitor("pt 0"), "the vcpu is running\n");
	happens(0, 1, 0x1001, STEPPED);
	stopped();
	assert_string_equal(monitor("step-irq off "), "single steps let interrupts wait\n");
	answer("D");
	assert_string_equal(monitor("phys"), "no guest is attached to\n");
}

static void put_entry(uint64_t gpa, uint64_t entry)
{
	memcpy(fake->memory + gpa, &entry, sizeof(entry));
}

static void another_address_space_is_looked_at(void **state)
{
	(void)state;
	/* 32-bit tables: at 0x3000, one page of 4 MiB; at 0x2000 none. */
	put_entry(0x3000, 0x83);
	put_entry(0x2000, 0);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 0x80000001);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_CR4, 1 << 4);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_CR3, 0x2000);
	answer("vCont;s:1");
	happens(0, 1, 0x1001, STEPPED);
	stopped();
	assert_string_equal(answer("m1000,1"), "E0e");
	assert_string_equal(monitor("pt 0x1000"), "entry at 0x2000: 0\n0x1000 is not mapped\n");
	assert_string_equal(monitor("as 0x3000"), "all vcpus are seen with CR3 0x3000\n");
	assert_string_equal(answer("m1000,1"), "90");
	assert_string_equal(monitor("pt 0x1000"), "entry at 0x3000: 0x83\n"
			    "0x1000 is physical 0x1000, in a page of 4 MiB, rwx, supervisor\n");
	assert_string_equal(monitor("as off"), "each vcpu is seen with its own CR3, this one with 0x2000\n");
	assert_string_equal(answer("m1000,1"), "E0e");
	assert_string_equal(monitor("phys on"), "addresses are physical\n");
	assert_string_equal(answer("m1000,1"), "90");
	assert_string_equal(monitor("phys off"), "addresses are linear\n");
	assert_string_equal(answer("m1000,1"), "E0e");
}

static void tables_of_the_system(void **state)
{
	(void)state;
	assert_non_null(strstr(answer("qXfer:osdata:read::0,1000"), "<column name=\"Type\">vcpus</column>"));
	assert_non_null(strstr(answer("qXfer:osdata:read:vms:0,1000"), "<column name=\"pid\">77</column>"));
	assert_non_null(strstr(answer("qXfer:osdata:read:vcpus:0,1000"),
			       "<column name=\"pid\">119</column><column name=\"tid\">"));
	assert_non_null(strstr(answer("qXfer:osdata:read:memory:0,1000"), "<osdata type=\"table\">"));
	assert_string_equal(answer("qXfer:osdata:read:vm:0,1000"), "E02");
	assert_string_equal(answer("qXfer:exec-file:read:77:0,1000"), "E02");
	assert_string_equal(answer("qOffsets"), "");
}

/* A vFile operation on a path, which goes in hexadecimal. */
static const char *open_file(const char *path)
{
	char packet[256] = "vFile:open:";

	hex_encode(packet + 11, path, strlen(path));
	strcpy(packet + 11 + 2 * strlen(path), ",0,1b6");
	return answer(packet);
}

static void files_are_those_of_one_folder(void **state)
{
	char folder[] = "/tmp/kvm2gdb-test-XXXXXX";
	char path[64];
	FILE *file;

	(void)state;
	assert_string_equal(open_file("a"), "");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("text", file);
	fclose(file);
	snprintf(path, sizeof(path), "%s/out", folder);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	host.folder = open(folder, O_RDONLY | O_DIRECTORY);

	assert_string_equal(answer("vFile:setfs:0"), "F0");
	assert_string_equal(open_file("/a"), "F0");
	assert_string_equal(answer("vFile:pread:0,100,0"), "F4;text");
	assert_string_equal(answer("vFile:pread:0,100,2"), "F2;xt");
	assert_string_equal(answer("vFile:pread:0,100,4"), "F0;");
	assert_string_equal(answer("vFile:pread:1,100,0"), "F-1,9");
	assert_string_equal(answer("vFile:pread:0,100,ffffffffffffffff"), "F-1,16");
	assert_int_equal(strncmp(answer("vFile:fstat:0"), "F40;", 4), 0);
	assert_string_equal(answer("vFile:pwrite:0,0,x"), "F-1,1e");
	assert_string_equal(answer("vFile:open:61,2,0"), "F-1,1e");
	assert_string_equal(answer("vFile:unlink:61"), "F-1,1e");
	assert_string_equal(open_file("."), "F-1,15");
	assert_string_equal(open_file("out"), "F-1,2");
	assert_string_equal(open_file("../../../../../etc/passwd"), "F-1,2");
	assert_string_equal(answer("vFile:open:,0,0"), "F-1,16");
	assert_string_equal(answer("vFile:open:6100,0,0"), "F-1,16");
	for (int i = 1; i < SESSION_FILES_MAX; i++)
		assert_int_equal(open_file("a")[1] == '-', 0);
	assert_string_equal(open_file("a"), "F-1,18");
	assert_string_equal(answer("vFile:close:0"), "F0");
	assert_string_equal(answer("vFile:close:0"), "F-1,9");
	assert_string_equal(open_file("a"), "F0");

	close(host.folder);
	host.folder = -1;
	unlink(path);
	snprintf(path, sizeof(path), "%s/a", folder);
	unlink(path);
	rmdir(folder);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, talk_begin, talk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attaching_holds_everyone),
		TEST(registers_are_of_the_chosen_vcpu),
		TEST(memory_is_read_and_written),
		TEST(without_acknowledgements_replies_are_the_same),
		TEST(a_breakpoint_is_hidden_and_leaves_nothing),
		TEST(a_breakpoint_stops_all),
		TEST(those_that_run_know_of_new_breakpoints),
		TEST(who_asks_in_non_stop_mode_is_told_one_by_one),
		TEST(what_a_step_of_gdbs_leads_to_is_met),
		TEST(one_without_a_page_waits_for_it),
		TEST(one_that_is_overwritten_comes_back),
		TEST(the_guests_own_int3_is_given_back),
		TEST(a_condition_is_for_the_stub),
		TEST(a_condition_that_does_not_hold_costs_one_stop),
		TEST(a_vcpu_that_is_sent_to_a_breakpoint_meets_it),
		TEST(a_breakpoint_that_rf_does_not_pass_is_stepped_over),
		TEST(a_debug_register_by_choice_is_given_up),
		TEST(debug_registers_are_four),
		TEST(one_steps_and_the_others_do_as_told),
		TEST(a_range_is_left_by_itself),
		TEST(an_interrupt_stops_who_runs),
		TEST(the_end_of_the_process_is_told),
		TEST(one_held_before_a_breakpoint_meets_it),
		TEST(malformed_packets_are_refused),
		TEST(monitor_commands_are_answered),
		TEST(monitor_mem_shows_what_is_mapped),
		TEST(physical_addresses_are_asked_for_as_of_QEMU),
		TEST(another_address_space_is_looked_at),
		TEST(tables_of_the_system),
		TEST(files_are_those_of_one_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
