/* SPDX-License-Identifier: GPL-2.0 */
/* What the BPF iterators tell of a VMM's files. Included by both sides. */
#ifndef CLASSIC_RECORD_H
#define CLASSIC_RECORD_H

enum classic_record_kind {
	CLASSIC_SLOT = 1,	/* @fd of the VM; @gpa, @bytes, @host, @flags */
	CLASSIC_VCPU,		/* @fd of the vcpu; @id, @tid */
	CLASSIC_MORE,		/* there are more slots than could be told */
};

/* @vm: tells VMs apart; no address to be used. @id: of the slot or the vcpu. */
struct classic_record {
	unsigned int kind;
	unsigned int fd;
	unsigned long long vm;
	unsigned long long gpa;
	unsigned long long bytes;
	unsigned long long host;
	unsigned int flags;
	unsigned int id;
	int tid;
	unsigned int address_space;
};

#define CLASSIC_LOOK_REGS	17	/* rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 to r15, rip */
#define CLASSIC_LOOK_SAVE	0x298	/* of a VMCB's state-save area what is used */
#define CLASSIC_LOOK_IN_GUEST	1	/* @mode */

/**
 * struct classic_look - KVM's own copy of a vcpu's registers, as of its last exit
 * @exits:	how many there have been
 * @tpr:	of the local APIC's register; only if @has_apic
 * @is_encrypted: there is nothing to be seen
 * @nested_paging: of the VMCB, bit 0
 * @save:	the state-save area, of a guest's guest while that runs
 * @outer_save:	that of the guest, which VMLOAD and VMSAVE use, too
 */
struct classic_look {
	unsigned long long exits;
	unsigned int mode;
	unsigned int mp_state;
	unsigned long long regs[CLASSIC_LOOK_REGS];
	unsigned long long cr0;
	unsigned long long cr2;
	unsigned long long cr3;
	unsigned long long cr4;
	unsigned long long cr8;
	unsigned long long efer;
	unsigned long long apic_base;
	unsigned long long xcr0;
	unsigned long long db[4];
	unsigned long long dr6;
	unsigned long long dr7;
	unsigned int tpr;
	unsigned int has_apic;
	unsigned int is_encrypted;
	unsigned int reserved;
	unsigned long long nested_paging;
	unsigned char save[CLASSIC_LOOK_SAVE];
	unsigned char outer_save[CLASSIC_LOOK_SAVE];
};

#endif
