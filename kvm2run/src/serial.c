// SPDX-License-Identifier: GPL-2.0
// The serial port: registers of the 16550A (National Semiconductor, PC16550D, section 8).
#include "serial.h"

#include <string.h>

enum serial_register {
	REG_DATA,		/* RBR, THR; divisor low */
	REG_IER,		/* divisor high */
	REG_IIR,		/* written: FCR */
	REG_LCR,
	REG_MCR,
	REG_LSR,
	REG_MSR,
	REG_SCRATCH,
};

#define IER_RECEIVED		0x01
#define IER_SENT		0x02
#define IER_BITS		0x0f

#define IIR_NONE		0x01
#define IIR_SENT		0x02
#define IIR_RECEIVED		0x04
#define IIR_FIFO		0xc0

#define FCR_ENABLE		0x01
#define LCR_DIVISOR		0x80

#define MCR_DTR			0x01
#define MCR_RTS			0x02
#define MCR_OUT1		0x04
#define MCR_OUT2		0x08
#define MCR_LOOP		0x10
#define MCR_BITS		0x1f

#define LSR_DATA_READY		0x01
#define LSR_SENT		0x60	/* holding register and shifter empty */

#define MSR_CTS			0x10
#define MSR_DSR			0x20
#define MSR_RI			0x40
#define MSR_DCD			0x80

void serial_init(struct serial *serial, const struct serial_backend *backend)
{
	memset(serial, 0, sizeof(*serial));
	serial->backend = *backend;
	serial->divisor = 1;	/* 115200 baud, as firmware leaves it */
	serial->lcr = 0x03;	/* 8 data bits, no parity, 1 stop bit */
}

static void flush(void *device)
{
	struct serial *serial = device;

	if (!serial->nr_out)
		return;
	serial->backend.write(serial->backend.context, serial->out, serial->nr_out);
	serial->nr_out = 0;
}

static void send(struct serial *serial, uint8_t byte)
{
	serial->sent = true;
	if (serial->mcr & MCR_LOOP) {
		serial->loop = byte;
		serial->looped = true;
		return;
	}
	serial->out[serial->nr_out++] = byte;
	if (serial->nr_out == sizeof(serial->out))
		flush(serial);
}

static bool received(struct serial *serial)
{
	uint8_t byte;

	if (serial->mcr & MCR_LOOP)
		return serial->looped;
	return serial->backend.read(serial->backend.context, false, &byte);
}

static uint8_t receive(struct serial *serial)
{
	uint8_t byte = 0;

	if (serial->mcr & MCR_LOOP) {
		serial->looped = false;
		return serial->loop;
	}
	if (!serial->backend.read(serial->backend.context, true, &byte))
		return 0;
	return byte;
}

/* Reading takes "sent" back. */
static uint8_t read_iir(struct serial *serial)
{
	uint8_t fifo = serial->fcr & FCR_ENABLE ? IIR_FIFO : 0;

	if ((serial->ier & IER_RECEIVED) && received(serial))
		return fifo | IIR_RECEIVED;
	if ((serial->ier & IER_SENT) && serial->sent) {
		serial->sent = false;
		return fifo | IIR_SENT;
	}
	return fifo | IIR_NONE;
}

static uint8_t read_msr(const struct serial *serial)
{
	if (!(serial->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (serial->mcr & MCR_RTS ? MSR_CTS : 0) | (serial->mcr & MCR_DTR ? MSR_DSR : 0) |
	       (serial->mcr & MCR_OUT1 ? MSR_RI : 0) | (serial->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static uint32_t serial_read(void *device, uint16_t offset, unsigned int width)
{
	struct serial *serial = device;
	bool divisor = serial->lcr & LCR_DIVISOR;

	(void)width;
	switch ((enum serial_register)offset) {
	case REG_DATA:
		return divisor ? serial->divisor & 0xff : receive(serial);
	case REG_IER:
		return divisor ? serial->divisor >> 8 : serial->ier;
	case REG_IIR:
		return read_iir(serial);
	case REG_LCR:
		return serial->lcr;
	case REG_MCR:
		return serial->mcr;
	case REG_LSR:
		return LSR_SENT | (received(serial) ? LSR_DATA_READY : 0);
	case REG_MSR:
		return read_msr(serial);
	case REG_SCRATCH:
		return serial->scratch;
	}
	return 0xff;
}

static void serial_write(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	struct serial *serial = device;
	uint8_t byte = (uint8_t)value;
	bool divisor = serial->lcr & LCR_DIVISOR;

	(void)width;
	switch ((enum serial_register)offset) {
	case REG_DATA:
		if (divisor)
			serial->divisor = (serial->divisor & 0xff00) | byte;
		else
			send(serial, byte);
		return;
	case REG_IER:
		if (divisor) {
			serial->divisor = (uint16_t)((serial->divisor & 0xff) | byte << 8);
			return;
		}
		/* Enabling it raises "sent" at once: the transmitter is empty. */
		if (!(serial->ier & IER_SENT) && (byte & IER_SENT))
			serial->sent = true;
		serial->ier = byte & IER_BITS;
		return;
	case REG_IIR:
		serial->fcr = byte;
		return;
	case REG_LCR:
		serial->lcr = byte;
		return;
	case REG_MCR:
		serial->mcr = byte & MCR_BITS;
		return;
	case REG_LSR:
	case REG_MSR:
		return;
	case REG_SCRATCH:
		serial->scratch = byte;
		return;
	}
}

static void update_interrupt(struct serial *serial)
{
	bool high = ((serial->ier & IER_RECEIVED) && received(serial)) ||
		    ((serial->ier & IER_SENT) && serial->sent);

	if (high == serial->high || !serial->backend.interrupt)
		return;
	serial->high = high;
	serial->backend.interrupt(serial->backend.interrupt_context, high);
}

static void done(void *device)
{
	flush(device);
	update_interrupt(device);
}

const struct port_ops serial_ops = {
	.widths = 1,
	.read = serial_read,
	.write = serial_write,
	.done = done,
};
