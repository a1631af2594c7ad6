// SPDX-License-Identifier: GPL-2.0
/*
 * The registers behind kvm_get_state() and kvm_set_state(): what is written
 * is what the guest sees, what the guest writes is what is read, and the
 * ones that hang together do so.
 */
#include "state_fixture.h"

#include <errno.h>
#include <string.h>

#include "tap.h"

#define MSR_TSC			0x10
#define MSR_APIC_BASE		0x1b
#define MSR_TSC_ADJUST		0x3b
#define MSR_TSC_DEADLINE	0x6e0
#define MSR_X2APIC_TPR		0x808
#define MSR_PAT			0x277
#define MSR_EFER		0xc0000080
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_FS_BASE		0xc0000100

#define EFER_SCE		(1UL << 0)
#define X2APIC_ENABLE		(1UL << 10)

/* LAPIC numbers */
#define APIC_ID			0x02
#define APIC_TPR		0x08
#define APIC_SVR		0x0f
#define APIC_LVT_TIMER		0x32
#define APIC_TMICT		0x38
#define APIC_TMCCT		0x39
#define APIC_TDCR		0x3e

static int set_u64(uint16_t set, uint64_t number, uint64_t value)
{
	return fixture_set(set, number, &value, sizeof(value));
}

static int set_u32(uint16_t set, uint64_t number, uint32_t value)
{
	return fixture_set(set, number, &value, sizeof(value));
}

static uint64_t get_u64(uint16_t set, uint64_t number)
{
	return fixture_get_u64(set, number, 8);
}

static uint32_t get_u32(uint16_t set, uint64_t number)
{
	return fixture_get_u64(set, number, 4);
}

/* ---- general registers ---- */

GUEST_CODE(gpr,
	   "mov %rax, 0x20000; mov %rcx, 0x20008; mov %rdx, 0x20010;"
	   "mov %rbx, 0x20018; mov %rsp, 0x20020; mov %rbp, 0x20028;"
	   "mov %rsi, 0x20030; mov %rdi, 0x20038; mov %r8, 0x20040;"
	   "mov %r9, 0x20048; mov %r10, 0x20050; mov %r11, 0x20058;"
	   "mov %r12, 0x20060; mov %r13, 0x20068; mov %r14, 0x20070;"
	   "mov %r15, 0x20078; lea 1(%rax), %r15; out %al, $0xf4");

static void general_registers(void)
{
	const uint64_t *seen = (uint64_t *)(fixture_ram + DATA);
	int i, same = 0;

	fixture_give_host_cpuid();
	START_LONG_MODE(gpr);
	for (i = 0; i < 16; i++)
		set_u64(KVM2_SET_GPR, i, 0x0102030405060708UL * (i + 1));
	tap_ok(fixture_run_to_end(), "a guest stores its registers");
	for (i = 0; i < 16; i++)
		same += seen[i] == 0x0102030405060708UL * (i + 1);
	tap_is(same, 16, "all of them have the values set");
	tap_ok(get_u64(KVM2_SET_GPR, KVM2_GPR_R15) == 0x0102030405060709,
	       "and one that it wrote is read");
}

/* ---- vector registers ---- */

GUEST_CODE(avx,
	   "vmovups %ymm0, 0x20000; vmovups %ymm15, 0x20020;"
	   "vmovups 0x20040, %ymm1; stmxcsr 0x20060; fstpt 0x20068;"
	   "out %al, $0xf4");

static void vector_registers(void)
{
	uint8_t *data = fixture_ram + DATA;
	uint8_t ymm[64], xmm[16], seen[64];
	const uint8_t pi[10] = {
		0x35, 0xc2, 0x68, 0x21, 0xa2, 0xda, 0x0f, 0xc9, 0x00, 0x40
	};
	int i;

	fixture_give_host_cpuid();
	if (fixture_get(KVM2_SET_VECTOR, 0, seen, 32) < 0) {
		tap_skip("no AVX here", "ymm registers");
		return;
	}
	START_LONG_MODE(avx);
	for (i = 0; i < 32; i++) {
		ymm[i] = i + 1;
		data[64 + i] = 0xf0 ^ i;
	}
	memset(xmm, 0xee, sizeof(xmm));
	tap_is(fixture_set(KVM2_SET_VECTOR, 0, ymm, 32), 48,
	       "a ymm register can be set");
	fixture_set(KVM2_SET_VECTOR, 15, ymm, 32);
	tap_is(fixture_set(KVM2_SET_VECTOR, 15, xmm, 16), 32,
	       "and the xmm half of one alone");
	set_u32(KVM2_SET_VECTOR, KVM2_VECTOR_MXCSR, 0x1fa0);
	fixture_set(KVM2_SET_X87, KVM2_X87_ST0, pi, sizeof(pi));
	fixture_set(KVM2_SET_X87, KVM2_X87_FTW, "\x01", 1);

	tap_ok(fixture_run_to_end(), "a guest moves vectors");
	tap_ok(!memcmp(data, ymm, 32), "it sees the ymm register");
	tap_ok(!memcmp(data + 32, xmm, 16) && !memcmp(data + 48, ymm + 16, 16),
	       "and the one of which the low half was set later");
	tap_ok(!memcmp(data + 0x60, "\xa0\x1f\0\0", 4), "mxcsr");
	tap_ok(!memcmp(data + 0x68, pi, sizeof(pi)), "and the x87 stack");
	fixture_get(KVM2_SET_VECTOR, 1, seen, 32);
	tap_ok(!memcmp(seen, data + 64, 32), "what it loads is read");
	fixture_get(KVM2_SET_VECTOR, 1, seen, 5);
	tap_ok(!memcmp(seen, data + 64, 5), "in part as well");
}

GUEST_CODE(avx512,
	   "vmovups %zmm3, 0x20000; vmovups %zmm20, 0x20040;"
	   "kmovw %k2, 0x20080; vmovups 0x200c0, %zmm31; out %al, $0xf4");

static void wide_vector_registers(void)
{
	uint8_t *data = fixture_ram + DATA;
	uint8_t zmm[64], seen[64];
	int i;

	fixture_give_host_cpuid();
	if (fixture_get(KVM2_SET_VECTOR, 0, seen, 64) < 0) {
		tap_skip("no AVX-512 here", "zmm registers");
		tap_is(fixture_get(KVM2_SET_VECTOR, 16, seen, 16), -ENOENT,
		       "without AVX-512 there is no zmm16");
		tap_is(fixture_get(KVM2_SET_VECTOR, KVM2_VECTOR_K0, seen, 8),
		       -ENOENT, "nor k0");
		return;
	}
	START_LONG_MODE(avx512);
	for (i = 0; i < 64; i++) {
		zmm[i] = i + 1;
		data[0xc0 + i] = 0xf0 ^ i;
	}
	fixture_set(KVM2_SET_VECTOR, 3, zmm, 64);
	fixture_set(KVM2_SET_VECTOR, 20, zmm, 64);
	set_u64(KVM2_SET_VECTOR, KVM2_VECTOR_K0 + 2, 0x4321);
	tap_ok(fixture_run_to_end(), "a guest moves wide vectors");
	tap_ok(!memcmp(data, zmm, 64), "it sees zmm3");
	tap_ok(!memcmp(data + 64, zmm, 64), "and zmm20");
	tap_ok(!memcmp(data + 128, "\x21\x43", 2), "and k2");
	fixture_get(KVM2_SET_VECTOR, 31, seen, 64);
	tap_ok(!memcmp(seen, data + 0xc0, 64), "the zmm31 it loads is read");
}

static void vectors_follow_cpuid(void)
{
	uint8_t value[64];

	tap_is(fixture_get(KVM2_SET_VECTOR, 0, value, 16), 32,
	       "a vcpu without CPUID has xmm registers");
	tap_is(fixture_get(KVM2_SET_VECTOR, 0, value, 17), -EINVAL,
	       "and nothing wider");
}

#define PKRU	9

GUEST_CODE(pkru,
	   "mov %cr4, %rax; or $0x400000, %rax; mov %rax, %cr4;"
	   "xor %ecx, %ecx; rdpkru; mov %eax, 0x20000;"
	   "mov $0x30, %eax; wrpkru; out %al, $0xf4");

static void xsave_components(void)
{
	uint64_t value = 0;

	fixture_give_host_cpuid();
	if (fixture_get(KVM2_SET_XSTATE, PKRU, &value, 8) < 0) {
		tap_skip("no protection keys here", "PKRU");
		return;
	}
	START_LONG_MODE(pkru);
	set_u64(KVM2_SET_XSTATE, PKRU, 0x0c);
	tap_ok(get_u64(KVM2_SET_XSTATE, PKRU) == 0x0c, "PKRU can be set");
	tap_ok(fixture_run_to_end(), "a guest uses protection keys");
	tap_ok(fixture_ram[DATA] == 0x0c, "it sees PKRU");
	tap_ok(get_u64(KVM2_SET_XSTATE, PKRU) == 0x30,
	       "what it writes is read");
}

/* ---- control registers ---- */

static void fresh_control_registers(void)
{
	tap_ok(get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_RIP) == 0xfff0,
	       "a new vcpu is at the reset vector");
	tap_ok(get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_CR0) == 0x60000010,
	       "in real mode");
	tap_is(get_u32(KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT), 0,
	       "with no exit pending");
}

/* Bits of access: the byte of a descriptor, then AVL, L, DB, G */
static void segments(void)
{
	const struct kvm2_segment segment = {
		.base = 0x123000, .limit = 0x3ffff, .selector = 0x3b,
		.access = 0xd0f3,
	};
	struct kvm2_segment seen;
	struct kvm2_descriptor_table table = { .base = 0x8000, .limit = 39 };
	struct kvm2_descriptor_table seen_table;

	fixture_set(KVM2_SET_SEGMENT, KVM2_SEGMENT_ES, &segment,
		    sizeof(segment));
	fixture_get(KVM2_SET_SEGMENT, KVM2_SEGMENT_ES, &seen, sizeof(seen));
	/* SVM derives the granularity from the limit. */
	tap_ok(seen.base == segment.base && seen.limit == segment.limit &&
	       seen.selector == segment.selector &&
	       (seen.access & 0x7fff) == 0x50f3,
	       "a segment reads as it was set");
	fixture_set(KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_IDTR, &table,
		    sizeof(table));
	fixture_get(KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_IDTR, &seen_table,
		    sizeof(seen_table));
	tap_ok(!memcmp(&table, &seen_table, sizeof(table)),
	       "so does a descriptor table");
}

/* A PAE guest of four page directory pointers at 0x5000. */
static void pdptrs(void)
{
	uint64_t *table = (uint64_t *)(fixture_ram + 0x5000);
	struct kvm2_records records;
	_Alignas(8) uint8_t data[256];
	int r;

	fixture_give_host_cpuid();
	table[0] = 0x6001;
	table[1] = 0x7001;
	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR4,
			     1 << 5, 8);
	kvm2_records_add_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR3,
			     0x5000, 8);
	kvm2_records_add_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR0,
			     0x80000011, 8);
	r = kvm2_sys_set_state(KVM2_SELF, data, records.used, 0);
	tap_is(r, records.used, "PAE paging can be turned on by one call");
	tap_ok(get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_PDPTR1) == 0x7001,
	       "that loads the PDPTRs");
	table[1] = 0x9001;
	set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_CR2, 0x1234);
	tap_ok(get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_PDPTR1) == 0x7001,
	       "a write of another register leaves them");
	set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_PDPTR3, 0x8001);
	tap_ok(get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_PDPTR3) == 0x8001 &&
	       get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_PDPTR1) == 0x7001,
	       "one of them can be set");
	tap_is(set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_PDPTR0, 0x6003), -EINVAL,
	       "but not with a reserved bit");
	set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_CR3, 0x5020);
	tap_ok(get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_PDPTR1) == 0,
	       "a new cr3 loads them again");
}

static void debug_registers(void)
{
	int i, same = 0;

	for (i = 0; i < 4; i++)
		set_u64(KVM2_SET_DEBUG, i, 0x1000 * (i + 1));
	set_u64(KVM2_SET_DEBUG, KVM2_DEBUG_DR6, 0xffff4ff0);
	for (i = 0; i < 4; i++)
		same += get_u64(KVM2_SET_DEBUG, i) == 0x1000UL * (i + 1);
	tap_is(same, 4, "the debug addresses read as they were set");
	tap_ok(get_u64(KVM2_SET_DEBUG, KVM2_DEBUG_DR6) == 0xffff4ff0,
	       "so does dr6");
	tap_is(set_u64(KVM2_SET_DEBUG, KVM2_DEBUG_DR6, 1UL << 32), -EINVAL,
	       "which has no high half");
}

/* ---- MSR ---- */

GUEST_CODE(msr,
	   "mov $0xc0000081, %ecx; rdmsr; mov %eax, 0x20000;"
	   "mov %edx, 0x20004; mov $0xc0000082, %ecx; mov $0x11, %eax;"
	   "mov $0, %edx; wrmsr; mov %fs:8, %rax; out %al, $0xf4");

static void msrs(void)
{
	uint64_t old;
	struct kvm2_records records;
	_Alignas(8) uint8_t data[256];

	fixture_give_host_cpuid();
	START_LONG_MODE(msr);
	memcpy(fixture_ram + DATA + 0x108, "here", 4);
	tap_is(set_u64(KVM2_SET_MSR, MSR_STAR, 0x1122334455667788), 24,
	       "an MSR can be set");
	set_u64(KVM2_SET_MSR, MSR_FS_BASE, DATA + 0x100);
	tap_ok(get_u64(KVM2_SET_SEGMENT, KVM2_SEGMENT_FS) == DATA + 0x100,
	       "the fs base is one as an MSR and as a segment");
	tap_ok(fixture_run_to_end(), "a guest reads and writes MSRs");
	tap_ok(*(uint64_t *)(fixture_ram + DATA) == 0x1122334455667788,
	       "it sees the one set");
	tap_ok(!memcmp(&(uint64_t){ get_u64(KVM2_SET_GPR, KVM2_GPR_RAX) },
		       "here", 4), "and the fs base");
	tap_ok(get_u64(KVM2_SET_MSR, MSR_LSTAR) == 0x11,
	       "what it writes is read");

	fixture_set(KVM2_SET_MSR, MSR_STAR, "\xff", 1);
	tap_ok(get_u64(KVM2_SET_MSR, MSR_STAR) == 0x11223344556677ff,
	       "the low bytes of an MSR can be set");
	old = get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_EFER);
	set_u64(KVM2_SET_MSR, MSR_EFER, (old | EFER_SCE) & ~(1UL << 10));
	tap_ok(get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_EFER) ==
	       (old | EFER_SCE), "efer is one as an MSR, which leaves LMA");
	tap_ok(get_u64(KVM2_SET_MSR, MSR_APIC_BASE) ==
	       get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_APIC_BASE),
	       "so is apic_base");

	old = get_u64(KVM2_SET_MSR, MSR_PAT);
	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add_u64(&records, KVM2_SET_MSR, MSR_STAR, 1, 8);
	kvm2_records_add_u64(&records, KVM2_SET_MSR, MSR_LSTAR, 2, 8);
	kvm2_records_add_u64(&records, KVM2_SET_MSR, MSR_PAT, 2, 8);
	kvm2_records_add_u64(&records, KVM2_SET_MSR, MSR_STAR, 3, 8);
	tap_is(kvm2_sys_set_state(KVM2_SELF, data, records.used, 0), -EINVAL,
	       "an MSR value that KVM refuses is refused");
	tap_ok(kvm2_records_failed(&records) ==
	       kvm2_records_find(&records, KVM2_SET_MSR, MSR_PAT),
	       "and is marked");
	tap_ok(get_u64(KVM2_SET_MSR, MSR_STAR) == 0x11223344556677ff &&
	       get_u64(KVM2_SET_MSR, MSR_LSTAR) == 0x11 &&
	       get_u64(KVM2_SET_MSR, MSR_PAT) == old,
	       "the others have their old values");
	kvm2_records_find(&records, KVM2_SET_MSR, MSR_PAT)->value[0] = 6;
	tap_is(kvm2_sys_set_state(KVM2_SELF, data, records.used, 0),
	       records.used, "with a value it takes all are written");
	tap_ok(get_u64(KVM2_SET_MSR, MSR_STAR) == 3,
	       "of a register named twice the last value");
}

/* ---- CPUID ---- */

#define LEAF(function, index)	((uint64_t)(function) << 32 | (index))
#define PRIVATE_LEAF		0x40000100U

GUEST_CODE(cpuid,
	   "mov $0x40000100, %eax; xor %ecx, %ecx; cpuid;"
	   "mov %eax, 0x20000; mov %ebx, 0x20004; mov %ecx, 0x20008;"
	   "mov %edx, 0x2000c; out %al, $0xf4");

static void cpuid(void)
{
	struct kvm2_cpuid leaf = { .eax = 1, .ebx = 2, .ecx = 3, .edx = 4 };
	struct kvm2_cpuid indexed = { .eax = 5, .flags = KVM2_CPUID_INDEXED };
	struct kvm2_cpuid seen = {};

	fixture_give_host_cpuid();
	tap_is(fixture_get(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 0), &seen,
			   sizeof(seen)), -ENOENT, "a leaf is not there");
	tap_is(fixture_set(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 0), &leaf,
			   sizeof(leaf)), 40, "it can be added");
	fixture_get(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 0), &seen,
		    sizeof(seen));
	tap_ok(!memcmp(&seen, &leaf, sizeof(leaf)), "reads as it was set");
	set_u32(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 0), 9);
	fixture_get(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 0), &seen,
		    sizeof(seen));
	tap_ok(seen.eax == 9 && seen.ebx == 2, "eax of it can be set alone");
	tap_is(fixture_set(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 3), &leaf,
			   sizeof(leaf)), -EINVAL,
	       "an index needs the flag that it matters");
	tap_is(fixture_set(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 3), &indexed,
			   sizeof(indexed)), 40, "with it there is a leaf more");
	tap_is(fixture_set(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 3), NULL, 0),
	       16, "an empty record removes it");
	tap_is(fixture_get(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 3), &seen,
			   sizeof(seen)), -ENOENT, "it is gone");
	tap_is(fixture_set(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 3), NULL, 0),
	       16, "to remove it once more is no error");
	leaf.flags = 2;
	tap_is(fixture_set(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 0), &leaf,
			   sizeof(leaf)), -EINVAL, "unknown flags are refused");

	START_LONG_MODE(cpuid);
	tap_ok(fixture_run_to_end(), "a guest asks for the leaf");
	tap_ok(!memcmp(fixture_ram + DATA, "\t\0\0\0\2\0\0\0\3\0\0\0\4", 13),
	       "it sees what was set");
	tap_is(set_u32(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 0), 9), 24,
	       "after the first run the same value is taken");
	tap_is(set_u32(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 0), 8), -EBUSY,
	       "but no other");
	tap_is(fixture_set(KVM2_SET_CPUID, LEAF(PRIVATE_LEAF, 0), NULL, 0),
	       -EBUSY, "and none is removed");
}

static void host_cpuid(void)
{
	static __thread struct state host, own;
	struct kvm2_record *record = NULL, *mine;
	int n = 0, same = 0;

	fixture_give_host_cpuid();
	fixture_list(&host, KVM2_STATE_SET(KVM2_SET_HOST_CPUID));
	fixture_list(&own, KVM2_STATE_SET(KVM2_SET_CPUID));
	while ((record = fixture_next(&host, record))) {
		n++;
		mine = fixture_find(&own, KVM2_SET_CPUID, record->number);
		same += mine && mine->size == record->size;
	}
	tap_ok(n > 10, "the host gives %d leaves", n);
	tap_is(same, n, "all of which a vcpu can have");
	tap_is(set_u32(KVM2_SET_HOST_CPUID, 0, 0), -EACCES,
	       "they cannot be written");
}

/* ---- EVENTS ---- */

GUEST_CODE(wait, "nop; nop; out %al, $0xf4; out %al, $0xf4");

static void events(void)
{
	const struct kvm2_event_exception exception = {
		.state = KVM2_EXCEPTION_PENDING, .vector = 14,
		.has_error_code = 1, .has_payload = 1, .error_code = 2,
		.payload = 0xdead000,
	};
	const struct kvm2_event_exception none = {};
	const struct kvm2_event_nmi nmi = { .pending = 1, .masked = 1 };
	struct kvm2_event_exception seen;
	struct kvm2_event_nmi seen_nmi;

	fixture_give_host_cpuid();
	START_LONG_MODE(wait);
	fixture_set(KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, &exception,
		    sizeof(exception));
	set_u64(KVM2_SET_GPR, KVM2_GPR_RAX, 77);
	fixture_get(KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, &seen,
		    sizeof(seen));
	tap_ok(!memcmp(&seen, &exception, sizeof(seen)),
	       "a pending exception outlives a write of rax");
	fixture_set(KVM2_SET_EVENTS, KVM2_EVENTS_NMI, &nmi, sizeof(nmi));
	fixture_get(KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, &seen,
		    sizeof(seen));
	tap_ok(!memcmp(&seen, &exception, sizeof(seen)),
	       "and that of another event");
	fixture_get(KVM2_SET_EVENTS, KVM2_EVENTS_NMI, &seen_nmi,
		    sizeof(seen_nmi));
	tap_ok(!memcmp(&seen_nmi, &nmi, sizeof(nmi)),
	       "which reads as it was set");
	set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, CODE + 1);
	fixture_get(KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, &seen,
		    sizeof(seen));
	tap_ok(!memcmp(&seen, &none, sizeof(seen)),
	       "but a new rip drops the exception");

	set_u32(KVM2_SET_EVENTS, KVM2_EVENTS_SIPI_VECTOR, 0x9a);
	tap_is(get_u32(KVM2_SET_EVENTS, KVM2_EVENTS_SIPI_VECTOR), 0x9a,
	       "the SIPI vector reads as it was set");
	tap_ok(get_u32(KVM2_SET_EVENTS, KVM2_EVENTS_EXTINT) ==
	       KVM2_EXTINT_NONE, "there is no external interrupt");
	set_u32(KVM2_SET_EVENTS, KVM2_EVENTS_EXTINT, 0x30);
	tap_is(get_u32(KVM2_SET_EVENTS, KVM2_EVENTS_EXTINT), 0x30,
	       "one can be set");
	set_u32(KVM2_SET_EVENTS, KVM2_EVENTS_EXTINT, KVM2_EXTINT_NONE);
	set_u32(KVM2_SET_EVENTS, KVM2_EVENTS_TRIPLE_FAULT, 1);
	tap_is(get_u32(KVM2_SET_EVENTS, KVM2_EVENTS_TRIPLE_FAULT), 1,
	       "a triple fault can be pending");
	set_u32(KVM2_SET_EVENTS, KVM2_EVENTS_TRIPLE_FAULT, 0);
	tap_ok(fixture_run_to_end(), "and be taken back: the guest runs");
}

/* ---- an exit that waits for its reply ---- */

GUEST_CODE(in, "mov $7, %ebx; in $0x60, %al; mov $1, %ebx; out %al, $0xf4;"
	       "mov $2, %ebx; out %al, $0xf4");
#define SECOND_PART	(CODE + 14)
GUEST_CODE(mmio_read,
	   "mov $7, %ebx; mov 0x2000000, %eax; mov $1, %ebx; out %al, $0xf4;"
	   "mov $2, %ebx; out %al, $0xf4");
#define SECOND_PART_MMIO	(CODE + 19)

static void pending_exit(void)
{
	struct kvm2_run run = {};

	fixture_give_host_cpuid();
	START_LONG_MODE(in);
	tap_is(fixture_enter(&run), KVM2_EXIT_IO, "a guest reads a port");
	tap_is(get_u32(KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT),
	       KVM2_EXIT_IO, "the exit is pending");
	set_u64(KVM2_SET_GPR, KVM2_GPR_RSI, 5);
	run.io.data[0] = 0x99;
	tap_is(fixture_enter(&run), KVM2_EXIT_IO, "a write of rsi leaves it so");
	tap_ok(run.io.port == DONE_PORT && run.io.data[0] == 0x99,
	       "and the guest gets the reply");
}

static void pending_exit_is_abandoned(const char *what, uint64_t rip)
{
	struct kvm2_run run = {};

	fixture_enter(&run);
	tap_ok(get_u32(KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT) != 0,
	       "%s is pending", what);
	set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, rip);
	tap_is(get_u32(KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT), 0,
	       "a new rip abandons %s", what);
	set_u64(KVM2_SET_GPR, KVM2_GPR_RAX, 0x55);
	memset(&run, 0xff, sizeof(run));
	run.flags = 0;
	tap_is(fixture_enter(&run), KVM2_EXIT_IO, "%s: the guest goes on", what);
	tap_is(get_u64(KVM2_SET_GPR, KVM2_GPR_RBX), 2,
	       "%s: where it was told to", what);
	tap_is(get_u64(KVM2_SET_GPR, KVM2_GPR_RAX), 0x55,
	       "%s: and no reply is taken in", what);
}

static void pending_port_read(void)
{
	fixture_give_host_cpuid();
	START_LONG_MODE(in);
	pending_exit_is_abandoned("a port read", SECOND_PART);
}

/* Beyond the 16 MB that the page tables map there is nothing. */
static void map_mmio(void)
{
	uint64_t *directory = (uint64_t *)(fixture_ram + 0x3000);

	directory[16] = 0x2000083;
}

static void pending_mmio_read(void)
{
	fixture_give_host_cpuid();
	START_LONG_MODE(mmio_read);
	map_mmio();
	pending_exit_is_abandoned("an MMIO read", SECOND_PART_MMIO);
}

/* ---- TSC ---- */

static void tsc(void)
{
	static __thread struct state all;
	uint64_t offset, value, later;
	struct kvm2_record *record;

	fixture_give_host_cpuid();
	fixture_list(&all, KVM2_STATE_SET(KVM2_SET_TSC));
	record = fixture_find(&all, KVM2_SET_TSC, KVM2_TSC_OFFSET);
	if (record->attributes & KVM2_ATTR_VOLATILE) {
		tap_skip("the TSC is unstable here", "TSC offset");
	} else {
		offset = get_u64(KVM2_SET_TSC, KVM2_TSC_OFFSET);
		set_u64(KVM2_SET_TSC, KVM2_TSC_OFFSET, offset + 12345);
		tap_ok(get_u64(KVM2_SET_TSC, KVM2_TSC_OFFSET) ==
		       offset + 12345, "the offset reads as it was set");
		fixture_list(&all, 0);
		fixture_list(&all, KVM2_STATE_WRITABLE);
		tap_is(fixture_set_all(&all), all.used,
		       "all writable state is written");
		tap_ok(get_u64(KVM2_SET_TSC, KVM2_TSC_OFFSET) ==
		       offset + 12345, "that does not shift the TSC");
	}
	set_u64(KVM2_SET_TSC, KVM2_TSC_VALUE, 1UL << 50);
	value = get_u64(KVM2_SET_TSC, KVM2_TSC_VALUE);
	later = get_u64(KVM2_SET_MSR, MSR_TSC);
	tap_ok(value >= 1UL << 50 && value - (1UL << 50) < 1UL << 40,
	       "the value can be set");
	tap_ok(later >= value && later - value < 1UL << 40,
	       "and is that of the MSR");
	set_u64(KVM2_SET_MSR, MSR_TSC, 1UL << 52);
	value = get_u64(KVM2_SET_TSC, KVM2_TSC_VALUE);
	tap_ok(value >= 1UL << 52 && value - (1UL << 52) < 1UL << 40,
	       "which sets it as well");
	tap_ok(get_u32(KVM2_SET_TSC, KVM2_TSC_KHZ) > 1000,
	       "the frequency is known");
}

/* ---- LAPIC ---- */

static uint16_t attributes_of(uint16_t set, uint64_t number)
{
	static __thread struct state list;
	struct kvm2_record *record;

	fixture_list(&list, KVM2_STATE_SET(set));
	record = fixture_find(&list, set, number);
	return record ? record->attributes : 0xffff;
}

static void local_apic(void)
{
	fixture_give_host_cpuid();
	tap_is(get_u32(KVM2_SET_LAPIC, APIC_ID) >> 24, fixture_vcpu_id(),
	       "the APIC id is the vcpu's");
	set_u32(KVM2_SET_LAPIC, APIC_TPR, 0x50);
	tap_is(get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_CR8), 5,
	       "the task priority is cr8");
	set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_CR8, 6);
	tap_is(get_u32(KVM2_SET_LAPIC, APIC_TPR), 0x60, "and cr8 is it");
	tap_is(set_u64(KVM2_SET_MSR, MSR_X2APIC_TPR, 0), -ENOENT,
	       "there are no x2APIC MSRs");

	tap_is(attributes_of(KVM2_SET_LAPIC, APIC_TMCCT) & KVM2_ATTR_VOLATILE,
	       0, "a timer that stands still is stable");
	set_u32(KVM2_SET_LAPIC, APIC_SVR, 0x1ff);
	set_u32(KVM2_SET_LAPIC, APIC_TDCR, 0xb);
	set_u32(KVM2_SET_LAPIC, APIC_TMICT, 0xf0000000);
	tap_ok(get_u32(KVM2_SET_LAPIC, APIC_TMCCT) > 0xe0000000,
	       "an initial count starts the timer");
	tap_ok(attributes_of(KVM2_SET_LAPIC, APIC_TMCCT) & KVM2_ATTR_VOLATILE,
	       "the current count is volatile then");
	set_u32(KVM2_SET_LAPIC, APIC_TMCCT, 0x10000000);
	tap_ok(get_u32(KVM2_SET_LAPIC, APIC_TMCCT) <= 0x10000000,
	       "it can be set");
	set_u32(KVM2_SET_LAPIC, APIC_TPR, 0x10);
	tap_ok(get_u32(KVM2_SET_LAPIC, APIC_TMCCT) <= 0x10000000,
	       "a write of another register does not restart the timer");
	set_u32(KVM2_SET_LAPIC, APIC_TMICT, 0);

	set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_APIC_BASE,
		get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_APIC_BASE) |
		X2APIC_ENABLE);
	tap_is(get_u32(KVM2_SET_LAPIC, APIC_ID), fixture_vcpu_id(),
	       "in x2APIC mode the id is in the low bits");
	tap_is(set_u32(KVM2_SET_LAPIC, APIC_ID, 0), -EACCES,
	       "and cannot be set");
	tap_is(get_u64(KVM2_SET_MSR, MSR_X2APIC_TPR), 0x10,
	       "an x2APIC MSR shows the task priority");
	tap_is(set_u64(KVM2_SET_MSR, MSR_X2APIC_TPR, 0), -EACCES,
	       "and cannot be set");
}

/* The timer mode is LAPIC's, the deadline an MSR: their order is ours. */
static void tsc_deadline(void)
{
	struct kvm2_records records;
	_Alignas(8) uint8_t data[256];
	uint64_t deadline;
	struct kvm2_cpuid leaf;

	fixture_give_host_cpuid();
	/* KVM has it always, but does not say so among the host's features. */
	fixture_get(KVM2_SET_CPUID, LEAF(1, 0), &leaf, sizeof(leaf));
	leaf.ecx |= 1 << 24;
	fixture_set(KVM2_SET_CPUID, LEAF(1, 0), &leaf, sizeof(leaf));
	deadline = get_u64(KVM2_SET_TSC, KVM2_TSC_VALUE) + (1UL << 40);
	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add_u64(&records, KVM2_SET_MSR, MSR_TSC_DEADLINE,
			     deadline, 8);
	kvm2_records_add_u64(&records, KVM2_SET_LAPIC, APIC_SVR, 0x1ff, 4);
	kvm2_records_add_u64(&records, KVM2_SET_LAPIC, APIC_LVT_TIMER,
			     0x400ec, 4);
	kvm2_sys_set_state(KVM2_SELF, data, records.used, 0);
	tap_ok(get_u64(KVM2_SET_MSR, MSR_TSC_DEADLINE) == deadline,
	       "a TSC deadline is taken by the call that selects the mode");
	set_u64(KVM2_SET_MSR, MSR_TSC_DEADLINE, 0);
}

/* ---- GUEST_DEBUG ---- */

GUEST_CODE(steps, "nop; nop; nop; nop; nop; out %al, $0xf4");

static bool steps_to(struct kvm2_run *run, uint64_t pc)
{
	int reason = fixture_enter(run);

	if (reason == KVM2_EXIT_DEBUG && run->debug.pc == pc)
		return true;
	tap_note("exit %d at %#llx", reason, run->debug.pc);
	return false;
}

static void guest_debug(void)
{
	struct kvm2_debug_event event;
	struct kvm2_run run = {};

	fixture_give_host_cpuid();
	START_LONG_MODE(steps);
	set_u64(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT2, 0x1234000);
	set_u64(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT_DR7, 0x400);
	tap_is(set_u32(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		       KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP), 24,
	       "single steps can be asked for");
	tap_ok(steps_to(&run, CODE + 1), "the guest makes one");
	tap_ok(steps_to(&run, CODE + 2), "and the next");
	fixture_get(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, &event,
		    sizeof(event));
	tap_ok(event.exception == 1 && event.pc == CODE + 2,
	       "the last one can be read");
	tap_is(get_u32(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL),
	       KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP,
	       "and what was asked for");
	tap_is(get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS) & 0x100, 0,
	       "but not the trace flag");
	set_u64(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, CODE);
	tap_ok(steps_to(&run, CODE + 1), "a new rip does not end it");
	set_u64(KVM2_SET_GPR, KVM2_GPR_RDX, 1);
	tap_ok(steps_to(&run, CODE + 2), "nor does any other register");
	tap_ok(get_u64(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT2) ==
	       0x1234000, "breakpoints are kept while they are not in force");
	tap_is(set_u32(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		       KVM2_DEBUG_INJECT_BP | KVM2_DEBUG_INJECT_DB), -EINVAL,
	       "only one exception can be injected");
	tap_is(set_u32(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		       KVM2_DEBUG_STOP), -EPERM,
	       "a stop is for the tracer to ask for");
	set_u32(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, 0);
	tap_ok(fixture_run_to_end(), "without debugging the guest runs on");

	set_u32(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		KVM2_DEBUG_INJECT_DB);
	tap_is(get_u32(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL), 0,
	       "an injection reads as 0");
	tap_is(set_u32(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		       KVM2_DEBUG_INJECT_BP), -EBUSY,
	       "another one has to wait");
}

int main(void)
{
	fixture_init();
	fixture_run(fresh_control_registers);
	fixture_run(general_registers);
	fixture_run(vector_registers);
	fixture_run(wide_vector_registers);
	fixture_run(vectors_follow_cpuid);
	fixture_run(xsave_components);
	fixture_run(segments);
	fixture_run(pdptrs);
	fixture_run(debug_registers);
	fixture_run(msrs);
	fixture_run(cpuid);
	fixture_run(host_cpuid);
	fixture_run(events);
	fixture_run(pending_exit);
	fixture_run(pending_port_read);
	fixture_run(pending_mmio_read);
	fixture_run(tsc);
	fixture_run(local_apic);
	fixture_run(tsc_deadline);
	fixture_run(guest_debug);
	return tap_end();
}
