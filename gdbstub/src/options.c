// SPDX-License-Identifier: GPL-2.0
/* The command line of kvm2gdb. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>

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

int options_parse(struct options *options, int argc, char *argv[],
		  char message[static OPTIONS_MESSAGE_SIZE])
{
	int code;

	*options = (struct options){ .pidfd = -1 };
	optind = 0;
	while ((code = getopt_long(argc, argv, ":p:l:k:f:ihV", longs, NULL)) != -1) {
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
	if (optind == argc && (!options->pid || options->pidfd < 0) && !(options->frames && options->inspect))
		return 0;
	if (optind == argc && options->frames && options->inspect)
		snprintf(message, OPTIONS_MESSAGE_SIZE, "--frames: there are none with --inspect");
	else if (optind == argc)
		snprintf(message, OPTIONS_MESSAGE_SIZE, "--pid and --pidfd name a process each");
	else
		snprintf(message, OPTIONS_MESSAGE_SIZE, "%s: only options are expected", argv[optind]);
	return -EINVAL;
}

void options_help(FILE *out)
{
	fputs("Usage: kvm2gdb [-p PID | --pidfd FD] [-l WHERE [--once]] [-k FILE] [-f FOLDER]\n"
	      "               [--frames FILE | -i]\n"
	      "Attach gdb to the guest that a process runs. To be started by gdb:\n"
	      "  (gdb) target extended-remote | kvm2gdb -p PID\n"
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
	      "  -h, --help           print this text\n"
	      "  -V, --version        print the version\n"
	      "\n"
	      "Exit status: 0, 1 after a failure, 2 for a wrong command line.\n", out);
}
