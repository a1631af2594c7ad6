// SPDX-License-Identifier: LGPL-2.1
// fold.c: which events make an exit, and where its time went.
#include <kvm2/trace_fold.h>

#include "formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* SVM's. */
enum { CPUID = 114, HLT = 120, IO = 123 };

enum { ENTRY = 800, PIO, WAKEUP, SWITCH, FPU, VIRQ };

static const struct {
	const char *system;
	const char *text;
} formats[] = {
	{ "kvm", FORMAT("kvm_exit", 703,
		FIELD("unsigned int", "exit_reason", 8, 4, 0)
		FIELD("unsigned long", "guest_rip", 16, 8, 0)
		FIELD("u32", "isa", 24, 4, 0)
		FIELD("unsigned int", "vcpu_id", 28, 4, 0),
		"\"vcpu %u reason %s\", REC->vcpu_id, __print_symbolic("
		"REC->exit_reason, {123, \"io\"}, {120, \"hlt\"}, {114, \"cpuid\"})") },
	{ "kvm", FORMAT("kvm_userspace_exit", 704,
		FIELD("__u32", "reason", 8, 4, 0)
		FIELD("int", "errno", 12, 4, 1),
		"\"reason %s\", __print_symbolic(REC->reason, "
		"{2, \"KVM_EXIT_IO\"})") },
	{ "kvm", FORMAT("kvm_entry", 800,
		FIELD("unsigned int", "vcpu_id", 8, 4, 0)
		FIELD("unsigned long", "rip", 16, 8, 0), "\"\"") },
	{ "kvm", FORMAT("kvm_pio", 801,
		FIELD("unsigned int", "rw", 8, 4, 0)
		FIELD("unsigned int", "port", 12, 4, 0)
		FIELD("unsigned int", "size", 16, 4, 0)
		FIELD("unsigned int", "count", 20, 4, 0)
		FIELD("unsigned int", "val", 24, 4, 0), "\"\"") },
	{ "kvm", FORMAT("kvm_vcpu_wakeup", 802,
		FIELD("__u64", "ns", 8, 8, 0) FIELD("bool", "waited", 16, 1, 0)
		FIELD("bool", "valid", 17, 1, 0), "\"\"") },
	{ "sched", FORMAT("sched_switch", 803,
		FIELD("pid_t", "prev_pid", 8, 4, 1)
		FIELD("pid_t", "next_pid", 12, 4, 1), "\"\"") },
	{ "kvm", FORMAT("kvm_fpu", 804, FIELD("u32", "load", 8, 4, 0), "\"\"") },
	{ "kvm", FORMAT("kvm_inj_virq", 805, FIELD("unsigned int", "irq", 8, 4, 0),
		"\"IRQ 0x%x\", REC->irq") },
};

static struct kvm2_trace_decoder *decoder;
static struct kvm2_trace_folds *folds;
static struct kvm2_trace_fold seen[8];
static char texts[8][600];
static size_t nr_seen;

static int take(const struct kvm2_trace_fold *fold, void *context)
{
	(void)context;
	assert_true(nr_seen < 8);
	seen[nr_seen] = *fold;
	snprintf(texts[nr_seen++], sizeof(texts[0]), "%s", fold->text);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	nr_seen = 0;
	decoder = kvm2_trace_decoder_create();
	folds = kvm2_trace_folds_create(true, take, NULL);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		assert_int_equal(kvm2_trace_decoder_add(decoder,
					formats[i].system, formats[i].text,
					strlen(formats[i].text)), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kvm2_trace_folds_destroy(folds);
	kvm2_trace_decoder_destroy(decoder);
	return 0;
}

/* An event of @tid at @us, whose fields are the words at @words. */
static int add(uint64_t us, int tid, uint16_t type, const uint32_t words[8])
{
	struct {
		struct common common;
		uint32_t words[8];
	} data = { .common = { .type = type, .pid = tid } };
	const struct kvm2_trace_record record = {
		.time_ns = us * 1000, .data = &data, .size = sizeof(data),
	};
	struct kvm2_trace_event event;

	if (words)
		memcpy(data.words, words, sizeof(data.words));
	assert_int_equal(kvm2_trace_decode(decoder, &record, &event), 0);
	return kvm2_trace_folds_add(folds, decoder, &event);
}

#define WORDS(...)	((const uint32_t[8]){ __VA_ARGS__ })

static void cpu_exit(uint64_t us, int tid, uint32_t reason)
{
	assert_int_equal(add(us, tid, ID_KVM_EXIT,
			     WORDS(reason, 0, 0x1000, 0, 2, 7)), 1);
}

static void entry(uint64_t us, int tid)
{
	assert_int_equal(add(us, tid, ENTRY, WORDS(7)), 1);
}

static void user_exit(uint64_t us, int tid)
{
	assert_int_equal(add(us, tid, ID_USERSPACE_EXIT, WORDS(2)), 1);
}

static void split(size_t which, uint64_t kernel, uint64_t vmm, uint64_t wait)
{
	assert_true(which < nr_seen);
	assert_int_equal(seen[which].state, KVM2_TRACE_FOLD_WHOLE);
	assert_int_equal(seen[which].kernel_ns, kernel * 1000);
	assert_int_equal(seen[which].vmm_ns, vmm * 1000);
	assert_int_equal(seen[which].wait_ns, wait * 1000);
	assert_int_equal(seen[which].total_ns, (kernel + vmm + wait) * 1000);
}

static void an_exit_lasts_until_the_entry(void **state)
{
	(void)state;
	cpu_exit(100, 5, CPUID);
	assert_int_equal(nr_seen, 0);
	entry(107, 5);
	split(0, 7, 0, 0);
	assert_string_equal(seen[0].reason, "cpuid");
	assert_null(seen[0].user);
	assert_int_equal(seen[0].vcpu, 7);
	assert_int_equal(seen[0].start_ns, 100000);
	assert_string_equal(texts[0], "cpuid rip=0x1000");
}

static void time_in_user_space_is_the_vmms(void **state)
{
	(void)state;
	cpu_exit(100, 5, IO);
	add(101, 5, PIO, WORDS(1, 0x3f8, 1, 1, 0x41));
	user_exit(104, 5);
	add(120, 5, FPU, WORDS(1));
	entry(123, 5);
	split(0, 7, 16, 0);
	assert_string_equal(seen[0].user, "io");
	assert_non_null(strstr(texts[0], " value=0x41 -> user"));
}

static void without_a_sign_of_return_it_is_the_vmms_until_the_entry(void **state)
{
	(void)state;
	cpu_exit(100, 5, IO);
	user_exit(104, 5);
	entry(123, 5);
	split(0, 4, 19, 0);
}

static void time_off_the_processor_is_waiting(void **state)
{
	(void)state;
	cpu_exit(100, 5, IO);
	add(102, 9, SWITCH, WORDS(5, 6));
	user_exit(110, 6);	/* another thread has its own time */
	add(112, 9, SWITCH, WORDS(6, 5));
	user_exit(115, 5);
	add(120, 5, SWITCH, WORDS(5, 0));
	add(150, 0, SWITCH, WORDS(0, 5));
	entry(151, 5);
	split(0, 5, 6, 40);
}

static void a_halt_is_waiting_and_counted_once(void **state)
{
	(void)state;
	cpu_exit(100, 5, HLT);
	add(190, 5, WAKEUP, WORDS(80000, 0, 1));
	entry(200, 5);
	split(0, 20, 0, 80);
	/* Seen by the scheduler, too. */
	cpu_exit(300, 5, HLT);
	add(312, 5, SWITCH, WORDS(5, 0));
	add(388, 0, SWITCH, WORDS(0, 5));
	add(390, 5, WAKEUP, WORDS(80000, 0, 1));
	entry(400, 5);
	split(1, 20, 0, 80);
	/* Polling is work. */
	cpu_exit(500, 5, HLT);
	add(590, 5, WAKEUP, WORDS(80000, 0, 0));
	entry(600, 5);
	split(2, 100, 0, 0);
}

static void other_events_in_between_are_told(void **state)
{
	(void)state;
	cpu_exit(100, 5, HLT);
	assert_int_equal(add(101, 5, VIRQ, WORDS(0x40)), 1);
	entry(102, 5);
	assert_non_null(strstr(texts[0], "; inj_virq IRQ 0x40"));
	assert_int_equal(seen[0].events, 3);
	/* But not while the guest runs, nor of a thread that has no vcpu. */
	assert_int_equal(add(103, 5, VIRQ, WORDS(0x40)), 0);
	assert_int_equal(add(103, 77, VIRQ, WORDS(0x40)), 0);
}

static void a_long_one_is_shown_before_its_end(void **state)
{
	uint64_t oldest_ns;

	(void)state;
	cpu_exit(100, 5, HLT);
	cpu_exit(150, 6, HLT);
	assert_int_equal(kvm2_trace_folds_advance(folds, 200000, 100000,
						  &oldest_ns), 0);
	assert_int_equal(nr_seen, 1);
	assert_int_equal(seen[0].state, KVM2_TRACE_FOLD_UNFINISHED);
	assert_int_equal(oldest_ns, 150000);
	entry(300, 5);
	assert_int_equal(seen[1].state, KVM2_TRACE_FOLD_RESUMED);
	assert_int_equal(seen[1].total_ns, 200000);
	assert_string_equal(texts[1], "");
}

static void after_a_loss_there_are_no_times(void **state)
{
	(void)state;
	cpu_exit(100, 5, CPUID);
	kvm2_trace_folds_lost(folds);
	entry(200, 5);
	assert_int_equal(seen[0].state, KVM2_TRACE_FOLD_BROKEN);
	/* An entry that was not seen. */
	cpu_exit(300, 5, CPUID);
	cpu_exit(400, 5, CPUID);
	assert_int_equal(seen[1].state, KVM2_TRACE_FOLD_BROKEN);
	entry(405, 5);
	split(2, 5, 0, 0);
}

static void text_without_end_is_cut(void **state)
{
	(void)state;
	cpu_exit(100, 5, CPUID);
	for (uint32_t i = 0; i < 1000; i++)
		add(101, 5, VIRQ, WORDS(i));
	entry(102, 5);
	assert_int_equal(strlen(texts[0]), 511);
	assert_string_equal(texts[0] + 508, "...");
}

static void threads_that_are_idle_are_forgotten(void **state)
{
	uint64_t us = 0;

	(void)state;
	for (int tid = 1; tid < 3000; tid++) {
		entry(us, tid);
		us += 100000;
	}
	cpu_exit(us, 1, CPUID);
	entry(us + 1, 1);
	split(0, 1, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_exit_lasts_until_the_entry),
		TEST(time_in_user_space_is_the_vmms),
		TEST(without_a_sign_of_return_it_is_the_vmms_until_the_entry),
		TEST(time_off_the_processor_is_waiting),
		TEST(a_halt_is_waiting_and_counted_once),
		TEST(other_events_in_between_are_told),
		TEST(a_long_one_is_shown_before_its_end),
		TEST(after_a_loss_there_are_no_times),
		TEST(text_without_end_is_cut),
		TEST(threads_that_are_idle_are_forgotten),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
