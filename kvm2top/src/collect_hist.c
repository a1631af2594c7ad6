// SPDX-License-Identifier: GPL-2.0
// The collector for kernels where BPF is not to be had: histograms of trace events count by reason, in the kernel.
#include "collector.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "threads.h"

#define TEXT_MIN	65536

enum hist { HIST_EXIT, HIST_USER, HIST_KVM2, NR_HISTS };

/* At most three keys. What is the same in all records with the same keys, is a sum to be divided. */
static const struct {
	const char *event;
	const char *trigger;
} hists[NR_HISTS] = {
	[HIST_EXIT] = { "kvm/kvm_exit", "hist:keys=common_pid,vcpu_id,exit_reason:vals=hitcount,isa:size=16384" },
	[HIST_USER] = { "kvm/kvm_userspace_exit", "hist:keys=common_pid,reason,errno:size=16384" },
	[HIST_KVM2] = { "kvm2/kvm2_exit", "hist:keys=common_pid,reason,ret:vals=hitcount,vm,vcpu:size=16384" },
};

struct collector {
	struct guard *guard;
	struct threads *threads;
	int fds[NR_HISTS];
	uint64_t dropped[NR_HISTS];
	char *text;
	size_t room;
	char why[COLLECTOR_MESSAGE_SIZE];
};

/* ---- setting up ---- */

static int write_text(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

static int open_hist(struct collector *collector, const char *instance, enum hist which)
{
	char path[512];
	int error;

	snprintf(path, sizeof(path), "%s/events/%s/trigger", instance, hists[which].event);
	error = write_text(path, hists[which].trigger);
	if (error)
		return error;
	snprintf(path, sizeof(path), "%s/events/%s/hist", instance, hists[which].event);
	collector->fds[which] = open(path, O_RDONLY | O_CLOEXEC);
	return collector->fds[which] < 0 ? -errno : 0;
}

static void close_hist(struct collector *collector)
{
	if (!collector)
		return;
	for (int i = 0; i < NR_HISTS; i++)
		if (collector->fds[i] >= 0)
			close(collector->fds[i]);
	guard_destroy(collector->guard);
	threads_destroy(collector->threads);
	free(collector->text);
	free(collector);
}

static int open_all(struct collector *collector)
{
	char instance[256];
	int error;

	snprintf(instance, sizeof(instance), "%s/instances/%s-%d", guard_tracing(), GUARD_PREFIX, (int)getpid());
	if (mkdir(instance, 0700) && errno != EEXIST)
		return -errno;
	/* Only these make other events unnecessary. */
	error = open_hist(collector, instance, HIST_EXIT);
	if (!error)
		error = open_hist(collector, instance, HIST_USER);
	if (!error)
		open_hist(collector, instance, HIST_KVM2);
	return error;
}

static int open_hists(struct collector **out, const struct collector_config *config,
		      char message[static COLLECTOR_MESSAGE_SIZE])
{
	struct collector *collector;
	int error;

	if (config->tier != 1) {
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "histograms of trace events: they have reasons only: -t 1");
		return -EOPNOTSUPP;
	}
	collector = calloc(1, sizeof(*collector));
	if (!collector)
		return -ENOMEM;
	for (int i = 0; i < NR_HISTS; i++)
		collector->fds[i] = -1;
	snprintf(collector->why, sizeof(collector->why), "%s", config->why ? config->why : "");
	collector->threads = threads_create(config->pid);
	collector->room = TEXT_MIN;
	collector->text = malloc(collector->room);
	collector->guard = guard_create();
	error = collector->threads && collector->text && collector->guard ? open_all(collector) : -ENOMEM;
	if (error) {
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "histograms of trace events: %s", error == -EACCES ?
			 "not permitted: run it as root" : error == -ENOENT || error == -EINVAL ?
			 "this kernel has no events of KVM, or no CONFIG_HIST_TRIGGERS" : strerror(-error));
		close_hist(collector);
		return error;
	}
	*out = collector;
	return 0;
}

/* ---- reading ---- */

/* All of a file, as it is now; NULL: an error. */
static const char *read_text(struct collector *collector, int fd)
{
	size_t length = 0;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return NULL;
	while ((n = read(fd, collector->text + length, collector->room - length - 1)) > 0) {
		length += (size_t)n;
		if (collector->room - length < 4096) {
			char *text = realloc(collector->text, collector->room * 2);

			if (!text)
				return NULL;
			collector->text = text;
			collector->room *= 2;
		}
	}
	collector->text[length] = '\0';
	return n < 0 ? NULL : collector->text;
}

/* The number behind "NAME:" in a line. */
static uint64_t number(const char *line, const char *end, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = line; at + length < end; at++)
		if (!strncmp(at, name, length) && at[length] == ':' && (at == line || at[-1] == ' '))
			return strtoull(at + length + 1, NULL, 10);
	return 0;
}

static void take_line(struct collector *collector, enum hist which, const char *line, const char *end)
{
	const uint64_t hits = number(line, end, "hitcount");
	struct thread *thread = threads_find(collector->threads, (pid_t)number(line, end, "common_pid"));
	uint32_t code;

	if (!thread || !hits)
		return;
	switch (which) {
	case HIST_EXIT:
		code = threads_code(thread, (uint32_t)(number(line, end, "isa") / hits),
				    (uint32_t)number(line, end, "exit_reason"));
		if (!thread->is_kvm2)
			thread->vcpu = (uint32_t)number(line, end, "vcpu_id");
		/* Rare codes share a place. */
		thread->counts[code] += hits;
		thread->exits += hits;
		break;
	case HIST_USER:
		/* kvm2's own event has the better words. */
		if (thread->is_kvm2)
			break;
		code = threads_user_code((uint32_t)number(line, end, "reason"), (int)number(line, end, "errno"));
		thread->user_counts[code] += hits;
		thread->user += hits;
		break;
	default:
		thread->is_kvm2 = true;
		thread->vm = number(line, end, "vm") / hits;
		thread->vcpu = (uint32_t)(number(line, end, "vcpu") / hits);
		code = threads_user_code((uint32_t)number(line, end, "reason"), (int)number(line, end, "ret"));
		thread->user_counts[code] += hits;
		thread->user += hits;
	}
}

static int read_hist(struct collector *collector, enum hist which)
{
	const char *text = read_text(collector, collector->fds[which]);
	const char *line;

	if (!text)
		return errno ? -errno : -EIO;
	for (line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *end = line + strcspn(line, "\n");

		if (*line == '{')
			take_line(collector, which, line, end);
		else if (!strncmp(line, "    Dropped:", 12))
			collector->dropped[which] = strtoull(line + 12, NULL, 10);
	}
	return 0;
}

static int read_hists(struct collector *collector, struct model *model)
{
	int error = 0;

	threads_clear(collector->threads);
	/* Who is of kvm2 has to be known first. */
	for (int i = NR_HISTS - 1; !error && i >= 0; i--)
		if (collector->fds[i] >= 0)
			error = read_hist(collector, (enum hist)i);
	threads_tell(collector->threads, model, true);
	model->lost = collector->dropped[HIST_EXIT];
	return error;
}

static int set_tier(struct collector *collector, int tier)
{
	(void)collector;
	return tier == 1 ? 0 : -EOPNOTSUPP;
}

static void status(struct collector *collector, struct collector_status *state)
{
	state->tier = 1;
	state->best = 1;
	state->cost_ns = 0;
	state->detached = false;
	state->missing = collector->why;
}

const struct collector_ops collector_hist = {
	.name = "hist",
	.open = open_hists,
	.set_tier = set_tier,
	.read = read_hists,
	.status = status,
	.close = close_hist,
};
