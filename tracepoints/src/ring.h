/* SPDX-License-Identifier: LGPL-2.1 */
/* The rings of several processors, merged by time. */
#ifndef TRACE_RING_H
#define TRACE_RING_H

#include <kvm2/trace.h>

#include "page.h"

#include <stdbool.h>

/**
 * struct ring - the events of one processor, as far as they have been read
 * @cpu:	which
 * @next_page:	get another page: 1 there is one, 0 none now, or an error
 * @page:	the present one
 * @data:	the next event, NULL: none in @page
 * @size:	bytes of it
 * @time_ns:	its time
 * @lost:	events lost before it, not yet reported
 * @is_empty:	nothing to read in this round
 */
struct ring {
	int cpu;
	int (*next_page)(struct ring *ring, const void **bytes, size_t *size);
	struct page page;
	const void *data;
	size_t size;
	uint64_t time_ns;
	uint64_t lost;
	bool is_empty;
};

/**
 * rings_read() - hand over events in the order of time
 * @rings:    @nr of them
 * @until_ns: later ones stay; UINT64_MAX: none do
 * Return: 0 all read; 1 stopped by @take; or a negative errno.
 */
int rings_read(struct ring *const *rings, size_t nr, uint64_t until_ns,
	       kvm2_trace_record_fn *take, void *context);

#endif /* TRACE_RING_H */
