/* SPDX-License-Identifier: LGPL-2.1 */
/* The pages of a trace file, plain or compressed, as rings. */
#ifndef TRACE_FILE_PAGES_H
#define TRACE_FILE_PAGES_H

#include "message.h"
#include "ring.h"

#include <stdint.h>

#define FILE_CPUS_MAX	8192

/**
 * struct file_pages - the pages of all processors
 * @bytes:	the file: @size bytes, which stay where they are
 * @page_size:	bytes of a sub-buffer
 * @cpus:	@nr_cpus rings
 * @cache_bytes: of all that is unpacked
 * @message:	what is wrong; the file's
 */
struct file_pages {
	const uint8_t *bytes;
	size_t size;
	size_t page_size;
	struct ring **cpus;
	size_t nr_cpus;
	size_t cache_bytes;
	struct message *message;
};

void file_pages_fini(struct file_pages *pages);

/**
 * file_pages_add() - the pages of a processor
 * @nr:		which
 * @offset:	where they begin in the file
 * @size:	bytes; 0: it has none
 * Return: 0, or a negative errno, and the message tells what is wrong.
 */
int file_pages_add(struct file_pages *pages, int nr, uint64_t offset,
		   uint64_t size);

/* The same of chunks that are compressed with zstd. */
int file_pages_add_packed(struct file_pages *pages, int nr, uint64_t offset,
			  uint64_t size);

#endif /* TRACE_FILE_PAGES_H */
