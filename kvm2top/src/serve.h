/* SPDX-License-Identifier: GPL-2.0 */
/* The last refresh as OpenMetrics, for whoever asks by HTTP on a socket of this host. */
#ifndef KVM2TOP_SERVE_H
#define KVM2TOP_SERVE_H

#include "model.h"
#include "output.h"

#define SERVE_MESSAGE_SIZE	192

struct serve;

/**
 * serve_create() - listen
 * @where: "unix:PATH", or a port of 127.0.0.1: "9100", "127.0.0.1:9100"
 * Return: 0 or a negative errno, and a @message.
 */
int serve_create(struct serve **serve, const char *where, char message[static SERVE_MESSAGE_SIZE]);
void serve_destroy(struct serve *serve);

/* Readable when somebody asks. */
int serve_fd(const struct serve *serve);

/* What to answer from now on. Return: 0 or a negative errno. */
int serve_update(struct serve *serve, const struct output *output, const struct model *model);

/* Answer one. Who does not ask or read in time is left alone. */
void serve_answer(struct serve *serve);

#endif /* KVM2TOP_SERVE_H */
