/* SPDX-License-Identifier: GPL-2.0 */
/* Hexadecimal digits, as RSP writes numbers and bytes. */
#ifndef HEX_H
#define HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 2 * @size digits, no NUL. */
void hex_encode(char *text, const void *data, size_t size);

/* The value of a digit, -1: it is none. */
int hex_digit(char c);

/**
 * hex_decode() - bytes of pairs of digits
 * @text: @length characters
 * @data: room for @length / 2 bytes
 * Return: bytes; -EINVAL an odd number, or not a digit.
 */
long hex_decode(const char *text, size_t length, void *data);

/**
 * struct cursor - where a packet is being read
 *
 * The cursor_* functions move @at over what they have read. They return false,
 * and move nothing, if something else is there.
 */
struct cursor {
	const char *at;
	const char *end;
};

/* A number of up to 64 bits; one that is longer is refused. */
bool cursor_hex(struct cursor *cursor, uint64_t *number);

bool cursor_char(struct cursor *cursor, char c);
bool cursor_text(struct cursor *cursor, const char *text);

static inline bool cursor_at_end(const struct cursor *cursor)
{
	return cursor->at == cursor->end;
}

static inline size_t cursor_left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

/* Split at the first @c: what is before it; @cursor goes behind it, or to the end. */
struct cursor cursor_until(struct cursor *cursor, char c);

#endif
