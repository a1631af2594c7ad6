// SPDX-License-Identifier: GPL-2.0
// Recording to a file. Who the threads are is asked while they live.
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A kvm2_trace_task_lookup_fn that tells the file, too. */
static void lookup(struct kvm2_trace_task *task, void *context)
{
	struct record *record = context;

	kvm2_trace_source_lookup(task, record->source);
	/* Without memory the file lacks a name, and nothing else. */
	kvm2_trace_writer_task(record->writer, task);
}

int record_init(struct record *record, struct kvm2_trace_source *source,
		const char *path)
{
	memset(record, 0, sizeof(*record));
	record->source = source;
	record->writer = kvm2_trace_writer_create();
	record->tasks = kvm2_trace_tasks_create(lookup, record);
	if (!record->writer || !record->tasks)
		return -ENOMEM;
	return kvm2_trace_writer_open(record->writer, path);
}

void record_fini(struct record *record)
{
	kvm2_trace_tasks_destroy(record->tasks);
	kvm2_trace_writer_destroy(record->writer);
	memset(record, 0, sizeof(*record));
}

/* Without the mark that events were lost before it. */
static int put_first_page(struct record *record, int cpu, const void *bytes,
			  size_t size)
{
	char *copy = malloc(size);
	int err;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, bytes, size);
	kvm2_trace_page_forget_loss(copy, size);
	err = kvm2_trace_writer_page(record->writer, cpu, copy, size);
	free(copy);
	return err;
}

/*
 * A kvm2_trace_page_fn. Of a page only the first event's thread is looked up:
 * whoever is busy is first sometime.
 */
static int take_page(int cpu, const void *bytes, size_t size, void *context)
{
	struct record *record = context;
	const struct kvm2_trace_event event = {
		.tid = kvm2_trace_page_tid(bytes, size),
		.name = "",
	};

	record->pages++;
	if (kvm2_trace_page_end_ns(bytes, size) < record->since_ns)
		return 0;
	if (event.tid > 0)
		kvm2_trace_tasks_note(record->tasks, &event);
	if (record->is_flight && cpu >= 0 && cpu < RECORD_CPUS_MAX &&
	    !record->begun[cpu]) {
		record->begun[cpu] = true;
		return put_first_page(record, cpu, bytes, size);
	}
	return kvm2_trace_writer_page(record->writer, cpu, bytes, size);
}

int record_drain(struct record *record)
{
	return kvm2_trace_source_drain(record->source, take_page, record);
}

int record_finish(struct record *record,
		  const struct kvm2_trace_decoder *decoder, uint64_t epoch_ns)
{
	return kvm2_trace_writer_finish(record->writer, decoder, record->source,
					epoch_ns);
}
