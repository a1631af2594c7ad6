/* SPDX-License-Identifier: GPL-2.0 */
/* The image, its modules and its information, put into guest memory. */
#ifndef KVM2RUN_BOOT_H
#define KVM2RUN_BOOT_H

#include <stdint.h>

#include "acpi.h"
#include "failure.h"
#include "file.h"
#include "image.h"
#include "layout.h"
#include "memory.h"
#include "options.h"

/**
 * struct boot - what the first vcpu and fw_cfg have to know
 * @info_gpa:	multiboot information; only for IMAGE_MULTIBOOT
 * @initrd:	all initrds one after the other; empty if there is none
 * @cmdline_gpa: where the guest has --append; 0 without it
 * @cmdline:	--append, and what Linux has to know besides; or NULL
 */
struct boot {
	struct image image;
	uint32_t info_gpa;
	struct file initrd;
	uint32_t initrd_gpa;
	uint32_t cmdline_gpa;
	char *cmdline;
};

/**
 * boot_load() - load all files of the command line
 * @boot:	out: for boot_fini(), also after an error
 * @has_tables:	write firmware tables
 * @devices:	for firmware tables and Linux; may be empty
 * @layout:	gets the parts that are loaded
 * Return: 0, or a negative errno with @failure set.
 */
int boot_load(struct boot *boot, const struct options *options, bool has_tables,
	      const struct acpi_device *devices, unsigned int nr_devices, struct layout *layout,
	      const struct memory *memory, struct failure *failure);

void boot_fini(struct boot *boot);

#endif
