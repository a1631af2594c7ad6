// SPDX-License-Identifier: GPL-2.0
/*
 * irqfd_delivery: an eventfd is signalled, the vcpu entered, and the guest
 * takes the interrupt and writes to a port. On both APIs local APICs are in
 * the kernel, and the message is an MSI.
 */
#include "row.h"

#include <errno.h>
#include <kvm2/kvm2.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "classic.h"
#include "clock.h"
#include "guest.h"
#include "ours.h"
#include "sample.h"
#include "trap.h"

#define MSI_ADDRESS	0xfee00000
#define GSI		30
#define WARM_UP		100
#define TIMES		2000

static const struct guest_start start = { .mode = GUEST_LONG, .program = guest_interrupts };
static struct classic classic;
static int fd;

static int signal_eventfd(void)
{
	static const uint64_t one = 1;
	long r = trap(SYS_write, fd, (long)&one, sizeof(one), 0);

	return r < 0 ? (int)r : 0;
}

static int deliver_ours(void *arg)
{
	int r = signal_eventfd();

	(void)arg;
	return r ? r : ours_exit();
}

static int deliver_classic(void *arg)
{
	int r = signal_eventfd();

	(void)arg;
	return r ? r : classic_exit(&classic);
}

static int attach_ours(void)
{
	const struct kvm2_irq irq = {
		.type = KVM2_IRQ_MSI, .fd = fd, .address = MSI_ADDRESS, .data = GUEST_VECTOR,
	};

	return kvm2_sys_attach_irq(&irq, sizeof(irq));
}

static int attach_classic(void)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry;
	} routing = {
		.head.nr = 1,
		.entry = {
			.gsi = GSI, .type = KVM_IRQ_ROUTING_MSI,
			.u.msi = { .address_lo = MSI_ADDRESS, .data = GUEST_VECTOR },
		},
	};
	const struct kvm_irqfd irqfd = { .fd = (uint32_t)fd, .gsi = GSI };
	int r = (int)trap_ioctl(classic.vm, KVM_SET_GSI_ROUTING, &routing);

	return r ? r : (int)trap_ioctl(classic.vm, KVM_IRQFD, &irqfd);
}

static int prepare_ours(void *ram)
{
	int r = ours_begin(ram, &start);

	if (!r)
		r = attach_ours();
	/* Until it waits for interrupts. */
	return r ? r : ours_exit();
}

static int prepare_classic(void *ram)
{
	int r = classic_create(&classic, CLASSIC_SPLIT);

	if (!r)
		r = classic_map(&classic, 0, 0, GUEST_RAM, ram);
	if (!r)
		r = classic_start(&classic, &start);
	if (!r)
		r = attach_classic();
	return r ? r : classic_exit(&classic);
}

static int take(const void *arg, double *figure)
{
	const bool is_ours = arg;
	const struct clock_series series = {
		.op = is_ours ? deliver_ours : deliver_classic,
		.times = TIMES,
		.warm_up = WARM_UP,
	};
	void *ram = guest_load();
	int r;

	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!ram || fd < 0)
		return -ENOMEM;
	r = is_ours ? prepare_ours(ram) : prepare_classic(ram);
	return r ? r : clock_median(&series, figure);
}

int irqfd_delivery_rows(void)
{
	const struct probe ours = { take, &start };
	const struct probe peer = { take, NULL };
	struct row row = {
		.name = "irqfd_delivery", .unit = "instructions", .peer_name = "KVM_IRQFD, split irqchip",
	};
	int r = sample_median(&ours, &row.ours);

	if (!r)
		r = sample_median(&peer, &row.peer);
	if (!r)
		row_print(&row);
	return r;
}
