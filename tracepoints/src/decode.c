// SPDX-License-Identifier: LGPL-2.1
// From the bytes of a record to an event and its text, by the format files.
#include <kvm2/trace.h>

#include "decode.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The kernel numbers its events with 16 bits. */
#define EVENT_IDS		(1 << 16)
/* More reasons than any event has: a limit on memory. */
#define REASONS_MAX		1024
/* Where every record has the number of its event and its thread. */
#define TYPE_BYTES		2
#define RECORD_BYTES_MIN	8

/* The name of a reason, once for each value of the fields that make it. */
struct reason {
	struct reason *next;
	uint64_t values[KVM2_TRACE_VALUES_MAX];
	char name[KVM2_TRACE_NAME_SIZE];
};

/**
 * struct kvm2_trace_decoder - all formats, by number
 * @formats:	EVENT_IDS pointers
 * @list:	the same, without holes: @nr of them
 */
struct kvm2_trace_decoder {
	struct kvm2_trace_format **formats;
	struct kvm2_trace_format **list;
	size_t nr;
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
	decoder->formats = calloc(EVENT_IDS, sizeof(*decoder->formats));
	if (!decoder->formats) {
		free(decoder);
		return NULL;
	}
	return decoder;
}

static void format_destroy(struct kvm2_trace_format *format)
{
	struct reason *next;

	if (!format)
		return;
	for (size_t i = 0; i < REASON_BUCKETS; i++) {
		for (struct reason *reason = format->reasons[i]; reason;
		     reason = next) {
			next = reason->next;
			free(reason);
		}
	}
	arena_destroy(format->arena);
	free(format->format);
	free(format->system);
	free(format->text);
	free(format);
}

void kvm2_trace_decoder_destroy(struct kvm2_trace_decoder *decoder)
{
	if (!decoder)
		return;
	for (size_t i = 0; i < decoder->nr; i++)
		format_destroy(decoder->list[i]);
	free(decoder->list);
	free(decoder->formats);
	free(decoder);
}

const struct kvm2_trace_format *decoder_next(
		const struct kvm2_trace_decoder *decoder, size_t *index)
{
	return *index < decoder->nr ? decoder->list[(*index)++] : NULL;
}

/* ---- learning ---- */

static const struct format_field *find_number(const struct format *format,
					      const char *name)
{
	const struct format_field *field = format_find(format, name);

	return field && field->kind == FORMAT_NUMBER ? field : NULL;
}

static void set_handler(struct kvm2_trace_format *format)
{
	const struct event_handler *handler;
	unsigned int nr = 0;

	handler = event_handler_find(format->system, format->format->name);
	if (!handler)
		return;
	for (; nr < KVM2_TRACE_VALUES_MAX && handler->fields[nr]; nr++) {
		const bool is_optional = *handler->fields[nr] == '?';

		format->values[nr] = find_number(format->format,
						 handler->fields[nr] +
						 is_optional);
		if (!format->values[nr] && !is_optional)
			return;
	}
	format->nr_values = nr;
	format->handler = handler;
}

/* Of a kvm2 event, and those of KVM's that have one. */
static void set_owner(struct kvm2_trace_format *format)
{
	const struct format *fields = format->format;

	if (!strcmp(format->system, "kvm2")) {
		format->vm = find_number(fields, "vm");
		format->vcpu = find_number(fields, "vcpu");
	} else if (!strncmp(format->system, "kvm", 3)) {
		format->vcpu = find_number(fields, "vcpu_id");
	}
}

/* What every record begins with is where it always is. */
static bool has_common_fields(struct kvm2_trace_format *format)
{
	const struct format_field *type = find_number(format->format,
						      "common_type");

	format->pid = find_number(format->format, "common_pid");
	return type && !type->offset && type->size == TYPE_BYTES &&
	       format->pid && format->pid->size == 4 &&
	       format->format->bytes >= RECORD_BYTES_MIN;
}

static int fill_format(struct kvm2_trace_format *format, const char *system,
		       const char *text, size_t size)
{
	int err;

	format->system = strdup(system);
	format->text = malloc(size + 1);
	format->arena = arena_create();
	if (!format->system || !format->text || !format->arena)
		return -ENOMEM;
	memcpy(format->text, text, size);
	format->text[size] = '\0';
	format->text_size = size;
	format->format = malloc(sizeof(*format->format));
	if (!format->format)
		return -ENOMEM;
	err = format_parse(format->format, format->text, size);
	if (err || !has_common_fields(format))
		return -EINVAL;
	format->print = print_compile(format->arena, format->format);
	set_owner(format);
	set_handler(format);
	return 0;
}

static int list_format(struct kvm2_trace_decoder *decoder,
		       struct kvm2_trace_format *format)
{
	/* Room for twice as many at each power of two. */
	if (!(decoder->nr & (decoder->nr - 1))) {
		void *grown = reallocarray(decoder->list,
					   decoder->nr ? decoder->nr * 2 : 1,
					   sizeof(*decoder->list));

		if (!grown)
			return -ENOMEM;
		decoder->list = grown;
	}
	decoder->list[decoder->nr++] = format;
	return 0;
}

int kvm2_trace_decoder_add(struct kvm2_trace_decoder *decoder,
			   const char *system, const char *text, size_t size)
{
	struct kvm2_trace_format *format;
	int err;

	if (size > FORMAT_TEXT_MAX)
		return -EINVAL;
	format = calloc(1, sizeof(*format));
	if (!format)
		return -ENOMEM;
	err = fill_format(format, system, text, size);
	if (!err && decoder->formats[format->format->id])
		err = -EEXIST;
	if (!err)
		err = list_format(decoder, format);
	if (err) {
		format_destroy(format);
		return err;
	}
	decoder->formats[format->format->id] = format;
	return 0;
}

/* ---- decoding ---- */

/* The words of the print format that are a reason's name. */
static void print_words(const struct kvm2_trace_format *format,
			const struct expr_record *record, struct text *text)
{
	const struct event_handler *handler = format->handler;
	const struct expr *words;

	for (unsigned int i = 0; i < handler->nr_words; i++) {
		words = format->print ? print_argument(format->print,
						handler->words_from + i) : NULL;
		if (words && expr_is_text(words))
			expr_print(words, record, text);
	}
	text_end(text);
}

static const char *make_reason(struct kvm2_trace_format *format,
			       struct reason **bucket,
			       const struct kvm2_trace_event *event)
{
	const struct event_handler *handler = format->handler;
	const struct expr_record record = {
		event->record.data, event->record.size,
	};
	char words[KVM2_TRACE_NAME_SIZE];
	struct text text = { words, sizeof(words), 0 };
	struct reason *reason;

	if (format->nr_reasons == REASONS_MAX)
		return "OTHER";
	reason = calloc(1, sizeof(*reason));
	if (!reason)
		return "OTHER";
	memcpy(reason->values, event->values,
	       handler->nr_reason * sizeof(event->values[0]));
	print_words(format, &record, &text);
	if (handler->reason)
		handler->reason(event->values, words, reason->name);
	else
		memcpy(reason->name, words, sizeof(words));
	reason->next = *bucket;
	*bucket = reason;
	format->nr_reasons++;
	return reason->name;
}

static const char *find_reason(struct kvm2_trace_format *format,
			       const struct kvm2_trace_event *event)
{
	const unsigned int nr = format->handler->nr_reason;
	struct reason **bucket;
	uint64_t hash = 0;

	for (unsigned int i = 0; i < nr; i++)
		hash = hash * 31 + event->values[i];
	hash ^= hash >> 6;
	bucket = &format->reasons[hash % REASON_BUCKETS];
	for (struct reason *reason = *bucket; reason; reason = reason->next) {
		bool is_same = true;

		for (unsigned int i = 0; i < nr; i++)
			is_same &= reason->values[i] == event->values[i];
		if (is_same)
			return reason->name;
	}
	return make_reason(format, bucket, event);
}

static void decode_fields(struct kvm2_trace_format *format,
			  struct kvm2_trace_event *event)
{
	const void *data = event->record.data;

	event->format = format;
	event->system = format->system;
	event->name = format->format->name;
	event->tid = (int)format_number(format->pid, data);
	if (format->vm) {
		event->has_vm = true;
		event->vm = format_number(format->vm, data);
	}
	if (format->vcpu) {
		event->has_vcpu = true;
		event->vcpu = (uint32_t)format_number(format->vcpu, data);
	}
	if (!format->handler)
		return;
	for (unsigned int i = 0; i < format->nr_values; i++)
		event->values[i] = format->values[i] ?
				   format_number(format->values[i], data) : 0;
	event->kind = format->handler->kind;
	if (format->handler->nr_reason)
		event->reason = find_reason(format, event);
}

int kvm2_trace_decode(struct kvm2_trace_decoder *decoder,
		      const struct kvm2_trace_record *record,
		      struct kvm2_trace_event *event)
{
	struct kvm2_trace_format *format;
	uint16_t type;
	int32_t tid;

	memset(event, 0, offsetof(struct kvm2_trace_event, values));
	event->record = *record;
	event->format = NULL;
	event->system = "";
	event->name = "unknown";
	if (!record->data || record->size < RECORD_BYTES_MIN ||
	    record->size > INT_MAX)
		return -EINVAL;
	memcpy(&type, record->data, sizeof(type));
	format = decoder->formats[type];
	if (!format) {
		memcpy(&tid, (const char *)record->data + 4, sizeof(tid));
		event->tid = tid;
		return 0;
	}
	if (record->size < format->format->bytes)
		return -EINVAL;
	decode_fields(format, event);
	return 0;
}

size_t kvm2_trace_text(struct kvm2_trace_decoder *decoder,
		       const struct kvm2_trace_event *event, bool raw,
		       char *buffer, size_t size)
{
	const struct kvm2_trace_format *format = event->format;
	const struct expr_record record = {
		event->record.data, event->record.size,
	};
	struct text text = { buffer, size, 0 };

	(void)decoder;
	if (!format)
		text_printf(&text, "%zu bytes, format not known", record.size);
	else if (!raw && format->handler && format->handler->print)
		format->handler->print(event, &text);
	else if (format->print)
		print_run(format->print, &record, &text);
	else
		print_fields(format->format, &record, &text);
	return text_end(&text);
}

/* ---- fields ---- */

bool kvm2_trace_event_field(const struct kvm2_trace_event *event,
			    unsigned int index, struct kvm2_trace_field *field)
{
	const struct kvm2_trace_format *format = event->format;
	const struct format_field *from;

	if (!format || index >= format->format->nr_fields)
		return false;
	from = &format->format->fields[index];
	memset(field, 0, sizeof(*field));
	field->name = from->name;
	field->is_common = from->is_common;
	field->is_signed = from->is_signed;
	field->is_text = from->is_text && from->kind != FORMAT_NUMBER;
	field->is_number = from->kind == FORMAT_NUMBER;
	if (field->is_number) {
		field->number = format_number(from, event->record.data);
		return true;
	}
	field->bytes = format_bytes(from, event->record.data,
				    event->record.size, &field->size);
	if (!field->bytes)
		field->size = 0;
	else if (field->is_text)
		field->size = strnlen(field->bytes, field->size);
	return true;
}

bool kvm2_trace_event_number(const struct kvm2_trace_event *event,
			     const char *name, uint64_t *number)
{
	const struct format_field *field;

	if (!event->format)
		return false;
	field = find_number(event->format->format, name);
	if (!field)
		return false;
	*number = format_number(field, event->record.data);
	return true;
}

/* ---- names without a record ---- */

/* A record of zeros but for two fields of the event's handler. */
static const char *reason_of(struct kvm2_trace_decoder *decoder,
			     const char *name, uint64_t first, uint64_t second)
{
	struct kvm2_trace_event event = { .values = { first, second } };
	struct kvm2_trace_format *format = NULL;
	const char *reason;
	char *data;

	for (size_t i = 0; i < decoder->nr && !format; i++) {
		format = decoder->list[i];
		if ((strcmp(format->system, "kvm") || !format->handler ||
			       strcmp(format->format->name, name)))
			format = NULL;
	}
	if (!format)
		return NULL;
	data = calloc(1, format->format->bytes);
	if (!data)
		return NULL;
	/* x86 is little endian: the low bytes come first. */
	memcpy(data + format->values[0]->offset, &first,
	       format->values[0]->size);
	memcpy(data + format->values[1]->offset, &second,
	       format->values[1]->size);
	event.record.data = data;
	event.record.size = format->format->bytes;
	reason = find_reason(format, &event);
	free(data);
	return reason;
}

const char *kvm2_trace_cpu_exit_reason(struct kvm2_trace_decoder *decoder,
				       uint32_t isa, uint32_t code)
{
	return reason_of(decoder, "kvm_exit", code, isa);
}

const char *kvm2_trace_user_exit_reason(struct kvm2_trace_decoder *decoder,
					uint32_t reason)
{
	return reason_of(decoder, "kvm_userspace_exit", reason, 0);
}
