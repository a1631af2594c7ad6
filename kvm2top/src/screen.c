// SPDX-License-Identifier: GPL-2.0
// The terminal, by ncurses.
#include "screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "keys.h"

#define ESCAPE_MS	100	/* what comes later, even by a slow line, is no part of a key's code */

/* Pairs of colours have the number of their style and 1. */
static const struct {
	attr_t attributes;
	attr_t without_colour;
	short colour;
	short ground;
} styles[CANVAS_NR_STYLES] = {
	[CANVAS_PLAIN]		= { A_NORMAL, A_NORMAL, -1, -1 },
	[CANVAS_TITLE]		= { A_NORMAL, A_REVERSE, COLOR_BLACK, COLOR_GREEN },
	[CANVAS_MARKED]		= { A_BOLD, A_REVERSE | A_UNDERLINE, COLOR_BLACK, COLOR_CYAN },
	[CANVAS_SELECTED]	= { A_NORMAL, A_STANDOUT, COLOR_BLACK, COLOR_CYAN },
	[CANVAS_GOOD]		= { A_NORMAL, A_NORMAL, COLOR_GREEN, -1 },
	[CANVAS_BAD]		= { A_BOLD, A_BOLD | A_REVERSE, COLOR_WHITE, COLOR_RED },
	[CANVAS_FAINT]		= { A_DIM, A_DIM, -1, -1 },
	[CANVAS_STRONG]		= { A_BOLD, A_BOLD, -1, -1 },
	[CANVAS_KEY]		= { A_BOLD, A_UNDERLINE, COLOR_CYAN, -1 },
	[CANVAS_BAR]		= { A_NORMAL, A_NORMAL, COLOR_YELLOW, -1 },
};

static SCREEN *terminal;
static bool has_colour;

int screen_open(bool colour, char message[static SCREEN_MESSAGE_SIZE])
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		snprintf(message, SCREEN_MESSAGE_SIZE, "no terminal: use -b, --json, --csv or --openmetrics");
		return -ENOTTY;
	}
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal) {
		snprintf(message, SCREEN_MESSAGE_SIZE, "the terminal '%.40s' is not known: set TERM, or use -b",
			 name ? name : "");
		return -ENOTTY;
	}
	set_term(terminal);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	/* Every press at once; a double click is two. */
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	has_colour = colour && !getenv("NO_COLOR") && has_colors() && start_color() == OK;
	if (has_colour) {
		use_default_colors();
		for (short i = 0; i < CANVAS_NR_STYLES; i++)
			init_pair((short)(i + 1), styles[i].colour, styles[i].ground);
	}
	return 0;
}

void screen_close(void)
{
	if (!terminal)
		return;
	endwin();
	delscreen(terminal);
	terminal = NULL;
}

void screen_size(int *width, int *height)
{
	getmaxyx(stdscr, *height, *width);
}

void screen_redraw(void)
{
	clearok(curscr, TRUE);
}

void screen_paint(const struct canvas *canvas)
{
	for (int y = 0; y < canvas->height; y++) {
		for (int x = 0; x < canvas->width; x++) {
			const struct canvas_cell *cell = &canvas->cells[y * canvas->width + x];
			const wchar_t text[] = { cell->character, L'\0' };
			const short pair = (short)(has_colour ? (int)cell->style + 1 : 0);
			cchar_t out;

			setcchar(&out, text, has_colour ? styles[cell->style].attributes :
				 styles[cell->style].without_colour, pair, NULL);
			mvadd_wch(y, x, &out);
		}
	}
	if (canvas->cursor_x >= 0 && canvas->cursor_x < canvas->width) {
		move(canvas->cursor_y, canvas->cursor_x);
		curs_set(1);
	} else {
		curs_set(0);
	}
	refresh();
}

static const struct {
	int curses;
	int code;
} codes[] = {
	{ KEY_UP, KEYS_UP }, { KEY_DOWN, KEYS_DOWN }, { KEY_LEFT, KEYS_LEFT }, { KEY_RIGHT, KEYS_RIGHT },
	{ KEY_PPAGE, KEYS_PAGE_UP }, { KEY_NPAGE, KEYS_PAGE_DOWN }, { KEY_HOME, KEYS_HOME }, { KEY_END, KEYS_END },
	{ KEY_ENTER, KEYS_ENTER }, { '\r', KEYS_ENTER }, { '\n', KEYS_ENTER }, { 27, KEYS_ESCAPE },
	{ KEY_BACKSPACE, KEYS_BACKSPACE }, { 127, KEYS_BACKSPACE }, { '\b', KEYS_BACKSPACE },
	{ KEY_DC, KEYS_DELETE }, { KEY_RESIZE, KEYS_RESIZE },
};

static int mouse_code(int *x, int *y)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return 0;
	*x = event.x;
	*y = event.y;
	if (event.bstate & BUTTON4_PRESSED)
		return KEYS_WHEEL_UP;
	if (event.bstate & BUTTON5_PRESSED)
		return KEYS_WHEEL_DOWN;
	return event.bstate & BUTTON1_PRESSED ? KEYS_CLICK : 0;
}

int screen_key(int *x, int *y)
{
	int key;

	for (;;) {
		key = getch();
		if (key == ERR)
			return 0;
		if (key == KEY_MOUSE) {
			const int code = mouse_code(x, y);

			if (code)
				return code;
			continue;
		}
		if (key >= KEY_F(1) && key <= KEY_F(10))
			return KEYS_F1 + key - KEY_F(1);
		for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
			if (codes[i].curses == key)
				return codes[i].code;
		if (key < 256)
			return key;
	}
}
