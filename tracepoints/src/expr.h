/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * The arguments of a "print fmt": expressions of C over the fields of a
 * record, and the kernel's macros that make strings of numbers. They are
 * parsed once and evaluated for each record.
 */
#ifndef TRACE_EXPR_H
#define TRACE_EXPR_H

#include "format.h"
#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* A bag of memory that is freed as a whole; NULL: no memory, or too much. */
struct arena *arena_create(void);
void arena_destroy(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t size);

enum expr_kind {
	EXPR_NUMBER,
	EXPR_FIELD,
	EXPR_CAST,
	EXPR_UNARY,
	EXPR_BINARY,
	EXPR_TERNARY,
	EXPR_STRING,	/* from here on, text */
	EXPR_SYMBOLIC,
	EXPR_FLAGS,
	EXPR_HEX,
	EXPR_GET_STR,
	EXPR_TEXT_TERNARY,
	EXPR_MMU_PAGE,
};

enum expr_op {
	EXPR_OR_OR, EXPR_AND_AND, EXPR_OR, EXPR_XOR, EXPR_AND, EXPR_EQ, EXPR_NE,
	EXPR_LT, EXPR_GT, EXPR_LE, EXPR_GE, EXPR_SHL, EXPR_SHR, EXPR_ADD,
	EXPR_SUB, EXPR_MUL, EXPR_DIV, EXPR_MOD, EXPR_NOT, EXPR_INVERT,
	EXPR_NEGATE,
};

struct expr_symbol {
	uint64_t value;
	const char *text;
	uint32_t length;
};

/* Values below this are looked up without a search. */
#define EXPR_DENSE_MAX		1088

/**
 * struct expr - one node
 * @kind:	what it is
 * @op:		of an operator
 * @size:	bytes of its type, for numbers
 * @is_signed:	of its type
 * @number:	a number's value
 * @field:	of a field, hex or get_str; the role, of an MMU page
 * @args:	operands; of symbolic and flags the value
 * @text:	of a string; of flags the delimiter
 * @text_length: bytes of @text
 * @symbols:	@nr_symbols of them, of symbolic and flags
 * @dense:	of symbolic: number of the symbol of a small value, from 1
 * @more:	fields of an MMU page
 */
struct expr {
	enum expr_kind kind;
	enum expr_op op;
	uint8_t size;
	bool is_signed;
	uint64_t number;
	const struct format_field *field;
	const struct expr *args[3];
	const char *text;
	uint32_t text_length;
	uint32_t nr_symbols;
	const struct expr_symbol *symbols;
	const uint8_t *dense;
	const struct format_field *more[4];
};

/**
 * struct expr_parser - where in the text we are
 * @arena:	gets the nodes
 * @format:	whose fields are meant by REC->
 * @from:	the next byte
 * @end:	behind the last
 * @depth:	how far we are nested
 */
struct expr_parser {
	struct arena *arena;
	const struct format *format;
	const char *from;
	const char *end;
	unsigned int depth;
};

/* The next expression, up to a comma; NULL: it cannot be understood. */
const struct expr *expr_parse(struct expr_parser *parser);

/* "a" "b" as one string; NULL: there is none. */
const char *expr_parse_string(struct expr_parser *parser, size_t *length);

/* Does @c come next? Then step over it. */
bool expr_accept(struct expr_parser *parser, char c);

static inline bool expr_is_text(const struct expr *expr)
{
	return expr->kind >= EXPR_STRING;
}

/**
 * struct expr_record - what an expression is about
 * @data: the record
 * @size: its bytes: format->bytes at least
 */
struct expr_record {
	const void *data;
	size_t size;
};

/* The value of a number. */
uint64_t expr_value(const struct expr *expr, const struct expr_record *record);

/* Append a text. */
void expr_print(const struct expr *expr, const struct expr_record *record,
		struct text *text);

/* Name of @value among the symbols, NULL: it has none. */
const struct expr_symbol *expr_symbol(const struct expr *expr, uint64_t value);

#endif /* TRACE_EXPR_H */
