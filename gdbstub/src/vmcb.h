/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vcpu's registers as KVM for AMD's processors keeps them while the guest
 * runs, in the form of the classic ioctls.
 *
 * Source: AMD64 Architecture Programmer's Manual, volume 2, appendix B.
 */
#ifndef VMCB_H
#define VMCB_H

#include <stdint.h>

#include <linux/kvm.h>

#include "classic_record.h"

void vmcb_regs(const struct classic_look *look, struct kvm_regs *regs);
void vmcb_sregs(const struct classic_look *look, struct kvm_sregs2 *sregs);

/* The MSRs that are there, by a number from 0 on. Return: 0; -ENOENT there are no more. */
int vmcb_msr_at(unsigned int number, uint32_t *index);

/* Return: 0; -ENODATA it is kept elsewhere. */
int vmcb_msr(const struct classic_look *look, uint32_t index, uint64_t *value);

#endif
