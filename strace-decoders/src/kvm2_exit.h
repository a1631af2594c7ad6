/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exits of struct kvm2_run. */
#ifndef KVM2_EXIT_H
#define KVM2_EXIT_H

#include <stdbool.h>
#include <stdint.h>

struct kvm2_run;
struct tcb;

/**
 * kvm2_exit_fetch() - copy a run structure from the tracee, as far as its
 * exit uses it; what the rest holds is not defined
 * Return: 0, or -1 if that cannot be read.
 */
extern int kvm2_exit_fetch(struct tcb *tcp, uint64_t addr, struct kvm2_run *run);

/** kvm2_exit_name() - "KVM2_EXIT_IO" */
extern const char *kvm2_exit_name(uint32_t reason);

/** kvm2_exit_has_reply() - whether the exit waits for a reply */
extern bool kvm2_exit_has_reply(const struct kvm2_run *run);

/**
 * kvm2_exit_print() - print "exit_reason=..., member={...}"
 * @full: also what only the reply to this exit will set
 */
extern void kvm2_exit_print(const struct kvm2_run *run, bool full);

/* What is printed of an exit that has no name yet. */
#define KVM2_EXIT_UNNAMED_BYTES	32

/* How a member is printed. */
#define KVM2_EXIT_FULL		(1 << 0)	/* all of it */
#define KVM2_EXIT_CLASSIC	(1 << 1)	/* with the constants of linux/kvm.h */
#define KVM2_EXIT_NO_DATA	(1 << 2)	/* io.data could not be read */

/** kvm2_exit_print_member() - print ", member={...}", if the exit has one */
extern void kvm2_exit_print_member(const struct kvm2_run *run, unsigned int how);

/** kvm2_exit_print_reply() - print ", member={...}" if the exit has a reply */
extern void kvm2_exit_print_reply(const struct kvm2_run *run,
				  unsigned int how);

#endif /* KVM2_EXIT_H */
