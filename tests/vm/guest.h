/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tiny guests in the calling process, on the bare system calls: a VM with
 * GUEST_RAM bytes of RAM at gpa 0, and the programs of guest_code.S in it.
 *
 * Functions return 0 or more, or the negative errno of the call that failed.
 */
#ifndef TESTS_VM_GUEST_H
#define TESTS_VM_GUEST_H

#include <linux/kvm2.h>
#include <stddef.h>
#include <stdint.h>

#include "guest_abi.h"

/* All programs, which go to GUEST_CODE. */
extern const uint8_t guest_code[];
extern const uint8_t guest_code_end[];

/* The programs; see guest_code.S. */
extern const uint8_t guest_sum[];	/* param: rounds */
extern const uint8_t guest_count[];
extern const uint8_t guest_halt[];
extern const uint8_t guest_ports[];
extern const uint8_t guest_touch[];	/* param: rounds */
extern const uint8_t guest_outs[];
extern const uint8_t guest_ins[];

/* A record with room for any register that is not an XSAVE component. */
struct guest_record {
	uint16_t set;
	uint16_t attributes;
	uint32_t size;
	uint64_t number;
	uint64_t value[8];
};

/**
 * guest_hold_kvm() - keep KVM in use for the life of the process
 *
 * With its first VM and its last one KVM patches the text of the kernel. A
 * QEMU before 8.1 may go on with what it has translated of it before, now and
 * then. So a test that creates many VMs holds one, on the classic API.
 */
int guest_hold_kvm(void);

/**
 * guest_create_vm() - give the process a VM with RAM and the programs in it
 * @name: of the VM
 * @ram:  out: the RAM, which stays mapped for the life of the process
 */
int guest_create_vm(const char *name, uint8_t **ram);

/* Make @ram the whole memory map, with KVM2_REGION_* @flags. */
int guest_map(uint8_t *ram, uint32_t flags);

/**
 * guest_start() - let the calling thread's vcpu begin a program
 * @program: one of the above
 * @param:   what the program finds in ecx
 *
 * All general registers are set, and the vcpu is made runnable.
 */
int guest_start(const void *program, uint32_t param);

/* kvm_enter_guest() without a signal mask. */
int guest_enter(struct kvm2_run *run);

/**
 * guest_answer() - serve the exit in @run, as a device would
 * @run:  the exit; its reply is filled in
 * @seed: of the numbers that guest_sum asks for
 * Return: 1 when the program has ended, and the value is in run->io.data;
 *	   0 to go on; -EPROTO when the exit is none that a program causes.
 */
int guest_answer(struct kvm2_run *run, uint32_t seed);

/**
 * guest_finish() - run the calling thread's vcpu until its program ends
 * @run:    the last exit, answered; or all 0
 * @seed:   as for guest_answer()
 * @result: out: what the program ended with
 */
int guest_finish(struct kvm2_run *run, uint32_t seed, uint32_t *result);

/* What guest_sum ends with. */
uint32_t guest_sum_result(uint32_t rounds, uint32_t seed);

/* One register of the calling thread's vcpu, up to 64 bytes. */
int guest_get(uint32_t set, uint64_t number, void *value, size_t size);
/* The same of another thread's, by its pidfd. */
int guest_get_of(int pidfd, uint32_t set, uint64_t number, void *value,
		 size_t size);
int guest_set(uint32_t set, uint64_t number, const void *value, size_t size);

#endif /* TESTS_VM_GUEST_H */
