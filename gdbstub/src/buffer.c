// SPDX-License-Identifier: GPL-2.0
/* Text and bytes that grow up to a limit. */
#include "buffer.h"

#include <emmintrin.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"

void buffer_init(struct buffer *buffer, size_t limit)
{
	*buffer = (struct buffer){ .limit = limit };
}

void buffer_fini(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

void buffer_clear(struct buffer *buffer)
{
	buffer->used = 0;
	buffer->failed = false;
}

/* Return: room for @size bytes, which are in use then; NULL: none. */
static uint8_t *extend(struct buffer *buffer, size_t size)
{
	size_t wanted;
	uint8_t *data;

	if (buffer->failed || size > buffer->limit - buffer->used) {
		buffer->failed = true;
		return NULL;
	}
	wanted = buffer->used + size;
	if (wanted > buffer->size) {
		size_t grown = buffer->size * 2 > 256 ? buffer->size * 2 : 256;

		grown = grown < wanted ? wanted : grown;
		grown = grown > buffer->limit ? buffer->limit : grown;
		data = realloc(buffer->data, grown);
		if (!data) {
			buffer->failed = true;
			return NULL;
		}
		buffer->data = data;
		buffer->size = grown;
	}
	data = buffer->data + buffer->used;
	buffer->used = wanted;
	return data;
}

void buffer_add(struct buffer *buffer, const void *data, size_t size)
{
	uint8_t *to = extend(buffer, size);

	if (to && size)
		memcpy(to, data, size);
}

void buffer_char(struct buffer *buffer, char c)
{
	buffer_add(buffer, &c, 1);
}

void buffer_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(text))
		buffer->failed = true;
	else
		buffer_add(buffer, text, (size_t)length);
}

void buffer_hex(struct buffer *buffer, const void *data, size_t size)
{
	uint8_t *to;

	if (size > buffer->limit / 2) {
		buffer->failed = true;
		return;
	}
	to = extend(buffer, size * 2);
	if (to)
		hex_encode((char *)to, data, size);
}

static bool is_special(uint8_t byte)
{
	return byte == '#' || byte == '$' || byte == '}' || byte == '*';
}

/* Bytes without a special one; most memory has few of them. */
static size_t count_plain(const uint8_t *data, size_t size)
{
	size_t plain = 0;

	for (; size - plain >= sizeof(__m128i); plain += sizeof(__m128i)) {
		const __m128i bytes = _mm_loadu_si128((const __m128i *)(data + plain));
		const __m128i found = _mm_or_si128(
			_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('#')),
				     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('$'))),
			_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('}')),
				     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('*'))));

		if (_mm_movemask_epi8(found))
			break;
	}
	while (plain < size && !is_special(data[plain]))
		plain++;
	return plain;
}

void buffer_binary(struct buffer *buffer, const void *data, size_t size)
{
	const uint8_t *from = data;
	size_t done = 0;

	while (done < size) {
		size_t plain = done + count_plain(from + done, size - done);
		uint8_t escaped[2] = { '}' };

		buffer_add(buffer, from + done, plain - done);
		if (plain < size) {
			escaped[1] = from[plain++] ^ 0x20;
			buffer_add(buffer, escaped, sizeof(escaped));
		}
		done = plain;
	}
}

void buffer_xml(struct buffer *buffer, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			buffer_text(buffer, "&lt;");
			break;
		case '>':
			buffer_text(buffer, "&gt;");
			break;
		case '&':
			buffer_text(buffer, "&amp;");
			break;
		case '"':
			buffer_text(buffer, "&quot;");
			break;
		default:
			buffer_char(buffer, (unsigned char)*text < ' ' ? '?' : *text);
		}
	}
}

void buffer_consume(struct buffer *buffer, size_t size)
{
	size = size > buffer->used ? buffer->used : size;
	buffer->used -= size;
	if (buffer->used)
		memmove(buffer->data, buffer->data + size, buffer->used);
}
