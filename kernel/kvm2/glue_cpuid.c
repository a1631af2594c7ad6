// SPDX-License-Identifier: GPL-2.0
/*
 * Included at the end of cpuid.c: what kvm2 needs of its statics.
 */
#include "../../../virt/kvm/kvm2/glue.h"

/*
 * As KVM_SET_CPUID2. Takes @leaves, from kvmalloc(), when it returns 0.
 * Context: the vcpu is loaded.
 */
int kvm2_glue_set_cpuid(struct kvm_vcpu *vcpu, struct kvm_cpuid_entry2 *leaves,
			int nr_leaves)
{
	return kvm_set_cpuid(vcpu, leaves, nr_leaves);
}

/* As KVM_GET_SUPPORTED_CPUID. Return: how many, or a negative errno. */
int kvm2_glue_host_cpuid(struct kvm_cpuid_entry2 *leaves, int max)
{
	static const u32 classes[] = {
		0, 0x80000000, CENTAUR_CPUID_SIGNATURE, KVM_CPUID_SIGNATURE,
	};
	struct kvm_cpuid_array array = { .entries = leaves, .maxnent = max };
	int i, r;

	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		r = get_cpuid_func(&array, classes[i],
				   KVM_GET_SUPPORTED_CPUID);
		if (r)
			return r;
	}
	return array.nent;
}

/* Where a component from 2 (AVX) on is in a standard XSAVE image. */
void kvm2_glue_xstate_place(unsigned int component, u32 *offset, u32 *size)
{
	*offset = xstate_sizes[component].ebx;
	*size = xstate_sizes[component].eax;
}
