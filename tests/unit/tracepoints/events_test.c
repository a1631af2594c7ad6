// SPDX-License-Identifier: LGPL-2.1
// events.c: what is special about single events, from their values alone.
#include <kvm2/trace.h>

#include "events.h"

#include <linux/kvm2.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *print(const char *name, const struct kvm2_trace_event *event)
{
	const struct event_handler *handler = event_handler_find("kvm2", name);
	static char buffer[256];
	struct text text = { buffer, sizeof(buffer), 0 };

	assert_non_null(handler);
	assert_non_null(handler->print);
	handler->print(event, &text);
	text_end(&text);
	return buffer;
}

static const char *print_exit(uint64_t reason, uint64_t detail0,
			      uint64_t detail1)
{
	const struct kvm2_trace_event event = {
		.reason = "word", .values = { reason, 0, detail0, detail1 },
	};

	return print("kvm2_exit", &event);
}

static uint64_t io(uint64_t port, uint64_t size, uint64_t direction,
		   uint64_t count)
{
	return port | size << 16 | direction << 24 | count << 32;
}

static void a_port_write_shows_its_value(void **state)
{
	(void)state;
	assert_string_equal(print_exit(KVM2_EXIT_IO, io(0xcf8, 4, 1, 1), 0x80000000),
			    "io out port=0xcf8 size=4 value=0x80000000");
	assert_string_equal(print_exit(KVM2_EXIT_IO, io(0x70, 2, 1, 1), 5),
			    "io out port=0x70 size=2 value=0x0005");
}

static void a_port_read_has_no_value_yet(void **state)
{
	(void)state;
	assert_string_equal(print_exit(KVM2_EXIT_IO, io(0x3fd, 1, 0, 1), 0x77),
			    "io in port=0x3fd size=1");
}

static void a_string_write_shows_how_often_and_the_first_bytes(void **state)
{
	(void)state;
	assert_string_equal(print_exit(KVM2_EXIT_IO, io(0xe9, 1, 1, 3), 0x636261),
			    "io out port=0xe9 size=1 count=3 value=0x636261");
	assert_string_equal(print_exit(KVM2_EXIT_IO, io(0xe9, 1, 1, 100),
				       0x6867666564636261),
			    "io out port=0xe9 size=1 count=100 value=0x6867666564636261...");
}

static void other_exits_show_their_details_by_name(void **state)
{
	(void)state;
	assert_string_equal(print_exit(KVM2_EXIT_MMIO, 0xfee00000, 0x12),
			    "mmio gpa=0xfee00000 data=0x12");
	assert_string_equal(print_exit(KVM2_EXIT_RDMSR, 2ULL << 32 | 0x10, 0),
			    "rdmsr msr:tsc unknown");
	assert_string_equal(print_exit(KVM2_EXIT_WRMSR, 0x1234, 0x55),
			    "wrmsr msr:0x1234=0x55");
	assert_string_equal(print_exit(KVM2_EXIT_DEBUG, 0x1000, 0x4000),
			    "debug pc=0x1000 dr6=0x4000");
	assert_string_equal(print_exit(KVM2_EXIT_HYPERCALL, 12, 0x1000),
			    "hypercall nr=12 arg0=0x1000");
	assert_string_equal(print_exit(KVM2_EXIT_SHUTDOWN, 0, 0), "word 0x0 0x0");
}

static void an_entry_shows_what_it_completes(void **state)
{
	struct kvm2_trace_event event = { .values = { 0, KVM2_EXIT_IO } };

	(void)state;
	assert_string_equal(print("kvm2_enter", &event), "completes io");
	event.values[0] = 1;
	assert_string_equal(print("kvm2_enter", &event), "completes io immediate");
	event.values[1] = 0;
	assert_string_equal(print("kvm2_enter", &event), "immediate");
	event.values[0] = 0;
	assert_string_equal(print("kvm2_enter", &event), "");
}

static void a_failed_read_shows_no_value(void **state)
{
	const struct kvm2_trace_event event = {
		.values = { 123, 0, KVM2_SET_GPR, KVM2_GPR_RBX, 16, 0x99,
			    (uint64_t)-EINVAL },
	};

	(void)state;
	assert_string_equal(print("kvm2_state", &event),
			    "get rbx size=16 by=123 failed: EINVAL");
}

static void a_wide_value_is_marked_as_cut_off(void **state)
{
	const struct kvm2_trace_event event = {
		.values = { 123, 1, KVM2_SET_VECTOR, 2, 32, 0x99, 0 },
	};

	(void)state;
	assert_string_equal(print("kvm2_state", &event),
			    "set ymm2=0x99... size=32 by=123");
}

static void an_event_of_another_system_has_no_handler(void **state)
{
	(void)state;
	assert_null(event_handler_find("sched", "kvm2_exit"));
	assert_null(event_handler_find("kvm2", "kvm2_map"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_write_shows_its_value),
		cmocka_unit_test(a_port_read_has_no_value_yet),
		cmocka_unit_test(a_string_write_shows_how_often_and_the_first_bytes),
		cmocka_unit_test(other_exits_show_their_details_by_name),
		cmocka_unit_test(an_entry_shows_what_it_completes),
		cmocka_unit_test(a_failed_read_shows_no_value),
		cmocka_unit_test(a_wide_value_is_marked_as_cut_off),
		cmocka_unit_test(an_event_of_another_system_has_no_handler),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
