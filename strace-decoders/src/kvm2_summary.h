/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * -e kvm2=summary: for each vcpu and kind of exit, how often, how long the
 * guest ran until it, and how long the VMM took before it entered again.
 */
#ifndef KVM2_SUMMARY_H
#define KVM2_SUMMARY_H

#include <stdio.h>

struct tcb;

/** kvm2_summary_entering() - a traced syscall begins; decoded or not */
extern void kvm2_summary_entering(struct tcb *tcp);

/** kvm2_summary_exiting() - it ends, after injection has had its way */
extern void kvm2_summary_exiting(struct tcb *tcp);

/** kvm2_summary_print() - the table, if it was asked for */
extern void kvm2_summary_print(FILE *file);

#endif /* KVM2_SUMMARY_H */
