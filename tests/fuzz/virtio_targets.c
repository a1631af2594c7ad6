// SPDX-License-Identifier: GPL-2.0
/*
 * block, console:	what a guest does to the device, command by command: a
 *			byte that says what, a place in units of 4, of 16 bits,
 *			then a value
 */
#include "targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"
#include "virtio_block.h"
#include "virtio_console.h"
#include "virtio_driver.h"

#define SECTORS		16
#define ENTRIES		8

enum command {
	COMMAND_SET,		/* a register */
	COMMAND_GET,		/* a register, of any width */
	COMMAND_WRITE,		/* 4 bytes of memory, from the first queue on */
	COMMAND_OFFER,		/* a descriptor */
	COMMAND_NOTIFY,		/* a queue */
	COMMAND_START,		/* the device anew */
	NR_COMMANDS,
};

#define COMMAND_BYTES	7

/* So that a sanitizer sees what is before and behind it. */
static void move_memory(struct driver *driver)
{
	munmap(driver->memory.base, driver->memory.bytes);
	driver->memory.base = calloc(1, driver->memory.bytes);
	if (!driver->memory.base)
		abort();
}

static void run_commands(struct driver *driver, struct virtio *virtio, const uint8_t *bytes,
			 size_t size)
{
	driver_start(driver, virtio, ENTRIES);
	for (; size >= COMMAND_BYTES; bytes += COMMAND_BYTES, size -= COMMAND_BYTES) {
		uint16_t place = bytes_get16(bytes + 1);
		uint32_t value = bytes_get32(bytes + 3);

		switch (bytes[0] % NR_COMMANDS) {
		case COMMAND_SET:
			driver_set(driver, (uint16_t)(place * 4 % VIRTIO_BYTES), value);
			break;
		case COMMAND_GET:
			virtio_mmio_ops.read(virtio, place % VIRTIO_BYTES, 1U << value % 3);
			break;
		case COMMAND_WRITE:
			bytes_put32(driver_at(driver, DRIVER_DESCRIPTORS) + place * 4 % 0x20000, value);
			break;
		case COMMAND_OFFER:
			driver_offer(driver, place % VIRTIO_QUEUES_MAX, (uint16_t)value);
			break;
		case COMMAND_NOTIFY:
			driver_notify(driver, place % VIRTIO_QUEUES_MAX);
			break;
		case COMMAND_START:
			driver_start(driver, virtio, value % 256);
			break;
		}
	}
	free(driver->memory.base);
}

static void run_block(const uint8_t *bytes, size_t size)
{
	static char path[64];
	struct virtio_block block;
	struct failure failure;
	struct driver driver;
	static int fd = -1;

	/* One file for all: only its length counts. */
	if (fd < 0) {
		fd = memfd_create("disk", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (fd < 0 || ftruncate(fd, SECTORS * 512))
			abort();
	}
	driver_init(&driver);
	move_memory(&driver);
	if (virtio_block_init(&block, path, 0, &driver.host, DRIVER_INPUT, &failure))
		abort();
	run_commands(&driver, &block.virtio, bytes, size);
	virtio_block_fini(&block);
}

/* ---- a console that echoes ---- */

#define ECHO_BYTES	64

struct echo {
	uint8_t bytes[ECHO_BYTES];
	size_t used;
	uint64_t written;
	struct driver *driver;
};

/* A guest may print gigabytes by a few descriptors: then somebody ends it. */
#define WRITTEN_MAX	(1 << 20)

static void echo_write(void *context, const uint8_t *data, size_t len)
{
	struct echo *echo = context;
	size_t n = ECHO_BYTES - echo->used < len ? ECHO_BYTES - echo->used : len;

	memcpy(echo->bytes + echo->used, data, n);
	echo->used += n;
	echo->written += len;
	if (echo->written > WRITTEN_MAX)
		echo->driver->ended = true;
}

static bool echo_read(void *context, bool take, uint8_t *byte)
{
	struct echo *echo = context;

	if (!echo->used)
		return false;
	if (take)
		*byte = echo->bytes[--echo->used];
	return true;
}

static void run_console(const uint8_t *bytes, size_t size)
{
	struct virtio_console console;
	struct driver driver;
	struct echo echo = { .driver = &driver };
	const struct virtio_console_backend backend = { echo_write, echo_read, &echo };

	driver_init(&driver);
	move_memory(&driver);
	virtio_console_init(&console, &backend, &driver.host, DRIVER_INPUT);
	run_commands(&driver, &console.virtio, bytes, size);
}

static const char *const words[] = {
	"\x02", "\x03\0\0", "\x04\0\0", "\x04\x01\0", "\x00\x11\0", "\x00\x1c\0", "\x00\x0c\0", "\x00\x14\0",
	"\x10\0\0\0", "\x01\0\x01\0", "\x02\0\x02\0", "\x03\0\x02\0", "\xff\xff\xff\xff", "\xf0\xff\x1f\0", NULL,
};

static const struct fuzz_target targets[] = {
	{ "block", run_block, words },
	{ "console", run_console, words },
};

const struct fuzz_target *fuzz_target_find(const char *name)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	return NULL;
}
