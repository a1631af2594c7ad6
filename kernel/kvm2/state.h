/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The register state of a vcpu as tag/value records: what state.c (records,
 * listing, the set transaction) and state_*.c (the registers) share.
 *
 * Registers that KVM reads and writes together form a group. A group is
 * fetched once, when a call names the first of its registers, into struct
 * kvm2_values, where each register has the form that the ABI gives it.
 * Reading a record copies from there; writing overlays the new bytes, and
 * the groups that changed are committed at the end, each once.
 */
#ifndef _KVM2_STATE_H
#define _KVM2_STATE_H

#include "kvm2.h"

#define KVM2_NR_SETS		(KVM2_SET_GUEST_DEBUG + 1)

/* In the order of their commit, see state_group.c. */
enum kvm2_group {
	KVM2_GROUP_NONE,	/* the set reads and writes on its own */
	KVM2_GROUP_XCR0,
	KVM2_GROUP_TSC,
	KVM2_GROUP_MSR,
	KVM2_GROUP_SREGS,
	KVM2_GROUP_REGS,
	KVM2_GROUP_FPU,
	KVM2_GROUP_DEBUGREGS,
	KVM2_GROUP_LAPIC,
	KVM2_GROUP_DEADLINE,	/* MSR_IA32_TSC_DEADLINE */
	KVM2_GROUP_EVENTS,
	KVM2_GROUP_MP,
	KVM2_GROUP_GUEST_DEBUG,
	KVM2_NR_GROUPS
};

union kvm2_event_value {
	struct kvm2_event_exception exception;
	struct kvm2_event_interrupt interrupt;
	struct kvm2_event_nmi nmi;
	struct kvm2_event_smi smi;
	u32 word;
};

/* Where a register of X87 is in struct fxregs_state. */
#define KVM2_X87_OFFSET(number)						\
	((number) <= KVM2_X87_ST7 ?					\
	 offsetof(struct fxregs_state, st_space) + 16 * (number) :	\
	 (number) == KVM2_X87_FCW ? offsetof(struct fxregs_state, cwd) :	\
	 (number) == KVM2_X87_FSW ? offsetof(struct fxregs_state, swd) :	\
	 (number) == KVM2_X87_FTW ? offsetof(struct fxregs_state, twd) :	\
	 (number) == KVM2_X87_FOP ? offsetof(struct fxregs_state, fop) :	\
	 (number) == KVM2_X87_FIP ? offsetof(struct fxregs_state, rip) :	\
	 offsetof(struct fxregs_state, rdp))

/*
 * Registers by their numbers, as the ABI shows them. @x87: the begin of
 * struct fxregs_state; only read.
 */
struct kvm2_values {
	u64 gpr[KVM2_GPR_R15 + 1];
	u64 control[KVM2_CONTROL_PENDING_EXIT + 1];
	struct kvm2_segment segment[KVM2_SEGMENT_TR + 1];
	struct kvm2_descriptor_table descriptor[KVM2_DESCRIPTOR_IDTR + 1];
	u64 x87[20];
	u64 debug[KVM2_DEBUG_DR7 + 1];
	union kvm2_event_value events[KVM2_EVENTS_EXTINT + 1];
	u64 mp[KVM2_MP_STATE + 1];
	u64 tsc[KVM2_TSC_KHZ + 1];
	/* the last one, EVENT, is longer */
	u64 guest_debug[KVM2_GUEST_DEBUG_EVENT];
	struct kvm2_debug_event debug_event;
};

/**
 * struct kvm2_register - a register that the vcpu has
 * @value: where it is, readable for @size bytes rounded up to 8: in
 *	   struct kvm2_values, in KVM's own structures, or in
 *	   kvm2_state.scratch, and then until the next one is found. During
 *	   a set only the first is certain.
 */
struct kvm2_register {
	const void *value;
	u32 size;
	u16 attributes;
	u16 group;
};

/* One MSR of a kvm_set_state(). @offset: of its record. */
struct kvm2_msr_write {
	u32 index;
	u32 offset;
	u64 old;
	u64 now;
	bool written;
};

/**
 * struct kvm2_change - what a kvm_set_state() is about to change
 * @old:	values at the time of the fetch, to go back to
 * @named:	bitmap of the numbers (0-63) named, for each set
 * @dirty:	bitmap of the groups that are not what they were
 * @committed:	bitmap of the groups that KVM has taken
 * @records:	the caller's records, @size bytes
 * @offset:	of the record that is being written
 * @refused:	offset of the record refused, or -1
 * @old_fpu:	the FPU image before the first change
 * @old_lapic:	the registers before the commit
 * @msrs:	room for as many as there are MSR records
 * @old_cpuid:	the leaves before the commit, if there was one
 */
struct kvm2_change {
	struct kvm2_values old;
	u64 named[KVM2_NR_SETS];
	u32 dirty;
	u32 committed;
	const void *records;
	size_t size;
	size_t offset;
	ssize_t refused;
	u8 *old_fpu;
	struct kvm_lapic_state *old_lapic;
	struct kvm2_msr_write *msrs;
	unsigned int nr_msrs;
	struct kvm_cpuid_entry2 *old_cpuid;
	int nr_old_cpuid;
	bool has_old_cpuid;
};

/* Components not in use have their initial state. */
struct kvm2_fpu {
	const u8 *xmm;
	const u8 *ymm;
	const u8 *zmm;
	const u8 *hi16;
	const u8 *opmask;
	u64 mxcsr;
	u32 width;		/* of zmm0-15: 16, 32 or 64 */
};

/**
 * struct kvm2_state - one call
 * @change:	NULL when it only reads
 * @fetched:	bitmap of the groups in @now
 * @srcu_idx:	-1 when kvm->srcu is not held
 * @loaded:	between vcpu_load() and vcpu_put()
 * @scratch:	see kvm2_register.value
 * @fpu:	where the components of the FPU state are, to be read
 * @fpu_image:	of a set: all of it in the standard XSAVE format
 * @lapic:	the local APIC's registers
 * @lapic_copy:	a copy of them, if one had to be made
 * @host_cpuid:	the leaves that the host can give a guest
 * @now:	only the fetched groups are valid
 */
struct kvm2_state {
	struct kvm2_vcpu *v;
	struct kvm_vcpu *vcpu;
	const struct kvm2_accessor *accessor;
	struct kvm2_change *change;
	u32 fetched;
	int srcu_idx;
	bool loaded;
	u64 scratch[8];
	struct kvm2_fpu fpu;
	u8 *fpu_image;
	u32 fpu_image_size;
	struct kvm_lapic_state *lapic;
	struct kvm_lapic_state *lapic_copy;
	struct kvm_cpuid_entry2 *host_cpuid;
	int nr_host_cpuid;
	struct kvm2_values now;
};

struct kvm2_lister;

/* state.c: one call, and single registers */
void kvm2_state_begin(struct kvm2_state *s, struct kvm2_vcpu *v,
		      const struct kvm2_accessor *accessor);
void kvm2_state_end(struct kvm2_state *s);
void kvm2_state_load(struct kvm2_state *s);
void kvm2_state_unload(struct kvm2_state *s);
void kvm2_state_srcu_lock(struct kvm2_state *s);
void kvm2_state_srcu_unlock(struct kvm2_state *s);
int kvm2_state_write(struct kvm2_state *s, u16 set, u64 number,
		     const void *value, u32 size);
int kvm2_state_list_register(struct kvm2_state *s, struct kvm2_lister *lister,
			     u16 set, u64 number);
/* @header: of its record. @value: as kvm2_register.value */
void kvm2_state_list_value(struct kvm2_state *s, struct kvm2_lister *lister,
			   u64 header, u64 number, const void *value);

void kvm2_state_trace(struct kvm2_state *s, bool is_set,
		      const struct kvm2_record *record, size_t left, int err);

/* state_group.c: groups of registers */
int kvm2_state_fetch(struct kvm2_state *s, enum kvm2_group group);
int kvm2_groups_check(struct kvm2_state *s);
int kvm2_groups_commit(struct kvm2_state *s);
void kvm2_groups_undo(struct kvm2_state *s);

/* state_set.c: kvm_set_state() */
void kvm2_state_refuse(struct kvm2_state *s, u16 set, u64 number);

/*
 * Is there a whole record at @record, of a known set?
 * @left: bytes from there to the end of the buffer
 */
static __always_inline int
kvm2_record_check(const struct kvm2_record *record, size_t left)
{
	if (unlikely(left < sizeof(*record)))
		return -EINVAL;
	if (unlikely(!record->set || record->set >= KVM2_NR_SETS))
		return -EINVAL;
	if (unlikely(record->size > KVM2_VALUE_MAX))
		return -EINVAL;
	if (unlikely(!record->size && record->set != KVM2_SET_CPUID))
		return -EINVAL;
	if (unlikely(KVM2_RECORD_BYTES(record->size) > left))
		return -EINVAL;
	return 0;
}

/* The offset of a record that was refused; -1 if it is not all there. */
static inline ssize_t kvm2_record_failed(size_t offset, size_t size)
{
	return size - offset < sizeof(struct kvm2_record) ? -1 : offset;
}

/* The first word of a record, as kvm2_record_header() reads it. */
#define KVM2_HEADER(set, size, attributes)				\
	((set) | (u64)(attributes) << 16 | (u64)(size) << 32)
#define KVM2_HEADER_ATTRIBUTES	KVM2_HEADER(0, 0, U16_MAX)

static __always_inline u64 kvm2_record_header(const struct kvm2_record *record)
{
	return *(u64 *)record;
}

/*
 * set_type.run for a set whose registers all have @size bytes: answer those
 * from @records on as long as each is one of @set with @size bytes and @get
 * answers it.
 */
static __always_inline size_t
kvm2_state_run(struct kvm2_state *s, void *records, size_t left, u16 set,
	       u32 size, bool (*get)(struct kvm2_state *s,
				     struct kvm2_record *record))
{
	const u64 header = KVM2_HEADER(set, size, 0);
	const u32 bytes = KVM2_RECORD_BYTES(size);
	const void *end = records + left - left % bytes;
	struct kvm2_record *record = records;

	while ((void *)record != end) {
		/* Attributes mean nothing in a call. */
		if ((kvm2_record_header(record) & ~KVM2_HEADER_ATTRIBUTES) !=
		    header || !get(s, record))
			break;
		record = (void *)record + bytes;
	}
	return (void *)record - records;
}

static inline bool kvm2_state_is_named(const struct kvm2_state *s, u16 set,
				       unsigned int number)
{
	return s->change->named[set] & BIT_ULL(number);
}

/*
 * Of a group:
 * fetch   fill in @values
 * check   refuse values that KVM would refuse
 * commit  give @values (&s->now, or &s->change->old to undo) to KVM.
 *         An error leaves the group as it was.
 */

/* state_cpu.c: GPR, CONTROL, SEGMENT, DESCRIPTOR, DEBUG */
int kvm2_regs_fetch(struct kvm2_state *s, struct kvm2_values *values);
int kvm2_regs_check(struct kvm2_state *s);
int kvm2_regs_commit(struct kvm2_state *s, const struct kvm2_values *values);
void kvm2_regs_finish(struct kvm2_state *s);
int kvm2_sregs_fetch(struct kvm2_state *s, struct kvm2_values *values);
int kvm2_sregs_check(struct kvm2_state *s);
int kvm2_pdptrs_check(struct kvm2_state *s);
int kvm2_sregs_commit(struct kvm2_state *s, const struct kvm2_values *values);
int kvm2_xcr0_fetch(struct kvm2_state *s, struct kvm2_values *values);
int kvm2_xcr0_check(struct kvm2_state *s);
int kvm2_xcr0_commit(struct kvm2_state *s, const struct kvm2_values *values);
int kvm2_debugregs_fetch(struct kvm2_state *s, struct kvm2_values *values);
int kvm2_debugregs_check(struct kvm2_state *s);
int kvm2_debugregs_commit(struct kvm2_state *s,
			  const struct kvm2_values *values);
int kvm2_control_find(struct kvm2_state *s, u64 number,
		      struct kvm2_register *reg);

/* state_fpu.c: X87, VECTOR, XSTATE */
int kvm2_fpu_fetch(struct kvm2_state *s, struct kvm2_values *values);
int kvm2_fpu_check(struct kvm2_state *s);
int kvm2_fpu_commit(struct kvm2_state *s, const struct kvm2_values *values);
int kvm2_x87_write(struct kvm2_state *s, u64 number, const void *value,
		   u32 size);
int kvm2_vector_find(struct kvm2_state *s, u64 number,
		     struct kvm2_register *reg);
int kvm2_vector_write(struct kvm2_state *s, u64 number, const void *value,
		      u32 size);
size_t kvm2_vector_run(struct kvm2_state *s, void *records, size_t left);
int kvm2_xstate_find(struct kvm2_state *s, u64 number,
		     struct kvm2_register *reg);
int kvm2_xstate_write(struct kvm2_state *s, u64 number, const void *value,
		      u32 size);
int kvm2_xstate_list(struct kvm2_state *s, struct kvm2_lister *lister);

/* state_msr.c: MSR */
int kvm2_msr_find(struct kvm2_state *s, u64 number, struct kvm2_register *reg);
int kvm2_msr_write(struct kvm2_state *s, u64 number, const void *value,
		   u32 size);
int kvm2_msr_list(struct kvm2_state *s, struct kvm2_lister *lister);
size_t kvm2_msr_run(struct kvm2_state *s, void *records, size_t left);
int kvm2_msr_commit(struct kvm2_state *s, const struct kvm2_values *values);
int kvm2_deadline_commit(struct kvm2_state *s,
			 const struct kvm2_values *values);

/* state_cpuid.c: CPUID, HOST_CPUID */
int kvm2_cpuid_find(struct kvm2_state *s, u64 number,
		    struct kvm2_register *reg);
int kvm2_cpuid_list(struct kvm2_state *s, struct kvm2_lister *lister);
int kvm2_cpuid_set(struct kvm2_state *s, const void *records, size_t size);
void kvm2_cpuid_undo(struct kvm2_state *s);
int kvm2_host_cpuid_find(struct kvm2_state *s, u64 number,
			 struct kvm2_register *reg);
int kvm2_host_cpuid_list(struct kvm2_state *s, struct kvm2_lister *lister);

/* state_events.c: EVENTS, MP */
int kvm2_events_fetch(struct kvm2_state *s, struct kvm2_values *values);
int kvm2_events_check(struct kvm2_state *s);
int kvm2_events_commit(struct kvm2_state *s, const struct kvm2_values *values);
int kvm2_mp_fetch(struct kvm2_state *s, struct kvm2_values *values);
int kvm2_mp_check(struct kvm2_state *s);
int kvm2_mp_commit(struct kvm2_state *s, const struct kvm2_values *values);

/* state_tsc.c: TSC */
int kvm2_tsc_fetch(struct kvm2_state *s, struct kvm2_values *values);
int kvm2_tsc_check(struct kvm2_state *s);
int kvm2_tsc_commit(struct kvm2_state *s, const struct kvm2_values *values);
int kvm2_tsc_find(struct kvm2_state *s, u64 number, struct kvm2_register *reg);

/* state_lapic.c: LAPIC */
int kvm2_lapic_fetch(struct kvm2_state *s, struct kvm2_values *values);
int kvm2_lapic_check(struct kvm2_state *s);
int kvm2_lapic_commit(struct kvm2_state *s, const struct kvm2_values *values);
int kvm2_lapic_find(struct kvm2_state *s, u64 number,
		    struct kvm2_register *reg);
int kvm2_lapic_write(struct kvm2_state *s, u64 number, const void *value,
		     u32 size);
int kvm2_lapic_list(struct kvm2_state *s, struct kvm2_lister *lister);
size_t kvm2_lapic_run(struct kvm2_state *s, void *records, size_t left);

/* state_debug.c: GUEST_DEBUG */
int kvm2_guest_debug_fetch(struct kvm2_state *s, struct kvm2_values *values);
int kvm2_guest_debug_check(struct kvm2_state *s);
int kvm2_guest_debug_commit(struct kvm2_state *s,
			    const struct kvm2_values *values);

#endif /* _KVM2_STATE_H */
