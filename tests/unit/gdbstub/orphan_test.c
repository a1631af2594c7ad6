// SPDX-License-Identifier: GPL-2.0
// What of a debug event is the guest's when its debugger is dead.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gdbstub/src/orphan.h"

#define NONE		0xffff0ff0ULL
#define STEPPED		0x4000

/* Bits of DR7: enabled, and what for. */
#define EXECUTE(slot)		(1ULL << (slot) * 2)
#define WRITE4(slot)		(EXECUTE(slot) | 0xdULL << (16 + (slot) * 4))
#define WRITE2(slot)		(EXECUTE(slot) | 0x5ULL << (16 + (slot) * 4))
#define ACCESS4(slot)		(EXECUTE(slot) | 0xfULL << (16 + (slot) * 4))

/* The guest: a write in DR0, an instruction in DR1, one that is not enabled in DR2, an access in DR3. */
static const uint64_t own[TARGET_SLOTS] = { 0x2000, 0x1000, 0x3000, 0x4000 };
#define OWN_DR7		(0x400 | WRITE4(0) | EXECUTE(1) | ACCESS4(3))

static uint64_t given(const struct target_debug *set, uint64_t dr6)
{
	const struct kvm2_debug_event event = { .exception = 1, .pc = 0x1000, .dr6 = dr6 };

	return orphan_dr6(set, &event, own, OWN_DR7);
}

static void a_trap_of_the_guests_is_given(void **state)
{
	const struct target_debug set = {
		.dr7 = 0x400 | WRITE4(1) | WRITE4(2) | ACCESS4(0),
		.address = { 0x4000, 0x5000, 0x2000, 0 },
	};

	(void)state;
	assert_int_equal(given(&set, NONE | 4), NONE | 1);
	assert_int_equal(given(&set, NONE | 1), NONE | 8);
	assert_int_equal(given(&set, NONE | 5), NONE | 9);
	/* gdb's beside it is for nobody. */
	assert_int_equal(given(&set, NONE | 6), NONE | 1);
	assert_int_equal(given(&set, NONE | 2), 0);
	assert_int_equal(given(&set, NONE), 0);
}

static void what_is_another_is_not(void **state)
{
	struct target_debug set = { .dr7 = 0x400 | WRITE2(2), .address = { 0, 0, 0x2000, 0 } };

	(void)state;
	assert_int_equal(given(&set, NONE | 4), 0);
	set.dr7 = 0x400 | WRITE4(2);
	assert_int_equal(given(&set, NONE | 4), NONE | 1);
	set.address[2] = 0x2004;
	assert_int_equal(given(&set, NONE | 4), 0);
	/* In force no more. */
	set.address[2] = 0x2000;
	set.dr7 = 0x400 | EXECUTE(0) | (WRITE4(2) & ~0xffULL);
	assert_int_equal(given(&set, NONE | 4), 0);
	/* The guest has not enabled it. */
	set.dr7 = 0x400 | EXECUTE(2);
	set.address[2] = 0x3000;
	assert_int_equal(given(&set, NONE | 4), 0);
}

static void a_breakpoint_is_met_again(void **state)
{
	const struct target_debug set = { .dr7 = 0x400 | EXECUTE(3), .address = { 0, 0, 0, 0x1000 } };
	const struct target_debug none = { 0 };

	(void)state;
	assert_int_equal(given(&set, NONE | 8), 0);
	assert_int_equal(given(&none, NONE | 2), 0);
}

static void one_that_is_gdbs_too_is_the_guests(void **state)
{
	const struct target_debug set = { .dr7 = 0x400 | WRITE4(1), .address = { 0, 0x2000, 0, 0 } };

	(void)state;
	assert_int_equal(given(&set, NONE | 2), NONE | 1);
}

static void without_gdbs_they_are_in_their_own_place(void **state)
{
	const struct target_debug step = { .step = true, .dr7 = 0x400 };

	(void)state;
	assert_int_equal(given(&step, NONE | 1), NONE | 1);
	assert_int_equal(given(&step, NONE | 8), NONE | 8);
	assert_int_equal(given(&step, NONE | 4), 0);
	assert_int_equal(given(&step, NONE | STEPPED | 1), NONE | 1);
}

static void a_step_is_whose_it_was(void **state)
{
	const struct target_debug step = { .step = true };
	const struct target_debug set = { .dr7 = 0x400 | WRITE4(1), .address = { 0, 0x5000, 0, 0 } };

	(void)state;
	assert_int_equal(given(&step, NONE | STEPPED), 0);
	assert_int_equal(given(&set, NONE | STEPPED), NONE | STEPPED);
	assert_int_equal(given(&set, NONE | STEPPED | 2), NONE | STEPPED);
}

static void an_int3_is_met_again(void **state)
{
	const struct target_debug set = { .software = true };
	const struct kvm2_debug_event event = { .exception = 3, .dr6 = NONE | STEPPED | 1 };
	const struct kvm2_debug_event nothing = { .dr6 = NONE | STEPPED | 1 };

	(void)state;
	assert_int_equal(orphan_dr6(&set, &event, own, OWN_DR7), 0);
	assert_int_equal(orphan_dr6(&set, &nothing, own, OWN_DR7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trap_of_the_guests_is_given),
		cmocka_unit_test(what_is_another_is_not),
		cmocka_unit_test(a_breakpoint_is_met_again),
		cmocka_unit_test(one_that_is_gdbs_too_is_the_guests),
		cmocka_unit_test(without_gdbs_they_are_in_their_own_place),
		cmocka_unit_test(a_step_is_whose_it_was),
		cmocka_unit_test(an_int3_is_met_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
