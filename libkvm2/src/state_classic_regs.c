// SPDX-License-Identifier: LGPL-2.1
/*
 * GPR, CONTROL, SEGMENT, DESCRIPTOR and DEBUG on KVM_GET_REGS, SREGS2, XCRS,
 * DEBUGREGS and their counterparts.
 */
#include "state_classic.h"

#include <string.h>

#define CR0_PG		(1ULL << 31)
#define CR4_PAE		(1ULL << 5)
#define EFER_LMA	(1ULL << 10)

#define ACCESS_TYPE	0x000fU
#define ACCESS_S	(1U << 4)
#define ACCESS_DPL_SHIFT 5
#define ACCESS_DPL	3U
#define ACCESS_PRESENT	(1U << 7)
#define ACCESS_AVL	(1U << 12)
#define ACCESS_L	(1U << 13)
#define ACCESS_DB	(1U << 14)
#define ACCESS_G	(1U << 15)
#define ACCESS_RESERVED	(7U << 9)

#define NR_PDPTRS	4

/* Bits of RFLAGS that are not reserved; bit 1 is always set. */
#define RFLAGS_VALID	0x3f7fd7ULL

/* ---- REGS ---- */

/* Where struct kvm_regs has the registers, in the order of their numbers. */
static const size_t gpr_offsets[] = {
#define AT(name) offsetof(struct kvm_regs, name)
	[KVM2_GPR_RAX] = AT(rax), [KVM2_GPR_RCX] = AT(rcx),
	[KVM2_GPR_RDX] = AT(rdx), [KVM2_GPR_RBX] = AT(rbx),
	[KVM2_GPR_RSP] = AT(rsp), [KVM2_GPR_RBP] = AT(rbp),
	[KVM2_GPR_RSI] = AT(rsi), [KVM2_GPR_RDI] = AT(rdi),
	[KVM2_GPR_R8] = AT(r8), [KVM2_GPR_R9] = AT(r9),
	[KVM2_GPR_R10] = AT(r10), [KVM2_GPR_R11] = AT(r11),
	[KVM2_GPR_R12] = AT(r12), [KVM2_GPR_R13] = AT(r13),
	[KVM2_GPR_R14] = AT(r14), [KVM2_GPR_R15] = AT(r15),
#undef AT
};

int kvm2_classic_regs_fetch(struct classic_state *s, struct classic_values *values)
{
	struct kvm_regs regs;
	int ret = classic_vcpu_ioctl(s->vcpu, KVM_GET_REGS, &regs);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i <= KVM2_GPR_R15; i++)
		memcpy(&values->gpr[i], (char *)&regs + gpr_offsets[i], sizeof(values->gpr[i]));
	values->control[KVM2_CONTROL_RIP] = regs.rip;
	values->control[KVM2_CONTROL_RFLAGS] = regs.rflags;
	values->control[KVM2_CONTROL_PENDING_EXIT] = s->vcpu->pending;
	return 0;
}

int kvm2_classic_regs_check(struct classic_state *s)
{
	if (!(s->now.control[KVM2_CONTROL_RFLAGS] & ~RFLAGS_VALID))
		return 0;
	kvm2_classic_refuse(s, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS);
	return -EINVAL;
}

int kvm2_classic_regs_commit(struct classic_state *s, const struct classic_values *values)
{
	struct kvm_regs regs = {
		.rip = values->control[KVM2_CONTROL_RIP],
		.rflags = values->control[KVM2_CONTROL_RFLAGS],
	};

	for (size_t i = 0; i <= KVM2_GPR_R15; i++)
		memcpy((char *)&regs + gpr_offsets[i], &values->gpr[i], sizeof(values->gpr[i]));
	return classic_vcpu_ioctl(s->vcpu, KVM_SET_REGS, &regs);
}

/* ---- SREGS ---- */

static struct kvm2_segment segment_from(const struct kvm_segment *from)
{
	return (struct kvm2_segment){
		.base = from->base,
		.limit = from->limit,
		.selector = from->selector,
		.access = (uint16_t)((from->type & ACCESS_TYPE) |
				     (from->s ? ACCESS_S : 0) |
				     (from->dpl & ACCESS_DPL) << ACCESS_DPL_SHIFT |
				     (from->present ? ACCESS_PRESENT : 0) |
				     (from->unusable ? KVM2_SEGMENT_UNUSABLE : 0) |
				     (from->avl ? ACCESS_AVL : 0) |
				     (from->l ? ACCESS_L : 0) |
				     (from->db ? ACCESS_DB : 0) |
				     (from->g ? ACCESS_G : 0)),
	};
}

static struct kvm_segment segment_to(const struct kvm2_segment *from)
{
	unsigned int access = from->access;

	return (struct kvm_segment){
		.base = from->base,
		.limit = from->limit,
		.selector = from->selector,
		.type = access & ACCESS_TYPE,
		.s = !!(access & ACCESS_S),
		.dpl = access >> ACCESS_DPL_SHIFT & ACCESS_DPL,
		.present = !!(access & ACCESS_PRESENT),
		.unusable = !!(access & KVM2_SEGMENT_UNUSABLE),
		.avl = !!(access & ACCESS_AVL),
		.l = !!(access & ACCESS_L),
		.db = !!(access & ACCESS_DB),
		.g = !!(access & ACCESS_G),
	};
}

static struct kvm2_descriptor_table table_from(const struct kvm_dtable *from)
{
	return (struct kvm2_descriptor_table){ .base = from->base, .limit = from->limit };
}

static struct kvm_dtable table_to(const struct kvm2_descriptor_table *from)
{
	return (struct kvm_dtable){ .base = from->base, .limit = from->limit };
}

/* Does the vcpu translate by PAE tables, so that it has PDPTRs? */
static bool has_pdptrs(const struct classic_values *values)
{
	return values->control[KVM2_CONTROL_CR0] & CR0_PG &&
	       values->control[KVM2_CONTROL_CR4] & CR4_PAE &&
	       !(values->control[KVM2_CONTROL_EFER] & EFER_LMA);
}

int kvm2_classic_control_find(struct classic_state *s, uint64_t number,
			      struct classic_register *reg)
{
	int ret;

	if (!reg->size)
		return -ENOENT;
	/* Of a set, the check knows the paging mode that it leads to. */
	if (number < KVM2_CONTROL_PDPTR0 || number > KVM2_CONTROL_PDPTR3 || s->is_set)
		return 0;
	ret = kvm2_classic_fetch(s, GROUP_SREGS);
	if (ret < 0)
		return ret;
	return has_pdptrs(&s->now) ? 0 : -ENOENT;
}

int kvm2_classic_sregs_fetch(struct classic_state *s, struct classic_values *values)
{
	struct kvm_sregs2 sregs;
	int ret = classic_vcpu_ioctl(s->vcpu, KVM_GET_SREGS2, &sregs);

	if (ret < 0)
		return ret;
	values->segment[KVM2_SEGMENT_ES] = segment_from(&sregs.es);
	values->segment[KVM2_SEGMENT_CS] = segment_from(&sregs.cs);
	values->segment[KVM2_SEGMENT_SS] = segment_from(&sregs.ss);
	values->segment[KVM2_SEGMENT_DS] = segment_from(&sregs.ds);
	values->segment[KVM2_SEGMENT_FS] = segment_from(&sregs.fs);
	values->segment[KVM2_SEGMENT_GS] = segment_from(&sregs.gs);
	values->segment[KVM2_SEGMENT_LDTR] = segment_from(&sregs.ldt);
	values->segment[KVM2_SEGMENT_TR] = segment_from(&sregs.tr);
	values->descriptor[KVM2_DESCRIPTOR_GDTR] = table_from(&sregs.gdt);
	values->descriptor[KVM2_DESCRIPTOR_IDTR] = table_from(&sregs.idt);
	values->control[KVM2_CONTROL_CR0] = sregs.cr0;
	values->control[KVM2_CONTROL_CR2] = sregs.cr2;
	values->control[KVM2_CONTROL_CR3] = sregs.cr3;
	values->control[KVM2_CONTROL_CR4] = sregs.cr4;
	values->control[KVM2_CONTROL_CR8] = sregs.cr8;
	values->control[KVM2_CONTROL_EFER] = sregs.efer;
	values->control[KVM2_CONTROL_APIC_BASE] = sregs.apic_base;
	for (size_t i = 0; i < NR_PDPTRS; i++)
		values->control[KVM2_CONTROL_PDPTR0 + i] = sregs.pdptrs[i];
	return 0;
}

/* Whatever their values are: they are registers only with PAE paging. */
int kvm2_classic_pdptrs_check(struct classic_state *s)
{
	for (unsigned int i = KVM2_CONTROL_PDPTR0; i <= KVM2_CONTROL_PDPTR3; i++) {
		if (!classic_is_named(s, KVM2_SET_CONTROL, i) || has_pdptrs(&s->now))
			continue;
		kvm2_classic_refuse(s, KVM2_SET_CONTROL, i);
		return -ENOENT;
	}
	return 0;
}

int kvm2_classic_sregs_check(struct classic_state *s)
{
	for (size_t i = 0; i <= KVM2_SEGMENT_TR; i++) {
		if (!(s->now.segment[i].access & ACCESS_RESERVED))
			continue;
		kvm2_classic_refuse(s, KVM2_SET_SEGMENT, i);
		return -EINVAL;
	}
	for (size_t i = 0; i <= KVM2_DESCRIPTOR_IDTR; i++) {
		const struct kvm2_descriptor_table *table = &s->now.descriptor[i];

		if (!table->reserved[0] && !table->reserved[1] && !table->reserved[2])
			continue;
		kvm2_classic_refuse(s, KVM2_SET_DESCRIPTOR, i);
		return -EINVAL;
	}
	return 0;
}

/*
 * Shall the PDPTRs be set? Without that KVM loads them from memory, as the
 * guest does when it writes CR3. But the guest may have changed that memory
 * since, so leave them alone while nothing says that they are to be loaded.
 */
static bool are_pdptrs_given(const struct classic_state *s,
			     const struct classic_values *values)
{
	const uint64_t *old = s->old.control;
	const uint64_t *control = values->control;

	if (!has_pdptrs(values))
		return false;
	for (unsigned int i = KVM2_CONTROL_PDPTR0; i <= KVM2_CONTROL_PDPTR3; i++)
		if (classic_is_named(s, KVM2_SET_CONTROL, i))
			return true;
	return has_pdptrs(&s->old) &&
	       control[KVM2_CONTROL_CR0] == old[KVM2_CONTROL_CR0] &&
	       control[KVM2_CONTROL_CR3] == old[KVM2_CONTROL_CR3] &&
	       control[KVM2_CONTROL_CR4] == old[KVM2_CONTROL_CR4];
}

int kvm2_classic_sregs_commit(struct classic_state *s, const struct classic_values *values)
{
	struct kvm_sregs2 sregs = {
		.es = segment_to(&values->segment[KVM2_SEGMENT_ES]),
		.cs = segment_to(&values->segment[KVM2_SEGMENT_CS]),
		.ss = segment_to(&values->segment[KVM2_SEGMENT_SS]),
		.ds = segment_to(&values->segment[KVM2_SEGMENT_DS]),
		.fs = segment_to(&values->segment[KVM2_SEGMENT_FS]),
		.gs = segment_to(&values->segment[KVM2_SEGMENT_GS]),
		.ldt = segment_to(&values->segment[KVM2_SEGMENT_LDTR]),
		.tr = segment_to(&values->segment[KVM2_SEGMENT_TR]),
		.gdt = table_to(&values->descriptor[KVM2_DESCRIPTOR_GDTR]),
		.idt = table_to(&values->descriptor[KVM2_DESCRIPTOR_IDTR]),
		.cr0 = values->control[KVM2_CONTROL_CR0],
		.cr2 = values->control[KVM2_CONTROL_CR2],
		.cr3 = values->control[KVM2_CONTROL_CR3],
		.cr4 = values->control[KVM2_CONTROL_CR4],
		.cr8 = values->control[KVM2_CONTROL_CR8],
		.efer = values->control[KVM2_CONTROL_EFER],
		.apic_base = values->control[KVM2_CONTROL_APIC_BASE],
	};

	if (are_pdptrs_given(s, values)) {
		sregs.flags = KVM_SREGS2_FLAGS_PDPTRS_VALID;
		for (size_t i = 0; i < NR_PDPTRS; i++)
			sregs.pdptrs[i] = values->control[KVM2_CONTROL_PDPTR0 + i];
	}
	return classic_vcpu_ioctl(s->vcpu, KVM_SET_SREGS2, &sregs);
}

/* ---- XCR0 ---- */

int kvm2_classic_xcr0_fetch(struct classic_state *s, struct classic_values *values)
{
	struct kvm_xcrs xcrs;
	int ret = classic_vcpu_ioctl(s->vcpu, KVM_GET_XCRS, &xcrs);

	if (ret < 0)
		return ret;
	values->control[KVM2_CONTROL_XCR0] = 0;
	for (size_t i = 0; i < xcrs.nr_xcrs && i < KVM_MAX_XCRS; i++)
		if (xcrs.xcrs[i].xcr == 0)
			values->control[KVM2_CONTROL_XCR0] = xcrs.xcrs[i].value;
	return 0;
}

int kvm2_classic_xcr0_commit(struct classic_state *s, const struct classic_values *values)
{
	struct kvm_xcrs xcrs = {
		.nr_xcrs = 1,
		.xcrs[0].value = values->control[KVM2_CONTROL_XCR0],
	};

	return classic_vcpu_ioctl(s->vcpu, KVM_SET_XCRS, &xcrs);
}

/* ---- DEBUGREGS ---- */

int kvm2_classic_debugregs_fetch(struct classic_state *s, struct classic_values *values)
{
	struct kvm_debugregs regs;
	int ret = classic_vcpu_ioctl(s->vcpu, KVM_GET_DEBUGREGS, &regs);

	if (ret < 0)
		return ret;
	memcpy(&values->debug[KVM2_DEBUG_DR0], regs.db, sizeof(regs.db));
	values->debug[KVM2_DEBUG_DR6] = regs.dr6;
	values->debug[KVM2_DEBUG_DR7] = regs.dr7;
	return 0;
}

int kvm2_classic_debugregs_check(struct classic_state *s)
{
	static const unsigned int narrow[] = { KVM2_DEBUG_DR6, KVM2_DEBUG_DR7 };

	for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++) {
		if (!(s->now.debug[narrow[i]] >> 32))
			continue;
		kvm2_classic_refuse(s, KVM2_SET_DEBUG, narrow[i]);
		return -EINVAL;
	}
	return 0;
}

int kvm2_classic_debugregs_commit(struct classic_state *s, const struct classic_values *values)
{
	struct kvm_debugregs regs = {
		.dr6 = values->debug[KVM2_DEBUG_DR6],
		.dr7 = values->debug[KVM2_DEBUG_DR7],
	};

	memcpy(regs.db, &values->debug[KVM2_DEBUG_DR0], sizeof(regs.db));
	return classic_vcpu_ioctl(s->vcpu, KVM_SET_DEBUGREGS, &regs);
}
