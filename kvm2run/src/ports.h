/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The I/O ports of the machine, or its memory addresses: ranges, each given
 * to a device. Ports of no range read as all ones, and writes to them are
 * lost, as on an ISA bus.
 */
#ifndef KVM2RUN_PORTS_H
#define KVM2RUN_PORTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct port_ops - what a device does with its ports
 * @widths:	accesses that it takes whole: 1, 2 and 4 or-ed together; a
 *		wider one reaches it, and its neighbours, byte by byte
 * @read:	NULL: all ones
 * @write:	NULL: ignored
 * @done:	after the last access of a guest exit, or NULL
 *
 * Calls for one range never overlap, whatever vcpus they come from.
 */
struct port_ops {
	unsigned int widths;
	uint32_t (*read)(void *device, uint16_t offset, unsigned int width);
	void (*write)(void *device, uint16_t offset, unsigned int width, uint32_t value);
	void (*done)(void *device);
};

#define PORTS_MAX 32

struct port_range {
	uint64_t base;
	uint32_t len;
	const struct port_ops *ops;
	void *device;
	pthread_mutex_t lock;
};

struct ports {
	struct port_range ranges[PORTS_MAX];
	unsigned int nr;
};

void ports_init(struct ports *ports);
void ports_fini(struct ports *ports);

/**
 * ports_add() - give a range to a device; before the guest runs
 * @len:	at most 0x10000
 * @device:	borrowed, until ports_fini()
 * Return: 0; -EEXIST part of the range is taken; -ENOSPC the table is full.
 */
int ports_add(struct ports *ports, uint64_t base, uint32_t len, const struct port_ops *ops,
	      void *device);

/**
 * ports_access() - carry out one exit: one access, or several of a string
 * @width:	bytes per access: 1 to 8
 * @count:	accesses, all to the same port
 * @data:	@width * @count bytes: read from, or filled in
 * Context: any vcpu thread.
 */
void ports_access(struct ports *ports, uint64_t port, unsigned int width, uint32_t count,
		  bool is_write, uint8_t *data);

/* Let the device at @port call @done, as after an access. Any thread. */
void ports_poke(struct ports *ports, uint64_t port);

#endif
