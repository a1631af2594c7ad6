// SPDX-License-Identifier: GPL-2.0
/*
 * Vcpu state: the time stamp counter.
 *
 * The value is written exactly, without KVM's guess of which vcpus shall be
 * in step: for that there is the offset. When a call names both, as one does
 * that writes back all it has read, the offset counts: the TSC goes on.
 */
#include "state.h"

#include <asm/tsc.h>

#include "glue.h"
#include "x86.h"

/* Of the offset. */
int kvm2_tsc_find(struct kvm2_state *s, u64 number, struct kvm2_register *reg)
{
	int r;

	r = kvm2_state_fetch(s, KVM2_GROUP_TSC);
	if (r)
		return r;
	reg->value = &s->now.tsc[number];
	reg->group = KVM2_GROUP_TSC;
	/* On a host with an unstable TSC it changes with every load. */
	if (kvm2_glue_is_tsc_unstable())
		reg->attributes |= KVM2_ATTR_VOLATILE;
	return 0;
}

int kvm2_tsc_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	kvm2_state_load(s);
	values->tsc[KVM2_TSC_VALUE] = kvm_read_l1_tsc(s->vcpu, rdtsc());
	values->tsc[KVM2_TSC_OFFSET] = s->vcpu->arch.l1_tsc_offset;
	values->tsc[KVM2_TSC_KHZ] = s->vcpu->arch.virtual_tsc_khz;
	return 0;
}

int kvm2_tsc_check(struct kvm2_state *s)
{
	u64 khz = s->now.tsc[KVM2_TSC_KHZ];

	if (khz == s->change->old.tsc[KVM2_TSC_KHZ])
		return 0;
	if (khz && !(kvm_caps.has_tsc_control &&
		     khz >= kvm_caps.max_guest_tsc_khz))
		return 0;
	kvm2_state_refuse(s, KVM2_SET_TSC, KVM2_TSC_KHZ);
	return -EINVAL;
}

static int commit_khz(struct kvm2_state *s, u32 khz)
{
	if (khz == s->vcpu->arch.virtual_tsc_khz)
		return 0;
	return kvm2_glue_set_tsc_khz(s->vcpu, khz) ? -EINVAL : 0;
}

int kvm2_tsc_commit(struct kvm2_state *s, const struct kvm2_values *values)
{
	u64 offset = values->tsc[KVM2_TSC_OFFSET];
	struct kvm_vcpu *vcpu = s->vcpu;
	int r;

	r = commit_khz(s, values->tsc[KVM2_TSC_KHZ]);
	if (r) {
		kvm2_state_refuse(s, KVM2_SET_TSC, KVM2_TSC_KHZ);
		commit_khz(s, s->change->old.tsc[KVM2_TSC_KHZ]);
		return r;
	}
	if (values == &s->now &&
	    kvm2_state_is_named(s, KVM2_SET_TSC, KVM2_TSC_VALUE) &&
	    !kvm2_state_is_named(s, KVM2_SET_TSC, KVM2_TSC_OFFSET))
		offset = values->tsc[KVM2_TSC_VALUE] -
			 kvm_scale_tsc(rdtsc(),
				       vcpu->arch.l1_tsc_scaling_ratio);
	if (offset != vcpu->arch.l1_tsc_offset)
		kvm2_glue_set_tsc_offset(vcpu, offset);
	return 0;
}
