/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is remembered of threads and processes that use kvm2. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_task.h"

#include "xmalloc.h"
#include "xstring.h"

#define NR_BUCKETS	64

static struct kvm2_task *tasks[NR_BUCKETS];
static struct kvm2_process *processes;

/* @pid and the result are strace's; 0 if there is none. */
static int
find_tgid(int pid)
{
	char path[sizeof("/proc/%d/status") + sizeof(int) * 3];
	char line[128];
	int tgid = 0;
	FILE *file;

	xsprintf(path, "/proc/%d/status", get_proc_pid(pid));
	file = fopen(path, "r");
	if (!file)
		return 0;
	while (!tgid && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &tgid) != 1)
			tgid = 0;
	fclose(file);
	return tgid;
}

/* Lines "vcpu 0 tid 4711 runnable". */
static int64_t
find_vcpu(int pid)
{
	char path[sizeof("/proc/%d/kvm2") + sizeof(int) * 3];
	int proc_pid = get_proc_pid(pid);
	char line[256];
	int64_t vcpu = -1;
	FILE *file;

	xsprintf(path, "/proc/%d/kvm2", proc_pid);
	file = fopen(path, "r");
	if (!file)
		return -1;
	while (vcpu < 0 && fgets(line, sizeof(line), file)) {
		unsigned int id;
		int tid;

		if (sscanf(line, "vcpu %u tid %d ", &id, &tid) == 2 &&
		    tid == proc_pid)
			vcpu = id;
	}
	fclose(file);
	return vcpu;
}

static struct kvm2_task **
find_task(int pid)
{
	struct kvm2_task **task = &tasks[(unsigned int) pid % NR_BUCKETS];

	while (*task && (*task)->pid != pid)
		task = &(*task)->next;
	return task;
}

struct kvm2_task *
kvm2_task_get(int pid)
{
	struct kvm2_task **place = find_task(pid);
	struct kvm2_task *task = *place;

	if (!task) {
		task = xzalloc(sizeof(*task));
		task->pid = pid;
		task->tgid = find_tgid(pid);
		task->vcpu = -1;
		*place = task;
	}
	return task;
}

int64_t
kvm2_task_vcpu(int pid)
{
	struct kvm2_task *task = kvm2_task_get(pid);

	/* Threads become vcpus later, and under -c no decoder tells so. */
	if (task->vcpu < 0)
		task->vcpu = find_vcpu(pid);
	return task->vcpu;
}

void
kvm2_task_forget(int pid)
{
	struct kvm2_task **place = find_task(pid);
	struct kvm2_task *task = *place;

	if (!task)
		return;
	*place = task->next;
	free(task->due);
	free(task);
}

struct kvm2_process *
kvm2_process_get(int tgid)
{
	struct kvm2_process *process;

	for (process = processes; process; process = process->next)
		if (process->tgid == tgid)
			return process;
	process = xzalloc(sizeof(*process));
	process->tgid = tgid;
	process->next = processes;
	processes = process;
	return process;
}

void
kvm2_process_set_map(struct kvm2_process *process,
		     struct kvm2_memory_region *map, size_t count)
{
	free(process->map);
	process->map = map;
	process->nr_regions = count;
	process->map_known = true;
}
