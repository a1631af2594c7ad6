/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * An instance of tracefs of our own, which goes with us: at the end, or, after
 * a crash, when the next one of its name is made. Only instance.c knows tracefs.
 */
#ifndef TRACE_INSTANCE_H
#define TRACE_INSTANCE_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>

struct tracefs_instance;

/**
 * struct instance - an instance
 * @tracefs:	NULL until it is made
 * @lock_fd:	its folder, locked: it is ours as long as we live
 * @message:	what failed
 */
struct instance {
	struct tracefs_instance *tracefs;
	int lock_fd;
	struct message message;
};

void instance_init(struct instance *instance);

/* Ends it; nobody may have its files open. */
void instance_fini(struct instance *instance);

/**
 * instance_make() - make it, when those of the dead have been removed
 * @prefix:	its name is this and the process, "PREFIX-PID"
 * Return: 0, or a negative errno, and the message tells the remedy.
 */
int instance_make(struct instance *instance, const char *prefix);

/* Options that an old kernel may lack: what they give is missing then. */
void instance_set_options(struct instance *instance);

/* Files, by their paths in it. Return: 0, or a negative errno and a message. */
int instance_write(struct instance *instance, const char *file,
		   const char *text);
int instance_append(struct instance *instance, const char *file,
		    const char *text);
/* To be read without waiting. Return: a file descriptor, too. */
int instance_open(struct instance *instance, const char *file);

bool instance_has(const struct instance *instance, const char *file);

/* The path of a file; NULL: no memory. To be freed. */
char *instance_path(const struct instance *instance, const char *file);

/**
 * instance_read() - the text of a small file
 * @instance:	NULL, or a @file that begins with '/': that of all instances
 * @text:	out: to be freed; NULL after an error
 * @size:	out: bytes
 * Return: 0 or a negative errno.
 */
int instance_read(const struct instance *instance, const char *file,
		  char **text, size_t *size);

/* What the kernel has, NULL-terminated; NULL: nothing. */
char **instance_systems(void);
char **instance_events(const char *system);
void instance_list_free(char **list);

#endif /* TRACE_INSTANCE_H */
