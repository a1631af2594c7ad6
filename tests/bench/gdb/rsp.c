// SPDX-License-Identifier: GPL-2.0
/* A raw client of gdb's remote protocol. */
#include "rsp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The clock jumps on while the program is read from the host. */
#define CONNECT_TRIES	100000

static void fail(const struct rsp *rsp, const char *what, const char *detail)
{
	fprintf(stderr, "%s: %s: %.200s (of %.*s)\n", rsp->name, what, detail, (int)rsp->used, rsp->input);
	exit(1);
}

static struct rsp *create(const char *name)
{
	struct rsp *rsp = calloc(1, sizeof(*rsp));

	if (!rsp)
		exit(1);
	rsp->name = name;
	return rsp;
}

struct rsp *rsp_start(const char *name, char *const argv[])
{
	struct rsp *rsp = create(name);
	int in[2], out[2];

	if (pipe(in) || pipe(out))
		fail(rsp, "pipe", strerror(errno));
	rsp->pid = fork();
	if (!rsp->pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		close(out[0]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	rsp->in = out[0];
	rsp->out = in[1];
	return rsp;
}

struct rsp *rsp_connect(const char *name, const char *path)
{
	const struct timespec pause = { 0, 100000000 };
	struct rsp *rsp = create(name);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	for (int i = 0; connect(fd, (struct sockaddr *)&address, sizeof(address)); i++) {
		if (i == CONNECT_TRIES)
			fail(rsp, path, strerror(errno));
		nanosleep(&pause, NULL);
	}
	rsp->in = fd;
	rsp->out = fd;
	return rsp;
}

static void write_all(struct rsp *rsp, const char *data, size_t size)
{
	while (size) {
		ssize_t done = write(rsp->out, data, size);

		if (done < 0)
			fail(rsp, "write", strerror(errno));
		data += done;
		size -= (size_t)done;
	}
}

static void send_list(struct rsp *rsp, const char *format, va_list list)
{
	static char packet[RSP_BYTES];
	uint8_t sum = 0;
	int length = vsnprintf(packet + 1, sizeof(packet) - 8, format, list);

	packet[0] = '$';
	for (int i = 1; i <= length; i++)
		sum = (uint8_t)(sum + (uint8_t)packet[i]);
	snprintf(packet + 1 + length, 8, "#%02x", sum);
	write_all(rsp, packet, (size_t)length + 4);
	rsp->packets++;
}

void rsp_send(struct rsp *rsp, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	send_list(rsp, format, list);
	va_end(list);
}

static char next(struct rsp *rsp)
{
	if (rsp->at == rsp->used) {
		ssize_t got = read(rsp->in, rsp->input, sizeof(rsp->input));

		if (got <= 0)
			fail(rsp, "read", got ? strerror(errno) : "the stub has ended");
		rsp->used = (size_t)got;
		rsp->at = 0;
	}
	return rsp->input[rsp->at++];
}

const char *rsp_receive(struct rsp *rsp)
{
	bool ended = false;
	size_t used = 0;

	while (next(rsp) != '$')
		;
	while (!ended) {
		const char *from, *end;
		size_t length;

		if (rsp->at == rsp->used) {
			next(rsp);
			rsp->at--;
		}
		from = rsp->input + rsp->at;
		end = memchr(from, '#', rsp->used - rsp->at);
		ended = end;
		length = ended ? (size_t)(end - from) : rsp->used - rsp->at;
		if (used + length >= sizeof(rsp->reply))
			fail(rsp, "the packet", "too long");
		memcpy(rsp->reply + used, from, length);
		used += length;
		rsp->at += length + ended;
	}
	rsp->reply[used] = 0;
	next(rsp);
	next(rsp);
	if (!rsp->no_ack)
		write_all(rsp, "+", 1);
	return rsp->reply;
}

const char *rsp_ask(struct rsp *rsp, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	send_list(rsp, format, list);
	va_end(list);
	return rsp_receive(rsp);
}

void rsp_expect(struct rsp *rsp, const char *wanted, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	send_list(rsp, format, list);
	va_end(list);
	if (strncmp(rsp_receive(rsp), wanted, strlen(wanted)))
		fail(rsp, format, rsp->reply);
}

void rsp_begin(struct rsp *rsp)
{
	const char *features = rsp_ask(rsp, "qSupported:swbreak+;hwbreak+");
	const char *size;
	size_t bytes;
	bool can_no_ack;

	/* QEMU tells of the stop that the connection was. */
	while (features[0] == 'T')
		features = rsp_receive(rsp);
	size = strstr(features, "PacketSize=");
	bytes = size ? strtoul(size + 11, NULL, 16) : 400;
	can_no_ack = strstr(features, "QStartNoAckMode+");

	rsp->binary = strstr(features, "binary-upload+");
	/* Two digits for a byte, and the frame. */
	rsp->read_bytes = (bytes - 16) / 2;
	if (can_no_ack) {
		rsp_expect(rsp, "OK", "QStartNoAckMode");
		rsp->no_ack = true;
	}
	/* QEMU takes p only from who knows its registers. */
	rsp_ask(rsp, "qXfer:features:read:target.xml:0,ff0");
	rsp_expect(rsp, "T", "?");
}

void rsp_end(struct rsp *rsp)
{
	rsp_ask(rsp, "D");
	close(rsp->in);
	if (rsp->out != rsp->in)
		close(rsp->out);
	if (rsp->pid)
		waitpid(rsp->pid, NULL, 0);
	free(rsp);
}

void rsp_interrupt(struct rsp *rsp)
{
	write_all(rsp, "\x03", 1);
}

/* Hexadecimal digits, the lowest byte first. */
static uint64_t number(const char *digits, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++) {
		unsigned int byte = 0;

		sscanf(digits + 2 * i, "%2x", &byte);
		value |= (uint64_t)byte << 8 * i;
	}
	return value;
}

uint32_t rsp_read_word(struct rsp *rsp, uint64_t address)
{
	const char *reply = rsp_ask(rsp, "m%llx,4", (unsigned long long)address);

	if (strlen(reply) != 8)
		fail(rsp, "m", reply);
	return (uint32_t)number(reply, 4);
}

uint64_t rsp_register(struct rsp *rsp, unsigned int index)
{
	const char *reply = rsp_ask(rsp, "p%x", index);

	if (strlen(reply) < 8 || strlen(reply) > 16)
		fail(rsp, "p", reply);
	return number(reply, strlen(reply) / 2);
}
