/* SPDX-License-Identifier: GPL-2.0 */
/* A program that is traced from its beginning. */
#ifndef KVM2TRACE_COMMAND_H
#define KVM2TRACE_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct command - a process of ours
 * @pid:	0: there is none
 * @go_fd:	it waits for this to be written, or closed
 * @status:	of waitpid(), once it has ended
 */
struct command {
	pid_t pid;
	int go_fd;
	int status;
};

/* A process that will run @argv, and waits. Returns 0 or a negative errno. */
int command_start(struct command *command, char *const argv[]);

/* Let it run. */
void command_go(struct command *command);

/*
 * The exit status that tells how it ended, as a shell's. One that still runs
 * is left to run, one that still waits ends.
 */
int command_end(struct command *command);

#endif /* KVM2TRACE_COMMAND_H */
