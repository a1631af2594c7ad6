/* SPDX-License-Identifier: LGPL-2.1 */
/* The "print fmt" of an event: compiled once, then text of each record. */
#ifndef TRACE_PRINT_H
#define TRACE_PRINT_H

#include "expr.h"
#include "format.h"
#include "text.h"

struct print;

/**
 * print_compile() - understand a print format
 * @arena:  gets the result
 * @format: of the event; has to stay as it is
 * Return: NULL when it has something that is not known, or memory ends.
 */
const struct print *print_compile(struct arena *arena,
				  const struct format *format);

/* The kernel's text; @record has format->bytes at least. */
void print_run(const struct print *print, const struct expr_record *record,
	       struct text *text);

/* The arguments, in their order; NULL: there are not so many. */
const struct expr *print_argument(const struct print *print,
				  unsigned int index);

/* All fields but the common ones as name=value: for formats not understood. */
void print_fields(const struct format *format,
		  const struct expr_record *record, struct text *text);

#endif /* TRACE_PRINT_H */
