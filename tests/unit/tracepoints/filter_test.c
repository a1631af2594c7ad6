// SPDX-License-Identifier: GPL-2.0
// filter.c: what is wanted, and what of it is given to the kernel.
#include "filter.h"

#include "formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char exit_text[] = FORMAT("kvm_exit", 703,
	FIELD("unsigned int", "exit_reason", 8, 4, 0)
	FIELD("unsigned long", "guest_rip", 16, 8, 0)
	FIELD("u32", "isa", 24, 4, 0)
	FIELD("unsigned int", "vcpu_id", 28, 4, 0),
	"\"vcpu %u reason %s\", REC->vcpu_id, __print_symbolic("
	"REC->exit_reason, {123, \"io\"}, {120, \"hlt\"}, {114, \"cpuid\"})");
static const char pio_text[] = FORMAT("kvm_pio", 801,
	FIELD("unsigned int", "rw", 8, 4, 0)
	FIELD("unsigned int", "port", 12, 4, 0), "\"\"");

static struct kvm2_trace_decoder *decoder;
static struct filter filter;

static int setup(void **state)
{
	(void)state;
	memset(&filter, 0, sizeof(filter));
	decoder = kvm2_trace_decoder_create();
	kvm2_trace_decoder_add(decoder, "kvm", exit_text, strlen(exit_text));
	kvm2_trace_decoder_add(decoder, "kvm", pio_text, strlen(pio_text));
	kvm2_trace_decoder_add(decoder, "kvm2", exit_format,
			       strlen(exit_format));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	filter_fini(&filter);
	kvm2_trace_decoder_destroy(decoder);
	return 0;
}

static void want(const char *text)
{
	assert_int_equal(filter_parse(&filter, text), 0);
}

/* What the kernel gets for an event; NULL: the event is not recorded. */
static const char *pushed(const char *system, const char *name)
{
	static char text[KVM2_TRACE_FILTER_SIZE];
	const int ret = filter_push(decoder, system, name, text, sizeof(text),
				    &filter);

	if (!ret)
		assert_string_equal(text, "");
	return ret < 0 ? NULL : text;
}

static void terms_are_read_or_refused(void **state)
{
	static const char *const wrong[] = {
		"", "reason", "=io", "reason=", "reason=io,", "vcpu=x",
		"vcpu=3-1", "took=5", "took=us", "took=0us", "port=!",
		"vcpu=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_not_equal(filter_parse(&filter, wrong[i]), 0);
	assert_int_equal(filter.nr_terms, 0);
	want("took=1.5ms");
	assert_int_equal(filter.terms[0].took_ns, 1500000);
	want("port=!0x10-0x1f,7");
	assert_true(filter.terms[1].is_not);
	assert_int_equal(filter.terms[1].values[0].high, 0x1f);
	assert_int_equal(filter.terms[1].values[1].low, 7);
	for (int i = 2; i < FILTER_TERMS_MAX; i++)
		want("vcpu=1");
	assert_int_not_equal(filter_parse(&filter, "vcpu=1"), 0);
}

static void reasons_are_numbers_for_the_kernel(void **state)
{
	(void)state;
	filter.has_folds = true;
	want("reason=hlt,CPUID");
	assert_non_null(strstr(pushed("kvm", "kvm_exit"),
			       "(isa==2&&exit_reason==114)||(isa==2&&exit_reason==120)"));
	assert_null(strstr(pushed("kvm", "kvm_exit"), "123"));
	/* An exit is wanted with the events that follow. */
	assert_string_equal(pushed("kvm", "kvm_pio"), "");
}

static void a_reason_that_is_not_known_is_left_to_us(void **state)
{
	(void)state;
	filter.has_folds = true;
	want("reason=hlt,nonsense");
	assert_string_equal(pushed("kvm", "kvm_exit"), "");
	assert_int_equal(filter.terms[0].nr_pushed, 0);
}

static void vcpus_are_compared_where_the_event_has_them(void **state)
{
	(void)state;
	filter.has_folds = true;
	want("vcpu=!0,2-3");
	want("vm=1");
	assert_string_equal(pushed("kvm", "kvm_exit"),
			    "!(vcpu_id==0||(vcpu_id>=2&&vcpu_id<=3))");
	assert_string_equal(pushed("kvm2", "kvm2_exit"),
			    "!(vcpu==0||(vcpu>=2&&vcpu<=3))&&(vm==1)");
	assert_string_equal(pushed("kvm", "kvm_pio"), "");
	assert_int_equal(filter.terms[0].nr_pushed, 2);
	assert_int_equal(filter.terms[1].nr_pushed, 1);
}

static void names_of_vms_are_checked_by_us(void **state)
{
	const struct kvm2_trace_task task = { .process = "web1" };
	const struct kvm2_trace_task other = { .process = "db1" };
	const struct kvm2_trace_event event = { .name = "x" };

	(void)state;
	want("vm=web*");
	assert_string_equal(pushed("kvm2", "kvm2_exit"), "");
	assert_true(filter_event(&filter, &event, &task));
	assert_false(filter_event(&filter, &event, &other));
	assert_false(filter_event(&filter, &event, NULL));
}

static void a_field_chooses_events_if_they_are_what_is_shown(void **state)
{
	(void)state;
	want("port=0x3f8-0x3ff");
	assert_string_equal(pushed("kvm", "kvm_pio"),
			    "((port>=1016&&port<=1023))");
	assert_null(pushed("kvm", "kvm_exit"));
	filter.has_folds = true;
	assert_string_equal(pushed("kvm", "kvm_pio"), "");
	assert_string_equal(pushed("kvm", "kvm_exit"), "");
}

static void note_pio(int tid, uint32_t port)
{
	const struct {
		struct common common;
		uint32_t rw;
		uint32_t port;
	} data = { { .type = 801, .pid = tid }, 1, port };
	const struct kvm2_trace_record record = {
		.data = &data, .size = sizeof(data),
	};
	struct kvm2_trace_event event;

	assert_int_equal(kvm2_trace_decode(decoder, &record, &event), 0);
	assert_int_equal(filter_note(&filter, &event), 0);
}

static void an_exit_is_wanted_if_all_is_true(void **state)
{
	struct kvm2_trace_fold fold = {
		.tid = 1, .reason = "io", .user = "io", .total_ns = 70000,
		.has_vcpu = true, .vcpu = 1,
	};

	(void)state;
	filter.has_folds = true;
	assert_true(filter_fold(&filter, &fold, NULL));
	want("reason=io");
	want("user=!mmio");
	want("took=50us");
	want("vcpu=1");
	assert_true(filter_fold(&filter, &fold, NULL));
	fold.total_ns = 49999;
	assert_false(filter_fold(&filter, &fold, NULL));
	fold.total_ns = 70000;
	want("port=0x60");
	assert_false(filter_fold(&filter, &fold, NULL));
	for (int tid = 1; tid < 500; tid++)
		note_pio(tid, tid & 1 ? 0x60 : 0x61);
	assert_true(filter_fold(&filter, &fold, NULL));
	/* The next one of the thread is another exit. */
	assert_false(filter_fold(&filter, &fold, NULL));
	fold.tid = 2;
	assert_false(filter_fold(&filter, &fold, NULL));
	fold.tid = 499;
	fold.state = KVM2_TRACE_FOLD_BROKEN;
	assert_false(filter_fold(&filter, &fold, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(terms_are_read_or_refused),
		TEST(reasons_are_numbers_for_the_kernel),
		TEST(a_reason_that_is_not_known_is_left_to_us),
		TEST(vcpus_are_compared_where_the_event_has_them),
		TEST(names_of_vms_are_checked_by_us),
		TEST(a_field_chooses_events_if_they_are_what_is_shown),
		TEST(an_exit_is_wanted_if_all_is_true),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
