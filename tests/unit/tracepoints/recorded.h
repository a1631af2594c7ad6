/* SPDX-License-Identifier: LGPL-2.1 */
/* The recorded format files of formats/. */
#ifndef TEST_RECORDED_H
#define TEST_RECORDED_H

#include <kvm2/trace.h>

#include <stddef.h>

/* Called for each event of a kernel, with its format file. */
typedef void recorded_fn(const char *system, const char *text, size_t size,
			 void *context);

/**
 * recorded_each() - the format files of a kernel
 * @version:	which: a file in formats/
 */
void recorded_each(const char *version, recorded_fn *take, void *context);

/**
 * recorded_load() - a decoder that knows the events of a kernel
 * @version:	which: a file in formats/
 * @nr:		out: how many
 */
struct kvm2_trace_decoder *recorded_load(const char *version, unsigned int *nr);

#endif /* TEST_RECORDED_H */
