// SPDX-License-Identifier: GPL-2.0
/* Our side: a VM with one vcpu, by the kvm2 system calls. */
#include "ours.h"

#include <kvm2/kvm2.h>
#include <errno.h>

#include "trap.h"

#define CS_REAL		0x9b
#define CS_LONG		0xa09b		/* 64 bit, 4 KiB granularity */
#define DATA_LONG	0xc093

int ours_create(void)
{
	struct kvm2_vm_config config = { .name = "bench" };
	struct kvm2_machine *machine;
	struct kvm2_vcpu *vcpu;
	int r;

	r = kvm2_machine_create(KVM2_API_KVM2, &config, &machine);
	if (r)
		return r;
	r = kvm2_vcpu_create(machine, 0, KVM2_VCPU_NEW, &vcpu);
	return r ? r : kvm2_vcpu_set_host_cpuid(vcpu);
}

int ours_map(const struct kvm2_memory_region *regions, uint32_t nr_regions)
{
	struct kvm2_memory_map map = {
		.regions = (uintptr_t)regions,
		.nr_regions = nr_regions,
	};

	return trap(__NR_kvm_set_memory_map, (long)&map, sizeof(map), 0, 0);
}

int ours_map_ram(void *ram)
{
	struct kvm2_memory_region region = {
		.size = GUEST_RAM,
		.address = (uintptr_t)ram,
	};

	return ours_map(&region, 1);
}

static void add_segments(struct kvm2_records *records, enum guest_mode mode)
{
	struct kvm2_segment segment = { .limit = 0xffff, .access = CS_REAL };
	uint32_t i;

	if (mode == GUEST_LONG) {
		segment.limit = 0xffffffff;
		segment.access = CS_LONG;
	}
	kvm2_records_add(records, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, &segment,
			 sizeof(segment));
	if (mode == GUEST_REAL)
		return;
	segment.access = DATA_LONG;
	for (i = KVM2_SEGMENT_ES; i <= KVM2_SEGMENT_GS; i++) {
		if (i != KVM2_SEGMENT_CS)
			kvm2_records_add(records, KVM2_SET_SEGMENT, i,
					 &segment, sizeof(segment));
	}
}

static void add(struct kvm2_records *records, uint32_t set, uint64_t number,
		uint64_t value)
{
	kvm2_records_add_u64(records, set, number, value, sizeof(value));
}

int ours_start(const struct guest_start *start)
{
	uint64_t buffer[256];
	struct kvm2_records records;
	int r;

	kvm2_records_init(&records, buffer, sizeof(buffer));
	add_segments(&records, start->mode);
	if (start->mode == GUEST_LONG) {
		add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, GUEST_CR0);
		add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR3,
		    GUEST_TABLES);
		add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR4, GUEST_CR4);
		add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_EFER, GUEST_EFER);
	}
	add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RIP,
	    guest_rip(start->program));
	add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 2);
	add(&records, KVM2_SET_GPR, KVM2_GPR_RDI, start->rdi);
	add(&records, KVM2_SET_GPR, KVM2_GPR_RSI, start->rsi);
	add(&records, KVM2_SET_GPR, KVM2_GPR_RCX, start->rcx);
	kvm2_records_add_u64(&records, KVM2_SET_MP, KVM2_MP_STATE,
			     KVM2_MP_RUNNABLE, sizeof(uint32_t));
	r = kvm2_sys_set_state(KVM2_SELF, buffer, records.used, 0);
	return r < 0 ? r : 0;
}

int ours_begin(void *ram, const struct guest_start *start)
{
	int r = ours_create();

	if (!r)
		r = ours_map_ram(ram);
	return r ? r : ours_start(start);
}

int ours_exit(void)
{
	static struct kvm2_run run;
	long r;

	r = trap(__NR_kvm_enter_guest, (long)&run, sizeof(run), 0, 0);
	if (r)
		return r;
	return run.exit_reason == KVM2_EXIT_IO ? 0 : -EPROTO;
}
