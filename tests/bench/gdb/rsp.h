/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A raw client of gdb's remote protocol, faster than gdb: what it measures is
 * the stub. Functions that fail say why and end the program.
 */
#ifndef TESTS_BENCH_GDB_RSP_H
#define TESTS_BENCH_GDB_RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RSP_BYTES	(300 * 1024)

/**
 * struct rsp - a conversation
 * @name:	of the stub
 * @pid:	of the stub if it is a child of ours, 0: it is not
 * @no_ack:	no acknowledgements are sent
 * @packets:	sent so far
 * @read_bytes:	that one packet may ask for
 * @binary:	the stub has the x packet
 */
struct rsp {
	const char *name;
	pid_t pid;
	int in;
	int out;
	bool no_ack;
	bool binary;
	size_t read_bytes;
	unsigned long packets;
	char reply[RSP_BYTES];
	char input[RSP_BYTES];
	size_t used;
	size_t at;
};

/* To a stub that is started with its end of two pipes. */
struct rsp *rsp_start(const char *name, char *const argv[]);

/* To a unix socket, which may not be there yet. */
struct rsp *rsp_connect(const char *name, const char *path);

/* Agree on all that the stub can do. */
void rsp_begin(struct rsp *rsp);

/* Detach, and wait for its end. */
void rsp_end(struct rsp *rsp);

void rsp_send(struct rsp *rsp, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The next packet's data, valid until the next call. */
const char *rsp_receive(struct rsp *rsp);

/* Both. */
const char *rsp_ask(struct rsp *rsp, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As above; the reply has to begin with @wanted. */
void rsp_expect(struct rsp *rsp, const char *wanted, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

uint32_t rsp_read_word(struct rsp *rsp, uint64_t address);
uint64_t rsp_register(struct rsp *rsp, unsigned int number);

/* ^C, which has no frame. */
void rsp_interrupt(struct rsp *rsp);

#endif
