/* SPDX-License-Identifier: GPL-2.0 */
/* The ACPI tables: processors, interrupts, power off, virtio devices. */
#ifndef KVM2RUN_ACPI_H
#define KVM2RUN_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where they are; the first is the pointer to the others. */
#define ACPI_GPA		0xe0000
#define ACPI_BYTES		0x4000

/* Ports of power management; the control register is power.c's. */
#define ACPI_EVENT_PORT		0x600
#define ACPI_CONTROL_PORT	0x604
#define ACPI_TIMER_PORT		0x608
#define ACPI_TIMER_HZ		3579545ULL

#define ACPI_DEVICES_MAX	8

/* A virtio device: a page of memory and an edge triggered interrupt. */
struct acpi_device {
	uint64_t gpa;
	uint32_t bytes;
	uint32_t input;
};

/**
 * struct acpi_facts - the machine
 * @cpus:	0: processors without a local APIC, and no I/O APIC
 */
struct acpi_facts {
	unsigned int cpus;
	const struct acpi_device *devices;
	unsigned int nr_devices;
};

/**
 * acpi_write() - write all tables
 * @to:		ACPI_BYTES bytes, all zero, that the guest has at ACPI_GPA
 * Return: bytes used.
 */
size_t acpi_write(uint8_t *to, const struct acpi_facts *facts);

#endif
