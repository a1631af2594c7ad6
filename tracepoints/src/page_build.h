/* SPDX-License-Identifier: LGPL-2.1 */
/* A sub-buffer that is made here, as the kernel makes those of page.h. */
#ifndef TRACE_PAGE_BUILD_H
#define TRACE_PAGE_BUILD_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct page_build - a sub-buffer that grows
 * @bytes:	@size of them, zeros behind @used
 * @used:	with its header; 0: there is no event
 * @time_ns:	of the last event
 */
struct page_build {
	uint8_t *bytes;
	size_t size;
	size_t used;
	uint64_t time_ns;
};

/* Returns 0 or -ENOMEM. */
int page_build_init(struct page_build *page, size_t size);
void page_build_fini(struct page_build *page);

/**
 * page_build_add() - append an event
 * @time_ns: not before the last one's, also if that was in another page
 * Return: 0; -ENOSPC the page is full; -EMSGSIZE no page can hold it; -EINVAL.
 */
int page_build_add(struct page_build *page, uint64_t time_ns, const void *data,
		   size_t size);

/* Begin the next page. */
void page_build_clear(struct page_build *page);

#endif /* TRACE_PAGE_BUILD_H */
