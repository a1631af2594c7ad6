// SPDX-License-Identifier: GPL-2.0
/*
 * By how much a guest's kernel has moved itself.
 *
 * Two registers lead to functions of the kernel that have a name: LSTAR to where
 * system calls come in, IDTR to the handler of the first exception. What they
 * say counts if the kernel's banner is there, too, as the file has it.
 */
#include "kaslr.h"

#include <errno.h>
#include <string.h>

#include <kvm2/kvm2.h>

#define BANNER_BYTES	64

#define MSR_LSTAR	0xc0000082

/* The page tables that user space has with PTI are next to the kernel's own. */
#define PTI_USER_CR3	(1ULL << 12)

static int read_lstar(struct vm *vm, unsigned int vcpu, uint64_t *address)
{
	return state_get_u64(vm->target, vcpu, KVM2_SET_MSR, MSR_LSTAR, address);
}

static int read_first_gate(struct vm *vm, unsigned int vcpu, uint64_t *address)
{
	struct kvm2_descriptor_table idtr;
	struct kvm2_records records;
	uint64_t data[4];
	uint16_t gate[8];
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add(&records, KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_IDTR, NULL, sizeof(idtr));
	ret = vm->target->ops->get_state(vm->target, vcpu, data, records.used, 0);
	if (ret < 0)
		return ret;
	kvm2_records_get(&records, KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_IDTR, &idtr, sizeof(idtr));
	if (vm_read(vm, vcpu, idtr.base, gate, sizeof(gate)) != (long)sizeof(gate))
		return -EFAULT;
	*address = gate[0] | (uint64_t)gate[3] << 16 | (uint64_t)gate[4] << 32 | (uint64_t)gate[5] << 48;
	return 0;
}

static const struct {
	const char *symbol;
	int (*read)(struct vm *vm, unsigned int vcpu, uint64_t *address);
} anchors[] = {
	{ "entry_SYSCALL_64", read_lstar },
	{ "asm_exc_divide_error", read_first_gate },
};

/* Is the kernel's banner there, as the kernel itself sees memory? */
static bool has_banner(struct vm *vm, unsigned int vcpu, const struct kernel *kernel, uint64_t slide)
{
	uint8_t wanted[BANNER_BYTES], found[BANNER_BYTES];
	struct walk_mode mode;
	uint64_t address;
	bool has = false;

	if (kernel_find(kernel, "linux_banner", &address) ||
	    kernel_read(kernel, address, wanted, sizeof(wanted)) || vm_mode(vm, vcpu, &mode))
		return false;
	if (vm_read(vm, vcpu, address + slide, found, sizeof(found)) == (long)sizeof(found))
		has = !memcmp(wanted, found, sizeof(found));
	if (has || vm->has_address_space || !(mode.cr3 & PTI_USER_CR3))
		return has;
	vm->address_space = mode.cr3 & ~PTI_USER_CR3;
	vm->has_address_space = true;
	if (vm_read(vm, vcpu, address + slide, found, sizeof(found)) == (long)sizeof(found))
		has = !memcmp(wanted, found, sizeof(found));
	vm->has_address_space = false;
	return has;
}

int kaslr_find(struct vm *vm, const struct kernel *kernel, uint64_t *slide)
{
	for (size_t i = 0; i < sizeof(anchors) / sizeof(anchors[0]); i++) {
		uint64_t symbol, address;

		if (kernel_find(kernel, anchors[i].symbol, &symbol))
			continue;
		for (unsigned int vcpu = 0; vcpu < vm->nr_vcpus; vcpu++) {
			if (vm->vcpus[vcpu].running || vm->target->vcpus[vcpu].gone ||
			    anchors[i].read(vm, vcpu, &address) || !address ||
			    !has_banner(vm, vcpu, kernel, address - symbol))
				continue;
			*slide = address - symbol;
			return 0;
		}
	}
	return -ENOENT;
}
