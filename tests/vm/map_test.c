// SPDX-License-Identifier: GPL-2.0
/*
 * Replaces the memory map 10,000 times while two vcpus write to all of RAM:
 * no access to RAM may become an exit, and no dirty page may be lost.
 *
 * RAM is a fixed part and a window with two banks behind it, of which each
 * map shows one. A bank that has left the map is written by nobody, so once
 * the pages that the harvest names are copied, its copy must be the bank to
 * the last byte. The fixed part stays, with its log, through all changes; its
 * copy is compared at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm2.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvm2/kvm2.h"
#include "rounds.h"
#include "tap.h"

#define PAGE		4096UL
#define CODE_GPA	0UL
#define FIXED_GPA	0x100000UL
#define FIXED_PAGES	128UL
#define WINDOW_GPA	(FIXED_GPA + FIXED_PAGES * PAGE)
#define WINDOW_PAGES	64UL
#define NR_VCPUS	2
#define MAX_RUNS	(FIXED_PAGES + WINDOW_PAGES)

extern const uint8_t hammer_code[], hammer_code_end[];

/* A piece of guest memory, and what the dirty log says that it holds. */
struct memory {
	uint8_t *bytes;
	uint8_t *copy;
	size_t pages;
};

struct vcpu {
	pthread_t thread;
	uint32_t id;
	int result;
	unsigned long ram_exits;
	struct kvm2_run run;
};

static struct memory code, fixed, banks[2];
static atomic_bool stopping;
static atomic_int nr_ready;

static void memory_init(struct memory *memory, size_t pages)
{
	memory->pages = pages;
	memory->bytes = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory->copy = calloc(pages, PAGE);
	if (memory->bytes == MAP_FAILED || !memory->copy)
		tap_die("guest memory");
}

/* Take over the pages of @run, which starts @gpa - @base into @memory. */
static void copy_run(struct memory *memory, uint64_t base,
		     const struct kvm2_dirty_run *run)
{
	size_t offset = run->gpa - base;
	size_t size = run->pages * PAGE;

	if (run->gpa < base || offset + size > memory->pages * PAGE) {
		tap_ok(false, "a dirty run lies in the range asked for");
		exit(tap_end());
	}
	memcpy(memory->copy + offset, memory->bytes + offset, size);
}

static bool is_copied(const struct memory *memory)
{
	return !memcmp(memory->copy, memory->bytes, memory->pages * PAGE);
}

/* The map with bank @bank; @shape varies the regions of the fixed part. */
static int set_map(int bank, int shape, struct kvm2_dirty_run *runs,
		   uint32_t nr_runs)
{
	const uint64_t far_gpa = 0x10000000ULL + (shape % 7) * PAGE;
	const struct kvm2_memory_region regions[] = {
		/* Comes and goes elsewhere: neighbours must not notice. */
		{ .gpa = far_gpa, .size = PAGE,
		  .address = (uintptr_t)code.bytes },
		{ .gpa = WINDOW_GPA, .size = WINDOW_PAGES * PAGE,
		  .address = (uintptr_t)banks[bank].bytes,
		  .flags = KVM2_REGION_LOG_DIRTY },
		{ .gpa = CODE_GPA, .size = PAGE,
		  .address = (uintptr_t)code.bytes },
		{ .gpa = FIXED_GPA, .size = FIXED_PAGES * PAGE,
		  .address = (uintptr_t)fixed.bytes,
		  .flags = KVM2_REGION_LOG_DIRTY },
	};
	const struct kvm2_memory_map map = {
		.regions = (uintptr_t)regions, .nr_regions = 4,
		.dirty = (uintptr_t)runs, .nr_dirty = nr_runs,
	};

	return kvm2_sys_set_memory_map(&map, sizeof(map));
}

/* Copy all that is dirty in a range, in bites of @max_pages. */
static int drain(struct memory *memory, uint64_t gpa, uint64_t max_pages)
{
	struct kvm2_dirty_run runs[8];
	const uint64_t end = gpa + memory->pages * PAGE;
	struct kvm2_dirty_log log = {
		.gpa = gpa, .runs = (uintptr_t)runs, .nr_runs = 8,
		.max_pages = max_pages,
	};
	int i, count;

	while (log.gpa < end) {
		log.size = end - log.gpa;
		count = kvm2_sys_get_dirty_log(&log, sizeof(log));
		if (count < 0)
			return count;
		if (log.pages > max_pages || log.next < log.gpa)
			return -EPROTO;
		for (i = 0; i < count; i++)
			copy_run(memory, gpa, &runs[i]);
		log.gpa = log.next;
	}
	return 0;
}

static void add(struct kvm2_records *records, uint32_t set, uint64_t number,
		const void *value, uint32_t size)
{
	if (kvm2_records_add(records, set, number, value, size))
		tap_die("records");
}

/* Flat protected mode, at the start of hammer_code. */
static int start_vcpu(const struct vcpu *vcpu)
{
	const struct kvm2_segment cs = { .limit = ~0U, .selector = 8,
					 .access = 0xc09b };
	const struct kvm2_segment ds = { .limit = ~0U, .selector = 16,
					 .access = 0xc093 };
	const uint64_t offset = vcpu->id * 64;
	const uint32_t mp = KVM2_MP_RUNNABLE;
	const struct { uint32_t set; uint64_t number, value; } words[] = {
		{ KVM2_SET_CONTROL, KVM2_CONTROL_RIP, CODE_GPA },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 2 },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 0x11 },
		{ KVM2_SET_GPR, KVM2_GPR_RSI, FIXED_GPA },
		{ KVM2_SET_GPR, KVM2_GPR_RDI, WINDOW_GPA + WINDOW_PAGES * PAGE },
		{ KVM2_SET_GPR, KVM2_GPR_RBX, offset },
		{ KVM2_SET_GPR, KVM2_GPR_RBP, 0 },
	};
	uint64_t buffer[128];
	struct kvm2_records records;
	size_t i;
	int r;

	kvm2_records_init(&records, buffer, sizeof(buffer));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		add(&records, words[i].set, words[i].number, &words[i].value, 8);
	add(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, &cs, sizeof(cs));
	for (i = KVM2_SEGMENT_ES; i <= KVM2_SEGMENT_GS; i++) {
		if (i != KVM2_SEGMENT_CS)
			add(&records, KVM2_SET_SEGMENT, i, &ds, sizeof(ds));
	}
	add(&records, KVM2_SET_MP, KVM2_MP_STATE, &mp, sizeof(mp));
	r = kvm2_sys_set_state(KVM2_SELF, buffer, records.used, 0);
	return r < 0 ? r : 0;
}

static void *vcpu_main(void *arg)
{
	struct vcpu *vcpu = arg;
	sigset_t mask;

	/* Only in the guest does SIGUSR1 get through: no wake-up is lost. */
	sigemptyset(&mask);
	vcpu->result = kvm2_sys_create_vcpu(vcpu->id, KVM2_VCPU_NEW);
	if (!vcpu->result)
		vcpu->result = start_vcpu(vcpu);
	atomic_fetch_add(&nr_ready, 1);
	while (!vcpu->result && !atomic_load(&stopping)) {
		vcpu->result = kvm2_sys_enter_guest(&vcpu->run,
						    sizeof(vcpu->run), &mask,
						    KVM2_SIGSET_SIZE);
		if (!vcpu->result)
			vcpu->ram_exits++;
		if (vcpu->result == -EINTR && atomic_load(&stopping))
			vcpu->result = 0;
	}
	/* The vcpu stays with its thread until main() has looked. */
	return NULL;
}

/* One change of the map. Return: 0, or what went wrong as a sentence. */
static const char *flip(int round, unsigned long *harvested)
{
	static struct kvm2_dirty_run runs[MAX_RUNS];
	int bank = round & 1, left = !bank;
	int i, count;

	/* Every so often without room: nothing may have changed then. */
	if (round % 100 == 7) {
		count = set_map(bank, round, runs, 0);
		if (count != -ENOSPC && count != 0)
			return "a harvest without room says so";
		if (!count)
			return NULL;
	}
	count = set_map(bank, round, runs, MAX_RUNS);
	if (count < 0) {
		errno = -count;
		return "the map is replaced";
	}
	for (i = 0; i < count; i++) {
		copy_run(&banks[left], WINDOW_GPA, &runs[i]);
		*harvested += runs[i].pages;
	}
	if (!is_copied(&banks[left]))
		return "the harvest names every dirty page of what has left";
	/* Logging starts with all pages dirty; from here on it is exact. */
	if (drain(&banks[bank], WINDOW_GPA, 1 + round % 17))
		return "the log of the window is read";
	if (round % 16 == 0 && drain(&fixed, FIXED_GPA, 1 + round % 31))
		return "the log of the fixed part is read";
	return NULL;
}

static void flip_maps(int rounds)
{
	unsigned long harvested = 0;
	const char *wrong = NULL;
	int round;

	for (round = 1; round <= rounds && !wrong; round++) {
		wrong = flip(round, &harvested);
		if (round % (rounds / 10) == 0)
			tap_note("%d maps, %lu pages harvested", round,
				 harvested);
	}
	tap_ok(!wrong, "%d maps are set while two vcpus write: %s", rounds,
	       wrong ? wrong : "every dirty page that leaves is harvested");
	tap_ok(harvested > (unsigned long)rounds,
	       "the vcpus kept writing: %lu pages harvested", harvested);
}

/* Does every page bear the mark of vcpu @id? */
static bool all_written(const struct memory *memory, int id)
{
	uint32_t mark;
	size_t page;

	for (page = 0; page < memory->pages; page++) {
		memcpy(&mark, memory->bytes + page * PAGE + id * 64,
		       sizeof(mark));
		if (!mark)
			return false;
	}
	return true;
}

static void ignore(int signal)
{
	(void)signal;
}

static void stop_vcpus(struct vcpu *vcpus)
{
	int i;

	atomic_store(&stopping, true);
	for (i = 0; i < NR_VCPUS; i++) {
		pthread_kill(vcpus[i].thread, SIGUSR1);
		pthread_join(vcpus[i].thread, NULL);
	}
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : (int)lab_rounds(10000);
	const struct kvm2_vm_config config = { .name = "map_test" };
	const struct sigaction action = { .sa_handler = ignore };
	static struct vcpu vcpus[NR_VCPUS];
	sigset_t blocked;
	int i, kvm;

	memory_init(&code, 1);
	memory_init(&fixed, FIXED_PAGES);
	memory_init(&banks[0], WINDOW_PAGES);
	memory_init(&banks[1], WINDOW_PAGES);
	memcpy(code.bytes, hammer_code, hammer_code_end - hammer_code);

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0 || kvm2_sys_create_vm(kvm, &config, sizeof(config)))
		tap_die("kvm_create_vm");
	close(kvm);
	if (set_map(0, 0, NULL, 0))
		tap_die("the first map");

	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	for (i = 0; i < NR_VCPUS; i++) {
		vcpus[i].id = i;
		if (pthread_create(&vcpus[i].thread, NULL, vcpu_main, &vcpus[i]))
			tap_die("pthread_create");
	}
	while (atomic_load(&nr_ready) < NR_VCPUS)
		usleep(1000);

	flip_maps(rounds);
	stop_vcpus(vcpus);

	for (i = 0; i < NR_VCPUS; i++) {
		tap_is(vcpus[i].result, 0, "vcpu %d ran to the end", i);
		tap_is((long)vcpus[i].ram_exits, 0,
		       "vcpu %d never left the guest for RAM (reason %u, gpa %llx)",
		       i, vcpus[i].run.exit_reason,
		       (unsigned long long)vcpus[i].run.mmio.gpa);
	}
	tap_is(drain(&fixed, FIXED_GPA, 5), 0, "the last of the log is read");
	tap_ok(is_copied(&fixed),
	       "what stayed in the map has lost no dirty page either");
	for (i = 0; i < NR_VCPUS; i++)
		tap_ok(all_written(&fixed, i) && all_written(&banks[0], i) &&
		       all_written(&banks[1], i),
		       "vcpu %d wrote to every page of RAM", i);
	return tap_end();
}
