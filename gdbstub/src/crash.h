/* SPDX-License-Identifier: GPL-2.0 */
/* Exits that few guests survive, and what gdb is told of them. */
#ifndef CRASH_H
#define CRASH_H

#include <stdbool.h>
#include <stdint.h>

#include "target.h"

/**
 * crash_of_kvm2() - what an exit says of its guest
 * @reason:   KVM2_EXIT_*
 * @suberror: of KVM2_EXIT_INTERNAL_ERROR
 * @event:    the event that it is; untouched if it is none
 * Return: it is one.
 */
bool crash_of_kvm2(uint32_t reason, uint32_t suberror, struct target_event *event);

/* The same of KVM_EXIT_*. */
bool crash_of_classic(uint32_t reason, uint32_t suberror, struct target_event *event);

#endif
