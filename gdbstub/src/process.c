// SPDX-License-Identifier: GPL-2.0
/* The process that is named on the command line. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(char *message, int error, const char *kind, int number, const char *what)
{
	snprintf(message, PROCESS_MESSAGE_SIZE, "%s %d: %s", kind, number, what);
	return -error;
}

static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Return: 0: of a process of other namespaces; -1: of one that is gone; -2: it is no pidfd. */
static int read_pid(int pidfd)
{
	char path[64];
	char line[128];
	int pid = -2;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pid: %d", &pid) == 1)
			break;
	if (file)
		fclose(file);
	return pid;
}

static int open_given(struct process *process, int pidfd, char *message)
{
	const int pid = read_pid(pidfd);
	int same;

	if (pid < -1)
		return fail(message, EBADF, "--pidfd", pidfd, "no pidfd");
	if (!pid)
		return fail(message, ESRCH, "--pidfd", pidfd, "this process is not seen from here");
	*process = (struct process){ pid, pidfd };
	fcntl(pidfd, F_SETFD, FD_CLOEXEC);
	if (pid < 0 || process_has_ended(process))
		return fail(message, ESRCH, "--pidfd", pidfd, "the process has ended");
	/* Only those of first threads can be opened so. */
	same = open_pidfd(pid);
	if (same < 0)
		return fail(message, EINVAL, "--pidfd", pidfd, "of a thread, not of a process");
	close(same);
	return 0;
}

int process_open(struct process *process, pid_t pid, int pidfd, char message[static PROCESS_MESSAGE_SIZE])
{
	*process = (struct process){ .fd = -1 };
	if (pidfd >= 0)
		return open_given(process, pidfd, message);
	if (!pid)
		return 0;
	*process = (struct process){ pid, open_pidfd(pid) };
	/* Of a thread there is none: attaching to it will tell. */
	if (process->fd < 0 && errno == ESRCH)
		return fail(message, ESRCH, "process", (int)pid, "attach: no such process");
	return 0;
}

void process_close(struct process *process)
{
	if (process->fd >= 0)
		close(process->fd);
	process->fd = -1;
}

bool process_has_ended(const struct process *process)
{
	struct pollfd fd = { process->fd, POLLIN, 0 };

	return process->fd >= 0 && poll(&fd, 1, 0) > 0;
}
