/* SPDX-License-Identifier: GPL-2.0 */
/* A whole file in memory. */
#ifndef KVM2RUN_FILE_H
#define KVM2RUN_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "failure.h"

/* No image, module or initrd above this can be loaded below 4 GiB. */
#define FILE_BYTES_MAX	(4ULL << 30)

struct file {
	uint8_t *data;
	size_t len;
};

/**
 * file_read() - read a regular file
 * @file:	out: for file_fini(), also after an error
 * Return: 0; -EFBIG more than FILE_BYTES_MAX; -EINVAL not a regular file;
 * -EIO it shrank meanwhile; errors of open(2) and read(2). @failure names
 * the file.
 */
int file_read(struct file *file, const char *path, struct failure *failure);

void file_fini(struct file *file);

#endif
