// SPDX-License-Identifier: GPL-2.0
/* Hexadecimal digits, as RSP writes numbers and bytes. */
#include "hex.h"

#include <errno.h>
#include <string.h>

void hex_encode(char *text, const void *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = data;

	for (size_t i = 0; i < size; i++) {
		*text++ = digits[from[i] >> 4];
		*text++ = digits[from[i] & 15];
	}
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

long hex_decode(const char *text, size_t length, void *data)
{
	uint8_t *to = data;

	if (length % 2)
		return -EINVAL;
	for (size_t i = 0; i < length; i += 2) {
		int high = hex_digit(text[i]);
		int low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		*to++ = (uint8_t)(high << 4 | low);
	}
	return (long)(length / 2);
}

bool cursor_hex(struct cursor *cursor, uint64_t *number)
{
	const char *at = cursor->at;
	uint64_t value = 0;

	while (at < cursor->end && hex_digit(*at) >= 0) {
		if (value >> 60)
			return false;
		value = value << 4 | (uint64_t)hex_digit(*at++);
	}
	if (at == cursor->at)
		return false;
	cursor->at = at;
	*number = value;
	return true;
}

bool cursor_char(struct cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

bool cursor_text(struct cursor *cursor, const char *text)
{
	size_t length = strlen(text);

	if (cursor_left(cursor) < length || memcmp(cursor->at, text, length))
		return false;
	cursor->at += length;
	return true;
}

struct cursor cursor_until(struct cursor *cursor, char c)
{
	const char *found = NULL;
	struct cursor before;

	if (!cursor_at_end(cursor))
		found = memchr(cursor->at, c, cursor_left(cursor));
	before = (struct cursor){ cursor->at, found ? found : cursor->end };
	cursor->at = found ? found + 1 : cursor->end;
	return before;
}
