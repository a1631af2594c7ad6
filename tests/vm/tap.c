// SPDX-License-Identifier: GPL-2.0
/* Test results as TAP. */
#include "tap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_SIZE	1024

/* Shared with children: what they report counts, too. */
static struct totals {
	atomic_int count;
	atomic_int failures;
} *totals;

__attribute__((constructor)) static void share_totals(void)
{
	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED)
		abort();
}

/* One write() a line, so that those of threads and children do not mix. */
static void write_line(char line[static LINE_SIZE], int length)
{
	if (length > LINE_SIZE - 2)
		length = LINE_SIZE - 2;
	line[length++] = '\n';
	if (write(STDOUT_FILENO, line, length) != length)
		_exit(1);
}

static void report(bool passed, const char *reason, const char *sentence,
		   va_list args)
{
	int number = atomic_fetch_add(&totals->count, 1) + 1;
	char line[LINE_SIZE];
	int n;

	if (!passed)
		atomic_fetch_add(&totals->failures, 1);
	n = snprintf(line, sizeof(line), "%sok %d - ", passed ? "" : "not ",
		     number);
	n += vsnprintf(line + n, sizeof(line) - n, sentence, args);
	if (reason && n < LINE_SIZE)
		n += snprintf(line + n, sizeof(line) - n, " # SKIP %s",
			      reason);
	write_line(line, n);
}

bool tap_ok(bool passed, const char *sentence, ...)
{
	va_list args;

	va_start(args, sentence);
	report(passed, NULL, sentence, args);
	va_end(args);
	return passed;
}

static const char *name_value(long value, char *text, size_t size)
{
	const char *name = value < 0 ? strerrorname_np(-value) : NULL;

	snprintf(text, size, name ? "%ld (-%s)" : "%ld", value, name);
	return text;
}

bool tap_is(long actual, long expected, const char *sentence, ...)
{
	char a[64], b[64];
	va_list args;

	va_start(args, sentence);
	report(actual == expected, NULL, sentence, args);
	va_end(args);
	if (actual != expected)
		tap_note("  got %s, expected %s",
			 name_value(actual, a, sizeof(a)),
			 name_value(expected, b, sizeof(b)));
	return actual == expected;
}

void tap_skip(const char *reason, const char *sentence, ...)
{
	va_list args;

	va_start(args, sentence);
	report(true, reason, sentence, args);
	va_end(args);
}

void tap_note(const char *text, ...)
{
	char line[LINE_SIZE] = "# ";
	va_list args;
	int n;

	va_start(args, text);
	n = 2 + vsnprintf(line + 2, sizeof(line) - 2, text, args);
	va_end(args);
	write_line(line, n);
}

void tap_die(const char *what, ...)
{
	int error = errno;
	char text[LINE_SIZE / 2];
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	tap_ok(false, "%s: %s", text, strerror(error));
	exit(1);
}

void tap_child(const char *what, void (*test)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		tap_die("fork");
	if (!pid) {
		test();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	tap_is(status, 0, "%s: the process has ended well", what);
}

int tap_status(void)
{
	return atomic_load(&totals->failures) ? 1 : 0;
}

int tap_end(void)
{
	char line[LINE_SIZE];

	write_line(line, snprintf(line, sizeof(line), "1..%d",
				  atomic_load(&totals->count)));
	return tap_status();
}
