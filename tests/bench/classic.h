/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The peer: a VM with one vcpu, by the ioctls of /dev/kvm. Functions return
 * 0 or a negative errno.
 */
#ifndef TESTS_BENCH_CLASSIC_H
#define TESTS_BENCH_CLASSIC_H

#include <linux/kvm.h>
#include <stdint.h>

#include "guest.h"

/* Who emulates the interrupt controllers. */
enum classic_irqchip {
	CLASSIC_NONE,		/* user space: KVM has none */
	CLASSIC_SPLIT,		/* the local APIC is KVM's, as in kvm2 */
	CLASSIC_KERNEL,		/* all of them are KVM's */
};

struct classic {
	int vm;
	int vcpu;
	struct kvm_run *run;
};

/**
 * classic_create() - a VM and its vcpu, with all CPUID leaves of the host
 * @classic: the caller's storage; never let go
 */
int classic_create(struct classic *classic, enum classic_irqchip irqchip);

/* Create, move or (@size 0) delete a memory slot. */
int classic_map(const struct classic *classic, uint32_t slot, uint64_t gpa,
		uint64_t size, void *memory);

/* Set the registers of the vcpu. */
int classic_start(const struct classic *classic,
		  const struct guest_start *start);

/* Enter the guest, until its write to the port. */
int classic_exit(const struct classic *classic);

#endif /* TESTS_BENCH_CLASSIC_H */
