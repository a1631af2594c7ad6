// SPDX-License-Identifier: LGPL-2.1
// What is known of the threads met: process, name, VM and vcpu.
#include <kvm2/trace.h>

#include "decode.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A power of two. */
#define TASKS_INITIAL		64

/**
 * struct kvm2_trace_tasks - a hash table with linear probing, by tid
 * @lookup:	asked once for each thread
 * @context:	for @lookup
 * @slots:	@nr_slots tasks
 * @used:	which of them are in use
 * @nr_slots:	a power of two, at least 4/3 of @nr
 * @nr:		slots in use
 */
struct kvm2_trace_tasks {
	kvm2_trace_task_lookup_fn *lookup;
	void *context;
	struct kvm2_trace_task *slots;
	bool *used;
	size_t nr_slots;
	size_t nr;
};

static size_t slot_of(const struct kvm2_trace_tasks *tasks, int tid)
{
	size_t slot = (uint32_t)tid * UINT32_C(2654435761);

	for (slot &= tasks->nr_slots - 1;
	     tasks->used[slot] && tasks->slots[slot].tid != tid;
	     slot = (slot + 1) & (tasks->nr_slots - 1))
		;
	return slot;
}

static int tasks_resize(struct kvm2_trace_tasks *tasks, size_t nr_slots)
{
	struct kvm2_trace_tasks old = *tasks;
	struct kvm2_trace_task *slots;
	bool *used;

	slots = calloc(nr_slots, sizeof(*slots));
	used = calloc(nr_slots, sizeof(*used));
	if (!slots || !used) {
		free(slots);
		free(used);
		return -ENOMEM;
	}
	tasks->slots = slots;
	tasks->used = used;
	tasks->nr_slots = nr_slots;
	for (size_t i = 0; i < old.nr_slots; i++) {
		size_t slot;

		if (!old.used[i])
			continue;
		slot = slot_of(tasks, old.slots[i].tid);
		tasks->slots[slot] = old.slots[i];
		tasks->used[slot] = true;
	}
	free(old.slots);
	free(old.used);
	return 0;
}

struct kvm2_trace_tasks *kvm2_trace_tasks_create(
		kvm2_trace_task_lookup_fn *lookup, void *context)
{
	struct kvm2_trace_tasks *tasks = calloc(1, sizeof(*tasks));

	if (!tasks)
		return NULL;
	tasks->lookup = lookup;
	tasks->context = context;
	if (tasks_resize(tasks, TASKS_INITIAL)) {
		free(tasks);
		return NULL;
	}
	return tasks;
}

void kvm2_trace_tasks_destroy(struct kvm2_trace_tasks *tasks)
{
	if (!tasks)
		return;
	free(tasks->slots);
	free(tasks->used);
	free(tasks);
}

static struct kvm2_trace_task *task_get(struct kvm2_trace_tasks *tasks, int tid)
{
	struct kvm2_trace_task *task;
	size_t slot = slot_of(tasks, tid);

	if (tasks->used[slot])
		return &tasks->slots[slot];
	if (tasks->nr >= tasks->nr_slots / 4 * 3) {
		if (tasks_resize(tasks, tasks->nr_slots * 2))
			return NULL;
		slot = slot_of(tasks, tid);
	}
	task = &tasks->slots[slot];
	task->tid = tid;
	task->tgid = tid;
	if (tasks->lookup)
		tasks->lookup(task, tasks->context);
	tasks->used[slot] = true;
	tasks->nr++;
	return task;
}

/*
 * Only what a vcpu's thread does itself tells whose thread it is: another
 * thread may read the vcpu's state, or be interrupted on its behalf.
 */
static bool is_own(const struct kvm2_trace_event *event)
{
	const struct event_handler *handler = event->format ?
					      event->format->handler : NULL;

	if (event->kind != KVM2_TRACE_OTHER)
		return true;
	if (event->format)
		return handler && (handler->role == EVENT_ENTER ||
				   handler->role == EVENT_ENTRY);
	return !strcmp(event->name, "kvm2_enter") ||
	       !strcmp(event->name, "kvm_entry");
}

const struct kvm2_trace_task *kvm2_trace_tasks_note(
		struct kvm2_trace_tasks *tasks,
		const struct kvm2_trace_event *event)
{
	struct kvm2_trace_task *task = task_get(tasks, event->tid);

	if (!task || !is_own(event))
		return task;
	if (event->has_vm) {
		task->has_vm = true;
		task->vm = event->vm;
	}
	if (event->has_vcpu) {
		task->has_vcpu = true;
		task->vcpu = event->vcpu;
	}
	return task;
}

const struct kvm2_trace_task *kvm2_trace_tasks_find(
		const struct kvm2_trace_tasks *tasks, int tid)
{
	const size_t slot = slot_of(tasks, tid);

	return tasks->used[slot] ? &tasks->slots[slot] : NULL;
}

size_t kvm2_trace_who(const struct kvm2_trace_event *event,
		      const struct kvm2_trace_task *task, char *buffer,
		      size_t size)
{
	const bool has_vm = event->has_vm || (task && task->has_vm);
	const uint64_t vm = event->has_vm ? event->vm : has_vm ? task->vm : 0;
	struct text text = { buffer, size, 0 };
	bool has_vcpu = event->has_vcpu;
	uint32_t vcpu = event->vcpu;

	/* An event of kvm2 says itself which vcpu it is about, if any. */
	if (!has_vcpu && !event->has_vm && task && task->has_vcpu) {
		has_vcpu = true;
		vcpu = task->vcpu;
	}
	if (!has_vm) {
		text_string(&text, task && *task->comm ? task->comm : "?");
		text_char(&text, '-');
		text_signed(&text, event->tid);
		return text_end(&text);
	}
	text_string(&text, "vm");
	text_decimal(&text, vm);
	if (has_vcpu) {
		text_char(&text, '/');
		text_decimal(&text, vcpu);
	}
	return text_end(&text);
}
