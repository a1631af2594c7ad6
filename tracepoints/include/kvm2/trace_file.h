/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * libkvm2trace: trace files, in the format of trace-cmd(1).
 *
 * A file is read whoever has written it (versions 6 and 7 of the format); what
 * is in it is not trusted. A writer makes files (version 6) that trace-cmd,
 * KernelShark and a file of this library read.
 */
#ifndef KVM2_TRACE_FILE_H
#define KVM2_TRACE_FILE_H

#include <kvm2/trace.h>

/* ---- reading ---- */

struct kvm2_trace_file;

/* NULL when there is no memory. */
struct kvm2_trace_file *kvm2_trace_file_create(void);
void kvm2_trace_file_destroy(struct kvm2_trace_file *file);

/**
 * kvm2_trace_file_open() - look at a file
 * @file:    once
 * @path:    of the file
 * @decoder: learns the formats of its events
 * Return: 0 or a negative errno, and kvm2_trace_file_message() tells people
 *	   what is wrong.
 */
int kvm2_trace_file_open(struct kvm2_trace_file *file, const char *path,
			 struct kvm2_trace_decoder *decoder);

/* The same for @size bytes in memory, which have to stay. */
int kvm2_trace_file_load(struct kvm2_trace_file *file, const void *bytes,
			 size_t size, struct kvm2_trace_decoder *decoder);

/* What is wrong; lives as long as @file. */
const char *kvm2_trace_file_message(const struct kvm2_trace_file *file);

/**
 * kvm2_trace_file_read() - read the events, in order of time
 * Return: 0 all read; 1 stopped by @take, the next call goes on; or a
 *	   negative errno.
 */
int kvm2_trace_file_read(struct kvm2_trace_file *file,
			 kvm2_trace_record_fn *take, void *context);

/* From the events' clock to the time since 1970, 0 if it is not known. */
uint64_t kvm2_trace_file_epoch_ns(const struct kvm2_trace_file *file);

/* Who a thread was: a kvm2_trace_task_lookup_fn, whose context is the file. */
void kvm2_trace_file_lookup(struct kvm2_trace_task *task, void *file);

/* ---- writing ---- */

struct kvm2_trace_writer;

/* NULL when there is no memory. */
struct kvm2_trace_writer *kvm2_trace_writer_create(void);

/* A file that was not finished is removed. */
void kvm2_trace_writer_destroy(struct kvm2_trace_writer *writer);

/**
 * kvm2_trace_writer_open() - begin a file
 * @path: must not be there, or is replaced when the writer finishes
 * Return: 0 or a negative errno.
 */
int kvm2_trace_writer_open(struct kvm2_trace_writer *writer, const char *path);

/**
 * kvm2_trace_writer_page() - append a sub-buffer
 * @cpu:   whose ring it is from
 * @bytes: as the kernel gave it: the size of the machine's pages
 * Return: 0 or a negative errno.
 */
int kvm2_trace_writer_page(struct kvm2_trace_writer *writer, int cpu,
			   const void *bytes, size_t size);

/**
 * kvm2_trace_writer_event() - append an event that the caller has made
 * @cpu:     whose ring it goes to
 * @time_ns: of CLOCK_MONOTONIC; in one ring, not before the last one's
 * @data:    its bytes, by a format that the decoder has which the writer is
 *	     finished with: kvm2_trace_decoder_add()
 * @size:    at least the 8 bytes of the common fields, and with 8 more not
 *	     more than fit between a sub-buffer's header of 16 bytes and its end
 * Return: 0; -EMSGSIZE too many bytes; -EINVAL too few, or out of order; or
 *	   another negative errno.
 */
int kvm2_trace_writer_event(struct kvm2_trace_writer *writer, int cpu,
			    uint64_t time_ns, const void *data, size_t size);

/* Say who a thread is. Returns 0 or -ENOMEM. */
int kvm2_trace_writer_task(struct kvm2_trace_writer *writer,
			   const struct kvm2_trace_task *task);

/**
 * kvm2_trace_writer_finish() - write all that is still missing
 * @decoder:  has the formats of the events
 * @source:   where the pages are from; NULL: there is none, and the clock is
 *	      CLOCK_MONOTONIC
 * @epoch_ns: from the events' clock to the time since 1970
 * Return: 0 or a negative errno.
 */
int kvm2_trace_writer_finish(struct kvm2_trace_writer *writer,
			     const struct kvm2_trace_decoder *decoder,
			     struct kvm2_trace_source *source,
			     uint64_t epoch_ns);

/* ---- from one to the other ---- */

/**
 * kvm2_trace_page_fn - take a sub-buffer
 * Return: 0 or a negative errno, which ends the reading.
 */
typedef int kvm2_trace_page_fn(int cpu, const void *bytes, size_t size,
			       void *context);

/**
 * kvm2_trace_source_drain() - take what has been recorded without decoding
 *
 * For each ring, what has been recorded when its turn comes. Does not wait.
 *
 * Return: 0 or a negative errno.
 */
int kvm2_trace_source_drain(struct kvm2_trace_source *source,
			    kvm2_trace_page_fn *take, void *context);

/**
 * kvm2_trace_source_file() - read a file of the source's tracefs instance
 * @name: as "trace_clock"; "/saved_cmdlines" is that of the whole tracefs
 * @text: out: NUL-terminated, to be freed; NULL on error
 * @size: out: bytes of @text
 * Return: 0 or a negative errno.
 */
int kvm2_trace_source_file(struct kvm2_trace_source *source, const char *name,
			   char **text, size_t *size);

/* The thread of the first event of a sub-buffer; -1: there is none. */
int kvm2_trace_page_tid(const void *bytes, size_t size);

/* The time of the last event of a sub-buffer, 0 if there is none. */
uint64_t kvm2_trace_page_end_ns(const void *bytes, size_t size);

/* Take back what a sub-buffer says of events lost before it. */
void kvm2_trace_page_forget_loss(void *bytes, size_t size);

#endif /* KVM2_TRACE_FILE_H */
