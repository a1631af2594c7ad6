// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of registers that KVM reads and writes together: how they are
 * fetched, checked, committed, and given their old values back.
 */
#include "state.h"

#include "x86.h"

/**
 * struct group_type - see the rules in state.h
 * @unloaded: commit loads the vcpu itself
 */
struct group_type {
	int (*fetch)(struct kvm2_state *s, struct kvm2_values *values);
	int (*check)(struct kvm2_state *s);
	int (*commit)(struct kvm2_state *s, const struct kvm2_values *values);
	bool unloaded;
};

/*
 * Committed in this order. MSRs come before what cannot fail any more: only
 * the write tells whether KVM takes a value. They also come before the FPU
 * for MSR_IA32_XFD, and the segments of SREGS before RIP, whose linear
 * address KVM keeps for single steps.
 */
static const struct group_type groups[KVM2_NR_GROUPS] = {
	[KVM2_GROUP_XCR0] = {
		kvm2_xcr0_fetch, kvm2_xcr0_check, kvm2_xcr0_commit,
	},
	[KVM2_GROUP_TSC] = {
		kvm2_tsc_fetch, kvm2_tsc_check, kvm2_tsc_commit,
	},
	[KVM2_GROUP_MSR] = {
		.commit = kvm2_msr_commit,
	},
	[KVM2_GROUP_SREGS] = {
		kvm2_sregs_fetch, kvm2_sregs_check, kvm2_sregs_commit,
	},
	[KVM2_GROUP_REGS] = {
		kvm2_regs_fetch, kvm2_regs_check, kvm2_regs_commit,
	},
	[KVM2_GROUP_FPU] = {
		kvm2_fpu_fetch, kvm2_fpu_check, kvm2_fpu_commit,
	},
	[KVM2_GROUP_DEBUGREGS] = {
		kvm2_debugregs_fetch, kvm2_debugregs_check,
		kvm2_debugregs_commit,
	},
	[KVM2_GROUP_LAPIC] = {
		kvm2_lapic_fetch, kvm2_lapic_check, kvm2_lapic_commit,
	},
	[KVM2_GROUP_DEADLINE] = {
		.commit = kvm2_deadline_commit,
	},
	[KVM2_GROUP_EVENTS] = {
		kvm2_events_fetch, kvm2_events_check, kvm2_events_commit,
	},
	[KVM2_GROUP_MP] = {
		kvm2_mp_fetch, kvm2_mp_check, kvm2_mp_commit,
		.unloaded = true,
	},
	[KVM2_GROUP_GUEST_DEBUG] = {
		kvm2_guest_debug_fetch, kvm2_guest_debug_check,
		kvm2_guest_debug_commit, .unloaded = true,
	},
};

int kvm2_state_fetch(struct kvm2_state *s, enum kvm2_group group)
{
	const struct group_type *type = &groups[group];
	int r;

	if (s->fetched & BIT(group))
		return 0;
	r = type->fetch(s, &s->now);
	if (!r && s->change)
		r = type->fetch(s, &s->change->old);
	if (!r)
		s->fetched |= BIT(group);
	return r;
}

int kvm2_groups_check(struct kvm2_state *s)
{
	struct kvm2_change *change = s->change;
	int group, r;

	/* Writing any register of REGS or SREGS ends a single step. */
	if (s->vcpu->guest_debug & KVM_GUESTDBG_SINGLESTEP &&
	    change->dirty & (BIT(KVM2_GROUP_REGS) | BIT(KVM2_GROUP_SREGS))) {
		r = kvm2_state_fetch(s, KVM2_GROUP_GUEST_DEBUG);
		if (r)
			return r;
		change->dirty |= BIT(KVM2_GROUP_GUEST_DEBUG);
	}
	r = kvm2_pdptrs_check(s);
	for (group = 0; group < KVM2_NR_GROUPS && !r; group++) {
		if (change->dirty & BIT(group) && groups[group].check)
			r = groups[group].check(s);
	}
	return r;
}

static int commit_group(struct kvm2_state *s, int group,
			const struct kvm2_values *values)
{
	if (groups[group].unloaded)
		kvm2_state_unload(s);
	else
		kvm2_state_load(s);
	return groups[group].commit(s, values);
}

int kvm2_groups_commit(struct kvm2_state *s)
{
	struct kvm2_change *change = s->change;
	int group, r;

	for (group = 0; group < KVM2_NR_GROUPS; group++) {
		if (!(change->dirty & BIT(group)))
			continue;
		r = commit_group(s, group, &s->now);
		if (r)
			return r;
		change->committed |= BIT(group);
	}
	if (change->committed & BIT(KVM2_GROUP_REGS))
		kvm2_regs_finish(s);
	return 0;
}

void kvm2_groups_undo(struct kvm2_state *s)
{
	struct kvm2_change *change = s->change;
	int group;

	for (group = KVM2_NR_GROUPS - 1; group >= 0; group--) {
		if (change->committed & BIT(group))
			commit_group(s, group, &change->old);
	}
	if (change->has_old_cpuid)
		kvm2_cpuid_undo(s);
}
