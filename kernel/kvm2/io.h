/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ranges of ports and addresses that a socket or a program answers for.
 */
#ifndef _KVM2_IO_H
#define _KVM2_IO_H

#include <linux/kref.h>
#include <linux/kvm2_core.h>
#include <linux/list.h>
#include <linux/maple_tree.h>
#include <linux/mutex.h>
#include <kvm/iodev.h>

#include "link.h"

struct bpf_prog;
struct kvm2_io_batch;

/**
 * struct kvm2_io_link - a socket that serves ranges
 * @waiting:	struct kvm2_xact whose reply is due; under @lock
 * @strays:	replies that may come though nobody waits any more
 * @posted:	posted writes that were made, but for those in @batch
 * @sent:	how many of them are on their way
 * @done:	how many of them are known to be done
 * @batch:	see io_posted.c; NULL as long as no range has any
 * @reported:	the VMM knows of its failure
 * @ranges:	how many it serves; under the table's lock
 * @serial:	greater than that of each link before it in the table
 */
struct kvm2_io_link {
	struct kvm2_link link;
	struct kvm2_vm *vm;
	struct list_head node;
	spinlock_t lock;
	struct list_head waiting;
	u32 last_id;
	unsigned int strays;
	atomic64_t posted;
	atomic64_t sent;
	atomic64_t done;
	struct kvm2_io_batch *batch;
	unsigned long reported;
	u64 cookie;
	unsigned int ranges;
	u64 serial;
	struct rcu_head rcu;
};

/**
 * struct kvm2_range - a range
 * @io:		as it was attached
 * @link:	of a socket, with a reference
 * @prog:	of a program, with a reference
 * @fast:	the program is for kvm2_fast_pio()
 * @device:	on KVM's bus, for posted writes and programs
 */
struct kvm2_range {
	struct kref kref;
	struct kvm2_vm *vm;
	struct kvm2_io io;
	struct kvm2_io_link *link;
	struct bpf_prog *prog;
	bool fast;
	struct kvm_io_device device;
	bool on_bus;
	struct rcu_head rcu;
};

static inline bool kvm2_range_holds(const struct kvm2_range *range, u64 address,
				    int len)
{
	return address + len <= range->io.address + range->io.size;
}

/**
 * struct kvm2_io_table - all ranges of a VM
 * @lock:	one attach or detach at a time
 * @ranges:	by address; [0] memory, [1] ports
 * @links:	all sockets; changed under @lock, read under RCU
 * @nr_links:	how many
 * @last_serial: of all that ever were
 * @nr_fast:	ranges for kvm2_fast_pio()
 * @nr_doorbells: eventfds at ports, which KVM's bus may find first
 * @fast:	there are such ranges, and no such eventfds
 * @detached:	how many ranges were detached
 */
struct kvm2_io_table {
	struct mutex lock;
	struct maple_tree ranges[2];
	struct list_head links;
	unsigned int nr_links;
	u64 last_serial;
	unsigned int nr_fast;
	unsigned int nr_doorbells;
	bool fast;
	unsigned long detached;
};

enum kvm2_io_state {
	KVM2_IO_IDLE,
	KVM2_IO_FLUSH,		/* posted writes first; then see @after */
	KVM2_IO_ACCESS,		/* the access itself */
	KVM2_IO_DONE,		/* its reply is here */
	KVM2_IO_DELIVER,	/* the exit is for user space */
};

/**
 * struct kvm2_xact - a transaction
 * @link:	where it goes, with a reference; NULL when there is none
 * @node:	in link->waiting while a reply is due
 * @sent:	@header is on its way
 * @replied:	the reply has come, with @reply_bytes of @data
 * @posted:	of the link, on their way when @header was sent
 * @data:	NULL for a flush
 */
struct kvm2_xact {
	struct kvm2_io_link *link;
	struct list_head node;
	bool sent;
	bool replied;
	u32 reply_bytes;
	s64 posted;
	u64 start_ns;
	struct kvm2_io_message header;
	u8 *data;
};

/**
 * struct kvm2_vcpu_io - an access that leaves the kernel
 * @state:	enum kvm2_io_state
 * @after:	the state that follows FLUSH
 * @report:	a failure that the VMM has to be told, @failure
 * @flushed:	all links up to this one's serial have no posted write that
 *		was there before the exit
 * @abandoned:	the registers say that the access never was
 * @passed:	whose program has passed on the access, only to compare with
 * @last:	the range of the last access to kvm2_fast_pio(), valid only as
 *		long as table->detached is @last_detached
 */
struct kvm2_vcpu_io {
	u32 state;
	u32 after;
	u64 flushed;
	bool report;
	bool abandoned;
	const struct kvm2_range *passed;
	struct kvm2_range *last;
	unsigned long last_detached;
	struct kvm2_exit_device failure;
	struct kvm2_xact access;
	struct kvm2_xact flush;
	u8 data[KVM2_IO_DATA_MAX];
};

/* Context: before the VM is used; after its last use. */
int kvm2_io_create(struct kvm2_vm *vm);
void kvm2_io_destroy(struct kvm2_vm *vm);

int kvm2_io_attach(struct kvm2_vm *vm, const struct kvm2_io *io);

struct kvm2_vcpu_io *kvm2_vcpu_io_create(void);
void kvm2_vcpu_io_destroy(struct kvm2_vcpu *v);

/* ---- for the vcpu thread, in the manner of apic.h ---- */

bool __kvm2_io_claim(struct kvm2_vcpu *v);

/*
 * Does the exit in vcpu->run go to a socket, or have posted writes to be
 * done before user space may see it? Context: vcpu->mutex held.
 */
static inline bool kvm2_io_claim(struct kvm2_vcpu *v)
{
	return unlikely(READ_ONCE(v->vm->io->nr_links)) && __kvm2_io_claim(v);
}

static inline bool kvm2_io_is_busy(const struct kvm2_vcpu *v)
{
	return v->io->state != KVM2_IO_IDLE;
}

/*
 * Context: the vcpu thread, no vcpu->mutex held.
 * Return: 0 for kvm2_io_finish(); -ERESTARTSYS interrupted; -EAGAIN.
 */
int kvm2_io_wait(struct kvm2_vcpu *v, bool may_wait);

/*
 * Context: vcpu->mutex held.
 * Return: the vcpu goes on with its reply; false: the exit is for user space.
 */
bool kvm2_io_finish(struct kvm2_vcpu *v);

/*
 * The registers say that the access never was. The vcpu thread may be
 * waiting for it just now: it finds out when that has ended.
 * Context: vcpu->mutex held.
 */
static inline void kvm2_io_abandon(struct kvm2_vcpu *v)
{
	if (kvm2_io_is_busy(v))
		WRITE_ONCE(v->io->abandoned, true);
}

/* io_link.c */
struct kvm2_io_link *kvm2_io_link_get(struct kvm2_io_link *link);
void kvm2_io_link_put(struct kvm2_io_link *link);
/* Context: table->lock held. */
struct kvm2_io_link *kvm2_io_link_find(struct kvm2_io_table *table, int fd);
struct kvm2_io_link *kvm2_io_link_open(struct kvm2_vm *vm, int fd);
void kvm2_io_link_close(struct kvm2_io_link *link);
/* Post a write at once. Return: 0; -EAGAIN; an errno: the link has failed. */
int kvm2_io_link_post(struct kvm2_io_link *link,
		      const struct kvm2_io_message *header, const void *data,
		      size_t bytes);
bool kvm2_io_link_has_posted(struct kvm2_io_link *link);

/*
 * Send @xact and wait for the reply, if there is one.
 * Return: as kvm2_io_wait(); 0 also when the link has failed.
 */
int kvm2_io_link_transact(struct kvm2_vcpu *v, struct kvm2_xact *xact,
			  bool may_wait);
/* Wait no longer for the reply, and let go the link. */
void kvm2_io_link_forget(struct kvm2_xact *xact);

/* io_posted.c */
/*
 * @range, of a socket, gets a device for KVM's bus; it is taken from there.
 * Context: table->lock held. Return: 0; -ENOMEM.
 */
int kvm2_io_posted_init(struct kvm2_range *range);
void kvm2_io_posted_fini(struct kvm2_range *range);
bool kvm2_io_batch_is_empty(const struct kvm2_io_batch *batch);
/* Nobody posts to it any more, and the socket does not wake it. */
void kvm2_io_batch_stop(struct kvm2_io_batch *batch);
void kvm2_io_batch_destroy(struct kvm2_io_batch *batch);
/*
 * Send them all, and a record of @header and @data if it is not NULL behind
 * them. Return: as kvm2_io_link_post().
 */
int kvm2_io_batch_send(struct kvm2_io_link *link,
		       const struct kvm2_io_message *header, const void *data,
		       size_t bytes);
/* The socket has changed. Context: atomic. */
void kvm2_io_batch_wake(struct kvm2_link *link);

/* io_bpf.c */
/* For each vendor module, one at a time. */
void kvm2_io_bpf_init(void);
struct bpf_prog *kvm2_io_bpf_get(int fd);
void kvm2_io_bpf_put(struct bpf_prog *prog);
/* Can it be run with interrupts off? */
bool kvm2_io_bpf_is_fast(const struct bpf_prog *prog);
extern const struct kvm_io_device_ops kvm2_io_bpf_ops;

#endif /* _KVM2_IO_H */
