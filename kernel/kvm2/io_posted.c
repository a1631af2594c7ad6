// SPDX-License-Identifier: GPL-2.0
/*
 * Posted writes, from within KVM: each is sent at once, or put in a batch with
 * others. A batch is kept until a record is full, until anything else is sent
 * to the same socket - a flush among it, which comes before all that may not
 * overtake them - or until a tick or two have passed.
 *
 * @send_lock keeps one batch behind the other. What is in the buffer stays
 * there until it is on its way, so that whoever finds it empty, with the lock
 * held, knows that all is.
 */
#include <linux/jiffies.h>
#include <linux/kvm_host.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <trace/events/kvm2.h>

#include "io.h"

/**
 * struct kvm2_io_batch - posted writes of a link
 * @lock:	guards what is above @link, and @data
 * @used:	bytes in @data; read without @lock, too
 * @writes:	in the messages of @data that are closed
 * @range:	whose writes @message takes; NULL: it is closed
 * @message:	the last in @data
 * @link:	owns it
 * @send_lock:	one sender at a time
 * @stalled:	@work has found the socket full
 * @work:	sends what has been here for long
 */
struct kvm2_io_batch {
	spinlock_t lock;
	unsigned int used;
	unsigned int writes;
	const struct kvm2_range *range;
	struct kvm2_io_message *message;
	struct kvm2_io_link *link;
	struct mutex send_lock;
	unsigned long stalled;
	struct delayed_work work;
	u8 data[] __aligned(8);
};

/* ---- batches ---- */

bool kvm2_io_batch_is_empty(const struct kvm2_io_batch *batch)
{
	return !batch || !smp_load_acquire(&batch->used);
}

/* The last message takes no more. Context: batch->lock held. */
static void close_message(struct kvm2_io_batch *batch)
{
	struct kvm2_io_message *message = batch->message;

	if (!batch->range)
		return;
	message->count = (batch->data + batch->used - message->data) /
			 sizeof(struct kvm2_io_posted);
	batch->writes += message->count;
	batch->range = NULL;
}

/* Context: batch->send_lock held. Return: as kvm2_link_send(). */
static int send_all(struct kvm2_io_batch *batch)
{
	struct kvm2_io_link *link = batch->link;
	unsigned int used, writes;
	int r;

	spin_lock(&batch->lock);
	close_message(batch);
	used = batch->used;
	writes = batch->writes;
	spin_unlock(&batch->lock);
	if (!used)
		return 0;
	/* Others may add to it meanwhile, behind these. */
	r = kvm2_link_send(&link->link, batch->data, used, NULL, 0);
	if (r)
		return r;
	atomic64_add(writes, &link->posted);
	atomic64_add(writes, &link->sent);
	spin_lock(&batch->lock);
	close_message(batch);
	batch->writes -= writes;
	memmove(batch->data, batch->data + used, batch->used - used);
	/* Who finds it empty has to find them in link->posted. */
	smp_store_release(&batch->used, batch->used - used);
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

/* Context: table->lock held. */
static int create(struct kvm2_io_link *link)
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

/* ---- on KVM's bus ---- */

static void fill(struct kvm2_io_message *header,
		 const struct kvm2_range *range, const struct kvm_vcpu *vcpu,
		 gpa_t address, u32 len)
{
	*header = (struct kvm2_io_message) {
		.op = KVM2_IO_OP_POSTED_WRITE,
		.ports = !!(range->io.flags & KVM2_IO_PORTS),
		.size = len,
		.address = address,
		.cookie = range->io.cookie,
		.count = 1,
		.vcpu = vcpu->vcpu_id,
	};
}

static noinline void trace(const struct kvm2_range *range,
			   const struct kvm_vcpu *vcpu, gpa_t address, int len,
			   const void *data, int r)
{
	struct kvm2_io_message header;

	fill(&header, range, vcpu, address, len);
	trace_kvm2_io_posted(range->vm->id, vcpu->vcpu_id, &header, data, r);
}

/* Return: of the device; there may be room later: an exit can wait for that. */
static inline int posted(const struct kvm2_range *range,
			 const struct kvm_vcpu *vcpu, gpa_t address, int len,
			 const void *data, int r)
{
	if (trace_kvm2_io_posted_enabled())
		trace(range, vcpu, address, len, data, r);
	return r ? -EOPNOTSUPP : 0;
}

static int write_posted(struct kvm_vcpu *vcpu, struct kvm_io_device *device,
			gpa_t address, int len, const void *data)
{
	struct kvm2_range *range = container_of(device, struct kvm2_range,
						device);
	struct kvm2_io_message header;

	if (!kvm2_range_holds(range, address, len))
		return -EOPNOTSUPP;
	fill(&header, range, vcpu, address, len);
	return posted(range, vcpu, address, len, data,
		      kvm2_io_link_post(range->link, &header, data, len));
}

static const struct kvm_io_device_ops posted_ops = {
	.write = write_posted,
};

static void put_value(u64 *value, const void *data, u32 len)
{
	if (likely(len == sizeof(u32))) {
		*value = *(const u32 *)data;
	} else {
		*value = 0;
		memcpy(value, data, len);
	}
}

/*
 * Begin a message. Return: there is room for it and a write.
 * Context: batch->lock held.
 */
static noinline bool begin_message(struct kvm2_io_batch *batch,
				   const struct kvm2_range *range,
				   const struct kvm_vcpu *vcpu, u32 len)
{
	struct kvm2_io_message *message = (void *)(batch->data + batch->used);

	if (batch->used + sizeof(*message) + sizeof(struct kvm2_io_posted) >
	    KVM2_IO_BATCH_MAX)
		return false;
	close_message(batch);
	if (!batch->used)
		queue_delayed_work(system_unbound_wq, &batch->work, 1);
	fill(message, range, vcpu, 0, len);
	message->op = KVM2_IO_OP_POSTED_BATCH;
	batch->used += sizeof(*message);
	batch->message = message;
	batch->range = range;
	return true;
}

/* Is the last message one of such writes? Context: batch->lock held. */
static bool is_open(const struct kvm2_io_batch *batch,
		    const struct kvm2_range *range,
		    const struct kvm_vcpu *vcpu, u32 len)
{
	return likely(batch->range == range && batch->message->size == len &&
		      batch->message->vcpu == vcpu->vcpu_id);
}

/* Return: it is in the batch; false: that is full. */
static bool add(struct kvm2_io_batch *batch, const struct kvm2_range *range,
		const struct kvm_vcpu *vcpu, gpa_t address, u32 len,
		const void *data)
{
	struct kvm2_io_posted *write;

	spin_lock(&batch->lock);
	if ((!is_open(batch, range, vcpu, len) &&
	     !begin_message(batch, range, vcpu, len)) ||
	    batch->used + sizeof(*write) > KVM2_IO_BATCH_MAX) {
		spin_unlock(&batch->lock);
		return false;
	}
	write = (void *)(batch->data + batch->used);
	batch->used += sizeof(*write);
	write->address = address;
	put_value(&write->value, data, len);
	spin_unlock(&batch->lock);
	return true;
}

static noinline int make_room(struct kvm2_io_link *link)
{
	int error = READ_ONCE(link->link.error);

	return error ? -error : kvm2_io_batch_send(link, NULL, NULL, 0);
}

static int write_batched(struct kvm_vcpu *vcpu, struct kvm_io_device *device,
			 gpa_t address, int len, const void *data)
{
	struct kvm2_range *range = container_of(device, struct kvm2_range,
						device);
	int r;

	if (!kvm2_range_holds(range, address, len))
		return -EOPNOTSUPP;
	while (READ_ONCE(range->link->link.error) ||
	       !add(range->link->batch, range, vcpu, address, len, data)) {
		r = make_room(range->link);
		if (r)
			return posted(range, vcpu, address, len, data, r);
	}
	return posted(range, vcpu, address, len, data, 0);
}

static const struct kvm_io_device_ops batched_ops = {
	.write = write_batched,
};

int kvm2_io_posted_init(struct kvm2_range *range)
{
	if (!(range->io.flags & KVM2_IO_BATCHED)) {
		kvm_iodevice_init(&range->device, &posted_ops);
		return 0;
	}
	kvm_iodevice_init(&range->device, &batched_ops);
	return create(range->link);
}

void kvm2_io_posted_fini(struct kvm2_range *range)
{
	struct kvm2_io_batch *batch = range->link ? range->link->batch : NULL;

	if (!batch)
		return;
	/* Another range may come to lie where this one was. */
	spin_lock(&batch->lock);
	if (batch->range == range)
		close_message(batch);
	spin_unlock(&batch->lock);
}
