// SPDX-License-Identifier: GPL-2.0
/*
 * Posted writes that go together: they are kept until a record is full, until
 * anything else is sent to the same socket - a flush among it, which comes
 * before all that may not overtake them - or until a tick or two have passed.
 *
 * @send_lock keeps one batch behind the other. What is in the buffer stays
 * there until it is on its way, so that whoever finds it empty, with the lock
 * held, knows that all is.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "io.h"

/* One write: a header, and 8 bytes. */
#define ENTRY_BYTES	(sizeof(struct kvm2_io_message) + sizeof(u64))

/**
 * struct kvm2_io_batch - posted writes of a link
 * @link:	owns it
 * @send_lock:	one sender at a time
 * @lock:	guards @used and @writes
 * @used:	bytes in @data
 * @writes:	as many writes
 * @stalled:	@work has found the socket full
 * @work:	sends what has been here for long
 */
struct kvm2_io_batch {
	struct kvm2_io_link *link;
	struct mutex send_lock;
	spinlock_t lock;
	unsigned int used;
	unsigned int writes;
	unsigned long stalled;
	struct delayed_work work;
	u8 data[] __aligned(8);
};

/* Context: batch->send_lock held. Return: as kvm2_link_send(). */
static int send_all(struct kvm2_io_batch *batch)
{
	struct kvm2_io_link *link = batch->link;
	unsigned int used, writes;
	int r;

	spin_lock(&batch->lock);
	used = batch->used;
	writes = batch->writes;
	spin_unlock(&batch->lock);
	if (!used)
		return 0;
	/* Others may add to it meanwhile, behind these. */
	r = kvm2_link_send(&link->link, batch->data, used, NULL, 0);
	if (r)
		return r;
	atomic64_add(writes, &link->sent);
	spin_lock(&batch->lock);
	batch->used -= used;
	batch->writes -= writes;
	memmove(batch->data, batch->data + used, batch->used);
	spin_unlock(&batch->lock);
	return 0;
}

static void send_late(struct work_struct *work)
{
	struct kvm2_io_batch *batch = container_of(to_delayed_work(work),
						   struct kvm2_io_batch, work);
	struct kvm2_link *link = &batch->link->link;
	int r;

	mutex_lock(&batch->send_lock);
	r = send_all(batch);
	mutex_unlock(&batch->send_lock);
	if (r != -EAGAIN)
		return;
	set_bit(0, &batch->stalled);
	if (kvm2_link_can_send(link))
		kvm2_io_batch_wake(link);
}

void kvm2_io_batch_wake(struct kvm2_link *link)
{
	struct kvm2_io_batch *batch;

	batch = READ_ONCE(container_of(link, struct kvm2_io_link, link)->batch);
	if (batch && test_bit(0, &batch->stalled) &&
	    test_and_clear_bit(0, &batch->stalled))
		mod_delayed_work(system_unbound_wq, &batch->work, 1);
}

int kvm2_io_batch_create(struct kvm2_io_link *link)
{
	struct kvm2_io_batch *batch;

	if (link->batch)
		return 0;
	batch = kzalloc(sizeof(*batch) + KVM2_IO_BATCH_MAX, GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;
	batch->link = link;
	mutex_init(&batch->send_lock);
	spin_lock_init(&batch->lock);
	INIT_DELAYED_WORK(&batch->work, send_late);
	smp_store_release(&link->batch, batch);
	return 0;
}

void kvm2_io_batch_stop(struct kvm2_io_batch *batch)
{
	if (batch)
		cancel_delayed_work_sync(&batch->work);
}

void kvm2_io_batch_destroy(struct kvm2_io_batch *batch)
{
	kfree(batch);
}

static u64 value_of(const void *data, int len)
{
	u64 value = 0;

	switch (len) {
	case 4:
		return *(const u32 *)data;
	case 8:
		return *(const u64 *)data;
	default:
		memcpy(&value, data, len);
		return value;
	}
}

/* Return: it is in the buffer; false: that is full. */
static bool add(struct kvm2_io_batch *batch, const struct kvm2_range *range,
		u32 vcpu, u64 address, int len, u64 value)
{
	struct kvm2_io_message *entry;
	unsigned int used;

	spin_lock(&batch->lock);
	used = batch->used;
	if (unlikely(used + ENTRY_BYTES > KVM2_IO_BATCH_MAX)) {
		spin_unlock(&batch->lock);
		return false;
	}
	entry = (void *)(batch->data + used);
	entry->id = 0;
	entry->op = KVM2_IO_OP_POSTED_WRITE;
	entry->ports = !!(range->io.flags & KVM2_IO_PORTS);
	entry->size = len;
	entry->address = address;
	entry->cookie = range->io.cookie;
	entry->count = 1;
	entry->vcpu = vcpu;
	*(u64 *)entry->data = value;
	batch->used = used + ENTRY_BYTES;
	batch->writes++;
	/* With the lock: whoever sends it may say that it is done. */
	atomic64_inc(&range->link->posted);
	spin_unlock(&batch->lock);
	if (unlikely(!used))
		queue_delayed_work(system_unbound_wq, &batch->work, 1);
	return true;
}

int kvm2_io_batch_post(const struct kvm2_range *range, u32 vcpu, u64 address,
		       int len, const void *data)
{
	struct kvm2_io_link *link = range->link;
	int r = -READ_ONCE(link->link.error);

	while (!r && !add(link->batch, range, vcpu, address, len,
			  value_of(data, len)))
		r = kvm2_io_batch_send(link, NULL, NULL, 0);
	return r;
}

int kvm2_io_batch_send(struct kvm2_io_link *link,
		       const struct kvm2_io_message *header, const void *data,
		       size_t bytes)
{
	struct kvm2_io_batch *batch = link->batch;
	int r;

	mutex_lock(&batch->send_lock);
	r = send_all(batch);
	if (!r && header)
		r = kvm2_link_send(&link->link, header, sizeof(*header), data,
				   bytes);
	mutex_unlock(&batch->send_lock);
	return r;
}
