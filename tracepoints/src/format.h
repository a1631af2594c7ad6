/* SPDX-License-Identifier: LGPL-2.1 */
/* Format files as libtraceevent understands them. */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include <stddef.h>

/**
 * format_repair() - rewrite what libtraceevent 1.7 would misread
 * @text: a format file of KVM
 * @size: in: bytes of @text; out: bytes of the copy
 * Return: a copy that the caller frees; NULL: no memory.
 */
char *format_repair(const char *text, size_t *size);

#endif /* TRACE_FORMAT_H */
