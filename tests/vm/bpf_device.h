/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs of bpf_device.bpf.c and bpf_test.c agree on. */
#ifndef TESTS_VM_BPF_DEVICE_H
#define TESTS_VM_BPF_DEVICE_H

#define BPF_PORT	0x300		/* of a range of BPF_BYTES; the same in memory */
#define BPF_BYTES	0x40
#define BPF_COOKIE	0x1234567890abcdefULL

/* Offsets in the range, each for accesses of any width. */
enum bpf_register {
	BPF_WORD	= 0x00,		/* keeps what is written */
	BPF_TIME	= 0x04,		/* low 32 bits of the time */
	BPF_PASSED	= 0x08,		/* is for the VMM */
	BPF_EVENT	= 0x0c,		/* a write signals the eventfd of that number; a read: what came of it */
	BPF_APIC	= 0x10,		/* a write sends the message; a read: what came of it */
	BPF_COUNT	= 0x14,		/* a write adds its value, whichever vcpu makes it */
	BPF_CONTEXT	= 0x18,		/* is only noted */
};

#endif /* TESTS_VM_BPF_DEVICE_H */
