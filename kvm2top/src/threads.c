// SPDX-License-Identifier: GPL-2.0
// Threads that run vcpus.
#include "threads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

#define BUCKETS		1024

struct threads {
	pid_t pid;
	struct thread *buckets[BUCKETS];
	bool no_memory;
};

struct threads *threads_create(pid_t pid)
{
	struct threads *threads = calloc(1, sizeof(*threads));

	if (threads)
		threads->pid = pid;
	return threads;
}

static void free_thread(struct thread *thread)
{
	for (int i = 0; i < SHARED_REASONS; i++)
		free(thread->slots[i]);
	free(thread);
}

void threads_destroy(struct threads *threads)
{
	if (!threads)
		return;
	for (int i = 0; i < BUCKETS; i++) {
		struct thread *thread;

		while ((thread = threads->buckets[i])) {
			threads->buckets[i] = thread->next;
			free_thread(thread);
		}
	}
	free(threads);
}

/* ---- /proc ---- */

static void look_up(struct thread *thread)
{
	char path[64];
	char status[4096];
	const char *line;
	int tgid = thread->tid;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)thread->tid);
	line = process_read(path, status, sizeof(status)) ? strstr(status, "\nTgid:") : NULL;
	if (line)
		sscanf(line, "\nTgid: %d", &tgid);
	thread->tgid = tgid;
	thread->start_ns = process_start_ns(tgid);
	process_comm(tgid, thread->comm, sizeof(thread->comm));
}

/* In the scheduler's ticks, but in the right order of magnitude. */
static bool read_counters(const struct thread *thread, uint64_t counters[static NR_COUNTERS], int *cpu)
{
	unsigned long long user = 0;
	unsigned long long kernel = 0;
	unsigned long long guest = 0;
	unsigned long long wait = 0;
	char path[64];
	char text[1024];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)thread->tgid, (int)thread->tid);
	if (!process_read(path, text, sizeof(text)))
		return false;
	if (sscanf(process_behind_name(text), " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %*u"
		   " %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %d %*u %*u %*u %llu", &user, &kernel,
		   cpu, &guest) < 3)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)thread->tgid, (int)thread->tid);
	if (process_read(path, text, sizeof(text)))
		sscanf(text, "%*u %llu", &wait);
	counters[COUNTER_CPU_NS] = process_ticks_to_ns(user + kernel);
	counters[COUNTER_GUEST_NS] = process_ticks_to_ns(guest);
	counters[COUNTER_STIME_NS] = process_ticks_to_ns(kernel);
	counters[COUNTER_WAIT_NS] = wait;
	return true;
}

/* ---- threads ---- */

struct thread *threads_find(struct threads *threads, pid_t tid)
{
	struct thread **bucket = &threads->buckets[(uint32_t)tid % BUCKETS];
	struct thread *thread;

	for (thread = *bucket; thread; thread = thread->next)
		if (thread->tid == tid)
			return threads->pid && thread->tgid != threads->pid ? NULL : thread;
	thread = calloc(1, sizeof(*thread));
	if (!thread) {
		threads->no_memory = true;
		return NULL;
	}
	thread->tid = tid;
	thread->next = *bucket;
	*bucket = thread;
	look_up(thread);
	return threads->pid && thread->tgid != threads->pid ? NULL : thread;
}

uint32_t threads_code(struct thread *thread, uint32_t isa, uint32_t reason)
{
	thread->isa = isa;
	if (isa == SHARED_VMX)
		reason &= 0xffff;
	if (reason < SHARED_LOW)
		return reason;
	if (reason - SHARED_HIGH_FIRST < SHARED_HIGH)
		return SHARED_LOW + (reason - SHARED_HIGH_FIRST);
	thread->other = reason;
	return SHARED_OTHER;
}

uint32_t threads_user_code(uint32_t reason, int error)
{
	if (error)
		return error == -EINTR ? SHARED_USER_SIGNAL : SHARED_USER_OTHER;
	return reason < SHARED_USER_SIGNAL ? reason : SHARED_USER_OTHER;
}

void threads_clear(struct threads *threads)
{
	for (int i = 0; i < BUCKETS; i++) {
		for (struct thread *thread = threads->buckets[i]; thread; thread = thread->next) {
			thread->exits = 0;
			thread->user = 0;
			memset(thread->counts, 0, sizeof(thread->counts));
			memset(thread->user_counts, 0, sizeof(thread->user_counts));
		}
	}
}

static void tell(struct thread *thread, struct model *model, const uint64_t counters[static NR_COUNTERS], int cpu)
{
	struct model_identity identity = {
		.tgid = (uint32_t)thread->tgid, .start_ns = thread->start_ns, .is_kvm2 = thread->is_kvm2,
		.vm = thread->vm, .id = thread->vcpu, .tid = (uint32_t)thread->tid, .comm = thread->comm,
	};
	struct vcpu *vcpu = model_vcpu_of(model, &identity, &thread->kvm, (uint64_t)thread->tid << 32);
	struct reason *reason;

	if (!vcpu)
		return;
	vcpu->cpu = cpu;
	model_counters(model, vcpu, counters, false);
	model_exits(model, vcpu, thread->exits, thread->user, UINT64_MAX);
	model_phases(model, vcpu, thread->phase_ns);
	for (uint32_t i = 0; i < SHARED_REASONS; i++) {
		if (!thread->counts[i])
			continue;
		reason = model_reason(model, vcpu, MODEL_CPU, thread->isa, i, thread->other, thread->counts[i]);
		if (reason && thread->slots[i])
			model_times(model, reason, thread->slots[i]);
	}
	for (uint32_t i = 0; i < SHARED_USER_REASONS; i++)
		if (thread->user_counts[i])
			model_reason(model, vcpu, thread->is_kvm2 ? MODEL_USER_KVM2 : MODEL_USER, 0, i, i,
				     thread->user_counts[i]);
}

/* Of one that has ended only what is new is told. Return: it is there. */
static bool tell_if_there(const struct threads *threads, struct thread *thread, struct model *model)
{
	uint64_t counters[NR_COUNTERS] = { 0 };
	const uint64_t all = thread->exits + thread->user;
	int cpu = -1;
	const bool is_there = !thread->is_gone && read_counters(thread, counters, &cpu);

	if ((!threads->pid || thread->tgid == threads->pid) && all && !(thread->is_gone && all == thread->told))
		tell(thread, model, counters, cpu);
	thread->told = all;
	return is_there;
}

void threads_tell(struct threads *threads, struct model *model, bool keep)
{
	model->kernel_unknown = true;
	model->no_memory |= threads->no_memory;
	for (int i = 0; i < BUCKETS; i++) {
		struct thread **link = &threads->buckets[i];
		struct thread *thread;

		while ((thread = *link)) {
			if (tell_if_there(threads, thread, model)) {
				link = &thread->next;
			} else if (keep) {
				thread->is_gone = true;
				link = &thread->next;
			} else {
				*link = thread->next;
				free_thread(thread);
			}
		}
	}
}
