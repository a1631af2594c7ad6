// SPDX-License-Identifier: GPL-2.0
/* The command line of kvm2gdb. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>

static const struct option longs[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

/* Return: 0 if it is none. */
static pid_t read_pid(const char *text)
{
	char *end;
	long value;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	value = strtol(text, &end, 10);
	return errno || *end || value > INT_MAX ? 0 : (pid_t)value;
}

int options_parse(struct options *options, int argc, char *argv[],
		  char message[static OPTIONS_MESSAGE_SIZE])
{
	int code;

	*options = (struct options){ 0 };
	optind = 0;
	while ((code = getopt_long(argc, argv, ":p:hV", longs, NULL)) != -1) {
		switch (code) {
		case 'p':
			options->pid = read_pid(optarg);
			if (options->pid)
				break;
			snprintf(message, OPTIONS_MESSAGE_SIZE, "--pid: bad PID: %s", optarg);
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
	if (optind == argc)
		return 0;
	snprintf(message, OPTIONS_MESSAGE_SIZE, "%s: only options are expected", argv[optind]);
	return -EINVAL;
}

void options_help(FILE *out)
{
	fputs("Usage: kvm2gdb [-p PID]\n"
	      "Attach gdb to the guest that a process runs. To be started by gdb:\n"
	      "  (gdb) target extended-remote | kvm2gdb -p PID\n"
	      "\n"
	      "  -p, --pid PID   the process; without, gdb's command `attach PID` says it\n"
	      "  -h, --help      print this text\n"
	      "  -V, --version   print the version\n"
	      "\n"
	      "Exit status: 0, 1 after a failure, 2 for a wrong command line.\n", out);
}
