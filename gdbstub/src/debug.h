/* SPDX-License-Identifier: GPL-2.0 */
/* What debug events a held vcpu stops for, as records of its state. */
#ifndef DEBUG_H
#define DEBUG_H

#include <stdint.h>

#include "target.h"

/**
 * debug_set() - as target_ops.set_debug
 * @flags: KVM2_DEBUG bits that go with any event; @always: and those that need none
 * Return: KVM2_GUEST_DEBUG_CONTROL as it is now, 0: no events; a negative errno.
 */
int debug_set(struct target *target, unsigned int vcpu, const struct target_debug *debug,
	      uint32_t flags, uint32_t always);

/* As target_ops.reflect. */
int debug_reflect(struct target *target, unsigned int vcpu, const struct kvm2_debug_event *event);

#endif
