/* SPDX-License-Identifier: GPL-2.0 */
/* The file of a guest's kernel, with its symbols: vmlinux. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stddef.h>
#include <stdint.h>

struct kernel;

/* Return: 0; -EINVAL it is no ELF file with symbols; what opening it gave. */
int kernel_open(const char *path, struct kernel **kernel);

/* NULL is allowed. */
void kernel_close(struct kernel *kernel);

/* Absolute; as long as @kernel is there. */
const char *kernel_path(const struct kernel *kernel);

/* Where the first of its segments begins. */
uint64_t kernel_base(const struct kernel *kernel);

/* Return: 0; -ENOENT there is no such symbol. */
int kernel_find(const struct kernel *kernel, const char *name, uint64_t *address);

/* Return: 0; -EFAULT the file does not have all of it. */
int kernel_read(const struct kernel *kernel, uint64_t address, void *data, size_t size);

#endif
