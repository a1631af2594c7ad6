// SPDX-License-Identifier: GPL-2.0
// A screen in memory.
#include "canvas.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN		L'?'

void canvas_init(struct canvas *canvas, bool unicode)
{
	memset(canvas, 0, sizeof(*canvas));
	canvas->unicode = unicode;
	canvas->cursor_x = -1;
	canvas->cursor_y = -1;
}

void canvas_fini(struct canvas *canvas)
{
	free(canvas->cells);
	canvas->cells = NULL;
}

int canvas_clear(struct canvas *canvas, int width, int height)
{
	if (width != canvas->width || height != canvas->height) {
		free(canvas->cells);
		canvas->cells = calloc((size_t)width * (size_t)height + 1, sizeof(*canvas->cells));
		canvas->width = canvas->cells ? width : 0;
		canvas->height = canvas->cells ? height : 0;
		if (!canvas->cells)
			return -ENOMEM;
	}
	for (int y = 0; y < height; y++)
		canvas_fill(canvas, y, 0, CANVAS_PLAIN);
	canvas->cursor_x = -1;
	canvas->cursor_y = -1;
	return 0;
}

static void set(struct canvas *canvas, int y, int x, enum canvas_style style, wchar_t character)
{
	struct canvas_cell *cell;

	if (y < 0 || y >= canvas->height || x < 0 || x >= canvas->width)
		return;
	cell = &canvas->cells[y * canvas->width + x];
	cell->character = character;
	cell->style = style;
}

/* The next character of UTF-8, whatever the locale; broken ones are '?'. */
static wchar_t next_character(const char **text)
{
	const unsigned char *at = (const unsigned char *)*text;
	const unsigned int more = *at < 0xc0 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
	uint32_t value = *at;

	*text += 1;
	if (value < 0x80)
		return value < 0x20 || value == 0x7f ? UNKNOWN : (wchar_t)value;
	if (!more || value > 0xf7)
		return UNKNOWN;
	value &= 0x3fU >> more;
	for (unsigned int i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return UNKNOWN;
		value = value << 6 | (at[i] & 0x3f);
	}
	*text += more;
	return (wchar_t)value;
}

int canvas_text(struct canvas *canvas, int y, int x, int room, enum canvas_style style, const char *text)
{
	const int end = room < 0 ? INT_MAX : x + room;

	while (*text && x < end) {
		wchar_t character = next_character(&text);

		/* Only what is one column wide keeps the lines straight. */
		if (character >= 0x80 && (!canvas->unicode || wcwidth(character) != 1))
			character = UNKNOWN;
		set(canvas, y, x++, style, character);
	}
	while (room >= 0 && x < end)
		set(canvas, y, x++, style, L' ');
	return x;
}

int canvas_format(struct canvas *canvas, int y, int x, enum canvas_style style, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return canvas_text(canvas, y, x, -1, style, text);
}

void canvas_fill(struct canvas *canvas, int y, int x, enum canvas_style style)
{
	for (; x < canvas->width; x++)
		set(canvas, y, x, style, L' ');
}

void canvas_restyle(struct canvas *canvas, int y, enum canvas_style style)
{
	for (int x = 0; y >= 0 && y < canvas->height && x < canvas->width; x++)
		canvas->cells[y * canvas->width + x].style = style;
}

void canvas_level(struct canvas *canvas, int y, int x, enum canvas_style style, unsigned int level)
{
	static const wchar_t blocks[] = L" ▁▂▃▄▅▆▇█";
	static const wchar_t letters[] = L" __..-=*#";

	set(canvas, y, x, style, canvas->unicode ? blocks[level > 8 ? 8 : level] : letters[level > 8 ? 8 : level]);
}

void canvas_bar(struct canvas *canvas, int y, int x, int room, unsigned int eighths)
{
	static const wchar_t parts[] = L" ▏▎▍▌▋▊▉█";

	for (int i = 0; i < room; i++) {
		const unsigned int part = eighths > 8 ? 8 : eighths;

		eighths -= part;
		set(canvas, y, x + i, CANVAS_BAR, canvas->unicode ? parts[part] : part > 3 ? L'#' : L' ');
	}
}

static size_t put_utf8(wchar_t character, char bytes[static 4])
{
	const uint32_t value = (uint32_t)character;

	if (value < 0x80) {
		bytes[0] = (char)value;
		return 1;
	}
	if (value < 0x800) {
		bytes[0] = (char)(0xc0 | value >> 6);
		bytes[1] = (char)(0x80 | (value & 0x3f));
		return 2;
	}
	if (value < 0x10000) {
		bytes[0] = (char)(0xe0 | value >> 12);
		bytes[1] = (char)(0x80 | (value >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (value & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | value >> 18);
	bytes[1] = (char)(0x80 | (value >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (value >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (value & 0x3f));
	return 4;
}

char *canvas_line(const struct canvas *canvas, int y, char *buffer, size_t size)
{
	size_t at = 0;
	size_t end = 0;

	for (int x = 0; y >= 0 && y < canvas->height && x < canvas->width && at + 5 < size; x++) {
		const wchar_t character = canvas->cells[y * canvas->width + x].character;

		at += put_utf8(character, buffer + at);
		if (character != L' ')
			end = at;
	}
	buffer[end] = '\0';
	return buffer;
}
