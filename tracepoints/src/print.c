// SPDX-License-Identifier: LGPL-2.1
// Print formats as the kernel's printf() sees them.
#include "print.h"

#define WIDTH_MAX	128

enum item_kind { ITEM_BYTES, ITEM_TEXT, ITEM_NUMBER, ITEM_POINTER, ITEM_CHAR };

/**
 * struct item - a part of the text
 * @kind:	what it is
 * @base:	of a number: 8, 10 or 16
 * @size:	bytes of the argument that count
 * @width:	at least so many characters
 * @precision:	of a number, at least so many digits; of text, at most so many
 *		characters; -1: not given
 * @is_signed:	of a number
 * @is_left:	filled up on the right
 * @has_zeros:	filled up with zeros
 * @has_prefix:	0x or 0 in front
 * @is_upper:	of hexadecimal digits
 * @sign:	'+' or ' ' before numbers that are not negative, or 0
 * @text:	of bytes
 * @length:	of @text
 * @argument:	of the others
 */
struct item {
	enum item_kind kind;
	unsigned int base;
	uint8_t size;
	int width;
	int precision;
	bool is_signed;
	bool is_left;
	bool has_zeros;
	bool has_prefix;
	bool is_upper;
	char sign;
	const char *text;
	size_t length;
	const struct expr *argument;
};

struct print {
	struct item *items;
	unsigned int nr;
};

/* ---- compile ---- */

static bool set_conversion(struct item *item, char c)
{
	item->kind = ITEM_NUMBER;
	item->base = 10;
	switch (c) {
	case 's':
		item->kind = ITEM_TEXT;
		return true;
	case 'c':
		item->kind = ITEM_CHAR;
		return true;
	case 'p':
		/* As an address in full, as %px and the option nohash-ptr. */
		item->kind = ITEM_POINTER;
		return true;
	case 'd':
	case 'i':
		item->is_signed = true;
		return true;
	case 'u':
		return true;
	case 'X':
		item->is_upper = true;
		item->base = 16;
		return true;
	case 'x':
		item->base = 16;
		return true;
	case 'o':
		item->base = 8;
		return true;
	}
	return false;
}

static bool parse_digits(const char **from, int *number)
{
	for (*number = 0; **from >= '0' && **from <= '9'; (*from)++) {
		*number = *number * 10 + (**from - '0');
		if (*number > WIDTH_MAX)
			return false;
	}
	return true;
}

/* Behind the %; NULL: there is something that is not known. */
static const char *parse_conversion(const char *from, struct item *item)
{
	item->precision = -1;
	item->size = 4;
	for (;; from++) {
		if (*from == '-')
			item->is_left = true;
		else if (*from == '0')
			item->has_zeros = true;
		else if (*from == '#')
			item->has_prefix = true;
		else if (*from == '+' || *from == ' ')
			item->sign = *from;
		else
			break;
	}
	if (!parse_digits(&from, &item->width))
		return NULL;
	if (*from == '.') {
		from++;
		if (!parse_digits(&from, &item->precision))
			return NULL;
	}
	for (; *from == 'l' || *from == 'z' || *from == 'h' || *from == 'L';
	     from++)
		item->size = *from == 'h' ? item->size / 2 : 8;
	if (!item->size || !set_conversion(item, *from))
		return NULL;
	from++;
	/* %pS, %pM, ...: names that only the kernel has. */
	if (item->kind == ITEM_POINTER &&
	    ((*from >= 'a' && *from <= 'z' && *from != 'x') ||
	     (*from >= 'A' && *from <= 'Z')))
		return NULL;
	return from + (item->kind == ITEM_POINTER && *from == 'x');
}

/* The text up to the next %; %% is one of its bytes. */
static const char *parse_bytes(struct expr_parser *parser, const char *from,
			       struct item *item)
{
	char *to = arena_alloc(parser->arena, strlen(from) + 1);

	if (!to)
		return NULL;
	item->kind = ITEM_BYTES;
	item->text = to;
	for (; *from && (*from != '%' || from[1] == '%'); from++) {
		from += *from == '%';
		*to++ = *from;
	}
	item->length = (size_t)(to - item->text);
	return from;
}

static bool parse_argument(struct expr_parser *parser, struct item *item)
{
	if (!expr_accept(parser, ','))
		return false;
	item->argument = expr_parse(parser);
	return item->argument &&
	       expr_is_text(item->argument) == (item->kind == ITEM_TEXT);
}

/* So many items a format has at most: each %, and what is before it. */
static unsigned int count_items(const char *from)
{
	unsigned int nr = 1;

	for (; *from; from++)
		nr += 2 * (*from == '%');
	return nr;
}

const struct print *print_compile(struct arena *arena,
				  const struct format *format)
{
	struct expr_parser parser = {
		.arena = arena,
		.format = format,
		.from = format->print,
		.end = format->print + format->print_size,
	};
	struct print *print = arena_alloc(arena, sizeof(*print));
	unsigned int room;
	const char *from;
	size_t length;

	from = print ? expr_parse_string(&parser, &length) : NULL;
	if (!from || strlen(from) != length)
		return NULL;
	room = count_items(from);
	print->items = arena_alloc(arena, room * sizeof(*print->items));
	if (!print->items)
		return NULL;
	while (from && *from) {
		struct item *item = &print->items[print->nr];

		if (print->nr++ == room)
			return NULL;
		if (*from != '%' || from[1] == '%') {
			from = parse_bytes(&parser, from, item);
			continue;
		}
		from = parse_conversion(from + 1, item);
		if (from && !parse_argument(&parser, item))
			return NULL;
	}
	return from ? print : NULL;
}

const struct expr *print_argument(const struct print *print, unsigned int index)
{
	for (unsigned int i = 0; i < print->nr; i++)
		if (print->items[i].argument && !index--)
			return print->items[i].argument;
	return NULL;
}

/* ---- run ---- */

static void fill(struct text *text, char c, int count)
{
	for (; count > 0; count--)
		text_char(text, c);
}

/* The value as the length of the conversion makes it. */
static uint64_t cut(uint64_t value, const struct item *item)
{
	const unsigned int unused = 64 - 8 * (unsigned int)item->size;

	if (item->is_signed)
		return (uint64_t)((int64_t)(value << unused) >> unused);
	return value << unused >> unused;
}

static int put_digits(char *end, uint64_t value, const struct item *item)
{
	const char *const digits = item->is_upper ? "0123456789ABCDEF" :
						    "0123456789abcdef";
	char *from = end;

	do {
		*--from = digits[value % item->base];
		value /= item->base;
	} while (value);
	return (int)(end - from);
}

/* The kernel writes 0x also before 0. */
static void put_prefix(struct text *text, const struct item *item)
{
	if (item->has_prefix && item->base == 16)
		text_bytes(text, item->is_upper ? "0X" : "0x", 2);
	else if (item->has_prefix && item->base == 8)
		text_char(text, '0');
}

static void put_padded(struct text *text, uint64_t value,
		       const struct item *item)
{
	const bool is_negative = item->is_signed && (int64_t)value < 0;
	const char sign = is_negative ? '-' : item->is_signed ? item->sign : 0;
	char buffer[32];
	char *const end = buffer + sizeof(buffer);
	const int digits = put_digits(end, is_negative ? -value : value, item);
	const bool has_zeros = item->has_zeros && !item->is_left;
	int zeros = item->precision - digits;
	int spaces;

	zeros = zeros > 0 ? zeros : 0;
	spaces = item->width - digits - zeros - (sign != 0) -
		 (item->has_prefix ? item->base == 16 ? 2 : item->base == 8 : 0);
	if (has_zeros && spaces > 0) {
		zeros += spaces;
		spaces = 0;
	}
	if (!item->is_left)
		fill(text, ' ', spaces);
	if (sign)
		text_char(text, sign);
	put_prefix(text, item);
	fill(text, '0', zeros);
	text_bytes(text, end - digits, (size_t)digits);
	if (item->is_left)
		fill(text, ' ', spaces);
}

static void put_number(struct text *text, uint64_t value,
		       const struct item *item)
{
	value = cut(value, item);
	if (item->sign || item->has_prefix || item->is_left ||
	    item->precision > 0 || item->base == 8 || item->is_upper ||
	    (item->width && !(item->base == 16 && item->has_zeros &&
			      item->width <= 16)))
		put_padded(text, value, item);
	else if (item->base == 16)
		text_hex_digits(text, value, (unsigned int)item->width);
	else if (item->is_signed)
		text_signed(text, (int64_t)value);
	else
		text_decimal(text, value);
}

static void put_text(struct text *text, const struct expr_record *record,
		     const struct item *item)
{
	const size_t from = text->length;
	char buffer[512];
	struct text inner = { buffer, sizeof(buffer), 0 };
	size_t length;

	if (!item->width && item->precision < 0) {
		expr_print(item->argument, record, text);
		return;
	}
	expr_print(item->argument, record, &inner);
	length = inner.length < sizeof(buffer) ? inner.length : sizeof(buffer);
	if (item->precision >= 0 && length > (size_t)item->precision)
		length = (size_t)item->precision;
	if (!item->is_left)
		fill(text, ' ', item->width - (int)length);
	text_bytes(text, buffer, length);
	if (item->is_left)
		fill(text, ' ', item->width - (int)(text->length - from));
}

void print_run(const struct print *print, const struct expr_record *record,
	       struct text *text)
{
	for (unsigned int i = 0; i < print->nr; i++) {
		const struct item *item = &print->items[i];
		uint64_t value;

		switch (item->kind) {
		case ITEM_BYTES:
			text_bytes(text, item->text, item->length);
			break;
		case ITEM_TEXT:
			put_text(text, record, item);
			break;
		case ITEM_NUMBER:
			put_number(text, expr_value(item->argument, record),
				   item);
			break;
		case ITEM_POINTER:
			text_hex_digits(text, expr_value(item->argument, record),
					16);
			break;
		case ITEM_CHAR:
			value = expr_value(item->argument, record);
			if ((char)value)
				text_foreign(text, &(char){ (char)value }, 1);
			break;
		}
	}
}

static void put_field(const struct format_field *field,
		      const struct expr_record *record, struct text *text)
{
	const unsigned char *bytes;
	size_t length;

	if (field->kind == FORMAT_NUMBER) {
		const uint64_t value = format_number(field, record->data);

		if (field->is_signed)
			text_signed(text, (int64_t)value);
		else
			text_hex(text, value);
		return;
	}
	bytes = format_bytes(field, record->data, record->size, &length);
	if (!bytes) {
		text_char(text, '?');
	} else if (field->is_text) {
		text_foreign(text, (const char *)bytes,
			     strnlen((const char *)bytes, length));
	} else {
		for (size_t i = 0; i < length; i++)
			text_hex_digits(text, bytes[i], 2);
	}
}

void print_fields(const struct format *format,
		  const struct expr_record *record, struct text *text)
{
	bool is_first = true;

	for (unsigned int i = 0; i < format->nr_fields; i++) {
		const struct format_field *field = &format->fields[i];

		if (field->is_common)
			continue;
		if (!is_first)
			text_char(text, ' ');
		is_first = false;
		text_string(text, field->name);
		text_char(text, '=');
		put_field(field, record, text);
	}
}
