// SPDX-License-Identifier: GPL-2.0
/*
 * Objects for programs. Numbers are decimal, but what is an address or a set
 * of bits is a string in hexadecimal: JSON's numbers are floating.
 *
 * Source: "Trace Event Format", the JSON form that Perfetto imports: "X" has a
 * beginning and a length in us, "i" is a point in time, "M" names a track.
 */
#include "json.h"

#define LLU(value)	((unsigned long long)(value))
#define NS_PER_US	1000

static void put_string(struct json *json, const char *text)
{
	putc('"', json->out);
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(json->out, "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			fprintf(json->out, "\\u%04x", c);
		else
			putc(c, json->out);
	}
	putc('"', json->out);
}

/* ,"name":"text" */
static void put_member(struct json *json, const char *name, const char *text)
{
	fprintf(json->out, ",\"%s\":", name);
	put_string(json, text);
}

static void begin(struct json *json)
{
	if (json->is_trace)
		fputs(json->has_some ? ",\n" : "{\"traceEvents\":[\n",
		      json->out);
	json->has_some = true;
}

static void end(struct json *json)
{
	fputs(json->is_trace ? "}" : "}\n", json->out);
}

/* Where Perfetto draws it: the process and the thread. */
static void put_track(struct json *json, const char *phase, const char *name,
		      uint64_t time_ns, int tid,
		      const struct kvm2_trace_task *task)
{
	fprintf(json->out, "{\"ph\":\"%s\",\"ts\":%llu.%03u,\"pid\":%d,\"tid\":%d",
		phase, LLU(time_ns / NS_PER_US),
		(unsigned int)(time_ns % NS_PER_US), task ? task->tgid : tid,
		tid);
	put_member(json, "name", name);
}

static void put_head(struct json *json, const char *type, uint64_t time_ns,
		     int cpu)
{
	fprintf(json->out, "{\"type\":\"%s\",\"time_ns\":%llu,\"cpu\":%d", type,
		LLU(time_ns), cpu);
}

static void put_owner(struct json *json, int tid, bool has_vm, uint64_t vm,
		      bool has_vcpu, uint32_t vcpu,
		      const struct kvm2_trace_task *task, const char *who)
{
	fprintf(json->out, ",\"tid\":%d", tid);
	if (task)
		fprintf(json->out, ",\"pid\":%d", task->tgid);
	if (has_vm || (task && task->has_vm))
		fprintf(json->out, ",\"vm\":%llu", LLU(has_vm ? vm : task->vm));
	if (has_vcpu || (task && task->has_vcpu))
		fprintf(json->out, ",\"vcpu\":%u", has_vcpu ? vcpu : task->vcpu);
	if (task && *task->process)
		put_member(json, "name", task->process);
	put_member(json, "who", who);
}

static void put_fields(struct json *json, const struct kvm2_trace_event *event)
{
	struct kvm2_trace_field field;
	const char *comma = "";

	fputs(",\"fields\":{", json->out);
	for (unsigned int i = 0; kvm2_trace_event_field(event, i, &field); i++) {
		if (field.is_common || !*field.name)
			continue;
		fputs(comma, json->out);
		put_string(json, field.name);
		putc(':', json->out);
		comma = ",";
		if (field.is_number && field.is_signed)
			fprintf(json->out, "%lld", (long long)field.number);
		else if (field.is_number && field.number <= UINT32_MAX)
			fprintf(json->out, "%llu", LLU(field.number));
		else if (field.is_number)
			fprintf(json->out, "\"0x%llx\"", LLU(field.number));
		else if (field.is_text && field.bytes) {
			char text[256];

			snprintf(text, sizeof(text), "%.*s",
				 field.size < sizeof(text) ? (int)field.size :
				 (int)sizeof(text) - 1,
				 (const char *)field.bytes);
			put_string(json, text);
		} else {
			const unsigned char *bytes = field.bytes;

			putc('"', json->out);
			for (size_t b = 0; bytes && b < field.size && b < 64; b++)
				fprintf(json->out, "%02x", bytes[b]);
			putc('"', json->out);
		}
	}
	putc('}', json->out);
}

void json_event(struct json *json, const struct kvm2_trace_event *event,
		const struct kvm2_trace_task *task, const char *who,
		const char *text)
{
	begin(json);
	if (json->is_trace) {
		put_track(json, "i", event->name, event->record.time_ns,
			  event->tid, task);
		fputs(",\"s\":\"t\",\"args\":{\"cpu\":", json->out);
		fprintf(json->out, "%d", event->record.cpu);
		put_member(json, "text", text);
		putc('}', json->out);
	} else {
		put_head(json, "event", event->record.time_ns,
			 event->record.cpu);
		put_member(json, "system", event->system);
		put_member(json, "event", event->name);
		put_owner(json, event->tid, event->has_vm, event->vm,
			  event->has_vcpu, event->vcpu, task, who);
		put_member(json, "text", text);
		put_fields(json, event);
	}
	end(json);
}

static void put_times(struct json *json, const struct kvm2_trace_fold *fold)
{
	fprintf(json->out, "\"kernel_ns\":%llu,\"vmm_ns\":%llu,\"wait_ns\":%llu",
		LLU(fold->kernel_ns), LLU(fold->vmm_ns), LLU(fold->wait_ns));
}

static bool has_times(const struct kvm2_trace_fold *fold)
{
	return fold->state == KVM2_TRACE_FOLD_WHOLE ||
	       fold->state == KVM2_TRACE_FOLD_RESUMED;
}

void json_fold(struct json *json, const struct kvm2_trace_fold *fold,
	       const struct kvm2_trace_task *task, const char *who,
	       const char *symbol)
{
	const char *reason = fold->reason ? fold->reason : fold->user;

	begin(json);
	if (json->is_trace) {
		put_track(json, has_times(fold) ? "X" : "i",
			  reason ? reason : "?", fold->start_ns, fold->tid,
			  task);
		if (has_times(fold))
			fprintf(json->out, ",\"dur\":%llu.%03u,\"args\":{",
				LLU(fold->total_ns / NS_PER_US),
				(unsigned int)(fold->total_ns % NS_PER_US));
		else
			fputs(",\"s\":\"t\",\"args\":{", json->out);
		put_times(json, fold);
		put_member(json, "who", who);
		if (*symbol)
			put_member(json, "symbol", symbol);
		put_member(json, "text", fold->text);
		putc('}', json->out);
		end(json);
		return;
	}
	put_head(json, "exit", fold->start_ns, fold->cpu);
	put_owner(json, fold->tid, fold->has_vm, fold->vm, fold->has_vcpu,
		  fold->vcpu, task, who);
	if (fold->reason)
		put_member(json, "reason", fold->reason);
	if (fold->user)
		put_member(json, "user", fold->user);
	if (fold->has_rip)
		fprintf(json->out, ",\"rip\":\"0x%llx\"", LLU(fold->rip));
	if (*symbol)
		put_member(json, "symbol", symbol);
	if (has_times(fold)) {
		fprintf(json->out, ",\"total_ns\":%llu,", LLU(fold->total_ns));
		put_times(json, fold);
	}
	fprintf(json->out, ",\"whole\":%s", has_times(fold) ? "true" : "false");
	put_member(json, "text", fold->text);
	end(json);
}

void json_gap(struct json *json, const struct kvm2_trace_record *gap)
{
	begin(json);
	if (json->is_trace)
		fprintf(json->out, "{\"ph\":\"i\",\"ts\":%llu,\"pid\":0,\"tid\":0,\"s\":\"g\",\"name\":\"LOST\",\"args\":{\"cpu\":%d",
			LLU(gap->time_ns / NS_PER_US), gap->cpu);
	else
		put_head(json, "lost", gap->time_ns, gap->cpu);
	if (gap->lost != KVM2_TRACE_LOST_UNKNOWN)
		fprintf(json->out, ",\"count\":%llu", LLU(gap->lost));
	if (json->is_trace)
		putc('}', json->out);
	end(json);
}

void json_end(struct json *json)
{
	if (json->is_trace)
		fputs(json->has_some ? "\n]}\n" : "{\"traceEvents\":[]}\n",
		      json->out);
}
