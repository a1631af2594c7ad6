// SPDX-License-Identifier: LGPL-2.1
// The names of threads that a trace file has.
#include "file_tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TASKS_MAX	(1 << 20)

void file_tasks_fini(struct file_tasks *tasks)
{
	free(tasks->tasks);
}

int file_tasks_add(struct file_tasks *tasks, const struct file_task *task)
{
	if (tasks->nr == TASKS_MAX)
		return 0;
	if (!(tasks->nr & (tasks->nr - 1))) {
		const size_t size = tasks->nr ? tasks->nr * 2 : 1;
		void *grown = reallocarray(tasks->tasks, size,
					   sizeof(*tasks->tasks));

		if (!grown)
			return -ENOMEM;
		tasks->tasks = grown;
	}
	tasks->tasks[tasks->nr++] = *task;
	return 0;
}

static int compare_tasks(const void *left, const void *right)
{
	const struct file_task *a = left;
	const struct file_task *b = right;

	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

void file_tasks_sort(struct file_tasks *tasks)
{
	if (tasks->nr)
		qsort(tasks->tasks, tasks->nr, sizeof(*tasks->tasks),
		      compare_tasks);
}

void file_tasks_find(const struct file_tasks *tasks,
		     struct kvm2_trace_task *task)
{
	const struct file_task key = { .tid = task->tid };
	const struct file_task *last = tasks->tasks + tasks->nr;
	const struct file_task *found;

	found = tasks->nr ? bsearch(&key, tasks->tasks, tasks->nr, sizeof(key),
				    compare_tasks) : NULL;
	if (!found)
		return;
	/* There may be two of a thread, of which one knows more. */
	while (found > tasks->tasks && found[-1].tid == task->tid)
		found--;
	for (; found < last && found->tid == task->tid; found++) {
		if (*found->comm)
			memcpy(task->comm, found->comm, sizeof(task->comm));
		if (!found->tgid)
			continue;
		task->tgid = found->tgid;
		memcpy(task->process, found->process, sizeof(task->process));
	}
	task->comm[sizeof(task->comm) - 1] = '\0';
	if (!*task->process)
		memcpy(task->process, task->comm, sizeof(task->comm));
}
