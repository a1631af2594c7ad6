// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_get_state() on records in kernel memory: which registers there are,
 * where they are found, reading and listing them.
 */
#include "state.h"

#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <trace/events/kvm2.h>

#include "x86.h"

/* ---- the tables ---- */

/* Powers of two, so that a mask keeps an index in bounds. */
#define NR_NUMBERS	128
#define NR_ROW_SETS	32

/* The last number of a set is no register: run_rows() ends there. */
static_assert(KVM2_VECTOR_K7 < NR_NUMBERS - 1 && KVM2_NR_SETS <= NR_ROW_SETS);

#define GROUP_GPR(number)		BIT(KVM2_GROUP_REGS)
#define GROUP_CONTROL(number)						\
	((number) == KVM2_CONTROL_RIP ||				\
	 (number) == KVM2_CONTROL_RFLAGS ||				\
	 (number) == KVM2_CONTROL_PENDING_EXIT ? BIT(KVM2_GROUP_REGS) :	\
	 (number) == KVM2_CONTROL_XCR0 ? BIT(KVM2_GROUP_XCR0) :		\
	 (number) >= KVM2_CONTROL_PDPTR0 &&				\
	 (number) <= KVM2_CONTROL_PDPTR3 ? 0 : BIT(KVM2_GROUP_SREGS))
#define GROUP_SEGMENT(number)		BIT(KVM2_GROUP_SREGS)
#define GROUP_DESCRIPTOR(number)	BIT(KVM2_GROUP_SREGS)
#define GROUP_X87(number)		BIT(KVM2_GROUP_FPU)
#define GROUP_VECTOR(number)		0
#define GROUP_DEBUG(number)		BIT(KVM2_GROUP_DEBUGREGS)
#define GROUP_EVENTS(number)		BIT(KVM2_GROUP_EVENTS)
#define GROUP_MP(number)		BIT(KVM2_GROUP_MP)
#define GROUP_TSC(number)						\
	((number) == KVM2_TSC_OFFSET ? 0 : BIT(KVM2_GROUP_TSC))
#define GROUP_GUEST_DEBUG(number)	BIT(KVM2_GROUP_GUEST_DEBUG)

#define VALUE(member, number)						\
	(offsetof(struct kvm2_values, member) +				\
	 sizeof(((struct kvm2_values *)0)->member[0]) * (number))
#define VALUE_GPR(number)		VALUE(gpr, number)
#define VALUE_CONTROL(number)		VALUE(control, number)
#define VALUE_SEGMENT(number)		VALUE(segment, number)
#define VALUE_DESCRIPTOR(number)	VALUE(descriptor, number)
#define VALUE_X87(number)						\
	(offsetof(struct kvm2_values, x87) + KVM2_X87_OFFSET(number))
#define VALUE_VECTOR(number)		0
#define VALUE_DEBUG(number)		VALUE(debug, number)
#define VALUE_EVENTS(number)		VALUE(events, number)
#define VALUE_MP(number)		VALUE(mp, number)
#define VALUE_TSC(number)		VALUE(tsc, number)
#define VALUE_GUEST_DEBUG(number)	VALUE(guest_debug, number)

/**
 * struct row - a register of fixed number
 * @header:	the first word of its record
 * @size:	0: there is none of that number
 * @bytes:	of its record
 * @value:	offset in struct kvm2_values
 * @group:	bit of its group. 0: only set_type.find knows whether and
 *		where the vcpu has it
 */
struct row {
	u64 header;
	u16 size;
	u16 bytes;
	u16 value;
	u16 group;
};

static_assert(KVM2_NR_GROUPS <= 16);

static const struct row rows[NR_ROW_SETS][NR_NUMBERS] = {
#define X(set, number, size, attributes, name, text)			\
	[KVM2_SET_##set][number] = {					\
		KVM2_HEADER(KVM2_SET_##set, size, attributes),		\
		size, KVM2_RECORD_BYTES(size),				\
		VALUE_##set(number), GROUP_##set(number)		\
	},
	KVM2_REGISTERS(X)
#undef X
	[KVM2_SET_VECTOR][KVM2_VECTOR_ZMM0 ... KVM2_VECTOR_ZMM31] = {
		KVM2_HEADER(KVM2_SET_VECTOR, 64, 0),
		64, KVM2_RECORD_BYTES(64),
	},
};

static u16 row_attributes(const struct row *row)
{
	return row->header >> 16;
}

/* ---- records of rows[] ---- */

/* The bytes of a value that its last word has. */
static const u64 last_words[] = {
	[1] = GENMASK_ULL(7, 0), [2] = GENMASK_ULL(15, 0),
	[3] = GENMASK_ULL(23, 0), [4] = GENMASK_ULL(31, 0),
	[5] = GENMASK_ULL(39, 0), [6] = GENMASK_ULL(47, 0),
	[7] = GENMASK_ULL(55, 0), [8] = GENMASK_ULL(63, 0),
};

/* @size is not 0. Whole words, the last one padded with zeros. */
static __always_inline void copy_value(struct kvm2_record *record,
				       const void *value, u32 size)
{
	u64 *to = (u64 *)record->value;
	const u64 *from = value;

	while (unlikely(size > sizeof(u64))) {
		*to++ = get_unaligned(from++);
		size -= sizeof(u64);
		/* Most have two words: a loop for many would be slower. */
		OPTIMIZER_HIDE_VAR(size);
	}
	*to = get_unaligned(from) & last_words[size];
}

/*
 * The row of a record, NULL if there is none of its set, number and size, or
 * none of a group. The compiler would compute the address again for each of
 * its members.
 */
static __always_inline const struct row *
find_row(const struct kvm2_record *record)
{
	const struct row *row;

	if (record->set >= KVM2_NR_SETS || record->number >= NR_NUMBERS)
		return NULL;
	/* Speculation stays in the table, too. */
	row = &rows[record->set % NR_ROW_SETS][record->number % NR_NUMBERS];
	OPTIMIZER_HIDE_VAR(row);
	return row->group && row->size == record->size ? row : NULL;
}

/*
 * set_type.run: answer records, of any sets, as long as they are of rows[].
 * Who reads a vcpu again and again gives the records that an earlier call has
 * listed or answered: in the order of rows[] and with their attributes. So the
 * next row is tried first.
 */
static size_t run_rows(struct kvm2_state *s, void *records, size_t left)
{
	const void *end = records + left;
	const void *last = end - KVM2_RECORD_BYTES(1);
	struct kvm2_record *record = records;
	/* There is none, so that the first record is looked for. */
	const struct row *row = &rows[0][NR_NUMBERS - 1];
	u64 number = NR_NUMBERS - 1;
	u32 fetched = s->fetched;
	const void *value;

	for (; (void *)record <= last; row++, number++) {
		if (unlikely(kvm2_record_header(record) != row->header ||
			     record->number != number)) {
			row = find_row(record);
			if (!row)
				break;
			record->attributes = row_attributes(row);
			number = record->number;
		}
		if (unlikely(!(row->group & fetched))) {
			if (!row->group ||
			    kvm2_state_fetch(s, __ffs(row->group)))
				break;
			fetched = s->fetched;
		}
		value = (void *)&s->now + row->value;
		if (likely(row->size == sizeof(u64)))
			*(u64 *)record->value = *(u64 *)value;
		else if ((void *)record + row->bytes <= end)
			copy_value(record, value, row->size);
		else
			break;
		record = (void *)record + row->bytes;
	}
	return (void *)record - records;
}

/* ---- sets ---- */

/**
 * struct set_type - how the registers of a set are found and written
 * @nr:		numbers are below this, if there are rows
 * @has_rows:	the registers are those of rows[]
 * @always:	a write has an effect even if the value stays the same
 * @find:	fetch the group and complete @reg, which has the size and the
 *		attributes of rows[] if there are some. NULL: all is there.
 *		Return: 0, -ENOENT, or another negative errno.
 * @write:	NULL: overlay struct kvm2_values
 * @list:	call kvm2_state_list_register() or kvm2_state_list_value() for
 *		each register, ascending. NULL: those of rows[]
 * @run:	the fast way through many records, of which there are hundreds
 *		in a call that reads all of a vcpu: answer them as long as
 *		they are like the first, which is of this set. The one that
 *		is left takes the usual way. NULL: there is none.
 *		Return: bytes of the records answered.
 */
struct set_type {
	u16 nr;
	bool has_rows;
	bool always;
	int (*find)(struct kvm2_state *s, u64 number,
		    struct kvm2_register *reg);
	int (*write)(struct kvm2_state *s, u64 number, const void *value,
		     u32 size);
	int (*list)(struct kvm2_state *s, struct kvm2_lister *lister);
	size_t (*run)(struct kvm2_state *s, void *records, size_t left);
};

#define ROWS(last)	.nr = (last) + 1, .has_rows = true, .run = run_rows

static const struct set_type set_types[KVM2_NR_SETS] = {
	[KVM2_SET_GPR]		= { ROWS(KVM2_GPR_R15) },
	[KVM2_SET_CONTROL]	= { ROWS(KVM2_CONTROL_PENDING_EXIT),
				    .find = kvm2_control_find },
	[KVM2_SET_SEGMENT]	= { ROWS(KVM2_SEGMENT_TR) },
	[KVM2_SET_DESCRIPTOR]	= { ROWS(KVM2_DESCRIPTOR_IDTR) },
	[KVM2_SET_X87]		= { ROWS(KVM2_X87_FDP),
				    .write = kvm2_x87_write },
	[KVM2_SET_VECTOR]	= { .nr = KVM2_VECTOR_K7 + 1,
				    .has_rows = true,
				    .find = kvm2_vector_find,
				    .write = kvm2_vector_write,
				    .run = kvm2_vector_run },
	[KVM2_SET_XSTATE]	= { .find = kvm2_xstate_find,
				    .write = kvm2_xstate_write,
				    .list = kvm2_xstate_list },
	[KVM2_SET_DEBUG]	= { ROWS(KVM2_DEBUG_DR7) },
	[KVM2_SET_MSR]		= { .find = kvm2_msr_find,
				    .write = kvm2_msr_write,
				    .list = kvm2_msr_list,
				    .run = kvm2_msr_run },
	[KVM2_SET_CPUID]	= { .find = kvm2_cpuid_find,
				    .list = kvm2_cpuid_list },
	[KVM2_SET_HOST_CPUID]	= { .find = kvm2_host_cpuid_find,
				    .list = kvm2_host_cpuid_list },
	[KVM2_SET_LAPIC]	= { .find = kvm2_lapic_find,
				    .write = kvm2_lapic_write,
				    .list = kvm2_lapic_list,
				    .run = kvm2_lapic_run },
	[KVM2_SET_EVENTS]	= { ROWS(KVM2_EVENTS_EXTINT) },
	[KVM2_SET_MP]		= { ROWS(KVM2_MP_STATE) },
	[KVM2_SET_TSC]		= { ROWS(KVM2_TSC_KHZ),
				    .find = kvm2_tsc_find },
	/* Every write of debug_control starts a new step. */
	[KVM2_SET_GUEST_DEBUG]	= { ROWS(KVM2_GUEST_DEBUG_EVENT),
				    .always = true },
};

static_assert(offsetof(struct kvm2_values, debug_event) ==
	      offsetof(struct kvm2_values,
		       guest_debug[KVM2_GUEST_DEBUG_EVENT]));

/* ---- one call ---- */

void kvm2_state_begin(struct kvm2_state *s, struct kvm2_vcpu *v,
		      const struct kvm2_accessor *accessor)
{
	s->v = v;
	s->vcpu = v->vcpu;
	s->accessor = accessor;
	s->change = NULL;
	s->fetched = 0;
	s->srcu_idx = -1;
	s->loaded = false;
	s->fpu_image = NULL;
	s->lapic_copy = NULL;
	s->host_cpuid = NULL;
}

void kvm2_state_load(struct kvm2_state *s)
{
	if (!s->loaded)
		vcpu_load(s->vcpu);
	s->loaded = true;
}

void kvm2_state_unload(struct kvm2_state *s)
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

void kvm2_state_srcu_unlock(struct kvm2_state *s)
{
	if (s->srcu_idx >= 0)
		srcu_read_unlock(&s->vcpu->kvm->srcu, s->srcu_idx);
	s->srcu_idx = -1;
}

void kvm2_state_end(struct kvm2_state *s)
{
	kvm2_state_srcu_unlock(s);
	kvm2_state_unload(s);
	if (s->fpu_image)
		kvfree(s->fpu_image);
	if (s->lapic_copy)
		kfree(s->lapic_copy);
	if (s->host_cpuid)
		kvfree(s->host_cpuid);
}

/* Is @number a register that the vcpu has? Then fetch it. */
static __always_inline int locate(struct kvm2_state *s, u16 set, u64 number,
				  struct kvm2_register *reg)
{
	const struct set_type *type = &set_types[set];
	const struct row *row;
	int r;

	if (!type->has_rows)
		return type->find(s, number, reg);
	if (number >= type->nr)
		return -ENOENT;
	row = &rows[set][array_index_nospec(number, type->nr)];
	if (!row->size)
		return -ENOENT;
	reg->size = row->size;
	reg->attributes = row_attributes(row);
	if (!row->group)
		return type->find(s, number, reg);
	reg->group = __ffs(row->group);
	if (unlikely(!(s->fetched & row->group))) {
		r = kvm2_state_fetch(s, reg->group);
		if (r)
			return r;
	}
	reg->value = (void *)&s->now + row->value;
	return 0;
}

void kvm2_state_trace(struct kvm2_state *s, bool is_set,
		      const struct kvm2_record *record, size_t left, int err)
{
	if (left >= sizeof(*record) &&
	    left >= KVM2_RECORD_BYTES(min_t(u32, record->size, 8)))
		trace_kvm2_state(s->v->vm->id, s->v->id, s->accessor->tid,
				 is_set, record, err);
}

/* ---- get ---- */

static __always_inline int get_record(struct kvm2_state *s,
				      struct kvm2_record *record, size_t left)
{
	struct kvm2_register reg;
	int r;

	r = kvm2_record_check(record, left);
	if (unlikely(r))
		return r;
	r = locate(s, array_index_nospec(record->set, KVM2_NR_SETS),
		   record->number, &reg);
	if (unlikely(r))
		return r;
	if (unlikely(!record->size || record->size > reg.size))
		return -EINVAL;
	record->attributes = reg.attributes;
	copy_value(record, reg.value, record->size);
	return 0;
}

/*
 * Answer those of the records that there is a fast way for. Return: their
 * bytes, 0 if the first one has to be asked for by itself.
 */
static __always_inline size_t get_run(struct kvm2_state *s, void *records,
				      size_t left)
{
	const struct kvm2_record *record = records;
	const struct set_type *type;

	if (left < sizeof(*record) || record->set >= KVM2_NR_SETS)
		return 0;
	type = &set_types[array_index_nospec(record->set, KVM2_NR_SETS)];
	return type->run ? type->run(s, records, left) : 0;
}

int kvm2_state_get(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		   void *records, size_t size, ssize_t *failed)
{
	struct kvm2_record *record;
	struct kvm2_state s;
	bool is_traced = trace_kvm2_state_enabled();
	size_t offset, run;
	int r = 0;

	kvm2_state_begin(&s, v, accessor);
	for (offset = 0; offset < size;) {
		record = records + offset;
		/* A run would not be seen. */
		run = is_traced ? 0 : get_run(&s, record, size - offset);
		if (run) {
			offset += run;
			continue;
		}
		r = get_record(&s, record, size - offset);
		if (is_traced)
			kvm2_state_trace(&s, false, record, size - offset, r);
		if (unlikely(r)) {
			*failed = kvm2_record_failed(offset, size);
			break;
		}
		offset += KVM2_RECORD_BYTES(record->size);
	}
	kvm2_state_end(&s);
	return r ?: size;
}

/* ---- list ---- */

/**
 * struct kvm2_lister - records being written
 * @used:     bytes of all records so far, also of those that have no room
 * @unwanted: no record with one of these attributes, as in a header
 */
struct kvm2_lister {
	void *records;
	size_t size;
	size_t used;
	u64 unwanted;
	bool has_values;
	u16 set;
};

static void begin_list(struct kvm2_lister *lister, void *records, size_t size,
		       u32 flags)
{
	u16 unwanted = 0;

	if (flags & KVM2_STATE_WRITABLE)
		unwanted |= KVM2_ATTR_READ_ONLY;
	if (flags & KVM2_STATE_STABLE)
		unwanted |= KVM2_ATTR_VOLATILE;
	*lister = (struct kvm2_lister) {
		.records = records,
		.size = size,
		.unwanted = KVM2_HEADER(0, 0, unwanted),
		.has_values = !(flags & KVM2_STATE_HEADERS),
		.set = flags >> KVM2_STATE_SET_SHIFT,
	};
}

static __always_inline void list_value(struct kvm2_state *s,
				       struct kvm2_lister *lister, u64 header,
				       u64 number, const void *value)
{
	struct kvm2_record *record = lister->records + lister->used;
	u32 size = header >> 32;

	if (header & lister->unwanted)
		return;
	lister->used += lister->has_values ? KVM2_RECORD_BYTES(size) :
					     sizeof(*record);
	if (unlikely(lister->used > lister->size))
		return;
	*(u64 *)record = header;
	record->number = number;
	if (!lister->has_values)
		return;
	copy_value(record, value, size);
	trace_kvm2_state(s->v->vm->id, s->v->id, s->accessor->tid, false,
			 record, 0);
}

void kvm2_state_list_value(struct kvm2_state *s, struct kvm2_lister *lister,
			   u64 header, u64 number, const void *value)
{
	list_value(s, lister, header, number, value);
}

int kvm2_state_list_register(struct kvm2_state *s, struct kvm2_lister *lister,
			     u16 set, u64 number)
{
	struct kvm2_register reg;
	int r;

	r = locate(s, set, number, &reg);
	if (!r)
		list_value(s, lister,
			   KVM2_HEADER(set, reg.size, reg.attributes), number,
			   reg.value);
	return r == -ENOENT ? 0 : r;
}

static int list_rows(struct kvm2_state *s, struct kvm2_lister *lister, u16 set)
{
	const struct row *row = rows[set];
	unsigned int number;
	int r = 0;

	for (number = 0; number < set_types[set].nr && !r; number++, row++) {
		if (!row->group) {
			if (row->size)
				r = kvm2_state_list_register(s, lister, set,
							     number);
			continue;
		}
		if (unlikely(!(s->fetched & row->group)))
			r = kvm2_state_fetch(s, __ffs(row->group));
		if (!r)
			list_value(s, lister, row->header, number,
				   (void *)&s->now + row->value);
	}
	return r;
}

static int list_set(struct kvm2_state *s, struct kvm2_lister *lister, u16 set)
{
	const struct set_type *type = &set_types[set];

	return type->has_rows ? list_rows(s, lister, set) :
				type->list(s, lister);
}

static int list_sets(struct kvm2_state *s, struct kvm2_lister *lister)
{
	u16 set = lister->set;
	int r = 0;

	if (set >= KVM2_NR_SETS)
		return -EINVAL;
	if (set)
		return list_set(s, lister, array_index_nospec(set,
							      KVM2_NR_SETS));
	for (set = 1; set < KVM2_NR_SETS && !r; set++) {
		if (set != KVM2_SET_HOST_CPUID)
			r = list_set(s, lister, set);
	}
	return r;
}

int kvm2_state_list(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		    void *records, size_t size, u32 flags)
{
	struct kvm2_lister lister;
	struct kvm2_state *s;
	int r;

	s = kmalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	begin_list(&lister, records, size, flags);
	kvm2_state_begin(s, v, accessor);
	r = list_sets(s, &lister);
	kvm2_state_end(s);
	kfree(s);
	return r ?: lister.used;
}

/* ---- write ---- */

int kvm2_state_write(struct kvm2_state *s, u16 set, u64 number,
		     const void *value, u32 size)
{
	const struct set_type *type = &set_types[set];
	struct kvm2_change *change = s->change;
	struct kvm2_register reg;
	int r;

	r = locate(s, set, number, &reg);
	if (r)
		return r;
	if (size > reg.size)
		return -EINVAL;
	if (reg.attributes & KVM2_ATTR_READ_ONLY)
		return -EACCES;
	if (number < 64)
		change->named[set] |= BIT_ULL(number);
	if (type->write)
		return type->write(s, number, value, size);

	if (type->always || memcmp(reg.value, value, size)) {
		memcpy((void *)reg.value, value, size);
		change->dirty |= BIT(reg.group);
	}
	return 0;
}
