// SPDX-License-Identifier: GPL-2.0
/* A VM, vcpus and small guests for the state tests. */
#include "state_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"

#define PAGE_TABLES	0x1000

#define CR0_PE		(1UL << 0)
#define CR0_ET		(1UL << 4)
#define CR0_NE		(1UL << 5)
#define CR0_PG		(1UL << 31)
#define CR4_PAE		(1UL << 5)
#define CR4_OSFXSR	(1UL << 9)
#define CR4_OSXMMEXCPT	(1UL << 10)
#define CR4_OSXSAVE	(1UL << 18)
#define EFER_LME	(1UL << 8)
#define EFER_LMA	(1UL << 10)

#define XSAVE_LEAF	(0xdUL << 32)

uint8_t *fixture_ram;

static uint32_t next_vcpu;
static __thread uint32_t vcpu_id;

void fixture_init(void)
{
	struct kvm2_vm_config config = { .name = "state" };
	struct kvm2_memory_region region = { .size = RAM_BYTES };
	struct kvm2_memory_map map = {
		.regions = (uintptr_t)&region,
		.nr_regions = 1,
	};
	int fd, r;

	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		tap_die("/dev/kvm");
	r = kvm2_sys_create_vm(fd, &config, sizeof(config));
	if (r)
		tap_die("kvm_create_vm: %s", strerror(-r));
	close(fd);

	fixture_ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fixture_ram == MAP_FAILED)
		tap_die("mmap");
	region.address = (uintptr_t)fixture_ram;
	r = kvm2_sys_set_memory_map(&map, sizeof(map));
	if (r < 0)
		tap_die("kvm_set_memory_map: %s", strerror(-r));
}

static void *vcpu_thread(void *arg)
{
	void (*test)(void) = arg;
	int r;

	vcpu_id = next_vcpu++;
	r = kvm2_sys_create_vcpu(vcpu_id, KVM2_VCPU_NEW);
	if (r)
		tap_die("kvm_create_vcpu: %s", strerror(-r));
	test();
	return NULL;
}

void fixture_run(void (*test)(void))
{
	memset(fixture_ram, 0, STACK_TOP);
	fixture_run_on(test);
}

void fixture_run_on(void (*test)(void))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, vcpu_thread, test))
		tap_die("pthread_create");
	pthread_join(thread, NULL);
}

uint32_t fixture_vcpu_id(void)
{
	return vcpu_id;
}

struct one_record {
	struct kvm2_record header;
	uint8_t value[KVM2_VALUE_MAX];
};

int fixture_get(uint16_t set, uint64_t number, void *value, uint32_t size)
{
	_Alignas(8) static __thread struct one_record record;
	int r;

	memset(&record, 0xa5, KVM2_RECORD_BYTES(size));
	record.header = (struct kvm2_record){
		.set = set, .number = number, .size = size,
	};
	r = kvm2_sys_get_state(KVM2_SELF, &record, KVM2_RECORD_BYTES(size), 0);
	memcpy(value, record.value, size);
	return r;
}

int fixture_set(uint16_t set, uint64_t number, const void *value, uint32_t size)
{
	_Alignas(8) static __thread struct one_record record;

	record.header = (struct kvm2_record){
		.set = set, .number = number, .size = size,
	};
	memcpy(record.value, value, size);
	return kvm2_sys_set_state(KVM2_SELF, &record, KVM2_RECORD_BYTES(size),
				  0);
}

uint64_t fixture_get_u64(uint16_t set, uint64_t number, uint32_t size)
{
	uint64_t value = 0;
	int r;

	r = fixture_get(set, number, &value, size);
	if (r < 0)
		tap_die("get set %u number %#lx: %s", set, number,
			strerror(-r));
	return value;
}

void fixture_list(struct state *state, uint32_t flags)
{
	int r;

	r = kvm2_sys_get_state(KVM2_SELF, state->data, sizeof(state->data),
			       KVM2_STATE_LIST | flags);
	if (r < 0)
		tap_die("list state: %s", strerror(-r));
	state->used = r;
}

int fixture_set_all(struct state *state)
{
	return kvm2_sys_set_state(KVM2_SELF, state->data, state->used, 0);
}

struct kvm2_record *fixture_next(struct state *state,
				 struct kvm2_record *record)
{
	uint8_t *next = record ? (uint8_t *)record +
				 KVM2_RECORD_BYTES(record->size) : state->data;

	return next < state->data + state->used ? (void *)next : NULL;
}

struct kvm2_record *fixture_find(struct state *state, uint16_t set,
				 uint64_t number)
{
	struct kvm2_record *record = NULL;

	while ((record = fixture_next(state, record))) {
		if (record->set == set && record->number == number)
			break;
	}
	return record;
}

static void note_record(const char *what, const struct kvm2_record *record)
{
	uint64_t value[2] = {};

	if (!record) {
		tap_note("%s: no record", what);
		return;
	}
	memcpy(value, record->value, record->size < 16 ? record->size : 16);
	tap_note("%s: set %u number %#llx size %u attributes %#x value %#lx %#lx",
		 what, record->set, record->number, record->size,
		 record->attributes, value[0], value[1]);
}

bool fixture_is_same(struct state *a, struct state *b)
{
	struct kvm2_record *first = NULL, *second = NULL;

	do {
		first = fixture_next(a, first);
		second = fixture_next(b, second);
		if (!first && !second)
			return true;
	} while (first && second && first->size == second->size &&
		 !memcmp(first, second, KVM2_RECORD_BYTES(first->size)));
	note_record("first", first);
	note_record("second", second);
	return false;
}

void fixture_give_host_cpuid(void)
{
	static __thread struct state state;
	struct kvm2_record *record = NULL;
	int r;

	fixture_list(&state, KVM2_STATE_SET(KVM2_SET_HOST_CPUID));
	while ((record = fixture_next(&state, record)))
		record->set = KVM2_SET_CPUID;
	r = fixture_set_all(&state);
	if (r < 0)
		tap_die("set CPUID: %s", strerror(-r));
}

/* The first 16 MB, where they are. */
static uint64_t write_page_tables(void)
{
	uint64_t *table = (uint64_t *)(fixture_ram + PAGE_TABLES);
	int i;

	table[0] = (PAGE_TABLES + 0x1000) | 3;
	table[512] = (PAGE_TABLES + 0x2000) | 3;
	for (i = 0; i < 8; i++)
		table[1024 + i] = (uint64_t)i << 21 | 0x83;
	return PAGE_TABLES;
}

struct builder {
	struct kvm2_records records;
	_Alignas(8) uint8_t data[4096];
};

static void add(struct builder *builder, uint16_t set, uint64_t number,
		const void *value, uint32_t size)
{
	if (kvm2_records_add(&builder->records, set, number, value, size))
		tap_die("kvm2_records_add");
}

static void add_u64(struct builder *builder, uint16_t set, uint64_t number,
		    uint64_t value)
{
	add(builder, set, number, &value, sizeof(value));
}

static uint64_t host_xcr0(void)
{
	struct kvm2_cpuid leaf;

	if (fixture_get(KVM2_SET_CPUID, XSAVE_LEAF, &leaf, sizeof(leaf)) < 0)
		return 1;
	return leaf.eax | (uint64_t)leaf.edx << 32;
}

void fixture_start_long_mode(const void *code, size_t size)
{
	const struct kvm2_segment text = {
		.limit = 0xffffffff, .selector = 8, .access = 0xa09b,
	};
	const struct kvm2_segment data = {
		.limit = 0xffffffff, .selector = 16, .access = 0xc093,
	};
	const struct kvm2_segment task = {
		.limit = 0x67, .selector = 24, .access = 0x8b,
	};
	uint64_t xcr0 = host_xcr0();
	struct builder b;
	uint32_t state = KVM2_MP_RUNNABLE;
	int i, r;

	memcpy(fixture_ram + CODE, code, size);
	kvm2_records_init(&b.records, b.data, sizeof(b.data));
	for (i = 0; i <= KVM2_SEGMENT_GS; i++)
		add(&b, KVM2_SET_SEGMENT, i,
		    i == KVM2_SEGMENT_CS ? &text : &data, sizeof(data));
	add(&b, KVM2_SET_SEGMENT, KVM2_SEGMENT_TR, &task, sizeof(task));
	add_u64(&b, KVM2_SET_CONTROL, KVM2_CONTROL_CR0,
		CR0_PE | CR0_ET | CR0_NE | CR0_PG);
	add_u64(&b, KVM2_SET_CONTROL, KVM2_CONTROL_CR3, write_page_tables());
	add_u64(&b, KVM2_SET_CONTROL, KVM2_CONTROL_CR4,
		CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT |
		(xcr0 > 1 ? CR4_OSXSAVE : 0));
	add_u64(&b, KVM2_SET_CONTROL, KVM2_CONTROL_EFER, EFER_LME | EFER_LMA);
	add_u64(&b, KVM2_SET_CONTROL, KVM2_CONTROL_XCR0, xcr0);
	add_u64(&b, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 2);
	add_u64(&b, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, CODE);
	add_u64(&b, KVM2_SET_GPR, KVM2_GPR_RSP, STACK_TOP);
	add(&b, KVM2_SET_MP, KVM2_MP_STATE, &state, sizeof(state));

	r = kvm2_sys_set_state(KVM2_SELF, b.data, b.records.used, 0);
	if (r < 0) {
		note_record("refused", kvm2_records_failed(&b.records));
		tap_die("start long mode: %s", strerror(-r));
	}
}

int fixture_enter(struct kvm2_run *run)
{
	int r;

	r = kvm2_sys_enter_guest(run, sizeof(*run), NULL, 0);
	return r ? r : (int)run->exit_reason;
}

bool fixture_run_to_end(void)
{
	static __thread struct kvm2_run run;
	int reason;

	memset(&run, 0, sizeof(run));
	reason = fixture_enter(&run);
	if (reason == KVM2_EXIT_IO && run.io.port == DONE_PORT)
		return true;
	tap_note("exit %d, rip %#lx", reason,
		 fixture_get_u64(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 8));
	return false;
}
