// SPDX-License-Identifier: LGPL-2.1
// Values and texts of parsed expressions, with the rules of C and the kernel.
#include "expr.h"

#include <stdlib.h>

/* No event of KVM needs as much as a tenth of it. */
#define ARENA_BYTES_MAX		(8 * 1024 * 1024)
#define ARENA_CHUNK		(16 * 1024)

struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	_Alignas(16) char bytes[];
};

struct arena {
	struct chunk *first;
	size_t total;
};

struct arena *arena_create(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_destroy(struct arena *arena)
{
	struct chunk *next;

	if (!arena)
		return;
	for (struct chunk *chunk = arena->first; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct chunk *chunk = arena->first;
	void *result;

	if (size > ARENA_BYTES_MAX)
		return NULL;
	size = (size + 15) & ~(size_t)15;
	if (!chunk || chunk->size - chunk->used < size) {
		const size_t bytes = size > ARENA_CHUNK ? size : ARENA_CHUNK;

		if (arena->total + bytes > ARENA_BYTES_MAX)
			return NULL;
		chunk = calloc(1, sizeof(*chunk) + bytes);
		if (!chunk)
			return NULL;
		chunk->size = bytes;
		chunk->next = arena->first;
		arena->first = chunk;
		arena->total += bytes;
	}
	result = chunk->bytes + chunk->used;
	chunk->used += size;
	return result;
}

/* As a type of so many bytes holds it, widened again to 64 bits. */
static uint64_t fit(uint64_t value, unsigned int size, bool is_signed)
{
	const unsigned int unused = 64 - 8 * size;

	if (!unused)
		return value;
	if (is_signed)
		return (uint64_t)((int64_t)(value << unused) >> unused);
	return value << unused >> unused;
}

static uint64_t divide(uint64_t a, uint64_t b, bool is_signed, bool is_modulo)
{
	/* Where C says nothing, 0. */
	if (!b)
		return 0;
	if (!is_signed)
		return is_modulo ? a % b : a / b;
	if ((int64_t)b == -1)
		return is_modulo ? 0 : -a;
	return (uint64_t)(is_modulo ? (int64_t)a % (int64_t)b :
				      (int64_t)a / (int64_t)b);
}

/* The operands have been converted to the type of size and sign. */
static uint64_t compute(enum expr_op op, uint64_t a, uint64_t b,
			unsigned int size, bool is_signed)
{
	switch (op) {
	case EXPR_OR:
		return a | b;
	case EXPR_XOR:
		return a ^ b;
	case EXPR_AND:
		return a & b;
	case EXPR_EQ:
		return a == b;
	case EXPR_NE:
		return a != b;
	case EXPR_LT:
		return is_signed ? (int64_t)a < (int64_t)b : a < b;
	case EXPR_GT:
		return is_signed ? (int64_t)a > (int64_t)b : a > b;
	case EXPR_LE:
		return is_signed ? (int64_t)a <= (int64_t)b : a <= b;
	case EXPR_GE:
		return is_signed ? (int64_t)a >= (int64_t)b : a >= b;
	case EXPR_SHL:
		return b < 8 * size ? a << b : 0;
	case EXPR_SHR:
		if (b >= 8 * size)
			return 0;
		return is_signed ? (uint64_t)((int64_t)a >> b) : a >> b;
	case EXPR_ADD:
		return a + b;
	case EXPR_SUB:
		return a - b;
	case EXPR_MUL:
		return a * b;
	case EXPR_DIV:
	case EXPR_MOD:
		return divide(a, b, is_signed, op == EXPR_MOD);
	default:
		return 0;
	}
}

/* Type of an operand when it is computed with: int at least. */
static void promote(const struct expr *expr, unsigned int *size,
		    bool *is_signed)
{
	*size = expr->size < 4 ? 4 : expr->size;
	*is_signed = expr->size < 4 || expr->is_signed;
}

static uint64_t binary_value(const struct expr *expr,
			     const struct expr_record *record)
{
	const uint64_t a = expr_value(expr->args[0], record);
	unsigned int size;
	bool is_signed;
	uint64_t b;

	if (expr->op == EXPR_OR_OR)
		return a || expr_value(expr->args[1], record);
	if (expr->op == EXPR_AND_AND)
		return a && expr_value(expr->args[1], record);
	b = expr_value(expr->args[1], record);
	promote(expr->args[0], &size, &is_signed);
	if (expr->op != EXPR_SHL && expr->op != EXPR_SHR) {
		unsigned int size_b;
		bool is_signed_b;

		promote(expr->args[1], &size_b, &is_signed_b);
		if (size == size_b)
			is_signed = is_signed && is_signed_b;
		else if (size_b > size)
			is_signed = is_signed_b;
		size = size_b > size ? size_b : size;
		return fit(compute(expr->op, fit(a, size, is_signed),
				   fit(b, size, is_signed), size, is_signed),
			   expr->size, expr->is_signed);
	}
	return fit(compute(expr->op, fit(a, size, is_signed), b, size,
			   is_signed), expr->size, expr->is_signed);
}

uint64_t expr_value(const struct expr *expr, const struct expr_record *record)
{
	uint64_t value;

	switch (expr->kind) {
	case EXPR_NUMBER:
		return expr->number;
	case EXPR_FIELD:
		return format_number(expr->field, record->data);
	case EXPR_CAST:
		return fit(expr_value(expr->args[0], record), expr->size,
			   expr->is_signed);
	case EXPR_UNARY:
		value = expr_value(expr->args[0], record);
		value = expr->op == EXPR_NOT ? !value :
			expr->op == EXPR_INVERT ? ~value : -value;
		return fit(value, expr->size, expr->is_signed);
	case EXPR_BINARY:
		return binary_value(expr, record);
	case EXPR_TERNARY:
		return fit(expr_value(expr_value(expr->args[0], record) ?
				      expr->args[1] : expr->args[2], record),
			   expr->size, expr->is_signed);
	default:
		return 0;
	}
}

const struct expr_symbol *expr_symbol(const struct expr *expr, uint64_t value)
{
	if (value < EXPR_DENSE_MAX) {
		const unsigned int number = expr->dense ? expr->dense[value] : 0;

		if (number)
			return &expr->symbols[number - 1];
		if (expr->dense && expr->nr_symbols <= UINT8_MAX)
			return NULL;
	}
	for (uint32_t i = 0; i < expr->nr_symbols; i++)
		if (expr->symbols[i].value == value)
			return &expr->symbols[i];
	return NULL;
}

static void print_symbolic(const struct expr *expr,
			   const struct expr_record *record, struct text *text)
{
	const uint64_t value = expr_value(expr->args[0], record);
	const struct expr_symbol *symbol = expr_symbol(expr, value);

	if (symbol)
		text_bytes(text, symbol->text, symbol->length);
	else
		text_hex(text, value);
}

static void print_flags(const struct expr *expr,
			const struct expr_record *record, struct text *text)
{
	uint64_t flags = expr_value(expr->args[0], record);
	bool is_first = true;

	for (uint32_t i = 0; i < expr->nr_symbols && flags; i++) {
		const struct expr_symbol *symbol = &expr->symbols[i];

		if ((flags & symbol->value) != symbol->value)
			continue;
		flags &= ~symbol->value;
		if (!is_first)
			text_bytes(text, expr->text, expr->text_length);
		text_bytes(text, symbol->text, symbol->length);
		is_first = false;
	}
	if (!flags)
		return;
	if (!is_first)
		text_bytes(text, expr->text, expr->text_length);
	text_hex(text, flags);
}

static void print_hex(const struct expr *expr, const struct expr_record *record,
		      struct text *text)
{
	const uint64_t wanted = expr_value(expr->args[0], record);
	const unsigned char *bytes;
	size_t length;

	bytes = format_bytes(expr->field, record->data, record->size, &length);
	if (!bytes)
		return;
	if (wanted < length)
		length = (size_t)wanted;
	for (size_t i = 0; i < length; i++) {
		if (i && !expr->number)
			text_char(text, ' ');
		text_hex_digits(text, bytes[i], 2);
	}
}

static void print_str(const struct expr *expr, const struct expr_record *record,
		      struct text *text)
{
	const char *bytes;
	size_t length;

	bytes = format_bytes(expr->field, record->data, record->size, &length);
	if (bytes)
		text_foreign(text, bytes, strnlen(bytes, length));
}

/*
 * A shadow page. The kernel prints it with statements, which are not parsed;
 * these are the bits of its role that they use.
 * Source: union kvm_mmu_page_role, arch/x86/include/asm/kvm_host.h, v6.1,
 * v6.12, v6.18; KVM_MMU_PAGE_PRINTK, arch/x86/kvm/mmu/mmutrace.h.
 */
static void print_mmu_page(const struct expr *expr,
			   const struct expr_record *record, struct text *text)
{
	static const char *const access[] = {
		"---", "--x", "w--", "w-x", "-u-", "-ux", "wu-", "wux",
	};
	const uint64_t role = format_number(expr->field, record->data);
	const bool has_4_byte_gpte = role >> 4 & 1;

	text_string(text, "sp gen ");
	text_decimal(text, format_number(expr->more[0], record->data) &
			   UINT32_MAX);
	text_string(text, " gfn ");
	text_hex_digits(text, format_number(expr->more[1], record->data), 1);
	text_printf(text, " l%u %u-byte q%u%s %s%s %snxe %sad root ",
		    (unsigned int)(role & 15), has_4_byte_gpte ? 4 : 8,
		    (unsigned int)(role >> 5 & 3),
		    role >> 7 & 1 ? " direct" : "", access[role >> 8 & 7],
		    role >> 11 & 1 ? " invalid" : "", role >> 12 & 1 ? "" : "!",
		    role >> 16 & 1 ? "!" : "");
	text_decimal(text, format_number(expr->more[2], record->data) &
			   UINT32_MAX);
	text_string(text, format_number(expr->more[3], record->data) ?
			  " unsync" : " sync");
}

void expr_print(const struct expr *expr, const struct expr_record *record,
		struct text *text)
{
	switch (expr->kind) {
	case EXPR_STRING:
		text_bytes(text, expr->text, expr->text_length);
		break;
	case EXPR_SYMBOLIC:
		print_symbolic(expr, record, text);
		break;
	case EXPR_FLAGS:
		print_flags(expr, record, text);
		break;
	case EXPR_HEX:
		print_hex(expr, record, text);
		break;
	case EXPR_GET_STR:
		print_str(expr, record, text);
		break;
	case EXPR_TEXT_TERNARY:
		expr_print(expr_value(expr->args[0], record) ? expr->args[1] :
							       expr->args[2],
			   record, text);
		break;
	case EXPR_MMU_PAGE:
		print_mmu_page(expr, record, text);
		break;
	default:
		break;
	}
}
