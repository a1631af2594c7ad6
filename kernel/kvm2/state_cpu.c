// SPDX-License-Identifier: GPL-2.0
/*
 * Vcpu state: general, control, segment, descriptor and debug registers.
 */
#include "state.h"

#include "cpuid.h"
#include "glue.h"
#include "io.h"
#include "lapic.h"
#include "mmu.h"
#include "x86.h"

/* ---- GPR, rip, rflags ---- */

/* Bits that are not reserved; bit 1 is always set. */
#define RFLAGS_VALID							\
	(X86_EFLAGS_CF | X86_EFLAGS_FIXED | X86_EFLAGS_PF |		\
	 X86_EFLAGS_AF | X86_EFLAGS_ZF | X86_EFLAGS_SF |		\
	 X86_EFLAGS_TF | X86_EFLAGS_IF | X86_EFLAGS_DF |		\
	 X86_EFLAGS_OF | X86_EFLAGS_IOPL | X86_EFLAGS_NT |		\
	 X86_EFLAGS_RF | X86_EFLAGS_VM | X86_EFLAGS_AC |		\
	 X86_EFLAGS_VIF | X86_EFLAGS_VIP | X86_EFLAGS_ID)

int kvm2_regs_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	struct kvm_run *run = s->vcpu->run;
	const struct kvm_regs *regs = &run->s.regs.regs;
	u64 *gpr = values->gpr;

	kvm2_state_load(s);
	run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	kvm_run_sync_regs_to_user(s->vcpu);
	run->kvm_valid_regs = 0;

	gpr[KVM2_GPR_RAX] = regs->rax;
	gpr[KVM2_GPR_RCX] = regs->rcx;
	gpr[KVM2_GPR_RDX] = regs->rdx;
	gpr[KVM2_GPR_RBX] = regs->rbx;
	gpr[KVM2_GPR_RSP] = regs->rsp;
	gpr[KVM2_GPR_RBP] = regs->rbp;
	gpr[KVM2_GPR_RSI] = regs->rsi;
	gpr[KVM2_GPR_RDI] = regs->rdi;
	memcpy(&gpr[KVM2_GPR_R8], &regs->r8, 8 * sizeof(u64));
	values->control[KVM2_CONTROL_RIP] = regs->rip;
	values->control[KVM2_CONTROL_RFLAGS] = regs->rflags;
	values->control[KVM2_CONTROL_PENDING_EXIT] = kvm2_run_pending(s->v);
	return 0;
}

int kvm2_regs_check(struct kvm2_state *s)
{
	if (s->now.control[KVM2_CONTROL_RFLAGS] & ~(u64)RFLAGS_VALID) {
		kvm2_state_refuse(s, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS);
		return -EINVAL;
	}
	return 0;
}

int kvm2_regs_commit(struct kvm2_state *s, const struct kvm2_values *values)
{
	struct kvm_queued_exception *vmexit = &s->vcpu->arch.exception_vmexit;
	struct kvm_queued_exception *exception = &s->vcpu->arch.exception;
	struct kvm_run *run = s->vcpu->run;
	struct kvm_regs *regs = &run->s.regs.regs;
	bool exception_pending = exception->pending;
	bool vmexit_pending = vmexit->pending;
	const u64 *gpr = values->gpr;
	int r;

	regs->rax = gpr[KVM2_GPR_RAX];
	regs->rcx = gpr[KVM2_GPR_RCX];
	regs->rdx = gpr[KVM2_GPR_RDX];
	regs->rbx = gpr[KVM2_GPR_RBX];
	regs->rsp = gpr[KVM2_GPR_RSP];
	regs->rbp = gpr[KVM2_GPR_RBP];
	regs->rsi = gpr[KVM2_GPR_RSI];
	regs->rdi = gpr[KVM2_GPR_RDI];
	memcpy(&regs->r8, &gpr[KVM2_GPR_R8], 8 * sizeof(u64));
	regs->rip = values->control[KVM2_CONTROL_RIP];
	regs->rflags = values->control[KVM2_CONTROL_RFLAGS];

	run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	r = kvm_run_sync_regs_from_user(s->vcpu);

	/* This drops pending exceptions; see kvm2_regs_finish() for when. */
	exception->pending = exception_pending;
	vmexit->pending = vmexit_pending;
	return r;
}

/*
 * A new RIP abandons the instruction at the old one: its pending exception,
 * unless the same call has set one, and the exit whose reply would finish it.
 * KVM would write the old instruction's results and RIP over the new values.
 */
void kvm2_regs_finish(struct kvm2_state *s)
{
	struct kvm_vcpu *vcpu = s->vcpu;

	if (s->now.control[KVM2_CONTROL_RIP] ==
	    s->change->old.control[KVM2_CONTROL_RIP])
		return;
	if (!kvm2_state_is_named(s, KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION)) {
		vcpu->arch.exception.pending = false;
		vcpu->arch.exception_vmexit.pending = false;
	}
	vcpu->arch.complete_userspace_io = NULL;
	vcpu->arch.pio.count = 0;
	vcpu->mmio_needed = 0;
	s->v->pending = 0;
	s->v->undelivered = false;
	kvm2_io_abandon(s->v);
}

/* ---- CONTROL but rip and rflags, SEGMENT, DESCRIPTOR ---- */

static const u16 segment_offsets[KVM2_SEGMENT_TR + 1] = {
	[KVM2_SEGMENT_ES]	= offsetof(struct kvm_sregs2, es),
	[KVM2_SEGMENT_CS]	= offsetof(struct kvm_sregs2, cs),
	[KVM2_SEGMENT_SS]	= offsetof(struct kvm_sregs2, ss),
	[KVM2_SEGMENT_DS]	= offsetof(struct kvm_sregs2, ds),
	[KVM2_SEGMENT_FS]	= offsetof(struct kvm_sregs2, fs),
	[KVM2_SEGMENT_GS]	= offsetof(struct kvm_sregs2, gs),
	[KVM2_SEGMENT_LDTR]	= offsetof(struct kvm_sregs2, ldt),
	[KVM2_SEGMENT_TR]	= offsetof(struct kvm_sregs2, tr),
};

#define SEGMENT_ACCESS_VALID	0xf1ff

static void segment_from_kvm(const struct kvm_segment *from,
			     struct kvm2_segment *to)
{
	to->base = from->base;
	to->limit = from->limit;
	to->selector = from->selector;
	to->access = from->type | from->s << 4 | from->dpl << 5 |
		     from->present << 7 | from->avl << 12 | from->l << 13 |
		     from->db << 14 | from->g << 15;
	if (from->unusable)
		to->access |= KVM2_SEGMENT_UNUSABLE;
}

static void segment_to_kvm(const struct kvm2_segment *from,
			   struct kvm_segment *to)
{
	to->base = from->base;
	to->limit = from->limit;
	to->selector = from->selector;
	to->type = from->access & 15;
	to->s = from->access >> 4 & 1;
	to->dpl = from->access >> 5 & 3;
	to->present = from->access >> 7 & 1;
	to->unusable = !!(from->access & KVM2_SEGMENT_UNUSABLE);
	to->avl = from->access >> 12 & 1;
	to->l = from->access >> 13 & 1;
	to->db = from->access >> 14 & 1;
	to->g = from->access >> 15 & 1;
	to->padding = 0;
}

static void table_from_kvm(const struct kvm_dtable *from,
			   struct kvm2_descriptor_table *to)
{
	*to = (struct kvm2_descriptor_table){
		.base = from->base,
		.limit = from->limit,
	};
}

static void table_to_kvm(const struct kvm2_descriptor_table *from,
			 struct kvm_dtable *to)
{
	*to = (struct kvm_dtable){ .base = from->base, .limit = from->limit };
}

static bool has_pae_paging(const u64 *control)
{
	return control[KVM2_CONTROL_CR0] & X86_CR0_PG &&
	       control[KVM2_CONTROL_CR4] & X86_CR4_PAE &&
	       !(control[KVM2_CONTROL_EFER] & EFER_LMA);
}

/* Of the PDPTRs. */
int kvm2_control_find(struct kvm2_state *s, u64 number,
		      struct kvm2_register *reg)
{
	int r;

	r = kvm2_state_fetch(s, KVM2_GROUP_SREGS);
	if (r)
		return r;
	reg->value = &s->now.control[number];
	reg->group = KVM2_GROUP_SREGS;
	/* Of a set, the check knows the paging mode that it leads to. */
	return s->change || has_pae_paging(s->now.control) ? 0 : -ENOENT;
}

int kvm2_sregs_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	u64 *control = values->control;
	struct kvm_sregs2 sregs;
	int i;

	kvm2_state_load(s);
	sregs.flags = 0;
	kvm_vcpu_ioctl_x86_get_sregs2(s->vcpu, &sregs);

	control[KVM2_CONTROL_CR0] = sregs.cr0;
	control[KVM2_CONTROL_CR2] = sregs.cr2;
	control[KVM2_CONTROL_CR3] = sregs.cr3;
	control[KVM2_CONTROL_CR4] = sregs.cr4;
	control[KVM2_CONTROL_CR8] = sregs.cr8;
	control[KVM2_CONTROL_EFER] = sregs.efer;
	control[KVM2_CONTROL_APIC_BASE] = sregs.apic_base;
	if (!(sregs.flags & KVM_SREGS2_FLAGS_PDPTRS_VALID))
		memset(sregs.pdptrs, 0, sizeof(sregs.pdptrs));
	memcpy(&control[KVM2_CONTROL_PDPTR0], sregs.pdptrs,
	       sizeof(sregs.pdptrs));
	for (i = 0; i < ARRAY_SIZE(segment_offsets); i++)
		segment_from_kvm((void *)&sregs + segment_offsets[i],
				 &values->segment[i]);
	table_from_kvm(&sregs.gdt, &values->descriptor[KVM2_DESCRIPTOR_GDTR]);
	table_from_kvm(&sregs.idt, &values->descriptor[KVM2_DESCRIPTOR_IDTR]);
	return 0;
}

static bool is_valid_cr0(struct kvm2_state *s, u64 cr0)
{
	if (cr0 >> 32)
		return false;
	if (cr0 & X86_CR0_NW && !(cr0 & X86_CR0_CD))
		return false;
	if (cr0 & X86_CR0_PG && !(cr0 & X86_CR0_PE))
		return false;
	return kvm_x86_call(is_valid_cr0)(s->vcpu, cr0);
}

static bool is_valid_apic_base(struct kvm2_state *s, u64 base)
{
	struct kvm_vcpu *vcpu = s->vcpu;
	u64 reserved = kvm_vcpu_reserved_gpa_bits_raw(vcpu) | 0x2ff;

	if (!guest_cpuid_has(vcpu, X86_FEATURE_X2APIC))
		reserved |= X2APIC_ENABLE;
	return !(base & reserved) &&
	       kvm_apic_mode(base) != LAPIC_MODE_INVALID;
}

/*
 * As kvm_is_valid_sregs() and kvm_apic_set_base(), but telling which one is
 * refused. Return: its number, or -1.
 */
static int find_invalid_control(struct kvm2_state *s)
{
	const u64 *control = s->now.control;
	u64 cr0 = control[KVM2_CONTROL_CR0];
	u64 cr4 = control[KVM2_CONTROL_CR4];
	u64 efer = control[KVM2_CONTROL_EFER];

	if (!is_valid_cr0(s, cr0))
		return KVM2_CONTROL_CR0;
	if (!__kvm_is_valid_cr4(s->vcpu, cr4) ||
	    !kvm_x86_call(is_valid_cr4)(s->vcpu, cr4))
		return KVM2_CONTROL_CR4;
	if (!kvm_valid_efer(s->vcpu, efer))
		return KVM2_CONTROL_EFER;

	if (efer & EFER_LME && cr0 & X86_CR0_PG) {
		if (!(cr4 & X86_CR4_PAE))
			return KVM2_CONTROL_CR4;
		if (!(efer & EFER_LMA))
			return KVM2_CONTROL_EFER;
		if (!kvm_vcpu_is_legal_cr3(s->vcpu, control[KVM2_CONTROL_CR3]))
			return KVM2_CONTROL_CR3;
	} else if (efer & EFER_LMA) {
		return KVM2_CONTROL_EFER;
	}
	if (control[KVM2_CONTROL_CR8] & CR8_RESERVED_BITS)
		return KVM2_CONTROL_CR8;
	if (!is_valid_apic_base(s, control[KVM2_CONTROL_APIC_BASE]))
		return KVM2_CONTROL_APIC_BASE;
	return -1;
}

/* Whatever their values are: they are registers only with PAE paging. */
int kvm2_pdptrs_check(struct kvm2_state *s)
{
	u64 reserved = s->vcpu->arch.reserved_gpa_bits | rsvd_bits(5, 8) |
		       rsvd_bits(1, 2);
	int number;

	for (number = KVM2_CONTROL_PDPTR0; number <= KVM2_CONTROL_PDPTR3;
	     number++) {
		u64 pdptr = s->now.control[number];

		if (!kvm2_state_is_named(s, KVM2_SET_CONTROL, number))
			continue;
		if (!has_pae_paging(s->now.control)) {
			kvm2_state_refuse(s, KVM2_SET_CONTROL, number);
			return -ENOENT;
		}
		if (pdptr & PT_PRESENT_MASK && pdptr & reserved) {
			kvm2_state_refuse(s, KVM2_SET_CONTROL, number);
			return -EINVAL;
		}
	}
	return 0;
}

static int check_segments(struct kvm2_state *s)
{
	const u64 *control = s->now.control;
	const struct kvm2_descriptor_table *table;
	int i;

	for (i = 0; i < ARRAY_SIZE(segment_offsets); i++) {
		u16 access = s->now.segment[i].access;

		if (!(access & ~SEGMENT_ACCESS_VALID) &&
		    (i != KVM2_SEGMENT_CS || !(access & 1 << 13) ||
		     control[KVM2_CONTROL_EFER] & EFER_LMA))
			continue;
		kvm2_state_refuse(s, KVM2_SET_SEGMENT, i);
		return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(s->now.descriptor); i++) {
		table = &s->now.descriptor[i];
		if (!table->reserved[0] && !table->reserved[1] &&
		    !table->reserved[2])
			continue;
		kvm2_state_refuse(s, KVM2_SET_DESCRIPTOR, i);
		return -EINVAL;
	}
	return 0;
}

int kvm2_sregs_check(struct kvm2_state *s)
{
	int number = find_invalid_control(s);

	if (number >= 0) {
		kvm2_state_refuse(s, KVM2_SET_CONTROL, number);
		return -EINVAL;
	}
	return check_segments(s);
}

/*
 * Shall the PDPTRs be set? Without that KVM loads them from memory, as the
 * guest does when it writes CR3. But the guest may have changed that memory
 * since, so leave them alone while nothing says that they are to be loaded.
 */
static bool are_pdptrs_given(struct kvm2_state *s,
			     const struct kvm2_values *values)
{
	const u64 *old = s->change->old.control;
	const u64 *control = values->control;
	int number;

	if (!has_pae_paging(control))
		return false;
	for (number = KVM2_CONTROL_PDPTR0; number <= KVM2_CONTROL_PDPTR3;
	     number++) {
		if (kvm2_state_is_named(s, KVM2_SET_CONTROL, number))
			return true;
	}
	return has_pae_paging(old) &&
	       control[KVM2_CONTROL_CR0] == old[KVM2_CONTROL_CR0] &&
	       control[KVM2_CONTROL_CR3] == old[KVM2_CONTROL_CR3] &&
	       control[KVM2_CONTROL_CR4] == old[KVM2_CONTROL_CR4];
}

int kvm2_sregs_commit(struct kvm2_state *s, const struct kvm2_values *values)
{
	const u64 *control = values->control;
	int mp_state = s->vcpu->arch.mp_state;
	struct kvm_sregs2 sregs = {
		.cr0 = control[KVM2_CONTROL_CR0],
		.cr2 = control[KVM2_CONTROL_CR2],
		.cr3 = control[KVM2_CONTROL_CR3],
		.cr4 = control[KVM2_CONTROL_CR4],
		.cr8 = control[KVM2_CONTROL_CR8],
		.efer = control[KVM2_CONTROL_EFER],
		.apic_base = control[KVM2_CONTROL_APIC_BASE],
	};
	int i, r;

	for (i = 0; i < ARRAY_SIZE(segment_offsets); i++)
		segment_to_kvm(&values->segment[i],
			       (void *)&sregs + segment_offsets[i]);
	table_to_kvm(&values->descriptor[KVM2_DESCRIPTOR_GDTR], &sregs.gdt);
	table_to_kvm(&values->descriptor[KVM2_DESCRIPTOR_IDTR], &sregs.idt);
	if (are_pdptrs_given(s, values)) {
		sregs.flags |= KVM_SREGS2_FLAGS_PDPTRS_VALID;
		memcpy(sregs.pdptrs, &control[KVM2_CONTROL_PDPTR0],
		       sizeof(sregs.pdptrs));
	}
	r = kvm_vcpu_ioctl_x86_set_sregs2(s->vcpu, &sregs);

	/* It takes the reset state for a wish to run, for old user space. */
	s->vcpu->arch.mp_state = mp_state;
	return r;
}

/* ---- xcr0 ---- */

/* Without XSAVE it is 1 and can be nothing else. */
int kvm2_xcr0_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	values->control[KVM2_CONTROL_XCR0] = s->vcpu->arch.xcr0;
	return 0;
}

/* As __kvm_set_xcr() has it. */
static bool is_valid_xcr0(struct kvm_vcpu *vcpu, u64 xcr0)
{
	if (!(xcr0 & XFEATURE_MASK_FP))
		return false;
	if (xcr0 & ~(vcpu->arch.guest_supported_xcr0 | XFEATURE_MASK_FP))
		return false;
	if (xcr0 & XFEATURE_MASK_YMM && !(xcr0 & XFEATURE_MASK_SSE))
		return false;
	if (!(xcr0 & XFEATURE_MASK_BNDREGS) != !(xcr0 & XFEATURE_MASK_BNDCSR))
		return false;
	if (xcr0 & XFEATURE_MASK_AVX512 &&
	    (!(xcr0 & XFEATURE_MASK_YMM) ||
	     (xcr0 & XFEATURE_MASK_AVX512) != XFEATURE_MASK_AVX512))
		return false;
	return !(xcr0 & XFEATURE_MASK_XTILE) ||
	       (xcr0 & XFEATURE_MASK_XTILE) == XFEATURE_MASK_XTILE;
}

int kvm2_xcr0_check(struct kvm2_state *s)
{
	if (is_valid_xcr0(s->vcpu, s->now.control[KVM2_CONTROL_XCR0]))
		return 0;
	kvm2_state_refuse(s, KVM2_SET_CONTROL, KVM2_CONTROL_XCR0);
	return -EINVAL;
}

int kvm2_xcr0_commit(struct kvm2_state *s, const struct kvm2_values *values)
{
	return kvm2_glue_set_xcr0(s->vcpu, values->control[KVM2_CONTROL_XCR0]);
}

/* ---- DEBUG ---- */

int kvm2_debugregs_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	struct kvm_debugregs regs;
	int r;

	kvm2_state_load(s);
	r = kvm_vcpu_ioctl_x86_get_debugregs(s->vcpu, &regs);
	if (r)
		return r;
	memcpy(values->debug, regs.db, sizeof(regs.db));
	values->debug[KVM2_DEBUG_DR6] = regs.dr6;
	values->debug[KVM2_DEBUG_DR7] = regs.dr7;
	return 0;
}

int kvm2_debugregs_check(struct kvm2_state *s)
{
	if (!kvm_dr6_valid(s->now.debug[KVM2_DEBUG_DR6])) {
		kvm2_state_refuse(s, KVM2_SET_DEBUG, KVM2_DEBUG_DR6);
		return -EINVAL;
	}
	if (!kvm_dr7_valid(s->now.debug[KVM2_DEBUG_DR7])) {
		kvm2_state_refuse(s, KVM2_SET_DEBUG, KVM2_DEBUG_DR7);
		return -EINVAL;
	}
	return 0;
}

int kvm2_debugregs_commit(struct kvm2_state *s,
			  const struct kvm2_values *values)
{
	struct kvm_debugregs regs = {
		.dr6 = values->debug[KVM2_DEBUG_DR6],
		.dr7 = values->debug[KVM2_DEBUG_DR7],
	};

	memcpy(regs.db, values->debug, sizeof(regs.db));
	return kvm_vcpu_ioctl_x86_set_debugregs(s->vcpu, &regs);
}
