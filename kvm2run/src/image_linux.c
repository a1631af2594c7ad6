// SPDX-License-Identifier: GPL-2.0
// bzImage: the setup header (Linux, Documentation/arch/x86/boot.rst, protocol 2.12 on).
#include "image_linux.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"

#define OFFSET_SETUP_SECTS	0x1f1
#define OFFSET_JUMP		0x200	/* its second byte: the rest of the header */
#define OFFSET_MAGIC		0x202
#define OFFSET_VERSION		0x206
#define OFFSET_XLOADFLAGS	0x236
#define OFFSET_PREF_ADDRESS	0x258
#define OFFSET_INIT_SIZE	0x260
#define HEADER_END_MIN		0x264

#define VERSION_64_BIT		0x20c
#define XLF_KERNEL_64		(1U << 0)

#define SECTOR			512
#define ENTRY_64		0x200
#define ADDRESS_MAX		(1ULL << 32)

bool image_linux_is(const uint8_t *data, size_t len)
{
	return len >= OFFSET_MAGIC + 4 && !memcmp(data + OFFSET_MAGIC, "HdrS", 4);
}

size_t image_linux_header_bytes(const uint8_t *data)
{
	return OFFSET_MAGIC + data[OFFSET_JUMP + 1] - IMAGE_LINUX_HEADER;
}

int image_linux_parse(const uint8_t *data, size_t len, struct image *image,
		      struct failure *failure)
{
	size_t setup_bytes;
	uint64_t load;
	uint64_t memory_bytes;

	if (len < HEADER_END_MIN)
		return failure_set(failure, EINVAL, "a Linux kernel, cut off in its setup header");
	if (bytes_get16(data + OFFSET_VERSION) < VERSION_64_BIT ||
	    !(bytes_get16(data + OFFSET_XLOADFLAGS) & XLF_KERNEL_64))
		return failure_set(failure, ENOEXEC,
			"a Linux kernel without a 64-bit entry; kvm2run starts 64-bit kernels from Linux 3.8 on");
	if (OFFSET_MAGIC + data[OFFSET_JUMP + 1] < HEADER_END_MIN)
		return failure_set(failure, EINVAL,
			"a Linux kernel whose setup header is shorter than its version says");

	setup_bytes = ((data[OFFSET_SETUP_SECTS] ? data[OFFSET_SETUP_SECTS] : 4U) + 1) * SECTOR;
	if (setup_bytes >= len || len - setup_bytes <= ENTRY_64)
		return failure_set(failure, EINVAL,
			"a Linux kernel, cut off: it ends at 0x%zx, and its code begins at 0x%zx",
			len, setup_bytes);
	load = bytes_get64(data + OFFSET_PREF_ADDRESS);
	memory_bytes = bytes_get32(data + OFFSET_INIT_SIZE);
	if (memory_bytes < len - setup_bytes)
		memory_bytes = len - setup_bytes;
	if (load >= ADDRESS_MAX || load + memory_bytes > ADDRESS_MAX)
		return failure_set(failure, EINVAL,
			"a Linux kernel that wants to be loaded at 0x%llx, above 4 GiB",
			(unsigned long long)load);

	image->format = "Linux";
	image->mode = IMAGE_LINUX;
	image->entry = load + ENTRY_64;
	image->nr_segments = 1;
	image->segments[0] = (struct image_segment){
		.gpa = load,
		.memory_bytes = memory_bytes,
		.file_offset = setup_bytes,
		.file_bytes = len - setup_bytes,
	};
	return 0;
}
