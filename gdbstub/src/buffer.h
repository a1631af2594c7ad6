/* SPDX-License-Identifier: GPL-2.0 */
/* Text and bytes that grow up to a limit: packets, and what is to be sent. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct buffer - bytes
 * @memory:  where @data is, with room for buffer_prepend() before it
 * @limit:   @used never gets beyond it
 * @failed:  something did not fit, or memory was short: what is here is not all
 */
struct buffer {
	uint8_t *memory;
	uint8_t *data;
	size_t used;
	size_t size;
	size_t limit;
	bool failed;
};

void buffer_init(struct buffer *buffer, size_t limit);
void buffer_fini(struct buffer *buffer);

/* Empty it, and forget that it failed. The memory stays. */
void buffer_clear(struct buffer *buffer);

/* Append, or note that it failed. */
void buffer_add(struct buffer *buffer, const void *data, size_t size);
void buffer_char(struct buffer *buffer, char c);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Return: room for @size more bytes, which count as used; NULL, and it has failed: there is none. */
uint8_t *buffer_extend(struct buffer *buffer, size_t size);

/* Put one character in front, once since the buffer was cleared. */
void buffer_prepend(struct buffer *buffer, char c);

/* Exchange what they hold, but for their limits. */
void buffer_swap(struct buffer *a, struct buffer *b);

/* Append two hexadecimal digits for each byte. */
void buffer_hex(struct buffer *buffer, const void *data, size_t size);

/* Append with # $ } * escaped, as RSP sends binary data. */
void buffer_binary(struct buffer *buffer, const void *data, size_t size);

/* The same to what is there, from @start on. */
void buffer_escape(struct buffer *buffer, size_t start);

/* Append text, without what XML would take for markup. */
void buffer_xml(struct buffer *buffer, const char *text);

/* Take @size bytes away from the front. */
void buffer_consume(struct buffer *buffer, size_t size);

#endif
