// SPDX-License-Identifier: GPL-2.0
// Tracing what happens now: the rings are read until something ends it.
#include "live.h"

#include "command.h"
#include "flight.h"
#include "record.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND	UINT64_C(1000000000)
/* How often the rings are read: never woken by an event, see top-study. */
#define TICK_MS		50

static const char *const all_events[] = { "kvm2:*", "kvm:*" };

/* What the table needs, and nothing else: the guests pay for each event. */
static const char *const exit_events[] = {
	"kvm2:kvm2_exit", "kvm2:kvm2_enter", "kvm2:kvm2_loop", "kvm:kvm_exit",
	"kvm:kvm_entry", "kvm:kvm_userspace_exit", "kvm:kvm_vcpu_wakeup",
};

/**
 * struct live - one run
 * @options:	what the user wants
 * @command:	the program that is traced, if it is ours
 * @session:	what becomes of events
 * @source:	where they come from
 * @record:	with -o: they go to a file
 * @flight:	with --flight: when they do
 * @stats:	the kernel's own account
 */
struct live {
	struct options *options;
	struct command command;
	struct session session;
	struct kvm2_trace_source *source;
	struct record record;
	struct flight flight;
	struct kvm2_trace_stats stats;
};

static volatile sig_atomic_t signals;
static volatile sig_atomic_t wishes;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void on_wish(int number)
{
	(void)number;
	wishes++;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void say(const char *object, int err)
{
	fprintf(stderr, "kvm2trace: %s: %s\n", object, strerror(-err));
}

/* A kvm2_trace_record_fn. */
static int take_record(const struct kvm2_trace_record *record, void *context)
{
	struct live *live = context;
	const int ret = session_record(record, &live->session);

	/* A second ^C: do not even wait for the rest. */
	return ret ? ret : signals > 1;
}

static void met(int tid, void *context)
{
	struct live *live = context;

	kvm2_trace_source_follow(live->source, tid);
}

static int read_stats(struct live *live)
{
	const int err = kvm2_trace_source_stats(live->source, &live->stats);

	live->session.lost = live->stats.lost;
	return err;
}

/* Is it time for another table? Then show it. */
static int show_interval(struct live *live)
{
	const uint64_t now = now_ns();
	int err;

	if (!live->options->every_ns ||
	    now - live->session.mark_ns < live->options->every_ns)
		return 0;
	err = read_stats(live);
	return err ? err : session_table(&live->session, now, false);
}

/*
 * The poll entries: keys, then the traced processes. A process whose end
 * cannot be watched never ends, as far as we know.
 */
static size_t open_polls(const struct live *live, struct pollfd *polls)
{
	const struct options *options = live->options;
	size_t nr = 0;

	polls[nr].fd = live->session.view.is_live ? STDIN_FILENO : -1;
	polls[nr++].events = POLLIN;
	for (size_t i = 0; i < options->nr_pids; i++) {
		long fd = syscall(SYS_pidfd_open, options->pids[i], 0);

		/* O_EXCL is PIDFD_THREAD: not the first thread of a process */
		if (fd < 0)
			fd = syscall(SYS_pidfd_open, options->pids[i], O_EXCL);
		polls[nr].fd = (int)fd;
		polls[nr++].events = POLLIN;
	}
	return nr;
}

/* Forget processes that have ended; true: those were the last. */
static bool have_ended(struct pollfd *polls, size_t nr, size_t *alive)
{
	const size_t before = *alive;

	for (size_t i = 1; i < nr; i++) {
		if (polls[i].fd < 0 || !polls[i].revents)
			continue;
		close(polls[i].fd);
		polls[i].fd = -1;
		(*alive)--;
	}
	return before && !*alive;
}

/* Is there a reason to write what happened last? */
static int tick_flight(struct live *live)
{
	static sig_atomic_t fulfilled;
	const int ret = flight_look(&live->flight);
	const char *why = live->flight.why;
	char text[KVM2_TRACE_NAME_SIZE];

	if (ret < 0)
		return ret;
	if (!ret && wishes == fulfilled)
		return 0;
	fulfilled = wishes;
	snprintf(text, sizeof(text), "%s", ret ? why : "SIGUSR1");
	return flight_write(&live->flight, live->source, live->session.decoder,
			    live->session.view.epoch_ns, text);
}

static int tick(struct live *live, uint64_t until_ns)
{
	int ret;

	if (live->options->flight_ns)
		return tick_flight(live);
	if (live->options->file)
		return record_drain(&live->record);
	ret = kvm2_trace_source_read(live->source, until_ns, take_record, live);
	if (!ret)
		ret = session_advance(&live->session, until_ns);
	session_flush(&live->session);
	return ret ? ret : show_interval(live);
}

static int watch(struct live *live)
{
	struct pollfd polls[OPTIONS_PIDS_MAX + 1];
	const size_t nr = open_polls(live, polls);
	size_t alive = live->options->nr_pids;
	uint64_t until_ns = 0;
	int ret = 0;

	command_go(&live->command);
	while (!ret && !signals && !live->session.write_err) {
		const uint64_t now = now_ns();

		if (live->options->for_ns &&
		    now - live->session.start_ns >= live->options->for_ns)
			break;
		/* One tick behind: whoever has a time stamp is done by then. */
		if (until_ns)
			ret = tick(live, until_ns);
		until_ns = now;
		if (ret || poll(polls, nr, TICK_MS) <= 0)
			continue;
		if (polls[0].revents && view_is_quit(&live->session.view))
			break;
		if (have_ended(polls, nr, &alive))
			break;
	}
	for (size_t i = 1; i < nr; i++)
		if (polls[i].fd >= 0)
			close(polls[i].fd);
	return ret;
}

static int finish_record(struct live *live, int err)
{
	uint64_t pages;

	/* What was worth keeping has its files. */
	if (live->options->flight_ns)
		return err ? err : tick_flight(live);
	/* Each turn has a limit: until there is nothing more. */
	do {
		pages = live->record.pages;
		if (!err)
			err = record_drain(&live->record);
	} while (!err && live->record.pages != pages);
	if (!err)
		err = read_stats(live);
	if (!err)
		err = record_finish(&live->record, live->session.decoder,
				    live->session.view.epoch_ns);
	live->session.events = live->stats.read;
	return err;
}

/* What has been recorded up to the end, and how it adds up. */
static int finish(struct live *live, int ret)
{
	int err = kvm2_trace_source_stop(live->source);

	if (live->options->file)
		return finish_record(live, err ? err : ret);
	if (!err && !ret)
		ret = kvm2_trace_source_read(live->source, UINT64_MAX,
					     take_record, live);
	if (ret >= 0) {
		const int end = session_finish(&live->session);

		ret = end ? end : ret;
	}
	if (!err)
		err = read_stats(live);
	return ret < 0 ? ret : err;
}

static int run(struct live *live)
{
	struct session *session = &live->session;
	int ret;

	session->start_ns = now_ns();
	session->mark_ns = session->start_ns;
	session->view.epoch_ns = clock_ns(CLOCK_REALTIME) - session->start_ns;
	ret = watch(live);
	ret = finish(live, ret);
	if (!ret && live->options->count)
		ret = session_table(session, now_ns(), true);
	session_flush(session);
	session_close_view(session);
	if (ret < 0) {
		say(live->options->file ? live->options->file :
		    "reading events", ret);
		return EXIT_FAILURE;
	}
	/* Whoever reads our output from a pipe may have seen enough. */
	if (session->write_err && session->write_err != -EPIPE) {
		say("output", session->write_err);
		return EXIT_FAILURE;
	}
	if (live->options->flight_ns) {
		fprintf(stderr, "kvm2trace: %u files written\n",
			live->flight.files);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "kvm2trace: %llu events, %llu lost\n",
		(unsigned long long)session->events,
		(unsigned long long)live->stats.lost);
	return live->options->strict && live->stats.lost ? OPTIONS_STATUS_LOST :
							   EXIT_SUCCESS;
}

/* Which conditions the kernel sees to, and which are seen to here, if ever. */
static void tell_filter(const struct filter *filter, bool is_recording)
{
	for (size_t i = 0; i < filter->nr_terms; i++) {
		const struct filter_term *term = &filter->terms[i];

		if (term->nr_pushed)
			fprintf(stderr, "kvm2trace: -e %s: checked by the kernel in %u events\n",
				term->text, term->nr_pushed);
		else
			fprintf(stderr, "kvm2trace: -e %s: %s\n", term->text,
				is_recording ? "not checked: give it to kvm2trace report" :
				"checked here");
	}
}

static int open_source(struct live *live)
{
	const struct options *options = live->options;
	const bool only_counts = options->count && !options->tail;
	struct kvm2_trace_config config = {
		.prefix = "kvm2trace",
		.events = all_events,
		.nr_events = sizeof(all_events) / sizeof(all_events[0]),
		.pids = options->pids,
		.nr_pids = options->nr_pids,
		.buffer_kb = options->buffer_kb,
		.switches = options->folds,
		.filter = options->filter.nr_terms ? filter_push : NULL,
		.filter_context = &live->session.filter,
	};
	int matched;

	if (options->nr_events) {
		config.events = options->events;
		config.nr_events = options->nr_events;
		config.required = true;
	} else if (only_counts) {
		config.events = exit_events;
		config.nr_events = sizeof(exit_events) / sizeof(exit_events[0]);
	}
	matched = kvm2_trace_source_open(live->source, &config,
					 live->session.decoder);
	if (matched < 0) {
		fprintf(stderr, "kvm2trace: %s\n",
			kvm2_trace_source_message(live->source));
		return -1;
	}
	if (!matched) {
		fprintf(stderr, "kvm2trace: this kernel has no KVM events: load KVM: modprobe -a kvm_intel kvm_amd\n");
		return -1;
	}
	tell_filter(&live->session.filter, options->file);
	if (!options->nr_events && !kvm2_trace_source_matched(live->source, 0))
		fprintf(stderr, "kvm2trace: this kernel has no kvm2 events (they come with the kvm.ko of a kvm2 kernel): showing kvm:* only\n");
	return 0;
}

/* A thread stands for its process, and our own program is one, too. */
static int set_pids(struct live *live)
{
	struct options *options = live->options;
	int err;

	for (size_t i = 0; i < options->nr_pids; i++) {
		struct kvm2_trace_task task = { .tid = options->pids[i] };

		kvm2_trace_source_lookup(&task, live->source);
		options->pids[i] = task.tgid;
	}
	if (!options->command)
		return 0;
	if (options->nr_pids == OPTIONS_PIDS_MAX)
		return -E2BIG;
	err = command_start(&live->command, options->command);
	if (!err)
		options->pids[options->nr_pids++] = live->command.pid;
	return err;
}

static int live_init(struct live *live)
{
	/* What the program prints is its own affair, as with strace. */
	FILE *out = live->options->command ? stderr : stdout;
	int err = -ENOMEM;

	live->source = kvm2_trace_source_create();
	if (live->source)
		err = session_init(&live->session, live->options, out,
				   kvm2_trace_source_lookup, live->source);
	live->session.met = met;
	live->session.met_context = live;
	if (!err)
		err = set_pids(live);
	if (!err && live->options->flight_ns)
		return flight_init(&live->flight, live->options);
	if (!err && live->options->file) {
		err = record_init(&live->record, live->source,
				  live->options->file);
		if (err) {
			say(live->options->file, err);
			return -1;
		}
	}
	/* Of its symbols the session has told itself. */
	if (err && (err == -ENOMEM || !live->options->symbols))
		say("start", err);
	if (err)
		return -1;
	return 0;
}

/*
 * A signal is only noted: the tracefs instance is removed whatever happens,
 * and what had been recorded is still shown.
 */
static void set_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = {
		.sa_handler = on_signal,
		.sa_flags = SA_RESTART,
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaction(ends[i], &action, NULL);
	action.sa_handler = on_wish;
	sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

int live_run(struct options *options)
{
	struct live live = { .options = options };
	int status = EXIT_FAILURE;
	int ended;

	set_signals();
	if (!live_init(&live) && !open_source(&live))
		status = run(&live);
	ended = command_end(&live.command);
	record_fini(&live.record);
	flight_fini(&live.flight);
	session_fini(&live.session);
	kvm2_trace_source_destroy(live.source);
	return status ? status : ended;
}
