// SPDX-License-Identifier: LGPL-2.1
/*
 * MSR on KVM_GET_MSRS and KVM_SET_MSRS. All MSRs that a call names are read
 * in one go. Only the write tells whether KVM takes a value, so when one is
 * refused those written before it get their old values back.
 *
 * An MSR that shows a register of another set is written as that register, so
 * that one call cannot write both of them with different values.
 */
#include "state_classic.h"

#include <stdlib.h>
#include <string.h>

#define MSR_TSC			0x10U
#define MSR_APIC_BASE		0x1bU
#define MSR_TSC_DEADLINE	0x6e0U
#define MSR_EFER		0xc0000080U
#define MSR_FS_BASE		0xc0000100U
#define MSR_GS_BASE		0xc0000101U

#define EFER_LMA		(1ULL << 10)

#define HYPERV_FIRST		0x40000000U
#define HYPERV_LAST		0x400001ffU
#define HYPERV_LEAF		0x40000001U
#define HYPERV_SIGNATURE	0x31237648U	/* "Hv#1" */

#define CHUNK			64	/* KVM takes up to 256 in one call */

/* What KVM_GET_MSRS and KVM_SET_MSRS take. */
struct msrs {
	struct kvm_msrs header;
	struct kvm_msr_entry entries[CHUNK];
};

/* Attributes of MSRs that are not plain read-write, ascending. */
static const struct {
	uint32_t first;
	uint32_t last;
	uint16_t attributes;
} msr_attributes[] = {
#define GUEST_RO	KVM2_ATTR_GUEST_READ_ONLY
#define RO		(KVM2_ATTR_READ_ONLY | KVM2_ATTR_GUEST_READ_ONLY)
	{ 0x10, 0x10, KVM2_ATTR_VOLATILE },	/* tsc */
	{ 0x34, 0x34, GUEST_RO },		/* smi_count */
	{ 0x8b, 0x8b, GUEST_RO },		/* ucode_rev */
	{ 0x9e, 0x9e, GUEST_RO },		/* smbase */
	{ 0xce, 0xce, GUEST_RO },		/* platform_info */
	{ 0xfe, 0xfe, RO },			/* mtrr_cap */
	{ 0x10a, 0x10a, GUEST_RO },		/* arch_capabilities */
	{ 0x179, 0x179, RO },			/* mcg_cap */
	{ 0x198, 0x198, RO },			/* perf_status */
	{ 0x345, 0x345, GUEST_RO },		/* perf_capabilities */
	{ 0x480, 0x480, GUEST_RO },		/* vmx_basic */
	{ 0x481, 0x484, RO },			/* derived from the "true" ones */
	{ 0x485, 0x486, GUEST_RO },		/* vmx_misc, vmx_cr0_fixed0 */
	{ 0x487, 0x487, RO },			/* derived from CPUID */
	{ 0x488, 0x488, GUEST_RO },		/* vmx_cr4_fixed0 */
	{ 0x489, 0x489, RO },			/* derived from CPUID */
	{ 0x48a, 0x491, GUEST_RO },		/* vmx_vmcs_enum to vmx_vmfunc */
	/* x2APIC: set LAPIC; a write here would act, and even send an IPI */
	{ 0x800, 0x8ff, KVM2_ATTR_READ_ONLY },
	{ 0x40000002, 0x40000002, GUEST_RO },	/* hv_vp_index */
	{ 0x40000010, 0x40000010, GUEST_RO | KVM2_ATTR_VOLATILE },	/* hv_vp_runtime */
	{ 0x40000020, 0x40000020, RO | KVM2_ATTR_VOLATILE },	/* hv_time_ref_count */
	{ 0x40000022, 0x40000023, RO },		/* hv_tsc_frequency, hv_apic_frequency */
#undef GUEST_RO
#undef RO
};

static uint16_t find_attributes(uint32_t index)
{
	for (size_t i = 0; i < sizeof(msr_attributes) / sizeof(msr_attributes[0]); i++)
		if (index >= msr_attributes[i].first && index <= msr_attributes[i].last)
			return msr_attributes[i].attributes;
	return 0;
}

int kvm2_classic_msr_get_one(const struct vcpu_classic *vcpu, uint32_t index, uint64_t *value)
{
	struct msrs msrs = { .header.nmsrs = 1, .entries[0].index = index };
	int ret = classic_vcpu_ioctl(vcpu, KVM_GET_MSRS, &msrs.header);

	if (ret < 0)
		return ret;
	*value = msrs.entries[0].data;
	return ret == 1 ? 0 : -ENOENT;
}

int kvm2_classic_msr_set_one(const struct vcpu_classic *vcpu, uint32_t index, uint64_t value)
{
	struct msrs msrs = {
		.header.nmsrs = 1,
		.entries[0] = { .index = index, .data = value },
	};
	int ret = classic_vcpu_ioctl(vcpu, KVM_SET_MSRS, &msrs.header);

	if (ret < 0)
		return ret;
	return ret == 1 ? 0 : -EINVAL;
}

/* ---- the MSRs of a call ---- */

static int compare_indices(const void *a, const void *b)
{
	uint32_t left = ((const struct classic_msr *)a)->index;
	uint32_t right = ((const struct classic_msr *)b)->index;

	return (left > right) - (left < right);
}

int kvm2_classic_msr_add(struct classic_state *s, uint64_t number)
{
	struct classic_msr *msrs;

	if (number > UINT32_MAX)
		return 0;
	/* Grows to powers of two. */
	if ((s->nr_msrs & (s->nr_msrs - 1)) == 0) {
		msrs = reallocarray(s->msrs, s->nr_msrs ? 2 * s->nr_msrs : 1, sizeof(*msrs));
		if (!msrs)
			return -ENOMEM;
		s->msrs = msrs;
	}
	s->msrs[s->nr_msrs++] = (struct classic_msr){ .index = (uint32_t)number };
	return 0;
}

static int add_list(struct classic_state *s, unsigned long request)
{
	struct kvm_msr_list probe = { 0 };
	struct kvm_msr_list *list;
	int ret;

	/* The first call says how many there are. */
	ret = classic_ioctl(s->vcpu->machine->kvm_fd, request, &probe);
	if (ret < 0 && ret != -E2BIG)
		return ret;
	list = calloc(1, sizeof(*list) + probe.nmsrs * sizeof(list->indices[0]));
	if (!list)
		return -ENOMEM;
	list->nmsrs = probe.nmsrs;
	ret = classic_ioctl(s->vcpu->machine->kvm_fd, request, list);
	for (uint32_t i = 0; i < list->nmsrs && ret >= 0; i++)
		ret = kvm2_classic_msr_add(s, list->indices[i]);
	free(list);
	return ret;
}

/* Hyper-V's are left alone: to look at one would make this a Hyper-V vcpu. */
static int may_read_hyperv(struct classic_state *s, bool *may)
{
	struct classic_register reg;
	struct kvm2_cpuid leaf;
	int ret = kvm2_classic_cpuid_find(s, (uint64_t)HYPERV_LEAF << 32, &reg);

	*may = false;
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	ret = kvm2_classic_cpuid_read(s, (uint64_t)HYPERV_LEAF << 32, &leaf, sizeof(leaf));
	*may = ret == 0 && leaf.eax == HYPERV_SIGNATURE;
	return ret;
}

/* KVM stops at the first MSR that it does not know: go on behind it. */
static int read_chunk(struct classic_state *s, struct classic_msr *first, size_t count)
{
	struct msrs msrs;
	size_t done = 0;

	while (done < count) {
		int ret;

		memset(&msrs.header, 0, sizeof(msrs.header));
		msrs.header.nmsrs = (uint32_t)(count - done);
		for (size_t i = 0; i < count - done; i++)
			msrs.entries[i] = (struct kvm_msr_entry){ .index = first[done + i].index };
		ret = classic_vcpu_ioctl(s->vcpu, KVM_GET_MSRS, &msrs.header);
		if (ret < 0)
			return ret;
		for (size_t i = 0; i < (size_t)ret; i++) {
			first[done + i].has_value = true;
			first[done + i].old = msrs.entries[i].data;
			first[done + i].now = msrs.entries[i].data;
		}
		done += (size_t)ret + 1;
	}
	return 0;
}

/* Sort, drop doubles, read. */
static int read_all(struct classic_state *s)
{
	bool may_hyperv;
	size_t kept = 0;
	int ret;

	if (!s->nr_msrs)
		return 0;
	ret = may_read_hyperv(s, &may_hyperv);
	if (ret < 0)
		return ret;
	qsort(s->msrs, s->nr_msrs, sizeof(*s->msrs), compare_indices);
	for (size_t i = 0; i < s->nr_msrs; i++) {
		uint32_t index = s->msrs[i].index;

		if (kept && s->msrs[kept - 1].index == index)
			continue;
		if (!may_hyperv && index >= HYPERV_FIRST && index <= HYPERV_LAST)
			continue;
		s->msrs[kept++] = s->msrs[i];
	}
	s->nr_msrs = kept;

	for (size_t i = 0; i < s->nr_msrs && ret == 0; i += CHUNK)
		ret = read_chunk(s, &s->msrs[i],
				 s->nr_msrs - i < CHUNK ? s->nr_msrs - i : CHUNK);
	return ret;
}

/* NULL: there is no such MSR, or it cannot be read. */
static struct classic_msr *find_msr(const struct classic_state *s, uint64_t number)
{
	struct classic_msr key = { .index = (uint32_t)number };
	struct classic_msr *msr = NULL;

	if (number <= UINT32_MAX && s->nr_msrs)
		msr = bsearch(&key, s->msrs, s->nr_msrs, sizeof(key), compare_indices);
	return msr && msr->has_value ? msr : NULL;
}

/* ---- the set ---- */

int kvm2_classic_msr_find(struct classic_state *s, uint64_t number,
			  struct classic_register *reg)
{
	if (!s->msrs_are_read) {
		int ret = read_all(s);

		if (ret < 0)
			return ret;
		s->msrs_are_read = true;
	}
	if (!find_msr(s, number))
		return -ENOENT;
	*reg = (struct classic_register){
		.size = sizeof(uint64_t),
		.attributes = find_attributes((uint32_t)number),
		.group = GROUP_MSR,
	};
	return 0;
}

int kvm2_classic_msr_read(struct classic_state *s, uint64_t number, void *value, uint32_t size)
{
	memcpy(value, &find_msr(s, number)->now, size);
	return 0;
}

int kvm2_classic_msr_list(struct classic_state *s, struct classic_lister *lister)
{
	struct classic_register reg;
	int ret;

	ret = add_list(s, KVM_GET_MSR_INDEX_LIST);
	if (ret >= 0)
		ret = add_list(s, KVM_GET_MSR_FEATURE_INDEX_LIST);
	if (ret < 0)
		return ret;
	ret = kvm2_classic_msr_find(s, 0, &reg);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	ret = 0;
	for (size_t i = 0; i < s->nr_msrs && ret == 0; i++)
		ret = kvm2_classic_list_register(s, lister, KVM2_SET_MSR, s->msrs[i].index);
	return ret;
}

static int write_efer(struct classic_state *s, uint64_t efer)
{
	int ret = kvm2_classic_fetch(s, GROUP_SREGS);

	if (ret < 0)
		return ret;
	/* LMA follows from CR0.PG and LME; a write of the MSR leaves it. */
	efer &= ~EFER_LMA;
	efer |= s->now.control[KVM2_CONTROL_EFER] & EFER_LMA;
	return kvm2_classic_write(s, KVM2_SET_CONTROL, KVM2_CONTROL_EFER, &efer, sizeof(efer));
}

int kvm2_classic_msr_write(struct classic_state *s, uint64_t number, const void *value,
			   uint32_t size)
{
	struct classic_msr *msr = find_msr(s, number);
	uint64_t now = msr->now;

	memcpy(&now, value, size);
	switch (number) {
	case MSR_TSC:
		return kvm2_classic_write(s, KVM2_SET_TSC, KVM2_TSC_VALUE, &now, sizeof(now));
	case MSR_APIC_BASE:
		return kvm2_classic_write(s, KVM2_SET_CONTROL, KVM2_CONTROL_APIC_BASE,
					  &now, sizeof(now));
	case MSR_EFER:
		return write_efer(s, now);
	case MSR_FS_BASE:
		return kvm2_classic_write(s, KVM2_SET_SEGMENT, KVM2_SEGMENT_FS,
					  &now, sizeof(now));
	case MSR_GS_BASE:
		return kvm2_classic_write(s, KVM2_SET_SEGMENT, KVM2_SEGMENT_GS,
					  &now, sizeof(now));
	}
	msr->now = now;
	msr->offset = s->offset;
	if (msr->now != msr->old)
		s->dirty |= 1U << (number == MSR_TSC_DEADLINE ? GROUP_DEADLINE : GROUP_MSR);
	return 0;
}

static void undo(struct classic_state *s)
{
	for (size_t i = s->nr_msrs; i-- > 0;) {
		struct classic_msr *msr = &s->msrs[i];

		if (msr->is_written)
			kvm2_classic_msr_set_one(s->vcpu, msr->index, msr->old);
		msr->is_written = false;
	}
}

/* Return: how many were written; those refused are counted in @refused. */
static size_t write_changed(struct classic_state *s, size_t *refused)
{
	size_t written = 0;

	*refused = 0;
	for (size_t i = 0; i < s->nr_msrs; i++) {
		struct classic_msr *msr = &s->msrs[i];

		if (msr->is_written || msr->now == msr->old || msr->index == MSR_TSC_DEADLINE)
			continue;
		if (kvm2_classic_msr_set_one(s->vcpu, msr->index, msr->now) == 0) {
			msr->is_written = true;
			written++;
		} else if ((*refused)++ == 0) {
			s->refused = (ssize_t)msr->offset;
		}
	}
	return written;
}

/*
 * Some MSRs take a value only after another one has been written, so try
 * again what was refused as long as that helps.
 */
int kvm2_classic_msr_commit(struct classic_state *s, const struct classic_values *values)
{
	size_t refused = 0;

	if (values != &s->now) {
		undo(s);
		return 0;
	}
	while (write_changed(s, &refused) && refused)
		;
	if (refused) {
		undo(s);
		return -EINVAL;
	}
	s->refused = -1;
	return 0;
}

/* After LAPIC: KVM ignores it unless the timer is in TSC deadline mode. */
int kvm2_classic_deadline_commit(struct classic_state *s, const struct classic_values *values)
{
	struct classic_msr *msr = find_msr(s, MSR_TSC_DEADLINE);
	int ret;

	if (!msr)
		return 0;
	ret = kvm2_classic_msr_set_one(s->vcpu, msr->index,
				       values == &s->now ? msr->now : msr->old);
	if (ret < 0 && values == &s->now)
		s->refused = (ssize_t)msr->offset;
	return ret;
}
