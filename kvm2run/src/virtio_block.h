/* SPDX-License-Identifier: GPL-2.0 */
/* A virtio disk (virtio 1.2, section 5.2) on a file or a block device. */
#ifndef KVM2RUN_VIRTIO_BLOCK_H
#define KVM2RUN_VIRTIO_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "virtio_mmio.h"

#define VIRTIO_BLOCK_CONFIG_BYTES	24

/* What one request may move; the guest is told limits that keep it below. */
#define VIRTIO_BLOCK_PART_BYTES		(32 << 10)
#define VIRTIO_BLOCK_REQUEST_BYTES	(VIRTQUEUE_ENTRIES_MAX * VIRTIO_BLOCK_PART_BYTES)

struct virtio_block {
	struct virtio virtio;
	int fd;
	bool readonly;
	unsigned int number;
	uint64_t sectors;
	uint8_t config[VIRTIO_BLOCK_CONFIG_BYTES];
};

/**
 * virtio_block_init() - open a disk
 * @block:	for virtio_block_fini(), also after an error
 * @path:	"FILE", or "FILE,readonly"
 * @number:	from 0 on; the guest reads it in the disk's serial number
 * Return: 0, or a negative errno with @failure set.
 */
int virtio_block_init(struct virtio_block *block, const char *path, unsigned int number,
		      const struct virtio_host *host, unsigned int input, struct failure *failure);

void virtio_block_fini(struct virtio_block *block);

#endif
