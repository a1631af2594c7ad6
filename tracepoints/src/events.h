/* SPDX-License-Identifier: LGPL-2.1 */
/* The events that the library knows more about than their format files say. */
#ifndef TRACE_EVENTS_H
#define TRACE_EVENTS_H

#include <kvm2/trace.h>

#include <stddef.h>

/**
 * struct event_handler - what is special about one event
 * @system:	of the event
 * @name:	of the event
 * @kind:	for those who count
 * @fields:	read into event->values, in this order. An event that lacks
 *		one is treated as if it had no handler.
 * @nr_reason:	the first so many of @fields determine the reason
 * @reason:	name the reason; called once for each value of these fields.
 *		@text is the kernel's text of the event.
 * @print:	text for people, as snprintf(); NULL: the kernel's
 */
struct event_handler {
	const char *system;
	const char *name;
	enum kvm2_trace_kind kind;
	const char *fields[KVM2_TRACE_VALUES_MAX];
	unsigned int nr_reason;
	void (*reason)(const uint64_t values[static KVM2_TRACE_VALUES_MAX],
		       const char *text,
		       char name[static KVM2_TRACE_NAME_SIZE]);
	size_t (*print)(const struct kvm2_trace_event *event, char *buffer,
			size_t size);
};

/* NULL when there is nothing special about it. */
const struct event_handler *event_handler_find(const char *system,
					       const char *name);

#endif /* TRACE_EVENTS_H */
