// SPDX-License-Identifier: GPL-2.0
// What the exits of one VM are about, attached while somebody looks at that.
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "shared.h"

char licence[] SEC("license") = "GPL";

uint32_t detail_tgid;		/* whose details are counted */
uint64_t details_full;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct shared_detail_key);
	__type(value, uint64_t);
} details SEC(".maps");

static __always_inline int take_detail(uint32_t detail, uint64_t value)
{
	struct shared_detail_key key = {
		.value = value,
		.tgid = bpf_get_current_pid_tgid() >> 32,
		.detail = detail,
	};
	uint64_t one = 1;
	uint64_t *count;

	if (key.tgid != detail_tgid)
		return 0;
	count = bpf_map_lookup_elem(&details, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else if (bpf_map_update_elem(&details, &key, &one, BPF_NOEXIST))
		__sync_fetch_and_add(&details_full, 1);
	return 0;
}

/* In their order, the arguments of the tracepoints. */

SEC("raw_tp/kvm_pio")
int detail_pio(uint64_t *values)
{
	return take_detail(values[0] ? DETAIL_PORT_WRITE : DETAIL_PORT_READ, values[1]);
}

SEC("raw_tp/kvm_msr")
int detail_msr(uint64_t *values)
{
	return take_detail(values[0] ? DETAIL_MSR_WRITE : DETAIL_MSR_READ, values[1]);
}

/* A read is reported when it is asked for, and again when it is answered. */
SEC("raw_tp/kvm_mmio")
int detail_mmio(uint64_t *values)
{
	if (!values[0])
		return 0;
	return take_detail(values[0] == 2 ? DETAIL_MMIO_WRITE : DETAIL_MMIO_READ, values[2]);
}

SEC("raw_tp/kvm_page_fault")
int detail_fault(uint64_t *values)
{
	return take_detail(DETAIL_PAGE_FAULT, values[1] & ~0xfffULL);
}

SEC("raw_tp/kvm_hypercall")
int detail_hypercall(uint64_t *values)
{
	return take_detail(DETAIL_HYPERCALL, values[0]);
}

SEC("raw_tp/kvm_cpuid")
int detail_cpuid(uint64_t *values)
{
	return take_detail(DETAIL_CPUID, (uint32_t)values[0]);
}

/* With VMX the kernel has not always read it: then it is ~0. */
SEC("raw_tp/kvm_exit")
int detail_rip(uint64_t *values)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)values[0];

	if (!(BPF_CORE_READ(vcpu, arch.regs_avail) & 1 << 16))
		return take_detail(DETAIL_RIP, ~0ULL);
	return take_detail(DETAIL_RIP, BPF_CORE_READ(vcpu, arch.regs[16]));
}
