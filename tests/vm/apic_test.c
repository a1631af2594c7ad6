// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: messages to the local APICs, the pins LINT0 and LINT1, the bus
 * and who breaks it, eventfds that send MSIs, a hidden APIC, and a storm of
 * level interrupts that is counted on both sides.
 */
#include "apic_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <kvm2/kvm2.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "rounds.h"
#include "tap.h"

#define LVT_LINT0	0x35
#define LVT_LINT1	0x36
#define LVT_EXTINT	0x700
#define LVT_NMI		0x400
#define LVT_MASKED	0x10000

#define STORM_ROUNDS	lab_rounds(5000)
#define STORM_LINES	2

static uint8_t *ram;
static struct kvm2_run run;

static int message(const struct kvm2_apic_message *m)
{
	return kvm2_sys_apic_message(m, sizeof(*m));
}

static int interrupt(uint8_t mode, uint8_t vector, uint16_t flags)
{
	const struct kvm2_apic_message m = {
		.type = KVM2_APIC_INTERRUPT, .mode = mode, .vector = vector, .flags = flags,
	};

	return message(&m);
}

static int pin(uint8_t number, bool high)
{
	const struct kvm2_apic_message m = {
		.type = KVM2_APIC_LINT, .pin = number, .flags = high ? KVM2_APIC_ASSERT : 0,
	};

	return message(&m);
}

static int set_lvt(unsigned int lvt, uint32_t value)
{
	return guest_set(KVM2_SET_LAPIC, lvt, &value, sizeof(value));
}

/* Run until the guest reports something. Return: the vector, or an error. */
static long next_report(void)
{
	uint32_t value;
	int r = guest_enter(&run);

	if (r)
		return r;
	if (run.exit_reason != KVM2_EXIT_IO || run.io.port != GUEST_PORT_SUM)
		return -EPROTO;
	memcpy(&value, run.io.data, sizeof(value));
	return value;
}

/* Run until the exit that the bus would have taken. Return: its type. */
static long next_apic_exit(void)
{
	int r = guest_enter(&run);

	if (r)
		return r;
	return run.exit_reason == KVM2_EXIT_APIC ? (long)run.apic.type : -EPROTO;
}

/* ---- messages, without a bus ---- */

static void test_messages(void)
{
	tap_is(interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED, 0), 1,
	       "a fixed interrupt is taken by one APIC");
	interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED, 0);
	tap_is(next_report(), APIC_REPORTED, "two of the same are one in the guest");
	interrupt(KVM2_DELIVERY_LOWEST, APIC_REPORTED + 1, 0);
	tap_is(next_report(), APIC_REPORTED + 1, "so does one of lowest priority");
	interrupt(KVM2_DELIVERY_NMI, 0, 0);
	tap_is(next_report(), 2, "an NMI reaches the guest");
	tap_is(interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED, KVM2_APIC_LOGICAL), 0,
	       "logical destination 0 is nobody");
	tap_is(interrupt(KVM2_DELIVERY_FIXED, 15, 0), -EINVAL, "vector 15 is no interrupt");
	tap_is(interrupt(3, APIC_REPORTED, 0), -EINVAL, "delivery mode 3 does not exist");

	tap_is(interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED + 4,
			 KVM2_APIC_LEVEL | KVM2_APIC_ASSERT), 1, "a level interrupt is taken");
	tap_is(next_report(), APIC_REPORTED + 4, "a level interrupt reaches the guest");
	tap_is(next_apic_exit(), KVM2_APIC_EOI, "its EOI is an exit where there is no bus");
	tap_is(run.apic.vector, APIC_REPORTED + 4, "with its vector");
	tap_is(run.apic.error, 0, "and without an error");
	interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED + 4, 0);
	tap_is(next_report(), APIC_REPORTED + 4, "the same vector, edge triggered");
	interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED, 0);
	tap_is(next_report(), APIC_REPORTED, "has no EOI that anyone is told of");
}

/* ---- pins ---- */

static void test_pins(void)
{
	struct kvm2_apic_message nobody = { .type = KVM2_APIC_LINT, .dest = 77 };
	struct kvm2_apic_message no_pin = { .type = KVM2_APIC_LINT, .pin = 2 };

	tap_is(message(&nobody), -ENOENT, "a pin of no vcpu");
	tap_is(message(&no_pin), -EINVAL, "there is no LINT2");

	set_lvt(LVT_LINT1, LVT_NMI);
	tap_is(pin(1, true), 1, "LINT1 rises in NMI mode");
	tap_is(next_report(), 2, "that is an NMI");
	tap_is(pin(1, true), 0, "LINT1 that stays high does nothing");
	pin(1, false);

	set_lvt(LVT_LINT0, APIC_REPORTED + 3);
	pin(0, true);
	tap_is(next_report(), APIC_REPORTED + 3, "LINT0 in fixed mode is an interrupt");
	pin(0, false);

	set_lvt(LVT_LINT0, LVT_EXTINT);
	pin(0, true);
	tap_is(next_apic_exit(), KVM2_APIC_INTA, "LINT0 in ExtINT mode asks for a vector");
	run.apic.vector = APIC_REPORTED;
	pin(0, false);
	tap_is(next_report(), APIC_REPORTED, "the reply is delivered");

	interrupt(KVM2_DELIVERY_EXTINT, 0, 0);
	tap_is(next_apic_exit(), KVM2_APIC_INTA, "an ExtINT message asks, too");
	run.apic.vector = APIC_REPORTED + 1;
	tap_is(next_report(), APIC_REPORTED + 1, "and once");

	set_lvt(LVT_LINT0, LVT_MASKED | LVT_EXTINT);
	pin(0, true);
	interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED + 2, 0);
	tap_is(next_report(), APIC_REPORTED + 2, "a masked LINT0 waits");
	set_lvt(LVT_LINT0, LVT_EXTINT);
	tap_is(next_apic_exit(), KVM2_APIC_INTA, "until it is unmasked");
	run.apic.vector = KVM2_EXTINT_NONE;
	pin(0, false);
	interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED + 2, 0);
	tap_is(next_report(), APIC_REPORTED + 2, "a reply of no vector is none");
}

/* ---- INIT and SIPI to a second vcpu ---- */

static void *second_main(void *argument)
{
	static struct kvm2_run second_run;
	long *result = argument;
	uint32_t value;
	int r = kvm2_sys_create_vcpu(1, KVM2_VCPU_NEW);

	/* KVM finds the target of an INIT when its APIC was written once. */
	if (!r)
		r = set_lvt(LVT_LINT1, LVT_NMI);
	if (!r)
		r = kvm2_sys_enter_guest(&second_run, sizeof(second_run), NULL, 0);
	memcpy(&value, second_run.io.data, sizeof(value));
	*result = r ? r : second_run.exit_reason == KVM2_EXIT_IO ? (long)value : -EPROTO;
	return NULL;
}

/* At page 7: mov $0x51, %eax; out %eax, $GUEST_PORT_SUM */
static const uint8_t startup[] = { 0x66, 0xb8, 0x51, 0, 0, 0, 0x66, 0xe7, GUEST_PORT_SUM };

static void test_startup(void)
{
	struct kvm2_apic_message m = { .type = KVM2_APIC_INTERRUPT, .dest = 1 };
	pthread_t thread;
	long result = 0;

	memcpy(ram + 0x7000, startup, sizeof(startup));
	if (pthread_create(&thread, NULL, second_main, &result))
		tap_die("pthread_create");
	/* It is there when an APIC takes the message. */
	m.mode = KVM2_DELIVERY_INIT;
	while (message(&m) != 1)
		usleep(1000);
	m.mode = KVM2_DELIVERY_STARTUP;
	m.vector = 7;
	tap_is(message(&m), 1, "INIT and SIPI are taken by the second vcpu");
	pthread_join(thread, NULL);
	tap_is(result, 0x51, "it starts at the page of the SIPI");
}

/* ---- eventfd ---- */

static void test_msi(void)
{
	struct kvm2_irq irq = {
		.type = KVM2_IRQ_MSI, .address = 0xfee00000, .data = APIC_REPORTED,
		.fd = eventfd(0, EFD_CLOEXEC),
	};
	struct kvm2_irq bad = irq;
	int size = sizeof(irq);

	tap_is(kvm2_sys_attach_irq(&irq, size), 0, "an eventfd is attached to an MSI");
	eventfd_write(irq.fd, 1);
	tap_is(next_report(), APIC_REPORTED, "its signal is the interrupt");
	irq.data = APIC_REPORTED + 1;
	tap_is(kvm2_sys_attach_irq(&irq, size), 0, "it is given another MSI");
	eventfd_write(irq.fd, 1);
	tap_is(next_report(), APIC_REPORTED + 1, "which its signal then is");

	bad.address = 0x1000;
	tap_is(kvm2_sys_attach_irq(&bad, size), -EINVAL, "an address that is no APIC's");
	bad.address = irq.address;
	bad.fd = 0;
	tap_is(kvm2_sys_attach_irq(&bad, size), -EINVAL, "a descriptor that is no eventfd");
	bad.fd = -1;
	tap_is(kvm2_sys_attach_irq(&bad, size), -EBADF, "no descriptor");

	irq.flags = KVM2_DETACH;
	tap_is(kvm2_sys_attach_irq(&irq, size), 0, "it is detached");
	tap_is(kvm2_sys_attach_irq(&irq, size), -ENOENT, "only once");
	eventfd_write(irq.fd, 1);
	interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED + 2, 0);
	tap_is(next_report(), APIC_REPORTED + 2, "its signal is nothing any more");
	close(irq.fd);
}

/* ---- the bus ---- */

static int attach_bus(int *ours)
{
	struct kvm2_irq irq = { .type = KVM2_IRQ_BUS };
	int ends[2];
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		tap_die("socketpair");
	irq.fd = ends[1];
	r = kvm2_sys_attach_irq(&irq, sizeof(irq));
	close(ends[1]);
	*ours = ends[0];
	return r;
}

static int detach_bus(void)
{
	const struct kvm2_irq irq = { .type = KVM2_IRQ_BUS, .flags = KVM2_DETACH, .fd = -1 };

	return kvm2_sys_attach_irq(&irq, sizeof(irq));
}

static void send_bus(int bus, const struct kvm2_apic_message *m)
{
	if (send(bus, m, sizeof(*m), MSG_NOSIGNAL) != sizeof(*m))
		tap_die("send");
}

struct storm {
	int bus;
	uint32_t sent[STORM_LINES];
	uint32_t eois[STORM_LINES];
	uint32_t strangers;
};

static void send_level(struct storm *storm, unsigned int line)
{
	const struct kvm2_apic_message m = {
		.type = KVM2_APIC_INTERRUPT, .vector = (uint8_t)(APIC_COUNTED + line),
		.flags = KVM2_APIC_LEVEL | KVM2_APIC_ASSERT,
	};

	storm->sent[line]++;
	send_bus(storm->bus, &m);
}

/* An I/O APIC whose lines are always high: each EOI sends the next one. */
static void *storm_main(void *argument)
{
	const struct kvm2_apic_message last = {
		.type = KVM2_APIC_INTERRUPT, .vector = APIC_REPORTED,
	};
	struct storm *storm = argument;
	struct kvm2_apic_message m;
	unsigned int running = STORM_LINES;

	for (unsigned int line = 0; line < STORM_LINES; line++)
		send_level(storm, line);
	while (running && recv(storm->bus, &m, sizeof(m), 0) == sizeof(m)) {
		unsigned int line = m.vector - APIC_COUNTED;

		if (m.type != KVM2_APIC_EOI || line >= STORM_LINES) {
			storm->strangers++;
			continue;
		}
		if (++storm->eois[line] < STORM_ROUNDS)
			send_level(storm, line);
		else
			running--;
	}
	send_bus(storm->bus, &last);
	return NULL;
}

static void test_storm(void)
{
	struct storm storm = { 0 };
	pthread_t thread;

	tap_is(attach_bus(&storm.bus), 0, "a bus is attached");
	tap_is(attach_bus(&(int){ 0 }), -EBUSY, "a second one is refused");
	for (unsigned int line = 0; line < STORM_LINES; line++)
		tap_is(apic_guest_count(ram, APIC_COUNTED + line), 0, "line %u: nothing yet", line);
	if (pthread_create(&thread, NULL, storm_main, &storm))
		tap_die("pthread_create");
	tap_is(next_report(), APIC_REPORTED, "a storm of %u level interrupts ends",
	       STORM_ROUNDS * STORM_LINES);
	pthread_join(thread, NULL);
	for (unsigned int line = 0; line < STORM_LINES; line++) {
		tap_is(storm.sent[line], STORM_ROUNDS, "line %u: all were sent", line);
		tap_is(apic_guest_count(ram, APIC_COUNTED + line), STORM_ROUNDS,
		       "line %u: the guest has counted each once", line);
		tap_is(storm.eois[line], STORM_ROUNDS, "line %u: each has had its EOI", line);
	}
	tap_is(storm.strangers, 0, "nothing else came by the bus");
	tap_is(detach_bus(), 0, "the bus is detached");
	tap_is(detach_bus(), -ENOENT, "only once");
	close(storm.bus);
}

/* A PIC: answers each INTA with the vector, and drops the pin before. */
static void *pic_main(void *argument)
{
	const struct kvm2_apic_message low = { .type = KVM2_APIC_LINT };
	struct kvm2_apic_message m;
	int bus = *(int *)argument;

	while (recv(bus, &m, sizeof(m), 0) == sizeof(m)) {
		if (m.type != KVM2_APIC_INTA)
			continue;
		send_bus(bus, &low);
		m.type = KVM2_APIC_VECTOR;
		m.vector = APIC_REPORTED + 3;
		send_bus(bus, &m);
	}
	return NULL;
}

static void test_inta(void)
{
	const struct kvm2_apic_message high = {
		.type = KVM2_APIC_LINT, .flags = KVM2_APIC_ASSERT,
	};
	unsigned int good = 0;
	pthread_t thread;
	int bus;

	attach_bus(&bus);
	set_lvt(LVT_LINT0, LVT_EXTINT);
	if (pthread_create(&thread, NULL, pic_main, &bus))
		tap_die("pthread_create");
	for (unsigned int i = 0; i < 200; i++) {
		send_bus(bus, &high);
		good += next_report() == APIC_REPORTED + 3;
	}
	tap_is(good, 200, "200 INTA cycles over the bus, each with its vector");
	shutdown(bus, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(bus);

	pin(0, true);
	tap_is(next_apic_exit(), KVM2_APIC_INTA, "an INTA to a bus that died is an exit");
	tap_is(run.apic.error, EPIPE, "that says so");
	pin(0, false);
	run.apic.vector = APIC_REPORTED;
	tap_is(next_report(), APIC_REPORTED, "and can be answered");
	detach_bus();
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void test_silent_bus(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct kvm2_apic_message m;
	struct pollfd asked;
	unsigned int interrupted = 0;
	unsigned int i;
	int bus;

	sigaction(SIGALRM, &action, NULL);
	attach_bus(&bus);
	asked = (struct pollfd){ .fd = bus, .events = POLLIN };
	pin(0, true);
	/* The first may come before the guest has got so far. */
	for (i = 0; i < 3 || !poll(&asked, 1, 0); i++) {
		ualarm(20000, 0);
		interrupted += guest_enter(&run) == -EINTR;
	}
	tap_is(interrupted, i, "a signal ends the wait for a PIC that says nothing");
	tap_is(recv(bus, &m, sizeof(m), MSG_DONTWAIT), sizeof(m), "it was asked");
	tap_is(recv(bus, &m, sizeof(m), MSG_DONTWAIT), -1, "once, for all these calls");
	run.flags = KVM2_RUN_IMMEDIATE_EXIT;
	tap_is(guest_enter(&run), -EINTR, "an immediate exit does not wait");
	run.flags = 0;
	pin(0, false);
	m.type = KVM2_APIC_VECTOR;
	m.vector = APIC_REPORTED + 1;
	send_bus(bus, &m);
	tap_is(next_report(), APIC_REPORTED + 1, "its late answer is delivered");

	send_bus(bus, &m);
	interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED + 2, 0);
	tap_is(next_report(), APIC_REPORTED + 2, "an answer to no question is lost");

	if (send(bus, "x", 1, MSG_NOSIGNAL) != 1)
		tap_die("send");
	tap_is(recv(bus, &m, sizeof(m), 0), 0, "a record that is no message ends the bus");
	pin(0, true);
	tap_is(next_apic_exit(), KVM2_APIC_INTA, "then an INTA is an exit");
	tap_is(run.apic.error, EPROTO, "that says why");
	pin(0, false);
	run.apic.vector = KVM2_EXTINT_NONE;
	detach_bus();
	close(bus);
}

static void test_wrong_bus(void)
{
	struct kvm2_irq irq = { .type = KVM2_IRQ_BUS };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		tap_die("socketpair");
	irq.fd = ends[0];
	tap_is(kvm2_sys_attach_irq(&irq, sizeof(irq)), -EPROTOTYPE, "a stream is no bus");
	irq.fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	tap_is(kvm2_sys_attach_irq(&irq, sizeof(irq)), -ENOTCONN,
	       "a socket that leads nowhere is no bus");
	close(irq.fd);
	irq.fd = eventfd(0, 0);
	tap_is(kvm2_sys_attach_irq(&irq, sizeof(irq)), -ENOTSOCK, "an eventfd is no bus");
	close(irq.fd);
	irq.fd = -1;
	tap_is(kvm2_sys_attach_irq(&irq, sizeof(irq)), -EBADF, "nothing is no bus");
	close(ends[0]);
	close(ends[1]);
}

/* ---- without a local APIC, in a process of its own ---- */

static void hidden(void)
{
	struct kvm2_vm_config config = { .flags = KVM2_VM_HIDDEN_APIC, .name = "hidden" };
	struct kvm2_memory_region region = { .size = GUEST_RAM };
	struct kvm2_memory_map map = { .regions = (uintptr_t)&region, .nr_regions = 1 };
	struct kvm2_cpuid leaf;
	uint64_t base = ~0ULL;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	ram = aligned_alloc(4096, GUEST_RAM);
	memset(ram, 0, GUEST_RAM);
	region.address = (uintptr_t)ram;
	tap_is(kvm2_sys_create_vm(kvm, &config, sizeof(config)), 0, "a VM with hidden APICs");
	kvm2_sys_set_memory_map(&map, sizeof(map));
	kvm2_sys_create_vcpu(0, 0);
	tap_is(apic_guest_start(ram, 0), 0, "its vcpu starts");
	guest_get(KVM2_SET_CONTROL, KVM2_CONTROL_APIC_BASE, &base, sizeof(base));
	tap_ok(!(base & 1 << 11), "its APIC is off");
	guest_get(KVM2_SET_CPUID, 1ULL << 32, &leaf, sizeof(leaf));
	tap_ok(!(leaf.edx & 1 << 9), "CPUID says that there is none");

	pin(0, true);
	tap_is(next_apic_exit(), KVM2_APIC_INTA, "LINT0 is INTR");
	run.apic.vector = APIC_REPORTED;
	pin(0, false);
	tap_is(next_report(), APIC_REPORTED, "with an INTA cycle");
	pin(1, true);
	tap_is(next_report(), 2, "LINT1 is the NMI pin");
	tap_is(interrupt(KVM2_DELIVERY_FIXED, APIC_REPORTED, 0), 0,
	       "messages reach nobody");

	/* mov $0x1b, %ecx; rdmsr: no such register, so #GP, which has no handler. */
	memcpy(ram + 0x7000, "\x66\xb9\x1b\x00\x00\x00\x0f\x32\xf4", 9);
	memcpy(ram + 0x7100, "\x66\xb8\x0d\x00\x00\x00\x66\xe7\x14", 9);
	memcpy(ram + 13 * 4, "\x00\x71\x00\x00", 4);
	base = 0x7000;
	guest_set(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &base, sizeof(base));
	tap_is(next_report(), 13, "MSR 0x1b does not exist");
}

int main(void)
{
	if (guest_hold_kvm())
		tap_die("/dev/kvm");
	tap_child("a hidden APIC", hidden);

	if (guest_create_vm("apic", &ram))
		tap_die("create the VM");
	if (kvm2_sys_create_vcpu(0, 0))
		tap_die("create the vcpu");
	if (apic_guest_start(ram, 1))
		tap_die("start the guest");

	test_messages();
	test_pins();
	test_startup();
	test_msi();
	test_wrong_bus();
	test_storm();
	test_inta();
	test_silent_bus();
	return tap_end();
}
