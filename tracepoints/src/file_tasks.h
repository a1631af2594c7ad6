/* SPDX-License-Identifier: LGPL-2.1 */
/* The names of threads that a trace file has. */
#ifndef TRACE_FILE_TASKS_H
#define TRACE_FILE_TASKS_H

#include <kvm2/trace.h>

#include <stddef.h>

/* A thread's name; @tgid 0: its process is not known. */
struct file_task {
	int tid;
	int tgid;
	char comm[KVM2_TRACE_COMM_SIZE];
	char process[KVM2_TRACE_PROCESS_SIZE];
};

/* @nr of them, by tid after file_tasks_sort(). */
struct file_tasks {
	struct file_task *tasks;
	size_t nr;
};

void file_tasks_fini(struct file_tasks *tasks);

/* Too many are left out. Return: 0 or -ENOMEM. */
int file_tasks_add(struct file_tasks *tasks, const struct file_task *task);

/* When all have been added. */
void file_tasks_sort(struct file_tasks *tasks);

/* Fill in what is known of @task->tid. */
void file_tasks_find(const struct file_tasks *tasks,
		     struct kvm2_trace_task *task);

#endif /* TRACE_FILE_TASKS_H */
