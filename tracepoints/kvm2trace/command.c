// SPDX-License-Identifier: GPL-2.0
// A program that is traced from its beginning.
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a shell says for a program that cannot be run. */
#define STATUS_NOT_RUN		127
#define STATUS_SIGNAL		128

static void __attribute__((noreturn))
run_child(int go_fd, char *const argv[])
{
	char byte;
	ssize_t got;

	/* What is traced until then is done in its name. */
	prctl(PR_SET_NAME, strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 :
						  argv[0]);
	do
		got = read(go_fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(STATUS_NOT_RUN);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	fprintf(stderr, "kvm2trace: %s: %s\n", argv[0], strerror(errno));
	_exit(STATUS_NOT_RUN);
}

int command_start(struct command *command, char *const argv[])
{
	int fds[2];

	memset(command, 0, sizeof(*command));
	command->go_fd = -1;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	command->pid = fork();
	if (command->pid < 0) {
		const int err = -errno;

		command->pid = 0;
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (!command->pid) {
		close(fds[1]);
		run_child(fds[0], argv);
	}
	close(fds[0]);
	command->go_fd = fds[1];
	return 0;
}

void command_go(struct command *command)
{
	if (!command->pid || command->go_fd < 0)
		return;
	/* It cannot fail: the other end reads, or is gone. */
	if (write(command->go_fd, "", 1) < 0)
		command->status = 0;
	close(command->go_fd);
	command->go_fd = -1;
}

int command_end(struct command *command)
{
	pid_t ended;

	if (!command->pid)
		return EXIT_SUCCESS;
	if (command->go_fd >= 0) {
		close(command->go_fd);
		command->go_fd = -1;
		waitpid(command->pid, &command->status, 0);
		return EXIT_FAILURE;
	}
	ended = waitpid(command->pid, &command->status, WNOHANG);
	if (ended != command->pid)
		return EXIT_SUCCESS;
	if (WIFSIGNALED(command->status))
		return STATUS_SIGNAL + WTERMSIG(command->status);
	return WEXITSTATUS(command->status);
}
