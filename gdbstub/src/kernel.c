// SPDX-License-Identifier: GPL-2.0
/* The file of a guest's kernel. */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gelf.h>
#include <libelf.h>

struct kernel {
	char *path;
	int fd;
	Elf *elf;
	Elf_Data *symbols;
	size_t names;
	size_t count;
	uint64_t base;
};

static bool find_symbols(struct kernel *kernel)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(kernel->elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB || !header.sh_entsize)
			continue;
		kernel->symbols = elf_getdata(section, NULL);
		kernel->names = header.sh_link;
		kernel->count = header.sh_size / header.sh_entsize;
		return kernel->symbols;
	}
	return false;
}

/* The next loaded segment from @index on. Return: its index, -1: there is none. */
static int next_segment(const struct kernel *kernel, int index, GElf_Phdr *segment)
{
	size_t count;

	if (elf_getphdrnum(kernel->elf, &count))
		return -1;
	for (; index < (int)count; index++)
		if (gelf_getphdr(kernel->elf, index, segment) && segment->p_type == PT_LOAD)
			return index;
	return -1;
}

int kernel_open(const char *path, struct kernel **opened)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));
	GElf_Phdr segment;
	int err;

	if (!kernel)
		return -ENOMEM;
	kernel->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (kernel->fd < 0)
		goto err_errno;
	kernel->path = realpath(path, NULL);
	if (!kernel->path)
		goto err_errno;
	err = -EINVAL;
	elf_version(EV_CURRENT);
	kernel->elf = elf_begin(kernel->fd, ELF_C_READ_MMAP, NULL);
	if (!kernel->elf || next_segment(kernel, 0, &segment) < 0 || !find_symbols(kernel))
		goto err_close;
	kernel->base = segment.p_vaddr;
	*opened = kernel;
	return 0;

err_errno:
	err = -errno;
err_close:
	kernel_close(kernel);
	return err;
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	if (kernel->elf)
		elf_end(kernel->elf);
	if (kernel->fd >= 0)
		close(kernel->fd);
	free(kernel->path);
	free(kernel);
}

const char *kernel_path(const struct kernel *kernel)
{
	return kernel->path;
}

uint64_t kernel_base(const struct kernel *kernel)
{
	return kernel->base;
}

int kernel_find(const struct kernel *kernel, const char *name, uint64_t *address)
{
	GElf_Sym symbol;

	for (size_t i = 0; i < kernel->count; i++) {
		const char *found;

		if (!gelf_getsym(kernel->symbols, (int)i, &symbol) || !symbol.st_value)
			continue;
		found = elf_strptr(kernel->elf, kernel->names, symbol.st_name);
		if (!found || strcmp(found, name))
			continue;
		*address = symbol.st_value;
		return 0;
	}
	return -ENOENT;
}

int kernel_read(const struct kernel *kernel, uint64_t address, void *data, size_t size)
{
	GElf_Phdr segment;
	int i = 0;

	while ((i = next_segment(kernel, i, &segment)) >= 0) {
		uint64_t offset = address - segment.p_vaddr;

		i++;
		if (address < segment.p_vaddr || offset >= segment.p_filesz ||
		    size > segment.p_filesz - offset)
			continue;
		return pread(kernel->fd, data, size, (off_t)(segment.p_offset + offset)) == (ssize_t)size ?
			0 : -EFAULT;
	}
	return -EFAULT;
}
