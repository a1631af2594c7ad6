// SPDX-License-Identifier: LGPL-2.1
/*
 * A sub-buffer that is made here, as the kernel makes those of page.c, which
 * tells what is in one.
 *
 * Source: linux/ring_buffer.h and kernel/trace/ring_buffer.c, v6.12.
 */
#include "page_build.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES		16

/* What every event begins with: its number, and its thread. */
#define EVENT_BYTES_MIN		8

/* Kinds of 5 bits; the others are lengths, in words, up to the last one. */
#define TYPE_LONG		0
#define TYPE_WORDS_MAX		28
#define TYPE_TIME_EXTEND	30

#define TYPE_BITS		5
#define DELTA_BITS		27
#define DELTA_MAX		((UINT64_C(1) << DELTA_BITS) - 1)
#define EXTENDED_MAX		((UINT64_C(1) << (DELTA_BITS + 32)) - 1)

#define EXTEND_BYTES		8

int page_build_init(struct page_build *page, size_t size)
{
	*page = (struct page_build){ .bytes = calloc(1, size), .size = size };
	return page->bytes ? 0 : -ENOMEM;
}

void page_build_fini(struct page_build *page)
{
	free(page->bytes);
	*page = (struct page_build){ 0 };
}

void page_build_clear(struct page_build *page)
{
	memset(page->bytes, 0, page->size);
	page->used = 0;
}

static void put_u32(struct page_build *page, uint64_t value)
{
	const uint32_t word = (uint32_t)value;

	memcpy(page->bytes + page->used, &word, sizeof(word));
	page->used += sizeof(word);
}

/* Without an event a page has its time to begin with, and then each its distance from the one before. */
static void put_time(struct page_build *page, uint64_t time_ns, uint64_t *delta)
{
	*delta = page->used ? time_ns - page->time_ns : 0;
	if (!page->used) {
		memcpy(page->bytes, &time_ns, sizeof(time_ns));
		page->used = HEADER_BYTES;
	}
	if (*delta > DELTA_MAX) {
		put_u32(page, (*delta & DELTA_MAX) << TYPE_BITS | TYPE_TIME_EXTEND);
		put_u32(page, *delta >> DELTA_BITS);
		*delta = 0;
	}
	page->time_ns = time_ns;
}

int page_build_add(struct page_build *page, uint64_t time_ns, const void *data, size_t size)
{
	const size_t rounded = (size + 3) & ~(size_t)3;
	const bool is_long = rounded / 4 > TYPE_WORDS_MAX;
	const size_t bytes = rounded + (is_long ? 8 : 4);
	uint64_t delta = time_ns - page->time_ns;
	uint64_t commit;

	if (size < EVENT_BYTES_MIN || time_ns < page->time_ns)
		return -EINVAL;
	if (size > page->size || bytes > page->size - HEADER_BYTES)
		return -EMSGSIZE;
	if (page->used && (delta > EXTENDED_MAX ||
			   bytes + (delta > DELTA_MAX ? EXTEND_BYTES : 0) > page->size - page->used))
		return -ENOSPC;
	put_time(page, time_ns, &delta);
	put_u32(page, delta << TYPE_BITS | (is_long ? TYPE_LONG : rounded / 4));
	/* A length of its own counts the word that says it. */
	if (is_long)
		put_u32(page, rounded + 4);
	memcpy(page->bytes + page->used, data, size);
	page->used += rounded;
	commit = page->used - HEADER_BYTES;
	memcpy(page->bytes + 8, &commit, sizeof(commit));
	return 0;
}
