// SPDX-License-Identifier: LGPL-2.1
// Parses the arguments of a "print fmt".
#include "expr.h"

#define DEPTH_MAX	64
#define SYMBOLS_MAX	4096
#define WORD_SIZE	64

/*
 * Enumerators that the kernel leaves in its format files, since they lack a
 * TRACE_DEFINE_ENUM. Sources: enum vdso_clock_mode, vdso/clocksource.h; enum
 * kvm_apicv_inhibit, asm/kvm_host.h (v6.12, and v6.18, which adds one); enum
 * vm_instruction_error_number, asm/vmx.h.
 */
static const struct {
	const char *name;
	uint64_t value;
} enumerators[] = {
	{ "VDSO_CLOCKMODE_NONE", 0 },
	{ "VDSO_CLOCKMODE_TSC", 1 },
	{ "APICV_INHIBIT_REASON_DISABLED", 0 },
	{ "APICV_INHIBIT_REASON_HYPERV", 1 },
	{ "APICV_INHIBIT_REASON_ABSENT", 2 },
	{ "APICV_INHIBIT_REASON_BLOCKIRQ", 3 },
	{ "APICV_INHIBIT_REASON_PHYSICAL_ID_ALIASED", 4 },
	{ "APICV_INHIBIT_REASON_APIC_ID_MODIFIED", 5 },
	{ "APICV_INHIBIT_REASON_APIC_BASE_MODIFIED", 6 },
	{ "APICV_INHIBIT_REASON_NESTED", 7 },
	{ "APICV_INHIBIT_REASON_IRQWIN", 8 },
	{ "APICV_INHIBIT_REASON_PIT_REINJ", 9 },
	{ "APICV_INHIBIT_REASON_SEV", 10 },
	{ "APICV_INHIBIT_REASON_LOGICAL_ID_ALIASED", 11 },
	{ "APICV_INHIBIT_REASON_PHYSICAL_ID_TOO_BIG", 12 },
	{ "VMXERR_VMLAUNCH_NONCLEAR_VMCS", 4 },
	{ "VMXERR_VMRESUME_NONLAUNCHED_VMCS", 5 },
	{ "VMXERR_VMRESUME_AFTER_VMXOFF", 6 },
	{ "VMXERR_ENTRY_INVALID_CONTROL_FIELD", 7 },
	{ "VMXERR_ENTRY_INVALID_HOST_STATE_FIELD", 8 },
	{ "VMXERR_ENTRY_EVENTS_BLOCKED_BY_MOV_SS", 26 },
	{ "true", 1 },
	{ "false", 0 },
};

/* Words that a type is made of, with its bytes; 0: it only says how. */
static const struct {
	const char *name;
	uint8_t size;
	bool is_unsigned;
} type_words[] = {
	{ "u8", 1, true },	{ "__u8", 1, true },	{ "uint8_t", 1, true },
	{ "s8", 1, false },	{ "__s8", 1, false },
	{ "u16", 2, true },	{ "__u16", 2, true },	{ "uint16_t", 2, true },
	{ "s16", 2, false },	{ "__s16", 2, false },
	{ "u32", 4, true },	{ "__u32", 4, true },	{ "uint32_t", 4, true },
	{ "s32", 4, false },	{ "__s32", 4, false },
	{ "u64", 8, true },	{ "__u64", 8, true },	{ "uint64_t", 8, true },
	{ "s64", 8, false },	{ "__s64", 8, false },
	{ "bool", 1, true },	{ "_Bool", 1, true },	{ "char", 1, false },
	{ "short", 2, false },	{ "int", 4, false },	{ "long", 8, false },
	{ "gpa_t", 8, true },	{ "gva_t", 8, true },	{ "gfn_t", 8, true },
	{ "hpa_t", 8, true },	{ "size_t", 8, true },	{ "pid_t", 4, false },
	{ "unsigned", 0, true }, { "signed", 0, false }, { "const", 0, false },
	{ "volatile", 0, false },
};

static const struct {
	const char *text;
	enum expr_op op;
	int level;
} operators[] = {
	{ "||", EXPR_OR_OR, 1 }, { "&&", EXPR_AND_AND, 2 },
	{ "==", EXPR_EQ, 6 },	{ "!=", EXPR_NE, 6 },
	{ "<<", EXPR_SHL, 8 },	{ ">>", EXPR_SHR, 8 },
	{ "<=", EXPR_LE, 7 },	{ ">=", EXPR_GE, 7 },
	{ "<", EXPR_LT, 7 },	{ ">", EXPR_GT, 7 },
	{ "|", EXPR_OR, 3 },	{ "^", EXPR_XOR, 4 },	{ "&", EXPR_AND, 5 },
	{ "+", EXPR_ADD, 9 },	{ "-", EXPR_SUB, 9 },
	{ "*", EXPR_MUL, 10 },	{ "/", EXPR_DIV, 10 },	{ "%", EXPR_MOD, 10 },
};

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define LOWEST_LEVEL		1
#define UNARY_LEVEL		11

/* ---- bytes ---- */

static void skip_space(struct expr_parser *parser)
{
	while (parser->from < parser->end &&
	       (*parser->from == ' ' || *parser->from == '\t' ||
		*parser->from == '\n'))
		parser->from++;
}

static size_t left(const struct expr_parser *parser)
{
	return (size_t)(parser->end - parser->from);
}

bool expr_accept(struct expr_parser *parser, char c)
{
	skip_space(parser);
	if (!left(parser) || *parser->from != c)
		return false;
	parser->from++;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The identifier that comes next; false: there is none. */
static bool take_word(struct expr_parser *parser, char word[static WORD_SIZE])
{
	size_t length = 0;

	skip_space(parser);
	if (!left(parser) || !is_letter(*parser->from))
		return false;
	while (length < left(parser) && (is_letter(parser->from[length]) ||
					 is_digit(parser->from[length])))
		length++;
	if (length >= WORD_SIZE)
		return false;
	memcpy(word, parser->from, length);
	word[length] = '\0';
	parser->from += length;
	return true;
}

/* ---- strings ---- */

static char unescape(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

const char *expr_parse_string(struct expr_parser *parser, size_t *length)
{
	struct expr_parser start;
	char *string;
	char *to;

	skip_space(parser);
	start = *parser;
	if (!left(parser) || *parser->from != '"')
		return NULL;
	/* Once to find its end, which is the room it needs at most. */
	while (expr_accept(parser, '"')) {
		while (left(parser) && *parser->from != '"')
			parser->from += *parser->from == '\\' &&
					left(parser) > 1 ? 2 : 1;
		if (!expr_accept(parser, '"'))
			return NULL;
	}
	string = arena_alloc(parser->arena,
			     (size_t)(parser->from - start.from) + 1);
	if (!string)
		return NULL;
	to = string;
	while (expr_accept(&start, '"')) {
		for (; *start.from != '"'; start.from++) {
			if (*start.from == '\\')
				*to++ = unescape(*++start.from);
			else
				*to++ = *start.from;
		}
		start.from++;
	}
	*to = '\0';
	*length = (size_t)(to - string);
	return string;
}

/* ---- nodes ---- */

static struct expr *new_expr(struct expr_parser *parser, enum expr_kind kind)
{
	struct expr *expr = arena_alloc(parser->arena, sizeof(*expr));

	if (!expr)
		return NULL;
	expr->kind = kind;
	expr->size = 4;
	expr->is_signed = true;
	return expr;
}

static const struct expr *parse_level(struct expr_parser *parser, int level);

static const struct expr *parse_number_expr(struct expr_parser *parser)
{
	const struct expr *expr = expr_parse(parser);

	return expr && !expr_is_text(expr) ? expr : NULL;
}

static struct expr *parse_literal(struct expr_parser *parser)
{
	struct expr *expr = new_expr(parser, EXPR_NUMBER);
	unsigned int base = 10;
	uint64_t value = 0;
	bool is_unsigned = false;
	bool is_long = false;

	if (!expr)
		return NULL;
	if (left(parser) > 1 && parser->from[0] == '0') {
		base = parser->from[1] == 'x' || parser->from[1] == 'X' ? 16 : 8;
		parser->from += base == 16 ? 2 : 1;
	}
	for (; left(parser); parser->from++) {
		const char c = *parser->from;
		const char lower = c | 0x20;
		unsigned int digit = is_digit(c) ? (unsigned int)(c - '0') :
				     lower >= 'a' && lower <= 'f' ?
				     (unsigned int)(lower - 'a') + 10 : 16;

		if (digit >= base)
			break;
		value = value * base + digit;
	}
	for (; left(parser) && is_letter(*parser->from); parser->from++) {
		const char lower = *parser->from | 0x20;

		if (lower != 'u' && lower != 'l')
			return NULL;
		is_unsigned |= lower == 'u';
		is_long |= lower == 'l';
	}
	expr->number = value;
	/* The first type that fits, as C has it. */
	if (is_long || value > (is_unsigned || base != 10 ? UINT32_MAX :
				INT32_MAX))
		expr->size = 8;
	expr->is_signed = !is_unsigned &&
			  value <= (expr->size == 8 ? INT64_MAX : INT32_MAX);
	return expr;
}

static struct expr *field_expr(struct expr_parser *parser, enum expr_kind kind)
{
	char word[WORD_SIZE];
	struct expr *expr;

	if (!take_word(parser, word))
		return NULL;
	expr = new_expr(parser, kind);
	if (!expr)
		return NULL;
	expr->field = format_find(parser->format, word);
	if (!expr->field)
		return NULL;
	expr->size = (uint8_t)expr->field->size;
	expr->is_signed = expr->field->is_signed;
	return expr;
}

/* "REC->name", behind REC */
static struct expr *parse_field(struct expr_parser *parser)
{
	struct expr *expr;

	if (!expr_accept(parser, '-') || !expr_accept(parser, '>'))
		return NULL;
	expr = field_expr(parser, EXPR_FIELD);
	return expr && expr->field->kind == FORMAT_NUMBER ? expr : NULL;
}

/* "__get_str(name)", behind the (; so is the next. */
static struct expr *parse_get_str(struct expr_parser *parser)
{
	struct expr *expr = field_expr(parser, EXPR_GET_STR);

	return expr && expr_accept(parser, ')') ? expr : NULL;
}

/* "REC->insn, REC->len)" */
static struct expr *parse_hex(struct expr_parser *parser, bool is_joined)
{
	char word[WORD_SIZE];
	struct expr *expr;

	if (!take_word(parser, word) || strcmp(word, "REC") ||
	    !expr_accept(parser, '-') || !expr_accept(parser, '>'))
		return NULL;
	expr = field_expr(parser, EXPR_HEX);
	if (!expr || !expr_accept(parser, ','))
		return NULL;
	expr->args[0] = parse_number_expr(parser);
	expr->number = is_joined;
	return expr->args[0] && expr_accept(parser, ')') ? expr : NULL;
}

/* The value of an expression without fields. */
static bool parse_constant(struct expr_parser *parser, uint64_t *value)
{
	const struct expr_record nothing = { NULL, 0 };
	const struct format *format = parser->format;
	static const struct format no_fields;
	const struct expr *expr;

	parser->format = &no_fields;
	expr = parse_number_expr(parser);
	parser->format = format;
	if (!expr)
		return false;
	*value = expr_value(expr, &nothing);
	return true;
}

/* One "{ 12, "HLT" }"; 1, 0: it was "{ }", -1: neither. */
static int parse_symbol(struct expr_parser *parser, struct expr_symbol *symbol)
{
	size_t length;

	if (!expr_accept(parser, '{'))
		return -1;
	if (expr_accept(parser, '}'))
		return 0;
	if (!parse_constant(parser, &symbol->value) ||
	    !expr_accept(parser, ','))
		return -1;
	symbol->text = expr_parse_string(parser, &length);
	if (!symbol->text || !expr_accept(parser, '}'))
		return -1;
	symbol->length = (uint32_t)length;
	return 1;
}

/* How many { there are up to the end of this list: room for the symbols. */
static uint32_t count_symbols(const struct expr_parser *parser)
{
	uint32_t nr = 0;
	int nested = 0;

	for (const char *c = parser->from; c < parser->end && nested >= 0; c++) {
		nested += (*c == '(') - (*c == ')');
		nr += *c == '{';
	}
	return nr;
}

/* ", { 12, "HLT" }, ... )" */
static bool parse_symbols(struct expr_parser *parser, struct expr *expr)
{
	const uint32_t room = count_symbols(parser);
	struct expr_symbol *symbols;
	bool is_over = false;

	if (room > SYMBOLS_MAX)
		return false;
	symbols = arena_alloc(parser->arena, (room + 1) * sizeof(*symbols));
	if (!symbols)
		return false;
	expr->symbols = symbols;
	while (expr_accept(parser, ',')) {
		struct expr_symbol symbol;
		const int got = parse_symbol(parser, &symbol);

		if (got < 0 || expr->nr_symbols == room)
			return false;
		/* The kernel's list ends there. */
		is_over |= !got;
		if (!is_over)
			symbols[expr->nr_symbols++] = symbol;
	}
	return expr_accept(parser, ')');
}

/* Small values are found by an index, others by a search. */
static void make_dense(struct expr_parser *parser, struct expr *expr)
{
	uint8_t *dense = arena_alloc(parser->arena, EXPR_DENSE_MAX);

	if (!dense)
		return;
	for (uint32_t i = 0; i < expr->nr_symbols && i < UINT8_MAX; i++) {
		const uint64_t value = expr->symbols[i].value;

		if (value < EXPR_DENSE_MAX && !dense[value])
			dense[value] = (uint8_t)(i + 1);
	}
	expr->dense = dense;
}

static struct expr *parse_symbolic(struct expr_parser *parser)
{
	struct expr *expr = new_expr(parser, EXPR_SYMBOLIC);

	if (!expr)
		return NULL;
	expr->args[0] = parse_number_expr(parser);
	if (!expr->args[0] || !parse_symbols(parser, expr))
		return NULL;
	make_dense(parser, expr);
	return expr;
}

static struct expr *parse_flags(struct expr_parser *parser)
{
	struct expr *expr = new_expr(parser, EXPR_FLAGS);
	size_t length;

	if (!expr)
		return NULL;
	expr->args[0] = parse_number_expr(parser);
	if (!expr->args[0] || !expr_accept(parser, ','))
		return NULL;
	expr->text = expr_parse_string(parser, &length);
	expr->text_length = (uint32_t)length;
	return expr->text && parse_symbols(parser, expr) ? expr : NULL;
}

/* Statements in an expression: those of a shadow page are known. */
static struct expr *parse_statements(struct expr_parser *parser)
{
	static const char role[] = "role.word = REC->role;";
	static const char *const names[] = {
		"mmu_valid_gen", "gfn", "root_count", "unsync",
	};
	const char *const from = parser->from;
	struct expr *expr = new_expr(parser, EXPR_MMU_PAGE);
	const char *end = memmem(from, left(parser), "})", 2);

	if (!expr || !end || !memmem(from, (size_t)(end - from), role,
				     strlen(role)))
		return NULL;
	/* Inside there are lists in braces, too, but no "})" of theirs. */
	parser->from = end + 2;
	expr->field = format_find(parser->format, "role");
	if (!expr->field || expr->field->kind != FORMAT_NUMBER)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		expr->more[i] = format_find(parser->format, names[i]);
		if (!expr->more[i] || expr->more[i]->kind != FORMAT_NUMBER)
			return NULL;
	}
	return expr;
}

static struct expr *parse_enumerator(struct expr_parser *parser,
				     const char *word)
{
	struct expr *expr;

	for (size_t i = 0; i < ARRAY_SIZE(enumerators); i++) {
		if (strcmp(word, enumerators[i].name))
			continue;
		expr = new_expr(parser, EXPR_NUMBER);
		if (expr)
			expr->number = enumerators[i].value;
		return expr;
	}
	return NULL;
}

static const struct expr *parse_named(struct expr_parser *parser)
{
	char word[WORD_SIZE];

	if (!take_word(parser, word))
		return NULL;
	if (!strcmp(word, "REC"))
		return parse_field(parser);
	if (!expr_accept(parser, '('))
		return parse_enumerator(parser, word);
	if (!strcmp(word, "__print_symbolic") ||
	    !strcmp(word, "__print_symbolic_u64"))
		return parse_symbolic(parser);
	if (!strcmp(word, "__print_flags") ||
	    !strcmp(word, "__print_flags_u64"))
		return parse_flags(parser);
	if (!strcmp(word, "__print_hex"))
		return parse_hex(parser, false);
	if (!strcmp(word, "__print_hex_str"))
		return parse_hex(parser, true);
	if (!strcmp(word, "__get_str") || !strcmp(word, "__get_rel_str"))
		return parse_get_str(parser);
	return NULL;
}

/* "(u8)", behind the (; false, and nothing is taken: it is no type. */
static bool accept_type(struct expr_parser *parser, uint8_t *size,
			bool *is_signed)
{
	struct expr_parser ahead = *parser;
	bool is_unsigned = false;
	bool is_type = false;
	char word[WORD_SIZE];

	*size = 0;
	while (take_word(&ahead, word)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(type_words) &&
		       strcmp(word, type_words[i].name))
			i++;
		if (i == ARRAY_SIZE(type_words))
			return false;
		is_type = true;
		is_unsigned |= type_words[i].is_unsigned;
		/* "long long", "short int", "long int" */
		if (!*size || type_words[i].size != 4)
			*size = type_words[i].size ? type_words[i].size : *size;
	}
	while (expr_accept(&ahead, '*')) {
		*size = 8;
		is_unsigned = true;
	}
	if (!is_type || !expr_accept(&ahead, ')'))
		return false;
	*size = *size ? *size : 4;
	*is_signed = !is_unsigned;
	*parser = ahead;
	return true;
}

static const struct expr *parse_unary(struct expr_parser *parser);

/* Behind a (: a cast, or an expression in parentheses. */
static const struct expr *parse_parenthesis(struct expr_parser *parser)
{
	const struct expr *inner;
	struct expr *expr;
	bool is_signed;
	uint8_t size;

	if (expr_accept(parser, '{'))
		return parse_statements(parser);
	if (!accept_type(parser, &size, &is_signed)) {
		inner = expr_parse(parser);
		return inner && expr_accept(parser, ')') ? inner : NULL;
	}
	inner = parse_unary(parser);
	if (!inner || expr_is_text(inner))
		return NULL;
	expr = new_expr(parser, EXPR_CAST);
	if (!expr)
		return NULL;
	expr->args[0] = inner;
	expr->size = size;
	expr->is_signed = is_signed;
	return expr;
}

static const struct expr *parse_primary(struct expr_parser *parser)
{
	struct expr *expr;
	size_t length;

	skip_space(parser);
	if (!left(parser))
		return NULL;
	if (is_digit(*parser->from))
		return parse_literal(parser);
	if (*parser->from == '"') {
		expr = new_expr(parser, EXPR_STRING);
		if (!expr)
			return NULL;
		expr->text = expr_parse_string(parser, &length);
		expr->text_length = (uint32_t)length;
		return expr->text ? expr : NULL;
	}
	if (expr_accept(parser, '('))
		return parse_parenthesis(parser);
	return parse_named(parser);
}

static const struct expr *make_unary(struct expr_parser *parser, enum expr_op op)
{
	const struct expr *inner = parse_unary(parser);
	struct expr *expr;

	if (!inner || expr_is_text(inner))
		return NULL;
	expr = new_expr(parser, EXPR_UNARY);
	if (!expr)
		return NULL;
	expr->op = op;
	expr->args[0] = inner;
	if (op != EXPR_NOT) {
		expr->size = inner->size < 4 ? 4 : inner->size;
		expr->is_signed = inner->size < 4 || inner->is_signed;
	}
	return expr;
}

static const struct expr *parse_unary(struct expr_parser *parser)
{
	const struct expr *expr;

	if (parser->depth >= DEPTH_MAX)
		return NULL;
	parser->depth++;
	if (expr_accept(parser, '!'))
		expr = make_unary(parser, EXPR_NOT);
	else if (expr_accept(parser, '~'))
		expr = make_unary(parser, EXPR_INVERT);
	else if (expr_accept(parser, '-'))
		expr = make_unary(parser, EXPR_NEGATE);
	else if (expr_accept(parser, '+'))
		expr = parse_unary(parser);
	else
		expr = parse_primary(parser);
	parser->depth--;
	return expr;
}

/* The operator of this level that comes next, -1: another or none. */
static int find_operator(struct expr_parser *parser, int level)
{
	skip_space(parser);
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		const size_t length = strlen(operators[i].text);

		if (left(parser) < length ||
		    memcmp(parser->from, operators[i].text, length))
			continue;
		return operators[i].level == level ? (int)i : -1;
	}
	return -1;
}

/* The type that C gives to the result. */
static void set_type(struct expr *expr)
{
	const struct expr *a = expr->args[0];
	const struct expr *b = expr->args[1];
	const uint8_t size_a = a->size < 4 ? 4 : a->size;
	const uint8_t size_b = b->size < 4 ? 4 : b->size;
	const bool signed_a = a->size < 4 || a->is_signed;
	const bool signed_b = b->size < 4 || b->is_signed;

	if (expr->op == EXPR_OR_OR || expr->op == EXPR_AND_AND ||
	    (expr->op >= EXPR_EQ && expr->op <= EXPR_GE))
		return;
	if (expr->op == EXPR_SHL || expr->op == EXPR_SHR) {
		expr->size = size_a;
		expr->is_signed = signed_a;
		return;
	}
	expr->size = size_a > size_b ? size_a : size_b;
	expr->is_signed = size_a == size_b ? signed_a && signed_b :
			  size_a > size_b ? signed_a : signed_b;
}

static const struct expr *parse_level(struct expr_parser *parser, int level)
{
	const struct expr *result;
	int found;

	if (level == UNARY_LEVEL)
		return parse_unary(parser);
	result = parse_level(parser, level + 1);
	while (result && (found = find_operator(parser, level)) >= 0) {
		struct expr *expr = new_expr(parser, EXPR_BINARY);

		parser->from += strlen(operators[found].text);
		if (!expr || expr_is_text(result))
			return NULL;
		expr->op = operators[found].op;
		expr->args[0] = result;
		expr->args[1] = parse_level(parser, level + 1);
		if (!expr->args[1] || expr_is_text(expr->args[1]))
			return NULL;
		set_type(expr);
		result = expr;
	}
	return result;
}

/* Both are numbers, or both are text. */
static bool set_ternary_type(struct expr *expr)
{
	const struct expr *a = expr->args[1];
	const struct expr *b = expr->args[2];
	struct expr both = { .op = EXPR_OR, .args = { a, b } };

	if (expr_is_text(a) != expr_is_text(b))
		return false;
	if (expr_is_text(a)) {
		expr->kind = EXPR_TEXT_TERNARY;
		return true;
	}
	set_type(&both);
	expr->size = both.size;
	expr->is_signed = both.is_signed;
	return true;
}

const struct expr *expr_parse(struct expr_parser *parser)
{
	const struct expr *condition;
	struct expr *expr = NULL;

	if (parser->depth >= DEPTH_MAX)
		return NULL;
	parser->depth++;
	condition = parse_level(parser, LOWEST_LEVEL);
	if (!condition || !expr_accept(parser, '?')) {
		parser->depth--;
		return condition;
	}
	if (!expr_is_text(condition))
		expr = new_expr(parser, EXPR_TERNARY);
	if (expr) {
		expr->args[0] = condition;
		expr->args[1] = expr_parse(parser);
		expr->args[2] = expr->args[1] && expr_accept(parser, ':') ?
				expr_parse(parser) : NULL;
		if (!expr->args[2] || !set_ternary_type(expr))
			expr = NULL;
	}
	parser->depth--;
	return expr;
}
