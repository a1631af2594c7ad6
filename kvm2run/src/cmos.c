// SPDX-License-Identifier: GPL-2.0
// The clock chip (Motorola MC146818A) and what a PC's firmware keeps in its memory.
#include "cmos.h"

#include <string.h>

#define OFFSET_INDEX	0
#define OFFSET_DATA	1

#define REG_SECONDS	0x00
#define REG_MINUTES	0x02
#define REG_HOURS	0x04
#define REG_WEEKDAY	0x06
#define REG_DAY		0x07
#define REG_MONTH	0x08
#define REG_YEAR	0x09
#define REG_A		0x0a
#define REG_B		0x0b
#define REG_C		0x0c
#define REG_D		0x0d
#define REG_BASE_KB	0x15	/* below 640 KiB, in KiB */
#define REG_EXTENDED_KB	0x17	/* from 1 MiB on, in KiB, at most 63 MiB */
#define REG_EXTENDED2_KB 0x30	/* the same again */
#define REG_CENTURY	0x32
#define REG_HIGH_64KB	0x34	/* from 16 MiB on, in 64 KiB */
#define REG_ABOVE_64KB	0x5b	/* from 4 GiB on, in 64 KiB, three bytes */
#define REG_MORE_CPUS	0x5f	/* QEMU's: processors besides the first */

#define A_DIVIDER	0x26	/* 32768 Hz, no update in progress */
#define B_24_HOURS	0x02	/* and BCD */
#define D_VALID		0x80

static void put(struct cmos *cmos, unsigned int reg, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		cmos->bytes[reg + i] = (uint8_t)(value >> 8 * i);
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
	return value < limit ? value : limit;
}

void cmos_init(struct cmos *cmos, uint64_t low_bytes, uint64_t high_bytes, unsigned int cpus,
	       time_t (*now)(time_t *))
{
	uint64_t extended_kb = low_bytes > 1 << 20 ? (low_bytes >> 10) - 1024 : 0;
	uint64_t high = low_bytes > 16 << 20 ? (low_bytes >> 16) - 256 : 0;

	memset(cmos, 0, sizeof(*cmos));
	cmos->now = now;
	cmos->bytes[REG_A] = A_DIVIDER;
	cmos->bytes[REG_B] = B_24_HOURS;
	cmos->bytes[REG_D] = D_VALID;
	put(cmos, REG_BASE_KB, 640, 2);
	put(cmos, REG_EXTENDED_KB, at_most(extended_kb, 63 * 1024), 2);
	put(cmos, REG_EXTENDED2_KB, at_most(extended_kb, 63 * 1024), 2);
	put(cmos, REG_HIGH_64KB, at_most(high, 0xffff), 2);
	put(cmos, REG_ABOVE_64KB, high_bytes >> 16, 3);
	put(cmos, REG_MORE_CPUS, cpus - 1, 1);
}

static uint8_t bcd(int value)
{
	return (uint8_t)(value / 10 << 4 | value % 10);
}

static uint8_t read_register(const struct cmos *cmos)
{
	time_t seconds = cmos->now(NULL);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	switch (cmos->index) {
	case REG_SECONDS:
		return bcd(tm.tm_sec);
	case REG_MINUTES:
		return bcd(tm.tm_min);
	case REG_HOURS:
		return bcd(tm.tm_hour);
	case REG_WEEKDAY:
		return bcd(tm.tm_wday + 1);
	case REG_DAY:
		return bcd(tm.tm_mday);
	case REG_MONTH:
		return bcd(tm.tm_mon + 1);
	case REG_YEAR:
		return bcd(tm.tm_year % 100);
	case REG_CENTURY:
		return bcd(19 + tm.tm_year / 100);
	default:
		return cmos->bytes[cmos->index];
	}
}

static uint32_t cmos_read(void *device, uint16_t offset, unsigned int width)
{
	const struct cmos *cmos = device;

	(void)width;
	return offset == OFFSET_DATA ? read_register(cmos) : 0xff;
}

/* Bit 7 of the index masks NMIs, of which there are none. */
static void cmos_write(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	struct cmos *cmos = device;

	(void)width;
	if (offset == OFFSET_INDEX)
		cmos->index = value & (CMOS_BYTES - 1);
}

const struct port_ops cmos_ops = {
	.widths = 1,
	.read = cmos_read,
	.write = cmos_write,
};
