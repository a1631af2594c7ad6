// SPDX-License-Identifier: GPL-2.0
/* libkvm2_test: registers, and records that are none. */
#include "libkvm2_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

GUEST(guest_steps, "nop; nop; incw %ax; nop; nop\n" END);

static int set_part(struct fixture *f, uint32_t set_number, uint64_t number, const void *value,
		    uint32_t size)
{
	struct kvm2_records records;

	kvm2_records_init(&records, f->data, STATE_BYTES);
	kvm2_records_add(&records, set_number, number, value, size);
	return kvm2_vcpu_set_state(f->vcpu, f->data, records.used, 0);
}

static int get_part(struct fixture *f, uint32_t set_number, uint64_t number, void *value,
		    uint32_t size)
{
	struct kvm2_records records;
	int ret;

	kvm2_records_init(&records, f->data, STATE_BYTES);
	kvm2_records_add(&records, set_number, number, NULL, size);
	ret = kvm2_vcpu_get_state(f->vcpu, f->data, records.used, 0);
	if (ret >= 0)
		ret = kvm2_records_get(&records, set_number, number, value, size);
	return ret;
}

static void test_widths(struct fixture *f)
{
	uint64_t value = 0;
	char vector[64];
	char low[16];
	int width;

	start(f, guest_out);
	must(set(f, KVM2_SET_GPR, KVM2_GPR_RBX, 0x1111222233334444), "set rbx");
	must(set_part(f, KVM2_SET_GPR, KVM2_GPR_RBX, "\xaa\xbb\xcc\xdd", 4), "set ebx");
	OK(get(f, KVM2_SET_GPR, KVM2_GPR_RBX) == 0x11112222ddccbbaa,
	   "setting ebx leaves the high half of rbx");
	must(set_part(f, KVM2_SET_GPR, KVM2_GPR_RBX, "\x01", 1), "set bl");
	OK(get(f, KVM2_SET_GPR, KVM2_GPR_RBX) == 0x11112222ddccbb01,
	   "setting bl leaves the rest of rbx");
	OK(get_part(f, KVM2_SET_GPR, KVM2_GPR_RBX, &value, 2) == 2 && value == 0xbb01,
	   "bx can be read alone");
	IS(set_part(f, KVM2_SET_GPR, KVM2_GPR_RBX, "0123456789abcdef", 16), -EINVAL,
	   "more than the register has is refused");

	for (width = 64; width > 16; width /= 2)
		if (get_part(f, KVM2_SET_VECTOR, 5, vector, width) == width)
			break;
	for (int i = 0; i < width; i++)
		vector[i] = (char)(0x30 + i);
	must(set_part(f, KVM2_SET_VECTOR, 5, vector, width), "set a vector register");
	memset(vector, 0xee, 16);
	must(set_part(f, KVM2_SET_VECTOR, 5, vector, 16), "set an xmm register");
	memset(low, 0, sizeof(low));
	memset(vector, 0, sizeof(vector));
	must(get_part(f, KVM2_SET_VECTOR, 5, low, 16), "get an xmm register");
	must(get_part(f, KVM2_SET_VECTOR, 5, vector, width), "get a vector register");
	tap_note("%s: vector registers have %d bytes", f->api, width);
	OK(!memcmp(low, "\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee", 16) &&
	   !memcmp(low, vector, 16), "xmm is the low part of the vector register");
	if (width > 16)
		OK(vector[16] == 0x30 + 16 && vector[width - 1] == (char)(0x30 + width - 1),
		   "setting xmm leaves the high part of the vector register");
	else
		tap_skip("the processor has no AVX", "%s: setting xmm leaves the high part", f->api);
}

static uint64_t guest_rbx(struct fixture *f)
{
	return get(f, KVM2_SET_GPR, KVM2_GPR_RBX);
}

/* One record that must fail, behind one that would change rbx. */
static void refuses(struct fixture *f, uint16_t set_number, uint64_t number, uint64_t value,
		    uint32_t size, int expected, const char *what)
{
	struct kvm2_records records;
	struct kvm2_record *bad;
	int ret;

	must(set(f, KVM2_SET_GPR, KVM2_GPR_RBX, 1), "set rbx");
	kvm2_records_init(&records, f->data, STATE_BYTES);
	kvm2_records_add_u64(&records, KVM2_SET_GPR, KVM2_GPR_RBX, 2, 8);
	kvm2_records_add(&records, set_number, number, &value, size);
	ret = kvm2_vcpu_set_state(f->vcpu, f->data, records.used, 0);
	bad = kvm2_records_failed(&records);
	tap_is(ret, expected, "%s: a set refuses %s", f->api, what);
	tap_ok(bad && bad->set == set_number && bad->number == number,
	       "%s: the record of %s is marked", f->api, what);
	/* get() uses the same buffer: last. */
	tap_ok(guest_rbx(f) == 1, "%s: nothing is set along with %s", f->api, what);
}

static void test_refusals(struct fixture *f)
{
	uint64_t value;

	start(f, guest_out);
	refuses(f, 99, 0, 0, 8, -EINVAL, "an unknown set");
	refuses(f, KVM2_SET_GPR, 16, 0, 8, -ENOENT, "an unknown register");
	refuses(f, KVM2_SET_MSR, MSR_UNKNOWN, 0, 8, -ENOENT, "an unknown MSR");
	refuses(f, KVM2_SET_MSR, 1ULL << 32, 0, 8, -ENOENT, "an MSR beyond 32 bits");
	refuses(f, KVM2_SET_LAPIC, 0x0b, 0, 4, -ENOENT, "what is no register of the LAPIC");
	refuses(f, KVM2_SET_XSTATE, 2, 0, 8, -ENOENT, "a component that VECTOR shows");
	refuses(f, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT, 0, 4, -EACCES,
		"a read-only register");
	refuses(f, KVM2_SET_HOST_CPUID, 0, 0, 8, -EACCES, "what the host's CPUID is");
	refuses(f, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 1ULL << 40, 8, -EINVAL,
		"reserved bits of rflags");
	refuses(f, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 1ULL << 40, 8, -EINVAL,
		"reserved bits of cr0");
	refuses(f, KVM2_SET_CONTROL, KVM2_CONTROL_PDPTR0, 1, 8, -ENOENT,
		"a PDPTR without PAE paging");
	refuses(f, KVM2_SET_CONTROL, KVM2_CONTROL_PDPTR3, 0, 8, -ENOENT,
		"a PDPTR of 0 without PAE paging");
	refuses(f, KVM2_SET_CONTROL, KVM2_CONTROL_XCR0, 0, 8, -EINVAL, "xcr0 without x87");
	refuses(f, KVM2_SET_DEBUG, KVM2_DEBUG_DR7, 1ULL << 32, 8, -EINVAL, "dr7 beyond 32 bits");
	refuses(f, KVM2_SET_MSR, 0x277, 0xff, 8, -EINVAL, "a value that an MSR cannot have");
	refuses(f, KVM2_SET_MP, KVM2_MP_STATE, 77, 4, -EINVAL, "an unknown mp_state");
	refuses(f, KVM2_SET_EVENTS, KVM2_EVENTS_SHADOW, 4, 4, -EINVAL, "unknown shadow bits");
	refuses(f, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, 1 << 20, 4, -EINVAL,
		"unknown debug_control bits");
	refuses(f, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, KVM2_DEBUG_STOP, 4, -EPERM,
		"stops for a thread that is not the tracer");
	refuses(f, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, KVM2_DEBUG_STOP_FATAL, 4, -EPERM,
		"stops at fatal exits for such a one");

	IS(kvm2_vcpu_get_u64(f->vcpu, KVM2_SET_MSR, MSR_UNKNOWN, &value), -ENOENT,
	   "a get refuses an unknown MSR");
	IS(kvm2_vcpu_set_state(f->vcpu, f->data, 0, 0), -EINVAL, "no records are refused");
	IS(kvm2_vcpu_set_state(f->vcpu, f->data, 12, 0), -EINVAL, "half a header is refused");
	IS(kvm2_vcpu_set_state(f->vcpu, f->data, 24, 1), -EINVAL, "set takes no flags");
	IS(kvm2_vcpu_get_state(f->vcpu, f->data, 24, KVM2_STATE_HEADERS), -EINVAL,
	   "HEADERS needs LIST");
	IS(kvm2_vcpu_get_state(f->vcpu, f->data, 24, KVM2_STATE_LIST | 0x80), -EINVAL,
	   "unknown flags are refused");
	IS(kvm2_vcpu_get_state(f->vcpu, f->data, 24, KVM2_STATE_LIST | KVM2_STATE_SET(99)),
	   -EINVAL, "a list of an unknown set is refused");
	IS(kvm2_vcpu_set_u64(f->vcpu, KVM2_SET_MP, 0, 1ULL << 32), -EINVAL,
	   "a value wider than its register is refused");
}

static void test_list(struct fixture *f)
{
	struct kvm2_records records, headers;
	struct kvm2_record *record = NULL;
	int sets[KVM2_SET_GUEST_DEBUG + 1] = { 0 };
	int needed, count = 0, named = 0, ordered = 1;
	uint32_t last_set = 0;
	uint64_t last_number = 0;

	start(f, guest_out);
	needed = kvm2_vcpu_get_state(f->vcpu, NULL, 0, KVM2_STATE_LIST);
	OK(needed > 1000, "a list of size 0 tells the bytes needed");
	IS(kvm2_vcpu_get_state(f->vcpu, f->data, needed - 8, KVM2_STATE_LIST), -ENOSPC,
	   "a list that does not fit is refused");
	IS(kvm2_vcpu_get_state(f->vcpu, f->data, needed, KVM2_STATE_LIST), needed,
	   "a list that just fits is written");
	list_into(f, &records, f->data, 0);
	list_into(f, &headers, f->data2, KVM2_STATE_HEADERS);
	OK(kvm2_records_check(&records) > 100 &&
	   kvm2_records_check(&records) == kvm2_records_check(&headers),
	   "the list is well-formed, and as long with headers alone");

	while ((record = kvm2_records_next(&records, record))) {
		char name[KVM2_NAME_SIZE];
		struct kvm2_register found;

		count++;
		if (record->set <= KVM2_SET_GUEST_DEBUG)
			sets[record->set]++;
		if (record->set < last_set ||
		    (record->set == last_set && record->number <= last_number))
			ordered = 0;
		last_set = record->set;
		last_number = record->number;
		if (kvm2_register_name(record->set, record->number, name) &&
		    kvm2_register_find(name, &found) == 0 && found.set == record->set &&
		    found.number == record->number)
			named++;
	}
	tap_note("%s: %d registers, %d bytes", f->api, count, needed);
	IS(named, count, "each register listed has a name that leads back to it");
	OK(ordered, "the list is in the order of sets and numbers, without doubles");
	for (uint32_t i = 1; i <= KVM2_SET_GUEST_DEBUG; i++) {
		bool may_be_empty = i == KVM2_SET_XSTATE;

		if (i == KVM2_SET_HOST_CPUID)
			tap_ok(!sets[i], "%s: host_cpuid is not in the list of all", f->api);
		else if (!may_be_empty)
			tap_ok(sets[i], "%s: the list has %s", f->api, kvm2_set_name(i));
	}
	list_into(f, &records, f->data, KVM2_STATE_SET(KVM2_SET_HOST_CPUID));
	OK(kvm2_records_find(&records, KVM2_SET_HOST_CPUID, 0), "host_cpuid can be listed alone");

	list_into(f, &records, f->data, KVM2_STATE_WRITABLE | KVM2_STATE_STABLE);
	count = 0;
	for (record = NULL; (record = kvm2_records_next(&records, record));)
		count += record->attributes & (KVM2_ATTR_READ_ONLY | KVM2_ATTR_VOLATILE) ? 1 : 0;
	IS(count, 0, "WRITABLE and STABLE leave out what they say");
	OK(kvm2_records_find(&records, KVM2_SET_GPR, KVM2_GPR_RAX), "and nothing else");
}

static void show_difference(struct fixture *f, const struct kvm2_records *a,
			    const struct kvm2_records *b)
{
	struct kvm2_record *left = NULL;

	while ((left = kvm2_records_next(a, left))) {
		struct kvm2_record *right = kvm2_records_find(b, left->set, left->number);
		char name[KVM2_NAME_SIZE];

		if (right && right->size == left->size &&
		    !memcmp(left->value, right->value, left->size))
			continue;
		if (!kvm2_register_name(left->set, left->number, name))
			snprintf(name, sizeof(name), "%u:%llu", left->set, left->number);
		tap_note("%s: %s differs: %#llx, then %#llx", f->api, name,
			 *(unsigned long long *)left->value,
			 right ? *(unsigned long long *)right->value : 0);
	}
}

static void test_round_trip(struct fixture *f)
{
	struct kvm2_records first, second;
	int ret;

	start(f, guest_out);
	enter_io(f, KVM2_IO_OUT, 0x10, 1);
	f->run.flags = KVM2_RUN_IMMEDIATE_EXIT;
	enter(f);
	f->run.flags = 0;
	must(set(f, KVM2_SET_GPR, KVM2_GPR_R13, 0x0123456789abcdef), "set r13");

	list_into(f, &first, f->data, KVM2_STATE_WRITABLE | KVM2_STATE_STABLE);
	ret = kvm2_vcpu_set_state(f->vcpu, f->data, first.used, 0);
	IS(ret, (long)first.used, "all that was read can be written back");
	if (ret < 0)
		note_failed(f, &first);
	list_into(f, &second, f->data2, KVM2_STATE_WRITABLE | KVM2_STATE_STABLE);
	show_difference(f, &first, &second);
	OK(first.used == second.used && !memcmp(f->data, f->data2, first.used),
	   "reading all, writing all and reading all gives the same");

	must(set(f, KVM2_SET_GPR, KVM2_GPR_R13, 7), "set r13");
	must(set(f, KVM2_SET_DEBUG, KVM2_DEBUG_DR0, 0x1234), "set dr0");
	must(set(f, KVM2_SET_MSR, 0xc0000082, 0xffff800000001000), "set lstar");
	must(set(f, KVM2_SET_X87, KVM2_X87_FCW, 0x27f), "set fcw");
	must(set(f, KVM2_SET_LAPIC, 0x08, 0x20), "set the APIC's tpr");
	must(kvm2_vcpu_set_state(f->vcpu, f->data2, second.used, 0), "write all");
	list_into(f, &first, f->data, KVM2_STATE_WRITABLE | KVM2_STATE_STABLE);
	show_difference(f, &second, &first);
	OK(first.used == second.used && !memcmp(f->data, f->data2, first.used),
	   "writing all brings back what was changed in between");
	OK(enter_io(f, KVM2_IO_OUT, 0x11, 2), "and the guest goes on");
}

static void test_more_state(struct fixture *f)
{
	struct kvm2_event_exception exception = { .state = KVM2_EXCEPTION_PENDING, .vector = 6 };
	struct kvm2_event_exception seen = { 0 };
	uint64_t tsc, later;

	start(f, guest_spin);
	must(set(f, KVM2_SET_TSC, KVM2_TSC_VALUE, 1ULL << 50), "set the TSC");
	tsc = get(f, KVM2_SET_TSC, KVM2_TSC_VALUE);
	later = get(f, KVM2_SET_MSR, 0x10);
	OK(tsc >= 1ULL << 50 && tsc < (1ULL << 50) + (1ULL << 40) && later >= tsc,
	   "the TSC goes on from the value that was set");
	OK(get(f, KVM2_SET_TSC, KVM2_TSC_KHZ) > 0, "the TSC has a frequency");

	must(set(f, KVM2_SET_MSR, 0xc0000101, 0x12340), "set gs_base by its MSR");
	{
		struct kvm2_segment gs = { 0 };

		must(get_part(f, KVM2_SET_SEGMENT, KVM2_SEGMENT_GS, &gs, sizeof(gs)), "get gs");
		OK(gs.base == 0x12340, "an MSR that shows another register changes that");
	}

	must(set_part(f, KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, &exception, sizeof(exception)),
	     "set a pending exception");
	must(set(f, KVM2_SET_GPR, KVM2_GPR_RCX, 3), "set rcx");
	must(get_part(f, KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, &seen, sizeof(seen)), "get it");
	OK(seen.state == KVM2_EXCEPTION_PENDING && seen.vector == 6,
	   "a pending exception survives a write of another register");
	must(set(f, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, CODE + 8), "set rip");
	must(get_part(f, KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, &seen, sizeof(seen)), "get it");
	IS(seen.state, KVM2_EXCEPTION_NONE, "a new rip drops it");
}

static void test_single_step(struct fixture *f)
{
	struct kvm2_debug_event event = { 0 };
	uint64_t rip = CODE;
	int steps = 0;

	start(f, guest_steps);
	for (; steps < 4; steps++) {
		must(set(f, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
			 KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP), "set debug_control");
		if (enter(f) != 0 || f->run.exit_reason != KVM2_EXIT_DEBUG ||
		    f->run.debug.pc != ++rip || f->run.debug.exception != 1)
			break;
	}
	if (steps < 4)
		tap_note("step %d: exit %s, pc %#llx", steps,
			 kvm2_exit_reason_name(f->run.exit_reason),
			 (unsigned long long)f->run.debug.pc);
	IS(steps, 4, "each step ends with a debug exit at the next instruction");
	must(get_part(f, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, &event, sizeof(event)),
	     "get the debug event");
	OK(!memcmp(&event, &f->run.debug, sizeof(event)), "debug_event shows the last exit");
	IS(get(f, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL),
	   KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP, "debug_control reads as it was set");
	must(set(f, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, 0), "clear debug_control");
	OK(ends(f), "the guest runs on when stepping is over");
}

/* A value that is right more often than chance would have it. */
static uint64_t likely(uint64_t below)
{
	return rand() % 4 ? (uint64_t)rand() % below : (uint64_t)rand() << 33 ^ (uint64_t)rand();
}

/* One that there is, or none in particular. */
static void choose_register(const struct fixture *f, struct kvm2_record *record)
{
	const struct kvm2_record *real = NULL;

	for (int i = rand() % 250; i >= 0; i--)
		real = kvm2_records_next(&f->reset, real);
	if (real && rand() % 4) {
		record->set = real->set;
		record->number = real->number;
		record->size = rand() % 4 ? real->size : (uint32_t)likely(17);
	} else {
		record->set = (uint16_t)likely(KVM2_SET_GUEST_DEBUG + 2);
		record->number = likely(80);
		record->size = (uint32_t)likely(17);
	}
	record->attributes = (uint16_t)rand();
}

/* Random records. Return: their bytes. */
static size_t make_nonsense(const struct fixture *f, uint64_t *data)
{
	char *at = (char *)data;
	size_t used = 0;

	for (int i = rand() % 3; i >= 0; i--) {
		struct kvm2_record *record = (struct kvm2_record *)(at + used);
		uint32_t bytes;

		choose_register(f, record);
		bytes = record->size % 1024;
		for (uint32_t byte = 0; byte < bytes; byte++)
			record->value[byte] = (uint8_t)(rand() % 3 ? 0 : rand());
		used += KVM2_RECORD_BYTES(bytes);
	}
	return rand() % 4 ? used : (size_t)rand() % (used + 1);
}

void test_nonsense(struct fixture *f)
{
	static const int allowed[] = { -EINVAL, -ENOENT, -EACCES, -EPERM, -EBUSY, -ENOSPC, -E2BIG };
	int taken = 0, unexpected = 0;

	start(f, guest_out);
	srand(5);
	for (int round = 0; round < 4000; round++) {
		size_t size = make_nonsense(f, f->data);
		uint32_t flags = rand() % 8 ? 0 : (uint32_t)likely(16) | (uint32_t)likely(18) << 16;
		int ret = round % 2 ? kvm2_vcpu_get_state(f->vcpu, f->data, size, flags) :
				      kvm2_vcpu_set_state(f->vcpu, f->data, size, 0);
		bool known = ret >= 0;

		taken += ret > 0;
		for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
			known = known || ret == allowed[i];
		if (!known && !unexpected++)
			tap_note("%s: round %d returned %d", f->api, round, ret);
	}
	tap_note("%s: %d of 4000 random buffers were taken", f->api, taken);
	OK(taken > 500, "some random records are taken");
	IS(unexpected, 0, "the others are refused with errors that are documented");
	start(f, guest_out);
	OK(enter_io(f, KVM2_IO_OUT, 0x10, 1), "the vcpu can be reset and runs after random records");
}

void test_state(struct fixture *f)
{
	test_widths(f);
	test_refusals(f);
	test_list(f);
	test_round_trip(f);
	test_more_state(f);
	test_single_step(f);
}
