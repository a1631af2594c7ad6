/* SPDX-License-Identifier: GPL-2.0 */
/* A Linux kernel as distributed, "bzImage", with a 64-bit entry. */
#ifndef KVM2RUN_IMAGE_LINUX_H
#define KVM2RUN_IMAGE_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "image.h"

/* The setup header: at this offset of the file, and of the boot parameters. */
#define IMAGE_LINUX_HEADER	0x1f1

/* Return: the file says that it is a Linux kernel. */
bool image_linux_is(const uint8_t *data, size_t len);

/**
 * image_linux_header_bytes() - how much of the file is the setup header
 * @data:	of a file that image_linux_parse() takes
 */
size_t image_linux_header_bytes(const uint8_t *data);

/* Return: 0; -EINVAL truncated or malformed; -ENOEXEC no 64-bit entry. */
int image_linux_parse(const uint8_t *data, size_t len, struct image *image,
		      struct failure *failure);

#endif
