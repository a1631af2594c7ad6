/* SPDX-License-Identifier: GPL-2.0 */
/* A program is started, and its guest held before the first instruction. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Room for what these functions say. */
#define LAUNCH_MESSAGE_SIZE	400

struct launched;

/**
 * struct launch - a program on its way to its guest
 * @pid:	0: there is none
 * @program:	borrowed: its name, for people
 * @threads:	all of it
 * @is_complete: all vcpus that it has are about to enter the guest
 * @complete_ms: at the latest then it shall be
 * @status:	as of waitpid(2), once it @has_ended
 * @error:	a negative errno: not all threads are known
 */
struct launch {
	pid_t pid;
	const char *program;
	struct launched *threads;
	bool has_begun;
	bool is_complete;
	int64_t complete_ms;
	bool has_ended;
	int status;
	int error;
};

/**
 * struct launch_limits - what ends the wait
 * @seconds: for the first vcpu
 * @gdb:	its end of the line, -1: none
 * @parent:	can be read when all shall end
 */
struct launch_limits {
	int seconds;
	int gdb;
	int parent;
};

/**
 * launch_begin() - start a program, which stands then
 * @arguments: its name, which is looked for as a shell does, and what it is given; NULL at the end
 * @message: out: why not
 * Return: 0 or a negative errno. If we die it is killed.
 */
int launch_begin(struct launch *launch, char *const arguments[], char message[static LAUNCH_MESSAGE_SIZE]);

/**
 * launch_wait() - let it run until it is about to enter its guest
 *
 * All its threads stand then, and are lent (thread_lend()) to who attaches to the process.
 *
 * Return: 0; a negative errno, and launch_abort() is what is left.
 */
int launch_wait(struct launch *launch, const struct launch_limits *limits, char message[static LAUNCH_MESSAGE_SIZE]);

/* Those that nobody has seized go on. If we die it is still killed, as long as any vcpu is traced. */
void launch_end(struct launch *launch);

/* Kill it. Nothing is done if there is none. */
void launch_abort(struct launch *launch);

#endif
