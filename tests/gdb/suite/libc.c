// SPDX-License-Identifier: GPL-2.0
// What the programs of gdb's own tests want of a C library, without an operating system. The headers are the machine's.
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERIAL_PORT	0x3f8
#define EXIT_PORT	0xf4
/* Beyond the image, so that no symbol is near. */
#define HEAP		0x2000000UL
#define HEAP_BYTES	(4UL << 20)

void suite_ready(void);

static void out(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void print(const char *text)
{
	while (*text)
		out(SERIAL_PORT, (uint8_t)*text++);
}

void suite_ready(void)
{
	print("ready\n");
}

void exit(int status)
{
	out(EXIT_PORT, (uint8_t)status);
	for (;;)
		__asm__ volatile("hlt");
}

void abort(void)
{
	exit(127);
}

void __assert_fail(const char *text, const char *file, unsigned int line, const char *function)
{
	(void)file;
	(void)line;
	(void)function;
	print(text);
	abort();
}

/* ---- output: nobody reads it, so formats are printed as they are ---- */

FILE *stdin;
FILE *stdout;
FILE *stderr;

int printf(const char *format, ...)
{
	print(format);
	return (int)strlen(format);
}

int fprintf(FILE *file, const char *format, ...)
{
	(void)file;
	print(format);
	return (int)strlen(format);
}

int sprintf(char *text, const char *format, ...)
{
	strcpy(text, format);
	return (int)strlen(format);
}

int puts(const char *text)
{
	print(text);
	print("\n");
	return 0;
}

int putchar(int c)
{
	out(SERIAL_PORT, (uint8_t)c);
	return c;
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *file)
{
	const uint8_t *at = data;

	(void)file;
	for (size_t i = 0; i < size * count; i++)
		out(SERIAL_PORT, at[i]);
	return count;
}

int fputc(int c, FILE *file)
{
	(void)file;
	return putchar(c);
}

int fflush(FILE *file)
{
	(void)file;
	return 0;
}

int setvbuf(FILE *file, char *buffer, int mode, size_t size)
{
	(void)file;
	(void)buffer;
	(void)mode;
	(void)size;
	return 0;
}

int fileno(FILE *file)
{
	(void)file;
	return 1;
}

int isatty(int file)
{
	(void)file;
	return 1;
}

/* ---- memory ---- */

void *malloc(size_t bytes)
{
	static size_t used;
	void *memory = (void *)(HEAP + used);

	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes > HEAP_BYTES - used)
		return NULL;
	used += bytes;
	return memory;
}

void *calloc(size_t count, size_t bytes)
{
	return malloc(count * bytes);
}

void free(void *memory)
{
	(void)memory;
}

void *memset(void *to, int value, size_t bytes)
{
	uint8_t *at = to;

	while (bytes--)
		*at++ = (uint8_t)value;
	return to;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
	const uint8_t *source = from;
	uint8_t *at = to;

	while (bytes--)
		*at++ = *source++;
	return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	const uint8_t *source = from;
	uint8_t *at = to;

	if (at <= source)
		return memcpy(to, from, bytes);
	while (bytes--)
		at[bytes] = source[bytes];
	return to;
}

int memcmp(const void *one, const void *other, size_t bytes)
{
	const uint8_t *a = one;
	const uint8_t *b = other;

	for (; bytes; bytes--, a++, b++)
		if (*a != *b)
			return *a - *b;
	return 0;
}

size_t strlen(const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	return (size_t)(end - text);
}

char *strcpy(char *to, const char *from)
{
	memcpy(to, from, strlen(from) + 1);
	return to;
}

char *strcat(char *to, const char *from)
{
	strcpy(to + strlen(to), from);
	return to;
}

int strcmp(const char *one, const char *other)
{
	while (*one && *one == *other) {
		one++;
		other++;
	}
	return (uint8_t)*one - (uint8_t)*other;
}

/* ---- the rest ---- */

/* Decimal. */
long strtol(const char *restrict text, char **restrict end, int base)
{
	long number = 0;

	(void)base;
	while (*text >= '0' && *text <= '9')
		number = number * 10 + *text++ - '0';
	if (end)
		*end = (char *)text;
	return number;
}

int (atoi)(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

ssize_t write(int file, const void *data, size_t bytes)
{
	(void)file;
	return (ssize_t)fwrite(data, 1, bytes, stdout);
}

ssize_t read(int file, void *data, size_t bytes)
{
	(void)file;
	(void)data;
	(void)bytes;
	return 0;
}

unsigned int alarm(unsigned int seconds)
{
	(void)seconds;
	return 0;
}

unsigned int sleep(unsigned int seconds)
{
	(void)seconds;
	return 0;
}

int usleep(useconds_t us)
{
	(void)us;
	return 0;
}
