/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several decoders of kvm2 print. */
#ifndef KVM2_PRINT_H
#define KVM2_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcb;

/**
 * kvm2_print_bytes() - print a string, no more of it than -s allows
 * @hex: all of it as \xNN, else as -x says
 */
extern void kvm2_print_bytes(const void *bytes, size_t size, bool hex);

/**
 * kvm2_print_number() - print little endian bytes as one number
 * @size: any; the number is hexadecimal, without leading zeros
 */
extern void kvm2_print_number(const void *bytes, size_t size);

/**
 * kvm2_print_note() - print a comment that explains a number, unless the user
 * wants numbers alone (-X raw)
 * @text: may be NULL, then there is none
 */
extern void kvm2_print_note(const char *text);

/**
 * kvm2_print_vcpu() - print which vcpu the thread is, under -e kvm2=vcpu,
 * before the first argument
 */
extern void kvm2_print_vcpu(struct tcb *tcp);

/* The most elements of an array that are printed, even under -v. */
#define KVM2_ARRAY_MAX	4096

/**
 * kvm2_print_array() - print an array of the tracee's
 * @element: room for one
 * @print:   prints an element
 */
extern void kvm2_print_array(struct tcb *tcp, uint64_t addr, size_t count,
			     void *element, size_t size,
			     bool (*print)(struct tcb *, void *, size_t, void *));

/** kvm2_full() - whether to print everything: -v or -e kvm2=full */
extern bool kvm2_full(struct tcb *tcp);

/** kvm2_msr_name() - the name of an MSR, NULL for none */
extern const char *kvm2_msr_name(uint64_t index);

/** kvm2_print_msr() - an MSR's number and name */
extern void kvm2_print_msr(uint64_t index);

#endif /* KVM2_PRINT_H */
