// SPDX-License-Identifier: GPL-2.0
// Refreshes as text or for machines, one below the other.
#include "program.h"

#include <errno.h>

#include "action.h"
#include "serve.h"

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
	case OPTIONS_QUIET:
		break;
	default:
		tree_build(&program->tree, &program->model);
		output_text(program->file, &program->output, &program->model, &program->tree);
	}
}

static int write_all(struct program *program, struct serve *serve)
{
	write_refresh(program);
	if (ferror(program->file))
		return -EPIPE;
	return serve ? serve_update(serve, &program->output, &program->model) : 0;
}

/* Whoever asks is answered with the last refresh. */
static bool wait_and_serve(struct program *program, struct serve *serve, uint64_t until_ns)
{
	enum program_event event;

	while ((event = program_wait(program, until_ns, serve ? serve_fd(serve) : -1)) == PROGRAM_KEY)
		serve_answer(serve);
	return event == PROGRAM_TIME;
}

/* The first refresh has no rates: it is where the others begin. Of a recording it has been. */
int run_batch(struct program *program, struct serve *serve)
{
	const bool is_past = program->ops->rewind;
	uint64_t next = collector_now_ns();
	uint64_t written = 0;
	int status = program_refresh(program);

	program->tree.all = true;
	if (program->options.output == OPTIONS_CSV)
		output_csv_header(program->file);
	if (!status && serve)
		status = serve_update(serve, &program->output, &program->model);
	while (!status) {
		bool go_on = true;

		next += program->options.delay_ns;
		if (!is_past)
			go_on = wait_and_serve(program, serve, next);
		status = program_refresh(program);
		if (status)
			break;
		status = write_all(program, serve);
		written++;
		if (!go_on || written == program->options.count || (program->action && action_wants_end(program->action)))
			break;
	}
	return status < 0 ? status : 0;
}
