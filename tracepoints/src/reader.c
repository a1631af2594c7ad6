// SPDX-License-Identifier: LGPL-2.1
// Bytes that nobody can trust, taken one after the other.
#include "reader.h"

#include <stdio.h>
#include <string.h>

struct reader reader_from(const uint8_t *bytes, size_t size, uint64_t offset)
{
	return (struct reader){
		bytes + (offset < size ? offset : size), bytes + size,
	};
}

const uint8_t *reader_bytes(struct reader *reader, uint64_t length)
{
	const uint8_t *from = reader->at;

	if (length > (uint64_t)(reader->end - reader->at)) {
		reader->at = reader->end;
		return NULL;
	}
	reader->at += length;
	return from;
}

bool reader_number(struct reader *reader, void *number, size_t size)
{
	const uint8_t *from = reader_bytes(reader, size);

	if (from)
		memcpy(number, from, size);
	return from;
}

const char *reader_string(struct reader *reader)
{
	const char *from = (const char *)reader->at;
	const uint8_t *end = memchr(from, '\0',
				    (size_t)(reader->end - reader->at));

	reader->at = end ? end + 1 : reader->end;
	return end ? from : NULL;
}

bool reader_line(struct reader *reader, char *line, size_t size)
{
	const size_t left = (size_t)(reader->end - reader->at);
	const uint8_t *end;
	size_t length;

	if (!left)
		return false;
	end = memchr(reader->at, '\n', left);
	length = end ? (size_t)(end - reader->at) : left;
	snprintf(line, size, "%.*s", (int)(length < size ? length : size - 1),
		 (const char *)reader->at);
	reader->at += length + (end ? 1 : 0);
	return true;
}
