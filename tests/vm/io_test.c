// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges of ports and addresses on sockets: what can be attached, reads and
 * writes, signals while a device thinks; posted writes (io_posted.c), and
 * devices that fail (io_failure.c).
 */
#include "io_fixture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "guest.h"

#define SIGNAL_ROUNDS	64

static void test_ranges(void)
{
	struct kvm2_io io = {
		.type = KVM2_IO_SOCKET, .address = IO_MMIO_A, .size = 0x100, .fd = -1,
	};
	int ends[2], r;

	make_vm();
	make_pair(ends);
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), -EBADF, "a range without a socket");
	io.fd = ends[0];
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), 0, "a range with a socket");
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), -EEXIST, "the same again");
	io.address += 0xff;
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), -EEXIST, "one that overlaps by a byte");
	io.address++;
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), 0, "one beside it, by the same socket");
	io.flags = KVM2_IO_PORTS;
	io.address = 0xff01;
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), -EINVAL, "ports beyond the last");
	io.size = 0;
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), -EINVAL, "no ports");
	io.size = 0xff;
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), 0, "the last ports");
	io.flags |= KVM2_DETACH;
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), 0, "they are detached");
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), -ENOENT, "only once");
	io = (struct kvm2_io){ .type = KVM2_IO_EVENTFD, .size = 3, .fd = ends[0] };
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), -EINVAL, "an eventfd for 3 bytes");
	io.type = 77;
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), -EINVAL, "a type that does not exist");
	io = (struct kvm2_io){ .type = KVM2_IO_BPF, .size = 3, .fd = ends[0] };
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), -EINVAL, "a socket is no program");

	/* What is attached here stays so: the end of the process lets it go. */
	r = attach(KVM2_IO_POSTED, IO_MMIO_B, 0, ends[0]);
	tap_is(r, 0, "posted writes by the same socket");
	r = attach(KVM2_IO_BATCHED, IO_MMIO_B, 0, ends[0]);
	tap_is(r, -EINVAL, "batches of writes that are not posted");
	tap_is(attach(BATCHED, IO_MMIO_B + RANGE_BYTES, 0, ends[0]), 0, "batches by the same socket");
}

static void test_read_write(void)
{
	struct device device = { 0 };
	pthread_t thread;
	int ends[2];

	make_vm();
	make_pair(ends);
	tap_is(attach(KVM2_IO_PORTS, IO_PORT_A, COOKIE_A, ends[0]), 0, "ports on a socket");
	tap_is(attach(0, IO_MMIO_A, COOKIE_B, ends[0]), 0, "and addresses on the same one");
	close(ends[0]);
	device.fd = ends[1];
	thread = start(device_main, &device);

	io_guest_start(ram, io_sum, 100);
	tap_is(finish(), 100 * 101 / 2, "100 reads of a port get their answers");
	device.counter = 0;
	io_guest_start(ram, io_mmio_sum, 100);
	tap_is(finish(), 100 * 101 / 2, "100 reads of an address, each with a write");
	tap_is(device.last, 100 * 101 / 2, "the last write has arrived");
	io_guest_start(ram, io_string, 0);
	tap_is(finish(), 'a' | 'b' << 8 | 'c' << 16 | 'd' << 24, "a string instruction");
	tap_is(device.last, 'p', "and one that writes");
	stop_device(&device, thread);
}

static void test_message(void)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 50000 } };
	struct sigaction action = { .sa_handler = on_signal };
	struct message message;
	struct pollfd asked;
	int ends[2];
	int r;

	make_vm();
	make_pair(ends);
	asked = (struct pollfd){ .fd = ends[1], .events = POLLIN };
	attach(KVM2_IO_PORTS, IO_PORT_A, COOKIE_A, ends[0]);
	io_guest_start(ram, io_sum, 1);
	run.flags = KVM2_RUN_IMMEDIATE_EXIT;
	tap_is(guest_enter(&run), -EINTR, "an immediate exit");
	run.flags = 0;
	/* The access, whose answer nobody gives yet. */
	sigaction(SIGALRM, &action, NULL);
	/* The signal may come before the guest has got so far. */
	do {
		setitimer(ITIMER_REAL, &soon, NULL);
		r = guest_enter(&run);
	} while (r == -EINTR && poll(&asked, 1, 0) == 0);
	tap_is(r, -EINTR, "a signal ends the wait");
	tap_is(device_receive(ends[1], &message), 0, "the device has got a read");
	tap_is(message.header.op, KVM2_IO_OP_READ, "it says so");
	tap_is(message.header.ports, 1, "of a port");
	tap_is((long)message.header.address, IO_PORT_A, "with its number");
	tap_is(message.header.size, 4, "of 4 bytes");
	tap_is(message.header.count, 1, "once");
	tap_is((long)message.header.cookie, COOKIE_A, "with the cookie of the range");
	run.flags = KVM2_RUN_IMMEDIATE_EXIT;
	tap_is(guest_enter(&run), -EINTR, "an immediate exit does not wait");
	run.flags = 0;
	device_reply(ends[1], message.header.id, "\x78\x56\x34\x12", 4);
	tap_is(finish(), 0x12345678, "the answer is taken by a later call");
}

static void *slow_main(void *argument)
{
	struct device *device = argument;
	struct message message;
	int bytes;

	while ((bytes = device_receive(device->fd, &message)) >= 0) {
		usleep(3000);
		device_answer(device, &message, bytes);
	}
	return NULL;
}

static void test_signals(void)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_signal };
	struct device device = { 0 };
	unsigned int interrupted = 0;
	sigset_t block, mask;
	pthread_t thread;
	int ends[2];
	long r;

	make_vm();
	make_pair(ends);
	attach(KVM2_IO_PORTS, IO_PORT_A, COOKIE_A, ends[0]);
	device.fd = ends[1];
	/* Signals are the vcpu's. */
	sigemptyset(&block);
	sigaddset(&block, SIGALRM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	thread = start(slow_main, &device);
	sigprocmask(SIG_UNBLOCK, &block, NULL);
	sigaction(SIGALRM, &action, NULL);

	io_guest_start(ram, io_sum, SIGNAL_ROUNDS);
	setitimer(ITIMER_REAL, &often, NULL);
	while ((r = finish()) == -EINTR)
		interrupted++;
	setitimer(ITIMER_REAL, &never, NULL);
	tap_is(r, SIGNAL_ROUNDS * (SIGNAL_ROUNDS + 1) / 2,
	       "%u round trips under signals lose nothing", SIGNAL_ROUNDS);
	tap_is(device.counter, SIGNAL_ROUNDS, "and none is made twice");
	tap_ok(interrupted > 0, "signals did interrupt");

	/* Blocked, but for the guest and what it waits for. */
	sigprocmask(SIG_BLOCK, &block, &mask);
	io_guest_start(ram, io_sum, SIGNAL_ROUNDS);
	setitimer(ITIMER_REAL, &often, NULL);
	interrupted = 0;
	for (;;) {
		r = kvm2_sys_enter_guest(&run, sizeof(run), &mask, KVM2_SIGSET_SIZE);
		if (r != -EINTR)
			break;
		interrupted++;
		sigtimedwait(&block, NULL, &(struct timespec){ 0 });
	}
	setitimer(ITIMER_REAL, &never, NULL);
	tap_ok(!r && run.exit_reason == KVM2_EXIT_IO && interrupted > 0,
	       "the same with a signal mask");
	stop_device(&device, thread);
}

static void test_eventfd(void)
{
	struct kvm2_io io = {
		.type = KVM2_IO_EVENTFD, .address = IO_MMIO_A, .size = 4,
		.fd = eventfd(0, EFD_NONBLOCK), .flags = KVM2_IO_DATAMATCH, .datamatch = 3,
	};
	eventfd_t value = 0;

	make_vm();
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), 0, "an eventfd for one value");
	io_guest_start(ram, io_post, 3);
	for (uint32_t i = 1; i < 3; i++)
		tap_ok(!guest_enter(&run) && run.exit_reason == KVM2_EXIT_MMIO &&
		       run.mmio.data[0] == i, "another value is an exit");
	tap_is(finish(), 3, "its value is none");
	eventfd_read(io.fd, &value);
	tap_is((long)value, 1, "it was signalled once");
	io.flags |= KVM2_DETACH;
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), 0, "it is detached");
	tap_is(kvm2_sys_attach_io(&io, sizeof(io)), -ENOENT, "only once");
}

int main(void)
{
	if (guest_hold_kvm())
		tap_die("/dev/kvm");
	tap_child("ranges", test_ranges);
	tap_child("reads and writes", test_read_write);
	tap_child("messages", test_message);
	tap_child("eventfd", test_eventfd);
	tap_child("signals", test_signals);
	test_posts();
	test_failures();
	return tap_end();
}
