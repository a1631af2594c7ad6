// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that the processor refuses to enter: a code segment of long mode that is of 32 bits, too, which KVM lets pass.
 *
 *   trace_refused kvm2|classic
 */
#include <kvm2/kvm2.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RAM_BYTES	0x10000
#define PAGING		0x80000011	/* CR0: PG, ET, PE */
#define PAE		(1 << 5)
#define LONG_MODE	0x500		/* EFER: LME, LMA */
#define CODE_OF_BOTH	0xe09b		/* G, D, L; present code */

static void check(int ret, const char *what)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "trace_refused: %s: %s\n", what, strerror(-ret));
	exit(1);
}

static void refuse(struct kvm2_vcpu *vcpu)
{
	const struct kvm2_segment code = {
		.limit = UINT32_MAX, .selector = 8, .access = CODE_OF_BOTH,
	};
	uint64_t bytes[64];
	struct kvm2_records records;

	check(kvm2_records_init(&records, bytes, sizeof(bytes)), "records");
	check(kvm2_records_add_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, PAGING, 8), "cr0");
	check(kvm2_records_add_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR3, 0x1000, 8), "cr3");
	check(kvm2_records_add_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR4, PAE, 8), "cr4");
	check(kvm2_records_add_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_EFER, LONG_MODE, 8), "efer");
	check(kvm2_records_add(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, &code, sizeof(code)), "cs");
	check(kvm2_vcpu_set_state(vcpu, records.data, records.used, 0), "set state");
}

int main(int argc, char *argv[])
{
	const int api = argc == 2 ? kvm2_api_find(argv[1]) : -1;
	struct kvm2_memory_region region = { .size = RAM_BYTES };
	struct kvm2_memory_map map = { .nr_regions = 1 };
	struct kvm2_machine *machine;
	struct kvm2_vcpu *vcpu;
	struct kvm2_run run = {};
	void *ram;
	int ret;

	if (api < 0)
		return 2;
	ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ram == MAP_FAILED)
		return 1;
	region.address = (uintptr_t)ram;
	map.regions = (uintptr_t)&region;
	check(kvm2_machine_create((enum kvm2_api)api, NULL, &machine), "create the VM");
	check(kvm2_machine_set_memory_map(machine, &map), "set the memory map");
	check(kvm2_vcpu_create(machine, 0, KVM2_VCPU_NEW, &vcpu), "create the vcpu");
	check(kvm2_vcpu_set_host_cpuid(vcpu), "set CPUID");
	refuse(vcpu);
	ret = kvm2_vcpu_enter(vcpu, &run, NULL);
	check(ret, "enter");
	printf("%s\n", kvm2_exit_reason_name(run.exit_reason));
	kvm2_vcpu_destroy(vcpu);
	kvm2_machine_destroy(machine);
	return 0;
}
