// SPDX-License-Identifier: GPL-2.0
/* io_test: posted writes, alone and in batches, and their order. */
#include "io_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "rounds.h"

#define ORDER_ROUNDS	lab_rounds(100000)
#define POST_ROUNDS	lab_rounds(5000)
#define LATE_ROUNDS	5
#define LATE_SECONDS	300
#define FULL_ROUNDS	8000	/* more than socket and batch hold */

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

/* What io_post_widths posts. */
static const struct {
	uint32_t offset;
	uint32_t size;
	uint64_t value;
} widths[] = {
	{ 0, 1, 0x11 },
	{ 2, 2, 0x2233 },
	{ 4, 4, 0x44556677 },
	{ 8, 8, 0x8899aabbccddeeff },
};

#define NR_WIDTHS	(sizeof(widths) / sizeof(widths[0]))

struct widths_device {
	int fd;
	_Atomic uint32_t good;	/* as they should be, one after the other */
	_Atomic uint32_t taken;
};

static void take_width(void *argument, const struct kvm2_io_message *header, uint64_t address,
		       uint64_t value)
{
	struct widths_device *device = argument;
	const uint32_t n = device->taken++ % NR_WIDTHS;

	device->good += header->cookie == COOKIE_A && header->size == widths[n].size &&
			header->count == 1 && !header->ports && !header->vcpu &&
			address == IO_MMIO_A + widths[n].offset && value == widths[n].value;
}

static void *widths_main(void *argument)
{
	struct widths_device *device = argument;
	struct message message;
	int bytes;

	while ((bytes = device_receive(device->fd, &message)) >= 0)
		if (device_each_posted(&message, bytes, take_width, device))
			device_reply(device->fd, message.header.id, NULL, 0);
	return NULL;
}

static void check_widths(uint32_t flags)
{
	struct device device = { 0 };
	struct widths_device widths_device = { 0 };
	int r;

	make_device(&device, flags);
	widths_device.fd = device.fd;
	start(widths_main, &widths_device);
	io_guest_start(ram, io_post_widths, 0);
	r = guest_enter(&run);
	tap_ok(!r && run.exit_reason == KVM2_EXIT_MMIO && run.mmio.is_write &&
	       run.mmio.gpa == IO_MMIO_A + RANGE_BYTES - 2 && run.mmio.len == 4,
	       "a write that ends beyond the range is an exit, not %s", post_name(flags));
	tap_is(widths_device.taken, NR_WIDTHS, "%s writes of 1, 2, 4 and 8 bytes come before it", post_name(flags));
	tap_is(widths_device.good, NR_WIDTHS, "as they were made");
	tap_is(finish(), 1, "and the guest goes on");
}

static void test_widths(void)
{
	check_widths(KVM2_IO_POSTED);
}

static void test_batched_widths(void)
{
	check_widths(BATCHED);
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

static void take_cookie(void *argument, const struct kvm2_io_message *header, uint64_t address,
			uint64_t value)
{
	struct device *device = argument;

	(void)value;
	device->bad += header->cookie != (address < IO_MMIO_A + RANGE_BYTES ? COOKIE_A : COOKIE_B);
}

static void *cookies_main(void *argument)
{
	struct device *device = argument;
	struct message message;
	int bytes;

	while ((bytes = device_receive(device->fd, &message)) >= 0) {
		if (message.header.op == KVM2_IO_OP_POSTED_BATCH)
			device_each_posted(&message, bytes, take_cookie, device);
		device_answer(device, &message, bytes);
	}
	return NULL;
}

/* Two ranges of one socket, both in batches. */
static void test_cookies(void)
{
	struct device device = { .shows = &device.last };
	int ends[2];

	make_vm();
	make_pair(ends);
	attach(BATCHED, IO_MMIO_A, COOKIE_A, ends[0]);
	attach(BATCHED, IO_MMIO_A + RANGE_BYTES, COOKIE_B, ends[0]);
	device.fd = ends[1];
	start(cookies_main, &device);
	io_guest_start(ram, io_post_two, POST_ROUNDS);
	tap_is(finish(), 2 * POST_ROUNDS, "batched writes to two ranges, in turn");
	tap_is(device.bad, 0, "in their order, each with the cookie of its range");
	tap_is(device.posted, 2 * POST_ROUNDS, "all of them");
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

void test_posts(void)
{
	tap_child("posted writes", test_posted);
	tap_child("batched writes", test_batched);
	tap_child("widths", test_widths);
	tap_child("widths in batches", test_batched_widths);
	tap_child("late batches", test_late);
	tap_child("batched and posted", test_mixed);
	tap_child("two ranges in batches", test_cookies);
	tap_child("full batches", test_full);
	tap_child("order", test_order);
	tap_child("order of batches", test_batched_order);
	tap_child("posts without end", test_endless);
}
