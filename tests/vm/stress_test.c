// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls from several processes and threads, with signals, ptrace,
 * memory that goes away, faults, and an early death. No call hangs or fails
 * in a way that it should not, and the kernel is as good as before. Its log
 * is looked at by the lab.
 *
 *	stress_test [--seed NUMBER]
 *
 * CALLS in the environment: how many.
 */
#include "stress.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "guest.h"
#include "leak.h"
#include "tap.h"

#define CALLS		100000
#define HANG_MS		600000	/* a debug kernel takes minutes for a large map */
#define POLL_US		20000

static const struct leak_count slack = {
	.kernel = 256L << 10, .available = LONG_MAX,
};

#define FAULTS		"/sys/kernel/debug/"
#define TRACING		"/sys/kernel/tracing/instances/stress"

struct stress_board *stress_board;
bool stress_has_faults;

/* Deaths of workers that nobody wished. */
static unsigned int crashes;
static unsigned int births;

/* ---- the kernel's part ---- */

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return written;
}

/* Let allocations fail that may wait, too, and say nothing of it. */
static bool prepare_faults(void)
{
	static const char *const settings[][2] = {
		{ FAULTS "failslab/ignore-gfp-wait", "N" },
		{ FAULTS "failslab/verbose", "0" },
		{ FAULTS "fail_page_alloc/ignore-gfp-wait", "N" },
		{ FAULTS "fail_page_alloc/min-order", "0" },
		{ FAULTS "fail_page_alloc/verbose", "0" },
		{ FAULTS "fail_usercopy/verbose", "0" },
	};
	size_t i;

	if (access("/proc/thread-self/fail-nth", W_OK))
		return false;
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (!write_text(settings[i][0], settings[i][1]))
			tap_die("%s", settings[i][0]);
	}
	return true;
}

/* All events of kvm2 and kvm go to a buffer that nobody reads. */
static void start_tracing(void)
{
	mkdir(TRACING, 0755);
	if (!write_text(TRACING "/events/kvm2/enable", "1") ||
	    !write_text(TRACING "/events/kvm/enable", "1"))
		tap_die(TRACING);
}

static void end_tracing(void)
{
	write_text(TRACING "/events/kvm2/enable", "0");
	write_text(TRACING "/events/kvm/enable", "0");
	rmdir(TRACING);
}

/* ---- processes ---- */

enum { TRACER = STRESS_PROCESSES, SHAKER, CHILDREN };

static pid_t children[CHILDREN];

static void start_child(int number, uint64_t seed)
{
	pid_t pid;

	/* Each one has numbers of its own, and so has its successor. */
	seed = seed * 1000003 + number + births++ * CHILDREN;
	pid = fork();
	if (pid < 0)
		tap_die("fork");
	if (!pid) {
		if (number == TRACER)
			stress_trace(seed);
		if (number == SHAKER)
			stress_shake(seed);
		leak_join();
		stress_work(number, seed);
	}
	children[number] = pid;
	if (number < STRESS_PROCESSES)
		stress_board->pids[number] = pid;
}

/* Where the frame of a signal cannot be written, the kernel sends SIGSEGV. */
static bool had_fault(int number)
{
	int i;

	for (i = 0; i < STRESS_THREADS && number < STRESS_PROCESSES; i++) {
		if (stress_board->slots[number][i].is_faulty)
			return true;
	}
	return false;
}

/* Signals may kill a worker that has just called exec, but not these. */
static bool is_crash(int number, int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGSEGV && had_fault(number))
		return false;
	switch (WTERMSIG(status)) {
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGABRT:
	case SIGSYS:
		return true;
	}
	return false;
}

/* Start anew what has ended. */
static void reap_children(uint64_t seed)
{
	int status, i;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < CHILDREN && children[i] != pid; i++)
			;
		if (i == CHILDREN)
			continue;
		if (i < STRESS_PROCESSES)
			stress_board->pids[i] = 0;
		if (is_crash(i, status)) {
			tap_note("child %d ended with %#x", i, status);
			crashes++;
		}
		start_child(i, seed);
	}
}

static void end_children(void)
{
	int i;

	for (i = CHILDREN - 1; i >= 0; i--)
		kill(children[i], SIGKILL);
	/* The shaker may have left them frozen. */
	leak_freeze(false);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* ---- hangs ---- */

/* What it does: its state and signals, and where in the kernel it is. */
static void note_thread(pid_t pid, const char *tid)
{
	static const char *const files[] = { "stack", "syscall", "status" };
	char path[64], line[256];
	size_t i, length;
	FILE *file;

	tap_note("thread %s of process %d:", tid, pid);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/%s", pid, tid,
			 files[i]);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file)) {
			length = strcspn(line, "\n");
			line[length] = '\0';
			if (strcmp(files[i], "status") ||
			    !strncmp(line, "State", 5) ||
			    !strncmp(line, "Sig", 3) ||
			    !strncmp(line, "ShdPnd", 6))
				tap_note("  %s", line);
		}
		if (file)
			fclose(file);
	}
}

static void note_threads(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		if (entry->d_name[0] != '.')
			note_thread(pid, entry->d_name);
	}
	if (tasks)
		closedir(tasks);
}

/* To the kernel's log: what each processor does, and its timers. */
static void note_processors(void)
{
	write_text("/proc/sysrq-trigger", "l");
	write_text("/proc/sysrq-trigger", "q");
}

/* Return: whether a call takes far too long. */
static bool find_hang(void)
{
	long now = stress_now_ms();
	bool found = false;
	int i, j;

	for (i = 0; i < STRESS_PROCESSES; i++) {
		for (j = 0; j < STRESS_THREADS; j++) {
			struct stress_slot *slot = &stress_board->slots[i][j];
			long since = slot->since_ms;

			if (!since || now - since < HANG_MS)
				continue;
			tap_note("thread %d of process %d hangs in call %d",
				 slot->tid, stress_board->pids[i], slot->nr);
			note_threads(stress_board->pids[i]);
			found = true;
		}
	}
	if (found)
		note_processors();
	return found;
}

/* Return: whether the calls have been made. */
static bool supervise(uint64_t seed, unsigned long calls)
{
	unsigned long made = 0, noted = 0, last;
	long progress_ms = stress_now_ms();
	bool right = true;
	int i;

	memset(stress_board, 0, sizeof(*stress_board));
	for (i = 0; i < CHILDREN; i++)
		start_child(i, seed);
	while (right && made < calls) {
		usleep(POLL_US);
		reap_children(seed);
		last = made;
		made = stress_board->calls;
		if (made != last)
			progress_ms = stress_now_ms();
		if (made / 10000 != noted / 10000)
			tap_note("%lu calls", noted = made);
		if (stress_now_ms() - progress_ms > HANG_MS) {
			tap_note("no call has ended for %d s", HANG_MS / 1000);
			right = false;
		}
		right &= !find_hang();
	}
	end_children();
	return right;
}

/* ---- the verdict ---- */

static void check_results(void)
{
	unsigned long ok, failed, count;
	char text[512];
	int call, error, n;

	for (call = 0; call < STRESS_CALLS; call++) {
		ok = stress_board->results[call][0];
		failed = 0;
		n = 0;
		for (error = 1; error < STRESS_ERRNOS; error++) {
			count = stress_board->results[call][error];
			failed += count;
			if (count && n < (int)sizeof(text))
				n += snprintf(text + n, sizeof(text) - n,
					      ", %s %lu",
					      strerrorname_np(error), count);
		}
		tap_note("%s: %lu right%.*s",
			 kvm2_syscall_name(__NR_kvm_create_vm + call), ok, n,
			 text);
		tap_ok(ok && failed, "%s was called with right and wrong "
		       "arguments",
		       kvm2_syscall_name(__NR_kvm_create_vm + call));
	}
}

/* Return: how often the rarest one was done. */
static unsigned long note_kinds(const struct stress_operation *operations,
				size_t count, const struct stress_kind *kinds)
{
	unsigned long rarest = ULONG_MAX;
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned long done = kinds[i].done;

		tap_note("%s: %lu times, %lu calls, %lu us each time",
			 operations[i].name, done, kinds[i].calls,
			 kinds[i].time_us / (done ?: 1));
		rarest = done < rarest ? done : rarest;
	}
	return rarest;
}

static void check_kinds(void)
{
	unsigned long call, trouble;

	call = note_kinds(stress_calls, stress_nr_calls,
			  stress_board->kinds[0]);
	trouble = note_kinds(stress_trouble, stress_nr_trouble,
			     stress_board->kinds[1]);
	tap_ok(call && trouble, "every kind of call was made, and every "
	       "kind of trouble: the rarest %lu times and %lu", call, trouble);
}

/* The kernel still runs a guest from its creation to its end. */
static void check_guest(void)
{
	struct kvm2_run run = {};
	uint32_t result = 0;
	uint8_t *ram;

	tap_ok(!guest_create_vm("after", &ram) &&
	       !kvm2_sys_create_vcpu(0, KVM2_VCPU_NEW) &&
	       !guest_start(guest_sum, 50) &&
	       !guest_finish(&run, 3, &result) &&
	       result == guest_sum_result(50, 3),
	       "afterwards a new guest runs to its end");
}

static void run(uint64_t seed, unsigned long calls)
{
	struct leak_count before, after;
	long start_ms;
	bool right;

	/* What is made once and kept shall not look like a leak. */
	if (!supervise(seed + 1, calls / 50))
		tap_note("the warm-up hangs");
	leak_settle(&before);

	start_ms = stress_now_ms();
	right = supervise(seed, calls);
	tap_note("%ld s", (stress_now_ms() - start_ms) / 1000);
	tap_ok(right, "%lu calls came back", stress_board->calls);
	leak_settle_at(&after, &before, &slack);
	end_tracing();

	check_results();
	check_kinds();
	tap_is(stress_board->strange, 0, "no call failed as it should not");
	tap_is(crashes, 0, "no worker crashed");
	tap_note("%u children; %lu ptrace stops, %lu of them debug events",
		 births, stress_board->stops, stress_board->traps);
	tap_ok(stress_board->stops, "threads were stopped by ptrace");
	if (stress_has_faults)
		tap_ok(stress_board->injected, "%lu calls had a fault",
		       stress_board->injected);
	else
		tap_skip("the kernel has no fault injection",
			 "calls had a fault");
	tap_is(after.processes, 0, "no process is left");
	tap_is(after.vms, 0, "no VM is left");
	tap_note("kernel memory %ld, then %ld", before.kernel, after.kernel);
	tap_ok(after.kernel - before.kernel < slack.kernel,
	       "the kernel has given back the memory");
	check_guest();
}

/* Only the lab's own emulator leaves the VMCB of a refused guest alone. */
static bool is_emulator_missing(void)
{
	const char *build = getenv("B");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/../emulator/missing",
		 build ? build : "build/release");
	return !access(path, F_OK);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed",	required_argument,	NULL,	's' },
		{ "end",	no_argument,		NULL,	'e' },
		{ }
	};
	const char *wanted = getenv("CALLS");
	unsigned long calls = wanted ? strtoul(wanted, NULL, 0) : CALLS;
	uint64_t seed;
	int option;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		tap_die("getrandom");
	seed %= 1000000;
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		case 'e':
			return 0;
		default:
			return 2;
		}
	}
	if (is_emulator_missing()) {
		tap_skip("the lab's own emulator could not be built",
			 "random calls");
		return tap_end();
	}
	tap_note("seed %lu, %lu calls", seed, calls);
	stress_board = mmap(NULL, sizeof(*stress_board),
			    PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stress_board == MAP_FAILED || guest_hold_kvm())
		tap_die("/dev/kvm");
	leak_init();
	stress_has_faults = prepare_faults();
	start_tracing();
	run(seed, calls);
	return tap_end();
}
