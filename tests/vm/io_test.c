// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges of ports and addresses on sockets: reads and writes, posted writes
 * and their order, signals while a device thinks, and devices that are slow,
 * dead, mistaken or malicious. Each test is a process with a VM of its own.
 */
#include "io_guest.h"

#include <errno.h>
#include <kvm2/kvm2.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "io_device.h"
#include "rounds.h"
#include "tap.h"

#define COOKIE_A	0xa11ce
#define COOKIE_B	0xb0b
#define RANGE_BYTES	0x10
#define ORDER_ROUNDS	lab_rounds(100000)
#define POST_ROUNDS	lab_rounds(5000)
#define SIGNAL_ROUNDS	64
#define LATE_ROUNDS	5
#define LATE_SECONDS	300
#define FULL_ROUNDS	8000	/* more than socket and batch hold */
#define BATCHED		(KVM2_IO_POSTED | KVM2_IO_BATCHED)

extern const uint8_t io_code[];
extern const uint8_t io_code_end[];

static uint8_t *ram;
static struct kvm2_run run;

int io_guest_start(uint8_t *memory, const void *program, uint32_t param)
{
	uint64_t rip = IO_CODE + (uint64_t)((const uint8_t *)program - io_code);
	int r;

	memcpy(memory + IO_CODE, io_code, io_code_end - io_code);
	r = guest_start(guest_halt, param);
	return r ? r : guest_set(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip, sizeof(rip));
}

/* ---- set-up ---- */

static void make_vm(void)
{
	int r = guest_create_vm("io", &ram);

	if (r || (r = kvm2_sys_create_vcpu(0, 0)))
		tap_die("create a VM: %s", strerror(-r));
}

static int attach(uint32_t flags, uint64_t address, uint64_t cookie, int fd)
{
	const struct kvm2_io io = {
		.type = KVM2_IO_SOCKET, .flags = flags, .address = address,
		.size = RANGE_BYTES, .cookie = cookie, .fd = fd,
	};

	return kvm2_sys_attach_io(&io, sizeof(io));
}

static void make_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		tap_die("socketpair");
}

/* Run until the program ends. Return: its result; or an error. */
static long finish(void)
{
	uint32_t value;
	int r = guest_enter(&run);

	if (r)
		return r;
	if (run.exit_reason != KVM2_EXIT_IO || run.io.port != GUEST_PORT_END)
		return -EPROTO;
	memcpy(&value, run.io.data, sizeof(value));
	return value;
}

static void in_child(const char *what, void (*test)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		tap_die("fork");
	if (!pid) {
		test();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	tap_is(status, 0, "%s: the process has ended well", what);
}

static pthread_t start(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, argument))
		tap_die("pthread_create");
	return thread;
}

/* A VM, and a device of @flags at IO_MMIO_A, that does not answer yet. */
static void make_device(struct device *device, uint32_t flags)
{
	int ends[2];

	make_vm();
	make_pair(ends);
	if (attach(flags, IO_MMIO_A, COOKIE_A, ends[0]))
		tap_die("attach a range");
	device->fd = ends[1];
}

static void stop_device(struct device *device, pthread_t thread)
{
	shutdown(device->fd, SHUT_RDWR);
	pthread_join(thread, NULL);
}

/* ---- the tests ---- */

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

static void on_signal(int signal)
{
	(void)signal;
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

static const char *post_name(uint32_t flags)
{
	return flags & KVM2_IO_BATCHED ? "batched" : "posted";
}

static void check_posted(uint32_t flags)
{
	struct device device = { 0 };
	pthread_t thread;

	make_device(&device, flags);
	io_guest_start(ram, io_post, 10);
	thread = start(device_main, &device);
	tap_is(finish(), 10, "10 %s writes, and an exit", post_name(flags));
	tap_is(device.posted, 10, "before the exit all of them were done");

	/* More than the socket holds. */
	device.last = 0;
	io_guest_start(ram, io_post, POST_ROUNDS);
	tap_is(finish(), POST_ROUNDS, "%u %s writes", POST_ROUNDS, post_name(flags));
	tap_is(device.posted, POST_ROUNDS + 10, "were all done before the exit");
	tap_is(device.bad, 0, "in their order");
	tap_ok(flags & KVM2_IO_BATCHED ? device.records < device.posted : device.records == device.posted,
	       "in %u records", device.records);
	stop_device(&device, thread);
}

static void test_posted(void)
{
	check_posted(KVM2_IO_POSTED);
}

static void test_batched(void)
{
	check_posted(BATCHED);
}

/* A guest that waits for what the device does with its write makes no exit. */
static void test_late(void)
{
	struct device device = { 0 };

	make_device(&device, BATCHED);
	io_guest_start(ram, io_post_wait, LATE_ROUNDS);
	device.mirror = ram + IO_FLAG;
	start(device_main, &device);
	alarm(LATE_SECONDS);
	tap_is(finish(), LATE_ROUNDS, "a batch of one write goes without an exit, %u times", LATE_ROUNDS);
	tap_is(device.records, LATE_ROUNDS, "each by itself");
}

/* Two ranges of one socket, of both kinds, and reads between. */
static void test_mixed(void)
{
	struct device device = { .shows = &device.last };
	int ends[2];

	make_vm();
	make_pair(ends);
	attach(BATCHED, IO_MMIO_A, COOKIE_A, ends[0]);
	attach(KVM2_IO_POSTED, IO_MMIO_A + RANGE_BYTES, COOKIE_A, ends[0]);
	io_guest_start(ram, io_post_two, POST_ROUNDS);
	device.fd = ends[1];
	start(device_main, &device);
	tap_is(finish(), 2 * POST_ROUNDS, "what is batched comes before what is posted later, or read");
	tap_is(device.bad, 0, "in their order");
	tap_is(device.posted, 2 * POST_ROUNDS, "all of it");
}

/* Nobody reads: the socket gets full, then the batch, and then the guest waits. */
static void test_full(void)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct device device = { 0 };

	make_device(&device, BATCHED);
	io_guest_start(ram, io_post, FULL_ROUNDS);
	sigaction(SIGALRM, &action, NULL);
	alarm(2);
	tap_is(finish(), -EINTR, "a guest waits when nobody reads its batches");
	start(device_main, &device);
	tap_is(finish(), FULL_ROUNDS, "it goes on when somebody does");
	tap_is(device.posted, FULL_ROUNDS, "and none is lost");
	tap_is(device.bad, 0, "nor out of order");
}

/* ---- order: two vcpus, two sockets ---- */

static long order_result[2];

static void *order_vcpu(void *argument)
{
	static struct kvm2_run second_run;
	uint32_t value = 0;
	int r = kvm2_sys_create_vcpu(1, 0);

	(void)argument;
	if (!r)
		r = io_guest_start(ram, io_order_read, ORDER_ROUNDS);
	if (!r)
		r = guest_enter(&second_run);
	memcpy(&value, second_run.io.data, sizeof(value));
	order_result[1] = r ? r : second_run.exit_reason == KVM2_EXIT_IO ? (long)value : -EPROTO;
	return NULL;
}

static void check_order(uint32_t flags)
{
	struct device a = { 0 }, b = { .shows = &a.last };
	pthread_t threads[3];
	int ends[2];

	make_device(&a, flags);
	make_pair(ends);
	attach(0, IO_MMIO_B, COOKIE_B, ends[0]);
	b.fd = ends[1];
	threads[0] = start(device_main, &a);
	threads[1] = start(device_main, &b);
	io_guest_start(ram, io_order_post, ORDER_ROUNDS);
	threads[2] = start(order_vcpu, NULL);
	order_result[0] = finish();
	pthread_join(threads[2], NULL);
	tap_is(order_result[0], ORDER_ROUNDS, "one vcpu makes %u %s writes to a device", ORDER_ROUNDS,
	       post_name(flags));
	tap_is(order_result[1], 0, "another reads a second device: no write is overtaken");
	tap_ok(b.reads > 0, "in %u reads", b.reads);
	tap_is(a.posted, ORDER_ROUNDS, "all have arrived");
	tap_is(a.bad, 0, "in their order");
	stop_device(&a, threads[0]);
	stop_device(&b, threads[1]);
}

static void test_order(void)
{
	check_order(KVM2_IO_POSTED);
}

static void test_batched_order(void)
{
	check_order(BATCHED);
}

/* ---- a vcpu that posts without end ---- */

static void *endless_vcpu(void *argument)
{
	static struct kvm2_run endless_run;

	(void)argument;
	if (!kvm2_sys_create_vcpu(1, 0) && !io_guest_start(ram, io_post, 0))
		guest_enter(&endless_run);
	return NULL;
}

/*
 * A flush is never the last that it gets: it answers after further writes. When
 * the second is here the kernel has counted the first.
 */
static void *behind_main(void *argument)
{
	struct device *device = argument;
	struct message message, flush;
	int bytes;

	while ((bytes = device_receive(device->fd, &message)) >= 0) {
		if (message.header.op == KVM2_IO_OP_FLUSH) {
			flush = message;
			for (int i = 0; i < 2; i++) {
				bytes = device_receive(device->fd, &message);
				device_answer(device, &message, bytes);
			}
			device_answer(device, &flush, 0);
		} else {
			device_answer(device, &message, bytes);
		}
	}
	return NULL;
}

static void test_endless(void)
{
	struct device device = { 0 };

	make_device(&device, KVM2_IO_POSTED);
	io_guest_start(ram, io_sum, 2);
	start(behind_main, &device);
	start(endless_vcpu, NULL);
	alarm(LATE_SECONDS);
	while (!device.posted)
		usleep(1000);
	for (int i = 0; i < 2; i++)
		tap_ok(!guest_enter(&run) && run.exit_reason == KVM2_EXIT_IO && run.io.port == IO_PORT_A,
		       "a vcpu leaves the guest while another posts without end");
	tap_is(device.bad, 0, "whose writes come in their order");
}

/* ---- devices that fail ---- */

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

int main(void)
{
	if (guest_hold_kvm())
		tap_die("/dev/kvm");
	in_child("ranges", test_ranges);
	in_child("reads and writes", test_read_write);
	in_child("messages", test_message);
	in_child("eventfd", test_eventfd);
	in_child("posted writes", test_posted);
	in_child("batched writes", test_batched);
	in_child("late batches", test_late);
	in_child("batched and posted", test_mixed);
	in_child("full batches", test_full);
	in_child("signals", test_signals);
	in_child("order", test_order);
	in_child("order of batches", test_batched_order);
	in_child("posts without end", test_endless);
	in_child("kill -9", test_killed);
	in_child("detach", test_detach);
	for (which_lie = 0; which_lie < sizeof(lies) / sizeof(lies[0]); which_lie++)
		in_child(lies[which_lie].what, test_lie);
	return tap_end();
}
