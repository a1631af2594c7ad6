// SPDX-License-Identifier: GPL-2.0
/*
 * A tracee for tests/strace/fuzz: kvm2 calls and ioctls of KVM with arguments of chance.  Buffers are noise, or begin as
 * what the call expects, so that decoders get deep into them; they end at pages that are not there.
 *
 *   noise SEED CALLS
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/kvm2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define BUFFER_PAGES 4
#define BUFFER_BYTES (BUFFER_PAGES * PAGE)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t state;

static uint64_t chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t below(uint64_t limit)
{
	return chance() % limit;
}

static const uint64_t edges[] = {
	0, 1, 2, 7, 8, 15, 16, 17, 24, 32, 48, 56, 63, 64, 127, 128, 255, 1040, 4095, 4096, 4097, 16384,
	0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 1 << 20, (1 << 20) + 1, INT64_MAX, UINT64_MAX,
	UINT64_MAX - 7, UINT64_MAX - 4095,
};

static uint64_t number(void)
{
	return below(4) ? below(64) : below(2) ? edges[below(COUNT(edges))] : chance();
}

/* ---- buffers ---- */

static char *buffer;
/* More of them, for pointers in structures. */
static char *inner;

static void fill(char *bytes, size_t size)
{
	switch (below(4)) {
	case 0:
		memset(bytes, below(2) ? 0 : 0xff, size);
		break;
	case 1:
		for (size_t i = 0; i < size / 8; i++) {
			uint64_t value = number();

			memcpy(bytes + 8 * i, &value, 8);
		}
		break;
	case 2:
		for (size_t i = 0; i < size / 4; i++) {
			uint32_t value = (uint32_t)number();

			memcpy(bytes + 4 * i, &value, 4);
		}
		break;
	default:
		for (size_t i = 0; i < size / 8; i++) {
			uint64_t value = chance();

			memcpy(bytes + 8 * i, &value, 8);
		}
	}
}

/* An address near the end of a buffer, or none that is good. */
static uint64_t address(char *bytes)
{
	if (!below(16))
		return number();
	if (!below(8))
		return (uint64_t)(uintptr_t)bytes + below(BUFFER_BYTES + 64);
	return (uint64_t)(uintptr_t)bytes + 8 * below(BUFFER_BYTES / 8);
}

/* Make a structure begin as what it should be. */
static void shape_run(char *at, size_t room)
{
	struct kvm2_run *run = (struct kvm2_run *)at;

	if (room < 8)
		return;
	run->exit_reason = below(16) ? (uint32_t)below(18) : (uint32_t)chance();
	run->flags = (uint32_t)number();
	if (room >= 16 && run->exit_reason == KVM2_EXIT_IO) {
		run->io.size = below(4) ? (uint8_t)(1 << below(3)) : (uint8_t)chance();
		run->io.direction = (uint8_t)below(3);
		run->io.count = (uint32_t)number();
	}
}

static void shape_records(char *at, size_t room)
{
	while (room >= sizeof(struct kvm2_record)) {
		struct kvm2_record record = {
			.set = below(32) ? (uint16_t)below(20) : (uint16_t)chance(),
			.attributes = below(4) ? 0 : (uint16_t)chance(),
			.size = below(8) ? (uint32_t)(1 << below(8)) : (uint32_t)number(),
			.number = below(8) ? below(70) : number(),
		};
		size_t bytes = KVM2_RECORD_BYTES(record.size);

		memcpy(at, &record, sizeof(record));
		if (bytes < sizeof(record) || bytes >= room)
			break;
		at += bytes;
		room -= bytes;
	}
}

static void shape_map(char *at, size_t room)
{
	struct kvm2_memory_map *map = (struct kvm2_memory_map *)at;

	if (room < sizeof(*map))
		return;
	map->regions = address(inner);
	map->nr_regions = (uint32_t)number();
	map->flags = (uint32_t)number();
	map->dirty = address(inner);
	map->nr_dirty = (uint32_t)number();
}

static void shape_dirty(char *at, size_t room)
{
	struct kvm2_dirty_log *log = (struct kvm2_dirty_log *)at;

	if (room < sizeof(*log))
		return;
	log->runs = address(inner);
	log->nr_runs = (uint32_t)number();
}

static void shape_config(char *at, size_t room)
{
	struct kvm2_vm_config *config = (struct kvm2_vm_config *)at;

	if (room < sizeof(*config))
		return;
	config->flags = below(2) ? below(4) : number();
	config->hypercall_exits = below(2) ? 1 << 12 : number();
	config->msr_exits = (uint32_t)below(9);
	/* A name without an end, now and then. */
	memset(config->name, below(2) ? 'n' : (int)below(256), below(4) ? 8 : sizeof(config->name));
}

static void shape_io(char *at, size_t room)
{
	struct kvm2_io *io = (struct kvm2_io *)at;

	if (room < sizeof(*io))
		return;
	io->type = below(16) ? (uint32_t)below(5) : (uint32_t)chance();
	io->flags = (uint32_t)(below(4) ? below(KVM2_IO_FLAGS + 2) : number());
	io->fd = below(4) ? (int32_t)below(8) - 1 : (int32_t)number();
	io->reserved = below(4) ? 0 : (uint32_t)number();
}

static void shape_irq(char *at, size_t room)
{
	struct kvm2_irq *irq = (struct kvm2_irq *)at;

	if (room < sizeof(*irq))
		return;
	irq->type = below(16) ? (uint32_t)below(4) : (uint32_t)chance();
	irq->flags = (uint32_t)(below(4) ? below(3) : number());
	irq->fd = below(4) ? (int32_t)below(8) - 1 : (int32_t)number();
}

static void shape_message(char *at, size_t room)
{
	struct kvm2_apic_message *message = (struct kvm2_apic_message *)at;

	if (room < sizeof(*message))
		return;
	message->type = below(16) ? (uint16_t)below(7) : (uint16_t)chance();
	message->flags = (uint16_t)(below(4) ? below(KVM2_APIC_FLAGS + 2) : number());
	message->mode = (uint8_t)(below(4) ? below(9) : chance());
	message->reserved = below(4) ? 0 : (uint8_t)chance();
}

/* What each call expects; kvm_create_vcpu has no structure. */
static void (*const expected[])(char *, size_t) = {
	shape_config, shape_run, shape_run, shape_records, shape_records, shape_map, shape_dirty, shape_io, shape_irq,
	shape_message,
};

static void kvm2_call(void)
{
	const size_t call = below(COUNT(expected));
	const long nr = __NR_kvm_create_vm + (long)call;
	uint64_t at = address(buffer);
	uint64_t arguments[4];

	for (size_t i = 0; i < COUNT(arguments); i++)
		arguments[i] = number();
	if (at >= (uintptr_t)buffer && at < (uintptr_t)buffer + BUFFER_BYTES) {
		size_t room = (uintptr_t)buffer + BUFFER_BYTES - at;

		fill((char *)(uintptr_t)at, room);
		if (below(8))
			expected[below(4) ? call : below(COUNT(expected))]((char *)(uintptr_t)at, room);
		/* Where each call has its buffer, and what it says of its size. */
		for (size_t i = 0; i < 2; i++) {
			if (below(2))
				arguments[i + 1] = below(4) ? room : arguments[i + 1];
			else if (below(2))
				arguments[i + 1] = 1040;
		}
		arguments[nr == __NR_kvm_create_vm || nr == __NR_kvm_get_state || nr == __NR_kvm_set_state] = at;
		if (nr == __NR_kvm_get_state || nr == __NR_kvm_set_state)
			arguments[0] = below(2) ? (uint64_t)-1 : arguments[0];
	}
	syscall(nr, arguments[0], arguments[1], arguments[2], arguments[3]);
}

/* ---- /dev/kvm, which need not be there ---- */

#define R(nr, size) _IOC(_IOC_READ, KVMIO, nr, size)
#define W(nr, size) _IOC(_IOC_WRITE, KVMIO, nr, size)
#define RW(nr, size) _IOC(_IOC_READ | _IOC_WRITE, KVMIO, nr, size)

static const unsigned long requests[] = {
	KVM_GET_MSR_INDEX_LIST, KVM_GET_MSR_FEATURE_INDEX_LIST, KVM_SET_USER_MEMORY_REGION, W(0x49, 160),
	W(0xd2, 32), RW(0xd4, 64), KVM_GET_DIRTY_LOG, KVM_CLEAR_DIRTY_LOG, KVM_SET_IDENTITY_MAP_ADDR,
	KVM_REGISTER_COALESCED_MMIO, KVM_IRQ_LINE, KVM_IRQ_LINE_STATUS, KVM_SET_GSI_ROUTING, KVM_IRQFD,
	KVM_IOEVENTFD, KVM_SIGNAL_MSI, KVM_GET_IRQCHIP, KVM_SET_IRQCHIP, KVM_CREATE_PIT2, KVM_GET_PIT2, KVM_SET_PIT2,
	KVM_REINJECT_CONTROL, KVM_CREATE_DEVICE, KVM_SET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR, KVM_ENABLE_CAP,
	KVM_GET_CLOCK, KVM_SET_CLOCK, KVM_X86_SET_MSR_FILTER, KVM_GET_MSRS, KVM_SET_MSRS, KVM_GET_CPUID2,
	KVM_SET_CPUID2, KVM_GET_FPU, KVM_SET_FPU, KVM_GET_XSAVE, KVM_SET_XSAVE, KVM_GET_XCRS, KVM_SET_XCRS,
	KVM_GET_SREGS2, KVM_SET_SREGS2, KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS, KVM_GET_VCPU_EVENTS,
	KVM_SET_VCPU_EVENTS, KVM_GET_MP_STATE, KVM_SET_MP_STATE, KVM_GET_NESTED_STATE, KVM_SET_NESTED_STATE,
	KVM_GET_LAPIC, KVM_SET_LAPIC, KVM_SET_GUEST_DEBUG, KVM_INTERRUPT, KVM_TRANSLATE, KVM_SET_SIGNAL_MASK,
	KVM_TPR_ACCESS_REPORTING, KVM_GET_ONE_REG, KVM_SET_ONE_REG, KVM_GET_REG_LIST, KVM_X86_SET_MCE,
};

static void classic_call(int fd)
{
	const unsigned long request = requests[below(COUNT(requests))];
	uint64_t at = address(buffer);

	if (at >= (uintptr_t)buffer && at < (uintptr_t)buffer + BUFFER_BYTES) {
		size_t room = (uintptr_t)buffer + BUFFER_BYTES - at;
		uint64_t pointer = address(inner);

		fill((char *)(uintptr_t)at, room);
		/* The second or third eight bytes are a pointer in those that have one. */
		if (room >= 24 && below(2))
			memcpy((char *)(uintptr_t)at + 8 + 8 * below(2), &pointer, 8);
		if (room >= 4 && below(2))
			memset((char *)(uintptr_t)at, (int)below(8), 1);
	}
	ioctl(fd, request, at);
}

/* A file stands for the vcpu. */
static void classic_run(int fd, struct kvm_run *run, size_t bytes)
{
	fill((char *)run, bytes);
	if (below(16))
		run->exit_reason = (uint32_t)below(42);
	if (run->exit_reason == KVM_EXIT_IO && below(2)) {
		run->io.size = (uint8_t)(1 << below(3));
		run->io.count = (uint32_t)number();
		run->io.data_offset = below(4) ? below(bytes) : number();
	}
	ioctl(fd, KVM_RUN, below(8) ? 0 : number());
}

static char *guarded(void)
{
	char *pages = mmap(NULL, BUFFER_BYTES + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || munmap(pages + BUFFER_BYTES, PAGE)) {
		perror("noise: mmap");
		exit(1);
	}
	return pages;
}

int main(int argc, char *argv[])
{
	const size_t run_bytes = 3 * PAGE;
	char name[] = "/tmp/kvm2-noise-XXXXXX";
	unsigned long calls;
	void *run;
	int fd;

	if (argc != 3)
		return 2;
	state = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
	calls = strtoul(argv[2], NULL, 0);
	buffer = guarded();
	inner = guarded();
	fd = mkstemp(name);
	if (fd < 0 || ftruncate(fd, run_bytes)) {
		perror("noise: a file in /tmp");
		return 1;
	}
	run = mmap(NULL, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (run == MAP_FAILED) {
		perror("noise: mmap");
		return 1;
	}
	for (unsigned long i = 0; i < calls; i++) {
		fill(inner, BUFFER_BYTES);
		switch (below(4)) {
		case 0:
			classic_call(fd);
			break;
		case 1:
			classic_run(fd, run, run_bytes);
			break;
		default:
			kvm2_call();
		}
	}
	return unlink(name) != 0;
}
