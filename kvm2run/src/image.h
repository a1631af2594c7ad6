/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an image file asks to be loaded and how it wants to be entered.
 * Parsers are pure: they look at (data, len) and never past it.
 */
#ifndef KVM2RUN_IMAGE_H
#define KVM2RUN_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"

#define IMAGE_SEGMENTS_MAX	64

enum image_mode {
	IMAGE_REAL_MODE,	/* 16 bit, as a PC's firmware starts a boot sector */
	IMAGE_MULTIBOOT,	/* 32 bit protected mode, with multiboot information */
	IMAGE_LINUX,		/* 64 bit mode, with a struct boot_params */
};

/**
 * struct image_segment - bytes of the file, and zeros, at an address
 * @file_offset:	of the bytes; @file_offset + @file_bytes <= len
 * @file_bytes:		<= @memory_bytes; zeros follow
 */
struct image_segment {
	uint64_t gpa;
	uint64_t memory_bytes;
	uint64_t file_offset;
	uint64_t file_bytes;
};

/* @notice: something to tell the user though the image can be used; or NULL */
struct image {
	const char *format;
	const char *notice;
	enum image_mode mode;
	uint64_t entry;
	struct image_segment segments[IMAGE_SEGMENTS_MAX];
	unsigned int nr_segments;
};

/* What the user says about the image; a flat binary cannot say it itself. */
struct image_wish {
	bool has_load;
	bool has_entry;
	uint64_t load;
	uint64_t entry;
};

/**
 * image_parse() - find out the format and what is to be loaded
 * @data:	the file's content
 * @wish:	a load or entry address makes any file a flat binary
 * @image:	out
 * Return: 0; -EINVAL for a malformed or truncated image, -ENOEXEC for a
 * format that cannot be started, with what is wrong and the remedy in
 * @failure (without the name of the file).
 */
int image_parse(const uint8_t *data, size_t len, const struct image_wish *wish,
		struct image *image, struct failure *failure);

#endif
