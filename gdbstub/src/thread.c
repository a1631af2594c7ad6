// SPDX-License-Identifier: GPL-2.0
/* Threads of a VMM under ptrace. */
#include "thread.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <elf.h>

#include "clock.h"

#define DETACH_MS	2000

#define PENDING_MAX	32

/* All that are traced. */
static struct thread *threads;

static thread_newcomer_fn *take_newcomer;
static void *newcomer_context;

int threads_init(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	return sigprocmask(SIG_BLOCK, &set, NULL) ? -errno : 0;
}

static void forget(struct thread *thread)
{
	struct thread **at = &threads;

	while (*at && *at != thread)
		at = &(*at)->next;
	if (*at)
		*at = thread->next;
}

static void remember(struct thread *thread)
{
	thread->next = threads;
	threads = thread;
}

static struct thread *find(pid_t tid)
{
	struct thread *thread = threads;

	while (thread && thread->tid != tid)
		thread = thread->next;
	return thread;
}

/* ---- whose it is ---- */

void threads_on_newcomer(thread_newcomer_fn *take, void *context)
{
	take_newcomer = take;
	newcomer_context = context;
}

void thread_adopt(struct thread *thread, pid_t tid, long options)
{
	*thread = (struct thread){ .tid = tid, .state = THREAD_RUNNING, .options = options };
	remember(thread);
}

void thread_lend(struct thread *thread)
{
	thread->is_lent = true;
}

static void borrow(struct thread *thread, struct thread *lender)
{
	forget(lender);
	*thread = *lender;
	thread->is_lent = false;
	thread->lender = lender;
	lender->borrower = thread;
	if (thread->state == THREAD_STOPPED) {
		thread->state = THREAD_RUNNING;
		thread->stands = true;
	}
	remember(thread);
}

static void give_back(struct thread *thread)
{
	struct thread *lender = thread->lender;

	forget(thread);
	*lender = *thread;
	lender->before_signal = NULL;
	lender->lender = NULL;
	lender->borrower = NULL;
	lender->is_lent = true;
	thread->state = THREAD_GONE;
	if (lender->stands)
		lender->state = THREAD_STOPPED;
	lender->stands = false;
	remember(lender);
}

void thread_give(struct thread *thread)
{
	struct thread *borrower = thread->borrower;

	if (!borrower) {
		thread_detach(thread);
		return;
	}
	borrower->lender = NULL;
	if (!borrower->stands)
		return;
	borrower->stands = false;
	borrower->state = THREAD_STOPPED;
	thread_resume(borrower, PTRACE_CONT);
}

int thread_seize_with(struct thread *thread, pid_t tid, long options)
{
	struct thread *lender = find(tid);

	if (lender && lender->is_lent) {
		borrow(thread, lender);
		return 0;
	}
	*thread = (struct thread){ .tid = tid, .state = THREAD_RUNNING, .options = options };
	if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD | options))
		return -errno;
	remember(thread);
	return 0;
}

int thread_seize(struct thread *thread, pid_t tid)
{
	return thread_seize_with(thread, tid, 0);
}

int thread_set_options(struct thread *thread, long options)
{
	if (ptrace(PTRACE_SETOPTIONS, thread->tid, 0, PTRACE_O_TRACESYSGOOD | options))
		return -errno;
	thread->options = options;
	return 0;
}

/* ---- what it does ---- */

bool thread_stop_is_kernels(const struct thread *thread)
{
	siginfo_t info;

	return thread->stop == THREAD_SIGNAL && thread->signal == SIGSTOP &&
	       !ptrace(PTRACE_GETSIGINFO, thread->tid, 0, &info) && info.si_code == SI_KERNEL;
}

bool thread_expects_kernels_stop(const struct thread *thread)
{
	struct __ptrace_peeksiginfo_args which = { .nr = PENDING_MAX };
	siginfo_t pending[PENDING_MAX];
	long count = ptrace(PTRACE_PEEKSIGINFO, thread->tid, &which, pending);

	for (long i = 0; i < count; i++)
		if (pending[i].si_signo == SIGSTOP && pending[i].si_code == SI_KERNEL)
			return true;
	return false;
}

/* A debug event that came together with another stop: as nobody's it would stop the VMM. */
static void drop_kernels_stop(struct thread *thread)
{
	while (thread->state == THREAD_STOPPED && thread_expects_kernels_stop(thread)) {
		if (thread_resume(thread, PTRACE_CONT) ||
		    thread_wait_stop(thread, DETACH_MS) == THREAD_NO_STOP)
			return;
		if (thread_stop_is_kernels(thread))
			thread->signal = 0;
	}
}

void thread_detach(struct thread *thread)
{
	if (thread->state == THREAD_RUNNING && !thread->stands && !thread_interrupt(thread))
		thread_wait_stop(thread, DETACH_MS);
	if (thread->lender) {
		give_back(thread);
		return;
	}
	drop_kernels_stop(thread);
	if (thread_stop_is_kernels(thread))
		thread->signal = 0;
	if (thread->state == THREAD_STOPPED)
		ptrace(PTRACE_DETACH, thread->tid, 0, (long)thread->signal);
	forget(thread);
	thread->state = THREAD_GONE;
}

int thread_interrupt(struct thread *thread)
{
	if (thread->state != THREAD_RUNNING)
		return thread->state == THREAD_GONE ? -ESRCH : 0;
	if (thread->interrupting)
		return 0;
	if (thread->stands) {
		/* The stop it is in, as if it were of now. */
		thread->stands = false;
		thread->state = THREAD_STOPPED;
		thread->has_status = true;
		return 0;
	}
	if (ptrace(PTRACE_INTERRUPT, thread->tid, 0, 0))
		return -errno;
	thread->interrupting = true;
	return 0;
}

int thread_resume(struct thread *thread, int request)
{
	long signal = thread->signal;

	if (thread->state != THREAD_STOPPED)
		return -ESRCH;
	if (thread->stop == THREAD_GROUP_STOP) {
		request = PTRACE_LISTEN;
		signal = 0;
	}
	if (ptrace(request, thread->tid, 0, signal))
		return -errno;
	thread->signal = 0;
	thread->stop = THREAD_NO_STOP;
	thread->state = THREAD_RUNNING;
	/* Any other stop may have been taken for the one that was asked for. */
	if (thread->interrupting)
		ptrace(PTRACE_INTERRUPT, thread->tid, 0, 0);
	return 0;
}

int thread_pass(struct thread *thread)
{
	int err;

	if (thread->state != THREAD_STOPPED)
		return -ESRCH;
	if (ptrace(PTRACE_INTERRUPT, thread->tid, 0, 0))
		return -errno;
	err = thread_resume(thread, PTRACE_CONT);
	thread->interrupting = !err;
	return err;
}

/* A thread that has news, which the kernel keeps. Return: 0: none has. */
static pid_t peek(void)
{
	siginfo_t info = { 0 };
	struct thread *thread;

	if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL))
		return 0;
	thread = find(info.si_pid);
	/* No event and no system call, so these bits are all there is. */
	if (thread && thread->before_signal && info.si_code == CLD_TRAPPED && info.si_status < 0x80)
		thread->before_signal(thread);
	return info.si_pid;
}

void threads_collect(void)
{
	int status;
	pid_t tid;

	while ((tid = peek()) > 0) {
		struct thread *thread = find(tid);

		/* A child of ours that nobody traces any more may be stopped, too. */
		if (waitpid(tid, &status, __WALL | WNOHANG | WUNTRACED) != tid)
			continue;
		if (!thread && take_newcomer && WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP)
			thread = take_newcomer(newcomer_context, tid);
		if (!thread)
			continue;
		thread->status = status;
		thread->has_status = true;
		thread->state = WIFSTOPPED(status) ? THREAD_STOPPED : THREAD_GONE;
	}
}

void threads_wait(int ms)
{
	const struct timespec limit = { ms / 1000, ms % 1000 * 1000000L };
	sigset_t set;

	for (struct thread *t = threads; t; t = t->next)
		if (t->has_status)
			return;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	threads_collect();
	for (struct thread *t = threads; t; t = t->next)
		if (t->has_status)
			return;
	sigtimedwait(&set, NULL, &limit);
	threads_collect();
}

static enum thread_stop decode(struct thread *thread)
{
	int status = thread->status;
	int signal;

	if (!WIFSTOPPED(status))
		return THREAD_ENDED;
	signal = WSTOPSIG(status);
	if (status >> 16 == PTRACE_EVENT_STOP) {
		thread->interrupting = false;
		return signal == SIGTRAP ? THREAD_INTERRUPTED : THREAD_GROUP_STOP;
	}
	thread->event = status >> 16;
	if (thread->event)
		return THREAD_EVENT;
	if (signal == (SIGTRAP | 0x80))
		return THREAD_SYSCALL;
	thread->signal = signal;
	return THREAD_SIGNAL;
}

enum thread_stop thread_take_stop(struct thread *thread)
{
	if (!thread->has_status)
		return THREAD_NO_STOP;
	thread->has_status = false;
	thread->stop = decode(thread);
	return thread->stop;
}

enum thread_stop thread_wait_stop(struct thread *thread, int ms)
{
	const struct timespec slice = { 0, 20000000 };
	int64_t end = clock_ms() + ms;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	threads_collect();
	while (!thread->has_status && thread->state != THREAD_GONE && clock_ms() < end) {
		sigtimedwait(&set, NULL, &slice);
		threads_collect();
	}
	return thread_take_stop(thread);
}

int thread_get_regs(const struct thread *thread, struct user_regs_struct *regs)
{
	struct iovec io = { regs, sizeof(*regs) };

	return ptrace(PTRACE_GETREGSET, thread->tid, NT_PRSTATUS, &io) ? -errno : 0;
}

int thread_set_regs(const struct thread *thread, const struct user_regs_struct *regs)
{
	struct iovec io = { (void *)regs, sizeof(*regs) };

	return ptrace(PTRACE_SETREGSET, thread->tid, NT_PRSTATUS, &io) ? -errno : 0;
}
