// SPDX-License-Identifier: GPL-2.0
/*
 * Routes of interrupts, which KVM has as one table by GSI.
 *
 * The first GSIs are for the vectors from 16 on: where one has a level
 * triggered route, KVM lets the EOI of that vector leave the guest, and that
 * is all that these routes are for. Those above are MSIs, one for each
 * eventfd.
 */
#include <linux/bitmap.h>
#include <linux/eventfd.h>
#include <linux/kvm_host.h>
#include <linux/slab.h>

#include "apic.h"

#define NR_VECTORS_X86		256
#define FIRST_MSI		KVM2_LEVEL_ROUTES

/* A level triggered interrupt to every local APIC. */
#define EVERYBODY		(0xfee00000 | 0xff << 12)
#define LEVEL_ASSERT		(1 << 15 | 1 << 14)
#define NO_LEVEL		(-1)

struct msi_route {
	struct list_head node;
	struct eventfd_ctx *eventfd;
	u32 gsi;
	u32 data;
	u64 address;
};

/**
 * struct kvm2_routes - all routes of a VM
 * @lock:	guards the others; taken under no other lock of kvm2
 * @levels:	vectors whose EOI leaves the guest
 * @used:	GSIs, less FIRST_MSI
 */
struct kvm2_routes {
	struct kvm *kvm;
	struct mutex lock;
	DECLARE_BITMAP(levels, NR_VECTORS_X86);
	DECLARE_BITMAP(used, KVM_MAX_IRQ_ROUTES - FIRST_MSI);
	struct list_head msis;
	unsigned int nr_msis;
};

struct kvm2_routes *kvm2_routes_create(struct kvm *kvm)
{
	struct kvm2_routes *routes = kzalloc(sizeof(*routes),
					     GFP_KERNEL_ACCOUNT);

	if (!routes)
		return NULL;
	routes->kvm = kvm;
	mutex_init(&routes->lock);
	INIT_LIST_HEAD(&routes->msis);
	return routes;
}

/* The irqfds are gone: kvm_irqfd_release(). */
void kvm2_routes_destroy(struct kvm2_routes *routes)
{
	struct msi_route *msi, *next;

	if (!routes)
		return;
	list_for_each_entry_safe(msi, next, &routes->msis, node) {
		eventfd_ctx_put(msi->eventfd);
		kfree(msi);
	}
	kfree(routes);
}

static struct kvm_irq_routing_entry msi_entry(u32 gsi, u64 address, u32 data)
{
	return (struct kvm_irq_routing_entry) {
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_MSI,
		.u.msi.address_lo = lower_32_bits(address),
		.u.msi.address_hi = upper_32_bits(address),
		.u.msi.data = data,
	};
}

static struct kvm_irq_routing_entry level_entry(u8 vector)
{
	return msi_entry(vector - KVM2_FIRST_VECTOR, EVERYBODY,
			 LEVEL_ASSERT | vector);
}

/*
 * Give KVM the table anew, with @new_level too unless it is NO_LEVEL.
 * Context: lock held.
 */
static int update(struct kvm2_routes *routes, int new_level)
{
	unsigned int vector, n = 0;
	unsigned int nr = bitmap_weight(routes->levels, NR_VECTORS_X86) +
			  routes->nr_msis + 1;
	struct kvm_irq_routing_entry *entries;
	struct msi_route *msi;
	int r;

	entries = kvcalloc(nr, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	for_each_set_bit(vector, routes->levels, NR_VECTORS_X86)
		entries[n++] = level_entry(vector);
	if (new_level != NO_LEVEL)
		entries[n++] = level_entry(new_level);
	list_for_each_entry(msi, &routes->msis, node)
		entries[n++] = msi_entry(msi->gsi, msi->address, msi->data);
	r = kvm_set_irq_routing(routes->kvm, entries, n, 0);
	kvfree(entries);
	return r;
}

bool kvm2_routes_has_level(const struct kvm2_routes *routes, u8 vector)
{
	/* Pairs with the barrier below: with the bit the route is in force. */
	return test_bit_acquire(vector, routes->levels);
}

int kvm2_routes_add_level(struct kvm2_routes *routes, u8 vector)
{
	int r = 0;

	if (kvm2_routes_has_level(routes, vector))
		return 0;
	mutex_lock(&routes->lock);
	if (!test_bit(vector, routes->levels)) {
		r = update(routes, vector);
		if (!r) {
			smp_mb__before_atomic();
			set_bit(vector, routes->levels);
		}
	}
	mutex_unlock(&routes->lock);
	return r;
}

/* Context: lock held. */
static struct msi_route *find_msi(struct kvm2_routes *routes,
				  const struct eventfd_ctx *eventfd)
{
	struct msi_route *msi;

	list_for_each_entry(msi, &routes->msis, node)
		if (msi->eventfd == eventfd)
			return msi;
	return NULL;
}

static void remove_msi(struct kvm2_routes *routes, struct msi_route *msi)
{
	list_del(&msi->node);
	routes->nr_msis--;
	clear_bit(msi->gsi - FIRST_MSI, routes->used);
	eventfd_ctx_put(msi->eventfd);
	kfree(msi);
}

/* Takes @eventfd when it returns 0. */
static int add_msi(struct kvm2_routes *routes, int fd,
		   struct eventfd_ctx *eventfd, u64 address, u32 data)
{
	const unsigned int room = KVM_MAX_IRQ_ROUTES - FIRST_MSI;
	struct kvm_irqfd irqfd = { .fd = fd };
	unsigned int slot = find_first_zero_bit(routes->used, room);
	struct msi_route *msi;
	int r;

	if (slot == room)
		return -ENOSPC;
	msi = kzalloc(sizeof(*msi), GFP_KERNEL_ACCOUNT);
	if (!msi)
		return -ENOMEM;
	msi->eventfd = eventfd;
	msi->gsi = FIRST_MSI + slot;
	msi->address = address;
	msi->data = data;
	list_add_tail(&msi->node, &routes->msis);
	routes->nr_msis++;
	set_bit(slot, routes->used);

	r = update(routes, NO_LEVEL);
	if (r)
		goto err_remove;
	irqfd.gsi = msi->gsi;
	r = kvm_irqfd(routes->kvm, &irqfd);
	if (!r)
		return 0;
err_remove:
	list_del(&msi->node);
	routes->nr_msis--;
	clear_bit(slot, routes->used);
	kfree(msi);
	update(routes, NO_LEVEL);
	return r;
}

/* As kvm_set_routing_entry() wants them. */
static bool is_msi(u64 address)
{
	return (u32)address >> 20 == 0xfee && !(address >> 32 & 0xff);
}

int kvm2_routes_attach_msi(struct kvm2_routes *routes, int fd, u64 address,
			   u32 data)
{
	struct eventfd_ctx *eventfd;
	struct msi_route *msi;
	int r;

	if (!is_msi(address))
		return -EINVAL;
	eventfd = eventfd_ctx_fdget(fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	mutex_lock(&routes->lock);
	msi = find_msi(routes, eventfd);
	if (msi) {
		u64 old_address = msi->address;
		u32 old_data = msi->data;

		msi->address = address;
		msi->data = data;
		r = update(routes, NO_LEVEL);
		if (r) {
			msi->address = old_address;
			msi->data = old_data;
		}
		eventfd_ctx_put(eventfd);
	} else {
		r = add_msi(routes, fd, eventfd, address, data);
		if (r)
			eventfd_ctx_put(eventfd);
	}
	mutex_unlock(&routes->lock);
	return r;
}

int kvm2_routes_detach_msi(struct kvm2_routes *routes, int fd)
{
	struct kvm_irqfd irqfd = { .fd = fd, .flags = KVM_IRQFD_FLAG_DEASSIGN };
	struct eventfd_ctx *eventfd = eventfd_ctx_fdget(fd);
	struct msi_route *msi;
	int r = -ENOENT;

	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	mutex_lock(&routes->lock);
	msi = find_msi(routes, eventfd);
	if (msi) {
		irqfd.gsi = msi->gsi;
		r = kvm_irqfd(routes->kvm, &irqfd);
		if (!r) {
			remove_msi(routes, msi);
			/* A route that stays is without effect. */
			update(routes, NO_LEVEL);
		}
	}
	mutex_unlock(&routes->lock);
	eventfd_ctx_put(eventfd);
	return r;
}
