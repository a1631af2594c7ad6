// SPDX-License-Identifier: GPL-2.0
// The main thread's loop.
#include "events.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "console.h"

static const int handled[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, VCPU_KICK_SIGNAL,
};

int events_init(struct events *events, struct machine *machine)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaddset(&set, handled[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);

	/* Kicks belong to the vcpus, but must not kill this thread. */
	sigdelset(&set, VCPU_KICK_SIGNAL);
	events->machine = machine;
	events->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return events->signal_fd < 0 ? -errno : 0;
}

void events_fini(struct events *events)
{
	close(events->signal_fd);
}

/* Stopping is for the shell's sake; the guest's vcpus stop with us. */
static void stop(struct events *events)
{
	console_restore(&events->machine->console);
	kill(getpid(), SIGSTOP);
}

/* Return: it was SIGCONT. */
static bool handle_signal(struct events *events)
{
	struct signalfd_siginfo info;

	if (read(events->signal_fd, &info, sizeof(info)) != sizeof(info))
		return false;
	switch (info.ssi_signo) {
	case SIGCONT:
		return true;
	case SIGTSTP:
		stop(events);
		return false;
	default:
		machine_end(events->machine,
			    (struct ending){ ENDING_SIGNAL, info.ssi_signo });
		return false;
	}
}

enum source {
	SOURCE_END,
	SOURCE_SIGNAL,
	SOURCE_INPUT,
	SOURCE_ROOM,
	NR_SOURCES,
};

/* Return: what is ready, as bits 1 << SOURCE_*. */
static unsigned int wait_sources(struct events *events)
{
	struct console *console = &events->machine->console;
	struct pollfd fds[NR_SOURCES] = {
		[SOURCE_END] = { .fd = events->machine->end_fd, .events = POLLIN },
		[SOURCE_SIGNAL] = { .fd = events->signal_fd, .events = POLLIN },
		[SOURCE_INPUT] = { .fd = console_input_fd(console), .events = POLLIN },
		[SOURCE_ROOM] = { .fd = console->room_fd, .events = POLLIN },
	};
	unsigned int ready = 0;

	if (poll(fds, NR_SOURCES, -1) < 0)
		return 0;
	for (unsigned int i = 0; i < NR_SOURCES; i++)
		if (fds[i].revents)
			ready |= 1U << i;
	if (ready & 1U << SOURCE_ROOM) {
		eventfd_t value;

		eventfd_read(console->room_fd, &value);
	}
	return ready;
}

void events_wait_start(struct events *events)
{
	for (;;) {
		unsigned int ready = wait_sources(events);

		if (ready & 1U << SOURCE_END)
			return;
		if ((ready & 1U << SOURCE_SIGNAL) && handle_signal(events))
			return;
		if ((ready & 1U << SOURCE_INPUT) &&
		    console_skip_line(&events->machine->console) == CONSOLE_LINE)
			return;
	}
}

void events_run(struct events *events)
{
	struct console *console = &events->machine->console;

	console_start(console);
	for (;;) {
		unsigned int ready = wait_sources(events);

		if (ready & 1U << SOURCE_END)
			break;
		if ((ready & 1U << SOURCE_SIGNAL) && handle_signal(events))
			console_start(console);
		if ((ready & 1U << SOURCE_INPUT) && console_input(console) == CONSOLE_QUIT)
			machine_end(events->machine, (struct ending){ ENDING_USER, 0 });
	}
	console_restore(console);
}
