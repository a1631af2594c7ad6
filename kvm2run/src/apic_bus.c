// SPDX-License-Identifier: GPL-2.0
// Messages of the APIC bus, see kvm_attach_irq(2).
#include "apic_bus.h"

#include <errno.h>
#include <kvm2/kvm2.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The kernel takes messages whatever the guest does, so this waits for a
 * moment at most. After the end of the run nobody misses a message.
 */
static void send_message(struct apic_bus *bus, const struct kvm2_apic_message *message)
{
	if (bus->fd < 0)
		return;
	while (send(bus->fd, message, sizeof(*message), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

void apic_bus_interrupt(struct apic_bus *bus, uint32_t dest, bool logical, uint8_t mode,
			uint8_t vector, bool level)
{
	const struct kvm2_apic_message message = {
		.type = KVM2_APIC_INTERRUPT,
		.flags = (uint16_t)((logical ? KVM2_APIC_LOGICAL : 0) |
				    (level ? KVM2_APIC_LEVEL | KVM2_APIC_ASSERT : 0)),
		.mode = mode,
		.vector = vector,
		.dest = dest,
	};

	send_message(bus, &message);
}

void apic_bus_lint(struct apic_bus *bus, uint32_t vcpu, uint8_t pin, bool high)
{
	const struct kvm2_apic_message message = {
		.type = KVM2_APIC_LINT,
		.flags = high ? KVM2_APIC_ASSERT : 0,
		.pin = pin,
		.dest = vcpu,
	};

	send_message(bus, &message);
}

static void answer_inta(struct apic_bus *bus, const struct kvm2_apic_message *inta)
{
	const struct kvm2_apic_message message = {
		.type = KVM2_APIC_VECTOR,
		.vector = bus->inta(bus->context),
		.dest = inta->dest,
		.id = inta->id,
	};

	send_message(bus, &message);
}

static void *bus_main(void *argument)
{
	struct apic_bus *bus = argument;
	struct kvm2_apic_message message;
	ssize_t n;

	prctl(PR_SET_NAME, "apic bus");
	while ((n = recv(bus->fd, &message, sizeof(message), 0)) > 0 || (n < 0 && errno == EINTR)) {
		if (n != sizeof(message))
			continue;
		if (message.type == KVM2_APIC_EOI)
			bus->eoi(bus->context, message.vector);
		else if (message.type == KVM2_APIC_INTA)
			answer_inta(bus, &message);
	}
	return NULL;
}

int apic_bus_start(struct apic_bus *bus, struct failure *failure)
{
	struct kvm2_irq irq = { .type = KVM2_IRQ_BUS };
	int ends[2];
	int err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return failure_set(failure, errno, "APIC bus: socketpair: %s", strerror(errno));
	irq.fd = ends[1];
	err = kvm2_sys_attach_irq(&irq, sizeof(irq));
	close(ends[1]);	/* the kernel has its own reference */
	if (err) {
		close(ends[0]);
		return failure_set(failure, -err, "APIC bus: attach: %s", strerror(-err));
	}
	bus->fd = ends[0];
	err = pthread_create(&bus->thread, NULL, bus_main, bus);
	if (err)
		return failure_set(failure, err, "APIC bus: start thread: %s", strerror(err));
	bus->started = true;
	return 0;
}

void apic_bus_stop(struct apic_bus *bus)
{
	if (bus->fd >= 0)
		shutdown(bus->fd, SHUT_RDWR);
	if (bus->started)
		pthread_join(bus->thread, NULL);
	if (bus->fd >= 0)
		close(bus->fd);
	bus->started = false;
	bus->fd = -1;
}
