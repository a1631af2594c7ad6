// SPDX-License-Identifier: GPL-2.0
/* A device for bpf_test.c: a bit of all that a BPF program in the kernel can do. */
#include <linux/bpf.h>
#include <linux/kvm2.h>

#include <bpf/bpf_helpers.h>

#include "bpf_device.h"

extern int bpf_kvm2_eventfd_signal(int fd) __ksym;
extern int bpf_kvm2_apic_message(const struct kvm2_apic_message *message) __ksym;

/* Its registers, by offset / 4. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPF_BYTES / 4);
	__type(key, __u32);
	__type(value, __u64);
} registers SEC(".maps");

/* The last access, as it came in. */
struct kvm2_io_access last;
/* What BPF_APIC sends. */
struct kvm2_apic_message message;
/* How often a program was called. */
__u32 calls;

static __always_inline int answer(struct kvm2_io_access *access, _Bool has_apic)
{
	__u32 offset = access->address % BPF_BYTES;
	__u32 index = offset / 4;
	__u64 *value = bpf_map_lookup_elem(&registers, &index);
	__u64 time_ns = access->time_ns;
	struct kvm2_apic_message copy;

	__sync_fetch_and_add(&calls, 1);
	/* Else the compiler chooses between two addresses, of which one is the context's. */
	barrier_var(time_ns);
	last = *access;
	if (!value)
		return 0;
	if (offset == BPF_PASSED) {
		/* Whoever gets it is not to see this. */
		access->data = 0xbad;
		return 0;
	}
	access->verdict = KVM2_BPF_HANDLED;
	if (!access->is_write) {
		access->data = offset == BPF_TIME ? time_ns : *value;
		return 0;
	}
	switch (offset) {
	case BPF_EVENT:
		*value = bpf_kvm2_eventfd_signal((int)access->data);
		break;
	case BPF_APIC:
		if (!has_apic)
			break;
		copy = message;
		*value = bpf_kvm2_apic_message(&copy);
		break;
	case BPF_COUNT:
		__sync_fetch_and_add(value, access->data);
		break;
	default:
		*value = access->data;
		break;
	}
	return 0;
}

SEC("syscall")
int device(struct kvm2_io_access *access)
{
	return answer(access, 1);
}

/* Calls nothing that could sleep, so at ports it is called early. */
SEC("syscall")
int early(struct kvm2_io_access *access)
{
	return answer(access, 0);
}

/* Looks beyond the end of what there is. */
SEC("syscall")
int too_large(void *context)
{
	return *(__u32 *)(context + sizeof(struct kvm2_io_access));
}

/* Of another type. */
SEC("socket")
int other_type(void *context)
{
	(void)context;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
