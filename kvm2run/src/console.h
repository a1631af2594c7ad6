/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Standard input and output as the other end of the guest's serial port.
 *
 * The main thread starts, polls and restores; vcpu threads write, and take
 * what has been read. A terminal is raw while the guest runs, so that every
 * key reaches it, except those after Ctrl-A.
 */
#ifndef KVM2RUN_CONSOLE_H
#define KVM2RUN_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#define CONSOLE_INPUT_BYTES 4096

/**
 * struct console - the console
 * @end_fd:	readable when the run has ended: writes then wait no more
 * @room_fd:	eventfd, readable when a full buffer has room again
 * @broken:	called once, by a vcpu, when output fails; with the errno
 * @arrived:	called after input was taken, with @context; or NULL
 * @output:	one writes at a time; protects @failed
 * @lock:	protects @input, @head, @used and @waiting
 */
struct console {
	int end_fd;
	int room_fd;
	void (*broken)(void *context, int error);
	void (*arrived)(void *context);
	void *context;
	bool is_tty;
	bool raw;
	bool eof;
	bool escaped;
	bool failed;
	struct termios saved;
	pthread_mutex_t output;
	pthread_mutex_t lock;
	uint8_t input[CONSOLE_INPUT_BYTES];
	size_t head;
	size_t used;
	bool waiting;
};

enum console_event {
	CONSOLE_NOTHING,
	CONSOLE_QUIT,		/* Ctrl-A x */
	CONSOLE_LINE,		/* console_skip_line(): a line has ended */
};

/* Return: 0 or a negative errno of eventfd(2). */
int console_init(struct console *console, int end_fd, void (*broken)(void *, int),
		 void (*arrived)(void *), void *context);
void console_fini(struct console *console);

/*
 * Make the terminal raw if it is ours (foreground); also after SIGCONT.
 * Whatever ends the process from here on, save SIGKILL, restores it.
 */
void console_start(struct console *console);

/* Give the terminal back as it was. */
void console_restore(struct console *console);

/* The descriptor to poll for input, or -1 while none can be taken. */
int console_input_fd(struct console *console);

/* Take what there is, when console_input_fd() is readable. */
enum console_event console_input(struct console *console);

/* Take a byte of a line that nobody wants. */
enum console_event console_skip_line(struct console *console);

/* Backend of the serial port and the virtio console; @context is the console. */
void console_write(void *context, const uint8_t *data, size_t len);
bool console_read(void *context, bool take, uint8_t *byte);

#endif
