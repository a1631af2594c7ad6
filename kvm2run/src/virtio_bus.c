// SPDX-License-Identifier: GPL-2.0
// A page and an interrupt for each device.
#include "virtio_bus.h"

/* Inputs of a PC's interrupt controllers that nothing else here has. */
static const unsigned int inputs[ACPI_DEVICES_MAX] = { 5, 6, 7, 10, 11, 12, 14, 15 };

_Static_assert(OPTIONS_DISKS_MAX + 1 <= ACPI_DEVICES_MAX, "a place for each device");

static unsigned int next_input(const struct virtio_bus *bus)
{
	return inputs[bus->nr_devices];
}

static void add(struct virtio_bus *bus, struct virtio *virtio)
{
	bus->places[bus->nr_devices] = (struct acpi_device){
		.gpa = VIRTIO_BUS_GPA + bus->nr_devices * VIRTIO_BYTES,
		.bytes = VIRTIO_BYTES,
		.input = next_input(bus),
	};
	bus->devices[bus->nr_devices++] = virtio;
}

int virtio_bus_init(struct virtio_bus *bus, const struct options *options,
		    const struct virtio_host *host, const struct virtio_console_backend *backend,
		    struct failure *failure)
{
	int err = 0;

	if (options->virtio_console) {
		virtio_console_init(&bus->console, backend, host, next_input(bus));
		bus->has_console = true;
		add(bus, &bus->console.virtio);
	}
	while (!err && bus->nr_disks < options->nr_disks) {
		struct virtio_block *disk = &bus->disks[bus->nr_disks];

		err = virtio_block_init(disk, options->disks[bus->nr_disks], bus->nr_disks, host,
					next_input(bus), failure);
		bus->nr_disks++;
		if (!err)
			add(bus, &disk->virtio);
	}
	return err;
}

void virtio_bus_fini(struct virtio_bus *bus)
{
	while (bus->nr_disks)
		virtio_block_fini(&bus->disks[--bus->nr_disks]);
	bus->nr_devices = 0;
}

int virtio_bus_add(struct virtio_bus *bus, struct ports *memory)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < bus->nr_devices; i++)
		err = ports_add(memory, bus->places[i].gpa, bus->places[i].bytes, &virtio_mmio_ops,
				bus->devices[i]);
	return err;
}

void virtio_bus_input(const struct virtio_bus *bus, struct ports *memory)
{
	if (bus->has_console)
		ports_poke(memory, bus->places[0].gpa);
}
