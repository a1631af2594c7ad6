/* SPDX-License-Identifier: GPL-2.0 */
/* A vcpu's thread at the system call KVM_RUN. */
#ifndef KVM_RUN_H
#define KVM_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include <linux/kvm.h>

#define KVM_RUN_SYSCALL_BYTES	2

static inline bool kvm_run_is_call(const struct user_regs_struct *regs, int fd)
{
	return regs->orig_rax == SYS_ioctl && (int)regs->rdi == fd && (uint32_t)regs->rsi == KVM_RUN;
}

/* Make it once more, unseen by the VMM. */
static inline void kvm_run_again(struct user_regs_struct *regs)
{
	regs->rip -= KVM_RUN_SYSCALL_BYTES;
	regs->rax = regs->orig_rax;
	regs->orig_rax = ~0ULL;
}

#endif
