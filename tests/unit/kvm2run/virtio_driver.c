// SPDX-License-Identifier: GPL-2.0
// A guest's driver of one virtio device, for tests.
#include "virtio_driver.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bytes.h"

#define QUEUE_STEP	0x1000
#define DESCRIPTOR	16

static void interrupt(void *context, unsigned int input, bool high)
{
	struct driver *driver = context;

	if (input != DRIVER_INPUT)
		abort();
	driver->rises += high && !driver->line;
	driver->line = high;
}

void driver_init(struct driver *driver)
{
	struct failure failure;

	memset(driver, 0, sizeof(*driver));
	layout_init(&driver->layout, DRIVER_RAM_BYTES);
	if (memory_init(&driver->memory, &driver->layout, &failure))
		abort();
	driver->host = (struct virtio_host){
		.memory = &driver->memory,
		.ended = &driver->ended,
		.interrupt = interrupt,
		.context = driver,
	};
}

void driver_fini(struct driver *driver)
{
	munmap(driver->memory.base, driver->memory.bytes);
}

uint32_t driver_get(const struct driver *driver, uint16_t reg)
{
	return virtio_mmio_ops.read(driver->virtio, reg, 4);
}

void driver_set(const struct driver *driver, uint16_t reg, uint32_t value)
{
	virtio_mmio_ops.write(driver->virtio, reg, 4, value);
	virtio_mmio_ops.done(driver->virtio);
}

uint8_t *driver_at(const struct driver *driver, uint64_t gpa)
{
	return memory_at(&driver->memory, gpa, 1);
}

void driver_start(struct driver *driver, struct virtio *virtio, uint32_t entries)
{
	driver->virtio = virtio;
	driver_set(driver, 0x70, 0);
	driver_set(driver, 0x70, 3);
	for (uint32_t half = 0; half < 2; half++) {
		driver_set(driver, 0x14, half);
		driver_set(driver, 0x24, half);
		driver_set(driver, 0x20, driver_get(driver, 0x10));
	}
	driver_set(driver, 0x70, 0xb);
	for (unsigned int queue = 0; queue < virtio->ops->nr_queues; queue++) {
		driver_set(driver, 0x30, queue);
		driver_set(driver, 0x38, entries);
		driver_set(driver, 0x80, DRIVER_DESCRIPTORS + queue * QUEUE_STEP);
		driver_set(driver, 0x90, DRIVER_AVAILABLE + queue * QUEUE_STEP);
		driver_set(driver, 0xa0, DRIVER_USED + queue * QUEUE_STEP);
		driver_set(driver, 0x44, 1);
		driver->available[queue] = 0;
	}
	driver_set(driver, 0x70, 0xf);
	driver->rises = 0;
}

static uint8_t *part(const struct driver *driver, uint64_t base, unsigned int queue)
{
	return driver_at(driver, base + queue * QUEUE_STEP);
}

void driver_describe(const struct driver *driver, unsigned int queue, unsigned int index,
		     uint64_t gpa, uint32_t len, uint16_t flags, uint16_t next)
{
	uint8_t *at = part(driver, DRIVER_DESCRIPTORS, queue) + (size_t)index * DESCRIPTOR;

	bytes_put64(at, gpa);
	bytes_put32(at + 8, len);
	bytes_put32(at + 12, flags | (uint32_t)next << 16);
}

void driver_offer(struct driver *driver, unsigned int queue, uint16_t head)
{
	uint8_t *ring = part(driver, DRIVER_AVAILABLE, queue);
	uint16_t entries = driver->virtio->queues[queue].entries;
	uint16_t slot = entries ? driver->available[queue] % entries : 0;

	memcpy(ring + 4 + 2 * slot, &head, 2);
	driver->available[queue]++;
	memcpy(ring + 2, &driver->available[queue], 2);
}

void driver_notify(const struct driver *driver, unsigned int queue)
{
	driver_set(driver, 0x50, queue);
}

uint16_t driver_used(const struct driver *driver, unsigned int queue)
{
	return bytes_get16(part(driver, DRIVER_USED, queue) + 2);
}

uint32_t driver_used_bytes(const struct driver *driver, unsigned int queue, unsigned int slot)
{
	return bytes_get32(part(driver, DRIVER_USED, queue) + 4 + 8 * slot + 4);
}
