/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guest is told about its machine and its boot, in its own memory:
 * multiboot information, the command line that fw_cfg points to, and the
 * words of the BIOS data area that tell where they are.
 */
#ifndef KVM2RUN_INFORMATION_H
#define KVM2RUN_INFORMATION_H

#include <stdint.h>

#include "failure.h"
#include "image.h"
#include "layout.h"
#include "memory.h"
#include "multiboot_info.h"
#include "options.h"

#define INFORMATION_MODULES_MAX	(OPTIONS_FILES_MAX + 1)

/**
 * struct information - put together step by step, in the order below
 * @modules:	their strings are known from the beginning; start and end are
 *		for the caller to fill in before information_write()
 * @info_gpa:	multiboot information; 0 for a flat binary
 * @append_gpa:	the command line alone; 0 without --append
 */
struct information {
	struct multiboot_facts facts;
	struct multiboot_memory map[LAYOUT_BANKS + 2];
	struct multiboot_module modules[INFORMATION_MODULES_MAX];
	char *cmdline;
	const char *append;
	uint64_t start;
	uint32_t info_gpa;
	uint32_t append_gpa;
};

/*
 * Return: 0; -ENOMEM, with @failure set. In any case @information is for
 * information_fini(), and @options and @append are borrowed until then.
 */
int information_init(struct information *information, const struct options *options,
		     const char *append, struct failure *failure);
void information_fini(struct information *information);

/**
 * information_place() - occupy room for it
 *
 * Below 640 KiB, from a page boundary on: where a PC has its extended BIOS
 * data area, out of what it reports as memory.
 *
 * Return: 0; -E2BIG the strings are too long; as layout_take().
 */
int information_place(struct information *information, enum image_mode mode,
		      struct layout *layout, struct failure *failure);

/* Before the image is loaded: if that lies there, it counts for more. */
void information_write_bios_data(const struct information *information,
				 const struct memory *memory);

void information_write(struct information *information, const struct layout *layout,
		       const struct memory *memory);

#endif
