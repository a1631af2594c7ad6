// SPDX-License-Identifier: GPL-2.0
/* What the vcpus of a VMM on the classic API shall stop for: no call of KVM's tells. A u64 for each file of a vcpu. */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "GPL";

const volatile int vmm = 0;

/* libbpf takes what is behind the three lines as no part of the name. */
struct kvm_vcpu___debug {
	unsigned long guest_debug;
} __attribute__((preserve_access_index));

SEC("iter/task_file")
int flags(struct bpf_iter__task_file *ctx)
{
	static const char vcpu_name[] = "kvm-vcpu";
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct kvm_vcpu___debug *vcpu;
	char name[16] = { 0 };
	u64 value;

	if (!task || !file || task->tgid != vmm)
		return 0;
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	if (bpf_strncmp(name, sizeof(vcpu_name) - 1, vcpu_name))
		return 0;
	vcpu = BPF_CORE_READ(file, private_data);
	value = BPF_CORE_READ(vcpu, guest_debug);
	bpf_seq_write(ctx->meta->seq, &value, sizeof(value));
	return 0;
}
