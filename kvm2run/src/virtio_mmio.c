// SPDX-License-Identifier: GPL-2.0
// Registers, the device's status, and its interrupt.
#include "virtio_mmio.h"

#include <string.h>

#define MAGIC			0x74726976	/* "virt" */
#define VERSION			2
#define VENDOR			0x324d564b	/* "KVM2" */

#define REG_MAGIC		0x000
#define REG_VERSION		0x004
#define REG_DEVICE		0x008
#define REG_VENDOR		0x00c
#define REG_FEATURES		0x010
#define REG_FEATURES_HALF	0x014
#define REG_DRIVER		0x020
#define REG_DRIVER_HALF		0x024
#define REG_QUEUE		0x030
#define REG_QUEUE_MAX		0x034
#define REG_QUEUE_ENTRIES	0x038
#define REG_QUEUE_READY		0x044
#define REG_NOTIFY		0x050
#define REG_INTERRUPT		0x060
#define REG_INTERRUPT_ACK	0x064
#define REG_STATUS		0x070
#define REG_QUEUE_DESC		0x080
#define REG_QUEUE_DRIVER	0x090
#define REG_QUEUE_DEVICE	0x0a0
#define REG_SHM_LEN		0x0b0
#define REG_SHM_LEN_HIGH	0x0b4
#define REG_SHM_BASE		0x0b8
#define REG_SHM_BASE_HIGH	0x0bc
#define REG_CONFIG		0x100

#define STATUS_DRIVER_OK	0x04
#define STATUS_FEATURES_OK	0x08
#define STATUS_NEEDS_RESET	0x40
#define STATUS_FAILED		0x80
#define STATUS_DRIVER		0x8f	/* what the driver may set */

#define INTERRUPT_QUEUE		1
#define INTERRUPT_CONFIG	2

#define FEATURE_VERSION_1	(1ULL << 32)

void virtio_init(struct virtio *virtio, const struct virtio_ops *ops,
		 const struct virtio_host *host, unsigned int input)
{
	virtio->ops = ops;
	virtio->host = *host;
	virtio->input = input;
	virtio->features |= FEATURE_VERSION_1;
	virtio->features_half = 0;
	virtio->driver_half = 0;
	virtio->driver_features = 0;
	virtio->status = 0;
	virtio->pending = 0;
	virtio->selected = 0;
	memset(virtio->places, 0, sizeof(virtio->places));
	memset(virtio->queues, 0, sizeof(virtio->queues));
}

/* ---- the interrupt: edge triggered, so a new one is a new edge ---- */

static void set_line(const struct virtio *virtio, bool high)
{
	virtio->host.interrupt(virtio->host.context, virtio->input, high);
}

static void raise_interrupt(struct virtio *virtio, uint32_t what)
{
	if (virtio->pending)
		set_line(virtio, false);
	virtio->pending |= what;
	set_line(virtio, true);
}

static void acknowledge(struct virtio *virtio, uint32_t what)
{
	if (!virtio->pending)
		return;
	virtio->pending &= ~what;
	if (!virtio->pending)
		set_line(virtio, false);
}

/* ---- queues ---- */

void virtio_break(struct virtio *virtio)
{
	if (virtio->status & STATUS_NEEDS_RESET)
		return;
	virtio->status |= STATUS_NEEDS_RESET;
	if (virtio->status & STATUS_DRIVER_OK)
		raise_interrupt(virtio, INTERRUPT_CONFIG);
}

static bool is_in_use(const struct virtio *virtio)
{
	return (virtio->status & (STATUS_DRIVER_OK | STATUS_NEEDS_RESET | STATUS_FAILED)) ==
	       STATUS_DRIVER_OK;
}

bool virtio_pop(struct virtio *virtio, unsigned int number, struct virtqueue_chain *chain)
{
	int r;

	/* The guest could add requests as fast as they are served. */
	if (!is_in_use(virtio) || *virtio->host.ended)
		return false;
	r = virtqueue_pop(&virtio->queues[number], chain);
	if (r < 0)
		virtio_break(virtio);
	return r > 0;
}

void virtio_push(struct virtio *virtio, unsigned int number, const struct virtqueue_chain *chain,
		 uint32_t written)
{
	struct virtqueue *queue = &virtio->queues[number];

	virtqueue_push(queue, chain, written);
	if (virtqueue_wants_interrupt(queue))
		raise_interrupt(virtio, INTERRUPT_QUEUE);
}

static void set_ready(struct virtio *virtio, bool ready)
{
	struct virtqueue *queue = &virtio->queues[virtio->selected];

	if (!ready)
		virtqueue_stop(queue);
	else if (!queue->entries && virtqueue_start(queue, virtio->host.memory,
						    &virtio->places[virtio->selected]))
		virtio_break(virtio);
}

/* ---- status ---- */

static void reset(struct virtio *virtio)
{
	acknowledge(virtio, ~0U);
	virtio_init(virtio, virtio->ops, &virtio->host, virtio->input);
}

/* The driver only adds bits; what it asks for must have been offered. */
static void write_status(struct virtio *virtio, uint32_t value)
{
	if (!value) {
		reset(virtio);
		return;
	}
	value &= STATUS_DRIVER;
	if (!(virtio->status & STATUS_FEATURES_OK) &&
	    (!(virtio->driver_features & FEATURE_VERSION_1) ||
	     (virtio->driver_features & ~virtio->features)))
		value &= ~(uint32_t)(STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	virtio->status |= value;
}

/* ---- registers ---- */

static void set_half(uint64_t *whole, bool upper, uint32_t value)
{
	*whole = upper ? (*whole & 0xffffffffULL) | (uint64_t)value << 32 :
			 (*whole & ~0xffffffffULL) | value;
}

/* The registers of the selected queue, as long as it is not in use. */
static void write_place(struct virtio *virtio, uint16_t offset, uint32_t value)
{
	struct virtqueue_place *place = &virtio->places[virtio->selected];
	bool upper = offset & 4;

	if (virtio->queues[virtio->selected].entries)
		return;
	switch (offset) {
	case REG_QUEUE_ENTRIES:
		place->entries = value;
		break;
	case REG_QUEUE_DESC:
	case REG_QUEUE_DESC + 4:
		set_half(&place->descriptors, upper, value);
		break;
	case REG_QUEUE_DRIVER:
	case REG_QUEUE_DRIVER + 4:
		set_half(&place->available, upper, value);
		break;
	case REG_QUEUE_DEVICE:
	case REG_QUEUE_DEVICE + 4:
		set_half(&place->used, upper, value);
		break;
	}
}

static void write_register(struct virtio *virtio, uint16_t offset, uint32_t value)
{
	switch (offset) {
	case REG_FEATURES_HALF:
		virtio->features_half = value;
		return;
	case REG_DRIVER_HALF:
		virtio->driver_half = value;
		return;
	case REG_DRIVER:
		if (!(virtio->status & STATUS_FEATURES_OK) && virtio->driver_half < 2)
			set_half(&virtio->driver_features, virtio->driver_half, value);
		return;
	case REG_QUEUE:
		virtio->selected = value;
		return;
	case REG_NOTIFY:
		if (value < virtio->ops->nr_queues)
			virtio->ops->serve(virtio, value);
		return;
	case REG_INTERRUPT_ACK:
		acknowledge(virtio, value);
		return;
	case REG_STATUS:
		write_status(virtio, value);
		return;
	}
	if (virtio->selected >= virtio->ops->nr_queues)
		return;
	if (offset == REG_QUEUE_READY)
		set_ready(virtio, value & 1);
	else
		write_place(virtio, offset, value);
}

static uint32_t read_register(const struct virtio *virtio, uint16_t offset)
{
	bool has_queue = virtio->selected < virtio->ops->nr_queues;

	switch (offset) {
	case REG_MAGIC:
		return MAGIC;
	case REG_VERSION:
		return VERSION;
	case REG_DEVICE:
		return virtio->ops->id;
	case REG_VENDOR:
		return VENDOR;
	case REG_FEATURES:
		return virtio->features_half < 2 ?
		       (uint32_t)(virtio->features >> 32 * virtio->features_half) : 0;
	case REG_QUEUE_MAX:
		return has_queue ? VIRTQUEUE_ENTRIES_MAX : 0;
	case REG_QUEUE_READY:
		return has_queue && virtio->queues[virtio->selected].entries;
	case REG_INTERRUPT:
		return virtio->pending;
	case REG_STATUS:
		return virtio->status;
	case REG_SHM_LEN:
	case REG_SHM_LEN_HIGH:
	case REG_SHM_BASE:
	case REG_SHM_BASE_HIGH:
		return ~0U;	/* there is no shared memory */
	}
	return 0;
}

static uint32_t read_config(const struct virtio *virtio, size_t offset, unsigned int width)
{
	uint32_t value = 0;

	if (offset < virtio->config_bytes && width <= virtio->config_bytes - offset)
		memcpy(&value, virtio->config + offset, width);
	return value;
}

static uint32_t read_mmio(void *device, uint16_t offset, unsigned int width)
{
	if (offset >= REG_CONFIG)
		return read_config(device, offset - REG_CONFIG, width);
	return width == 4 ? read_register(device, offset) : 0;
}

static void write_mmio(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	if (offset < REG_CONFIG && width == 4)
		write_register(device, offset, value);
}

static void done(void *device)
{
	struct virtio *virtio = device;

	if (virtio->ops->idle)
		virtio->ops->idle(virtio);
}

const struct port_ops virtio_mmio_ops = {
	.widths = 1 | 2 | 4,
	.read = read_mmio,
	.write = write_mmio,
	.done = done,
};
