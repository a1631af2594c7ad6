// SPDX-License-Identifier: GPL-2.0
// kvm2top: which VMs leave the guest, why, and what it costs.
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "collector.h"
#include "columns.h"
#include "model.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "privileges.h"
#include "tree.h"

#define NS_PER_SECOND	UINT64_C(1000000000)

/**
 * struct program - all that there is
 * @signals:	an fd: somebody wants it to end
 * @used_ns, @used_at_ns: processor time at the last refresh
 */
struct program {
	struct options options;
	const struct collector_ops *ops;
	struct collector *collector;
	struct model model;
	struct names *names;
	struct tree tree;
	struct output output;
	FILE *file;
	int signals;
	uint64_t used_ns;
	uint64_t used_at_ns;
};

static const struct collector_ops *const collectors[] = {
	&collector_bpf,
};

/* ---- kvm2top itself ---- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t own_rss(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fscanf(file, "%*u %llu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void look_at_self(struct program *program)
{
	const uint64_t used = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	const uint64_t now = collector_now_ns();

	if (program->used_at_ns && now > program->used_at_ns)
		program->output.cpu_percent = 100.0 * (double)(used - program->used_ns) /
					      (double)(now - program->used_at_ns);
	program->used_ns = used;
	program->used_at_ns = now;
	program->output.rss_bytes = own_rss();
	program->output.wall_ns = clock_ns(CLOCK_REALTIME);
}

/* ---- refreshes ---- */

static int refresh(struct program *program)
{
	int status;

	model_begin(&program->model, collector_now_ns());
	status = program->ops->read(program->collector, &program->model);
	model_end(&program->model);
	if (status < 0)
		return status;
	names_fill(program->names, &program->model);
	look_at_self(program);
	program->ops->status(program->collector, &program->output.status);
	return status;
}

/* Return: true: go on; false: somebody has asked to end. */
static bool wait_until(struct program *program, uint64_t until_ns)
{
	for (;;) {
		const uint64_t now = collector_now_ns();
		const uint64_t left = until_ns > now ? until_ns - now : 0;
		const struct timespec timeout = { (time_t)(left / NS_PER_SECOND), (long)(left % NS_PER_SECOND) };
		struct pollfd fds[] = {
			{ .fd = program->signals, .events = POLLIN },
			{ .fd = program->ops->wake_fd ? program->ops->wake_fd(program->collector) : -1,
			  .events = POLLIN },
		};
		const int n = ppoll(fds, 2, &timeout, NULL);

		if (fds[0].revents)
			return false;
		/* A VM comes up: attach now, and show it when it is time. */
		if (n > 0 && fds[1].revents) {
			model_begin(&program->model, collector_now_ns());
			program->ops->read(program->collector, &program->model);
			model_end(&program->model);
			continue;
		}
		if (n <= 0 && collector_now_ns() >= until_ns)
			return true;
	}
}

static void write_refresh(struct program *program)
{
	switch (program->options.output) {
	case OPTIONS_JSON:
		output_json(program->file, &program->output, &program->model);
		break;
	case OPTIONS_CSV:
		tree_build(&program->tree, &program->model);
		output_csv(program->file, &program->output, &program->model, &program->tree);
		break;
	case OPTIONS_METRICS:
		output_metrics(program->file, &program->output, &program->model);
		break;
	default:
		tree_build(&program->tree, &program->model);
		output_text(program->file, &program->output, &program->model, &program->tree);
	}
}

/* The first refresh has no rates: it is where the others begin. */
static int run_batch(struct program *program)
{
	uint64_t next = collector_now_ns();
	uint64_t written = 0;
	int status = refresh(program);

	program->tree.all = true;
	if (program->options.output == OPTIONS_CSV)
		output_csv_header(program->file);
	while (!status) {
		bool go_on;

		next += program->options.delay_ns;
		go_on = wait_until(program, next);
		status = refresh(program);
		if (status < 0)
			break;
		write_refresh(program);
		written++;
		if (ferror(program->file)) {
			status = -EPIPE;
			break;
		}
		if (!go_on || written == program->options.count)
			break;
	}
	return status < 0 ? status : 0;
}

/* ---- start ---- */

static int open_collector(struct program *program)
{
	const struct collector_config config = {
		.tier = program->options.tier,
		.pid = program->options.pid,
		.nr_rows = program->options.rows,
		.idle_ns = program->options.idle_ns,
	};
	char message[COLLECTOR_MESSAGE_SIZE] = "there is no such collector";
	int error = -ENOENT;

	for (size_t i = 0; i < sizeof(collectors) / sizeof(collectors[0]); i++) {
		if (program->options.collector && strcmp(program->options.collector, collectors[i]->name))
			continue;
		error = collectors[i]->open(&program->collector, &config, message);
		if (error) {
			fprintf(stderr, "kvm2top: %s\n", message);
			continue;
		}
		program->ops = collectors[i];
		program->output.collector = collectors[i]->name;
		return 0;
	}
	if (error == -ENOENT && program->options.collector)
		fprintf(stderr, "kvm2top: collector '%s': %s\n", program->options.collector, message);
	return error;
}

static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* A reader that has seen enough is an error of writing, no death. */
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int run(struct program *program)
{
	const struct options *options = &program->options;
	int error;

	program->file = options->file ? fopen(options->file, "we") : stdout;
	if (!program->file) {
		fprintf(stderr, "kvm2top: %s: %s\n", options->file, strerror(errno));
		return -errno;
	}
	model_init(&program->model);
	tree_init(&program->tree);
	program->tree.group = options->group;
	program->tree.sort = options->sort;
	program->tree.ascending = options->ascending;
	program->tree.filter = options->filter;
	program->output.columns = options->columns;
	program->output.nr_columns = options->nr_columns;
	program->output.status.missing = "";
	program->signals = take_signals();
	program->names = names_create();
	error = program->names && program->signals >= 0 ? 0 : -ENOMEM;
	if (!error)
		error = open_collector(program);
	if (error)
		goto out;
	names_load(program->names);
	if (!options->keep_privileges)
		error = privileges_drop();
	if (error) {
		fprintf(stderr, "kvm2top: cannot give up privileges: %s\n", strerror(-error));
		goto out;
	}
	error = run_batch(program);
	if (error == -EPIPE)
		error = 0;
	else if (error)
		fprintf(stderr, "kvm2top: reading: %s\n", strerror(-error));
out:
	if (program->collector)
		program->ops->close(program->collector);
	names_destroy(program->names);
	tree_fini(&program->tree);
	model_fini(&program->model);
	if (program->file != stdout)
		fclose(program->file);
	if (program->signals >= 0)
		close(program->signals);
	return error;
}

int main(int argc, char **argv)
{
	static struct program program;
	char message[OPTIONS_MESSAGE_SIZE];
	int error;

	setlocale(LC_CTYPE, "");
	if (options_parse(&program.options, argc, argv, message)) {
		fprintf(stderr, "kvm2top: %s\n", message);
		options_fini(&program.options);
		return 2;
	}
	if (program.options.help) {
		options_print_help(stdout);
		error = 0;
	} else if (program.options.version) {
		puts("kvm2top " KVM2_VERSION);
		error = 0;
	} else {
		error = run(&program);
	}
	options_fini(&program.options);
	return error ? 1 : 0;
}
