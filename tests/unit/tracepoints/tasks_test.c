// SPDX-License-Identifier: LGPL-2.1
// tasks.c: what events tell about threads, and how that is shown.
#include <kvm2/trace.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int lookups;

static void lookup(struct kvm2_trace_task *task, void *context)
{
	assert_ptr_equal(context, &lookups);
	lookups++;
	task->tgid = task->tid - 1;
	snprintf(task->comm, sizeof(task->comm), "qemu");
}

static struct kvm2_trace_event event_of(const char *system, const char *name,
					int tid)
{
	return (struct kvm2_trace_event){
		.system = system, .name = name, .tid = tid,
	};
}

static const char *who(const struct kvm2_trace_event *event,
		       const struct kvm2_trace_task *task)
{
	static char text[48];

	kvm2_trace_who(event, task, text, sizeof(text));
	return text;
}

static void a_thread_is_looked_up_once(void **state)
{
	struct kvm2_trace_tasks *tasks = kvm2_trace_tasks_create(lookup, &lookups);
	const struct kvm2_trace_event event = event_of("kvm", "kvm_pio", 7);
	const struct kvm2_trace_task *task;

	(void)state;
	lookups = 0;
	assert_null(kvm2_trace_tasks_find(tasks, 7));
	kvm2_trace_tasks_note(tasks, &event);
	task = kvm2_trace_tasks_note(tasks, &event);
	assert_int_equal(lookups, 1);
	assert_int_equal(task->tgid, 6);
	assert_string_equal(task->comm, "qemu");
	assert_ptr_equal(kvm2_trace_tasks_find(tasks, 7), task);
	kvm2_trace_tasks_destroy(tasks);
}

static void an_entry_tells_the_thread_of_the_vcpu(void **state)
{
	struct kvm2_trace_tasks *tasks = kvm2_trace_tasks_create(NULL, NULL);
	struct kvm2_trace_event event = event_of("kvm2", "kvm2_enter", 7);
	const struct kvm2_trace_task *task;

	(void)state;
	event.has_vm = event.has_vcpu = true;
	event.vm = 3;
	event.vcpu = 1;
	task = kvm2_trace_tasks_note(tasks, &event);
	assert_true(task->has_vm);
	assert_int_equal(task->vm, 3);
	assert_int_equal(task->vcpu, 1);
	kvm2_trace_tasks_destroy(tasks);
}

static void reading_a_vcpu_does_not_make_it_ones_own(void **state)
{
	struct kvm2_trace_tasks *tasks = kvm2_trace_tasks_create(NULL, NULL);
	struct kvm2_trace_event event = event_of("kvm2", "kvm2_state", 7);

	(void)state;
	event.has_vm = event.has_vcpu = true;
	assert_false(kvm2_trace_tasks_note(tasks, &event)->has_vm);
	kvm2_trace_tasks_destroy(tasks);
}

static void many_threads_are_all_known(void **state)
{
	struct kvm2_trace_tasks *tasks = kvm2_trace_tasks_create(NULL, NULL);

	(void)state;
	for (int tid = 0; tid < 5000; tid++) {
		struct kvm2_trace_event event = event_of("kvm2", "kvm2_enter",
							 tid * 64);

		event.has_vm = true;
		event.vm = (uint64_t)tid;
		assert_non_null(kvm2_trace_tasks_note(tasks, &event));
	}
	for (int tid = 0; tid < 5000; tid++)
		assert_int_equal(kvm2_trace_tasks_find(tasks, tid * 64)->vm, tid);
	assert_null(kvm2_trace_tasks_find(tasks, 1));
	kvm2_trace_tasks_destroy(tasks);
}

static void who_is_vm_and_vcpu_where_they_are_known(void **state)
{
	const struct kvm2_trace_task own = {
		.tid = 7, .comm = "kvm2run", .has_vm = true, .vm = 3,
		.has_vcpu = true, .vcpu = 1,
	};
	struct kvm2_trace_event event = event_of("kvm2", "kvm2_exit", 7);

	(void)state;
	/* Of another vcpu than its thread's: the event knows better. */
	event.has_vm = event.has_vcpu = true;
	event.vm = 4;
	assert_string_equal(who(&event, &own), "vm4/0");
	event.has_vcpu = false;
	assert_string_equal(who(&event, &own), "vm4");

	event = event_of("kvm", "kvm_pio", 7);
	assert_string_equal(who(&event, &own), "vm3/1");
}

static void who_is_the_thread_otherwise(void **state)
{
	const struct kvm2_trace_task task = { .tid = 7, .comm = "qemu" };
	struct kvm2_trace_event event = event_of("kvm", "kvm_exit", 7);

	(void)state;
	event.has_vcpu = true;
	assert_string_equal(who(&event, &task), "qemu-7");
	assert_string_equal(who(&event, NULL), "?-7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_is_looked_up_once),
		cmocka_unit_test(an_entry_tells_the_thread_of_the_vcpu),
		cmocka_unit_test(reading_a_vcpu_does_not_make_it_ones_own),
		cmocka_unit_test(many_threads_are_all_known),
		cmocka_unit_test(who_is_vm_and_vcpu_where_they_are_known),
		cmocka_unit_test(who_is_the_thread_otherwise),
	};

	return cmocka_run_group_tests_name("tasks", tests, NULL, NULL);
}
