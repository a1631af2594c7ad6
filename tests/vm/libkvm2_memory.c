// SPDX-License-Identifier: GPL-2.0
/* libkvm2_test: the memory map and the dirty log. */
#include "libkvm2_fixture.h"

#include <errno.h>
#include <string.h>

GUEST(guest_read_swapped, "movb 0x8000, %al\n" END);

/* Byte 0 of LOGGED_PAGES pages, %cx of them, %bx apart, from %di on. */
GUEST(guest_dirty, "1: incb %es:(%di); addw %bx, %di; loop 1b\n" END);

GUEST(guest_write_read_only, "movb $0x42, %gs:0x80\n" END);

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

void test_memory(struct fixture *f)
{
	test_map(f);
	test_read_only(f);
	test_dirty_log(f);
	test_harvest(f);
}
