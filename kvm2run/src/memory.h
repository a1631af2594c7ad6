/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's RAM in our address space. */
#ifndef KVM2RUN_MEMORY_H
#define KVM2RUN_MEMORY_H

#include <kvm2/kvm2.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "layout.h"

struct memory {
	const struct layout *layout;
	uint8_t *base;
	uint64_t bytes;
};

/**
 * memory_init() - allocate RAM, all zeros
 * @layout:	its banks; borrowed for the life of @memory
 * Return: 0; -ENOMEM. Freed by the end of the process only: a kvm2 VM lasts
 * as long, and uses it.
 */
int memory_init(struct memory *memory, const struct layout *layout, struct failure *failure);

/* Where [gpa, gpa + bytes) is, or NULL where that is not within one bank. */
uint8_t *memory_at(const struct memory *memory, uint64_t gpa, uint64_t bytes);

/* Copy to guest memory that is there, as a layout_take() has made sure. */
void memory_write(const struct memory *memory, uint64_t gpa, const void *data, size_t len);

/* Make RAM the memory map of @machine. */
int memory_map(const struct memory *memory, struct kvm2_machine *machine,
	       struct failure *failure);

#endif
