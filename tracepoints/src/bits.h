/* SPDX-License-Identifier: LGPL-2.1 */
/* Names of numbers and of bits, in tables, as text. */
#ifndef TRACE_BITS_H
#define TRACE_BITS_H

#include "text.h"

#include <stddef.h>
#include <stdint.h>

/* The name of a number, or of the bit of that number. */
struct bit_name {
	uint64_t number;
	const char *name;
};

#define BITS(table)	(table), sizeof(table) / sizeof((table)[0])

/* NULL: it has none. */
const char *bit_find(const struct bit_name *table, size_t nr, uint64_t number);

/* The name, else the number in hexadecimal. */
void bit_name(struct text *text, const struct bit_name *table, size_t nr,
	      uint64_t number);

/* Names of the bits that are set, with | between, and what is left. */
void bit_names(struct text *text, const struct bit_name *table, size_t nr,
	       uint64_t value);

/* Of a page fault, in the kernel's words, and those of nested page faults. */
void bit_page_fault(struct text *text, uint64_t error_code);

/* "#PF(14)", "#17" */
void bit_vector(struct text *text, unsigned int vector);

#endif /* TRACE_BITS_H */
