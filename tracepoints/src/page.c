// SPDX-License-Identifier: LGPL-2.1
/*
 * A sub-buffer: the time of its first event (8 bytes), how many bytes of
 * events follow (8 bytes, with flags), the events, and, if a flag says so,
 * the number of events lost before them. An event begins with 5 bits that
 * tell its kind and length and 27 bits of time since the one before.
 *
 * Source: linux/ring_buffer.h and kernel/trace/ring_buffer.c, v6.12.
 */
#include "page.h"

#include <kvm2/trace_file.h>

#include <errno.h>
#include <string.h>

#define HEADER_BYTES		16
#define COMMIT_MASK		((UINT64_C(1) << 27) - 1)
#define MISSED_EVENTS		(UINT64_C(1) << 31)
#define MISSED_STORED		(UINT64_C(1) << 30)

/* Kinds of 5 bits; the others are lengths, in words. */
enum {
	TYPE_LONG = 0,
	TYPE_PADDING = 29,
	TYPE_TIME_EXTEND = 30,
	TYPE_TIME_STAMP = 31,
};

#define TYPE_BITS		5
#define DELTA_BITS		27
/* A full time stamp lacks its upper bits. */
#define STAMP_BITS		59

static uint32_t get_u32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static uint64_t get_u64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

int page_open(struct page *page, const void *bytes, size_t size,
	      uint64_t *lost)
{
	const uint8_t *const from = bytes;
	uint64_t commit;
	uint64_t length;

	*lost = 0;
	if (size < HEADER_BYTES)
		return -EINVAL;
	commit = get_u64(from + 8);
	length = commit & COMMIT_MASK;
	if (length > size - HEADER_BYTES)
		return -EINVAL;
	page->time_ns = get_u64(from);
	page->at = from + HEADER_BYTES;
	page->end = page->at + length;
	if (!(commit & MISSED_EVENTS))
		return 0;
	*lost = KVM2_TRACE_LOST_UNKNOWN;
	if ((commit & MISSED_STORED) && size - HEADER_BYTES - length >= 8)
		*lost = get_u64(page->end);
	return 0;
}

static int broken(struct page *page)
{
	page->at = page->end;
	return -EINVAL;
}

int page_next(struct page *page, const void **data, size_t *size)
{
	while ((size_t)(page->end - page->at) >= 4) {
		const size_t left = (size_t)(page->end - page->at);
		const uint32_t head = get_u32(page->at);
		const unsigned int type = head & ((1 << TYPE_BITS) - 1);
		const uint64_t delta = head >> TYPE_BITS;
		uint32_t extra = 0;

		if (type != TYPE_LONG && type < TYPE_PADDING) {
			*size = (size_t)type * 4;
			if (*size > left - 4)
				return broken(page);
			*data = page->at + 4;
			page->at += 4 + *size;
			page->time_ns += delta;
			return 1;
		}
		if (type == TYPE_PADDING && !delta)
			break;
		if (left < 8)
			return broken(page);
		extra = get_u32(page->at + 4);
		if (type == TYPE_TIME_EXTEND || type == TYPE_TIME_STAMP) {
			const uint64_t time = ((uint64_t)extra << DELTA_BITS) |
					      delta;

			if (type == TYPE_TIME_EXTEND)
				page->time_ns += time;
			else
				page->time_ns = time | (page->time_ns >>
					STAMP_BITS << STAMP_BITS);
			page->at += 8;
			continue;
		}
		/* Their length counts the word that says it. */
		if (extra < 4 || extra > left - 4)
			return broken(page);
		*data = page->at + 8;
		*size = extra - 4;
		page->at += 4 + (((size_t)extra + 3) & ~(size_t)3);
		if (page->at > page->end)
			page->at = page->end;
		page->time_ns += delta;
		if (type == TYPE_LONG)
			return 1;
	}
	page->at = page->end;
	return 0;
}

int kvm2_trace_page_tid(const void *bytes, size_t size)
{
	struct page page;
	const void *data;
	uint64_t lost;
	size_t length;
	int32_t tid;

	if (page_open(&page, bytes, size, &lost) ||
	    page_next(&page, &data, &length) <= 0 || length < 8)
		return -1;
	memcpy(&tid, (const char *)data + 4, sizeof(tid));
	return tid;
}

uint64_t kvm2_trace_page_end_ns(const void *bytes, size_t size)
{
	uint64_t end_ns = 0;
	struct page page;
	const void *data;
	uint64_t lost;
	size_t length;

	if (page_open(&page, bytes, size, &lost))
		return 0;
	while (page_next(&page, &data, &length) > 0)
		end_ns = page.time_ns;
	return end_ns;
}

void kvm2_trace_page_forget_loss(void *bytes, size_t size)
{
	uint64_t commit;

	if (size < HEADER_BYTES)
		return;
	memcpy(&commit, (char *)bytes + 8, sizeof(commit));
	commit &= ~(MISSED_EVENTS | MISSED_STORED);
	memcpy((char *)bytes + 8, &commit, sizeof(commit));
}
