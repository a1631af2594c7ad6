// SPDX-License-Identifier: LGPL-2.1
/*
 * A vcpu of another process: the classic state code, with ioctls that the
 * caller makes there. What an ioctl copies is not always what its number says.
 */
#include "classic.h"

#include <kvm2/remote.h>

#include <stdlib.h>

struct kvm2_remote {
	struct machine_classic machine;
	struct vcpu_classic vcpu;
	kvm2_remote_ioctl *make;
	void *context;
};

/* Behind a device attribute, the value that its pointer means. */
struct attribute {
	struct kvm_device_attr header;
	uint64_t value;
};

static size_t argument_bytes(const struct vcpu_classic *vcpu, unsigned long request,
			     const void *argument)
{
	switch (request) {
	case KVM_GET_MSRS:
	case KVM_SET_MSRS: {
		const struct kvm_msrs *msrs = argument;

		return sizeof(*msrs) + msrs->nmsrs * sizeof(msrs->entries[0]);
	}
	case KVM_GET_CPUID2:
	case KVM_SET_CPUID2: {
		const struct kvm_cpuid2 *cpuid = argument;

		return sizeof(*cpuid) + cpuid->nent * sizeof(cpuid->entries[0]);
	}
	case KVM_GET_XSAVE2:
	case KVM_SET_XSAVE:
		return vcpu->machine->xsave_bytes;
	default:
		return _IOC_SIZE(request);
	}
}

int kvm2_classic_remote_ioctl(const struct vcpu_classic *vcpu, unsigned long request,
			      void *argument)
{
	const struct kvm2_remote *remote = vcpu->remote;
	struct attribute attribute;
	int ret;

	if (request != KVM_GET_DEVICE_ATTR && request != KVM_SET_DEVICE_ATTR)
		return remote->make(remote->context, request, argument,
				    argument_bytes(vcpu, request, argument), 0, 0);
	attribute.header = *(const struct kvm_device_attr *)argument;
	attribute.value = *(const uint64_t *)(uintptr_t)attribute.header.addr;
	ret = remote->make(remote->context, request, &attribute, sizeof(attribute),
			   offsetof(struct kvm_device_attr, addr), 0);
	*(uint64_t *)(uintptr_t)((const struct kvm_device_attr *)argument)->addr = attribute.value;
	return ret;
}

int kvm2_classic_remote_ioctl_value(const struct vcpu_classic *vcpu, unsigned long request,
				    unsigned long value)
{
	const struct kvm2_remote *remote = vcpu->remote;

	return remote->make(remote->context, request, NULL, 0, 0, value);
}

int kvm2_remote_create(uint32_t id, int kvm_fd, kvm2_remote_ioctl *make, void *context,
		       struct kvm2_remote **created)
{
	struct kvm2_remote *remote = calloc(1, sizeof(*remote));
	int bytes;

	if (!remote)
		return -ENOMEM;
	remote->make = make;
	remote->context = context;
	remote->machine.base.ops = &kvm2_api_ops_classic;
	remote->machine.kvm_fd = kvm_fd;
	remote->machine.vm_fd = -1;
	/* Of the system: the most that any guest of it has. */
	bytes = kvm_fd < 0 ? 0 : classic_ioctl_value(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);
	remote->machine.xsave_bytes = bytes > (int)sizeof(struct kvm_xsave) ?
				      (size_t)bytes : sizeof(struct kvm_xsave);
	remote->vcpu.base.ops = &kvm2_api_ops_classic;
	remote->vcpu.base.id = id;
	remote->vcpu.machine = &remote->machine;
	remote->vcpu.fd = -1;
	remote->vcpu.has_run = true;
	remote->vcpu.remote = remote;
	*created = remote;
	return 0;
}

void kvm2_remote_destroy(struct kvm2_remote *remote)
{
	free(remote);
}

int kvm2_remote_get_state(struct kvm2_remote *remote, void *records, size_t size,
			  uint32_t flags)
{
	return kvm2_classic_get_state(&remote->vcpu.base, records, size, flags);
}

int kvm2_remote_set_state(struct kvm2_remote *remote, void *records, size_t size,
			  uint32_t flags)
{
	return kvm2_classic_set_state(&remote->vcpu.base, records, size, flags);
}
