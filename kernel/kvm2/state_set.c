// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_set_state() on records in kernel memory: one transaction.
 *
 * A set goes through these steps:
 * 1. all headers are checked
 * 2. the CPUID leaves are committed: they decide which registers there are,
 *    how wide they are, and which bits of them may be set
 * 3. the records are overlaid on the values fetched from the vcpu
 * 4. the result is checked as far as that is possible without a write
 * 5. the groups that changed are committed
 * When a step fails, what has been committed gets its old values back.
 *
 * Only changes are committed: to write what was read is no write at all. So
 * it cannot fail, whatever KVM thinks of the value, and disturbs no timer.
 *
 * What is not undone when a later record of the same call is refused: guest
 * memory that KVM has written because of an MSR (wall clock), pages and
 * timers set up by such a write, and room for more XSAVE components.
 */
#include "state.h"

#include <linux/nospec.h>
#include <linux/slab.h>
#include <trace/events/kvm2.h>

/* The MSR that is another name of a control register, else 0. */
static u32 msr_of(u16 set, u64 number)
{
	if (set != KVM2_SET_CONTROL)
		return 0;
	return number == KVM2_CONTROL_EFER ? MSR_EFER :
	       number == KVM2_CONTROL_APIC_BASE ? MSR_IA32_APICBASE : 0;
}

/*
 * Note which record is to blame for a value of this register: the last that
 * named it, or one of the same set, whose value does not go with it.
 */
void kvm2_state_refuse(struct kvm2_state *s, u16 set, u64 number)
{
	struct kvm2_change *change = s->change;
	const struct kvm2_record *record;
	const u32 msr = msr_of(set, number);
	ssize_t relative = -1;
	size_t offset;

	change->refused = -1;
	for (offset = 0; offset < change->size;
	     offset += KVM2_RECORD_BYTES(record->size)) {
		record = change->records + offset;
		if (msr && record->set == KVM2_SET_MSR && record->number == msr)
			change->refused = offset;
		if (record->set != set)
			continue;
		relative = offset;
		if (record->number == number)
			change->refused = offset;
	}
	if (change->refused < 0)
		change->refused = relative;
}

static int check_headers(struct kvm2_change *change, size_t *nr_msrs)
{
	const struct kvm2_record *record;
	size_t offset;
	int r;

	*nr_msrs = 0;
	for (offset = 0; offset < change->size;
	     offset += KVM2_RECORD_BYTES(record->size)) {
		record = change->records + offset;
		r = kvm2_record_check(record, change->size - offset);
		if (r) {
			change->refused = kvm2_record_failed(offset,
							     change->size);
			return r;
		}
		if (record->set == KVM2_SET_MSR)
			++*nr_msrs;
	}
	return 0;
}

static int write_records(struct kvm2_state *s)
{
	struct kvm2_change *change = s->change;
	const struct kvm2_record *record;
	size_t offset;
	u16 set;
	int r;

	for (offset = 0; offset < change->size;
	     offset += KVM2_RECORD_BYTES(record->size)) {
		record = change->records + offset;
		if (record->set == KVM2_SET_CPUID)
			continue;
		change->offset = offset;
		set = array_index_nospec(record->set, KVM2_NR_SETS);
		r = kvm2_state_write(s, set, record->number, record->value,
				     record->size);
		if (r) {
			change->refused = offset;
			return r;
		}
	}
	return 0;
}

static int apply(struct kvm2_state *s)
{
	int r;

	r = kvm2_cpuid_set(s, s->change->records, s->change->size);
	if (r)
		return r;
	r = write_records(s);
	kvm2_state_srcu_unlock(s);
	if (!r)
		r = kvm2_groups_check(s);
	if (!r)
		r = kvm2_groups_commit(s);
	if (r)
		kvm2_groups_undo(s);
	return r;
}

static void trace_set(struct kvm2_state *s, int err)
{
	const struct kvm2_change *change = s->change;
	const struct kvm2_record *record;
	size_t offset;

	if (err) {
		if (change->refused >= 0)
			kvm2_state_trace(s, true,
					 change->records + change->refused,
					 change->size - change->refused, err);
		return;
	}
	for (offset = 0; offset < change->size;
	     offset += KVM2_RECORD_BYTES(record->size)) {
		record = change->records + offset;
		kvm2_state_trace(s, true, record, change->size - offset, 0);
	}
}

int kvm2_state_set(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		   void *records, size_t size, ssize_t *failed)
{
	struct kvm2_change *change;
	struct kvm2_state *s;
	size_t nr_msrs;
	int r;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	change = kzalloc(sizeof(*change), GFP_KERNEL);
	if (!s || !change) {
		r = -ENOMEM;
		goto out_free;
	}
	kvm2_state_begin(s, v, accessor);
	s->change = change;
	change->records = records;
	change->size = size;
	change->refused = -1;

	r = check_headers(change, &nr_msrs);
	if (!r && nr_msrs) {
		change->msrs = kvmalloc_array(nr_msrs, sizeof(*change->msrs),
					      GFP_KERNEL);
		if (!change->msrs)
			r = -ENOMEM;
	}
	if (!r)
		r = apply(s);
	if (trace_kvm2_state_enabled())
		trace_set(s, r);
	*failed = change->refused;
	kvm2_state_end(s);
	kvfree(change->msrs);
	kvfree(change->old_fpu);
	kfree(change->old_lapic);
	kvfree(change->old_cpuid);
out_free:
	kfree(change);
	kfree(s);
	return r ?: size;
}
