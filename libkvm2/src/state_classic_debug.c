// SPDX-License-Identifier: LGPL-2.1
/*
 * GUEST_DEBUG on KVM_SET_GUEST_DEBUG. KVM cannot be asked what it was told,
 * so the vcpu remembers.
 */
#include "state_classic.h"

#include <string.h>

#define INJECT	(KVM2_DEBUG_INJECT_BP | KVM2_DEBUG_INJECT_DB)

int kvm2_classic_guest_debug_fetch(struct classic_state *s, struct classic_values *values)
{
	const struct vcpu_classic *vcpu = s->vcpu;

	values->guest_debug[KVM2_GUEST_DEBUG_CONTROL] = vcpu->debug_control;
	memcpy(&values->guest_debug[KVM2_GUEST_DEBUG_BREAKPOINT0],
	       vcpu->debug_breakpoints, sizeof(vcpu->debug_breakpoints));
	values->guest_debug[KVM2_GUEST_DEBUG_BREAKPOINT_DR7] = vcpu->debug_dr7;
	values->debug_event = vcpu->event;
	return 0;
}

static int check_control(uint64_t control)
{
	if (control & ~(uint64_t)KVM2_DEBUG_CONTROL || (control & INJECT) == INJECT)
		return -EINVAL;
	/* For the ptracer of the thread, and a thread is not its own. */
	return control & (KVM2_DEBUG_STOP | KVM2_DEBUG_STOP_FATAL) ? -EPERM : 0;
}

int kvm2_classic_guest_debug_check(struct classic_state *s)
{
	const uint64_t *debug = s->now.guest_debug;
	int ret = check_control(debug[KVM2_GUEST_DEBUG_CONTROL]);

	if (ret < 0) {
		kvm2_classic_refuse(s, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL);
		return ret;
	}
	if (debug[KVM2_GUEST_DEBUG_BREAKPOINT_DR7] >> 32) {
		kvm2_classic_refuse(s, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT_DR7);
		return -EINVAL;
	}
	return 0;
}

static uint32_t control_to_kvm(uint64_t control)
{
	static const struct {
		uint32_t ours;
		uint32_t kvm;
	} bits[] = {
		{ KVM2_DEBUG_ENABLE, KVM_GUESTDBG_ENABLE },
		{ KVM2_DEBUG_SINGLE_STEP, KVM_GUESTDBG_SINGLESTEP },
		{ KVM2_DEBUG_SW_BREAKPOINTS, KVM_GUESTDBG_USE_SW_BP },
		{ KVM2_DEBUG_HW_BREAKPOINTS, KVM_GUESTDBG_USE_HW_BP },
		{ KVM2_DEBUG_BLOCK_IRQ, KVM_GUESTDBG_BLOCKIRQ },
		{ KVM2_DEBUG_INJECT_BP, KVM_GUESTDBG_INJECT_BP },
		{ KVM2_DEBUG_INJECT_DB, KVM_GUESTDBG_INJECT_DB },
	};
	uint32_t kvm = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (control & bits[i].ours)
			kvm |= bits[i].kvm;
	return kvm;
}

int kvm2_classic_guest_debug_commit(struct classic_state *s, const struct classic_values *values)
{
	const uint64_t *debug = values->guest_debug;
	struct vcpu_classic *vcpu = s->vcpu;
	struct kvm_guest_debug request = {
		.control = control_to_kvm(debug[KVM2_GUEST_DEBUG_CONTROL]),
		.arch.debugreg[7] = debug[KVM2_GUEST_DEBUG_BREAKPOINT_DR7],
	};
	int ret;

	memcpy(request.arch.debugreg, &debug[KVM2_GUEST_DEBUG_BREAKPOINT0],
	       sizeof(vcpu->debug_breakpoints));
	ret = classic_vcpu_ioctl(vcpu, KVM_SET_GUEST_DEBUG, &request);
	if (ret < 0)
		return ret;
	vcpu->debug_control = (uint32_t)debug[KVM2_GUEST_DEBUG_CONTROL] & ~(uint32_t)INJECT;
	memcpy(vcpu->debug_breakpoints, &debug[KVM2_GUEST_DEBUG_BREAKPOINT0],
	       sizeof(vcpu->debug_breakpoints));
	vcpu->debug_dr7 = debug[KVM2_GUEST_DEBUG_BREAKPOINT_DR7];
	/* It came of what was set before. */
	vcpu->event.exception = 0;
	return 0;
}
