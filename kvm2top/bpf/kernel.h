/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF programs know of the kernel's structures: names of members.
 * Where they are, libbpf learns from the running kernel's BTF.
 */
#ifndef KVM2TOP_BPF_KERNEL_H
#define KVM2TOP_BPF_KERNEL_H

#include "kernel_types.h"

enum {
	BPF_MAP_TYPE_HASH		= 1,
	BPF_MAP_TYPE_ARRAY		= 2,
	BPF_MAP_TYPE_TASK_STORAGE	= 29,
	BPF_F_NO_PREALLOC		= 1,
	BPF_F_MMAPABLE			= 1024,
	BPF_ANY				= 0,
	BPF_NOEXIST			= 1,
	BPF_LOCAL_STORAGE_GET_F_CREATE	= 1,
};

/* kvm_vcpu.mode */
#define OUTSIDE_GUEST_MODE	0

#pragma clang attribute push(__attribute__((preserve_access_index)), \
			     apply_to = record)

struct seq_file;

/* Nothing but words, whatever they are for. */
struct pt_regs {
	unsigned long r15;
	unsigned long r14;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct pid {
	struct hlist_head tasks[1];
};

struct sched_info {
	unsigned long long run_delay;
};

struct sched_entity {
	u64 sum_exec_runtime;
	u64 nr_migrations;
};

struct kvm2_vcpu;

struct task_struct {
	int pid;
	int tgid;
	u64 start_boottime;
	u64 utime;
	u64 stime;
	u64 gtime;
	struct task_struct *group_leader;
	struct sched_entity se;
	struct sched_info sched_info;
	struct hlist_node pid_links[1];
	char comm[16];
	struct kvm2_vcpu *kvm2_vcpu;
};

struct super_block {
	unsigned long s_magic;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
	struct super_block *d_sb;
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

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct kvm_vcpu_stat_generic {
	u64 halt_wakeup;
	u64 halt_poll_success_ns;
	u64 halt_poll_fail_ns;
	u64 halt_wait_ns;
};

struct kvm_vcpu_stat {
	struct kvm_vcpu_stat_generic generic;
	u64 pf_taken;
	u64 pf_fixed;
	u64 pf_emulate;
	u64 tlb_flush;
	u64 exits;
	u64 io_exits;
	u64 mmio_exits;
	u64 signal_exits;
	u64 irq_window_exits;
	u64 nmi_window_exits;
	u64 halt_exits;
	u64 request_irq_exits;
	u64 irq_exits;
	u64 insn_emulation;
	u64 hypercalls;
	u64 irq_injections;
	u64 nmi_injections;
	u64 nested_run;
	u64 preemption_reported;
};

struct kvm {
	int userspace_pid;
};

struct kvm_vcpu_arch {
	unsigned long regs[17];
	u32 regs_avail;
	void *pio_data;
};

struct kvm_vcpu {
	struct kvm *kvm;
	struct kvm_vcpu_arch arch;
	int cpu;
	int vcpu_id;
	int mode;
	struct pid *pid;
	struct kvm_vcpu_stat stat;
};

/* Where the exit reason is: VMX up to and since its move to vcpu_vt, SVM. */
union vmx_exit_reason {
	u32 full;
};

struct vcpu_vmx {
	union vmx_exit_reason exit_reason;
};

struct vcpu_vt {
	union vmx_exit_reason exit_reason;
};

struct vcpu_vmx___vt {
	struct vcpu_vt vt;
};

struct vmcb_control_area {
	u32 exit_code;
};

struct vmcb {
	struct vmcb_control_area control;
};

struct vcpu_svm {
	struct vmcb *vmcb;
};

struct kvm2_vm {
	u64 id;
	struct kvm *kvm;
};

struct kvm2_vcpu {
	struct kvm2_vm *vm;
	struct kvm_vcpu *vcpu;
	u32 id;
};

#pragma clang attribute pop

#endif /* KVM2TOP_BPF_KERNEL_H */
