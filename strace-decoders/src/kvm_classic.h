/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ioctls of /dev/kvm that strace itself does not decode. */
#ifndef KVM_CLASSIC_H
#define KVM_CLASSIC_H

#include <stdbool.h>
#include <stdint.h>

struct tcb;

/**
 * kvm_classic_ioctl() - decode an ioctl of KVM's
 * @result: what strace's decoder is to return
 * Return: false if it is left to strace's own.
 */
extern bool kvm_classic_ioctl(struct tcb *tcp, unsigned int code,
			      uint64_t arg, int *result);

/* ---- what the table in kvm_classic.c names ---- */

/**
 * A decoder prints the argument. It is called at the entry, at the exit, or at
 * both, as the table says; at the exit only if the call has succeeded.
 */
#define KVM_CLASSIC_DECODERS(X)						\
	X(memory_region2)						\
	X(guest_memfd)							\
	X(memory_attributes)						\
	X(get_dirty_log)						\
	X(clear_dirty_log)						\
	X(number64)							\
	X(number)							\
	X(irq_level)							\
	X(irq_routing)							\
	X(irqfd)							\
	X(ioeventfd)							\
	X(signal_msi)							\
	X(irqchip)							\
	X(pit_config)							\
	X(pit)								\
	X(reinject_control)						\
	X(coalesced_zone)						\
	X(create_device)						\
	X(device_attr)							\
	X(enable_cap)							\
	X(clock)							\
	X(msr_list)							\
	X(msr_filter)							\
	X(get_msrs)							\
	X(set_msrs)							\
	X(cpuid2)							\
	X(fpu)								\
	X(xsave)							\
	X(xcrs)								\
	X(sregs2)							\
	X(debugregs)							\
	X(vcpu_events)							\
	X(mp_state)							\
	X(nested_state)							\
	X(lapic)							\
	X(guest_debug)							\
	X(interrupt)							\
	X(translation)							\
	X(signal_mask)							\
	X(tpr_access)							\
	X(one_reg)							\
	X(reg_list)							\
	X(mce)

#define X(name_)							\
	extern void kvm_classic_print_##name_(struct tcb *tcp, uint64_t arg);
KVM_CLASSIC_DECODERS(X)
#undef X

/**
 * kvm_classic_note_slot() - remember a memory slot, for its dirty log
 * @arg: address of a struct kvm_userspace_memory_region, or of the newer
 *       structure that begins like it
 */
extern void kvm_classic_note_slot(struct tcb *tcp, uint64_t arg);

#endif /* KVM_CLASSIC_H */
