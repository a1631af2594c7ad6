// SPDX-License-Identifier: LGPL-2.1
// The events of an own tracefs instance, live. Only this file knows tracefs.
#include <kvm2/trace_file.h>
#include <kvm2/trace_vm_name.h>

#include "ring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <tracefs.h>

#define BUFFER_KB_DEFAULT	2048
#define NAME_SIZE		(KVM2_TRACE_PREFIX_MAX + 32)
#define MESSAGE_SIZE		512
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
 * @instance:	NULL until it is made
 * @lock_fd:	its folder, locked: it is ours as long as we live
 * @page_size:	bytes of a sub-buffer
 * @cpus:	@nr_cpus struct cpu, by their rings
 * @matched:	for each pattern of the config: was there an event?
 * @nr_matched:	number of patterns
 * @has_switches: sched_switch is traced, of @followed only
 * @followed:	threads, @nr_followed of them ever; the last ones count
 * @is_stale:	the kernel does not know @followed yet
 * @rules:	name VMs
 * @message:	what failed
 */
struct kvm2_trace_source {
	struct tracefs_instance *instance;
	int lock_fd;
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
	char message[MESSAGE_SIZE];
};

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
	/* Libraries do not print; message says what is wrong. */
	tracefs_set_loglevel(TEP_LOG_NONE);
	source->lock_fd = -1;
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
	if (source->instance) {
		tracefs_instance_destroy(source->instance);
		tracefs_instance_free(source->instance);
	}
	/* Unlocked last, so that nobody takes it for a dead one before. */
	if (source->lock_fd >= 0)
		close(source->lock_fd);
	kvm2_trace_vm_rules_destroy(source->rules);
	free(source->matched);
	free(source);
}

const char *kvm2_trace_source_message(const struct kvm2_trace_source *source)
{
	return source->message;
}

bool kvm2_trace_source_matched(const struct kvm2_trace_source *source,
			       size_t index)
{
	return index < source->nr_matched && source->matched[index];
}

/* Say what failed; returns @err. */
static int __attribute__((format(printf, 3, 4)))
fail(struct kvm2_trace_source *source, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(source->message, sizeof(source->message), format, args);
	va_end(args);
	return err;
}

static int last_error(void)
{
	return errno ? -errno : -EIO;
}

static bool kernel_has_tracefs(void)
{
	char line[128];
	bool has = false;
	FILE *file;

	file = fopen("/proc/filesystems", "re");
	if (!file)
		return true;	/* let the attempt say what is wrong */
	while (!has && fgets(line, sizeof(line), file))
		has = strstr(line, "tracefs");
	fclose(file);
	return has;
}

/* Is there a tracefs, and may we make an instance in it? */
static int check_tracefs(struct kvm2_trace_source *source)
{
	const char *dir = NULL;
	char path[256];
	int err;

	if (tracefs_tracing_dir_is_mounted(false, &dir) <= 0 || !dir) {
		if (!kernel_has_tracefs())
			return fail(source, -ENODEV,
				    "this kernel cannot trace: it needs CONFIG_FTRACE and CONFIG_ENABLE_DEFAULT_TRACERS");
		if (access("/sys/kernel/tracing", R_OK | X_OK))
			return fail(source, -EACCES,
				    "/sys/kernel/tracing: %s: run this as root",
				    strerror(errno));
		return fail(source, -ENODEV,
			    "tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing");
	}
	snprintf(path, sizeof(path), "%s/instances", dir);
	if (!access(path, R_OK | W_OK | X_OK))
		return 0;
	err = -errno;
	if (err == -EACCES)
		return fail(source, err, "%s: %s: run this as root", path,
			    strerror(-err));
	if (err == -EPERM)
		return fail(source, err,
			    "%s: %s: kernel lockdown forbids tracing (/sys/kernel/security/lockdown)",
			    path, strerror(-err));
	return fail(source, err, "%s: %s", path, strerror(-err));
}

/* The folder of an instance, locked; or a negative errno. */
static int lock_instance(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* The process in "PREFIX-PID" or "PREFIX-PID.N", 0 for other names. */
static pid_t owner_of(const char *name, const char *prefix)
{
	const size_t length = strlen(prefix);
	char *end;
	long pid;

	if (strncmp(name, prefix, length) || name[length] != '-' ||
	    name[length + 1] < '1' || name[length + 1] > '9')
		return 0;
	pid = strtol(name + length + 1, &end, 10);
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	return *end || pid > INT32_MAX ? 0 : (pid_t)pid;
}

static void remove_instance(const char *name)
{
	struct tracefs_instance *instance = tracefs_instance_create(name);

	if (!instance)
		return;
	tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
}

/*
 * Remove the instances of those of our name who died without doing it. The
 * lock says so even for a process that a container hides; the pid does in the
 * moment between making an instance and locking it.
 */
static void sweep_instances(const char *prefix)
{
	char **names = tracefs_instances(NULL);

	for (char **name = names; name && *name; name++) {
		const pid_t pid = owner_of(*name, prefix);
		struct tracefs_instance *instance;
		char *dir;
		int fd;

		if (!pid || (pid != getpid() && (!kill(pid, 0) ||
						 errno != ESRCH)))
			continue;
		instance = tracefs_instance_alloc(NULL, *name);
		if (!instance)
			continue;
		dir = tracefs_instance_get_dir(instance);
		fd = dir ? lock_instance(dir) : -ENOENT;
		if (fd >= 0) {
			remove_instance(*name);
			close(fd);
		}
		tracefs_put_tracing_file(dir);
		tracefs_instance_free(instance);
	}
	tracefs_list_free(names);
}

static int make_instance(struct kvm2_trace_source *source, const char *prefix)
{
	char name[NAME_SIZE];
	char *dir;

	snprintf(name, sizeof(name), "%s-%d", prefix, (int)getpid());
	for (int i = 1; tracefs_instance_exists(name) && i < 1000; i++)
		snprintf(name, sizeof(name), "%s-%d.%d", prefix, (int)getpid(),
			 i);
	errno = 0;
	source->instance = tracefs_instance_create(name);
	if (!source->instance) {
		const int err = last_error();

		return fail(source, err, "tracefs instance %s: %s", name,
			    strerror(-err));
	}
	dir = tracefs_instance_get_dir(source->instance);
	if (!dir)
		return fail(source, -ENOMEM, "tracefs instance %s: %s", name,
			    strerror(ENOMEM));
	source->lock_fd = lock_instance(dir);
	tracefs_put_tracing_file(dir);
	if (source->lock_fd < 0)
		return fail(source, source->lock_fd,
			    "tracefs instance %s: lock: %s", name,
			    strerror(-source->lock_fd));
	return 0;
}

static int write_file(struct kvm2_trace_source *source, const char *file,
		      const char *text)
{
	int err;

	errno = 0;
	if (tracefs_instance_file_write(source->instance, file, text) >= 0)
		return 0;
	err = last_error();
	return fail(source, err, "tracefs: write %s to %s: %s", text, file,
		    strerror(-err));
}

/* Options that an old kernel may lack: what they give is missing then. */
static void set_options(struct kvm2_trace_source *source)
{
	static const enum tracefs_option_id wanted[] = {
		TRACEFS_OPTION_OVERWRITE, TRACEFS_OPTION_RECORD_CMD,
		TRACEFS_OPTION_RECORD_TGID, TRACEFS_OPTION_EVENT_FORK,
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		tracefs_option_enable(source->instance, wanted[i]);
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
	errno = 0;
	cpu->fd = tracefs_instance_file_open(source->instance, file,
					     O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (cpu->fd < 0) {
		const int err = last_error();

		return fail(source, err, "tracefs: %s: %s", file,
			    strerror(-err));
	}
	cpu->page = calloc(1, source->page_size);
	if (!cpu->page)
		return fail(source, -ENOMEM, "%s", strerror(ENOMEM));
	return 0;
}

/* Processors may come and go, and need not be numbered without holes. */
static int open_cpus(struct kvm2_trace_source *source)
{
	char *path = tracefs_instance_get_file(source->instance, "per_cpu");
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *entry;
	int err = 0;

	tracefs_put_tracing_file(path);
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
	int size = 0;
	char *text;
	int err;

	errno = 0;
	text = tracefs_event_file_read(source->instance, system, event,
				       "format", &size);
	if (!text) {
		err = last_error();
		return fail(source, err, "tracefs: format of %s:%s: %s", system,
			    event, strerror(-err));
	}
	err = kvm2_trace_decoder_add(decoder, system, text, (size_t)size);
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
		ret = write_file(source, file, text);
		if (ret)
			return ret;
	}
	snprintf(file, sizeof(file), "events/%s/%s/enable", system, name);
	return write_file(source, file, "1");
}

/* Returns the number of events that match, or a negative errno. */
static int enable_events(struct kvm2_trace_source *source,
			 const struct kvm2_trace_config *config,
			 struct kvm2_trace_decoder *decoder, const char *system,
			 const char *pattern)
{
	const bool is_all = !strcmp(pattern, "*") && !config->filter;
	char **names = tracefs_system_events(NULL, system);
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
		err = write_file(source, file, "1");
	}
	tracefs_list_free(names);
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
	char **systems = tracefs_event_systems(NULL);
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
	tracefs_list_free(systems);
	return matched;
}

/* Adds the threads of a process to the filter; returns how many it has. */
static int add_threads(struct kvm2_trace_source *source, pid_t pid)
{
	struct dirent *entry;
	char text[32];
	int found = 0;
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
		errno = 0;
		if (tracefs_instance_file_append(source->instance,
						 "set_event_pid", text) < 0) {
			const int err = last_error();

			closedir(dir);
			return fail(source, err,
				    "tracefs: write %s to set_event_pid: %s",
				    text, strerror(-err));
		}
	}
	closedir(dir);
	return found;
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
	    !tracefs_file_exists(source->instance, (char *)switch_event))
		return 0;
	err = add_format(source, decoder, "sched", "sched_switch");
	if (err)
		return err;
	source->has_switches = !config->nr_pids;
	return config->nr_pids ? write_file(source, switch_event, "1") : 0;
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
	err = write_file(source, "events/sched/sched_switch/filter", filter);
	return err ? err : write_file(source, switch_event, "1");
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

	if (source->instance || strlen(config->prefix) >= KVM2_TRACE_PREFIX_MAX)
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
	err = check_tracefs(source);
	if (err)
		return err;
	sweep_instances(config->prefix);
	err = make_instance(source, config->prefix);
	if (err)
		return err;
	snprintf(kb, sizeof(kb), "%zu", config->buffer_kb ? config->buffer_kb :
							     BUFFER_KB_DEFAULT);
	err = write_file(source, "tracing_on", "0");
	if (!err)
		err = write_file(source, "trace_clock", "mono");
	if (!err)
		err = write_file(source, "buffer_size_kb", kb);
	if (err)
		return err;
	set_options(source);
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
	err = write_file(source, "tracing_on", "1");
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
	int length = 0;

	/* "/saved_cmdlines" is that of all instances. */
	errno = 0;
	*text = tracefs_instance_file_read(*name == '/' ? NULL :
					   source->instance,
					   name + (*name == '/'), &length);
	*size = *text ? (size_t)length : 0;
	return *text ? 0 : last_error();
}

int kvm2_trace_source_stop(struct kvm2_trace_source *source)
{
	return write_file(source, "tracing_on", "0");
}

int kvm2_trace_source_start(struct kvm2_trace_source *source)
{
	return write_file(source, "tracing_on", "1");
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

		snprintf(file, sizeof(file), "per_cpu/cpu%d/stats",
			 source->cpus[i]->cpu);
		errno = 0;
		text = tracefs_instance_file_read(source->instance, file, NULL);
		if (!text)
			return last_error();
		stats->read += stat_value(text, "read events");
		stats->left += stat_value(text, "entries");
		stats->lost += stat_value(text, "overrun") +
			       stat_value(text, "commit overrun") +
			       stat_value(text, "dropped events");
		free(text);
	}
	return 0;
}

/* The first line of a small file, without its end; false if there is none. */
static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool ok;

	if (!file)
		return false;
	ok = fgets(line, (int)size, file);
	fclose(file);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

/* "TID VALUE" in one of the kernel's lists of threads that have ended. */
static bool read_saved(const char *name, int tid, char *value, size_t size)
{
	char *text = tracefs_instance_file_read(NULL, name, NULL);
	bool found = false;

	for (char *line = text; line && *line && !found;) {
		char *next = strchr(line, '\n');
		char *end;

		if (next)
			*next++ = '\0';
		if (strtol(line, &end, 10) == tid && *end == ' ') {
			snprintf(value, size, "%s", end + 1);
			found = true;
		}
		line = next;
	}
	free(text);
	return found;
}

static bool read_comm(int tid, char comm[static KVM2_TRACE_COMM_SIZE])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", tid);
	return read_line(path, comm, KVM2_TRACE_COMM_SIZE) ||
	       read_saved("saved_cmdlines", tid, comm, KVM2_TRACE_COMM_SIZE);
}

static int read_tgid(int tid)
{
	char line[128];
	char path[64];
	int tgid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	while (file && !tgid && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &tgid) != 1)
			tgid = 0;
	if (file)
		fclose(file);
	if (!tgid && read_saved("saved_tgids", tid, line, sizeof(line)))
		tgid = atoi(line);
	return tgid ? tgid : tid;
}

void kvm2_trace_source_lookup(struct kvm2_trace_task *task, void *context)
{
	const struct kvm2_trace_source *source = context;
	struct kvm2_trace_vm_name name;

	if (!task->tid) {
		snprintf(task->comm, sizeof(task->comm), "<idle>");
		return;
	}
	task->tgid = read_tgid(task->tid);
	if (!read_comm(task->tid, task->comm))
		task->comm[0] = '\0';
	if (!kvm2_trace_vm_name(source->rules, task->tgid, &name))
		snprintf(task->process, sizeof(task->process), "%.31s",
			 name.name);
	else if (!read_comm(task->tgid, task->process))
		memcpy(task->process, task->comm, sizeof(task->comm));
}
