// SPDX-License-Identifier: GPL-2.0
// Lines that are known before their turn comes, put into the order of time.
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void queue_fini(struct queue *queue)
{
	free(queue->lines);
	free(queue->bytes);
	memset(queue, 0, sizeof(*queue));
}

int queue_add(struct queue *queue, uint64_t time_ns, const char *text)
{
	const size_t length = strlen(text) + 1;

	if (queue->nr_lines == queue->lines_size) {
		const size_t size = queue->lines_size ? queue->lines_size * 2 :
							256;
		void *grown = reallocarray(queue->lines, size,
					   sizeof(*queue->lines));

		if (!grown)
			return -ENOMEM;
		queue->lines = grown;
		queue->lines_size = size;
	}
	if (queue->bytes_size - queue->nr_bytes < length) {
		const size_t size = (queue->bytes_size + length) * 2;
		void *grown = realloc(queue->bytes, size);

		if (!grown)
			return -ENOMEM;
		queue->bytes = grown;
		queue->bytes_size = size;
	}
	memcpy(queue->bytes + queue->nr_bytes, text, length);
	queue->lines[queue->nr_lines++] = (struct queue_line){
		.time_ns = time_ns,
		.number = queue->number++,
		.offset = queue->nr_bytes,
		.length = length,
	};
	queue->nr_bytes += length;
	return 0;
}

static int compare_lines(const void *left, const void *right)
{
	const struct queue_line *a = left;
	const struct queue_line *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static int compare_offsets(const void *left, const void *right)
{
	const struct queue_line *a = left;
	const struct queue_line *b = right;

	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

void queue_release(struct queue *queue, uint64_t until_ns, queue_line_fn *take,
		   void *context)
{
	size_t nr = 0;
	size_t at = 0;

	qsort(queue->lines, queue->nr_lines, sizeof(*queue->lines),
	      compare_lines);
	for (; nr < queue->nr_lines && queue->lines[nr].time_ns < until_ns; nr++)
		take(queue->lines[nr].time_ns,
		     queue->bytes + queue->lines[nr].offset, context);
	if (!nr)
		return;
	/* What stays moves to the front, lines and texts. */
	queue->nr_lines -= nr;
	memmove(queue->lines, queue->lines + nr,
		queue->nr_lines * sizeof(*queue->lines));
	qsort(queue->lines, queue->nr_lines, sizeof(*queue->lines),
	      compare_offsets);
	for (size_t i = 0; i < queue->nr_lines; i++) {
		struct queue_line *line = &queue->lines[i];

		memmove(queue->bytes + at, queue->bytes + line->offset,
			line->length);
		line->offset = at;
		at += line->length;
	}
	queue->nr_bytes = at;
}
