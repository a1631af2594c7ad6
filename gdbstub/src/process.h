/* SPDX-License-Identifier: GPL-2.0 */
/* The process that is named on the command line, which another one cannot come to mean. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* Room for what process_open() says. */
#define PROCESS_MESSAGE_SIZE	120

/**
 * struct process - a process
 * @pid: 0: none is named
 * @fd:  pidfd, -1: none
 */
struct process {
	pid_t pid;
	int fd;
};

/**
 * process_open() - find the process
 * @pid:   by its number, 0: not by that
 * @pidfd: by a file that whoever started us has opened, -1: not by that; owned by @process then
 * @message: out: what is wrong
 * Return: 0 or a negative errno. Naming none is no error.
 */
int process_open(struct process *process, pid_t pid, int pidfd, char message[static PROCESS_MESSAGE_SIZE]);
void process_close(struct process *process);

/* Its number may be another's then. */
bool process_has_ended(const struct process *process);

#endif
