// SPDX-License-Identifier: LGPL-2.1
// Reads format files, which may come from anywhere: a file, another kernel.
#include "format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A part of the text. */
struct span {
	const char *from;
	size_t size;
};

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* Takes the next line off the text. */
static struct span take_line(struct span *text)
{
	const char *end = memchr(text->from, '\n', text->size);
	struct span line = { text->from, text->size };

	if (end)
		line.size = (size_t)(end - text->from);
	text->from += line.size + (end != NULL);
	text->size -= line.size + (end != NULL);
	return line;
}

static bool begins_with(const struct span *line, const char *label)
{
	const size_t length = strlen(label);

	return line->size >= length && !memcmp(line->from, label, length);
}

/* The decimal number behind @label; false: there is none. */
static bool number_behind(const struct span *line, const char *label,
			  uint32_t max, uint32_t *number)
{
	const char *found = memmem(line->from, line->size, label,
				   strlen(label));
	const char *const end = line->from + line->size;
	uint64_t value = 0;
	bool has = false;

	if (!found)
		return false;
	found += strlen(label);
	while (found < end && *found == ' ')
		found++;
	for (; found < end && *found >= '0' && *found <= '9'; found++) {
		value = value * 10 + (uint64_t)(*found - '0');
		has = true;
		if (value > max)
			return false;
	}
	*number = (uint32_t)value;
	return has;
}

static bool has_word(const struct span *text, const char *word)
{
	return memmem(text->from, text->size, word, strlen(word));
}

/* "unsigned char common_flags", "u8 insn[15]", "__data_loc char[] msg" */
static int parse_declaration(struct format_field *field, struct span text)
{
	bool is_array = false;
	size_t end = text.size;
	size_t begin;

	while (end && text.from[end - 1] == ' ')
		end--;
	if (end && text.from[end - 1] == ']') {
		is_array = true;
		while (end && text.from[end - 1] != '[')
			end--;
		end -= end > 0;
	}
	for (begin = end; begin && is_word(text.from[begin - 1]);)
		begin--;
	if (begin == end || end - begin >= sizeof(field->name))
		return -EINVAL;
	memcpy(field->name, text.from + begin, end - begin);
	field->name[end - begin] = '\0';

	text.size = begin;
	field->is_text = has_word(&text, "char");
	if (has_word(&text, "__data_loc"))
		field->kind = FORMAT_DYNAMIC;
	else if (has_word(&text, "__rel_loc"))
		field->kind = FORMAT_RELATIVE;
	else if (is_array)
		field->kind = FORMAT_ARRAY;
	else
		field->kind = FORMAT_NUMBER;
	return 0;
}

static bool is_size_good(const struct format_field *field)
{
	if (field->kind == FORMAT_DYNAMIC || field->kind == FORMAT_RELATIVE)
		return field->size == 4;
	return field->kind == FORMAT_ARRAY || field->size == 1 ||
	       field->size == 2 || field->size == 4 || field->size == 8;
}

/* "\tfield:TYPE NAME;\toffset:8;\tsize:4;\tsigned:0;" */
static int parse_field(struct format *format, struct span line)
{
	static const char label[] = "field:";
	struct format_field *field = &format->fields[format->nr_fields];
	const char *from = memmem(line.from, line.size, label, strlen(label));
	struct span declaration;
	uint32_t is_signed = 0;
	const char *semicolon;

	if (!from)
		return 0;
	if (format->nr_fields == FORMAT_FIELDS_MAX)
		return -EMSGSIZE;
	from += strlen(label);
	line.size -= (size_t)(from - line.from);
	line.from = from;
	semicolon = memchr(line.from, ';', line.size);
	if (!semicolon)
		return -EINVAL;
	declaration = (struct span){ from, (size_t)(semicolon - from) };
	line.size -= declaration.size;
	line.from = semicolon;

	memset(field, 0, sizeof(*field));
	if (parse_declaration(field, declaration) ||
	    !number_behind(&line, "offset:", UINT16_MAX, &field->offset) ||
	    !number_behind(&line, "size:", UINT16_MAX, &field->size))
		return -EINVAL;
	number_behind(&line, "signed:", 1, &is_signed);
	field->is_signed = is_signed;
	field->is_common = !strncmp(field->name, "common_", 7);
	/* A structure, say: its bytes can be shown, and that is all. */
	if (!is_size_good(field))
		field->kind = FORMAT_ARRAY;
	if (field->offset + field->size > format->bytes)
		format->bytes = field->offset + field->size;
	format->nr_fields++;
	return 0;
}

static int parse_name(struct format *format, struct span line)
{
	size_t length = 0;

	line.from += strlen("name:");
	line.size -= strlen("name:");
	while (line.size && *line.from == ' ') {
		line.from++;
		line.size--;
	}
	while (length < line.size && is_word(line.from[length]))
		length++;
	if (!length || length >= sizeof(format->name))
		return -EINVAL;
	memcpy(format->name, line.from, length);
	format->name[length] = '\0';
	return 0;
}

int format_parse(struct format *format, const char *text, size_t size)
{
	static const char print[] = "print fmt:";
	struct span rest = { text, size };
	uint32_t id = 0;
	bool has_id = false;
	int err = 0;

	format->name[0] = '\0';
	format->nr_fields = 0;
	format->bytes = 0;
	format->print = "";
	format->print_size = 0;
	if (size > FORMAT_TEXT_MAX)
		return -EMSGSIZE;
	while (rest.size && !err) {
		struct span all = rest;
		struct span line = take_line(&rest);

		if (begins_with(&line, "name:")) {
			err = parse_name(format, line);
		} else if (begins_with(&line, "ID:")) {
			has_id = number_behind(&line, "ID:", UINT16_MAX, &id);
		} else if (begins_with(&line, print)) {
			format->print = all.from + strlen(print);
			format->print_size = all.size - strlen(print);
			break;
		} else {
			err = parse_field(format, line);
		}
	}
	if (err)
		return err;
	if (!has_id || !*format->name)
		return -EINVAL;
	format->id = (int)id;
	return 0;
}

const struct format_field *format_find(const struct format *format,
				       const char *name)
{
	for (unsigned int i = 0; i < format->nr_fields; i++)
		if (!strcmp(format->fields[i].name, name))
			return &format->fields[i];
	return NULL;
}

const void *format_bytes(const struct format_field *field, const void *data,
			 size_t size, size_t *length)
{
	size_t offset = field->offset;
	uint32_t where;

	*length = field->size;
	if (field->kind == FORMAT_DYNAMIC || field->kind == FORMAT_RELATIVE) {
		memcpy(&where, (const char *)data + offset, sizeof(where));
		offset = (where & 0xffff) + (field->kind == FORMAT_RELATIVE ?
					     field->offset + field->size : 0);
		*length = where >> 16;
	}
	if (offset > size || *length > size - offset)
		return NULL;
	return (const char *)data + offset;
}
