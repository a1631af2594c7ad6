// SPDX-License-Identifier: GPL-2.0
/* KVM's own copy of a vcpu's registers, on AMD's processors. */
#include "files.h"

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
