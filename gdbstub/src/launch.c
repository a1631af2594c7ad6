// SPDX-License-Identifier: GPL-2.0
/*
 * A program is started, and its guest held before the first instruction.
 *
 * Its threads stop at their system calls until one is about to enter the guest. That one stands there, and the others go
 * on until all vcpus have come so far, for a moment only, as they need not. Then every thread is interrupted before it
 * goes on (thread_pass()). A call that enters the guest looks for that first: it returns -EINTR, and has done nothing
 * but tell the kernel which thread is the vcpu's, which is how vcpus are found on the classic API. So all stand with
 * the guest as the VMM has made it, and whoever attaches takes them over as they are.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>
#include <linux/kvm.h>
#include <linux/kvm2.h>

#include "clock.h"
#include "proc_kvm2.h"
#include "thread.h"
#include "vmm_scan.h"

/* From the first vcpu on, for the others. */
#define COMPLETE_MS	1000

/* When people may begin to wonder. */
#define SLOW_MS		2000

/* A thread may be busy in the kernel. */
#define STAND_MS	2000

#define KILL_MS		5000

/* Between two looks at the time. */
#define WAIT_MS		50

#define OPTIONS		(PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)

/**
 * struct launched - a thread
 * @enters: it is about to enter the guest
 * @fd:     of the vcpu then, if the API has such
 */
struct launched {
	struct launched *next;
	struct thread thread;
	bool enters;
	int fd;
};

static int fail(char *message, int error, const struct launch *launch, const char *what)
{
	snprintf(message, LAUNCH_MESSAGE_SIZE, "%.100s: %s", launch->program, what);
	return -error;
}

/* ---- the start ---- */

/* As if nobody but a shell had started it. What it says is for who reads what we say. Return: 0 or a negative errno. */
static int become_ordinary(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC))
		return -errno;
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) ? -errno : 0;
}

/* In the new process. @line: a byte comes when it is traced; an error number goes back, or the end of the file. */
static void run(int line, char *const arguments[])
{
	char byte;
	int error;

	if (read(line, &byte, 1) != 1)
		_exit(127);
	error = -become_ordinary();
	if (!error) {
		execvp(arguments[0], arguments);
		error = errno;
	}
	if (write(line, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

static void forget(struct launch *launch, struct launched *thread)
{
	struct launched **at = &launch->threads;

	while (*at != thread)
		at = &(*at)->next;
	*at = thread->next;
	free(thread);
}

static struct launched *add(struct launch *launch)
{
	struct launched *thread = calloc(1, sizeof(*thread));

	if (!thread) {
		launch->error = -ENOMEM;
		return NULL;
	}
	thread->fd = -1;
	thread->next = launch->threads;
	launch->threads = thread;
	return thread;
}

/* As thread_newcomer_fn. */
static struct thread *take_newcomer(void *context, pid_t tid)
{
	struct launched *thread = add(context);

	if (!thread)
		return NULL;
	thread_adopt(&thread->thread, tid, OPTIONS);
	return &thread->thread;
}

static bool is_known(const struct launch *launch, pid_t tid)
{
	for (const struct launched *thread = launch->threads; thread; thread = thread->next)
		if (thread->thread.tid == tid)
			return true;
	return false;
}

/* Trace the new process, and let it become the program. Return: 0 or a negative errno. */
static int let_begin(struct launch *launch, int line)
{
	struct launched *first = add(launch);
	int error = 0;
	int err;

	if (!first)
		return -ENOMEM;
	err = thread_seize_with(&first->thread, launch->pid, OPTIONS);
	if (err) {
		forget(launch, first);
		return err;
	}
	if (write(line, "", 1) != 1 || read(line, &error, sizeof(error)) < 0)
		return -errno;
	return -error;
}

int launch_begin(struct launch *launch, char *const arguments[], char message[static LAUNCH_MESSAGE_SIZE])
{
	char what[200];
	int line[2];
	int err;

	*launch = (struct launch){ .program = arguments[0] };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line))
		return fail(message, errno, launch, strerror(errno));
	launch->pid = fork();
	if (!launch->pid) {
		close(line[0]);
		run(line[1], arguments);
	}
	err = launch->pid < 0 ? -errno : 0;
	close(line[1]);
	if (!err)
		err = let_begin(launch, line[0]);
	close(line[0]);
	if (!err) {
		threads_on_newcomer(take_newcomer, launch);
		return 0;
	}
	snprintf(what, sizeof(what), "start: %s%s", strerror(-err), err == -ENOENT && !strchr(arguments[0], '/') ?
		 "; it is looked for in kvm2gdb's PATH, a name with its folder is not" : "");
	if (launch->pid > 0)
		launch_abort(launch);
	launch->pid = 0;
	return fail(message, -err, launch, what);
}

/* ---- what its threads do ---- */

static bool is_about_to_enter(const struct launch *launch, struct launched *thread)
{
	struct __ptrace_syscall_info call = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->thread.tid, sizeof(call), &call) < 0 ||
	    call.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	if (call.entry.nr == __NR_kvm_enter_guest)
		return proc_kvm2_has_vm(launch->pid);
	if (call.entry.nr != SYS_ioctl || (uint32_t)call.entry.args[1] != KVM_RUN ||
	    !vmm_scan_is_vcpu(launch->pid, (int)call.entry.args[0]))
		return false;
	thread->fd = (int)call.entry.args[0];
	return true;
}

/* Vcpus that are still to come. */
struct missing {
	const struct launch *launch;
	unsigned int count;
};

/* By its thread, as kvm2 knows it, or its file. -1: not by that. */
static void look_for(struct missing *missing, pid_t tid, int fd)
{
	for (const struct launched *thread = missing->launch->threads; thread; thread = thread->next)
		if (thread->enters && (thread->thread.tid == tid || (fd >= 0 && thread->fd == fd)))
			return;
	missing->count++;
}

static void look_for_thread(void *context, pid_t tid)
{
	look_for(context, tid, -1);
}

static bool all_are_about_to_enter(const struct launch *launch)
{
	struct missing missing = { .launch = launch };
	struct vmm_scan_vcpu *vcpus;
	int count = vmm_scan_vcpus(launch->pid, &vcpus);

	for (int i = 0; i < count; i++)
		look_for(&missing, -1, vcpus[i].fd);
	free(vcpus);
	proc_kvm2_threads(launch->pid, look_for_thread, &missing);
	return !missing.count;
}

static void go_on(struct launch *launch, struct launched *thread)
{
	(void)launch;
	thread_resume(&thread->thread, PTRACE_SYSCALL);
}

static void take_call(struct launch *launch, struct launched *thread)
{
	if (!is_about_to_enter(launch, thread)) {
		go_on(launch, thread);
		return;
	}
	if (!launch->has_begun)
		launch->complete_ms = clock_ms() + COMPLETE_MS;
	launch->has_begun = true;
	thread->enters = true;
	launch->is_complete = all_are_about_to_enter(launch);
}

/* The new thread has told of itself already, or will. */
static void note_clone(struct launch *launch, const struct launched *thread)
{
	unsigned long tid = 0;

	if (!ptrace(PTRACE_GETEVENTMSG, thread->thread.tid, 0, &tid) && tid && !is_known(launch, (pid_t)tid))
		take_newcomer(launch, (pid_t)tid);
}

/* All threads but one have ended, and that has the number of the first. */
static void note_exec(struct launch *launch, const struct launched *thread)
{
	struct launched *next;

	for (struct launched *other = launch->threads; other; other = next) {
		next = other->next;
		if (other == thread)
			continue;
		other->thread.state = THREAD_GONE;
		thread_detach(&other->thread);
		forget(launch, other);
	}
}

static void note_event(struct launch *launch, struct launched *thread)
{
	if (thread->thread.event == PTRACE_EVENT_EXEC)
		note_exec(launch, thread);
	else
		note_clone(launch, thread);
}

static void take_event(struct launch *launch, struct launched *thread)
{
	note_event(launch, thread);
	go_on(launch, thread);
}

static void take_end(struct launch *launch, struct launched *thread)
{
	if (thread->thread.tid == launch->pid) {
		launch->has_ended = true;
		launch->status = thread->thread.status;
	}
	thread_detach(&thread->thread);
	forget(launch, thread);
}

static void (*const takers[])(struct launch *launch, struct launched *thread) = {
	[THREAD_INTERRUPTED] = go_on,
	[THREAD_GROUP_STOP] = go_on,
	[THREAD_SIGNAL] = go_on,
	[THREAD_SYSCALL] = take_call,
	[THREAD_EVENT] = take_event,
	[THREAD_ENDED] = take_end,
};

/* Return: something has happened. */
static bool look(struct launch *launch)
{
	struct launched *next;
	bool is_news = false;

	threads_collect();
	for (struct launched *thread = launch->threads; thread; thread = next) {
		enum thread_stop stop = thread_take_stop(&thread->thread);

		next = thread->next;
		if (stop == THREAD_NO_STOP)
			continue;
		is_news = true;
		takers[stop](launch, thread);
		/* The others may be no more. */
		if (stop == THREAD_EVENT)
			break;
	}
	return is_news;
}

/* ---- they stand ---- */

/* Where nothing is to follow. */
static bool stands(const struct thread *thread)
{
	return thread->state == THREAD_GONE || (thread->state == THREAD_STOPPED && !thread->has_status &&
	       (thread->stop == THREAD_INTERRUPTED || thread->stop == THREAD_GROUP_STOP));
}

static void stand(struct launch *launch, struct launched *thread)
{
	const int64_t end = clock_ms() + STAND_MS;
	struct thread *t = &thread->thread;

	/* Its end may have been heard of before its beginning. */
	if (thread_interrupt(t) == -ESRCH)
		t->state = THREAD_GONE;
	while (clock_ms() < end && !stands(t)) {
		/* It may be in a stop that has been heard of. */
		if (thread_wait_stop(t, t->state == THREAD_STOPPED ? 0 : STAND_MS) == THREAD_EVENT)
			note_event(launch, thread);
		if (!stands(t))
			thread_pass(t);
	}
}

/* Also those that are begun meanwhile. */
static void stand_all(struct launch *launch)
{
	struct launched *thread = launch->threads;

	while (thread) {
		const struct launched *first = launch->threads;

		stand(launch, thread);
		thread = first != launch->threads ? launch->threads : thread->next;
	}
	for (thread = launch->threads; thread; thread = thread->next) {
		if (thread->thread.state == THREAD_STOPPED)
			thread_set_options(&thread->thread, PTRACE_O_EXITKILL);
		if (thread->thread.state != THREAD_GONE)
			thread_lend(&thread->thread);
	}
}

/* ---- the wait ---- */

static int fail_by_end(const struct launch *launch, char *message)
{
	char what[250];

	snprintf(what, sizeof(what), "it has ended before it ran a guest, %s %d. What it said is above; a guest that it runs in "
		 "another process is attached to: kvm2gdb -p",
		 WIFSIGNALED(launch->status) ? "by signal" : "with status",
		 WIFSIGNALED(launch->status) ? WTERMSIG(launch->status) : WEXITSTATUS(launch->status));
	return fail(message, ECHILD, launch, what);
}

static int fail_by_time(const struct launch *launch, int seconds, char *message)
{
	char what[250];

	snprintf(what, sizeof(what), "it has not run a guest within %d s, and is killed. --wait gives it longer; a guest that it "
		 "runs in another process is attached to: kvm2gdb -p", seconds);
	return fail(message, ETIMEDOUT, launch, what);
}

static void tell_slow(const struct launch *launch, int seconds)
{
	fprintf(stderr, "kvm2gdb: %.100s: it has not run a guest yet; it has %d s. gdb waits as long as `set remotetimeout` says\n",
		launch->program, seconds);
}

/* Return: 0; -ECANCELED nobody waits any more. */
static int wait_for_news(int children, const struct launch_limits *limits, int ms)
{
	struct signalfd_siginfo info;
	struct pollfd fds[] = {
		{ children, POLLIN, 0 },
		{ limits->gdb, POLLRDHUP, 0 },
		{ limits->parent, POLLIN, 0 },
	};

	if (poll(fds, 3, ms) <= 0)
		return 0;
	if (fds[0].revents && read(children, &info, sizeof(info)) < 0 && errno != EAGAIN)
		return -errno;
	return fds[1].revents || fds[2].revents ? -ECANCELED : 0;
}

static int wait_until_complete(struct launch *launch, int children, const struct launch_limits *limits, char *message)
{
	const int64_t begin = clock_ms();
	bool is_told = false;
	bool is_news;
	int err = 0;

	while (!err) {
		is_news = look(launch);
		if (launch->has_ended)
			return fail_by_end(launch, message);
		if (launch->error)
			return fail(message, -launch->error, launch, strerror(-launch->error));
		if (launch->is_complete || (launch->has_begun && clock_ms() >= launch->complete_ms))
			return 0;
		if (!launch->has_begun && clock_ms() >= begin + limits->seconds * 1000LL)
			return fail_by_time(launch, limits->seconds, message);
		if (!is_told && !launch->has_begun && clock_ms() >= begin + SLOW_MS) {
			is_told = true;
			tell_slow(launch, limits->seconds);
		}
		err = wait_for_news(children, limits, is_news ? 0 : WAIT_MS);
	}
	return fail(message, -err, launch, "it is killed, as gdb has gone");
}

int launch_wait(struct launch *launch, const struct launch_limits *limits, char message[static LAUNCH_MESSAGE_SIZE])
{
	sigset_t set;
	int children;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (children < 0)
		return fail(message, errno, launch, strerror(errno));
	err = wait_until_complete(launch, children, limits, message);
	close(children);
	if (!err)
		stand_all(launch);
	return err;
}

/* ---- the end ---- */

void launch_end(struct launch *launch)
{
	threads_on_newcomer(NULL, NULL);
	for (struct launched *thread = launch->threads; thread; thread = thread->next)
		thread_give(&thread->thread);
	while (launch->threads)
		forget(launch, launch->threads);
	launch->pid = 0;
}

static bool is_any_left(const struct launch *launch)
{
	for (const struct launched *thread = launch->threads; thread; thread = thread->next)
		if (thread->thread.state != THREAD_GONE || thread->thread.has_status)
			return true;
	return false;
}

void launch_abort(struct launch *launch)
{
	const int64_t end = clock_ms() + KILL_MS;

	if (launch->pid <= 0)
		return;
	kill(launch->pid, SIGKILL);
	while (!launch->has_ended && is_any_left(launch) && clock_ms() < end)
		if (!look(launch))
			threads_wait(WAIT_MS);
	threads_on_newcomer(NULL, NULL);
	while (launch->threads) {
		thread_detach(&launch->threads->thread);
		forget(launch, launch->threads);
	}
	launch->pid = 0;
}
