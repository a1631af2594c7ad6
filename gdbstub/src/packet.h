/* SPDX-License-Identifier: GPL-2.0 */
/* The frame of RSP packets: $data#checksum, acknowledgements, the interrupt. */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

enum packet_event {
	PACKET_NONE,		/* all bytes are read, nothing is complete */
	PACKET_READY,		/* reader->data is a packet */
	PACKET_BAD,		/* it was, but its checksum is wrong */
	PACKET_TOO_LONG,	/* it was, but did not fit */
	PACKET_ACK,
	PACKET_NACK,
	PACKET_INTERRUPT,	/* Ctrl-C */
};

enum packet_state {
	PACKET_OUTSIDE,
	PACKET_DATA,
	PACKET_CHECKSUM_HIGH,
	PACKET_CHECKSUM_LOW,
};

/**
 * struct packet_reader - takes bytes as they come
 * @data:	of the packet, as it was sent: escapes stay, see
 *		packet_unescape()
 * @no_checksum: do not look at checksums (QStartNoAckMode)
 */
struct packet_reader {
	struct buffer data;
	enum packet_state state;
	uint8_t sum;
	uint8_t wanted;
	bool no_checksum;
};

void packet_reader_init(struct packet_reader *reader, size_t limit);
void packet_reader_fini(struct packet_reader *reader);

/**
 * packet_read() - take bytes until something is complete
 * @event: out: what it was. @reader->data is valid until the next call.
 * Return: bytes taken; fewer than @size only with an event.
 */
size_t packet_read(struct packet_reader *reader, const uint8_t *bytes, size_t size,
		   enum packet_event *event);

/* Append @size bytes of @data to @out in a frame; notifications begin with %. */
void packet_write(struct buffer *out, char start, const void *data, size_t size);

/* The same, but what is in @data becomes the packet itself. */
void packet_frame(struct buffer *data, char start);

/**
 * packet_unescape() - binary data of a packet as it was meant
 * @data: @size bytes; changed in place
 * Return: bytes; -EINVAL it ends within an escape.
 */
long packet_unescape(uint8_t *data, size_t size);

#endif
