// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a guest whose slots BPF does not tell: they are guessed, and the
 * guess is tried.
 */
#include "classic.h"

#include <errno.h>

#include "vmm_memory.h"
#include "vmm_scan.h"
#include "walk.h"

#define GIB		(1ULL << 30)
#define MAPPINGS	8

/* Where the VMMs there are end the memory below 4 GiB. */
static const uint64_t limits[] = { 3 * GIB, 2 * GIB, 0xe0000000, 0xd0000000 };

static int lay_out(struct target *base, const struct vmm_mapping *mapping, uint64_t limit)
{
	struct target_region low = { .size = mapping->size, .host = mapping->start };
	struct target_region high = { .gpa = 4 * GIB };
	int err;

	base->nr_regions = 0;
	if (mapping->size > limit) {
		low.size = limit;
		high.host = mapping->start + limit;
		high.size = mapping->size - limit;
	}
	err = vmm_memory_add(base, &low);
	return err || !high.size ? err : vmm_memory_add(base, &high);
}

static int read_table(void *context, uint64_t gpa, void *data, size_t size)
{
	return vmm_memory_read(context, gpa, data, size) == (ssize_t)size ? 0 : -EFAULT;
}

/* Do we find in this memory what KVM finds by the guest's page tables? */
static bool agrees(struct classic *target, const struct walk_mode *mode, uint64_t address)
{
	struct kvm_translation kvm = { .linear_address = address };
	struct walk_result ours;
	bool is_mapped;

	if (classic_ioctl(target->vmm.vcpus[0], KVM_TRANSLATE, &kvm, sizeof(kvm), 0, 0) < 0)
		return false;
	is_mapped = walk(mode, address, read_table, &target->vmm.base, &ours) == 1;
	return kvm.valid ? is_mapped && ours.gpa == kvm.physical_address : !is_mapped;
}

/*
 * The guest's memory is the largest mapping of the VMM's, or one of the next,
 * and split as VMMs do. The right one holds the page tables that KVM walks;
 * without paging nothing can be tried, and it is the largest.
 */
static int guess_memory(struct classic *target)
{
	struct vmm_mapping mappings[MAPPINGS];
	int count = vmm_scan_mappings(target->vmm.base.pid, mappings, MAPPINGS);
	struct classic_vcpu *vcpu = classic_vcpu_of(&target->vmm.base, 0);
	struct kvm_sregs2 sregs;
	struct walk_mode mode;
	struct kvm_regs regs;
	int err;

	target->memory_is_guessed = true;
	err = classic_ioctl(vcpu, KVM_GET_REGS, &regs, sizeof(regs), 0, 0);
	if (err >= 0)
		err = classic_ioctl(vcpu, KVM_GET_SREGS2, &sregs, sizeof(sregs), 0, 0);
	if (err < 0)
		return err;
	mode = (struct walk_mode){ sregs.cr0, sregs.cr3, sregs.cr4, sregs.efer };
	for (int i = 0; i < count; i++) {
		for (size_t j = 0; j < sizeof(limits) / sizeof(limits[0]); j++) {
			err = lay_out(&target->vmm.base, &mappings[i], limits[j]);
			if (err)
				return err;
			if (agrees(target, &mode, sregs.cs.base + regs.rip) &&
			    agrees(target, &mode, sregs.ss.base + regs.rsp) &&
			    agrees(target, &mode, sregs.idt.base) &&
			    agrees(target, &mode, sregs.gdt.base))
				return 0;
		}
	}
	target->vmm.base.nr_regions = 0;
	return -EFAULT;
}

/* Once the first vcpu stands. */
static void need_memory(struct target *base)
{
	struct classic *target = classic_of(base);

	if (!target->bpf && !target->memory_is_guessed && target->vmm.vcpus[0]->held)
		guess_memory(target);
}

ssize_t classic_read(struct target *base, uint64_t gpa, void *data, size_t size)
{
	need_memory(base);
	return vmm_memory_read(base, gpa, data, size);
}

ssize_t classic_write(struct target *base, uint64_t gpa, const void *data, size_t size)
{
	need_memory(base);
	return vmm_memory_write(base, gpa, data, size);
}
