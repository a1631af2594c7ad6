// SPDX-License-Identifier: GPL-2.0
/* Text and bytes that grow up to a limit. */
#include "buffer.h"

#include <emmintrin.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"

/* Before data, for what buffer_prepend() adds. */
#define HEAD	16

void buffer_init(struct buffer *buffer, size_t limit)
{
	*buffer = (struct buffer){ .limit = limit };
}

void buffer_fini(struct buffer *buffer)
{
	free(buffer->memory);
	*buffer = (struct buffer){ 0 };
}

void buffer_clear(struct buffer *buffer)
{
	buffer->data = buffer->memory ? buffer->memory + HEAD : NULL;
	buffer->used = 0;
	buffer->failed = false;
}

uint8_t *buffer_extend(struct buffer *buffer, size_t size)
{
	size_t wanted;
	uint8_t *data;

	if (buffer->failed || size > buffer->limit - buffer->used) {
		buffer->failed = true;
		return NULL;
	}
	wanted = buffer->used + size;
	if (wanted > buffer->size) {
		const size_t head = buffer->memory ? (size_t)(buffer->data - buffer->memory) : HEAD;
		size_t grown = buffer->size * 2 > 256 ? buffer->size * 2 : 256;

		grown = grown < wanted ? wanted : grown;
		grown = grown > buffer->limit ? buffer->limit : grown;
		data = realloc(buffer->memory, HEAD + grown);
		if (!data) {
			buffer->failed = true;
			return NULL;
		}
		buffer->memory = data;
		buffer->data = data + head;
		buffer->size = grown;
	}
	data = buffer->data + buffer->used;
	buffer->used = wanted;
	return data;
}

void buffer_prepend(struct buffer *buffer, char c)
{
	if (buffer->data == buffer->memory || buffer->used == buffer->limit) {
		buffer->failed = true;
		return;
	}
	*--buffer->data = (uint8_t)c;
	buffer->used++;
}

void buffer_swap(struct buffer *a, struct buffer *b)
{
	const struct buffer former = *a;

	*a = *b;
	a->limit = former.limit;
	a->size = a->size < a->limit ? a->size : a->limit;
	b->memory = former.memory;
	b->data = former.data;
	b->used = former.used;
	b->size = former.size < b->limit ? former.size : b->limit;
	b->failed = former.failed;
}

void buffer_add(struct buffer *buffer, const void *data, size_t size)
{
	uint8_t *to = buffer_extend(buffer, size);

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
	to = buffer_extend(buffer, size * 2);
	if (to)
		hex_encode((char *)to, data, size);
}

static bool is_special(uint8_t byte)
{
	return byte == '#' || byte == '$' || byte == '}' || byte == '*';
}

static __m128i find_special(const uint8_t *data)
{
	const __m128i bytes = _mm_loadu_si128((const __m128i *)data);

	return _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('#')),
					 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('$'))),
			    _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('}')),
					 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('*'))));
}

#define AT_ONCE	64

/* Bytes without a special one; most memory has few of them. */
static size_t count_plain(const uint8_t *data, size_t size)
{
	size_t plain = 0;

	for (; size - plain >= AT_ONCE; plain += AT_ONCE) {
		const __m128i found = _mm_or_si128(_mm_or_si128(find_special(data + plain),
								find_special(data + plain + 16)),
						   _mm_or_si128(find_special(data + plain + 32),
								find_special(data + plain + 48)));

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

void buffer_escape(struct buffer *buffer, size_t start)
{
	size_t first = start + count_plain(buffer->data + start, buffer->used - start);
	size_t rest = buffer->used - first;
	uint8_t *copy;

	if (!rest)
		return;
	copy = malloc(rest);
	if (!copy) {
		buffer->failed = true;
		return;
	}
	memcpy(copy, buffer->data + first, rest);
	buffer->used = first;
	buffer_binary(buffer, copy, rest);
	free(copy);
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
