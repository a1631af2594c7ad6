// SPDX-License-Identifier: GPL-2.0
/*
 * The timer of kvm2run as a BPF program: over random reads and writes it
 * answers as the one in user space, with the time that the program had.
 */
#include "pit.h"

#include <kvm2/kvm2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "bpf_pit.h"
#include "device_guest.h"
#include "guest.h"
#include "tap.h"

#define ROUNDS		10000
#define READS_MAX	1000000	/* it is a matter of 55 ms */

static struct bpf_pit bpf;
static struct pit ours;
static struct kvm2_run run;

static void make_vm(int changed_fd)
{
	struct failure failure;
	uint8_t *ram;
	int r = guest_create_vm("pit", &ram);

	if (r || (r = kvm2_sys_create_vcpu(0, 0)) || (r = device_guest_start(ram)))
		tap_die("create a VM: %s", strerror(-r));
	r = bpf_pit_load(&bpf, changed_fd, &failure);
	if (!tap_ok(!r, "the program is loaded"))
		tap_note("%s", failure.text);
	if (!r)
		pit_init(bpf_pit_state(&bpf));
	if (!r && !tap_ok(!(r = bpf_pit_attach(&bpf, &failure)), "it gets the ports"))
		tap_note("%s", failure.text);
	if (r)
		exit(tap_end());
	pit_init(&ours);
}

/* Half of them set a counter up, so that all its modes are reached. */
static struct device_order random_order(void)
{
	static const uint16_t ports[] = {
		PIT_PORT, PIT_PORT + 1, PIT_PORT + 2, PIT_PORT + 3, PIT_PORT + 3, PIT_GATE_PORT,
	};

	return (struct device_order){
		.kind = random() % 2 ? DEVICE_OUT8 : DEVICE_IN8,
		.address = ports[random() % (sizeof(ports) / sizeof(ports[0]))],
		.value = (uint8_t)random(),
	};
}

/* Return: what a read gives; 0 for a write. */
static uint8_t access_ours(const struct device_order *order)
{
	bool gate = order->address == PIT_GATE_PORT;

	ours.now_ns = bpf_pit_state(&bpf)->now_ns;
	if (order->kind == DEVICE_IN8)
		return gate ? pit_read_gate(&ours) : pit_read(&ours, order->address - PIT_PORT);
	if (gate)
		pit_write_gate(&ours, (uint8_t)order->value);
	else
		pit_write(&ours, order->address - PIT_PORT, (uint8_t)order->value);
	return 0;
}

static void compare(void)
{
	unsigned int different = 0;
	unsigned int exits = 0;
	unsigned int reads = 0;
	unsigned int seen[256] = { 0 };
	unsigned int values = 0;

	srandom(1);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const struct device_order order = random_order();
		uint32_t result;
		uint8_t wanted;
		int r = device_guest_access(&run, &order, 0, &result);

		if (r < 0)
			tap_die("enter the guest: %s", strerror(-r));
		exits += (unsigned int)r;
		wanted = access_ours(&order);
		if (order.kind != DEVICE_IN8)
			continue;
		reads++;
		values += !seen[result & 0xff]++;
		if (result != wanted && different++ < 10)
			tap_note("access %u, port 0x%x: program 0x%x, user space 0x%x", i, order.address,
				 result, wanted);
	}
	tap_is(different, 0, "%u random reads and writes answer as in user space", ROUNDS);
	tap_is(exits, 0, "and none of them is an exit");
	tap_ok(values > 200 && reads > ROUNDS / 3, "%u reads had %u values", reads, values);
	tap_ok(!memcmp(bpf_pit_state(&bpf), &ours, sizeof(ours)), "in the end the counters hold the same");
}

/* ---- the gate and the output of counter 2 ---- */

static uint32_t access_one(enum device_kind kind, uint16_t port, uint8_t value)
{
	const struct device_order order = { (uint16_t)kind, port, value };
	uint32_t result = 0;

	device_guest_access(&run, &order, 0, &result);
	return result;
}

static uint32_t start_counter_2(uint16_t count)
{
	access_one(DEVICE_OUT8, PIT_PORT + 3, 0xb0);	/* mode 0, both bytes */
	access_one(DEVICE_OUT8, PIT_GATE_PORT, 1);
	access_one(DEVICE_OUT8, PIT_PORT + 2, (uint8_t)count);
	access_one(DEVICE_OUT8, PIT_PORT + 2, (uint8_t)(count >> 8));
	return access_one(DEVICE_IN8, PIT_GATE_PORT, 0);
}

static void gate_and_output(void)
{
	uint64_t start;
	uint32_t gate = start_counter_2(0xffff);

	tap_is(gate & 0x21, 1, "a counter that has begun has its output low, and its gate is as it was set");
	start = bpf_pit_state(&bpf)->counters[2].start_ns;
	for (unsigned int i = 0; i < READS_MAX && !(gate & 0x20); i++)
		gate = access_one(DEVICE_IN8, PIT_GATE_PORT, 0);
	tap_is(gate & 0x20, 0x20, "its output rises");
	tap_ok(bpf_pit_state(&bpf)->now_ns - start >= 0xffff * 1000000000ULL / PIT_HZ,
	       "and not before its time");
	access_one(DEVICE_OUT8, PIT_GATE_PORT, 0);
	tap_is(access_one(DEVICE_IN8, PIT_GATE_PORT, 0) & 1, 0, "the gate can be closed");
}

static void changes(int fd)
{
	eventfd_t value = 0;

	eventfd_read(fd, &value);
	tap_is(eventfd_read(fd, &value), -1, "without a write there is no signal");
	access_one(DEVICE_IN8, PIT_PORT, 0);
	tap_is(eventfd_read(fd, &value), -1, "a read is none");
	access_one(DEVICE_OUT8, PIT_PORT + 3, 0x34);
	access_one(DEVICE_OUT8, PIT_PORT, 1);
	eventfd_read(fd, &value);
	tap_is((long)value, 2, "each write to a counter signals the eventfd");
}

int main(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		tap_die("eventfd");
	make_vm(fd);
	compare();
	gate_and_output();
	changes(fd);
	bpf_pit_fini(&bpf);
	return tap_end();
}
