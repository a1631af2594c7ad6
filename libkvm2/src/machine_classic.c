// SPDX-License-Identifier: LGPL-2.1
/* A VM on the classic ioctls of /dev/kvm, set up as a kvm2 VM is. */
#include "classic.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Interrupt pins that no local interrupt route may use: as in a kvm2 VM. */
#define NR_RESERVED_PINS	256

static int enable_cap(int vm_fd, uint32_t cap, uint64_t argument)
{
	struct kvm_enable_cap enable = { .cap = cap, .args[0] = argument };

	return classic_ioctl(vm_fd, KVM_ENABLE_CAP, &enable);
}

static int check_cap(int fd, uint32_t cap)
{
	return classic_ioctl_value(fd, KVM_CHECK_EXTENSION, cap);
}

/* Without one of these a machine would not be what kvm2 promises. */
static const uint32_t needed_caps[] = {
	KVM_CAP_USER_MEMORY,
	KVM_CAP_READONLY_MEM,
	KVM_CAP_IMMEDIATE_EXIT,
	KVM_CAP_SPLIT_IRQCHIP,
	KVM_CAP_X2APIC_API,
	KVM_CAP_EXCEPTION_PAYLOAD,
	KVM_CAP_X86_TRIPLE_FAULT_EVENT,
	KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
	KVM_CAP_SET_GUEST_DEBUG,
	KVM_CAP_VCPU_EVENTS,
	KVM_CAP_DEBUGREGS,
	KVM_CAP_SREGS2,
	KVM_CAP_XSAVE2,
	KVM_CAP_XCRS,
	KVM_CAP_VCPU_ATTRIBUTES,
};

static int kvm_open(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(needed_caps) / sizeof(needed_caps[0]); i++) {
		if (check_cap(fd, needed_caps[i]) <= 0) {
			close(fd);
			return -EOPNOTSUPP;
		}
	}
	return fd;
}

static int probe(void)
{
	int fd = kvm_open();

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

#define MSR_EXITS	((uint32_t)(KVM2_MSR_EXIT_INVALID | KVM2_MSR_EXIT_UNKNOWN | \
				    KVM2_MSR_EXIT_FILTER))

static int check_config(const struct kvm2_vm_config *config)
{
	if (config->flags & ~KVM2_VM_FLAGS || config->msr_exits & ~MSR_EXITS || config->reserved ||
	    !memchr(config->name, '\0', sizeof(config->name)))
		return -EINVAL;
	return 0;
}

/* What every kvm2 VM has: local APICs only, and all of the event state. */
static const struct {
	uint32_t cap;
	uint64_t argument;
} fixed_caps[] = {
	{ KVM_CAP_SPLIT_IRQCHIP, NR_RESERVED_PINS },
	{ KVM_CAP_X2APIC_API, KVM_X2APIC_API_USE_32BIT_IDS },
	{ KVM_CAP_EXCEPTION_PAYLOAD, 1 },
	{ KVM_CAP_X86_TRIPLE_FAULT_EVENT, 1 },
	{ KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
	  KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET },
};

static int configure(int vm_fd, const struct kvm2_vm_config *config)
{
	const struct {
		uint32_t cap;
		uint64_t argument;
		bool wanted;
	} wishes[] = {
		{ KVM_CAP_X86_USER_SPACE_MSR, config->msr_exits, config->msr_exits },
		{ KVM_CAP_EXIT_HYPERCALL, config->hypercall_exits, config->hypercall_exits },
		{ KVM_CAP_X86_BUS_LOCK_EXIT, KVM_BUS_LOCK_DETECTION_EXIT,
		  config->flags & KVM2_VM_EXIT_BUS_LOCK },
		{ KVM_CAP_X86_NOTIFY_VMEXIT, (uint64_t)config->notify_window << 32 |
		  KVM_X86_NOTIFY_VMEXIT_ENABLED | KVM_X86_NOTIFY_VMEXIT_USER,
		  config->notify_window },
	};
	int ret;

	/* KVM would take any, and no vcpu be the first to run. */
	ret = check_cap(vm_fd, KVM_CAP_MAX_VCPU_ID);
	if (ret < 0)
		return ret;
	if (config->bsp_vcpu_id >= (uint32_t)ret)
		return -EINVAL;
	/* KVM takes this one and ignores it where the processor has it not. */
	ret = check_cap(vm_fd, KVM_CAP_X86_BUS_LOCK_EXIT);
	if (config->flags & KVM2_VM_EXIT_BUS_LOCK &&
	    (ret < 0 || !(ret & KVM_BUS_LOCK_DETECTION_EXIT)))
		return -EOPNOTSUPP;
	for (size_t i = 0; i < sizeof(fixed_caps) / sizeof(fixed_caps[0]); i++) {
		ret = enable_cap(vm_fd, fixed_caps[i].cap, fixed_caps[i].argument);
		if (ret < 0)
			return ret == -EINVAL ? -EOPNOTSUPP : ret;
	}
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		if (!wishes[i].wanted)
			continue;
		ret = enable_cap(vm_fd, wishes[i].cap, wishes[i].argument);
		if (ret < 0)
			return ret == -EINVAL ? -EOPNOTSUPP : ret;
	}
	return classic_ioctl_value(vm_fd, KVM_SET_BOOT_CPU_ID, config->bsp_vcpu_id);
}

/* What is the same for all vcpus and does not change. */
static int measure(struct machine_classic *machine)
{
	int ret;

	ret = classic_ioctl_value(machine->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (ret < 0)
		return ret;
	machine->area_bytes = (size_t)ret;

	ret = check_cap(machine->vm_fd, KVM_CAP_XSAVE2);
	if (ret < 0)
		return ret;
	machine->xsave_bytes = (size_t)ret;
	if (machine->xsave_bytes < sizeof(struct kvm_xsave))
		machine->xsave_bytes = sizeof(struct kvm_xsave);

	ret = check_cap(machine->vm_fd, KVM_CAP_NR_MEMSLOTS);
	if (ret < 0)
		return ret;
	machine->max_slots = (uint32_t)ret;

	ret = check_cap(machine->vm_fd, KVM_CAP_MULTI_ADDRESS_SPACE);
	machine->nr_spaces = ret < 1 ? 1 : ret > NR_SPACES_MAX ? NR_SPACES_MAX : (unsigned int)ret;
	return 0;
}

static int create(const struct kvm2_vm_config *config,
		  struct kvm2_machine **machine)
{
	struct machine_classic *created;
	int ret = check_config(config);

	if (ret < 0)
		return ret;
	created = calloc(1, sizeof(*created));
	if (!created)
		return -ENOMEM;
	ret = created->kvm_fd = kvm_open();
	if (ret < 0)
		goto err_free;
	ret = created->vm_fd = classic_ioctl_value(created->kvm_fd, KVM_CREATE_VM, 0);
	if (ret < 0)
		goto err_close_kvm;
	ret = configure(created->vm_fd, config);
	if (ret < 0)
		goto err_close_vm;
	ret = measure(created);
	if (ret < 0)
		goto err_close_vm;
	pthread_mutex_init(&created->lock, NULL);
	*machine = &created->base;
	return 0;

err_close_vm:
	close(created->vm_fd);
err_close_kvm:
	close(created->kvm_fd);
err_free:
	free(created);
	return ret;
}

static void destroy(struct kvm2_machine *base)
{
	struct machine_classic *machine = classic_machine_of(base);

	kvm2_classic_vcpus_free(machine);
	pthread_mutex_destroy(&machine->lock);
	free(machine->slots);
	close(machine->vm_fd);
	close(machine->kvm_fd);
	free(machine);
}

const struct kvm2_api_ops kvm2_api_ops_classic = {
	.name = "classic",
	.probe = probe,
	.create = create,
	.destroy = destroy,
	.set_memory_map = kvm2_classic_set_memory_map,
	.get_dirty_log = kvm2_classic_get_dirty_log,
	.vcpu_create = kvm2_classic_vcpu_create,
	.vcpu_destroy = kvm2_classic_vcpu_destroy,
	.enter = kvm2_classic_enter,
	.kick = kvm2_classic_kick,
	.get_state = kvm2_classic_get_state,
	.set_state = kvm2_classic_set_state,
};
