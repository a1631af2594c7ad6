// SPDX-License-Identifier: GPL-2.0
// Loading from real files: what ends up where, and what each refusal names.
#include "boot.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bytes.h"

#define MB		(1ULL << 20)
#define RAM_BYTES	(16 * MB)
#define MAGIC		0x1badb002U
#define KERNEL_GPA	0x100000U
#define KERNEL_BYTES	0x1234U

static char folder[] = "/tmp/kvm2run-boot-XXXXXX";
static struct options options;
static struct layout layout;
static struct memory memory;
static struct boot boot;
static struct failure failure;

static const char *path_of(const char *name)
{
	static char paths[8][128];
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static const char *write_file(const char *name, const void *data, size_t len)
{
	const char *path = path_of(name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	fclose(file);
	return path;
}

/* A multiboot kernel with addresses in its header, from @gpa on. */
static const char *write_kernel(const char *name, uint32_t gpa, uint32_t bss_end)
{
	uint8_t data[KERNEL_BYTES] = { 0 };
	const uint32_t header[] = {
		MAGIC, 1U << 16, -(MAGIC + (1U << 16)), gpa, gpa, 0, bss_end, gpa + 32,
	};

	memcpy(data, header, sizeof(header));
	data[KERNEL_BYTES - 1] = 0x5a;
	return write_file(name, data, sizeof(data));
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static int setup(void **state)
{
	(void)state;
	memset(&options, 0, sizeof(options));
	memset(&failure, 0, sizeof(failure));
	layout_init(&layout, RAM_BYTES);
	return memory_init(&memory, &layout, &failure);
}

static int teardown(void **state)
{
	(void)state;
	boot_fini(&boot);
	return 0;
}

static int load(void)
{
	return boot_load(&boot, &options, false, NULL, 0, &layout, &memory, &failure);
}

static const char *string_at(uint32_t gpa)
{
	return (const char *)memory_at(&memory, gpa, 1);
}

static void refused(int error, const char *path, const char *message)
{
	assert_int_equal(load(), -error);
	if (!strstr(failure.text, path) || !strstr(failure.text, message))
		fail_msg("'%s' is not about '%s' and '%s'", failure.text, path, message);
}

static void kernel_modules_and_information_are_in_memory(void **state)
{
	const uint8_t *info;
	const uint8_t *modules;

	(void)state;
	options.image = write_kernel("kernel", KERNEL_GPA, 0);
	options.append = "a b";
	options.initrds[options.nr_initrds++] = write_file("initrd", "1234567", 7);
	options.modules[options.nr_modules++] = write_file("module", "xyz", 3);
	assert_int_equal(load(), 0);

	assert_int_equal(*memory_at(&memory, KERNEL_GPA + KERNEL_BYTES - 1, 1), 0x5a);
	info = memory_at(&memory, boot.info_gpa, 88);
	assert_non_null(info);
	assert_int_equal(bytes_get32(info + 4), boot.info_gpa / 1024);
	assert_int_equal(bytes_get32(info + 8), RAM_BYTES / 1024 - 1024);
	assert_true(!strncmp(string_at(bytes_get32(info + 16)), options.image,
			     strlen(options.image)));
	assert_string_equal(string_at(bytes_get32(info + 16)) + strlen(options.image), " a b");
	assert_string_equal(string_at(boot.cmdline_gpa), "a b");

	assert_int_equal(bytes_get32(info + 20), 2);
	modules = memory_at(&memory, bytes_get32(info + 24), 32);
	assert_int_equal(bytes_get32(modules), KERNEL_GPA + 0x2000);
	assert_int_equal(bytes_get32(modules), boot.initrd_gpa);
	assert_int_equal(bytes_get32(modules + 4), boot.initrd_gpa + 7);
	assert_memory_equal(string_at(boot.initrd_gpa), "1234567", 7);
	assert_int_equal(bytes_get32(modules + 16), KERNEL_GPA + 0x3000);
	assert_memory_equal(string_at(bytes_get32(modules + 16)), "xyz", 3);
}

static void module_string_keeps_its_arguments(void **state)
{
	char module[160];
	const uint8_t *info;

	(void)state;
	options.image = write_kernel("kernel", KERNEL_GPA, 0);
	snprintf(module, sizeof(module), "%s one two", write_file("module", "xyz", 3));
	options.modules[options.nr_modules++] = module;
	assert_int_equal(load(), 0);
	info = memory_at(&memory, boot.info_gpa, 88);
	assert_string_equal(
		string_at(bytes_get32(memory_at(&memory, bytes_get32(info + 24), 16) + 8)),
		module);
}

static void initrds_follow_each_other_at_multiples_of_4(void **state)
{
	(void)state;
	options.image = write_kernel("kernel", KERNEL_GPA, 0);
	options.initrds[options.nr_initrds++] = write_file("one", "12345", 5);
	options.initrds[options.nr_initrds++] = write_file("two", "678", 3);
	assert_int_equal(load(), 0);
	assert_int_equal(boot.initrd.len, 11);
	assert_memory_equal(boot.initrd.data, "12345\0\0\0" "678", 11);
	assert_memory_equal(string_at(boot.initrd_gpa), boot.initrd.data, 11);
}

static void bios_data_area_says_where_memory_ends(void **state)
{
	(void)state;
	options.image = write_kernel("kernel", KERNEL_GPA, 0);
	assert_int_equal(load(), 0);
	assert_int_equal(bytes_get16(memory_at(&memory, 0x40e, 2)), boot.info_gpa >> 4);
	assert_int_equal(bytes_get16(memory_at(&memory, 0x413, 2)), boot.info_gpa >> 10);
}

static void image_over_the_bios_data_area_counts_for_more(void **state)
{
	uint8_t zeros[0x1000] = { 0xf4 };

	(void)state;
	options.image = write_file("low", zeros, sizeof(zeros));
	options.wish = (struct image_wish){ .has_load = true, .load = 0 };
	assert_int_equal(load(), 0);
	assert_int_equal(bytes_get16(memory_at(&memory, 0x413, 2)), 0);
}

static void flat_binary_has_only_its_command_line(void **state)
{
	(void)state;
	options.image = write_file("flat", "\xf4", 1);
	assert_int_equal(load(), 0);
	assert_int_equal(boot.cmdline_gpa, 0);
	assert_int_equal(boot.info_gpa, 0);
	assert_int_equal(*memory_at(&memory, 0x7c00, 1), 0xf4);

	options.image = write_file("flat2", "\xf4", 1);
	options.append = "words";
	options.wish = (struct image_wish){ .has_load = true, .load = 0x1000 };
	assert_int_equal(load(), 0);
	assert_string_equal(string_at(boot.cmdline_gpa), "words");
}

static void files_that_cannot_be_read_are_named(void **state)
{
	(void)state;
	options.image = path_of("missing");
	refused(ENOENT, options.image, "check the path");
	options.image = folder;
	refused(EINVAL, folder, "not a regular file");
	options.image = path_of("fifo");
	assert_int_equal(mkfifo(options.image, 0600), 0);
	refused(EINVAL, options.image, "not a regular file");
	options.image = write_file("empty", "", 0);
	refused(EINVAL, options.image, "empty");

	options.image = write_kernel("kernel", KERNEL_GPA, 0);
	options.modules[options.nr_modules++] = path_of("missing2");
	refused(ENOENT, options.modules[0], "open");
}

static void file_too_large_for_any_guest_is_refused_unread(void **state)
{
	(void)state;
	options.image = write_file("huge", "x", 1);
	if (truncate(options.image, 5LL << 30) < 0)
		skip();
	refused(EFBIG, options.image, "too large");
}

static void kernel_past_the_end_of_memory_is_refused(void **state)
{
	(void)state;
	options.image = write_kernel("large", KERNEL_GPA, RAM_BYTES + 1);
	refused(ENOSPC, options.image, "--mem");
	layout_init(&layout, RAM_BYTES);
	options.image = write_kernel("high", 0xc0000000, 0);
	refused(ENOSPC, options.image, "no RAM");
	layout_init(&layout, RAM_BYTES);
	options.image = write_kernel("video", 0x9f000, 0);
	refused(ENOSPC, options.image, "no RAM");
}

static void kernel_over_the_boot_information_is_refused(void **state)
{
	(void)state;
	options.image = write_kernel("low", 0xa0000 - KERNEL_BYTES, 0);
	refused(EEXIST, options.image, "boot information");
}

static void module_without_room_is_refused(void **state)
{
	(void)state;
	options.image = write_kernel("kernel", KERNEL_GPA, (uint32_t)RAM_BYTES - 4096);
	options.modules[options.nr_modules++] = write_file("module", "xyz", 3);
	assert_int_equal(load(), 0);
	boot_fini(&boot);

	layout_init(&layout, RAM_BYTES);
	options.modules[options.nr_modules++] = write_file("module2", "xyz", 3);
	refused(ENOSPC, options.modules[1], "no room");
}

static void command_line_has_a_limit(void **state)
{
	static char words[70000];

	(void)state;
	memset(words, 'w', sizeof(words) - 1);
	options.image = write_kernel("kernel", KERNEL_GPA, 0);
	options.append = words;
	refused(E2BIG, "command line", "shorten");
}

static void flat_binary_takes_no_modules(void **state)
{
	(void)state;
	options.image = write_file("flat", "\xf4", 1);
	options.modules[options.nr_modules++] = "anything";
	refused(EINVAL, options.image, "--initrd");
}

static void flat_binary_too_large_is_refused(void **state)
{
	static uint8_t data[0xa0000];

	(void)state;
	data[0] = 0xf4;
	options.image = write_file("flat", data, sizeof(data));
	refused(ENOSPC, options.image, "no RAM");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(kernel_modules_and_information_are_in_memory),
		TEST(module_string_keeps_its_arguments),
		TEST(initrds_follow_each_other_at_multiples_of_4),
		TEST(bios_data_area_says_where_memory_ends),
		TEST(image_over_the_bios_data_area_counts_for_more),
		TEST(flat_binary_has_only_its_command_line),
		TEST(files_that_cannot_be_read_are_named),
		TEST(file_too_large_for_any_guest_is_refused_unread),
		TEST(kernel_past_the_end_of_memory_is_refused),
		TEST(kernel_over_the_boot_information_is_refused),
		TEST(module_without_room_is_refused),
		TEST(command_line_has_a_limit),
		TEST(flat_binary_takes_no_modules),
		TEST(flat_binary_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
