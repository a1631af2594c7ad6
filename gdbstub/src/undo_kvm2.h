/* SPDX-License-Identifier: GPL-2.0 */
/* Leave a vcpu of kvm2 as it was, when whoever debugged it has died: no debug flags, and what is the guest's with the guest. */
#ifndef UNDO_KVM2_H
#define UNDO_KVM2_H

/* @pidfd: of the vcpu's thread. */
void undo_kvm2(int pidfd);

#endif
