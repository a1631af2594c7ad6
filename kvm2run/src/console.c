// SPDX-License-Identifier: GPL-2.0
// The terminal and the bytes between it and the serial port.
#include "console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define KEY_ESCAPE	0x01	/* Ctrl-A */

/*
 * A pipe that polls as writable takes so much without waiting, as long as
 * nobody else writes to it.
 */
#define CHUNK_BYTES	512

/* For the handler of signals that kill: the terminal to restore, if any. */
static volatile sig_atomic_t fatal_restores;
static struct termios fatal_termios;

static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

static void restore_and_die(int signal)
{
	if (fatal_restores)
		tcsetattr(STDIN_FILENO, TCSANOW, &fatal_termios);
	/* SA_RESETHAND: this one kills, when the handler returns. */
	raise(signal);
}

static void catch_fatal_signals(void)
{
	struct sigaction action = { .sa_handler = restore_and_die, .sa_flags = SA_RESETHAND };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(fatal_signals) / sizeof(fatal_signals[0]); i++)
		sigaction(fatal_signals[i], &action, NULL);
}

int console_init(struct console *console, int end_fd, void (*broken)(void *, int),
		 void (*arrived)(void *), void *context)
{
	memset(console, 0, sizeof(*console));
	console->end_fd = end_fd;
	console->broken = broken;
	console->arrived = arrived;
	console->context = context;
	console->is_tty = isatty(STDIN_FILENO);
	pthread_mutex_init(&console->output, NULL);
	pthread_mutex_init(&console->lock, NULL);
	console->room_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return console->room_fd < 0 ? -errno : 0;
}

void console_fini(struct console *console)
{
	console_restore(console);
	pthread_mutex_destroy(&console->lock);
	pthread_mutex_destroy(&console->output);
	if (console->room_fd >= 0)
		close(console->room_fd);
}

/* In the background, touching the terminal would stop the process. */
static bool owns_terminal(const struct console *console)
{
	return console->is_tty && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

void console_start(struct console *console)
{
	struct termios raw;

	if (console->raw || !owns_terminal(console) ||
	    tcgetattr(STDIN_FILENO, &console->saved) < 0)
		return;

	fatal_termios = console->saved;
	fatal_restores = 1;
	catch_fatal_signals();

	raw = console->saved;
	cfmakeraw(&raw);
	/* Lines of the guest end at the left margin whatever it sends. */
	raw.c_oflag = console->saved.c_oflag;
	console->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void console_restore(struct console *console)
{
	if (!console->raw)
		return;
	tcsetattr(STDIN_FILENO, TCSANOW, &console->saved);
	console->raw = false;
	fatal_restores = 0;
}

int console_input_fd(struct console *console)
{
	bool full;

	if (console->eof || (console->is_tty && !owns_terminal(console)))
		return -1;
	/* From a terminal too much is dropped, so that Ctrl-A x always works. */
	if (console->is_tty)
		return STDIN_FILENO;

	pthread_mutex_lock(&console->lock);
	full = console->used == sizeof(console->input);
	console->waiting = full;
	pthread_mutex_unlock(&console->lock);
	return full ? -1 : STDIN_FILENO;
}

static void put_byte(struct console *console, uint8_t byte)
{
	if (console->used == sizeof(console->input))
		return;
	console->input[(console->head + console->used) % sizeof(console->input)] = byte;
	console->used++;
}

static size_t room(struct console *console)
{
	size_t bytes;

	pthread_mutex_lock(&console->lock);
	bytes = sizeof(console->input) - console->used;
	pthread_mutex_unlock(&console->lock);
	return bytes;
}

/* Return: bytes read; 0 for none, now or, with @console->eof, for ever. */
static size_t read_input(struct console *console, uint8_t *bytes, size_t len)
{
	ssize_t n = read(STDIN_FILENO, bytes, len);

	if (n > 0)
		return (size_t)n;
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		console->eof = true;
	return 0;
}

/* The key after Ctrl-A; the lock is held. */
static enum console_event escape(struct console *console, uint8_t byte)
{
	console->escaped = false;
	if (byte == 'x')
		return CONSOLE_QUIT;
	if (byte == KEY_ESCAPE || byte == 'a')
		put_byte(console, KEY_ESCAPE);
	return CONSOLE_NOTHING;
}

enum console_event console_input(struct console *console)
{
	enum console_event event = CONSOLE_NOTHING;
	uint8_t bytes[CHUNK_BYTES];
	size_t limit = console->is_tty ? sizeof(bytes) : room(console);
	size_t n = read_input(console, bytes, limit < sizeof(bytes) ? limit : sizeof(bytes));

	pthread_mutex_lock(&console->lock);
	for (size_t i = 0; i < n && event != CONSOLE_QUIT; i++) {
		if (console->escaped)
			event = escape(console, bytes[i]);
		else if (console->raw && bytes[i] == KEY_ESCAPE)
			console->escaped = true;
		else
			put_byte(console, bytes[i]);
	}
	pthread_mutex_unlock(&console->lock);
	if (n && console->arrived)
		console->arrived(console->context);
	return event;
}

enum console_event console_skip_line(struct console *console)
{
	uint8_t byte;

	return read_input(console, &byte, 1) && byte == '\n' ? CONSOLE_LINE : CONSOLE_NOTHING;
}

bool console_read(void *context, bool take, uint8_t *byte)
{
	struct console *console = context;
	bool wake = false;
	bool there;

	pthread_mutex_lock(&console->lock);
	there = console->used > 0;
	if (there && take) {
		*byte = console->input[console->head];
		console->head = (console->head + 1) % sizeof(console->input);
		console->used--;
		wake = console->waiting;
		console->waiting = false;
	}
	pthread_mutex_unlock(&console->lock);
	if (wake)
		eventfd_write(console->room_fd, 1);
	return there;
}

/* Return: can be written; false: the run has ended, and nobody reads. */
static bool wait_writable(const struct console *console)
{
	struct pollfd fds[] = {
		{ .fd = STDOUT_FILENO, .events = POLLOUT },
		{ .fd = console->end_fd, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return true;	/* write() will say why */
	return fds[0].revents != 0;
}

void console_write(void *context, const uint8_t *data, size_t len)
{
	struct console *console = context;

	pthread_mutex_lock(&console->output);
	while (len && !console->failed && wait_writable(console)) {
		ssize_t n = write(STDOUT_FILENO, data, len < CHUNK_BYTES ? len : CHUNK_BYTES);

		if (n >= 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno != EINTR && errno != EAGAIN) {
			console->failed = true;
			console->broken(console->context, errno);
		}
	}
	pthread_mutex_unlock(&console->output);
}
