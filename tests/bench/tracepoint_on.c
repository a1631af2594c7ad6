// SPDX-License-Identifier: GPL-2.0
/*
 * tracepoint_on: what a tracepoint costs that is recorded to the trace buffer.
 * The same operation is counted with only this one off and then on, in the
 * same process; the difference is divided by the events recorded meanwhile.
 * The peer is KVM's own kvm_userspace_exit, measured so too. The row itself
 * has the dearest of those that each round trip passes; tracepoint_on_NAME is
 * each of them.
 */
#include "row.h"

#include <kvm2/kvm2.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ours.h"
#include "sample.h"
#include "tracepoint.h"
#include "trap.h"

#define TIMES		200
#define WARM_UP		20

/**
 * struct load - how to make a tracepoint fire
 * @system:  of the tracepoint
 * @name:    of the tracepoint
 * @is_exit: every round trip passes it
 * @sleeps:  as of struct clock_series
 * @setup:   in a process that has a VM and a vcpu, whose guest has run; NULL:
 *	     nothing to do
 * @op:      what fires it, at least once
 * @before:  not counted; NULL: nothing to do
 */
struct load {
	const char *system;
	const char *name;
	bool is_exit;
	bool sleeps;
	int (*setup)(void);
	int (*op)(void *arg);
	int (*before)(void *arg);
};

static uint8_t *ram;

static int cross_exit(void *arg)
{
	(void)arg;
	return ours_exit();
}

/* One register, so one record. */
static int read_register(void *arg)
{
	static uint64_t buffer[KVM2_RECORD_BYTES(8) / 8];
	struct kvm2_record *record = (struct kvm2_record *)buffer;
	long r;

	(void)arg;
	record->set = KVM2_SET_GPR;
	record->number = KVM2_GPR_RAX;
	record->size = 8;
	r = trap(__NR_kvm_get_state, KVM2_SELF, (long)buffer, sizeof(buffer),
		 0);
	return r < 0 ? r : 0;
}

/* The same map again. */
static int map_again(void *arg)
{
	(void)arg;
	return ours_map_ram(ram);
}

static int read_dirty_log(void *arg)
{
	struct kvm2_dirty_run run;
	struct kvm2_dirty_log log = {
		.size = GUEST_RAM,
		.runs = (uintptr_t)&run,
		.nr_runs = 1,
	};
	long r;

	(void)arg;
	r = trap(__NR_kvm_get_dirty_log, (long)&log, sizeof(log), 0, 0);
	return r < 0 ? r : 0;
}

static int set_single_step(void)
{
	uint64_t buffer[KVM2_RECORD_BYTES(4) / 8];
	struct kvm2_records records;
	int r;

	kvm2_records_init(&records, buffer, sizeof(buffer));
	kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG,
			     KVM2_GUEST_DEBUG_CONTROL,
			     KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP, 4);
	r = kvm2_sys_set_state(KVM2_SELF, buffer, records.used, 0);
	return r < 0 ? r : 0;
}

/* Two instructions of the guest, of which one writes to a port. */
static int single_step(void *arg)
{
	static struct kvm2_run run;
	bool is_step = false;
	long r;

	(void)arg;
	while (!is_step) {
		r = trap(__NR_kvm_enter_guest, (long)&run, sizeof(run), 0, 0);
		if (r)
			return r;
		is_step = run.exit_reason == KVM2_EXIT_DEBUG;
	}
	return 0;
}

/* ---- a vcpu that another thread reads while it runs ---- */

static int runner_pidfd;
static volatile pid_t runner_tid;

/* In real mode, as this vcpu has no CPUID. */
static void *run_endless(void *arg)
{
	const struct guest_start start = {
		.mode = GUEST_REAL,
		.program = guest_endless,
	};

	(void)arg;
	runner_tid = gettid();
	if (!kvm2_sys_create_vcpu(1, 0) && !ours_start(&start))
		ours_exit();
	runner_tid = -1;
	return NULL;
}

static int start_runner(void)
{
	const struct timespec while_it_starts = { .tv_nsec = 50000000 };
	pthread_t thread;
	int r;

	r = pthread_create(&thread, NULL, run_endless, NULL);
	if (r)
		return -r;
	nanosleep(&while_it_starts, NULL);
	if (runner_tid <= 0)
		return -ECHILD;
	runner_pidfd = kvm2_thread_pidfd_open(runner_tid);
	return runner_pidfd < 0 ? runner_pidfd : 0;
}

/* So that it is inside the guest. */
static int let_it_run(void *arg)
{
	const struct timespec nap = { .tv_nsec = 200000 };

	(void)arg;
	nanosleep(&nap, NULL);
	return runner_tid > 0 ? 0 : -ECHILD;
}

static int read_running(void *arg)
{
	uint64_t buffer[KVM2_RECORD_BYTES(8) / 8];
	struct kvm2_records records;
	int r;

	(void)arg;
	kvm2_records_init(&records, buffer, sizeof(buffer));
	kvm2_records_add_u64(&records, KVM2_SET_GPR, KVM2_GPR_RAX, 0, 8);
	r = kvm2_sys_get_state(runner_pidfd, buffer, records.used, 0);
	return r < 0 ? r : 0;
}

/* ---- life cycle ---- */

static void *adopt(void *arg)
{
	int r = kvm2_sys_create_vcpu(1, 0);

	*(int *)arg = r < 0 ? r : 0;
	return NULL;
}

/* A thread adopts a vcpu, and its end parks it again. */
static int adopt_and_park(void *arg)
{
	pthread_t thread;
	int result = 0;
	int r;

	(void)arg;
	r = pthread_create(&thread, NULL, adopt, &result);
	if (r)
		return -r;
	pthread_join(thread, NULL);
	return result;
}

/* A process makes a VM and ends; so does the VM, a little later. */
static int create_and_destroy(void *arg)
{
	int status;
	pid_t pid;

	(void)arg;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(-ours_create());
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

static int settle(void *arg)
{
	(void)arg;
	return clock_settle();
}

static const struct load loads[] = {
	{ "kvm", TRACEPOINT_PEER, false, false, NULL, cross_exit, NULL },
	{ "kvm2", "kvm2_enter", true, false, NULL, cross_exit, NULL },
	{ "kvm2", "kvm2_exit", true, false, NULL, cross_exit, NULL },
	{ "kvm2", "kvm2_loop", false, true, start_runner, read_running,
	  let_it_run },
	{ "kvm2", "kvm2_state", false, false, NULL, read_register, NULL },
	{ "kvm2", "kvm2_map", false, false, NULL, map_again, NULL },
	{ "kvm2", "kvm2_map_region", false, false, NULL, map_again, NULL },
	{ "kvm2", "kvm2_dirty", false, false, NULL, read_dirty_log, NULL },
	{ "kvm2", "kvm2_debug_trap", false, false, set_single_step,
	  single_step, NULL },
	{ "kvm2", "kvm2_vcpu", false, true, NULL, adopt_and_park, settle },
	{ "kvm2", "kvm2_vm", false, true, NULL, create_and_destroy, settle },
};

#define NR_LOADS (sizeof(loads) / sizeof(loads[0]))

static int take_on(const struct load *load, const struct clock_series *series,
		   double *count, double *events)
{
	uint64_t before, after;
	int r;

	r = tracepoint_set(load->system, load->name, 1);
	if (r)
		return r;
	r = tracepoint_count(&before);
	if (!r)
		r = clock_median(series, count);
	if (!r)
		r = tracepoint_count(&after);
	tracepoint_set(load->system, load->name, 0);
	if (r)
		return r;
	*events = (double)(after - before) / (series->times + series->warm_up);
	return *events ? 0 : -ENODATA;
}

static int take(const void *arg, double *figure)
{
	static const struct guest_start start = {
		.mode = GUEST_LONG,
		.program = guest_long,
	};
	const struct load *load = arg;
	const struct clock_series series = {
		.op = load->op,
		.before = load->before,
		.times = load->sleeps ? TIMES / 10 : TIMES,
		.warm_up = WARM_UP,
		.sleeps = load->sleeps,
	};
	double off, on, events;
	int r;

	ram = guest_load();
	if (!ram)
		return -ENOMEM;
	r = ours_begin(ram, &start);
	if (!r)
		r = ours_exit();
	if (!r && load->setup)
		r = load->setup();
	if (!r)
		r = clock_median(&series, &off);
	if (!r)
		r = take_on(load, &series, &on, &events);
	if (!r)
		*figure = (on - off) / events;
	return r;
}

static int measure_all(struct row *all)
{
	unsigned int i;
	int r = 0;

	for (i = 0; i < NR_LOADS && !r; i++) {
		const struct probe probe = { take, &loads[i] };
		struct row row = *all;
		char name[64];

		r = sample_median(&probe, i ? &row.ours : &all->peer);
		if (r)
			fprintf(stderr, "kvm2bench: %s: %s\n", loads[i].name,
				strerror(-r));
		if (r || !i)
			continue;
		if (loads[i].is_exit && row.ours > all->ours)
			all->ours = row.ours;
		snprintf(name, sizeof(name), "%s_%s", all->name,
			 loads[i].name);
		row.name = name;
		row_print(&row);
	}
	return r;
}

int tracepoint_on_rows(void)
{
	struct row all = {
		.name = "tracepoint_on",
		.unit = "instructions",
		.peer_name = "kvm:" TRACEPOINT_PEER,
		.goal = NO_GOAL,
	};
	int r;

	r = tracepoint_init();
	if (r)
		return r;
	r = measure_all(&all);
	tracepoint_fini();
	if (!r)
		row_print(&all);
	return r;
}
