// SPDX-License-Identifier: GPL-2.0
// kvm2trace: print, or count, what the virtual machines of this host do.
#include "live.h"
#include "options.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char *argv[])
{
	char message[OPTIONS_MESSAGE_SIZE];
	struct options options;

	if (options_parse(&options, argc, argv, message)) {
		fprintf(stderr, "kvm2trace: %s; try kvm2trace --help\n",
			message);
		return OPTIONS_STATUS_USAGE;
	}
	if (options.help) {
		options_help(stdout);
		return EXIT_SUCCESS;
	}
	if (options.version) {
		puts("kvm2trace " KVM2_VERSION);
		return EXIT_SUCCESS;
	}
	return options.is_report ? report_run(&options) : live_run(&options);
}
