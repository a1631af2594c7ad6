// SPDX-License-Identifier: GPL-2.0
// Bytes from the guest at once, bytes to it as far as it has room.
#include "virtio_console.h"

#include <string.h>

#define DEVICE_CONSOLE	3
#define QUEUE_RECEIVE	0
#define QUEUE_TRANSMIT	1
#define NR_QUEUES	2

/* What is read from guest memory at a time: it may change while it is written. */
#define CHUNK_BYTES	512

static struct virtio_console *console_of(struct virtio *virtio)
{
	return (struct virtio_console *)((char *)virtio - offsetof(struct virtio_console, virtio));
}

static void transmit(struct virtio *virtio)
{
	const struct virtio_console_backend *backend = &console_of(virtio)->backend;
	struct virtqueue_chain chain;
	uint8_t bytes[CHUNK_BYTES];

	while (virtio_pop(virtio, QUEUE_TRANSMIT, &chain)) {
		uint64_t offset = 0;
		size_t n;

		while (!*virtio->host.ended &&
		       (n = virtqueue_read(&chain, offset, bytes, sizeof(bytes)))) {
			backend->write(backend->context, bytes, n);
			offset += n;
		}
		virtio_push(virtio, QUEUE_TRANSMIT, &chain, 0);
	}
}

static void receive(struct virtio *virtio)
{
	const struct virtio_console_backend *backend = &console_of(virtio)->backend;
	struct virtqueue_chain chain;
	uint8_t byte;

	while (backend->read(backend->context, false, &byte) &&
	       virtio_pop(virtio, QUEUE_RECEIVE, &chain)) {
		uint32_t n = 0;

		while (n < chain.in_bytes && backend->read(backend->context, true, &byte))
			n += (uint32_t)virtqueue_write(&chain, n, &byte, 1);
		virtio_push(virtio, QUEUE_RECEIVE, &chain, n);
	}
}

static void serve(struct virtio *virtio, unsigned int number)
{
	if (number == QUEUE_TRANSMIT)
		transmit(virtio);
	/* There is room for input: see receive(), after each access. */
}

static const struct virtio_ops console_ops = {
	.id = DEVICE_CONSOLE,
	.nr_queues = NR_QUEUES,
	.serve = serve,
	.idle = receive,
};

void virtio_console_init(struct virtio_console *console,
			 const struct virtio_console_backend *backend,
			 const struct virtio_host *host, unsigned int input)
{
	memset(console, 0, sizeof(*console));
	console->backend = *backend;
	virtio_init(&console->virtio, &console_ops, host, input);
}
