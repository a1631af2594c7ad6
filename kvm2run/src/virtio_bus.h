/* SPDX-License-Identifier: GPL-2.0 */
/* The virtio devices of the machine: where they are, and what they are. */
#ifndef KVM2RUN_VIRTIO_BUS_H
#define KVM2RUN_VIRTIO_BUS_H

#include <stdbool.h>

#include "acpi.h"
#include "failure.h"
#include "options.h"
#include "ports.h"
#include "virtio_block.h"
#include "virtio_console.h"

#define VIRTIO_BUS_GPA	0xd0000000ULL

/**
 * struct virtio_bus - the devices
 * @devices:	all of them: first the console, if there is one, then the disks
 * @places:	of @devices, for firmware tables and Linux
 */
struct virtio_bus {
	struct virtio_console console;
	bool has_console;
	struct virtio_block disks[OPTIONS_DISKS_MAX];
	unsigned int nr_disks;
	struct virtio *devices[ACPI_DEVICES_MAX];
	struct acpi_device places[ACPI_DEVICES_MAX];
	unsigned int nr_devices;
};

/**
 * virtio_bus_init() - make the devices of the command line
 * @bus:	all zeros; for virtio_bus_fini(), also after an error
 * Return: 0, or a negative errno with @failure set.
 */
int virtio_bus_init(struct virtio_bus *bus, const struct options *options,
		    const struct virtio_host *host, const struct virtio_console_backend *backend,
		    struct failure *failure);
void virtio_bus_fini(struct virtio_bus *bus);

/* Give them their addresses. Return: 0 or a negative errno of ports_add(). */
int virtio_bus_add(struct virtio_bus *bus, struct ports *memory);

/* The console's backend has got something to read. Any thread. */
void virtio_bus_input(const struct virtio_bus *bus, struct ports *memory);

#endif
