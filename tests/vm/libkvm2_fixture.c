// SPDX-License-Identifier: GPL-2.0
/* The VM that the tests of libkvm2_test share: its memory, its reset state, how it is entered. */
#include "libkvm2_fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

void *map_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		tap_die("mmap");
	return memory;
}

/* Three regions, the logged and the swapped one as asked for. */
int set_map(struct fixture *f, const char *swapped, uint32_t log_flags,
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

void list_into(struct fixture *f, struct kvm2_records *records, uint64_t *data,
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

void must(int ret, const char *what)
{
	if (ret >= 0)
		return;
	errno = -ret;
	tap_die("%s", what);
}

void set_segment(struct fixture *f, uint64_t number, uint16_t selector)
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

uint64_t get(struct fixture *f, uint32_t set, uint64_t number)
{
	uint64_t value = 0;

	must(kvm2_vcpu_get_u64(f->vcpu, set, number, &value), "read a register");
	return value;
}

int set(struct fixture *f, uint32_t set_number, uint64_t number, uint64_t value)
{
	return kvm2_vcpu_set_u64(f->vcpu, set_number, number, value);
}

void note_failed(const struct fixture *f, const struct kvm2_records *records)
{
	const struct kvm2_record *failed = kvm2_records_failed(records);
	char name[KVM2_NAME_SIZE];

	if (failed)
		tap_note("%s: refused: %s", f->api,
			 kvm2_register_name(failed->set, failed->number, name));
}

void reset(struct fixture *f)
{
	int ret = kvm2_vcpu_set_state(f->vcpu, f->reset_data, f->reset.used, 0);

	if (ret < 0)
		note_failed(f, &f->reset);
	must(ret, "set the reset state");
}

void start_code(struct fixture *f, const char *code, size_t bytes)
{
	memcpy(f->ram + CODE, code, bytes);
	memset(f->ram + BUFFER, 0, PAGE);
	reset(f);
	must(set(f, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, CODE), "set rip");
}

int enter(struct fixture *f)
{
	return kvm2_vcpu_enter(f->vcpu, &f->run, NULL);
}

/* Is the exit that was just delivered a port access like this? */
static bool is_io(const struct fixture *f, uint8_t direction, uint16_t port, uint8_t size)
{
	return f->run.exit_reason == KVM2_EXIT_IO && f->run.io.direction == direction &&
	       f->run.io.port == port && f->run.io.size == size;
}

bool enter_io(struct fixture *f, uint8_t direction, uint16_t port, uint8_t size)
{
	int ret = enter(f);

	if (ret == 0 && is_io(f, direction, port, size))
		return true;
	tap_note("entry returned %d, exit %s, port %#x", ret,
		 kvm2_exit_reason_name(f->run.exit_reason), f->run.io.port);
	return false;
}

bool ends(struct fixture *f)
{
	return enter_io(f, KVM2_IO_OUT, END_PORT, 1);
}

bool enter_mmio(struct fixture *f, uint64_t gpa, uint32_t len, uint32_t is_write)
{
	int ret = enter(f);

	if (ret == 0 && f->run.exit_reason == KVM2_EXIT_MMIO && f->run.mmio.gpa == gpa &&
	    f->run.mmio.len == len && f->run.mmio.is_write == is_write)
		return true;
	tap_note("entry returned %d, exit %s", ret, kvm2_exit_reason_name(f->run.exit_reason));
	return false;
}
