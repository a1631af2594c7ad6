// SPDX-License-Identifier: GPL-2.0
// Refreshes, and waiting for the next one.
#include "program.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "action.h"
#include "record.h"

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

/* What a recording says of itself. */
static void look_at_past(struct program *program)
{
	const struct collector_past *past = program->output.status.past;

	program->output.collector = past->collector;
	program->output.cpu_percent = past->cpu_percent;
	program->output.rss_bytes = past->rss_bytes;
	program->output.wall_ns = past->wall_ns;
}

int program_refresh(struct program *program)
{
	const struct collector_ops *ops = program->ops;
	int status;

	model_begin(&program->model, ops->now_ns ? ops->now_ns(program->collector) : collector_now_ns());
	status = ops->read(program->collector, &program->model);
	model_end(&program->model);
	if (status)
		return status;
	program->output.status.past = NULL;
	ops->status(program->collector, &program->output.status);
	if (program->output.status.past) {
		look_at_past(program);
	} else {
		names_fill(program->names, &program->model);
		look_at_self(program);
	}
	if (program->output.watched && ops->details)
		program->output.nr_details = ops->details(program->collector, program->details, PROGRAM_DETAILS_MAX);
	if (program->recorder)
		status = recorder_write(program->recorder, &program->output, &program->model);
	if (program->action)
		action_look(program->action, &program->model);
	return status;
}

enum program_event program_wait(struct program *program, uint64_t until_ns, int keys)
{
	for (;;) {
		const uint64_t now = collector_now_ns();
		const uint64_t left = until_ns > now ? until_ns - now : 0;
		const struct timespec timeout = { (time_t)(left / NS_PER_SECOND), (long)(left % NS_PER_SECOND) };
		struct pollfd fds[] = {
			{ .fd = program->signals, .events = POLLIN },
			{ .fd = program->ops->wake_fd ? program->ops->wake_fd(program->collector) : -1,
			  .events = POLLIN },
			{ .fd = keys, .events = POLLIN },
		};
		const int n = ppoll(fds, 3, until_ns == UINT64_MAX ? NULL : &timeout, NULL);

		if (fds[0].revents || (n > 0 && fds[2].revents & (POLLHUP | POLLERR)))
			return PROGRAM_END;
		/* A VM comes up: attach now, and show it when it is time. */
		if (n > 0 && fds[1].revents && (!program->ops->wake || program->ops->wake(program->collector)))
			program_refresh(program);
		/* A signal may have been that the terminal has another size. */
		if ((n > 0 && fds[2].revents) || (n < 0 && keys >= 0))
			return PROGRAM_KEY;
		if (n <= 0 && collector_now_ns() >= until_ns)
			return PROGRAM_TIME;
	}
}
