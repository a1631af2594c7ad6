// SPDX-License-Identifier: GPL-2.0
// Dispatch of I/O port accesses to devices.
#include "ports.h"

#include <errno.h>
#include <string.h>

void ports_init(struct ports *ports)
{
	memset(ports, 0, sizeof(*ports));
}

void ports_fini(struct ports *ports)
{
	while (ports->nr)
		pthread_mutex_destroy(&ports->ranges[--ports->nr].lock);
}

static struct port_range *find_range(struct ports *ports, uint64_t port)
{
	for (unsigned int i = 0; i < ports->nr; i++) {
		struct port_range *range = &ports->ranges[i];

		if (port >= range->base && port - range->base < range->len)
			return range;
	}
	return NULL;
}

int ports_add(struct ports *ports, uint64_t base, uint32_t len, const struct port_ops *ops,
	      void *device)
{
	struct port_range *range;

	for (unsigned int i = 0; i < ports->nr; i++) {
		const struct port_range *other = &ports->ranges[i];

		if (base < other->base + other->len && other->base < base + len)
			return -EEXIST;
	}
	if (ports->nr == PORTS_MAX)
		return -ENOSPC;

	range = &ports->ranges[ports->nr++];
	range->base = base;
	range->len = len;
	range->ops = ops;
	range->device = device;
	pthread_mutex_init(&range->lock, NULL);
	return 0;
}

static uint32_t get_value(const uint8_t *data, unsigned int width)
{
	uint32_t value = 0;

	memcpy(&value, data, width);
	return value;
}

/* One access that @range takes whole. Its lock is held. */
static void access_range(struct port_range *range, uint64_t port, unsigned int width,
			 bool is_write, uint8_t *data)
{
	uint16_t offset = (uint16_t)(port - range->base);
	uint32_t value;

	if (is_write) {
		if (range->ops->write)
			range->ops->write(range->device, offset, width,
					  get_value(data, width));
		return;
	}
	value = range->ops->read ? range->ops->read(range->device, offset, width) : ~0U;
	memcpy(data, &value, width);
}

static void finish(struct port_range *range)
{
	if (range->ops->done)
		range->ops->done(range->device);
	pthread_mutex_unlock(&range->lock);
}

/* A wide access as the bus splits it for devices of 8 bits. */
static void access_bytes(struct ports *ports, uint64_t port, unsigned int width,
			 bool is_write, uint8_t *data)
{
	for (unsigned int i = 0; i < width; i++) {
		struct port_range *range = find_range(ports, port + i);

		if (!range) {
			if (!is_write)
				data[i] = 0xff;
			continue;
		}
		pthread_mutex_lock(&range->lock);
		access_range(range, port + i, 1, is_write, data + i);
		finish(range);
	}
}

void ports_access(struct ports *ports, uint64_t port, unsigned int width, uint32_t count,
		  bool is_write, uint8_t *data)
{
	struct port_range *range = find_range(ports, port);

	if (!range && width == 1) {
		if (!is_write)
			memset(data, 0xff, count);
	} else if (range && (range->ops->widths & width) && port + width <= range->base + range->len) {
		pthread_mutex_lock(&range->lock);
		for (uint32_t i = 0; i < count; i++)
			access_range(range, port, width, is_write, data + (size_t)i * width);
		finish(range);
	} else {
		for (uint32_t i = 0; i < count; i++)
			access_bytes(ports, port, width, is_write, data + (size_t)i * width);
	}
}

void ports_poke(struct ports *ports, uint64_t port)
{
	struct port_range *range = find_range(ports, port);

	if (!range)
		return;
	pthread_mutex_lock(&range->lock);
	finish(range);
}
