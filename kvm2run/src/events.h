/* SPDX-License-Identifier: GPL-2.0 */
/* What the main thread waits for: signals, input, the end of the run. */
#ifndef KVM2RUN_EVENTS_H
#define KVM2RUN_EVENTS_H

#include "machine.h"

struct events {
	struct machine *machine;
	int signal_fd;
};

/*
 * Block the signals that events_run() handles. Before any thread is started,
 * and before the terminal is touched. Return: 0 or a negative errno.
 */
int events_init(struct events *events, struct machine *machine);
void events_fini(struct events *events);

/* Wait for a line of standard input, SIGCONT, or the end of the run. */
void events_wait_start(struct events *events);

/* Serve the console and signals until the run has ended. */
void events_run(struct events *events);

#endif
