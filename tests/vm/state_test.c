// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_get_state() and kvm_set_state(): records, sizes and errors; a refused
 * set changes nothing; all state read can be written back, to the same vcpu
 * and to another one, and reads the same again.
 */
#include "state_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tap.h"

static __thread struct state before, after;

/* ---- widths and malformed records ---- */

static void widths(void)
{
	uint64_t value = 0x1122334455667788;
	struct kvm2_segment segment = { .base = 0x1000, .limit = 0xffff,
					.selector = 0x100, .access = 0x93 };
	uint8_t bytes[8];

	fixture_set(KVM2_SET_GPR, KVM2_GPR_RAX, &value, 8);
	fixture_get(KVM2_SET_GPR, KVM2_GPR_RAX, bytes, 3);
	tap_ok(!memcmp(bytes, "\x88\x77\x66", 3),
	       "a narrow read has the low bytes");
	tap_is(fixture_set(KVM2_SET_GPR, KVM2_GPR_RAX, "\xff\xff\xff\xff", 4),
	       24, "a narrow write is taken");
	tap_ok(fixture_get_u64(KVM2_SET_GPR, KVM2_GPR_RAX, 8) ==
	       0x11223344ffffffff, "and leaves the other bytes");
	tap_is(fixture_set(KVM2_SET_GPR, KVM2_GPR_RAX, &value, 0), -EINVAL,
	       "a write of no bytes is refused");
	tap_is(fixture_get(KVM2_SET_GPR, KVM2_GPR_RAX, &value, 0), -EINVAL,
	       "so is a read");

	fixture_set(KVM2_SET_SEGMENT, KVM2_SEGMENT_DS, &segment,
		    sizeof(segment));
	segment.base = 0x2000;
	fixture_set(KVM2_SET_SEGMENT, KVM2_SEGMENT_DS, &segment,
		    sizeof(segment.base));
	memset(&segment, 0, sizeof(segment));
	fixture_get(KVM2_SET_SEGMENT, KVM2_SEGMENT_DS, &segment,
		    sizeof(segment));
	tap_ok(segment.base == 0x2000 && segment.limit == 0xffff &&
	       segment.selector == 0x100 && segment.access == 0x93,
	       "the base of a segment can be written alone");
}

static int get_raw(const void *record, size_t size)
{
	memcpy(before.data, record, size);
	return kvm2_sys_get_state(KVM2_SELF, before.data, size, 0);
}

static int set_raw(const void *record, size_t size)
{
	memcpy(before.data, record, size);
	return kvm2_sys_set_state(KVM2_SELF, before.data, size, 0);
}

static void malformed_records(void)
{
	static const struct {
		struct kvm2_record record;
		size_t size;
		int error;
		const char *what;
	} cases[] = {
		{ { .set = 0, .size = 8 }, 24, -EINVAL, "set 0" },
		{ { .set = 0, .size = 0, .number = 1 }, 24, -EINVAL,
		  "a record of zeros but for a number that could be next" },
		{ { .set = NR_SETS, .size = 8 }, 24, -EINVAL,
		  "an unknown set" },
		{ { .set = 0xffff, .size = 8 }, 24, -EINVAL,
		  "the last unknown set" },
		{ { .set = KVM2_SET_GPR, .size = 8, .number = 16 }, 24,
		  -ENOENT, "an unknown register" },
		{ { .set = KVM2_SET_GPR, .size = 8, .number = ~0ULL }, 24,
		  -ENOENT, "a huge number" },
		{ { .set = KVM2_SET_CONTROL, .size = 8, .number = 128 }, 24,
		  -ENOENT, "a number beyond those of any set" },
		{ { .set = KVM2_SET_DEBUG, .size = 8, .number = 4 }, 24,
		  -ENOENT, "a gap in the numbers" },
		{ { .set = KVM2_SET_CONTROL, .size = 8,
		    .number = KVM2_CONTROL_PDPTR0 }, 24, -ENOENT,
		  "a PDPTR without PAE paging" },
		{ { .set = KVM2_SET_MSR, .size = 8, .number = 0xdeadbeef },
		  24, -ENOENT, "an unknown MSR" },
		{ { .set = KVM2_SET_MSR, .size = 8,
		    .number = 0x1000000c0 }, 24, -ENOENT,
		  "an MSR of more than 32 bits" },
		{ { .set = KVM2_SET_LAPIC, .size = 4, .number = 0xb }, 24,
		  -ENOENT, "EOI" },
		{ { .set = KVM2_SET_LAPIC, .size = 4, .number = 64 }, 24,
		  -ENOENT, "a local APIC register beyond the last" },
		{ { .set = KVM2_SET_VECTOR, .size = 8, .number = 33 }, 24,
		  -ENOENT, "a vector register of no name" },
		{ { .set = KVM2_SET_XSTATE, .size = 8, .number = 0 }, 24,
		  -ENOENT, "XSTATE that another set covers" },
		{ { .set = KVM2_SET_XSTATE, .size = 8, .number = 64 }, 24,
		  -ENOENT, "XSTATE beyond the last component" },
		{ { .set = KVM2_SET_GPR, .size = 9 }, 32, -EINVAL,
		  "a value wider than the register" },
		{ { .set = KVM2_SET_GPR, .size = 8 }, 16, -EINVAL,
		  "a header without its value" },
		{ { .set = KVM2_SET_GPR, .size = 8 }, 8, -EINVAL,
		  "half a header" },
		{ { .set = KVM2_SET_GPR, .size = 0xffffffff }, 24, -EINVAL,
		  "a size that wraps" },
		{ { .set = KVM2_SET_GPR, .size = KVM2_VALUE_MAX + 1 },
		  8192 + 24, -EINVAL, "a value above the maximum" },
	};
	static const struct kvm2_record good = {
		.set = KVM2_SET_GPR, .size = 8, .number = KVM2_GPR_RAX,
	};
	const size_t good_size = KVM2_RECORD_BYTES(good.size);
	uint8_t buffer[8192 + 64] = {}, behind[sizeof(buffer) + 24] = {};
	size_t i;
	int r;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(buffer, &cases[i].record, sizeof(cases[i].record));
		r = get_raw(buffer, cases[i].size);
		tap_is(r, cases[i].error, "get refuses %s", cases[i].what);
		/* Others than the first are looked for in another way. */
		memcpy(behind, &good, sizeof(good));
		memcpy(behind + good_size, buffer, sizeof(buffer));
		r = get_raw(behind, good_size + cases[i].size);
		tap_is(r, cases[i].error, "get refuses it behind another one");
		r = set_raw(buffer, cases[i].size);
		tap_is(r, cases[i].error, "set refuses %s", cases[i].what);
	}
	tap_is(get_raw(buffer, 0), -EINVAL, "get refuses an empty buffer");
	tap_is(set_raw(buffer, 0), -EINVAL, "set refuses an empty buffer");
}

struct builder {
	struct kvm2_records records;
	_Alignas(8) uint8_t data[4096];
};

static void begin(struct builder *b)
{
	kvm2_records_init(&b->records, b->data, sizeof(b->data));
}

static void add(struct builder *b, uint16_t set, uint64_t number,
		uint64_t value, uint32_t size)
{
	if (kvm2_records_add_u64(&b->records, set, number, value, size))
		tap_die("kvm2_records_add_u64");
}

static int set(struct builder *b)
{
	return kvm2_sys_set_state(KVM2_SELF, b->data, b->records.used, 0);
}

/* Which record, counted from 0, has been marked as the one that failed? */
static int failed_index(struct builder *b)
{
	struct kvm2_record *record = NULL;
	int i = 0, failed = -1;

	while ((record = kvm2_records_next(&b->records, record))) {
		if (record->attributes & KVM2_ATTR_FAILED)
			failed = failed < 0 ? i : -2;
		i++;
	}
	return failed;
}

static void failing_record_is_marked(void)
{
	struct builder b;
	int r;

	begin(&b);
	add(&b, KVM2_SET_GPR, KVM2_GPR_RAX, 0, 8);
	add(&b, KVM2_SET_GPR, 99, 0, 8);
	add(&b, KVM2_SET_GPR, KVM2_GPR_RCX, 0, 8);
	r = kvm2_sys_get_state(KVM2_SELF, b.data, b.records.used, 0);
	tap_is(r, -ENOENT, "get fails with one bad record of three");
	tap_is(failed_index(&b), 1, "and marks it");

	begin(&b);
	add(&b, KVM2_SET_GPR, KVM2_GPR_RAX, 0, 8);
	add(&b, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT, 0, 4);
	tap_is(set(&b), -EACCES, "set refuses a read-only register");
	tap_is(failed_index(&b), 1, "and marks it");
}

/* ---- a refused set changes nothing ---- */

/* One of everything, of a value that a new vcpu does not have. */
static void add_changes(struct builder *b)
{
	add(b, KVM2_SET_CPUID, 0x40000100ULL << 32, 1, 8);
	add(b, KVM2_SET_CONTROL, KVM2_CONTROL_XCR0, 1, 8);
	add(b, KVM2_SET_MSR, 0xc0000081, 0x1234, 8);	/* STAR */
	add(b, KVM2_SET_MSR, 0x174, 0x10, 8);		/* SYSENTER_CS */
	add(b, KVM2_SET_CONTROL, KVM2_CONTROL_CR2, 0x5678, 8);
	add(b, KVM2_SET_CONTROL, KVM2_CONTROL_CR8, 3, 8);
	add(b, KVM2_SET_GPR, KVM2_GPR_RBX, 0x9abc, 8);
	add(b, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 0x8000, 8);
	add(b, KVM2_SET_X87, KVM2_X87_FCW, 0x27f, 2);
	add(b, KVM2_SET_VECTOR, 3, 0x4242, 8);
	add(b, KVM2_SET_DEBUG, KVM2_DEBUG_DR0, 0x7777, 8);
	add(b, KVM2_SET_LAPIC, 0x38, 0x10000, 4);
	add(b, KVM2_SET_EVENTS, KVM2_EVENTS_SIPI_VECTOR, 0x55, 4);
	add(b, KVM2_SET_MP, KVM2_MP_STATE, KVM2_MP_HALTED, 4);
	add(b, KVM2_SET_TSC, KVM2_TSC_OFFSET, 0x1000, 8);
	add(b, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
	    KVM2_DEBUG_ENABLE, 4);
}

#define NR_CHANGES	16

/* The bad record comes last, so all before it could have been applied. */
static void is_atomic(const char *what, uint16_t bad_set, uint64_t number,
		      const void *value, uint32_t size, int error)
{
	struct builder b;
	int r;

	fixture_list(&before, KVM2_STATE_STABLE);
	begin(&b);
	add_changes(&b);
	if (kvm2_records_add(&b.records, bad_set, number, value, size))
		tap_die("kvm2_records_add");

	r = set(&b);
	tap_is(r, error, "%s is refused", what);
	tap_is(failed_index(&b), NR_CHANGES, "%s is marked", what);
	fixture_list(&after, KVM2_STATE_STABLE);
	tap_ok(fixture_is_same(&before, &after),
	       "nothing has changed when %s was refused", what);
}

static void is_atomic_u64(const char *what, uint16_t bad_set, uint64_t number,
			  uint64_t value, int error)
{
	is_atomic(what, bad_set, number, &value, sizeof(value), error);
}

static void is_atomic_u32(const char *what, uint16_t bad_set, uint64_t number,
			  uint32_t value, int error)
{
	is_atomic(what, bad_set, number, &value, sizeof(value), error);
}

static void refused_sets_change_nothing(void)
{
	const struct kvm2_segment segment = { .access = 0x0200 };
	const struct kvm2_descriptor_table table = { .reserved[1] = 1 };
	const struct kvm2_event_exception exception = {
		.state = KVM2_EXCEPTION_PENDING, .vector = 2,
	};
	const struct kvm2_event_nmi nmi = { .masked = 2 };

	fixture_give_host_cpuid();
	is_atomic_u64("an unknown register", KVM2_SET_GPR, 77, 0, -ENOENT);
	is_atomic_u64("a read-only register", KVM2_SET_HOST_CPUID, 0, 0,
		      -EACCES);
	is_atomic_u64("a reserved bit of rflags", KVM2_SET_CONTROL,
		      KVM2_CONTROL_RFLAGS, 1 << 15, -EINVAL);
	is_atomic_u64("cr0 with paging but not protected mode",
		      KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 1UL << 31, -EINVAL);
	is_atomic_u64("a reserved bit of cr4", KVM2_SET_CONTROL,
		      KVM2_CONTROL_CR4, 1UL << 63, -EINVAL);
	is_atomic_u64("cr8 above 15", KVM2_SET_CONTROL, KVM2_CONTROL_CR8, 16,
		      -EINVAL);
	is_atomic_u64("efer with LMA alone", KVM2_SET_CONTROL,
		      KVM2_CONTROL_EFER, 1 << 10, -EINVAL);
	is_atomic_u64("xcr0 without x87", KVM2_SET_CONTROL, KVM2_CONTROL_XCR0,
		      0, -EINVAL);
	is_atomic_u64("a reserved bit of apic_base", KVM2_SET_CONTROL,
		      KVM2_CONTROL_APIC_BASE, 0xfee00001, -EINVAL);
	is_atomic_u64("a PDPTR without PAE paging", KVM2_SET_CONTROL,
		      KVM2_CONTROL_PDPTR2, 1, -ENOENT);
	is_atomic("a reserved bit of a segment", KVM2_SET_SEGMENT,
		  KVM2_SEGMENT_FS, &segment, sizeof(segment), -EINVAL);
	is_atomic("a reserved word of gdtr", KVM2_SET_DESCRIPTOR,
		  KVM2_DESCRIPTOR_GDTR, &table, sizeof(table), -EINVAL);
	is_atomic_u32("a reserved bit of mxcsr", KVM2_SET_VECTOR,
		      KVM2_VECTOR_MXCSR, 1U << 31, -EINVAL);
	is_atomic_u64("a reserved bit of dr7", KVM2_SET_DEBUG, KVM2_DEBUG_DR7,
		      1UL << 32, -EINVAL);
	is_atomic_u64("an MSR value that KVM refuses", KVM2_SET_MSR, 0x277,
		      0x0202020202020202, -EINVAL);
	is_atomic_u64("an MSR that is not there", KVM2_SET_MSR, 0xdead, 0,
		      -ENOENT);
	is_atomic_u64("an fs base that is not canonical", KVM2_SET_MSR,
		      0xc0000100, 1UL << 62, -EINVAL);
	is_atomic("an NMI as an exception", KVM2_SET_EVENTS,
		  KVM2_EVENTS_EXCEPTION, &exception, sizeof(exception),
		  -EINVAL);
	is_atomic("an NMI masked twice", KVM2_SET_EVENTS, KVM2_EVENTS_NMI,
		  &nmi, sizeof(nmi), -EINVAL);
	is_atomic_u32("an unknown mp_state", KVM2_SET_MP, KVM2_MP_STATE, 9,
		      -EINVAL);
	is_atomic_u32("an APIC version", KVM2_SET_LAPIC, 3, 0, -EACCES);
	is_atomic_u32("a TSC of 0 kHz", KVM2_SET_TSC, KVM2_TSC_KHZ, 0,
		      -EINVAL);
	is_atomic_u32("an unknown bit of debug_control",
		      KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, 1 << 9,
		      -EINVAL);
	is_atomic_u32("a stop without being the tracer",
		      KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		      KVM2_DEBUG_STOP, -EPERM);
}

/* ---- a set without memory changes nothing ---- */

/*
 * The kernel fails the @n-th allocation, or copy from and to user memory,
 * from now on of this thread; 0 none. Return: was there one since the last
 * call?
 */
static bool fail_nth(int fd, int n)
{
	char left = '0';
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", n);
	bool failed;

	/* If the copies for these calls fail, none has failed before. */
	failed = pread(fd, &left, 1, 0) == 1 && left == '0';
	if (write(fd, text, length) != length) {
		failed = false;
		if (write(fd, text, length) != length)
			tap_die("fail-nth");
	}
	return failed;
}

/* Also those that may wait, which by default do not fail. */
static bool fail_all_allocations(void)
{
	const char *name = "/sys/kernel/debug/failslab/ignore-gfp-wait";
	int fd = open(name, O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
		fd = open(name, O_WRONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return false;
	dprintf(fd, "N");
	close(fd);
	return true;
}

static void take_changes_back(struct state *state)
{
	fixture_set(KVM2_SET_CPUID, 0x40000100ULL << 32, NULL, 0);
	if (fixture_set_all(state) < 0)
		tap_die("set state");
}

static void failed_allocations_change_nothing(void)
{
	static __thread struct state portable;
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	int n, r = 0, changed = 0, failed = 0;
	struct builder b;

	if (fd < 0 || !fail_all_allocations()) {
		tap_skip("no fault injection in this kernel",
			 "failed allocations");
		return;
	}
	fixture_give_host_cpuid();
	fixture_list(&before, KVM2_STATE_STABLE);
	fixture_list(&portable, PORTABLE);
	fail_nth(fd, 0);
	for (n = 1; n < 200; n++) {
		begin(&b);
		add_changes(&b);
		fail_nth(fd, n);
		r = set(&b);
		if (!fail_nth(fd, 0))
			break;
		failed += r == -ENOMEM || r == -EFAULT;
		/* Large allocations have a second way to get memory. */
		if (r > 0)
			take_changes_back(&portable);
		fixture_list(&after, KVM2_STATE_STABLE);
		changed += !fixture_is_same(&before, &after);
	}
	close(fd);
	tap_ok(n < 200 && failed > 5,
	       "a set fails without memory, at %d places", failed);
	tap_is(changed, 0, "and changes nothing");
	tap_is(r, b.records.used, "with all it needs it succeeds");
}

/* ---- round trips ---- */

static void round_trip(const char *what)
{
	int r;

	fixture_list(&before, PORTABLE);
	r = fixture_set_all(&before);
	tap_is(r, before.used, "%s: what was read can be written", what);
	fixture_list(&after, PORTABLE);
	tap_ok(fixture_is_same(&before, &after),
	       "%s: and then reads the same", what);
}

GUEST_CODE(count,
	   "mov $0x1234, %eax; movd %eax, %xmm1; fldpi;"
	   "mov $0x5678, %edx; inc %rcx;"
	   "out %al, $0xf4; inc %rcx; out %al, $0xf4; hlt");
GUEST_CODE(read_port, "in $0x60, %al; out %al, $0xf4");

static void round_trips_of_the_boot_processor(void)
{
	round_trip("a new boot processor");
	fixture_give_host_cpuid();
	round_trip("with CPUID");
	START_LONG_MODE(count);
	round_trip("in long mode");
	tap_ok(fixture_run_to_end(), "the guest runs");
	round_trip("after the first run");
	tap_ok(fixture_run_to_end(), "the guest goes on");
	tap_is(fixture_get_u64(KVM2_SET_GPR, KVM2_GPR_RCX, 8), 2,
	       "with its registers");
}

static void round_trips_of_others(void)
{
	const struct kvm2_event_exception exception = {
		.state = KVM2_EXCEPTION_INJECTED, .vector = 13,
		.has_error_code = 1, .error_code = 0x10,
	};
	uint32_t state = KVM2_MP_INIT_RECEIVED;
	struct kvm2_run run = {};

	round_trip("a new processor that waits for INIT");
	fixture_set(KVM2_SET_MP, KVM2_MP_STATE, &state, 4);
	round_trip("waiting for SIPI");
	state = KVM2_MP_SIPI_RECEIVED;
	fixture_set(KVM2_SET_MP, KVM2_MP_STATE, &state, 4);
	tap_is(fixture_get_u64(KVM2_SET_MP, KVM2_MP_STATE, 4),
	       KVM2_MP_SIPI_RECEIVED, "SIPI that was received is shown");
	round_trip("SIPI received");
	state = KVM2_MP_HALTED;
	fixture_set(KVM2_SET_MP, KVM2_MP_STATE, &state, 4);
	round_trip("halted");
	fixture_give_host_cpuid();
	START_LONG_MODE(read_port);
	fixture_set(KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, &exception,
		    sizeof(exception));
	round_trip("with an exception in delivery");
	memset(before.data, 0, sizeof(exception));
	fixture_set(KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, before.data,
		    sizeof(exception));
	tap_is(fixture_enter(&run), KVM2_EXIT_IO, "the guest reads a port");
	round_trip("with an exit that waits for a reply");
	run.io.data[0] = 0x42;
	tap_is(fixture_enter(&run), KVM2_EXIT_IO, "it gets the reply");
	tap_is(run.io.data[0], 0x42, "as it was given");
}

static struct state moved;

static void runs_the_first_half(void)
{
	struct kvm2_run run = { .flags = KVM2_RUN_IMMEDIATE_EXIT };

	fixture_give_host_cpuid();
	START_LONG_MODE(count);
	tap_ok(fixture_run_to_end(), "a vcpu runs to the middle");
	tap_is(fixture_enter(&run), -EINTR, "and completes its exit");
	fixture_list(&moved, PORTABLE);
}

static void runs_the_other_half(void)
{
	uint64_t xmm1[2], pi[2] = {};
	struct kvm2_record *record = NULL;

	if (!tap_is(fixture_set_all(&moved), moved.used,
		    "another vcpu takes its state")) {
		while ((record = fixture_next(&moved, record))) {
			if (record->attributes & KVM2_ATTR_FAILED)
				tap_note("refused: set %u number %#llx",
					 record->set, record->number);
		}
	}
	fixture_list(&after, PORTABLE);
	tap_ok(fixture_is_same(&moved, &after), "and reads the same");
	tap_ok(fixture_run_to_end(), "it runs to the end");
	fixture_get(KVM2_SET_VECTOR, 1, xmm1, 16);
	fixture_get(KVM2_SET_X87, KVM2_X87_ST0, pi, 10);
	tap_ok(fixture_get_u64(KVM2_SET_GPR, KVM2_GPR_RCX, 8) == 2 &&
	       fixture_get_u64(KVM2_SET_GPR, KVM2_GPR_RDX, 8) == 0x5678,
	       "with the general registers of the first");
	tap_ok(xmm1[0] == 0x1234 && !xmm1[1], "its vector registers");
	tap_ok(pi[0] == 0xc90fdaa22168c235 && pi[1] == 0x4000,
	       "and its x87 stack");
}

int main(void)
{
	fixture_init();
	fixture_run(round_trips_of_the_boot_processor);
	fixture_run(round_trips_of_others);
	fixture_run(widths);
	fixture_run(malformed_records);
	fixture_run(failing_record_is_marked);
	fixture_run(refused_sets_change_nothing);
	fixture_run(failed_allocations_change_nothing);
	fixture_run(runs_the_first_half);
	fixture_run_on(runs_the_other_half);
	return tap_end();
}
