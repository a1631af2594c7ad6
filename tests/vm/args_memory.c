// SPDX-License-Identifier: GPL-2.0
/* kvm_set_memory_map() and kvm_get_dirty_log(). */
#include "args.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "guest.h"
#include "tap.h"

#define PAGE		4096UL
#define SLOTS_MAX	32764  /* KVM_USER_MEM_SLOTS of an x86 kernel */
#define TOUCH_PAGES	((GUEST_RAM - GUEST_TOUCH) / PAGE)

/* Structures with the tail that a newer user space would have. */
struct long_map {
	struct kvm2_memory_map map;
	uint8_t tail[4096 - sizeof(struct kvm2_memory_map)];
};

struct long_log {
	struct kvm2_dirty_log log;
	uint8_t tail[4096 - sizeof(struct kvm2_dirty_log)];
};

/* The map of the guest, and what the rows make wrong in it. */
static struct kvm2_memory_region regions[2];
static struct kvm2_memory_map map = {
	.regions = (uintptr_t)regions, .nr_regions = 1,
};

static const struct args_row good_map = {
	"kvm_set_memory_map", SET_MEMORY_MAP(&map, sizeof(map)), -EINVAL
};

static struct kvm2_dirty_run runs[8];
static struct kvm2_dirty_log dirty_log = {
	.size = GUEST_RAM, .runs = (uintptr_t)runs, .nr_runs = 8,
};

static void check_map_size(void)
{
	static struct long_map zero_tail, first_set, last_set;
	const struct args_row rows[] = {
		{ "kvm_set_memory_map, size 0",
		  SET_MEMORY_MAP(&map, 0), -EINVAL },
		{ "kvm_set_memory_map, size one short",
		  SET_MEMORY_MAP(&map, sizeof(map) - 1), -EINVAL },
		{ "kvm_set_memory_map, a set byte behind",
		  SET_MEMORY_MAP(&first_set, sizeof(map) + 1), -E2BIG },
		{ "kvm_set_memory_map, the last byte of a page set",
		  SET_MEMORY_MAP(&last_set, sizeof(last_set)), -E2BIG },
		{ "kvm_set_memory_map, size above a page",
		  SET_MEMORY_MAP(&zero_tail, 4097), -E2BIG },
		{ "kvm_set_memory_map, size -1",
		  SET_MEMORY_MAP(&map, -1), -E2BIG },
		{ "kvm_set_memory_map takes a longer map of zeros",
		  SET_MEMORY_MAP(&zero_tail, sizeof(zero_tail)), 0 },
		{ "kvm_set_memory_map, by another thread",
		  SET_MEMORY_MAP(&map, sizeof(map)), 0, THREAD },
	};

	zero_tail.map = first_set.map = last_set.map = map;
	first_set.tail[0] = 1;
	last_set.tail[sizeof(last_set.tail) - 1] = 1;
	args_check(rows, ARRAY_SIZE(rows));
}

static void check_map_members(void)
{
	struct kvm2_memory_map too_many = {
		.regions = (uintptr_t)regions, .nr_regions = SLOTS_MAX + 1,
	};
	struct kvm2_memory_map far_too_many = {
		.regions = (uintptr_t)regions, .nr_regions = UINT32_MAX,
	};
	const struct args_row rows[] = {
		{ "kvm_set_memory_map, too many regions",
		  SET_MEMORY_MAP(&too_many, sizeof(map)), -E2BIG },
		{ "kvm_set_memory_map, 2^32 - 1 regions",
		  SET_MEMORY_MAP(&far_too_many, sizeof(map)), -E2BIG },
	};
	struct args_row pointer = good_map;
	struct args_row row = good_map;

	args_check(rows, ARRAY_SIZE(rows));
	pointer.what = "kvm_set_memory_map, map";
	args_check_pointer(&pointer, &pointer.args[0], sizeof(map), 0);
	row.what = "kvm_set_memory_map, regions";
	args_check_pointer(&row, &map.regions, sizeof(regions[0]), 0);
	row.what = "kvm_set_memory_map, unknown flag";
	args_check_bits32(&row, &map.flags, 0);
	row.what = "kvm_set_memory_map, reserved";
	args_check_bits32(&row, &map.reserved, 0);
}

/* Each wrong region by itself, and beside the right one. */
static void check_regions(uint8_t *ram)
{
	const uint64_t address = (uintptr_t)ram;
	const struct {
		const char *what;
		struct kvm2_memory_region region;
	} wrong[] = {
		{ "size 0", { 0x100000, 0, address, 0, 0 } },
		{ "size less than a page", { 0x100000, 2048, address, 0, 0 } },
		{ "gpa in a page", { 0x100001, PAGE, address, 0, 0 } },
		{ "gpa in the middle of a page",
		  { 0x100800, PAGE, address, 0, 0 } },
		{ "address in a page",
		  { 0x100000, PAGE, address + 1, 0, 0 } },
		{ "address in the middle of a page",
		  { 0x100000, PAGE, address + 2048, 0, 0 } },
		{ "size not of pages", { 0x100000, PAGE + 1, address, 0, 0 } },
		{ "gpa + size wraps",
		  { -PAGE, 2 * PAGE, address, 0, 0 } },
		{ "size wraps", { PAGE, -PAGE, address, 0, 0 } },
		{ "size 2^63", { 0, 1UL << 63, address, 0, 0 } },
		{ "the last page there is", { -PAGE, PAGE, address, 0, 0 } },
		{ "gpa above what a processor has",
		  { 1UL << 52, PAGE, address, 0, 0 } },
		{ "more pages than KVM takes",
		  { 0x100000, 1UL << 43, address, 0, 0 } },
		{ "address in the kernel",
		  { 0x100000, PAGE, 0xffff888000000000, 0, 0 } },
		{ "address at the end of user space",
		  { 0x100000, PAGE, 0x7ffffffff000, 0, 0 } },
		{ "address not canonical",
		  { 0x100000, PAGE, 1UL << 47, 0, 0 } },
		{ "address and size wrap",
		  { 0x100000, 2 * PAGE, -PAGE, 0, 0 } },
		{ "memory that reaches into the kernel",
		  { 0x100000, 1UL << 42, 0x7f0000000000, 0, 0 } },
		{ "the same region twice",
		  { 0, GUEST_RAM, address, 0, 0 } },
		{ "overlap of a page at the start",
		  { 0, PAGE, address, 0, 0 } },
		{ "overlap of a page at the end",
		  { GUEST_RAM - PAGE, 2 * PAGE, address, 0, 0 } },
		{ "overlap in the middle",
		  { PAGE, PAGE, address, 0, 0 } },
		{ "overlap around",
		  { 0, 2 * GUEST_RAM, address, 0, 0 } },
	};
	struct args_row row = good_map;
	struct kvm2_memory_region good = regions[0];
	char what[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		/* The second, then the first. */
		snprintf(what, sizeof(what), "kvm_set_memory_map, region: %s",
			 wrong[i].what);
		row.what = what;
		map.nr_regions = 2;
		regions[1] = wrong[i].region;
		args_check(&row, 1);
		regions[0] = wrong[i].region;
		regions[1] = good;
		snprintf(what, sizeof(what),
			 "kvm_set_memory_map, region: %s, named first",
			 wrong[i].what);
		args_check(&row, 1);
		regions[0] = good;
	}
	map.nr_regions = 1;

	row.what = "kvm_set_memory_map, region: unknown flag";
	args_check_bits32(&row, &regions[0].flags, KVM2_REGION_FLAGS);
	row.what = "kvm_set_memory_map, region: reserved";
	args_check_bits32(&row, &regions[0].reserved, 0);
	row.what = "kvm_set_memory_map, region: gpa not aligned";
	args_check_bits32(&row, &regions[0].gpa, ~0xfffU);
	row.what = "kvm_set_memory_map, region: size not aligned";
	args_check_bits32(&row, &regions[0].size, ~0xfffU);
	row.what = "kvm_set_memory_map, region: address not aligned";
	args_check_bits32(&row, &regions[0].address, ~0xfffU);
}

void args_set_memory_map(uint8_t *ram)
{
	regions[0] = (struct kvm2_memory_region){
		.size = GUEST_RAM, .address = (uintptr_t)ram,
	};
	check_map_size();
	check_map_members();
	check_regions(ram);
}

/* Dirty pages of the guest's RAM, taken out of the log; or -errno. */
static long take_dirty_pages(void)
{
	struct kvm2_dirty_run all[GUEST_RAM / PAGE];
	struct kvm2_dirty_log log = {
		.size = GUEST_RAM, .runs = (uintptr_t)all,
		.nr_runs = ARRAY_SIZE(all),
	};
	struct args_row row = {
		"", GET_DIRTY_LOG(&log, sizeof(log)), 0
	};
	long r = args_call(&row);

	return r < 0 ? r : (long)log.pages;
}

/* Let the calling thread's vcpu write each page of GUEST_TOUCH once. */
static int touch(void)
{
	struct kvm2_run run = {};
	uint32_t result;
	int r = guest_start(guest_touch, 1);

	return r ? r : guest_finish(&run, 0, &result);
}

static void check_log_size(void)
{
	static struct long_log zero_tail, first_set, last_set;
	const struct args_row rows[] = {
		{ "kvm_get_dirty_log, size 0",
		  GET_DIRTY_LOG(&dirty_log, 0), -EINVAL },
		{ "kvm_get_dirty_log, size one short",
		  GET_DIRTY_LOG(&dirty_log, sizeof(dirty_log) - 1), -EINVAL },
		{ "kvm_get_dirty_log, a set byte behind",
		  GET_DIRTY_LOG(&first_set, sizeof(dirty_log) + 1), -E2BIG },
		{ "kvm_get_dirty_log, the last byte of a page set",
		  GET_DIRTY_LOG(&last_set, sizeof(last_set)), -E2BIG },
		{ "kvm_get_dirty_log, size above a page",
		  GET_DIRTY_LOG(&zero_tail, 4097), -E2BIG },
		{ "kvm_get_dirty_log, size -1",
		  GET_DIRTY_LOG(&dirty_log, -1), -E2BIG },
	};

	zero_tail.log = first_set.log = last_set.log = dirty_log;
	first_set.tail[0] = 1;
	last_set.tail[sizeof(last_set.tail) - 1] = 1;
	args_check(rows, ARRAY_SIZE(rows));
}

static void check_log_members(void)
{
#define LOG(...)							\
	GET_DIRTY_LOG((&(struct kvm2_dirty_log){			\
			.size = GUEST_RAM, .runs = (uintptr_t)runs,	\
			.nr_runs = 8, __VA_ARGS__ }),			\
		      sizeof(struct kvm2_dirty_log))
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
	const struct args_row rows[] = {
		{ "kvm_get_dirty_log, no room for runs",
		  LOG(.nr_runs = 0), -ENOSPC },
		{ "kvm_get_dirty_log, more runs than can be counted",
		  LOG(.nr_runs = INT_MAX + 1U), -EINVAL },
		{ "kvm_get_dirty_log, 2^32 - 1 runs",
		  LOG(.nr_runs = UINT32_MAX), -EINVAL },
		{ "kvm_get_dirty_log, empty range",
		  LOG(.size = 0), -EINVAL },
		{ "kvm_get_dirty_log, size less than a page",
		  LOG(.size = PAGE - 1), -EINVAL },
		{ "kvm_get_dirty_log, size not of pages",
		  LOG(.size = PAGE + 1), -EINVAL },
		{ "kvm_get_dirty_log, gpa in a page",
		  LOG(.gpa = 1), -EINVAL },
		{ "kvm_get_dirty_log, gpa in the middle of a page",
		  LOG(.gpa = 2048), -EINVAL },
		{ "kvm_get_dirty_log, gpa + size wraps",
		  LOG(.gpa = -PAGE, .size = 2 * PAGE), -EINVAL },
		{ "kvm_get_dirty_log, size wraps",
		  LOG(.gpa = PAGE, .size = -PAGE), -EINVAL },
	};
#pragma GCC diagnostic pop
	struct args_row row = {
		"kvm_get_dirty_log, unknown flag",
		GET_DIRTY_LOG(&dirty_log, sizeof(dirty_log)), -EINVAL
	};

	args_check(rows, ARRAY_SIZE(rows));
	args_check_bits32(&row, &dirty_log.flags, 0);
}

/* With dirty pages in the log: none of them may get lost. */
static void check_log_pointers(void)
{
	struct args_row row = {
		"kvm_get_dirty_log, log",
		GET_DIRTY_LOG(&dirty_log, sizeof(dirty_log)), 0
	};
	struct args_row one = {
		"kvm_get_dirty_log takes a longer log of zeros",
		GET_DIRTY_LOG(NULL, 4096), 1
	};
	static struct long_log zero_tail;

	tap_ok(take_dirty_pages() >= 0, "the log can be emptied");
	tap_is(touch(), 0, "the guest writes %lu pages", TOUCH_PAGES);

	args_check_pointer(&row, &row.args[0], sizeof(dirty_log),
			   ARGS_WRITTEN);
	row.what = "kvm_get_dirty_log, runs";
	args_check_pointer(&row, &dirty_log.runs, sizeof(runs[0]),
			   ARGS_WRITTEN);

	/* The first page of the range alone, so that the rest stays. */
	zero_tail.log = dirty_log;
	zero_tail.log.gpa = GUEST_TOUCH;
	zero_tail.log.max_pages = 1;
	one.args[0] = (long)&zero_tail;
	args_check(&one, 1);
	tap_is(zero_tail.log.pages, 1, "it reports one page");
	tap_is(zero_tail.log.next, GUEST_TOUCH + PAGE, "it says how to go on");
	tap_is(take_dirty_pages(), TOUCH_PAGES - 1,
	       "no dirty page was lost by calls that failed");
}

/* The harvest of a map that goes. */
static void check_harvest(void)
{
	struct args_row row = {
		"kvm_set_memory_map, dirty", SET_MEMORY_MAP(&map, sizeof(map)),
		-ENOSPC
	};

	take_dirty_pages();
	tap_is(touch(), 0, "the guest writes %lu pages again", TOUCH_PAGES);
	/* Logging ends, so its pages are to be reported. */
	regions[0].flags = 0;
	map.dirty = (uintptr_t)runs;
	map.nr_dirty = 1;
	args_check_pointer(&row, &map.dirty, sizeof(runs[0]),
			   ARGS_WRITTEN | ARGS_OPTIONAL);
	map.nr_dirty = 0;
	row.what = "kvm_set_memory_map, no room for dirty pages";
	args_check(&row, 1);
	map.nr_dirty = 1;
	row.what = "kvm_set_memory_map reports one run of dirty pages";
	row.expected = 1;
	args_check(&row, 1);
	tap_ok(runs[0].gpa == GUEST_TOUCH && runs[0].pages == TOUCH_PAGES,
	       "the run is what the guest wrote: %#llx, %llu pages",
	       (unsigned long long)runs[0].gpa,
	       (unsigned long long)runs[0].pages);
	map.dirty = 0;
	map.nr_dirty = 0;
}

/* Context: a thread with a vcpu of its own, while the others do not run. */
void args_get_dirty_log(uint8_t *ram)
{
	tap_is(guest_map(ram, KVM2_REGION_LOG_DIRTY), 0, "the log is on");
	check_log_size();
	check_log_members();
	check_log_pointers();
	check_harvest();
}
