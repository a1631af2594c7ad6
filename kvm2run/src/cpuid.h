/* SPDX-License-Identifier: GPL-2.0 */
/* CPUID of a vcpu: what the host can give, with this machine's topology. */
#ifndef KVM2RUN_CPUID_H
#define KVM2RUN_CPUID_H

#include <kvm2/kvm2.h>
#include <stdbool.h>
#include <stdint.h>

/* Records that cpuid_build() may add to those of the host. */
#define CPUID_ADDED_BYTES	(3 * KVM2_RECORD_BYTES(sizeof(struct kvm2_cpuid)))

/**
 * cpuid_build() - the CPUID records of one vcpu
 * @host:	HOST_CPUID records
 * @guest:	out: CPUID records are appended
 * @id:		the vcpu's APIC id, below @cpus
 * @has_apic:	false: nothing says that there is a local APIC
 * @cpus:	all of them are cores of one package, with one thread each
 * Return: 0; -ENOSPC @guest is too small; -EINVAL a malformed record.
 */
int cpuid_build(const struct kvm2_records *host, struct kvm2_records *guest, uint32_t id,
		uint32_t cpus, bool has_apic);

#endif
