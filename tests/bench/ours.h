/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Our side: a VM with one vcpu, by the kvm2 system calls; that of the calling
 * process. Functions return 0 or a negative errno.
 */
#ifndef TESTS_BENCH_OURS_H
#define TESTS_BENCH_OURS_H

#include <linux/kvm2.h>
#include <stdint.h>

#include "guest.h"

/* A VM and its vcpu, with all CPUID leaves of the host. */
int ours_create(void);

/* Replace the memory map. */
int ours_map(const struct kvm2_memory_region *regions, uint32_t nr_regions);

/* GUEST_RAM bytes at @ram are the whole map. */
int ours_map_ram(void *ram);

/* Set the registers of the vcpu. */
int ours_start(const struct guest_start *start);

/* All three: a VM with that memory alone, its vcpu ready to start. */
int ours_begin(void *ram, const struct guest_start *start);

/* Enter the guest, until its write to the port. */
int ours_exit(void);

#endif /* TESTS_BENCH_OURS_H */
