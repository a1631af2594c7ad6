// SPDX-License-Identifier: GPL-2.0
// A web server of one page, for one reader at a time.
#include "serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_US	200000
#define BACKLOG		16

struct serve {
	int fd;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];	/* "": none to remove */
	char *page;
	size_t size;
};

static int listen_unix(struct serve *serve, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int probe;

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	serve->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (serve->fd < 0)
		return -errno;
	/* What a dead one has left refuses. */
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (probe >= 0 && connect(probe, (struct sockaddr *)&address, sizeof(address)) && errno == ECONNREFUSED)
		unlink(path);
	if (probe >= 0)
		close(probe);
	if (bind(serve->fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	strcpy(serve->path, path);
	return listen(serve->fd, BACKLOG) ? -errno : 0;
}

static int listen_loopback(struct serve *serve, const char *port)
{
	static const char prefix[] = "127.0.0.1:";
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int one = 1;
	unsigned long number;
	char *end;

	if (!strncmp(port, prefix, strlen(prefix)))
		port += strlen(prefix);
	number = strtoul(port, &end, 10);
	if (*port < '0' || *port > '9' || *end || number > 65535)
		return -EINVAL;
	address.sin_port = htons((uint16_t)number);
	serve->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (serve->fd < 0)
		return -errno;
	setsockopt(serve->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(serve->fd, (struct sockaddr *)&address, sizeof(address)) || listen(serve->fd, BACKLOG))
		return -errno;
	return 0;
}

int serve_create(struct serve **out, const char *where, char message[static SERVE_MESSAGE_SIZE])
{
	struct serve *serve = calloc(1, sizeof(*serve));
	int error;

	if (!serve)
		return -ENOMEM;
	serve->fd = -1;
	error = !strncmp(where, "unix:", 5) ? listen_unix(serve, where + 5) : listen_loopback(serve, where);
	if (error) {
		snprintf(message, SERVE_MESSAGE_SIZE, "--listen %.100s: %s", where, error == -EINVAL ?
			 "neither unix:PATH nor a port of 127.0.0.1" : strerror(-error));
		serve_destroy(serve);
		return error;
	}
	*out = serve;
	return 0;
}

void serve_destroy(struct serve *serve)
{
	if (!serve)
		return;
	if (serve->fd >= 0)
		close(serve->fd);
	if (serve->path[0])
		unlink(serve->path);
	free(serve->page);
	free(serve);
}

int serve_fd(const struct serve *serve)
{
	return serve->fd;
}

int serve_update(struct serve *serve, const struct output *output, const struct model *model)
{
	char *page = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&page, &size);

	if (!file)
		return -ENOMEM;
	output_metrics(file, output, model);
	if (fclose(file)) {
		free(page);
		return -ENOMEM;
	}
	free(serve->page);
	serve->page = page;
	serve->size = size;
	return 0;
}

static int send_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		const ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

void serve_answer(struct serve *serve)
{
	const struct timeval timeout = { .tv_usec = TIMEOUT_US };
	const int fd = accept4(serve->fd, NULL, NULL, SOCK_CLOEXEC);
	char text[1024];
	bool is_get;
	ssize_t n;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	n = recv(fd, text, sizeof(text), 0);
	is_get = n > 4 && !memcmp(text, "GET ", 4);
	if (n > 0 && !is_get) {
		send_all(fd, "HTTP/1.0 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n", 54);
	} else if (n > 0) {
		snprintf(text, sizeof(text), "HTTP/1.0 200 OK\r\n"
			 "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"
			 "Content-Length: %zu\r\n\r\n", serve->size);
		if (!send_all(fd, text, strlen(text)))
			send_all(fd, serve->page, serve->size);
		/* What was asked besides must not cut off the answer. */
		shutdown(fd, SHUT_WR);
		while (recv(fd, text, sizeof(text), 0) > 0)
			;
	}
	close(fd);
}
