/* SPDX-License-Identifier: GPL-2.0 */
/* Why a vcpu left the guest, and its row's counts of that. */
#ifndef KVM2TOP_BPF_REASONS_H
#define KVM2TOP_BPF_REASONS_H

#include "rows.h"

static __always_inline uint32_t reason_code(struct kvm_vcpu *vcpu, uint32_t isa)
{
	if (isa == SHARED_SVM && bpf_core_type_exists(struct vcpu_svm))
		return BPF_CORE_READ((struct vcpu_svm *)vcpu, vmcb, control.exit_code);
	if (isa != SHARED_VMX)
		return ~0U;
	if (bpf_core_field_exists(((struct vcpu_vmx___vt *)vcpu)->vt))
		return BPF_CORE_READ((struct vcpu_vmx___vt *)vcpu, vt.exit_reason.full) & 0xffff;
	if (bpf_core_type_exists(struct vcpu_vmx))
		return BPF_CORE_READ((struct vcpu_vmx *)vcpu, exit_reason.full) & 0xffff;
	return ~0U;
}

static __always_inline uint32_t dense_reason(uint32_t code)
{
	if (code < SHARED_LOW)
		return code;
	if (code - SHARED_HIGH_FIRST < SHARED_HIGH)
		return SHARED_LOW + (code - SHARED_HIGH_FIRST);
	return SHARED_OTHER;
}

static __always_inline void count_exit(struct shared_row *row, uint32_t isa, uint32_t code)
{
	uint32_t reason = BOUND(dense_reason(code), SHARED_REASONS);

	row->isa = isa;
	if (reason == SHARED_OTHER)
		row->other = code;
	if (!row->counts[reason])
		row->used[reason / 64] |= 1ULL << (reason % 64);
	row->counts[reason]++;
	row->exits++;
}

static __always_inline void count_user(struct shared_row *row, uint32_t reason, int error)
{
	if (error)
		reason = error == -4 ? SHARED_USER_SIGNAL : SHARED_USER_OTHER;
	else if (reason >= SHARED_USER_SIGNAL)
		reason = SHARED_USER_OTHER;
	reason = BOUND(reason, SHARED_USER_REASONS);
	row->user_used |= 1ULL << reason;
	row->user_counts[reason]++;
	row->user_exits++;
}

#endif /* KVM2TOP_BPF_REASONS_H */
