/* SPDX-License-Identifier: LGPL-2.1 */
/* What has failed, in words, for a library that does not print. */
#ifndef TRACE_MESSAGE_H
#define TRACE_MESSAGE_H

#define MESSAGE_SIZE	512

struct message {
	char text[MESSAGE_SIZE];
};

/* Say what has failed. Return: @err, for the caller's own return. */
int __attribute__((format(printf, 3, 4)))
message_set(struct message *message, int err, const char *format, ...);

#endif /* TRACE_MESSAGE_H */
