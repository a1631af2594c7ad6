// SPDX-License-Identifier: GPL-2.0
/* A kvm2gdb that a test talks to, and kills. */
#include "stub.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#define REPLY_SECONDS	120



void stub_start(struct stub *stub, const char *program, pid_t pid)
{
	int in[2], out[2];
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		tap_die("pipe");
	stub->watcher = vfork();
	if (stub->watcher < 0)
		tap_die("fork");
	if (!stub->watcher) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl(program, program, "-p", text, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	stub->in = in[1];
	stub->out = out[0];
}

void stub_send(const struct stub *stub, const char *data)
{
	char packet[256];
	uint8_t sum = 0;

	for (const char *c = data; *c; c++)
		sum = (uint8_t)(sum + (uint8_t)*c);
	snprintf(packet, sizeof(packet), "+$%s#%02x", data, sum);
	if (write(stub->in, packet, strlen(packet)) < 0 && errno != EPIPE)
		tap_die("write");
}

bool stub_receive(const struct stub *stub, char *data, size_t size)
{
	struct pollfd fd = { stub->out, POLLIN, 0 };
	size_t used = 0;
	bool inside = false;
	char c;

	while (poll(&fd, 1, REPLY_SECONDS * 1000) > 0 && read(stub->out, &c, 1) == 1) {
		if (c == '#')
			break;
		if (inside && used + 1 < size)
			data[used++] = c;
		inside |= c == '$';
	}
	data[used] = 0;
	return inside;
}

bool stub_is_attached(const struct stub *stub)
{
	char reply[4096];

	stub_send(stub, "?");
	return stub_receive(stub, reply, sizeof(reply)) && reply[0] == 'T';
}

static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%d", &child) != 1)
		child = 0;
	if (file)
		fclose(file);
	return child;
}

void stub_signal(const struct stub *stub, int signal)
{
	pid_t child = child_of(stub->watcher);

	if (!child || kill(child, signal))
		tap_die("kvm2gdb's second process");
}

bool stub_kill(const struct stub *stub, bool worker)
{
	pid_t child = worker ? child_of(stub->watcher) : 0;

	kill(child ? child : stub->watcher, SIGKILL);
	return child;
}

void stub_finish(struct stub *stub)
{
	close(stub->in);
	close(stub->out);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}
