/* SPDX-License-Identifier: GPL-2.0 */
/* Lines that are known before their turn comes, put into the order of time. */
#ifndef KVM2TRACE_QUEUE_H
#define KVM2TRACE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

/* A line: where its text begins, and how long it is. */
struct queue_line {
	uint64_t time_ns;
	uint64_t number;
	size_t offset;
	size_t length;
};

/**
 * struct queue - lines that wait
 * @lines:	@nr_lines, in the order of adding; room for @lines_size
 * @bytes:	their texts, with a NUL each: @nr_bytes; room for @bytes_size
 * @number:	lines up to now
 *
 * All zeros is an empty queue.
 */
struct queue {
	struct queue_line *lines;
	size_t nr_lines;
	size_t lines_size;
	char *bytes;
	size_t nr_bytes;
	size_t bytes_size;
	uint64_t number;
};

void queue_fini(struct queue *queue);

/* Returns 0 or -ENOMEM. */
int queue_add(struct queue *queue, uint64_t time_ns, const char *text);

/* Take a line. */
typedef void queue_line_fn(uint64_t time_ns, const char *text, void *context);

/* Give out what is from before @until_ns, in order; equal times as added. */
void queue_release(struct queue *queue, uint64_t until_ns, queue_line_fn *take,
		   void *context);

#endif /* KVM2TRACE_QUEUE_H */
