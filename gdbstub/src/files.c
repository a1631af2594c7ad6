// SPDX-License-Identifier: GPL-2.0
/* vFile: gdb reads files below one folder, and nothing else. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#define PATH_BYTES	4096

/* Of the protocol: an error number, and that of fstat. */
static const struct {
	int error;
	int number;
} numbers[] = {
	{ EPERM, 1 }, { ENOENT, 2 }, { EINTR, 4 }, { EIO, 5 }, { EBADF, 9 }, { EACCES, 13 }, { EFAULT, 14 },
	{ EBUSY, 16 }, { ENODEV, 19 }, { ENOTDIR, 20 }, { EISDIR, 21 }, { EINVAL, 22 }, { ENFILE, 23 },
	{ EMFILE, 24 }, { EROFS, 30 }, { ENOSYS, 88 }, { ENAMETOOLONG, 91 }, { EXDEV, 13 }, { ELOOP, 13 },
};

#define UNKNOWN	9999

static void reply_failed(struct session *session, int error)
{
	int number = UNKNOWN;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].error == error)
			number = numbers[i].number;
	buffer_clear(&session->reply);
	buffer_printf(&session->reply, "F-1,%x", (unsigned int)number);
}

static void reply_data(struct session *session, const void *data, size_t size)
{
	buffer_printf(&session->reply, "F%zx;", size);
	buffer_binary(&session->reply, data, size);
}

/* Whatever is linked where, it stays below the folder. Return: a file; -errno. */
static int open_below(const struct session *session, const char *path)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	struct stat info;
	int fd = (int)syscall(SYS_openat2, session->host->folder, path, &how, sizeof(how));
	int err;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &info) ? -errno : S_ISDIR(info.st_mode) ? -EISDIR : S_ISREG(info.st_mode) ? 0 : -EACCES;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static bool parse_path(struct cursor *cursor, char path[static PATH_BYTES])
{
	struct cursor name = cursor_until(cursor, ',');
	long length = -EINVAL;

	if (cursor_left(&name) / 2 < PATH_BYTES)
		length = hex_decode(name.at, cursor_left(&name), path);
	if (length <= 0 || memchr(path, 0, (size_t)length))
		return false;
	path[length] = 0;
	return true;
}

/* Of gdb's number for it. Return: NULL: there is none. */
static int *find_file(struct session *session, struct cursor *cursor)
{
	uint64_t number;

	if (!cursor_hex(cursor, &number) || number >= SESSION_FILES_MAX || session->files[number] < 0)
		return NULL;
	return &session->files[number];
}

static void run_open(struct session *session, struct cursor *cursor)
{
	char path[PATH_BYTES];
	uint64_t flags, mode;
	int i = 0;
	int fd;

	if (!parse_path(cursor, path) || !cursor_hex(cursor, &flags) || !cursor_char(cursor, ',') ||
	    !cursor_hex(cursor, &mode)) {
		reply_failed(session, EINVAL);
		return;
	}
	/* O_RDONLY is 0 there, too. */
	if (flags) {
		reply_failed(session, EROFS);
		return;
	}
	while (i < SESSION_FILES_MAX && session->files[i] >= 0)
		i++;
	fd = i < SESSION_FILES_MAX ? open_below(session, path) : -EMFILE;
	if (fd < 0) {
		reply_failed(session, -fd);
		return;
	}
	session->files[i] = fd;
	buffer_printf(&session->reply, "F%x", (unsigned int)i);
}

static void run_close(struct session *session, struct cursor *cursor)
{
	int *file = find_file(session, cursor);

	if (!file) {
		reply_failed(session, EBADF);
		return;
	}
	close(*file);
	*file = -1;
	buffer_text(&session->reply, "F0");
}

static void run_pread(struct session *session, struct cursor *cursor)
{
	int *file = find_file(session, cursor);
	uint64_t size, offset;
	ssize_t got = -1;
	uint8_t *data;

	if (!file || !cursor_char(cursor, ',') || !cursor_hex(cursor, &size) || !cursor_char(cursor, ',') ||
	    !cursor_hex(cursor, &offset) || offset > INT64_MAX) {
		reply_failed(session, file ? EINVAL : EBADF);
		return;
	}
	size = size > SESSION_PACKET_BYTES / 2 ? SESSION_PACKET_BYTES / 2 : size;
	data = malloc(size + 1);
	errno = ENOMEM;
	if (data)
		got = pread(*file, data, size, (off_t)offset);
	if (got < 0)
		reply_failed(session, errno);
	else
		reply_data(session, data, (size_t)got);
	free(data);
}

/* Numbers of the protocol's struct stat have their highest byte first. */
static void put(uint8_t **at, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = bytes; i-- > 0;)
		*(*at)++ = (uint8_t)(value >> 8 * i);
}

static void run_fstat(struct session *session, struct cursor *cursor)
{
	int *file = find_file(session, cursor);
	uint8_t bytes[64];
	uint8_t *at = bytes;
	struct stat info;

	if (!file || fstat(*file, &info)) {
		reply_failed(session, file ? errno : EBADF);
		return;
	}
	put(&at, info.st_dev, 4);
	put(&at, info.st_ino, 4);
	put(&at, info.st_mode & 07777, 4);
	/* It is a regular file, which Linux and the protocol number alike. */
	bytes[8 + 2] |= S_IFREG >> 8;
	put(&at, info.st_nlink, 4);
	put(&at, info.st_uid, 4);
	put(&at, info.st_gid, 4);
	put(&at, info.st_rdev, 4);
	put(&at, (uint64_t)info.st_size, 8);
	put(&at, (uint64_t)info.st_blksize, 8);
	put(&at, (uint64_t)info.st_blocks, 8);
	put(&at, (uint64_t)info.st_atime, 4);
	put(&at, (uint64_t)info.st_mtime, 4);
	put(&at, (uint64_t)info.st_ctime, 4);
	reply_data(session, bytes, (size_t)(at - bytes));
}

/* There is but one file system. */
static void run_setfs(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	buffer_text(&session->reply, "F0");
}

static void run_write(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	reply_failed(session, EROFS);
}

static const struct {
	const char *prefix;
	void (*run)(struct session *session, struct cursor *cursor);
} operations[] = {
	{ "open:", run_open },
	{ "close:", run_close },
	{ "pread:", run_pread },
	{ "fstat:", run_fstat },
	{ "setfs:", run_setfs },
	{ "pwrite:", run_write },
	{ "unlink:", run_write },
};

void command_file(struct session *session, struct cursor *cursor)
{
	/* gdb takes files from its own machine then. */
	if (session->host->folder < 0)
		return;
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (!cursor_text(cursor, operations[i].prefix))
			continue;
		operations[i].run(session, cursor);
		return;
	}
}

void files_close(struct session *session)
{
	for (int i = 0; i < SESSION_FILES_MAX; i++) {
		if (session->files[i] >= 0)
			close(session->files[i]);
		session->files[i] = -1;
	}
}
