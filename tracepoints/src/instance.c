// SPDX-License-Identifier: LGPL-2.1
// An own instance of tracefs. Only this file knows tracefs.
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <tracefs.h>

#define NAME_SIZE	256

#define fail(instance, ...)	message_set(&(instance)->message, __VA_ARGS__)

void instance_init(struct instance *instance)
{
	memset(instance, 0, sizeof(*instance));
	instance->lock_fd = -1;
	/* Libraries do not print; the message says what is wrong. */
	tracefs_set_loglevel(TEP_LOG_NONE);
}

void instance_fini(struct instance *instance)
{
	if (instance->tracefs) {
		tracefs_instance_destroy(instance->tracefs);
		tracefs_instance_free(instance->tracefs);
	}
	/* Unlocked last, so that nobody takes it for a dead one before. */
	if (instance->lock_fd >= 0)
		close(instance->lock_fd);
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
static int check_tracefs(struct instance *instance)
{
	const char *dir = NULL;
	char path[256];
	int err;

	if (tracefs_tracing_dir_is_mounted(false, &dir) <= 0 || !dir) {
		if (!kernel_has_tracefs())
			return fail(instance, -ENODEV,
				    "this kernel cannot trace: it needs CONFIG_FTRACE and CONFIG_ENABLE_DEFAULT_TRACERS");
		if (access("/sys/kernel/tracing", R_OK | X_OK))
			return fail(instance, -EACCES,
				    "/sys/kernel/tracing: %s: run this as root",
				    strerror(errno));
		return fail(instance, -ENODEV,
			    "tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing");
	}
	snprintf(path, sizeof(path), "%s/instances", dir);
	if (!access(path, R_OK | W_OK | X_OK))
		return 0;
	err = -errno;
	if (err == -EACCES)
		return fail(instance, err, "%s: %s: run this as root", path,
			    strerror(-err));
	if (err == -EPERM)
		return fail(instance, err,
			    "%s: %s: kernel lockdown forbids tracing (/sys/kernel/security/lockdown)",
			    path, strerror(-err));
	return fail(instance, err, "%s: %s", path, strerror(-err));
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
	struct tracefs_instance *dead = tracefs_instance_create(name);

	if (!dead)
		return;
	tracefs_instance_destroy(dead);
	tracefs_instance_free(dead);
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
		struct tracefs_instance *dead;
		char *dir;
		int fd;

		if (!pid || (pid != getpid() && (!kill(pid, 0) ||
						 errno != ESRCH)))
			continue;
		dead = tracefs_instance_alloc(NULL, *name);
		if (!dead)
			continue;
		dir = tracefs_instance_get_dir(dead);
		fd = dir ? lock_instance(dir) : -ENOENT;
		if (fd >= 0) {
			remove_instance(*name);
			close(fd);
		}
		tracefs_put_tracing_file(dir);
		tracefs_instance_free(dead);
	}
	tracefs_list_free(names);
}

static int make(struct instance *instance, const char *prefix)
{
	char name[NAME_SIZE];
	char *dir;

	snprintf(name, sizeof(name), "%s-%d", prefix, (int)getpid());
	for (int i = 1; tracefs_instance_exists(name) && i < 1000; i++)
		snprintf(name, sizeof(name), "%s-%d.%d", prefix, (int)getpid(),
			 i);
	errno = 0;
	instance->tracefs = tracefs_instance_create(name);
	if (!instance->tracefs) {
		const int err = last_error();

		return fail(instance, err, "tracefs instance %s: %s", name,
			    strerror(-err));
	}
	dir = tracefs_instance_get_dir(instance->tracefs);
	if (!dir)
		return fail(instance, -ENOMEM, "tracefs instance %s: %s", name,
			    strerror(ENOMEM));
	instance->lock_fd = lock_instance(dir);
	tracefs_put_tracing_file(dir);
	if (instance->lock_fd < 0)
		return fail(instance, instance->lock_fd,
			    "tracefs instance %s: lock: %s", name,
			    strerror(-instance->lock_fd));
	return 0;
}

int instance_make(struct instance *instance, const char *prefix)
{
	const int err = check_tracefs(instance);

	if (err)
		return err;
	sweep_instances(prefix);
	return make(instance, prefix);
}

void instance_set_options(struct instance *instance)
{
	static const enum tracefs_option_id wanted[] = {
		TRACEFS_OPTION_OVERWRITE, TRACEFS_OPTION_RECORD_CMD,
		TRACEFS_OPTION_RECORD_TGID, TRACEFS_OPTION_EVENT_FORK,
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		tracefs_option_enable(instance->tracefs, wanted[i]);
}

static int put(struct instance *instance, const char *file, const char *text,
	       int (*how)(struct tracefs_instance *tracefs, const char *file,
			  const char *text))
{
	int err;

	errno = 0;
	if (how(instance->tracefs, file, text) >= 0)
		return 0;
	err = last_error();
	return fail(instance, err, "tracefs: write %s to %s: %s", text, file,
		    strerror(-err));
}

int instance_write(struct instance *instance, const char *file,
		   const char *text)
{
	return put(instance, file, text, tracefs_instance_file_write);
}

int instance_append(struct instance *instance, const char *file,
		    const char *text)
{
	return put(instance, file, text, tracefs_instance_file_append);
}

int instance_open(struct instance *instance, const char *file)
{
	int err;
	int fd;

	errno = 0;
	fd = tracefs_instance_file_open(instance->tracefs, file,
					O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	err = last_error();
	return fail(instance, err, "tracefs: %s: %s", file, strerror(-err));
}

bool instance_has(const struct instance *instance, const char *file)
{
	return tracefs_file_exists(instance->tracefs, (char *)file);
}

char *instance_path(const struct instance *instance, const char *file)
{
	char *path = tracefs_instance_get_file(instance->tracefs, file);
	char *own = path ? strdup(path) : NULL;

	tracefs_put_tracing_file(path);
	return own;
}

int instance_read(const struct instance *instance, const char *file,
		  char **text, size_t *size)
{
	const bool is_global = !instance || *file == '/';
	int length = 0;

	errno = 0;
	*text = tracefs_instance_file_read(is_global ? NULL : instance->tracefs,
					   file + (*file == '/'), &length);
	*size = *text ? (size_t)length : 0;
	return *text ? 0 : last_error();
}

char **instance_systems(void)
{
	return tracefs_event_systems(NULL);
}

char **instance_events(const char *system)
{
	return tracefs_system_events(NULL, system);
}

void instance_list_free(char **list)
{
	tracefs_list_free(list);
}
