/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hook of kvm2 in the exits that are handled with interrupts off.
 */
#ifndef _LINUX_KVM2_FASTPATH_H
#define _LINUX_KVM2_FASTPATH_H

#include <linux/kvm_host.h>

#ifdef CONFIG_KVM2

/*
 * The guest reads (@in) or writes @size bytes of @port, not by a string
 * instruction. Context: interrupts off; the vcpu is not in guest mode, and
 * the address of the next instruction is known.
 */
fastpath_t kvm2_fast_pio(struct kvm_vcpu *vcpu, u16 port, int size, bool in);

#else

static inline fastpath_t kvm2_fast_pio(struct kvm_vcpu *vcpu, u16 port,
				       int size, bool in)
{
	return EXIT_FASTPATH_NONE;
}

#endif

#endif /* _LINUX_KVM2_FASTPATH_H */
