// SPDX-License-Identifier: GPL-2.0
// Transactions on a socket: answered on ports, refused when they are none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/kvm2.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io_server.h"

#define PORT 0x3f8

/* A register that is read as it was written. */
static uint32_t read_register(void *device, uint16_t offset, unsigned int width)
{
	(void)width;
	return ((uint8_t *)device)[offset];
}

static void write_register(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	(void)width;
	((uint8_t *)device)[offset] = (uint8_t)value;
}

static const struct port_ops ops = { .widths = 1, .read = read_register, .write = write_register };

struct fixture {
	int server;
	int kernel;
	struct ports ports;
	uint8_t registers[8];
};

static int set_up(void **state)
{
	static struct fixture fixture;
	int ends[2];

	memset(&fixture, 0, sizeof(fixture));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends))
		return -1;
	fixture.server = ends[0];
	fixture.kernel = ends[1];
	ports_init(&fixture.ports);
	*state = &fixture;
	return ports_add(&fixture.ports, PORT, 8, &ops, fixture.registers);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ports_fini(&f->ports);
	close(f->server);
	close(f->kernel);
	return 0;
}

/* Send @header with @bytes of data. Return: what the server does of it. */
static int give(struct fixture *f, const struct kvm2_io_message *header, const void *data,
		size_t bytes)
{
	uint8_t buffer[256];

	memcpy(buffer, header, sizeof(*header));
	if (bytes)
		memcpy(buffer + sizeof(*header), data, bytes);
	assert_int_equal(send(f->kernel, buffer, sizeof(*header) + bytes, 0),
			 sizeof(*header) + bytes);
	return io_server_serve(f->server, &f->ports);
}

/* Return: bytes of the reply's data; -1 if there is no reply. */
static int take_reply(struct fixture *f, uint32_t id, uint8_t *data, size_t size)
{
	uint8_t buffer[256];
	struct kvm2_io_message header;
	ssize_t n = recv(f->kernel, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (n < 0)
		return -1;
	assert_true((size_t)n >= sizeof(header) && (size_t)n - sizeof(header) <= size);
	memcpy(&header, buffer, sizeof(header));
	assert_int_equal(header.op, KVM2_IO_OP_REPLY);
	assert_int_equal(header.id, id);
	memcpy(data, buffer + sizeof(header), (size_t)n - sizeof(header));
	return (int)((size_t)n - sizeof(header));
}

static void test_transactions(void **state)
{
	struct fixture *f = *state;
	struct kvm2_io_message message = {
		.id = 5, .op = KVM2_IO_OP_WRITE, .ports = 1, .size = 1, .address = PORT + 7,
		.count = 3,
	};
	uint8_t data[8] = { 0 };

	assert_int_equal(give(f, &message, "abc", 3), 1);
	assert_int_equal(take_reply(f, 5, data, sizeof(data)), 0);
	assert_int_equal(f->registers[7], 'c');

	message.op = KVM2_IO_OP_POSTED_WRITE;
	message.count = 1;
	assert_int_equal(give(f, &message, "d", 1), 1);
	assert_int_equal(take_reply(f, 5, data, sizeof(data)), -1);
	assert_int_equal(f->registers[7], 'd');

	message = (struct kvm2_io_message){
		.id = 6, .op = KVM2_IO_OP_READ, .ports = 1, .size = 2, .address = PORT + 6,
		.count = 2,
	};
	f->registers[6] = 'x';
	assert_int_equal(give(f, &message, NULL, 0), 1);
	assert_int_equal(take_reply(f, 6, data, sizeof(data)), 4);
	assert_memory_equal(data, "xdxd", 4);

	message = (struct kvm2_io_message){ .id = 7, .op = KVM2_IO_OP_FLUSH };
	assert_int_equal(give(f, &message, NULL, 0), 1);
	assert_int_equal(take_reply(f, 7, data, sizeof(data)), 0);

	close(f->kernel);
	f->kernel = -1;
	assert_int_equal(io_server_serve(f->server, &f->ports), 0);
}

static void test_no_transactions(void **state)
{
	static const struct {
		struct kvm2_io_message header;
		size_t bytes;
	} cases[] = {
		{ { .op = KVM2_IO_OP_READ, .size = 1, .count = 1 }, 1 },
		{ { .op = KVM2_IO_OP_READ, .size = 0, .count = 1 }, 0 },
		{ { .op = KVM2_IO_OP_READ, .size = 1, .count = IO_SERVER_DATA_MAX + 1 }, 0 },
		{ { .op = KVM2_IO_OP_READ, .size = 8, .count = 0x20000001 }, 0 },
		{ { .op = KVM2_IO_OP_READ, .size = 9, .count = 1 }, 0 },
		{ { .op = KVM2_IO_OP_WRITE, .size = 1, .count = 1 }, 0 },
		{ { .op = KVM2_IO_OP_WRITE, .size = 4, .count = 1 }, 3 },
		{ { .op = KVM2_IO_OP_WRITE, .size = 16, .count = 1 }, 16 },
		{ { .op = KVM2_IO_OP_POSTED_WRITE, .size = 1, .count = 2 }, 1 },
		{ { .op = KVM2_IO_OP_POSTED_WRITE, .size = 0, .count = ~0U }, 0 },
		{ { .op = KVM2_IO_OP_FLUSH }, 1 },
		{ { .op = KVM2_IO_OP_REPLY }, 0 },
		{ { .op = 0 }, 0 },
		{ { .op = 0xffff }, 0 },
	};
	static const uint8_t nothing[64];
	struct fixture *f = *state;
	uint8_t data[8];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(give(f, &cases[i].header, nothing, cases[i].bytes), -EBADMSG);
		assert_int_equal(take_reply(f, 0, data, sizeof(data)), -1);
	}
	assert_int_equal(send(f->kernel, nothing, sizeof(struct kvm2_io_message) - 1, 0),
			 sizeof(struct kvm2_io_message) - 1);
	assert_int_equal(io_server_serve(f->server, &f->ports), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_transactions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_transactions, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
