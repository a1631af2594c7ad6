/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Check decoding of the kvm2 syscalls: arguments as they go in, good, bad and
 * cut off, on a kernel that does not have them.
 */
#include "tests.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kvm2.h"

static const unsigned long junk = 0xbadc0deddeadbeefUL;

static void
test_create_vm(void)
{
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_vm_config, config);
	char *const longer = tail_alloc(sizeof(*config) + 8);

	call(__NR_kvm_create_vm, -1, 0, junk, 0);
	printf("kvm_create_vm(-1, NULL, %lu) = %s\n", junk, errstr);

	call(__NR_kvm_create_vm, -1, PTR(config + 1), sizeof(*config), 0);
	printf("kvm_create_vm(-1, %p, 64) = %s\n", config + 1, errstr);

	memset(config, 0, sizeof(*config));
	call(__NR_kvm_create_vm, 0xfffffffeUL, PTR(config), 63, 0);
	printf("kvm_create_vm(-2, %p, 63) = %s\n", config, errstr);

	call(__NR_kvm_create_vm, -1, PTR(config) + 8, sizeof(*config), 0);
	printf("kvm_create_vm(-1, %p, 64) = %s\n", (char *) config + 8, errstr);

	call(__NR_kvm_create_vm, -1, PTR(config), sizeof(*config), 0);
	printf("kvm_create_vm(-1, {flags=0, hypercall_exits=0, bsp_vcpu_id=0, msr_exits=0"
	       ", notify_window=0, name=\"\"}, 64) = %s\n", errstr);

	config->flags = 3;
	config->hypercall_exits = 0x1000;
	config->bsp_vcpu_id = 7;
	config->msr_exits = 7;
	config->notify_window = 4000000000U;
	config->reserved = 5;
	memset(config->name, 'n', sizeof(config->name));
	call(__NR_kvm_create_vm, -1, PTR(config), sizeof(*config), 0);
	printf("kvm_create_vm(-1, {flags=KVM2_VM_EXIT_BUS_LOCK|KVM2_VM_HIDDEN_APIC, hypercall_exits=0x1000"
	       ", bsp_vcpu_id=7, msr_exits=KVM2_MSR_EXIT_INVALID|KVM2_MSR_EXIT_UNKNOWN"
	       "|KVM2_MSR_EXIT_FILTER, notify_window=4000000000, reserved=0x5"
	       ", name=\"%.*s\"...}, 64) = %s\n",
	       (int) sizeof(config->name) - 1, config->name, errstr);

	memset(config, 0, sizeof(*config));
	config->flags = 0x8000000000000004ULL;
	config->msr_exits = 0x18;
	strcpy(config->name, "a\"b");
	memset(longer, 0, sizeof(*config) + 8);
	memcpy(longer, config, sizeof(*config));
	call(__NR_kvm_create_vm, -1, PTR(longer), sizeof(*config) + 8, 0);
	printf("kvm_create_vm(-1, {flags=0x8000000000000004 /* KVM2_VM_??? */, hypercall_exits=0"
	       ", bsp_vcpu_id=0, msr_exits=0x18 /* KVM2_MSR_EXIT_??? */, notify_window=0"
	       ", name=\"a\\\"b\"}, 72) = %s\n", errstr);

	longer[sizeof(*config) + 1] = 0x5a;
	call(__NR_kvm_create_vm, -1, PTR(longer), sizeof(*config) + 8, 0);
	printf("kvm_create_vm(-1, {flags=0x8000000000000004 /* KVM2_VM_??? */, hypercall_exits=0"
	       ", bsp_vcpu_id=0, msr_exits=0x18 /* KVM2_MSR_EXIT_??? */, notify_window=0"
	       ", name=\"a\\\"b\", /* bytes 64..71 */ \"\\x00\\x5a\\x00\\x00\\x00\\x00\\x00\\x00\""
	       "}, 72) = %s\n", errstr);

	/* The size is a lie: no more than a page is looked at, and it ends before. */
	call(__NR_kvm_create_vm, -1, PTR(longer), -1UL, 0);
	printf("kvm_create_vm(-1, {flags=0x8000000000000004 /* KVM2_VM_??? */, hypercall_exits=0"
	       ", bsp_vcpu_id=0, msr_exits=0x18 /* KVM2_MSR_EXIT_??? */, notify_window=0"
	       ", name=\"a\\\"b\", ???}, %lu) = %s\n", -1UL, errstr);
}

static void
test_create_vcpu(void)
{
	call(__NR_kvm_create_vcpu, 0xdead000000000000UL, 0xdead000000000000UL, 0, 0);
	printf("kvm_create_vcpu(0, 0) = %s\n", errstr);

	call(__NR_kvm_create_vcpu, 0xffffffffUL, 3, 0, 0);
	printf("kvm_create_vcpu(4294967295, KVM2_VCPU_NEW|0x2) = %s\n", errstr);

	call(__NR_kvm_create_vcpu, 1, 0x10, 0, 0);
	printf("kvm_create_vcpu(1, 0x10 /* KVM2_VCPU_??? */) = %s\n", errstr);
}

static void
test_enter_guest(void)
{
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_run, run);
	TAIL_ALLOC_OBJECT_CONST_PTR(uint64_t, mask);
	char *const longer = tail_alloc(sizeof(*run) + 4);

	call(__NR_kvm_enter_guest, 0, sizeof(*run), 0, 0);
	printf("kvm_enter_guest(NULL, 1040, NULL, 0) = %s\n", errstr);

	call(__NR_kvm_enter_guest, PTR(run + 1), sizeof(*run), 0, 0);
	printf("kvm_enter_guest(%p, 1040, NULL, 0) = %s\n", run + 1, errstr);

	memset(run, 0, sizeof(*run));
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run) - 1, 0, 0);
	printf("kvm_enter_guest(%p, 1039, NULL, 0) = %s\n", run, errstr);

	*mask = 0;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), PTR(mask), 8);
	printf("kvm_enter_guest({flags=0}, 1040, [], 8) = %s\n", errstr);

	*mask = 1UL << 9;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), PTR(mask), 8);
	printf("kvm_enter_guest({flags=0}, 1040, [USR1], 8) = %s\n", errstr);

	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), PTR(mask + 1), 8);
	printf("kvm_enter_guest({flags=0}, 1040, %p, 8) = %s\n", mask + 1, errstr);

	run->flags = 0x80000001;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 7);
	printf("kvm_enter_guest({flags=KVM2_RUN_IMMEDIATE_EXIT|0x80000000}, 1040, NULL, 7) = %s\n",
	       errstr);

	memset(longer, 0, sizeof(*run) + 4);
	longer[sizeof(*run)] = 1;
	call(__NR_kvm_enter_guest, PTR(longer), sizeof(*run) + 4, 0, 0);
	printf("kvm_enter_guest({flags=0, /* bytes 1040..1043 */ \"\\x01\\x00\\x00\\x00\"}"
	       ", 1044, NULL, 0) = %s\n", errstr);

	/* Replies: strace has not seen what exit came before, so it goes by the structure. */
	memset(run, 0, sizeof(*run));
	run->exit_reason = KVM2_EXIT_IO;
	run->io.direction = KVM2_IO_IN;
	run->io.size = 2;
	run->io.count = 3;
	memcpy(run->io.data, "a\"b\0cd", 6);
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0, io={data=\"a\\\"b\\0cd\"}}, 1040, NULL, 0) = %s\n", errstr);

	memset(run->io.data, 'x', sizeof(run->io.data));
	run->io.size = 255;
	run->io.count = 0xffffffff;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0, io={data=\"%.*s\"...}}, 1040, NULL, 0) = %s\n",
	       DEFAULT_STRLEN, run->io.data, errstr);

	run->io.direction = KVM2_IO_OUT;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0}, 1040, NULL, 0) = %s\n", errstr);

	memset(run, 0, sizeof(*run));
	run->exit_reason = KVM2_EXIT_MMIO;
	run->mmio.len = 4;
	memcpy(run->mmio.data, "\x44\x33\x22\x11\xff\xff\xff\xff", 8);
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0, mmio={data=0x11223344}}, 1040, NULL, 0) = %s\n", errstr);

	run->mmio.len = 0xffffffff;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0, mmio={data=0xffffffff11223344}}, 1040, NULL, 0) = %s\n",
	       errstr);

	run->mmio.is_write = 1;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0}, 1040, NULL, 0) = %s\n", errstr);

	memset(run, 0, sizeof(*run));
	run->exit_reason = KVM2_EXIT_HYPERCALL;
	run->hypercall.ret = -1000;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0, hypercall={ret=0xfffffffffffffc18}}, 1040, NULL, 0) = %s\n",
	       errstr);

	memset(run, 0, sizeof(*run));
	run->exit_reason = KVM2_EXIT_RDMSR;
	run->msr.data = 0xfee00900;
	run->msr.error = 1;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0, msr={data=0xfee00900, error=1}}, 1040, NULL, 0) = %s\n",
	       errstr);

	run->exit_reason = KVM2_EXIT_WRMSR;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0, msr={error=1}}, 1040, NULL, 0) = %s\n", errstr);

	memset(run, 0, sizeof(*run));
	run->exit_reason = KVM2_EXIT_HYPERV;
	run->hyperv.type = 2;
	run->hyperv.result = 0x55;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0, hyperv={result=0x55}}, 1040, NULL, 0) = %s\n", errstr);

	run->exit_reason = 0xfffffff0;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=0}, 1040, NULL, 0) = %s\n", errstr);
}

static void
test_set_state(void)
{
	static const struct record8 all[] = {
		RECORD8(KVM2_SET_GPR, KVM2_GPR_RAX, 0x123456789abcdef0ULL),
		RECORD8(KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 0x80000013),
		RECORD8(KVM2_SET_MSR, 0xc0000080, 0x500),
		RECORD8(KVM2_SET_MSR, 0x12345678, 1),
		RECORD8(KVM2_SET_LAPIC, 8, 0x20),
		RECORD8(KVM2_SET_LAPIC, 0x99, 0),
		RECORD8(KVM2_SET_XSTATE, 9, 0x5a),
		RECORD8(KVM2_SET_DEBUG, KVM2_DEBUG_DR7, 0x400),
		RECORD8(KVM2_SET_VECTOR, KVM2_VECTOR_K0, 3),
		RECORD8(KVM2_SET_VECTOR, 31, 3),
		RECORD8(KVM2_SET_GPR, 16, 2),
		RECORD8(17, 1, 0),
		RECORD8(0xffff, -1, -1),
	};
	struct record8 *const records = tail_memdup(all, sizeof(all));
	struct record8 *one;

	call(__NR_kvm_set_state, -1, 0, 0, 0);
	printf("kvm_set_state(" SELF ", NULL, 0, 0) = %s\n", errstr);

	call(__NR_kvm_set_state, 0xffffffffUL, PTR(records + ARRAY_SIZE(all)), 24, 0);
	printf("kvm_set_state(" SELF ", %p, 24, 0) = %s\n", records + ARRAY_SIZE(all), errstr);

	call(__NR_kvm_set_state, -2, PTR(records), 0, 1);
	printf("kvm_set_state(-2, [], 0, KVM2_STATE_LIST) = %s\n", errstr);

	call(__NR_kvm_set_state, -1, PTR(records), sizeof(all), 0x10);
	printf("kvm_set_state(" SELF ", [rax=0x123456789abcdef0, cr0=0x80000013, msr:efer=0x500"
	       ", msr:0x12345678=0x1, lapic:tpr=0x20, lapic:0x99=0"
	       ", xstate:pkru=\"\\x5a\\x00\\x00\\x00\\x00\\x00\\x00\\x00\", dr7=0x400, k0=0x3"
	       ", zmm31[8]=0x3, gpr:0x10=0x2, 0x11:0x1=0, 0xffff:0xffffffffffffffff="
	       "0xffffffffffffffff], %zu, 0x10 /* KVM2_STATE_??? */) = %s\n",
	       sizeof(all), errstr);

	/* A header is cut off. */
	call(__NR_kvm_set_state, -1, PTR(records), 24 + 15, 0);
	printf("kvm_set_state(" SELF ", [rax=0x123456789abcdef0, ... /* %p */], 39, 0) = %s\n",
	       records + 1, errstr);

	/* A value is cut off. */
	call(__NR_kvm_set_state, -1, PTR(records), 24 + 23, 0);
	printf("kvm_set_state(" SELF ", [rax=0x123456789abcdef0, ... /* %p */], 47, 0) = %s\n",
	       records + 1, errstr);

	/* The size goes beyond what can be read. */
	one = tail_memdup(all, sizeof(*one));
	call(__NR_kvm_set_state, -1, PTR(one), 1000, 0);
	printf("kvm_set_state(" SELF ", [rax=0x123456789abcdef0, ... /* %p */], 1000, 0) = %s\n",
	       one + 1, errstr);

	/* The size wraps around. */
	call(__NR_kvm_set_state, -1, -64UL, 1000, 0);
	printf("kvm_set_state(" SELF ", 0xffffffffffffffc0, 1000, 0) = %s\n", errstr);

	/* The value cannot be read. */
	one = tail_alloc(16);
	memcpy(one, all, 16);
	call(__NR_kvm_set_state, -1, PTR(one), 24, 0);
	printf("kvm_set_state(" SELF ", [rax=%p], 24, 0) = %s\n", (char *) one + 16, errstr);

	/* A record of a size that no buffer has. */
	one = tail_memdup(all, sizeof(*one));
	one->record.size = 0xffffffff;
	call(__NR_kvm_set_state, -1, PTR(one), 24, 0);
	printf("kvm_set_state(" SELF ", [... /* %p */], 24, 0) = %s\n", one, errstr);

	/* Nothing but headers. */
	one->record.size = 0;
	call(__NR_kvm_set_state, -1, PTR(one), 16, 0);
	printf("kvm_set_state(" SELF ", [rax[0]], 16, 0) = %s\n", errstr);

	/* Low parts; attributes are not looked at. */
	one->record.size = 4;
	one->record.attributes = 0xffff;
	call(__NR_kvm_set_state, -1, PTR(one), 24, 0);
	printf("kvm_set_state(" SELF ", [eax=0x9abcdef0], 24, 0) = %s\n", errstr);

	one->record.size = 2;
	call(__NR_kvm_set_state, -1, PTR(one), 24, 0);
	printf("kvm_set_state(" SELF ", [rax[2]=0xdef0], 24, 0) = %s\n", errstr);
}

static void
test_values(void)
{
	struct {
		struct kvm2_record cs_record;
		struct kvm2_segment cs;
		struct kvm2_record gdtr_record;
		struct kvm2_descriptor_table gdtr;
		struct kvm2_record st0_record;
		uint8_t st0[16];
		struct kvm2_record xmm3_record;
		uint8_t xmm3[16];
		struct kvm2_record cpuid_record;
		struct kvm2_cpuid cpuid;
		struct kvm2_record exception_record;
		struct kvm2_event_exception exception;
		struct kvm2_record interrupt_record;
		struct kvm2_event_interrupt interrupt;
		struct kvm2_record nmi_record;
		struct kvm2_event_nmi nmi;
		struct kvm2_record smi_record;
		struct kvm2_event_smi smi;
		struct record8 shadow;
		struct record8 extint;
		struct record8 mp_state;
		struct record8 debug_control;
		struct kvm2_record event_record;
		struct kvm2_debug_event event;
	} *values = tail_alloc(sizeof(*values));

	memset(values, 0, sizeof(*values));
#define HEADER(field_, set_, number_, size_)				\
	values->field_ = (struct kvm2_record) {				\
		.set = (set_), .number = (number_), .size = (size_) }
	HEADER(cs_record, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, 16);
	values->cs = (struct kvm2_segment) { 0xffff0000, 0xffff, 0xf000, 0x19b };
	HEADER(gdtr_record, KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_GDTR, 16);
	values->gdtr = (struct kvm2_descriptor_table) { .base = 0x1000, .limit = 0x17 };
	HEADER(st0_record, KVM2_SET_X87, KVM2_X87_ST0, 10);
	values->st0[9] = 0x3f;
	values->st0[8] = 0xff;
	values->st0[7] = 0x80;
	HEADER(xmm3_record, KVM2_SET_VECTOR, 3, 16);
	HEADER(cpuid_record, KVM2_SET_CPUID, (7ULL << 32) | 1, sizeof(values->cpuid));
	values->cpuid = (struct kvm2_cpuid) { 1, 2, 3, 4, KVM2_CPUID_INDEXED };
	HEADER(exception_record, KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, 24);
	values->exception = (struct kvm2_event_exception) {
		.state = KVM2_EXCEPTION_INJECTED, .vector = 14,
		.has_error_code = 1, .error_code = 2, .has_payload = 1, .payload = 0x5000,
	};
	HEADER(interrupt_record, KVM2_SET_EVENTS, KVM2_EVENTS_INTERRUPT, 8);
	values->interrupt = (struct kvm2_event_interrupt) { 1, 0x20, 0 };
	HEADER(nmi_record, KVM2_SET_EVENTS, KVM2_EVENTS_NMI, 8);
	values->nmi = (struct kvm2_event_nmi) { 0, 2, 1 };
	HEADER(smi_record, KVM2_SET_EVENTS, KVM2_EVENTS_SMI, 8);
	values->smi = (struct kvm2_event_smi) { 1, 0, 1, 0 };
	HEADER(shadow.record, KVM2_SET_EVENTS, KVM2_EVENTS_SHADOW, 4);
	values->shadow.value = 3;
	HEADER(extint.record, KVM2_SET_EVENTS, KVM2_EVENTS_EXTINT, 4);
	values->extint.value = KVM2_EXTINT_NONE;
	HEADER(mp_state.record, KVM2_SET_MP, KVM2_MP_STATE, 4);
	values->mp_state.value = KVM2_MP_HALTED;
	HEADER(debug_control.record, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, 4);
	values->debug_control.value = KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP | KVM2_DEBUG_STOP_FATAL;
	HEADER(event_record, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, 32);
	values->event = (struct kvm2_debug_event) { 3, 0, 0x1234, 0, 0x400 };

	call(__NR_kvm_set_state, -1, PTR(values), sizeof(*values), 0);
	printf("kvm_set_state(" SELF ", ["
	       "cs={base=0xffff0000, limit=0xffff, selector=0xf000, access=0x19b /* unusable */}, "
	       "gdtr={base=0x1000, limit=0x17}, "
	       "st0=0x3fff8000000000000000, "
	       "xmm3=0, "
	       "cpuid:0x7.1={eax=0x1, ebx=0x2, ecx=0x3, edx=0x4, flags=KVM2_CPUID_INDEXED}, "
	       "exception={state=KVM2_EXCEPTION_INJECTED, vector=#PF, error_code=0x2, payload=0x5000}, "
	       "interrupt={injected=1, vector=0x20, soft=0}, "
	       "nmi={injected=0, pending=2, masked=1}, "
	       "smi={in_smm=1, pending=0, inside_nmi=1, latched_init=0}, "
	       "shadow=KVM2_SHADOW_MOV_SS|KVM2_SHADOW_STI, "
	       "extint=KVM2_EXTINT_NONE, "
	       "mp_state=KVM2_MP_HALTED, "
	       "debug_control=KVM2_DEBUG_ENABLE|KVM2_DEBUG_SINGLE_STEP|KVM2_DEBUG_STOP_FATAL, "
	       "debug_event={exception=#BP, pc=0x1234, dr6=0, dr7=0x400}"
	       "], %zu, 0) = %s\n", sizeof(*values), errstr);
}

static void
test_get_state(void)
{
	static const struct record8 all[] = {
		RECORD8(KVM2_SET_GPR, KVM2_GPR_RCX, 0),
		RECORD8(KVM2_SET_TSC, KVM2_TSC_VALUE, 0),
	};
	struct record8 *const records = tail_memdup(all, sizeof(all));

	call(__NR_kvm_get_state, -1, 0, 0, 0xdead000000000001UL);
	printf("kvm_get_state(" SELF ", NULL, 0, KVM2_STATE_LIST) = %s\n", errstr);

	call(__NR_kvm_get_state, -3, PTR(records), 8192, 0x9000f);
	printf("kvm_get_state(-3, %p, 8192, KVM2_STATE_LIST|KVM2_STATE_HEADERS|KVM2_STATE_WRITABLE"
	       "|KVM2_STATE_STABLE|KVM2_STATE_SET(KVM2_SET_MSR)) = %s\n", records, errstr);

	call(__NR_kvm_get_state, -1, PTR(records), sizeof(all), 0xffff0000);
	printf("kvm_get_state(" SELF ", [rcx, tsc], 48, KVM2_STATE_SET(65535 /* KVM2_SET_??? */))"
	       " = %s\n", errstr);

	records[0].record.attributes = KVM2_ATTR_FAILED;
	records[1].record.attributes = KVM2_ATTR_READ_ONLY | KVM2_ATTR_GUEST_READ_ONLY |
				       KVM2_ATTR_VOLATILE | 0x40;
	call(__NR_kvm_get_state, -1, PTR(records), sizeof(all), 0);
	printf("kvm_get_state(" SELF ", [rcx<failed>"
	       ", tsc<read-only|guest-read-only|volatile|0x40>], 48, 0) = %s\n", errstr);

	call(__NR_kvm_get_state, -1, PTR(records + 2), sizeof(all), 0);
	printf("kvm_get_state(" SELF ", %p, 48, 0) = %s\n", records + 2, errstr);
}

static void
test_many_records(void)
{
	enum { COUNT = 40 };
	struct record8 *const records = tail_alloc(COUNT * sizeof(*records));

	for (unsigned int i = 0; i < COUNT; i++)
		records[i] = (struct record8) RECORD8(KVM2_SET_MSR, 0xc0000080, i);
	call(__NR_kvm_set_state, -1, PTR(records), COUNT * sizeof(*records), 0);
	printf("kvm_set_state(" SELF ", [");
	for (unsigned int i = 0; i < DEFAULT_STRLEN; i++)
		printf("%smsr:efer=%#x", i ? ", " : "", i);
	printf(", ...], %zu, 0) = %s\n", COUNT * sizeof(*records), errstr);
}

static void
test_memory_map(void)
{
	static const struct kvm2_memory_region all[] = {
		{ 0, 0x200000, 0x7f0000000000, KVM2_REGION_LOG_DIRTY },
		{ 0xfffe0000, 0x20000, 0, KVM2_REGION_READ_ONLY | KVM2_REGION_LOG_DIRTY, 0 },
		{ -1ULL, -1ULL, -1ULL, 0x80000000, 7 },
	};
	const struct kvm2_memory_region *const regions = tail_memdup(all, sizeof(all));
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_memory_map, map);

	call(__NR_kvm_set_memory_map, 0, sizeof(*map), 0, 0);
	printf("kvm_set_memory_map(NULL, 32) = %s\n", errstr);

	call(__NR_kvm_set_memory_map, PTR(map + 1), sizeof(*map), 0, 0);
	printf("kvm_set_memory_map(%p, 32) = %s\n", map + 1, errstr);

	call(__NR_kvm_set_memory_map, PTR(map), 31, 0, 0);
	printf("kvm_set_memory_map(%p, 31) = %s\n", map, errstr);

	memset(map, 0, sizeof(*map));
	call(__NR_kvm_set_memory_map, PTR(map), sizeof(*map), 0, 0);
	printf("kvm_set_memory_map({regions=NULL, nr_regions=0, flags=0, dirty=NULL, nr_dirty=0}, 32)"
	       " = %s\n", errstr);

	map->regions = PTR(regions);
	map->nr_regions = ARRAY_SIZE(all);
	map->flags = 3;
	map->dirty = 0x1000;
	map->nr_dirty = 4;
	map->reserved = 9;
	call(__NR_kvm_set_memory_map, PTR(map), sizeof(*map), 0, 0);
	printf("kvm_set_memory_map({regions=[{gpa=0, size=0x200000, address=0x7f0000000000"
	       ", flags=KVM2_REGION_LOG_DIRTY}, {gpa=0xfffe0000, size=0x20000, address=NULL"
	       ", flags=KVM2_REGION_LOG_DIRTY|KVM2_REGION_READ_ONLY}, {gpa=0xffffffffffffffff"
	       ", size=0xffffffffffffffff, address=0xffffffffffffffff"
	       ", flags=0x80000000 /* KVM2_REGION_??? */, reserved=0x7}], nr_regions=3, flags=0x3"
	       ", dirty=0x1000, nr_dirty=4, reserved=0x9}, 32) = %s\n", errstr);

	/* More regions than there are. */
	map->regions = PTR(regions + 2);
	map->nr_regions = 0xffffffff;
	map->nr_dirty = 0;
	call(__NR_kvm_set_memory_map, PTR(map), sizeof(*map), 0, 0);
	printf("kvm_set_memory_map({regions=[{gpa=0xffffffffffffffff"
	       ", size=0xffffffffffffffff, address=0xffffffffffffffff"
	       ", flags=0x80000000 /* KVM2_REGION_??? */, reserved=0x7}, ... /* %p */]"
	       ", nr_regions=4294967295, flags=0x3, dirty=0x1000, nr_dirty=0, reserved=0x9}, 32)"
	       " = %s\n", regions + 3, errstr);
}

static void
test_dirty_log(void)
{
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_dirty_log, log);

	call(__NR_kvm_get_dirty_log, 0, 0, 0, 0);
	printf("kvm_get_dirty_log(NULL, 0) = %s\n", errstr);

	call(__NR_kvm_get_dirty_log, PTR(log) + 1, sizeof(*log), 0, 0);
	printf("kvm_get_dirty_log(%p, 56) = %s\n", (char *) log + 1, errstr);

	memset(log, 0xff, sizeof(*log));
	log->gpa = 0x1000;
	log->size = 0x200000;
	log->max_pages = 64;
	log->runs = 0;
	log->nr_runs = 16;
	log->flags = 2;
	call(__NR_kvm_get_dirty_log, PTR(log), sizeof(*log), 0, 0);
	printf("kvm_get_dirty_log({gpa=0x1000, size=0x200000, max_pages=64, runs=NULL, nr_runs=16"
	       ", flags=0x2}, 56) = %s\n", errstr);
}

static void
test_devices(void)
{
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_io, io);
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_irq, irq);
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_apic_message, message);

	call(__NR_kvm_attach_io, 0, 0, 0, 0);
	printf("kvm_attach_io(NULL, 0) = %s\n", errstr);
	call(__NR_kvm_attach_io, PTR(io) + 1, sizeof(*io), 0, 0);
	printf("kvm_attach_io(%p, 48) = %s\n", (char *) io + 1, errstr);
	*io = (struct kvm2_io) {
		.type = KVM2_IO_EVENTFD, .flags = KVM2_IO_PORTS | KVM2_IO_DATAMATCH,
		.address = 0x3f8, .size = 1, .datamatch = 7, .fd = -1,
	};
	call(__NR_kvm_attach_io, PTR(io), sizeof(*io), 0, 0);
	printf("kvm_attach_io({type=KVM2_IO_EVENTFD, flags=KVM2_IO_PORTS|KVM2_IO_DATAMATCH"
	       ", address=0x3f8, size=0x1, datamatch=0x7, cookie=0, fd=-1}, 48) = %s\n", errstr);

	call(__NR_kvm_attach_irq, 0, 0, 0, 0);
	printf("kvm_attach_irq(NULL, 0) = %s\n", errstr);
	*irq = (struct kvm2_irq) {
		.type = KVM2_IRQ_MSI, .flags = KVM2_DETACH | 0x80, .fd = -1, .data = 0x41,
		.address = 0xfee00000,
	};
	call(__NR_kvm_attach_irq, PTR(irq), sizeof(*irq), 0, 0);
	printf("kvm_attach_irq({type=KVM2_IRQ_MSI, flags=KVM2_DETACH|0x80, fd=-1, data=0x41"
	       ", address=0xfee00000}, 24) = %s\n", errstr);

	call(__NR_kvm_apic_message, 0, 0, 0, 0);
	printf("kvm_apic_message(NULL, 0) = %s\n", errstr);
	*message = (struct kvm2_apic_message) {
		.type = KVM2_APIC_INTERRUPT, .flags = KVM2_APIC_LEVEL, .mode = KVM2_DELIVERY_NMI,
		.vector = 0x31, .dest = 1, .id = 2,
	};
	call(__NR_kvm_apic_message, PTR(message), sizeof(*message), 0, 0);
	printf("kvm_apic_message({type=KVM2_APIC_INTERRUPT, flags=KVM2_APIC_LEVEL"
	       ", mode=KVM2_DELIVERY_NMI, vector=0x31, pin=0, dest=0x1, id=2}, 16) = %s\n", errstr);
}

int
main(void)
{
	test_create_vm();
	test_create_vcpu();
	test_enter_guest();
	test_set_state();
	test_values();
	test_get_state();
	test_many_records();
	test_memory_map();
	test_dirty_log();
	test_devices();

	puts("+++ exited with 0 +++");
	return 0;
}
