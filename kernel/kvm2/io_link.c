// SPDX-License-Identifier: GPL-2.0
/*
 * Transactions on the socket of a device process.
 *
 * Whoever waits for a reply reads the socket, one reader at a time, and gives
 * each reply to the vcpu that waits for it. A reply that answers nothing, or
 * is not as long as it has to be, ends the link: such a process cannot be
 * trusted to answer anything.
 */
#include <linux/ktime.h>
#include <linux/kvm_host.h>
#include <linux/file.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <trace/events/kvm2.h>

#include "io.h"

/* A reader lets others read after so many. */
#define REPLIES_AT_ONCE		64

/* A reply with its data. */
struct reply {
	struct kvm2_io_message header;
	u8 data[KVM2_IO_DATA_MAX];
};

/* ---- life ---- */

struct kvm2_io_link *kvm2_io_link_get(struct kvm2_io_link *link)
{
	kref_get(&link->link.kref);
	return link;
}

static void release(struct kref *kref)
{
	struct kvm2_io_link *link = container_of(kref, struct kvm2_io_link,
						 link.kref);

	kvm2_link_fini(&link->link);
	kvm2_io_batch_destroy(link->batch);
	kfree_rcu(link, rcu);
}

void kvm2_io_link_put(struct kvm2_io_link *link)
{
	kref_put(&link->link.kref, release);
}

struct kvm2_io_link *kvm2_io_link_find(struct kvm2_io_table *table, int fd)
{
	struct file *file = fget(fd);
	struct kvm2_io_link *link, *found = NULL;

	if (!file)
		return NULL;
	list_for_each_entry(link, &table->links, node)
		if (link->link.file == file && !READ_ONCE(link->link.error))
			found = link;
	fput(file);
	return found;
}

struct kvm2_io_link *kvm2_io_link_open(struct kvm2_vm *vm, int fd)
{
	struct kvm2_io_table *table = vm->io;
	struct kvm2_io_link *link = kzalloc(sizeof(*link), GFP_KERNEL_ACCOUNT);
	int r;

	if (!link)
		return ERR_PTR(-ENOMEM);
	r = kvm2_link_init(&link->link, fd, kvm2_io_batch_wake);
	if (r) {
		kfree(link);
		return ERR_PTR(r);
	}
	link->vm = vm;
	link->serial = ++table->last_serial;
	spin_lock_init(&link->lock);
	INIT_LIST_HEAD(&link->waiting);
	list_add_tail_rcu(&link->node, &table->links);
	WRITE_ONCE(table->nr_links, table->nr_links + 1);
	return link;
}

/* Its last range is gone. Who waits for a reply finds that it has failed. */
void kvm2_io_link_close(struct kvm2_io_link *link)
{
	struct kvm2_io_table *table = link->vm->io;

	list_del_rcu(&link->node);
	WRITE_ONCE(table->nr_links, table->nr_links - 1);
	/* No failure, and nothing to tell the VMM: it wants it so. */
	set_bit(0, &link->reported);
	if (link->batch)
		kvm2_io_batch_send(link, NULL, NULL, 0);
	kvm2_link_stop(&link->link);
	kvm2_io_batch_stop(link->batch);
	kvm2_io_link_put(link);
}

/* ---- posted writes ---- */

int kvm2_io_link_post(struct kvm2_io_link *link,
		      const struct kvm2_io_message *header, const void *data,
		      size_t bytes)
{
	int r = smp_load_acquire(&link->batch) ?
		kvm2_io_batch_send(link, header, data, bytes) :
		kvm2_link_send(&link->link, header, sizeof(*header), data,
			       bytes);

	/*
	 * Counted when it is on its way: a flush that has not seen the count
	 * has been sent by somebody who cannot know of this write yet.
	 */
	if (!r) {
		atomic64_inc(&link->sent);
		atomic64_inc(&link->posted);
	}
	return r;
}

/* What leaves the batch is in @posted before: so that is looked at last. */
bool kvm2_io_link_has_posted(struct kvm2_io_link *link)
{
	if (READ_ONCE(link->link.error))
		return false;
	return !kvm2_io_batch_is_empty(smp_load_acquire(&link->batch)) ||
	       atomic64_read(&link->posted) != atomic64_read(&link->done);
}

static void note_done(struct kvm2_io_link *link, s64 posted)
{
	s64 done = atomic64_read(&link->done);

	while (done < posted &&
	       !atomic64_try_cmpxchg(&link->done, &done, posted))
		;
}

/* ---- replies ---- */

/* Context: link->lock held. */
static struct kvm2_xact *find_waiting(struct kvm2_io_link *link, u32 id)
{
	struct kvm2_xact *xact;

	list_for_each_entry(xact, &link->waiting, node)
		if (xact->header.id == id)
			return xact;
	return NULL;
}

/* Return: 0, or -EPROTO. */
static int take_reply(struct kvm2_io_link *link, const struct reply *reply,
		      size_t bytes)
{
	struct kvm2_xact *xact;
	int r = -EPROTO;

	if (bytes < sizeof(reply->header) || bytes > sizeof(*reply) ||
	    reply->header.op != KVM2_IO_OP_REPLY)
		return r;
	bytes -= sizeof(reply->header);

	spin_lock(&link->lock);
	xact = find_waiting(link, reply->header.id);
	if (!xact) {
		if (link->strays) {
			link->strays--;
			r = 0;
		}
	} else if (xact->reply_bytes == bytes) {
		if (bytes)
			memcpy(xact->data, reply->data, bytes);
		list_del_init(&xact->node);
		note_done(link, xact->posted);
		smp_store_release(&xact->replied, true);
		r = 0;
	}
	spin_unlock(&link->lock);
	return r;
}

/* Context: link.read_lock held. */
static void read_replies(struct kvm2_io_link *link, struct reply *reply)
{
	int i, r;

	for (i = 0; i < REPLIES_AT_ONCE; i++) {
		r = kvm2_link_receive(&link->link, reply, sizeof(*reply));
		if (r < 0)
			return;
		if (take_reply(link, reply, r)) {
			kvm2_link_fail(&link->link, EPROTO);
			return;
		}
		wake_up_all(&link->link.wait);
	}
}

/* ---- one transaction ---- */

static int send(struct kvm2_xact *xact)
{
	struct kvm2_io_link *link = xact->link;
	bool has_data = xact->header.op == KVM2_IO_OP_WRITE ||
			xact->header.op == KVM2_IO_OP_POSTED_WRITE;
	size_t bytes = has_data ? xact->header.size * xact->header.count : 0;
	int r;

	if (xact->header.op == KVM2_IO_OP_POSTED_WRITE) {
		r = kvm2_io_link_post(link, &xact->header, xact->data, bytes);
		if (!r)
			smp_store_release(&xact->replied, true);
		return r;
	}

	/* What the vcpu, or whoever told it, has posted goes before it. */
	if (smp_load_acquire(&link->batch)) {
		r = kvm2_io_batch_send(link, NULL, NULL, 0);
		if (r)
			return r;
	}
	xact->posted = atomic64_read(&link->sent);
	/* The reply may be here before the send returns. */
	spin_lock(&link->lock);
	xact->header.id = ++link->last_id;
	list_add_tail(&xact->node, &link->waiting);
	spin_unlock(&link->lock);

	r = kvm2_link_send(&link->link, &xact->header, sizeof(xact->header),
			   xact->data, bytes);
	if (r) {
		spin_lock(&link->lock);
		list_del_init(&xact->node);
		spin_unlock(&link->lock);
	}
	return r;
}

static bool is_over(const struct kvm2_xact *xact)
{
	return smp_load_acquire(&xact->replied) ||
	       READ_ONCE(xact->link->link.error);
}

static int wait_room(struct kvm2_link *link, bool may_wait)
{
	if (!may_wait)
		return -EAGAIN;
	return wait_event_interruptible(link->wait, kvm2_link_can_send(link));
}

static int wait_reply(struct kvm2_xact *xact, struct reply *reply,
		      bool may_wait)
{
	struct kvm2_link *link = &xact->link->link;
	int r;

	for (;;) {
		if (kvm2_link_can_receive(link)) {
			if (mutex_lock_interruptible(&link->read_lock))
				return -ERESTARTSYS;
			if (!is_over(xact))
				read_replies(xact->link, reply);
			mutex_unlock(&link->read_lock);
		}
		if (is_over(xact))
			return 0;
		if (!may_wait)
			return -EAGAIN;
		r = wait_event_interruptible(link->wait,
				is_over(xact) || kvm2_link_can_receive(link));
		if (r)
			return r;
	}
}

int kvm2_io_link_transact(struct kvm2_vcpu *v, struct kvm2_xact *xact,
			  bool may_wait)
{
	struct reply *reply;
	int r;

	while (!xact->sent) {
		r = send(xact);
		if (!r) {
			xact->sent = true;
			xact->start_ns = ktime_get_ns();
			trace_kvm2_io_send(v->vm->id, v->id, &xact->header,
					   xact->data);
			break;
		}
		if (r != -EAGAIN)
			return 0;
		r = wait_room(&xact->link->link, may_wait);
		if (r)
			return r;
	}
	if (is_over(xact))
		return 0;

	reply = kmalloc(sizeof(*reply), GFP_KERNEL_ACCOUNT);
	if (!reply)
		return -ENOMEM;
	r = wait_reply(xact, reply, may_wait);
	kfree(reply);
	return r;
}

void kvm2_io_link_forget(struct kvm2_xact *xact)
{
	struct kvm2_io_link *link = xact->link;

	if (!link)
		return;
	spin_lock(&link->lock);
	if (!list_empty(&xact->node)) {
		list_del_init(&xact->node);
		link->strays++;
	}
	spin_unlock(&link->lock);
	xact->link = NULL;
	xact->sent = false;
	xact->replied = false;
	kvm2_io_link_put(link);
}
