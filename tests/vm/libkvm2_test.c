// SPDX-License-Identifier: GPL-2.0
/*
 * libkvm2 on real guests: every test is run on both APIs and must find the
 * same, but for what is marked. One VM for each API does all tests: guests
 * are some lines of 16-bit code at CODE, started from the same reset state.
 */
#include "tap.h"

#include <kvm2/kvm2.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096ULL
#define CODE		0x1000
#define BUFFER		0x2000	/* what guests read and write */
#define SWAPPED		0x8000	/* a page whose memory is exchanged */
#define RAM_BYTES	0x10000ULL
#define LOGGED		0x10000ULL	/* memory with a dirty log: es */
#define LOGGED_PAGES	16ULL
#define READ_ONLY	0x90000ULL	/* gs */
#define HOLE		0xa0000ULL	/* nothing is there: fs */
#define END_PORT	0xf4
#define MSR_UNKNOWN	0x12345	/* no processor has it */

#define STATE_BYTES	65536
#define MAX_EXITS	100000

struct fixture {
	const char *api;
	enum kvm2_api number;
	struct kvm2_machine *machine;
	struct kvm2_vcpu *vcpu;
	struct kvm2_run run;
	char *ram;
	char *logged;
	char *read_only;
	char *other_page;
	/* records of the reset state, and room for others */
	struct kvm2_records reset;
	uint64_t reset_data[STATE_BYTES / 8];
	uint64_t data[STATE_BYTES / 8];
	uint64_t data2[STATE_BYTES / 8];
};

static struct fixture fixture;

/* What each API lists in the reset state, headers alone; not run: empty. */
static struct kvm2_records listed[2];
static uint64_t listed_data[2][STATE_BYTES / 8];

/* ---- guest code ---- */

#define GUEST(name, code)						\
	asm(".pushsection .rodata\n.code16\n"				\
	    #name "_start:\n" code #name "_end:\n"			\
	    ".code64\n.popsection\n");					\
	extern const char name##_start[], name##_end[]

#define AT(name, label)	"(" #label " - " #name "_start + 0x1000)"
#define END		"outb %al, $0xf4\n"

GUEST(guest_out,
	"movb $0x12, %al; outb %al, $0x10\n"
	"movw $0x3456, %ax; outw %ax, $0x11\n"
	"movl $0x789abcde, %eax; outl %eax, $0x12\n" END);

GUEST(guest_in,
	"inb $0x20, %al; movb %al, 0x2000\n"
	"inw $0x21, %ax; movw %ax, 0x2002\n"
	"inl $0x22, %eax; movl %eax, 0x2004\n" END);

GUEST(guest_string,
	"cld\n"
	"movw $0x30, %dx; movw $0x2000, %si; movw $300, %cx; rep outsb\n"
	"movw $0x31, %dx; movw $0x3000, %di; movw $200, %cx\n"
	"pushw %es; movw %ds, %ax; movw %ax, %es; rep insw; popw %es\n" END);

GUEST(guest_mmio,
	"movl $0x11223344, %fs:0x10\n"
	"movw $0x5566, %fs:0x20\n"
	"movb $0x77, %fs:0x30\n"
	"movl %fs:0x40, %eax; movl %eax, 0x2000\n"
	"movb %fs:0x50, %al; movb %al, 0x2004\n" END);

GUEST(guest_cpuid,
	"xorl %eax, %eax; cpuid\n"
	"movl %eax, 0x2000; movl %ebx, 0x2004; movl %ecx, 0x2008; movl %edx, 0x200c\n" END);

GUEST(guest_halt, "hlt\n" END);

GUEST(guest_spin, "1: jmp 1b\n");

GUEST(guest_steps, "nop; nop; incw %ax; nop; nop\n" END);

GUEST(guest_read_swapped, "movb 0x8000, %al\n" END);

/* Byte 0 of LOGGED_PAGES pages, %cx of them, %bx apart, from %di on. */
GUEST(guest_dirty, "1: incb %es:(%di); addw %bx, %di; loop 1b\n" END);

GUEST(guest_write_read_only, "movb $0x42, %gs:0x80\n" END);

GUEST(guest_triple_fault, "lidtw 0x2000; int3\n");

GUEST(guest_msr,
	"movl $0x12345, %ecx; rdmsr; movl %eax, 0x2000; movl %edx, 0x2004\n"
	"movl $0x89abcdef, %eax; movl $0x01234567, %edx; wrmsr\n" END);

/* ---- the fixture ---- */

static void *map_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		tap_die("mmap");
	return memory;
}

/* Three regions, the logged and the swapped one as asked for. */
static int set_map(struct fixture *f, const char *swapped, uint32_t log_flags,
		   struct kvm2_dirty_run *dirty, uint32_t nr_dirty)
{
	const struct kvm2_memory_region regions[] = {
		{ SWAPPED + PAGE, RAM_BYTES - SWAPPED - PAGE,
		  (uintptr_t)f->ram + SWAPPED + PAGE, 0, 0 },
		{ 0, SWAPPED, (uintptr_t)f->ram, 0, 0 },
		{ READ_ONLY, PAGE, (uintptr_t)f->read_only, KVM2_REGION_READ_ONLY, 0 },
		{ LOGGED, LOGGED_PAGES * PAGE, (uintptr_t)f->logged, log_flags, 0 },
		{ SWAPPED, PAGE, (uintptr_t)swapped, 0, 0 },
	};
	const struct kvm2_memory_map map = {
		.regions = (uintptr_t)regions,
		.nr_regions = sizeof(regions) / sizeof(regions[0]),
		.dirty = (uintptr_t)dirty,
		.nr_dirty = nr_dirty,
	};

	return kvm2_machine_set_memory_map(f->machine, &map);
}

static void list_into(struct fixture *f, struct kvm2_records *records, uint64_t *data,
		      uint32_t flags)
{
	int ret = kvm2_vcpu_get_state(f->vcpu, data, STATE_BYTES, KVM2_STATE_LIST | flags);

	if (ret < 0) {
		errno = -ret;
		tap_die("list the state");
	}
	kvm2_records_init(records, data, STATE_BYTES);
	records->used = ret;
	records->headers = flags & KVM2_STATE_HEADERS;
}

static void must(int ret, const char *what)
{
	if (ret >= 0)
		return;
	errno = -ret;
	tap_die("%s", what);
}

static void set_segment(struct fixture *f, uint64_t number, uint16_t selector)
{
	struct kvm2_records records;
	struct kvm2_segment segment;

	list_into(f, &records, f->data, KVM2_STATE_SET(KVM2_SET_SEGMENT));
	must(kvm2_records_get(&records, KVM2_SET_SEGMENT, number, &segment, sizeof(segment)),
	     "a segment");
	segment.selector = selector;
	segment.base = selector << 4;
	segment.limit = 0xffff;
	kvm2_records_init(&records, f->data, STATE_BYTES);
	must(kvm2_records_add(&records, KVM2_SET_SEGMENT, number, &segment, sizeof(segment)),
	     "add a segment");
	must(kvm2_vcpu_set_state(f->vcpu, f->data, records.used, 0), "set a segment");
}

static uint64_t get(struct fixture *f, uint32_t set, uint64_t number)
{
	uint64_t value = 0;

	must(kvm2_vcpu_get_u64(f->vcpu, set, number, &value), "read a register");
	return value;
}

static int set(struct fixture *f, uint32_t set_number, uint64_t number, uint64_t value)
{
	return kvm2_vcpu_set_u64(f->vcpu, set_number, number, value);
}

static void note_failed(const struct fixture *f, const struct kvm2_records *records)
{
	const struct kvm2_record *failed = kvm2_records_failed(records);
	char name[KVM2_NAME_SIZE];

	if (failed)
		tap_note("%s: refused: %s", f->api,
			 kvm2_register_name(failed->set, failed->number, name));
}

static void reset(struct fixture *f)
{
	int ret = kvm2_vcpu_set_state(f->vcpu, f->reset_data, f->reset.used, 0);

	if (ret < 0)
		note_failed(f, &f->reset);
	must(ret, "set the reset state");
}

static void start_code(struct fixture *f, const char *code, size_t bytes)
{
	memcpy(f->ram + CODE, code, bytes);
	memset(f->ram + BUFFER, 0, PAGE);
	reset(f);
	must(set(f, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, CODE), "set rip");
}

#define start(f, name)	start_code(f, name##_start, name##_end - name##_start)

static int enter(struct fixture *f)
{
	return kvm2_vcpu_enter(f->vcpu, &f->run, NULL);
}

/* Is the exit that was just delivered a port access like this? */
static bool is_io(const struct fixture *f, uint8_t direction, uint16_t port, uint8_t size)
{
	return f->run.exit_reason == KVM2_EXIT_IO && f->run.io.direction == direction &&
	       f->run.io.port == port && f->run.io.size == size;
}

static bool enter_io(struct fixture *f, uint8_t direction, uint16_t port, uint8_t size)
{
	int ret = enter(f);

	if (ret == 0 && is_io(f, direction, port, size))
		return true;
	tap_note("entry returned %d, exit %s, port %#x", ret,
		 kvm2_exit_reason_name(f->run.exit_reason), f->run.io.port);
	return false;
}

static bool ends(struct fixture *f)
{
	return enter_io(f, KVM2_IO_OUT, END_PORT, 1);
}

static bool enter_mmio(struct fixture *f, uint64_t gpa, uint32_t len, uint32_t is_write)
{
	int ret = enter(f);

	if (ret == 0 && f->run.exit_reason == KVM2_EXIT_MMIO && f->run.mmio.gpa == gpa &&
	    f->run.mmio.len == len && f->run.mmio.is_write == is_write)
		return true;
	tap_note("entry returned %d, exit %s", ret, kvm2_exit_reason_name(f->run.exit_reason));
	return false;
}

#define OK(passed, sentence)	tap_ok(passed, "%s: %s", f->api, sentence)
#define IS(actual, expected, sentence) tap_is(actual, expected, "%s: %s", f->api, sentence)

/* ---- exits ---- */

static void test_out(struct fixture *f)
{
	uint16_t word;
	uint32_t dword;
	bool passed;

	start(f, guest_out);
	passed = enter_io(f, KVM2_IO_OUT, 0x10, 1) && f->run.io.data[0] == 0x12 &&
		 f->run.io.count == 1;
	OK(passed, "a byte written to a port arrives");
	passed = enter_io(f, KVM2_IO_OUT, 0x11, 2);
	memcpy(&word, f->run.io.data, sizeof(word));
	OK(passed && word == 0x3456, "a word written to a port arrives");
	passed = enter_io(f, KVM2_IO_OUT, 0x12, 4);
	memcpy(&dword, f->run.io.data, sizeof(dword));
	OK(passed && dword == 0x789abcde, "a long written to a port arrives");
	OK(ends(f), "the guest goes on after port writes");
}

static void reply_io(struct fixture *f, const void *data, size_t size)
{
	memcpy(f->run.io.data, data, size);
}

static void test_in(struct fixture *f)
{
	const uint32_t value = 0xa1b2c3d4;
	bool passed;

	start(f, guest_in);
	passed = enter_io(f, KVM2_IO_IN, 0x20, 1);
	reply_io(f, &value, 1);
	passed = passed && enter_io(f, KVM2_IO_IN, 0x21, 2);
	reply_io(f, &value, 2);
	passed = passed && enter_io(f, KVM2_IO_IN, 0x22, 4);
	reply_io(f, &value, 4);
	OK(passed && ends(f), "port reads of three widths exit");
	OK(!memcmp(f->ram + BUFFER, "\xd4\0\xd4\xc3\xd4\xc3\xb2\xa1", 8),
	   "replies to port reads reach the guest");
}

static void test_string(struct fixture *f)
{
	char out[300];
	size_t have = 0;
	uint16_t next = 0;
	bool passed = true;

	start(f, guest_string);
	for (size_t i = 0; i < sizeof(out); i++)
		f->ram[BUFFER + i] = (char)(i * 7);
	while (have < sizeof(out) && passed) {
		size_t bytes;

		passed = enter_io(f, KVM2_IO_OUT, 0x30, 1);
		bytes = f->run.io.count;
		if (!passed || bytes > sizeof(out) - have)
			break;
		memcpy(out + have, f->run.io.data, bytes);
		have += bytes;
	}
	OK(have == sizeof(out) && !memcmp(out, f->ram + BUFFER, sizeof(out)),
	   "all bytes of rep outsb arrive in order");

	while (next < 200 && passed) {
		uint16_t words[KVM2_IO_DATA_MAX / 2];

		passed = enter_io(f, KVM2_IO_IN, 0x31, 2) && f->run.io.count <= 200U - next;
		for (uint32_t i = 0; passed && i < f->run.io.count; i++)
			words[i] = 0x1000 + next++;
		if (passed)
			reply_io(f, words, 2 * f->run.io.count);
	}
	passed = passed && ends(f);
	for (uint16_t i = 0; passed && i < 200; i++) {
		uint16_t word;

		memcpy(&word, f->ram + 0x3000 + 2 * i, sizeof(word));
		passed = word == 0x1000 + i;
	}
	OK(passed, "all replies to rep insw reach guest memory in order");
}

static void test_mmio(struct fixture *f)
{
	bool passed;

	start(f, guest_mmio);
	set_segment(f, KVM2_SEGMENT_FS, HOLE >> 4);
	passed = enter_mmio(f, HOLE + 0x10, 4, 1) &&
		 !memcmp(f->run.mmio.data, "\x44\x33\x22\x11\0\0\0\0", 8) &&
		 enter_mmio(f, HOLE + 0x20, 2, 1) &&
		 !memcmp(f->run.mmio.data, "\x66\x55\0\0\0\0\0\0", 8) &&
		 enter_mmio(f, HOLE + 0x30, 1, 1) && f->run.mmio.data[0] == 0x77;
	OK(passed, "writes where no memory is exit with their data");
	passed = passed && enter_mmio(f, HOLE + 0x40, 4, 0);
	memcpy(f->run.mmio.data, "abcd", 4);
	passed = passed && enter_mmio(f, HOLE + 0x50, 1, 0);
	f->run.mmio.data[0] = 'e';
	passed = passed && ends(f);
	OK(passed && !memcmp(f->ram + BUFFER, "abcde", 5),
	   "replies to reads where no memory is reach the guest");
}

static void test_cpuid(struct fixture *f)
{
	struct kvm2_records records;
	struct kvm2_cpuid cpuid;
	uint32_t seen[4];

	start(f, guest_cpuid);
	list_into(f, &records, f->data, KVM2_STATE_SET(KVM2_SET_CPUID));
	must(kvm2_records_get(&records, KVM2_SET_CPUID, 0, &cpuid, sizeof(cpuid)), "CPUID leaf 0");
	OK(ends(f), "a guest that executes cpuid runs to its end");
	memcpy(seen, f->ram + BUFFER, sizeof(seen));
	OK(seen[0] == cpuid.eax && seen[1] == cpuid.ebx && seen[2] == cpuid.ecx &&
	   seen[3] == cpuid.edx, "the guest sees the CPUID leaf that the state shows");
	cpuid.ebx ^= 1;
	kvm2_records_init(&records, f->data, STATE_BYTES);
	kvm2_records_add(&records, KVM2_SET_CPUID, 0, &cpuid, sizeof(cpuid));
	IS(kvm2_vcpu_set_state(f->vcpu, f->data, records.used, 0), -EBUSY,
	   "CPUID cannot change once the vcpu has run");
}

static void test_msr_exit(struct fixture *f)
{
	bool passed;

	start(f, guest_msr);
	passed = enter(f) == 0 && f->run.exit_reason == KVM2_EXIT_RDMSR &&
		 f->run.msr.index == MSR_UNKNOWN &&
		 f->run.msr.reason == KVM2_MSR_EXIT_UNKNOWN;
	f->run.msr.data = 0x1122334455667788;
	OK(passed, "rdmsr of an unknown MSR exits");
	passed = enter(f) == 0 && f->run.exit_reason == KVM2_EXIT_WRMSR &&
		 f->run.msr.data == 0x0123456789abcdef;
	OK(passed, "wrmsr of an unknown MSR exits with its value");
	OK(ends(f) && !memcmp(f->ram + BUFFER, "\x88\x77\x66\x55\x44\x33\x22\x11", 8),
	   "the reply to rdmsr reaches the guest");
}

static void test_triple_fault(struct fixture *f)
{
	start(f, guest_triple_fault);
	OK(enter(f) == 0 && f->run.exit_reason == KVM2_EXIT_SHUTDOWN, "a triple fault is a shutdown");
}

static void test_flags(struct fixture *f)
{
	start(f, guest_out);
	f->run.flags = ~KVM2_RUN_FLAGS;
	IS(enter(f), -EINVAL, "unknown run flags are refused");
	f->run.flags = 0;
	OK(enter_io(f, KVM2_IO_OUT, 0x10, 1), "the guest runs after a refused entry");
	/* Let the exit complete, so that the next test starts clean. */
	f->run.flags = KVM2_RUN_IMMEDIATE_EXIT;
	IS(enter(f), -EINTR, "an immediate exit returns -EINTR");
	f->run.flags = 0;
}

static void test_immediate_exit(struct fixture *f)
{
	bool passed;

	start(f, guest_in);
	IS(get(f, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT), 0, "no exit is pending at first");
	passed = enter_io(f, KVM2_IO_IN, 0x20, 1);
	IS(get(f, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT), KVM2_EXIT_IO,
	   "an exit that waits for a reply is pending");
	f->run.io.data[0] = 0x5a;
	f->run.flags = KVM2_RUN_IMMEDIATE_EXIT;
	IS(enter(f), -EINTR, "an immediate exit comes after a port read");
	f->run.flags = 0;
	OK(passed && (get(f, KVM2_SET_GPR, KVM2_GPR_RAX) & 0xff) == 0x5a &&
	   get(f, KVM2_SET_CONTROL, KVM2_CONTROL_RIP) == CODE + 2,
	   "an immediate exit completes the instruction, and runs no other");
	IS(get(f, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT), 0, "then no exit is pending");

	OK(enter_io(f, KVM2_IO_IN, 0x21, 2) &&
	   set(f, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, CODE) == 0, "rip can be set at a pending exit");
	IS(get(f, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT), 0, "a new rip abandons the exit");
	OK(enter_io(f, KVM2_IO_IN, 0x20, 1), "and the guest goes on there");
}

/* ---- signals ---- */

static struct kvm2_vcpu *volatile signalled;
static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals = signals + 1;
	kvm2_vcpu_kick(signalled);
}

static timer_t start_timer(int number, long milliseconds)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = number,
	};
	struct itimerspec when = { .it_value.tv_nsec = milliseconds * 1000000 };
	timer_t timer;

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
	event.sigev_notify_thread_id = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &when, NULL))
		tap_die("timer");
	return timer;
}

static void test_signal(struct fixture *f)
{
	struct sigaction action = { .sa_handler = on_signal };
	timer_t timer;

	signalled = f->vcpu;
	sigaction(SIGUSR1, &action, NULL);

	start(f, guest_spin);
	signals = 0;
	timer = start_timer(SIGUSR1, 20);
	IS(enter(f), -EINTR, "a signal ends the entry of a guest that spins");
	OK(signals == 1, "its handler has run");
	timer_delete(timer);

	start(f, guest_halt);
	timer = start_timer(SIGUSR1, 20);
	IS(enter(f), -EINTR, "a signal ends the entry of a guest that is halted");
	timer_delete(timer);
	IS(get(f, KVM2_SET_MP, KVM2_MP_STATE), KVM2_MP_HALTED, "the vcpu shows that it is halted");
	IS(set(f, KVM2_SET_MP, KVM2_MP_STATE, KVM2_MP_RUNNABLE), 0, "it can be made runnable");
	OK(ends(f), "it goes on behind hlt");

	start(f, guest_spin);
	kvm2_vcpu_kick(f->vcpu);
	IS(enter(f), -EINTR, "a kick ends the entry after it");
	timer = start_timer(SIGUSR1, 20);
	IS(enter(f), -EINTR, "one kick ends one entry");
	timer_delete(timer);
}

static void test_signal_mask(struct fixture *f)
{
	const struct timespec none = { 0, 0 };
	sigset_t blocked, during;
	timer_t timer;
	int before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, &during);
	sigdelset(&during, SIGUSR1);

	start(f, guest_spin);
	before = signals;
	raise(SIGUSR1);
	IS(kvm2_vcpu_enter(f->vcpu, &f->run, &during), -EINTR,
	   "a pending signal that the mask lets through ends the entry");
	OK(signals == before, "its handler does not run");
	IS(sigtimedwait(&blocked, NULL, &none), SIGUSR1, "it stays pending");

	timer = start_timer(SIGUSR1, 20);
	IS(kvm2_vcpu_enter(f->vcpu, &f->run, &during), -EINTR,
	   "a signal that comes while the guest runs ends the entry too");
	/* To delete the timer may take back its signal: later. */
	IS(sigtimedwait(&blocked, NULL, &none), SIGUSR1, "and stays pending");
	timer_delete(timer);

	/* Without the mask the blocked signal must not end the entry. */
	start(f, guest_out);
	raise(SIGUSR1);
	OK(enter_io(f, KVM2_IO_OUT, 0x10, 1), "without a mask a blocked signal does not matter");
	IS(sigtimedwait(&blocked, NULL, &none), SIGUSR1, "and is still there");
	pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
}

/* ---- state ---- */

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
	refuses(f, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, KVM2_DEBUG_SIGTRAP, 4, -EPERM,
		"SIGTRAP for a thread that is not the tracer");

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

static void test_nonsense(struct fixture *f)
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

/* ---- memory ---- */

static void test_map(struct fixture *f)
{
	struct kvm2_memory_region regions[2] = {
		{ 0, PAGE, (uintptr_t)f->ram, 0, 0 },
		{ 0, 2 * PAGE, (uintptr_t)f->ram, 0, 0 },
	};
	struct kvm2_memory_map map = { .regions = (uintptr_t)regions, .nr_regions = 2 };

	IS(kvm2_machine_set_memory_map(f->machine, &map), -EINVAL, "regions may not overlap");
	map.nr_regions = 1;
	regions[0].gpa = 1;
	IS(kvm2_machine_set_memory_map(f->machine, &map), -EINVAL, "addresses must be aligned");
	regions[0].gpa = 0;
	regions[0].size = 0;
	IS(kvm2_machine_set_memory_map(f->machine, &map), -EINVAL, "a region is not empty");
	regions[0].size = PAGE;
	regions[0].flags = 1U << 31;
	IS(kvm2_machine_set_memory_map(f->machine, &map), -EINVAL, "unknown region flags are refused");
	regions[0].flags = 0;
	regions[0].address = 1ULL << 63;
	IS(kvm2_machine_set_memory_map(f->machine, &map), -EINVAL,
	   "an address outside user space is refused");
	map.flags = 1;
	IS(kvm2_machine_set_memory_map(f->machine, &map), -EINVAL, "unknown map flags are refused");

	f->ram[SWAPPED] = 'a';
	f->other_page[0] = 'b';
	start(f, guest_read_swapped);
	OK(ends(f) && f->run.io.data[0] == 'a', "refused maps have changed nothing");
	IS(set_map(f, f->other_page, KVM2_REGION_LOG_DIRTY, NULL, 0), 0, "a page can be exchanged");
	start(f, guest_read_swapped);
	OK(ends(f) && f->run.io.data[0] == 'b', "the guest sees the new page");
	IS(set_map(f, f->ram + SWAPPED, KVM2_REGION_LOG_DIRTY, NULL, 0), 0, "and back");
	start(f, guest_read_swapped);
	OK(ends(f) && f->run.io.data[0] == 'a', "the guest sees the old page again");
}

static void test_read_only(struct fixture *f)
{
	f->read_only[0x80] = 1;
	start(f, guest_write_read_only);
	set_segment(f, KVM2_SEGMENT_GS, READ_ONLY >> 4);
	OK(enter_mmio(f, READ_ONLY + 0x80, 1, 1) && f->run.mmio.data[0] == 0x42,
	   "a write to read-only memory exits");
	OK(ends(f) && f->read_only[0x80] == 1, "and leaves it alone");
}

static int take_log(struct fixture *f, struct kvm2_dirty_log *log)
{
	return kvm2_machine_get_dirty_log(f->machine, log);
}

static void dirty_pages(struct fixture *f, uint64_t first, uint64_t count, uint64_t apart)
{
	start(f, guest_dirty);
	set_segment(f, KVM2_SEGMENT_ES, LOGGED >> 4);
	must(set(f, KVM2_SET_GPR, KVM2_GPR_RDI, first * PAGE), "set rdi");
	must(set(f, KVM2_SET_GPR, KVM2_GPR_RBX, apart * PAGE), "set rbx");
	must(set(f, KVM2_SET_GPR, KVM2_GPR_RCX, count), "set rcx");
	if (!ends(f))
		tap_ok(false, "%s: the guest dirties its pages", f->api);
}

static void test_dirty_log(struct fixture *f)
{
	struct kvm2_dirty_run runs[LOGGED_PAGES];
	struct kvm2_dirty_log log = {
		.gpa = 0,
		.size = 1ULL << 20,
		.runs = (uintptr_t)runs,
		.nr_runs = LOGGED_PAGES,
	};

	IS(take_log(f, &log), 1, "at first all pages are dirty, as one run");
	OK(log.pages == LOGGED_PAGES && log.next == 1ULL << 20 && runs[0].gpa == LOGGED &&
	   runs[0].pages == LOGGED_PAGES, "of the logged region, no more and no less");
	IS(take_log(f, &log), 0, "what was taken is clean");

	dirty_pages(f, 1, 5, 3);
	IS(take_log(f, &log), 5, "single pages are runs of one");
	OK(log.pages == 5 && runs[4].gpa == LOGGED + 13 * PAGE && runs[4].pages == 1,
	   "where the guest wrote");
	dirty_pages(f, 1, 5, 3);
	log.max_pages = 2;
	IS(take_log(f, &log), 2, "no more pages than asked for");
	OK(log.pages == 2 && log.next > LOGGED + 4 * PAGE && log.next <= LOGGED + 7 * PAGE,
	   "next is behind them, and not behind others");
	log.gpa = log.next;
	log.size = (1ULL << 20) - log.gpa;
	log.max_pages = 0;
	log.nr_runs = 1;
	IS(take_log(f, &log), 1, "going on there with room for one run");
	OK(runs[0].gpa == LOGGED + 7 * PAGE && log.next <= LOGGED + 10 * PAGE, "gives the next page");
	log.nr_runs = LOGGED_PAGES;
	log.gpa = LOGGED + 10 * PAGE;
	log.size = PAGE;
	IS(take_log(f, &log), 1, "a range of one page gives that page");
	OK(log.next == LOGGED + 11 * PAGE && log.pages == 1, "and is done behind it");
	log.gpa = 0;
	log.size = 1ULL << 20;
	IS(take_log(f, &log), 1, "what lies outside the range was left");

	dirty_pages(f, 4, 6, 1);
	IS(take_log(f, &log), 1, "neighbours are one run");
	OK(runs[0].pages == 6 && runs[0].gpa == LOGGED + 4 * PAGE, "of all of them");

	log.gpa = 1;
	IS(take_log(f, &log), -EINVAL, "a range must be aligned");
	log.gpa = 0;
	log.nr_runs = 0;
	IS(take_log(f, &log), -ENOSPC, "there must be room for a run");
	log.nr_runs = 1;
	log.flags = 1;
	IS(take_log(f, &log), -EINVAL, "unknown log flags are refused");
}

static void test_harvest(struct fixture *f)
{
	struct kvm2_dirty_run runs[4] = { { 0 } };

	dirty_pages(f, 2, 3, 4);
	IS(set_map(f, f->ram + SWAPPED, 0, runs, 2), -ENOSPC,
	   "a harvest that does not fit changes nothing");
	IS(set_map(f, f->ram + SWAPPED, 0, runs, 4), 3, "a region that stops logging is harvested");
	OK(runs[0].gpa == LOGGED + 2 * PAGE && runs[2].gpa == LOGGED + 10 * PAGE &&
	   runs[2].pages == 1, "its dirty pages are reported");
	IS(set_map(f, f->ram + SWAPPED, KVM2_REGION_LOG_DIRTY, NULL, 0), 0, "logging starts again");
	IS(set_map(f, f->ram + SWAPPED, KVM2_REGION_LOG_DIRTY, runs, 4), 0,
	   "a map without a change harvests nothing");
}

/* ---- threads ---- */

struct helper {
	struct fixture *f;
	uint32_t id;
	uint32_t flags;
	uint64_t rax;
	int ret;
	int enter_ret;
	atomic_int stage;
	int tid;
};

static void *enter_foreign(void *argument)
{
	struct helper *h = argument;
	struct kvm2_run run = { 0 };
	uint64_t value;

	h->enter_ret = kvm2_vcpu_enter(h->f->vcpu, &run, NULL);
	h->ret = kvm2_vcpu_get_u64(h->f->vcpu, KVM2_SET_GPR, KVM2_GPR_RAX, &value);
	return NULL;
}

/* Make a vcpu, leave rax to whoever has it next, end. */
static void *use_vcpu(void *argument)
{
	struct helper *h = argument;
	struct kvm2_vcpu *vcpu = NULL;
	uint64_t before = 0;

	h->ret = kvm2_vcpu_create(h->f->machine, h->id, h->flags, &vcpu);
	if (h->ret < 0) {
		atomic_store(&h->stage, 1);
		return NULL;
	}
	kvm2_vcpu_get_u64(vcpu, KVM2_SET_GPR, KVM2_GPR_RAX, &before);
	kvm2_vcpu_set_u64(vcpu, KVM2_SET_GPR, KVM2_GPR_RAX, h->rax);
	h->rax = before;
	h->tid = gettid();
	atomic_store(&h->stage, 1);
	while (atomic_load(&h->stage) != 2)
		usleep(1000);
	kvm2_vcpu_destroy(vcpu);
	return NULL;
}

/* For what fails at once: nobody tells a vcpu to end. */
static void run_helper(void *(*fn)(void *), struct helper *h)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, h))
		tap_die("pthread_create");
	pthread_join(thread, NULL);
}

static pthread_t hold_vcpu(struct helper *h)
{
	pthread_t thread;

	atomic_store(&h->stage, 0);
	if (pthread_create(&thread, NULL, use_vcpu, h))
		tap_die("pthread_create");
	while (atomic_load(&h->stage) != 1)
		usleep(1000);
	return thread;
}

static void finish_vcpu(struct helper *h, pthread_t thread)
{
	atomic_store(&h->stage, 2);
	pthread_join(thread, NULL);
}

static void test_threads(struct fixture *f)
{
	struct helper h = { .f = f };
	struct kvm2_vcpu *vcpu = NULL;
	pthread_t thread;

	run_helper(enter_foreign, &h);
	IS(h.enter_ret, -EPERM, "another thread cannot enter");
	IS(h.ret, -EPERM, "another thread cannot read the state");
	IS(kvm2_vcpu_create(f->machine, 5, 0, &vcpu), -EBUSY, "a thread is one vcpu at most");

	h = (struct helper){ .f = f, .id = 3, .rax = 0x1234 };
	thread = hold_vcpu(&h);
	IS(h.ret, 0, "another thread can be another vcpu");
	{
		struct helper second = { .f = f, .id = 3 };

		run_helper(use_vcpu, &second);
		IS(second.ret, -EEXIST, "a vcpu in use cannot be had twice");
	}
	finish_vcpu(&h, thread);
	h = (struct helper){ .f = f, .id = 3, .flags = KVM2_VCPU_NEW };
	run_helper(use_vcpu, &h);
	IS(h.ret, -EEXIST, "a parked vcpu is not a new one");
	h = (struct helper){ .f = f, .id = 3 };
	thread = hold_vcpu(&h);
	IS(h.ret, 1, "a parked vcpu can be adopted");
	finish_vcpu(&h, thread);
	OK(h.rax == 0x1234, "and has kept its state");
	h = (struct helper){ .f = f, .id = 4, .flags = 1U << 31 };
	run_helper(use_vcpu, &h);
	IS(h.ret, -EINVAL, "unknown vcpu flags are refused");
	h = (struct helper){ .f = f, .id = 1U << 30 };
	run_helper(use_vcpu, &h);
	IS(h.ret, -EINVAL, "a vcpu id that is too large is refused");
}

/* Only the kvm2 calls can name the vcpu of another thread. */
static void test_foreign(struct fixture *f)
{
	struct helper h = { .f = f, .id = 3, .rax = 0xfeedface };
	struct kvm2_records records;
	uint64_t value = 0;
	pthread_t thread;
	int fd;

	if (f->number != KVM2_API_KVM2)
		return;
	thread = hold_vcpu(&h);
	fd = kvm2_thread_pidfd_open(h.tid);
	OK(fd >= 0, "a thread has a pidfd");
	kvm2_records_init(&records, f->data, STATE_BYTES);
	kvm2_records_add(&records, KVM2_SET_GPR, KVM2_GPR_RAX, NULL, 8);
	IS(kvm2_sys_get_state(fd, f->data, records.used, 0), (long)records.used,
	   "its vcpu can be read through it");
	kvm2_records_get_u64(&records, KVM2_SET_GPR, KVM2_GPR_RAX, &value);
	OK(value == 0xfeedface, "and is the right one");
	kvm2_records_init(&records, f->data, STATE_BYTES);
	kvm2_records_add_u64(&records, KVM2_SET_GPR, KVM2_GPR_RAX, 77, 8);
	IS(kvm2_sys_set_state(fd, f->data, records.used, 0), (long)records.used, "and written");
	finish_vcpu(&h, thread);
	IS(kvm2_sys_get_state(fd, f->data, records.used, 0), -ESRCH, "an ended thread has no vcpu");
	close(fd);
	h = (struct helper){ .f = f, .id = 3 };
	thread = hold_vcpu(&h);
	finish_vcpu(&h, thread);
	OK(h.rax == 77, "the write stays with the parked vcpu");
	IS(kvm2_thread_pidfd_open(0), -EINVAL, "no thread has id 0");
}

/* ---- all of them ---- */

static void create(struct fixture *f)
{
	struct kvm2_vm_config config = {
		.name = "libkvm2_test",
		.msr_exits = KVM2_MSR_EXIT_UNKNOWN,
	};
	struct kvm2_vm_config bad = { .flags = 1ULL << 63 };
	struct kvm2_machine *second = NULL;

	IS(kvm2_machine_create(f->number, &bad, &second), -EINVAL, "unknown VM flags are refused");
	memset(bad.name, 'x', sizeof(bad.name));
	bad.flags = 0;
	IS(kvm2_machine_create(f->number, &bad, &second), -EINVAL, "a name without an end is refused");
	bad = (struct kvm2_vm_config){ .msr_exits = 1U << 31 };
	IS(kvm2_machine_create(f->number, &bad, &second), -EINVAL, "unknown MSR exits are refused");
	bad = (struct kvm2_vm_config){ .bsp_vcpu_id = 1U << 30 };
	IS(kvm2_machine_create(f->number, &bad, &second), -EINVAL,
	   "a BSP that cannot be is refused");
	bad = (struct kvm2_vm_config){ .hypercall_exits = 1ULL << 60 };
	IS(kvm2_machine_create(f->number, &bad, &second), -EOPNOTSUPP,
	   "hypercalls that KVM has not are not supported");
	bad = (struct kvm2_vm_config){ .flags = KVM2_VM_EXIT_BUS_LOCK, .notify_window = 1 };
	IS(kvm2_machine_create(f->number, &bad, &second), -EOPNOTSUPP,
	   "exits that the processor has not are not supported");
	must(kvm2_machine_create(f->number, &config, &f->machine), "create a machine");
	OK(kvm2_machine_api(f->machine) == f->number, "a machine knows its API");
	if (f->number == KVM2_API_KVM2)
		IS(kvm2_machine_create(f->number, &config, &second), -EEXIST,
		   "a process has one VM");

	f->ram = map_memory(RAM_BYTES);
	f->logged = map_memory(LOGGED_PAGES * PAGE);
	f->read_only = map_memory(PAGE);
	f->other_page = map_memory(PAGE);
	IS(set_map(f, f->ram + SWAPPED, KVM2_REGION_LOG_DIRTY, NULL, 0), 0, "a map can be set");

	IS(kvm2_vcpu_create(f->machine, 0, KVM2_VCPU_NEW, &f->vcpu), 0, "a vcpu can be created");
	OK(f->vcpu && kvm2_vcpu_id(f->vcpu) == 0, "and knows its id");
	IS(kvm2_vcpu_set_host_cpuid(f->vcpu), 0, "it can have the host's CPUID");
	list_into(f, &f->reset, f->reset_data, KVM2_STATE_WRITABLE | KVM2_STATE_STABLE);
	list_into(f, &listed[f->number], listed_data[f->number], KVM2_STATE_HEADERS);

	/* 16-bit code where it is put, not at the top of the address space. */
	{
		struct kvm2_segment *cs = (struct kvm2_segment *)
			kvm2_records_find(&f->reset, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS)->value;
		uint64_t *rsp = (uint64_t *)
			kvm2_records_find(&f->reset, KVM2_SET_GPR, KVM2_GPR_RSP)->value;

		cs->base = 0;
		cs->selector = 0;
		*rsp = 0x7000;
	}
}

static void test_api(enum kvm2_api api)
{
	struct fixture *f = &fixture;
	int ret = kvm2_api_probe(api);

	memset(f, 0, sizeof(*f));
	f->number = api;
	f->api = kvm2_api_name(api);
	if (ret < 0) {
		tap_skip(strerror(-ret), "%s: every test", f->api);
		return;
	}
	create(f);
	test_out(f);
	test_in(f);
	test_string(f);
	test_mmio(f);
	test_cpuid(f);
	test_msr_exit(f);
	test_flags(f);
	test_immediate_exit(f);
	test_signal(f);
	test_signal_mask(f);
	test_widths(f);
	test_refusals(f);
	test_list(f);
	test_round_trip(f);
	test_more_state(f);
	test_single_step(f);
	test_map(f);
	test_read_only(f);
	test_dirty_log(f);
	test_harvest(f);
	test_threads(f);
	test_foreign(f);
	test_nonsense(f);
	test_triple_fault(f);
	kvm2_vcpu_destroy(f->vcpu);
	kvm2_machine_destroy(f->machine);
}

/* MSRs aside: the kvm2 kernel leaves out those that KVM only pretends to have. */
static int count_missing(const struct kvm2_records *from, const struct kvm2_records *in)
{
	const struct kvm2_record *record = NULL;
	char name[KVM2_NAME_SIZE];
	int missing = 0;

	while ((record = kvm2_records_next(from, record))) {
		const struct kvm2_record *other;

		if (record->set == KVM2_SET_MSR)
			continue;
		other = kvm2_records_find(in, record->set, record->number);
		if (other && other->size == record->size && other->attributes == record->attributes)
			continue;
		tap_note("%s is missing or different",
			 kvm2_register_name(record->set, record->number, name));
		missing++;
	}
	return missing;
}

static void compare_apis(void)
{
	if (!listed[KVM2_API_KVM2].used || !listed[KVM2_API_CLASSIC].used)
		return;
	tap_is(count_missing(&listed[0], &listed[1]) + count_missing(&listed[1], &listed[0]), 0,
	       "both APIs list the same registers, with the same width and attributes");
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--api") && kvm2_api_find(argv[2]) >= 0) {
		test_api(kvm2_api_find(argv[2]));
	} else if (argc == 1) {
		test_api(KVM2_API_CLASSIC);
		test_api(KVM2_API_KVM2);
		compare_apis();
	} else {
		fprintf(stderr, "usage: libkvm2_test [--api kvm2|classic]\n");
		return 2;
	}
	return tap_end();
}
