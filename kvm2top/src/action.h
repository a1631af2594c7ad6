/* SPDX-License-Identifier: GPL-2.0 */
/*
 * --when and --do: what is done when a condition begins to hold for a VM.
 *
 *	record:5s[:FILE]	kvm2trace records the VM's events for 5 s, in a trace.dat
 *	exec:COMMAND		the shell runs it, with KVM2TOP_VM and KVM2TOP_PID
 *	quit			kvm2top ends
 *
 * Recording takes privileges, which kvm2top gives up: a child that was made
 * before keeps them, does nothing else, and ends with kvm2top.
 */
#ifndef KVM2TOP_ACTION_H
#define KVM2TOP_ACTION_H

#include <stdbool.h>

#include "condition.h"
#include "model.h"

#define ACTION_MESSAGE_SIZE	192

struct action;

/**
 * action_create() - understand what to do, and start the child if it is needed
 * @condition: borrowed
 * @what:      as above; borrowed
 * @quiet:     the terminal is used: commands may not write to it
 * @message:   out: what is wrong
 * Return: NULL: @message says why.
 */
struct action *action_create(const struct condition *condition, const char *what, bool quiet,
			     char message[static ACTION_MESSAGE_SIZE]);

/* Is @what understood? Checks only. */
bool action_is_valid(const char *what);
void action_destroy(struct action *action);

/* There was a refresh. */
void action_look(struct action *action, const struct model *model);

/* It was to quit, and the condition has held. */
bool action_wants_end(const struct action *action);

#endif /* KVM2TOP_ACTION_H */
