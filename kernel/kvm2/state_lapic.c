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

/* The first word of a record, and that its attributes may vary. */
#define PRESENT(attributes)						\
	KVM2_HEADER(KVM2_SET_LAPIC, sizeof(u32), attributes)
#define VARIES		BIT_ULL(63)

#define GUEST_READ_ONLY	KVM2_ATTR_GUEST_READ_ONLY
#define READ_ONLY	(KVM2_ATTR_READ_ONLY | KVM2_ATTR_GUEST_READ_ONLY)

/* EOI and SELF_IPI are no state, and RRD is not there. */
static const u64 lapic_registers[NR_NUMBERS] = {
	[NUMBER(APIC_ID)]	= PRESENT(0) | VARIES,
	[NUMBER(APIC_LVR)]	= PRESENT(READ_ONLY),
	[NUMBER(APIC_TASKPRI)]	= PRESENT(0),
	[NUMBER(APIC_ARBPRI)]	= PRESENT(READ_ONLY),
	[NUMBER(APIC_PROCPRI)]	= PRESENT(READ_ONLY),
	[NUMBER(APIC_LDR)]	= PRESENT(0) | VARIES,
	[NUMBER(APIC_DFR) ... NUMBER(APIC_SPIV)] = PRESENT(0),
	[NUMBER(APIC_ISR) ... NUMBER(APIC_IRR) + 7] = PRESENT(GUEST_READ_ONLY),
	[NUMBER(APIC_ESR)]	= PRESENT(0),
	[NUMBER(APIC_LVTCMCI) ... NUMBER(APIC_TMICT)] = PRESENT(0),
	[NUMBER(APIC_TMCCT)]	= PRESENT(GUEST_READ_ONLY) | VARIES,
	[NUMBER(APIC_TDCR)]	= PRESENT(0),
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

/*
 * Read from KVM's page if all of it is there: KVM computes the current count
 * of a timer, and in x2APIC mode the high half of ICR.
 */
int kvm2_lapic_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	struct kvm_lapic *apic = s->vcpu->arch.apic;

	/* Not in the values: what was there before is kept by the commit. */
	if (s->lapic_copy)
		return 0;
	if (!s->change && !apic_x2apic_mode(apic) &&
	    !kvm_lapic_get_reg(apic, APIC_TMICT)) {
		kvm2_state_load(s);
		kvm_x86_call(sync_pir_to_irr)(s->vcpu);
		s->lapic = apic->regs;
		return 0;
	}
	s->lapic_copy = kmalloc(sizeof(*s->lapic_copy), GFP_KERNEL);
	if (!s->lapic_copy)
		return -ENOMEM;
	s->lapic = s->lapic_copy;
	return fetch_page(s, s->lapic_copy);
}

/*
 * The first word of a record of the register, 0 if there is none. The mode is
 * that before the call: to leave x2APIC and to set what it keeps fixed takes
 * two calls.
 */
static __always_inline u64 find_header(struct kvm2_state *s, u64 number)
{
	u64 header = lapic_registers[number];

	if (likely(!(header & VARIES)))
		return header;
	header &= ~VARIES;
	if (number != NUMBER(APIC_TMCCT)) {
		if (apic_x2apic_mode(s->vcpu->arch.apic))
			header |= PRESENT(READ_ONLY);
	} else if (*page_register(s->lapic, number)) {
		/* A timer that does not run shows 0, and stays so. */
		header |= PRESENT(KVM2_ATTR_VOLATILE);
	}
	return header;
}

int kvm2_lapic_find(struct kvm2_state *s, u64 number,
		    struct kvm2_register *reg)
{
	u64 header;
	int r;

	if (number >= NR_NUMBERS || !lapic_in_kernel(s->vcpu))
		return -ENOENT;
	r = kvm2_state_fetch(s, KVM2_GROUP_LAPIC);
	if (r)
		return r;
	number = array_index_nospec(number, NR_NUMBERS);
	header = find_header(s, number);
	if (!header)
		return -ENOENT;
	reg->value = page_register(s->lapic, number);
	reg->size = sizeof(u32);
	reg->attributes = header >> 16;
	reg->group = KVM2_GROUP_LAPIC;
	return 0;
}

/*
 * Records that have the attributes of their registers, as in a buffer that an
 * earlier call has filled.
 */
size_t kvm2_lapic_run(struct kvm2_state *s, void *records, size_t left)
{
	const u32 bytes = KVM2_RECORD_BYTES(sizeof(u32));
	const void *end = records + left - left % bytes;
	struct kvm2_record *record = records;
	u64 number, header;

	if (!lapic_in_kernel(s->vcpu) ||
	    kvm2_state_fetch(s, KVM2_GROUP_LAPIC))
		return 0;
	for (; (void *)record != end; record = (void *)record + bytes) {
		number = record->number;
		if (number >= NR_NUMBERS)
			break;
		number &= NR_NUMBERS - 1;	/* as array_index_nospec() */
		header = find_header(s, number);
		if (!header || kvm2_record_header(record) != header)
			break;
		*(u64 *)record->value = *page_register(s->lapic, number);
	}
	return (void *)record - records;
}

int kvm2_lapic_list(struct kvm2_state *s, struct kvm2_lister *lister)
{
	u64 number, header;
	int r;

	if (!lapic_in_kernel(s->vcpu))
		return 0;
	r = kvm2_state_fetch(s, KVM2_GROUP_LAPIC);
	if (r)
		return r;
	for (number = 0; number < NR_NUMBERS; number++) {
		header = find_header(s, number);
		if (header)
			kvm2_state_list_value(s, lister, header, number,
					      page_register(s->lapic, number));
	}
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

	page = kmalloc(sizeof(*page), GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	r = fetch_page(s, page);
	if (r)
		goto out;
	if (values == &s->now) {
		change->old_lapic = kmemdup(page, sizeof(*page),
					    GFP_KERNEL);
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
