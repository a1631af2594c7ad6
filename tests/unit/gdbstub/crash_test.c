// SPDX-License-Identifier: GPL-2.0
// Exits that few guests survive: what gdb hears before the VMM, on a target that is none, and which ones they are.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/kvm.h>

#include <cmocka.h>

#include <kvm2/kvm2.h>

#include "gdbstub/src/crash.h"
#include "talk.h"

static const struct kvm2_event_exception invalid_opcode = { .state = KVM2_EXCEPTION_PENDING, .vector = 6 };

/* What gdb reads on its console, and the stop that follows. */
static const char *const told = "O6b766d326764623a";	/* "kvm2gdb:" */

static void crashes(unsigned int vcpu, uint64_t pc, bool is_emulation)
{
	set_register(vcpu, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, pc);
	fake_set_bytes(fake, vcpu, KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, &invalid_opcode, sizeof(invalid_opcode));
	fake->event = (struct target_event){
		.kind = TARGET_CRASHED, .vcpu = vcpu, .text = "it fell over", .is_emulation = is_emulation,
	};
	fake->has_event = true;
}

static bool has_exception(unsigned int vcpu)
{
	return fake_register(fake, vcpu, KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION) & 0xff;
}

static void gdb_is_told_before_the_vmm(void **state)
{
	const char *reply;

	(void)state;
	answer("vCont;c");
	crashes(1, 0x2000, false);
	reply = stopped();
	assert_memory_equal(reply, told, strlen(told));
	assert_non_null(strstr(reply, "$T06"));
	assert_non_null(strstr(reply, "thread:2;"));
	assert_false(fake->running[0] || fake->running[1]);
	assert_non_null(strstr(answer("qThreadExtraInfo,2"), "69742066656c6c206f766572"));
	/* A signal is for the VMM: it is to know. */
	answer("vCont;C06:2;c");
	assert_true(fake->running[0] && fake->running[1]);
	assert_int_equal(fake->retracted, 0);
	assert_true(has_exception(1));
	answer("vCtrlC");
	stopped();
	assert_null(strstr(answer("qThreadExtraInfo,2"), "69742066656c6c206f766572"));
}

static void without_a_signal_the_guest_goes_on(void **state)
{
	(void)state;
	answer("vCont;c");
	crashes(1, 0x2000, false);
	stopped();
	answer("vCont;c");
	assert_true(fake->running[1]);
	assert_int_equal(fake->retracted, 1);
	/* Only of what KVM could not emulate is the exception KVM's. */
	assert_true(has_exception(1));
	crashes(1, 0x2000, true);
	stopped();
	answer("vCont;s:2");
	assert_int_equal(fake->retracted, 2);
	assert_false(has_exception(1));
}

static void one_that_is_not_told_yet_stays(void **state)
{
	(void)state;
	assert_string_equal(answer("Z0,3000,1"), "OK");
	answer("vCont;c");
	crashes(1, 0x2000, false);
	vm_poll(session.vms[0]);
	happens(0, 3, 0x3000, 0);
	assert_non_null(strstr(stopped(), "thread:1;"));
	assert_non_null(strstr(answer("vCont;c"), "T06"));
	assert_int_equal(fake->retracted, 0);
}

static void an_int3_of_ours_is_a_breakpoint(void **state)
{
	(void)state;
	assert_string_equal(answer("Z0,2000,1"), "OK");
	answer("vCont;c");
	crashes(1, 0x2000, true);
	assert_memory_equal(stopped(), "T05", 3);
	assert_int_equal(fake->retracted, 1);
	assert_false(has_exception(1));
	/* And is stepped over as any other. */
	answer("vCont;c");
	assert_true(fake->running[1] && !fake->running[0] && fake->debug[1].step);
	assert_int_equal(fake->patches, 0);
	/* The guest's own instruction there is not ours, though the int3 is back by then. */
	crashes(1, 0x2000, true);
	assert_non_null(strstr(stopped(), "$T06"));
	assert_int_equal(fake->retracted, 1);
	assert_int_equal(fake->patches, 1);
}

static void one_elsewhere_or_for_another_reason_is_not(void **state)
{
	(void)state;
	all_are_OK("Z0,2000,1", "Z1,2001,1");
	answer("vCont;c");
	crashes(1, 0x2001, true);
	assert_non_null(strstr(stopped(), "$T06"));
	answer("vCont;C06");
	crashes(1, 0x2000, false);
	assert_non_null(strstr(stopped(), "$T06"));
	assert_int_equal(fake->retracted, 0);
	assert_true(has_exception(1));
}

static void a_condition_that_does_not_hold_lets_it_go_on(void **state)
{
	(void)state;
	/* All debug registers are in use. The condition is the number 0. */
	all_are_OK("Z1,10,1", "Z1,20,1", "Z1,30,1", "Z1,40,1", "Z0,2000,1;X3,220027");
	answer("vCont;c");
	crashes(1, 0x2000, true);
	assert_string_equal(stopped(), "");
	assert_int_equal(fake->retracted, 1);
	assert_true(fake->running[1]);
}

static void nobody_looks_and_the_vmm_knows_at_once(void **state)
{
	struct vm *vm = session.vms[0];

	(void)state;
	answer("vCont;c");
	vm->print = NULL;
	crashes(1, 0x2000, false);
	vm_poll(vm);
	assert_true(fake->running[1]);
	assert_int_equal(fake->retracted, 0);
}

static void few_exits_are_such(void **state)
{
	struct target_event event = { .kind = TARGET_HELD };

	(void)state;
	assert_false(crash_of_kvm2(KVM2_EXIT_IO, 1, &event));
	assert_false(crash_of_classic(KVM_EXIT_HLT, 1, &event));
	assert_int_equal(event.kind, TARGET_HELD);
	assert_true(crash_of_classic(KVM_EXIT_SHUTDOWN, KVM_INTERNAL_ERROR_EMULATION, &event));
	assert_int_equal(event.kind, TARGET_CRASHED);
	assert_false(event.is_emulation);
	assert_non_null(strstr(event.text, "triple fault"));
	assert_true(crash_of_kvm2(KVM2_EXIT_FAIL_ENTRY, 0, &event));
	assert_non_null(strstr(event.text, "refuses"));
	assert_true(crash_of_kvm2(KVM2_EXIT_INTERNAL_ERROR, KVM_INTERNAL_ERROR_DELIVERY_EV, &event));
	assert_false(event.is_emulation);
	assert_true(crash_of_classic(KVM_EXIT_INTERNAL_ERROR, KVM_INTERNAL_ERROR_EMULATION, &event));
	assert_true(event.is_emulation);
	assert_non_null(strstr(event.text, "emulate"));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, talk_begin, talk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gdb_is_told_before_the_vmm),
		TEST(without_a_signal_the_guest_goes_on),
		TEST(one_that_is_not_told_yet_stays),
		TEST(an_int3_of_ours_is_a_breakpoint),
		TEST(one_elsewhere_or_for_another_reason_is_not),
		TEST(a_condition_that_does_not_hold_lets_it_go_on),
		TEST(nobody_looks_and_the_vmm_knows_at_once),
		cmocka_unit_test(few_exits_are_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
