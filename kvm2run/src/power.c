// SPDX-License-Identifier: GPL-2.0
// Exit status, reset and power off, at the ports where QEMU's PC has them.
#include "power.h"

#include <stddef.h>
#include <time.h>

#include "acpi.h"

static void end(struct power *power, enum ending_kind kind, uint32_t value)
{
	power->end(power->context, (struct ending){ kind, value });
}

static uint32_t read_zero(void *device, uint16_t offset, unsigned int width)
{
	(void)device;
	(void)offset;
	(void)width;
	return 0;
}

/* QEMU's isa-debug-exit: writing V ends the program with status V << 1 | 1. */
static void write_exit(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	(void)offset;
	(void)width;
	end(device, ENDING_EXIT_PORT, value << 1 | 1);
}

static const struct port_ops exit_ops = {
	.widths = 1 | 2 | 4,
	.read = read_zero,
	.write = write_exit,
};

/* Keyboard controller: nothing to read, ready for commands. */
#define KEYBOARD_PULSE_RESET 0xfe

static void write_keyboard(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	(void)offset;
	(void)width;
	if (value == KEYBOARD_PULSE_RESET)
		end(device, ENDING_RESET, 0);
}

static const struct port_ops keyboard_data_ops = {
	.widths = 1,
	.read = read_zero,
};

static const struct port_ops keyboard_ops = {
	.widths = 1,
	.read = read_zero,
	.write = write_keyboard,
};

/* System control port A: the A20 gate is always open. */
#define CONTROL_A_RESET	0x01
#define CONTROL_A_A20	0x02

static uint32_t read_control_a(void *device, uint16_t offset, unsigned int width)
{
	(void)device;
	(void)offset;
	(void)width;
	return CONTROL_A_A20;
}

static void write_control_a(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	(void)offset;
	(void)width;
	if (value & CONTROL_A_RESET)
		end(device, ENDING_RESET, 0);
}

static const struct port_ops control_a_ops = {
	.widths = 1,
	.read = read_control_a,
	.write = write_control_a,
};

/*
 * The chipset's reset control register, a byte within PCI's configuration
 * address, which is written as a whole and of which there is nothing else.
 */
#define PCI_ADDRESS	0xcf8
#define RESET_OFFSET	1
#define RESET_CPU	0x04

static uint32_t read_reset(void *device, uint16_t offset, unsigned int width)
{
	(void)device;
	return offset == RESET_OFFSET && width == 1 ? 0 : ~0U;
}

static void write_reset(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	if (offset == RESET_OFFSET && width == 1 && (value & RESET_CPU))
		end(device, ENDING_RESET, 0);
}

static const struct port_ops reset_ops = {
	.widths = 1 | 4,
	.read = read_reset,
	.write = write_reset,
};

/* ACPI PM1a control: sleep type 0 with "sleep enable" is S5 on QEMU's PC. */
#define SCI_ENABLE	(1U << 0)	/* ACPI is in charge, not firmware */
#define SLEEP_ENABLE	(1U << 13)
#define SLEEP_TYPE	(7U << 10)

static void write_sleep(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	(void)offset;
	(void)width;
	if ((value & SLEEP_ENABLE) && !(value & SLEEP_TYPE))
		end(device, ENDING_POWER_OFF, 0);
}

static uint32_t read_sleep(void *device, uint16_t offset, unsigned int width)
{
	(void)device;
	(void)offset;
	(void)width;
	return SCI_ENABLE;
}

/* PM1a status and enable: no event ever comes. */
static const struct port_ops event_ops = {
	.widths = 1 | 2 | 4,
	.read = read_zero,
};

static uint32_t read_timer(void *device, uint16_t offset, unsigned int width)
{
	struct timespec now;

	(void)device;
	(void)offset;
	(void)width;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * ACPI_TIMER_HZ +
			  (uint64_t)now.tv_nsec * ACPI_TIMER_HZ / 1000000000);
}

static const struct port_ops timer_ops = {
	.widths = 4,
	.read = read_timer,
};

static const struct port_ops sleep_ops = {
	.widths = 2,
	.read = read_sleep,
	.write = write_sleep,
};

static const struct power_ports {
	uint16_t base;
	uint16_t len;
	const struct port_ops *ops;
} power_ports[] = {
	{ 0x60, 1, &keyboard_data_ops },
	{ 0x64, 1, &keyboard_ops },
	{ 0x92, 1, &control_a_ops },
	{ 0xf4, 4, &exit_ops },
	{ ACPI_EVENT_PORT, 4, &event_ops },
	{ ACPI_CONTROL_PORT, 2, &sleep_ops },	/* as QEMU's q35 */
	{ ACPI_TIMER_PORT, 4, &timer_ops },
	{ 0xb004, 2, &sleep_ops },	/* QEMU's pc */
	{ PCI_ADDRESS, 4, &reset_ops },
};

int power_add_ports(struct power *power, struct ports *ports)
{
	for (size_t i = 0; i < sizeof(power_ports) / sizeof(power_ports[0]); i++) {
		const struct power_ports *p = &power_ports[i];
		int err = ports_add(ports, p->base, p->len, p->ops, power);

		if (err)
			return err;
	}
	return 0;
}
