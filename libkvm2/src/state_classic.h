/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * Tag/value records on the classic ioctls: what state_classic.c (records,
 * listing, the set transaction) and state_classic_*.c (registers) share.
 *
 * Registers that one ioctl reads and writes together form a group. A group is
 * fetched once, when a call names the first of its registers, into struct
 * classic_values, where each register has the form of the kvm2 ABI. A get
 * copies from there; a set overlays the new bytes, and the groups that have
 * changed are committed at the end, each once.
 */
#ifndef KVM2_STATE_CLASSIC_H
#define KVM2_STATE_CLASSIC_H

#include "classic.h"

#define NR_SETS		(KVM2_SET_GUEST_DEBUG + 1)

/* In the order of their commit, see groups[] in state_classic.c. */
enum classic_group {
	GROUP_NONE,	/* the set reads and writes on its own */
	GROUP_CPUID,
	GROUP_XCR0,
	GROUP_TSC,
	GROUP_MSR,
	GROUP_SREGS,
	GROUP_REGS,
	GROUP_FPU,
	GROUP_DEBUGREGS,
	GROUP_LAPIC,
	GROUP_DEADLINE,	/* the MSR of that name: needs the LAPIC's timer mode */
	GROUP_EVENTS,
	GROUP_MP,
	GROUP_GUEST_DEBUG,
	NR_GROUPS
};

union event_value {
	struct kvm2_event_exception exception;
	struct kvm2_event_interrupt interrupt;
	struct kvm2_event_nmi nmi;
	struct kvm2_event_smi smi;
	uint32_t word;
};

/* Registers by their numbers, as the kvm2 ABI shows them. */
struct classic_values {
	uint64_t gpr[KVM2_GPR_R15 + 1];
	uint64_t control[KVM2_CONTROL_PENDING_EXIT + 1];
	struct kvm2_segment segment[KVM2_SEGMENT_TR + 1];
	struct kvm2_descriptor_table descriptor[KVM2_DESCRIPTOR_IDTR + 1];
	uint64_t debug[KVM2_DEBUG_DR7 + 1];
	union event_value events[KVM2_EVENTS_EXTINT + 1];
	uint64_t mp[KVM2_MP_STATE + 1];
	uint64_t tsc[KVM2_TSC_KHZ + 1];
	/* the last one, EVENT, is longer */
	uint64_t guest_debug[KVM2_GUEST_DEBUG_EVENT];
	struct kvm2_debug_event debug_event;
	struct kvm_lapic_state lapic;
	struct kvm_xsave *xsave;	/* machine->xsave_bytes of it; owned */
	struct kvm_cpuid2 *cpuid;	/* owned */
};

/* @size 0: there is no such register. */
struct classic_register {
	uint32_t size;
	uint16_t attributes;
	uint16_t group;
};

/* @has_value: it could be read. @offset: of the last record that writes it. */
struct classic_msr {
	uint32_t index;
	bool has_value;
	bool is_written;
	uint64_t old;
	uint64_t now;
	size_t offset;
};

/**
 * struct classic_state - one call
 * @is_set:	it writes
 * @fetched:	bitmap of the groups in @now, and for a set in @old
 * @dirty:	bitmap of the groups that are not what they were
 * @named:	bitmap of the numbers (0-63) named, for each set
 * @host_cpuid:	what the host can give a guest, NULL: not yet read
 * @msrs:	all MSRs that the call needs
 * @msrs_are_read: @msrs is sorted and has values
 * @records, @size: the caller's
 * @offset:	of the record that is being written
 * @refused:	offset of the record that made the call fail, or -1
 */
struct classic_state {
	struct vcpu_classic *vcpu;
	bool is_set;
	uint32_t fetched;
	uint32_t dirty;
	uint64_t named[NR_SETS];
	struct classic_values now;
	struct classic_values old;
	struct kvm_cpuid2 *host_cpuid;
	struct classic_msr *msrs;
	size_t nr_msrs;
	bool msrs_are_read;
	char *records;
	size_t size;
	size_t offset;
	ssize_t refused;
};

struct classic_lister;

/* state_classic.c: for the use of state_classic_*.c; 0 or -errno */
int kvm2_classic_fetch(struct classic_state *s, enum classic_group group);
int kvm2_classic_list_register(struct classic_state *s, struct classic_lister *lister,
			       uint16_t set, uint64_t number);
int kvm2_classic_write(struct classic_state *s, uint16_t set, uint64_t number,
		       const void *value, uint32_t size);
/*
 * Note which record is to blame for a value of this register: the last that
 * named it, or one of the same set, whose value does not go with it.
 */
void kvm2_classic_refuse(struct classic_state *s, uint16_t set, uint64_t number);

static inline bool classic_is_named(const struct classic_state *s, uint16_t set,
				    unsigned int number)
{
	return s->named[set] & 1ULL << number;
}

/*
 * Of a group. fetch fills in @values. check refuses values that KVM would
 * refuse, as far as that is known. commit gives @values (&s->now, or &s->old
 * to undo) to KVM.
 */

/* state_classic_regs.c: GPR, CONTROL, SEGMENT, DESCRIPTOR, DEBUG */
int kvm2_classic_regs_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_regs_check(struct classic_state *s);
int kvm2_classic_regs_commit(struct classic_state *s, const struct classic_values *values);
int kvm2_classic_sregs_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_sregs_check(struct classic_state *s);
int kvm2_classic_pdptrs_check(struct classic_state *s);
int kvm2_classic_sregs_commit(struct classic_state *s, const struct classic_values *values);
int kvm2_classic_xcr0_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_xcr0_commit(struct classic_state *s, const struct classic_values *values);
int kvm2_classic_debugregs_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_debugregs_check(struct classic_state *s);
int kvm2_classic_debugregs_commit(struct classic_state *s, const struct classic_values *values);
int kvm2_classic_control_find(struct classic_state *s, uint64_t number,
			      struct classic_register *reg);

/* state_classic_fpu.c: X87, VECTOR, XSTATE */
int kvm2_classic_fpu_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_fpu_commit(struct classic_state *s, const struct classic_values *values);
int kvm2_classic_x87_read(struct classic_state *s, uint64_t number, void *value, uint32_t size);
int kvm2_classic_x87_write(struct classic_state *s, uint64_t number, const void *value,
			   uint32_t size);
int kvm2_classic_vector_find(struct classic_state *s, uint64_t number,
			     struct classic_register *reg);
int kvm2_classic_vector_read(struct classic_state *s, uint64_t number, void *value,
			     uint32_t size);
int kvm2_classic_vector_write(struct classic_state *s, uint64_t number, const void *value,
			      uint32_t size);
int kvm2_classic_xstate_find(struct classic_state *s, uint64_t number,
			     struct classic_register *reg);
int kvm2_classic_xstate_read(struct classic_state *s, uint64_t number, void *value,
			     uint32_t size);
int kvm2_classic_xstate_write(struct classic_state *s, uint64_t number, const void *value,
			      uint32_t size);
int kvm2_classic_xstate_list(struct classic_state *s, struct classic_lister *lister);

/* state_classic_msr.c: MSR */
int kvm2_classic_msr_add(struct classic_state *s, uint64_t number);
int kvm2_classic_msr_add_all(struct classic_state *s);
int kvm2_classic_msr_find(struct classic_state *s, uint64_t number,
			  struct classic_register *reg);
int kvm2_classic_msr_read(struct classic_state *s, uint64_t number, void *value, uint32_t size);
int kvm2_classic_msr_write(struct classic_state *s, uint64_t number, const void *value,
			   uint32_t size);
int kvm2_classic_msr_list(struct classic_state *s, struct classic_lister *lister);
int kvm2_classic_msr_commit(struct classic_state *s, const struct classic_values *values);
int kvm2_classic_deadline_commit(struct classic_state *s, const struct classic_values *values);
/* One MSR, past all of the above. */
int kvm2_classic_msr_get_one(const struct vcpu_classic *vcpu, uint32_t index, uint64_t *value);
int kvm2_classic_msr_set_one(const struct vcpu_classic *vcpu, uint32_t index, uint64_t value);

/* state_classic_cpuid.c: CPUID, HOST_CPUID */
int kvm2_classic_cpuid_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_cpuid_commit(struct classic_state *s, const struct classic_values *values);
int kvm2_classic_cpuid_find(struct classic_state *s, uint64_t number,
			    struct classic_register *reg);
int kvm2_classic_cpuid_read(struct classic_state *s, uint64_t number, void *value,
			    uint32_t size);
int kvm2_classic_cpuid_write(struct classic_state *s, uint64_t number, const void *value,
			     uint32_t size);
int kvm2_classic_cpuid_list(struct classic_state *s, struct classic_lister *lister);
int kvm2_classic_host_cpuid_find(struct classic_state *s, uint64_t number,
				 struct classic_register *reg);
int kvm2_classic_host_cpuid_read(struct classic_state *s, uint64_t number, void *value,
				 uint32_t size);
int kvm2_classic_host_cpuid_list(struct classic_state *s, struct classic_lister *lister);
/* Registers of a leaf of the host's, all 0 where there is none. 0 or -errno. */
int kvm2_classic_host_cpuid_leaf(struct classic_state *s, uint32_t function, uint32_t index,
				 struct kvm2_cpuid *leaf);

/* state_classic_events.c: EVENTS, MP */
int kvm2_classic_events_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_events_check(struct classic_state *s);
int kvm2_classic_events_commit(struct classic_state *s, const struct classic_values *values);
int kvm2_classic_mp_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_mp_check(struct classic_state *s);
int kvm2_classic_mp_commit(struct classic_state *s, const struct classic_values *values);

/* state_classic_apic.c: TSC, LAPIC */
int kvm2_classic_tsc_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_tsc_commit(struct classic_state *s, const struct classic_values *values);
int kvm2_classic_lapic_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_lapic_check(struct classic_state *s);
int kvm2_classic_lapic_commit(struct classic_state *s, const struct classic_values *values);
int kvm2_classic_lapic_find(struct classic_state *s, uint64_t number,
			    struct classic_register *reg);
int kvm2_classic_lapic_read(struct classic_state *s, uint64_t number, void *value,
			    uint32_t size);
int kvm2_classic_lapic_write(struct classic_state *s, uint64_t number, const void *value,
			     uint32_t size);
int kvm2_classic_lapic_list(struct classic_state *s, struct classic_lister *lister);

/* state_classic_debug.c: GUEST_DEBUG */
int kvm2_classic_guest_debug_fetch(struct classic_state *s, struct classic_values *values);
int kvm2_classic_guest_debug_check(struct classic_state *s);
int kvm2_classic_guest_debug_commit(struct classic_state *s, const struct classic_values *values);

#endif /* KVM2_STATE_CLASSIC_H */
