// SPDX-License-Identifier: GPL-2.0
// Descriptors, the ring of what is available, the ring of what is used.
#include "virtqueue.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"

#define DESCRIPTOR_BYTES	16
#define DESCRIPTOR_NEXT		1
#define DESCRIPTOR_WRITE	2
#define DESCRIPTOR_FLAGS	3	/* others were not offered */

/* Both rings begin with flags and index, of 16 bits each. */
#define RING_FLAGS		0
#define RING_INDEX		2
#define RING_ENTRIES		4
#define AVAILABLE_BYTES		2
#define USED_BYTES		8
#define NO_INTERRUPT		1

/* x86 is little endian, as the queue. */
static uint16_t load16(const uint8_t *at)
{
	return __atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_ACQUIRE);
}

static void store16(uint8_t *at, uint16_t value)
{
	__atomic_store_n((uint16_t *)(void *)at, value, __ATOMIC_RELEASE);
}

/* Return: @bytes of guest memory at @gpa, a multiple of @align; or NULL. */
static uint8_t *part_at(const struct memory *memory, uint64_t gpa, uint64_t bytes,
			unsigned int align)
{
	return gpa % align ? NULL : memory_at(memory, gpa, bytes);
}

int virtqueue_start(struct virtqueue *queue, const struct memory *memory,
		    const struct virtqueue_place *place)
{
	uint32_t entries = place->entries;

	if (!entries || entries > VIRTQUEUE_ENTRIES_MAX || (entries & (entries - 1)))
		return -EINVAL;
	memset(queue, 0, sizeof(*queue));
	queue->memory = memory;
	queue->descriptors = part_at(memory, place->descriptors, entries * DESCRIPTOR_BYTES, 16);
	queue->available = part_at(memory, place->available,
				   RING_ENTRIES + entries * AVAILABLE_BYTES, 2);
	queue->used = part_at(memory, place->used, RING_ENTRIES + entries * USED_BYTES, 4);
	if (!queue->descriptors || !queue->available || !queue->used)
		return -EINVAL;
	queue->entries = (uint16_t)entries;
	return 0;
}

void virtqueue_stop(struct virtqueue *queue)
{
	queue->entries = 0;
}

/* Return: 0; -EINVAL it is not in RAM, or empty, or to be read behind one to be written. */
static int add_part(const struct virtqueue *queue, struct virtqueue_chain *chain, uint64_t gpa,
		    uint32_t len, bool is_in)
{
	uint8_t *base = len ? memory_at(queue->memory, gpa, len) : NULL;

	if (!base || (chain->nr_in && !is_in))
		return -EINVAL;
	chain->parts[chain->nr_out + chain->nr_in] = (struct iovec){ base, len };
	if (is_in) {
		chain->nr_in++;
		chain->in_bytes += len;
	} else {
		chain->nr_out++;
		chain->out_bytes += len;
	}
	return 0;
}

/* As many parts as there are entries: one that has more goes in a circle. */
static int read_chain(const struct virtqueue *queue, struct virtqueue_chain *chain)
{
	uint8_t descriptor[DESCRIPTOR_BYTES];
	uint16_t index = chain->head;
	uint16_t flags;

	for (unsigned int i = 0; i < queue->entries && index < queue->entries; i++) {
		memcpy(descriptor, queue->descriptors + (size_t)index * DESCRIPTOR_BYTES,
		       sizeof(descriptor));
		/* It is ours from here on, whatever is written to the original. */
		__asm__ volatile("" : : "r"(descriptor) : "memory");
		flags = bytes_get16(descriptor + 12);
		if ((flags & ~DESCRIPTOR_FLAGS) ||
		    add_part(queue, chain, bytes_get64(descriptor), bytes_get32(descriptor + 8),
			     flags & DESCRIPTOR_WRITE))
			return -EINVAL;
		if (!(flags & DESCRIPTOR_NEXT))
			return 1;
		index = bytes_get16(descriptor + 14);
	}
	return -EINVAL;
}

int virtqueue_pop(struct virtqueue *queue, struct virtqueue_chain *chain)
{
	uint16_t waiting;
	size_t slot;

	if (!queue->entries)
		return 0;
	waiting = (uint16_t)(load16(queue->available + RING_INDEX) - queue->next);
	if (!waiting)
		return 0;
	if (waiting > queue->entries)
		return -EINVAL;

	slot = queue->next % queue->entries;
	chain->head = load16(queue->available + RING_ENTRIES + slot * AVAILABLE_BYTES);
	chain->nr_out = 0;
	chain->nr_in = 0;
	chain->out_bytes = 0;
	chain->in_bytes = 0;
	queue->next++;
	return read_chain(queue, chain);
}

void virtqueue_push(struct virtqueue *queue, const struct virtqueue_chain *chain, uint32_t written)
{
	uint8_t *entry = queue->used + RING_ENTRIES +
			 (size_t)(queue->done % queue->entries) * USED_BYTES;

	bytes_put32(entry, chain->head);
	bytes_put32(entry + 4, written);
	queue->done++;
	store16(queue->used + RING_INDEX, queue->done);
}

bool virtqueue_wants_interrupt(const struct virtqueue *queue)
{
	/* The guest allows interrupts, then looks for what is used. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(load16(queue->available + RING_FLAGS) & NO_INTERRUPT);
}

/* Copy @len bytes from or to @nr parts, at @offset. Return: how many there were. */
static size_t copy(const struct iovec *parts, unsigned int nr, uint64_t offset, uint8_t *bytes,
		   size_t len, bool to_guest)
{
	size_t done = 0;

	for (unsigned int i = 0; i < nr && done < len; i++) {
		uint8_t *base = parts[i].iov_base;
		size_t n = parts[i].iov_len;

		if (offset >= n) {
			offset -= n;
			continue;
		}
		n -= offset;
		n = n < len - done ? n : len - done;
		if (to_guest)
			memcpy(base + offset, bytes + done, n);
		else
			memcpy(bytes + done, base + offset, n);
		done += n;
		offset = 0;
	}
	return done;
}

size_t virtqueue_read(const struct virtqueue_chain *chain, uint64_t offset, void *to, size_t len)
{
	return copy(chain->parts, chain->nr_out, offset, to, len, false);
}

size_t virtqueue_write(const struct virtqueue_chain *chain, uint64_t offset, const void *from,
		       size_t len)
{
	/* Only read, but copy() has one pointer for both. */
	return copy(chain->parts + chain->nr_out, chain->nr_in, offset, (uint8_t *)(uintptr_t)from,
		    len, true);
}
