// SPDX-License-Identifier: GPL-2.0
/* Tiny guests in the calling process, on the bare system calls. */
#include "guest.h"

#include <kvm2/kvm2.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int guest_hold_kvm(void)
{
	struct kvm_enable_cap split = {
		.cap = KVM_CAP_SPLIT_IRQCHIP, .args = { 24 },
	};
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(fd, KVM_CREATE_VM, 0);

	/* Local APICs that are not enabled count in what is patched. */
	if (fd < 0 || vm < 0 || ioctl(vm, KVM_ENABLE_CAP, &split) ||
	    ioctl(vm, KVM_CREATE_VCPU, 0) < 0)
		return -errno;
	return close(fd) ? -errno : 0;
}

int guest_map(uint8_t *ram, uint32_t flags)
{
	struct kvm2_memory_region region = {
		.size = GUEST_RAM,
		.address = (uintptr_t)ram,
		.flags = flags,
	};
	struct kvm2_memory_map map = {
		.regions = (uintptr_t)&region,
		.nr_regions = 1,
	};

	return kvm2_sys_set_memory_map(&map, sizeof(map));
}

int guest_create_vm(const char *name, uint8_t **ram)
{
	struct kvm2_vm_config config = {};
	int fd, r;

	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(config.name, sizeof(config.name), "%s", name);
	r = kvm2_sys_create_vm(fd, &config, sizeof(config));
	close(fd);
	if (r)
		return r;

	*ram = mmap(NULL, GUEST_RAM, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (*ram == MAP_FAILED)
		return -errno;
	memcpy(*ram + GUEST_CODE, guest_code, guest_code_end - guest_code);
	return guest_map(*ram, 0);
}

static struct guest_record u64_record(uint32_t set, uint64_t number,
				      uint32_t size, uint64_t value)
{
	return (struct guest_record){
		.set = set, .number = number, .size = size, .value = { value },
	};
}

/* Puts a record behind those of @used bytes. Return: bytes used then. */
static size_t append(uint8_t *records, size_t used,
		     const struct guest_record *record)
{
	size_t bytes = KVM2_RECORD_BYTES(record->size);

	memcpy(records + used, record, bytes);
	return used + bytes;
}

static struct guest_record segment_record(unsigned int number)
{
	struct kvm2_segment segment = {
		.limit = 0xffff,
		.access = number == KVM2_SEGMENT_CS ? 0x9b : 0x93,
	};
	struct guest_record record = {
		.set = KVM2_SET_SEGMENT,
		.number = number,
		.size = sizeof(segment),
	};

	memcpy(record.value, &segment, sizeof(segment));
	return record;
}

int guest_start(const void *program, uint32_t param)
{
	uint64_t rip = GUEST_CODE + ((const uint8_t *)program - guest_code);
	uint64_t records[128] = {};
	uint8_t *to = (uint8_t *)records;
	struct guest_record record;
	size_t used = 0;
	unsigned int i;
	int r;

	for (i = KVM2_GPR_RAX; i <= KVM2_GPR_R15; i++) {
		record = u64_record(KVM2_SET_GPR, i, 8,
				    i == KVM2_GPR_RCX ? param : 0);
		used = append(to, used, &record);
	}
	for (i = KVM2_SEGMENT_ES; i <= KVM2_SEGMENT_GS; i++) {
		record = segment_record(i);
		used = append(to, used, &record);
	}
	record = u64_record(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 8, rip);
	used = append(to, used, &record);
	record = u64_record(KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 8, 2);
	used = append(to, used, &record);
	record = u64_record(KVM2_SET_MP, KVM2_MP_STATE, 4, KVM2_MP_RUNNABLE);
	used = append(to, used, &record);

	r = kvm2_sys_set_state(KVM2_SELF, records, used, 0);
	return r < 0 ? r : 0;
}

int guest_enter(struct kvm2_run *run)
{
	return kvm2_sys_enter_guest(run, sizeof(*run), NULL, 0);
}

/* The n-th number that guest_sum gets from the port, or from MMIO. */
static uint16_t port_number(uint32_t seed)
{
	return seed * 40503;
}

static uint32_t mmio_number(uint32_t seed)
{
	return seed * 2654435761U;
}

uint32_t guest_sum_result(uint32_t rounds, uint32_t seed)
{
	return rounds * (port_number(seed) + mmio_number(seed));
}

static int answer_io(struct kvm2_exit_io *io, uint32_t seed)
{
	uint16_t number = port_number(seed);
	bool out = io->direction == KVM2_IO_OUT;

	switch (io->port) {
	case GUEST_PORT_NUMBER:
		memcpy(io->data, &number, sizeof(number));
		return !out && io->size == sizeof(number) ? 0 : -EPROTO;
	case GUEST_PORT_SUM:
		return out && io->size == 4 ? 0 : -EPROTO;
	case GUEST_PORT_STRING:
		if (!out)
			memset(io->data, 1, io->count);
		return io->size == 1 && io->count <= GUEST_DATA_SIZE ? 0 :
								       -EPROTO;
	case GUEST_PORT_END:
		return out && io->size == 4 ? 1 : -EPROTO;
	}
	return -EPROTO;
}

static int answer_mmio(struct kvm2_exit_mmio *mmio, uint32_t seed)
{
	uint32_t number = mmio_number(seed);

	if (mmio->len != sizeof(number))
		return -EPROTO;
	if (mmio->gpa == GUEST_MMIO && !mmio->is_write) {
		memcpy(mmio->data, &number, sizeof(number));
		return 0;
	}
	return mmio->gpa == GUEST_MMIO + 4 && mmio->is_write ? 0 : -EPROTO;
}

int guest_answer(struct kvm2_run *run, uint32_t seed)
{
	switch (run->exit_reason) {
	case KVM2_EXIT_IO:
		return answer_io(&run->io, seed);
	case KVM2_EXIT_MMIO:
		return answer_mmio(&run->mmio, seed);
	}
	return -EPROTO;
}

int guest_finish(struct kvm2_run *run, uint32_t seed, uint32_t *result)
{
	int r;

	do {
		r = guest_enter(run);
		if (r)
			return r;
		r = guest_answer(run, seed);
	} while (!r);
	if (r < 0)
		return r;
	memcpy(result, run->io.data, sizeof(*result));
	return 0;
}

int guest_get(uint32_t set, uint64_t number, void *value, size_t size)
{
	return guest_get_of(KVM2_SELF, set, number, value, size);
}

int guest_get_of(int pidfd, uint32_t set, uint64_t number, void *value,
		 size_t size)
{
	struct guest_record record = {
		.set = set, .number = number, .size = size,
	};
	int r;

	r = kvm2_sys_get_state(pidfd, &record, KVM2_RECORD_BYTES(size), 0);
	if (r < 0)
		return r;
	memcpy(value, record.value, size);
	return 0;
}

int guest_set(uint32_t set, uint64_t number, const void *value, size_t size)
{
	struct guest_record record = {
		.set = set, .number = number, .size = size,
	};
	int r;

	memcpy(record.value, value, size);
	r = kvm2_sys_set_state(KVM2_SELF, &record, KVM2_RECORD_BYTES(size), 0);
	return r < 0 ? r : 0;
}
