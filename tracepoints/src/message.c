// SPDX-License-Identifier: LGPL-2.1
// What has failed, in words.
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

int message_set(struct message *message, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(message->text, sizeof(message->text), format, args);
	va_end(args);
	return err;
}
