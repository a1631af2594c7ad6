// SPDX-License-Identifier: GPL-2.0
/* What a worker thread does besides the calls: to memory, to itself. */
#include "stress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

#define PAGE		4096UL
#define GAP		(1UL << 20)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

uint8_t *stress_ram;
uint8_t *stress_spare;

static uint32_t pick(struct stress_thread *t, uint32_t limit)
{
	return stress_random(&t->random, limit);
}

/*
 * Write the programs to RAM, which may not be there or not be writable: then
 * they stay as they are.
 */
static void write_programs(void)
{
	int fd = open("/proc/thread-self/mem", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!pwrite(fd, guest_code, guest_code_end - guest_code,
		      (off_t)(uintptr_t)stress_ram + GUEST_CODE);
	close(fd);
}

/* RAM, a gap, spare pages, a gap: what writes over an end hits nothing. */
void stress_init_memory(void)
{
	uint8_t *area = mmap(NULL, STRESS_RAM + STRESS_SPARE + 2 * GAP,
			     PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	stress_ram = area;
	stress_spare = area + STRESS_RAM + GAP;
	if (area == MAP_FAILED ||
	    mprotect(stress_ram, STRESS_RAM, PROT_READ | PROT_WRITE) ||
	    mprotect(stress_spare, STRESS_SPARE, PROT_READ | PROT_WRITE))
		_exit(102);
	write_programs();
}

/* ---- memory ---- */

/* Some pages of RAM or of the spare ones. */
static uint8_t *pick_pages(struct stress_thread *t, size_t *bytes)
{
	bool spare = stress_once(t, 3);
	uint32_t all = (spare ? STRESS_SPARE : STRESS_RAM) / PAGE;
	uint32_t first = pick(t, all);

	*bytes = (1 + pick(t, all - first)) * PAGE;
	return (spare ? stress_spare : stress_ram) + first * PAGE;
}

static void advise(struct stress_thread *t)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
		MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE, MADV_POPULATE_WRITE,
		MADV_DONTFORK, MADV_DOFORK,
	};
	size_t bytes;
	uint8_t *pages = pick_pages(t, &bytes);

	madvise(pages, bytes,
		advices[pick(t, sizeof(advices) / sizeof(advices[0]))]);
}

static void protect(struct stress_thread *t)
{
	static const int rights[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE,
	};
	size_t bytes;
	uint8_t *pages = pick_pages(t, &bytes);

	mprotect(pages, bytes, rights[pick(t, 4)]);
}

/* Take pages away, and put new ones there: private, shared, or none. */
static void replace(struct stress_thread *t)
{
	static const int kinds[] = { MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED };
	size_t bytes;
	uint8_t *pages = pick_pages(t, &bytes);

	mmap(pages, bytes, stress_once(t, 4) ? PROT_NONE :
					       PROT_READ | PROT_WRITE,
	     MAP_FIXED | MAP_ANONYMOUS | kinds[pick(t, 3)], -1, 0);
}

/* All as it was, so that guests run again. */
static void restore(struct stress_thread *t)
{
	(void)t;
	mmap(stress_ram, STRESS_RAM, PROT_READ | PROT_WRITE,
	     MAP_FIXED | MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	write_programs();
}

/* ---- signals ---- */

/* The mask may have all but what must end a guest. */
static void block_signals(struct stress_thread *t)
{
	uint64_t mask = (uint64_t)pick(t, UINT32_MAX) << pick(t, 32);

	if (stress_once(t, 2))
		mask = 0;
	mask &= ~(1UL << (STRESS_TICK - 1));
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

/* Eat what is pending and blocked, as a VMM with a signal mask does. */
static void eat_signals(struct stress_thread *t)
{
	const struct timespec zero = {};
	sigset_t all;

	(void)t;
	sigfillset(&all);
	sigdelset(&all, STRESS_TICK);
	while (sigtimedwait(&all, NULL, &zero) > 0)
		;
}

static void send_signal(struct stress_thread *t)
{
	static const int signals[] = {
		SIGUSR1, SIGUSR2, SIGTERM, SIGHUP, SIGWINCH, SIGURG,
	};
	int tid = stress_board->slots[t->process][pick(t, STRESS_THREADS)].tid;

	if (tid)
		syscall(SYS_tgkill, getpid(), tid, signals[pick(t, 6)]);
}

/* ---- processes and threads ---- */

static void end_thread(struct stress_thread *t)
{
	t->ends = true;
}

static void end_process(struct stress_thread *t)
{
	if (!stress_once(t, 8))
		return;
	if (stress_once(t, 2))
		_exit(0);
	/* With no argument it understands, it ends at once. */
	execl("/proc/thread-self/exe", "stress_test", "--end", (char *)NULL);
	_exit(103);
}

/* A child with pages of ours to copy on write, and no VM. */
static void fork_child(struct stress_thread *t)
{
	struct kvm2_run run = {};
	uint8_t *ram;
	pid_t pid = fork();

	if (!pid) {
		if (guest_enter(&run) != -ENXIO)
			_exit(1);
		if (stress_once(t, 4) && guest_create_vm("fork", &ram))
			_exit(2);
		_exit(0);
	}
	/* It may be this wait that a signal ends. */
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void read_proc(struct stress_thread *t)
{
	char path[64], text[8192];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/kvm2",
		 stress_board->pids[pick(t, STRESS_PROCESSES)]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!read(fd, text, sizeof(text));
	close(fd);
}

const struct stress_operation stress_trouble[] = {
	{ "madvise",		10, 1, advise },
	{ "mprotect",		6, 1, protect },
	{ "munmap and mmap",	5, 1, replace },
	{ "memory anew",	6, 1, restore },
	{ "blocked signals",	6, 1, block_signals },
	{ "pending signals",	6, 1, eat_signals },
	{ "a signal",		10, 1, send_signal },
	{ "thread exit",	4, 1, end_thread },
	{ "process exit, exec",	1, 1, end_process },
	{ "fork",		3, 1, fork_child },
	{ "/proc/PID/kvm2",	5, 1, read_proc },
};

const size_t stress_nr_trouble = sizeof(stress_trouble) /
				 sizeof(stress_trouble[0]);
