// SPDX-License-Identifier: GPL-2.0
/*
 * kvm2gdb is killed at random moments, again and again; after each time the
 * guest has to run on, and nothing may be left in it, in its VMM, or in the
 * system.
 *
 *   gdb_kill PID GUEST KILLS [SEED]     GUEST is tests/guests/held, which PID runs
 * Prints TAP. At the end the guest is told to stop.
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stub.h"
#include "tap.h"
#include "victim.h"

#define ARM_SECONDS	120
#define STEP_KILLS	5

/* ---- what it is about when it is killed ---- */

enum work {
	HOLD,
	CONTINUE,
	RANGE_STEP,
	REGISTERS,
	SOFTWARE,
	CONDITION,
	HARDWARE,
	WATCH,
	TRACE,
	DETACH,
	WORKS,
};

/* @arms: what is to be found then, VICTIM_TRACES: nothing in particular. */
static const struct {
	const char *name;
	enum victim_trace arms;
} works[WORKS] = {
	[HOLD] = { "holds the guest", VICTIM_TRACED },
	[CONTINUE] = { "lets it run", VICTIM_TRACED },
	[RANGE_STEP] = { "steps a range", VICTIM_DEBUG },
	[REGISTERS] = { "reads and writes registers", VICTIM_TRACED },
	[SOFTWARE] = { "has an int3", VICTIM_INT3 },
	[CONDITION] = { "evaluates a condition", VICTIM_DEBUG },
	[HARDWARE] = { "has a hardware breakpoint", VICTIM_DEBUG },
	[WATCH] = { "watches a page", VICTIM_PROTECTED },
	[TRACE] = { "has a tracepoint", VICTIM_INT3 },
	[DETACH] = { "is about to let go", VICTIM_TRACES },
};

/* With a condition that never holds: const8 0, end. With commands it is an int3, else a debug register. */
static void set_breakpoint(const struct stub *stub, const struct victim *victim, int type, bool commands)
{
	char text[128];

	snprintf(text, sizeof(text), "Z%d,%llx,1;X3,220027%s", type, (unsigned long long)victim->compare,
		 commands ? ";cmds:0,X3,220027" : "");
	stub_send(stub, text);
}

/* The first four take the debug registers; the guest writes into the page of the fifth all the time. */
static void set_watchpoints(const struct stub *stub, const struct victim *victim)
{
	char text[64];

	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "Z2,%x,8", 0x500 + 8 * i);
		stub_send(stub, text);
	}
	snprintf(text, sizeof(text), "Z2,%llx,4", (unsigned long long)victim->stop);
	stub_send(stub, text);
}

static void set_tracepoint(const struct stub *stub, const struct victim *victim)
{
	char text[128];

	stub_send(stub, "QTinit");
	snprintf(text, sizeof(text), "QTDP:1:%llx:E:0:0-", (unsigned long long)victim->compare);
	stub_send(stub, text);
	snprintf(text, sizeof(text), "QTDP:-1:%llx:M-1,%llx,8", (unsigned long long)victim->compare,
		 (unsigned long long)victim->counters);
	stub_send(stub, text);
	stub_send(stub, "QTStart");
}

static void begin(const struct stub *stub, const struct victim *victim, enum work work)
{
	char text[128];

	switch (work) {
	case HOLD:
	case WORKS:
		return;
	case CONTINUE:
		break;
	case RANGE_STEP:
		snprintf(text, sizeof(text), "vCont;r%llx,%llx:1;c", (unsigned long long)victim->loop,
			 (unsigned long long)victim->end);
		stub_send(stub, text);
		return;
	case REGISTERS:
		/* Each write of $rdx to what it is makes the next g read all anew. */
		for (int i = 0; i < 20; i++) {
			stub_send(stub, "P3=0000444400000000");
			stub_send(stub, "g");
		}
		return;
	case SOFTWARE:
		set_breakpoint(stub, victim, 0, true);
		break;
	case CONDITION:
		set_breakpoint(stub, victim, 0, false);
		break;
	case HARDWARE:
		set_breakpoint(stub, victim, 1, false);
		break;
	case WATCH:
		set_watchpoints(stub, victim);
		break;
	case TRACE:
		set_tracepoint(stub, victim);
		break;
	case DETACH:
		set_breakpoint(stub, victim, 0, true);
		set_breakpoint(stub, victim, 1, false);
		stub_send(stub, "D");
		return;
	}
	stub_send(stub, "vCont;c");
}

/* ---- when ---- */

enum moment {
	WHILE_ATTACHING,
	ARMED,			/* what the work is to do to the guest is done */
	ANY,			/* after the attachment */
	MOMENTS,
};

static void pause_randomly(long most_us)
{
	const long us = rand() % (most_us + 1);
	const struct timespec pause = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&pause, NULL);
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static bool becomes_armed(const struct victim *victim, enum work work)
{
	const struct timespec pause = { 0, 1000000 };
	time_t end = time(NULL) + ARM_SECONDS;

	while (works[work].arms != VICTIM_TRACES && !victim_has(victim, works[work].arms)) {
		if (time(NULL) > end)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/**
 * struct run - all the kills
 * @attach_us: how long the last attachment took that was waited for
 * @of_worker, @at: how many there were of each kind
 * @left: how often each trace was left
 */
struct run {
	const char *program;
	struct victim victim;
	long attach_us;
	int done;
	int of_worker;
	int at[MOMENTS];
	int left[VICTIM_TRACES];
};

/* Return: false: it was not even attached. */
static bool kill_stub(struct run *run, enum work work, enum moment moment, bool worker)
{
	long begun = now_us();
	bool good = true;
	struct stub stub;

	stub_start(&stub, run->program, run->victim.pid);
	if (moment != WHILE_ATTACHING) {
		good = stub_is_attached(&stub);
		run->attach_us = now_us() - begun;
	}
	begin(&stub, &run->victim, work);
	switch (moment) {
	case WHILE_ATTACHING:
		pause_randomly(run->attach_us * 5 / 4);
		break;
	case ARMED:
		good = good && becomes_armed(&run->victim, work);
		pause_randomly(20000);
		break;
	case ANY:
	case MOMENTS:
		pause_randomly(100000);
		break;
	}
	run->of_worker += stub_kill(&stub, worker);
	run->at[moment]++;
	stub_finish(&stub);
	return good;
}

/* Return: all is well. */
static bool one_kill(struct run *run, enum work work, enum moment moment, bool worker)
{
	bool attached = kill_stub(run, work, moment, worker);
	enum victim_trace left = victim_recovers(&run->victim);

	run->done++;
	if (left < VICTIM_TRACES)
		run->left[left]++;
	if (attached && left == VICTIM_TRACES)
		return true;
	tap_note("kill %d, of the %s, moment %d, while it %s: left %s%s", run->done, worker ? "worker" : "watcher",
		 moment, works[work].name, left < VICTIM_TRACES ? victim_trace_names[left] : "nothing",
		 attached ? "" : ", but before it did not attach, or not do its work");
	victim_tell(&run->victim);
	return false;
}

/* Each work in turn, in every moment. */
static bool next_kill(struct run *run)
{
	return one_kill(run, (enum work)(run->done % WORKS),
			(enum moment)((run->done / WORKS + run->done) % MOMENTS), rand() % 2);
}

/* All threads of the VMM, and whoever we start. */
static void use_one_processor(const struct victim *victim)
{
	char path[64];
	const struct dirent *entry;
	cpu_set_t first;
	DIR *tasks;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)victim->pid);
	tasks = opendir(path);
	if (!tasks || sched_setaffinity(0, sizeof(first), &first))
		tap_die("one processor");
	while ((entry = readdir(tasks)))
		if (atoi(entry->d_name))
			sched_setaffinity(atoi(entry->d_name), sizeof(first), &first);
	closedir(tasks);
}

/*
 * Where kvm2gdb and the vcpus share a processor, one that is let go is often held again before it has run: what it was
 * given for the next step is still on its way when the worker cleans up.
 */
static bool kill_in_steps(struct run *run, int kills)
{
	use_one_processor(&run->victim);
	while (kills--)
		if (!one_kill(run, RANGE_STEP, ARMED, false))
			return false;
	return true;
}

/* By a last attachment, which is not killed. */
static bool tell_to_stop(struct run *run)
{
	struct stub stub;
	char text[64];
	bool good;

	stub_start(&stub, run->program, run->victim.pid);
	good = stub_is_attached(&stub);
	snprintf(text, sizeof(text), "M%llx,4:01000000", (unsigned long long)run->victim.stop);
	stub_send(&stub, text);
	good = good && stub_receive(&stub, text, sizeof(text)) && !strcmp(text, "OK");
	stub_send(&stub, "D");
	good = good && stub_receive(&stub, text, sizeof(text)) && !strcmp(text, "OK");
	stub_finish(&stub);
	return good;
}

int main(int argc, char **argv)
{
	static struct run run;
	unsigned int seed = (unsigned int)time(NULL);
	char program[512];
	bool good = true;
	int kills;
	long begun;

	if (argc != 4 && argc != 5)
		return 2;
	if (argc == 5)
		seed = (unsigned int)atoi(argv[4]);
	kills = atoi(argv[3]);
	snprintf(program, sizeof(program), "%s/bin/kvm2gdb", getenv("B") ? getenv("B") : "build/release");
	run.program = program;
	victim_open(&run.victim, (pid_t)atoi(argv[1]), argv[2]);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	srand(seed);

	tap_note("seed %u", seed);
	begun = now_us();
	while (run.done < kills && good) {
		good = next_kill(&run);
		if (run.done % 100 == 0)
			tap_note("%d kills in %ld s", run.done, (now_us() - begun) / 1000000);
	}
	tap_note("%d kills in %ld s: %d of the worker, %d of the watcher; %d while attaching, %d when armed, %d later",
		 run.done, (now_us() - begun) / 1000000, run.of_worker, run.done - run.of_worker,
		 run.at[WHILE_ATTACHING], run.at[ARMED], run.at[ANY]);
	tap_ok(good, "killed %d times at random moments, each time the guest ran on", kills);
	tap_ok(good && kill_in_steps(&run, STEP_KILLS), "and %d times in single steps on one processor", STEP_KILLS);
	for (enum victim_trace trace = 0; trace < VICTIM_STANDS; trace++)
		tap_ok(!run.left[trace], "none of them left %s", victim_trace_names[trace]);
	tap_ok(tell_to_stop(&run), "then it is attached to, and told to stop");
	return tap_status();
}
