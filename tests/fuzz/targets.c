// SPDX-License-Identifier: GPL-2.0
/*
 * format:	a format file, then, after a NUL, a record that is said to be of
 *		that event
 * page:	a sub-buffer of a ring
 * file:	a trace file
 */
#include "targets.h"

#include <kvm2/trace_file.h>
#include <kvm2/trace_fold.h>

#include "decode.h"
#include "page.h"

#include <stdlib.h>
#include <string.h>

/* No memory, no text of more than this. */
#define TEXT_SIZE	512

/* What a record can be asked for. */
static void use_event(struct kvm2_trace_decoder *decoder,
		      const struct kvm2_trace_event *event)
{
	struct kvm2_trace_field field;
	volatile uint8_t last = 0;
	char text[TEXT_SIZE];

	kvm2_trace_text(decoder, event, true, text, sizeof(text));
	kvm2_trace_text(decoder, event, false, text, sizeof(text));
	for (unsigned int i = 0; kvm2_trace_event_field(event, i, &field); i++)
		if (field.bytes && field.size)
			last = ((const uint8_t *)field.bytes)[field.size - 1];
	(void)last;
}

static int drop_fold(const struct kvm2_trace_fold *fold, void *context)
{
	(void)context;
	return strlen(fold->text) >= TEXT_SIZE ? -1 : 0;
}

static void run_format(const uint8_t *bytes, size_t size)
{
	const uint8_t *nul = memchr(bytes, '\0', size);
	const size_t length = nul ? (size_t)(nul - bytes) : size;
	struct kvm2_trace_decoder *decoder = kvm2_trace_decoder_create();
	struct kvm2_trace_record record = { .time_ns = 1 };
	struct kvm2_trace_event event;
	const struct kvm2_trace_format *format;
	size_t index = 0;
	uint8_t *data;

	if (!decoder)
		return;
	/* The system is part of what decides how an event is read. */
	if (!kvm2_trace_decoder_add(decoder, size % 2 ? "kvm" : "kvm2",
				    (const char *)bytes, length) &&
	    (format = decoder_next(decoder, &index))) {
		/* Of just its size, so that a sanitizer sees what is beyond. */
		record.size = size - length + 2;
		data = calloc(1, record.size);
		if (data) {
			const uint16_t type = (uint16_t)format->format->id;

			memcpy(data + 2, bytes + length, size - length);
			memcpy(data, &type, sizeof(type));
			record.data = data;
			if (!kvm2_trace_decode(decoder, &record, &event))
				use_event(decoder, &event);
			kvm2_trace_cpu_exit_reason(decoder, 1, 30);
			kvm2_trace_user_exit_reason(decoder, 2);
			free(data);
		}
	}
	kvm2_trace_decoder_destroy(decoder);
}

static void run_page(const uint8_t *bytes, size_t size)
{
	volatile uint8_t last = 0;
	struct page page;
	const void *data;
	uint64_t lost;
	size_t length;

	if (page_open(&page, bytes, size, &lost))
		return;
	while (page_next(&page, &data, &length) > 0)
		if (length)
			last = ((const uint8_t *)data)[length - 1];
	kvm2_trace_page_tid(bytes, size);
	(void)last;
}

struct reading {
	struct kvm2_trace_decoder *decoder;
	struct kvm2_trace_folds *folds;
	unsigned int left;
};

static int take_record(const struct kvm2_trace_record *record, void *context)
{
	struct reading *reading = context;
	struct kvm2_trace_event event;

	if (!record->data) {
		kvm2_trace_folds_lost(reading->folds);
	} else if (!kvm2_trace_decode(reading->decoder, record, &event)) {
		use_event(reading->decoder, &event);
		if (kvm2_trace_folds_add(reading->folds, reading->decoder,
					 &event) < 0)
			return -1;
	}
	return !--reading->left;
}

static void run_file(const uint8_t *bytes, size_t size)
{
	struct kvm2_trace_file *file = kvm2_trace_file_create();
	struct kvm2_trace_task task = { .tid = 1 };
	struct reading reading = {
		.decoder = kvm2_trace_decoder_create(),
		.folds = kvm2_trace_folds_create(true, drop_fold, NULL),
		.left = 2000,
	};
	uint64_t oldest_ns;

	if (file && reading.decoder && reading.folds) {
		if (!kvm2_trace_file_load(file, bytes, size, reading.decoder)) {
			kvm2_trace_file_read(file, take_record, &reading);
			kvm2_trace_folds_advance(reading.folds, UINT64_MAX, 0,
						 &oldest_ns);
		}
		kvm2_trace_file_lookup(&task, file);
	}
	kvm2_trace_folds_destroy(reading.folds);
	kvm2_trace_decoder_destroy(reading.decoder);
	kvm2_trace_file_destroy(file);
}

/* Of format files. */
static const char *const words[] = {
	"__data_loc ", "__rel_loc ", "REC->", "__print_symbolic(",
	"__print_flags(", "__get_str(", "__get_dynamic_array(", "(", ")", "{",
	"}", ",", "\"", "\\", "%s", "%llx", "%*p", "%-", "[", "]", "?", ":",
	"<<", "-", "~", "&&", "offset:", "size:", "signed:", "print fmt:",
	"0xffffffffffffffff", "-1", "\t", "\n", "zstd", "options  ",
	"flyrecord", NULL,
};

static const struct fuzz_target targets[] = {
	{ "format", run_format, words },
	{ "page", run_page, words },
	{ "file", run_file, words },
};

const struct fuzz_target *fuzz_target_find(const char *name)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	return NULL;
}
