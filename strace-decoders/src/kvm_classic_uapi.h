/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What linux/kvm.h has had since Linux 6.2, for builds with an older one. The
 * names are ours, so that they do not clash with those of a newer one.
 */
#ifndef KVM_CLASSIC_UAPI_H
#define KVM_CLASSIC_UAPI_H

#include <linux/ioctl.h>
#include <linux/kvm.h>
#include <stdint.h>

#define CLASSIC_EXIT_MEMORY_FAULT	39

struct classic_memory_fault {
	uint64_t flags;
	uint64_t gpa;
	uint64_t size;
};

struct classic_memory_region2 {
	uint32_t slot;
	uint32_t flags;
	uint64_t guest_phys_addr;
	uint64_t memory_size;
	uint64_t userspace_addr;
	uint64_t guest_memfd_offset;
	uint32_t guest_memfd;
	uint32_t pad1;
	uint64_t pad2[14];
};

struct classic_guest_memfd {
	uint64_t size;
	uint64_t flags;
	uint64_t reserved[6];
};

struct classic_memory_attributes {
	uint64_t address;
	uint64_t size;
	uint64_t attributes;
	uint64_t flags;
};

#define CLASSIC_SET_USER_MEMORY_REGION2	\
	_IOW(KVMIO, 0x49, struct classic_memory_region2)
#define CLASSIC_SET_MEMORY_ATTRIBUTES	\
	_IOW(KVMIO, 0xd2, struct classic_memory_attributes)
#define CLASSIC_CREATE_GUEST_MEMFD	\
	_IOWR(KVMIO, 0xd4, struct classic_guest_memfd)

#endif /* KVM_CLASSIC_UAPI_H */
