/* SPDX-License-Identifier: GPL-2.0 */
/* Names of addresses of a guest's kernel, from its System.map, /proc/kallsyms or nm's output. */
#ifndef KVM2TOP_SYMBOLS_H
#define KVM2TOP_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct symbols;

/**
 * symbols_read() - read lines of ADDRESS TYPE NAME
 * @offset: added to every address, as KASLR does
 * Return: to be destroyed by the caller; NULL: no memory, or no symbol, with errno.
 */
struct symbols *symbols_read(FILE *file, uint64_t offset);

/* The same of "FILE" or "FILE+0xOFFSET". */
struct symbols *symbols_load(const char *where);
void symbols_destroy(struct symbols *symbols);

/* "schedule+0x1c"; "" when there is none for it. Returns @buffer. */
const char *symbols_find(const struct symbols *symbols, uint64_t address, char *buffer, size_t size);

#endif /* KVM2TOP_SYMBOLS_H */
