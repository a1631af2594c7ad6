// SPDX-License-Identifier: GPL-2.0
// Transactions of a guest's I/O, carried out on ports.
#include "io_server.h"

#include <errno.h>
#include <linux/kvm2.h>
#include <string.h>
#include <sys/socket.h>

struct transaction {
	struct kvm2_io_message message;
	uint8_t data[IO_SERVER_DATA_MAX];
};

/* Whoever sends is the kernel, but a socket can be given to anybody. */
static bool is_whole(const struct kvm2_io_message *message, size_t bytes)
{
	uint64_t data = (uint64_t)message->size * message->count;

	switch (message->op) {
	case KVM2_IO_OP_READ:
		return data && data <= IO_SERVER_DATA_MAX && message->size <= 8 && !bytes;
	case KVM2_IO_OP_WRITE:
	case KVM2_IO_OP_POSTED_WRITE:
		return data && data == bytes && message->size <= 8;
	case KVM2_IO_OP_FLUSH:
		return !bytes;
	}
	return false;
}

static int reply(int fd, const struct kvm2_io_message *request, const uint8_t *data, size_t bytes)
{
	struct transaction answer = {
		.message = { .id = request->id, .op = KVM2_IO_OP_REPLY },
	};
	ssize_t n;

	if (bytes)
		memcpy(answer.data, data, bytes);
	do {
		n = send(fd, &answer, sizeof(answer.message) + bytes, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 1;
}

int io_server_serve(int fd, struct ports *ports)
{
	struct transaction request;
	const struct kvm2_io_message *message = &request.message;
	bool is_read;
	ssize_t n;

	do {
		n = recv(fd, &request, sizeof(request), 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	if ((size_t)n < sizeof(*message) || !is_whole(message, (size_t)n - sizeof(*message)))
		return -EBADMSG;

	is_read = message->op == KVM2_IO_OP_READ;
	if (message->op != KVM2_IO_OP_FLUSH)
		ports_access(ports, message->address, message->size, message->count, !is_read,
			     request.data);
	if (message->op == KVM2_IO_OP_POSTED_WRITE)
		return 1;
	return reply(fd, message, request.data,
		     is_read ? (size_t)message->size * message->count : 0);
}
