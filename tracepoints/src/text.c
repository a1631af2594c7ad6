// SPDX-License-Identifier: LGPL-2.1
// Numbers and strings, appended to text.
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

static const char hex_digits[] = "0123456789abcdef";

void text_hex_digits(struct text *text, uint64_t value, unsigned int digits)
{
	char buffer[16];
	char *from = buffer + sizeof(buffer);

	do {
		*--from = hex_digits[value & 15];
		value >>= 4;
	} while (value || buffer + sizeof(buffer) - from < (int)digits);
	text_bytes(text, from, (size_t)(buffer + sizeof(buffer) - from));
}

void text_hex(struct text *text, uint64_t value)
{
	text_bytes(text, "0x", 2);
	text_hex_digits(text, value, 1);
}

void text_decimal(struct text *text, uint64_t value)
{
	char buffer[20];
	char *from = buffer + sizeof(buffer);

	do {
		*--from = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	text_bytes(text, from, (size_t)(buffer + sizeof(buffer) - from));
}

void text_signed(struct text *text, int64_t value)
{
	if (value < 0)
		text_char(text, '-');
	text_decimal(text, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void text_printf(struct text *text, const char *format, ...)
{
	const bool has_room = text->length < text->size;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(has_room ? text->buffer + text->length : NULL,
			   has_room ? text->size - text->length : 0, format,
			   args);
	va_end(args);
	if (length > 0)
		text->length += (size_t)length;
}

void text_foreign(struct text *text, const char *from, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		const unsigned char c = (unsigned char)from[i];

		text_char(text, c < ' ' || c == 0x7f ? '?' : from[i]);
	}
}
