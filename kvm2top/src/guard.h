/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A child that keeps the rights which kvm2top gives up, for one thing: when
 * kvm2top has ended, even by SIGKILL, it removes its tracefs instances.
 */
#ifndef KVM2TOP_GUARD_H
#define KVM2TOP_GUARD_H

struct guard;

/* The prefix of the names of kvm2top's instances; the process follows. */
#define GUARD_PREFIX	"kvm2top"

/* NULL: with errno. */
struct guard *guard_create(void);

/* All that keeps the instances in use is closed. Waits until they are removed. */
void guard_destroy(struct guard *guard);

/* The folder of tracefs. */
const char *guard_tracing(void);

#endif /* KVM2TOP_GUARD_H */
