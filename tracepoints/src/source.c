// SPDX-License-Identifier: LGPL-2.1
// The events of an own tracefs instance, live.
#include <kvm2/trace_file.h>
#include <kvm2/trace_vm_name.h>

#include "instance.h"
#include "message.h"
#include "ring.h"
#include "thread.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_KB_DEFAULT	2048
/* Of one processor, before the next one has its turn. */
#define DRAIN_PAGES_MAX		4096

/**
 * struct cpu - the ring of one processor
 * @ring:	first, so that a pointer to it is one to this
 * @fd:		its trace_pipe_raw
 * @page:	the sub-buffer read last
 * @page_size:	bytes of it
 */
struct cpu {
	struct ring ring;
	int fd;
	void *page;
	size_t page_size;
};

/**
 * struct kvm2_trace_source - an own tracefs instance
 * @instance:	where the events come from; its message tells what failed
 * @page_size:	bytes of a sub-buffer
 * @cpus:	@nr_cpus struct cpu, by their rings
 * @matched:	for each pattern of the config: was there an event?
 * @nr_matched:	number of patterns
 * @has_switches: sched_switch is traced, of @followed only
 * @followed:	threads, @nr_followed of them ever; the last ones count
 * @is_stale:	the kernel does not know @followed yet
 * @rules:	name VMs
 */
struct kvm2_trace_source {
	struct instance instance;
	size_t page_size;
	struct ring **cpus;
	size_t nr_cpus;
	bool *matched;
	size_t nr_matched;
	bool has_switches;
	int followed[KVM2_TRACE_FOLLOWED_MAX];
	size_t nr_followed;
	bool is_stale;
	struct kvm2_trace_vm_rules *rules;
};

#define fail(source, ...) \
	message_set(&(source)->instance.message, __VA_ARGS__)

struct kvm2_trace_source *kvm2_trace_source_create(void)
{
	struct kvm2_trace_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->rules = kvm2_trace_vm_rules_create();
	if (!source->rules) {
		free(source);
		return NULL;
	}
	instance_init(&source->instance);
	source->page_size = (size_t)sysconf(_SC_PAGESIZE);
	return source;
}

void kvm2_trace_source_destroy(struct kvm2_trace_source *source)
{
	if (!source)
		return;
	for (size_t i = 0; i < source->nr_cpus; i++) {
		struct cpu *cpu = (struct cpu *)source->cpus[i];

		if (cpu->fd >= 0)
			close(cpu->fd);
		free(cpu->page);
		free(cpu);
	}
	free(source->cpus);
	instance_fini(&source->instance);
	kvm2_trace_vm_rules_destroy(source->rules);
	free(source->matched);
	free(source);
}

const char *kvm2_trace_source_message(const struct kvm2_trace_source *source)
{
	return source->instance.message.text;
}

bool kvm2_trace_source_matched(const struct kvm2_trace_source *source,
			       size_t index)
{
	return index < source->nr_matched && source->matched[index];
}

/* A sub-buffer, or a part of one if it is not full: both end up in ->page. */
static int read_page(struct ring *ring, const void **bytes, size_t *size)
{
	struct cpu *cpu = (struct cpu *)ring;
	ssize_t got;

	do
		got = read(cpu->fd, cpu->page, cpu->page_size);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno != EAGAIN)
		return -errno;
	*bytes = cpu->page;
	*size = cpu->page_size;
	return got > 0;
}

static int open_cpu(struct kvm2_trace_source *source, int nr)
{
	struct ring **cpus;
	struct cpu *cpu;
	char file[64];

	cpus = reallocarray(source->cpus, source->nr_cpus + 1, sizeof(*cpus));
	if (!cpus)
		return fail(source, -ENOMEM, "%s", strerror(ENOMEM));
	source->cpus = cpus;
	cpu = calloc(1, sizeof(*cpu));
	if (!cpu)
		return fail(source, -ENOMEM, "%s", strerror(ENOMEM));
	source->cpus[source->nr_cpus++] = &cpu->ring;
	cpu->ring.cpu = nr;
	cpu->ring.next_page = read_page;
	cpu->page_size = source->page_size;
	snprintf(file, sizeof(file), "per_cpu/cpu%d/trace_pipe_raw", nr);
	cpu->fd = instance_open(&source->instance, file);
	if (cpu->fd < 0)
		return cpu->fd;
	cpu->page = calloc(1, source->page_size);
	if (!cpu->page)
		return fail(source, -ENOMEM, "%s", strerror(ENOMEM));
	return 0;
}

/* Processors may come and go, and need not be numbered without holes. */
static int open_cpus(struct kvm2_trace_source *source)
{
	char *path = instance_path(&source->instance, "per_cpu");
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *entry;
	int err = 0;

	free(path);
	if (!dir)
		return fail(source, -EIO, "tracefs: per_cpu: %s",
			    strerror(errno));
	while (!err && (entry = readdir(dir))) {
		int nr;

		if (sscanf(entry->d_name, "cpu%d", &nr) == 1)
			err = open_cpu(source, nr);
	}
	closedir(dir);
	return err;
}

static int add_format(struct kvm2_trace_source *source,
		      struct kvm2_trace_decoder *decoder, const char *system,
		      const char *event)
{
	char file[160];
	size_t size;
	char *text;
	int err;

	snprintf(file, sizeof(file), "/events/%s/%s/format", system, event);
	err = instance_read(&source->instance, file, &text, &size);
	if (err)
		return fail(source, err, "tracefs: format of %s:%s: %s", system,
			    event, strerror(-err));
	err = kvm2_trace_decoder_add(decoder, system, text, size);
	free(text);
	if (err && err != -EEXIST)
		return fail(source, err, "tracefs: format of %s:%s: %s", system,
			    event, strerror(-err));
	return 0;
}

/* Enable an event, as far as the filter wants it. */
static int enable_event(struct kvm2_trace_source *source,
			const struct kvm2_trace_config *config,
			struct kvm2_trace_decoder *decoder, const char *system,
			const char *name)
{
	char text[KVM2_TRACE_FILTER_SIZE];
	char file[160];
	int ret = 0;

	if (config->filter)
		ret = config->filter(decoder, system, name, text, sizeof(text),
				     config->filter_context);
	if (ret < 0)
		return 0;
	if (ret) {
		snprintf(file, sizeof(file), "events/%s/%s/filter", system,
			 name);
		ret = instance_write(&source->instance, file, text);
		if (ret)
			return ret;
	}
	snprintf(file, sizeof(file), "events/%s/%s/enable", system, name);
	return instance_write(&source->instance, file, "1");
}

/* Returns the number of events that match, or a negative errno. */
static int enable_events(struct kvm2_trace_source *source,
			 const struct kvm2_trace_config *config,
			 struct kvm2_trace_decoder *decoder, const char *system,
			 const char *pattern)
{
	const bool is_all = !strcmp(pattern, "*") && !config->filter;
	char **names = instance_events(system);
	char file[160];
	int found = 0;
	int err = 0;

	for (char **name = names; name && *name && !err; name++) {
		if (fnmatch(pattern, *name, 0))
			continue;
		found++;
		err = add_format(source, decoder, system, *name);
		if (!err && !is_all)
			err = enable_event(source, config, decoder, system,
					   *name);
	}
	/* One write for all is much faster than one for each. */
	if (!err && is_all && found) {
		snprintf(file, sizeof(file), "events/%s/enable", system);
		err = instance_write(&source->instance, file, "1");
	}
	instance_list_free(names);
	return err ? err : found;
}

static int enable_pattern(struct kvm2_trace_source *source,
			  const struct kvm2_trace_config *config,
			  struct kvm2_trace_decoder *decoder, const char *text,
			  char **systems)
{
	const char *colon = strchr(text, ':');
	const char *pattern = colon ? colon + 1 : "*";
	char *system = strndup(text, colon ? (size_t)(colon - text) :
					     strlen(text));
	int found = 0;

	if (!system)
		return fail(source, -ENOMEM, "%s", strerror(ENOMEM));
	for (; systems && *systems; systems++) {
		int nr;

		if (fnmatch(system, *systems, 0))
			continue;
		nr = enable_events(source, config, decoder, *systems, pattern);
		if (nr < 0) {
			found = nr;
			break;
		}
		found += nr;
	}
	free(system);
	return found;
}

static int enable_patterns(struct kvm2_trace_source *source,
			   const struct kvm2_trace_config *config,
			   struct kvm2_trace_decoder *decoder)
{
	char **systems = instance_systems();
	int matched = 0;

	for (size_t i = 0; i < config->nr_events; i++) {
		const int nr = enable_pattern(source, config, decoder,
					      config->events[i], systems);

		if (nr < 0) {
			matched = nr;
			break;
		}
		if (!nr && config->required) {
			matched = fail(source, -ENOENT,
				       "%s: this kernel has no such event",
				       config->events[i]);
			break;
		}
		source->matched[i] = nr > 0;
		matched += nr > 0;
	}
	instance_list_free(systems);
	return matched;
}

/* Adds the threads of a process to the filter; returns how many it has. */
static int add_threads(struct kvm2_trace_source *source, pid_t pid)
{
	struct dirent *entry;
	char text[32];
	int found = 0;
	int err = 0;
	DIR *dir;

	snprintf(text, sizeof(text), "/proc/%d/task", (int)pid);
	dir = opendir(text);
	if (!dir)
		return fail(source, -ESRCH, "process %d: %s", (int)pid,
			    strerror(errno == ENOENT ? ESRCH : errno));
	while ((entry = readdir(dir))) {
		if (*entry->d_name < '0' || *entry->d_name > '9')
			continue;
		found++;
		snprintf(text, sizeof(text), "%.15s", entry->d_name);
		err = instance_append(&source->instance, "set_event_pid", text);
		if (err)
			break;
	}
	closedir(dir);
	return err ? err : found;
}

/*
 * Threads that a traced thread creates are followed by the kernel. One that
 * was created by a thread not yet in the filter shows in a second look.
 */
static int set_pids(struct kvm2_trace_source *source,
		    const struct kvm2_trace_config *config)
{
	for (size_t i = 0; i < config->nr_pids; i++) {
		int before = -1;

		for (int tries = 0; tries < 10; tries++) {
			const int found = add_threads(source, config->pids[i]);

			if (found < 0)
				return found;
			if (found == before)
				break;
			before = found;
		}
	}
	return 0;
}

/* ---- threads that leave their processor ---- */

static const char switch_event[] = "events/sched/sched_switch/enable";

/* With @pids the kernel knows whose switches are wanted. */
static int add_switches(struct kvm2_trace_source *source,
			const struct kvm2_trace_config *config,
			struct kvm2_trace_decoder *decoder)
{
	int err;

	if (!config->switches ||
	    !instance_has(&source->instance, switch_event))
		return 0;
	err = add_format(source, decoder, "sched", "sched_switch");
	if (err)
		return err;
	source->has_switches = !config->nr_pids;
	return config->nr_pids ? instance_write(&source->instance, switch_event,
						"1") : 0;
}

void kvm2_trace_source_follow(struct kvm2_trace_source *source, int tid)
{
	const size_t nr = source->nr_followed < KVM2_TRACE_FOLLOWED_MAX ?
			  source->nr_followed : KVM2_TRACE_FOLLOWED_MAX;

	if (!source->has_switches)
		return;
	for (size_t i = 0; i < nr; i++)
		if (source->followed[i] == tid)
			return;
	source->followed[source->nr_followed++ % KVM2_TRACE_FOLLOWED_MAX] = tid;
	source->is_stale = true;
}

static int follow(struct kvm2_trace_source *source)
{
	const size_t nr = source->nr_followed < KVM2_TRACE_FOLLOWED_MAX ?
			  source->nr_followed : KVM2_TRACE_FOLLOWED_MAX;
	char filter[KVM2_TRACE_FOLLOWED_MAX * 48];
	size_t length = 0;
	int err;

	if (!source->is_stale)
		return 0;
	source->is_stale = false;
	for (size_t i = 0; i < nr; i++)
		length += (size_t)snprintf(filter + length,
				sizeof(filter) - length,
				"%sprev_pid==%d||next_pid==%d",
				i ? "||" : "", source->followed[i],
				source->followed[i]);
	err = instance_write(&source->instance,
			     "events/sched/sched_switch/filter", filter);
	return err ? err : instance_write(&source->instance, switch_event, "1");
}

/* ---- opening ---- */

int kvm2_trace_source_open(struct kvm2_trace_source *source,
			   const struct kvm2_trace_config *config,
			   struct kvm2_trace_decoder *decoder)
{
	unsigned int line;
	char kb[24];
	int matched;
	int err;

	if (source->instance.tracefs || strlen(config->prefix) >= KVM2_TRACE_PREFIX_MAX)
		return fail(source, -EINVAL, "%s", strerror(EINVAL));
	source->matched = calloc(config->nr_events + 1,
				 sizeof(*source->matched));
	if (!source->matched)
		return fail(source, -ENOMEM, "%s", strerror(ENOMEM));
	source->nr_matched = config->nr_events;

	err = kvm2_trace_vm_rules_load(source->rules, NULL, &line);
	if (err)
		return fail(source, err, "%s:%u: %s",
			    KVM2_TRACE_VM_RULES_FILE, line, err == -EINVAL ?
			    "no such rule: see kvm2_vm_names(5)" : strerror(-err));
	err = instance_make(&source->instance, config->prefix);
	if (err)
		return err;
	snprintf(kb, sizeof(kb), "%zu", config->buffer_kb ? config->buffer_kb :
							     BUFFER_KB_DEFAULT);
	err = instance_write(&source->instance, "tracing_on", "0");
	if (!err)
		err = instance_write(&source->instance, "trace_clock", "mono");
	if (!err)
		err = instance_write(&source->instance, "buffer_size_kb", kb);
	if (err)
		return err;
	instance_set_options(&source->instance);
	err = open_cpus(source);
	if (!err)
		err = set_pids(source, config);
	if (err)
		return err;
	matched = enable_patterns(source, config, decoder);
	if (matched < 0)
		return matched;
	err = add_switches(source, config, decoder);
	if (err)
		return err;
	err = instance_write(&source->instance, "tracing_on", "1");
	return err ? err : matched;
}

int kvm2_trace_source_read(struct kvm2_trace_source *source,
			   uint64_t until_ns, kvm2_trace_record_fn *take,
			   void *context)
{
	const int ret = follow(source);

	return ret ? ret : rings_read(source->cpus, source->nr_cpus, until_ns,
				      take, context);
}

int kvm2_trace_source_drain(struct kvm2_trace_source *source,
			    kvm2_trace_page_fn *take, void *context)
{
	int ret = follow(source);

	for (size_t i = 0; i < source->nr_cpus && !ret; i++) {
		struct ring *ring = source->cpus[i];
		const void *bytes;
		size_t size;

		/* Not for ever, if events come as fast as they are read. */
		for (int page = 0; page < DRAIN_PAGES_MAX; page++) {
			ret = ring->next_page(ring, &bytes, &size);
			if (ret <= 0)
				break;
			ret = take(ring->cpu, bytes, size, context);
			if (ret)
				break;
		}
	}
	return ret;
}

int kvm2_trace_source_file(struct kvm2_trace_source *source, const char *name,
			   char **text, size_t *size)
{
	return instance_read(&source->instance, name, text, size);
}

int kvm2_trace_source_stop(struct kvm2_trace_source *source)
{
	return instance_write(&source->instance, "tracing_on", "0");
}

int kvm2_trace_source_start(struct kvm2_trace_source *source)
{
	return instance_write(&source->instance, "tracing_on", "1");
}

/* The number after "@label: " at the beginning of a line, 0 without it. */
static uint64_t stat_value(const char *text, const char *label)
{
	const size_t length = strlen(label);
	const char *line = text;

	while (line) {
		if (!strncmp(line, label, length) && line[length] == ':')
			return strtoull(line + length + 1, NULL, 10);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return 0;
}

int kvm2_trace_source_stats(struct kvm2_trace_source *source,
			    struct kvm2_trace_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	for (size_t i = 0; i < source->nr_cpus; i++) {
		char file[64];
		char *text;
		size_t size;
		int err;

		snprintf(file, sizeof(file), "per_cpu/cpu%d/stats",
			 source->cpus[i]->cpu);
		err = instance_read(&source->instance, file, &text, &size);
		if (err)
			return err;
		stats->read += stat_value(text, "read events");
		stats->left += stat_value(text, "entries");
		stats->lost += stat_value(text, "overrun") +
			       stat_value(text, "commit overrun") +
			       stat_value(text, "dropped events");
		free(text);
	}
	return 0;
}

void kvm2_trace_source_lookup(struct kvm2_trace_task *task, void *context)
{
	const struct kvm2_trace_source *source = context;
	struct kvm2_trace_vm_name name;

	if (!task->tid) {
		snprintf(task->comm, sizeof(task->comm), "<idle>");
		return;
	}
	task->tgid = thread_process(task->tid);
	if (!thread_comm(task->tid, task->comm))
		task->comm[0] = '\0';
	if (!kvm2_trace_vm_name(source->rules, task->tgid, &name))
		snprintf(task->process, sizeof(task->process), "%.31s",
			 name.name);
	else if (!thread_comm(task->tgid, task->process))
		memcpy(task->process, task->comm, sizeof(task->comm));
}
