// SPDX-License-Identifier: LGPL-2.1
/*
 * kvm_get_state() and kvm_set_state() on the classic ioctls: parses and lists
 * records, and makes a set one transaction, as the kvm2 kernel does.
 *
 * A set checks all headers and commits the CPUID leaves, which decide which
 * registers there are. It overlays the other records on the values fetched
 * from the vcpu, checks the result as far as that is possible without a write,
 * and commits the groups that changed. When an ioctl refuses a group, those
 * that were committed before get their old values back.
 *
 * Only changes are committed: to write what was read is no write at all. So
 * it cannot fail, whatever KVM thinks of the value, and disturbs no timer.
 */
#include "state_classic.h"

#include <stdlib.h>
#include <string.h>

/* ---- the tables ---- */

#define NR_NUMBERS	(KVM2_VECTOR_K7 + 1)

#define GROUP_OF_GPR(number)		GROUP_REGS
#define GROUP_OF_CONTROL(number)					\
	((number) == KVM2_CONTROL_RIP ||				\
	 (number) == KVM2_CONTROL_RFLAGS ||				\
	 (number) == KVM2_CONTROL_PENDING_EXIT ? GROUP_REGS :		\
	 (number) == KVM2_CONTROL_XCR0 ? GROUP_XCR0 : GROUP_SREGS)
#define GROUP_OF_SEGMENT(number)	GROUP_SREGS
#define GROUP_OF_DESCRIPTOR(number)	GROUP_SREGS
#define GROUP_OF_X87(number)		GROUP_FPU
#define GROUP_OF_VECTOR(number)		GROUP_FPU
#define GROUP_OF_DEBUG(number)		GROUP_DEBUGREGS
#define GROUP_OF_EVENTS(number)		GROUP_EVENTS
#define GROUP_OF_MP(number)		GROUP_MP
#define GROUP_OF_TSC(number)		GROUP_TSC
#define GROUP_OF_GUEST_DEBUG(number)	GROUP_GUEST_DEBUG

/* The registers of fixed number. */
static const struct classic_register registers[NR_SETS][NR_NUMBERS] = {
#define X(set, number, size, attributes, name, text)			\
	[KVM2_SET_##set][number] = {					\
		size, attributes, GROUP_OF_##set(number)		\
	},
	KVM2_REGISTERS(X)
#undef X
	/* the width depends on the vcpu, see kvm2_classic_vector_find() */
	[KVM2_SET_VECTOR][KVM2_VECTOR_ZMM0 ... KVM2_VECTOR_ZMM31] = {
		64, 0, GROUP_FPU
	},
};

/**
 * struct set_type - how the registers of a set are found, read and written
 * @offset:	of the first one in struct classic_values
 * @stride:	to the next one
 * @always:	a write has an effect even if the value stays the same
 * @find:	complete @reg, which comes from registers[]. NULL: it is
 *		complete. Return: 0, -ENOENT, or another negative errno.
 * @read:	NULL: copy from struct classic_values
 * @write:	@size bytes of @value are the low part of the register. NULL:
 *		overlay struct classic_values
 * @list:	call kvm2_classic_list_register() for each register, ascending.
 *		NULL: try all of registers[]
 */
struct set_type {
	uint16_t offset;
	uint16_t stride;
	bool always;
	int (*find)(struct classic_state *s, uint64_t number, struct classic_register *reg);
	int (*read)(struct classic_state *s, uint64_t number, void *value, uint32_t size);
	int (*write)(struct classic_state *s, uint64_t number, const void *value, uint32_t size);
	int (*list)(struct classic_state *s, struct classic_lister *lister);
};

#define IN_VALUES(member)						\
	.offset = offsetof(struct classic_values, member),		\
	.stride = sizeof(((struct classic_values *)0)->member[0])

static const struct set_type set_types[NR_SETS] = {
	[KVM2_SET_GPR]		= { IN_VALUES(gpr) },
	[KVM2_SET_CONTROL]	= { IN_VALUES(control), .find = kvm2_classic_control_find },
	[KVM2_SET_SEGMENT]	= { IN_VALUES(segment) },
	[KVM2_SET_DESCRIPTOR]	= { IN_VALUES(descriptor) },
	[KVM2_SET_X87]		= { .read = kvm2_classic_x87_read,
				    .write = kvm2_classic_x87_write },
	[KVM2_SET_VECTOR]	= { .find = kvm2_classic_vector_find,
				    .read = kvm2_classic_vector_read,
				    .write = kvm2_classic_vector_write },
	[KVM2_SET_XSTATE]	= { .find = kvm2_classic_xstate_find,
				    .read = kvm2_classic_xstate_read,
				    .write = kvm2_classic_xstate_write,
				    .list = kvm2_classic_xstate_list },
	[KVM2_SET_DEBUG]	= { IN_VALUES(debug) },
	[KVM2_SET_MSR]		= { .find = kvm2_classic_msr_find,
				    .read = kvm2_classic_msr_read,
				    .write = kvm2_classic_msr_write,
				    .list = kvm2_classic_msr_list },
	[KVM2_SET_CPUID]	= { .find = kvm2_classic_cpuid_find,
				    .read = kvm2_classic_cpuid_read,
				    .write = kvm2_classic_cpuid_write,
				    .list = kvm2_classic_cpuid_list },
	[KVM2_SET_HOST_CPUID]	= { .find = kvm2_classic_host_cpuid_find,
				    .read = kvm2_classic_host_cpuid_read,
				    .list = kvm2_classic_host_cpuid_list },
	[KVM2_SET_LAPIC]	= { .find = kvm2_classic_lapic_find,
				    .read = kvm2_classic_lapic_read,
				    .write = kvm2_classic_lapic_write,
				    .list = kvm2_classic_lapic_list },
	[KVM2_SET_EVENTS]	= { IN_VALUES(events) },
	[KVM2_SET_MP]		= { IN_VALUES(mp) },
	[KVM2_SET_TSC]		= { IN_VALUES(tsc) },
	/* Every write of debug_control starts a new step. */
	[KVM2_SET_GUEST_DEBUG]	= { IN_VALUES(guest_debug), .always = true },
};

_Static_assert(offsetof(struct classic_values, debug_event) ==
	       offsetof(struct classic_values, guest_debug[KVM2_GUEST_DEBUG_EVENT]),
	       "the last register of GUEST_DEBUG follows the others");

static const struct group_type {
	int (*fetch)(struct classic_state *s, struct classic_values *values);
	int (*check)(struct classic_state *s);
	int (*commit)(struct classic_state *s, const struct classic_values *values);
} groups[NR_GROUPS] = {
	/* First: it decides which bits of the others may be set. */
	[GROUP_CPUID] = {
		kvm2_classic_cpuid_fetch, NULL, kvm2_classic_cpuid_commit,
	},
	[GROUP_XCR0] = {
		kvm2_classic_xcr0_fetch, NULL, kvm2_classic_xcr0_commit,
	},
	[GROUP_TSC] = {
		kvm2_classic_tsc_fetch, NULL, kvm2_classic_tsc_commit,
	},
	[GROUP_MSR] = {
		NULL, NULL, kvm2_classic_msr_commit,
	},
	[GROUP_SREGS] = {
		kvm2_classic_sregs_fetch, kvm2_classic_sregs_check, kvm2_classic_sregs_commit,
	},
	/* After SREGS: KVM keeps the linear address of RIP for single steps. */
	[GROUP_REGS] = {
		kvm2_classic_regs_fetch, kvm2_classic_regs_check, kvm2_classic_regs_commit,
	},
	[GROUP_FPU] = {
		kvm2_classic_fpu_fetch, NULL, kvm2_classic_fpu_commit,
	},
	[GROUP_DEBUGREGS] = {
		kvm2_classic_debugregs_fetch, kvm2_classic_debugregs_check,
		kvm2_classic_debugregs_commit,
	},
	[GROUP_LAPIC] = {
		kvm2_classic_lapic_fetch, kvm2_classic_lapic_check, kvm2_classic_lapic_commit,
	},
	[GROUP_DEADLINE] = {
		NULL, NULL, kvm2_classic_deadline_commit,
	},
	/* After REGS, which drops a pending exception. */
	[GROUP_EVENTS] = {
		kvm2_classic_events_fetch, kvm2_classic_events_check, kvm2_classic_events_commit,
	},
	[GROUP_MP] = {
		kvm2_classic_mp_fetch, kvm2_classic_mp_check, kvm2_classic_mp_commit,
	},
	[GROUP_GUEST_DEBUG] = {
		kvm2_classic_guest_debug_fetch, kvm2_classic_guest_debug_check,
		kvm2_classic_guest_debug_commit,
	},
};

/* ---- one call ---- */

static struct classic_state *state_create(struct kvm2_vcpu *base, void *records,
					  size_t size)
{
	struct classic_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->vcpu = classic_vcpu_of(base);
	s->records = records;
	s->size = size;
	s->refused = -1;
	return s;
}

static void state_destroy(struct classic_state *s)
{
	free(s->now.xsave);
	free(s->old.xsave);
	free(s->now.cpuid);
	free(s->old.cpuid);
	free(s->host_cpuid);
	free(s->msrs);
	free(s);
}

int kvm2_classic_fetch(struct classic_state *s, enum classic_group group)
{
	const struct group_type *type = &groups[group];
	int ret = 0;

	if (s->fetched & 1U << group || !type->fetch)
		return 0;
	ret = type->fetch(s, &s->now);
	if (ret == 0 && s->is_set)
		ret = type->fetch(s, &s->old);
	if (ret == 0)
		s->fetched |= 1U << group;
	return ret;
}

static int find_register(struct classic_state *s, uint16_t set, uint64_t number,
			 struct classic_register *reg)
{
	static const struct classic_register none;
	const struct set_type *type = &set_types[set];

	*reg = number < NR_NUMBERS ? registers[set][number] : none;
	if (type->find)
		return type->find(s, number, reg);
	return reg->size ? 0 : -ENOENT;
}

static int read_register(struct classic_state *s, uint16_t set, uint64_t number,
			 const struct classic_register *reg, void *value,
			 uint32_t size)
{
	const struct set_type *type = &set_types[set];
	int ret = kvm2_classic_fetch(s, reg->group);

	if (ret < 0)
		return ret;
	memset(value, 0, KVM2_RECORD_BYTES(size) - KVM2_RECORD_BYTES(0));
	if (type->read)
		return type->read(s, number, value, size);
	memcpy(value, (char *)&s->now + type->offset + type->stride * number, size);
	return 0;
}

int kvm2_classic_write(struct classic_state *s, uint16_t set, uint64_t number,
		       const void *value, uint32_t size)
{
	const struct set_type *type = &set_types[set];
	struct classic_register reg;
	char *now;
	int ret;

	ret = find_register(s, set, number, &reg);
	/* A CPUID leaf that is not there can be added. */
	if (ret == -ENOENT && set == KVM2_SET_CPUID)
		ret = 0;
	if (ret < 0)
		return ret;
	if (size > reg.size)
		return -EINVAL;
	if (reg.attributes & KVM2_ATTR_READ_ONLY)
		return -EACCES;
	ret = kvm2_classic_fetch(s, reg.group);
	if (ret < 0)
		return ret;
	if (number < 64)
		s->named[set] |= 1ULL << number;
	if (type->write)
		return type->write(s, number, value, size);

	now = (char *)&s->now + type->offset + type->stride * number;
	if (type->always || memcmp(now, value, size)) {
		memcpy(now, value, size);
		s->dirty |= 1U << reg.group;
	}
	return 0;
}

/* ---- going through records ---- */

static struct kvm2_record *record_at(const struct classic_state *s, size_t offset)
{
	return (struct kvm2_record *)(s->records + offset);
}

/* Is there a whole record of a known set? */
static int check_header(const struct classic_state *s, size_t offset)
{
	const struct kvm2_record *record = record_at(s, offset);
	size_t left = s->size - offset;

	if (left < sizeof(*record))
		return -EINVAL;
	if (!record->set || record->set >= NR_SETS || record->size > KVM2_VALUE_MAX)
		return -EINVAL;
	if (!record->size && record->set != KVM2_SET_CPUID)
		return -EINVAL;
	if (KVM2_RECORD_BYTES(record->size) > left)
		return -EINVAL;
	return 0;
}

/* Refuse the record at an offset; one that is not all there gets no mark. */
static int refuse(struct classic_state *s, size_t offset, int error)
{
	if (s->size - offset >= sizeof(struct kvm2_record))
		s->refused = (ssize_t)offset;
	return error;
}

/* All headers, and the MSRs that the records name, to be read in one go. */
static int check_records(struct classic_state *s)
{
	size_t offset;
	int ret;

	for (offset = 0; offset < s->size;
	     offset += KVM2_RECORD_BYTES(record_at(s, offset)->size)) {
		ret = check_header(s, offset);
		if (ret < 0)
			return refuse(s, offset, ret);
		if (record_at(s, offset)->set == KVM2_SET_MSR) {
			ret = kvm2_classic_msr_add(s, record_at(s, offset)->number);
			if (ret < 0)
				return ret;
		}
	}
	return 0;
}

static int for_records(struct classic_state *s,
		       int (*fn)(struct classic_state *s, struct kvm2_record *record))
{
	int ret = 0;

	for (size_t offset = 0; offset < s->size && ret == 0;
	     offset += KVM2_RECORD_BYTES(record_at(s, offset)->size)) {
		s->offset = offset;
		ret = fn(s, record_at(s, offset));
		if (ret < 0)
			refuse(s, offset, ret);
	}
	return ret;
}

static int finish(struct classic_state *s, int ret)
{
	if (ret < 0 && s->refused >= 0)
		record_at(s, (size_t)s->refused)->attributes |= KVM2_ATTR_FAILED;
	state_destroy(s);
	return ret;
}

/* ---- get ---- */

static int get_record(struct classic_state *s, struct kvm2_record *record)
{
	struct classic_register reg;
	int ret;

	if (!record->size)
		return -EINVAL;
	ret = find_register(s, record->set, record->number, &reg);
	if (ret < 0)
		return ret;
	if (record->size > reg.size)
		return -EINVAL;
	record->attributes = reg.attributes;
	return read_register(s, record->set, record->number, &reg, record->value,
			     record->size);
}

/* ---- list ---- */

/**
 * struct classic_lister - records being written
 * @used: bytes of all records so far, also of those that have no room
 */
struct classic_lister {
	char *records;
	size_t size;
	size_t used;
	uint32_t flags;
};

int kvm2_classic_list_register(struct classic_state *s, struct classic_lister *lister,
			       uint16_t set, uint64_t number)
{
	bool has_value = !(lister->flags & KVM2_STATE_HEADERS);
	size_t offset = lister->used;
	struct classic_register reg;
	struct kvm2_record *record;
	int ret;

	ret = find_register(s, set, number, &reg);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	if (lister->flags & KVM2_STATE_WRITABLE && reg.attributes & KVM2_ATTR_READ_ONLY)
		return 0;
	if (lister->flags & KVM2_STATE_STABLE && reg.attributes & KVM2_ATTR_VOLATILE)
		return 0;

	lister->used += has_value ? KVM2_RECORD_BYTES(reg.size) : sizeof(*record);
	if (lister->used > lister->size)
		return 0;
	record = (struct kvm2_record *)(lister->records + offset);
	record->set = set;
	record->attributes = reg.attributes;
	record->size = reg.size;
	record->number = number;
	return has_value ? read_register(s, set, number, &reg, record->value, reg.size) : 0;
}

static int list_set(struct classic_state *s, struct classic_lister *lister,
		    uint16_t set)
{
	int ret = 0;

	if (set_types[set].list)
		return set_types[set].list(s, lister);
	for (uint64_t number = 0; number < NR_NUMBERS && ret == 0; number++)
		if (registers[set][number].size)
			ret = kvm2_classic_list_register(s, lister, set, number);
	return ret;
}

static int list_records(struct classic_state *s, uint32_t flags)
{
	uint16_t only = (uint16_t)(flags >> KVM2_STATE_SET_SHIFT);
	struct classic_lister lister = {
		.records = s->records,
		.size = s->size,
		.flags = flags,
	};
	int ret = 0;

	if (only >= NR_SETS)
		return -EINVAL;
	if (only) {
		ret = list_set(s, &lister, only);
	} else {
		for (uint16_t set = 1; set < NR_SETS && ret == 0; set++)
			if (set != KVM2_SET_HOST_CPUID)
				ret = list_set(s, &lister, set);
	}
	if (ret < 0)
		return ret;
	return s->size && lister.used > s->size ? -ENOSPC : (int)lister.used;
}

int kvm2_classic_get_state(struct kvm2_vcpu *base, void *records, size_t size,
			   uint32_t flags)
{
	const uint32_t with_list = (KVM2_STATE_FLAGS & ~KVM2_STATE_LIST) | KVM2_STATE_SET_MASK;
	bool list = flags & KVM2_STATE_LIST;
	struct classic_state *s;
	int ret;

	if (flags & ~(KVM2_STATE_FLAGS | KVM2_STATE_SET_MASK))
		return -EINVAL;
	if (!list && (flags & with_list || !size))
		return -EINVAL;
	if (size && (uintptr_t)records % _Alignof(struct kvm2_record))
		return -EINVAL;
	s = state_create(base, records, size);
	if (!s)
		return -ENOMEM;
	if (list) {
		ret = list_records(s, flags);
	} else {
		ret = check_records(s);
		if (ret == 0)
			ret = for_records(s, get_record);
		if (ret == 0)
			ret = (int)size;
	}
	return finish(s, ret);
}

/* ---- set ---- */

void kvm2_classic_refuse(struct classic_state *s, uint16_t set, uint64_t number)
{
	ssize_t relative = -1;

	s->refused = -1;
	for (size_t offset = 0; offset < s->size;
	     offset += KVM2_RECORD_BYTES(record_at(s, offset)->size)) {
		if (record_at(s, offset)->set != set)
			continue;
		relative = (ssize_t)offset;
		if (record_at(s, offset)->number == number)
			s->refused = (ssize_t)offset;
	}
	if (s->refused < 0)
		s->refused = relative;
}

static int write_cpuid(struct classic_state *s, struct kvm2_record *record)
{
	if (record->set != KVM2_SET_CPUID)
		return 0;
	return kvm2_classic_write(s, record->set, record->number, record->value, record->size);
}

static int write_other(struct classic_state *s, struct kvm2_record *record)
{
	if (record->set == KVM2_SET_CPUID)
		return 0;
	return kvm2_classic_write(s, record->set, record->number, record->value, record->size);
}

static int group_of(uint16_t set, uint64_t number)
{
	if (number < NR_NUMBERS && registers[set][number].size)
		return registers[set][number].group;
	switch (set) {
	case KVM2_SET_CPUID:
		return GROUP_CPUID;
	case KVM2_SET_XSTATE:
		return GROUP_FPU;
	case KVM2_SET_LAPIC:
		return GROUP_LAPIC;
	}
	return GROUP_NONE;
}

/* KVM does not say what it refuses in a group: the last record that is in it. */
static void refuse_group(struct classic_state *s, int group)
{
	if (s->refused >= 0)
		return;
	for (size_t offset = 0; offset < s->size;
	     offset += KVM2_RECORD_BYTES(record_at(s, offset)->size))
		if (group_of(record_at(s, offset)->set, record_at(s, offset)->number) == group)
			refuse(s, offset, 0);
}

/* Setting REGS drops a pending exception: put it back if the guest still has it. */
static int keep_exception(struct classic_state *s)
{
	int ret = kvm2_classic_fetch(s, GROUP_EVENTS);

	if (ret < 0)
		return ret;
	if (s->now.events[KVM2_EVENTS_EXCEPTION].exception.state == KVM2_EXCEPTION_PENDING &&
	    s->now.control[KVM2_CONTROL_RIP] == s->old.control[KVM2_CONTROL_RIP])
		s->dirty |= 1U << GROUP_EVENTS;
	return 0;
}

static int check_groups(struct classic_state *s)
{
	int ret = 0;

	if (s->dirty & 1U << GROUP_REGS)
		ret = keep_exception(s);
	/* Writing any register of REGS or SREGS ends a single step. */
	if (ret == 0 && s->vcpu->debug_control & KVM2_DEBUG_SINGLE_STEP &&
	    s->dirty & (1U << GROUP_REGS | 1U << GROUP_SREGS)) {
		ret = kvm2_classic_fetch(s, GROUP_GUEST_DEBUG);
		s->dirty |= 1U << GROUP_GUEST_DEBUG;
	}
	if (ret == 0)
		ret = kvm2_classic_pdptrs_check(s);
	for (int group = 0; group < NR_GROUPS && ret == 0; group++)
		if (s->dirty & 1U << group && groups[group].check)
			ret = groups[group].check(s);
	return ret;
}

/*
 * A new RIP abandons the instruction at the old one and the exit whose reply
 * would finish it. KVM has to finish it all the same, before its registers
 * are overwritten.
 */
static int abandon_exit(struct classic_state *s)
{
	if (!s->vcpu->pending || !(s->dirty & 1U << GROUP_REGS) ||
	    s->now.control[KVM2_CONTROL_RIP] == s->old.control[KVM2_CONTROL_RIP])
		return 0;
	return kvm2_classic_complete(s->vcpu);
}

/* Commits @groups_wanted of the groups that changed, adding them to *committed. */
static int commit_groups(struct classic_state *s, uint32_t groups_wanted,
			 uint32_t *committed)
{
	for (int group = 0; group < NR_GROUPS; group++) {
		int ret;

		if (!(s->dirty & groups_wanted & 1U << group))
			continue;
		ret = groups[group].commit(s, &s->now);
		if (ret < 0) {
			refuse_group(s, group);
			return ret;
		}
		*committed |= 1U << group;
	}
	return 0;
}

static void undo(struct classic_state *s, uint32_t committed)
{
	for (int group = NR_GROUPS - 1; group >= 0; group--)
		if (committed & 1U << group)
			groups[group].commit(s, &s->old);
}

static int set_records(struct classic_state *s)
{
	uint32_t committed = 0;
	int ret;

	ret = for_records(s, write_cpuid);
	if (ret == 0)
		ret = commit_groups(s, 1U << GROUP_CPUID, &committed);
	if (ret == 0)
		ret = for_records(s, write_other);
	if (ret == 0)
		ret = check_groups(s);
	if (ret == 0)
		ret = abandon_exit(s);
	if (ret == 0)
		ret = commit_groups(s, ~(1U << GROUP_CPUID), &committed);
	if (ret < 0)
		undo(s, committed);
	return ret;
}

int kvm2_classic_set_state(struct kvm2_vcpu *base, void *records, size_t size,
			   uint32_t flags)
{
	struct classic_state *s;
	int ret;

	if (flags || !size || (uintptr_t)records % _Alignof(struct kvm2_record))
		return -EINVAL;
	s = state_create(base, records, size);
	if (!s)
		return -ENOMEM;
	s->is_set = true;
	ret = check_records(s);
	if (ret == 0)
		ret = set_records(s);
	return finish(s, ret < 0 ? ret : (int)size);
}
