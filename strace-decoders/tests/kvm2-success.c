/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Check decoding of the kvm2 syscalls: what comes out, of calls that succeed
 * by injection, under -e kvm2=diff,vcpu.
 */
#include "tests.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kvm2.h"

/* The value that every call returns: two records of 8 bytes, or that many runs. */
enum { INJECTED = 48 };

int
main(void)
{
	static const struct record8 all[] = {
		RECORD8(KVM2_SET_TSC, KVM2_TSC_VALUE, 0x1234),
		RECORD8(KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 0x80000013),
		RECORD8(KVM2_SET_GPR, KVM2_GPR_RAX, 1),
	};
	struct record8 *const records = tail_memdup(all, sizeof(all));
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_run, run);
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_memory_map, map);
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_dirty_log, log);
	struct kvm2_memory_region *const regions = tail_alloc(2 * sizeof(*regions));
	struct kvm2_dirty_run *const runs = tail_alloc(2 * sizeof(*runs));

	call(__NR_kvm_create_vm, -1, 0, 0, 0);
	printf("kvm_create_vm(-1, NULL, 0) = %s (INJECTED)\n", errstr);
	call(__NR_kvm_create_vcpu, 5, 0, 0, 0);
	printf("kvm_create_vcpu(5, 0) = %s (INJECTED)\n", errstr);

	memset(run, 0, sizeof(*run));
	run->exit_reason = KVM2_EXIT_SHUTDOWN;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest(/* vcpu 5 */ {flags=0} => {exit_reason=KVM2_EXIT_SHUTDOWN}"
	       ", 1040, NULL, 0) = %s (KVM2_EXIT_SHUTDOWN) (INJECTED)\n", errstr);
	call(__NR_kvm_enter_guest, 0, sizeof(*run), 0, 0);
	printf("kvm_enter_guest(/* vcpu 5 */ NULL, 1040, NULL, 0) = %s (INJECTED)\n", errstr);

	/* Only as many records as the result says. */
	records[0].record.attributes = KVM2_ATTR_VOLATILE;
	call(__NR_kvm_get_state, -1, PTR(records), sizeof(all), 0);
	printf("kvm_get_state(/* vcpu 5 */ " SELF ", [tsc=0x1234<volatile>, cr0=0x80000013], 72, 0)"
	       " = %s (INJECTED)\n", errstr);
	call(__NR_kvm_get_state, -1, 0, 0, KVM2_STATE_LIST);
	printf("kvm_get_state(/* vcpu 5 */ " SELF ", NULL, 0, KVM2_STATE_LIST) = %s (INJECTED)\n",
	       errstr);
	records[1].record = (struct kvm2_record) { KVM2_SET_SEGMENT, 0, 16, 0 };
	call(__NR_kvm_get_state, -1, PTR(records), 16, KVM2_STATE_LIST | KVM2_STATE_HEADERS);
	printf("kvm_get_state(/* vcpu 5 */ " SELF ", [tsc<volatile>], 16"
	       ", KVM2_STATE_LIST|KVM2_STATE_HEADERS) = %s (INJECTED)\n", errstr);
	call(__NR_kvm_get_state, -1, PTR(records + 3), 16, KVM2_STATE_LIST);
	printf("kvm_get_state(/* vcpu 5 */ " SELF ", %p, 16, KVM2_STATE_LIST) = %s (INJECTED)\n",
	       records + 3, errstr);

	/* Memory maps, and what each changes. */
	memset(map, 0, sizeof(*map));
	memset(regions, 0, 2 * sizeof(*regions));
	regions[0].size = 0xa0000;
	regions[0].address = 0x10000;
	regions[1].gpa = 0x100000;
	regions[1].size = 0x100000;
	regions[1].address = 0x200000;
	regions[1].flags = KVM2_REGION_READ_ONLY;
	map->regions = PTR(regions);
	map->nr_regions = 2;
	call(__NR_kvm_set_memory_map, PTR(map), sizeof(*map), 0, 0);
#define REGION0(flags_) "{gpa=0, size=0xa0000, address=0x10000, flags=" flags_ "}"
	printf("kvm_set_memory_map({regions=[" REGION0("0") ", {gpa=0x100000, size=0x100000"
	       ", address=0x200000, flags=KVM2_REGION_READ_ONLY}], nr_regions=2, flags=0"
	       ", dirty=NULL, nr_dirty=0}, 32 /* +0-0x9ffff +0x100000-0x1fffff(read_only) */)"
	       " = %s (INJECTED)\n", errstr);

	regions[0].flags = KVM2_REGION_LOG_DIRTY;
	map->nr_regions = 1;
	map->dirty = PTR(runs);
	map->nr_dirty = 2;
	runs[0] = (struct kvm2_dirty_run) { 0x1000, 4 };
	runs[1] = (struct kvm2_dirty_run) { 0x9000, 1 };
	call(__NR_kvm_set_memory_map, PTR(map), sizeof(*map), 0, 0);
	printf("kvm_set_memory_map({regions=[" REGION0("KVM2_REGION_LOG_DIRTY") "], nr_regions=1"
	       ", flags=0, dirty=%p, nr_dirty=2} => {dirty=[0x1000-0x4fff, 0x9000-0x9fff]}, 32"
	       " /* -0x100000-0x1fffff(read_only) ~0-0x9ffff(log_dirty) */) = %s (INJECTED)\n",
	       runs, errstr);

	map->nr_dirty = 0;
	call(__NR_kvm_set_memory_map, PTR(map), sizeof(*map), 0, 0);
	printf("kvm_set_memory_map({regions=[" REGION0("KVM2_REGION_LOG_DIRTY") "], nr_regions=1"
	       ", flags=0, dirty=%p, nr_dirty=0}, 32 /* no change */) = %s (INJECTED)\n",
	       runs, errstr);

	memset(log, 0, sizeof(*log));
	log->size = 0x100000;
	log->runs = PTR(runs);
	log->nr_runs = 2;
	log->pages = 5;
	log->next = 0xa000;
	call(__NR_kvm_get_dirty_log, PTR(log), sizeof(*log), 0, 0);
	printf("kvm_get_dirty_log({gpa=0, size=0x100000, max_pages=0, runs=%p, nr_runs=2, flags=0}"
	       " => {runs=[0x1000-0x4fff, 0x9000-0x9fff], pages=5, next=0xa000}, 56)"
	       " = %s (INJECTED)\n", runs, errstr);

	/* Runs that are not there. */
	log->runs = PTR(runs + 1);
	log->nr_runs = 48;
	call(__NR_kvm_get_dirty_log, PTR(log), sizeof(*log), 0, 0);
	printf("kvm_get_dirty_log({gpa=0, size=0x100000, max_pages=0, runs=%p, nr_runs=48, flags=0}"
	       " => {runs=[0x9000-0x9fff, ... /* %p */], pages=5, next=0xa000}, 56)"
	       " = %s (INJECTED)\n", runs + 1, runs + 2, errstr);

	puts("+++ exited with 0 +++");
	return 0;
}
