// SPDX-License-Identifier: GPL-2.0
// Threads that write to a guest's memory: those of this process are the VMM's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gdbstub/src/writer.h"

static pid_t tid;
static pthread_barrier_t barrier;

static void *name_itself(void *name)
{
	prctl(PR_SET_NAME, name);
	tid = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void find_one_called(const char *name, struct target_writer *writer)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, name_itself, (void *)(uintptr_t)name), 0);
	pthread_barrier_wait(&barrier);
	writer_find(getpid(), tid, writer);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
}

static void a_thread_of_the_VMM_has_its_name(void **state)
{
	struct target_writer writer;

	(void)state;
	find_one_called("disk (0)", &writer);
	assert_int_equal(writer.kind, TARGET_WRITER_THREAD);
	assert_int_equal(writer.tid, tid);
	assert_string_equal(writer.comm, "disk (0)");
}

static void names_are_printable(void **state)
{
	struct target_writer writer;

	(void)state;
	find_one_called("\033[31m\tred\177\344", &writer);
	assert_string_equal(writer.comm, "?[31m?red??");
}

static void others_are_foreign(void **state)
{
	struct target_writer writer;

	(void)state;
	writer_find(getpid(), getppid(), &writer);
	assert_int_equal(writer.kind, TARGET_WRITER_FOREIGN);
	assert_int_equal(writer.tid, getppid());
	assert_true(writer.comm[0]);
	/* No such thread. */
	writer_find(getpid(), 0x7ffffffe, &writer);
	assert_int_equal(writer.kind, TARGET_WRITER_FOREIGN);
	assert_int_equal(writer.tid, 0x7ffffffe);
	assert_string_equal(writer.comm, "");
}

/* In a namespace of its own it is number 1. */
static void a_VMM_in_a_container_has_numbers_of_its_own(void **state)
{
	struct target_writer writer;
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);

	(void)state;
	if (!pid) {
		pause();
		_exit(0);
	}
	if (pid < 0) {
		print_message("# no namespaces of PIDs here\n");
		skip();
	}
	writer_find(pid, 1, &writer);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(writer.kind, TARGET_WRITER_THREAD);
	assert_int_equal(writer.tid, pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_of_the_VMM_has_its_name),
		cmocka_unit_test(names_are_printable),
		cmocka_unit_test(others_are_foreign),
		cmocka_unit_test(a_VMM_in_a_container_has_numbers_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
