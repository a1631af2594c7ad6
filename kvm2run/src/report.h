/* SPDX-License-Identifier: GPL-2.0 */
/* What a vcpu was doing when its guest could not go on. */
#ifndef KVM2RUN_REPORT_H
#define KVM2RUN_REPORT_H

#include <kvm2/kvm2.h>
#include <stddef.h>

#define REPORT_BYTES 4096

/**
 * report_exit() - an exit in words: "shutdown: ..." and its details
 * @text:	NUL-terminated, cut if too long
 */
void report_exit(const struct kvm2_run *run, char *text, size_t size);

/**
 * report_registers() - the registers of a vcpu, a few in each line
 * @records:	GPR, CONTROL, SEGMENT and DESCRIPTOR records; others are left out
 * @text:	as above
 */
void report_registers(const struct kvm2_records *records, char *text, size_t size);

#endif
