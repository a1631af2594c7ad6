// SPDX-License-Identifier: GPL-2.0
/* The command line of kvm2gdb. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Unless --wait says otherwise. */
#define WAIT_S	60

static const struct option longs[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "pidfd", required_argument, NULL, 'd' },
	{ "listen", required_argument, NULL, 'l' },
	{ "once", no_argument, NULL, 'o' },
	{ "stdio", no_argument, NULL, 's' },
	{ "vmlinux", required_argument, NULL, 'k' },
	{ "files", required_argument, NULL, 'f' },
	{ "frames", required_argument, NULL, 'F' },
	{ "inspect", no_argument, NULL, 'i' },
	{ "wait", required_argument, NULL, 'w' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

/* Return: -1 if it is none. */
static int read_number(const char *text)
{
	char *end;
	long value;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtol(text, &end, 10);
	return errno || *end || value > INT_MAX ? -1 : (int)value;
}

/* What does not go together. Return: NULL: all does. */
static const char *find_contradiction(const struct options *options)
{
	const bool is_named = options->pid || options->pidfd >= 0;
	const struct {
		bool holds;
		const char *text;
	} contradictions[] = {
		{ options->pid && options->pidfd >= 0, "--pid and --pidfd name a process each" },
		{ options->program && !options->program[0], "--: a program is expected" },
		{ options->program && is_named, "a guest is attached to or a program is started, not both" },
		{ options->program && options->inspect, "--inspect is for guests that run, a program is started to be held" },
		{ options->frames && options->inspect, "--frames: there are none with --inspect" },
	};

	for (size_t i = 0; i < sizeof(contradictions) / sizeof(contradictions[0]); i++)
		if (contradictions[i].holds)
			return contradictions[i].text;
	return NULL;
}

int options_parse(struct options *options, int argc, char *argv[],
		  char message[static OPTIONS_MESSAGE_SIZE])
{
	const char *wrong;
	int before = 1;
	int code;

	*options = (struct options){ .pidfd = -1, .wait_s = WAIT_S };
	optind = 0;
	while ((code = getopt_long(argc, argv, "+:p:l:k:f:iw:hV", longs, NULL)) != -1) {
		before = optind;
		switch (code) {
		case 'p':
			options->pid = read_number(optarg);
			if (options->pid > 0)
				break;
			snprintf(message, OPTIONS_MESSAGE_SIZE, "--pid: bad PID: %s", optarg);
			return -EINVAL;
		case 'd':
			options->pidfd = read_number(optarg);
			if (options->pidfd >= 0)
				break;
			snprintf(message, OPTIONS_MESSAGE_SIZE, "--pidfd: bad file descriptor: %s", optarg);
			return -EINVAL;
		case 'o':
			options->once = true;
			break;
		case 'l':
			options->listen = optarg;
			break;
		case 's':
			options->listen = NULL;
			break;
		case 'k':
			options->vmlinux = optarg;
			break;
		case 'f':
			options->files = optarg;
			break;
		case 'F':
			options->frames = optarg;
			break;
		case 'i':
			options->inspect = true;
			break;
		case 'w':
			options->wait_s = read_number(optarg);
			if (options->wait_s > 0)
				break;
			snprintf(message, OPTIONS_MESSAGE_SIZE, "--wait: bad number of seconds: %s", optarg);
			return -EINVAL;
		case 'h':
			options->help = true;
			break;
		case 'V':
			options->version = true;
			break;
		default:
			snprintf(message, OPTIONS_MESSAGE_SIZE, "%s: %s", argv[optind - 1],
				 code == ':' ? "an argument is missing" : "no such option");
			return -EINVAL;
		}
	}
	/* An argument of the last option may look the same. */
	if (optind > before && !strcmp(argv[before], "--"))
		options->program = argv + optind;
	wrong = find_contradiction(options);
	if (!wrong && (optind == argc || options->program))
		return 0;
	if (wrong)
		snprintf(message, OPTIONS_MESSAGE_SIZE, "%s", wrong);
	else
		snprintf(message, OPTIONS_MESSAGE_SIZE, "%s: only options are expected; a program to start comes after --",
			 argv[optind]);
	return -EINVAL;
}

void options_help(FILE *out)
{
	fputs("Usage: kvm2gdb [-p PID | --pidfd FD] [-l WHERE [--once]] [-k FILE] [-f FOLDER]\n"
	      "               [--frames FILE | -i] [-w SECONDS]\n"
	      "   or: kvm2gdb [-l WHERE [--once]] [-k FILE] [-f FOLDER] [--frames FILE] [-w SECONDS] -- PROGRAM [ARGUMENT...]\n"
	      "Attach gdb to the guest that a process runs, or start a program and hold its guest\n"
	      "before the first instruction. To be started by gdb:\n"
	      "  (gdb) target extended-remote | kvm2gdb -p PID\n"
	      "  (gdb) target extended-remote | kvm2gdb -- PROGRAM ARGUMENT...\n"
	      "\n"
	      "  -p, --pid PID        the process; without, gdb's command `attach PID` says it\n"
	      "      --pidfd FD       the same by a pidfd that kvm2gdb is started with\n"
	      "  -l, --listen WHERE   wait for gdb at unix:PATH, or at HOST:PORT of the loopback\n"
	      "      --once           end when the first one has gone\n"
	      "      --stdio          talk to gdb by stdin and stdout, as without --listen\n"
	      "  -k, --vmlinux FILE   the guest's kernel: gdb gets its symbols, where KASLR moved it\n"
	      "  -f, --files FOLDER   let gdb read the files below it\n"
	      "      --frames FILE    write what tracepoints collect there, for kvm2trace report\n"
	      "  -i, --inspect        look at the guest without stopping it\n"
	      "  -w, --wait SECONDS   how long a program has until it runs its guest; 60\n"
	      "  -h, --help           print this text\n"
	      "  -V, --version        print the version\n"
	      "\n"
	      "Exit status: 0, 1 after a failure, 2 for a wrong command line.\n", out);
}
