// SPDX-License-Identifier: LGPL-2.1
// count.c: whose exits they are, also when that is learned later.
#include <kvm2/trace.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct kvm2_trace_counts *counts;
static struct kvm2_trace_tasks *tasks;

static void lookup(struct kvm2_trace_task *task, void *context)
{
	(void)context;
	task->tgid = task->tid / 100 * 100;
	snprintf(task->comm, sizeof(task->comm), "vcpu%d", task->tid % 100);
	snprintf(task->process, sizeof(task->process), "vmm%d", task->tgid);
}

static int setup(void **state)
{
	(void)state;
	counts = kvm2_trace_counts_create();
	tasks = kvm2_trace_tasks_create(lookup, NULL);
	return counts && tasks ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	kvm2_trace_counts_destroy(counts);
	kvm2_trace_tasks_destroy(tasks);
	return 0;
}

static void count(const struct kvm2_trace_event *event, int times)
{
	for (int i = 0; i < times; i++)
		assert_int_equal(kvm2_trace_counts_add(counts, event,
				 kvm2_trace_tasks_note(tasks, event)), 0);
}

static struct kvm2_trace_event kvm2_exit(int tid, uint64_t vm, uint32_t vcpu,
					 const char *reason)
{
	return (struct kvm2_trace_event){
		.system = "kvm2", .name = "kvm2_exit", .tid = tid,
		.kind = KVM2_TRACE_EXIT_USER, .has_vm = true, .vm = vm,
		.has_vcpu = true, .vcpu = vcpu, .reason = reason,
	};
}

static struct kvm2_trace_event cpu_exit(int tid, uint32_t vcpu,
					const char *reason)
{
	return (struct kvm2_trace_event){
		.system = "kvm", .name = "kvm_exit", .tid = tid,
		.kind = KVM2_TRACE_EXIT_CPU, .has_vcpu = true, .vcpu = vcpu,
		.reason = reason,
	};
}

static struct kvm2_trace_event user_exit(int tid, const char *reason)
{
	return (struct kvm2_trace_event){
		.system = "kvm", .name = "kvm_userspace_exit", .tid = tid,
		.kind = KVM2_TRACE_EXIT_USER, .reason = reason,
	};
}

static ssize_t list(const struct kvm2_trace_count **rows)
{
	return kvm2_trace_counts_list(counts, tasks, rows);
}

static void rows_are_by_vm_vcpu_kind_and_reason(void **state)
{
	const struct kvm2_trace_event events[] = {
		kvm2_exit(101, 1, 0, "io"), kvm2_exit(102, 1, 1, "io"),
		kvm2_exit(101, 1, 0, "mmio"), kvm2_exit(201, 2, 0, "io"),
	};
	const struct kvm2_trace_count *rows;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		count(&events[i], (int)i + 1);
	assert_int_equal(list(&rows), 4);
	/* VM 1, vcpu 0: the largest count first */
	assert_string_equal(rows[0].reason, "mmio");
	assert_int_equal(rows[0].count, 3);
	assert_string_equal(rows[1].reason, "io");
	assert_int_equal(rows[1].count, 1);
	assert_int_equal(rows[2].vcpu, 1);
	assert_int_equal(rows[2].count, 2);
	assert_int_equal(rows[3].vm, 2);
	assert_int_equal(rows[3].count, 4);
	assert_int_equal(rows[3].tgid, 200);
	assert_string_equal(rows[3].process, "vmm200");
}

static void what_is_no_exit_is_not_counted(void **state)
{
	const struct kvm2_trace_event event = {
		.system = "kvm2", .name = "kvm2_enter", .tid = 1,
	};
	const struct kvm2_trace_count *rows;

	(void)state;
	count(&event, 1);
	assert_int_equal(list(&rows), 0);
}

static void exits_of_the_processor_get_the_vm_of_their_thread(void **state)
{
	const struct kvm2_trace_event hlt = cpu_exit(101, 0, "hlt");
	const struct kvm2_trace_event io = kvm2_exit(101, 9, 0, "io");
	const struct kvm2_trace_count *rows;

	(void)state;
	count(&hlt, 2);		/* it is not known yet whose this is */
	count(&io, 1);
	count(&hlt, 3);
	assert_int_equal(list(&rows), 2);
	assert_int_equal(rows[0].kind, KVM2_TRACE_EXIT_CPU);
	assert_true(rows[0].has_vm);
	assert_int_equal(rows[0].vm, 9);
	assert_int_equal(rows[0].count, 5);
}

static void classic_exits_get_the_vcpu_of_their_thread(void **state)
{
	const struct kvm2_trace_event user = user_exit(101, "io");
	const struct kvm2_trace_event cpu = cpu_exit(101, 4, "io");
	const struct kvm2_trace_count *rows;

	(void)state;
	count(&user, 1);
	assert_int_equal(list(&rows), 1);
	assert_false(rows[0].has_vcpu);
	assert_false(rows[0].has_vm);

	count(&cpu, 1);
	count(&user, 1);
	assert_int_equal(list(&rows), 2);
	assert_int_equal(rows[1].kind, KVM2_TRACE_EXIT_USER);
	assert_true(rows[1].has_vcpu);
	assert_int_equal(rows[1].vcpu, 4);
	assert_int_equal(rows[1].count, 2);
}

static void a_vcpu_that_changes_its_thread_is_one_row(void **state)
{
	const struct kvm2_trace_event first = kvm2_exit(101, 1, 0, "io");
	const struct kvm2_trace_event second = kvm2_exit(102, 1, 0, "io");
	const struct kvm2_trace_count *rows;

	(void)state;
	count(&first, 5);
	count(&second, 6);
	assert_int_equal(list(&rows), 1);
	assert_int_equal(rows[0].count, 11);
}

static void a_thread_that_gets_another_vm_keeps_the_old_counts_apart(void **state)
{
	const struct kvm2_trace_event first = kvm2_exit(101, 1, 0, "io");
	const struct kvm2_trace_event second = kvm2_exit(101, 2, 0, "io");
	const struct kvm2_trace_event cpu = cpu_exit(101, 0, "io");
	const struct kvm2_trace_count *rows;

	(void)state;
	count(&first, 1);
	count(&cpu, 10);
	count(&second, 1);
	count(&cpu, 20);
	assert_int_equal(list(&rows), 4);
	assert_int_equal(rows[0].vm, 1);
	assert_int_equal(rows[0].count, 10);
	assert_int_equal(rows[2].vm, 2);
	assert_int_equal(rows[2].count, 20);
}

static void an_exit_of_kvm2_that_is_reported_twice_counts_once(void **state)
{
	const struct kvm2_trace_event cpu = cpu_exit(101, 0, "io");
	const struct kvm2_trace_event classic = user_exit(101, "io");
	const struct kvm2_trace_event kvm2 = kvm2_exit(101, 1, 0, "memory_fault");
	const struct kvm2_trace_count *rows;

	(void)state;
	for (int i = 0; i < 3; i++) {
		count(&cpu, 1);
		count(&classic, 1);
		kvm2_trace_counts_mark(counts);
		count(&kvm2, 1);
	}
	assert_int_equal(list(&rows), 2);
	assert_int_equal(rows[0].kind, KVM2_TRACE_EXIT_CPU);
	assert_int_equal(rows[0].count, 3);
	assert_int_equal(rows[0].recent, 0);
	assert_string_equal(rows[1].reason, "memory_fault");
	assert_int_equal(rows[1].count, 3);
	assert_int_equal(rows[1].recent, 1);

	/* One of a classic vcpu that the same thread runs stays. */
	count(&classic, 1);
	count(&classic, 1);
	count(&cpu, 1);
	count(&kvm2, 1);
	assert_int_equal(list(&rows), 3);
	assert_string_equal(rows[2].reason, "io");
	assert_int_equal(rows[2].count, 2);
}

static void kvm2_vms_come_before_classic_ones(void **state)
{
	const struct kvm2_trace_event classic = user_exit(101, "io");
	const struct kvm2_trace_event kvm2 = kvm2_exit(201, 5, 0, "io");
	const struct kvm2_trace_count *rows;

	(void)state;
	count(&classic, 1);
	count(&kvm2, 1);
	assert_int_equal(list(&rows), 2);
	assert_true(rows[0].has_vm);
	assert_false(rows[1].has_vm);
}

static void recent_counts_begin_at_the_mark(void **state)
{
	const struct kvm2_trace_event event = kvm2_exit(101, 1, 0, "io");
	const struct kvm2_trace_count *rows;

	(void)state;
	count(&event, 5);
	list(&rows);
	assert_int_equal(rows[0].recent, 5);
	kvm2_trace_counts_mark(counts);
	count(&event, 2);
	list(&rows);
	assert_int_equal(rows[0].recent, 2);
	assert_int_equal(rows[0].count, 7);
}

static void many_rows_are_all_there(void **state)
{
	const struct kvm2_trace_count *rows;

	(void)state;
	for (int tid = 100; tid < 3100; tid++) {
		const struct kvm2_trace_event event =
			kvm2_exit(tid, (uint64_t)tid, 0, tid % 2 ? "io" : "mmio");

		count(&event, 2);
	}
	assert_int_equal(list(&rows), 3000);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(rows[i].vm, i + 100);
		assert_int_equal(rows[i].count, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_are_by_vm_vcpu_kind_and_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_exit_is_not_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(exits_of_the_processor_get_the_vm_of_their_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(classic_exits_get_the_vcpu_of_their_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(a_vcpu_that_changes_its_thread_is_one_row, setup, teardown),
		cmocka_unit_test_setup_teardown(a_thread_that_gets_another_vm_keeps_the_old_counts_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(an_exit_of_kvm2_that_is_reported_twice_counts_once, setup, teardown),
		cmocka_unit_test_setup_teardown(kvm2_vms_come_before_classic_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(recent_counts_begin_at_the_mark, setup, teardown),
		cmocka_unit_test_setup_teardown(many_rows_are_all_there, setup, teardown),
	};

	return cmocka_run_group_tests_name("count", tests, NULL, NULL);
}
