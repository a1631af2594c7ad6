/* SPDX-License-Identifier: LGPL-2.1 */
/* The format file of an event: what a record of it holds. */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORMAT_NAME_SIZE	64
#define FORMAT_FIELDS_MAX	128
/* The longest of Linux 6.18's KVM has 5 KiB. */
#define FORMAT_TEXT_MAX		(256 * 1024)

enum format_field_kind {
	FORMAT_NUMBER,		/* 1, 2, 4 or 8 bytes */
	FORMAT_ARRAY,		/* bytes, or numbers one after the other */
	FORMAT_DYNAMIC,		/* 4 bytes that say where the array is */
	FORMAT_RELATIVE,	/* the same, counted from behind these bytes */
};

/**
 * struct format_field - one field of a record
 * @name:	"" if it could not be read
 * @kind:	how it is stored
 * @is_signed:	of a number, or the elements of an array
 * @is_text:	an array of char
 * @is_common:	every event has it
 * @offset:	in the record
 * @size:	bytes at @offset
 */
struct format_field {
	char name[FORMAT_NAME_SIZE];
	enum format_field_kind kind;
	bool is_signed;
	bool is_text;
	bool is_common;
	uint32_t offset;
	uint32_t size;
};

/**
 * struct format - a format file
 * @name:	of the event
 * @id:		its number
 * @fields:	@nr_fields fields, in their order
 * @nr_fields:	number of them
 * @bytes:	a record has at least so many
 * @print:	what follows "print fmt:", a part of the text that was parsed
 * @print_size:	bytes of @print
 */
struct format {
	char name[FORMAT_NAME_SIZE];
	int id;
	struct format_field fields[FORMAT_FIELDS_MAX];
	unsigned int nr_fields;
	uint32_t bytes;
	const char *print;
	size_t print_size;
};

/**
 * format_parse() - read a format file
 * @format: out: borrows @text
 * Return: 0; -EINVAL it is none; -EMSGSIZE it is longer, or has more fields,
 *	   than any event.
 */
int format_parse(struct format *format, const char *text, size_t size);

/* NULL: there is no such field. */
const struct format_field *format_find(const struct format *format,
				       const char *name);

/* A number of the record @data, which has format->bytes at least. */
static inline uint64_t format_number(const struct format_field *field,
				     const void *data)
{
	const char *const from = (const char *)data + field->offset;

	switch (field->size) {
	case 1: {
		uint8_t value;

		__builtin_memcpy(&value, from, sizeof(value));
		return field->is_signed ? (uint64_t)(int8_t)value : value;
	}
	case 2: {
		uint16_t value;

		__builtin_memcpy(&value, from, sizeof(value));
		return field->is_signed ? (uint64_t)(int16_t)value : value;
	}
	case 4: {
		uint32_t value;

		__builtin_memcpy(&value, from, sizeof(value));
		return field->is_signed ? (uint64_t)(int32_t)value : value;
	}
	default: {
		uint64_t value;

		__builtin_memcpy(&value, from, sizeof(value));
		return value;
	}
	}
}

/**
 * format_bytes() - where the bytes of a field of any kind are
 * @size:   bytes at @data: at least format->bytes
 * @length: out
 * Return: the bytes, within @data; NULL: the record says nonsense.
 */
const void *format_bytes(const struct format_field *field, const void *data,
			 size_t size, size_t *length);

#endif /* TRACE_FORMAT_H */
