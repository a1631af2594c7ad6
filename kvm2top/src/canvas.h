/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A screen in memory: characters with a meaning, which whoever paints it turns
 * into colours. Pure; what is beyond an edge is cut off.
 */
#ifndef KVM2TOP_CANVAS_H
#define KVM2TOP_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

enum canvas_style {
	CANVAS_PLAIN,
	CANVAS_TITLE,		/* a line of headings */
	CANVAS_MARKED,		/* of these, the one that counts */
	CANVAS_SELECTED,
	CANVAS_GOOD,
	CANVAS_BAD,
	CANVAS_FAINT,
	CANVAS_STRONG,
	CANVAS_KEY,		/* a key to press */
	CANVAS_BAR,
	CANVAS_NR_STYLES
};

struct canvas_cell {
	wchar_t character;
	enum canvas_style style;
};

/**
 * struct canvas - what is on the screen
 * @cells:	@height lines of @width
 * @unicode:	blocks may be drawn, names may have letters beyond ASCII
 * @cursor_x, @cursor_y: where it is shown; -1: nowhere
 */
struct canvas {
	int width;
	int height;
	struct canvas_cell *cells;
	bool unicode;
	int cursor_x;
	int cursor_y;
};

void canvas_init(struct canvas *canvas, bool unicode);
void canvas_fini(struct canvas *canvas);

/* All blank, of that size. Return: 0 or -ENOMEM, and it has no size. */
int canvas_clear(struct canvas *canvas, int width, int height);

/**
 * canvas_text() - write UTF-8
 * @room:  at most so many characters; what is left of them is blank; -1: as
 *	   many as there are
 * Return: the place behind it.
 */
int canvas_text(struct canvas *canvas, int y, int x, int room, enum canvas_style style, const char *text);

int __attribute__((format(printf, 5, 6)))
canvas_format(struct canvas *canvas, int y, int x, enum canvas_style style, const char *format, ...);

/* Fill from @x to the end of the line. */
void canvas_fill(struct canvas *canvas, int y, int x, enum canvas_style style);

/* The same characters in another style. */
void canvas_restyle(struct canvas *canvas, int y, enum canvas_style style);

/* A level of a sparkline, 0 to 8. */
void canvas_level(struct canvas *canvas, int y, int x, enum canvas_style style, unsigned int level);

/* A bar of so many eighths of a character. */
void canvas_bar(struct canvas *canvas, int y, int x, int room, unsigned int eighths);

/* A line as UTF-8 without blanks at its end, for tests. Returns @buffer. */
char *canvas_line(const struct canvas *canvas, int y, char *buffer, size_t size);

#endif /* KVM2TOP_CANVAS_H */
