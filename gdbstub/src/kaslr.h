/* SPDX-License-Identifier: GPL-2.0 */
/* By how much a guest's kernel has moved itself. */
#ifndef KASLR_H
#define KASLR_H

#include <stdint.h>

#include "kernel.h"
#include "vm.h"

/**
 * kaslr_find() - where the guest has its kernel
 * @slide: out: above the file's addresses
 * Return: 0; -ENOENT: no vcpu that is held runs that kernel.
 */
int kaslr_find(struct vm *vm, const struct kernel *kernel, uint64_t *slide);

#endif
