/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoders of kvm_get_state and kvm_set_state: a buffer of records, each a
 * tag and a value of its own length, as "[rax=0x1, cs={...}, msr:efer=0x500]".
 */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_compat.h"
#include "kvm2_options.h"
#include "kvm2_print.h"
#include "kvm2_register.h"
#include "kvm2_xlat.h"

#include <linux/kvm2.h>

/* The kernel takes no larger buffer. */
#define BUFFER_MAX	(1U << 20)

static const struct xlat_data state_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM2_STATE_LIST),
	KVM2_XLAT_ENTRY(KVM2_STATE_HEADERS),
	KVM2_XLAT_ENTRY(KVM2_STATE_WRITABLE),
	KVM2_XLAT_ENTRY(KVM2_STATE_STABLE),
};
KVM2_XLAT_FLAGS(state_flags, state_flag_data);

static const struct xlat_data set_data[] = {
#define X(value, name, text) { value, "KVM2_SET_" #name },
	KVM2_SETS(X)
#undef X
};
KVM2_XLAT_SORTED(sets, set_data);

/* What is printed of each record. */
enum what {
	VALUES,		/* name=value */
	NAMES,		/* name alone */
	FAILED,		/* the names of those with KVM2_ATTR_FAILED */
};

/**
 * struct walk - the way through a buffer of records
 * @addr: of the next one
 * @left: bytes from @addr on
 */
struct walk {
	struct tcb *tcp;
	uint64_t addr;
	uint64_t left;
	bool headers;
};

enum step {
	STEP_RECORD,
	STEP_END,
	STEP_CUT,	/* less than a record is left */
	STEP_FAULT,
};

static enum step
next_record(struct walk *walk, struct kvm2_record *record, uint64_t *value)
{
	uint64_t bytes;

	if (!walk->left)
		return STEP_END;
	if (walk->left < sizeof(*record))
		return STEP_CUT;
	if (walk->addr + walk->left < walk->addr ||
	    umoven(walk->tcp, walk->addr, sizeof(*record), record))
		return STEP_FAULT;
	bytes = sizeof(*record);
	if (!walk->headers)
		bytes += ((uint64_t) record->size + 7) & ~7ULL;
	*value = walk->addr + sizeof(*record);
	if (bytes > walk->left)
		return STEP_CUT;
	walk->addr += bytes;
	walk->left -= bytes;
	return STEP_RECORD;
}

/* False if the value cannot be read. */
static bool
print_record(struct tcb *const tcp, const struct kvm2_record *record,
	     uint64_t value_addr, enum what what, bool with_attributes)
{
	/* Of what is longer only the first bytes are printed. */
	uint64_t value[256];
	const size_t size = MIN(record->size, sizeof(value));

	kvm2_register_print_name(record);
	if (what == VALUES && size) {
		struct kvm2_record shown = *record;

		STRACE_PRINTS("=");
		if (umoven(tcp, value_addr, size, value)) {
			printaddr(value_addr);
			return false;
		}
		shown.size = size;
		kvm2_register_print_value(&shown, value, kvm2_full(tcp));
		if (size < record->size)
			tprint_more_data_follows();
	}
	if (with_attributes)
		kvm2_register_print_attributes(record->attributes);
	return true;
}

static bool
is_shown(const struct kvm2_record *record, enum what what)
{
	if (what == FAILED)
		return record->attributes & KVM2_ATTR_FAILED;
	return record->set >= 64 || (kvm2_options.sets & (1ULL << record->set));
}

/*
 * Print the records of a buffer. When the first cannot be read its address is
 * printed alone; a later one ends the list, as print_array() does.
 */
static void
print_records(struct tcb *const tcp, uint64_t addr, uint64_t size,
	      enum what what, bool headers, bool with_attributes)
{
	const unsigned int limit = abbrev(tcp) ? max_strlen : KVM2_ARRAY_MAX;
	struct walk walk = {
		.tcp = tcp,
		.addr = addr,
		.left = MIN(size, BUFFER_MAX),
		.headers = headers,
	};
	struct kvm2_record record;
	unsigned int shown = 0;
	bool skipped = size > BUFFER_MAX;
	bool begun = false;
	uint64_t value = 0;
	enum step step;

	if (!verbose(tcp) || !addr) {
		printaddr(addr);
		return;
	}
	while ((step = next_record(&walk, &record, &value)) == STEP_RECORD) {
		if (!begun) {
			tprint_array_begin();
			begun = true;
		}
		if (!is_shown(&record, what)) {
			skipped |= what != FAILED;
			continue;
		}
		if (shown == limit) {
			skipped = true;
			break;
		}
		if (shown++)
			tprint_array_next();
		if (!print_record(tcp, &record, value, what, with_attributes))
			break;
	}
	if (!begun && step == STEP_FAULT) {
		printaddr(addr);
		return;
	}
	if (!begun)
		tprint_array_begin();
	if (step == STEP_CUT || step == STEP_FAULT || skipped) {
		if (shown)
			tprint_array_next();
		tprint_more_data_follows();
		if (step != STEP_RECORD && step != STEP_END) {
			tprint_comment_begin();
			printaddr(walk.addr);
			tprint_comment_end();
		}
	}
	tprint_array_end();
}

static void
print_vcpu(struct tcb *const tcp)
{
	const int vcpu = tcp->u_arg[0];

	kvm2_first_arg("vcpu");
	kvm2_print_vcpu(tcp);
	if (vcpu == KVM2_SELF)
		print_xlat_d(KVM2_SELF);
	else
		printfd(tcp, vcpu);
}

/* The set that a list is limited to is in the upper half. */
static void
print_state_flags(unsigned int flags)
{
	const unsigned int set = flags >> KVM2_STATE_SET_SHIFT;
	const unsigned int others = flags & ~KVM2_STATE_SET_MASK;
	const unsigned int style = xlat_verbose(xlat_verbosity);

	kvm2_next_arg("flags");
	if (!set) {
		printflags(state_flags, flags, "KVM2_STATE_???");
		return;
	}
	if (style == XLAT_STYLE_RAW || style == XLAT_STYLE_VERBOSE)
		PRINT_VAL_X(flags);
	if (style == XLAT_STYLE_RAW)
		return;
	if (style == XLAT_STYLE_VERBOSE)
		tprint_comment_begin();
	if (others) {
		printflags_ex(others, "KVM2_STATE_???", XLAT_STYLE_ABBREV,
			      state_flags, NULL);
		tprint_or();
	}
	STRACE_PRINTS("KVM2_STATE_SET(");
	printxval_ex(sets, set, "KVM2_SET_???",
		     XLAT_STYLE_ABBREV | XLAT_STYLE_FMT_U);
	STRACE_PRINTS(")");
	if (style == XLAT_STYLE_VERBOSE)
		tprint_comment_end();
}

SYS_FUNC(kvm_get_state)
{
	const kernel_ulong_t addr = tcp->u_arg[1];
	const kernel_ulong_t size = tcp->u_arg[2];
	const unsigned int flags = tcp->u_arg[3];
	const bool list = flags & KVM2_STATE_LIST;
	const bool headers = list && (flags & KVM2_STATE_HEADERS);

	if (entering(tcp)) {
		print_vcpu(tcp);
		kvm2_next_arg("records");
		return 0;
	}
	/* Without LIST the tags are the caller's, also after a failure. */
	if (!syserror(tcp) && size)
		print_records(tcp, addr, MIN((kernel_ulong_t) tcp->u_rval, size),
			      headers ? NAMES : VALUES, headers, true);
	else if (syserror(tcp) && !list)
		print_records(tcp, addr, size, NAMES, false, true);
	else
		printaddr(addr);
	kvm2_next_arg("size");
	PRINT_VAL_U(size);
	print_state_flags(flags);
	return 0;
}

/* Whether the kernel has marked a record, which it does when it refuses one. */
static bool
has_failed(struct tcb *const tcp, uint64_t addr, uint64_t size)
{
	struct walk walk = { .tcp = tcp, .addr = addr, .left = size };
	struct kvm2_record record;
	uint64_t value;

	if (size > BUFFER_MAX || !verbose(tcp))
		return false;
	while (next_record(&walk, &record, &value) == STEP_RECORD)
		if (record.attributes & KVM2_ATTR_FAILED)
			return true;
	return false;
}

SYS_FUNC(kvm_set_state)
{
	const kernel_ulong_t addr = tcp->u_arg[1];
	const kernel_ulong_t size = tcp->u_arg[2];

	if (entering(tcp)) {
		print_vcpu(tcp);
		kvm2_next_arg("records");
		print_records(tcp, addr, size, VALUES, false, false);
		/* One that is there already would say nothing of this call. */
		set_tcb_priv_ulong(tcp, has_failed(tcp, addr, size));
		return 0;
	}
	if (syserror(tcp) && !get_tcb_priv_ulong(tcp) &&
	    has_failed(tcp, addr, size)) {
		tprint_value_changed();
		print_records(tcp, addr, size, FAILED, false, true);
	}
	kvm2_next_arg("size");
	PRINT_VAL_U(size);
	print_state_flags(tcp->u_arg[3]);
	return 0;
}
