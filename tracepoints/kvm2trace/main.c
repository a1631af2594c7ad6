// SPDX-License-Identifier: GPL-2.0
// kvm2trace: print, or count, what the virtual machines of this host do.
#include "options.h"
#include "view.h"

#include <kvm2/trace.h>

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

/* What the table counts, and nothing else: the guests pay for each event. */
static const char *const exit_events[] = {
	"kvm2:kvm2_exit", "kvm2:kvm2_loop", "kvm:kvm_exit",
	"kvm:kvm_userspace_exit",
};

/**
 * struct trace - one run of the program
 * @options:	what the user wants
 * @out:	where the output goes
 * @view:	how
 * @source:	where events come from
 * @decoder:	what they mean
 * @tasks:	whose they are
 * @counts:	how many
 * @events:	up to now
 * @start_ns:	when it began
 * @mark_ns:	when the present interval began
 * @stats:	the kernel's own account
 * @write_err:	what writing to @out gave, the first time it failed
 */
struct trace {
	struct options options;
	FILE *out;
	struct view view;
	struct kvm2_trace_source *source;
	struct kvm2_trace_decoder *decoder;
	struct kvm2_trace_tasks *tasks;
	struct kvm2_trace_counts *counts;
	uint64_t events;
	uint64_t start_ns;
	uint64_t mark_ns;
	struct kvm2_trace_stats stats;
	int write_err;
};

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static int take_event(struct trace *trace,
		      const struct kvm2_trace_record *record)
{
	const bool shows_lines = !trace->options.count || trace->options.tail;
	const struct kvm2_trace_task *task;
	struct kvm2_trace_event event;
	char text[512];
	char who[48];
	int err;

	err = kvm2_trace_decode(trace->decoder, record, &event);
	task = kvm2_trace_tasks_note(trace->tasks, &event);
	if (!err && trace->options.count &&
	    kvm2_trace_counts_add(trace->counts, &event, task))
		return -ENOMEM;
	if (!shows_lines)
		return 0;
	kvm2_trace_who(&event, task, who, sizeof(who));
	if (err)
		snprintf(text, sizeof(text), "%zu bytes, too few for its format",
			 record->size);
	else
		kvm2_trace_text(trace->decoder, &event, trace->options.raw,
				text, sizeof(text));
	view_event(&trace->view, &event, who, text);
	return 0;
}

/* A kvm2_trace_record_fn. */
static int take_record(const struct kvm2_trace_record *record, void *context)
{
	struct trace *trace = context;
	int err;

	if (record->data) {
		err = take_event(trace, record);
		if (err)
			return err;
		trace->events++;
	} else if (!trace->options.count || trace->options.tail) {
		view_gap(&trace->view, record);
	}
	/* A second ^C: do not even wait for the rest. */
	if (signals > 1)
		return 1;
	return trace->options.limit && trace->events >= trace->options.limit;
}

static void flush(struct trace *trace)
{
	errno = 0;
	if ((fflush(trace->out) || ferror(trace->out)) && !trace->write_err)
		trace->write_err = errno ? -errno : -EIO;
}

static int show_table(struct trace *trace, bool is_last)
{
	const struct kvm2_trace_count *counts;
	const uint64_t now = now_ns();
	const struct view_totals totals = {
		.elapsed_ns = now - trace->start_ns,
		.interval_ns = is_last ? 0 : now - trace->mark_ns,
		.events = trace->events,
		.lost = trace->stats.lost,
	};
	ssize_t nr;

	nr = kvm2_trace_counts_list(trace->counts, trace->tasks, &counts);
	if (nr < 0)
		return (int)nr;
	view_table(&trace->view, &totals, counts, (size_t)nr);
	kvm2_trace_counts_mark(trace->counts);
	trace->mark_ns = now;
	return 0;
}

/* Is it time for another table? Then show it. */
static int show_interval(struct trace *trace)
{
	int err;

	if (!trace->options.every_ns ||
	    now_ns() - trace->mark_ns < trace->options.every_ns)
		return 0;
	err = kvm2_trace_source_stats(trace->source, &trace->stats);
	return err ? err : show_table(trace, false);
}

/*
 * The poll entries: keys, then the traced processes. A process whose end
 * cannot be watched never ends, as far as we know.
 */
static size_t open_polls(const struct trace *trace, struct pollfd *polls)
{
	const struct options *options = &trace->options;
	size_t nr = 0;

	polls[nr].fd = trace->view.is_live ? STDIN_FILENO : -1;
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

static int watch(struct trace *trace)
{
	struct pollfd polls[OPTIONS_PIDS_MAX + 1];
	const size_t nr = open_polls(trace, polls);
	size_t alive = trace->options.nr_pids;
	uint64_t until_ns = 0;
	int ret = 0;

	while (!ret && !signals && !trace->write_err) {
		const uint64_t now = now_ns();

		if (trace->options.for_ns &&
		    now - trace->start_ns >= trace->options.for_ns)
			break;
		/* One tick behind: whoever has a time stamp is done by then. */
		if (until_ns)
			ret = kvm2_trace_source_read(trace->source, until_ns,
						     take_record, trace);
		until_ns = now;
		flush(trace);
		if (!ret)
			ret = show_interval(trace);
		if (ret || poll(polls, nr, TICK_MS) <= 0)
			continue;
		if (polls[0].revents && view_is_quit(&trace->view))
			break;
		if (have_ended(polls, nr, &alive))
			break;
	}
	for (size_t i = 1; i < nr; i++)
		if (polls[i].fd >= 0)
			close(polls[i].fd);
	return ret;
}

/* What has been recorded up to the end, and how it adds up. */
static int finish(struct trace *trace, int ret)
{
	int err = kvm2_trace_source_stop(trace->source);

	if (!err && !ret)
		ret = kvm2_trace_source_read(trace->source, UINT64_MAX,
					     take_record, trace);
	if (!err)
		err = kvm2_trace_source_stats(trace->source, &trace->stats);
	return ret < 0 ? ret : err;
}

static void say(const char *object, int err)
{
	fprintf(stderr, "kvm2trace: %s: %s\n", object, strerror(-err));
}

static int run(struct trace *trace)
{
	int ret;

	trace->start_ns = now_ns();
	trace->mark_ns = trace->start_ns;
	ret = watch(trace);
	ret = finish(trace, ret);
	if (!ret && trace->options.count)
		ret = show_table(trace, true);
	if (ret < 0) {
		say("reading events", ret);
		return EXIT_FAILURE;
	}
	flush(trace);
	/* Whoever reads our output from a pipe may have seen enough. */
	if (trace->write_err && trace->write_err != -EPIPE) {
		say(trace->options.output ? trace->options.output : "stdout",
		    trace->write_err);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

/* Returns an exit status; the view is fit for messages afterwards. */
static int run_with_view(struct trace *trace)
{
	const struct options *options = &trace->options;
	int status;

	if (view_init(&trace->view, trace->out, options->tail,
		      options->every_ns)) {
		say("view", -ENOMEM);
		return EXIT_FAILURE;
	}
	status = run(trace);
	view_fini(&trace->view);
	if (status != EXIT_SUCCESS)
		return status;
	fprintf(stderr, "kvm2trace: %llu events, %llu lost\n",
		(unsigned long long)trace->events,
		(unsigned long long)trace->stats.lost);
	return options->strict && trace->stats.lost ? EXIT_FAILURE :
						      EXIT_SUCCESS;
}

static int open_source(struct trace *trace)
{
	const struct options *options = &trace->options;
	const bool only_counts = options->count && !options->tail;
	struct kvm2_trace_config config = {
		.prefix = "kvm2trace",
		.events = all_events,
		.nr_events = sizeof(all_events) / sizeof(all_events[0]),
		.pids = options->pids,
		.nr_pids = options->nr_pids,
		.buffer_kb = options->buffer_kb,
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
	matched = kvm2_trace_source_open(trace->source, &config,
					 trace->decoder);
	if (matched < 0) {
		fprintf(stderr, "kvm2trace: %s\n",
			kvm2_trace_source_message(trace->source));
		return -1;
	}
	if (!matched) {
		fprintf(stderr, "kvm2trace: this kernel has no KVM events: load KVM: modprobe -a kvm_intel kvm_amd\n");
		return -1;
	}
	if (!options->nr_events && !kvm2_trace_source_matched(trace->source, 0))
		fprintf(stderr, "kvm2trace: this kernel has no kvm2 events (they come with the kvm.ko of a kvm2 kernel): showing kvm:* only\n");
	return 0;
}

static void trace_fini(struct trace *trace)
{
	kvm2_trace_source_destroy(trace->source);
	kvm2_trace_counts_destroy(trace->counts);
	kvm2_trace_tasks_destroy(trace->tasks);
	kvm2_trace_decoder_destroy(trace->decoder);
	if (trace->options.output && trace->out)
		fclose(trace->out);
}

static int trace_init(struct trace *trace)
{
	trace->out = stdout;
	if (trace->options.output) {
		trace->out = fopen(trace->options.output, "we");
		if (!trace->out) {
			say(trace->options.output, -errno);
			return -1;
		}
	}
	trace->source = kvm2_trace_source_create();
	trace->decoder = kvm2_trace_decoder_create();
	trace->tasks = kvm2_trace_tasks_create(kvm2_trace_source_lookup,
					       trace->source);
	trace->counts = kvm2_trace_counts_create();
	if (!trace->source || !trace->decoder || !trace->tasks ||
	    !trace->counts) {
		say("start", -ENOMEM);
		return -1;
	}
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
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

int main(int argc, char *argv[])
{
	char message[OPTIONS_MESSAGE_SIZE];
	struct trace trace = { 0 };
	int status = EXIT_FAILURE;

	if (options_parse(&trace.options, argc, argv, message)) {
		fprintf(stderr, "kvm2trace: %s; try kvm2trace --help\n",
			message);
		return 2;
	}
	if (trace.options.help) {
		options_help(stdout);
		return EXIT_SUCCESS;
	}
	if (trace.options.version) {
		puts("kvm2trace " KVM2_VERSION);
		return EXIT_SUCCESS;
	}
	set_signals();
	if (!trace_init(&trace) && !open_source(&trace))
		status = run_with_view(&trace);
	trace_fini(&trace);
	return status;
}
