// SPDX-License-Identifier: GPL-2.0
/*
 * Vcpu state: what a debugger wants of KVM.
 *
 * KVM keeps the breakpoints only while they are in force. They are kept in
 * the kvm2_vcpu, so that debug_control turns them on and off.
 */
#include "state.h"

#include <linux/kvm.h>

#include "x86.h"

int kvm2_guest_debug_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	const struct kvm2_vcpu *v = s->v;

	values->guest_debug[KVM2_GUEST_DEBUG_CONTROL] = v->debug_control;
	memcpy(&values->guest_debug[KVM2_GUEST_DEBUG_BREAKPOINT0],
	       v->debug_breakpoints, sizeof(v->debug_breakpoints));
	values->guest_debug[KVM2_GUEST_DEBUG_BREAKPOINT_DR7] = v->debug_dr7;
	values->debug_event = v->debug_event;
	return 0;
}

static int check_control(struct kvm2_state *s, u32 control)
{
	u32 inject = control & (KVM2_DEBUG_INJECT_BP | KVM2_DEBUG_INJECT_DB);

	if (control & ~KVM2_DEBUG_CONTROL)
		return -EINVAL;
	if (inject == (KVM2_DEBUG_INJECT_BP | KVM2_DEBUG_INJECT_DB))
		return -EINVAL;
	if (control & ~s->v->debug_control &
	    (KVM2_DEBUG_STOP | KVM2_DEBUG_STOP_FATAL) &&
	    !s->accessor->is_tracer)
		return -EPERM;
	if (!inject)
		return 0;
	if (s->fetched & BIT(KVM2_GROUP_EVENTS) &&
	    (s->now.events[KVM2_EVENTS_EXCEPTION].exception.state ==
		KVM2_EXCEPTION_PENDING ||
	     s->now.events[KVM2_EVENTS_TRIPLE_FAULT].word))
		return -EBUSY;
	return kvm_is_exception_pending(s->vcpu) ? -EBUSY : 0;
}

int kvm2_guest_debug_check(struct kvm2_state *s)
{
	const u64 *debug = s->now.guest_debug;
	int r;

	r = check_control(s, debug[KVM2_GUEST_DEBUG_CONTROL]);
	if (r) {
		kvm2_state_refuse(s, KVM2_SET_GUEST_DEBUG,
				  KVM2_GUEST_DEBUG_CONTROL);
		return r;
	}
	if (!kvm_dr7_valid(debug[KVM2_GUEST_DEBUG_BREAKPOINT_DR7])) {
		kvm2_state_refuse(s, KVM2_SET_GUEST_DEBUG,
				  KVM2_GUEST_DEBUG_BREAKPOINT_DR7);
		return -EINVAL;
	}
	return 0;
}

static u32 control_to_kvm(u32 control)
{
	static const struct { u32 ours; u32 kvm; } bits[] = {
		{ KVM2_DEBUG_ENABLE,		KVM_GUESTDBG_ENABLE },
		{ KVM2_DEBUG_SINGLE_STEP,	KVM_GUESTDBG_SINGLESTEP },
		{ KVM2_DEBUG_SW_BREAKPOINTS,	KVM_GUESTDBG_USE_SW_BP },
		{ KVM2_DEBUG_HW_BREAKPOINTS,	KVM_GUESTDBG_USE_HW_BP },
		{ KVM2_DEBUG_BLOCK_IRQ,		KVM_GUESTDBG_BLOCKIRQ },
		{ KVM2_DEBUG_INJECT_BP,		KVM_GUESTDBG_INJECT_BP },
		{ KVM2_DEBUG_INJECT_DB,		KVM_GUESTDBG_INJECT_DB },
	};
	u32 kvm = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		if (control & bits[i].ours)
			kvm |= bits[i].kvm;
	}
	return kvm;
}

int kvm2_guest_debug_commit(struct kvm2_state *s,
			    const struct kvm2_values *values)
{
	const u64 *debug = values->guest_debug;
	struct kvm2_vcpu *v = s->v;
	u32 control = debug[KVM2_GUEST_DEBUG_CONTROL];
	struct kvm_guest_debug kvm_debug = {
		.control = control_to_kvm(control),
	};
	int r;

	memcpy(kvm_debug.arch.debugreg, &debug[KVM2_GUEST_DEBUG_BREAKPOINT0],
	       4 * sizeof(u64));
	kvm_debug.arch.debugreg[7] = debug[KVM2_GUEST_DEBUG_BREAKPOINT_DR7];
	r = kvm_arch_vcpu_ioctl_set_guest_debug(s->vcpu, &kvm_debug);
	if (r)
		return r;

	v->debug_control = control & ~(KVM2_DEBUG_INJECT_BP |
				       KVM2_DEBUG_INJECT_DB);
	memcpy(v->debug_breakpoints, &debug[KVM2_GUEST_DEBUG_BREAKPOINT0],
	       sizeof(v->debug_breakpoints));
	v->debug_dr7 = debug[KVM2_GUEST_DEBUG_BREAKPOINT_DR7];
	/* It came of what was set before. */
	v->debug_event.exception = 0;
	return 0;
}
