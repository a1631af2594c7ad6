// SPDX-License-Identifier: GPL-2.0
// The child that takes copies of VMMs' files.
#include "taker.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

#define STATS_PREFIX	"anon_inode:kvm-vcpu-stats:"
#define VM_LINK		"anon_inode:kvm-vm"

struct taker {
	pid_t child;
	int fd;
};

struct answer {
	struct taken taken;
	bool is_end;
};

/* ---- the child ---- */

static int send_answer(int socket, const struct answer *answer, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)answer, .iov_len = sizeof(*answer) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *header;

		message.msg_control = control.room;
		message.msg_controllen = sizeof(control.room);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int give(int socket, int process, const struct taken *taken)
{
	struct answer answer = { .taken = *taken };
	const int fd = (int)syscall(SYS_pidfd_getfd, process, taken->number, 0);
	int error;

	/* It may have been closed just now, or the VMM not let us. */
	if (fd < 0)
		return 0;
	answer.taken.fd = fd;
	error = send_answer(socket, &answer, fd);
	close(fd);
	return error;
}

/* What a process has open behind the number @name, an empty text if nothing. */
static void read_fd_link(pid_t pid, const char *name, char *link, size_t size)
{
	char path[300];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, name);
	length = readlink(path, link, size - 1);
	link[length < 0 ? 0 : length] = '\0';
}

/* Others than the VMM may hold its statistics: kvm2top does. */
static bool is_vmm(pid_t pid, DIR *dir, bool *has_stats)
{
	const struct dirent *entry;
	bool has_vm = false;

	while (dir && (entry = readdir(dir))) {
		char link[64];

		read_fd_link(pid, entry->d_name, link, sizeof(link));
		has_vm |= !strcmp(link, VM_LINK);
		*has_stats |= !strncmp(link, STATS_PREFIX, sizeof(STATS_PREFIX) - 1);
	}
	return has_vm;
}

static int give_all(int socket, struct taken *taken, DIR *dir)
{
	const int process = (int)syscall(SYS_pidfd_open, taken->pid, 0);
	const struct dirent *entry;
	int error = 0;

	while (!error && process >= 0 && (entry = readdir(dir))) {
		char link[64];

		read_fd_link(taken->pid, entry->d_name, link, sizeof(link));
		if (strncmp(link, STATS_PREFIX, sizeof(STATS_PREFIX) - 1))
			continue;
		taken->number = atoi(entry->d_name);
		taken->vcpu = (uint32_t)strtoul(link + sizeof(STATS_PREFIX) - 1, NULL, 10);
		error = give(socket, process, taken);
	}
	if (process >= 0)
		close(process);
	return error;
}

/* Return: 0, or a negative errno: kvm2top has gone. */
static int look_at(int socket, pid_t pid)
{
	struct answer answer = { .taken = { .pid = pid, .fd = -1 } };
	bool has_stats = false;
	char path[64];
	int error = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (is_vmm(pid, dir, &has_stats)) {
		answer.taken.start_ns = process_start_ns(pid);
		process_comm(pid, answer.taken.comm, sizeof(answer.taken.comm));
		rewinddir(dir);
		error = has_stats ? give_all(socket, &answer.taken, dir) : send_answer(socket, &answer, -1);
	}
	if (dir)
		closedir(dir);
	return error;
}

static int look_at_all(int socket)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int error = 0;

	while (!error && dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			error = look_at(socket, atoi(entry->d_name));
	if (dir)
		closedir(dir);
	return error;
}

static void serve(int socket)
{
	sigset_t all;
	int32_t pid;

	/* What ends kvm2top, as a ^C, may not end this before it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	while (read(socket, &pid, sizeof(pid)) == sizeof(pid)) {
		static const struct answer end = { .is_end = true };

		if ((pid ? look_at(socket, pid) : look_at_all(socket)) || send_answer(socket, &end, -1))
			break;
	}
	_exit(0);
}

/* ---- kvm2top ---- */

struct taker *taker_create(void)
{
	struct taker *taker = calloc(1, sizeof(*taker));
	int fds[2];

	if (!taker)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		free(taker);
		return NULL;
	}
	taker->child = fork();
	if (!taker->child) {
		close(fds[0]);
		serve(fds[1]);
	}
	close(fds[1]);
	taker->fd = fds[0];
	if (taker->child > 0)
		return taker;
	close(taker->fd);
	free(taker);
	return NULL;
}

void taker_destroy(struct taker *taker)
{
	if (!taker)
		return;
	close(taker->fd);
	waitpid(taker->child, NULL, 0);
	free(taker);
}

int taker_ask(struct taker *taker, pid_t pid)
{
	const int32_t request = pid;

	return write(taker->fd, &request, sizeof(request)) < 0 ? -errno : 0;
}

int taker_next(struct taker *taker, struct taken *taken)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct answer answer;
	struct iovec part = { .iov_base = &answer, .iov_len = sizeof(answer) };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control.room, .msg_controllen = sizeof(control.room),
	};
	const struct cmsghdr *header;
	ssize_t n;

	do
		n = recvmsg(taker->fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(answer))
		return n < 0 ? -errno : -EPIPE;
	if (answer.is_end)
		return 0;
	*taken = answer.taken;
	if (taken->fd < 0)
		return 1;
	header = CMSG_FIRSTHDR(&message);
	/* Without room for another descriptor it comes without. */
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EMFILE;
	memcpy(&taken->fd, CMSG_DATA(header), sizeof(taken->fd));
	return 1;
}
