// SPDX-License-Identifier: GPL-2.0
/* The calls, with random arguments that are more often right than wrong. */
#include "stress.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD	O_EXCL
#endif

#define PAGE		4096UL
#define VCPUS		6
#define REGIONS_MAX	300
#define RUNS_MAX	64
#define ENTERS_MAX	32

/* ---- arguments ---- */

static uint32_t pick(struct stress_thread *t, uint32_t limit)
{
	return stress_random(&t->random, limit);
}

static uint64_t any_number(struct stress_thread *t)
{
	uint64_t bits = (uint64_t)pick(t, UINT32_MAX) << 32 |
			pick(t, UINT32_MAX);

	switch (pick(t, 4)) {
	case 0:
		return pick(t, 16);
	case 1:
		return 1UL << pick(t, 64);
	case 2:
		return bits >> pick(t, 64);
	default:
		return -(uint64_t)pick(t, 8192);
	}
}

static uint64_t bad_pointer(struct stress_thread *t)
{
	switch (pick(t, 6)) {
	case 0:
		return 0;
	case 1:
		return 0xffff888000000000 + any_number(t) % (1UL << 30);
	case 2:
		/* Whatever it is, it is not ours. */
		return any_number(t) | 1UL << 47;
	case 3:
		return (uintptr_t)stress_ram + STRESS_RAM - pick(t, 64);
	case 4:
		return (uintptr_t)stress_ram + pick(t, STRESS_RAM);
	default:
		return (uintptr_t)stress_spare + pick(t, STRESS_SPARE);
	}
}

static uint64_t pointer(struct stress_thread *t, const void *good)
{
	return stress_once(t, 20) ? bad_pointer(t) : (uintptr_t)good;
}

static uint64_t size(struct stress_thread *t, size_t good)
{
	if (!stress_once(t, 30))
		return good;
	return stress_once(t, 2) ? good + pick(t, 17) - 8 : any_number(t);
}

/* As size(), but what is behind stress_thread.records is not ours. */
static uint64_t records_size(struct stress_thread *t, size_t good)
{
	uint64_t bytes = size(t, good);

	return bytes <= STRESS_RECORDS_SIZE ? bytes : bytes | 1UL << 21;
}

/* Spoil some bytes, now and then. */
static void spoil(struct stress_thread *t, void *data, size_t bytes,
		  uint32_t cases)
{
	unsigned int n;

	if (!stress_once(t, cases))
		return;
	for (n = 1 + pick(t, 3); n; n--)
		((uint8_t *)data)[pick(t, bytes)] ^= 1 << pick(t, 8);
}

/* ---- kvm_create_vm, kvm_create_vcpu ---- */

/* Return: as the call. */
static long try_create_vm(struct stress_thread *t)
{
	struct kvm2_vm_config config = { .name = "stress" };
	long r;
	int fd = open(stress_once(t, 10) ? "/dev/null" : "/dev/kvm",
		      O_RDWR | O_CLOEXEC);

	spoil(t, &config, sizeof(config), 4);
	r = stress_call(t, __NR_kvm_create_vm,
			stress_once(t, 20) ? any_number(t) : (uint64_t)fd,
			pointer(t, &config), size(t, sizeof(config)), 0);
	close(fd);
	return r;
}

static void create_vm(struct stress_thread *t)
{
	try_create_vm(t);
}

/* A vcpu with the host's CPUID. */
static void set_cpuid(struct stress_thread *t)
{
	uint8_t *records = (uint8_t *)t->records;
	struct kvm2_record *record;
	long used, at;

	used = stress_call(t, __NR_kvm_get_state, KVM2_SELF,
			   (uintptr_t)records, STRESS_RECORDS_SIZE,
			   KVM2_STATE_LIST |
			   KVM2_STATE_SET(KVM2_SET_HOST_CPUID));
	for (at = 0; at < used; at += KVM2_RECORD_BYTES(record->size)) {
		record = (void *)(records + at);
		record->set = KVM2_SET_CPUID;
	}
	if (used > 0)
		stress_call(t, __NR_kvm_set_state, KVM2_SELF,
			    (uintptr_t)records, used, 0);
}

static void start_guest(struct stress_thread *t)
{
	static const uint8_t *const programs[] = {
		guest_sum, guest_count, guest_halt, guest_ports, guest_touch,
		guest_outs, guest_ins,
	};

	guest_start(programs[pick(t, 7)], 1 + pick(t, 1000));
}

static void create_vcpu(struct stress_thread *t)
{
	uint64_t id = stress_once(t, 20) ? any_number(t) : pick(t, VCPUS);
	uint64_t flags = stress_once(t, 10) ? pick(t, 3) : 0;
	long r;

	r = stress_call(t, __NR_kvm_create_vcpu, id, flags, 0, 0);
	if (!r && stress_once(t, 2))
		set_cpuid(t);
	if (r >= 0)
		start_guest(t);
}

void stress_begin(struct stress_thread *t)
{
	unsigned int tries = 4;
	long r;

	/* To make and to end one costs a debug kernel most of the time. */
	if (stress_has_faults ? stress_once(t, 2) : stress_once(t, 10))
		return;
	do
		r = try_create_vm(t);
	while (--tries && r && r != -EEXIST);
	create_vcpu(t);
}

/* ---- kvm_enter_guest ---- */

static void enter(struct stress_thread *t)
{
	uint64_t mask = ~0UL >> pick(t, 64) | any_number(t);
	uint64_t run = (uintptr_t)&t->run;
	bool has_mask = stress_once(t, 3);
	long r;

	/* Or there might be a guest that nothing ends. */
	mask &= ~(1UL << (STRESS_TICK - 1));
	t->run.flags = stress_once(t, 4) ? KVM2_RUN_IMMEDIATE_EXIT : 0;
	spoil(t, &t->run.flags, sizeof(t->run.flags), 50);
	if (stress_once(t, 8))
		run = (uintptr_t)stress_spare + pick(t, STRESS_SPARE);
	else if (stress_once(t, 12))
		run = bad_pointer(t);
	stress_tick(t, true);
	r = stress_call(t, __NR_kvm_enter_guest, run,
			size(t, sizeof(t->run)),
			has_mask ? pointer(t, &mask) : 0,
			has_mask ? size(t, sizeof(mask)) : any_number(t));
	/* Other calls shall meet it as well. */
	if (!stress_once(t, 4))
		stress_tick(t, false);
	if (r)
		return;
	/* Some reply to any exit. */
	spoil(t, &t->run.io.data, 16, 2);
}

static void enter_often(struct stress_thread *t)
{
	unsigned int n;

	for (n = pick(t, ENTERS_MAX); n && t->result != -ENXIO; n--)
		enter(t);
}

/* ---- kvm_get_state, kvm_set_state ---- */

static int random_tid(struct stress_thread *t)
{
	unsigned int process = stress_once(t, 3) ?
			       pick(t, STRESS_PROCESSES) : t->process;

	return stress_board->slots[process][pick(t, STRESS_THREADS)].tid;
}

/* KVM2_SELF, somebody's pidfd, or rubbish. To be closed if not negative. */
static int random_vcpu(struct stress_thread *t)
{
	int r;

	if (!stress_once(t, 3))
		return KVM2_SELF;
	r = syscall(SYS_pidfd_open, random_tid(t),
		    stress_once(t, 20) ? 0 : PIDFD_THREAD);
	return r < 0 ? r - 1 : r;
}

static void close_vcpu(int vcpu)
{
	if (vcpu >= 0)
		close(vcpu);
}

static uint32_t random_list(struct stress_thread *t)
{
	uint32_t flags = KVM2_STATE_LIST | pick(t, 8) << 1;

	if (!stress_once(t, 10))
		flags |= KVM2_STATE_SET(1 + pick(t, KVM2_SET_GUEST_DEBUG));
	if (stress_once(t, 30))
		flags ^= 1U << pick(t, 32);
	return flags;
}

static void list_state(struct stress_thread *t)
{
	int vcpu = random_vcpu(t);
	size_t bytes = stress_once(t, 4) ? pick(t, 1000) :
					   sizeof(t->records);

	stress_call(t, __NR_kvm_get_state, vcpu, pointer(t, t->records),
		    bytes, random_list(t));
	close_vcpu(vcpu);
}

/* Some records by the tables. Return: bytes. */
static size_t fill_records(struct stress_thread *t)
{
	static const struct { uint16_t set, size; uint32_t number; }
	registers[] = {
#define X(set, number, size, attributes, name, text)			\
		{ KVM2_SET_##set, size, number },
		KVM2_REGISTERS(X)
#undef X
		{ KVM2_SET_VECTOR, 16, 1 }, { KVM2_SET_VECTOR, 32, 2 },
		{ KVM2_SET_XSTATE, 8, 9 }, { KVM2_SET_CPUID, 24, 0 },
		{ KVM2_SET_MSR, 8, 0x10 }, { KVM2_SET_MSR, 8, 0x1b },
		{ KVM2_SET_MSR, 8, 0x277 }, { KVM2_SET_MSR, 8, 0x6e0 },
		{ KVM2_SET_MSR, 8, 0xc0000080 }, { KVM2_SET_MSR, 8, 0xc0000082 },
		{ KVM2_SET_MSR, 8, 0x4b564d01 }, { KVM2_SET_MSR, 8, 0x4b564d02 },
		{ KVM2_SET_MSR, 8, 0x4b564d03 }, { KVM2_SET_MSR, 8, 0x40000000 },
		{ KVM2_SET_LAPIC, 4, 2 }, { KVM2_SET_LAPIC, 4, 8 },
		{ KVM2_SET_LAPIC, 4, 0x32 }, { KVM2_SET_LAPIC, 4, 0x38 },
	};
	uint8_t *to = (uint8_t *)t->records;
	struct guest_record record;
	unsigned int n, i;
	size_t used = 0;

	for (n = 1 + pick(t, 6); n; n--) {
		i = pick(t, sizeof(registers) / sizeof(registers[0]));
		record = (struct guest_record){
			.set = registers[i].set,
			.size = registers[i].size,
			.number = registers[i].number,
			.value = { any_number(t), any_number(t) },
		};
		spoil(t, &record, 16, 20);
		memcpy(to + used, &record, sizeof(record));
		used += record.size > 64 ? sizeof(record) :
					   KVM2_RECORD_BYTES(record.size);
	}
	return used;
}

static void get_records(struct stress_thread *t)
{
	int vcpu = random_vcpu(t);
	size_t used = fill_records(t);

	stress_call(t, __NR_kvm_get_state, vcpu, pointer(t, t->records),
		    records_size(t, used),
		    stress_once(t, 30) ? any_number(t) : 0);
	close_vcpu(vcpu);
}

static void set_records(struct stress_thread *t)
{
	int vcpu = random_vcpu(t);
	size_t used = fill_records(t);

	stress_call(t, __NR_kvm_set_state, vcpu, pointer(t, t->records),
		    records_size(t, used),
		    stress_once(t, 30) ? any_number(t) : 0);
	close_vcpu(vcpu);
}

/* What there is, a few bits changed: closer to what is valid. */
static void change_state(struct stress_thread *t)
{
	int vcpu = random_vcpu(t);
	uint32_t flags = KVM2_STATE_LIST | KVM2_STATE_WRITABLE;
	long used;

	if (!stress_once(t, 6))
		flags |= KVM2_STATE_SET(1 + pick(t, KVM2_SET_GUEST_DEBUG));
	used = stress_call(t, __NR_kvm_get_state, vcpu,
			   (uintptr_t)t->records, sizeof(t->records), flags);
	if (used > 0 && (size_t)used <= sizeof(t->records)) {
		spoil(t, t->records, used, 2);
		spoil(t, t->records, used, 3);
		stress_call(t, __NR_kvm_set_state, vcpu,
			    (uintptr_t)t->records, used, 0);
	}
	close_vcpu(vcpu);
}

/* ---- kvm_set_memory_map, kvm_get_dirty_log ---- */

/* The guest must reach no memory but stress_ram. */
static bool is_harmless(const struct kvm2_memory_region *region)
{
	uint64_t ram = (uintptr_t)stress_ram;

	return region->address >= ram && region->size <= STRESS_RAM &&
	       region->address - ram <= STRESS_RAM - region->size;
}

/* RAM in pieces, with holes and aliases. Return: how many. */
static uint32_t fill_regions(struct stress_thread *t,
			     struct kvm2_memory_region regions[])
{
	/* Each costs ten vmallocs, for which a debug kernel takes its time. */
	uint32_t many = stress_has_faults ? 200 : 10;
	uint32_t pieces = stress_once(t, many) ? REGIONS_MAX : 1 + pick(t, 8);
	uint64_t pages = GUEST_RAM / PAGE / pieces ?: 1;
	bool aliases = stress_once(t, 4), holes = stress_once(t, 4);
	uint32_t flags = pick(t, 4), i, n = 0;

	if (stress_once(t, 20))
		return 0;
	for (i = 0; i < pieces; i++) {
		struct kvm2_memory_region region = {
			.gpa = i * pages * PAGE,
			.size = pages * PAGE,
			.address = (uintptr_t)stress_ram +
				   i * pages * PAGE % GUEST_RAM,
			.flags = stress_once(t, 4) ? pick(t, 4) : flags,
		};

		if (holes && stress_once(t, 4))
			continue;
		if (aliases)
			region.address = (uintptr_t)stress_ram +
				pick(t, (STRESS_RAM - region.size) / PAGE) *
				PAGE;
		spoil(t, &region, sizeof(region), 20 * pieces);
		if (!is_harmless(&region))
			region.reserved = 1;
		regions[n++] = region;
	}
	return n;
}

static void set_map(struct stress_thread *t)
{
	struct kvm2_memory_region regions[REGIONS_MAX];
	struct kvm2_dirty_run runs[RUNS_MAX];
	struct kvm2_memory_map map = {
		.regions = (uintptr_t)regions,
	};

	map.nr_regions = fill_regions(t, regions);
	if (stress_once(t, 2)) {
		map.dirty = pointer(t, runs);
		map.nr_dirty = pick(t, RUNS_MAX);
	}
	/* Garbage in place of the regions could be harmful ones. */
	if (stress_once(t, 20))
		map.regions = 0xffff888000000000 + pick(t, 1 << 20);
	spoil(t, &map.flags, sizeof(map.flags), 50);
	spoil(t, &map.reserved, sizeof(map.reserved), 50);
	stress_call(t, __NR_kvm_set_memory_map,
		    stress_once(t, 30) ? 0 : (uintptr_t)&map,
		    size(t, sizeof(map)), 0, 0);
}

static void get_log(struct stress_thread *t)
{
	struct kvm2_dirty_run runs[RUNS_MAX];
	struct kvm2_dirty_log log = {
		.gpa = stress_once(t, 2) ? pick(t, GUEST_RAM / PAGE) * PAGE : 0,
		.size = (1 + pick(t, GUEST_RAM / PAGE)) * PAGE,
		.max_pages = stress_once(t, 2) ? pick(t, 200) : 0,
		.runs = (uintptr_t)runs,
		.nr_runs = 1 + pick(t, RUNS_MAX),
	};

	spoil(t, &log, sizeof(log), 20);
	if (log.runs == (uintptr_t)runs && log.nr_runs > RUNS_MAX)
		log.nr_runs = RUNS_MAX;
	else if (log.runs != (uintptr_t)runs)
		log.runs = bad_pointer(t);
	stress_call(t, __NR_kvm_get_dirty_log, pointer(t, &log),
		    size(t, sizeof(log)), 0, 0);
}

const struct stress_operation stress_calls[] = {
	{ "kvm_create_vm",		 2,  1, create_vm },
	{ "kvm_create_vcpu",		 6,  1, create_vcpu },
	{ "a program",			 4,  1, start_guest },
	{ "kvm_enter_guest",		12,  1, enter },
	{ "kvm_enter_guest, often",	 3,  1, enter_often },
	{ "kvm_get_state of a list",	 6, 16, list_state },
	{ "kvm_get_state",		 6, 48, get_records },
	{ "kvm_set_state",		 6, 48, set_records },
	{ "kvm_get_state and set",	 8, 24, change_state },
	{ "kvm_set_memory_map",		 5,  1, set_map },
	{ "kvm_get_dirty_log",		 8, 64, get_log },
};

const size_t stress_nr_calls = sizeof(stress_calls) / sizeof(stress_calls[0]);
