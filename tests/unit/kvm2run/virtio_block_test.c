// SPDX-License-Identifier: GPL-2.0
// A disk on a file: what reaches it, what is refused, and what is left alone.
#include "virtio_block.h"

#include <errno.h>
#include <fcntl.h>
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
#include "virtio_driver.h"

#define SECTORS		64
#define HEADER		DRIVER_DATA
#define DATA		(DRIVER_DATA + 0x1000)
#define STATUS		(DRIVER_DATA + 0x800)
#define NOT_YET		0xee

static char path[] = "/tmp/kvm2run-disk-XXXXXX";
static char option[64];
static uint8_t content[SECTORS * 512];
static struct driver driver;
static struct virtio_block block;
static struct failure failure;

static void write_disk(size_t bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, bytes, file), bytes);
	fclose(file);
}

static void read_disk(void)
{
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fread(content, 1, sizeof(content), file), sizeof(content));
	fclose(file);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static int open_block(const char *name)
{
	return virtio_block_init(&block, name, 3, &driver.host, DRIVER_INPUT, &failure);
}

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i / 512 + i);
	write_disk(sizeof(content));
	driver_init(&driver);
	assert_int_equal(open_block(path), 0);
	driver_start(&driver, &block.virtio, 8);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	virtio_block_fini(&block);
	driver_fini(&driver);
	return 0;
}

static void put_header(uint32_t type, uint64_t sector)
{
	uint8_t *header = driver_at(&driver, HEADER);

	bytes_put32(header, type);
	bytes_put32(header + 4, 0);
	bytes_put64(header + 8, sector);
	*driver_at(&driver, STATUS) = NOT_YET;
}

static uint8_t submit(void)
{
	driver_offer(&driver, 0, 0);
	driver_notify(&driver, 0);
	return *driver_at(&driver, STATUS);
}

/* A request with data in one part, of @bytes. Return: its status. */
static uint8_t request(uint32_t type, uint64_t sector, uint32_t bytes, bool is_in)
{
	put_header(type, sector);
	driver_describe(&driver, 0, 0, HEADER, 16, DRIVER_NEXT, bytes ? 1 : 2);
	driver_describe(&driver, 0, 1, DATA, bytes, DRIVER_NEXT | (is_in ? DRIVER_IN : 0), 2);
	driver_describe(&driver, 0, 2, STATUS, 1, DRIVER_IN, 0);
	return submit();
}

static void what_is_on_the_disk_is_read(void **state)
{
	(void)state;
	assert_int_equal(request(0, 5, 1024, true), 0);
	assert_memory_equal(driver_at(&driver, DATA), content + 5 * 512, 1024);
	assert_int_equal(driver_used_bytes(&driver, 0, 0), 1025);
	assert_int_equal(*driver_at(&driver, DATA + 1024), 0);
}

static void what_is_written_is_on_the_disk(void **state)
{
	(void)state;
	memset(driver_at(&driver, DATA), 0x5a, 1536);
	assert_int_equal(request(1, 61, 1536, false), 0);
	assert_int_equal(request(4, 0, 0, false), 0);
	read_disk();
	assert_int_equal(content[61 * 512 - 1], (uint8_t)(60 + 61 * 512 - 1));
	for (size_t i = 61 * 512; i < sizeof(content); i++)
		assert_int_equal(content[i], 0x5a);
}

/* Headers and data may be in any parts. */
static void parts_can_be_of_any_size(void **state)
{
	(void)state;
	put_header(1, 2);
	memset(driver_at(&driver, DATA), 0x77, 512);
	driver_describe(&driver, 0, 0, HEADER, 7, DRIVER_NEXT, 1);
	driver_describe(&driver, 0, 1, HEADER + 7, 9, DRIVER_NEXT, 2);
	driver_describe(&driver, 0, 2, DATA, 511, DRIVER_NEXT, 3);
	driver_describe(&driver, 0, 3, DATA + 511, 1, DRIVER_NEXT, 4);
	driver_describe(&driver, 0, 4, STATUS, 1, DRIVER_IN, 0);
	assert_int_equal(submit(), 0);

	put_header(0, 2);
	driver_describe(&driver, 0, 0, HEADER, 16, DRIVER_NEXT, 1);
	driver_describe(&driver, 0, 1, DATA + 0x1000, 100, DRIVER_NEXT | DRIVER_IN, 2);
	/* The last part holds the rest, and the status. */
	driver_describe(&driver, 0, 2, DATA + 0x1064, 413, DRIVER_IN, 0);
	*driver_at(&driver, DATA + 0x1200) = NOT_YET;
	submit();
	assert_int_equal(*driver_at(&driver, DATA + 0x1200), 0);
	assert_memory_equal(driver_at(&driver, DATA + 0x1000), driver_at(&driver, DATA), 512);
}

static void it_has_a_name(void **state)
{
	(void)state;
	assert_int_equal(request(8, 0, 20, true), 0);
	assert_string_equal((char *)driver_at(&driver, DATA), "kvm2run-3");
	assert_int_equal(request(8, 0, 19, true), 1);
}

static void what_is_not_on_the_disk_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(request(0, SECTORS, 512, true), 1);
	assert_int_equal(request(0, SECTORS - 1, 1024, true), 1);
	assert_int_equal(request(0, ~0ULL, 512, true), 1);
	assert_int_equal(request(0, 1ULL << 55, 512, true), 1);
	assert_int_equal(request(1, SECTORS, 512, false), 1);
	assert_int_equal(request(0, 0, 100, true), 1);
	/* Data in the wrong direction. */
	assert_int_equal(request(0, 0, 512, false), 1);
	assert_int_equal(request(1, 0, 512, true), 1);
	assert_int_equal(request(77, 0, 0, false), 2);
	/* None of it is a reason to stop. */
	assert_int_equal(request(0, 0, 512, true), 0);
}

static void a_file_that_shrinks_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(truncate(path, 512), 0);
	assert_int_equal(request(0, 0, 1024, true), 1);
	assert_int_equal(request(0, 0, 512, true), 0);
}

static void requests_without_header_or_status_break_it(void **state)
{
	(void)state;
	put_header(0, 0);
	driver_describe(&driver, 0, 0, HEADER, 15, DRIVER_NEXT, 1);
	driver_describe(&driver, 0, 1, STATUS, 1, DRIVER_IN, 0);
	assert_int_equal(submit(), NOT_YET);
	assert_int_equal(driver_get(&driver, 0x70), 0x4f);
	memset(driver_at(&driver, DRIVER_AVAILABLE), 0, 8);
	driver_start(&driver, &block.virtio, 8);
	driver_describe(&driver, 0, 0, HEADER, 16, DRIVER_OUT, 0);
	assert_int_equal(submit(), NOT_YET);
	assert_int_equal(driver_get(&driver, 0x70), 0x4f);
}

static void the_guest_is_told_the_limits(void **state)
{
	(void)state;
	assert_int_equal(driver_get(&driver, 0x100), SECTORS);
	assert_int_equal(driver_get(&driver, 0x104), 0);
	assert_int_equal(driver_get(&driver, 0x108), VIRTIO_BLOCK_PART_BYTES);
	assert_int_equal(driver_get(&driver, 0x10c), VIRTQUEUE_ENTRIES_MAX - 2);
}

static void readonly_is_read_only(void **state)
{
	(void)state;
	virtio_block_fini(&block);
	snprintf(option, sizeof(option), "%s,readonly", path);
	assert_int_equal(open_block(option), 0);
	driver_start(&driver, &block.virtio, 8);
	memset(driver_at(&driver, DRIVER_AVAILABLE), 0, 8);
	driver_set(&driver, 0x14, 0);
	assert_int_equal(driver_get(&driver, 0x10) & 1U << 5, 1U << 5);
	assert_int_equal(request(1, 0, 512, false), 1);
	assert_int_equal(request(0, 0, 512, true), 0);
	assert_memory_equal(driver_at(&driver, DATA), content, 512);
}

/* ---- files that are no disks ---- */

static void refused(const char *name, int err, const char *why)
{
	assert_int_equal(open_block(name), -err);
	assert_non_null(strstr(failure.text, why));
	virtio_block_fini(&block);
}

static void files_that_are_no_disks_are_refused(void **state)
{
	(void)state;
	virtio_block_fini(&block);
	refused("/nonexistent/disk", ENOENT, "--disk /nonexistent/disk: open: No such file");
	refused("/tmp,readonly", EINVAL, "neither a file nor a block device");
	write_disk(0);
	refused(path, EINVAL, "0 bytes are not a number of sectors");
	write_disk(513);
	refused(path, EINVAL, "truncate -s %512");
}

static void a_disk_has_one_writer(void **state)
{
	struct virtio_block other;

	(void)state;
	assert_int_equal(virtio_block_init(&other, path, 0, &driver.host, DRIVER_INPUT, &failure),
			 -EBUSY);
	assert_non_null(strstr(failure.text, "another process uses it"));
	virtio_block_fini(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_on_the_disk_is_read),
		TEST(what_is_written_is_on_the_disk),
		TEST(parts_can_be_of_any_size),
		TEST(it_has_a_name),
		TEST(what_is_not_on_the_disk_is_an_error),
		TEST(a_file_that_shrinks_is_an_error),
		TEST(requests_without_header_or_status_break_it),
		TEST(the_guest_is_told_the_limits),
		TEST(readonly_is_read_only),
		TEST(files_that_are_no_disks_are_refused),
		TEST(a_disk_has_one_writer),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
