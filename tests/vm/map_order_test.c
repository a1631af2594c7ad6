// SPDX-License-Identifier: GPL-2.0
/*
 * Maps of hundreds of regions, each with memory from anywhere, again and
 * again replaced in part or as a whole: the guest sees the memory that the map
 * says, an exit where it says nothing, and new memory where the old one has
 * been taken away, for which KVM has to find the region by its address in
 * user space.
 */
#include <fcntl.h>
#include <linux/kvm2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvm2/kvm2.h"
#include "rounds.h"
#include "tap.h"

#define PAGE		4096UL
#define CODE_GPA	0UL
#define FIRST_GPA	0x100000UL
#define NR_PLACES	700	/* pages of the guest that may have memory */
#define NR_PAGES	400	/* pages of memory; regions may share one */
#define NO_PAGE		(-1)
#define MMIO_DATA	0x51515151U
#define TAKEN_AWAY	60	/* pages, each round */

/* mov eax, [esi]; out dx, eax; again */
static const uint8_t program[] = { 0x8b, 0x06, 0xef, 0xeb, 0xfb };

struct place {
	int page;
	uint32_t flags;
};

static struct place places[NR_PLACES];
static uint32_t marks[NR_PAGES];
static uint8_t *memory, *code;
static struct kvm2_run run;

/* ---- the memory ---- */

static uint32_t *mark_of(int page)
{
	return (uint32_t *)(memory + page * PAGE);
}

static void mark(int page)
{
	static uint32_t number;

	marks[page] = ++number << 10 | page;
	*mark_of(page) = marks[page];
}

/* The page is another one afterwards. */
static void take_away(int page)
{
	if (madvise(mark_of(page), PAGE, MADV_DONTNEED))
		tap_die("MADV_DONTNEED");
	mark(page);
}

/* ---- the map ---- */

/* One place in @one_in becomes another one. */
static void change_places(int one_in)
{
	int i;

	for (i = 0; i < NR_PLACES; i++) {
		if (rand() % one_in)
			continue;
		places[i].page = rand() % 4 ? rand() % NR_PAGES : NO_PAGE;
		places[i].flags = rand() % 3 ? 0 : KVM2_REGION_LOG_DIRTY;
	}
}

static int set_map(uint32_t *count)
{
	static struct kvm2_memory_region regions[1 + NR_PLACES];
	struct kvm2_memory_map map = { .regions = (uintptr_t)regions };
	struct kvm2_memory_region swap;
	uint32_t n = 0, other;
	int i;

	regions[n++] = (struct kvm2_memory_region){
		.gpa = CODE_GPA, .size = PAGE, .address = (uintptr_t)code,
	};
	for (i = 0; i < NR_PLACES; i++) {
		if (places[i].page == NO_PAGE)
			continue;
		regions[n] = (struct kvm2_memory_region){
			.gpa = FIRST_GPA + i * PAGE, .size = PAGE,
			.address = (uintptr_t)mark_of(places[i].page),
			.flags = places[i].flags,
		};
		/* Nobody says that they have to be in order. */
		other = rand() % (n + 1);
		swap = regions[other];
		regions[other] = regions[n];
		regions[n++] = swap;
	}
	map.nr_regions = n;
	*count = n;
	return kvm2_sys_set_memory_map(&map, sizeof(map));
}

/* ---- the guest ---- */

static void add(struct kvm2_records *records, uint32_t set, uint64_t number,
		const void *value, uint32_t size)
{
	if (kvm2_records_add(records, set, number, value, size))
		tap_die("records");
}

static int set_state(const struct kvm2_records *records)
{
	long r = kvm2_sys_set_state(KVM2_SELF, records->data, records->used,
				    0);

	return r < 0 ? (int)r : 0;
}

/* Flat protected mode, as the reset state is not. */
static int start_vcpu(void)
{
	const struct kvm2_segment cs = { .limit = ~0U, .selector = 8,
					 .access = 0xc09b };
	const struct kvm2_segment ds = { .limit = ~0U, .selector = 16,
					 .access = 0xc093 };
	const uint64_t rip = CODE_GPA, cr0 = 0x11, port = 0x10;
	uint64_t buffer[64];
	struct kvm2_records records;

	kvm2_records_init(&records, buffer, sizeof(buffer));
	add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip, 8);
	add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, &cr0, 8);
	add(&records, KVM2_SET_GPR, KVM2_GPR_RDX, &port, 8);
	add(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, &cs, sizeof(cs));
	add(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_DS, &ds, sizeof(ds));
	return set_state(&records);
}

/* What the guest reads at a place, and whether that was an exit. */
static int read_guest(int place, uint32_t *value, bool *is_mmio)
{
	const uint64_t gpa = FIRST_GPA + place * PAGE;
	struct kvm2_records records;
	uint64_t buffer[8];
	int r;

	kvm2_records_init(&records, buffer, sizeof(buffer));
	add(&records, KVM2_SET_GPR, KVM2_GPR_RSI, &gpa, 8);
	r = set_state(&records);
	if (!r)
		r = kvm2_sys_enter_guest(&run, sizeof(run), NULL, 0);
	*is_mmio = !r && run.exit_reason == KVM2_EXIT_MMIO &&
		   run.mmio.gpa == gpa;
	if (*is_mmio) {
		const uint32_t data = MMIO_DATA;

		memcpy(&run.mmio.data, &data, sizeof(data));
		r = kvm2_sys_enter_guest(&run, sizeof(run), NULL, 0);
	}
	if (r)
		return r;
	if (run.exit_reason != KVM2_EXIT_IO)
		return -1;
	memcpy(value, &run.io.data, sizeof(*value));
	return 0;
}

/* Return: how many places the guest sees otherwise. */
static unsigned int wrong_places(const char *when)
{
	unsigned int wrong = 0;
	uint32_t value = 0, wanted;
	bool is_mmio;
	int i, r;

	for (i = 0; i < NR_PLACES; i++) {
		const int page = places[i].page;

		wanted = page == NO_PAGE ? MMIO_DATA : marks[page];
		r = read_guest(i, &value, &is_mmio);
		if (!r && value == wanted && is_mmio == (page == NO_PAGE))
			continue;
		if (!wrong++)
			tap_note("%s: place %d of page %d: %d, %#x, not %#x",
				 when, i, page, r, value, wanted);
	}
	return wrong;
}

/* ---- the test ---- */

static void init(void)
{
	const struct kvm2_vm_config config = { .name = "map_order" };
	int kvm, i;

	memory = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || code == MAP_FAILED)
		tap_die("guest memory");
	memcpy(code, program, sizeof(program));
	for (i = 0; i < NR_PAGES; i++)
		mark(i);
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0 || kvm2_sys_create_vm(kvm, &config, sizeof(config)))
		tap_die("kvm_create_vm");
	close(kvm);
	if (kvm2_sys_create_vcpu(0, KVM2_VCPU_NEW) || start_vcpu())
		tap_die("kvm_create_vcpu");
}

int main(void)
{
	/* All of the map, a part of it, single regions. */
	static const int shares[] = { 1, 3, 50, 300 };
	const int rounds = (int)lab_rounds(40);
	unsigned int wrong = 0, stale = 0, refused = 0;
	unsigned long regions = 0;
	uint32_t count;
	int round, i;

	srand(1);
	init();
	for (round = 0; round < rounds; round++) {
		change_places(shares[round % 4]);
		refused += set_map(&count) < 0;
		regions += count;
		wrong += wrong_places("in a new map");
		for (i = 0; i < TAKEN_AWAY; i++)
			take_away(rand() % NR_PAGES);
		stale += wrong_places("with other memory");
	}
	tap_is(refused, 0, "%d maps with %lu regions are taken", rounds,
	       regions);
	tap_is(wrong, 0, "the guest sees what the map says");
	tap_is(stale, 0, "what was taken away is gone for the guest, too");
	return tap_end();
}
