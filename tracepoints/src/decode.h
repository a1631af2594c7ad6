/* SPDX-License-Identifier: LGPL-2.1 */
/* The formats that a decoder has, for the files of this library. */
#ifndef TRACE_DECODE_H
#define TRACE_DECODE_H

#include <kvm2/trace.h>

#include "events.h"
#include "format.h"
#include "print.h"

/* Buckets of names of reasons, a power of two. */
#define REASON_BUCKETS		64

struct reason;

/**
 * struct kvm2_trace_format - an event that the decoder knows
 * @format:	its fields
 * @system:	as "kvm"
 * @text:	a copy of the format file, which @format borrows
 * @text_size:	bytes of @text
 * @arena:	holds @print
 * @print:	NULL if it is not understood
 * @handler:	what is special about it, or NULL
 * @vm:		NULL: the event does not have it
 * @vcpu:	the same
 * @values:	the fields of @handler, NULL for an optional one
 * @nr_values:	number of them
 * @pid:	the thread
 * @reasons:	names made up to now, by the hash of their values
 * @nr_reasons:	number of them
 */
struct kvm2_trace_format {
	struct format *format;
	char *system;
	char *text;
	size_t text_size;
	struct arena *arena;
	const struct print *print;
	const struct event_handler *handler;
	const struct format_field *vm;
	const struct format_field *vcpu;
	const struct format_field *values[KVM2_TRACE_VALUES_MAX];
	unsigned int nr_values;
	const struct format_field *pid;
	struct reason *reasons[REASON_BUCKETS];
	unsigned int nr_reasons;
};

/* The next format the decoder has, beginning with *@index 0; NULL: no more. */
const struct kvm2_trace_format *decoder_next(
		const struct kvm2_trace_decoder *decoder, size_t *index);

#endif /* TRACE_DECODE_H */
