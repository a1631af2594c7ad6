// SPDX-License-Identifier: GPL-2.0
/*
 * Vcpu state: the registers of the local APIC.
 *
 * Other vcpus and devices set bits of IRR at any time. KVM takes only the
 * whole page of registers, so a commit fetches the page again, changes the
 * registers named and no other, and gives it back at once. An interrupt that
 * arrives in between is lost, as with KVM_SET_LAPIC; stop what may send one.
 */
#include "state.h"

#include <linux/nospec.h>
#include <linux/slab.h>

#include "lapic.h"
#include "x86.h"

/* Numbers are offsets in the page >> 4. */
#define NUMBER(offset)	((offset) >> 4)
#define NR_NUMBERS	64

#define REGISTER(attributes)	{ sizeof(u32), attributes, KVM2_GROUP_LAPIC }

/* EOI and SELF_IPI are no state, and RRD is not there. */
static const struct kvm2_register lapic_registers[NR_NUMBERS] = {
	[NUMBER(APIC_ID)]	= REGISTER(0),
	[NUMBER(APIC_LVR)]	= REGISTER(KVM2_ATTR_READ_ONLY |
					   KVM2_ATTR_GUEST_READ_ONLY),
	[NUMBER(APIC_TASKPRI)]	= REGISTER(0),
	[NUMBER(APIC_ARBPRI)]	= REGISTER(KVM2_ATTR_READ_ONLY |
					   KVM2_ATTR_GUEST_READ_ONLY),
	[NUMBER(APIC_PROCPRI)]	= REGISTER(KVM2_ATTR_READ_ONLY |
					   KVM2_ATTR_GUEST_READ_ONLY),
	[NUMBER(APIC_LDR) ... NUMBER(APIC_SPIV)] = REGISTER(0),
	[NUMBER(APIC_ISR) ... NUMBER(APIC_IRR) + 7] =
		REGISTER(KVM2_ATTR_GUEST_READ_ONLY),
	[NUMBER(APIC_ESR)]	= REGISTER(0),
	[NUMBER(APIC_LVTCMCI) ... NUMBER(APIC_TMICT)] = REGISTER(0),
	[NUMBER(APIC_TMCCT)]	= REGISTER(KVM2_ATTR_GUEST_READ_ONLY),
	[NUMBER(APIC_TDCR)]	= REGISTER(0),
};

static u32 *page_register(struct kvm_lapic_state *page, u64 number)
{
	return (u32 *)(page->regs + (number << 4));
}

static bool is_named(struct kvm2_state *s, u32 offset)
{
	return kvm2_state_is_named(s, KVM2_SET_LAPIC, NUMBER(offset));
}

static int fetch_page(struct kvm2_state *s, struct kvm_lapic_state *page)
{
	kvm2_state_load(s);
	kvm_x86_call(sync_pir_to_irr)(s->vcpu);
	return kvm_apic_get_state(s->vcpu, page);
}

int kvm2_lapic_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	/* Not in the values: what was there before is kept by the commit. */
	if (s->lapic)
		return 0;
	s->lapic = kmalloc(sizeof(*s->lapic), GFP_KERNEL_ACCOUNT);
	if (!s->lapic)
		return -ENOMEM;
	return fetch_page(s, s->lapic);
}

/*
 * The mode is that before the call: to leave x2APIC and to set what it keeps
 * fixed takes two calls.
 */
int kvm2_lapic_find(struct kvm2_state *s, u64 number,
		    struct kvm2_register *reg)
{
	int r;

	if (number >= NR_NUMBERS || !lapic_in_kernel(s->vcpu))
		return -ENOENT;
	*reg = lapic_registers[array_index_nospec(number, NR_NUMBERS)];
	if (!reg->size)
		return -ENOENT;
	if (number == NUMBER(APIC_ID) || number == NUMBER(APIC_LDR)) {
		if (apic_x2apic_mode(s->vcpu->arch.apic))
			reg->attributes |= KVM2_ATTR_READ_ONLY |
					   KVM2_ATTR_GUEST_READ_ONLY;
	} else if (number == NUMBER(APIC_TMCCT)) {
		/* A timer that does not run shows 0, and stays so. */
		r = kvm2_state_fetch(s, KVM2_GROUP_LAPIC);
		if (r)
			return r;
		if (*page_register(s->lapic, number))
			reg->attributes |= KVM2_ATTR_VOLATILE;
	}
	return 0;
}

int kvm2_lapic_read(struct kvm2_state *s, u64 number, void *value, u32 size)
{
	memcpy(value, page_register(s->lapic, number), size);
	return 0;
}

int kvm2_lapic_write(struct kvm2_state *s, u64 number, const void *value,
		     u32 size)
{
	void *now = page_register(s->lapic, number);

	if (memcmp(now, value, size)) {
		memcpy(now, value, size);
		s->change->dirty |= BIT(KVM2_GROUP_LAPIC);
	}
	return 0;
}

int kvm2_lapic_list(struct kvm2_state *s, struct kvm2_lister *lister)
{
	int number, r;

	for (number = 0; number < NR_NUMBERS; number++) {
		r = kvm2_state_list_register(s, lister, KVM2_SET_LAPIC,
					     number);
		if (r)
			return r;
	}
	return 0;
}

/* In x2APIC mode, to which this call may lead, KVM would refuse these. */
int kvm2_lapic_check(struct kvm2_state *s)
{
	u64 base = s->vcpu->arch.apic_base;

	if (s->fetched & BIT(KVM2_GROUP_SREGS))
		base = s->now.control[KVM2_CONTROL_APIC_BASE];
	if (kvm_apic_mode(base) != LAPIC_MODE_X2APIC)
		return 0;
	if (is_named(s, APIC_ID))
		kvm2_state_refuse(s, KVM2_SET_LAPIC, NUMBER(APIC_ID));
	else if (is_named(s, APIC_LDR))
		kvm2_state_refuse(s, KVM2_SET_LAPIC, NUMBER(APIC_LDR));
	else
		return 0;
	return -EACCES;
}

/*
 * A new initial count without a current one starts a new period, as a write
 * by the guest does.
 */
static void patch_page(struct kvm2_state *s, struct kvm_lapic_state *page,
		       struct kvm_lapic_state *from)
{
	u32 *initial = page_register(page, NUMBER(APIC_TMICT));
	u32 old_initial = *initial;
	u64 number;

	for (number = 0; number < NR_NUMBERS; number++) {
		if (kvm2_state_is_named(s, KVM2_SET_LAPIC, number))
			*page_register(page, number) =
				*page_register(from, number);
	}
	if (*initial != old_initial && !is_named(s, APIC_TMCCT))
		*page_register(page, NUMBER(APIC_TMCCT)) = *initial;
}

int kvm2_lapic_commit(struct kvm2_state *s, const struct kvm2_values *values)
{
	struct kvm2_change *change = s->change;
	struct kvm_lapic_state *page;
	int r;

	page = kmalloc(sizeof(*page), GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	r = fetch_page(s, page);
	if (r)
		goto out;
	if (values == &s->now) {
		change->old_lapic = kmemdup(page, sizeof(*page),
					    GFP_KERNEL_ACCOUNT);
		if (!change->old_lapic) {
			r = -ENOMEM;
			goto out;
		}
		patch_page(s, page, s->lapic);
	} else {
		patch_page(s, page, change->old_lapic);
	}
	r = kvm_apic_set_state(s->vcpu, page);
out:
	kfree(page);
	return r;
}
