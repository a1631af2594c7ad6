// SPDX-License-Identifier: GPL-2.0
// The child that takes copies of VMMs' files.
#include "taker.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "process.h"

#define STATS_PREFIX	"anon_inode:kvm-vcpu-stats:"
#define VM_LINK		"anon_inode:kvm-vm"

struct taker {
	struct child child;
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

static void serve(int socket, const void *argument)
{
	int32_t pid;

	(void)argument;
	while (read(socket, &pid, sizeof(pid)) == sizeof(pid)) {
		static const struct answer end = { .is_end = true };

		if ((pid ? look_at(socket, pid) : look_at_all(socket)) || send_answer(socket, &end, -1))
			break;
	}
}

/* ---- kvm2top ---- */

struct taker *taker_create(void)
{
	struct taker *taker = calloc(1, sizeof(*taker));
	int error;

	if (!taker)
		return NULL;
	error = child_create(&taker->child, SOCK_SEQPACKET, serve, NULL);
	if (!error)
		return taker;
	free(taker);
	errno = -error;
	return NULL;
}

void taker_destroy(struct taker *taker)
{
	if (!taker)
		return;
	child_destroy(&taker->child);
	free(taker);
}

int taker_ask(struct taker *taker, pid_t pid)
{
	const int32_t request = pid;

	return write(taker->child.fd, &request, sizeof(request)) < 0 ? -errno : 0;
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
		n = recvmsg(taker->child.fd, &message, MSG_CMSG_CLOEXEC);
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
