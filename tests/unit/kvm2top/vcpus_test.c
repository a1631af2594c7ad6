// SPDX-License-Identifier: GPL-2.0
// Iterators and rows put together: is it complete?
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vcpus.h"

#define SECOND	UINT64_C(1000000000)
#define ADDRESS	0xffff888000100000

static struct shared_vcpu record(uint64_t exits)
{
	struct shared_vcpu value = { .vcpu = ADDRESS, .kvm = 1, .tgid = 7, .tid = 8, .start_ns = 1, .comm = "vmm" };

	value.counters[COUNTER_EXITS] = exits;
	return value;
}

/* A row as the programs would have it after @exits, of which @missed were not seen. */
static struct shared_row row(uint64_t before, uint64_t exits, uint64_t missed)
{
	return (struct shared_row){
		.vcpu = ADDRESS, .kvm = 1, .tgid = 7, .tid = 8, .start_ns = 1, .generation = 1, .epoch = 1,
		.kernel_base = before, .kernel = before + exits + missed, .exits = exits,
	};
}

struct fixture {
	struct model model;
	struct vcpus *vcpus;
	uint64_t second;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	if (!fixture)
		return -1;
	model_init(&fixture->model);
	fixture->vcpus = vcpus_create();
	return fixture->vcpus ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	vcpus_destroy(fixture->vcpus);
	model_fini(&fixture->model);
	free(fixture);
	return 0;
}

/* What the iterator lists while programs are attached: a vcpu with @exits, if they are not negative. */
static void list_one(struct fixture *fixture, int64_t exits)
{
	const struct shared_vcpu old = record((uint64_t)exits);

	vcpus_begin(fixture->vcpus);
	if (exits >= 0)
		vcpus_record(fixture->vcpus, NULL, &old);
	vcpus_attached(fixture->vcpus);
}

/* The first attachment of a test: the vcpu has made @exits before, or is not there yet. */
static struct fixture *attach(void **state, int tier, int64_t exits)
{
	struct fixture *fixture = *state;

	vcpus_attach(fixture->vcpus, tier, 1, false);
	list_one(fixture, exits);
	return fixture;
}

/* A refresh in which the iterator gives @exits, if they are not negative, and there is a row, if it is not NULL. */
static void refresh(struct fixture *fixture, int64_t exits, const struct shared_row *seen)
{
	model_begin(&fixture->model, ++fixture->second * SECOND);
	vcpus_begin(fixture->vcpus);
	if (exits >= 0) {
		const struct shared_vcpu value = record((uint64_t)exits);

		vcpus_record(fixture->vcpus, &fixture->model, &value);
	}
	if (seen) {
		const struct vcpus_counts counts = {
			.exits = seen->exits, .user = seen->user_exits,
			.kernel = seen->kernel ? seen->kernel - seen->skipped : 0,
		};

		assert_non_null(vcpus_row(fixture->vcpus, &fixture->model, seen, &counts));
	}
	vcpus_end(fixture->vcpus, &fixture->model);
	model_end(&fixture->model);
}

#define ASSERT_HOST(fixture, seen, kvm)						\
do {										\
	assert_int_equal((fixture)->model.host.total.exits, seen);		\
	assert_int_equal((fixture)->model.host.total.kernel, kvm);		\
} while (0)

static void tier_0_counts_from_when_it_began(void **state)
{
	struct fixture *fixture = attach(state, 0, 1000);

	refresh(fixture, 1010, NULL);
	ASSERT_HOST(fixture, 10, 10);
	refresh(fixture, 1030, NULL);
	ASSERT_HOST(fixture, 30, 30);
	assert_int_equal(vcpus_alive(fixture->vcpus), 1);
}

static void a_new_vcpu_counts_from_0(void **state)
{
	struct fixture *fixture = attach(state, 0, -1);

	refresh(fixture, 55, NULL);
	ASSERT_HOST(fixture, 55, 55);
}

static void a_row_that_has_seen_all_is_complete(void **state)
{
	struct fixture *fixture = attach(state, 1, 1000);
	const struct shared_row seen = row(1000, 20, 0);

	/* The iterator came before the last exits. */
	refresh(fixture, 1017, &seen);
	ASSERT_HOST(fixture, 20, 20);
}

static void exits_missed_between_two_are_missing(void **state)
{
	struct fixture *fixture = attach(state, 1, -1);
	const struct shared_row seen = row(0, 20, 3);

	refresh(fixture, 23, &seen);
	ASSERT_HOST(fixture, 20, 23);
}

static void exits_missed_at_the_end_are_missing(void **state)
{
	struct fixture *fixture = attach(state, 1, -1);
	const struct shared_row seen = row(0, 20, 0);

	refresh(fixture, 25, &seen);
	ASSERT_HOST(fixture, 20, 25);
}

static void exits_missed_at_the_beginning_are_missing(void **state)
{
	struct fixture *fixture = attach(state, 1, 1000);
	const struct shared_row seen = row(1004, 20, 0);

	refresh(fixture, 1024, &seen);
	ASSERT_HOST(fixture, 20, 24);
}

static void exits_of_a_vcpu_that_no_program_sees_are_missing(void **state)
{
	struct fixture *fixture = attach(state, 1, 1000);
	struct shared_row seen = row(1030, 5, 0);

	refresh(fixture, 1000, NULL);
	ASSERT_HOST(fixture, 0, 0);
	refresh(fixture, 1030, NULL);
	ASSERT_HOST(fixture, 0, 30);
	/* From now on they do. */
	refresh(fixture, 1035, &seen);
	ASSERT_HOST(fixture, 5, 35);
}

static void exits_of_a_vcpu_made_before_the_programs_were_attached_late_are_missing(void **state)
{
	struct fixture *fixture = attach(state, 1, -1);
	struct shared_row seen = row(6, 20, 0);

	refresh(fixture, -1, NULL);
	/* The module was let go; the VM has come since. */
	vcpus_attach(fixture->vcpus, 1, 1, true);
	list_one(fixture, 6);
	refresh(fixture, 26, &seen);
	ASSERT_HOST(fixture, 20, 26);
}

static void a_vcpu_with_a_new_row_goes_on(void **state)
{
	struct fixture *fixture = attach(state, 1, -1);
	struct shared_row seen = row(0, 20, 0);

	refresh(fixture, 20, &seen);
	/* Its row was taken away, and two exits with it. */
	seen = row(22, 8, 0);
	seen.generation = 2;
	refresh(fixture, 30, &seen);
	ASSERT_HOST(fixture, 28, 30);
}

static void what_ran_before_the_programs_were_attached_again_is_not_missing(void **state)
{
	struct fixture *fixture = attach(state, 1, -1);
	struct shared_row seen = row(0, 20, 0);

	refresh(fixture, 20, &seen);
	vcpus_attach(fixture->vcpus, 1, 2, false);
	list_one(fixture, 70);
	/* It has not run since. */
	refresh(fixture, 70, &seen);
	ASSERT_HOST(fixture, 20, 20);
	/* The first exit since tells what was skipped. */
	seen.epoch = 2;
	seen.skipped = 50;
	seen.kernel = 75;
	seen.exits = 25;
	refresh(fixture, 75, &seen);
	ASSERT_HOST(fixture, 25, 25);
}

static void another_vcpu_at_the_same_address_begins_anew(void **state)
{
	struct fixture *fixture = attach(state, 1, -1);
	struct shared_row seen = row(0, 20, 0);

	refresh(fixture, 20, &seen);
	seen = row(0, 30, 0);
	seen.generation = 2;
	refresh(fixture, 30, &seen);
	ASSERT_HOST(fixture, 50, 50);
}

static void a_row_of_a_VM_that_was_at_the_same_address_is_not_of_the_new_one(void **state)
{
	struct fixture *fixture = attach(state, 1, -1);
	struct shared_row seen = row(0, 20, 0);
	const struct vm *vm;

	/* The iterator lists the new one already; the row is still the old one's. */
	seen.kvm = 2;
	refresh(fixture, 0, &seen);
	assert_int_equal(fixture->model.nr_vms, 2);
	for (vm = fixture->model.vms; vm; vm = vm->next)
		assert_int_equal(vm->node.total.exits, vm->kvm == 2 ? 20 : 0);
	/* The same of a vcpu of that VM with another id. */
	seen.kvm = 1;
	seen.id = 3;
	seen.exits = 30;
	refresh(fixture, 0, &seen);
	assert_int_equal(fixture->model.nr_vcpus, 2);
}

static void a_VM_at_the_address_of_another_is_not_that_one(void **state)
{
	struct fixture *fixture = attach(state, 0, -1);
	struct shared_vcpu value = record(30);
	const struct vm *vm;

	refresh(fixture, 20, NULL);
	model_begin(&fixture->model, ++fixture->second * SECOND);
	vcpus_begin(fixture->vcpus);
	value.kvm = 2;
	vcpus_record(fixture->vcpus, &fixture->model, &value);
	vcpus_end(fixture->vcpus, &fixture->model);
	model_end(&fixture->model);
	assert_int_equal(fixture->model.nr_vms, 1);
	for (vm = fixture->model.vms; vm; vm = vm->next)
		assert_int_equal(!vm->gone_ns, vm->kvm == 2);
}

static void a_vcpu_that_comes_back_is_another_one_of_the_model(void **state)
{
	struct fixture *fixture = attach(state, 0, -1);

	fixture->model.keep_ns = 0;
	refresh(fixture, 20, NULL);
	refresh(fixture, -1, NULL);
	assert_null(fixture->model.vms);
	refresh(fixture, 25, NULL);
	assert_non_null(fixture->model.vms);
	assert_int_equal(fixture->model.nr_vcpus, 1);
}

static void a_row_is_gone_when_nobody_lists_it_and_it_is_idle(void **state)
{
	struct fixture *fixture = attach(state, 1, -1);
	struct shared_row seen = row(0, 20, 0);

	refresh(fixture, 20, &seen);
	assert_false(vcpus_is_gone(fixture->vcpus, &seen));
	refresh(fixture, -1, &seen);
	assert_false(vcpus_is_gone(fixture->vcpus, &seen));
	refresh(fixture, -1, &seen);
	refresh(fixture, -1, &seen);
	assert_true(vcpus_is_gone(fixture->vcpus, &seen));
}

/* Without addresses of vcpus and VMs, threads stand for them. */
static void vcpus_of_two_VMs_of_a_process_do_not_meet(void **state)
{
	struct fixture *fixture = attach(state, 1, -1);

	for (uint32_t exits = 10; exits <= 50; exits += 20) {
		model_begin(&fixture->model, ++fixture->second * SECOND);
		vcpus_begin(fixture->vcpus);
		for (uint32_t i = 0; i < 6; i++) {
			struct shared_vcpu value = record(exits);

			value.vcpu = VCPUS_THREAD_KEY(100 + i);
			value.kvm = ADDRESS + i / 2;
			value.id = i % 2;
			/* The last VM does not live until the iterator comes. */
			if (i < 4)
				vcpus_record(fixture->vcpus, &fixture->model, &value);
		}
		for (uint32_t i = 0; i < 6; i++) {
			const struct vcpus_counts counts = { .exits = exits };
			struct shared_row seen = row(0, exits, 0);

			seen.vcpu = VCPUS_THREAD_KEY(100 + i);
			seen.kvm = 0;
			seen.kernel = 0;
			seen.id = i % 2;
			vcpus_row(fixture->vcpus, &fixture->model, &seen, &counts);
		}
		vcpus_end(fixture->vcpus, &fixture->model);
		model_end(&fixture->model);
	}
	ASSERT_HOST(fixture, 300, 300);
	assert_int_equal(fixture->model.nr_vms, 3);
	assert_int_equal(fixture->model.nr_vcpus, 6);
}

static void thousands_come_and_go(void **state)
{
	struct fixture *fixture = attach(state, 0, -1);

	for (uint32_t round = 0; round < 20; round++) {
		model_begin(&fixture->model, ++fixture->second * SECOND);
		vcpus_begin(fixture->vcpus);
		for (uint32_t i = 0; i < 1000; i++) {
			struct shared_vcpu value = record(3);

			value.tgid = round * 1000 + i + 1;
			value.vcpu += i * 0x2000;
			vcpus_record(fixture->vcpus, &fixture->model, &value);
		}
		vcpus_end(fixture->vcpus, &fixture->model);
		model_end(&fixture->model);
	}
	ASSERT_HOST(fixture, 60000, 60000);
	assert_int_equal(fixture->model.nr_vms, 1000);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tier_0_counts_from_when_it_began),
		TEST(a_new_vcpu_counts_from_0),
		TEST(a_row_that_has_seen_all_is_complete),
		TEST(exits_missed_between_two_are_missing),
		TEST(exits_missed_at_the_end_are_missing),
		TEST(exits_missed_at_the_beginning_are_missing),
		TEST(exits_of_a_vcpu_that_no_program_sees_are_missing),
		TEST(exits_of_a_vcpu_made_before_the_programs_were_attached_late_are_missing),
		TEST(a_vcpu_with_a_new_row_goes_on),
		TEST(what_ran_before_the_programs_were_attached_again_is_not_missing),
		TEST(another_vcpu_at_the_same_address_begins_anew),
		TEST(a_row_of_a_VM_that_was_at_the_same_address_is_not_of_the_new_one),
		TEST(a_VM_at_the_address_of_another_is_not_that_one),
		TEST(a_vcpu_that_comes_back_is_another_one_of_the_model),
		TEST(a_row_is_gone_when_nobody_lists_it_and_it_is_idle),
		TEST(vcpus_of_two_VMs_of_a_process_do_not_meet),
		TEST(thousands_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
