/* SPDX-License-Identifier: LGPL-2.1 */
/* Text that grows in a buffer of fixed size, and is cut off at its end. */
#ifndef TRACE_TEXT_H
#define TRACE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * struct text - where the next byte goes
 * @buffer:	of the caller
 * @size:	bytes at @buffer, not 0
 * @length:	of the text, or what it would be: may be more than @size
 */
struct text {
	char *buffer;
	size_t size;
	size_t length;
};

static inline void text_bytes(struct text *text, const char *from,
			      size_t length)
{
	if (text->length < text->size) {
		const size_t room = text->size - text->length;

		memcpy(text->buffer + text->length, from,
		       length < room ? length : room);
	}
	text->length += length;
}

static inline void text_char(struct text *text, char c)
{
	if (text->length < text->size)
		text->buffer[text->length] = c;
	text->length++;
}

static inline void text_string(struct text *text, const char *from)
{
	text_bytes(text, from, strlen(from));
}

/* NUL-terminate; returns the length that the text has, or would have. */
static inline size_t text_end(struct text *text)
{
	text->buffer[text->length < text->size ? text->length :
						 text->size - 1] = '\0';
	return text->length;
}

/* "0x1f" */
void text_hex(struct text *text, uint64_t value);

/* Hexadecimal without a prefix, at least @digits of them. */
void text_hex_digits(struct text *text, uint64_t value, unsigned int digits);

void text_decimal(struct text *text, uint64_t value);
void text_signed(struct text *text, int64_t value);

/* As printf(). */
void text_printf(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Bytes from a record: those that a terminal might obey become '?'. */
void text_foreign(struct text *text, const char *from, size_t length);

#endif /* TRACE_TEXT_H */
