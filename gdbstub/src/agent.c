// SPDX-License-Identifier: GPL-2.0
/* gdb's agent expressions, as its manual describes their bytecode. */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum opcode {
	OP_FLOAT = 0x01, OP_ADD, OP_SUB, OP_MUL, OP_DIV_SIGNED, OP_DIV_UNSIGNED, OP_REM_SIGNED,
	OP_REM_UNSIGNED, OP_LSH, OP_RSH_SIGNED, OP_RSH_UNSIGNED, OP_TRACE, OP_TRACE_QUICK,
	OP_LOG_NOT, OP_BIT_AND, OP_BIT_OR, OP_BIT_XOR, OP_BIT_NOT, OP_EQUAL, OP_LESS_SIGNED,
	OP_LESS_UNSIGNED, OP_EXT, OP_REF8, OP_REF16, OP_REF32, OP_REF64, OP_REF_FLOAT,
	OP_REF_DOUBLE, OP_REF_LONG_DOUBLE, OP_L_TO_D, OP_D_TO_L,
	OP_IF_GOTO = 0x20, OP_GOTO, OP_CONST8, OP_CONST16, OP_CONST32, OP_CONST64, OP_REG, OP_END,
	OP_DUP, OP_POP, OP_ZERO_EXT, OP_SWAP, OP_GETV, OP_SETV, OP_TRACEV, OP_TRACENZ,
	OP_TRACE16, OP_PICK = 0x32, OP_ROT, OP_PRINTF,
};

/**
 * struct agent - one run
 * @at:		next byte of @code
 * @depth:	numbers on the stack
 */
struct agent {
	const uint8_t *code;
	size_t size;
	size_t at;
	const struct agent_access *access;
	uint64_t stack[AGENT_STACK];
	unsigned int depth;
	int error;
};

static uint64_t pop(struct agent *a)
{
	if (!a->depth) {
		a->error = -EINVAL;
		return 0;
	}
	return a->stack[--a->depth];
}

static void push(struct agent *a, uint64_t value)
{
	if (a->depth == AGENT_STACK)
		a->error = -EOVERFLOW;
	else
		a->stack[a->depth++] = value;
}

/* An operand: @bytes of the code, big endian. */
static uint64_t operand(struct agent *a, unsigned int bytes)
{
	uint64_t value = 0;

	if (a->size - a->at < bytes) {
		a->error = -EINVAL;
		return 0;
	}
	while (bytes--)
		value = value << 8 | a->code[a->at++];
	return value;
}

static void jump(struct agent *a, uint64_t to)
{
	if (to >= a->size)
		a->error = -EINVAL;
	else
		a->at = to;
}

static uint64_t shifted(uint64_t value, uint64_t by, bool left, bool is_signed)
{
	if (by > 63)
		return !left && is_signed && (int64_t)value < 0 ? ~0ULL : 0;
	if (left)
		return value << by;
	return is_signed ? (uint64_t)((int64_t)value >> by) : value >> by;
}

static uint64_t divided(struct agent *a, uint8_t op, uint64_t value, uint64_t by)
{
	bool overflows = value == 1ULL << 63 && by == ~0ULL;

	if (!by) {
		a->error = -EDOM;
		return 0;
	}
	switch (op) {
	case OP_DIV_SIGNED:
		return overflows ? value : (uint64_t)((int64_t)value / (int64_t)by);
	case OP_REM_SIGNED:
		return overflows ? 0 : (uint64_t)((int64_t)value % (int64_t)by);
	case OP_DIV_UNSIGNED:
		return value / by;
	}
	return value % by;
}

/* Operations with two numbers; the second is on top. */
static uint64_t binary(struct agent *a, uint8_t op, uint64_t value, uint64_t by)
{
	switch (op) {
	case OP_ADD:
		return value + by;
	case OP_SUB:
		return value - by;
	case OP_MUL:
		return value * by;
	case OP_LSH:
		return shifted(value, by, true, false);
	case OP_RSH_SIGNED:
		return shifted(value, by, false, true);
	case OP_RSH_UNSIGNED:
		return shifted(value, by, false, false);
	case OP_BIT_AND:
		return value & by;
	case OP_BIT_OR:
		return value | by;
	case OP_BIT_XOR:
		return value ^ by;
	case OP_EQUAL:
		return value == by;
	case OP_LESS_SIGNED:
		return (int64_t)value < (int64_t)by;
	case OP_LESS_UNSIGNED:
		return value < by;
	}
	return divided(a, op, value, by);
}

static uint64_t extended(struct agent *a, uint64_t value, uint64_t bits, bool is_signed)
{
	if (!bits || bits > 64)
		a->error = -EINVAL;
	else if (bits < 64 && is_signed)
		value = (uint64_t)((int64_t)(value << (64 - bits)) >> (64 - bits));
	else if (bits < 64)
		value &= (1ULL << bits) - 1;
	return value;
}

static void reference(struct agent *a, unsigned int bytes)
{
	uint64_t address = pop(a);
	uint64_t value = 0;

	if (!a->error)
		a->error = a->access->read_memory(a->access->context, address, &value, bytes);
	push(a, value);
}

static void trace(struct agent *a, uint64_t address, uint64_t size)
{
	if (!a->error && a->access->trace)
		a->error = a->access->trace(a->access->context, address, size);
}

/* As far as a NUL, which is not traced beyond. */
static void trace_string(struct agent *a, uint64_t address, uint64_t limit)
{
	uint64_t length = 0;
	uint8_t byte = 1;

	while (!a->error && byte && length < limit && length < AGENT_BYTES_MAX)
		a->error = a->access->read_memory(a->access->context, address + length++, &byte, 1);
	trace(a, address, length);
}

static void stack_operation(struct agent *a, uint8_t op)
{
	uint64_t top;
	uint64_t second;
	uint64_t third;

	switch (op) {
	case OP_DUP:
		top = pop(a);
		push(a, top);
		push(a, top);
		break;
	case OP_POP:
		pop(a);
		break;
	case OP_SWAP:
		top = pop(a);
		second = pop(a);
		push(a, top);
		push(a, second);
		break;
	case OP_PICK:
		third = operand(a, 1);
		if (third >= a->depth)
			a->error = -EINVAL;
		else
			push(a, a->stack[a->depth - 1 - third]);
		break;
	default:
		top = pop(a);
		second = pop(a);
		third = pop(a);
		push(a, top);
		push(a, third);
		push(a, second);
	}
}

static void variable(struct agent *a, uint8_t op)
{
	unsigned int number = (unsigned int)operand(a, 2);
	uint64_t value = 0;

	if (a->error)
		return;
	if (op == OP_GETV) {
		a->error = a->access->get_variable(a->access->context, number, &value);
		push(a, value);
	} else if (op == OP_SETV) {
		value = pop(a);
		if (!a->error)
			a->error = a->access->set_variable(a->access->context, number, value);
		push(a, value);
	} else if (a->access->trace_variable) {
		a->error = a->access->get_variable(a->access->context, number, &value);
		if (!a->error)
			a->error = a->access->trace_variable(a->access->context, number, value);
	}
}

/* ---- printf ---- */

#define FORMAT_MAX	1024

/* Print what is before @c, and forget it. */
static void print(struct agent *a, const char *text, size_t length)
{
	if (!a->error && a->access->print && length)
		a->access->print(a->access->context, text, length);
}

static void print_string(struct agent *a, uint64_t address)
{
	char text[200];
	size_t length = 0;

	while (!a->error && length < sizeof(text)) {
		a->error = a->access->read_memory(a->access->context, address + length,
						  &text[length], 1);
		if (a->error || !text[length])
			break;
		length++;
	}
	print(a, text, length);
}

/*
 * One conversion, "%...c", with its argument. Its flags and width are kept,
 * its length modifier is not: all arguments have 64 bits.
 */
static void print_argument(struct agent *a, const char *spec, size_t length, uint64_t value)
{
	char format[40];
	char text[160];
	char conversion = spec[length - 1];
	size_t n = 0;
	bool is_int = !memchr(spec, 'l', length) && !memchr(spec, 'z', length) &&
		      !memchr(spec, 'j', length);
	int done;

	for (size_t i = 0; i < length - 1 && n < 12; i++)
		if (!strchr("hlzjtL", spec[i]))
			format[n++] = spec[i];
	if (strchr("di", conversion) && is_int)
		value = (uint64_t)(int64_t)(int32_t)value;
	else if (strchr("uxXo", conversion) && is_int)
		value = (uint32_t)value;
	if (conversion == 's') {
		print_string(a, value);
		return;
	}
	if (conversion == 'c') {
		text[0] = (char)value;
		print(a, text, 1);
		return;
	}
	if (conversion == 'p') {
		done = snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
		print(a, text, (size_t)done);
		return;
	}
	if (!strchr("diuxXo", conversion)) {
		a->error = -EINVAL;
		return;
	}
	format[n++] = 'l';
	format[n++] = 'l';
	format[n++] = conversion;
	format[n] = 0;
	done = snprintf(text, sizeof(text), format, value);
	print(a, text, done < 0 ? 0 : (size_t)done < sizeof(text) ? (size_t)done : sizeof(text) - 1);
}

/* The length of a conversion that begins at @text, 0: it is none. */
static size_t conversion_length(const char *text, size_t length)
{
	size_t i = 1;
	unsigned int width = 0;

	while (i < length && strchr("-+ #0123456789.hlzjt", text[i]) && text[i]) {
		if (text[i] >= '0' && text[i] <= '9')
			width = width * 10 + (unsigned int)(text[i] - '0');
		else
			width = 0;
		if (width > 100 || i > 16)
			return 0;
		i++;
	}
	return i < length ? i + 1 : 0;
}

/*
 * gdb sends the format as the user has typed it, with its escapes. Return: the length of @text; -EINVAL: gdb's own printf
 * knows no such escape.
 */
static int unescape(const char *format, size_t length, char text[static FORMAT_MAX])
{
	static const char names[] = "abefnrtv\\\"'";
	static const char values[] = "\a\b\033\f\n\r\t\v\\\"'";
	int used = 0;
	size_t i = 0;

	while (i < length && format[i]) {
		const char *name;
		unsigned int octal = 0;
		size_t digits = 0;

		if (format[i] != '\\') {
			text[used++] = format[i++];
			continue;
		}
		for (i++; digits < 3 && i < length && format[i] >= '0' && format[i] <= '7'; digits++)
			octal = octal * 8 + (unsigned int)(format[i++] - '0');
		if (digits) {
			text[used++] = (char)octal;
			continue;
		}
		name = i < length && format[i] ? strchr(names, format[i++]) : NULL;
		if (!name)
			return -EINVAL;
		text[used++] = values[name - names];
	}
	return used;
}

static void print_format(struct agent *a, const char *format, size_t length,
			 const uint64_t *arguments, unsigned int count)
{
	unsigned int used = 0;
	size_t begin = 0;
	size_t i = 0;

	while (i < length && format[i] && !a->error) {
		size_t conversion;

		if (format[i] != '%') {
			i++;
			continue;
		}
		print(a, format + begin, i - begin);
		if (i + 1 < length && format[i + 1] == '%') {
			begin = i + 1;
			i += 2;
			continue;
		}
		conversion = conversion_length(format + i, length - i);
		if (!conversion || used == count) {
			a->error = -EINVAL;
			return;
		}
		print_argument(a, format + i, conversion, arguments[used++]);
		i += conversion;
		begin = i;
	}
	if (!a->error)
		print(a, format + begin, i - begin);
}

/*
 * Operands: the number of arguments, and the format with its length. On the
 * stack: the first argument deepest, then the channel and the function, which
 * mean nothing here.
 */
static void op_printf(struct agent *a)
{
	unsigned int count = (unsigned int)operand(a, 1);
	size_t length = (size_t)operand(a, 2);
	const char *format = (const char *)a->code + a->at;
	char text[FORMAT_MAX];
	uint64_t arguments[256];
	int used;

	if (a->error || length > a->size - a->at || length > FORMAT_MAX) {
		a->error = -EINVAL;
		return;
	}
	a->at += length;
	/* gdb pushes the last argument first, then channel and function. */
	pop(a);
	pop(a);
	for (unsigned int i = 0; i < count; i++)
		arguments[i] = pop(a);
	used = unescape(format, length, text);
	if (!a->error && used < 0)
		a->error = used;
	if (!a->error)
		print_format(a, text, (size_t)used, arguments, count);
}

/* ---- the loop ---- */

/* Return: go on. */
static bool step(struct agent *a)
{
	uint8_t op = (uint8_t)operand(a, 1);
	uint64_t top;
	uint64_t value = 0;

	if (a->error)
		return false;
	switch (op) {
	case OP_ADD: case OP_SUB: case OP_MUL: case OP_DIV_SIGNED: case OP_DIV_UNSIGNED:
	case OP_REM_SIGNED: case OP_REM_UNSIGNED: case OP_LSH: case OP_RSH_SIGNED:
	case OP_RSH_UNSIGNED: case OP_BIT_AND: case OP_BIT_OR: case OP_BIT_XOR: case OP_EQUAL:
	case OP_LESS_SIGNED: case OP_LESS_UNSIGNED:
		top = pop(a);
		value = pop(a);
		if (!a->error)
			push(a, binary(a, op, value, top));
		break;
	case OP_LOG_NOT:
		push(a, !pop(a));
		break;
	case OP_BIT_NOT:
		push(a, ~pop(a));
		break;
	case OP_EXT:
	case OP_ZERO_EXT:
		top = operand(a, 1);
		push(a, extended(a, pop(a), top, op == OP_EXT));
		break;
	case OP_REF8: case OP_REF16: case OP_REF32: case OP_REF64:
		reference(a, 1U << (op - OP_REF8));
		break;
	case OP_IF_GOTO:
		top = operand(a, 2);
		if (pop(a) && !a->error)
			jump(a, top);
		break;
	case OP_GOTO:
		jump(a, operand(a, 2));
		break;
	case OP_CONST8: case OP_CONST16: case OP_CONST32: case OP_CONST64:
		push(a, operand(a, 1U << (op - OP_CONST8)));
		break;
	case OP_REG:
		top = operand(a, 2);
		if (!a->error)
			a->error = a->access->read_register(a->access->context, (unsigned int)top,
							    &value);
		push(a, value);
		break;
	case OP_END:
		return false;
	case OP_DUP: case OP_POP: case OP_SWAP: case OP_PICK: case OP_ROT:
		stack_operation(a, op);
		break;
	case OP_GETV: case OP_SETV: case OP_TRACEV:
		variable(a, op);
		break;
	case OP_TRACE:
		top = pop(a);
		trace(a, pop(a), top);
		break;
	case OP_TRACE_QUICK:
	case OP_TRACE16:
		top = operand(a, op == OP_TRACE16 ? 2 : 1);
		value = pop(a);
		push(a, value);
		trace(a, value, top);
		break;
	case OP_TRACENZ:
		top = pop(a);
		trace_string(a, pop(a), top);
		break;
	case OP_PRINTF:
		op_printf(a);
		break;
	default:
		a->error = -EINVAL;
	}
	return !a->error;
}

int agent_evaluate(const uint8_t *code, size_t size, const struct agent_access *access,
		   uint64_t *value)
{
	struct agent a = { .code = code, .size = size, .access = access };
	unsigned int steps = 0;

	while (step(&a)) {
		if (++steps > AGENT_STEPS_MAX)
			return -EOVERFLOW;
	}
	*value = a.depth ? a.stack[a.depth - 1] : 0;
	return a.error;
}
