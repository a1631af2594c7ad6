/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Conditions over columns, for filters and for --when:
 *
 *	exits > 200k || p99 > 1ms && name ~ web
 *
 * A column's key, or reason:NAME for how many of these there are in a second;
 * one of < <= > >= = != ~ !~; and a number (with k, M, G; %; ns, us, ms, s; a
 * "/s" is not looked at) or a text. ~: contains, whatever the case. && binds closer than ||; parentheses and ! are as usual. A word alone
 * is a name that contains it. What is not known makes a comparison false.
 */
#ifndef KVM2TOP_CONDITION_H
#define KVM2TOP_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

#define CONDITION_MESSAGE_SIZE	128

struct condition;

/**
 * condition_parse() - make a condition of a text
 * @message: out: what is wrong
 * Return: to be destroyed by the caller; NULL: @text is wrong, or no memory.
 */
struct condition *condition_parse(const char *text, char message[static CONDITION_MESSAGE_SIZE]);
void condition_destroy(struct condition *condition);

/* Does it hold for the node? */
bool condition_holds(const struct condition *condition, const struct model *model, const struct node *node);

/* The first VM for which it holds; NULL: none. */
struct vm *condition_find(const struct condition *condition, const struct model *model);

#endif /* KVM2TOP_CONDITION_H */
