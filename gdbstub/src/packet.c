// SPDX-License-Identifier: GPL-2.0
/* The frame of RSP packets. */
#include "packet.h"

#include <emmintrin.h>
#include <errno.h>
#include <string.h>

#include "hex.h"

#define INTERRUPT	3

void packet_reader_init(struct packet_reader *reader, size_t limit)
{
	*reader = (struct packet_reader){ .state = PACKET_OUTSIDE };
	buffer_init(&reader->data, limit);
}

void packet_reader_fini(struct packet_reader *reader)
{
	buffer_fini(&reader->data);
}

static void begin(struct packet_reader *reader)
{
	buffer_clear(&reader->data);
	reader->sum = 0;
	reader->state = PACKET_DATA;
}

/* Between packets. Bytes that mean nothing are noise of the line. */
static enum packet_event outside(struct packet_reader *reader, uint8_t byte)
{
	switch (byte) {
	case '$':
		begin(reader);
		return PACKET_NONE;
	case '+':
		return PACKET_ACK;
	case '-':
		return PACKET_NACK;
	case INTERRUPT:
		return PACKET_INTERRUPT;
	}
	return PACKET_NONE;
}

static enum packet_event complete(struct packet_reader *reader)
{
	reader->state = PACKET_OUTSIDE;
	if (reader->sum != reader->wanted && !reader->no_checksum)
		return PACKET_BAD;
	return reader->data.failed ? PACKET_TOO_LONG : PACKET_READY;
}

static enum packet_event take(struct packet_reader *reader, uint8_t byte)
{
	int digit;

	switch (reader->state) {
	case PACKET_OUTSIDE:
		return outside(reader, byte);
	case PACKET_DATA:
		if (byte == '#') {
			reader->state = PACKET_CHECKSUM_HIGH;
		} else if (byte == '$') {
			/* The end of the one before was lost. */
			begin(reader);
		} else {
			reader->sum += byte;
			buffer_add(&reader->data, &byte, 1);
		}
		return PACKET_NONE;
	case PACKET_CHECKSUM_HIGH:
	case PACKET_CHECKSUM_LOW:
		digit = hex_digit((char)byte);
		if (digit < 0) {
			reader->state = PACKET_OUTSIDE;
			return PACKET_BAD;
		}
		if (reader->state == PACKET_CHECKSUM_HIGH) {
			reader->wanted = (uint8_t)(digit << 4);
			reader->state = PACKET_CHECKSUM_LOW;
			return PACKET_NONE;
		}
		reader->wanted |= (uint8_t)digit;
		return complete(reader);
	}
	return PACKET_NONE;
}

size_t packet_read(struct packet_reader *reader, const uint8_t *bytes, size_t size,
		   enum packet_event *event)
{
	*event = PACKET_NONE;
	for (size_t i = 0; i < size; i++) {
		*event = take(reader, bytes[i]);
		if (*event != PACKET_NONE)
			return i + 1;
	}
	return size;
}

static uint8_t sum_of(const uint8_t *bytes, size_t size)
{
	__m128i sums = _mm_setzero_si128();
	uint8_t sum = 0;
	size_t i = 0;

#pragma GCC unroll 4
	for (; size - i >= sizeof(sums); i += sizeof(sums))
		sums = _mm_add_epi64(sums, _mm_sad_epu8(_mm_loadu_si128((const __m128i *)(bytes + i)),
							_mm_setzero_si128()));
	for (; i < size; i++)
		sum += bytes[i];
	sums = _mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums));
	return (uint8_t)(sum + _mm_cvtsi128_si64(sums));
}

void packet_write(struct buffer *out, char start, const void *data, size_t size)
{
	const uint8_t sum = sum_of(data, size);

	buffer_char(out, start);
	buffer_add(out, data, size);
	buffer_char(out, '#');
	buffer_hex(out, &sum, 1);
}

void packet_frame(struct buffer *data, char start)
{
	const uint8_t sum = sum_of(data->data, data->used);

	buffer_prepend(data, start);
	buffer_char(data, '#');
	buffer_hex(data, &sum, 1);
}

long packet_unescape(uint8_t *data, size_t size)
{
	size_t to = 0;

	for (size_t from = 0; from < size; from++) {
		if (data[from] != '}') {
			data[to++] = data[from];
		} else if (++from < size) {
			data[to++] = data[from] ^ 0x20;
		} else {
			return -EINVAL;
		}
	}
	return (long)to;
}
