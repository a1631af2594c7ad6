/* SPDX-License-Identifier: GPL-2.0 */
/* A debug event that its debugger did not live to deal with. */
#ifndef ORPHAN_H
#define ORPHAN_H

#include <stdint.h>

#include "target.h"

/**
 * orphan_dr6() - what of it the guest itself has asked for, and would not meet again
 * @set:	what was in force
 * @own:	the guest's DR0 to DR3
 * @own_dr7:	and its DR7
 * Return: DR6 of the #DB that the guest is to have; 0: none.
 */
uint64_t orphan_dr6(const struct target_debug *set, const struct kvm2_debug_event *event,
		    const uint64_t own[static TARGET_SLOTS], uint64_t own_dr7);

#endif
