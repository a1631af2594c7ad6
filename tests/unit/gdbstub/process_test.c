// SPDX-License-Identifier: GPL-2.0
// process.c: which process is meant, and that it is still there.
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct process process;
static char message[PROCESS_MESSAGE_SIZE];
static pid_t child;

static int begin(void **state)
{
	(void)state;
	child = fork();
	if (!child)
		for (;;)
			pause();
	return child < 0;
}

static void child_ends(void)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static int end(void **state)
{
	(void)state;
	child_ends();
	process_close(&process);
	return 0;
}

static int open_pidfd(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	assert_true(fd >= 0);
	return fd;
}

static void refused(int error, pid_t pid, int pidfd, const char *what)
{
	char wanted[PROCESS_MESSAGE_SIZE];

	assert_int_equal(process_open(&process, pid, pidfd, message), -error);
	snprintf(wanted, sizeof(wanted), pid ? "process %d: %s" : "--pidfd %d: %s", pid ? pid : pidfd, what);
	assert_string_equal(message, wanted);
	process_close(&process);
}

static void none_may_be_named(void **state)
{
	(void)state;
	assert_int_equal(process_open(&process, 0, -1, message), 0);
	assert_int_equal(process.pid, 0);
	assert_false(process_has_ended(&process));
}

static void its_end_is_seen_however_it_was_named(void **state)
{
	const int pidfd = open_pidfd(child);
	struct process other;

	(void)state;
	fcntl(pidfd, F_SETFD, 0);
	assert_int_equal(process_open(&process, child, -1, message), 0);
	assert_int_equal(process_open(&other, 0, pidfd, message), 0);
	assert_int_equal(process.pid, child);
	assert_int_equal(other.pid, child);
	assert_int_equal(other.fd, pidfd);
	assert_true(fcntl(pidfd, F_GETFD) & FD_CLOEXEC);
	assert_false(process_has_ended(&process) || process_has_ended(&other));
	child_ends();
	assert_true(process_has_ended(&process) && process_has_ended(&other));
	process_close(&other);
	assert_int_equal(fcntl(pidfd, F_GETFD), -1);
}

static void what_has_ended_is_refused(void **state)
{
	const int pidfd = open_pidfd(child);
	siginfo_t info;

	(void)state;
	kill(child, SIGKILL);
	/* As long as nobody has asked how, it has its number. */
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	refused(ESRCH, 0, dup(pidfd), "the process has ended");
	child_ends();
	refused(ESRCH, 0, pidfd, "the process has ended");
	refused(ESRCH, child, -1, "attach: no such process");
}

static void other_files_are_refused(void **state)
{
	int pipe_fds[2];

	(void)state;
	refused(EBADF, 0, 987, "no pidfd");
	assert_int_equal(pipe(pipe_fds), 0);
	refused(EBADF, 0, pipe_fds[0], "no pidfd");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(none_may_be_named),
		TEST(its_end_is_seen_however_it_was_named),
		TEST(what_has_ended_is_refused),
		TEST(other_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
