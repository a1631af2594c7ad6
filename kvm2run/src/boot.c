// SPDX-License-Identifier: GPL-2.0
// Loading: segments where the image wants them, modules behind it.
#include "boot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_linux.h"
#include "information.h"
#include "linux_boot.h"
#include "mptable.h"

#define INITRD_ALIGN		4	/* as Linux wants the parts of an initrd */

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
		memory_write(memory, segment->gpa, data + segment->file_offset, segment->file_bytes);
	}
	return 0;
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
	memory_write(memory, gpa, boot->initrd.data, boot->initrd.len);
	boot->initrd_gpa = (uint32_t)gpa;
	return 0;
}

/* @module: its string names the file; start and end are filled in */
static int load_module(struct multiboot_module *module, uint64_t from, struct layout *layout,
		       const struct memory *memory, struct failure *failure)
{
	char *path = strndup(module->string, strcspn(module->string, " "));
	struct file file = { 0 };
	uint64_t gpa;
	int err;

	if (!path)
		return failure_set(failure, ENOMEM, "%s: allocate memory: %s", module->string,
				   strerror(ENOMEM));
	err = file_read(&file, path, failure);
	if (err)
		goto out;
	err = layout_place(layout, from, file.len, path, &gpa, failure);
	if (err)
		goto out;
	memory_write(memory, gpa, file.data, file.len);
	module->start = (uint32_t)gpa;
	module->end = (uint32_t)(gpa + file.len);
out:
	file_fini(&file);
	free(path);
	return err;
}

static int parse_image(struct boot *boot, const struct options *options, struct file *file,
		       struct failure *failure)
{
	int err = file_read(file, options->image, failure);

	if (err)
		return err;
	err = image_parse(file->data, file->len, &options->wish, &boot->image, failure);
	if (err)
		return failure_prefix(failure, -err, options->image);
	if (boot->image.mode != IMAGE_MULTIBOOT && options->nr_modules)
		return failure_set(failure, EINVAL,
			"%s: a flat binary takes no modules; use a multiboot kernel, or --initrd, which it can read from fw_cfg",
			options->image);
	return 0;
}

static int load_modules(struct boot *boot, const struct options *options, struct layout *layout,
			const struct memory *memory, struct multiboot_module *module,
			struct failure *failure)
{
	int err = load_initrds(boot, options, layout, memory, failure);

	if (err)
		return err;
	if (options->nr_initrds) {
		module->start = boot->initrd_gpa;
		module->end = (uint32_t)(boot->initrd_gpa + boot->initrd.len);
		module++;
	}
	for (unsigned int i = 0; !err && i < options->nr_modules; i++)
		err = load_module(module++, image_end(&boot->image), layout, memory, failure);
	return err;
}

/* ---- firmware tables ---- */

/* Return: as layout_take(). */
static int write_tables(const struct options *options, const struct acpi_device *devices,
			unsigned int nr_devices, struct layout *layout,
			const struct memory *memory, struct failure *failure)
{
	const struct acpi_facts facts = {
		.cpus = options->no_apic ? 0 : options->cpus,
		.devices = devices,
		.nr_devices = nr_devices,
	};
	int err = layout_take(layout, ACPI_GPA, ACPI_BYTES, "ACPI tables", failure);

	if (!err)
		err = layout_take(layout, MPTABLE_GPA, MPTABLE_BYTES, "MP table", failure);
	if (err)
		return err;
	acpi_write(memory_at(memory, ACPI_GPA, ACPI_BYTES), &facts);
	if (!options->no_apic)
		mptable_write(memory_at(memory, MPTABLE_GPA, MPTABLE_BYTES), options->cpus);
	return 0;
}

/*
 * Kernels without ACPI learn of virtio devices from the command line.
 * Return: 0; -ENOMEM, with @failure set.
 */
static int make_cmdline(struct boot *boot, const struct options *options,
			const struct acpi_device *devices, unsigned int nr_devices,
			struct failure *failure)
{
	size_t size = 0;
	FILE *out;

	if (!options->append && !nr_devices)
		return 0;
	out = open_memstream(&boot->cmdline, &size);
	if (!out)
		return failure_set(failure, ENOMEM, "command line: allocate memory: %s",
				   strerror(ENOMEM));
	fputs(options->append ? options->append : "", out);
	for (unsigned int i = 0; i < nr_devices; i++)
		fprintf(out, " virtio_mmio.device=0x%x@0x%llx:%u", devices[i].bytes,
			(unsigned long long)devices[i].gpa, devices[i].input);
	if (fclose(out))
		return failure_set(failure, ENOMEM, "command line: allocate memory: %s",
				   strerror(ENOMEM));
	return 0;
}

static void write_linux(const struct boot *boot, const struct information *information,
			const struct file *file, const struct memory *memory)
{
	const struct linux_boot_facts facts = {
		.file = file->data,
		.cmdline_gpa = information->append_gpa,
		.initrd_gpa = boot->initrd_gpa,
		.initrd_bytes = (uint32_t)boot->initrd.len,
		.rsdp_gpa = ACPI_GPA,
		.memory = information->map,
		.nr_memory = information->facts.nr_memory,
	};

	linux_boot_write(&facts, memory);
}

int boot_load(struct boot *boot, const struct options *options, bool has_tables,
	      const struct acpi_device *devices, unsigned int nr_devices, struct layout *layout,
	      const struct memory *memory, struct failure *failure)
{
	struct information information;
	struct file file = { 0 };
	int err;

	memset(boot, 0, sizeof(*boot));
	err = make_cmdline(boot, options, devices, nr_devices, failure);
	if (err)
		return err;
	err = information_init(&information, options, boot->cmdline, failure);
	if (err)
		goto out;
	err = parse_image(boot, options, &file, failure);
	if (err)
		goto out;
	err = information_place(&information, boot->image.mode, layout, failure);
	if (err)
		goto out;
	information_write_bios_data(&information, memory);
	if (has_tables) {
		err = write_tables(options, devices, nr_devices, layout, memory, failure);
		if (err)
			goto out;
	}
	if (boot->image.mode == IMAGE_LINUX) {
		err = linux_boot_place(layout, failure);
		if (err)
			goto out;
	}
	err = load_segments(&boot->image, options->image, file.data, layout, memory, failure);
	if (err)
		goto out;
	err = load_modules(boot, options, layout, memory, information.modules, failure);
	if (err)
		goto out;
	information_write(&information, layout, memory);
	if (boot->image.mode == IMAGE_LINUX)
		write_linux(boot, &information, &file, memory);
	boot->info_gpa = information.info_gpa;
	boot->cmdline_gpa = information.append_gpa;
out:
	file_fini(&file);
	information_fini(&information);
	return err;
}

void boot_fini(struct boot *boot)
{
	file_fini(&boot->initrd);
	free(boot->cmdline);
}
