// SPDX-License-Identifier: LGPL-2.1
// From the bytes of a record to an event and its text, by the format files.
#include <kvm2/trace.h>

#include "events.h"
#include "format.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event-parse.h>
#include <trace-seq.h>

/* The kernel numbers its events with 16 bits. */
#define EVENT_IDS		(1 << 16)
/* More reasons than any event has: a limit on memory. */
#define REASONS_MAX		1024

struct field {
	size_t offset;
	size_t size;
	bool is_signed;
};

/* The name of a reason, once for each value of the fields that make it. */
struct reason {
	struct reason *next;
	uint64_t values[KVM2_TRACE_VALUES_MAX];
	char name[KVM2_TRACE_NAME_SIZE];
};

/**
 * struct kvm2_trace_format - an event that the decoder knows
 * @tep:	libtraceevent's; borrowed from the handle
 * @handler:	what is special about it, or NULL
 * @vm:		size 0: the event does not have it
 * @vcpu:	the same
 * @values:	the fields of @handler
 * @nr_values:	number of them
 * @bytes:	a record has at least so many
 * @reasons:	names made up to now, the most recent first
 * @nr_reasons:	number of them
 */
struct kvm2_trace_format {
	struct tep_event *tep;
	const struct event_handler *handler;
	struct field vm;
	struct field vcpu;
	struct field values[KVM2_TRACE_VALUES_MAX];
	unsigned int nr_values;
	size_t bytes;
	struct reason *reasons;
	unsigned int nr_reasons;
};

/**
 * struct kvm2_trace_decoder - all formats, by number
 * @tep:	libtraceevent's formats, for the kernel's text
 * @seq:	room for that text
 * @type:	field of every record: the event's number
 * @pid:	field of every record: the thread
 * @formats:	EVENT_IDS pointers
 */
struct kvm2_trace_decoder {
	struct tep_handle *tep;
	struct trace_seq seq;
	struct field type;
	struct field pid;
	struct kvm2_trace_format **formats;
};

const char *kvm2_trace_kind_name(enum kvm2_trace_kind kind)
{
	static const char *const names[KVM2_TRACE_NR_KINDS] = {
		[KVM2_TRACE_OTHER] = "other",
		[KVM2_TRACE_EXIT_CPU] = "cpu",
		[KVM2_TRACE_EXIT_KERNEL] = "kernel",
		[KVM2_TRACE_EXIT_USER] = "user",
	};

	return kind < KVM2_TRACE_NR_KINDS ? names[kind] : NULL;
}

struct kvm2_trace_decoder *kvm2_trace_decoder_create(void)
{
	struct kvm2_trace_decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	/* Libraries do not print; a text that cannot be made says so itself. */
	tep_set_loglevel(TEP_LOG_NONE);
	decoder->formats = calloc(EVENT_IDS, sizeof(*decoder->formats));
	decoder->tep = tep_alloc();
	if (!decoder->formats || !decoder->tep) {
		if (decoder->tep)
			tep_free(decoder->tep);
		free(decoder->formats);
		free(decoder);
		return NULL;
	}
	tep_set_file_bigendian(decoder->tep, TEP_LITTLE_ENDIAN);
	tep_set_local_bigendian(decoder->tep, TEP_LITTLE_ENDIAN);
	tep_set_long_size(decoder->tep, sizeof(long));
	trace_seq_init(&decoder->seq);
	return decoder;
}

static void format_destroy(struct kvm2_trace_format *format)
{
	struct reason *next;

	if (!format)
		return;
	for (struct reason *reason = format->reasons; reason; reason = next) {
		next = reason->next;
		free(reason);
	}
	free(format);
}

void kvm2_trace_decoder_destroy(struct kvm2_trace_decoder *decoder)
{
	if (!decoder)
		return;
	for (size_t i = 0; i < EVENT_IDS; i++)
		format_destroy(decoder->formats[i]);
	free(decoder->formats);
	trace_seq_destroy(&decoder->seq);
	tep_free(decoder->tep);
	free(decoder);
}

static bool field_from(struct field *field, const struct tep_format_field *tep)
{
	if (!tep || tep->offset < 0 || tep->size < 1 ||
	    tep->size > (int)sizeof(uint64_t) ||
	    (tep->flags & (TEP_FIELD_IS_ARRAY | TEP_FIELD_IS_STRING)))
		return false;
	field->offset = (size_t)tep->offset;
	field->size = (size_t)tep->size;
	field->is_signed = tep->flags & TEP_FIELD_IS_SIGNED;
	return true;
}

/* The record is known to be long enough. */
static uint64_t field_value(const struct field *field, const void *data)
{
	const unsigned int unused = 64 - 8 * (unsigned int)field->size;
	uint64_t value = 0;

	memcpy(&value, (const char *)data + field->offset, field->size);
	if (field->is_signed)
		return (uint64_t)((int64_t)(value << unused) >> unused);
	return value;
}

static void format_handler(struct kvm2_trace_format *format)
{
	const struct event_handler *handler;
	unsigned int nr = 0;

	handler = event_handler_find(format->tep->system, format->tep->name);
	if (!handler)
		return;
	for (; nr < KVM2_TRACE_VALUES_MAX && handler->fields[nr]; nr++)
		if (!field_from(&format->values[nr],
				tep_find_field(format->tep, handler->fields[nr])))
			return;
	format->nr_values = nr;
	format->handler = handler;
}

static size_t format_bytes(const struct tep_event *tep)
{
	const struct tep_format_field *lists[] = {
		tep->format.common_fields, tep->format.fields,
	};
	size_t bytes = 0;

	for (size_t i = 0; i < 2; i++) {
		const struct tep_format_field *field = lists[i];

		for (; field; field = field->next)
			if ((size_t)field->offset + (size_t)field->size > bytes)
				bytes = (size_t)field->offset +
					(size_t)field->size;
	}
	return bytes;
}

/* The number in "ID: 123", -EINVAL without one. */
static int format_id(const char *text, size_t size)
{
	static const char label[] = "ID:";
	const char *found = memmem(text, size, label, strlen(label));
	char digits[16];
	size_t length;
	char *end;
	long id;

	if (!found)
		return -EINVAL;
	found += strlen(label);
	length = (size_t)(text + size - found);
	if (length > sizeof(digits) - 1)
		length = sizeof(digits) - 1;
	memcpy(digits, found, length);
	digits[length] = '\0';
	id = strtol(digits, &end, 10);
	if (end == digits || id < 0 || id >= EVENT_IDS)
		return -EINVAL;
	return (int)id;
}

static struct tep_event *parse_format(struct kvm2_trace_decoder *decoder,
				      const char *system, const char *text,
				      size_t size)
{
	struct tep_event *tep = NULL;
	char *copy = format_repair(text, &size);

	if (!copy)
		return NULL;
	/* A print format that it does not understand is not fatal. */
	tep_parse_format(decoder->tep, &tep, copy, size, system);
	free(copy);
	return tep;
}

int kvm2_trace_decoder_add(struct kvm2_trace_decoder *decoder,
			   const char *system, const char *text, size_t size)
{
	struct kvm2_trace_format *format;
	struct tep_event *tep;
	struct field type;
	struct field pid;
	int id;

	id = format_id(text, size);
	if (id < 0)
		return id;
	if (decoder->formats[id])
		return -EEXIST;
	format = calloc(1, sizeof(*format));
	if (!format)
		return -ENOMEM;
	tep = parse_format(decoder, system, text, size);
	if (!tep || tep->id != id ||
	    !field_from(&type, tep_find_common_field(tep, "common_type")) ||
	    !field_from(&pid, tep_find_common_field(tep, "common_pid"))) {
		format_destroy(format);
		return -EINVAL;
	}
	decoder->type = type;
	decoder->pid = pid;
	format->tep = tep;
	format->bytes = format_bytes(tep);
	if (!strcmp(system, "kvm2")) {
		field_from(&format->vm, tep_find_field(tep, "vm"));
		field_from(&format->vcpu, tep_find_field(tep, "vcpu"));
	} else if (!strcmp(system, "kvm")) {
		field_from(&format->vcpu, tep_find_field(tep, "vcpu_id"));
	}
	format_handler(format);
	decoder->formats[id] = format;
	return 0;
}

/* The kernel's text, which lives until the next call. */
static const char *kernel_text(struct kvm2_trace_decoder *decoder,
			       const struct kvm2_trace_event *event)
{
	struct tep_record record = {
		.ts = event->record.time_ns,
		.size = (int)event->record.size,
		.record_size = (int)event->record.size,
		.cpu = event->record.cpu,
		.data = (void *)event->record.data,
	};

	trace_seq_reset(&decoder->seq);
	tep_print_event(decoder->tep, &decoder->seq, &record, "%s",
			TEP_PRINT_INFO);
	trace_seq_terminate(&decoder->seq);
	return decoder->seq.buffer ? decoder->seq.buffer : "";
}

static const char *find_reason(struct kvm2_trace_decoder *decoder,
			       struct kvm2_trace_format *format,
			       const struct kvm2_trace_event *event)
{
	const struct event_handler *handler = format->handler;
	const size_t bytes = handler->nr_reason * sizeof(event->values[0]);
	struct reason *reason;

	for (reason = format->reasons; reason; reason = reason->next)
		if (!memcmp(reason->values, event->values, bytes))
			return reason->name;
	if (format->nr_reasons == REASONS_MAX)
		return "OTHER";
	reason = calloc(1, sizeof(*reason));
	if (!reason)
		return "OTHER";
	memcpy(reason->values, event->values, bytes);
	handler->reason(event->values, kernel_text(decoder, event),
			reason->name);
	reason->next = format->reasons;
	format->reasons = reason;
	format->nr_reasons++;
	return reason->name;
}

int kvm2_trace_decode(struct kvm2_trace_decoder *decoder,
		      const struct kvm2_trace_record *record,
		      struct kvm2_trace_event *event)
{
	const size_t type_end = decoder->type.offset + decoder->type.size;
	const size_t pid_end = decoder->pid.offset + decoder->pid.size;
	struct kvm2_trace_format *format;

	memset(event, 0, sizeof(*event));
	event->record = *record;
	event->system = "";
	event->name = "unknown";
	if (!record->data || record->size < type_end ||
	    record->size < pid_end || record->size > INT_MAX)
		return -EINVAL;
	/* Before the first format is added not even these fields are known. */
	if (!type_end)
		return 0;
	event->tid = (int)field_value(&decoder->pid, record->data);
	format = decoder->formats[field_value(&decoder->type, record->data) &
				  (EVENT_IDS - 1)];
	if (!format)
		return 0;
	if (record->size < format->bytes)
		return -EINVAL;

	event->format = format;
	event->system = format->tep->system;
	event->name = format->tep->name;
	if (format->vm.size) {
		event->has_vm = true;
		event->vm = field_value(&format->vm, record->data);
	}
	if (format->vcpu.size) {
		event->has_vcpu = true;
		event->vcpu = (uint32_t)field_value(&format->vcpu, record->data);
	}
	if (!format->handler)
		return 0;
	for (unsigned int i = 0; i < format->nr_values; i++)
		event->values[i] = field_value(&format->values[i], record->data);
	event->kind = format->handler->kind;
	if (format->handler->reason)
		event->reason = find_reason(decoder, format, event);
	return 0;
}

size_t kvm2_trace_text(struct kvm2_trace_decoder *decoder,
		       const struct kvm2_trace_event *event, bool raw,
		       char *buffer, size_t size)
{
	const struct event_handler *handler;

	if (!event->format)
		return (size_t)snprintf(buffer, size, "%zu bytes, format not known",
					event->record.size);
	handler = event->format->handler;
	if (!raw && handler && handler->print)
		return handler->print(event, buffer, size);
	return (size_t)snprintf(buffer, size, "%s", kernel_text(decoder, event));
}
