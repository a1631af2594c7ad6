// SPDX-License-Identifier: GPL-2.0
/* Where gdb may connect to: what it could do is for nobody else. */
#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX	"unix:"

static int fail(char *message, const char *where, const char *what, int error)
{
	snprintf(message, LISTEN_MESSAGE_SIZE, "--listen %.100s: %s", where, what ? what : strerror(error));
	return -error;
}

/* ---- unix ---- */

/* Of one that was killed: a socket where nobody listens. */
static bool is_left_over(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat status;
	bool is_refused;

	if (fd < 0)
		return false;
	is_refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) && errno == ECONNREFUSED;
	close(fd);
	/* So are files of other kinds. */
	return is_refused && !lstat(address->sun_path, &status) && S_ISSOCK(status.st_mode) &&
	       status.st_uid == geteuid();
}

static int bind_unix(int fd, const struct sockaddr_un *address)
{
	const struct sockaddr *any = (const struct sockaddr *)address;

	if (!bind(fd, any, sizeof(*address)))
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	if (!is_left_over(address))
		return -EADDRINUSE;
	return unlink(address->sun_path) || bind(fd, any, sizeof(*address)) ? -errno : 0;
}

static int listen_unix(const char *where, char *message)
{
	const char *path = where + strlen(UNIX_PREFIX);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int err;
	int fd;

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return fail(message, where, "the path is empty or too long", EINVAL);
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(message, where, NULL, errno);
	mask = umask(0177);
	err = bind_unix(fd, &address);
	umask(mask);
	if (!err && listen(fd, 1))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return fail(message, where, NULL, -err);
}

/* Return: the user who called; -1: it is not known. */
static long unix_peer(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) ? -1 : (long)peer.uid;
}

/* ---- TCP ---- */

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;

		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static void tell_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	char port[16];

	if (!getsockname(fd, (struct sockaddr *)&address, &size) &&
	    !getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof(port), NI_NUMERICSERV))
		fprintf(stderr, "kvm2gdb: listening on port %s\n", port);
}

static int listen_at(const struct addrinfo *info, const char *where, char *message)
{
	const int on = 1;
	int err;
	int fd;

	if (!is_loopback(info->ai_addr))
		return fail(message, where, "only addresses of the loopback are allowed: the protocol has no "
			    "passwords", EACCES);
	fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(message, where, NULL, errno);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, info->ai_addr, info->ai_addrlen) && !listen(fd, 1)) {
		tell_port(fd);
		return fd;
	}
	err = errno;
	close(fd);
	return fail(message, where, NULL, err);
}

static int listen_tcp(const char *where, char *message)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	const char *colon = strrchr(where, ':');
	struct addrinfo *info;
	char host[256];
	size_t length;
	int err;
	int fd;

	if (!colon || !colon[1] || colon - where >= (ptrdiff_t)sizeof(host))
		return fail(message, where, "unix:PATH or HOST:PORT is expected", EINVAL);
	length = (size_t)(colon - where);
	/* As in an URL. */
	if (length > 1 && where[0] == '[' && where[length - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)length - 2, where + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)length, where);
	err = getaddrinfo(*host ? host : "127.0.0.1", colon + 1, &hints, &info);
	if (err)
		return fail(message, where, gai_strerror(err), EINVAL);
	fd = listen_at(info, where, message);
	freeaddrinfo(info);
	return fd;
}

static unsigned int port_of(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET ?
		     ((const struct sockaddr_in *)(const void *)address)->sin_port :
		     ((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
}

/* As unix_peer(), of the other end as the kernel lists it. */
static long tcp_peer(int fd)
{
	struct sockaddr_storage own, other;
	socklen_t own_size = sizeof(own);
	socklen_t other_size = sizeof(other);
	long uid = -1;
	char line[512];
	FILE *file;

	if (getsockname(fd, (struct sockaddr *)&own, &own_size) ||
	    getpeername(fd, (struct sockaddr *)&other, &other_size))
		return -1;
	file = fopen(own.ss_family == AF_INET ? "/proc/self/net/tcp" : "/proc/self/net/tcp6", "re");
	while (file && uid < 0 && fgets(line, sizeof(line), file)) {
		unsigned int from, to, state;
		long user;

		if (sscanf(line, "%*d: %*[^:]:%x %*[^:]:%x %x %*s %*s %*s %ld", &from, &to, &state, &user) == 4 &&
		    from == port_of(&other) && to == port_of(&own) && state == TCP_ESTABLISHED)
			uid = user;
	}
	if (file)
		fclose(file);
	return uid;
}

/* ---- both ---- */

static bool is_unix(const struct listener *listener)
{
	return !strncmp(listener->where, UNIX_PREFIX, strlen(UNIX_PREFIX));
}

int listen_open(struct listener *listener, const char *where, char message[static LISTEN_MESSAGE_SIZE])
{
	listener->where = where;
	listener->fd = is_unix(listener) ? listen_unix(where, message) : listen_tcp(where, message);
	return listener->fd < 0 ? listener->fd : 0;
}

int listen_accept(const struct listener *listener, bool is_busy)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	const int on = 1;
	long uid;

	if (fd < 0)
		return -errno;
	uid = is_unix(listener) ? unix_peer(fd) : tcp_peer(fd);
	if ((uid && uid != (long)geteuid()) || is_busy) {
		fprintf(stderr, "kvm2gdb: %s\n", is_busy ? "one gdb is here, another is refused" :
							  "another user's connection is refused");
		close(fd);
		return -EACCES;
	}
	if (!is_unix(listener))
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

void listen_close(struct listener *listener)
{
	if (listener->fd < 0)
		return;
	close(listener->fd);
	listener->fd = -1;
	if (is_unix(listener) && unlink(listener->where + strlen(UNIX_PREFIX)))
		fprintf(stderr, "kvm2gdb: %s: remove: %s\n", listener->where, strerror(errno));
}
