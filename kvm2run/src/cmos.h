/* SPDX-License-Identifier: GPL-2.0 */
/* The clock chip, to be read: time of day, memory sizes, cpu count. */
#ifndef KVM2RUN_CMOS_H
#define KVM2RUN_CMOS_H

#include <stdint.h>
#include <time.h>

#include "ports.h"

#define CMOS_PORT	0x70
#define CMOS_PORTS	2
#define CMOS_BYTES	128

/* @now: seconds since 1970, in UTC; time() when not a test */
struct cmos {
	uint8_t bytes[CMOS_BYTES];
	uint8_t index;
	time_t (*now)(time_t *);
};

extern const struct port_ops cmos_ops;

/* @low_bytes: RAM below 4 GiB; @high_bytes: RAM above it */
void cmos_init(struct cmos *cmos, uint64_t low_bytes, uint64_t high_bytes, unsigned int cpus,
	       time_t (*now)(time_t *));

#endif
