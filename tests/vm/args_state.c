// SPDX-License-Identifier: GPL-2.0
/* kvm_get_state() and kvm_set_state(). */
#include "args.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD	O_EXCL
#endif

#define RECORDS_MAX	(1 << 20)
#define SET_MAX		KVM2_SET_GUEST_DEBUG
#define NO_MSR		0xdeadbeefUL
#define NO_LEAF		(0x12345678UL << 32)

#define MSR_PAT		0x277
#define MSR_MTRRCAP	0xfe
#define MSR_EFER	0xc0000080
#define MSR_LSTAR	0xc0000082

/* A record alone, as both calls take it. */
#define RECORD_BYTES	24

static struct guest_record rip = {
	.set = KVM2_SET_CONTROL, .number = KVM2_CONTROL_RIP, .size = 8,
};

/* A record that is refused. */
struct wrong {
	const char *what;
	uint16_t set;
	uint32_t size;
	uint64_t number;
	uint64_t value[3];
	long expected;
};

/* ---- one wrong record beside a right one ---- */

/* A record with room for a value that is wider than any register. */
struct wide_record {
	struct guest_record record;
	uint64_t more;
};

/* Bytes of a record of that size, or of all there is for a senseless one. */
static size_t room(uint32_t size)
{
	return size > KVM2_VALUE_MAX || KVM2_RECORD_BYTES(size) >
	       sizeof(struct wide_record) ? sizeof(struct wide_record) :
					    KVM2_RECORD_BYTES(size);
}

/*
 * The call must fail, mark the wrong record and nothing else, and leave the
 * vcpu as it was.
 */
static void check_wrong(long nr, const struct wrong *wrong, bool wrong_first)
{
	const struct guest_record good = {
		.set = KVM2_SET_GPR, .number = KVM2_GPR_R15, .size = 8,
		.value = { 0x5555 },
	};
	struct wide_record bad = {
		.record.set = wrong->set, .record.number = wrong->number,
		.record.size = wrong->size,
	};
	size_t bad_bytes = room(wrong->size);
	size_t bad_at = wrong_first ? 0 : RECORD_BYTES;
	size_t good_at = wrong_first ? bad_bytes : 0;
	uint64_t buffer[2 * sizeof(bad) / 8] = {};
	uint8_t *records = (uint8_t *)buffer;
	struct args_row row = {
		.nr = nr,
		.args = { KVM2_SELF, (long)records, RECORD_BYTES + bad_bytes,
			  0 },
		.expected = wrong->expected,
	};
	char what[160];

	memcpy(bad.record.value, wrong->value, sizeof(wrong->value));
	memcpy(records + good_at, &good, RECORD_BYTES);
	memcpy(records + bad_at, &bad, bad_bytes);
	snprintf(what, sizeof(what), "%s, %s, %s",
		 nr == __NR_kvm_get_state ? "kvm_get_state" : "kvm_set_state",
		 wrong->what, wrong_first ? "first" : "second");
	row.what = what;
	args_check(&row, 1);

	bad.record.attributes = KVM2_ATTR_FAILED;
	if (memcmp(records + good_at, &good, RECORD_BYTES) ||
	    memcmp(records + bad_at, &bad, bad_bytes))
		tap_ok(false, "%s: it is marked, and nothing else", what);
}

static void check_all_wrong(long nr, const struct wrong *wrong, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		check_wrong(nr, &wrong[i], false);
		check_wrong(nr, &wrong[i], true);
	}
}

/* Refused by both calls. */
static const struct wrong wrong_headers[] = {
	{ "set 0", 0, 8, 0, {}, -EINVAL },
	{ "set behind the last", SET_MAX + 1, 8, 0, {}, -EINVAL },
	{ "set 0x8001", 0x8001, 8, 0, {}, -EINVAL },
	{ "set 0xffff", 0xffff, 8, 0, {}, -EINVAL },
	{ "size 0", KVM2_SET_GPR, 0, 0, {}, -EINVAL },
	{ "size above all registers", KVM2_SET_GPR, KVM2_VALUE_MAX + 1, 0, {},
	  -EINVAL },
	{ "size 2^31", KVM2_SET_GPR, 1U << 31, 0, {}, -EINVAL },
	{ "size that wraps when rounded up", KVM2_SET_GPR, UINT32_MAX, 0, {},
	  -EINVAL },
	{ "size that wraps when rounded up by 7", KVM2_SET_GPR,
	  UINT32_MAX - 7, 0, {}, -EINVAL },

	{ "gpr too wide", KVM2_SET_GPR, 9, 0, {}, -EINVAL },
	{ "control too wide", KVM2_SET_CONTROL, 9, 0, {}, -EINVAL },
	{ "segment too wide", KVM2_SET_SEGMENT, 17, 0, {}, -EINVAL },
	{ "descriptor too wide", KVM2_SET_DESCRIPTOR, 17, 0, {}, -EINVAL },
	{ "st0 too wide", KVM2_SET_X87, 11, 0, {}, -EINVAL },
	{ "fcw too wide", KVM2_SET_X87, 3, KVM2_X87_FCW, {}, -EINVAL },
	{ "zmm0 too wide", KVM2_SET_VECTOR, 65, 0, {}, -EINVAL },
	{ "debug too wide", KVM2_SET_DEBUG, 9, 0, {}, -EINVAL },
	{ "msr too wide", KVM2_SET_MSR, 9, MSR_PAT, {}, -EINVAL },
	{ "lapic too wide", KVM2_SET_LAPIC, 5, 2, {}, -EINVAL },
	{ "event too wide", KVM2_SET_EVENTS, 25, 0, {}, -EINVAL },
	{ "mp too wide", KVM2_SET_MP, 5, 0, {}, -EINVAL },
	{ "tsc too wide", KVM2_SET_TSC, 9, 0, {}, -EINVAL },
	{ "guest_debug too wide", KVM2_SET_GUEST_DEBUG, 5, 0, {}, -EINVAL },

	{ "no such gpr", KVM2_SET_GPR, 8, 16, {}, -ENOENT },
	{ "no such gpr, 2^32", KVM2_SET_GPR, 8, 1UL << 32, {}, -ENOENT },
	{ "no such gpr, -1", KVM2_SET_GPR, 8, -1UL, {}, -ENOENT },
	{ "no such control", KVM2_SET_CONTROL, 8, 15, {}, -ENOENT },
	{ "no such control, 2^32", KVM2_SET_CONTROL, 8, 1UL << 32, {},
	  -ENOENT },
	{ "pdptr0 without PAE", KVM2_SET_CONTROL, 8, KVM2_CONTROL_PDPTR0, {},
	  -ENOENT },
	{ "pdptr3 without PAE", KVM2_SET_CONTROL, 8, KVM2_CONTROL_PDPTR3,
	  { 1 }, -ENOENT },
	{ "no such segment", KVM2_SET_SEGMENT, 16, 8, {}, -ENOENT },
	{ "no such descriptor", KVM2_SET_DESCRIPTOR, 16, 2, {}, -ENOENT },
	{ "no such x87 register", KVM2_SET_X87, 8, 14, {}, -ENOENT },
	{ "no such vector register", KVM2_SET_VECTOR, 16, 33, {}, -ENOENT },
	{ "no such mask register", KVM2_SET_VECTOR, 8, 72, {}, -ENOENT },
	{ "no such XSAVE component", KVM2_SET_XSTATE, 8, 62, {}, -ENOENT },
	{ "no such XSAVE component, 64", KVM2_SET_XSTATE, 8, 64, {}, -ENOENT },
	{ "no such XSAVE component, 2^32", KVM2_SET_XSTATE, 8, 1UL << 32, {},
	  -ENOENT },
	{ "no dr4", KVM2_SET_DEBUG, 8, 4, {}, -ENOENT },
	{ "no dr8", KVM2_SET_DEBUG, 8, 8, {}, -ENOENT },
	{ "no such msr", KVM2_SET_MSR, 8, NO_MSR, {}, -ENOENT },
	{ "no such msr, 2^32 + a right one", KVM2_SET_MSR, 8,
	  1UL << 32 | MSR_PAT, {}, -ENOENT },
	{ "no such host leaf", KVM2_SET_HOST_CPUID, 24, NO_LEAF, {}, -ENOENT },
	{ "no such lapic register", KVM2_SET_LAPIC, 4, 0, {}, -ENOENT },
	{ "no such lapic register, EOI", KVM2_SET_LAPIC, 4, 0xb, {}, -ENOENT },
	{ "no such lapic register, 64", KVM2_SET_LAPIC, 4, 64, {}, -ENOENT },
	{ "no such lapic register, 2^32", KVM2_SET_LAPIC, 4, 1UL << 32 | 2, {},
	  -ENOENT },
	{ "no such event", KVM2_SET_EVENTS, 4, 8, {}, -ENOENT },
	{ "no such mp", KVM2_SET_MP, 4, 1, {}, -ENOENT },
	{ "no such tsc", KVM2_SET_TSC, 8, 3, {}, -ENOENT },
	{ "no such guest_debug", KVM2_SET_GUEST_DEBUG, 8, 7, {}, -ENOENT },
};

/* ---- get ---- */

static const struct wrong wrong_reads[] = {
	{ "no such leaf", KVM2_SET_CPUID, 24, NO_LEAF, {}, -ENOENT },
};

static void check_get_flags(void)
{
	const struct args_row rows[] = {
		{ "kvm_get_state, HEADERS without LIST",
		  GET_STATE(KVM2_SELF, &rip, RECORD_BYTES,
			    KVM2_STATE_HEADERS), -EINVAL },
		{ "kvm_get_state, WRITABLE without LIST",
		  GET_STATE(KVM2_SELF, &rip, RECORD_BYTES,
			    KVM2_STATE_WRITABLE), -EINVAL },
		{ "kvm_get_state, STABLE without LIST",
		  GET_STATE(KVM2_SELF, &rip, RECORD_BYTES,
			    KVM2_STATE_STABLE), -EINVAL },
		{ "kvm_get_state, a set without LIST",
		  GET_STATE(KVM2_SELF, &rip, RECORD_BYTES,
			    KVM2_STATE_SET(KVM2_SET_GPR)), -EINVAL },
		{ "kvm_get_state, list of a set behind the last",
		  GET_STATE(KVM2_SELF, NULL, 0, KVM2_STATE_LIST |
			    KVM2_STATE_SET(SET_MAX + 1)), -EINVAL },
		{ "kvm_get_state, list of set 0xffff",
		  GET_STATE(KVM2_SELF, NULL, 0, KVM2_STATE_LIST |
			    KVM2_STATE_SET(0xffff)), -EINVAL },
	};
	struct args_row flags = {
		"kvm_get_state, unknown flag",
		GET_STATE(KVM2_SELF, &rip, RECORD_BYTES, 0), -EINVAL
	};

	args_check(rows, ARRAY_SIZE(rows));
	args_check_bits32(&flags, &flags.args[3], KVM2_STATE_LIST);
	flags.what = "kvm_get_state, LIST and an unknown flag";
	flags.args[3] = KVM2_STATE_LIST;
	args_check_bits32(&flags, &flags.args[3],
			  KVM2_STATE_FLAGS | KVM2_STATE_SET_MASK);
}

static void check_get_sizes(void)
{
	static uint64_t buffer[1024];
	struct args_row list = {
		"", GET_STATE(KVM2_SELF, NULL, 0, KVM2_STATE_LIST |
			      KVM2_STATE_SET(KVM2_SET_GPR)), 0
	};
	const long needed = 16 * RECORD_BYTES;
	const struct args_row rows[] = {
		{ "kvm_get_state, size 0",
		  GET_STATE(KVM2_SELF, &rip, 0, 0), -EINVAL },
		{ "kvm_get_state, size 1",
		  GET_STATE(KVM2_SELF, &rip, 1, 0), -EINVAL },
		{ "kvm_get_state, half a header",
		  GET_STATE(KVM2_SELF, &rip, 8, 0), -EINVAL },
		{ "kvm_get_state, a header alone",
		  GET_STATE(KVM2_SELF, &rip, 16, 0), -EINVAL },
		{ "kvm_get_state, size one short",
		  GET_STATE(KVM2_SELF, &rip, RECORD_BYTES - 1, 0), -EINVAL },
		{ "kvm_get_state, a byte behind the record",
		  GET_STATE(KVM2_SELF, &rip, RECORD_BYTES + 1, 0), -EINVAL },
		{ "kvm_get_state, size above the limit",
		  GET_STATE(KVM2_SELF, &rip, RECORDS_MAX + 1, 0), -E2BIG },
		{ "kvm_get_state, size 2^32 + right size",
		  GET_STATE(KVM2_SELF, &rip, (1L << 32) + RECORD_BYTES, 0),
		  -E2BIG },
		{ "kvm_get_state, size -1",
		  GET_STATE(KVM2_SELF, &rip, -1, 0), -E2BIG },
		{ "kvm_get_state, list into one byte",
		  GET_STATE(KVM2_SELF, buffer, 1, list.args[3]), -ENOSPC },
		{ "kvm_get_state, list into one byte less than it takes",
		  GET_STATE(KVM2_SELF, buffer, needed - 1, list.args[3]),
		  -ENOSPC },
		{ "kvm_get_state, list into what it takes",
		  GET_STATE(KVM2_SELF, buffer, needed, list.args[3]), needed },
		{ "kvm_get_state, list into more than it takes",
		  GET_STATE(KVM2_SELF, buffer, sizeof(buffer), list.args[3]),
		  needed },
		{ "kvm_get_state, list with size 0 and no buffer",
		  GET_STATE(KVM2_SELF, NULL, 0, list.args[3]), needed },
	};

	args_check(rows, ARRAY_SIZE(rows));

	list.what = "kvm_get_state, list";
	list.args[1] = (long)buffer;
	list.args[2] = needed;
	args_check_pointer(&list, &list.args[1], needed, ARGS_WRITTEN);
}

void args_get_state(void)
{
	struct args_row row = {
		"kvm_get_state, records",
		GET_STATE(KVM2_SELF, &rip, RECORD_BYTES, 0), 0
	};

	check_get_flags();
	check_get_sizes();
	args_check_pointer(&row, &row.args[1], RECORD_BYTES, ARGS_WRITTEN);
	check_all_wrong(__NR_kvm_get_state, wrong_headers,
			ARRAY_SIZE(wrong_headers));
	check_all_wrong(__NR_kvm_get_state, wrong_reads,
			ARRAY_SIZE(wrong_reads));
}

/* ---- set ---- */

static const struct wrong wrong_writes[] = {
	/* registers that cannot be written */
	{ "pending_exit is read-only", KVM2_SET_CONTROL, 4,
	  KVM2_CONTROL_PENDING_EXIT, {}, -EACCES },
	{ "the lapic's version is read-only", KVM2_SET_LAPIC, 4, 3, {},
	  -EACCES },
	{ "MTRRcap is read-only", KVM2_SET_MSR, 8, MSR_MTRRCAP, {}, -EACCES },
	{ "a host leaf is read-only", KVM2_SET_HOST_CPUID, 24, 0, {},
	  -EACCES },
	{ "debug_event is read-only", KVM2_SET_GUEST_DEBUG, 32,
	  KVM2_GUEST_DEBUG_EVENT, {}, -EACCES },

	/* values that the processor does not have */
	{ "rflags, bit 22", KVM2_SET_CONTROL, 8, KVM2_CONTROL_RFLAGS,
	  { 1 << 22 | 2 }, -EINVAL },
	{ "rflags, bit 63", KVM2_SET_CONTROL, 8, KVM2_CONTROL_RFLAGS,
	  { 1UL << 63 | 2 }, -EINVAL },
	{ "cr0, PG without PE", KVM2_SET_CONTROL, 8, KVM2_CONTROL_CR0,
	  { 0x80000010 }, -EINVAL },
	{ "cr0, NW without CD", KVM2_SET_CONTROL, 8, KVM2_CONTROL_CR0,
	  { 0x20000010 }, -EINVAL },
	{ "cr0, bit 32", KVM2_SET_CONTROL, 8, KVM2_CONTROL_CR0,
	  { 1UL << 32 | 0x10 }, -EINVAL },
	{ "cr4, bit 31", KVM2_SET_CONTROL, 8, KVM2_CONTROL_CR4,
	  { 1UL << 31 }, -EINVAL },
	{ "cr8, bit 4", KVM2_SET_CONTROL, 8, KVM2_CONTROL_CR8, { 16 },
	  -EINVAL },
	{ "efer, bit 1", KVM2_SET_CONTROL, 8, KVM2_CONTROL_EFER, { 2 },
	  -EINVAL },
	{ "efer, LMA without LME", KVM2_SET_CONTROL, 8, KVM2_CONTROL_EFER,
	  { 0x400 }, -EINVAL },
	{ "xcr0 without x87", KVM2_SET_CONTROL, 8, KVM2_CONTROL_XCR0, {},
	  -EINVAL },
	{ "xcr0, bit 62", KVM2_SET_CONTROL, 8, KVM2_CONTROL_XCR0,
	  { 1UL << 62 | 1 }, -EINVAL },
	{ "apic_base, bit 0", KVM2_SET_CONTROL, 8, KVM2_CONTROL_APIC_BASE,
	  { 0xfee00801 }, -EINVAL },
	{ "apic_base, bit 63", KVM2_SET_CONTROL, 8, KVM2_CONTROL_APIC_BASE,
	  { 1UL << 63 | 0xfee00800 }, -EINVAL },
	{ "es, access bit 9", KVM2_SET_SEGMENT, 16, KVM2_SEGMENT_ES,
	  { 0, 0xffff | 0x0293UL << 48 }, -EINVAL },
	{ "cs, 64 bits without long mode", KVM2_SET_SEGMENT, 16,
	  KVM2_SEGMENT_CS, { 0, 0xffff | 0x209bUL << 48 }, -EINVAL },
	{ "gdtr, reserved", KVM2_SET_DESCRIPTOR, 16, KVM2_DESCRIPTOR_GDTR,
	  { 0, 0xffff | 1 << 16 }, -EINVAL },
	{ "idtr, reserved", KVM2_SET_DESCRIPTOR, 16, KVM2_DESCRIPTOR_IDTR,
	  { 0, 0xffff | 1UL << 63 }, -EINVAL },
	{ "dr6, bit 32", KVM2_SET_DEBUG, 8, KVM2_DEBUG_DR6, { 1UL << 32 },
	  -EINVAL },
	{ "dr7, bit 32", KVM2_SET_DEBUG, 8, KVM2_DEBUG_DR7, { 1UL << 32 },
	  -EINVAL },
	{ "mxcsr, bit 31", KVM2_SET_VECTOR, 4, KVM2_VECTOR_MXCSR,
	  { 1UL << 31 }, -EINVAL },
	{ "PAT of type 2", KVM2_SET_MSR, 8, MSR_PAT, { 2 }, -EINVAL },
	{ "LSTAR not canonical", KVM2_SET_MSR, 8, MSR_LSTAR,
	  { 1UL << 63 }, -EINVAL },
	{ "EFER as an MSR, bit 1", KVM2_SET_MSR, 8, MSR_EFER, { 2 },
	  -EINVAL },

	/* events: struct kvm2_event_* */
	{ "exception, state 3", KVM2_SET_EVENTS, 24, KVM2_EVENTS_EXCEPTION,
	  { 0x03 }, -EINVAL },
	{ "exception, vector 2", KVM2_SET_EVENTS, 24, KVM2_EVENTS_EXCEPTION,
	  { 0x0201 }, -EINVAL },
	{ "exception, vector 32", KVM2_SET_EVENTS, 24, KVM2_EVENTS_EXCEPTION,
	  { 0x2001 }, -EINVAL },
	{ "exception, has_error_code 2", KVM2_SET_EVENTS, 24,
	  KVM2_EVENTS_EXCEPTION, { 0x020d01 }, -EINVAL },
	{ "exception, has_payload 2", KVM2_SET_EVENTS, 24,
	  KVM2_EVENTS_EXCEPTION, { 0x02000101 }, -EINVAL },
	{ "exception, injected with payload", KVM2_SET_EVENTS, 24,
	  KVM2_EVENTS_EXCEPTION, { 0x01000102 }, -EINVAL },
	{ "exception, reserved", KVM2_SET_EVENTS, 24, KVM2_EVENTS_EXCEPTION,
	  { 0, 0, 1 }, -EINVAL },
	{ "interrupt, injected 2", KVM2_SET_EVENTS, 8,
	  KVM2_EVENTS_INTERRUPT, { 2 }, -EINVAL },
	{ "interrupt, soft 2", KVM2_SET_EVENTS, 8, KVM2_EVENTS_INTERRUPT,
	  { 2 << 16 }, -EINVAL },
	{ "interrupt, reserved", KVM2_SET_EVENTS, 8, KVM2_EVENTS_INTERRUPT,
	  { 1UL << 63 }, -EINVAL },
	{ "nmi, injected 2", KVM2_SET_EVENTS, 8, KVM2_EVENTS_NMI, { 2 },
	  -EINVAL },
	{ "nmi, masked 2", KVM2_SET_EVENTS, 8, KVM2_EVENTS_NMI,
	  { 2 << 16 }, -EINVAL },
	{ "nmi, reserved", KVM2_SET_EVENTS, 8, KVM2_EVENTS_NMI,
	  { 1UL << 24 }, -EINVAL },
	{ "shadow 4", KVM2_SET_EVENTS, 4, KVM2_EVENTS_SHADOW, { 4 },
	  -EINVAL },
	{ "smi, in_smm 2", KVM2_SET_EVENTS, 8, KVM2_EVENTS_SMI, { 2 },
	  -EINVAL },
	{ "smi, reserved", KVM2_SET_EVENTS, 8, KVM2_EVENTS_SMI,
	  { 1UL << 32 }, -EINVAL },
	{ "triple_fault 2", KVM2_SET_EVENTS, 4, KVM2_EVENTS_TRIPLE_FAULT,
	  { 2 }, -EINVAL },
	{ "sipi_vector 256", KVM2_SET_EVENTS, 4, KVM2_EVENTS_SIPI_VECTOR,
	  { 256 }, -EINVAL },
	{ "extint 256", KVM2_SET_EVENTS, 4, KVM2_EVENTS_EXTINT, { 256 },
	  -EINVAL },
	{ "mp_state behind the last", KVM2_SET_MP, 4, KVM2_MP_STATE,
	  { KVM2_MP_SIPI_RECEIVED + 1 }, -EINVAL },
	{ "mp_state -1", KVM2_SET_MP, 4, KVM2_MP_STATE, { UINT32_MAX },
	  -EINVAL },
	{ "tsc_khz 0", KVM2_SET_TSC, 4, KVM2_TSC_KHZ, {}, -EINVAL },

	/* CPUID, after the first entry */
	{ "cpuid too wide", KVM2_SET_CPUID, 25, 0, {}, -EINVAL },
	{ "cpuid, unknown flag", KVM2_SET_CPUID, 24, 0, { 0, 0, 2 },
	  -EINVAL },
	{ "cpuid, reserved", KVM2_SET_CPUID, 24, 0, { 0, 0, 1UL << 32 },
	  -EINVAL },
	{ "cpuid, index without the flag", KVM2_SET_CPUID, 24, 1, {},
	  -EINVAL },
	{ "cpuid, a new leaf", KVM2_SET_CPUID, 24, 1UL << 32, { 1 },
	  -EBUSY },

	/* GUEST_DEBUG */
	{ "debug_control, bit 9", KVM2_SET_GUEST_DEBUG, 4,
	  KVM2_GUEST_DEBUG_CONTROL, { 1 << 9 }, -EINVAL },
	{ "debug_control, bit 31", KVM2_SET_GUEST_DEBUG, 4,
	  KVM2_GUEST_DEBUG_CONTROL, { 1UL << 31 }, -EINVAL },
	{ "debug_control, both to inject", KVM2_SET_GUEST_DEBUG, 4,
	  KVM2_GUEST_DEBUG_CONTROL,
	  { KVM2_DEBUG_INJECT_BP | KVM2_DEBUG_INJECT_DB }, -EINVAL },
	{ "debug_control, STOP without a tracer", KVM2_SET_GUEST_DEBUG, 4,
	  KVM2_GUEST_DEBUG_CONTROL, { KVM2_DEBUG_STOP }, -EPERM },
	{ "debug_control, STOP_FATAL without a tracer", KVM2_SET_GUEST_DEBUG, 4,
	  KVM2_GUEST_DEBUG_CONTROL, { KVM2_DEBUG_STOP_FATAL }, -EPERM },
	{ "breakpoint_dr7, bit 32", KVM2_SET_GUEST_DEBUG, 8,
	  KVM2_GUEST_DEBUG_BREAKPOINT_DR7, { 1UL << 32 }, -EINVAL },
};

static void check_set_sizes(void)
{
	const struct args_row rows[] = {
		{ "kvm_set_state, size 0",
		  SET_STATE(KVM2_SELF, &rip, 0, 0), -EINVAL },
		{ "kvm_set_state, size 1",
		  SET_STATE(KVM2_SELF, &rip, 1, 0), -EINVAL },
		{ "kvm_set_state, half a header",
		  SET_STATE(KVM2_SELF, &rip, 8, 0), -EINVAL },
		{ "kvm_set_state, a header alone",
		  SET_STATE(KVM2_SELF, &rip, 16, 0), -EINVAL },
		{ "kvm_set_state, size one short",
		  SET_STATE(KVM2_SELF, &rip, RECORD_BYTES - 1, 0), -EINVAL },
		{ "kvm_set_state, a byte behind the record",
		  SET_STATE(KVM2_SELF, &rip, RECORD_BYTES + 1, 0), -EINVAL },
		{ "kvm_set_state, size above the limit",
		  SET_STATE(KVM2_SELF, &rip, RECORDS_MAX + 1, 0), -E2BIG },
		{ "kvm_set_state, size 2^32 + right size",
		  SET_STATE(KVM2_SELF, &rip, (1L << 32) + RECORD_BYTES, 0),
		  -E2BIG },
		{ "kvm_set_state, size -1",
		  SET_STATE(KVM2_SELF, &rip, -1, 0), -E2BIG },
	};
	struct args_row flags = {
		"kvm_set_state, unknown flag",
		SET_STATE(KVM2_SELF, &rip, RECORD_BYTES, 0), -EINVAL
	};
	struct args_row pointer = {
		"kvm_set_state, records",
		SET_STATE(KVM2_SELF, &rip, RECORD_BYTES, 0), 0
	};

	args_check(rows, ARRAY_SIZE(rows));
	args_check_bits32(&flags, &flags.args[3], 0);
	args_check_pointer(&pointer, &pointer.args[1], RECORD_BYTES, 0);
}

/* A refused record in memory that cannot be marked is still refused. */
static void check_set_read_only(void)
{
	struct guest_record *record;
	struct args_row row = {
		"kvm_set_state, a refused record in read-only memory",
		SET_STATE(KVM2_SELF, NULL, RECORD_BYTES, 0), -EINVAL
	};

	record = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (record == MAP_FAILED)
		tap_die("mmap");
	*record = rip;
	record->number = KVM2_CONTROL_CR0;
	record->value[0] = 1UL << 32;
	if (mprotect(record, 4096, PROT_READ))
		tap_die("mprotect");
	row.args[1] = (long)record;
	args_check(&row, 1);
	munmap(record, 4096);
}

void args_set_state(void)
{
	/* So that a set of it by mistake changes nothing. */
	if (guest_get(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, rip.value, 8))
		tap_die("rip");
	check_set_sizes();
	check_set_read_only();
	check_all_wrong(__NR_kvm_set_state, wrong_headers,
			ARRAY_SIZE(wrong_headers));
	check_all_wrong(__NR_kvm_set_state, wrong_writes,
			ARRAY_SIZE(wrong_writes));
}

/* ---- vcpus of others ---- */

static int pidfd_open(pid_t tid, unsigned int flags)
{
	return syscall(SYS_pidfd_open, tid, flags);
}

struct sleeper {
	atomic_int pidfd;
	int wake[2];
};

/* Sleeps until the other end of the pipe is closed. */
static void *sleep_in_thread(void *data)
{
	struct sleeper *sleeper = data;
	char byte;

	sleeper->pidfd = pidfd_open(gettid(), PIDFD_THREAD);
	(void)!read(sleeper->wake[0], &byte, 1);
	return NULL;
}

/* Both calls with @pidfd as the vcpu. */
static void check_pidfd(const char *what, int pidfd, long expected,
			enum args_caller caller)
{
	struct args_row row = {
		.nr = __NR_kvm_get_state,
		.args = { pidfd, (long)&rip, RECORD_BYTES, 0 },
		.expected = expected,
		.caller = caller,
	};
	char text[128];

	snprintf(text, sizeof(text), "kvm_get_state, %s", what);
	row.what = text;
	args_check(&row, 1);
	snprintf(text, sizeof(text), "kvm_set_state, %s", what);
	row.nr = __NR_kvm_set_state;
	args_check(&row, 1);
}

/* A thread that has no vcpu, and the same when it has ended. */
static void check_thread_pidfd(void)
{
	struct sleeper sleeper = {};
	pthread_t thread;

	if (pipe(sleeper.wake) ||
	    pthread_create(&thread, NULL, sleep_in_thread, &sleeper))
		tap_die("thread");
	while (!sleeper.pidfd)
		usleep(1000);
	if (sleeper.pidfd < 0)
		tap_die("pidfd_open");
	check_pidfd("a thread without a vcpu", sleeper.pidfd, -ENXIO, HERE);
	close(sleeper.wake[1]);
	pthread_join(thread, NULL);
	check_pidfd("a thread that has ended", sleeper.pidfd, -ESRCH, HERE);
	close(sleeper.pidfd);
	close(sleeper.wake[0]);
}

/* A process without a VM, and the same when it is a zombie, and reaped. */
static void check_process_pidfd(void)
{
	struct pollfd poll_end;
	int pidfd, end[2];
	pid_t pid;

	if (pipe(end))
		tap_die("pipe");
	pid = fork();
	if (!pid) {
		char byte;

		close(end[1]);
		_exit(read(end[0], &byte, 1) != 0);
	}
	pidfd = pidfd_open(pid, PIDFD_THREAD);
	if (pidfd < 0)
		tap_die("pidfd_open");
	check_pidfd("a process without a VM", pidfd, -ENXIO, HERE);
	close(end[0]);
	close(end[1]);
	poll_end = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	poll(&poll_end, 1, -1);
	check_pidfd("a zombie", pidfd, -ESRCH, HERE);
	waitpid(pid, NULL, 0);
	check_pidfd("a process that has been reaped", pidfd, -ESRCH, HERE);
	close(pidfd);
}

/* Rights, by our own vcpu: root may, nobody may not. */
static void check_rights(int pidfd)
{
	uint64_t value = 0, marker = 0x123456789abcdef0;
	struct guest_record r14 = {
		.set = KVM2_SET_GPR, .number = KVM2_GPR_R14, .size = 8,
		.value = { marker },
	};
	struct args_row set = {
		"kvm_set_state by another process",
		SET_STATE(pidfd, &r14, RECORD_BYTES, 0), RECORD_BYTES, FORK
	};

	check_pidfd("the caller's own pidfd", pidfd, RECORD_BYTES, HERE);
	check_pidfd("another thread's vcpu", pidfd, RECORD_BYTES, THREAD);
	check_pidfd("another process's vcpu", pidfd, RECORD_BYTES, FORK);
	check_pidfd("a user without rights", pidfd, -EPERM, NOBODY);

	args_check(&set, 1);
	guest_get(KVM2_SET_GPR, KVM2_GPR_R14, &value, sizeof(value));
	tap_ok(value == marker, "it has changed the register");
}

void args_pidfd(void)
{
	int own = pidfd_open(gettid(), PIDFD_THREAD);
	int process = pidfd_open(getpid(), 0);
	int kthread = pidfd_open(2, PIDFD_THREAD);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int closed = dup(null);

	if (own < 0 || process < 0 || kthread < 0 || closed < 0)
		tap_die("pidfd_open");
	close(closed);
	check_pidfd("vcpu -2", -2, -EBADF, HERE);
	check_pidfd("vcpu INT_MIN", INT_MIN, -EBADF, HERE);
	check_pidfd("vcpu INT_MAX", INT_MAX, -EBADF, HERE);
	check_pidfd("a closed fd", closed, -EBADF, HERE);
	check_pidfd("no pidfd", null, -EBADF, HERE);
	check_pidfd("the pidfd of a process", process, -EINVAL, HERE);
	check_pidfd("a kernel thread", kthread, -ENXIO, HERE);
	check_thread_pidfd();
	check_process_pidfd();
	check_rights(own);
	close(null);
	close(kthread);
	close(process);
	close(own);
}
