// SPDX-License-Identifier: GPL-2.0
/* The peer: a VM with one vcpu, by the ioctls of /dev/kvm. */
#include "classic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "trap.h"

#define MAX_LEAVES	256

static int copy_cpuid(int kvm, int vcpu)
{
	struct kvm_cpuid2 *cpuid;
	int r;

	cpuid = calloc(1, sizeof(*cpuid) +
			  MAX_LEAVES * sizeof(cpuid->entries[0]));
	if (!cpuid)
		return -ENOMEM;
	cpuid->nent = MAX_LEAVES;
	r = trap_ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid);
	if (!r)
		r = trap_ioctl(vcpu, KVM_SET_CPUID2, cpuid);
	free(cpuid);
	return r;
}

static int create_irqchip(int vm, enum classic_irqchip irqchip)
{
	struct kvm_enable_cap split = {
		.cap = KVM_CAP_SPLIT_IRQCHIP,
		.args[0] = 24,
	};

	switch (irqchip) {
	case CLASSIC_NONE:
		return 0;
	case CLASSIC_SPLIT:
		return trap_ioctl(vm, KVM_ENABLE_CAP, &split);
	case CLASSIC_KERNEL:
		return trap_ioctl(vm, KVM_CREATE_IRQCHIP, NULL);
	}
	return -EINVAL;
}

int classic_create(struct classic *classic, enum classic_irqchip irqchip)
{
	int kvm, size, r;

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		return -errno;
	classic->vm = trap_ioctl(kvm, KVM_CREATE_VM, NULL);
	if (classic->vm < 0)
		return classic->vm;
	r = create_irqchip(classic->vm, irqchip);
	if (r)
		return r;
	classic->vcpu = trap_ioctl(classic->vm, KVM_CREATE_VCPU, NULL);
	if (classic->vcpu < 0)
		return classic->vcpu;
	size = trap_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL);
	if (size < 0)
		return size;
	classic->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			    classic->vcpu, 0);
	if (classic->run == MAP_FAILED)
		return -errno;
	return copy_cpuid(kvm, classic->vcpu);
}

int classic_map(const struct classic *classic, uint32_t slot, uint64_t gpa,
		uint64_t size, void *memory)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	return trap_ioctl(classic->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static void set_long_mode(struct kvm_sregs *sregs)
{
	struct kvm_segment data = {
		.limit = 0xffffffff, .type = 3, .present = 1, .s = 1, .db = 1,
		.g = 1,
	};

	sregs->cr0 = GUEST_CR0;
	sregs->cr3 = GUEST_TABLES;
	sregs->cr4 = GUEST_CR4;
	sregs->efer = GUEST_EFER;
	sregs->ds = data;
	sregs->es = data;
	sregs->fs = data;
	sregs->gs = data;
	sregs->ss = data;
	sregs->cs = data;
	sregs->cs.type = 11;
	sregs->cs.db = 0;
	sregs->cs.l = 1;
}

int classic_start(const struct classic *classic,
		  const struct guest_start *start)
{
	struct kvm_regs regs = {
		.rip = guest_rip(start->program),
		.rflags = 2,
		.rdi = start->rdi,
		.rsi = start->rsi,
		.rcx = start->rcx,
	};
	struct kvm_sregs sregs;
	int r;

	r = trap_ioctl(classic->vcpu, KVM_GET_SREGS, &sregs);
	if (r)
		return r;
	if (start->mode == GUEST_LONG) {
		set_long_mode(&sregs);
	} else {
		sregs.cs.base = 0;
		sregs.cs.selector = 0;
	}
	r = trap_ioctl(classic->vcpu, KVM_SET_SREGS, &sregs);
	return r ? r : trap_ioctl(classic->vcpu, KVM_SET_REGS, &regs);
}

int classic_exit(const struct classic *classic)
{
	long r;

	r = trap_ioctl(classic->vcpu, KVM_RUN, NULL);
	if (r)
		return r;
	return classic->run->exit_reason == KVM_EXIT_IO ? 0 : -EPROTO;
}
