/* SPDX-License-Identifier: GPL-2.0 */
/* Leave a vcpu of kvm2 as it was, when whoever debugged it has died: no debug flags, and what is the guest's with the guest. */
#ifndef UNDO_KVM2_H
#define UNDO_KVM2_H

#include <sys/types.h>

struct undo_vcpu;

/* @pidfd: of the vcpu's thread, in the process @pid. */
void undo_kvm2(pid_t pid, const struct undo_vcpu *vcpu, int pidfd);

#endif
