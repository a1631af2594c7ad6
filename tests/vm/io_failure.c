// SPDX-License-Identifier: GPL-2.0
/* io_test: devices that die, lie, or are detached while a vcpu waits for them. */
#include "io_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

/* The next exit is the news that the device has failed, then the access. */
static void expect_failure(const char *what, unsigned int error)
{
	int r = guest_enter(&run);

	tap_is(r ? r : (long)run.exit_reason, KVM2_EXIT_DEVICE, "%s: the VMM is told", what);
	tap_is(run.device.error, error, "%s: and why", what);
	tap_is((long)run.device.cookie, COOKIE_A, "%s: and which device", what);
	r = guest_enter(&run);
	tap_ok(!r && run.exit_reason == KVM2_EXIT_IO && run.io.port == IO_PORT_A,
	       "%s: the access is an ordinary exit then", what);
	memcpy(run.io.data, "\x07\0\0\0", 4);
	r = guest_enter(&run);
	tap_ok(!r && run.exit_reason == KVM2_EXIT_IO && run.io.port == IO_PORT_A,
	       "%s: and so is every later one", what);
	memcpy(run.io.data, "\x08\0\0\0", 4);
	tap_is(finish(), 15, "%s: which the VMM can answer", what);
}

static void test_killed(void)
{
	struct message message;
	int ends[2], ready[2];
	char byte;
	pid_t pid;

	make_vm();
	make_pair(ends);
	if (pipe(ready) < 0)
		tap_die("pipe");
	attach(KVM2_IO_PORTS, IO_PORT_A, COOKIE_A, ends[0]);
	pid = fork();
	if (!pid) {
		/* It takes the transaction and says so; then it is shot. */
		close(ends[0]);
		if (device_receive(ends[1], &message) == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	if (!fork()) {
		close(ends[0]);
		close(ends[1]);
		if (read(ready[0], &byte, 1) == 1)
			kill(pid, SIGKILL);
		_exit(0);
	}
	close(ends[0]);
	close(ends[1]);
	io_guest_start(ram, io_sum, 2);
	expect_failure("kill -9 in mid-transaction", EPIPE);
	while (wait(NULL) > 0)
		;
}

typedef void (*answer_fn)(int fd, const struct message *message);

struct liar {
	int fd;
	answer_fn lie;
};

static void *liar_main(void *argument)
{
	struct liar *liar = argument;
	struct message message;

	if (device_receive(liar->fd, &message) >= 0)
		liar->lie(liar->fd, &message);
	while (device_receive(liar->fd, &message) >= 0)
		;
	return NULL;
}

static void lie_id(int fd, const struct message *message)
{
	device_reply(fd, message->header.id + 1, "\1\2\3\4", 4);
}

static void lie_short(int fd, const struct message *message)
{
	device_reply(fd, message->header.id, "\1\2", 2);
}

static void lie_long(int fd, const struct message *message)
{
	static const uint8_t zeros[KVM2_IO_DATA_MAX];

	device_reply(fd, message->header.id, zeros, sizeof(zeros));
}

static void lie_too_long(int fd, const struct message *message)
{
	static uint8_t zeros[65536];
	const struct kvm2_io_message header = {
		.id = message->header.id, .op = KVM2_IO_OP_REPLY,
	};

	memcpy(zeros, &header, sizeof(header));
	send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL);
}

static void lie_op(int fd, const struct message *message)
{
	struct message lie = { .header = { .id = message->header.id, .op = KVM2_IO_OP_READ } };

	send(fd, &lie, sizeof(lie.header) + 4, MSG_NOSIGNAL);
}

static void lie_stub(int fd, const struct message *message)
{
	(void)message;
	send(fd, "x", 1, MSG_NOSIGNAL);
}

static void lie_flood(int fd, const struct message *message)
{
	/* Until the kernel has had enough of it. */
	while (device_reply(fd, message->header.id + 7, "\1\2\3\4", 4) > 0)
		;
}

static const struct {
	const char *what;
	answer_fn lie;
} lies[] = {
	{ "a reply to no transaction", lie_id },
	{ "a reply that is too short", lie_short },
	{ "a reply that is too long", lie_long },
	{ "a record of 64 KiB", lie_too_long },
	{ "a record that is no reply", lie_op },
	{ "a record of one byte", lie_stub },
	{ "a flood of replies", lie_flood },
};
static unsigned int which_lie;

static void test_lie(void)
{
	struct liar liar = { .lie = lies[which_lie].lie };
	int ends[2];

	make_vm();
	make_pair(ends);
	attach(KVM2_IO_PORTS, IO_PORT_A, COOKIE_A, ends[0]);
	liar.fd = ends[1];
	start(liar_main, &liar);
	io_guest_start(ram, io_sum, 2);
	expect_failure(lies[which_lie].what, EPROTO);
}

/* A device that is detached under a vcpu that waits for it. */
static void *detach_main(void *argument)
{
	struct message message;
	int fd = *(int *)argument;

	if (device_receive(fd, &message) >= 0)
		attach(KVM2_DETACH | KVM2_IO_PORTS, IO_PORT_A, COOKIE_A, -1);
	return NULL;
}

static void test_detach(void)
{
	pthread_t thread;
	int ends[2];

	make_vm();
	make_pair(ends);
	attach(KVM2_IO_PORTS, IO_PORT_A, COOKIE_A, ends[0]);
	thread = start(detach_main, &ends[1]);
	io_guest_start(ram, io_sum, 1);
	tap_is(guest_enter(&run), 0, "a range is detached while its device thinks");
	tap_ok(run.exit_reason == KVM2_EXIT_IO && run.io.port == IO_PORT_A,
	       "the access is an ordinary exit then");
	memcpy(run.io.data, "\x07\0\0\0", 4);
	tap_is(finish(), 7, "which the VMM can answer");
	pthread_join(thread, NULL);
}

void test_failures(void)
{
	tap_child("kill -9", test_killed);
	tap_child("detach", test_detach);
	for (which_lie = 0; which_lie < sizeof(lies) / sizeof(lies[0]); which_lie++)
		tap_child(lies[which_lie].what, test_lie);
}
