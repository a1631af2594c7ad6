// SPDX-License-Identifier: GPL-2.0
// Requests of a disk, served by the vcpu that announces them.
#include "virtio_block.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"

#define DEVICE_BLOCK		2
#define SECTOR_BYTES		512

#define FEATURE_SIZE_MAX	(1ULL << 1)
#define FEATURE_SEG_MAX		(1ULL << 2)
#define FEATURE_READONLY	(1ULL << 5)
#define FEATURE_FLUSH		(1ULL << 9)

/* Its registers */
#define CONFIG_SECTORS		0
#define CONFIG_SIZE_MAX		8
#define CONFIG_SEG_MAX		12

/* A request: header, data, and a byte for the status. */
#define HEADER_BYTES		16
#define HEADER_TYPE		0
#define HEADER_SECTOR		8
#define STATUS_BYTES		1

#define TYPE_IN			0
#define TYPE_OUT		1
#define TYPE_FLUSH		4
#define TYPE_GET_ID		8

#define STATUS_OK		0
#define STATUS_ERROR		1
#define STATUS_UNSUPPORTED	2

#define ID_BYTES		20

/* ---- requests ---- */

/* Leave @offset bytes and then take @bytes of @nr parts. Return: how many parts are left. */
static int cut(struct iovec *parts, unsigned int nr, uint64_t offset, uint64_t bytes)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < nr && bytes; i++) {
		struct iovec part = parts[i];

		if (offset >= part.iov_len) {
			offset -= part.iov_len;
			continue;
		}
		part.iov_base = (uint8_t *)part.iov_base + offset;
		part.iov_len -= offset;
		offset = 0;
		if (part.iov_len > bytes)
			part.iov_len = bytes;
		bytes -= part.iov_len;
		parts[left++] = part;
	}
	return (int)left;
}

/* Return: all @bytes were moved. */
static bool move(const struct virtio_block *block, struct iovec *parts, unsigned int nr,
		 uint64_t skip, uint64_t bytes, uint64_t sector, bool is_write)
{
	off_t at = (off_t)(sector * SECTOR_BYTES);
	int left = cut(parts, nr, skip, bytes);

	while (bytes) {
		ssize_t n = is_write ? pwritev(block->fd, parts, left, at) :
				       preadv(block->fd, parts, left, at);

		if (n < 0 && errno == EINTR)
			continue;
		/* The file may have become shorter. */
		if (n <= 0)
			return false;
		at += n;
		bytes -= (uint64_t)n;
		left = cut(parts, (unsigned int)left, (uint64_t)n, bytes);
	}
	return true;
}

static bool is_on_disk(const struct virtio_block *block, uint64_t sector, uint64_t bytes)
{
	return bytes % SECTOR_BYTES == 0 && bytes <= VIRTIO_BLOCK_REQUEST_BYTES &&
	       sector <= block->sectors && bytes / SECTOR_BYTES <= block->sectors - sector;
}

static uint8_t get_id(const struct virtio_block *block, const struct virtqueue_chain *chain)
{
	char id[ID_BYTES] = { 0 };

	if (chain->in_bytes < ID_BYTES + STATUS_BYTES)
		return STATUS_ERROR;
	snprintf(id, sizeof(id), "kvm2run-%u", block->number);
	virtqueue_write(chain, 0, id, sizeof(id));
	return STATUS_OK;
}

/* @chain: has a header and a status; its parts are used up. */
static uint8_t serve_request(const struct virtio_block *block, struct virtqueue_chain *chain)
{
	uint64_t out = chain->out_bytes - HEADER_BYTES;
	uint64_t in = chain->in_bytes - STATUS_BYTES;
	uint8_t header[HEADER_BYTES];
	uint64_t sector;
	bool good;

	virtqueue_read(chain, 0, header, sizeof(header));
	sector = bytes_get64(header + HEADER_SECTOR);
	switch (bytes_get32(header + HEADER_TYPE)) {
	case TYPE_IN:
		good = !out && is_on_disk(block, sector, in) &&
		       move(block, chain->parts + chain->nr_out, chain->nr_in, 0, in, sector, false);
		break;
	case TYPE_OUT:
		good = !in && !block->readonly && is_on_disk(block, sector, out) &&
		       move(block, chain->parts, chain->nr_out, HEADER_BYTES, out, sector, true);
		break;
	case TYPE_FLUSH:
		good = !fdatasync(block->fd);
		break;
	case TYPE_GET_ID:
		return get_id(block, chain);
	default:
		return STATUS_UNSUPPORTED;
	}
	return good ? STATUS_OK : STATUS_ERROR;
}

static void serve(struct virtio *virtio, unsigned int number)
{
	struct virtio_block *block =
		(struct virtio_block *)((char *)virtio - offsetof(struct virtio_block, virtio));
	struct virtqueue_chain chain;
	struct iovec last;
	uint8_t *status;

	while (virtio_pop(virtio, number, &chain)) {
		uint32_t written = (uint32_t)chain.in_bytes;

		if (chain.out_bytes < HEADER_BYTES || chain.in_bytes < STATUS_BYTES) {
			virtio_break(virtio);
			return;
		}
		last = chain.parts[chain.nr_out + chain.nr_in - 1];
		status = (uint8_t *)last.iov_base + last.iov_len - STATUS_BYTES;
		*status = serve_request(block, &chain);
		virtio_push(virtio, number, &chain, written);
	}
}

static const struct virtio_ops block_ops = {
	.id = DEVICE_BLOCK,
	.nr_queues = 1,
	.serve = serve,
};

/* ---- the file ---- */

#define OPTION_READONLY	",readonly"

static int open_disk(struct virtio_block *block, const char *path, struct failure *failure)
{
	struct stat st;
	off_t bytes;

	block->fd = open(path, (block->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
	if (block->fd < 0)
		return failure_set(failure, errno, "--disk %s: open: %s%s", path, strerror(errno),
				   errno == EACCES && !block->readonly ?
				   "; add ,readonly, or make it writable for this user" : "");
	/* Else two guests write to one file system. */
	if (flock(block->fd, (block->readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0 &&
	    errno == EWOULDBLOCK)
		return failure_set(failure, EBUSY,
			"--disk %s: another process uses it; end that one, or let both have it ,readonly",
			path);
	bytes = lseek(block->fd, 0, SEEK_END);
	if (bytes < 0 || fstat(block->fd, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
		return failure_set(failure, EINVAL, "--disk %s: neither a file nor a block device",
				   path);
	if (!bytes || bytes % SECTOR_BYTES)
		return failure_set(failure, EINVAL,
			"--disk %s: %lld bytes are not a number of sectors of %d; truncate -s %%%d makes it one",
			path, (long long)bytes, SECTOR_BYTES, SECTOR_BYTES);
	block->sectors = (uint64_t)bytes / SECTOR_BYTES;
	return 0;
}

int virtio_block_init(struct virtio_block *block, const char *path, unsigned int number,
		      const struct virtio_host *host, unsigned int input, struct failure *failure)
{
	size_t option = strlen(OPTION_READONLY);
	size_t len = strlen(path);
	char *name;
	int err;

	memset(block, 0, sizeof(*block));
	block->fd = -1;
	block->number = number;
	block->readonly = len > option && !strcmp(path + len - option, OPTION_READONLY);
	name = strndup(path, block->readonly ? len - option : len);
	if (!name)
		return failure_set(failure, ENOMEM, "--disk %s: allocate memory: %s", path,
				   strerror(ENOMEM));
	err = open_disk(block, name, failure);
	free(name);
	if (err)
		return err;

	bytes_put64(block->config + CONFIG_SECTORS, block->sectors);
	bytes_put32(block->config + CONFIG_SIZE_MAX, VIRTIO_BLOCK_PART_BYTES);
	/* Of a request two parts are header and status. */
	bytes_put32(block->config + CONFIG_SEG_MAX, VIRTQUEUE_ENTRIES_MAX - 2);
	block->virtio.features = FEATURE_SIZE_MAX | FEATURE_SEG_MAX | FEATURE_FLUSH |
				 (block->readonly ? FEATURE_READONLY : 0);
	block->virtio.config = block->config;
	block->virtio.config_bytes = sizeof(block->config);
	virtio_init(&block->virtio, &block_ops, host, input);
	return 0;
}

void virtio_block_fini(struct virtio_block *block)
{
	if (block->fd >= 0)
		close(block->fd);
	block->fd = -1;
}
