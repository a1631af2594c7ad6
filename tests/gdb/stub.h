/* SPDX-License-Identifier: GPL-2.0 */
/* A kvm2gdb that a test talks to, and kills. Whatever goes wrong with pipes and processes ends the test. */
#ifndef TESTS_GDB_STUB_H
#define TESTS_GDB_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct stub - a kvm2gdb at work
 * @watcher: its first process
 * @in, @out: where it reads and writes
 */
struct stub {
	pid_t watcher;
	int in;
	int out;
};

/* @program, on the VMM @pid. */
void stub_start(struct stub *stub, const char *program, pid_t pid);

/* A packet. */
void stub_send(const struct stub *stub, const char *data);

/* The next packet's data. Return: false: none came. */
bool stub_receive(const struct stub *stub, char *data, size_t size);

/* By `?`. */
bool stub_is_attached(const struct stub *stub);

/* A signal for the one that works, which must be there. */
void stub_signal(const struct stub *stub, int signal);

/* Of the two processes the one that works, if it is there already. Return: it was. */
bool stub_kill(const struct stub *stub, bool worker);

/* Until none of its processes is there: the caller is a subreaper, so orphaned they are its own. */
void stub_finish(struct stub *stub);

#endif
