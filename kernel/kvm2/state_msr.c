// SPDX-License-Identifier: GPL-2.0
/*
 * Vcpu state: MSRs.
 *
 * Only the write of an MSR tells whether KVM takes the value. So all of them
 * are read first, then written, and when one is refused those before it get
 * their old values back. An MSR that cannot be read is no state.
 *
 * An MSR that shows a register of another set is written as that register,
 * so that one call cannot write both of them with different values.
 */
#include "state.h"

#include <asm/msr-index.h>

#include "glue.h"
#include "lapic.h"
#include "x86.h"

#define HV_MSR_LAST	0x400001ff

/* A power of two, so that a mask keeps an index in bounds. */
#define NR_LOW_MSRS	0x1000

/* No state: what the hardware, CPUID or the "true" ones of VMX say. */
#define FIXED		(KVM2_ATTR_READ_ONLY | KVM2_ATTR_GUEST_READ_ONLY)

/**
 * struct low_msr - an MSR of low number, as most of those of a vcpu are
 * @field: offset in struct kvm_vcpu_arch, if all that KVM does to read it for
 *	   user space is to look there. 0: ask KVM
 */
struct low_msr {
	u16 attributes;
	u16 field;
};

#define FIELD(member)							\
	.field = offsetof(struct kvm_vcpu_arch, member) +		\
		 BUILD_BUG_ON_ZERO(sizeof_field(struct kvm_vcpu_arch,	\
						member) != sizeof(u64))
#define GUEST_READ_ONLY	.attributes = KVM2_ATTR_GUEST_READ_ONLY

static const struct low_msr low_msrs[NR_LOW_MSRS] = {
	[MSR_IA32_TSC]			= { KVM2_ATTR_VOLATILE },

	[MSR_SMI_COUNT]			= { GUEST_READ_ONLY, FIELD(smi_count) },
	[MSR_IA32_UCODE_REV]		= { GUEST_READ_ONLY,
					    FIELD(microcode_version) },
	[MSR_IA32_SMBASE]		= { GUEST_READ_ONLY },
	[MSR_PLATFORM_INFO]		= { GUEST_READ_ONLY,
					    FIELD(msr_platform_info) },
	[MSR_IA32_ARCH_CAPABILITIES]	= { GUEST_READ_ONLY,
					    FIELD(arch_capabilities) },
	[MSR_IA32_PERF_CAPABILITIES]	= { GUEST_READ_ONLY,
					    FIELD(perf_capabilities) },

	[MSR_IA32_TSC_ADJUST]		= { FIELD(ia32_tsc_adjust_msr) },
	[MSR_MISC_FEATURES_ENABLES]	= { FIELD(msr_misc_features_enables) },
	[MSR_IA32_MISC_ENABLE]		= { FIELD(ia32_misc_enable_msr) },
	[MSR_IA32_POWER_CTL]		= { FIELD(msr_ia32_power_ctl) },
	[MSR_IA32_CR_PAT]		= { FIELD(pat) },
	[MSR_IA32_XSS]			= { FIELD(ia32_xss) },

	[MSR_MTRRcap]			= { FIXED },
	[MSR_IA32_MCG_CAP]		= { FIXED },
	[MSR_IA32_PERF_STATUS]		= { FIXED },

	[MSR_IA32_VMX_BASIC]		= { GUEST_READ_ONLY },
	[MSR_IA32_VMX_PINBASED_CTLS ...
	 MSR_IA32_VMX_ENTRY_CTLS]	= { FIXED },
	[MSR_IA32_VMX_MISC ...
	 MSR_IA32_VMX_CR0_FIXED0]	= { GUEST_READ_ONLY },
	[MSR_IA32_VMX_CR0_FIXED1]	= { FIXED },
	[MSR_IA32_VMX_CR4_FIXED0]	= { GUEST_READ_ONLY },
	[MSR_IA32_VMX_CR4_FIXED1]	= { FIXED },
	[MSR_IA32_VMX_VMCS_ENUM ...
	 MSR_IA32_VMX_VMFUNC]		= { GUEST_READ_ONLY },

	/* x2APIC: set LAPIC; a write here would act, and even send an IPI */
	[APIC_BASE_MSR ...
	 APIC_BASE_MSR + 0xff]		= { KVM2_ATTR_READ_ONLY },
};

static bool is_hyperv(u64 number)
{
	return number >= HV_X64_MSR_GUEST_OS_ID && number <= HV_MSR_LAST;
}

static u16 find_high_attributes(u32 index)
{
	switch (index) {
	case HV_X64_MSR_VP_INDEX:
		return KVM2_ATTR_GUEST_READ_ONLY;
	case HV_X64_MSR_VP_RUNTIME:
		return KVM2_ATTR_VOLATILE | KVM2_ATTR_GUEST_READ_ONLY;
	case HV_X64_MSR_TIME_REF_COUNT:
		return KVM2_ATTR_READ_ONLY | KVM2_ATTR_VOLATILE |
		       KVM2_ATTR_GUEST_READ_ONLY;
	case HV_X64_MSR_TSC_FREQUENCY:
	case HV_X64_MSR_APIC_FREQUENCY:
		return KVM2_ATTR_READ_ONLY | KVM2_ATTR_GUEST_READ_ONLY;
	}
	return 0;
}

static u16 find_attributes(u32 index)
{
	if (index < NR_LOW_MSRS)
		return low_msrs[index & (NR_LOW_MSRS - 1)].attributes;
	return find_high_attributes(index);
}

/* The value of the last one found is in s->scratch. */
int kvm2_msr_find(struct kvm2_state *s, u64 number, struct kvm2_register *reg)
{
	if (number > U32_MAX)
		return -ENOENT;
	/* Without this, to look would make the vcpu a Hyper-V one. */
	if (is_hyperv(number) && !s->vcpu->arch.hyperv_enabled)
		return -ENOENT;
	kvm2_state_load(s);
	kvm2_state_srcu_lock(s);
	if (__kvm_get_msr(s->vcpu, number, &s->scratch[0], true))
		return -ENOENT;
	reg->value = s->scratch;
	reg->size = sizeof(u64);
	reg->attributes = find_attributes(number);
	reg->group = KVM2_GROUP_MSR;
	return 0;
}

/* What __kvm_get_msr() does for user space. */
static __always_inline bool ask_kvm(struct kvm2_state *s, u32 index, u64 *value)
{
	struct msr_data msr;

	msr.host_initiated = true;
	msr.index = index;
	if (kvm_x86_call(get_msr)(s->vcpu, &msr))
		return false;
	*value = msr.data;
	return true;
}

/* A field that KVM reads in another way now would be a wrong value. */
static void check_field(struct kvm2_state *s, u32 index, u64 value)
{
	u64 asked;

	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		WARN_ON_ONCE(!ask_kvm(s, index, &asked) || asked != value);
}

/*
 * The fast way to read one. Return: done; false: kvm2_msr_find() may know it.
 * Context: loaded, with the lock that kvm2_state_srcu_lock() takes.
 */
static __always_inline bool read_msr_fast(struct kvm2_state *s, u64 number,
					  u16 *attributes, u64 *value)
{
	const struct low_msr *msr;

	if (number < NR_LOW_MSRS) {
		msr = &low_msrs[number & (NR_LOW_MSRS - 1)];
		*attributes = msr->attributes;
		if (!msr->field)
			return ask_kvm(s, number, value);
		*value = *(u64 *)((void *)&s->vcpu->arch + msr->field);
		check_field(s, number, *value);
		return true;
	}
	/* What is left is rare, or has to be looked at before. */
	if (number <= HV_MSR_LAST || number > U32_MAX ||
	    (number == MSR_TSC_AUX &&
	     !kvm_is_supported_user_return_msr(MSR_TSC_AUX)))
		return false;
	*attributes = 0;
	return ask_kvm(s, number, value);
}

static bool get_msr(struct kvm2_state *s, struct kvm2_record *record)
{
	return read_msr_fast(s, record->number, &record->attributes,
			     (u64 *)record->value);
}

size_t kvm2_msr_run(struct kvm2_state *s, void *records, size_t left)
{
	kvm2_state_load(s);
	kvm2_state_srcu_lock(s);
	return kvm2_state_run(s, records, left, KVM2_SET_MSR, sizeof(u64),
			      get_msr);
}

/* Those that KVM knows, ascending; the vcpu need not have all of them. */
static u32 known_msrs[512];
static unsigned int nr_known_msrs;

void kvm2_state_init(void)
{
	nr_known_msrs = kvm2_glue_list_msrs(known_msrs, ARRAY_SIZE(known_msrs));
}

int kvm2_msr_list(struct kvm2_state *s, struct kvm2_lister *lister)
{
	u16 attributes;
	unsigned int i;
	u64 value;
	int r = 0;

	kvm2_state_load(s);
	kvm2_state_srcu_lock(s);
	for (i = 0; i < nr_known_msrs && !r; i++) {
		if (read_msr_fast(s, known_msrs[i], &attributes, &value))
			kvm2_state_list_value(s, lister,
					      KVM2_HEADER(KVM2_SET_MSR,
							  sizeof(value),
							  attributes),
					      known_msrs[i], &value);
		else
			r = kvm2_state_list_register(s, lister, KVM2_SET_MSR,
						     known_msrs[i]);
	}
	return r;
}

static int write_segment_base(struct kvm2_state *s, u64 number, u64 base)
{
	if (is_noncanonical_msr_address(base, s->vcpu))
		return -EINVAL;
	return kvm2_state_write(s, KVM2_SET_SEGMENT, number, &base,
				sizeof(base));
}

static int write_efer(struct kvm2_state *s, u64 efer)
{
	int r;

	/* LMA follows from CR0.PG and LME; a write of the MSR leaves it. */
	r = kvm2_state_fetch(s, KVM2_GROUP_SREGS);
	if (r)
		return r;
	efer &= ~EFER_LMA;
	efer |= s->now.control[KVM2_CONTROL_EFER] & EFER_LMA;
	return kvm2_state_write(s, KVM2_SET_CONTROL, KVM2_CONTROL_EFER, &efer,
				sizeof(efer));
}

static struct kvm2_msr_write *find_write(struct kvm2_change *change, u32 index)
{
	unsigned int i;

	for (i = 0; i < change->nr_msrs; i++) {
		if (change->msrs[i].index == index)
			return &change->msrs[i];
	}
	return NULL;
}

static void note_msr(struct kvm2_state *s, u32 index, const void *value,
		     u32 size)
{
	struct kvm2_change *change = s->change;
	struct kvm2_msr_write *msr;

	msr = find_write(change, index);
	if (!msr) {
		if (!memcmp(&s->scratch[0], value, size))
			return;
		msr = &change->msrs[change->nr_msrs++];
		*msr = (struct kvm2_msr_write){
			.index = index,
			.old = s->scratch[0],
			.now = s->scratch[0],
		};
	}
	memcpy(&msr->now, value, size);
	msr->offset = change->offset;
	change->dirty |= index == MSR_IA32_TSC_DEADLINE ?
			 BIT(KVM2_GROUP_DEADLINE) : BIT(KVM2_GROUP_MSR);
}

int kvm2_msr_write(struct kvm2_state *s, u64 number, const void *value,
		   u32 size)
{
	u64 now = s->scratch[0];

	memcpy(&now, value, size);
	switch (number) {
	case MSR_IA32_TSC:
		return kvm2_state_write(s, KVM2_SET_TSC, KVM2_TSC_VALUE, &now,
					sizeof(now));
	case MSR_IA32_APICBASE:
		return kvm2_state_write(s, KVM2_SET_CONTROL,
					KVM2_CONTROL_APIC_BASE, &now,
					sizeof(now));
	case MSR_EFER:
		return write_efer(s, now);
	case MSR_FS_BASE:
		return write_segment_base(s, KVM2_SEGMENT_FS, now);
	case MSR_GS_BASE:
		return write_segment_base(s, KVM2_SEGMENT_GS, now);
	}
	note_msr(s, number, value, size);
	return 0;
}

static int write_msr(struct kvm2_state *s, u32 index, u64 value)
{
	struct kvm *kvm = s->vcpu->kvm;
	int idx, r;

	idx = srcu_read_lock(&kvm->srcu);
	r = kvm2_glue_set_msr(s->vcpu, index, value);
	srcu_read_unlock(&kvm->srcu, idx);
	return r ? -EINVAL : 0;
}

static void undo_msrs(struct kvm2_state *s)
{
	struct kvm2_change *change = s->change;
	unsigned int i;

	for (i = change->nr_msrs; i--;) {
		struct kvm2_msr_write *msr = &change->msrs[i];

		if (msr->written)
			write_msr(s, msr->index, msr->old);
		msr->written = false;
	}
}

/*
 * Write those that are not written yet. Return: how many; those refused are
 * counted in @refused, and the first of them is noted.
 */
static unsigned int write_msrs(struct kvm2_state *s, bool features,
			       unsigned int *refused)
{
	struct kvm2_change *change = s->change;
	unsigned int i, n = 0;

	*refused = 0;
	for (i = 0; i < change->nr_msrs; i++) {
		struct kvm2_msr_write *msr = &change->msrs[i];

		if (msr->written || msr->index == MSR_IA32_TSC_DEADLINE)
			continue;
		if (features && !kvm2_glue_is_feature_msr(msr->index))
			continue;
		if (!write_msr(s, msr->index, msr->now)) {
			msr->written = true;
			n++;
		} else if (!(*refused)++) {
			change->refused = msr->offset;
		}
	}
	return n;
}

/*
 * Feature MSRs first: to write one resets the PMU. Some MSRs take a value
 * only after another one has been written, so try again what was refused as
 * long as that helps.
 */
int kvm2_msr_commit(struct kvm2_state *s, const struct kvm2_values *values)
{
	unsigned int refused;

	if (values != &s->now) {
		undo_msrs(s);
		return 0;
	}
	write_msrs(s, true, &refused);
	while (write_msrs(s, false, &refused) && refused)
		;
	if (refused) {
		undo_msrs(s);
		return -EINVAL;
	}
	s->change->refused = -1;
	return 0;
}

/* After LAPIC: KVM ignores it unless the timer is in TSC deadline mode. */
int kvm2_deadline_commit(struct kvm2_state *s,
			 const struct kvm2_values *values)
{
	struct kvm2_change *change = s->change;
	unsigned int i;
	int r;

	for (i = 0; i < change->nr_msrs; i++) {
		const struct kvm2_msr_write *msr = &change->msrs[i];

		if (msr->index != MSR_IA32_TSC_DEADLINE)
			continue;
		r = write_msr(s, msr->index,
			      values == &s->now ? msr->now : msr->old);
		if (r)
			return r;
	}
	return 0;
}
