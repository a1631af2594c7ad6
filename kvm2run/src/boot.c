// SPDX-License-Identifier: GPL-2.0
// Loading: segments where the image wants them, modules behind it, information below 640 KiB.
#include "boot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "multiboot_info.h"

#define PAGE_BYTES		4096ULL
#define INFO_BYTES_MAX		(64ULL << 10)
#define INITRD_ALIGN		4	/* as Linux wants the parts of an initrd */
#define LOADER_NAME		"kvm2run " KVM2_VERSION
#define MODULES_MAX		(OPTIONS_FILES_MAX + 1)

static void copy_in(const struct memory *memory, uint64_t gpa, const uint8_t *data, size_t len)
{
	if (len)
		memcpy(memory_at(memory, gpa, len), data, len);
}

static int load_segments(const struct image *image, const char *path, const uint8_t *data,
			 struct layout *layout, const struct memory *memory,
			 struct failure *failure)
{
	char what[LAYOUT_WHAT_BYTES];
	int err;

	for (unsigned int i = 0; i < image->nr_segments; i++) {
		const struct image_segment *segment = &image->segments[i];

		if (image->nr_segments == 1)
			snprintf(what, sizeof(what), "%s", path);
		else
			snprintf(what, sizeof(what), "%s: segment %u", path, i + 1);
		err = layout_take(layout, segment->gpa, segment->memory_bytes, what, failure);
		if (err)
			return err;
		copy_in(memory, segment->gpa, data + segment->file_offset, segment->file_bytes);
	}
	return 0;
}

static int load_image(struct boot *boot, const struct options *options, struct layout *layout,
		      const struct memory *memory, struct failure *failure)
{
	struct file file;
	int err;

	err = file_read(&file, options->image, failure);
	if (err)
		goto out;
	err = image_parse(file.data, file.len, &options->wish, &boot->image, failure);
	if (err) {
		failure_prefix(failure, -err, options->image);
		goto out;
	}
	err = load_segments(&boot->image, options->image, file.data, layout, memory, failure);
out:
	file_fini(&file);
	return err;
}

/* The first address behind the image, where QEMU puts modules too. */
static uint64_t image_end(const struct image *image)
{
	uint64_t end = LAYOUT_HIGH;

	for (unsigned int i = 0; i < image->nr_segments; i++) {
		const struct image_segment *segment = &image->segments[i];

		if (segment->gpa + segment->memory_bytes > end)
			end = segment->gpa + segment->memory_bytes;
	}
	return end;
}

static int append_file(struct file *all, const char *path, struct failure *failure)
{
	struct file part;
	size_t start = (all->len + INITRD_ALIGN - 1) & ~(size_t)(INITRD_ALIGN - 1);
	uint8_t *data;
	int err;

	err = file_read(&part, path, failure);
	if (err)
		goto out;
	data = realloc(all->data, start + part.len + 1);
	if (!data) {
		err = failure_set(failure, ENOMEM, "%s: allocate memory: %s", path,
				  strerror(ENOMEM));
		goto out;
	}
	memset(data + all->len, 0, start - all->len);
	memcpy(data + start, part.data, part.len);
	all->data = data;
	all->len = start + part.len;
out:
	file_fini(&part);
	return err;
}

static int load_initrds(struct boot *boot, const struct options *options, struct layout *layout,
			const struct memory *memory, struct failure *failure)
{
	uint64_t gpa;
	int err;

	if (!options->nr_initrds)
		return 0;
	for (unsigned int i = 0; i < options->nr_initrds; i++) {
		err = append_file(&boot->initrd, options->initrds[i], failure);
		if (err)
			return err;
	}
	err = layout_place(layout, image_end(&boot->image), boot->initrd.len,
			   options->initrds[0], &gpa, failure);
	if (err)
		return err;
	copy_in(memory, gpa, boot->initrd.data, boot->initrd.len);
	boot->initrd_gpa = (uint32_t)gpa;
	return 0;
}

static int load_module(const char *string, uint64_t from, struct layout *layout,
		       const struct memory *memory, struct multiboot_module *module,
		       struct failure *failure)
{
	char *path = strndup(string, strcspn(string, " "));
	struct file file = { 0 };
	uint64_t gpa;
	int err;

	if (!path)
		return failure_set(failure, ENOMEM, "%s: allocate memory: %s", string,
				   strerror(ENOMEM));
	err = file_read(&file, path, failure);
	if (err)
		goto out;
	err = layout_place(layout, from, file.len, path, &gpa, failure);
	if (err)
		goto out;
	copy_in(memory, gpa, file.data, file.len);
	module->start = (uint32_t)gpa;
	module->end = (uint32_t)(gpa + file.len);
	module->string = string;
out:
	file_fini(&file);
	free(path);
	return err;
}

/* The initrd is the first module, as with QEMU's -initrd. */
static int load_modules(const struct boot *boot, const struct options *options,
			struct layout *layout, const struct memory *memory,
			struct multiboot_module modules[static MODULES_MAX], unsigned int *nr,
			struct failure *failure)
{
	*nr = 0;
	if (options->nr_initrds)
		modules[(*nr)++] = (struct multiboot_module){
			.start = boot->initrd_gpa,
			.end = (uint32_t)(boot->initrd_gpa + boot->initrd.len),
			.string = options->initrds[0],
		};
	for (unsigned int i = 0; i < options->nr_modules; i++) {
		int err = load_module(options->modules[i], image_end(&boot->image), layout, memory,
				      &modules[*nr], failure);
		if (err)
			return err;
		(*nr)++;
	}
	return 0;
}

/* Occupies the last bytes below 640 KiB, from a page boundary on. */
static int place_info(struct layout *layout, uint64_t bytes, uint64_t *gpa,
		      struct failure *failure)
{
	if (bytes > INFO_BYTES_MAX)
		return failure_set(failure, E2BIG,
			"the command line and the strings of the modules: 0x%llx bytes are more than 0x%llx; shorten them",
			(unsigned long long)bytes, INFO_BYTES_MAX);
	*gpa = (LAYOUT_VIDEO - bytes) & ~(PAGE_BYTES - 1);
	return layout_take(layout, *gpa, LAYOUT_VIDEO - *gpa, "boot information", failure);
}

static unsigned int describe_memory(const struct layout *layout, uint64_t info_gpa,
				    struct multiboot_memory map[static LAYOUT_BANKS + 2])
{
	unsigned int nr = 0;

	map[nr++] = (struct multiboot_memory){ 0, info_gpa, MULTIBOOT_INFO_AVAILABLE };
	map[nr++] = (struct multiboot_memory){
		info_gpa, LAYOUT_VIDEO - info_gpa, MULTIBOOT_INFO_RESERVED
	};
	map[nr++] = (struct multiboot_memory){
		LAYOUT_FIRMWARE, LAYOUT_HIGH - LAYOUT_FIRMWARE, MULTIBOOT_INFO_RESERVED
	};
	map[nr++] = (struct multiboot_memory){
		LAYOUT_HIGH, layout_low_end(layout) - LAYOUT_HIGH, MULTIBOOT_INFO_AVAILABLE
	};
	for (unsigned int i = 2; i < layout->nr_banks; i++)
		map[nr++] = (struct multiboot_memory){
			layout->banks[i].gpa, layout->banks[i].bytes, MULTIBOOT_INFO_AVAILABLE
		};
	return nr;
}

/* The path of the image comes first on the command line, as QEMU has it. */
static char *multiboot_cmdline(const struct options *options)
{
	char *cmdline;

	if (asprintf(&cmdline, "%s%s%s", options->image, options->append ? " " : "",
		     options->append ? options->append : "") < 0)
		return NULL;
	return cmdline;
}

static int load_multiboot_info(struct boot *boot, const struct options *options,
			       struct layout *layout, const struct memory *memory,
			       struct failure *failure)
{
	struct multiboot_memory map[LAYOUT_BANKS + 2];
	struct multiboot_module modules[MODULES_MAX];
	struct multiboot_facts facts = {
		.loader = LOADER_NAME,
		.modules = modules,
		.memory = map,
	};
	char *cmdline = multiboot_cmdline(options);
	size_t append_bytes = options->append ? strlen(options->append) + 1 : 0;
	uint64_t bytes;
	uint64_t gpa = 0;
	int err;

	if (!cmdline)
		return failure_set(failure, ENOMEM, "command line: allocate memory: %s",
				   strerror(ENOMEM));
	facts.cmdline = cmdline;
	err = load_modules(boot, options, layout, memory, modules, &facts.nr_modules, failure);
	if (err)
		goto out;

	/* The number of entries does not depend on the address. */
	facts.nr_memory = describe_memory(layout, 0, map);
	bytes = multiboot_info_bytes(&facts);
	err = place_info(layout, bytes + append_bytes, &gpa, failure);
	if (err)
		goto out;
	describe_memory(layout, gpa, map);
	facts.lower_kb = (uint32_t)(gpa >> 10);
	facts.upper_kb = (uint32_t)((layout_low_end(layout) - LAYOUT_HIGH) >> 10);

	multiboot_info_write(memory_at(memory, gpa, bytes), (uint32_t)gpa, &facts);
	boot->info_gpa = (uint32_t)gpa;
	if (append_bytes) {
		boot->cmdline_gpa = (uint32_t)(gpa + bytes);
		copy_in(memory, gpa + bytes, (const uint8_t *)options->append, append_bytes);
	}
out:
	free(cmdline);
	return err;
}

/* A flat binary has no information; fw_cfg tells where its command line is. */
static int load_flat_info(struct boot *boot, const struct options *options,
			  struct layout *layout, const struct memory *memory,
			  struct failure *failure)
{
	uint64_t gpa = 0;
	size_t bytes;
	int err;

	if (options->nr_modules)
		return failure_set(failure, EINVAL,
			"%s: a flat binary takes no modules; use a multiboot kernel, or --initrd, which it can read from fw_cfg",
			options->image);
	if (!options->append)
		return 0;
	bytes = strlen(options->append) + 1;
	err = place_info(layout, bytes, &gpa, failure);
	if (err)
		return err;
	copy_in(memory, gpa, (const uint8_t *)options->append, bytes);
	boot->cmdline_gpa = (uint32_t)gpa;
	return 0;
}

int boot_load(struct boot *boot, const struct options *options, struct layout *layout,
	      const struct memory *memory, struct failure *failure)
{
	int err;

	memset(boot, 0, sizeof(*boot));
	err = load_image(boot, options, layout, memory, failure);
	if (err)
		return err;
	err = load_initrds(boot, options, layout, memory, failure);
	if (err)
		return err;
	if (boot->image.mode == IMAGE_MULTIBOOT)
		return load_multiboot_info(boot, options, layout, memory, failure);
	return load_flat_info(boot, options, layout, memory, failure);
}

void boot_fini(struct boot *boot)
{
	file_fini(&boot->initrd);
}
