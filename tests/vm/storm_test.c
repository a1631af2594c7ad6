// SPDX-License-Identifier: GPL-2.0
/*
 * Storms: vcpus and VMs that come and go at bad moments, many times over,
 * while somebody reads /proc/PID/kvm2. Each storm does what it should, no
 * process hangs, and the kernel's memory is back where it was.
 *
 *	storm_test [ROUNDS [STORM]]	STORM: its number, from 0
 */
#include "storm.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "leak.h"
#include "rounds.h"
#include "tap.h"

#define ROUNDS		2000
#define ROUNDS_DEBUG	60
#define DRIVERS		6  /* each with its share of the rounds */
#define TEXT_SIZE	4096
#define READER_US	2000  /* or it would have an eighth of the processors */

/*
 * What may differ after as many rounds as one likes: counters of memory are
 * kept per processor and summed up late. The least that a round could leave
 * behind for good, one small object, is more than this in 2,000 rounds.
 */
static struct leak_count slack = {
	.kernel = 64L << 10, .available = 8L << 20,
};

static const struct {
	const char *name;
	bool (*run)(unsigned int first, unsigned int rounds);
} storms[] = {
	{ "create, run, kill -9",			storm_kill },
	{ "exec from a process with vcpus",		storm_exec },
	{ "fork, vfork and CLONE_VM beside vcpus",	storm_fork },
	{ "the last thread leaves by exit(2)",		storm_exit },
	{ "thread exit and adoption",			storm_adopt },
	{ "access to vcpus whose thread dies",		storm_dying },
};

/* ---- the reader of /proc ---- */

static void *map_shared(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		tap_die("mmap");
	return page;
}

/* Shared with the reader. */
static struct reader {
	atomic_uint texts;	/* read, with a VM in them */
	atomic_uint vcpus;	/* named in them */
	atomic_uint malformed;
} *reader;

/* A line as proc(5) has it: the VM, a region, or a vcpu. */
static bool is_line_right(const char *line, unsigned int number)
{
	unsigned long long id, generation, start, end, address;
	unsigned int vcpus, vcpu;
	char name[64], rights[8], log[8], state[32];
	int tid, used = -1;

	if (!number) {
		sscanf(line, "vm %llu vcpus %u generation %llu name %63s%n",
		       &id, &vcpus, &generation, name, &used);
	} else if (!strncmp(line, "vcpu ", 5)) {
		if (sscanf(line, "vcpu %u tid %d %31s%n", &vcpu, &tid, state,
			   &used) != 3)
			sscanf(line, "vcpu %u parked %31s%n", &vcpu, state,
			       &used);
		atomic_fetch_add(&reader->vcpus, 1);
	} else {
		sscanf(line, "%12llx-%12llx %7s %7s %llx%n", &start, &end,
		       rights, log, &address, &used);
	}
	return used >= 0 && !line[used];
}

static void check_text(char *text)
{
	unsigned int number = 0;
	char *line, *rest;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (is_line_right(line, number++))
			continue;
		if (!atomic_fetch_add(&reader->malformed, 1))
			tap_note("in /proc/PID/kvm2: %s", line);
	}
	atomic_fetch_add(&reader->texts, number != 0);
}

static void read_one(const char *pid)
{
	char path[64], text[TEXT_SIZE];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/kvm2", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	/* ESRCH: it has ended since. */
	if (size < 0 && errno != ESRCH) {
		tap_note("%s: %s", path, strerror(errno));
		atomic_fetch_add(&reader->malformed, 1);
	}
	if (size <= 0)
		return;
	text[size] = '\0';
	check_text(text);
}

static void read_all(void)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;

	if (!folder)
		tap_die("/proc");
	while ((entry = readdir(folder))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			read_one(entry->d_name);
	}
	closedir(folder);
}

static pid_t start_reader(void)
{
	pid_t pid;

	reader = map_shared();
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			read_all();
			usleep(READER_US);
		}
	}
	return pid;
}

static void end_reader(pid_t pid)
{
	tap_is(kill(pid, 0) || waitpid(pid, NULL, WNOHANG), 0,
	       "the reader of /proc/PID/kvm2 lives");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	tap_note("%u texts with %u vcpus", reader->texts, reader->vcpus);
	tap_ok(reader->texts && reader->vcpus,
	       "/proc/PID/kvm2 was read meanwhile");
	tap_ok(!reader->malformed, "/proc/PID/kvm2 was always well formed");
}

/* ---- the storms ---- */

static struct storm_board *boards;

/* One of DRIVERS processes, whose memory is counted. */
static pid_t start_driver(size_t number, unsigned int first,
			  unsigned int rounds, struct storm_board *board)
{
	pid_t pid = fork();

	if (pid < 0)
		tap_die("fork");
	if (!pid) {
		leak_join();
		storm_init(board, first);
		_exit(!storms[number].run(first, rounds));
	}
	return pid;
}

static bool run_storm(size_t number, unsigned int first, unsigned int rounds,
		      struct leak_count *count,
		      const struct leak_count *before)
{
	pid_t drivers[DRIVERS];
	bool right = true;
	unsigned int i, n;
	int status;

	for (i = 0; i < DRIVERS; i++) {
		n = rounds / (DRIVERS - i);
		drivers[i] = start_driver(number, first, n, &boards[i]);
		first += n;
		rounds -= n;
	}
	for (i = 0; i < DRIVERS; i++) {
		if (waitpid(drivers[i], &status, 0) != drivers[i])
			tap_die("waitpid");
		if (!status)
			continue;
		tap_note("%s: status %#x", storms[number].name, status);
		right = false;
	}
	if (before)
		leak_settle_at(count, before, &slack);
	else
		leak_settle(count);
	return right;
}

static void check_accesses(unsigned int rounds)
{
	unsigned int i, accesses = 0;

	for (i = 0; i < DRIVERS; i++)
		accesses += boards[i].accesses;
	tap_ok(accesses > rounds, "%u accesses met a vcpu that was to die",
	       accesses);
}

static void check_storm(size_t number, unsigned int rounds)
{
	const char *name = storms[number].name;
	unsigned int warm_up = rounds / 10 + 5;
	struct leak_count before, after;
	struct timespec start, end;
	bool right;

	right = run_storm(number, 0, warm_up, &before, NULL);
	clock_gettime(CLOCK_MONOTONIC, &start);
	right &= run_storm(number, warm_up, rounds, &after, &before);
	clock_gettime(CLOCK_MONOTONIC, &end);
	tap_note("%s: %u rounds in %ld s; kernel memory %ld, then %ld; "
		 "available %ld kB, then %ld kB", name, rounds,
		 (long)(end.tv_sec - start.tv_sec), before.kernel,
		 after.kernel, before.available / 1024,
		 after.available / 1024);

	tap_ok(right, "%s: %u rounds", name, rounds);
	tap_is(after.processes, 0, "%s: no process is left", name);
	tap_is(after.vms, 0, "%s: no VM is left", name);
	tap_ok(after.kernel - before.kernel < slack.kernel,
	       "%s: the kernel has given back the memory", name);
	if (is_debug_kernel())
		return;
	tap_ok(before.available - after.available < slack.available,
	       "%s: the machine has its memory back", name);
}

static unsigned int number_of_rounds(int argc, char **argv)
{
	if (argc > 1)
		return strtoul(argv[1], NULL, 10);
	return is_debug_kernel() ? ROUNDS_DEBUG : ROUNDS;
}

int main(int argc, char **argv)
{
	size_t i, first = 0, end = sizeof(storms) / sizeof(storms[0]);
	unsigned int rounds;
	pid_t pid;

	if (argc > 1 && !strcmp(argv[1], STORM_AFTER_EXEC))
		return storm_after_exec();
	rounds = number_of_rounds(argc, argv);
	/* There KASAN keeps what is freed for a while, and kmemleak is the judge. */
	if (is_debug_kernel())
		slack.available = LONG_MAX;
	if (guest_hold_kvm())
		tap_die("/dev/kvm");
	leak_init();
	boards = map_shared();
	pid = start_reader();
	if (argc > 2) {
		first = strtoul(argv[2], NULL, 10);
		end = first < end ? first + 1 : first;
	}
	for (i = first; i < end; i++) {
		check_storm(i, rounds);
		if (storms[i].run == storm_dying)
			check_accesses(rounds);
	}
	end_reader(pid);
	return tap_end();
}
