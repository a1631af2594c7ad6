// SPDX-License-Identifier: GPL-2.0
/*
 * For guests on the classic API of KVM: the memory slots and vcpus of a VMM,
 * and a stop of the vcpu's thread at a debug exit, before the VMM sees it.
 *
 * The signal is SIGSTOP: when the debugger dies with the signal on its way the
 * VMM stands, until the watching process has put all in order. Any other would
 * end it.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "classic_record.h"

char _license[] SEC("license") = "GPL";

/* The VMM, as the kernel's first PID namespace numbers it. */
const volatile int vmm = 0;

/* Off once the debugger has let go. */
int armed = 0;

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

/* ---- registers ---- */

/* The file of the vcpu whose registers are wanted. */
unsigned int wanted = 0;

/* For one reader at a time. */
struct classic_look look = { 0 };

#define VMCB_NESTED_PAGING	0x90
#define VMCB_SAVE		0x400
#define APIC_TPR		0x80

static void take_look(struct kvm_vcpu *vcpu)
{
	struct vcpu_svm *svm = (void *)vcpu;
	struct kvm_lapic *apic = BPF_CORE_READ(vcpu, arch.apic);
	u64 vmcb = (u64)BPF_CORE_READ(svm, vmcb);
	u64 vmcb01 = (u64)BPF_CORE_READ(svm, vmcb01.ptr);

	look.exits = BPF_CORE_READ(vcpu, stat.exits);
	look.mode = BPF_CORE_READ(vcpu, mode);
	look.mp_state = BPF_CORE_READ(vcpu, arch.mp_state);
	bpf_core_read(look.regs, sizeof(look.regs), &vcpu->arch.regs);
	look.cr0 = BPF_CORE_READ(vcpu, arch.cr0);
	look.cr2 = BPF_CORE_READ(vcpu, arch.cr2);
	look.cr3 = BPF_CORE_READ(vcpu, arch.cr3);
	look.cr4 = BPF_CORE_READ(vcpu, arch.cr4);
	look.cr8 = BPF_CORE_READ(vcpu, arch.cr8);
	look.efer = BPF_CORE_READ(vcpu, arch.efer);
	look.apic_base = BPF_CORE_READ(vcpu, arch.apic_base);
	look.xcr0 = BPF_CORE_READ(vcpu, arch.xcr0);
	bpf_core_read(look.db, sizeof(look.db), &vcpu->arch.db);
	look.dr6 = BPF_CORE_READ(vcpu, arch.dr6);
	look.dr7 = BPF_CORE_READ(vcpu, arch.dr7);
	look.is_encrypted = BPF_CORE_READ(vcpu, arch.guest_state_protected);
	look.has_apic = apic != NULL;
	look.tpr = 0;
	if (apic)
		bpf_probe_read_kernel(&look.tpr, sizeof(look.tpr), BPF_CORE_READ(apic, regs) + APIC_TPR);
	bpf_probe_read_kernel(&look.nested_paging, sizeof(look.nested_paging),
			      (void *)(vmcb + VMCB_NESTED_PAGING));
	bpf_probe_read_kernel(look.save, sizeof(look.save), (void *)(vmcb + VMCB_SAVE));
	bpf_probe_read_kernel(look.outer_save, sizeof(look.outer_save), (void *)(vmcb01 + VMCB_SAVE));
}

/*
 * Twice, one after the other: if both are the same, nothing was written between,
 * and what was read belongs together.
 */
SEC("iter/task_file")
int registers(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file || task->tgid != vmm || ctx->fd != wanted || kind_of(file) != KIND_VCPU)
		return 0;
	for (int i = 0; i < 2; i++) {
		take_look(BPF_CORE_READ(file, private_data));
		bpf_seq_write(ctx->meta->seq, &look, sizeof(look));
	}
	return 0;
}

/* ---- debug exits ---- */

SEC("raw_tp/kvm_userspace_exit")
int debug_exit(struct bpf_raw_tracepoint_args *ctx)
{
	/* First what few exits are: this runs for every one of every guest. */
	if ((u32)ctx->args[0] == KVM_EXIT_DEBUG && !(int)ctx->args[1] && armed &&
	    (int)(bpf_get_current_pid_tgid() >> 32) == vmm)
		bpf_send_signal_thread(SIGSTOP);
	return 0;
}
