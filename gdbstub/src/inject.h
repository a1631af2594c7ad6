/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls in a thread of another process, which stands in a ptrace stop.
 *
 * The call is made from a page of ours in that process: a syscall instruction
 * with a loop to itself behind it. If we die in between, the thread goes no
 * further than that loop, and whoever finds its registers in struct
 * inject_saved gives them back (inject_recover()).
 */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "thread.h"

/* Files of one kind that a process may have had before ours. */
#define INJECT_FILES_MAX	8

/**
 * struct inject_saved - what has to be undone in a process, in memory that
 * outlives this one
 * @tid:   the thread whose registers are not its own just now, 0: none
 * @page:  where our page is, or is about to be; 0: nowhere
 * @opens: it may have a file more than @files: see inject_open()
 */
struct inject_saved {
	_Atomic pid_t tid;
	struct user_regs_struct regs;
	_Atomic uint64_t page;
	_Atomic bool opens;
	int nr_files;
	int files[INJECT_FILES_MAX];
};

/**
 * struct inject - how to make calls in a process
 * @page:   of ours there; 0: not yet
 * @has_filter: the threads have a seccomp filter
 */
struct inject {
	pid_t pid;
	uint64_t page;
	struct inject_saved *saved;
	bool has_filter;
};

/* Bytes at inject_data() for what calls read and write. */
#define INJECT_DATA_BYTES	(60 * 1024)

/* For a process. @saved: zeros, or of who began and is no more: a page that is there is used. */
void inject_init(struct inject *inject, pid_t pid, struct inject_saved *saved);

/* Make our page, by a thread that stands. Return: 0 or a negative errno. */
int inject_prepare(struct inject *inject, struct thread *thread);

/* Unmap it again. Return: 0, or a negative errno: it is still there. */
int inject_finish(struct inject *inject, struct thread *thread);

static inline uint64_t inject_data(const struct inject *inject)
{
	return inject->page + 4096;
}

/**
 * inject_call() - make a system call in a thread that stands
 * Return: what the call returned; -ESRCH: the thread has ended. A signal that
 * came is thread->signal.
 */
long inject_call(struct inject *inject, struct thread *thread, long number,
		 const uint64_t arguments[6]);

/*
 * Make a userfaultfd in the process and take it. Should we die meanwhile
 * inject_undo_open(), with what is in @saved, closes it. Return: our own file
 * descriptor, a negative errno.
 */
int inject_open(struct inject *inject, struct thread *thread);
void inject_undo_open(struct inject *inject, struct thread *thread);

/*
 * Registers with which a thread makes nothing but our loop, wherever it is let
 * go; it needs our page. Are they such?
 */
void inject_park(const struct inject *inject, struct user_regs_struct *regs);
bool inject_is_parked(const struct inject_saved *saved, const struct user_regs_struct *regs);

/*
 * A call that was interrupted, and that the kernel was about to make again: it
 * will be, when the thread goes on from any stop.
 */
void inject_restart(struct user_regs_struct *regs);

#endif
