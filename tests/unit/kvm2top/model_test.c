// SPDX-License-Identifier: GPL-2.0
// The model: sums at every level, rates, what goes, what begins anew.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model.h"

#define SECOND UINT64_C(1000000000)

static struct model_identity identity(uint32_t tgid, uint32_t id)
{
	return (struct model_identity){ .tgid = tgid, .start_ns = tgid * 10, .kvm = tgid * 100, .id = id, .tid = tgid + id,
					.comm = "vmm" };
}

static struct vcpu *vcpu_of(struct model *model, uint32_t tgid, uint32_t id)
{
	const struct model_identity who = identity(tgid, id);

	return model_vcpu(model, &who);
}

/* One refresh at @second: @exits of the vcpu, of them @cpuid for reason 0x72. */
static struct vcpu *tell(struct model *model, uint64_t second, uint64_t exits, uint64_t cpuid)
{
	struct vcpu *vcpu;

	model_begin(model, second * SECOND);
	vcpu = vcpu_of(model, 7, 0);
	model_exits(model, vcpu, exits, 0, exits);
	model_reason(model, vcpu, MODEL_CPU, SHARED_SVM, 0x72, 0, cpuid);
	model_end(model);
	return vcpu;
}

static void a_vcpu_adds_to_its_vm_and_the_host(void **state)
{
	struct model model;
	struct vm *vm;

	(void)state;
	model_init(&model);
	model_begin(&model, SECOND);
	model_exits(&model, vcpu_of(&model, 7, 0), 10, 4, 10);
	model_exits(&model, vcpu_of(&model, 7, 1), 5, 1, 6);
	model_exits(&model, vcpu_of(&model, 8, 0), 100, 0, 100);
	model_end(&model);
	vm = model.vms;
	assert_int_equal(vm->node.total.exits, 15);
	assert_int_equal(vm->node.total.user, 5);
	assert_int_equal(vm->node.total.kernel, 16);
	assert_int_equal(model.host.total.exits, 115);
	assert_int_equal(model.nr_vms, 2);
	assert_int_equal(model.nr_vcpus, 3);
	model_fini(&model);
}

static void rates_are_of_the_last_interval(void **state)
{
	struct model model;
	struct vcpu *vcpu;

	(void)state;
	model_init(&model);
	tell(&model, 1, 1000, 500);
	vcpu = tell(&model, 3, 1600, 700);
	assert_int_equal(vcpu->node.recent.exits, 600);
	assert_true(model_rate(&model, vcpu->node.recent.exits) == 300);
	assert_int_equal(vcpu->node.reasons->node.recent.exits, 200);
	assert_int_equal(model.host.reasons->node.total.exits, 700);
	assert_int_equal(vcpu->node.nr_history, 1);
	assert_true(model_history(vcpu->node.history[0]) > 280 && model_history(vcpu->node.history[0]) < 320);
	model_fini(&model);
}

static void a_counter_that_begins_anew_counts_as_it_is(void **state)
{
	struct model model;

	(void)state;
	model_init(&model);
	tell(&model, 1, 1000, 1000);
	tell(&model, 2, 30, 30);
	assert_int_equal(model.host.total.exits, 1030);
	assert_int_equal(model.host.recent.exits, 30);
	assert_int_equal(model.host.reasons->node.total.exits, 1030);
	model_fini(&model);
}

static void a_vm_that_has_gone_is_kept_a_while_and_its_sums_for_ever(void **state)
{
	struct model model;

	(void)state;
	model_init(&model);
	tell(&model, 1, 1000, 1000);
	for (uint64_t second = 2; second < 11; second++) {
		model_begin(&model, second * SECOND);
		model_end(&model);
		assert_non_null(model.vms);
		assert_int_equal(model.nr_vms, 0);
	}
	assert_int_equal(model.ended_vms, 1);
	model_begin(&model, 13 * SECOND);
	model_end(&model);
	assert_null(model.vms);
	assert_int_equal(model.ended_vms, 1);
	assert_int_equal(model.host.total.exits, 1000);
	assert_int_equal(model.host.reasons->node.total.exits, 1000);
	model_fini(&model);
}

static void two_vms_of_one_process_are_two(void **state)
{
	struct model_identity second = identity(7, 0);
	struct model model;

	(void)state;
	second.kvm = 999;
	model_init(&model);
	model_begin(&model, SECOND);
	vcpu_of(&model, 7, 0);
	model_vcpu(&model, &second);
	model_end(&model);
	assert_int_equal(model.nr_vms, 2);
	model_fini(&model);
}

static void vcpus_are_in_order_and_found_in_any(void **state)
{
	static const uint32_t asked[] = { 5, 1, 3, 4, 2, 0, 4, 5, 0, 1, 3, 2, 2 };
	struct model model;
	struct vcpu *vcpu;
	uint32_t id = 0;

	(void)state;
	model_init(&model);
	for (uint64_t second = 1; second <= 2; second++) {
		model_begin(&model, second * SECOND);
		for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
			assert_int_equal(vcpu_of(&model, 7, asked[i])->id, asked[i]);
		model_end(&model);
	}
	for (vcpu = model.vms->vcpus; vcpu; vcpu = vcpu->next)
		assert_int_equal(vcpu->id, id++);
	assert_int_equal(id, 6);
	assert_int_equal(model.nr_vcpus, 6);
	model_fini(&model);
}

static void what_was_there_before_does_not_count(void **state)
{
	uint64_t counters[NR_COUNTERS] = { [COUNTER_IRQ_INJECTIONS] = 500 };
	struct model model;
	struct vcpu *old;
	struct vcpu *fresh;

	(void)state;
	model_init(&model);
	model_begin(&model, SECOND);
	old = vcpu_of(&model, 7, 0);
	fresh = vcpu_of(&model, 7, 1);
	model_counters(&model, old, counters, false);
	model_counters(&model, fresh, counters, true);
	model_end(&model);
	assert_int_equal(old->accounts.total.counters[COUNTER_IRQ_INJECTIONS], 0);
	assert_int_equal(fresh->accounts.total.counters[COUNTER_IRQ_INJECTIONS], 500);
	assert_int_equal(model.accounts.total.counters[COUNTER_IRQ_INJECTIONS], 500);
	model_fini(&model);
}

static void times_have_percentiles_and_a_maximum(void **state)
{
	struct shared_slot slot = { .count = 100, .total_ns = 99 * 1000 + 50000, .max_ns = 50000 };
	struct model model;
	struct reason *reason;
	struct vcpu *vcpu;
	uint64_t hist[SHARED_HIST];

	(void)state;
	/* 1000 ns: octave 9, step 3; 50 us: octave 15, step 2 */
	slot.hist[(9 - SHARED_HIST_FIRST) * SHARED_HIST_STEPS + 3] = 99;
	slot.hist[(15 - SHARED_HIST_FIRST) * SHARED_HIST_STEPS + 2] = 1;
	model_init(&model);
	model_begin(&model, SECOND);
	vcpu = vcpu_of(&model, 7, 0);
	reason = model_reason(&model, vcpu, MODEL_CPU, SHARED_SVM, 0x72, 0, 100);
	model_times(&model, reason, &slot);
	model_end(&model);
	reason = model.host.reasons;
	for (int i = 0; i < SHARED_HIST; i++)
		hist[i] = reason->times->recent[i];
	assert_int_equal(model_percentile(hist, 0.5), 1024);
	assert_int_equal(model_percentile(hist, 0.99), 1024);
	assert_int_equal(model_percentile(hist, 0.995), 57344);
	assert_int_equal(reason->times->max_ns, 50000);
	assert_int_equal(model.host.total.timed, 100);
	assert_int_equal(model.host.total.time_ns, slot.total_ns);
	model_fini(&model);
}

static void columns_of_the_histogram_follow_each_other(void **state)
{
	(void)state;
	assert_int_equal(model_hist_from(0), 0);
	assert_int_equal(model_hist_to(0), 80);
	assert_int_equal(model_hist_from(4), 128);
	for (unsigned int i = 0; i + 1 < SHARED_HIST; i++)
		assert_true(model_hist_to(i) == model_hist_from(i + 1) && model_hist_to(i) > model_hist_from(i));
}

static void a_reset_forgets_counts_but_not_who_there_is(void **state)
{
	struct model model;

	(void)state;
	model_init(&model);
	tell(&model, 1, 1000, 1000);
	model_reset(&model);
	assert_int_equal(model.host.total.exits, 0);
	tell(&model, 2, 1010, 1005);
	assert_int_equal(model.host.total.exits, 10);
	assert_int_equal(model.host.reasons->node.total.exits, 5);
	assert_int_equal(model.nr_vms, 1);
	model_fini(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vcpu_adds_to_its_vm_and_the_host),
		cmocka_unit_test(rates_are_of_the_last_interval),
		cmocka_unit_test(a_counter_that_begins_anew_counts_as_it_is),
		cmocka_unit_test(a_vm_that_has_gone_is_kept_a_while_and_its_sums_for_ever),
		cmocka_unit_test(two_vms_of_one_process_are_two),
		cmocka_unit_test(vcpus_are_in_order_and_found_in_any),
		cmocka_unit_test(what_was_there_before_does_not_count),
		cmocka_unit_test(times_have_percentiles_and_a_maximum),
		cmocka_unit_test(columns_of_the_histogram_follow_each_other),
		cmocka_unit_test(a_reset_forgets_counts_but_not_who_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
