// SPDX-License-Identifier: GPL-2.0
// Image parsing: each format, each refusal, and bytes that make no sense.
#include "image.h"

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"

#define MAGIC		0x1badb002U
#define CODE_OFFSET	0x200
#define CODE_BYTES	64
#define FILE_BYTES	(CODE_OFFSET + CODE_BYTES)
#define CODE_GPA	0x100000
#define BSS_BYTES	0x1000

/* A copy of exactly @len bytes, so that a sanitizer sees each byte too many. */
static int parse(const uint8_t *data, size_t len, struct image *image, struct failure *failure)
{
	const struct image_wish wish = { 0 };
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, data, len);
	memset(failure, 0, sizeof(*failure));
	err = image_parse(copy, len, &wish, image, failure);
	free(copy);
	return err;
}

static void put_header(uint8_t *at, uint32_t flags)
{
	bytes_put32(at, MAGIC);
	bytes_put32(at + 4, flags);
	bytes_put32(at + 8, -(MAGIC + flags));
}

static void make_elf32(uint8_t file[static FILE_BYTES])
{
	Elf32_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_386, .e_version = EV_CURRENT,
		.e_entry = CODE_GPA + 16, .e_phoff = sizeof(header), .e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 2,
	};
	const Elf32_Phdr programs[] = {
		{ .p_type = PT_NOTE, .p_offset = 1, .p_filesz = 1, .p_memsz = 1 },
		{ .p_type = PT_LOAD, .p_offset = CODE_OFFSET, .p_vaddr = CODE_GPA,
		  .p_paddr = CODE_GPA, .p_filesz = CODE_BYTES,
		  .p_memsz = CODE_BYTES + BSS_BYTES },
	};

	memset(file, 0x90, FILE_BYTES);
	memcpy(file, &header, sizeof(header));
	memcpy(file + header.e_phoff, programs, sizeof(programs));
	put_header(file + CODE_OFFSET, 0x3);
}

static void make_elf64(uint8_t file[static FILE_BYTES])
{
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_entry = 0xffffffff80000010, .e_phoff = sizeof(header),
		.e_ehsize = sizeof(header), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
	};
	const Elf64_Phdr program = {
		.p_type = PT_LOAD, .p_offset = CODE_OFFSET, .p_vaddr = 0xffffffff80000000,
		.p_paddr = CODE_GPA, .p_filesz = CODE_BYTES, .p_memsz = CODE_BYTES,
	};

	memset(file, 0x90, FILE_BYTES);
	memcpy(file, &header, sizeof(header));
	memcpy(file + header.e_phoff, &program, sizeof(program));
	put_header(file + CODE_OFFSET, 0);
}

static void put_addresses(uint8_t *header, uint32_t address, uint32_t load, uint32_t load_end,
			  uint32_t bss_end, uint32_t entry)
{
	const uint32_t fields[] = { address, load, load_end, bss_end, entry };

	put_header(header, 1U << 16);
	for (size_t i = 0; i < 5; i++)
		bytes_put32(header + 12 + 4 * i, fields[i]);
}

static void make_addresses(uint8_t file[static FILE_BYTES])
{
	memset(file, 0x90, FILE_BYTES);
	put_addresses(file + 0x40, CODE_GPA + 0x20, CODE_GPA, CODE_GPA + 0x100,
		      CODE_GPA + 0x100 + BSS_BYTES, CODE_GPA + 0x50);
}

static void elf32_is_loaded_as_its_program_headers_say(void **state)
{
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;

	(void)state;
	make_elf32(file);
	assert_int_equal(parse(file, sizeof(file), &image, &failure), 0);
	assert_int_equal(image.mode, IMAGE_MULTIBOOT);
	assert_int_equal(image.entry, CODE_GPA + 16);
	assert_int_equal(image.nr_segments, 1);
	assert_int_equal(image.segments[0].gpa, CODE_GPA);
	assert_int_equal(image.segments[0].file_offset, CODE_OFFSET);
	assert_int_equal(image.segments[0].file_bytes, CODE_BYTES);
	assert_int_equal(image.segments[0].memory_bytes, CODE_BYTES + BSS_BYTES);
	assert_null(image.notice);
}

static void elf64_entry_is_moved_to_where_its_segment_is(void **state)
{
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;

	(void)state;
	make_elf64(file);
	assert_int_equal(parse(file, sizeof(file), &image, &failure), 0);
	assert_int_equal(image.entry, CODE_GPA + 0x10);
	assert_int_equal(image.segments[0].gpa, CODE_GPA);
}

static void header_addresses_replace_the_file_format(void **state)
{
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;

	(void)state;
	make_addresses(file);
	assert_int_equal(parse(file, sizeof(file), &image, &failure), 0);
	assert_int_equal(image.entry, CODE_GPA + 0x50);
	assert_int_equal(image.segments[0].gpa, CODE_GPA);
	assert_int_equal(image.segments[0].file_offset, 0x20);
	assert_int_equal(image.segments[0].file_bytes, 0x100);
	assert_int_equal(image.segments[0].memory_bytes, 0x100 + BSS_BYTES);
}

static void header_addresses_of_0_mean_the_whole_file_and_no_bss(void **state)
{
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;

	(void)state;
	make_addresses(file);
	put_addresses(file + 0x40, CODE_GPA + 0x20, CODE_GPA, 0, 0, CODE_GPA);
	assert_int_equal(parse(file, sizeof(file), &image, &failure), 0);
	assert_int_equal(image.segments[0].file_bytes, FILE_BYTES - 0x20);
	assert_int_equal(image.segments[0].memory_bytes, FILE_BYTES - 0x20);
}

static void video_request_is_a_notice_not_an_error(void **state)
{
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;

	(void)state;
	make_elf32(file);
	put_header(file + CODE_OFFSET, 0x4);
	assert_int_equal(parse(file, sizeof(file), &image, &failure), 0);
	assert_non_null(image.notice);
}

static void header_with_a_wrong_checksum_is_none(void **state)
{
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;

	(void)state;
	make_elf32(file);
	file[CODE_OFFSET + 8] ^= 1;
	assert_int_equal(parse(file, sizeof(file), &image, &failure), -ENOEXEC);
	assert_non_null(strstr(failure.text, "without a multiboot header"));
}

static void header_after_8192_bytes_is_none(void **state)
{
	static uint8_t file[8192 + 64];
	struct image image;
	struct failure failure;

	(void)state;
	put_header(file + 8192 - 8, 0);
	assert_int_equal(parse(file, sizeof(file), &image, &failure), 0);
	assert_string_equal(image.format, "flat binary");
	memset(file, 0, sizeof(file));
	put_addresses(file + 8192 - 12, 0, 0, 0, 0, 0);
	assert_int_equal(parse(file, sizeof(file), &image, &failure), -EINVAL);
	assert_non_null(strstr(failure.text, "8192"));
}

/* One change of a valid image, and a word of the message it gives. */
static const struct refusal {
	const char *message;
	void (*make)(uint8_t file[static FILE_BYTES]);
	size_t offset;
	uint32_t value;
	unsigned int bytes;
	int error;
} refusals[] = {
	{ "little-endian", make_elf32, EI_DATA, ELFDATA2MSB, 1, ENOEXEC },
	{ "neither 32 nor 64 bit", make_elf32, EI_CLASS, 3, 1, EINVAL },
	{ "not for x86", make_elf32, offsetof(Elf32_Ehdr, e_machine), EM_ARM, 2, ENOEXEC },
	{ "not for x86", make_elf64, offsetof(Elf64_Ehdr, e_machine), EM_386, 2, ENOEXEC },
	{ "not linked", make_elf32, offsetof(Elf32_Ehdr, e_type), ET_REL, 2, ENOEXEC },
	{ "without program headers", make_elf32, offsetof(Elf32_Ehdr, e_phnum), 0, 2, EINVAL },
	{ "truncated: 65535 program", make_elf32, offsetof(Elf32_Ehdr, e_phnum), 0xffff, 2,
	  EINVAL },
	{ "damaged", make_elf32, offsetof(Elf32_Ehdr, e_phentsize), 31, 2, EINVAL },
	{ "truncated: 2 program", make_elf32, offsetof(Elf32_Ehdr, e_phoff), 0xfffffff0, 4,
	  EINVAL },
	{ "entry 0x1", make_elf32, offsetof(Elf32_Ehdr, e_entry), 1, 4, EINVAL },
	{ "nothing to load", make_elf64, sizeof(Elf64_Ehdr), PT_NOTE, 4, EINVAL },
	{ "damaged", make_elf64, sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), 0x10000, 4,
	  EINVAL },
	{ "truncated: program header 0", make_elf64,
	  sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset), FILE_BYTES, 4, EINVAL },
	{ "not below 4 GiB", make_elf64,
	  sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_paddr) + 4, 1, 4, EINVAL },
	{ "not below 4 GiB", make_elf64,
	  sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_memsz) + 4, 1, 4, EINVAL },
	{ "its addresses are", make_addresses, 0x40 + 12, CODE_GPA - 4, 4, EINVAL },
	{ "its addresses are", make_addresses, 0x40 + 12, CODE_GPA + 0x44, 4, EINVAL },
	{ "below load", make_addresses, 0x40 + 20, CODE_GPA - 1, 4, EINVAL },
	{ "truncated", make_addresses, 0x40 + 20, CODE_GPA + 0x10000, 4, EINVAL },
	{ "bss_end", make_addresses, 0x40 + 24, CODE_GPA + 1, 4, EINVAL },
	{ "entry", make_addresses, 0x40 + 28, CODE_GPA - 1, 4, EINVAL },
};

static void malformed_images_are_refused_in_words(void **state)
{
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];

		r->make(file);
		memcpy(file + r->offset, &r->value, r->bytes);
		assert_int_equal(parse(file, sizeof(file), &image, &failure), -r->error);
		if (!strstr(failure.text, r->message))
			fail_msg("row %zu: '%s' is not about '%s'", i, failure.text, r->message);
	}
}

static void unknown_required_features_are_refused(void **state)
{
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;

	(void)state;
	make_elf32(file);
	put_header(file + CODE_OFFSET, 0x8);
	assert_int_equal(parse(file, sizeof(file), &image, &failure), -ENOEXEC);
	assert_non_null(strstr(failure.text, "0x8"));
}

static void header_in_a_file_that_is_no_elf_needs_addresses(void **state)
{
	uint8_t file[FILE_BYTES] = { 0 };
	struct image image;
	struct failure failure;

	(void)state;
	put_header(file + 0x10, 0);
	assert_int_equal(parse(file, sizeof(file), &image, &failure), -ENOEXEC);
	assert_non_null(strstr(failure.text, "no addresses"));
}

static void other_formats_are_no_flat_binaries(void **state)
{
	static const struct {
		size_t offset;
		const char *bytes;
		const char *message;
	} others[] = {
		{ 0, "\x1f\x8b", "gzip" }, { 0, "MZ", "EFI" },
		{ 0, "#!/bin/sh", "script" }, { 0, "\177ELF", "ELF" },
	};
	uint8_t file[FILE_BYTES + 0x100];
	struct image image;
	struct failure failure;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		memset(file, 0, sizeof(file));
		memcpy(file + others[i].offset, others[i].bytes, strlen(others[i].bytes));
		assert_int_equal(parse(file, sizeof(file), &image, &failure), -ENOEXEC);
		assert_non_null(strstr(failure.text, others[i].message));
		assert_non_null(strstr(failure.text, "--load"));
	}
}

/* A kernel of 5 sectors of set-up and one of code. */
static void make_linux(uint8_t file[static 6 * 512])
{
	memset(file, 0, 6 * 512);
	file[0x1f1] = 4;
	file[0x200] = 0xeb;
	file[0x201] = 0x6a;
	memcpy(file + 0x202, "HdrS", 4);
	file[0x206] = 0x0f;
	file[0x207] = 0x02;
	file[0x236] = 1;
	bytes_put64(file + 0x258, 0x1000000);
	bytes_put32(file + 0x260, 0x200000);
}

static void linux_starts_64_bit_where_it_prefers(void **state)
{
	uint8_t file[6 * 512 + 1024];
	struct image image;
	struct failure failure;

	(void)state;
	memset(file, 0, sizeof(file));
	make_linux(file);
	assert_int_equal(parse(file, sizeof(file), &image, &failure), 0);
	assert_int_equal(image.mode, IMAGE_LINUX);
	assert_int_equal(image.entry, 0x1000200);
	assert_int_equal(image.nr_segments, 1);
	assert_int_equal(image.segments[0].gpa, 0x1000000);
	assert_int_equal(image.segments[0].memory_bytes, 0x200000);
	assert_int_equal(image.segments[0].file_offset, 5 * 512);
	assert_int_equal(image.segments[0].file_bytes, 512 + 1024);
}

static void linux_that_cannot_be_started_is_refused_in_words(void **state)
{
	static const struct {
		size_t offset;
		uint8_t value;
		size_t len;
		const char *message;
	} bad[] = {
		{ 0x236, 0, 6 * 512 + 1024, "64-bit" },	/* no 64-bit entry */
		{ 0x206, 0x0b, 6 * 512 + 1024, "64-bit" },	/* protocol 2.11 */
		{ 0x201, 0x10, 6 * 512 + 1024, "shorter" },
		{ 0x1f1, 64, 6 * 512 + 1024, "cut off" },
		{ 0x1f1, 4, 0x230, "cut off" },
		{ 0x25c, 1, 6 * 512 + 1024, "4 GiB" },
	};
	uint8_t file[6 * 512 + 1024];
	struct image image;
	struct failure failure;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(file, 0, sizeof(file));
		make_linux(file);
		file[bad[i].offset] = bad[i].value;
		assert_true(parse(file, bad[i].len, &image, &failure) < 0);
		assert_non_null(strstr(failure.text, bad[i].message));
	}
}

static void empty_file_is_refused(void **state)
{
	struct image image;
	struct failure failure;

	(void)state;
	assert_int_equal(parse((const uint8_t *)"", 0, &image, &failure), -EINVAL);
	assert_non_null(strstr(failure.text, "empty"));
}

static void flat_binary_is_a_boot_sector_without_wishes(void **state)
{
	struct image image;
	struct failure failure;

	(void)state;
	assert_int_equal(parse((const uint8_t *)"\xf4", 1, &image, &failure), 0);
	assert_int_equal(image.mode, IMAGE_REAL_MODE);
	assert_int_equal(image.entry, 0x7c00);
	assert_int_equal(image.segments[0].gpa, 0x7c00);
	assert_int_equal(image.segments[0].file_bytes, 1);
}

static int parse_flat(size_t len, struct image_wish wish, struct image *image,
		      struct failure *failure)
{
	static const uint8_t data[64];

	return image_parse(data, len, &wish, image, failure);
}

static void wishes_make_any_file_flat(void **state)
{
	const struct image_wish wish = { .has_load = true, .load = 0x10000 };
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;

	(void)state;
	make_elf32(file);
	assert_int_equal(image_parse(file, sizeof(file), &wish, &image, &failure), 0);
	assert_int_equal(image.mode, IMAGE_REAL_MODE);
	assert_int_equal(image.entry, 0x10000);
}

static void flat_entry_must_be_in_the_image_and_in_reach(void **state)
{
	struct image image;
	struct failure failure;

	(void)state;
	assert_int_equal(parse_flat(64, (struct image_wish){ .has_entry = true, .entry = 0x7c3f },
				    &image, &failure), 0);
	assert_int_equal(parse_flat(64, (struct image_wish){ .has_entry = true, .entry = 0x7c40 },
				    &image, &failure), -EINVAL);
	assert_int_equal(parse_flat(64, (struct image_wish){ .has_entry = true, .entry = 0x7bff },
				    &image, &failure), -EINVAL);
	assert_int_equal(parse_flat(64, (struct image_wish){ .has_load = true, .load = 0x100000 },
				    &image, &failure), -EINVAL);
	assert_int_equal(parse_flat(64, (struct image_wish){ .has_load = true, .load = ~0ULL },
				    &image, &failure), -EINVAL);
}

/* What must hold of any outcome, whatever the bytes. */
static void check_outcome(int err, size_t len, const struct image *image,
			  const struct failure *failure)
{
	bool entry_is_loaded = false;

	if (err) {
		assert_true(err == -EINVAL || err == -ENOEXEC);
		assert_true(failure->text[0] != 0);
		return;
	}
	assert_in_range(image->nr_segments, 1, IMAGE_SEGMENTS_MAX);
	for (unsigned int i = 0; i < image->nr_segments; i++) {
		const struct image_segment *segment = &image->segments[i];

		assert_true(segment->file_bytes <= segment->memory_bytes);
		assert_true(segment->file_offset <= len);
		assert_true(segment->file_bytes <= len - segment->file_offset);
		assert_true(segment->gpa + segment->memory_bytes >= segment->gpa);
		if (image->entry >= segment->gpa &&
		    image->entry - segment->gpa < segment->memory_bytes)
			entry_is_loaded = true;
	}
	assert_true(entry_is_loaded);
}

static void (*const makers[])(uint8_t file[static FILE_BYTES]) = {
	make_elf32, make_elf64, make_addresses,
};

static void images_cut_at_every_byte_are_refused_or_whole(void **state)
{
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;

	(void)state;
	for (size_t m = 0; m < sizeof(makers) / sizeof(makers[0]); m++) {
		makers[m](file);
		for (size_t len = 0; len < sizeof(file); len++) {
			int err = parse(file, len, &image, &failure);

			check_outcome(err, len, &image, &failure);
			/* All three need their last loaded byte. */
			if (!err && image.mode == IMAGE_MULTIBOOT)
				assert_true(m == 2 && len >= 0x120);
		}
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Values that are likely to be at some edge. */
static uint32_t random_value(uint32_t *seed)
{
	static const uint32_t edges[] = {
		0, 1, 4, 0x20, 0x40, 0x1000, CODE_GPA, 0x7fffffff, 0x80000000, 0xffffffff,
	};
	uint32_t random = next_random(seed);

	if (random & 1)
		return next_random(seed);
	return edges[random / 2 % (sizeof(edges) / sizeof(edges[0]))] + (random >> 16 & 3) - 1;
}

static void random_header_fields_never_lead_astray(void **state)
{
	uint8_t file[FILE_BYTES];
	struct image image;
	struct failure failure;
	uint32_t seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 60000; round++) {
		unsigned int m = round % (sizeof(makers) / sizeof(makers[0]));
		size_t header = m == 2 ? 0x40 : CODE_OFFSET;
		size_t len = sizeof(file) - next_random(&seed) % 8;

		makers[m](file);
		for (unsigned int n = 1 + next_random(&seed) % 4; n; n--) {
			size_t offset = next_random(&seed) % 0x98 & ~1U;
			uint32_t value = random_value(&seed);

			memcpy(file + offset, &value, 1 + next_random(&seed) % 4);
		}
		/* Mostly with a valid checksum, so that the parser gets further. */
		if (round % 8) {
			bytes_put32(file + header, MAGIC);
			bytes_put32(file + header + 8,
				    -(MAGIC + bytes_get32(file + header + 4)));
		}
		check_outcome(parse(file, len, &image, &failure), len, &image, &failure);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf32_is_loaded_as_its_program_headers_say),
		cmocka_unit_test(elf64_entry_is_moved_to_where_its_segment_is),
		cmocka_unit_test(header_addresses_replace_the_file_format),
		cmocka_unit_test(header_addresses_of_0_mean_the_whole_file_and_no_bss),
		cmocka_unit_test(video_request_is_a_notice_not_an_error),
		cmocka_unit_test(header_with_a_wrong_checksum_is_none),
		cmocka_unit_test(header_after_8192_bytes_is_none),
		cmocka_unit_test(malformed_images_are_refused_in_words),
		cmocka_unit_test(unknown_required_features_are_refused),
		cmocka_unit_test(header_in_a_file_that_is_no_elf_needs_addresses),
		cmocka_unit_test(other_formats_are_no_flat_binaries),
		cmocka_unit_test(linux_starts_64_bit_where_it_prefers),
		cmocka_unit_test(linux_that_cannot_be_started_is_refused_in_words),
		cmocka_unit_test(empty_file_is_refused),
		cmocka_unit_test(flat_binary_is_a_boot_sector_without_wishes),
		cmocka_unit_test(wishes_make_any_file_flat),
		cmocka_unit_test(flat_entry_must_be_in_the_image_and_in_reach),
		cmocka_unit_test(images_cut_at_every_byte_are_refused_or_whole),
		cmocka_unit_test(random_header_fields_never_lead_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
