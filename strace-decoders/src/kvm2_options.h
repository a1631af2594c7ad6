/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What -e kvm2=LIST asks for. */
#ifndef KVM2_OPTIONS_H
#define KVM2_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct kvm2_options - how to show the kvm2 calls
 * @full:    all members of a run structure, flags of registers in words
 * @diff:    what a new memory map changes
 * @vcpu:    which vcpu a call is about
 * @summary: a table at the end: exits, and the time in guest and VMM
 * @classic: the exits of the ioctl KVM_RUN, too
 * @sets:    bit n: print records of register set n
 */
struct kvm2_options {
	bool full;
	bool diff;
	bool vcpu;
	bool summary;
	bool classic;
	uint64_t sets;
};

extern struct kvm2_options kvm2_options;

/**
 * kvm2_options_parse() - take the argument of -e kvm2=
 * @text: words with commas between; what is not understood ends strace
 */
extern void kvm2_options_parse(const char *text);

#endif /* KVM2_OPTIONS_H */
