/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A 16550A serial port: it sends at once, and receives what its backend has.
 */
#ifndef KVM2RUN_SERIAL_H
#define KVM2RUN_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ports.h"

#define SERIAL_PORT		0x3f8
#define SERIAL_PORTS		8
#define SERIAL_INPUT		4	/* of the interrupt controllers */
#define SERIAL_OUT_BYTES	256

/* The other end of the line. Both calls must not wait for input. */
struct serial_backend {
	void (*write)(void *context, const uint8_t *data, size_t len);
	/* Return: true, and a byte if @take, when there is one. */
	bool (*read)(void *context, bool take, uint8_t *byte);
	void *context;
	/* The level of the interrupt line has changed; NULL: nobody cares. */
	void (*interrupt)(void *context, bool high);
	void *interrupt_context;
};

struct serial {
	struct serial_backend backend;
	uint8_t ier;
	uint8_t fcr;
	uint8_t lcr;
	uint8_t mcr;
	uint8_t scratch;
	uint16_t divisor;
	bool high;		/* the interrupt line */
	bool sent;		/* "transmitter empty" not yet read from IIR */
	bool looped;		/* loopback mode: @loop holds a byte */
	uint8_t loop;
	uint8_t out[SERIAL_OUT_BYTES];
	size_t nr_out;
};

/* ports_poke() when the backend has got something to read. */
extern const struct port_ops serial_ops;

void serial_init(struct serial *serial, const struct serial_backend *backend);

#endif
