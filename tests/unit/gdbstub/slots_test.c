// SPDX-License-Identifier: GPL-2.0
// The guest's own debug registers beside gdb's, on a target that is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/kvm2.h>

#include "talk.h"

/* Bits of DR7: enabled, and what for. */
#define LOCAL(slot)		(1ULL << (slot) * 2)
#define EXECUTE(slot)		LOCAL(slot)
#define WRITE4(slot)		(LOCAL(slot) | 0xdULL << (16 + (slot) * 4))
#define IN_USE(dr7, slot)	((dr7) >> (slot) * 2 & 3)
#define KIND(dr7, slot)		((dr7) >> (16 + (slot) * 4) & 0xf)

#define RF	(1 << 16)

static void guest_sets(unsigned int vcpu, unsigned int slot, uint64_t address, uint64_t dr7)
{
	set_register(vcpu, KVM2_SET_DEBUG, KVM2_DEBUG_DR0 + slot, address);
	set_register(vcpu, KVM2_SET_DEBUG, KVM2_DEBUG_DR7,
		     fake_register(fake, vcpu, KVM2_SET_DEBUG, KVM2_DEBUG_DR7) | dr7);
}

static void goes_on(void)
{
	assert_string_equal(answer("vCont;c"), "");
	assert_true(fake->running[0] && fake->running[1]);
}

/* The event passes without a word to gdb, and the vcpu runs. */
static void passes_unseen(unsigned int vcpu)
{
	assert_string_equal(stopped(), "");
	assert_true(fake->running[vcpu]);
}

static void without_gdbs_they_are_left_alone(void **state)
{
	(void)state;
	guest_sets(0, 0, 0x2000, EXECUTE(0));
	assert_string_equal(answer("Z0,1100,1"), "OK");
	goes_on();
	assert_int_equal(fake->debug[0].dr7, 0);
}

static void they_stay_in_their_place(void **state)
{
	(void)state;
	guest_sets(0, 1, 0x2000, EXECUTE(1));
	guest_sets(0, 3, 0x2010, WRITE4(3));
	assert_string_equal(answer("Z2,3000,4"), "OK");
	goes_on();
	assert_int_equal(fake->debug[0].address[0], 0x3000);
	assert_int_equal(fake->debug[0].address[1], 0x2000);
	assert_int_equal(fake->debug[0].address[3], 0x2010);
	assert_int_equal(IN_USE(fake->debug[0].dr7, 0), 2);
	assert_int_equal(IN_USE(fake->debug[0].dr7, 1), 1);
	assert_int_equal(IN_USE(fake->debug[0].dr7, 2), 0);
	assert_int_equal(IN_USE(fake->debug[0].dr7, 3), 1);
	assert_int_equal(KIND(fake->debug[0].dr7, 1), 0);
	assert_int_equal(KIND(fake->debug[0].dr7, 3), 0xd);
	/* Each vcpu has its own. */
	assert_int_equal(fake->debug[1].dr7 & 0xff, 2);
}

static void a_hit_is_given_as_of_the_guests_register(void **state)
{
	(void)state;
	guest_sets(0, 0, 0x2010, WRITE4(0));
	guest_sets(0, 1, 0x2000, EXECUTE(1));
	all_are_OK("Z2,3000,4", "Z1,1100,1");
	goes_on();
	/* In 2 and 3, as gdb's are in 0 and 1. */
	assert_int_equal(fake->debug[0].address[2], 0x2010);
	assert_int_equal(fake->debug[0].address[3], 0x2000);
	happens(0, 1, 0x1005, 0xffff0ff0 | 4);
	passes_unseen(0);
	assert_int_equal(fake->reflected, 1);
	assert_int_equal(fake->given[0].exception, 1);
	assert_int_equal(fake->given[0].dr6, 0xffff0ff0 | 1);
	happens(0, 1, 0x2000, 0xffff0ff0 | 8);
	passes_unseen(0);
	assert_int_equal(fake->reflected, 2);
	assert_int_equal(fake->given[0].dr6, 0xffff0ff0 | 2);
	/* A processor may report what matches, but was not met. */
	happens(0, 1, 0x1005, 0xffff0ff0 | 4 | 8);
	passes_unseen(0);
	assert_int_equal(fake->given[0].dr6, 0xffff0ff0 | 1);
	/* Those are gdb's, and nothing is left for the guest. */
	happens(0, 1, 0x1100, 0xffff0ff0 | 2);
	assert_non_null(strstr(stopped(), "thread:1;"));
	assert_int_equal(fake->reflected, 3);
}

static void both_have_theirs_of_one_event(void **state)
{
	(void)state;
	guest_sets(1, 0, 0x3000, WRITE4(0));
	assert_string_equal(answer("Z2,3000,4"), "OK");
	goes_on();
	assert_int_equal(fake->debug[1].address[1], 0x3000);
	happens(1, 1, 0x1005, 0xffff0ff0 | 3);
	assert_non_null(strstr(stopped(), "thread:2;watch:3000;"));
	assert_int_equal(fake->reflected, 1);
	assert_int_equal(fake->given[1].dr6, 0xffff0ff0 | 1);
}

static void a_step_is_gdbs_what_it_hits_the_guests(void **state)
{
	(void)state;
	guest_sets(0, 2, 0x2010, WRITE4(2));
	guest_sets(0, 3, 0x1005, EXECUTE(3));
	/* None of gdb's: KVM has them in force by itself. */
	answer("vCont;s:1");
	assert_int_equal(fake->debug[0].dr7, 0);
	happens(0, 1, 0x1005, 0xffff0ff0 | STEPPED | 4 | 8);
	assert_non_null(strstr(stopped(), "thread:1;"));
	assert_int_equal(fake->reflected, 1);
	assert_int_equal(fake->given[0].dr6, 0xffff0ff0 | 4);
	/* What the step came upon is met now. */
	answer("vCont;s:1");
	happens(0, 1, 0x1005, 0xffff0ff0 | 8);
	passes_unseen(0);
	assert_int_equal(fake->reflected, 2);
	assert_int_equal(fake->given[0].dr6, 0xffff0ff0 | 8);
	assert_true(fake->debug[0].step);
}

static void what_the_guest_took_back_it_is_not_given(void **state)
{
	(void)state;
	guest_sets(0, 0, 0x2010, WRITE4(0));
	assert_string_equal(answer("Z2,3000,4"), "OK");
	goes_on();
	assert_int_equal(fake->debug[0].address[1], 0x2010);
	set_register(0, KVM2_SET_DEBUG, KVM2_DEBUG_DR7, 0);
	happens(0, 1, 0x1005, 0xffff0ff0 | 2);
	passes_unseen(0);
	assert_int_equal(fake->reflected, 0);
	assert_int_equal(fake->debug[0].dr7 & 0xff, 2);
	/* Something else in the same register. */
	guest_sets(0, 0, 0x2010, WRITE4(0));
	answer("vCtrlC");
	stopped();
	goes_on();
	assert_int_equal(fake->debug[0].address[1], 0x2010);
	set_register(0, KVM2_SET_DEBUG, KVM2_DEBUG_DR0, 0x2020);
	happens(0, 1, 0x1005, 0xffff0ff0 | 2);
	passes_unseen(0);
	assert_int_equal(fake->reflected, 0);
	assert_int_equal(fake->debug[0].address[1], 0x2020);
}

static void changes_are_seen_when_gdb_has_stopped(void **state)
{
	(void)state;
	all_are_OK("Z2,3000,4", "Z1,1100,1;X3,220027");
	goes_on();
	assert_int_equal(fake->debug[0].dr7 & 0xff, 2 | 8);
	guest_sets(0, 2, 0x2010, WRITE4(2));
	/* Stops that gdb does not hear of: at some of them. */
	happens(0, 1, 0x1100, 0xffff0ff0 | 2);
	passes_unseen(0);
	assert_int_equal(fake->debug[0].dr7 & 0xff, 2 | 8);
	for (unsigned int i = 0; i < 32; i++) {
		happens(0, 1, 0x1100, 0xffff0ff0 | 2);
		passes_unseen(0);
	}
	happens(0, 1, 0x1101, STEPPED);
	passes_unseen(0);
	assert_int_equal(fake->debug[0].dr7 & 0xff, 2 | 8 | 0x10);
	set_register(0, KVM2_SET_DEBUG, KVM2_DEBUG_DR7, 0);
	happens(0, 1, 0x1005, 0xffff0ff0 | 1);
	assert_non_null(strstr(stopped(), "watch:3000;"));
	goes_on();
	assert_int_equal(fake->debug[0].dr7 & 0xff, 2 | 8);
}

static void guest_sets_all(unsigned int vcpu)
{
	for (unsigned int i = 0; i < TARGET_SLOTS; i++)
		guest_sets(vcpu, i, 0x2000 + 4 * i, WRITE4(i));
}

static void gdbs_make_room(void **state)
{
	(void)state;
	answer("qSupported:swbreak+;hwbreak+");
	guest_sets_all(1);
	all_are_OK("Z1,1100,1", "Z0,1200,1;X3,220127", "Z2,3000,4");
	goes_on();
	assert_int_equal(fake->memory[0x1100], 0xcc);
	assert_int_equal(fake->memory[0x1200], 0xcc);
	assert_true(fake->waits[3]);
	assert_true(!(fake->debug[0].dr7 & 0xff) && !(fake->debug[1].dr7 & 0xff));
	assert_true(fake->debug[0].software && fake->debug[1].software);
	/* It is what gdb set all the same. */
	happens(0, 3, 0x1100, 0);
	assert_non_null(strstr(stopped(), "thread:1;hwbreak:;"));
	/* Nobody reads it. */
	assert_string_equal(answer("m1100,1"), "90");
	/* The guest overwrites it, as a loader does. */
	answer("vCont;c");
	happens(0, 1, 0x1101, STEPPED);
	passes_unseen(0);
	fake->memory[0x1100] = 0x55;
	answer("vCtrlC");
	stopped();
	assert_int_equal(fake->memory[0x1100], 0xcc);
	all_are_OK("z1,1100,1", "z0,1200,1", "z2,3000,4");
	assert_int_equal(fake->memory[0x1100], 0x55);
	assert_int_equal(fake->memory[0x1200], 0x90);
	assert_false(fake->is_watched[3]);
}

static void only_as_much_room_as_they_need(void **state)
{
	(void)state;
	guest_sets(0, 0, 0x2000, WRITE4(0));
	guest_sets(0, 1, 0x2004, WRITE4(1));
	all_are_OK("Z2,3000,4", "Z2,3010,4", "Z1,1100,1");
	goes_on();
	/* An int3 costs least. */
	assert_int_equal(fake->memory[0x1100], 0xcc);
	assert_false(fake->waits[3]);
	assert_int_equal(fake->debug[0].dr7 & 0xff, 2 | 8 | 0x10 | 0x40);
	assert_int_equal(fake->debug[1].dr7 & 0xff, 2 | 8);
}

static void what_cannot_make_room_comes_first(void **state)
{
	(void)state;
	guest_sets_all(0);
	/* Nothing else serves reads, nor what is nowhere. */
	all_are_OK("Z3,3000,4", "Z1,9000,1", "Z2,a000,4");
	goes_on();
	assert_int_equal(fake->debug[0].dr7 & 0xff, 2 | 8 | 0x20 | 0x40);
	assert_int_equal(fake->debug[0].address[3], 0x200c);
	happens(0, 1, 0x1005, 0xffff0ff0 | 8);
	passes_unseen(0);
	assert_int_equal(fake->given[0].dr6, 0xffff0ff0 | 8);
	assert_int_equal(fake->reflected, 1);
}

static void one_that_RF_does_not_help_is_stepped_over(void **state)
{
	(void)state;
	guest_sets(0, 0, 0x1050, EXECUTE(0));
	assert_string_equal(answer("Z2,3000,4"), "OK");
	goes_on();
	happens(0, 1, 0x1050, 0xffff0ff0 | 2);
	passes_unseen(0);
	assert_int_equal(fake->reflected, 1);
	/* The guest's handler has returned. */
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, RF);
	happens(0, 1, 0x1050, 0xffff0ff0 | 2);
	passes_unseen(0);
	assert_int_equal(fake->reflected, 1);
	assert_true(fake->debug[0].step && !IN_USE(fake->debug[0].dr7, 1));
	assert_true(fake->running[1]);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 0);
	happens(0, 1, 0x1052, 0xffff0ff0 | STEPPED);
	passes_unseen(0);
	assert_true(!fake->debug[0].step && IN_USE(fake->debug[0].dr7, 1));
}

/* KVM may have left the registers to the guest until it is over a mov that it exited for. */
static void at_a_mov_of_debug_registers_gdbs_come_later(void **state)
{
	static const uint8_t mov_to_dr7[] = { 0x41, 0x0f, 0x23, 0xf8 };
	static const uint8_t mov_from_dr6[] = { 0x0f, 0x21, 0xf0 };

	(void)state;
	memcpy(fake->memory + 0x1000, mov_to_dr7, sizeof(mov_to_dr7));
	memcpy(fake->memory + 0x1ffe, mov_from_dr6, sizeof(mov_from_dr6));
	set_register(1, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 0x1ffe);
	guest_sets(0, 0, 0x2010, WRITE4(0));
	all_are_OK("Z2,3000,4", "Z1,1004,1");
	goes_on();
	assert_true(fake->debug[0].step && !fake->debug[0].dr7);
	assert_true(fake->debug[1].step && !fake->debug[1].dr7);
	/* Its own are in force. */
	happens(0, 1, 0x1002, 0xffff0ff0 | 1);
	passes_unseen(0);
	assert_int_equal(fake->given[0].dr6, 0xffff0ff0 | 1);
	happens(1, 1, 0x2001, STEPPED);
	passes_unseen(1);
	assert_true(!fake->debug[1].step && (fake->debug[1].dr7 & 0xff) == (2 | 8));
	assert_true(!fake->debug[0].step && (fake->debug[0].dr7 & 0xff) == (2 | 8 | 0x10));
	/* Once is enough. */
	answer("vCtrlC");
	stopped();
	set_register(1, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 0x1000);
	goes_on();
	assert_false(fake->debug[1].step);
	/* But not after it ran free. */
	answer("vCtrlC");
	stopped();
	all_are_OK("z2,3000,4", "z1,1004,1");
	goes_on();
	answer("vCtrlC");
	stopped();
	assert_string_equal(answer("Z1,1004,1"), "OK");
	answer("vCont;c");
	assert_true(fake->debug[1].step && !fake->debug[1].dr7);
	/* It comes upon a breakpoint so. */
	happens(1, 1, 0x1004, STEPPED);
	assert_non_null(strstr(stopped(), "thread:2;"));
	/* Its user's own step is one. */
	all_are_OK("z1,1004,1");
	goes_on();
	answer("vCtrlC");
	stopped();
	set_register(1, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 0x1000);
	assert_string_equal(answer("Z1,1100,1"), "OK");
	answer("vCont;s:2");
	happens(1, 1, 0x1004, STEPPED);
	assert_non_null(strstr(stopped(), "thread:2;"));
}

/* Held once more before it could go on: KVM has not got over the mov. */
static void one_that_has_not_moved_is_at_it_still(void **state)
{
	static const uint8_t mov_to_dr6[] = { 0x0f, 0x23, 0xf1 };

	(void)state;
	memcpy(fake->memory + 0x1000, mov_to_dr6, sizeof(mov_to_dr6));
	all_are_OK("Z2,3000,4");
	goes_on();
	assert_true(fake->debug[0].step && !fake->debug[0].dr7);
	answer("vCtrlC");
	stopped();
	goes_on();
	assert_true(fake->debug[0].step && !fake->debug[0].dr7);
	happens(0, 1, 0x1003, STEPPED);
	passes_unseen(0);
	assert_true(!fake->debug[0].step && (fake->debug[0].dr7 & 0xff) == 2);
	/* The same of a step that gdb had wished for. */
	answer("vCtrlC");
	stopped();
	all_are_OK("z2,3000,4");
	goes_on();
	answer("vCtrlC");
	stopped();
	set_register(1, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 0x1000);
	answer("vCont;s:2");
	answer("vCtrlC");
	stopped();
	all_are_OK("Z2,3000,4");
	goes_on();
	assert_true(fake->debug[1].step && !fake->debug[1].dr7);
}

static void its_own_steps_are_its_own(void **state)
{
	(void)state;
	guest_sets(0, 0, 0x2010, WRITE4(0));
	assert_string_equal(answer("Z2,3000,4"), "OK");
	goes_on();
	happens(0, 1, 0x1005, 0xffff0ff0 | STEPPED | 2);
	passes_unseen(0);
	assert_int_equal(fake->reflected, 1);
	assert_int_equal(fake->given[0].dr6, 0xffff0ff0 | STEPPED | 1);
	happens(0, 1, 0x1006, 0xffff0ff0 | STEPPED);
	passes_unseen(0);
	assert_int_equal(fake->reflected, 2);
	assert_int_equal(fake->given[0].dr6, 0xffff0ff0 | STEPPED);
}

static void nothing_is_left_of_gdbs(void **state)
{
	(void)state;
	guest_sets_all(0);
	all_are_OK("Z1,1100,1", "Z2,3000,4", "Z4,3010,4");
	goes_on();
	answer("vCtrlC");
	stopped();
	assert_string_equal(answer("D"), "OK");
	assert_true(after.detached);
	assert_int_equal(after.memory[0x1100], 0x90);
	assert_false(after.is_watched[3]);
	assert_int_equal(after.debug[0].dr7, 0);
	assert_int_equal(fake_register(&after, 0, KVM2_SET_DEBUG, KVM2_DEBUG_DR2), 0x2008);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, talk_begin, talk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_gdbs_they_are_left_alone),
		TEST(they_stay_in_their_place),
		TEST(a_hit_is_given_as_of_the_guests_register),
		TEST(both_have_theirs_of_one_event),
		TEST(a_step_is_gdbs_what_it_hits_the_guests),
		TEST(what_the_guest_took_back_it_is_not_given),
		TEST(changes_are_seen_when_gdb_has_stopped),
		TEST(gdbs_make_room),
		TEST(only_as_much_room_as_they_need),
		TEST(what_cannot_make_room_comes_first),
		TEST(one_that_RF_does_not_help_is_stepped_over),
		TEST(at_a_mov_of_debug_registers_gdbs_come_later),
		TEST(one_that_has_not_moved_is_at_it_still),
		TEST(its_own_steps_are_its_own),
		TEST(nothing_is_left_of_gdbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
