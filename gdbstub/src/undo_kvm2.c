// SPDX-License-Identifier: GPL-2.0
/* What is left to do for a vcpu of kvm2 after a death. */
#include "undo_kvm2.h"

#include <stdbool.h>
#include <stdint.h>

#include <kvm2/kvm2.h>

#include "orphan.h"
#include "undo_classic.h"

/**
 * struct debug_state - of a vcpu
 * @set:	what it stops for
 * @event:	that it stands at, exception 0: none
 * @own, @own_dr7: the guest's debug registers
 */
struct debug_state {
	struct target_debug set;
	struct kvm2_debug_event event;
	uint64_t own[TARGET_SLOTS];
	uint64_t own_dr7;
};

/* Return: 0 or a negative errno. */
static int read_state(int pidfd, struct debug_state *state)
{
	uint64_t data[(2 * TARGET_SLOTS + 3) * 3 + KVM2_RECORD_BYTES(sizeof(state->event)) / 8];
	uint64_t control = 0;
	struct kvm2_records records;
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	for (unsigned int i = 0; i < TARGET_SLOTS; i++) {
		kvm2_records_add(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT0 + i, NULL, 8);
		kvm2_records_add(&records, KVM2_SET_DEBUG, KVM2_DEBUG_DR0 + i, NULL, 8);
	}
	kvm2_records_add(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT_DR7, NULL, 8);
	kvm2_records_add(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, NULL, 4);
	kvm2_records_add(&records, KVM2_SET_DEBUG, KVM2_DEBUG_DR7, NULL, 8);
	kvm2_records_add(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, NULL, sizeof(state->event));
	ret = kvm2_sys_get_state(pidfd, data, records.used, 0);
	if (ret < 0)
		return ret;
	*state = (struct debug_state){ 0 };
	for (unsigned int i = 0; i < TARGET_SLOTS; i++) {
		kvm2_records_get_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT0 + i, &state->set.address[i]);
		kvm2_records_get_u64(&records, KVM2_SET_DEBUG, KVM2_DEBUG_DR0 + i, &state->own[i]);
	}
	kvm2_records_get_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT_DR7, &state->set.dr7);
	kvm2_records_get_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, &control);
	kvm2_records_get_u64(&records, KVM2_SET_DEBUG, KVM2_DEBUG_DR7, &state->own_dr7);
	kvm2_records_get(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, &state->event, sizeof(state->event));
	state->set.step = control & KVM2_DEBUG_SINGLE_STEP;
	if (!(control & KVM2_DEBUG_HW_BREAKPOINTS))
		state->set.dr7 = 0;
	return 0;
}

/* No more stops; @dr6: and a #DB for the guest, 0: none. Return: 0 or a negative errno. */
static int clear(int pidfd, uint64_t dr6)
{
	struct kvm2_records records;
	uint64_t data[2 * 3];

	kvm2_records_init(&records, data, sizeof(data));
	if (dr6)
		kvm2_records_add_u64(&records, KVM2_SET_DEBUG, KVM2_DEBUG_DR6, dr6, 8);
	kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
			     dr6 ? KVM2_DEBUG_INJECT_DB : 0, 4);
	return kvm2_sys_set_state(pidfd, data, records.used, 0);
}

void undo_kvm2(pid_t pid, const struct undo_vcpu *vcpu, int pidfd)
{
	struct debug_state state;
	uint64_t dr6 = 0;

	if (!read_state(pidfd, &state)) {
		undo_copy(pid, vcpu, &state.event);
		dr6 = orphan_dr6(&state.set, &state.event, state.own, state.own_dr7);
	}
	/* It is refused if whoever died had given it before. */
	if (!dr6 || clear(pidfd, dr6) < 0)
		clear(pidfd, 0);
}
