/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal: paints canvases, reads keys. Only this knows ncurses. */
#ifndef KVM2TOP_SCREEN_H
#define KVM2TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "canvas.h"

#define SCREEN_MESSAGE_SIZE	128

/**
 * screen_open() - take the terminal
 * @colour: use colours where it has any
 * Return: 0 or a negative errno, and a @message.
 */
int screen_open(bool colour, char message[static SCREEN_MESSAGE_SIZE]);
void screen_close(void);

void screen_size(int *width, int *height);
void screen_paint(const struct canvas *canvas);

/* Paint all of it again at the next screen_paint(). */
void screen_redraw(void);

/**
 * screen_key() - the next key that was pressed
 * @x, @y: out: of a click
 * Return: a character or KEYS_*; 0: none.
 */
int screen_key(int *x, int *y);

#endif /* KVM2TOP_SCREEN_H */
