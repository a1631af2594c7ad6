// SPDX-License-Identifier: GPL-2.0
// Conditions over columns: a recursive parser into a tree, and its evaluation.
#include "condition.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"

#define WORD_SIZE	MODEL_NAME_SIZE
#define DEPTH_MAX	32

enum operation { OR, AND, NOT, LESS, LESS_EQUAL, MORE, MORE_EQUAL, EQUAL, UNEQUAL, CONTAINS, LACKS };

struct condition {
	enum operation operation;
	struct condition *left;
	struct condition *right;
	const struct column *column;	/* NULL: the rate of the reason called @reason */
	double number;
	char reason[WORD_SIZE];
	char text[WORD_SIZE];
};

void condition_destroy(struct condition *condition)
{
	if (!condition)
		return;
	condition_destroy(condition->left);
	condition_destroy(condition->right);
	free(condition);
}

/* ---- parsing ---- */

struct parser {
	const char *at;
	char *message;
	int depth;
};

static struct condition *fail(struct parser *parser, const char *what)
{
	if (!parser->message[0])
		snprintf(parser->message, CONDITION_MESSAGE_SIZE, "%s at '%.40s'", what, parser->at);
	return NULL;
}

static void skip_blanks(struct parser *parser)
{
	while (isspace((unsigned char)*parser->at))
		parser->at++;
}

static bool accept(struct parser *parser, const char *token)
{
	skip_blanks(parser);
	if (strncmp(parser->at, token, strlen(token)))
		return false;
	parser->at += strlen(token);
	return true;
}

static struct condition *make(struct parser *parser, enum operation operation, struct condition *left,
			 struct condition *right)
{
	struct condition *condition = calloc(1, sizeof(*condition));

	if (!condition) {
		condition_destroy(left);
		condition_destroy(right);
		return fail(parser, "no memory");
	}
	condition->operation = operation;
	condition->left = left;
	condition->right = right;
	return condition;
}

/* A word ends at a blank or where an operator begins; quotes keep all. */
static bool read_word(struct parser *parser, char word[static WORD_SIZE])
{
	size_t length = 0;
	char quote = 0;

	skip_blanks(parser);
	if (*parser->at == '"' || *parser->at == '\'')
		quote = *parser->at++;
	while (*parser->at && (quote ? *parser->at != quote : !strchr(" \t()<>=!~&|", *parser->at))) {
		if (length + 1 == WORD_SIZE)
			return false;
		word[length++] = *parser->at++;
	}
	word[length] = '\0';
	if (quote && *parser->at != quote)
		return false;
	if (quote)
		parser->at++;
	return length || quote;
}

static const struct {
	const char *unit;
	double factor;
} units[] = {
	{ "", 1 }, { "%", 1 }, { "k", 1e3 }, { "K", 1e3 }, { "M", 1e6 }, { "G", 1e9 },
	{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
};

static bool read_number(const char *word, double *number)
{
	char *end;
	size_t length;

	*number = strtod(word, &end);
	if (end == word || !isfinite(*number))
		return false;
	length = strlen(end);
	/* "200k/s" */
	if (length >= 2 && !strcmp(end + length - 2, "/s"))
		length -= 2;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].unit) != length || strncmp(units[i].unit, end, length))
			continue;
		*number *= units[i].factor;
		return true;
	}
	return false;
}

static bool read_operator(struct parser *parser, enum operation *operation)
{
	/* Longer ones first. */
	static const struct {
		const char *token;
		enum operation operation;
	} operators[] = {
		{ "<=", LESS_EQUAL }, { ">=", MORE_EQUAL }, { "!=", UNEQUAL }, { "!~", LACKS },
		{ "==", EQUAL }, { "<", LESS }, { ">", MORE }, { "=", EQUAL }, { "~", CONTAINS },
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (!accept(parser, operators[i].token))
			continue;
		*operation = operators[i].operation;
		return true;
	}
	return false;
}

static bool text_column(const struct column *column)
{
	return column && column->text;
}

static const char reason_prefix[] = "reason:";

static struct condition *parse_comparison(struct parser *parser)
{
	enum operation operation;
	char word[WORD_SIZE];
	char reason[WORD_SIZE] = "";
	const struct column *column;
	struct condition *condition;

	if (!read_word(parser, word))
		return fail(parser, "a column or a name is missing");
	column = column_find(word, strlen(word));
	if (!strncmp(word, reason_prefix, strlen(reason_prefix)))
		snprintf(reason, sizeof(reason), "%s", word + strlen(reason_prefix));
	if (!read_operator(parser, &operation)) {
		operation = CONTAINS;
		column = column_find("name", strlen("name"));
		reason[0] = '\0';
	} else if (!column && !reason[0]) {
		return fail(parser, "there is no such column before this");
	} else if (!read_word(parser, word)) {
		return fail(parser, "a value is missing");
	}
	condition = make(parser, operation, NULL, NULL);
	if (!condition)
		return NULL;
	condition->column = column;
	snprintf(condition->text, sizeof(condition->text), "%s", word);
	snprintf(condition->reason, sizeof(condition->reason), "%s", reason);
	if (!text_column(column) && (operation == CONTAINS || operation == LACKS)) {
		condition_destroy(condition);
		return fail(parser, "~ is for texts, before this");
	}
	if (!text_column(column) && !read_number(word, &condition->number)) {
		condition_destroy(condition);
		return fail(parser, "a number is expected before this");
	}
	if (text_column(column) && operation >= LESS && operation <= MORE_EQUAL) {
		condition_destroy(condition);
		return fail(parser, "texts have no order, before this");
	}
	return condition;
}

static struct condition *parse_or(struct parser *parser);

static struct condition *parse_factor(struct parser *parser)
{
	struct condition *condition;

	if (parser->depth++ > DEPTH_MAX)
		return fail(parser, "too deep");
	skip_blanks(parser);
	if (accept(parser, "(")) {
		condition = parse_or(parser);
		if (condition && !accept(parser, ")")) {
			condition_destroy(condition);
			return fail(parser, "a ) is missing");
		}
	} else if (accept(parser, "!")) {
		condition = parse_factor(parser);
		if (condition)
			condition = make(parser, NOT, condition, NULL);
	} else {
		condition = parse_comparison(parser);
	}
	parser->depth--;
	return condition;
}

/* Factors with @token between them. */
static struct condition *parse_chain(struct parser *parser, const char *token, enum operation operation,
				struct condition *(*parse)(struct parser *parser))
{
	struct condition *left = parse(parser);
	struct condition *right;

	while (left && accept(parser, token)) {
		right = parse(parser);
		if (!right) {
			condition_destroy(left);
			return NULL;
		}
		left = make(parser, operation, left, right);
	}
	return left;
}

static struct condition *parse_and(struct parser *parser)
{
	return parse_chain(parser, "&&", AND, parse_factor);
}

static struct condition *parse_or(struct parser *parser)
{
	return parse_chain(parser, "||", OR, parse_and);
}

struct condition *condition_parse(const char *text, char message[static CONDITION_MESSAGE_SIZE])
{
	struct parser parser = { .at = text, .message = message };
	struct condition *condition;

	message[0] = '\0';
	condition = parse_or(&parser);
	skip_blanks(&parser);
	if (condition && *parser.at) {
		condition_destroy(condition);
		return fail(&parser, "this is too much");
	}
	return condition;
}

/* ---- evaluation ---- */

/* The rate of a node's reason of that name; 0: it has none. */
static double reason_rate(const struct model *model, const struct node *node, const char *wanted)
{
	const struct reason *reason;
	char name[MODEL_NAME_SIZE];

	for (reason = node->reasons; reason; reason = reason->next) {
		column_node_name(&reason->node, name, sizeof(name));
		if (!strcasecmp(name, wanted))
			return model_rate(model, reason->node.recent.exits);
	}
	return 0;
}

static bool compares(const struct condition *condition, const struct model *model, const struct node *node)
{
	char text[COLUMN_CELL_SIZE];
	double value;

	if (text_column(condition->column)) {
		condition->column->text(node, text, sizeof(text));
		switch (condition->operation) {
		case EQUAL:
			return !strcmp(text, condition->text);
		case UNEQUAL:
			return strcmp(text, condition->text);
		case CONTAINS:
			return strcasestr(text, condition->text);
		default:
			return !strcasestr(text, condition->text);
		}
	}
	value = condition->column ? condition->column->value(model, node) : reason_rate(model, node, condition->reason);
	if (isnan(value))
		return false;
	switch (condition->operation) {
	case LESS:
		return value < condition->number;
	case LESS_EQUAL:
		return value <= condition->number;
	case MORE:
		return value > condition->number;
	case MORE_EQUAL:
		return value >= condition->number;
	case EQUAL:
		return value == condition->number;
	default:
		return value != condition->number;
	}
}

bool condition_holds(const struct condition *condition, const struct model *model, const struct node *node)
{
	switch (condition->operation) {
	case OR:
		return condition_holds(condition->left, model, node) || condition_holds(condition->right, model, node);
	case AND:
		return condition_holds(condition->left, model, node) && condition_holds(condition->right, model, node);
	case NOT:
		return !condition_holds(condition->left, model, node);
	default:
		return compares(condition, model, node);
	}
}

struct vm *condition_find(const struct condition *condition, const struct model *model)
{
	struct vm *vm;

	for (vm = model->vms; vm; vm = vm->next)
		if (!vm->gone_ns && condition_holds(condition, model, &vm->node))
			return vm;
	return NULL;
}
