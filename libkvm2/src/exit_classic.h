/* SPDX-License-Identifier: LGPL-2.1 */
/* struct kvm_run of linux/kvm.h to and from struct kvm2_run. Pure. */
#ifndef KVM2_EXIT_CLASSIC_H
#define KVM2_EXIT_CLASSIC_H

#include <linux/kvm.h>
#include <linux/kvm2.h>

#include <stdint.h>

/**
 * kvm2_exit_from_classic() - translate an exit
 * @from: what KVM_RUN left, with the page of data that follows
 * @to:   only exit_reason and the bytes that the exit uses are written
 * Return: enum kvm2_exit_reason whose reply the next entry reads; 0: none.
 */
uint32_t kvm2_exit_from_classic(const struct kvm_run *from, struct kvm2_run *to);

/**
 * kvm2_exit_memory_fault() - the exit for memory that the host cannot provide
 * @from: what KVM_RUN left when it returned -EFAULT or -EHWPOISON
 */
void kvm2_exit_memory_fault(const struct kvm_run *from, struct kvm2_run *to);

/**
 * kvm2_reply_to_classic() - hand over the reply to the last exit
 * @pending: what kvm2_exit_from_classic() returned
 * @from:    the reply is in the member of that exit
 * @to:      as KVM_RUN left it
 */
void kvm2_reply_to_classic(uint32_t pending, const struct kvm2_run *from,
			   struct kvm_run *to);

#endif /* KVM2_EXIT_CLASSIC_H */
