/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ioctl KVM_RUN, and the exits in its struct kvm_run. */
#ifndef KVM_CLASSIC_RUN_H
#define KVM_CLASSIC_RUN_H

#include <linux/kvm2.h>
#include <stdbool.h>
#include <stdint.h>

struct tcb;

/**
 * struct classic_exit - what a struct kvm_run says
 * @reason:         KVM_EXIT_*
 * @how:            KVM2_EXIT_* for what prints @run
 * @run:            the same exit as kvm2 has it; KVM2_EXIT_UNKNOWN if kvm2
 *                  has it not
 * @raw:            the union of struct kvm_run, for those
 */
struct classic_exit {
	uint32_t reason;
	unsigned int how;
	struct kvm2_run run;
	unsigned char raw[256];
};

/**
 * kvm_classic_exit_fetch() - the exit of the vcpu whose fd is the first
 * argument of the call
 * Return: 0, or -1 if its memory is not found.
 */
extern int kvm_classic_exit_fetch(struct tcb *tcp, struct classic_exit *exit);

/** kvm_classic_exit_name() - "KVM_EXIT_IO" */
extern const char *kvm_classic_exit_name(uint32_t reason);

/** kvm_classic_run() - decode KVM_RUN; false if nobody asked for it */
extern bool kvm_classic_run(struct tcb *tcp, uint64_t arg, int *result);

#endif /* KVM_CLASSIC_RUN_H */
