/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and values of registers, from the lists of the ABI. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_register.h"

#include "kvm2_print.h"
#include "kvm2_vectors.h"
#include "kvm2_xlat.h"

#include <linux/kvm2.h>
#include <linux/kvm2_names.h>

static const struct xlat_data set_data[] = {
#define X(value, name, text) { value, text },
	KVM2_SETS(X)
#undef X
};
KVM2_XLAT_SORTED(sets, set_data);

static const struct fixed {
	uint16_t set;
	uint32_t size;
	uint64_t number;
	const char *name;
} fixed_registers[] = {
#define X(set, number, size, attributes, name, text)	\
	{ KVM2_SET_##set, size, number, text },
	KVM2_REGISTERS(X)
#undef X
};

static const struct xlat_data lapic_data[] = {
#define X(number, text) { number, text },
	KVM2_LAPIC_NAMES(X)
#undef X
};
KVM2_XLAT_SORTED(lapic_registers, lapic_data);

static const struct xlat_data xstate_data[] = {
#define X(number, text) { number, text },
	KVM2_XSTATE_NAMES(X)
#undef X
};
KVM2_XLAT_SORTED(xstate_components, xstate_data);

static const struct xlat_data mp_state_data[] = {
#define X(value, name, text) { value, "KVM2_MP_" #name },
	KVM2_MP_STATES(X)
#undef X
};
KVM2_XLAT_VALUES(mp_states, mp_state_data);

static const struct xlat_data debug_control_data[] = {
	KVM2_XLAT_ENTRY(KVM2_DEBUG_ENABLE),
	KVM2_XLAT_ENTRY(KVM2_DEBUG_SINGLE_STEP),
	KVM2_XLAT_ENTRY(KVM2_DEBUG_SW_BREAKPOINTS),
	KVM2_XLAT_ENTRY(KVM2_DEBUG_HW_BREAKPOINTS),
	KVM2_XLAT_ENTRY(KVM2_DEBUG_BLOCK_IRQ),
	KVM2_XLAT_ENTRY(KVM2_DEBUG_STOP),
	KVM2_XLAT_ENTRY(KVM2_DEBUG_INJECT_BP),
	KVM2_XLAT_ENTRY(KVM2_DEBUG_INJECT_DB),
	KVM2_XLAT_ENTRY(KVM2_DEBUG_STOP_FATAL),
};
KVM2_XLAT_FLAGS(debug_controls, debug_control_data);

static const struct xlat_data shadow_data[] = {
	KVM2_XLAT_ENTRY(KVM2_SHADOW_MOV_SS),
	KVM2_XLAT_ENTRY(KVM2_SHADOW_STI),
};
KVM2_XLAT_FLAGS(shadows, shadow_data);

static const struct xlat_data exception_state_data[] = {
	KVM2_XLAT_ENTRY(KVM2_EXCEPTION_NONE),
	KVM2_XLAT_ENTRY(KVM2_EXCEPTION_PENDING),
	KVM2_XLAT_ENTRY(KVM2_EXCEPTION_INJECTED),
};
KVM2_XLAT_VALUES(exception_states, exception_state_data);

/* Bits of control registers, by position; NULL where there is none. */
static const char *const cr0_bits[64] = {
	[0] = "PE", [1] = "MP", [2] = "EM", [3] = "TS", [4] = "ET", [5] = "NE",
	[16] = "WP", [18] = "AM", [29] = "NW", [30] = "CD", [31] = "PG",
};
static const char *const cr4_bits[64] = {
	[0] = "VME", [1] = "PVI", [2] = "TSD", [3] = "DE", [4] = "PSE",
	[5] = "PAE", [6] = "MCE", [7] = "PGE", [8] = "PCE", [9] = "OSFXSR",
	[10] = "OSXMMEXCPT", [11] = "UMIP", [12] = "LA57", [13] = "VMXE",
	[14] = "SMXE", [16] = "FSGSBASE", [17] = "PCIDE", [18] = "OSXSAVE",
	[20] = "SMEP", [21] = "SMAP", [22] = "PKE", [23] = "CET", [24] = "PKS",
};
static const char *const efer_bits[64] = {
	[0] = "SCE", [8] = "LME", [10] = "LMA", [11] = "NX", [12] = "SVME",
	[13] = "LMSLE", [14] = "FFXSR", [15] = "TCE", [21] = "AUTOIBRS",
};
static const char *const rflags_bits[64] = {
	[0] = "CF", [2] = "PF", [4] = "AF", [6] = "ZF", [7] = "SF", [8] = "TF",
	[9] = "IF", [10] = "DF", [11] = "OF", [14] = "NT", [16] = "RF",
	[17] = "VM", [18] = "AC", [19] = "VIF", [20] = "VIP", [21] = "ID",
};
static const char *const apic_base_bits[64] = {
	[8] = "BSP", [10] = "x2APIC", [11] = "enabled",
};

static const struct fixed *
find_fixed(const struct kvm2_record *record)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed_registers); i++)
		if (fixed_registers[i].set == record->set &&
		    fixed_registers[i].number == record->number)
			return &fixed_registers[i];
	return NULL;
}

/* "msr:lstar", "msr:0x1234": the set, then a word or the number. */
static void
print_numbered(const struct kvm2_record *record, const char *set,
	       const char *word)
{
	if (set)
		STRACE_PRINTS(set);
	else
		PRINT_VAL_X(record->set);
	STRACE_PRINTS(":");
	if (word)
		STRACE_PRINTS(word);
	else
		PRINT_VAL_X(record->number);
}

/* "eax" is the low part of rax; other parts have their width behind the name. */
static void
print_fixed(const struct kvm2_record *record, const struct fixed *fixed)
{
	const char *name = fixed->name;

	if (fixed->size == record->size) {
		STRACE_PRINTS(name);
	} else if (record->size == 4 &&
		   ((record->set == KVM2_SET_GPR && record->number < 8) ||
		    (record->set == KVM2_SET_CONTROL && record->number < 2))) {
		STRACE_PRINTF("e%s", name + 1);
	} else {
		STRACE_PRINTF("%s[%u]", name, record->size);
	}
}

void
kvm2_register_print_name(const struct kvm2_record *record)
{
	const char *set = xlookup(sets, record->set);
	const struct fixed *fixed = find_fixed(record);

	if (fixed) {
		print_fixed(record, fixed);
		return;
	}
	switch (record->set) {
	case KVM2_SET_VECTOR:
		if (record->number > KVM2_VECTOR_ZMM31) {
			print_numbered(record, set, NULL);
			break;
		}
		STRACE_PRINTF("%s%u", record->size == 16 ? "xmm" :
				      record->size == 32 ? "ymm" : "zmm",
			      (unsigned int) record->number);
		if (record->size != 16 && record->size != 32 &&
		    record->size != 64)
			STRACE_PRINTF("[%u]", record->size);
		break;
	case KVM2_SET_MSR:
		print_numbered(record, set, kvm2_msr_name(record->number));
		break;
	case KVM2_SET_LAPIC:
		print_numbered(record, set,
			       xlookup(lapic_registers, record->number));
		break;
	case KVM2_SET_XSTATE:
		print_numbered(record, set,
			       xlookup(xstate_components, record->number));
		break;
	case KVM2_SET_CPUID:
	case KVM2_SET_HOST_CPUID:
		STRACE_PRINTF("%s:0x%x.%u", set,
			      (unsigned int) (record->number >> 32),
			      (unsigned int) record->number);
		break;
	default:
		print_numbered(record, set, NULL);
	}
}

static void
note_bits(uint64_t value, const char *const bits[64])
{
	char text[512] = "";
	char *end = text;

	for (int bit = 63; bit >= 0; bit--)
		if (bits[bit] && (value & (1ULL << bit)))
			end += sprintf(end, "%s%s", *text ? "|" : "", bits[bit]);
	kvm2_print_note(*text ? text : NULL);
}

static void
print_control(const struct kvm2_record *record, uint64_t value, bool full)
{
	static const char *const *const bits[] = {
		[KVM2_CONTROL_RFLAGS]	= rflags_bits,
		[KVM2_CONTROL_CR0]	= cr0_bits,
		[KVM2_CONTROL_CR4]	= cr4_bits,
		[KVM2_CONTROL_EFER]	= efer_bits,
		[KVM2_CONTROL_APIC_BASE] = apic_base_bits,
	};

	PRINT_VAL_X(value);
	if (full && record->number < ARRAY_SIZE(bits) && bits[record->number])
		note_bits(value, bits[record->number]);
}

static void
print_segment(const struct kvm2_segment *segment)
{
	tprint_struct_begin();
	PRINT_FIELD_X(*segment, base);
	tprint_struct_next();
	PRINT_FIELD_X(*segment, limit);
	tprint_struct_next();
	PRINT_FIELD_X(*segment, selector);
	tprint_struct_next();
	PRINT_FIELD_X(*segment, access);
	if (segment->access & KVM2_SEGMENT_UNUSABLE)
		kvm2_print_note("unusable");
	tprint_struct_end();
}

static void
print_descriptor_table(const struct kvm2_descriptor_table *table)
{
	tprint_struct_begin();
	PRINT_FIELD_X(*table, base);
	tprint_struct_next();
	PRINT_FIELD_X(*table, limit);
	tprint_struct_end();
}

static void
print_cpuid(const struct kvm2_cpuid *cpuid)
{
	static const struct xlat_data flag_data[] = {
		KVM2_XLAT_ENTRY(KVM2_CPUID_INDEXED),
	};
	KVM2_XLAT_FLAGS(flags, flag_data);

	tprint_struct_begin();
	PRINT_FIELD_X(*cpuid, eax);
	tprint_struct_next();
	PRINT_FIELD_X(*cpuid, ebx);
	tprint_struct_next();
	PRINT_FIELD_X(*cpuid, ecx);
	tprint_struct_next();
	PRINT_FIELD_X(*cpuid, edx);
	if (cpuid->flags) {
		tprint_struct_next();
		PRINT_FIELD_FLAGS(*cpuid, flags, flags, "KVM2_CPUID_???");
	}
	tprint_struct_end();
}

static void
print_exception(const struct kvm2_event_exception *event)
{
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(*event, state, exception_states,
			   "KVM2_EXCEPTION_???");
	if (event->state != KVM2_EXCEPTION_NONE) {
		tprint_struct_next();
		PRINT_FIELD_XVAL_U(*event, vector, kvm2_vectors, NULL);
		if (event->has_error_code) {
			tprint_struct_next();
			PRINT_FIELD_X(*event, error_code);
		}
		if (event->has_payload) {
			tprint_struct_next();
			PRINT_FIELD_X(*event, payload);
		}
	}
	tprint_struct_end();
}

static void
print_interrupt(const struct kvm2_event_interrupt *event)
{
	tprint_struct_begin();
	PRINT_FIELD_U(*event, injected);
	tprint_struct_next();
	PRINT_FIELD_X(*event, vector);
	tprint_struct_next();
	PRINT_FIELD_U(*event, soft);
	tprint_struct_end();
}

static void
print_nmi(const struct kvm2_event_nmi *event)
{
	tprint_struct_begin();
	PRINT_FIELD_U(*event, injected);
	tprint_struct_next();
	PRINT_FIELD_U(*event, pending);
	tprint_struct_next();
	PRINT_FIELD_U(*event, masked);
	tprint_struct_end();
}

static void
print_smi(const struct kvm2_event_smi *event)
{
	tprint_struct_begin();
	PRINT_FIELD_U(*event, in_smm);
	tprint_struct_next();
	PRINT_FIELD_U(*event, pending);
	tprint_struct_next();
	PRINT_FIELD_U(*event, inside_nmi);
	tprint_struct_next();
	PRINT_FIELD_U(*event, latched_init);
	tprint_struct_end();
}

static void
print_debug_event(const struct kvm2_debug_event *event)
{
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(*event, exception, kvm2_vectors, NULL);
	tprint_struct_next();
	PRINT_FIELD_X(*event, pc);
	tprint_struct_next();
	PRINT_FIELD_X(*event, dr6);
	tprint_struct_next();
	PRINT_FIELD_X(*event, dr7);
	tprint_struct_end();
}

/* Registers that are structures, whole: true if this was one. */
static bool
print_structure(const struct kvm2_record *record, const void *value)
{
	union {
		struct kvm2_segment segment;
		struct kvm2_descriptor_table table;
		struct kvm2_cpuid cpuid;
		struct kvm2_event_exception exception;
		struct kvm2_event_interrupt interrupt;
		struct kvm2_event_nmi nmi;
		struct kvm2_event_smi smi;
		struct kvm2_debug_event debug;
	} u;

#define WHOLE(member_)							\
	(record->size == sizeof(u.member_) &&				\
	 (memcpy(&u.member_, value, sizeof(u.member_)), true))

	switch (record->set) {
	case KVM2_SET_SEGMENT:
		return WHOLE(segment) && (print_segment(&u.segment), true);
	case KVM2_SET_DESCRIPTOR:
		return WHOLE(table) && (print_descriptor_table(&u.table), true);
	case KVM2_SET_CPUID:
	case KVM2_SET_HOST_CPUID:
		return WHOLE(cpuid) && (print_cpuid(&u.cpuid), true);
	case KVM2_SET_GUEST_DEBUG:
		return record->number == KVM2_GUEST_DEBUG_EVENT &&
		       WHOLE(debug) && (print_debug_event(&u.debug), true);
	case KVM2_SET_EVENTS:
		break;
	default:
		return false;
	}
	switch (record->number) {
	case KVM2_EVENTS_EXCEPTION:
		return WHOLE(exception) && (print_exception(&u.exception), true);
	case KVM2_EVENTS_INTERRUPT:
		return WHOLE(interrupt) && (print_interrupt(&u.interrupt), true);
	case KVM2_EVENTS_NMI:
		return WHOLE(nmi) && (print_nmi(&u.nmi), true);
	case KVM2_EVENTS_SMI:
		return WHOLE(smi) && (print_smi(&u.smi), true);
	}
	return false;
#undef WHOLE
}

static bool
is_register(const struct kvm2_record *record, unsigned int set,
	    uint64_t number)
{
	return record->set == set && record->number == number;
}

void
kvm2_register_print_value(const struct kvm2_record *record, const void *value,
			  bool full)
{
	uint64_t number = 0;

	if (print_structure(record, value))
		return;
	if (record->size > 64 || record->set == KVM2_SET_XSTATE) {
		kvm2_print_bytes(value, record->size, true);
		return;
	}
	if (record->size > sizeof(number)) {
		kvm2_print_number(value, record->size);
		return;
	}
	memcpy(&number, value, record->size);
	if (record->set == KVM2_SET_CONTROL)
		print_control(record, number, full);
	else if (is_register(record, KVM2_SET_MSR, 0xc0000080) && full)
		print_control(&(struct kvm2_record) {
				.number = KVM2_CONTROL_EFER }, number, full);
	else if (is_register(record, KVM2_SET_MP, KVM2_MP_STATE))
		printxval64_u(mp_states, number, "KVM2_MP_???");
	else if (is_register(record, KVM2_SET_EVENTS, KVM2_EVENTS_SHADOW))
		printflags64(shadows, number, "KVM2_SHADOW_???");
	else if (is_register(record, KVM2_SET_EVENTS, KVM2_EVENTS_EXTINT) &&
		 number == KVM2_EXTINT_NONE)
		print_xlat_ex(number, "KVM2_EXTINT_NONE", XLAT_STYLE_DEFAULT);
	else if (is_register(record, KVM2_SET_GUEST_DEBUG,
			     KVM2_GUEST_DEBUG_CONTROL))
		printflags64(debug_controls, number, "KVM2_DEBUG_???");
	else
		PRINT_VAL_X(number);
}

void
kvm2_register_print_attributes(unsigned int attributes)
{
	const char *sep = "";

	if (!attributes)
		return;
	tprint_associated_info_begin();
	if (xlat_verbose(xlat_verbosity) == XLAT_STYLE_RAW) {
		PRINT_VAL_X(attributes);
		tprint_associated_info_end();
		return;
	}
#define X(bit, name, text)						\
	if (attributes & (1U << (bit))) {				\
		STRACE_PRINTF("%s%s", sep, text);			\
		attributes &= ~(1U << (bit));				\
		sep = "|";						\
	}
	KVM2_ATTRIBUTES(X)
#undef X
	if (attributes)
		STRACE_PRINTF("%s%#x", sep, attributes);
	tprint_associated_info_end();
}
