// SPDX-License-Identifier: GPL-2.0
// ACPI 6.4: tables in chapter 5, the byte code of the DSDT in chapter 20.
#include "acpi.h"

#include <string.h>

#include "bytes.h"
#include "chipset.h"

#define LAPIC_GPA		0xfee00000U
#define HEADER_BYTES		36
#define ALIGN			16

/* What is put together from the start of ACPI_GPA on. */
struct out {
	uint8_t *base;
	size_t used;
};

static uint8_t checksum(const uint8_t *bytes, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return (uint8_t)-sum;
}

static void put8(struct out *out, unsigned int value)
{
	out->base[out->used++] = (uint8_t)value;
}

static void put16(struct out *out, unsigned int value)
{
	put8(out, value);
	put8(out, value >> 8);
}

static void put32(struct out *out, uint32_t value)
{
	bytes_put32(out->base + out->used, value);
	out->used += 4;
}

static void put_text(struct out *out, const char *text)
{
	memcpy(out->base + out->used, text, strlen(text));
	out->used += strlen(text);
}

/* Return: where the table begins, for end_table(). */
static size_t begin_table(struct out *out, const char signature[static 4], unsigned int revision)
{
	size_t start;

	out->used = (out->used + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	start = out->used;
	put_text(out, signature);
	put32(out, 0);		/* length */
	put8(out, revision);
	put8(out, 0);		/* checksum */
	put_text(out, "KVM2  ");
	put_text(out, "KVM2RUN ");
	put32(out, 1);
	put_text(out, "KVM2");
	put32(out, 1);
	return start;
}

/* Return: its address in the guest. */
static uint32_t end_table(struct out *out, size_t start)
{
	uint8_t *table = out->base + start;

	bytes_put32(table + 4, (uint32_t)(out->used - start));
	table[9] = checksum(table, out->used - start);
	return (uint32_t)(ACPI_GPA + start);
}

/* ---- MADT: interrupt controllers ---- */

#define MADT_HAS_PIC		1
#define MADT_PROCESSOR		0
#define MADT_IOAPIC		1
#define MADT_OVERRIDE		2
#define MADT_LOCAL_NMI		4
#define NMI_EDGE_HIGH		0x5
#define ALL_PROCESSORS		0xff

static uint32_t write_madt(struct out *out, unsigned int cpus)
{
	size_t start = begin_table(out, "APIC", 3);

	put32(out, LAPIC_GPA);
	put32(out, MADT_HAS_PIC);
	for (unsigned int id = 0; id < cpus; id++) {
		put8(out, MADT_PROCESSOR);
		put8(out, 8);
		put8(out, id);		/* of the processor */
		put8(out, id);		/* of its APIC */
		put32(out, 1);		/* enabled */
	}
	put8(out, MADT_IOAPIC);
	put8(out, 12);
	put8(out, cpus);
	put8(out, 0);
	put32(out, IOAPIC_GPA);
	put32(out, 0);
	/* The timer: input 0 of the PIC, pin 2 of the I/O APIC. */
	put8(out, MADT_OVERRIDE);
	put8(out, 10);
	put8(out, 0);
	put8(out, 0);
	put32(out, CHIPSET_TIMER_PIN);
	put16(out, 0);
	put8(out, MADT_LOCAL_NMI);
	put8(out, 6);
	put8(out, ALL_PROCESSORS);
	put16(out, NMI_EDGE_HIGH);
	put8(out, 1);			/* LINT1 */
	return end_table(out, start);
}

/* ---- DSDT: devices, in byte code ---- */

#define AML_ZERO		0x00
#define AML_NAME		0x08
#define AML_BYTE		0x0a
#define AML_DWORD		0x0c
#define AML_STRING		0x0d
#define AML_SCOPE		0x10
#define AML_BUFFER		0x11
#define AML_PACKAGE		0x12
#define AML_EXTENDED		0x5b
#define AML_DEVICE		0x82

/* Descriptors of resources */
#define RESOURCE_MEMORY32	0x86
#define RESOURCE_INTERRUPT	0x89
#define RESOURCE_END		0x79
#define INTERRUPT_EDGE_HIGH	0x03	/* consumer, edge, active high */
#define RESOURCES_BYTES		(12 + 9 + 2)

/*
 * A length of two bytes, which says how much follows from itself on. Return:
 * its place, for end_length().
 */
static size_t begin_length(struct out *out)
{
	size_t at = out->used;

	out->used += 2;
	return at;
}

static void end_length(struct out *out, size_t at)
{
	size_t bytes = out->used - at;

	out->base[at] = (uint8_t)(0x40 | (bytes & 0xf));
	out->base[at + 1] = (uint8_t)(bytes >> 4);
}

static void put_virtio(struct out *out, unsigned int number, const struct acpi_device *device)
{
	char name[] = { 'V', 'R', (char)('0' + number / 10), (char)('0' + number % 10), 0 };
	size_t body;
	size_t buffer;

	put8(out, AML_EXTENDED);
	put8(out, AML_DEVICE);
	body = begin_length(out);
	put_text(out, name);

	put8(out, AML_NAME);
	put_text(out, "_HID");
	put8(out, AML_STRING);
	put_text(out, "LNRO0005");
	put8(out, 0);
	put8(out, AML_NAME);
	put_text(out, "_UID");
	put8(out, AML_BYTE);
	put8(out, number);
	put8(out, AML_NAME);
	put_text(out, "_CRS");
	put8(out, AML_BUFFER);
	buffer = begin_length(out);
	put8(out, AML_BYTE);
	put8(out, RESOURCES_BYTES);
	put8(out, RESOURCE_MEMORY32);
	put16(out, 9);
	put8(out, 1);			/* writable */
	put32(out, (uint32_t)device->gpa);
	put32(out, device->bytes);
	put8(out, RESOURCE_INTERRUPT);
	put16(out, 6);
	put8(out, INTERRUPT_EDGE_HIGH);
	put8(out, 1);
	put32(out, device->input);
	put8(out, RESOURCE_END);
	put8(out, 0);
	end_length(out, buffer);
	end_length(out, body);
}

/* S5: sleep type 0, as power.c has it. */
static void put_power_off(struct out *out)
{
	size_t package;

	put8(out, AML_NAME);
	put_text(out, "\\_S5_");
	put8(out, AML_PACKAGE);
	package = begin_length(out);
	put8(out, 4);
	for (unsigned int i = 0; i < 4; i++)
		put8(out, AML_ZERO);
	end_length(out, package);
}

static uint32_t write_dsdt(struct out *out, const struct acpi_facts *facts)
{
	size_t start = begin_table(out, "DSDT", 2);
	size_t scope;

	put_power_off(out);
	put8(out, AML_SCOPE);
	scope = begin_length(out);
	put_text(out, "\\_SB_");
	for (unsigned int i = 0; i < facts->nr_devices; i++)
		put_virtio(out, i, &facts->devices[i]);
	end_length(out, scope);
	return end_table(out, start);
}

/* ---- FADT: fixed hardware ---- */

#define FADT_BYTES		116	/* as of ACPI 1.0 */
#define FADT_DSDT		40
#define FADT_SCI		46
#define FADT_EVENT		56
#define FADT_CONTROL		64
#define FADT_TIMER		76
#define FADT_EVENT_BYTES	88
#define FADT_CONTROL_BYTES	89
#define FADT_TIMER_BYTES	91
#define FADT_C2_LATENCY		96
#define FADT_C3_LATENCY		98
#define FADT_FLAGS		112
#define FLAG_WBINVD		(1U << 0)
#define FLAG_C1			(1U << 2)
#define FLAG_NO_POWER_BUTTON	(1U << 4)
#define FLAG_NO_SLEEP_BUTTON	(1U << 5)
#define FLAG_RTC_NOT_FIXED	(1U << 6)
#define FLAG_TIMER_32_BITS	(1U << 8)
#define SCI_INPUT		9
#define NO_STATE		0xffff

static uint32_t write_fadt(struct out *out, uint32_t dsdt)
{
	size_t start = begin_table(out, "FACP", 1);
	uint8_t *fadt = out->base + start;

	out->used = start + FADT_BYTES;
	bytes_put32(fadt + FADT_DSDT, dsdt);
	fadt[FADT_SCI] = SCI_INPUT;
	bytes_put32(fadt + FADT_EVENT, ACPI_EVENT_PORT);
	bytes_put32(fadt + FADT_CONTROL, ACPI_CONTROL_PORT);
	bytes_put32(fadt + FADT_TIMER, ACPI_TIMER_PORT);
	fadt[FADT_EVENT_BYTES] = 4;
	fadt[FADT_CONTROL_BYTES] = 2;
	fadt[FADT_TIMER_BYTES] = 4;
	bytes_put32(fadt + FADT_C2_LATENCY, NO_STATE | (uint32_t)NO_STATE << 16);
	bytes_put32(fadt + FADT_FLAGS, FLAG_WBINVD | FLAG_C1 | FLAG_NO_POWER_BUTTON |
		    FLAG_NO_SLEEP_BUTTON | FLAG_RTC_NOT_FIXED | FLAG_TIMER_32_BITS);
	return end_table(out, start);
}

/* ---- the root ---- */

#define RSDP_BYTES		20	/* as of ACPI 1.0 */

size_t acpi_write(uint8_t *to, const struct acpi_facts *facts)
{
	struct out out = { .base = to, .used = RSDP_BYTES };
	uint32_t dsdt = write_dsdt(&out, facts);
	uint32_t fadt = write_fadt(&out, dsdt);
	uint32_t madt = facts->cpus ? write_madt(&out, facts->cpus) : 0;
	size_t start = begin_table(&out, "RSDT", 1);
	uint32_t rsdt;

	put32(&out, fadt);
	if (madt)
		put32(&out, madt);
	rsdt = end_table(&out, start);

	memcpy(to, "RSD PTR ", 8);
	memcpy(to + 9, "KVM2  ", 6);
	bytes_put32(to + 16, rsdt);
	to[8] = checksum(to, RSDP_BYTES);
	return out.used;
}
