/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short pieces of text, put right into the buffer of strace's output. */
#include "defs.h"
#include "kvm2_text.h"

#include <stdarg.h>

/* Here those of strace are meant. */
#undef tprints
#undef tprintf

/* As many digits as a number of 64 bits may have, and "0x". */
#define NUMBER_CHARS	24

void
kvm2_text(const char *text)
{
	FILE *file;
	const char *at;

	if (!current_tcp)
		return;
	file = current_tcp->outf;
	for (at = text; *at; at++) {
		/* tprints() fails, too, and says so. */
		if (putc_unlocked(*at, file) == EOF) {
			tprints(at);
			break;
		}
	}
	current_tcp->curcol += at - text;
}

/* One of a format's conversions. */
struct conversion {
	bool prefix;
	bool is_long;
	char type;
};

/* Return: what follows it; NULL: it is none that is done here. */
static const char *
parse(const char *at, struct conversion *conversion)
{
	*conversion = (struct conversion) { .prefix = at[1] == '#' };
	at += 1 + conversion->prefix;
	if (at[0] == 'l' && at[1] == 'l') {
		conversion->is_long = true;
		at += 2;
	}
	conversion->type = *at;
	if (*at == 's' ? conversion->prefix || conversion->is_long :
	    *at == 'u' ? conversion->prefix : *at != 'x')
		return NULL;
	return at + 1;
}

static bool
is_simple(const char *format)
{
	struct conversion conversion;

	while (format && *format)
		format = *format == '%' ? parse(format, &conversion) :
					  format + 1;
	return format;
}

static void
put_number(unsigned long long value, const struct conversion *conversion)
{
	const unsigned int base = conversion->type == 'x' ? 16 : 10;
	char text[NUMBER_CHARS];
	char *at = text + sizeof(text) - 1;
	const bool prefix = conversion->prefix && value;

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (prefix) {
		*--at = 'x';
		*--at = '0';
	}
	kvm2_text(at);
}

void
kvm2_textf(const char *format, ...)
{
	struct conversion conversion;
	char plain[2] = "";
	va_list args;
	char *text;

	va_start(args, format);
	if (!is_simple(format)) {
		if (vasprintf(&text, format, args) < 0)
			perror_msg_and_die("vasprintf");
		kvm2_text(text);
		free(text);
		format = "";
	}
	while (*format) {
		if (*format != '%') {
			plain[0] = *format++;
			kvm2_text(plain);
			continue;
		}
		format = parse(format, &conversion);
		if (conversion.type == 's')
			kvm2_text(va_arg(args, const char *));
		else
			put_number(conversion.is_long ?
				   va_arg(args, unsigned long long) :
				   va_arg(args, unsigned int), &conversion);
	}
	va_end(args);
}
