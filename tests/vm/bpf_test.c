// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges that a BPF program answers for: what it is told, what it can answer
 * and do, what it passes on, and which programs are refused.
 */
#include "bpf_device.h"

#include <errno.h>
#include <kvm2/kvm2.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf_device.skel.h"
#include "device_guest.h"
#include "guest.h"
#include "rounds.h"
#include "tap.h"

#define LAPIC_SPURIOUS	0x0f
#define LAPIC_ENABLED	0x1ff
#define LAPIC_IRR	0x20
#define VECTOR		0x41
#define COUNT_ROUNDS	lab_rounds(5000)

static struct bpf_device *skeleton;
static volatile uint64_t *registers;
static uint8_t *ram;
static struct kvm2_run run;

/* ---- set-up ---- */

static void load(void)
{
	skeleton = bpf_device__open_and_load();
	if (!skeleton)
		tap_die("load the programs");
	registers = mmap(NULL, BPF_BYTES / 4 * 8, PROT_READ | PROT_WRITE, MAP_SHARED,
			 bpf_map__fd(skeleton->maps.registers), 0);
	if (registers == MAP_FAILED)
		tap_die("mmap the registers");
}

static int attach_program(const struct bpf_program *which, uint32_t flags, uint64_t address,
			  uint64_t size)
{
	const struct kvm2_io io = {
		.type = KVM2_IO_BPF, .flags = flags, .address = address, .size = size,
		.cookie = flags & KVM2_DETACH ? 0 : BPF_COOKIE,
		.fd = flags & KVM2_DETACH ? 0 : bpf_program__fd(which),
	};

	return kvm2_sys_attach_io(&io, sizeof(io));
}

static const struct bpf_program *program;

static int attach(uint32_t flags, uint64_t address)
{
	return attach_program(program, flags, address, BPF_BYTES);
}

static void make_vm(void)
{
	int r = guest_create_vm("bpf", &ram);

	if (r || (r = kvm2_sys_create_vcpu(0, 0)) || (r = device_guest_start(ram)))
		tap_die("create a VM: %s", strerror(-r));
}

/* ---- accesses; what came back, and how many exits it took ---- */

static uint32_t result;

static int make(enum device_kind kind, uint16_t address, uint32_t value, uint32_t answer)
{
	const struct device_order order = { (uint16_t)kind, address, value };

	return device_guest_access(&run, &order, answer, &result);
}

static int out(unsigned int offset, uint32_t value)
{
	return make(DEVICE_OUT32, (uint16_t)(BPF_PORT + offset), value, 0);
}

static int in(unsigned int offset)
{
	return make(DEVICE_IN32, (uint16_t)(BPF_PORT + offset), 0, 0x77777777);
}

/* ---- answers ---- */

static void test_registers(void)
{
	tap_is(out(BPF_WORD, 0xcafe), 0, "a write that the program handles is no exit");
	tap_is((long)registers[BPF_WORD / 4], 0xcafe, "the process sees it in the array that it has mapped");
	registers[BPF_WORD / 4] = 0x12345678;
	tap_is(in(BPF_WORD), 0, "neither is a read");
	tap_is(result, 0x12345678, "and the guest reads what the process has put into the array");
	make(DEVICE_IN8, BPF_PORT, 0, 0);
	tap_is(result, 0x78, "a read of a byte is the low byte of the answer");
	make(DEVICE_IN16, BPF_PORT, 0, 0);
	tap_is(result, 0x5678, "one of two bytes the low two");
	tap_is(make(DEVICE_WRITE32, BPF_WORD, 0xfeed, 0), 0, "a write to memory is no exit either");
	tap_is(make(DEVICE_READ32, BPF_WORD, 0, 0), 0, "nor a read");
	tap_is(result, 0xfeed, "and answers alike");
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void test_time(void)
{
	uint64_t before = now_ns();
	uint64_t time;
	int exits = in(BPF_TIME);
	uint64_t after = now_ns();

	time = skeleton->bss->last.time_ns;
	tap_is(exits, 0, "a register of the time is no exit");
	tap_ok(before <= time && time <= after, "it is CLOCK_MONOTONIC");
	tap_is(result, (uint32_t)time, "and it is what the guest reads");
}

static void is_noted(const char *what, uint64_t address, uint64_t data, uint32_t size, bool is_write,
		     bool ports)
{
	const struct kvm2_io_access *last = &skeleton->bss->last;

	if (tap_ok(last->address == address && last->size == size && last->is_write == is_write &&
		   last->ports == ports && last->cookie == BPF_COOKIE && last->vcpu == 0 &&
		   last->verdict == 0 && last->reserved == 0 && last->data == data,
		   "the program is told all of %s", what))
		return;
	tap_note("address 0x%llx data 0x%llx size %u write %u ports %u cookie 0x%llx vcpu %u",
		 last->address, last->data, last->size, last->is_write, last->ports, last->cookie,
		 last->vcpu);
}

static void test_context(void)
{
	make(DEVICE_OUT8, BPF_PORT + BPF_CONTEXT, 0xaabbccdd, 0);
	is_noted("a byte to a port", BPF_PORT + BPF_CONTEXT, 0xdd, 1, true, true);
	make(DEVICE_OUT16, BPF_PORT + BPF_CONTEXT, 0xaabbccdd, 0);
	is_noted("two bytes to a port", BPF_PORT + BPF_CONTEXT, 0xccdd, 2, true, true);
	make(DEVICE_IN32, BPF_PORT + BPF_CONTEXT, 0, 0);
	is_noted("a read of a port", BPF_PORT + BPF_CONTEXT, 0, 4, false, true);
	make(DEVICE_WRITE32, BPF_CONTEXT, 0xaabbccdd, 0);
	is_noted("a write to memory", DEVICE_MMIO + BPF_CONTEXT, 0xaabbccdd, 4, true, false);
	make(DEVICE_READ32, BPF_CONTEXT, 0, 0);
	is_noted("a read of memory", DEVICE_MMIO + BPF_CONTEXT, 0, 4, false, false);
}

/* ---- what is passed on ---- */

static void test_passed(void)
{
	struct kvm2_run first;
	const struct device_order order = { DEVICE_OUT16, BPF_PORT + BPF_PASSED, 0x4321 };

	skeleton->bss->calls = 0;
	tap_is(make(DEVICE_IN32, BPF_PORT + BPF_PASSED, 0, 0xdecade), 1, "what the program passes on is an exit");
	tap_is(skeleton->bss->calls, 1, "for which it was called once");
	tap_is(result, 0xdecade, "and the guest reads what the VMM answers");
	tap_is(make(DEVICE_READ32, BPF_PASSED, 0, 0xfacade), 1, "so it is in memory");
	tap_is(result, 0xfacade, "and the guest reads that");

	memcpy(ram + DEVICE_ORDER, &order, sizeof(order));
	tap_is(guest_enter(&run), 0, "a write is passed on");
	first = run;
	tap_ok(first.exit_reason == KVM2_EXIT_IO && first.io.port == BPF_PORT + BPF_PASSED &&
	       first.io.direction == KVM2_IO_OUT && first.io.size == 2 && first.io.count == 1,
	       "as the exit that it would have been");
	tap_is(first.io.data[0] | first.io.data[1] << 8, 0x4321,
	       "with what the guest wrote, not what the program left");
	tap_is(guest_enter(&run), 0, "and the guest goes on");
	tap_is(skeleton->bss->calls, 3, "each was shown to the program once");
}

/* An access of which a part is not in the range is none of the program's. */
static void test_edges(void)
{
	skeleton->bss->last.address = 0;
	tap_is(make(DEVICE_IN32, BPF_PORT + BPF_BYTES - 2, 0, 0xe0e0e0e0), 1,
	       "an access that goes beyond the range is an exit");
	tap_is(result, (long)0xe0e0e0e0, "which the VMM answers");
	tap_is(make(DEVICE_IN8, BPF_PORT + BPF_BYTES, 0, 1), 1, "so is one behind it");
	tap_is(make(DEVICE_IN8, BPF_PORT - 1, 0, 1), 1, "and one before it");
	tap_is((long)skeleton->bss->last.address, 0, "the program has not seen them");
}

/* ---- what a program can do besides ---- */

static void test_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	eventfd_t value = 0;

	if (fd < 0)
		tap_die("eventfd");
	for (unsigned int i = 0; i < 3; i++)
		out(BPF_EVENT, (uint32_t)fd);
	tap_is((long)registers[BPF_EVENT / 4], 0, "a program can signal an eventfd");
	eventfd_read(fd, &value);
	tap_is((long)value, 3, "as often as it wants");
	close(fd);
	out(BPF_EVENT, (uint32_t)fd);
	tap_is((long)registers[BPF_EVENT / 4], -EBADF, "one that is closed it cannot");
	out(BPF_EVENT, STDOUT_FILENO);
	tap_is((long)registers[BPF_EVENT / 4], -EINVAL, "nor another file");
}

/* A bit of 256, which the local APIC has in eight registers. */
static bool lapic_bit(unsigned int first, unsigned int vector)
{
	uint32_t word = 0;

	guest_get(KVM2_SET_LAPIC, first + vector / 32, &word, sizeof(word));
	return word >> vector % 32 & 1;
}

static long send_message(uint16_t flags, uint8_t vector)
{
	skeleton->bss->message = (struct kvm2_apic_message){
		.type = KVM2_APIC_INTERRUPT, .mode = KVM2_DELIVERY_FIXED, .flags = flags,
		.vector = vector,
	};
	out(BPF_APIC, 0);
	return (long)registers[BPF_APIC / 4];
}

static void test_apic(void)
{
	const uint32_t enabled = LAPIC_ENABLED;
	const struct kvm2_apic_message level = {
		.type = KVM2_APIC_INTERRUPT, .mode = KVM2_DELIVERY_FIXED,
		.flags = KVM2_APIC_LEVEL | KVM2_APIC_ASSERT, .vector = VECTOR + 1,
	};

	tap_is(guest_set(KVM2_SET_LAPIC, LAPIC_SPURIOUS, &enabled, sizeof(enabled)), 0,
	       "the local APIC is enabled");
	tap_is(send_message(0, VECTOR), 1, "a program can send an interrupt");
	tap_ok(lapic_bit(LAPIC_IRR, VECTOR), "and the local APIC has got it");
	tap_is(send_message(level.flags, level.vector), -EAGAIN,
	       "not the first level triggered one of a vector");
	tap_ok(!lapic_bit(LAPIC_IRR, level.vector), "which nobody gets");
	tap_is(kvm2_sys_apic_message(&level, sizeof(level)), 1, "when the VMM has sent one");
	tap_is(send_message(level.flags, level.vector), 1, "the program can");
	tap_is(send_message(0, 15), -EINVAL, "what is no message is refused");
}

/* Run by a thread that has no vcpu. */
static void *run_alone(void *argument)
{
	struct kvm2_io_access access = { .address = BPF_APIC, .is_write = 1, .size = 4 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &access, .ctx_size_in = sizeof(access));

	*(int *)argument = bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.device), &options);
	return NULL;
}

static void test_alone(void)
{
	pthread_t thread;
	int r = -1;

	if (pthread_create(&thread, NULL, run_alone, &r))
		tap_die("pthread_create");
	pthread_join(thread, NULL);
	tap_is(r, 0, "a program can be run by a thread without a vcpu");
	tap_is((long)registers[BPF_APIC / 4], -ENXIO, "which has no APIC to send to");
}

/* ---- two vcpus ---- */

static void *count(void *argument)
{
	struct kvm2_run other = { 0 };
	const struct device_order order = { DEVICE_OUT32, BPF_PORT + BPF_COUNT, 1 };
	uint32_t ignored;
	long *exits = argument;
	int r = 0;

	for (unsigned int i = 0; i < COUNT_ROUNDS && r >= 0; i++) {
		r = device_guest_access(&other, &order, 0, &ignored);
		*exits += r;
	}
	return NULL;
}

static void *count_second(void *argument)
{
	if (kvm2_sys_create_vcpu(1, 0) || device_guest_start(ram))
		tap_die("create the second vcpu");
	return count(argument);
}

static void test_count(void)
{
	long exits[2] = { 0, 0 };
	pthread_t thread;

	registers[BPF_COUNT / 4] = 0;
	if (pthread_create(&thread, NULL, count_second, &exits[1]))
		tap_die("pthread_create");
	count(&exits[0]);
	pthread_join(thread, NULL);
	tap_is((long)registers[BPF_COUNT / 4], 2L * COUNT_ROUNDS, "of two vcpus at once no write is lost");
	tap_is(exits[0] + exits[1], 0, "and none is an exit");
}

/* ---- attaching ---- */

static void test_attach(void)
{
	tap_is(attach(KVM2_IO_PORTS, BPF_PORT + BPF_BYTES - 1), -EEXIST, "ranges do not overlap");
	tap_is(attach_program(skeleton->progs.other_type, KVM2_IO_PORTS, 0x500, 4), -EINVAL,
	       "a program of another type is refused");
	tap_is(attach_program(skeleton->progs.too_large, KVM2_IO_PORTS, 0x500, 4), -EINVAL,
	       "and one that wants a larger context");
	tap_is(attach(KVM2_IO_PORTS | KVM2_DETACH, BPF_PORT), 0, "a range is detached");
	tap_is(in(BPF_WORD), 1, "then it is an exit");
	tap_is(attach(KVM2_IO_PORTS | KVM2_DETACH, BPF_PORT), -ENOENT, "once");
	tap_is(attach(KVM2_IO_PORTS, BPF_PORT), 0, "and attached again");
	registers[BPF_WORD / 4] = 99;
	bpf_device__destroy(skeleton);
	tap_is(in(BPF_WORD), 0, "a program stays when its descriptor is closed");
	tap_is(result, 99, "and so do its registers");
}

/* An access at the edge of a range, whether or not it was the last one's. */
static void test_neighbour(void)
{
	tap_is(attach_program(skeleton->progs.early, KVM2_IO_PORTS, BPF_PORT + BPF_BYTES, BPF_BYTES), 0,
	       "a second range beside the first");
	in(BPF_WORD);
	out(BPF_BYTES + BPF_CONTEXT, 5);
	tap_is((long)skeleton->bss->last.address, BPF_PORT + BPF_BYTES + BPF_CONTEXT, "has its own accesses");
	tap_is(attach_program(NULL, KVM2_IO_PORTS | KVM2_DETACH, BPF_PORT + BPF_BYTES, BPF_BYTES), 0,
	       "it is detached");
	tap_is(out(BPF_BYTES + BPF_CONTEXT, 5), 1, "then it is an exit, after the access before");
	tap_is(in(BPF_WORD), 0, "and the first still answers");
}

/* KVM asks the one that was attached first; so it is whenever the program is called. */
static void test_doorbell(void)
{
	struct kvm2_io io = {
		.type = KVM2_IO_EVENTFD, .flags = KVM2_IO_PORTS, .address = BPF_PORT + BPF_BYTES + BPF_WORD,
		.size = 4, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	eventfd_t value = 0;

	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), 0, "an eventfd at a port");
	tap_is(attach_program(skeleton->progs.early, KVM2_IO_PORTS, BPF_PORT + BPF_BYTES, BPF_BYTES), 0,
	       "and a program where it is");
	tap_is(out(BPF_BYTES + BPF_WORD, 7), 0, "a write is no exit");
	eventfd_read(io.fd, &value);
	tap_is((long)value, 1, "and the eventfd has it");
	io.flags |= KVM2_DETACH;
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), 0, "the eventfd is detached");
	out(BPF_BYTES + BPF_WORD, 8);
	tap_is((long)registers[BPF_WORD / 4], 8, "then the program has it");
	attach_program(NULL, KVM2_IO_PORTS | KVM2_DETACH, BPF_PORT + BPF_BYTES, BPF_BYTES);
	close(io.fd);
}

/* What every program does, whenever it is called. */
static void test_program(const struct bpf_program *which)
{
	if (program) {
		attach(KVM2_IO_PORTS | KVM2_DETACH, BPF_PORT);
		attach(KVM2_DETACH, DEVICE_MMIO);
	}
	program = which;
	tap_is(attach(KVM2_IO_PORTS, BPF_PORT) | attach(0, DEVICE_MMIO), 0, "program %s", bpf_program__name(which));
	test_registers();
	test_time();
	test_context();
	test_passed();
	test_edges();
	test_eventfd();
}

int main(void)
{
	load();
	make_vm();
	test_program(skeleton->progs.early);
	test_neighbour();
	test_doorbell();
	test_count();
	test_program(skeleton->progs.device);
	test_apic();
	test_alone();
	test_attach();
	return tap_end();
}
