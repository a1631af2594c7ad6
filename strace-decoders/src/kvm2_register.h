/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registers as the kvm2 state calls have them: names and values. */
#ifndef KVM2_REGISTER_H
#define KVM2_REGISTER_H

#include <stdbool.h>
#include <stddef.h>

struct kvm2_record;

/**
 * kvm2_register_print_name() - print "rax", "xmm3", "msr:lstar", "cpuid:0x7.1"
 *
 * The words are those that libkvm2 and the tracepoints print. One without a
 * name is "KVM2_SET_GPR:0x99", or "0x1234:0x99" in an unknown set.
 */
extern void kvm2_register_print_name(const struct kvm2_record *record);

/**
 * kvm2_register_print_value() - print a value as its register has it
 * @value: @record->size bytes
 * @full:  flags in words
 */
extern void kvm2_register_print_value(const struct kvm2_record *record,
				      const void *value, bool full);

/** kvm2_register_print_attributes() - print "<volatile>", nothing for none */
extern void kvm2_register_print_attributes(unsigned int attributes);

#endif /* KVM2_REGISTER_H */
