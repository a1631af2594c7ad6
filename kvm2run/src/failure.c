// SPDX-License-Identifier: GPL-2.0
// The text of an error.
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int failure_set(struct failure *failure, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	return -error;
}

int failure_prefix(struct failure *failure, int error, const char *object)
{
	struct failure inner = *failure;
	size_t length;

	snprintf(failure->text, sizeof(failure->text), "%s: ", object);
	length = strlen(failure->text);
	snprintf(failure->text + length, sizeof(failure->text) - length, "%s",
		 inner.text);
	return -error;
}
