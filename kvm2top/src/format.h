/* SPDX-License-Identifier: GPL-2.0 */
/* The format files of trace events: where a member of a record is. */
#ifndef KVM2TOP_FORMAT_H
#define KVM2TOP_FORMAT_H

#include <stddef.h>

struct format_field {
	unsigned int offset;
	unsigned int size;
};

/* Return: 0; -ENOENT @text has no such field. */
int format_field(const char *text, const char *name, struct format_field *field);

/**
 * format_load() - read the format file of an event
 * @event: as "kvm/kvm_exit"
 * Return: NUL-terminated, to be freed by the caller; NULL: it cannot be read.
 */
char *format_load(const char *event);

#endif /* KVM2TOP_FORMAT_H */
