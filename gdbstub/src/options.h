/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of kvm2gdb. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/**
 * struct options - what the user wants
 * @pid:	process to attach to, 0: gdb will say
 * @pidfd:	the same by a file descriptor, -1: not so
 * @listen:	where gdb connects to, as listen.h; NULL: stdin and stdout
 * @once:	gdb will not come back
 * @vmlinux:	file of the guest's kernel, NULL
 * @files:	folder whose files gdb may read, NULL: none
 * @frames:	file for what tracepoints collect, NULL
 * @inspect:	nothing is stopped
 * @program:	to be started, and what it is given; NULL at the end. NULL: none
 * @wait_s:	so many seconds a program has until its guest runs
 * @help:	say what can be said here, and end
 * @version:	the same
 */
struct options {
	pid_t pid;
	int pidfd;
	const char *listen;
	bool once;
	const char *vmlinux;
	const char *files;
	const char *frames;
	bool inspect;
	char *const *program;
	int wait_s;
	bool help;
	bool version;
};

/* Room for what options_parse() says. */
#define OPTIONS_MESSAGE_SIZE	160

/**
 * options_parse() - read the command line
 * @message: out: what is wrong with it
 * Return: 0 or -EINVAL.
 */
int options_parse(struct options *options, int argc, char *argv[],
		  char message[static OPTIONS_MESSAGE_SIZE]);

/* What --help says. */
void options_help(FILE *out);

#endif
