/* SPDX-License-Identifier: GPL-2.0 */
/* Threads of a VMM under ptrace. */
#ifndef THREAD_H
#define THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

enum thread_state {
	THREAD_RUNNING,
	THREAD_STOPPED,
	THREAD_GONE,
};

/* What a stop was for. */
enum thread_stop {
	THREAD_NO_STOP,
	THREAD_INTERRUPTED,	/* by thread_interrupt(), or after a group stop */
	THREAD_GROUP_STOP,	/* SIGSTOP and the like: the whole process stands */
	THREAD_SIGNAL,		/* ->signal is about to be delivered */
	THREAD_SYSCALL,		/* at the entry or exit of a system call */
	THREAD_EVENT,		/* ->event, which was asked for by an option */
	THREAD_ENDED,		/* ->status as of waitpid(2) */
};

/**
 * struct thread - one that is traced
 * @interrupting: a stop that thread_interrupt() asked for is still to come
 * @has_status:	@status is news
 * @signal:	to be delivered when it goes on; 0: none
 * @stop:	what the last stop was for
 * @event:	which one, as of ptrace(2)
 * @options:	of ptrace(2), besides those that all have
 * @stands:	it does, and seems to run until it is interrupted: see thread_lend()
 * @is_lent:	whoever seizes it takes it over
 * @lender:	whom it goes back to, NULL: nobody
 * @borrower:	who has it, NULL: nobody
 * @before_signal: called when it is about to take a signal, while the kernel
 *		still knows that: should we die now the signal is delivered,
 *		should we die later it is lost. May be NULL.
 */
struct thread {
	struct thread *next;
	pid_t tid;
	enum thread_state state;
	bool interrupting;
	bool has_status;
	int status;
	int signal;
	enum thread_stop stop;
	int event;
	long options;
	bool stands;
	bool is_lent;
	struct thread *lender;
	struct thread *borrower;
	void (*before_signal)(struct thread *thread);
};

/* Blocks SIGCHLD, which threads_wait() waits for. Call once. */
int threads_init(void);

/* Begin to trace a thread; it runs on, unless it is lent. Return: 0 or a negative errno. */
int thread_seize(struct thread *thread, pid_t tid);

/* The same, with @options. */
int thread_seize_with(struct thread *thread, pid_t tid, long options);

/* Of a thread that stands. Return: 0 or a negative errno. */
int thread_set_options(struct thread *thread, long options);

/**
 * thread_newcomer_fn() - a thread that a traced one has begun, with the same options, and that nobody knows
 * Return: to be it from now on, by thread_adopt(); NULL: it is nobody's
 */
typedef struct thread *thread_newcomer_fn(void *context, pid_t tid);

/* Who is asked; NULL: nobody. */
void threads_on_newcomer(thread_newcomer_fn *take, void *context);

/* One that is traced already, and whose first stop is still to come. */
void thread_adopt(struct thread *thread, pid_t tid, long options);

/**
 * thread_lend() - leave a thread to who seizes it next
 *
 * To him it seems to run until he interrupts it; in truth it stands all the while. When he lets go of it, it goes back to
 * @thread, as it stands then.
 */
void thread_lend(struct thread *thread);

/* It is the borrower's for good, and runs if he has not interrupted it; without one it is let go. */
void thread_give(struct thread *thread);

/* Let go of it; if it runs it is stopped first. */
void thread_detach(struct thread *thread);

/* Ask for a stop, THREAD_INTERRUPTED. Return: 0; -ESRCH it is gone. */
int thread_interrupt(struct thread *thread);

/* Go on, with its signal, from a stop. @request: PTRACE_CONT or another. */
int thread_resume(struct thread *thread, int request);

/*
 * Go on to THREAD_INTERRUPTED, which comes before anything else does: a system call that it stands before begins, but does
 * not wait, nor enter a guest.
 */
int thread_pass(struct thread *thread);

/* Take what there is of news of any thread; never waits. */
void threads_collect(void);

/* Wait for news of any thread, at most @ms milliseconds. */
void threads_wait(int ms);

/* The news of a thread, if there is: what it was. */
enum thread_stop thread_take_stop(struct thread *thread);

/* Wait for a stop of this thread. Return: what for, THREAD_NO_STOP: none came. */
enum thread_stop thread_wait_stop(struct thread *thread, int ms);

/* Is it about to take a SIGSTOP that the kernel itself sent? So debug events come. */
bool thread_stop_is_kernels(const struct thread *thread);

/* Will it, from the stop of another kind that it is in? */
bool thread_expects_kernels_stop(const struct thread *thread);

int thread_get_regs(const struct thread *thread, struct user_regs_struct *regs);
int thread_set_regs(const struct thread *thread, const struct user_regs_struct *regs);

#endif
