/* SPDX-License-Identifier: GPL-2.0 */
/* A guest's driver of one virtio device, for tests: honest unless told otherwise. */
#ifndef VIRTIO_DRIVER_H
#define VIRTIO_DRIVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kvm2run/src/layout.h"
#include "kvm2run/src/memory.h"
#include "kvm2run/src/virtio_mmio.h"

#define DRIVER_RAM_BYTES	(2ULL << 20)
#define DRIVER_INPUT		5

#define DRIVER_OUT		0
#define DRIVER_NEXT		1
#define DRIVER_IN		2

/* Where queue 0 is in the guest; queue 1 is 0x1000 further. Free memory begins at DRIVER_DATA. */
#define DRIVER_DESCRIPTORS	0x10000
#define DRIVER_AVAILABLE	0x10800
#define DRIVER_USED		0x10c00
#define DRIVER_DATA		0x20000

struct driver {
	struct layout layout;
	struct memory memory;
	atomic_bool ended;
	struct virtio_host host;
	struct virtio *virtio;
	bool line;
	unsigned int rises;
	uint16_t available[VIRTIO_QUEUES_MAX];
};

/* What the device needs to be made with. Guest memory is all zeros. */
void driver_init(struct driver *driver);
void driver_fini(struct driver *driver);

uint32_t driver_get(const struct driver *driver, uint16_t reg);
void driver_set(const struct driver *driver, uint16_t reg, uint32_t value);

/* Bring @virtio into use with all its features and queues of @entries. */
void driver_start(struct driver *driver, struct virtio *virtio, uint32_t entries);

/* Guest memory. */
uint8_t *driver_at(const struct driver *driver, uint64_t gpa);

void driver_describe(const struct driver *driver, unsigned int queue, unsigned int index,
		     uint64_t gpa, uint32_t len, uint16_t flags, uint16_t next);

/* Make descriptor @head available, without telling the device. */
void driver_offer(struct driver *driver, unsigned int queue, uint16_t head);
void driver_notify(const struct driver *driver, unsigned int queue);

/* What the device has put into the ring of used ones. */
uint16_t driver_used(const struct driver *driver, unsigned int queue);
uint32_t driver_used_bytes(const struct driver *driver, unsigned int queue, unsigned int slot);

#endif
