/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For guests on the classic API of KVM: the memory slots and vcpus of a VMM, by a
 * look at its open files. A program of every object that includes this.
 */
#ifndef GDBSTUB_BPF_FILES_H
#define GDBSTUB_BPF_FILES_H

#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "classic_record.h"

char _license[] SEC("license") = "GPL";

/* The VMM, as the kernel's first PID namespace numbers it. */
const volatile int vmm = 0;

#define BUCKETS		128
#define IN_BUCKET	64

struct slots {
	struct seq_file *seq;
	struct kvm_memslots *slots;
	struct kvm *kvm;
	u32 fd;
};

static long tell_bucket(u32 bucket, struct slots *s)
{
	struct classic_record record = { .kind = CLASSIC_SLOT, .fd = s->fd, .vm = (u64)s->kvm };
	struct kvm_memslots *slots = s->slots;
	int index = BPF_CORE_READ(slots, node_idx) & 1;
	u64 offset = bpf_core_field_offset(struct kvm_memory_slot, id_node) +
		     index * sizeof(struct hlist_node);
	struct hlist_node *node;
	u64 head = (u64)slots + bpf_core_field_offset(struct kvm_memslots, id_hash) +
		   (u64)bucket * sizeof(struct hlist_head);

	if (bpf_probe_read_kernel(&node, sizeof(node), (void *)head))
		return 0;
	for (int i = 0; i < IN_BUCKET && node; i++) {
		struct kvm_memory_slot *slot = (void *)((u64)node - offset);

		record.gpa = BPF_CORE_READ(slot, base_gfn) << PAGE_SHIFT;
		record.bytes = (u64)BPF_CORE_READ(slot, npages) << PAGE_SHIFT;
		record.host = BPF_CORE_READ(slot, userspace_addr);
		record.flags = BPF_CORE_READ(slot, flags);
		record.id = (u16)BPF_CORE_READ(slot, id);
		bpf_seq_write(s->seq, &record, sizeof(record));
		if (bpf_probe_read_kernel(&node, sizeof(node), node))
			return 0;
	}
	if (node) {
		record.kind = CLASSIC_MORE;
		bpf_seq_write(s->seq, &record, sizeof(record));
	}
	return 0;
}

enum kind {
	KIND_OTHER,
	KIND_VM,
	KIND_VCPU,
};

static enum kind kind_of(struct file *file)
{
	static const char vm_name[] = "kvm-vm";
	static const char vcpu_name[] = "kvm-vcpu";
	char name[16] = { 0 };

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	if (!bpf_strncmp(name, sizeof(vcpu_name) - 1, vcpu_name))
		return KIND_VCPU;
	return bpf_strncmp(name, sizeof(vm_name), vm_name) ? KIND_OTHER : KIND_VM;
}

SEC("iter/task_file")
int files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	enum kind kind;
	void *private;

	if (!task || !file || task->tgid != vmm)
		return 0;
	private = BPF_CORE_READ(file, private_data);
	kind = kind_of(file);
	if (kind == KIND_VCPU) {
		struct kvm_vcpu *vcpu = private;
		struct classic_record record = {
			.kind = CLASSIC_VCPU, .fd = ctx->fd,
			.vm = (u64)BPF_CORE_READ(vcpu, kvm),
			.id = BPF_CORE_READ(vcpu, vcpu_id),
			.tid = BPF_CORE_READ(vcpu, pid, numbers[0].nr),
		};

		bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	} else if (kind == KIND_VM) {
		struct slots slots = {
			.seq = ctx->meta->seq, .kvm = private, .fd = ctx->fd,
			.slots = BPF_CORE_READ((struct kvm *)private, memslots[0]),
		};

		bpf_loop(BUCKETS, tell_bucket, &slots, 0);
	}
	return 0;
}

#endif
