// SPDX-License-Identifier: GPL-2.0
/*
 * tracepoint_off: what a tracepoint costs that nobody has enabled. It cannot
 * be taken out of a running kernel to see the difference, so this reads the
 * kernel's own code: for each of its places, as the table of static branches
 * lists them, the instruction that is executed there. A no-op counts as one;
 * anything else fails.
 */
#include "row.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracepoint.h"

/* struct tracepoint of the kernel: a name, then the key. */
#define KEY_OFFSET	8

/* struct jump_entry of the kernel; the low bits of key are flags. */
struct jump_entry {
	int32_t code;
	int32_t target;
	int64_t key;
};

#define KEY_MASK	(~3ULL)

struct image {
	const uint8_t *data;
	size_t size;
	const Elf64_Ehdr *header;
	const Elf64_Shdr *sections;
	const char *names;
	const Elf64_Sym *symbols;
	size_t nr_symbols;
	const char *strings;
};

static const Elf64_Shdr *find_section(const struct image *image,
				      const char *name)
{
	unsigned int i;

	for (i = 0; i < image->header->e_shnum; i++) {
		if (!strcmp(image->names + image->sections[i].sh_name, name))
			return &image->sections[i];
	}
	return NULL;
}

static int open_image(struct image *image, const char *path)
{
	const Elf64_Shdr *symbols, *strings;
	struct stat status;
	void *data;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status)) {
		close(fd);
		return -errno;
	}
	data = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return -errno;
	image->data = data;
	image->size = status.st_size;
	image->header = data;
	if (image->size < sizeof(*image->header) ||
	    memcmp(image->header->e_ident, ELFMAG, SELFMAG))
		return -ENOEXEC;
	image->sections = (const void *)(image->data + image->header->e_shoff);
	image->names = (const char *)image->data +
		       image->sections[image->header->e_shstrndx].sh_offset;
	symbols = find_section(image, ".symtab");
	strings = find_section(image, ".strtab");
	if (!symbols || !strings)
		return -ENOEXEC;
	image->symbols = (const void *)(image->data + symbols->sh_offset);
	image->nr_symbols = symbols->sh_size / sizeof(*image->symbols);
	image->strings = (const char *)image->data + strings->sh_offset;
	return 0;
}

static uint64_t find_symbol(const struct image *image, const char *name)
{
	size_t i;

	for (i = 0; i < image->nr_symbols; i++) {
		if (!strcmp(image->strings + image->symbols[i].st_name, name))
			return image->symbols[i].st_value;
	}
	return 0;
}

/* The bytes at an address of the running kernel; NULL: none. */
static const uint8_t *at_address(const struct image *image, uint64_t address)
{
	unsigned int i;

	for (i = 0; i < image->header->e_shnum; i++) {
		const Elf64_Shdr *section = &image->sections[i];

		if (section->sh_type != SHT_NOBITS && section->sh_addr &&
		    address >= section->sh_addr &&
		    address < section->sh_addr + section->sh_size)
			return image->data + section->sh_offset +
			       (address - section->sh_addr);
	}
	return NULL;
}

static bool is_nop(const uint8_t *code)
{
	static const uint8_t nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	static const uint8_t nop2[] = { 0x66, 0x90 };

	return !memcmp(code, nop5, sizeof(nop5)) ||
	       !memcmp(code, nop2, sizeof(nop2));
}

/*
 * Instructions executed at a place of a tracepoint that is off.
 * Return: 0; -ENOENT no such tracepoint; -EILSEQ a place is no no-op.
 */
static int count_instructions(const struct image *image, const char *name,
			      double *count)
{
	uint64_t start = find_symbol(image, "__start___jump_table");
	uint64_t stop = find_symbol(image, "__stop___jump_table");
	const struct jump_entry *entries =
		(const void *)at_address(image, start);
	char symbol[64];
	uint64_t key;
	size_t i;
	unsigned int places = 0;

	snprintf(symbol, sizeof(symbol), "__tracepoint_%s", name);
	key = find_symbol(image, symbol);
	if (!key || !entries)
		return -ENOENT;
	key += KEY_OFFSET;

	for (i = 0; i < (stop - start) / sizeof(*entries); i++) {
		uint64_t address = start + i * sizeof(*entries);
		uint64_t of = address + offsetof(struct jump_entry, key) +
			      entries[i].key;
		const uint8_t *code;

		if ((of & KEY_MASK) != key)
			continue;
		code = at_address(image, address + entries[i].code);
		if (!code || !is_nop(code))
			return -EILSEQ;
		places++;
	}
	*count = 1;
	return places ? 0 : -ENOENT;
}

int tracepoint_off_rows(void)
{
	static const char *const names[] = {
#define X(name) #name,
		TRACEPOINTS(X)
#undef X
	};
	const char *path = getenv("VMLINUX");
	struct row all = {
		.name = "tracepoint_off",
		.unit = "instructions",
		.peer_name = "kvm:" TRACEPOINT_PEER,
		.goal = 1.0,
	};
	struct image image;
	unsigned int i;
	int r;

	if (!path)
		return -EINVAL;
	r = open_image(&image, path);
	if (!r)
		r = count_instructions(&image, TRACEPOINT_PEER, &all.peer);
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !r; i++) {
		double count;

		r = count_instructions(&image, names[i], &count);
		if (!r && count > all.ours)
			all.ours = count;
	}
	if (!r)
		row_print(&all);
	return r;
}
