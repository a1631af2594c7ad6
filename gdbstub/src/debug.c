// SPDX-License-Identifier: GPL-2.0
/* Debug events, as records of a vcpu's state. */
#include "debug.h"

#include <kvm2/kvm2.h>

#include "registers.h"
#include "x86.h"

#define DR7_FIXED	0x400

static uint32_t control_of(const struct target_debug *debug, uint32_t flags, uint32_t always)
{
	uint32_t control = 0;

	if (debug->step)
		control |= KVM2_DEBUG_SINGLE_STEP;
	if (debug->block_irq)
		control |= KVM2_DEBUG_BLOCK_IRQ;
	if (debug->software)
		control |= KVM2_DEBUG_SW_BREAKPOINTS;
	if (debug->dr7 & 0xff)
		control |= KVM2_DEBUG_HW_BREAKPOINTS;
	return control ? control | KVM2_DEBUG_ENABLE | flags | always : always;
}

int debug_set(struct target *target, unsigned int vcpu, const struct target_debug *debug,
	      uint32_t flags, uint32_t always)
{
	uint64_t data[7 * 3];
	struct kvm2_records records;
	uint32_t control = control_of(debug, flags, always);
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, control, 4);
	for (unsigned int i = 0; i < TARGET_SLOTS; i++)
		kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG,
				     KVM2_GUEST_DEBUG_BREAKPOINT0 + i, debug->address[i], 8);
	kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT_DR7,
			     debug->dr7 | DR7_FIXED, 8);
	ret = target->ops->set_state(target, vcpu, data, records.used);
	return ret < 0 ? ret : (int)control;
}

int debug_reflect(struct target *target, unsigned int vcpu, const struct kvm2_debug_event *event)
{
	uint64_t control;
	int err = 0;

	if (event->exception == VECTOR_DB)
		err = state_set_u64(target, vcpu, KVM2_SET_DEBUG, KVM2_DEBUG_DR6, 8, event->dr6);
	if (!err)
		err = state_get_u64(target, vcpu, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
				    &control);
	if (err)
		return err;
	control |= KVM2_DEBUG_ENABLE |
		   (event->exception == VECTOR_BP ? KVM2_DEBUG_INJECT_BP : KVM2_DEBUG_INJECT_DB);
	return state_set_u64(target, vcpu, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, 4,
			     control);
}
