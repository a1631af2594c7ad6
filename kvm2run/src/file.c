// SPDX-License-Identifier: GPL-2.0
// Reading files.
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *remedy(int error)
{
	switch (error) {
	case ENOENT:
		return "; check the path";
	case EACCES:
		return "; make it readable for this user";
	default:
		return "";
	}
}

static int system_failure(struct failure *failure, const char *path, const char *action,
			  int error)
{
	return failure_set(failure, error, "%s: %s: %s%s", path, action, strerror(error),
			   remedy(error));
}

static int read_all(struct file *file, int fd, const char *path, struct failure *failure)
{
	size_t done = 0;

	while (done < file->len) {
		ssize_t n = read(fd, file->data + done, file->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return system_failure(failure, path, "read", errno);
		if (n == 0)
			return failure_set(failure, EIO,
				"%s: became shorter while it was read; try again", path);
		done += (size_t)n;
	}
	return 0;
}

static int read_open(struct file *file, int fd, const char *path, struct failure *failure)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return system_failure(failure, path, "stat", errno);
	if (!S_ISREG(st.st_mode))
		return failure_set(failure, EINVAL, "%s: not a regular file; copy it to one", path);
	if ((uint64_t)st.st_size > FILE_BYTES_MAX)
		return failure_set(failure, EFBIG,
			"%s: too large: %lld bytes do not fit in memory below 4 GiB",
			path, (long long)st.st_size);

	file->len = (size_t)st.st_size;
	file->data = malloc(file->len ? file->len : 1);
	if (!file->data)
		return system_failure(failure, path, "allocate memory", ENOMEM);
	return read_all(file, fd, path, failure);
}

int file_read(struct file *file, const char *path, struct failure *failure)
{
	int fd;
	int err;

	memset(file, 0, sizeof(*file));
	/* Not to wait for the other end of a FIFO. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return system_failure(failure, path, "open", errno);
	err = read_open(file, fd, path, failure);
	close(fd);
	return err;
}

void file_fini(struct file *file)
{
	free(file->data);
	memset(file, 0, sizeof(*file));
}
