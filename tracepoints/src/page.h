/* SPDX-License-Identifier: LGPL-2.1 */
/* A sub-buffer of the kernel's trace ring, as trace_pipe_raw gives it. */
#ifndef TRACE_PAGE_H
#define TRACE_PAGE_H

#include <stddef.h>
#include <stdint.h>

/* A header, and room for one small event. */
#define PAGE_BYTES_MIN		24

/**
 * struct page - where the next event is
 * @at:		its header; @end: none
 * @end:	behind the last event
 * @time_ns:	of the event given out last
 */
struct page {
	const uint8_t *at;
	const uint8_t *end;
	uint64_t time_ns;
};

/**
 * page_open() - begin to walk
 * @bytes: borrowed as long as @page is used; not trusted
 * @lost:  out: events lost before this page, KVM2_TRACE_LOST_UNKNOWN if the
 *	   kernel does not say how many
 * Return: 0; -EINVAL it is no sub-buffer.
 */
int page_open(struct page *page, const void *bytes, size_t size,
	      uint64_t *lost);

/**
 * page_next() - the next event
 * @data: out: its bytes, within the page
 * @size: out: how many
 * Return: 1; 0 there is none; -EINVAL the page is broken from here on.
 */
int page_next(struct page *page, const void **data, size_t *size);

#endif /* TRACE_PAGE_H */
