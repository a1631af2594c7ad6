// SPDX-License-Identifier: GPL-2.0
/*
 * posted_write: a guest writes 4 bytes to memory that a device process has,
 * and goes on; all that the process does with it is counted too. The peer is
 * coalesced MMIO of the classic API, which the VMM reads after an exit.
 *
 * doorbell: the same write to an eventfd, on both APIs.
 */
#include "row.h"

#include <errno.h>
#include <kvm2/kvm2.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "accesses.h"
#include "trap.h"

#define RANGE_BYTES	16

static struct classic classic;
static struct kvm_coalesced_mmio_ring *ring;
static volatile uint64_t drained;

static int attach_posted(const struct accesses *accesses)
{
	struct kvm2_io io = {
		.type = KVM2_IO_SOCKET, .flags = KVM2_IO_POSTED | KVM2_IO_BATCHED,
		.address = GUEST_MMIO, .size = RANGE_BYTES,
	};

	(void)accesses;
	io.fd = accesses_device();
	return io.fd < 0 ? io.fd : kvm2_sys_attach_io(&io, sizeof(io));
}

static int attach_coalesced(const struct accesses *accesses)
{
	const struct kvm_coalesced_mmio_zone zone = { .addr = GUEST_MMIO, .size = RANGE_BYTES };
	const struct classic *peer = accesses->classic;
	int page = (int)trap_ioctl(peer->vm, KVM_CHECK_EXTENSION, (void *)KVM_CAP_COALESCED_MMIO);

	if (page <= 0)
		return -EOPNOTSUPP;
	ring = (void *)((char *)peer->run + page * sysconf(_SC_PAGESIZE));
	return (int)trap_ioctl(peer->vm, KVM_REGISTER_COALESCED_MMIO, &zone);
}

/* As QEMU does: each entry is looked at, and then let go. */
static void drain(const struct accesses *accesses)
{
	const uint32_t entries = (uint32_t)((sysconf(_SC_PAGESIZE) - sizeof(*ring)) /
					    sizeof(ring->coalesced_mmio[0]));

	(void)accesses;
	while (ring->first != ring->last) {
		drained += ring->coalesced_mmio[ring->first].phys_addr;
		__atomic_store_n(&ring->first, (ring->first + 1) % entries, __ATOMIC_RELEASE);
	}
}

static int attach_eventfd(const struct accesses *accesses)
{
	const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	const struct kvm2_io io = {
		.type = KVM2_IO_EVENTFD, .address = GUEST_MMIO, .size = 4, .fd = fd,
	};
	const struct kvm_ioeventfd ioeventfd = { .addr = GUEST_MMIO, .len = 4, .fd = fd };

	if (fd < 0)
		return -errno;
	return accesses->classic ? (int)trap_ioctl(accesses->classic->vm, KVM_IOEVENTFD, &ioeventfd) :
				   kvm2_sys_attach_io(&io, sizeof(io));
}

static int measure(struct row *row, const struct accesses *ours, const struct accesses *peer)
{
	const struct guest_start start = {
		.mode = GUEST_LONG, .program = guest_store, .rdi = GUEST_MMIO,
	};
	struct accesses us = *ours;
	struct accesses them = *peer;
	int r;

	us.start = start;
	them.start = start;
	r = accesses_cost(&us, &row->ours);
	if (!r)
		r = accesses_cost(&them, &row->peer);
	if (!r)
		row_print(row);
	return r;
}

int posted_write_rows(void)
{
	const struct accesses ours = { .attach = attach_posted };
	const struct accesses peer = {
		.attach = attach_coalesced, .classic = &classic, .drain = drain,
	};
	struct row row = {
		.name = "posted_write", .unit = "instructions", .peer_name = "coalesced MMIO", .goal = 1.0,
	};

	return measure(&row, &ours, &peer);
}

int doorbell_rows(void)
{
	const struct accesses ours = { .attach = attach_eventfd };
	const struct accesses peer = { .attach = attach_eventfd, .classic = &classic };
	struct row row = {
		.name = "doorbell", .unit = "instructions", .peer_name = "KVM_IOEVENTFD",
	};

	return measure(&row, &ours, &peer);
}
