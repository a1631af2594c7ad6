// SPDX-License-Identifier: GPL-2.0
// Boot information in guest memory.
#include "information.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES		4096ULL
#define BYTES_MAX		(64ULL << 10)
#define LOADER_NAME		"kvm2run " KVM2_VERSION

/* Two words of the BIOS data area. */
#define BIOS_EXTENDED_SEGMENT	0x40e
#define BIOS_MEMORY_KB		0x413

/* The path of the image comes first on the command line, as QEMU has it. */
int information_init(struct information *information, const struct options *options,
		     const char *append, struct failure *failure)
{
	struct multiboot_facts *facts = &information->facts;

	memset(information, 0, sizeof(*information));
	if (asprintf(&information->cmdline, "%s%s%s", options->image, append ? " " : "",
		     append ? append : "") < 0) {
		information->cmdline = NULL;
		return failure_set(failure, ENOMEM, "command line: allocate memory: %s",
				   strerror(ENOMEM));
	}
	information->append = append;
	facts->cmdline = information->cmdline;
	facts->loader = LOADER_NAME;
	facts->memory = information->map;
	facts->modules = information->modules;

	/* The initrd is the first module, as with QEMU's -initrd. */
	if (options->nr_initrds)
		information->modules[facts->nr_modules++].string = options->initrds[0];
	for (unsigned int i = 0; i < options->nr_modules; i++)
		information->modules[facts->nr_modules++].string = options->modules[i];
	return 0;
}

void information_fini(struct information *information)
{
	free(information->cmdline);
}

/* @start: the end of memory below the information */
static void describe_memory(struct information *information, const struct layout *layout,
			    uint64_t start)
{
	const struct multiboot_memory low[] = {
		{ 0, start, MULTIBOOT_INFO_AVAILABLE },
		{ start, LAYOUT_VIDEO - start, MULTIBOOT_INFO_RESERVED },
		{ LAYOUT_FIRMWARE, LAYOUT_HIGH - LAYOUT_FIRMWARE, MULTIBOOT_INFO_RESERVED },
		{ LAYOUT_HIGH, layout_low_end(layout) - LAYOUT_HIGH, MULTIBOOT_INFO_AVAILABLE },
	};
	unsigned int nr = sizeof(low) / sizeof(low[0]);

	memcpy(information->map, low, sizeof(low));
	for (unsigned int i = 2; i < layout->nr_banks; i++)
		information->map[nr++] = (struct multiboot_memory){
			layout->banks[i].gpa, layout->banks[i].bytes, MULTIBOOT_INFO_AVAILABLE
		};
	information->facts.nr_memory = nr;
	information->facts.lower_kb = (uint32_t)(start >> 10);
	information->facts.upper_kb = (uint32_t)((layout_low_end(layout) - LAYOUT_HIGH) >> 10);
}

int information_place(struct information *information, enum image_mode mode,
		      struct layout *layout, struct failure *failure)
{
	uint64_t append_bytes = information->append ? strlen(information->append) + 1 : 0;
	uint64_t info_bytes = 0;

	/* How long the map is does not depend on the address. */
	describe_memory(information, layout, 0);
	if (mode == IMAGE_MULTIBOOT)
		info_bytes = multiboot_info_bytes(&information->facts);
	if (info_bytes + append_bytes > BYTES_MAX)
		return failure_set(failure, E2BIG,
			"the command line and the strings of the modules: 0x%llx bytes are more than 0x%llx; shorten them",
			(unsigned long long)(info_bytes + append_bytes), BYTES_MAX);

	information->start = (LAYOUT_VIDEO - info_bytes - append_bytes) & ~(PAGE_BYTES - 1);
	if (info_bytes)
		information->info_gpa = (uint32_t)information->start;
	if (append_bytes)
		information->append_gpa = (uint32_t)(information->start + info_bytes);
	return layout_take(layout, information->start, LAYOUT_VIDEO - information->start,
			   "boot information", failure);
}

void information_write_bios_data(const struct information *information,
				 const struct memory *memory)
{
	const uint16_t kb = (uint16_t)(information->start >> 10);
	const uint16_t segment =
		information->start < LAYOUT_VIDEO ? (uint16_t)(information->start >> 4) : 0;

	memory_write(memory, BIOS_EXTENDED_SEGMENT, &segment, sizeof(segment));
	memory_write(memory, BIOS_MEMORY_KB, &kb, sizeof(kb));
}

void information_write(struct information *information, const struct layout *layout,
		       const struct memory *memory)
{
	describe_memory(information, layout, information->start);
	if (information->info_gpa)
		multiboot_info_write(memory_at(memory, information->info_gpa,
					       multiboot_info_bytes(&information->facts)),
				     information->info_gpa, &information->facts);
	if (information->append_gpa)
		memory_write(memory, information->append_gpa, information->append,
			     strlen(information->append) + 1);
}
