// SPDX-License-Identifier: GPL-2.0
/* kvm2inject: an exit in words becomes the argument of strace's -e inject=. */
#include "payload.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

enum { EXIT_WRONG = 1, EXIT_USAGE = 2 };

static const struct option longs[] = {
	{ "bytes", no_argument, NULL, 'b' },
	{ "when", required_argument, NULL, 'w' },
	{ "list", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void print_help(void)
{
	puts("Usage: kvm2inject [OPTION]... REASON [FIELD=VALUE]...\n"
	     "Write an exit of kvm_enter_guest as strace-kvm2 injects it, so that a VMM gets it\n"
	     "without a guest that makes it:\n"
	     "  strace-kvm2 -f -e inject=\"$(kvm2inject -w 3 mmio gpa=0xfee000b0 len=4 write=1)\" VMM\n"
	     "\n"
	     "  -b, --bytes      the bytes alone, as hexadecimal digits\n"
	     "  -w, --when EXPR  which calls: 3 the third, 3+ that and all after it\n"
	     "  -l, --list       the exit reasons and their fields\n"
	     "  -h, --help       this text\n"
	     "  -V, --version    the version");
}

static void print_line(const char *line)
{
	puts(line);
}

static void print_payload(const struct payload *payload, bool bytes, const char *when)
{
	const unsigned char *byte = (const unsigned char *)&payload->run;

	if (!bytes)
		fputs("kvm_enter_guest:retval=0:poke_exit=@arg1=", stdout);
	for (size_t i = 0; i < payload->size; i++)
		printf("%02x", byte[i]);
	if (!bytes && when)
		printf(":when=%s", when);
	putchar('\n');
}

int main(int argc, char *argv[])
{
	char message[PAYLOAD_MESSAGE_SIZE];
	struct payload payload;
	const char *when = NULL;
	bool bytes = false;
	int code;

	while ((code = getopt_long(argc, argv, "+bw:lhV", longs, NULL)) != -1) {
		switch (code) {
		case 'b':
			bytes = true;
			break;
		case 'w':
			when = optarg;
			break;
		case 'l':
			payload_list(print_line);
			return 0;
		case 'h':
			print_help();
			return 0;
		case 'V':
			puts("kvm2inject " KVM2_VERSION);
			return 0;
		default:
			fputs("kvm2inject: try kvm2inject --help\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (payload_build(&payload, argv + optind, argc - optind, message)) {
		fprintf(stderr, "kvm2inject: %s; kvm2inject --list names reasons and fields\n", message);
		return EXIT_USAGE;
	}
	print_payload(&payload, bytes, when);
	return fflush(stdout) || ferror(stdout) ? EXIT_WRONG : 0;
}
