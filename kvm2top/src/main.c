// SPDX-License-Identifier: GPL-2.0
// kvm2top: which VMs leave the guest, why, and what it costs.
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "action.h"
#include "privileges.h"
#include "program.h"
#include "record.h"
#include "screen.h"
#include "serve.h"
#include "symbols.h"

/* The best first. */
static const struct collector_ops *const collectors[] = {
	&collector_bpf, &collector_hist, &collector_stream, &collector_stats,
};

/* ---- start ---- */

static int open_one(struct program *program, const struct collector_ops *ops, const struct collector_config *config,
		    char message[static COLLECTOR_MESSAGE_SIZE])
{
	const int error = ops->open(&program->collector, config, message);

	if (error)
		return error;
	program->ops = ops;
	program->output.collector = ops->name;
	return 0;
}

/* The first that works; why the better ones do not is told when none does, and on the screen. */
static int open_collector(struct program *program)
{
	struct collector_config config = {
		.tier = program->options.tier,
		.pid = program->options.pid,
		.nr_rows = program->options.rows,
		.idle_ns = program->options.idle_ns,
		.recording = program->options.replay,
	};
	const size_t nr = sizeof(collectors) / sizeof(collectors[0]);
	char messages[sizeof(collectors) / sizeof(collectors[0])][COLLECTOR_MESSAGE_SIZE];
	int error = -ENOENT;

	if (config.recording) {
		error = open_one(program, &collector_replay, &config, messages[0]);
		if (error)
			fprintf(stderr, "kvm2top: %s\n", messages[0]);
		return error;
	}
	for (size_t i = 0; i < nr; i++) {
		messages[i][0] = '\0';
		if (program->options.collector && strcmp(program->options.collector, collectors[i]->name))
			continue;
		error = open_one(program, collectors[i], &config, messages[i]);
		if (!error)
			return 0;
		if (!config.why)
			config.why = messages[i];
	}
	for (size_t i = 0; i < nr; i++)
		if (messages[i][0])
			fprintf(stderr, "kvm2top: %s\n", messages[i]);
	if (error == -ENOENT && program->options.collector)
		fprintf(stderr, "kvm2top: there is no collector '%s'\n", program->options.collector);
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

static FILE *open_file(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		fprintf(stderr, "kvm2top: %s: %s\n", path, strerror(errno));
	return file;
}

/**
 * struct resources - what is closed at the end
 * @record:	the file of the recording
 * @has_screen:	the terminal is ours
 */
struct resources {
	FILE *record;
	struct serve *serve;
	bool has_screen;
};

/* What takes files, or the rights to open them. */
static int open_resources(struct program *program, struct resources *resources)
{
	const struct options *options = &program->options;
	char message[SERVE_MESSAGE_SIZE];
	int error = 0;

	program->file = options->file ? open_file(options->file) : stdout;
	if (!program->file)
		return -EIO;
	if (options->record) {
		resources->record = open_file(options->record);
		if (!resources->record)
			return -EIO;
		program->recorder = recorder_create(resources->record);
		if (!program->recorder)
			return -ENOMEM;
	}
	if (options->symbols) {
		program->symbols = symbols_load(options->symbols);
		if (!program->symbols) {
			error = -errno;
			fprintf(stderr, "kvm2top: --symbols %s: %s\n", options->symbols, error == -EINVAL ?
				"no lines of address, type and name" : strerror(-error));
			return error;
		}
	}
	if (options->listen)
		error = serve_create(&resources->serve, options->listen, message);
	if (error)
		fprintf(stderr, "kvm2top: %s\n", message);
	return error;
}

static void close_resources(struct program *program, struct resources *resources)
{
	serve_destroy(resources->serve);
	symbols_destroy(program->symbols);
	recorder_destroy(program->recorder);
	if (resources->record)
		fclose(resources->record);
	if (program->file && program->file != stdout)
		fclose(program->file);
}

static int open_screen(struct program *program, struct resources *resources)
{
	char message[SCREEN_MESSAGE_SIZE];
	int error;

	if (program->options.output != OPTIONS_SCREEN)
		return 0;
	error = screen_open(!program->options.no_colour, message);
	if (error)
		fprintf(stderr, "kvm2top: %s\n", message);
	resources->has_screen = !error;
	return error;
}

static int start_and_run(struct program *program, struct resources *resources)
{
	const struct options *options = &program->options;
	int error = open_collector(program);

	if (error)
		return error;
	names_load(program->names);
	error = open_screen(program, resources);
	if (error)
		return error;
	if (!options->keep_privileges)
		error = privileges_drop();
	if (error) {
		fprintf(stderr, "kvm2top: cannot give up privileges: %s\n", strerror(-error));
		return error;
	}
	error = resources->has_screen ? run_live(program) : run_batch(program, resources->serve);
	if (resources->has_screen)
		screen_close();
	resources->has_screen = false;
	if (error == -EPIPE)
		error = 0;
	else if (error)
		fprintf(stderr, "kvm2top: %s\n", error == -EBADMSG ? "the recording is damaged" : strerror(-error));
	return error;
}

static int run(struct program *program)
{
	const struct options *options = &program->options;
	struct resources resources = { 0 };
	char message[ACTION_MESSAGE_SIZE] = "no memory";
	int error = 0;

	model_init(&program->model);
	tree_init(&program->tree);
	program->tree.group = options->group;
	program->tree.sort = options->sort;
	program->tree.ascending = options->ascending;
	program->tree.filter = options->filter;
	program->output.columns = options->columns;
	program->output.nr_columns = options->nr_columns;
	program->output.status.missing = "";
	program->signals = -1;
	if (options->action) {
		program->action = action_create(options->when, options->action, options->output == OPTIONS_SCREEN,
						message);
		if (!program->action) {
			fprintf(stderr, "kvm2top: %s\n", message);
			error = -EINVAL;
		}
	}
	if (!error) {
		program->signals = take_signals();
		program->names = names_create();
		error = program->names && program->signals >= 0 ? open_resources(program, &resources) : -ENOMEM;
	}
	if (!error)
		error = start_and_run(program, &resources);
	if (resources.has_screen)
		screen_close();
	if (program->collector)
		program->ops->close(program->collector);
	close_resources(program, &resources);
	action_destroy(program->action);
	names_destroy(program->names);
	tree_fini(&program->tree);
	model_fini(&program->model);
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
