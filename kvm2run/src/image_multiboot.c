// SPDX-License-Identifier: GPL-2.0
// Multiboot kernels: the header, and the ELF file or address fields behind it.
#include "image_multiboot.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "bytes.h"

/* Multiboot 0.6.96, 3.1.1: the header; the address fields are optional. */
#define HEADER_FLAGS		4
#define HEADER_CHECKSUM		8
#define HEADER_ADDRESS		12
#define HEADER_LOAD		16
#define HEADER_LOAD_END		20
#define HEADER_BSS_END		24
#define HEADER_ENTRY		28
#define HEADER_BYTES		12
#define HEADER_ADDRESSES_BYTES	32

#define FLAG_PAGE_ALIGN		(1U << 0)
#define FLAG_MEMORY		(1U << 1)
#define FLAG_VIDEO		(1U << 2)
#define FLAG_ADDRESSES		(1U << 16)
/* 3.1.2: a loader that does not know one of bits 0-15 must give up. */
#define FLAGS_REQUIRED		0xffffU
#define FLAGS_KNOWN		(FLAG_PAGE_ALIGN | FLAG_MEMORY | FLAG_VIDEO)

#define LIMIT_32BIT		0x100000000ULL

bool image_multiboot_find(const uint8_t *data, size_t len, size_t *header)
{
	if (len > IMAGE_MULTIBOOT_SEARCH)
		len = IMAGE_MULTIBOOT_SEARCH;

	for (size_t at = 0; at + HEADER_BYTES <= len; at += 4) {
		uint32_t magic = bytes_get32(data + at);

		if (magic == IMAGE_MULTIBOOT_MAGIC &&
		    magic + bytes_get32(data + at + HEADER_FLAGS) +
		    bytes_get32(data + at + HEADER_CHECKSUM) == 0) {
			*header = at;
			return true;
		}
	}
	return false;
}

/* A program header of either class, as far as a loader needs it. */
struct program_header {
	uint32_t type;
	uint64_t offset;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
};

/* The file header of either class. */
struct file_header {
	uint64_t entry;
	uint64_t phoff;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t machine;
	uint16_t type;
};

static void get_file_header(const uint8_t *data, bool is64, struct file_header *file)
{
	Elf32_Ehdr small;
	Elf64_Ehdr large;

	if (is64) {
		memcpy(&large, data, sizeof(large));
		*file = (struct file_header){
			large.e_entry, large.e_phoff, large.e_phentsize,
			large.e_phnum, large.e_machine, large.e_type
		};
	} else {
		memcpy(&small, data, sizeof(small));
		*file = (struct file_header){
			small.e_entry, small.e_phoff, small.e_phentsize,
			small.e_phnum, small.e_machine, small.e_type
		};
	}
}

static void get_program_header(const uint8_t *data, bool is64,
			       struct program_header *program)
{
	Elf32_Phdr small;
	Elf64_Phdr large;

	if (is64) {
		memcpy(&large, data, sizeof(large));
		*program = (struct program_header){
			large.p_type, large.p_offset, large.p_vaddr,
			large.p_paddr, large.p_filesz, large.p_memsz
		};
	} else {
		memcpy(&small, data, sizeof(small));
		*program = (struct program_header){
			small.p_type, small.p_offset, small.p_vaddr,
			small.p_paddr, small.p_filesz, small.p_memsz
		};
	}
}

static int check_file_header(const uint8_t *data, size_t len, struct file_header *file,
			     bool *is64, struct failure *failure)
{
	size_t header_bytes;
	size_t entry_bytes;

	if (len < EI_NIDENT || memcmp(data, ELFMAG, SELFMAG))
		return failure_set(failure, ENOEXEC,
			"has a multiboot header, but is no ELF file and the header has no addresses (flag 16); add them or link it as ELF");
	*is64 = data[EI_CLASS] == ELFCLASS64;
	if (!*is64 && data[EI_CLASS] != ELFCLASS32)
		return failure_set(failure, EINVAL,
				   "ELF class %u is neither 32 nor 64 bit", data[EI_CLASS]);
	if (data[EI_DATA] != ELFDATA2LSB)
		return failure_set(failure, ENOEXEC, "an ELF file that is not little-endian");

	header_bytes = *is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	entry_bytes = *is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	if (len < header_bytes)
		return failure_set(failure, EINVAL,
			"truncated: ends at byte %zu, within the ELF header; copy it again", len);
	get_file_header(data, *is64, file);

	if (file->machine != (*is64 ? EM_X86_64 : EM_386))
		return failure_set(failure, ENOEXEC,
			"an ELF file for machine %u, not for x86; build it for i386 or x86-64",
			file->machine);
	if (file->type != ET_EXEC && file->type != ET_DYN)
		return failure_set(failure, ENOEXEC,
			"an ELF file that is not linked (type %u); link it for fixed addresses",
			file->type);
	if (!file->phnum)
		return failure_set(failure, EINVAL,
			"an ELF file without program headers; link it for fixed addresses");
	if (file->phentsize != entry_bytes)
		return failure_set(failure, EINVAL,
			"ELF program headers of %u bytes instead of %zu; the file is damaged",
			file->phentsize, entry_bytes);
	if (file->phoff > len || (uint64_t)file->phnum * entry_bytes > len - file->phoff)
		return failure_set(failure, EINVAL,
			"truncated: %u program headers at byte %llu, but the file ends at %zu; copy it again",
			file->phnum, (unsigned long long)file->phoff, len);
	return 0;
}

static int add_segment(const struct program_header *program, unsigned int index, size_t len,
		       struct image *image, struct failure *failure)
{
	if (program->filesz > program->memsz)
		return failure_set(failure, EINVAL,
			"program header %u: 0x%llx bytes of the file for 0x%llx of memory; the file is damaged",
			index, (unsigned long long)program->filesz,
			(unsigned long long)program->memsz);
	if (program->filesz && (program->offset > len || program->filesz > len - program->offset))
		return failure_set(failure, EINVAL,
			"truncated: program header %u needs bytes up to %llu, but the file ends at %zu; copy it again",
			index, (unsigned long long)(program->offset + program->filesz), len);
	if (program->paddr >= LIMIT_32BIT || program->memsz > LIMIT_32BIT - program->paddr)
		return failure_set(failure, EINVAL,
			"program header %u: 0x%llx, 0x%llx bytes, is not below 4 GiB, where multiboot kernels start; link it lower (AT in the linker script)",
			index, (unsigned long long)program->paddr,
			(unsigned long long)program->memsz);
	if (image->nr_segments == IMAGE_SEGMENTS_MAX)
		return failure_set(failure, EINVAL, "more than %u segments to load",
				   IMAGE_SEGMENTS_MAX);

	image->segments[image->nr_segments++] = (struct image_segment){
		.gpa = program->paddr,
		.memory_bytes = program->memsz,
		.file_offset = program->filesz ? program->offset : 0,
		.file_bytes = program->filesz,
	};
	return 0;
}

/*
 * The entry is a virtual address where virtual and physical ones differ, as
 * QEMU and GRUB take it: it is moved with the segment that it lies in.
 */
static uint64_t physical_entry(const struct program_header *program, uint64_t entry)
{
	if (program->vaddr != program->paddr && entry >= program->vaddr &&
	    entry - program->vaddr < program->memsz)
		return entry - program->vaddr + program->paddr;
	return entry;
}

static bool in_segments(const struct image *image, uint64_t gpa)
{
	for (unsigned int i = 0; i < image->nr_segments; i++) {
		const struct image_segment *segment = &image->segments[i];

		if (gpa >= segment->gpa && gpa - segment->gpa < segment->memory_bytes)
			return true;
	}
	return false;
}

static int check_entry(const struct image *image, struct failure *failure)
{
	if (in_segments(image, image->entry))
		return 0;
	return failure_set(failure, EINVAL,
		"the entry 0x%llx is outside of what is loaded; check the linker script's ENTRY",
		(unsigned long long)image->entry);
}

static int parse_elf(const uint8_t *data, size_t len, struct image *image,
		     struct failure *failure)
{
	struct program_header program;
	struct file_header file = { 0 };
	uint64_t entry;
	bool is64 = false;
	int err;

	err = check_file_header(data, len, &file, &is64, failure);
	if (err)
		return err;

	entry = file.entry;
	for (unsigned int i = 0; i < file.phnum; i++) {
		get_program_header(data + file.phoff + (size_t)i * file.phentsize, is64,
				   &program);
		if (program.type != PT_LOAD || !program.memsz)
			continue;
		err = add_segment(&program, i, len, image, failure);
		if (err)
			return err;
		if (entry == file.entry)
			entry = physical_entry(&program, entry);
	}
	if (!image->nr_segments)
		return failure_set(failure, EINVAL,
			"an ELF file with nothing to load; link it for fixed addresses");

	image->format = is64 ? "multiboot, 64-bit ELF" : "multiboot, 32-bit ELF";
	image->entry = entry;
	return check_entry(image, failure);
}

/* 3.1.3: load_end 0 means up to the end of the file, bss_end 0 means no bss. */
static int parse_addresses(const uint8_t *data, size_t len, size_t header,
			   struct image *image, struct failure *failure)
{
	uint32_t address;
	uint32_t load;
	uint32_t load_end;
	uint32_t bss_end;
	uint64_t offset;
	uint64_t file_bytes;
	uint64_t memory_bytes;

	if (header + HEADER_ADDRESSES_BYTES > len ||
	    header + HEADER_ADDRESSES_BYTES > IMAGE_MULTIBOOT_SEARCH)
		return failure_set(failure, EINVAL,
			"truncated: the multiboot header at byte %zu has addresses that end after %s; copy it again",
			header, len < IMAGE_MULTIBOOT_SEARCH ? "the file" : "byte 8192");
	address = bytes_get32(data + header + HEADER_ADDRESS);
	load = bytes_get32(data + header + HEADER_LOAD);
	load_end = bytes_get32(data + header + HEADER_LOAD_END);
	bss_end = bytes_get32(data + header + HEADER_BSS_END);

	if (address < load || address - load > header)
		return failure_set(failure, EINVAL,
			"the multiboot header is at byte %zu of the file, but its addresses are 0x%x for itself and 0x%x for the first loaded byte; check them",
			header, address, load);
	offset = header - (address - load);

	if (load_end && load_end < load)
		return failure_set(failure, EINVAL,
			"multiboot load_end 0x%x is below load 0x%x; check the header", load_end, load);
	file_bytes = load_end ? load_end - load : len - offset;
	if (file_bytes > len - offset)
		return failure_set(failure, EINVAL,
			"truncated: the multiboot header loads bytes up to %llu, but the file ends at %zu; copy it again",
			(unsigned long long)(offset + file_bytes), len);
	if (load + file_bytes > LIMIT_32BIT)
		return failure_set(failure, EINVAL,
			"too large: 0x%llx bytes from 0x%x do not fit below 4 GiB",
			(unsigned long long)file_bytes, load);

	memory_bytes = file_bytes;
	if (bss_end) {
		if (bss_end < load + file_bytes)
			return failure_set(failure, EINVAL,
				"multiboot bss_end 0x%x is below the end of the loaded bytes, 0x%llx; check the header",
				bss_end, (unsigned long long)(load + file_bytes));
		memory_bytes = bss_end - load;
	}

	image->format = "multiboot, with addresses in its header";
	image->entry = bytes_get32(data + header + HEADER_ENTRY);
	image->nr_segments = 1;
	image->segments[0] = (struct image_segment){
		.gpa = load,
		.memory_bytes = memory_bytes,
		.file_offset = offset,
		.file_bytes = file_bytes,
	};
	return check_entry(image, failure);
}

int image_multiboot_parse(const uint8_t *data, size_t len, size_t header,
			  struct image *image, struct failure *failure)
{
	uint32_t flags = bytes_get32(data + header + HEADER_FLAGS);

	if (flags & FLAGS_REQUIRED & ~FLAGS_KNOWN)
		return failure_set(failure, ENOEXEC,
			"its multiboot header requires features 0x%x, which Multiboot 0.6.96 does not know",
			flags & FLAGS_REQUIRED & ~FLAGS_KNOWN);
	if (flags & FLAG_VIDEO)
		image->notice =
			"asks for a video mode, but there is no display: it gets no video information";

	image->mode = IMAGE_MULTIBOOT;
	if (flags & FLAG_ADDRESSES)
		return parse_addresses(data, len, header, image, failure);
	return parse_elf(data, len, image, failure);
}
