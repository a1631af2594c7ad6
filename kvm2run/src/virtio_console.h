/* SPDX-License-Identifier: GPL-2.0 */
/* A virtio console (virtio 1.2, section 5.3): one port, Linux's hvc0. */
#ifndef KVM2RUN_VIRTIO_CONSOLE_H
#define KVM2RUN_VIRTIO_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio_mmio.h"

/* The other end, as of a serial port, see serial.h. */
struct virtio_console_backend {
	void (*write)(void *context, const uint8_t *data, size_t len);
	bool (*read)(void *context, bool take, uint8_t *byte);
	void *context;
};

struct virtio_console {
	struct virtio virtio;
	struct virtio_console_backend backend;
};

/* ports_poke() its range when the backend has got something to read. */
void virtio_console_init(struct virtio_console *console,
			 const struct virtio_console_backend *backend,
			 const struct virtio_host *host, unsigned int input);

#endif
