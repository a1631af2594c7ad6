/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A split virtqueue in guest memory (virtio 1.2, section 2.7): the device's
 * side of it. The guest may write to all of it at any time, so each word is
 * read once and checked before it counts.
 */
#ifndef KVM2RUN_VIRTQUEUE_H
#define KVM2RUN_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "memory.h"

#define VIRTQUEUE_ENTRIES_MAX	128

/* Where the guest has put its parts. */
struct virtqueue_place {
	uint32_t entries;
	uint64_t descriptors;
	uint64_t available;
	uint64_t used;
};

/**
 * struct virtqueue - a queue that is in use
 * @entries:	0: it is not
 * @next:	what is taken next from @available
 * @done:	what has been put into @used
 */
struct virtqueue {
	const struct memory *memory;
	uint16_t entries;
	uint16_t next;
	uint16_t done;
	const uint8_t *descriptors;
	const uint8_t *available;
	uint8_t *used;
};

/**
 * struct virtqueue_chain - a request: memory to read, then memory to write
 * @parts:	@nr_out to read, then @nr_in to write, none empty, all within RAM
 */
struct virtqueue_chain {
	uint16_t head;
	unsigned int nr_out;
	unsigned int nr_in;
	uint64_t out_bytes;
	uint64_t in_bytes;
	struct iovec parts[VIRTQUEUE_ENTRIES_MAX];
};

/**
 * virtqueue_start() - take a queue into use
 * @memory:	borrowed
 * Return: 0; -EINVAL it is too long, no power of two, misaligned, or not
 * within RAM.
 */
int virtqueue_start(struct virtqueue *queue, const struct memory *memory,
		    const struct virtqueue_place *place);

void virtqueue_stop(struct virtqueue *queue);

/**
 * virtqueue_pop() - take the next request
 * Return: 1; 0 there is none; -EINVAL what is there is not a request, and the
 * queue cannot be used any more.
 */
int virtqueue_pop(struct virtqueue *queue, struct virtqueue_chain *chain);

/* It is done; @written: bytes of the memory to write. */
void virtqueue_push(struct virtqueue *queue, const struct virtqueue_chain *chain,
		    uint32_t written);

/* Does the guest want to hear of what was pushed? */
bool virtqueue_wants_interrupt(const struct virtqueue *queue);

/*
 * Copy from the memory to read, at @offset in it, or to the memory to write.
 * Return: bytes copied, less than @len at the end.
 */
size_t virtqueue_read(const struct virtqueue_chain *chain, uint64_t offset, void *to, size_t len);
size_t virtqueue_write(const struct virtqueue_chain *chain, uint64_t offset, const void *from,
		       size_t len);

#endif
