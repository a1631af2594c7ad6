// SPDX-License-Identifier: LGPL-2.1
// The pages of a trace file, plain or compressed, as rings.
#include "file_pages.h"

#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#define CHUNK_BYTES_MAX		(16 << 20)
#define CACHE_BYTES_MAX		(512 << 20)

/* Compressed pages: where they are, in the file and unpacked. */
struct chunk {
	const uint8_t *bytes;
	size_t size;
	uint64_t offset;
	size_t unpacked;
};

/**
 * struct cpu - the pages of one processor
 * @ring:	first, so that a pointer to it is one to this
 * @pages:	of which file
 * @bytes:	the pages, or NULL if they are compressed
 * @chunks:	@nr_chunks compressed parts, by offset
 * @offset:	of the next page: from @bytes, or in what is unpacked
 * @end:	behind the last page
 * @cached:	number of the chunk in @cache, -1: none
 * @cache:	a chunk, unpacked
 * @cache_size:	room there
 */
struct cpu {
	struct ring ring;
	struct file_pages *pages;
	const uint8_t *bytes;
	struct chunk *chunks;
	size_t nr_chunks;
	uint64_t offset;
	uint64_t end;
	ssize_t cached;
	uint8_t *cache;
	size_t cache_size;
};

#define fail(pages, ...)	message_set((pages)->message, __VA_ARGS__)

void file_pages_fini(struct file_pages *pages)
{
	for (size_t i = 0; i < pages->nr_cpus; i++) {
		struct cpu *cpu = (struct cpu *)pages->cpus[i];

		free(cpu->chunks);
		free(cpu->cache);
		free(cpu);
	}
	free(pages->cpus);
}

static int unpack(struct cpu *cpu, ssize_t nr)
{
	struct file_pages *pages = cpu->pages;
	const struct chunk *chunk = &cpu->chunks[nr];
	size_t got;

	if (cpu->cached == nr)
		return 0;
	if (cpu->cache_size < chunk->unpacked) {
		uint8_t *grown;

		pages->cache_bytes += chunk->unpacked - cpu->cache_size;
		if (pages->cache_bytes > CACHE_BYTES_MAX)
			return -EFBIG;
		grown = realloc(cpu->cache, chunk->unpacked);
		if (!grown)
			return -ENOMEM;
		cpu->cache = grown;
		cpu->cache_size = chunk->unpacked;
	}
	cpu->cached = -1;
	got = ZSTD_decompress(cpu->cache, chunk->unpacked, chunk->bytes,
			      chunk->size);
	if (ZSTD_isError(got) || got != chunk->unpacked)
		return -EINVAL;
	cpu->cached = nr;
	return 0;
}

/* The chunk that has what is at @offset when unpacked; -1: none. */
static ssize_t find_chunk(const struct cpu *cpu, uint64_t offset)
{
	size_t low = 0;
	size_t high = cpu->nr_chunks;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct chunk *chunk = &cpu->chunks[middle];

		if (offset < chunk->offset)
			high = middle;
		else if (offset - chunk->offset >= chunk->unpacked)
			low = middle + 1;
		else
			return (ssize_t)middle;
	}
	return -1;
}

/* Where the page at @offset is; NULL: nowhere, and errno tells why. */
static const void *find_page(struct cpu *cpu, uint64_t offset)
{
	const struct chunk *chunk;
	ssize_t nr;
	int err;

	if (cpu->bytes)
		return cpu->bytes + offset;
	nr = find_chunk(cpu, offset);
	err = nr < 0 ? -EINVAL : unpack(cpu, nr);
	if (err) {
		errno = -err;
		return NULL;
	}
	chunk = &cpu->chunks[nr];
	if (chunk->unpacked - (offset - chunk->offset) < cpu->pages->page_size) {
		errno = EINVAL;
		return NULL;
	}
	return cpu->cache + (offset - chunk->offset);
}

static int next_page(struct ring *ring, const void **bytes, size_t *size)
{
	struct cpu *cpu = (struct cpu *)ring;
	const size_t page_size = cpu->pages->page_size;

	if (cpu->end - cpu->offset < page_size)
		return 0;
	*bytes = find_page(cpu, cpu->offset);
	if (!*bytes)
		return -errno;
	*size = page_size;
	cpu->offset += page_size;
	return 1;
}

/* NULL: there are too many, or there is no memory: the message says it. */
static struct cpu *add_cpu(struct file_pages *pages, int nr)
{
	struct ring **cpus;
	struct cpu *cpu;

	if (pages->nr_cpus == FILE_CPUS_MAX) {
		fail(pages, -EINVAL, "there are too many processors");
		return NULL;
	}
	cpus = reallocarray(pages->cpus, pages->nr_cpus + 1, sizeof(*cpus));
	cpu = cpus ? calloc(1, sizeof(*cpu)) : NULL;
	if (cpus)
		pages->cpus = cpus;
	if (!cpu) {
		fail(pages, -ENOMEM, "%s", strerror(ENOMEM));
		return NULL;
	}
	pages->cpus[pages->nr_cpus++] = &cpu->ring;
	cpu->ring.cpu = nr;
	cpu->ring.next_page = next_page;
	cpu->pages = pages;
	cpu->cached = -1;
	return cpu;
}

int file_pages_add(struct file_pages *pages, int nr, uint64_t offset,
		   uint64_t size)
{
	struct cpu *cpu;

	if (offset > pages->size || size > pages->size - offset)
		return fail(pages, -EINVAL, "the data of cpu %d is cut off", nr);
	if (!size)
		return 0;
	cpu = add_cpu(pages, nr);
	if (!cpu)
		return -EINVAL;
	cpu->bytes = pages->bytes + offset;
	cpu->end = size;
	return 0;
}

static int parse_chunks(struct cpu *cpu, struct reader *reader, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct chunk *chunk = &cpu->chunks[i];
		uint32_t sizes[2];

		if (!reader_number(reader, sizes, sizeof(sizes)) || !sizes[1] ||
		    sizes[1] > CHUNK_BYTES_MAX)
			return -EINVAL;
		chunk->bytes = reader_bytes(reader, sizes[0]);
		if (!chunk->bytes)
			return -EINVAL;
		chunk->size = sizes[0];
		chunk->unpacked = sizes[1];
		chunk->offset = cpu->end;
		cpu->end += sizes[1];
		cpu->nr_chunks++;
	}
	return 0;
}

int file_pages_add_packed(struct file_pages *pages, int nr, uint64_t offset,
			  uint64_t size)
{
	struct reader reader = reader_from(pages->bytes, pages->size, offset);
	struct cpu *cpu;
	uint32_t nr_chunks;

	if (!size)
		return 0;
	if (!reader_number(&reader, &nr_chunks, sizeof(nr_chunks)) ||
	    nr_chunks > (size_t)(reader.end - reader.at) / 8)
		return fail(pages, -EINVAL, "the data of cpu %d is broken", nr);
	cpu = add_cpu(pages, nr);
	if (!cpu)
		return -EINVAL;
	cpu->chunks = calloc((size_t)nr_chunks + 1, sizeof(*cpu->chunks));
	if (!cpu->chunks)
		return fail(pages, -ENOMEM, "%s", strerror(ENOMEM));
	if (parse_chunks(cpu, &reader, nr_chunks))
		return fail(pages, -EINVAL, "the data of cpu %d is broken", nr);
	return 0;
}
