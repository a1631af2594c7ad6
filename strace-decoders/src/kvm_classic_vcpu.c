/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ioctls of /dev/kvm that are about a vcpu's registers. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm_classic.h"

#include "kvm2_print.h"
#include "kvm2_register.h"
#include "kvm2_vectors.h"
#include "kvm2_xlat.h"

#include <linux/kvm.h>
#include <linux/kvm2.h>

static const struct xlat_data event_flag_data[] = {
	{ 1 << 0,	"KVM_VCPUEVENT_VALID_NMI_PENDING" },
	{ 1 << 1,	"KVM_VCPUEVENT_VALID_SIPI_VECTOR" },
	{ 1 << 2,	"KVM_VCPUEVENT_VALID_SHADOW" },
	{ 1 << 3,	"KVM_VCPUEVENT_VALID_SMM" },
	{ 1 << 4,	"KVM_VCPUEVENT_VALID_PAYLOAD" },
	{ 1 << 5,	"KVM_VCPUEVENT_VALID_TRIPLE_FAULT" },
};
KVM2_XLAT_FLAGS(event_flags, event_flag_data);

static const struct xlat_data shadow_data[] = {
	{ 1 << 0,	"KVM_X86_SHADOW_INT_MOV_SS" },
	{ 1 << 1,	"KVM_X86_SHADOW_INT_STI" },
};
KVM2_XLAT_FLAGS(shadows, shadow_data);

static const struct xlat_data mp_state_data[] = {
	KVM2_XLAT_ENTRY(KVM_MP_STATE_RUNNABLE),
	KVM2_XLAT_ENTRY(KVM_MP_STATE_UNINITIALIZED),
	KVM2_XLAT_ENTRY(KVM_MP_STATE_INIT_RECEIVED),
	KVM2_XLAT_ENTRY(KVM_MP_STATE_HALTED),
	KVM2_XLAT_ENTRY(KVM_MP_STATE_SIPI_RECEIVED),
	KVM2_XLAT_ENTRY(KVM_MP_STATE_STOPPED),
	KVM2_XLAT_ENTRY(KVM_MP_STATE_CHECK_STOP),
	KVM2_XLAT_ENTRY(KVM_MP_STATE_OPERATING),
	KVM2_XLAT_ENTRY(KVM_MP_STATE_LOAD),
	{ 9,	"KVM_MP_STATE_AP_RESET_HOLD" },
	{ 10,	"KVM_MP_STATE_SUSPENDED" },
};
KVM2_XLAT_VALUES(mp_states, mp_state_data);

static const struct xlat_data guest_debug_data[] = {
	KVM2_XLAT_ENTRY(KVM_GUESTDBG_ENABLE),
	KVM2_XLAT_ENTRY(KVM_GUESTDBG_SINGLESTEP),
	KVM2_XLAT_ENTRY(KVM_GUESTDBG_USE_SW_BP),
	KVM2_XLAT_ENTRY(KVM_GUESTDBG_USE_HW_BP),
	KVM2_XLAT_ENTRY(KVM_GUESTDBG_INJECT_DB),
	KVM2_XLAT_ENTRY(KVM_GUESTDBG_INJECT_BP),
	{ 1 << 20,	"KVM_GUESTDBG_BLOCKIRQ" },
};
KVM2_XLAT_FLAGS(guest_debugs, guest_debug_data);

static const struct xlat_data cpuid_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM_CPUID_FLAG_SIGNIFCANT_INDEX),
	KVM2_XLAT_ENTRY(KVM_CPUID_FLAG_STATEFUL_FUNC),
	KVM2_XLAT_ENTRY(KVM_CPUID_FLAG_STATE_READ_NEXT),
};
KVM2_XLAT_FLAGS(cpuid_flags, cpuid_flag_data);

static const struct xlat_data filter_default_data[] = {
	{ 0,	"KVM_MSR_FILTER_DEFAULT_ALLOW" },
	{ 1,	"KVM_MSR_FILTER_DEFAULT_DENY" },
};
KVM2_XLAT_VALUES(filter_defaults, filter_default_data);

static const struct xlat_data filter_flag_data[] = {
	{ 1 << 0,	"KVM_MSR_FILTER_READ" },
	{ 1 << 1,	"KVM_MSR_FILTER_WRITE" },
};
KVM2_XLAT_FLAGS(filter_flags, filter_flag_data);

static const struct xlat_data reg_size_data[] = {
	{ 0, "KVM_REG_SIZE_U8" },
	{ 1, "KVM_REG_SIZE_U16" },
	{ 2, "KVM_REG_SIZE_U32" },
	{ 3, "KVM_REG_SIZE_U64" },
	{ 4, "KVM_REG_SIZE_U128" },
	{ 5, "KVM_REG_SIZE_U256" },
	{ 6, "KVM_REG_SIZE_U512" },
	{ 7, "KVM_REG_SIZE_U1024" },
	{ 8, "KVM_REG_SIZE_U2048" },
};
KVM2_XLAT_VALUES(reg_sizes, reg_size_data);

static const struct xlat_data nested_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM_STATE_NESTED_GUEST_MODE),
	KVM2_XLAT_ENTRY(KVM_STATE_NESTED_RUN_PENDING),
	KVM2_XLAT_ENTRY(KVM_STATE_NESTED_EVMCS),
	KVM2_XLAT_ENTRY(KVM_STATE_NESTED_MTF_PENDING),
	KVM2_XLAT_ENTRY(KVM_STATE_NESTED_GIF_SET),
};
KVM2_XLAT_FLAGS(nested_flags, nested_flag_data);

static const struct xlat_data nested_format_data[] = {
	KVM2_XLAT_ENTRY(KVM_STATE_NESTED_FORMAT_VMX),
	KVM2_XLAT_ENTRY(KVM_STATE_NESTED_FORMAT_SVM),
};
KVM2_XLAT_VALUES(nested_formats, nested_format_data);

/* ---- MSRs ---- */

static bool
print_msr_index(struct tcb *const tcp, void *elem_buf, size_t elem_size, void *data)
{
	const uint32_t *index = elem_buf;

	kvm2_print_msr(*index);
	return true;
}

void
kvm_classic_print_msr_list(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_msr_list list;
	uint32_t index;

	if (umove_or_printaddr(tcp, arg, &list))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(list, nmsrs);
	tprint_struct_next();
	tprints_field_name("indices");
	kvm2_print_array(tcp, arg + sizeof(list), list.nmsrs, &index,
			 sizeof(index), print_msr_index);
	tprint_struct_end();
}

static bool
print_msr_entry(struct tcb *const tcp, void *elem_buf, size_t elem_size, void *data)
{
	const struct kvm_msr_entry *entry = elem_buf;

	tprint_struct_begin();
	tprints_field_name("index");
	kvm2_print_msr(entry->index);
	tprint_struct_next();
	PRINT_FIELD_X(*entry, data);
	tprint_struct_end();
	return true;
}

static void
print_msrs(struct tcb *const tcp, const uint64_t arg, uint64_t limit)
{
	struct kvm_msrs msrs;
	struct kvm_msr_entry entry;

	if (umove_or_printaddr(tcp, arg, &msrs))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(msrs, nmsrs);
	tprint_struct_next();
	tprints_field_name("entries");
	kvm2_print_array(tcp, arg + sizeof(msrs), MIN(msrs.nmsrs, limit),
			 &entry, sizeof(entry), print_msr_entry);
	tprint_struct_end();
}

/* The result says how many have been read. */
void
kvm_classic_print_get_msrs(struct tcb *const tcp, const uint64_t arg)
{
	print_msrs(tcp, arg, tcp->u_rval);
}

void
kvm_classic_print_set_msrs(struct tcb *const tcp, const uint64_t arg)
{
	print_msrs(tcp, arg, UINT32_MAX);
}

void
kvm_classic_print_msr_filter(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_msr_filter filter;
	bool shown = false;

	if (umove_or_printaddr(tcp, arg, &filter))
		return;
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(filter, flags, filter_defaults, "KVM_MSR_FILTER_???");
	tprint_struct_next();
	tprints_field_name("ranges");
	tprint_array_begin();
	/* All are passed, and used are those with MSRs. */
	for (size_t i = 0; i < ARRAY_SIZE(filter.ranges); i++) {
		const struct kvm_msr_filter_range *range = &filter.ranges[i];

		if (!range->nmsrs)
			continue;
		if (shown)
			tprint_array_next();
		shown = true;
		tprint_struct_begin();
		PRINT_FIELD_FLAGS(*range, flags, filter_flags,
				  "KVM_MSR_FILTER_???");
		tprint_struct_next();
		PRINT_FIELD_U(*range, nmsrs);
		tprint_struct_next();
		tprints_field_name("base");
		kvm2_print_msr(range->base);
		tprint_struct_next();
		PRINT_FIELD_PTR(*range, bitmap);
		tprint_struct_end();
	}
	tprint_array_end();
	tprint_struct_end();
}

/* ---- CPUID, as strace shows KVM_SET_CPUID2 ---- */

static bool
print_cpuid_entry(struct tcb *const tcp, void *elem_buf, size_t elem_size, void *data)
{
	const struct kvm_cpuid_entry2 *entry = elem_buf;

	tprint_struct_begin();
	PRINT_FIELD_X(*entry, function);
	tprint_struct_next();
	PRINT_FIELD_X(*entry, index);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(*entry, flags, cpuid_flags, "KVM_CPUID_FLAG_???");
	tprint_struct_next();
	PRINT_FIELD_X(*entry, eax);
	tprint_struct_next();
	PRINT_FIELD_X(*entry, ebx);
	tprint_struct_next();
	PRINT_FIELD_X(*entry, ecx);
	tprint_struct_next();
	PRINT_FIELD_X(*entry, edx);
	tprint_struct_end();
	return true;
}

void
kvm_classic_print_cpuid2(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_cpuid2 cpuid;
	struct kvm_cpuid_entry2 entry;

	if (umove_or_printaddr(tcp, arg, &cpuid))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(cpuid, nent);
	tprint_struct_next();
	tprints_field_name("entries");
	if (abbrev(tcp)) {
		tprint_array_begin();
		if (cpuid.nent)
			tprint_more_data_follows();
		tprint_array_end();
	} else {
		kvm2_print_array(tcp, arg + sizeof(cpuid), cpuid.nent, &entry,
				 sizeof(entry), print_cpuid_entry);
	}
	tprint_struct_end();
}

/* ---- registers ---- */

static void
print_wide_array(const char *name, const void *bytes, size_t size, size_t count)
{
	tprints_field_name(name);
	tprint_array_begin();
	for (size_t i = 0; i < count; i++) {
		if (i)
			tprint_array_next();
		kvm2_print_number((const char *) bytes + i * 16, size);
	}
	tprint_array_end();
}

void
kvm_classic_print_fpu(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_fpu fpu;

	if (umove_or_printaddr(tcp, arg, &fpu))
		return;
	tprint_struct_begin();
	if (kvm2_full(tcp)) {
		print_wide_array("fpr", fpu.fpr, 10, ARRAY_SIZE(fpu.fpr));
		tprint_struct_next();
	}
	PRINT_FIELD_X(fpu, fcw);
	tprint_struct_next();
	PRINT_FIELD_X(fpu, fsw);
	tprint_struct_next();
	PRINT_FIELD_X(fpu, ftwx);
	tprint_struct_next();
	PRINT_FIELD_X(fpu, last_opcode);
	tprint_struct_next();
	PRINT_FIELD_X(fpu, last_ip);
	tprint_struct_next();
	PRINT_FIELD_X(fpu, last_dp);
	tprint_struct_next();
	if (kvm2_full(tcp)) {
		print_wide_array("xmm", fpu.xmm, 16, ARRAY_SIZE(fpu.xmm));
		tprint_struct_next();
	}
	PRINT_FIELD_X(fpu, mxcsr);
	if (!kvm2_full(tcp)) {
		tprint_struct_next();
		tprint_more_data_follows();
	}
	tprint_struct_end();
}

void
kvm_classic_print_xsave(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_xsave xsave;

	if (umove_or_printaddr(tcp, arg, &xsave))
		return;
	tprint_struct_begin();
	tprints_field_name("region");
	kvm2_print_bytes(xsave.region, sizeof(xsave.region), true);
	tprint_struct_end();
}

void
kvm_classic_print_xcrs(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_xcrs xcrs;

	if (umove_or_printaddr(tcp, arg, &xcrs))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(xcrs, nr_xcrs);
	tprint_struct_next();
	PRINT_FIELD_X(xcrs, flags);
	tprint_struct_next();
	tprints_field_name("xcrs");
	tprint_array_begin();
	for (size_t i = 0; i < MIN(xcrs.nr_xcrs, ARRAY_SIZE(xcrs.xcrs)); i++) {
		if (i)
			tprint_array_next();
		tprint_struct_begin();
		PRINT_FIELD_X(xcrs.xcrs[i], xcr);
		tprint_struct_next();
		PRINT_FIELD_X(xcrs.xcrs[i], value);
		tprint_struct_end();
	}
	tprint_array_end();
	tprint_struct_end();
}

static void
print_segment(const struct kvm_segment *segment)
{
	tprint_struct_begin();
	PRINT_FIELD_X(*segment, base);
	tprint_struct_next();
	PRINT_FIELD_X(*segment, limit);
	tprint_struct_next();
	PRINT_FIELD_X(*segment, selector);
	tprint_struct_next();
	PRINT_FIELD_X(*segment, type);
	tprint_struct_next();
	PRINT_FIELD_U(*segment, present);
	tprint_struct_next();
	PRINT_FIELD_U(*segment, dpl);
	tprint_struct_next();
	PRINT_FIELD_U(*segment, db);
	tprint_struct_next();
	PRINT_FIELD_U(*segment, s);
	tprint_struct_next();
	PRINT_FIELD_U(*segment, l);
	tprint_struct_next();
	PRINT_FIELD_U(*segment, g);
	tprint_struct_next();
	PRINT_FIELD_U(*segment, avl);
	tprint_struct_end();
}

static void
print_table(const struct kvm_dtable *table)
{
	tprint_struct_begin();
	PRINT_FIELD_X(*table, base);
	tprint_struct_next();
	PRINT_FIELD_X(*table, limit);
	tprint_struct_end();
}

void
kvm_classic_print_sregs2(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_sregs2 sregs;

	if (umove_or_printaddr(tcp, arg, &sregs))
		return;
	tprint_struct_begin();
	PRINT_FIELD_OBJ_PTR(sregs, cs, print_segment);
	tprint_struct_next();
	if (!kvm2_full(tcp)) {
		tprint_more_data_follows();
		tprint_struct_end();
		return;
	}
	PRINT_FIELD_OBJ_PTR(sregs, ds, print_segment);
	tprint_struct_next();
	PRINT_FIELD_OBJ_PTR(sregs, es, print_segment);
	tprint_struct_next();
	PRINT_FIELD_OBJ_PTR(sregs, fs, print_segment);
	tprint_struct_next();
	PRINT_FIELD_OBJ_PTR(sregs, gs, print_segment);
	tprint_struct_next();
	PRINT_FIELD_OBJ_PTR(sregs, ss, print_segment);
	tprint_struct_next();
	PRINT_FIELD_OBJ_PTR(sregs, tr, print_segment);
	tprint_struct_next();
	PRINT_FIELD_OBJ_PTR(sregs, ldt, print_segment);
	tprint_struct_next();
	PRINT_FIELD_OBJ_PTR(sregs, gdt, print_table);
	tprint_struct_next();
	PRINT_FIELD_OBJ_PTR(sregs, idt, print_table);
	tprint_struct_next();
	PRINT_FIELD_X(sregs, cr0);
	tprint_struct_next();
	PRINT_FIELD_X(sregs, cr2);
	tprint_struct_next();
	PRINT_FIELD_X(sregs, cr3);
	tprint_struct_next();
	PRINT_FIELD_X(sregs, cr4);
	tprint_struct_next();
	PRINT_FIELD_X(sregs, cr8);
	tprint_struct_next();
	PRINT_FIELD_X(sregs, efer);
	tprint_struct_next();
	PRINT_FIELD_X(sregs, apic_base);
	tprint_struct_next();
	PRINT_FIELD_X(sregs, flags);
	tprint_struct_next();
	PRINT_FIELD_X_ARRAY(sregs, pdptrs);
	tprint_struct_end();
}

void
kvm_classic_print_debugregs(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_debugregs regs;

	if (umove_or_printaddr(tcp, arg, &regs))
		return;
	tprint_struct_begin();
	PRINT_FIELD_X_ARRAY(regs, db);
	tprint_struct_next();
	PRINT_FIELD_X(regs, dr6);
	tprint_struct_next();
	PRINT_FIELD_X(regs, dr7);
	tprint_struct_next();
	PRINT_FIELD_X(regs, flags);
	tprint_struct_end();
}

/* The registers that are not 0, by the names that they have in kvm2. */
void
kvm_classic_print_lapic(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_lapic_state lapic;
	const unsigned int limit = abbrev(tcp) ? max_strlen : KVM2_ARRAY_MAX;
	unsigned int shown = 0;

	if (umove_or_printaddr(tcp, arg, &lapic))
		return;
	tprint_struct_begin();
	for (size_t i = 0; i < sizeof(lapic.regs) / 16; i++) {
		const struct kvm2_record record = {
			.set = KVM2_SET_LAPIC,
			.size = 4,
			.number = i,
		};
		uint32_t value;

		memcpy(&value, lapic.regs + i * 16, sizeof(value));
		if (!value)
			continue;
		if (shown)
			tprint_struct_next();
		if (shown++ == limit) {
			tprint_more_data_follows();
			break;
		}
		kvm2_register_print_name(&record);
		STRACE_PRINTS("=");
		PRINT_VAL_X(value);
	}
	tprint_struct_end();
}

static void
print_exception(const struct kvm_vcpu_events *events)
{
	tprint_struct_begin();
	PRINT_FIELD_U(events->exception, injected);
	tprint_struct_next();
	PRINT_FIELD_XVAL_U(events->exception, nr, kvm2_vectors, NULL);
	tprint_struct_next();
	PRINT_FIELD_U(events->exception, has_error_code);
	tprint_struct_next();
	PRINT_FIELD_U(events->exception, pending);
	tprint_struct_next();
	PRINT_FIELD_X(events->exception, error_code);
	tprint_struct_end();
}

void
kvm_classic_print_vcpu_events(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_vcpu_events events;

	if (umove_or_printaddr(tcp, arg, &events))
		return;
	tprint_struct_begin();
	tprints_field_name("exception");
	print_exception(&events);
	tprint_struct_next();

	tprints_field_name("interrupt");
	tprint_struct_begin();
	PRINT_FIELD_U(events.interrupt, injected);
	tprint_struct_next();
	PRINT_FIELD_X(events.interrupt, nr);
	tprint_struct_next();
	PRINT_FIELD_U(events.interrupt, soft);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(events.interrupt, shadow, shadows,
			  "KVM_X86_SHADOW_INT_???");
	tprint_struct_end();
	tprint_struct_next();

	tprints_field_name("nmi");
	tprint_struct_begin();
	PRINT_FIELD_U(events.nmi, injected);
	tprint_struct_next();
	PRINT_FIELD_U(events.nmi, pending);
	tprint_struct_next();
	PRINT_FIELD_U(events.nmi, masked);
	tprint_struct_end();
	tprint_struct_next();

	PRINT_FIELD_X(events, sipi_vector);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(events, flags, event_flags, "KVM_VCPUEVENT_???");
	tprint_struct_next();

	tprints_field_name("smi");
	tprint_struct_begin();
	PRINT_FIELD_U(events.smi, smm);
	tprint_struct_next();
	PRINT_FIELD_U(events.smi, pending);
	tprint_struct_next();
	PRINT_FIELD_U(events.smi, smm_inside_nmi);
	tprint_struct_next();
	PRINT_FIELD_U(events.smi, latched_init);
	tprint_struct_end();

	if (events.exception_has_payload) {
		tprint_struct_next();
		PRINT_FIELD_X(events, exception_payload);
	}
	tprint_struct_end();
}

void
kvm_classic_print_nested_state(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_nested_state state;
	const size_t head = offsetof(struct kvm_nested_state, hdr);

	if (umoven_or_printaddr(tcp, arg, head, &state))
		return;
	tprint_struct_begin();
	PRINT_FIELD_FLAGS(state, flags, nested_flags, "KVM_STATE_NESTED_???");
	tprint_struct_next();
	PRINT_FIELD_XVAL_U(state, format, nested_formats,
			   "KVM_STATE_NESTED_FORMAT_???");
	tprint_struct_next();
	PRINT_FIELD_U(state, size);
	if (state.size > head) {
		tprint_struct_next();
		tprint_more_data_follows();
	}
	tprint_struct_end();
}

void
kvm_classic_print_mp_state(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_mp_state state;

	if (umove_or_printaddr(tcp, arg, &state))
		return;
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(state, mp_state, mp_states, "KVM_MP_STATE_???");
	tprint_struct_end();
}

void
kvm_classic_print_guest_debug(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_guest_debug debug;

	if (umove_or_printaddr(tcp, arg, &debug))
		return;
	tprint_struct_begin();
	PRINT_FIELD_FLAGS(debug, control, guest_debugs, "KVM_GUESTDBG_???");
	tprint_struct_next();
	PRINT_FIELD_X_ARRAY(debug.arch, debugreg);
	tprint_struct_end();
}

void
kvm_classic_print_interrupt(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_interrupt interrupt;

	if (umove_or_printaddr(tcp, arg, &interrupt))
		return;
	tprint_struct_begin();
	PRINT_FIELD_X(interrupt, irq);
	tprint_struct_end();
}

void
kvm_classic_print_translation(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_translation translation;

	if (umove_or_printaddr(tcp, arg, &translation))
		return;
	tprint_struct_begin();
	if (entering(tcp)) {
		PRINT_FIELD_X(translation, linear_address);
	} else {
		PRINT_FIELD_X(translation, physical_address);
		tprint_struct_next();
		PRINT_FIELD_U(translation, valid);
		tprint_struct_next();
		PRINT_FIELD_U(translation, writeable);
		tprint_struct_next();
		PRINT_FIELD_U(translation, usermode);
	}
	tprint_struct_end();
}

void
kvm_classic_print_signal_mask(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_signal_mask mask;
	uint64_t signals;

	if (umove_or_printaddr(tcp, arg, &mask))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(mask, len);
	tprint_struct_next();
	tprints_field_name("sigset");
	if (mask.len != sizeof(signals) ||
	    umove(tcp, arg + sizeof(mask), &signals))
		printaddr(arg + sizeof(mask));
	else
		STRACE_PRINTS(sprintsigmask_n("", &signals, sizeof(signals)));
	tprint_struct_end();
}

void
kvm_classic_print_tpr_access(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_tpr_access_ctl control;

	if (umove_or_printaddr(tcp, arg, &control))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(control, enabled);
	tprint_struct_next();
	PRINT_FIELD_X(control, flags);
	tprint_struct_end();
}

/* ---- registers by number ---- */

static void
print_reg_id(uint64_t id)
{
	PRINT_VAL_X(id);
	kvm2_print_note(xlookup(reg_sizes, id >> 52 & 0xf));
}

void
kvm_classic_print_one_reg(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_one_reg reg;
	unsigned char value[256];
	size_t size;

	if (umove_or_printaddr(tcp, arg, &reg))
		return;
	size = 1U << (reg.id >> 52 & 0xf);
	tprint_struct_begin();
	tprints_field_name("id");
	print_reg_id(reg.id);
	tprint_struct_next();
	tprints_field_name("addr");
	if (size > sizeof(value) || umoven(tcp, reg.addr, size, value)) {
		printaddr64(reg.addr);
	} else {
		tprint_indirect_begin();
		kvm2_print_number(value, size);
		tprint_indirect_end();
	}
	tprint_struct_end();
}

static bool
print_reg(struct tcb *const tcp, void *elem_buf, size_t elem_size, void *data)
{
	const uint64_t *id = elem_buf;

	print_reg_id(*id);
	return true;
}

void
kvm_classic_print_reg_list(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_reg_list list;
	uint64_t id;

	if (umove_or_printaddr(tcp, arg, &list))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(list, n);
	tprint_struct_next();
	tprints_field_name("reg");
	kvm2_print_array(tcp, arg + sizeof(list), list.n, &id, sizeof(id),
			 print_reg);
	tprint_struct_end();
}

void
kvm_classic_print_mce(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_x86_mce mce;

	if (umove_or_printaddr(tcp, arg, &mce))
		return;
	tprint_struct_begin();
	PRINT_FIELD_X(mce, status);
	tprint_struct_next();
	PRINT_FIELD_X(mce, addr);
	tprint_struct_next();
	PRINT_FIELD_X(mce, misc);
	tprint_struct_next();
	PRINT_FIELD_X(mce, mcg_status);
	tprint_struct_next();
	PRINT_FIELD_U(mce, bank);
	tprint_struct_end();
}
