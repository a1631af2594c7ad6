/* SPDX-License-Identifier: GPL-2.0 */
/* The registers with which the first vcpu starts an image. */
#ifndef KVM2RUN_ENTRY_H
#define KVM2RUN_ENTRY_H

#include <kvm2/kvm2.h>
#include <stdint.h>

#include "image.h"

/* Bytes that are enough for the records of entry_build(). */
#define ENTRY_BYTES 1024

/**
 * entry_build() - the state to set before the first entry
 * @info_gpa:	multiboot information, for IMAGE_MULTIBOOT
 * @records:	out: records are appended
 * Return: 0; -ENOSPC @records is too small.
 */
int entry_build(const struct image *image, uint32_t info_gpa, struct kvm2_records *records);

#endif
