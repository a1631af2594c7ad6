/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernels with a Multiboot 0.6.96 header (section 3.1): 32-bit ELF, 64-bit
 * ELF whose entry is 32-bit code below 4 GiB, or any file whose header has
 * the address fields (the "a.out kludge").
 */
#ifndef KVM2RUN_IMAGE_MULTIBOOT_H
#define KVM2RUN_IMAGE_MULTIBOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "image.h"

/* The header is 4-byte aligned and wholly within this much of the file. */
#define IMAGE_MULTIBOOT_SEARCH	8192
#define IMAGE_MULTIBOOT_MAGIC	0x1badb002U

/* Is there a header with a valid checksum? @header: its file offset. */
bool image_multiboot_find(const uint8_t *data, size_t len, size_t *header);

/* As image_parse(); @header from image_multiboot_find(). */
int image_multiboot_parse(const uint8_t *data, size_t len, size_t header,
			  struct image *image, struct failure *failure);

#endif
