/* SPDX-License-Identifier: GPL-2.0 */
/* Names of the kernel's structures and members; libbpf learns from the running kernel's BTF where they are. */
#ifndef GDBSTUB_BPF_KERNEL_H
#define GDBSTUB_BPF_KERNEL_H

#include "kernel_types.h"

#include "classic_record.h"

#define KVM_EXIT_DEBUG		4
#define KVM_EXIT_SHUTDOWN	8
#define KVM_EXIT_FAIL_ENTRY	9
#define KVM_EXIT_INTERNAL_ERROR	17
#define SIGSTOP			19
#define PAGE_SHIFT		12

struct bpf_raw_tracepoint_args {
	__u64 args[2];
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct upid {
	int nr;
};

struct pid {
	struct upid numbers[1];
};

struct task_struct {
	int tgid;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	void *private_data;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

struct hlist_node {
	struct hlist_node *next;
	struct hlist_node **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct kvm_memory_slot {
	struct hlist_node id_node[2];
	u64 base_gfn;
	unsigned long npages;
	unsigned long userspace_addr;
	u32 flags;
	short id;
};

struct kvm_memslots {
	struct hlist_head id_hash[128];
	int node_idx;
};

struct kvm {
	struct kvm_memslots *memslots[1];
};

struct kvm_lapic {
	void *regs;
};

struct kvm_vcpu_arch {
	unsigned long regs[CLASSIC_LOOK_REGS];
	unsigned long cr0;
	unsigned long cr2;
	unsigned long cr3;
	unsigned long cr4;
	unsigned long cr8;
	u64 efer;
	u64 apic_base;
	struct kvm_lapic *apic;
	int mp_state;
	u64 xcr0;
	unsigned long db[4];
	unsigned long dr6;
	unsigned long dr7;
	bool guest_state_protected;
};

struct kvm_vcpu_stat {
	u64 exits;
};

struct kvm_vcpu {
	struct kvm *kvm;
	int vcpu_id;
	int mode;
	struct pid *pid;
	struct kvm_vcpu_arch arch;
	struct kvm_vcpu_stat stat;
};

struct vmcb;

struct kvm_vmcb_info {
	struct vmcb *ptr;
};

struct vcpu_svm {
	struct kvm_vcpu vcpu;
	struct vmcb *vmcb;
	struct kvm_vmcb_info vmcb01;
};

#pragma clang attribute pop

#endif
