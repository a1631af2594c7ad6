// SPDX-License-Identifier: GPL-2.0
// The collector of last resort: every event is read, and counted here.
#include "collector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <kvm2/trace.h>

#include "guard.h"
#include "threads.h"

#define BUFFER_KB	8192
#define PERIOD_NS	50000000	/* between readings, not to lose events */
#define BEHIND_NS	2000000		/* an event may need so long to be there */

struct collector {
	struct guard *guard;
	struct threads *threads;
	struct kvm2_trace_source *source;
	struct kvm2_trace_decoder *decoder;
	int tier;
	int timer;
	uint64_t lost;
	char why[COLLECTOR_MESSAGE_SIZE];
};

/* ---- events ---- */

static uint64_t number(const struct kvm2_trace_event *event, const char *name)
{
	uint64_t value = 0;

	return kvm2_trace_event_number(event, name, &value) ? value : 0;
}

static void change_phase(struct thread *thread, uint64_t now, uint32_t phase)
{
	if (thread->since_ns && now > thread->since_ns) {
		thread->phase_ns[thread->phase] += now - thread->since_ns;
		thread->part_ns[thread->phase] += now - thread->since_ns;
	}
	thread->since_ns = now;
	thread->phase = phase;
}

static unsigned int hist_index(uint64_t ns)
{
	const unsigned int log = ns ? 63U - (unsigned int)__builtin_clzll(ns) : 0;
	unsigned int index;

	if (log < SHARED_HIST_FIRST)
		return 0;
	index = (log - SHARED_HIST_FIRST) * SHARED_HIST_STEPS +
		(unsigned int)(ns >> (log - 2) & (SHARED_HIST_STEPS - 1));
	return index < SHARED_HIST ? index : SHARED_HIST - 1;
}

static int take_entry(struct thread *thread, uint64_t now)
{
	struct shared_slot *slot;
	uint64_t took;

	change_phase(thread, now, PHASE_GUEST);
	if (!thread->exit_ns || now < thread->exit_ns)
		return 0;
	took = now - thread->exit_ns;
	thread->exit_ns = 0;
	slot = thread->slots[thread->code];
	if (!slot)
		slot = thread->slots[thread->code] = calloc(1, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	slot->count++;
	slot->total_ns += took;
	if (took > slot->max_ns)
		slot->max_ns = took;
	for (int i = 0; i < NR_PHASES; i++)
		slot->part_ns[i] += thread->part_ns[i];
	slot->hist[hist_index(took)]++;
	return 0;
}

static void take_exit(struct collector *collector, struct thread *thread, const struct kvm2_trace_event *event)
{
	const uint32_t code = threads_code(thread, (uint32_t)number(event, "isa"),
					   (uint32_t)number(event, "exit_reason"));

	if (!thread->is_kvm2)
		thread->vcpu = (uint32_t)number(event, "vcpu_id");
	thread->counts[code]++;
	thread->exits++;
	if (collector->tier < 2)
		return;
	change_phase(thread, event->record.time_ns, PHASE_KERNEL);
	memset(thread->part_ns, 0, sizeof(thread->part_ns));
	thread->exit_ns = event->record.time_ns;
	thread->code = code;
}

static void take_user(struct collector *collector, struct thread *thread, const struct kvm2_trace_event *event,
		      const char *error)
{
	thread->user_counts[threads_user_code((uint32_t)number(event, "reason"), (int)number(event, error))]++;
	thread->user++;
	if (collector->tier == 2)
		change_phase(thread, event->record.time_ns, PHASE_USER);
}

static int take(const struct kvm2_trace_record *record, void *context)
{
	struct collector *collector = context;
	struct kvm2_trace_event event;
	struct thread *thread;

	if (record->lost) {
		collector->lost += record->lost == KVM2_TRACE_LOST_UNKNOWN ? 1 : record->lost;
		return 0;
	}
	if (kvm2_trace_decode(collector->decoder, record, &event))
		return 0;
	thread = threads_find(collector->threads, event.tid);
	if (!thread)
		return 0;
	if (!strcmp(event.name, "kvm_exit"))
		take_exit(collector, thread, &event);
	else if (!strcmp(event.name, "kvm_entry"))
		return take_entry(thread, record->time_ns);
	else if (!strcmp(event.name, "kvm_userspace_exit") && !thread->is_kvm2)
		take_user(collector, thread, &event, "errno");
	else if (!strcmp(event.name, "kvm2_exit"))
		take_user(collector, thread, &event, "ret");
	else if (!strcmp(event.name, "kvm2_enter") && collector->tier == 2)
		change_phase(thread, record->time_ns, PHASE_KERNEL);
	if (event.has_vm) {
		thread->is_kvm2 = true;
		thread->vm = event.vm;
		thread->vcpu = event.vcpu;
	}
	return 0;
}

/* ---- the operations ---- */

static void close_stream(struct collector *collector)
{
	if (!collector)
		return;
	kvm2_trace_source_destroy(collector->source);
	guard_destroy(collector->guard);
	kvm2_trace_decoder_destroy(collector->decoder);
	threads_destroy(collector->threads);
	if (collector->timer >= 0)
		close(collector->timer);
	free(collector);
}

static int start(struct collector *collector, int tier, char message[static COLLECTOR_MESSAGE_SIZE])
{
	static const char *const events[] = {
		"kvm:kvm_exit", "kvm:kvm_userspace_exit", "kvm2:kvm2_exit", "kvm2:kvm2_enter", "kvm:kvm_entry",
	};
	const struct kvm2_trace_config config = {
		.prefix = GUARD_PREFIX, .events = events, .nr_events = tier == 2 ? 5 : 4, .buffer_kb = BUFFER_KB,
	};
	const struct itimerspec period = {
		.it_interval.tv_nsec = PERIOD_NS, .it_value.tv_nsec = PERIOD_NS,
	};
	const int matched = kvm2_trace_source_open(collector->source, &config, collector->decoder);

	if (matched < 0) {
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "stream of events: %.200s",
			 kvm2_trace_source_message(collector->source));
		return matched;
	}
	if (!kvm2_trace_source_matched(collector->source, 0)) {
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "stream of events: this kernel has no events of KVM, or its "
			 "module is not loaded");
		return -ENOENT;
	}
	return timerfd_settime(collector->timer, 0, &period, NULL) ? -errno : 0;
}

static int open_stream(struct collector **out, const struct collector_config *config,
		       char message[static COLLECTOR_MESSAGE_SIZE])
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int error = -ENOMEM;

	if (!collector)
		return -ENOMEM;
	snprintf(message, COLLECTOR_MESSAGE_SIZE, "stream of events: no memory");
	collector->tier = config->tier ? config->tier : 1;
	snprintf(collector->why, sizeof(collector->why), "%s", config->why ? config->why : "");
	collector->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	collector->threads = threads_create(config->pid);
	collector->source = kvm2_trace_source_create();
	collector->decoder = kvm2_trace_decoder_create();
	collector->guard = guard_create();
	if (config->tier == 0) {
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "stream of events: it costs at every exit: -t 1");
		error = -EOPNOTSUPP;
	} else if (collector->timer >= 0 && collector->threads && collector->source && collector->decoder &&
		   collector->guard) {
		error = start(collector, collector->tier, message);
	}
	if (error) {
		close_stream(collector);
		return error;
	}
	*out = collector;
	return 0;
}

static int read_events(struct collector *collector)
{
	const int status = kvm2_trace_source_read(collector->source, collector_now_ns() - BEHIND_NS, take, collector);

	return status < 0 ? status : 0;
}

static int read_stream(struct collector *collector, struct model *model)
{
	const int error = read_events(collector);

	threads_tell(collector->threads, model, false);
	model->lost = collector->lost;
	return error;
}

static bool wake(struct collector *collector)
{
	uint64_t times;

	if (read(collector->timer, &times, sizeof(times)) > 0)
		read_events(collector);
	return false;
}

static int wake_fd(struct collector *collector)
{
	return collector->timer;
}

static int set_tier(struct collector *collector, int tier)
{
	return tier == collector->tier ? 0 : -EOPNOTSUPP;
}

static void status(struct collector *collector, struct collector_status *state)
{
	state->tier = collector->tier;
	state->best = collector->tier;
	state->cost_ns = 0;
	state->detached = false;
	state->missing = collector->why;
}

const struct collector_ops collector_stream = {
	.name = "stream",
	.open = open_stream,
	.set_tier = set_tier,
	.read = read_stream,
	.wake_fd = wake_fd,
	.wake = wake,
	.status = status,
	.close = close_stream,
};
