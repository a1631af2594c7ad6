/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio device's registers in memory (virtio 1.2, section 4.2): what all
 * devices have in common. A device is asked to look at its queues, and pops
 * and pushes.
 */
#ifndef KVM2RUN_VIRTIO_MMIO_H
#define KVM2RUN_VIRTIO_MMIO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "ports.h"
#include "virtqueue.h"

#define VIRTIO_BYTES		0x1000
#define VIRTIO_QUEUES_MAX	2

struct virtio;

/**
 * struct virtio_ops - what makes a device of it
 * @id:		of the kind of device, virtio 1.2 section 5
 * @serve:	look at queue @number, which the guest says has something new
 * @idle:	after each access, and ports_poke(); or NULL
 */
struct virtio_ops {
	uint32_t id;
	unsigned int nr_queues;
	void (*serve)(struct virtio *virtio, unsigned int number);
	void (*idle)(struct virtio *virtio);
};

/* The machine, as a device sees it. */
struct virtio_host {
	const struct memory *memory;
	const atomic_bool *ended;	/* the guest does not run any more */
	void (*interrupt)(void *context, unsigned int input, bool high);
	void *context;
};

/**
 * struct virtio - a device
 * @features:	offered; VIRTIO_F_VERSION_1 always is
 * @config:	what the guest reads as the device's own registers; borrowed
 * @status:	as the guest set it, and NEEDS_RESET
 * @pending:	interrupts that are not acknowledged
 */
struct virtio {
	const struct virtio_ops *ops;
	struct virtio_host host;
	unsigned int input;
	uint64_t features;
	const uint8_t *config;
	size_t config_bytes;
	uint32_t features_half;
	uint32_t driver_half;
	uint64_t driver_features;
	uint32_t status;
	uint32_t pending;
	uint32_t selected;
	struct virtqueue_place places[VIRTIO_QUEUES_MAX];
	struct virtqueue queues[VIRTIO_QUEUES_MAX];
};

/* Its registers; the device is the struct virtio. */
extern const struct port_ops virtio_mmio_ops;

/* @virtio: features, config and config_bytes are set, the rest is overwritten */
void virtio_init(struct virtio *virtio, const struct virtio_ops *ops,
		 const struct virtio_host *host, unsigned int input);

/* ---- for serve() and idle() ---- */

/*
 * Return: there is a request, and the device is in use. What is no request
 * ends that use until the guest resets the device.
 */
bool virtio_pop(struct virtio *virtio, unsigned int number, struct virtqueue_chain *chain);

/* It is done, and the guest is interrupted if it wants to be. */
void virtio_push(struct virtio *virtio, unsigned int number, const struct virtqueue_chain *chain,
		 uint32_t written);

/* The guest has broken the rules: until it resets the device nothing is done. */
void virtio_break(struct virtio *virtio);

#endif
