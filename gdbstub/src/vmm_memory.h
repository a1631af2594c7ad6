/* SPDX-License-Identifier: GPL-2.0 */
/* Guest memory by way of the VMM's address space. */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "target.h"

/* As target_ops.read and .write, by target->regions. */
ssize_t vmm_memory_read(struct target *target, uint64_t gpa, void *data, size_t size);
ssize_t vmm_memory_write(struct target *target, uint64_t gpa, const void *data, size_t size);

/* Where a guest physical address is in the VMM; 0: nowhere. */
uint64_t vmm_memory_host(const struct target *target, uint64_t gpa);

/* At an address of the VMM's. Return: 0 or a negative errno. */
int vmm_peek(pid_t pid, uint64_t address, void *data, size_t size);
int vmm_poke(pid_t pid, uint64_t address, const void *data, size_t size);

/* Append a region. Return: 0 or -ENOMEM. */
int vmm_memory_add(struct target *target, const struct target_region *region);

#endif
