/* SPDX-License-Identifier: LGPL-2.1 */
/* Bytes that nobody can trust, taken one after the other. */
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What has not been taken yet. */
struct reader {
	const uint8_t *at;
	const uint8_t *end;
};

/* What begins at @offset of @size bytes; nothing if that is behind them. */
struct reader reader_from(const uint8_t *bytes, size_t size, uint64_t offset);

/*
 * Each leaves the reader behind what it has taken; one that asks for more than
 * there is gets NULL or false, and the reader is at its end.
 */

/* @length bytes, in place. */
const uint8_t *reader_bytes(struct reader *reader, uint64_t length);

/* A number of the machine, @size bytes. */
bool reader_number(struct reader *reader, void *number, size_t size);

/* A NUL-terminated string, in place. */
const char *reader_string(struct reader *reader);

/* The next line, copied without its end; what is too long is cut. */
bool reader_line(struct reader *reader, char *line, size_t size);

#endif /* TRACE_READER_H */
