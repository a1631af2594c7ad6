// SPDX-License-Identifier: GPL-2.0
/* The registers as gdb numbers them, and the records they come from. */
#include "registers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kvm2/kvm2.h>

/* ---- features ---- */

enum {
	FEATURE_CORE,
	FEATURE_SSE,
	FEATURE_SEGMENTS,
	FEATURE_AVX,
	FEATURE_AVX512,
	FEATURE_PKEYS,
	FEATURE_SYSTEM,
	FEATURE_KVM,
	FEATURE_MSR,
	NR_FEATURES
};

#define FIELD(name, bit)	"<field name=\"" name "\" start=\"" #bit "\" end=\"" #bit "\"/>"
#define SPAN(name, from, to)	"<field name=\"" name "\" start=\"" #from "\" end=\"" #to "\"/>"

/* Views of an SSE register. */
#define VECTOR_128 \
	"<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>" \
	"<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>" \
	"<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>" \
	"<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>" \
	"<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>" \
	"<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>" \
	"<union id=\"vec128\">" \
	"<field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>" \
	"<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>" \
	"<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>" \
	"<field name=\"uint128\" type=\"uint128\"/></union>"

/* Types that a feature's registers use; gdb knows the others itself. */
static const struct {
	const char *name;
	const char *types;
} features[NR_FEATURES] = {
	[FEATURE_CORE] = { "org.gnu.gdb.i386.core",
		"<flags id=\"i386_eflags\" size=\"4\">"
		FIELD("", 22) FIELD("CF", 0) FIELD("PF", 2) FIELD("AF", 4) FIELD("ZF", 6)
		FIELD("SF", 7) FIELD("TF", 8) FIELD("IF", 9) FIELD("DF", 10) FIELD("OF", 11)
		SPAN("IOPL", 12, 13) FIELD("NT", 14) FIELD("RF", 16) FIELD("VM", 17)
		FIELD("AC", 18) FIELD("VIF", 19) FIELD("VIP", 20) FIELD("ID", 21)
		"</flags>" },
	[FEATURE_SSE] = { "org.gnu.gdb.i386.sse",
		VECTOR_128
		"<flags id=\"i386_mxcsr\" size=\"4\">"
		FIELD("IE", 0) FIELD("DE", 1) FIELD("ZE", 2) FIELD("OE", 3) FIELD("UE", 4)
		FIELD("PE", 5) FIELD("DAZ", 6) FIELD("IM", 7) FIELD("DM", 8) FIELD("ZM", 9)
		FIELD("OM", 10) FIELD("UM", 11) FIELD("PM", 12) FIELD("FZ", 15)
		"</flags>" },
	[FEATURE_SEGMENTS] = { "org.gnu.gdb.i386.segments", "" },
	[FEATURE_AVX] = { "org.gnu.gdb.i386.avx", "" },
	[FEATURE_AVX512] = { "org.gnu.gdb.i386.avx512",
		VECTOR_128
		"<vector id=\"v2ui128\" type=\"uint128\" count=\"2\"/>" },
	[FEATURE_PKEYS] = { "org.gnu.gdb.i386.pkeys", "" },
	[FEATURE_SYSTEM] = { "org.kvm2.x86.system",
		"<flags id=\"x86_cr0\" size=\"8\">"
		FIELD("PE", 0) FIELD("MP", 1) FIELD("EM", 2) FIELD("TS", 3) FIELD("ET", 4)
		FIELD("NE", 5) FIELD("WP", 16) FIELD("AM", 18) FIELD("NW", 29) FIELD("CD", 30)
		FIELD("PG", 31) "</flags>"
		"<flags id=\"x86_cr4\" size=\"8\">"
		FIELD("VME", 0) FIELD("PVI", 1) FIELD("TSD", 2) FIELD("DE", 3) FIELD("PSE", 4)
		FIELD("PAE", 5) FIELD("MCE", 6) FIELD("PGE", 7) FIELD("PCE", 8)
		FIELD("OSFXSR", 9) FIELD("OSXMMEXCPT", 10) FIELD("UMIP", 11) FIELD("LA57", 12)
		FIELD("VMXE", 13) FIELD("SMXE", 14) FIELD("FSGSBASE", 16) FIELD("PCIDE", 17)
		FIELD("OSXSAVE", 18) FIELD("SMEP", 20) FIELD("SMAP", 21) FIELD("PKE", 22)
		FIELD("CET", 23) FIELD("PKS", 24) "</flags>"
		"<flags id=\"x86_efer\" size=\"8\">"
		FIELD("SCE", 0) FIELD("LME", 8) FIELD("LMA", 10) FIELD("NXE", 11)
		FIELD("SVME", 12) FIELD("LMSLE", 13) FIELD("FFXSR", 14) FIELD("TCE", 15)
		"</flags>"
		"<flags id=\"x86_xcr0\" size=\"8\">"
		FIELD("X87", 0) FIELD("SSE", 1) FIELD("AVX", 2) FIELD("OPMASK", 5)
		FIELD("ZMM_HI256", 6) FIELD("HI16_ZMM", 7) FIELD("PKRU", 9) "</flags>"
		"<flags id=\"x86_apic_base\" size=\"8\">"
		FIELD("BSP", 8) FIELD("EXTD", 10) FIELD("EN", 11) SPAN("BASE", 12, 51)
		"</flags>"
		"<flags id=\"x86_dr6\" size=\"8\">"
		FIELD("B0", 0) FIELD("B1", 1) FIELD("B2", 2) FIELD("B3", 3) FIELD("BD", 13)
		FIELD("BS", 14) FIELD("BT", 15) "</flags>" },
	[FEATURE_KVM] = { "org.kvm2.kvm", "" },
	[FEATURE_MSR] = { "org.kvm2.x86.msr", "" },
};

/* ---- the list ---- */

#define WIDE	1	/* in the 64-bit layout */
#define NARROW	2	/* in that of the i386 */
#define BOTH	3

#define SEGMENT_BASE		0
#define SEGMENT_LIMIT		8
#define SEGMENT_SELECTOR	12
#define SEGMENT_ACCESS		14

/**
 * struct row - one register, or several in a row
 * @count: @name has the place of the number then, the record counts up as well
 * @first: number in the first name
 */
struct row {
	uint8_t layouts;
	uint8_t feature;
	const char *name;
	uint16_t bits;
	const char *type;
	const char *group;
	uint16_t set;
	uint64_t number;
	uint16_t offset;
	uint16_t size;
	uint8_t count;
	uint8_t first;
};

#define GPR64(name, NAME)						\
	{ WIDE, FEATURE_CORE, name, 64, "int64", NULL, KVM2_SET_GPR, KVM2_GPR_##NAME, 0, 8, 1, 0 }
#define POINTER64(name, NAME)						\
	{ WIDE, FEATURE_CORE, name, 64, "data_ptr", NULL, KVM2_SET_GPR, KVM2_GPR_##NAME, 0, 8, 1, 0 }
#define GPR32(name, NAME)						\
	{ NARROW, FEATURE_CORE, name, 32, "int32", NULL, KVM2_SET_GPR, KVM2_GPR_##NAME, 0, 4, 1, 0 }
#define POINTER32(name, NAME)						\
	{ NARROW, FEATURE_CORE, name, 32, "data_ptr", NULL, KVM2_SET_GPR, KVM2_GPR_##NAME, 0, 4, 1, 0 }
#define SELECTOR(name, NAME)						\
	{ BOTH, FEATURE_CORE, name, 32, "int32", NULL, KVM2_SET_SEGMENT, KVM2_SEGMENT_##NAME,	\
	  SEGMENT_SELECTOR, 2, 1, 0 }
#define FLOAT(name, NAME, offset, size)					\
	{ BOTH, FEATURE_CORE, name, 32, "int", "float", KVM2_SET_X87, KVM2_X87_##NAME, offset,	\
	  size, 1, 0 }
#define SYSTEM(name, bits, type, set, number, offset, size)		\
	{ BOTH, FEATURE_SYSTEM, name, bits, type, "system", set, number, offset, size, 1, 0 }
#define SEGMENT(name, NAME)						\
	SYSTEM(name "_base", 64, "int64", KVM2_SET_SEGMENT, KVM2_SEGMENT_##NAME, SEGMENT_BASE, 8), \
	SYSTEM(name "_limit", 32, "uint32", KVM2_SET_SEGMENT, KVM2_SEGMENT_##NAME, SEGMENT_LIMIT, 4), \
	SYSTEM(name "_access", 32, "uint32", KVM2_SET_SEGMENT, KVM2_SEGMENT_##NAME, SEGMENT_ACCESS, 2)
#define CONTROL(name, type, NAME)					\
	SYSTEM(name, 64, type, KVM2_SET_CONTROL, KVM2_CONTROL_##NAME, 0, 8)
#define DEBUG(name, type, NAME)						\
	SYSTEM(name, 64, type, KVM2_SET_DEBUG, KVM2_DEBUG_##NAME, 0, 8)
#define MACHINE(name, index)	SYSTEM(name, 64, "uint64", KVM2_SET_MSR, index, 0, 8)
#define KVM(name, bits, type, set, number, offset, size)		\
	{ BOTH, FEATURE_KVM, name, bits, type, "kvm", set, number, offset, size, 1, 0 }

/* In gdb's order; those up to the segments are in the g packet. */
static const struct row rows[] = {
	GPR64("rax", RAX), GPR64("rbx", RBX), GPR64("rcx", RCX), GPR64("rdx", RDX),
	GPR64("rsi", RSI), GPR64("rdi", RDI), POINTER64("rbp", RBP), POINTER64("rsp", RSP),
	{ WIDE, FEATURE_CORE, "r%u", 64, "int64", NULL, KVM2_SET_GPR, KVM2_GPR_R8, 0, 8, 8, 8 },
	{ WIDE, FEATURE_CORE, "rip", 64, "code_ptr", NULL, KVM2_SET_CONTROL, KVM2_CONTROL_RIP,
	  0, 8, 1, 0 },
	GPR32("eax", RAX), GPR32("ecx", RCX), GPR32("edx", RDX), GPR32("ebx", RBX),
	POINTER32("esp", RSP), POINTER32("ebp", RBP), GPR32("esi", RSI), GPR32("edi", RDI),
	{ NARROW, FEATURE_CORE, "eip", 32, "code_ptr", NULL, KVM2_SET_CONTROL, KVM2_CONTROL_RIP,
	  0, 4, 1, 0 },
	{ BOTH, FEATURE_CORE, "eflags", 32, "i386_eflags", NULL, KVM2_SET_CONTROL,
	  KVM2_CONTROL_RFLAGS, 0, 4, 1, 0 },
	SELECTOR("cs", CS), SELECTOR("ss", SS), SELECTOR("ds", DS), SELECTOR("es", ES),
	SELECTOR("fs", FS), SELECTOR("gs", GS),
	{ BOTH, FEATURE_CORE, "st%u", 80, "i387_ext", NULL, KVM2_SET_X87, KVM2_X87_ST0, 0, 10, 8, 0 },
	FLOAT("fctrl", FCW, 0, 2), FLOAT("fstat", FSW, 0, 2), FLOAT("ftag", FTW, 0, 1),
	FLOAT("fiseg", FIP, 4, 2), FLOAT("fioff", FIP, 0, 4), FLOAT("foseg", FDP, 4, 2),
	FLOAT("fooff", FDP, 0, 4), FLOAT("fop", FOP, 0, 2),

	{ WIDE, FEATURE_SSE, "xmm%u", 128, "vec128", NULL, KVM2_SET_VECTOR, 0, 0, 16, 16, 0 },
	{ NARROW, FEATURE_SSE, "xmm%u", 128, "vec128", NULL, KVM2_SET_VECTOR, 0, 0, 16, 8, 0 },
	{ BOTH, FEATURE_SSE, "mxcsr", 32, "i386_mxcsr", "vector", KVM2_SET_VECTOR,
	  KVM2_VECTOR_MXCSR, 0, 4, 1, 0 },

	{ WIDE, FEATURE_SEGMENTS, "fs_base", 64, "int", NULL, KVM2_SET_SEGMENT, KVM2_SEGMENT_FS,
	  SEGMENT_BASE, 8, 1, 0 },
	{ WIDE, FEATURE_SEGMENTS, "gs_base", 64, "int", NULL, KVM2_SET_SEGMENT, KVM2_SEGMENT_GS,
	  SEGMENT_BASE, 8, 1, 0 },

	{ WIDE, FEATURE_AVX, "ymm%uh", 128, "uint128", NULL, KVM2_SET_VECTOR, 0, 16, 16, 16, 0 },
	{ NARROW, FEATURE_AVX, "ymm%uh", 128, "uint128", NULL, KVM2_SET_VECTOR, 0, 16, 16, 8, 0 },

	{ WIDE, FEATURE_AVX512, "xmm%u", 128, "vec128", NULL, KVM2_SET_VECTOR, 16, 0, 16, 16, 16 },
	{ WIDE, FEATURE_AVX512, "ymm%uh", 128, "uint128", NULL, KVM2_SET_VECTOR, 16, 16, 16, 16, 16 },
	{ BOTH, FEATURE_AVX512, "k%u", 64, "uint64", NULL, KVM2_SET_VECTOR, KVM2_VECTOR_K0, 0, 8, 8, 0 },
	{ WIDE, FEATURE_AVX512, "zmm%uh", 256, "v2ui128", NULL, KVM2_SET_VECTOR, 0, 32, 32, 32, 0 },
	{ NARROW, FEATURE_AVX512, "zmm%uh", 256, "v2ui128", NULL, KVM2_SET_VECTOR, 0, 32, 32, 8, 0 },

	{ BOTH, FEATURE_PKEYS, "pkru", 32, "int", NULL, KVM2_SET_XSTATE, 9, 0, 4, 1, 0 },

	CONTROL("cr0", "x86_cr0", CR0), CONTROL("cr2", "int64", CR2), CONTROL("cr3", "int64", CR3),
	CONTROL("cr4", "x86_cr4", CR4), CONTROL("cr8", "int64", CR8),
	CONTROL("efer", "x86_efer", EFER), CONTROL("xcr0", "x86_xcr0", XCR0),
	CONTROL("apic_base", "x86_apic_base", APIC_BASE),
	{ NARROW, FEATURE_SYSTEM, "pdptr%u", 64, "int64", "system", KVM2_SET_CONTROL,
	  KVM2_CONTROL_PDPTR0, 0, 8, 4, 0 },
	DEBUG("dr0", "int64", DR0), DEBUG("dr1", "int64", DR1), DEBUG("dr2", "int64", DR2),
	DEBUG("dr3", "int64", DR3), DEBUG("dr6", "x86_dr6", DR6), DEBUG("dr7", "int64", DR7),
	SEGMENT("cs", CS), SEGMENT("ss", SS), SEGMENT("ds", DS), SEGMENT("es", ES),
	SYSTEM("fs_limit", 32, "uint32", KVM2_SET_SEGMENT, KVM2_SEGMENT_FS, SEGMENT_LIMIT, 4),
	SYSTEM("fs_access", 32, "uint32", KVM2_SET_SEGMENT, KVM2_SEGMENT_FS, SEGMENT_ACCESS, 2),
	SYSTEM("gs_limit", 32, "uint32", KVM2_SET_SEGMENT, KVM2_SEGMENT_GS, SEGMENT_LIMIT, 4),
	SYSTEM("gs_access", 32, "uint32", KVM2_SET_SEGMENT, KVM2_SEGMENT_GS, SEGMENT_ACCESS, 2),
	SYSTEM("ldtr", 32, "int32", KVM2_SET_SEGMENT, KVM2_SEGMENT_LDTR, SEGMENT_SELECTOR, 2),
	SEGMENT("ldtr", LDTR),
	SYSTEM("tr", 32, "int32", KVM2_SET_SEGMENT, KVM2_SEGMENT_TR, SEGMENT_SELECTOR, 2),
	SEGMENT("tr", TR),
	SYSTEM("gdtr_base", 64, "int64", KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_GDTR, 0, 8),
	SYSTEM("gdtr_limit", 32, "uint32", KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_GDTR, 8, 2),
	SYSTEM("idtr_base", 64, "int64", KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_IDTR, 0, 8),
	SYSTEM("idtr_limit", 32, "uint32", KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_IDTR, 8, 2),
	MACHINE("star", 0xc0000081), MACHINE("lstar", 0xc0000082), MACHINE("cstar", 0xc0000083),
	MACHINE("fmask", 0xc0000084), MACHINE("k_gs_base", 0xc0000102),
	MACHINE("tsc_aux", 0xc0000103), MACHINE("sysenter_cs", 0x174),
	MACHINE("sysenter_esp", 0x175), MACHINE("sysenter_eip", 0x176), MACHINE("pat", 0x277),
	SYSTEM("tsc", 64, "uint64", KVM2_SET_TSC, KVM2_TSC_VALUE, 0, 8),

	KVM("mp_state", 32, "uint32", KVM2_SET_MP, KVM2_MP_STATE, 0, 4),
	KVM("irq_shadow", 32, "uint32", KVM2_SET_EVENTS, KVM2_EVENTS_SHADOW, 0, 4),
	KVM("exception", 64, "uint64", KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, 0, 8),
	KVM("exception_payload", 64, "uint64", KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, 8, 8),
	KVM("interrupt", 64, "uint64", KVM2_SET_EVENTS, KVM2_EVENTS_INTERRUPT, 0, 8),
	KVM("nmi", 64, "uint64", KVM2_SET_EVENTS, KVM2_EVENTS_NMI, 0, 8),
	KVM("pending_exit", 32, "uint32", KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT, 0, 4),
	KVM("debug_dr6", 64, "uint64", KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT,
	    offsetof(struct kvm2_debug_event, dr6), 8),
};

#define NR_ROWS	(sizeof(rows) / sizeof(rows[0]))

/* ---- building it ---- */

/* The record of a register in a list of headers; NULL: there is none. */
static const struct kvm2_record *find(const struct kvm2_records *list, uint16_t set,
				      uint64_t number)
{
	return kvm2_records_find(list, set, number);
}

static int add(struct registers *registers, const struct gdb_register *reg)
{
	struct gdb_register *all;

	if (!(registers->count & (registers->count - 1))) {
		size_t size = registers->count ? registers->count * 2 : 1;

		all = realloc(registers->all, size * sizeof(*all));
		if (!all)
			return -ENOMEM;
		registers->all = all;
	}
	registers->all[registers->count++] = *reg;
	return 0;
}

static int add_row(struct registers *registers, const struct row *row,
		   const struct kvm2_records *list)
{
	for (unsigned int i = 0; i < row->count; i++) {
		struct gdb_register reg = {
			.type = row->type, .group = row->group, .feature = row->feature,
			.bits = row->bits, .set = row->set, .number = row->number + i,
			.offset = row->offset, .size = row->size,
		};
		const struct kvm2_record *record = find(list, reg.set, reg.number);
		int size = kvm2_register_size(reg.set, reg.number);
		int err;

		if (!record || record->size < reg.offset + reg.size)
			continue;
		/* As short as the register allows: vectors and XSTATE have none of their own. */
		reg.record_size = reg.set == KVM2_SET_VECTOR || size <= 0 ?
			(uint16_t)(reg.offset + reg.size) : (uint16_t)size;
		if (reg.set == KVM2_SET_XSTATE)
			reg.record_size = (uint16_t)record->size;
		reg.attributes = record->attributes;
		reg.is_tag_word = reg.set == KVM2_SET_X87 && reg.number == KVM2_X87_FTW;
		snprintf(reg.name, sizeof(reg.name), row->name, row->first + i);
		err = add(registers, &reg);
		if (err)
			return err;
	}
	return 0;
}

static bool has_tag(const struct registers *registers, uint16_t set, uint64_t number)
{
	for (unsigned int i = 0; i < registers->count; i++)
		if (registers->all[i].set == set && registers->all[i].number == number)
			return true;
	return false;
}

/* MSRs that the list above does not have, under their names. */
static int add_msrs(struct registers *registers, const struct kvm2_records *list)
{
	struct kvm2_record *record = NULL;
	int err = 0;

	while (!err && (record = kvm2_records_next(list, record))) {
		struct gdb_register reg = {
			.type = "uint64", .group = "msr", .feature = FEATURE_MSR, .bits = 64,
			.set = KVM2_SET_MSR, .number = record->number, .size = 8,
			.record_size = 8, .attributes = record->attributes,
		};
		const char *name = kvm2_msr_name((uint32_t)record->number);

		if (record->set != KVM2_SET_MSR || has_tag(registers, record->set, record->number))
			continue;
		if (name)
			snprintf(reg.name, sizeof(reg.name), "msr_%.18s", name);
		else
			snprintf(reg.name, sizeof(reg.name), "msr_0x%x", (uint32_t)record->number);
		if (registers_find(registers, reg.name) >= 0)
			snprintf(reg.name, sizeof(reg.name), "msr_0x%x", (uint32_t)record->number);
		err = add(registers, &reg);
	}
	return err;
}

/* The records of the g packet, each once. */
static int make_template(struct registers *registers)
{
	size_t room = registers->nr_general * KVM2_RECORD_BYTES(REGISTER_BYTES_MAX);
	struct kvm2_records records;
	int err;

	registers->template = calloc(1, room);
	if (!registers->template)
		return -ENOMEM;
	kvm2_records_init(&records, registers->template, room);
	for (unsigned int i = 0; i < registers->nr_general; i++) {
		struct gdb_register *reg = &registers->all[i];
		struct kvm2_record *record = kvm2_records_find(&records, reg->set, reg->number);

		if (reg->attributes & KVM2_ATTR_FAILED)
			continue;
		if (record) {
			reg->template_offset = (uint32_t)((char *)record - (char *)records.data);
			continue;
		}
		reg->template_offset = (uint32_t)records.used;
		err = kvm2_records_add(&records, reg->set, reg->number, NULL, reg->record_size);
		if (err)
			return err;
	}
	registers->template_size = records.used;
	return 0;
}

int registers_init(struct registers *registers, bool wide, const void *list, size_t size)
{
	struct kvm2_records headers = {
		.data = (void *)list, .size = size, .used = size, .headers = true,
	};
	int err = 0;

	*registers = (struct registers){ .wide = wide };
	for (size_t i = 0; i < NR_ROWS && !err; i++) {
		if (!(rows[i].layouts & (wide ? WIDE : NARROW)))
			continue;
		err = add_row(registers, &rows[i], &headers);
		if (rows[i].feature <= FEATURE_SEGMENTS)
			registers->nr_general = registers->count;
	}
	if (!err)
		err = add_msrs(registers, &headers);
	if (!err)
		err = make_template(registers);
	if (err)
		registers_fini(registers);
	return err;
}

void registers_fini(struct registers *registers)
{
	free(registers->template);
	free(registers->all);
	*registers = (struct registers){ 0 };
}

int registers_find(const struct registers *registers, const char *name)
{
	for (unsigned int i = 0; i < registers->count; i++)
		if (!strcmp(registers->all[i].name, name))
			return (int)i;
	return -ENOENT;
}

/* An element a line: gdb cannot read its own trace files if they have long ones. */
static void describe_types(struct buffer *xml, const char *types)
{
	for (; *types; types++) {
		buffer_char(xml, *types);
		if (*types == '>')
			buffer_char(xml, '\n');
	}
}

void registers_describe(const struct registers *registers, struct buffer *xml)
{
	int open = -1;

	buffer_text(xml, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target>\n");
	buffer_printf(xml, "<architecture>%s</architecture>\n",
		      registers->wide ? "i386:x86-64" : "i386");
	for (unsigned int i = 0; i < registers->count; i++) {
		const struct gdb_register *reg = &registers->all[i];

		if (reg->feature != open) {
			if (open >= 0)
				buffer_text(xml, "</feature>\n");
			open = reg->feature;
			buffer_printf(xml, "<feature name=\"%s\">\n", features[open].name);
			describe_types(xml, features[open].types);
		}
		buffer_printf(xml, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%u\"",
			      reg->name, reg->bits, reg->type, i);
		if (reg->group)
			buffer_printf(xml, " group=\"%s\"", reg->group);
		/* An inferior call shall not put back what is not a program's. */
		if (reg->feature >= FEATURE_SYSTEM)
			buffer_text(xml, " save-restore=\"no\"");
		buffer_text(xml, "/>\n");
	}
	if (open >= 0)
		buffer_text(xml, "</feature>\n");
	buffer_text(xml, "</target>\n");
}

/* ---- the x87 tag word ---- */

enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

#define STATUS_TOP_SHIFT	11

static unsigned int tag_of(const uint8_t st[10])
{
	uint64_t fraction;
	uint16_t exponent;

	memcpy(&fraction, st, 8);
	memcpy(&exponent, st + 8, 2);
	exponent &= 0x7fff;
	if (exponent == 0x7fff)
		return TAG_SPECIAL;
	if (!exponent)
		return fraction ? TAG_SPECIAL : TAG_ZERO;
	return fraction >> 63 ? TAG_VALID : TAG_SPECIAL;
}

static const void *template_value(const struct registers *registers, const void *records,
				  uint16_t set, uint64_t number)
{
	const struct kvm2_records all = {
		.data = (void *)records, .size = registers->template_size,
		.used = registers->template_size,
	};
	const struct kvm2_record *record = kvm2_records_find(&all, set, number);

	return record ? record->value : NULL;
}

/* Two bits for each physical register, of one: "in use". */
static uint32_t full_tags(const struct registers *registers, const void *records)
{
	const uint8_t *used = template_value(registers, records, KVM2_SET_X87, KVM2_X87_FTW);
	const void *status = template_value(registers, records, KVM2_SET_X87, KVM2_X87_FSW);
	uint32_t tags = 0;
	uint16_t fsw;

	if (!used || !status)
		return 0;
	memcpy(&fsw, status, sizeof(fsw));
	for (unsigned int i = 0; i < 8; i++) {
		/* Registers are kept as st(i), counted from the top. */
		unsigned int st = (i - (fsw >> STATUS_TOP_SHIFT & 7)) & 7;
		const uint8_t *value = template_value(registers, records, KVM2_SET_X87,
						      KVM2_X87_ST0 + st);

		tags |= (*used & 1 << i && value ? tag_of(value) : TAG_EMPTY) << i * 2;
	}
	return tags;
}

static uint8_t short_tags(uint32_t tags)
{
	uint8_t used = 0;

	for (unsigned int i = 0; i < 8; i++)
		if ((tags >> i * 2 & 3) != TAG_EMPTY)
			used |= (uint8_t)(1 << i);
	return used;
}

/* ---- values ---- */

/* A record of its own, in @data. */
static int get_record(struct target *target, unsigned int vcpu, const struct gdb_register *reg,
		      struct kvm2_records *records, uint64_t *data, size_t size)
{
	int ret;

	kvm2_records_init(records, data, size);
	ret = kvm2_records_add(records, reg->set, reg->number, NULL, reg->record_size);
	if (!ret)
		ret = target->ops->get_state(target, vcpu, data, records->used, 0);
	return ret < 0 ? ret : 0;
}

#define RECORD_WORDS	(KVM2_RECORD_BYTES(1024) / 8)

static int read_tag_word(const struct registers *registers, const void *records,
			 struct target *target, unsigned int vcpu, uint8_t *value)
{
	void *copy = NULL;
	uint32_t tags;
	int ret = 4;

	if (!records) {
		copy = malloc(registers->template_size);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, registers->template, registers->template_size);
		ret = target->ops->get_state(target, vcpu, copy, registers->template_size, 0);
		records = copy;
	}
	if (ret >= 0) {
		tags = full_tags(registers, records);
		memcpy(value, &tags, 4);
		ret = 4;
	}
	free(copy);
	return ret;
}

int register_read(const struct registers *registers, unsigned int index, const void *records,
		  struct target *target, unsigned int vcpu, uint8_t value[REGISTER_BYTES_MAX])
{
	const struct gdb_register *reg = &registers->all[index];
	uint64_t data[RECORD_WORDS];
	struct kvm2_records one;
	const struct kvm2_record *record;
	int err;

	if (reg->attributes & KVM2_ATTR_FAILED)
		return -ENODATA;
	if (index >= registers->nr_general)
		records = NULL;
	if (reg->is_tag_word)
		return read_tag_word(registers, records, target, vcpu, value);
	if (records) {
		record = (const void *)((const char *)records + reg->template_offset);
	} else {
		err = get_record(target, vcpu, reg, &one, data, sizeof(data));
		if (err)
			return err;
		record = one.data;
	}
	memset(value, 0, REGISTER_BYTES_MAX);
	memcpy(value, record->value + reg->offset, reg->size);
	return reg->bits / 8;
}

int register_write(const struct registers *registers, unsigned int index, struct target *target,
		   unsigned int vcpu, const uint8_t *value)
{
	const struct gdb_register *reg = &registers->all[index];
	uint8_t now[REGISTER_BYTES_MAX];
	uint64_t data[RECORD_WORDS];
	struct kvm2_records one;
	struct kvm2_record *record;
	uint32_t tags;
	int ret;

	if (reg->attributes & KVM2_ATTR_READ_ONLY)
		return -EACCES;
	ret = get_record(target, vcpu, reg, &one, data, sizeof(data));
	if (ret)
		return ret;
	record = one.data;
	if (reg->is_tag_word) {
		memcpy(&tags, value, sizeof(tags));
		record->value[0] = short_tags(tags);
	} else {
		memcpy(record->value + reg->offset, value, reg->size);
	}
	ret = target->ops->set_state(target, vcpu, data, one.used);
	if (ret < 0 || reg->is_tag_word || reg->attributes & KVM2_ATTR_VOLATILE)
		return ret < 0 ? ret : 0;
	/* Bits that the processor does not have are not written. */
	ret = register_read(registers, index, NULL, target, vcpu, now);
	if (ret < 0)
		return ret;
	return memcmp(now, value, reg->size) ? -EIO : 0;
}

int state_get_u64(struct target *target, unsigned int vcpu, uint16_t set, uint64_t number,
		  uint64_t *value)
{
	uint64_t data[RECORD_WORDS];
	struct kvm2_records records;
	int size = kvm2_register_size(set, number);
	int ret;

	if (size < 0 || size > 8)
		return size < 0 ? size : -EINVAL;
	kvm2_records_init(&records, data, sizeof(data));
	ret = kvm2_records_add(&records, set, number, NULL, (uint32_t)size);
	if (!ret)
		ret = target->ops->get_state(target, vcpu, data, records.used, 0);
	return ret < 0 ? ret : kvm2_records_get_u64(&records, set, number, value);
}

int state_set_u64(struct target *target, unsigned int vcpu, uint16_t set, uint64_t number,
		  uint32_t size, uint64_t value)
{
	uint64_t data[RECORD_WORDS];
	struct kvm2_records records;
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	ret = kvm2_records_add_u64(&records, set, number, value, size);
	if (!ret)
		ret = target->ops->set_state(target, vcpu, data, records.used);
	return ret < 0 ? ret : 0;
}
