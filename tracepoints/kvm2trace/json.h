/* SPDX-License-Identifier: GPL-2.0 */
/* Exits and events for programs: an object a line, or a trace for Perfetto. */
#ifndef KVM2TRACE_JSON_H
#define KVM2TRACE_JSON_H

#include <kvm2/trace.h>
#include <kvm2/trace_fold.h>

#include <stdbool.h>
#include <stdio.h>

/**
 * struct json - where objects go
 * @out:	borrowed
 * @is_trace:	one array in the form that chrome://tracing and Perfetto load,
 *		else an object a line
 * @has_some:	something was written
 */
struct json {
	FILE *out;
	bool is_trace;
	bool has_some;
};

/* @task may be NULL; @who as in lines for people. */
void json_event(struct json *json, const struct kvm2_trace_event *event,
		const struct kvm2_trace_task *task, const char *who,
		const char *text);

/* @symbol: of the fold's rip, "" if it has no name */
void json_fold(struct json *json, const struct kvm2_trace_fold *fold,
	       const struct kvm2_trace_task *task, const char *who,
	       const char *symbol);
void json_gap(struct json *json, const struct kvm2_trace_record *gap);

/* Nothing more comes. */
void json_end(struct json *json);

#endif /* KVM2TRACE_JSON_H */
