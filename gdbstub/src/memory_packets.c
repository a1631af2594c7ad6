// SPDX-License-Identifier: GPL-2.0
/* The packets of memory: reading, writing, searching it. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

static void read_memory(struct session *session, struct cursor *cursor, bool binary)
{
	struct buffer *reply = &session->reply;
	uint64_t address, size;
	struct place place;
	uint8_t *data;
	long got;

	if (!has_vcpu(session, &place))
		return;
	if (!parse_range(cursor, &address, &size)) {
		reply_errno(session, EINVAL);
		return;
	}
	/* A short reply is allowed. */
	size = size > SESSION_PACKET_BYTES / 2 ? SESSION_PACKET_BYTES / 2 : size;
	if (binary)
		buffer_char(reply, 'b');
	/* Of digits there will be two for each byte, which waits behind them. */
	data = buffer_extend(reply, binary ? size : 2 * size);
	if (data && !binary)
		data += size;
	got = !data ? -ENOMEM :
	      trace_is_looked_at(place.vm) ? trace_memory(place.vm, address, data, size) :
					     vm_read(place.vm, place.vcpu, address, data, size);
	if (got < 0) {
		reply_errno(session, (int)got);
	} else if (binary) {
		reply->used -= size - (size_t)got;
		buffer_escape(reply, 1);
	} else {
		reply->used = 2 * (size_t)got;
		hex_encode((char *)reply->data, data, (size_t)got);
	}
}

void command_read(struct session *session, struct cursor *cursor)
{
	read_memory(session, cursor, false);
}

void command_read_binary(struct session *session, struct cursor *cursor)
{
	read_memory(session, cursor, true);
}

static void write_memory(struct session *session, struct cursor *cursor, bool binary)
{
	uint64_t address, size;
	struct place place;
	uint8_t *data;
	long got = -EINVAL;

	if (!has_vcpu(session, &place) || is_past(session, place))
		return;
	if (!parse_range(cursor, &address, &size) || !cursor_char(cursor, ':')) {
		reply_errno(session, EINVAL);
		return;
	}
	data = malloc(cursor_left(cursor) + 1);
	if (!data) {
		reply_errno(session, ENOMEM);
		return;
	}
	if (binary) {
		memcpy(data, cursor->at, cursor_left(cursor));
		got = packet_unescape(data, cursor_left(cursor));
	} else {
		got = hex_decode(cursor->at, cursor_left(cursor), data);
	}
	if (got >= 0)
		got = (uint64_t)got != size ? -EINVAL :
		      size ? vm_write(place.vm, place.vcpu, address, data, size) : 0;
	free(data);
	if (got < 0 || (uint64_t)got != size)
		reply_errno(session, got < 0 ? (int)got : EFAULT);
	else
		reply_ok(session);
}

void command_write(struct session *session, struct cursor *cursor)
{
	write_memory(session, cursor, false);
}

void command_write_binary(struct session *session, struct cursor *cursor)
{
	write_memory(session, cursor, true);
}

/* ---- searching ---- */

void command_search(struct session *session, struct cursor *cursor)
{
	uint64_t address, size, found;
	struct place place;
	uint8_t *pattern;
	long length;
	int ret = -EINVAL;

	if (!has_vcpu(session, &place))
		return;
	if (!cursor_hex(cursor, &address) || !cursor_char(cursor, ';') ||
	    !cursor_hex(cursor, &size) || !cursor_char(cursor, ';')) {
		reply_errno(session, EINVAL);
		return;
	}
	pattern = malloc(cursor_left(cursor) + 1);
	if (!pattern) {
		reply_errno(session, ENOMEM);
		return;
	}
	memcpy(pattern, cursor->at, cursor_left(cursor));
	length = packet_unescape(pattern, cursor_left(cursor));
	if (length > 0)
		ret = vm_search(place.vm, place.vcpu, address, size, pattern, (size_t)length, &found);
	free(pattern);
	if (ret < 0)
		reply_errno(session, ret);
	else if (ret)
		buffer_printf(&session->reply, "1,%llx", (unsigned long long)found);
	else
		buffer_char(&session->reply, '0');
}

#define CRC_POLYNOMIAL	0x04c11db7U
#define CRC_CHUNK	65536U

void command_crc(struct session *session, struct cursor *cursor)
{
	uint32_t crc = 0xffffffff;
	uint64_t address, size;
	struct place place;
	uint8_t *data;

	if (!has_vcpu(session, &place))
		return;
	data = malloc(CRC_CHUNK);
	if (!data || !parse_range(cursor, &address, &size)) {
		reply_errno(session, EINVAL);
		free(data);
		return;
	}
	while (size) {
		size_t part = size < CRC_CHUNK ? (size_t)size : CRC_CHUNK;

		if (vm_read(place.vm, place.vcpu, address, data, part) != (long)part) {
			reply_errno(session, EFAULT);
			free(data);
			return;
		}
		for (size_t i = 0; i < part; i++) {
			crc ^= (uint32_t)data[i] << 24;
			for (int bit = 0; bit < 8; bit++)
				crc = crc << 1 ^ (crc >> 31 ? CRC_POLYNOMIAL : 0);
		}
		address += part;
		size -= part;
	}
	free(data);
	buffer_printf(&session->reply, "C%x", crc);
}
