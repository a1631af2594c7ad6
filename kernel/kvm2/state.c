// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_get_state() and kvm_set_state() on records in kernel memory: parses
 * and lists them, and makes a set one transaction.
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

#include "x86.h"

/* ---- the tables ---- */

#define NR_NUMBERS	(KVM2_VECTOR_K7 + 1)

#define GROUP_GPR(number)		KVM2_GROUP_REGS
#define GROUP_CONTROL(number)						\
	((number) == KVM2_CONTROL_RIP ||				\
	 (number) == KVM2_CONTROL_RFLAGS ||				\
	 (number) == KVM2_CONTROL_PENDING_EXIT ? KVM2_GROUP_REGS :	\
	 (number) == KVM2_CONTROL_XCR0 ? KVM2_GROUP_XCR0 :		\
	 KVM2_GROUP_SREGS)
#define GROUP_SEGMENT(number)		KVM2_GROUP_SREGS
#define GROUP_DESCRIPTOR(number)	KVM2_GROUP_SREGS
#define GROUP_X87(number)		KVM2_GROUP_FPU
#define GROUP_VECTOR(number)		KVM2_GROUP_FPU
#define GROUP_DEBUG(number)		KVM2_GROUP_DEBUGREGS
#define GROUP_EVENTS(number)		KVM2_GROUP_EVENTS
#define GROUP_MP(number)		KVM2_GROUP_MP
#define GROUP_TSC(number)		KVM2_GROUP_TSC
#define GROUP_GUEST_DEBUG(number)	KVM2_GROUP_GUEST_DEBUG

/* The registers of fixed number. */
static const struct kvm2_register registers[KVM2_NR_SETS][NR_NUMBERS] = {
#define X(set, number, size, attributes, name, text)			\
	[KVM2_SET_##set][number] = {					\
		size, attributes, GROUP_##set(number)			\
	},
	KVM2_REGISTERS(X)
#undef X
	/* the width depends on the vcpu, see kvm2_vector_find() */
	[KVM2_SET_VECTOR][KVM2_VECTOR_ZMM0 ... KVM2_VECTOR_ZMM31] = {
		64, 0, KVM2_GROUP_FPU
	},
};

/**
 * struct set_type - how the registers of a set are found, read and written
 * @offset:	of the first one in struct kvm2_values
 * @stride:	to the next one
 * @always:	a write has an effect even if the value stays the same
 * @find:	complete @reg, which comes from registers[]. NULL: it is
 *		complete. Return: 0, -ENOENT, or another negative errno.
 * @read:	NULL: copy from struct kvm2_values
 * @write:	NULL: overlay struct kvm2_values
 * @list:	call kvm2_state_list_register() for each register, ascending.
 *		NULL: try all of registers[]
 */
struct set_type {
	u16 offset;
	u16 stride;
	bool always;
	int (*find)(struct kvm2_state *s, u64 number,
		    struct kvm2_register *reg);
	int (*read)(struct kvm2_state *s, u64 number, void *value, u32 size);
	int (*write)(struct kvm2_state *s, u64 number, const void *value,
		     u32 size);
	int (*list)(struct kvm2_state *s, struct kvm2_lister *lister);
};

#define IN_VALUES(member)						\
	.offset = offsetof(struct kvm2_values, member),			\
	.stride = sizeof(((struct kvm2_values *)0)->member[0])

static const struct set_type set_types[KVM2_NR_SETS] = {
	[KVM2_SET_GPR]		= { IN_VALUES(gpr) },
	[KVM2_SET_CONTROL]	= { IN_VALUES(control),
				    .find = kvm2_control_find },
	[KVM2_SET_SEGMENT]	= { IN_VALUES(segment) },
	[KVM2_SET_DESCRIPTOR]	= { IN_VALUES(descriptor) },
	[KVM2_SET_X87]		= { .read = kvm2_x87_read,
				    .write = kvm2_x87_write },
	[KVM2_SET_VECTOR]	= { .find = kvm2_vector_find,
				    .read = kvm2_vector_read,
				    .write = kvm2_vector_write },
	[KVM2_SET_XSTATE]	= { .find = kvm2_xstate_find,
				    .read = kvm2_xstate_read,
				    .write = kvm2_xstate_write,
				    .list = kvm2_xstate_list },
	[KVM2_SET_DEBUG]	= { IN_VALUES(debug) },
	[KVM2_SET_MSR]		= { .find = kvm2_msr_find,
				    .read = kvm2_msr_read,
				    .write = kvm2_msr_write,
				    .list = kvm2_msr_list },
	[KVM2_SET_CPUID]	= { .find = kvm2_cpuid_find,
				    .read = kvm2_cpuid_read,
				    .list = kvm2_cpuid_list },
	[KVM2_SET_HOST_CPUID]	= { .find = kvm2_host_cpuid_find,
				    .read = kvm2_host_cpuid_read,
				    .list = kvm2_host_cpuid_list },
	[KVM2_SET_LAPIC]	= { .find = kvm2_lapic_find,
				    .read = kvm2_lapic_read,
				    .write = kvm2_lapic_write,
				    .list = kvm2_lapic_list },
	[KVM2_SET_EVENTS]	= { IN_VALUES(events) },
	[KVM2_SET_MP]		= { IN_VALUES(mp) },
	[KVM2_SET_TSC]		= { IN_VALUES(tsc), .find = kvm2_tsc_find },
	/* Every write of debug_control starts a new step. */
	[KVM2_SET_GUEST_DEBUG]	= { IN_VALUES(guest_debug), .always = true },
};

static_assert(offsetof(struct kvm2_values, debug_event) ==
	      offsetof(struct kvm2_values,
		       guest_debug[KVM2_GUEST_DEBUG_EVENT]));

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

/* ---- one call ---- */

static void state_init(struct kvm2_state *s, struct kvm2_vcpu *v,
		       const struct kvm2_accessor *accessor)
{
	s->v = v;
	s->vcpu = v->vcpu;
	s->accessor = accessor;
	s->change = NULL;
	s->fetched = 0;
	s->srcu_idx = -1;
	s->loaded = false;
	s->fpu = NULL;
	s->lapic = NULL;
	s->host_cpuid = NULL;
}

void kvm2_state_load(struct kvm2_state *s)
{
	if (!s->loaded)
		vcpu_load(s->vcpu);
	s->loaded = true;
}

static void state_unload(struct kvm2_state *s)
{
	if (s->loaded)
		vcpu_put(s->vcpu);
	s->loaded = false;
}

/* Until the end of the call, or until kvm_set_state() starts to commit. */
void kvm2_state_srcu_lock(struct kvm2_state *s)
{
	if (s->srcu_idx < 0)
		s->srcu_idx = srcu_read_lock(&s->vcpu->kvm->srcu);
}

static void state_srcu_unlock(struct kvm2_state *s)
{
	if (s->srcu_idx >= 0)
		srcu_read_unlock(&s->vcpu->kvm->srcu, s->srcu_idx);
	s->srcu_idx = -1;
}

static void state_fini(struct kvm2_state *s)
{
	state_srcu_unlock(s);
	state_unload(s);
	kvfree(s->fpu);
	kfree(s->lapic);
	kvfree(s->host_cpuid);
}

int kvm2_state_fetch(struct kvm2_state *s, enum kvm2_group group)
{
	const struct group_type *type = &groups[group];
	int r;

	if (s->fetched & BIT(group) || !type->fetch)
		return 0;
	r = type->fetch(s, &s->now);
	if (!r && s->change)
		r = type->fetch(s, &s->change->old);
	if (!r)
		s->fetched |= BIT(group);
	return r;
}

static int find_register(struct kvm2_state *s, u16 set, u64 number,
			 struct kvm2_register *reg)
{
	const struct set_type *type = &set_types[set];

	if (number < NR_NUMBERS)
		*reg = registers[set][array_index_nospec(number, NR_NUMBERS)];
	else
		*reg = (struct kvm2_register){};
	if (type->find)
		return type->find(s, number, reg);
	return reg->size ? 0 : -ENOENT;
}

static int read_register(struct kvm2_state *s, u16 set, u64 number,
			 const struct kvm2_register *reg, void *value, u32 size)
{
	const struct set_type *type = &set_types[set];
	int r;

	r = kvm2_state_fetch(s, reg->group);
	if (r)
		return r;
	if (type->read) {
		r = type->read(s, number, value, size);
		if (r)
			return r;
	} else if (size == sizeof(u64)) {
		*(u64 *)value = *(u64 *)((void *)&s->now + type->offset +
					 type->stride * number);
		return 0;
	} else {
		memcpy(value, (void *)&s->now + type->offset +
			      type->stride * number, size);
	}
	if (size % 8)
		memset(value + size, 0, 8 - size % 8);
	return 0;
}

/*
 * Is there a whole record at @record, of a known set?
 * @left: bytes from there to the end of the buffer
 */
static int check_header(const struct kvm2_record *record, size_t left)
{
	if (left < sizeof(*record))
		return -EINVAL;
	if (!record->set || record->set >= KVM2_NR_SETS)
		return -EINVAL;
	if (record->size > KVM2_VALUE_MAX)
		return -EINVAL;
	if (!record->size && record->set != KVM2_SET_CPUID)
		return -EINVAL;
	if (KVM2_RECORD_BYTES(record->size) > left)
		return -EINVAL;
	return 0;
}

/* The record at @failed has been refused; mark none that is not all there. */
static ssize_t failed_offset(size_t offset, size_t size)
{
	return size - offset < sizeof(struct kvm2_record) ? -1 : offset;
}

static void trace_record(struct kvm2_state *s, bool is_set,
			 const struct kvm2_record *record, size_t left, int err)
{
	if (left >= sizeof(*record) &&
	    left >= sizeof(*record) + min_t(u32, record->size, 8))
		trace_kvm2_state(s->v->vm->id, s->v->id, s->accessor->tid,
				 is_set, record, err);
}

/* ---- get ---- */

static int get_record(struct kvm2_state *s, struct kvm2_record *record)
{
	u16 set = array_index_nospec(record->set, KVM2_NR_SETS);
	struct kvm2_register reg;
	int r;

	if (!record->size)
		return -EINVAL;
	r = find_register(s, set, record->number, &reg);
	if (r)
		return r;
	if (record->size > reg.size)
		return -EINVAL;
	record->attributes = reg.attributes;
	return read_register(s, set, record->number, &reg, record->value,
			     record->size);
}

int kvm2_state_get(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		   void *records, size_t size, ssize_t *failed)
{
	struct kvm2_record *record;
	struct kvm2_state s;
	size_t offset;
	int r = 0;

	state_init(&s, v, accessor);
	for (offset = 0; offset < size;
	     offset += KVM2_RECORD_BYTES(record->size)) {
		record = records + offset;
		r = check_header(record, size - offset);
		if (!r)
			r = get_record(&s, record);
		if (trace_kvm2_state_enabled())
			trace_record(&s, false, record, size - offset, r);
		if (r) {
			*failed = failed_offset(offset, size);
			break;
		}
	}
	state_fini(&s);
	return r ?: size;
}

/* ---- list ---- */

/**
 * struct kvm2_lister - records being written
 * @used: bytes of all records so far, also of those that have no room
 */
struct kvm2_lister {
	void *records;
	size_t size;
	size_t used;
	u32 flags;
};

int kvm2_state_list_register(struct kvm2_state *s, struct kvm2_lister *lister,
			     u16 set, u64 number)
{
	bool has_value = !(lister->flags & KVM2_STATE_HEADERS);
	struct kvm2_record *record = lister->records + lister->used;
	struct kvm2_register reg;
	int r;

	r = find_register(s, set, number, &reg);
	if (r)
		return r == -ENOENT ? 0 : r;
	if (lister->flags & KVM2_STATE_WRITABLE &&
	    reg.attributes & KVM2_ATTR_READ_ONLY)
		return 0;
	if (lister->flags & KVM2_STATE_STABLE &&
	    reg.attributes & KVM2_ATTR_VOLATILE)
		return 0;

	lister->used += has_value ? KVM2_RECORD_BYTES(reg.size) :
				    sizeof(*record);
	if (lister->used > lister->size)
		return 0;
	record->set = set;
	record->attributes = reg.attributes;
	record->size = reg.size;
	record->number = number;
	if (!has_value)
		return 0;
	r = read_register(s, set, number, &reg, record->value, reg.size);
	if (!r)
		trace_kvm2_state(s->v->vm->id, s->v->id, s->accessor->tid,
				 false, record, 0);
	return r;
}

static int list_set(struct kvm2_state *s, struct kvm2_lister *lister, u16 set)
{
	u64 number;
	int r;

	if (set_types[set].list)
		return set_types[set].list(s, lister);
	for (number = 0; number < NR_NUMBERS; number++) {
		if (!registers[set][number].size)
			continue;
		r = kvm2_state_list_register(s, lister, set, number);
		if (r)
			return r;
	}
	return 0;
}

int kvm2_state_list(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		    void *records, size_t size, u32 flags)
{
	u16 only = flags >> KVM2_STATE_SET_SHIFT;
	struct kvm2_lister lister = {
		.records = records,
		.size = size,
		.flags = flags,
	};
	struct kvm2_state s;
	u16 set;
	int r = 0;

	if (only >= KVM2_NR_SETS)
		return -EINVAL;
	only = array_index_nospec(only, KVM2_NR_SETS);

	state_init(&s, v, accessor);
	if (only) {
		r = list_set(&s, &lister, only);
	} else {
		for (set = 1; set < KVM2_NR_SETS && !r; set++) {
			if (set != KVM2_SET_HOST_CPUID)
				r = list_set(&s, &lister, set);
		}
	}
	state_fini(&s);
	return r ?: lister.used;
}

/* ---- set ---- */

/*
 * Note which record is to blame for a value of this register: the last that
 * named it, or one of the same set, whose value does not go with it.
 */
void kvm2_state_refuse(struct kvm2_state *s, u16 set, u64 number)
{
	struct kvm2_change *change = s->change;
	const struct kvm2_record *record;
	ssize_t relative = -1;
	size_t offset;

	change->refused = -1;
	for (offset = 0; offset < change->size;
	     offset += KVM2_RECORD_BYTES(record->size)) {
		record = change->records + offset;
		if (record->set != set)
			continue;
		relative = offset;
		if (record->number == number)
			change->refused = offset;
	}
	if (change->refused < 0)
		change->refused = relative;
}

int kvm2_state_write(struct kvm2_state *s, u16 set, u64 number,
		     const void *value, u32 size)
{
	const struct set_type *type = &set_types[set];
	struct kvm2_change *change = s->change;
	struct kvm2_register reg;
	void *now;
	int r;

	r = find_register(s, set, number, &reg);
	if (r)
		return r;
	if (size > reg.size)
		return -EINVAL;
	if (reg.attributes & KVM2_ATTR_READ_ONLY)
		return -EACCES;
	r = kvm2_state_fetch(s, reg.group);
	if (r)
		return r;
	if (number < 64)
		change->named[set] |= BIT_ULL(number);
	if (type->write)
		return type->write(s, number, value, size);

	now = (void *)&s->now + type->offset + type->stride * number;
	if (type->always || memcmp(now, value, size)) {
		memcpy(now, value, size);
		change->dirty |= BIT(reg.group);
	}
	return 0;
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
		r = check_header(record, change->size - offset);
		if (r) {
			change->refused = failed_offset(offset, change->size);
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

static int check_groups(struct kvm2_state *s)
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
		state_unload(s);
	else
		kvm2_state_load(s);
	return groups[group].commit(s, values);
}

static int commit_groups(struct kvm2_state *s)
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

static void undo(struct kvm2_state *s)
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

static int apply(struct kvm2_state *s)
{
	int r;

	r = kvm2_cpuid_set(s, s->change->records, s->change->size);
	if (r)
		return r;
	r = write_records(s);
	state_srcu_unlock(s);
	if (!r)
		r = check_groups(s);
	if (!r)
		r = commit_groups(s);
	if (r)
		undo(s);
	return r;
}

static void trace_set(struct kvm2_state *s, int err)
{
	const struct kvm2_change *change = s->change;
	const struct kvm2_record *record;
	size_t offset;

	if (err) {
		if (change->refused >= 0)
			trace_record(s, true, change->records + change->refused,
				     change->size - change->refused, err);
		return;
	}
	for (offset = 0; offset < change->size;
	     offset += KVM2_RECORD_BYTES(record->size)) {
		record = change->records + offset;
		trace_record(s, true, record, change->size - offset, 0);
	}
}

int kvm2_state_set(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		   void *records, size_t size, ssize_t *failed)
{
	struct kvm2_change *change;
	struct kvm2_state *s;
	size_t nr_msrs;
	int r;

	s = kmalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	change = kzalloc(sizeof(*change), GFP_KERNEL_ACCOUNT);
	if (!s || !change) {
		r = -ENOMEM;
		goto out_free;
	}
	state_init(s, v, accessor);
	s->change = change;
	change->records = records;
	change->size = size;
	change->refused = -1;

	r = check_headers(change, &nr_msrs);
	if (!r && nr_msrs) {
		change->msrs = kvmalloc_array(nr_msrs, sizeof(*change->msrs),
					      GFP_KERNEL_ACCOUNT);
		if (!change->msrs)
			r = -ENOMEM;
	}
	if (!r)
		r = apply(s);
	if (trace_kvm2_state_enabled())
		trace_set(s, r);
	*failed = change->refused;
	state_fini(s);
	kvfree(change->msrs);
	kvfree(change->old_fpu);
	kfree(change->old_lapic);
	kvfree(change->old_cpuid);
out_free:
	kfree(change);
	kfree(s);
	return r ?: size;
}
