/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exits of struct kvm2_run: one function for each member of its union. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_exit.h"

#include "kvm2_print.h"
#include "kvm2_vectors.h"
#include "kvm2_xlat.h"

#include <sys/uio.h>

#include <linux/kvm2.h>

/* Holds all of an exit but long strings of port I/O and error data. */
#define HEAD_BYTES	64

static const struct xlat_data reason_data[] = {
#define X(value, name, text) { value, "KVM2_EXIT_" #name },
	KVM2_EXIT_REASONS(X)
#undef X
};
KVM2_XLAT_VALUES(exit_reasons, reason_data);

static const struct xlat_data direction_data[] = {
	KVM2_XLAT_ENTRY(KVM2_IO_IN),
	KVM2_XLAT_ENTRY(KVM2_IO_OUT),
};
KVM2_XLAT_VALUES(directions, direction_data);

static const struct xlat_data classic_direction_data[] = {
	{ KVM2_IO_IN,	"KVM_EXIT_IO_IN" },
	{ KVM2_IO_OUT,	"KVM_EXIT_IO_OUT" },
};
KVM2_XLAT_VALUES(classic_directions, classic_direction_data);

static const struct xlat_data msr_reason_data[] = {
	KVM2_XLAT_ENTRY(KVM2_MSR_EXIT_INVALID),
	KVM2_XLAT_ENTRY(KVM2_MSR_EXIT_UNKNOWN),
	KVM2_XLAT_ENTRY(KVM2_MSR_EXIT_FILTER),
};
KVM2_XLAT_FLAGS(msr_reasons, msr_reason_data);

static const struct xlat_data classic_msr_reason_data[] = {
	{ KVM2_MSR_EXIT_INVALID,	"KVM_MSR_EXIT_REASON_INVAL" },
	{ KVM2_MSR_EXIT_UNKNOWN,	"KVM_MSR_EXIT_REASON_UNKNOWN" },
	{ KVM2_MSR_EXIT_FILTER,		"KVM_MSR_EXIT_REASON_FILTER" },
};
KVM2_XLAT_FLAGS(classic_msr_reasons, classic_msr_reason_data);

/*
 * Numbers of linux/kvm.h and linux/kvm_para.h, Linux 6.12, that the ABI hands
 * on. Written out, since the headers of the build may be older.
 */
static const struct xlat_data hypercall_data[] = {
	{ 1,	"KVM_HC_VAPIC_POLL_IRQ" },
	{ 2,	"KVM_HC_MMU_OP" },
	{ 3,	"KVM_HC_FEATURES" },
	{ 4,	"KVM_HC_PPC_MAP_MAGIC_PAGE" },
	{ 5,	"KVM_HC_KICK_CPU" },
	{ 6,	"KVM_HC_MIPS_GET_CLOCK_FREQ" },
	{ 7,	"KVM_HC_MIPS_EXIT_VM" },
	{ 8,	"KVM_HC_MIPS_CONSOLE_OUTPUT" },
	{ 9,	"KVM_HC_CLOCK_PAIRING" },
	{ 10,	"KVM_HC_SEND_IPI" },
	{ 11,	"KVM_HC_SCHED_YIELD" },
	{ 12,	"KVM_HC_MAP_GPA_RANGE" },
};
KVM2_XLAT_VALUES(hypercalls, hypercall_data);

static const struct xlat_data suberror_data[] = {
	{ 1,	"KVM_INTERNAL_ERROR_EMULATION" },
	{ 2,	"KVM_INTERNAL_ERROR_SIMUL_EX" },
	{ 3,	"KVM_INTERNAL_ERROR_DELIVERY_EV" },
	{ 4,	"KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON" },
};
KVM2_XLAT_VALUES(suberrors, suberror_data);

static const struct xlat_data system_event_data[] = {
	{ 1,	"KVM_SYSTEM_EVENT_SHUTDOWN" },
	{ 2,	"KVM_SYSTEM_EVENT_RESET" },
	{ 3,	"KVM_SYSTEM_EVENT_CRASH" },
	{ 4,	"KVM_SYSTEM_EVENT_WAKEUP" },
	{ 5,	"KVM_SYSTEM_EVENT_SUSPEND" },
	{ 6,	"KVM_SYSTEM_EVENT_SEV_TERM" },
};
KVM2_XLAT_VALUES(system_events, system_event_data);

static const struct xlat_data notify_data[] = {
	{ 1,	"KVM_NOTIFY_CONTEXT_INVALID" },
};
KVM2_XLAT_FLAGS(notify_flags, notify_data);

#define HYPERV_SYNIC	1
#define HYPERV_HCALL	2
#define HYPERV_SYNDBG	3
static const struct xlat_data hyperv_data[] = {
	{ HYPERV_SYNIC,		"KVM_EXIT_HYPERV_SYNIC" },
	{ HYPERV_HCALL,		"KVM_EXIT_HYPERV_HCALL" },
	{ HYPERV_SYNDBG,	"KVM_EXIT_HYPERV_SYNDBG" },
};
KVM2_XLAT_VALUES(hyperv_types, hyperv_data);

static const struct xlat_data apic_data[] = {
#define X(value, name, text) { (value), "KVM2_APIC_" #name },
	KVM2_APIC_TYPES(X)
#undef X
};
KVM2_XLAT_VALUES(apic_types, apic_data);

static const struct xlat_data memory_fault_data[] = {
	{ 1 << 3,	"KVM_MEMORY_EXIT_FLAG_PRIVATE" },
};
KVM2_XLAT_FLAGS(memory_fault_flags, memory_fault_data);

static const struct xlat_data dr6_data[] = {
	{ 1 << 0,	"B0" },
	{ 1 << 1,	"B1" },
	{ 1 << 2,	"B2" },
	{ 1 << 3,	"B3" },
	{ 1 << 13,	"BD" },
	{ 1 << 14,	"BS" },
	{ 1 << 15,	"BT" },
};

static size_t
io_bytes(const struct kvm2_exit_io *io)
{
	return MIN((uint64_t) io->size * io->count, sizeof(io->data));
}

static void
print_unknown(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(run->unknown, kvm_reason, kvm2_classic_exits,
			   "KVM_EXIT_???");
	tprint_struct_next();
	PRINT_FIELD_X(run->unknown, hardware_reason);
	tprint_struct_end();
}

static void
print_io_data(const struct kvm2_run *run, unsigned int how)
{
	tprints_field_name("data");
	if (how & KVM2_EXIT_NO_DATA) {
		STRACE_PRINTS("???");
		return;
	}
	kvm2_print_bytes(run->io.data, io_bytes(&run->io), false);
	if (io_bytes(&run->io) <= max_strlen &&
	    io_bytes(&run->io) < (uint64_t) run->io.size * run->io.count)
		tprint_more_data_follows();
}

static void
print_io(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	PRINT_FIELD_X(run->io, port);
	tprint_struct_next();
	PRINT_FIELD_U(run->io, size);
	tprint_struct_next();
	if (how & KVM2_EXIT_CLASSIC)
		PRINT_FIELD_XVAL_U(run->io, direction, classic_directions,
				   "KVM_EXIT_IO_???");
	else
		PRINT_FIELD_XVAL_U(run->io, direction, directions,
				   "KVM2_IO_???");
	tprint_struct_next();
	PRINT_FIELD_U(run->io, count);
	if ((how & KVM2_EXIT_FULL) || run->io.direction != KVM2_IO_IN) {
		tprint_struct_next();
		print_io_data(run, how);
	}
	tprint_struct_end();
}

static void
print_mmio_data(const struct kvm2_run *run)
{
	tprints_field_name("data");
	kvm2_print_number(run->mmio.data,
			  MIN(run->mmio.len, sizeof(run->mmio.data)));
}

static void
print_mmio(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	PRINT_FIELD_X(run->mmio, gpa);
	tprint_struct_next();
	PRINT_FIELD_U(run->mmio, len);
	tprint_struct_next();
	PRINT_FIELD_U(run->mmio, is_write);
	if ((how & KVM2_EXIT_FULL) || run->mmio.is_write) {
		tprint_struct_next();
		print_mmio_data(run);
	}
	tprint_struct_end();
}

static void
print_hypercall(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(run->hypercall, nr, hypercalls, "KVM_HC_???");
	if (how & KVM2_EXIT_FULL) {
		tprint_struct_next();
		PRINT_FIELD_X(run->hypercall, ret);
	}
	tprint_struct_next();
	PRINT_FIELD_X_ARRAY(run->hypercall, args);
	tprint_struct_next();
	PRINT_FIELD_X(run->hypercall, flags);
	tprint_struct_end();
}

static void
print_msr(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	tprints_field_name("index");
	kvm2_print_msr(run->msr.index);
	tprint_struct_next();
	if (how & KVM2_EXIT_CLASSIC)
		PRINT_FIELD_FLAGS(run->msr, reason, classic_msr_reasons,
				  "KVM_MSR_EXIT_REASON_???");
	else
		PRINT_FIELD_FLAGS(run->msr, reason, msr_reasons,
				  "KVM2_MSR_EXIT_???");
	if ((how & KVM2_EXIT_FULL) || run->exit_reason == KVM2_EXIT_WRMSR) {
		tprint_struct_next();
		PRINT_FIELD_X(run->msr, data);
	}
	if (how & KVM2_EXIT_FULL) {
		tprint_struct_next();
		PRINT_FIELD_U(run->msr, error);
	}
	tprint_struct_end();
}

static void
print_debug(const struct kvm2_run *run, unsigned int how)
{
	char words[64] = "";

	for (size_t i = 0; i < ARRAY_SIZE(dr6_data); i++)
		if (run->debug.dr6 & dr6_data[i].val) {
			strcat(words, *words ? "|" : "");
			strcat(words, dr6_data[i].str);
		}
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(run->debug, exception, kvm2_vectors, NULL);
	tprint_struct_next();
	PRINT_FIELD_X(run->debug, pc);
	tprint_struct_next();
	PRINT_FIELD_X(run->debug, dr6);
	kvm2_print_note(*words ? words : NULL);
	tprint_struct_next();
	PRINT_FIELD_X(run->debug, dr7);
	tprint_struct_end();
}

static void
print_fail_entry(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	PRINT_FIELD_X(run->fail_entry, hardware_reason);
	tprint_struct_next();
	PRINT_FIELD_U(run->fail_entry, cpu);
	tprint_struct_end();
}

static void
print_words(const uint64_t *data, uint32_t count)
{
	tprints_field_name("data");
	tprint_array_begin();
	for (uint32_t i = 0; i < MIN(count, KVM2_ERROR_DATA_MAX); i++) {
		if (i)
			tprint_array_next();
		PRINT_VAL_X(data[i]);
	}
	tprint_array_end();
}

/*
 * After a failed emulation the first word says whether the next 16 bytes are a
 * length and so many bytes of the instruction.
 */
static void
note_instruction(const struct kvm2_run *run)
{
	const struct kvm2_exit_internal_error *error = &run->internal_error;
	const unsigned char *bytes = (const unsigned char *) &error->data[1];
	char text[sizeof("instruction") + 3 * 15] = "instruction";
	char *end = text + strlen(text);

	if (error->suberror != 1 || error->ndata < 3 || !(error->data[0] & 1) ||
	    !bytes[0] || bytes[0] > 15)
		return;
	for (unsigned int i = 1; i <= bytes[0]; i++)
		end += sprintf(end, " %02x", bytes[i]);
	kvm2_print_note(text);
}

static void
print_internal_error(const struct kvm2_run *run, unsigned int how)
{
	const struct kvm2_exit_internal_error *error = &run->internal_error;

	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(*error, suberror, suberrors, "KVM_INTERNAL_ERROR_???");
	tprint_struct_next();
	PRINT_FIELD_U(*error, ndata);
	tprint_struct_next();
	print_words((const uint64_t *) error->data, error->ndata);
	note_instruction(run);
	tprint_struct_end();
}

static void
print_exception(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(run->exception, exception, kvm2_vectors, NULL);
	tprint_struct_next();
	PRINT_FIELD_X(run->exception, error_code);
	tprint_struct_end();
}

static void
print_system_event(const struct kvm2_run *run, unsigned int how)
{
	const struct kvm2_exit_system_event *event = &run->system_event;

	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(*event, type, system_events, "KVM_SYSTEM_EVENT_???");
	tprint_struct_next();
	PRINT_FIELD_U(*event, ndata);
	if (event->ndata) {
		tprint_struct_next();
		print_words((const uint64_t *) event->data, event->ndata);
	}
	tprint_struct_end();
}

static void
print_notify(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	PRINT_FIELD_FLAGS(run->notify, flags, notify_flags, "KVM_NOTIFY_???");
	tprint_struct_end();
}

static void
print_hyperv(const struct kvm2_run *run, unsigned int how)
{
	const struct kvm2_exit_hyperv *hyperv = &run->hyperv;

	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(*hyperv, type, hyperv_types, "KVM_EXIT_HYPERV_???");
	if ((how & KVM2_EXIT_FULL) || hyperv->type != HYPERV_HCALL) {
		tprint_struct_next();
		tprints_field_name("msr");
		kvm2_print_msr(hyperv->msr);
	}
	tprint_struct_next();
	PRINT_FIELD_X(*hyperv, input);
	if (how & KVM2_EXIT_FULL) {
		tprint_struct_next();
		PRINT_FIELD_X(*hyperv, result);
	}
	tprint_struct_next();
	PRINT_FIELD_X_ARRAY(*hyperv, params);
	tprint_struct_end();
}

static void
print_memory_fault(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	PRINT_FIELD_X(run->memory_fault, gpa);
	tprint_struct_next();
	PRINT_FIELD_X(run->memory_fault, size);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(run->memory_fault, flags, memory_fault_flags,
			  "KVM_MEMORY_EXIT_FLAG_???");
	tprint_struct_end();
}

static void
print_apic(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	PRINT_FIELD_XVAL(run->apic, type, apic_types, "KVM2_APIC_???");
	if (run->apic.type == KVM2_APIC_EOI) {
		tprint_struct_next();
		PRINT_FIELD_X(run->apic, vector);
	}
	tprint_struct_next();
	PRINT_FIELD_U(run->apic, error);
	tprint_struct_end();
}

static void
print_device(const struct kvm2_run *run, unsigned int how)
{
	tprint_struct_begin();
	PRINT_FIELD_X(run->device, cookie);
	tprint_struct_next();
	PRINT_FIELD_U(run->device, error);
	tprint_struct_end();
}

static const struct exit_type {
	const char *member;
	size_t size;
	void (*print)(const struct kvm2_run *, unsigned int how);
} exit_types[] = {
#define MEMBER(name_)	#name_, sizeof(((struct kvm2_run *) 0)->name_), print_##name_
	[KVM2_EXIT_UNKNOWN]		= { MEMBER(unknown) },
	[KVM2_EXIT_IO]			= { MEMBER(io) },
	[KVM2_EXIT_MMIO]		= { MEMBER(mmio) },
	[KVM2_EXIT_HYPERCALL]		= { MEMBER(hypercall) },
	[KVM2_EXIT_RDMSR]		= { MEMBER(msr) },
	[KVM2_EXIT_WRMSR]		= { MEMBER(msr) },
	[KVM2_EXIT_DEBUG]		= { MEMBER(debug) },
	[KVM2_EXIT_SHUTDOWN]		= { NULL },
	[KVM2_EXIT_FAIL_ENTRY]		= { MEMBER(fail_entry) },
	[KVM2_EXIT_INTERNAL_ERROR]	= { MEMBER(internal_error) },
	[KVM2_EXIT_EXCEPTION]		= { MEMBER(exception) },
	[KVM2_EXIT_SYSTEM_EVENT]	= { MEMBER(system_event) },
	[KVM2_EXIT_NOTIFY]		= { MEMBER(notify) },
	[KVM2_EXIT_BUS_LOCK]		= { NULL },
	[KVM2_EXIT_HYPERV]		= { MEMBER(hyperv) },
	[KVM2_EXIT_MEMORY_FAULT]	= { MEMBER(memory_fault) },
	[KVM2_EXIT_APIC]		= { MEMBER(apic) },
	[KVM2_EXIT_DEVICE]		= { MEMBER(device) },
#undef MEMBER
};

/* NULL: this decoder is older than the exit. */
static const struct exit_type *
find_type(uint32_t reason)
{
	static_assert(ARRAY_SIZE(exit_types) == ARRAY_SIZE(reason_data),
		      "an exit reason has no printer");
	return reason < ARRAY_SIZE(exit_types) ? &exit_types[reason] : NULL;
}

/*
 * umoven() copies the whole page, for the readers that come after it; here
 * is none, and a page is a large part of what a call costs. Nothing is lost
 * where this fails: umoven() is asked then, and says why.
 */
static size_t
fetch_head(struct tcb *const tcp, uint64_t addr, struct kvm2_run *run)
{
	const struct iovec local = { run, HEAD_BYTES };
	const struct iovec remote = { (void *) (uintptr_t) addr, HEAD_BYTES };

	return process_vm_readv(tcp->pid, &local, 1, &remote, 1, 0) ==
	       HEAD_BYTES ? HEAD_BYTES : 0;
}

/* Make the first @end bytes of @run valid, of which *@have are. */
static int
fetch_up_to(struct tcb *const tcp, uint64_t addr, struct kvm2_run *run,
	    size_t *have, size_t end)
{
	if (end <= *have)
		return 0;
	if (umoven(tcp, addr + *have, end - *have, (char *) run + *have))
		return -1;
	*have = end;
	return 0;
}

int
kvm2_exit_fetch(struct tcb *const tcp, uint64_t addr, struct kvm2_run *run)
{
	const size_t start = offsetof(struct kvm2_run, unknown);
	const struct exit_type *type;
	size_t have, size;

	if (!verbose(tcp))
		return -1;
	have = fetch_head(tcp, addr, run);
	if (fetch_up_to(tcp, addr, run, &have, start))
		return -1;
	type = find_type(run->exit_reason);
	size = type ? type->size : KVM2_EXIT_UNNAMED_BYTES;
	if (run->exit_reason == KVM2_EXIT_IO) {
		const size_t fixed = offsetof(struct kvm2_exit_io, data);

		if (fetch_up_to(tcp, addr, run, &have, start + fixed))
			return -1;
		size = fixed + io_bytes(&run->io);
	}
	return fetch_up_to(tcp, addr, run, &have, start + size);
}

const char *
kvm2_exit_name(uint32_t reason)
{
	return xlookup(exit_reasons, reason) ?: "KVM2_EXIT_???";
}

bool
kvm2_exit_has_reply(const struct kvm2_run *run)
{
	switch (run->exit_reason) {
	case KVM2_EXIT_IO:
		return run->io.direction == KVM2_IO_IN;
	case KVM2_EXIT_MMIO:
		return !run->mmio.is_write;
	case KVM2_EXIT_APIC:
		return run->apic.type == KVM2_APIC_INTA;
	case KVM2_EXIT_HYPERV:
		return run->hyperv.type != HYPERV_SYNIC;
	case KVM2_EXIT_HYPERCALL:
	case KVM2_EXIT_RDMSR:
	case KVM2_EXIT_WRMSR:
		return true;
	default:
		return false;
	}
}

void
kvm2_exit_print_member(const struct kvm2_run *run, unsigned int how)
{
	const struct exit_type *type = find_type(run->exit_reason);

	if (!type) {
		tprint_struct_next();
		tprints_field_name("data");
		kvm2_print_bytes(&run->unknown, KVM2_EXIT_UNNAMED_BYTES, true);
	} else if (type->print) {
		tprint_struct_next();
		tprints_field_name(type->member);
		type->print(run, how);
	}
}

void
kvm2_exit_print(const struct kvm2_run *run, bool full)
{
	PRINT_FIELD_XVAL_U(*run, exit_reason, exit_reasons, "KVM2_EXIT_???");
	kvm2_exit_print_member(run, full ? KVM2_EXIT_FULL : 0);
}

void
kvm2_exit_print_reply(const struct kvm2_run *run, unsigned int how)
{
	if (!kvm2_exit_has_reply(run))
		return;
	tprint_struct_next();
	tprints_field_name(find_type(run->exit_reason)->member);
	tprint_struct_begin();
	switch (run->exit_reason) {
	case KVM2_EXIT_IO:
		print_io_data(run, how);
		break;
	case KVM2_EXIT_MMIO:
		print_mmio_data(run);
		break;
	case KVM2_EXIT_HYPERCALL:
		PRINT_FIELD_X(run->hypercall, ret);
		break;
	case KVM2_EXIT_RDMSR:
		PRINT_FIELD_X(run->msr, data);
		tprint_struct_next();
		PRINT_FIELD_U(run->msr, error);
		break;
	case KVM2_EXIT_WRMSR:
		PRINT_FIELD_U(run->msr, error);
		break;
	case KVM2_EXIT_APIC:
		PRINT_FIELD_X(run->apic, vector);
		break;
	case KVM2_EXIT_HYPERV:
		PRINT_FIELD_X(run->hyperv, result);
		break;
	}
	tprint_struct_end();
}
