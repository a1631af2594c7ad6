// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_attach_io(): who answers in a range of ports or addresses.
 *
 * An access to the range of a socket leaves KVM as one for user space would;
 * it is sent, and its reply waited for, before the next entry and without any
 * lock. So every form of instruction works, and a device may be slow or dead
 * without harm to anyone but the vcpu that waits for it, which signals reach.
 *
 * Posted writes wait for nothing (io_posted.c). Before anything that may not
 * overtake them - an exit that user space sees, an access that another socket
 * answers - each socket with such writes gets a FLUSH, whoever has posted
 * them: another vcpu may act upon a word in memory.
 */
#include "io.h"

#include <linux/kvm_host.h>
#include <linux/slab.h>
#include <trace/events/kvm2.h>

#include "kvm2.h"

/* ---- ranges ---- */

static struct maple_tree *tree_of(struct kvm2_vm *vm, bool ports)
{
	return &vm->io->ranges[ports];
}

static enum kvm_bus bus_of(const struct kvm2_io *io)
{
	return io->flags & KVM2_IO_PORTS ? KVM_PIO_BUS : KVM_MMIO_BUS;
}

static void release_range(struct kref *kref)
{
	struct kvm2_range *range = container_of(kref, struct kvm2_range, kref);

	if (range->link)
		kvm2_io_link_put(range->link);
	if (range->prog)
		kvm2_io_bpf_put(range->prog);
	kfree_rcu(range, rcu);
}

static void put_range(struct kvm2_range *range)
{
	kref_put(&range->kref, release_range);
}

/* The range that holds all of [address, address + bytes), with a reference. */
static struct kvm2_range *get_range(struct kvm2_vm *vm, bool ports,
				    u64 address, u32 bytes)
{
	struct kvm2_range *range;

	if (mtree_empty(tree_of(vm, ports)))
		return NULL;
	rcu_read_lock();
	range = mtree_load(tree_of(vm, ports), address);
	if (range && (!kvm2_range_holds(range, address, bytes) ||
		      !kref_get_unless_zero(&range->kref)))
		range = NULL;
	rcu_read_unlock();
	return range;
}

/* ---- attach and detach ---- */

static int check_range(const struct kvm2_io *io)
{
	u64 limit = io->flags & KVM2_IO_PORTS ? 0x10000 : 1ULL << 52;

	if (!io->size || io->size > limit || io->address > limit - io->size)
		return -EINVAL;
	/* Of KVM's bus. */
	return io->size > INT_MAX ? -EINVAL : 0;
}

static int connect_range(struct kvm2_range *range)
{
	const struct kvm2_io *io = &range->io;
	struct kvm2_vm *vm = range->vm;
	struct kvm2_io_link *link;

	if (io->type == KVM2_IO_BPF) {
		struct bpf_prog *prog = kvm2_io_bpf_get(io->fd);

		if (IS_ERR(prog))
			return PTR_ERR(prog);
		range->prog = prog;
		kvm_iodevice_init(&range->device, &kvm2_io_bpf_ops);
		return 0;
	}
	link = kvm2_io_link_find(vm->io, io->fd);
	if (!link) {
		link = kvm2_io_link_open(vm, io->fd);
		if (IS_ERR(link))
			return PTR_ERR(link);
		link->cookie = io->cookie;
	}
	link->ranges++;
	range->link = kvm2_io_link_get(link);
	return io->flags & KVM2_IO_POSTED ? kvm2_io_posted_init(range) : 0;
}

static void disconnect_range(struct kvm2_range *range)
{
	if (range->link && --range->link->ranges == 0)
		kvm2_io_link_close(range->link);
}

/* Context: table->lock held. */
static void count_fast(struct kvm2_io_table *table, int ranges, int doorbells)
{
	table->nr_fast += ranges;
	table->nr_doorbells += doorbells;
	WRITE_ONCE(table->fast, table->nr_fast && !table->nr_doorbells);
}

static void set_fast(struct kvm2_range *range, bool fast)
{
	if (range->fast == fast)
		return;
	WRITE_ONCE(range->fast, fast);
	count_fast(range->vm->io, fast ? 1 : -1, 0);
}

static int add_to_bus(struct kvm2_range *range)
{
	struct kvm *kvm = range->vm->kvm;
	int r;

	if (range->io.type != KVM2_IO_BPF &&
	    !(range->io.flags & KVM2_IO_POSTED))
		return 0;
	mutex_lock(&kvm->slots_lock);
	r = kvm_io_bus_register_dev(kvm, bus_of(&range->io), range->io.address,
				    range->io.size, &range->device);
	mutex_unlock(&kvm->slots_lock);
	range->on_bus = !r;
	return r;
}

static void remove_from_bus(struct kvm2_range *range)
{
	struct kvm *kvm = range->vm->kvm;

	if (!range->on_bus)
		return;
	mutex_lock(&kvm->slots_lock);
	kvm_io_bus_unregister_dev(kvm, bus_of(&range->io), &range->device);
	mutex_unlock(&kvm->slots_lock);
	range->on_bus = false;
}

/* Context: table->lock held. */
static int attach_range(struct kvm2_vm *vm, const struct kvm2_io *io)
{
	struct maple_tree *tree = tree_of(vm, io->flags & KVM2_IO_PORTS);
	struct kvm2_range *range;
	int r;

	range = kzalloc(sizeof(*range), GFP_KERNEL_ACCOUNT);
	if (!range)
		return -ENOMEM;
	kref_init(&range->kref);
	range->vm = vm;
	range->io = *io;
	r = connect_range(range);
	if (r)
		goto err_disconnect;
	r = mtree_insert_range(tree, io->address, io->address + io->size - 1,
			       range, GFP_KERNEL_ACCOUNT);
	if (r)
		goto err_disconnect;
	r = add_to_bus(range);
	if (r)
		goto err_erase;
	if (range->prog && io->flags & KVM2_IO_PORTS)
		set_fast(range, kvm2_io_bpf_is_fast(range->prog));
	return 0;

err_erase:
	mtree_erase(tree, io->address);
err_disconnect:
	disconnect_range(range);
	put_range(range);
	return r;
}

static void detach(struct kvm2_range *range)
{
	set_fast(range, false);
	mtree_erase(tree_of(range->vm, range->io.flags & KVM2_IO_PORTS),
		    range->io.address);
	smp_store_release(&range->vm->io->detached,
			  range->vm->io->detached + 1);
	/* This waits for whoever has found it before. */
	remove_from_bus(range);
	kvm2_io_posted_fini(range);
	disconnect_range(range);
	put_range(range);
}

/* Context: table->lock held. */
static int detach_range(struct kvm2_vm *vm, const struct kvm2_io *io)
{
	struct kvm2_range *range = mtree_load(tree_of(vm, io->flags &
						      KVM2_IO_PORTS),
					      io->address);

	if (!range || range->io.address != io->address ||
	    range->io.size != io->size || range->io.type != io->type)
		return -ENOENT;
	detach(range);
	return 0;
}

/* Context: table->lock held. */
static int attach_eventfd(struct kvm2_vm *vm, const struct kvm2_io *io)
{
	struct kvm_ioeventfd args = {
		.addr = io->address,
		.len = io->size,
		.fd = io->fd,
	};
	int r;

	if (io->cookie || io->size > 8)
		return -EINVAL;
	if (io->flags & KVM2_DETACH)
		args.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
	if (io->flags & KVM2_IO_PORTS)
		args.flags |= KVM_IOEVENTFD_FLAG_PIO;
	if (io->flags & KVM2_IO_DATAMATCH) {
		args.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
		args.datamatch = io->datamatch;
	}
	r = kvm_ioeventfd(vm->kvm, &args);
	if (!r && io->flags & KVM2_IO_PORTS)
		count_fast(vm->io, 0, io->flags & KVM2_DETACH ? -1 : 1);
	return r;
}

/* Flags that a type has, besides DETACH and PORTS. */
static const u32 flags_of[] = {
	[KVM2_IO_EVENTFD]	= KVM2_IO_DATAMATCH,
	[KVM2_IO_SOCKET]	= KVM2_IO_POSTED | KVM2_IO_BATCHED,
	[KVM2_IO_BPF]		= 0,
};

int kvm2_io_attach(struct kvm2_vm *vm, const struct kvm2_io *io)
{
	int r;

	if (io->type < KVM2_IO_EVENTFD || io->type > KVM2_IO_BPF ||
	    io->flags & ~(flags_of[io->type] | KVM2_DETACH | KVM2_IO_PORTS) ||
	    (io->datamatch && !(io->flags & KVM2_IO_DATAMATCH)) ||
	    (io->flags & KVM2_IO_BATCHED && !(io->flags & KVM2_IO_POSTED)))
		return -EINVAL;
	if (vm->kvm->vm_dead)
		return -EIO;
	r = io->type == KVM2_IO_EVENTFD ? 0 : check_range(io);
	if (r)
		return r;
	if (mutex_lock_killable(&vm->io->lock))
		return -EINTR;
	if (io->type == KVM2_IO_EVENTFD)
		r = attach_eventfd(vm, io);
	else if (io->flags & KVM2_DETACH)
		r = detach_range(vm, io);
	else
		r = attach_range(vm, io);
	mutex_unlock(&vm->io->lock);
	return r;
}

int kvm2_io_create(struct kvm2_vm *vm)
{
	struct kvm2_io_table *table = kzalloc(sizeof(*table),
					      GFP_KERNEL_ACCOUNT);

	if (!table)
		return -ENOMEM;
	mutex_init(&table->lock);
	mt_init_flags(&table->ranges[0], MT_FLAGS_USE_RCU);
	mt_init_flags(&table->ranges[1], MT_FLAGS_USE_RCU);
	INIT_LIST_HEAD(&table->links);
	vm->io = table;
	return 0;
}

/* The vcpus are gone. */
void kvm2_io_destroy(struct kvm2_vm *vm)
{
	struct kvm2_range *range;
	int i;

	if (!vm->io)
		return;
	for (i = 0; i < ARRAY_SIZE(vm->io->ranges); i++) {
		unsigned long index = 0;

		mt_for_each(&vm->io->ranges[i], range, index, ULONG_MAX)
			detach(range);
		mtree_destroy(&vm->io->ranges[i]);
	}
	kfree(vm->io);
}

struct kvm2_vcpu_io *kvm2_vcpu_io_create(void)
{
	struct kvm2_vcpu_io *io = kzalloc(sizeof(*io), GFP_KERNEL_ACCOUNT);

	if (!io)
		return NULL;
	INIT_LIST_HEAD(&io->access.node);
	INIT_LIST_HEAD(&io->flush.node);
	io->access.data = io->data;
	return io;
}

static void forget(struct kvm2_vcpu_io *io)
{
	kvm2_io_link_forget(&io->access);
	kvm2_io_link_forget(&io->flush);
	io->abandoned = false;
	io->state = KVM2_IO_IDLE;
}

void kvm2_vcpu_io_destroy(struct kvm2_vcpu *v)
{
	if (!v->io)
		return;
	forget(v->io);
	kfree(v->io);
}

/* ---- the vcpu thread ---- */

/* A socket after @serial with posted writes, but @except, with a reference. */
static struct kvm2_io_link *get_posted(struct kvm2_vm *vm, u64 serial,
				       const struct kvm2_io_link *except)
{
	struct kvm2_io_link *link, *found = NULL;

	if (!READ_ONCE(vm->io->nr_links))
		return NULL;
	rcu_read_lock();
	list_for_each_entry_rcu(link, &vm->io->links, node) {
		if (link->serial > serial && link != except &&
		    kvm2_io_link_has_posted(link) &&
		    kref_get_unless_zero(&link->link.kref)) {
			found = link;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

static void fill_access(struct kvm2_vcpu *v, const struct kvm2_range *range,
			bool ports, u64 address, u8 size, u32 count,
			bool is_write)
{
	bool posted = range->io.flags & KVM2_IO_POSTED;
	struct kvm2_xact *access = &v->io->access;

	access->link = kvm2_io_link_get(range->link);
	access->header = (struct kvm2_io_message) {
		.op = !is_write ? KVM2_IO_OP_READ :
		      posted ? KVM2_IO_OP_POSTED_WRITE : KVM2_IO_OP_WRITE,
		.ports = ports,
		.size = size,
		.address = address,
		.cookie = range->io.cookie,
		.count = count,
		.vcpu = v->id,
	};
	access->reply_bytes = is_write ? 0 : size * count;
}

/* Return: the access in vcpu->run belongs to a socket. */
static bool take_access(struct kvm2_vcpu *v)
{
	const struct kvm_run *run = v->vcpu->run;
	bool ports = run->exit_reason == KVM_EXIT_IO;
	u64 address = ports ? run->io.port : run->mmio.phys_addr;
	u8 size = ports ? run->io.size : run->mmio.len;
	u32 count = ports ? run->io.count : 1;
	bool is_write = ports ? run->io.direction == KVM_EXIT_IO_OUT :
				run->mmio.is_write;
	struct kvm2_range *range = get_range(v->vm, ports, address, size);

	if (!range)
		return false;
	/* The ranges of a link that has failed belong to nobody. */
	if (!range->link || (READ_ONCE(range->link->link.error) &&
			     test_bit(0, &range->link->reported))) {
		put_range(range);
		return false;
	}
	fill_access(v, range, ports, address, size, count, is_write);
	if (is_write)
		memcpy(v->io->data, ports ? v->vcpu->arch.pio_data :
					    (const void *)run->mmio.data,
		       size * count);
	put_range(range);
	return true;
}

bool __kvm2_io_claim(struct kvm2_vcpu *v)
{
	const struct kvm_run *run = v->vcpu->run;
	struct kvm2_vcpu_io *io = v->io;
	struct kvm2_io_link *other = NULL;
	bool taken = false;

	if (run->exit_reason == KVM_EXIT_IO ||
	    run->exit_reason == KVM_EXIT_MMIO)
		taken = take_access(v);

	/*
	 * A posted write need not wait for others: they are queues. A debug
	 * event tells user space nothing of what the guest has done.
	 */
	if (taken && io->access.header.op != KVM2_IO_OP_POSTED_WRITE)
		other = get_posted(v->vm, 0, io->access.link);
	else if (!taken && run->exit_reason != KVM_EXIT_DEBUG)
		other = get_posted(v->vm, 0, NULL);
	io->after = taken ? KVM2_IO_ACCESS : KVM2_IO_DELIVER;
	io->state = other ? KVM2_IO_FLUSH : io->after;
	io->flushed = 0;
	if (other)
		kvm2_io_link_put(other);
	else if (!taken)
		io->state = KVM2_IO_IDLE;
	return io->state != KVM2_IO_IDLE;
}

/* The first to notice tells the VMM. */
static void note_failure(struct kvm2_vcpu_io *io, struct kvm2_io_link *link,
			 u64 cookie)
{
	if (test_and_set_bit(0, &link->reported))
		return;
	io->report = true;
	io->failure.cookie = cookie;
	io->failure.error = READ_ONCE(link->link.error);
	io->failure.reserved = 0;
}

/*
 * One flush for each link is enough, and other vcpus that post without end
 * cannot keep this one here: what they post meanwhile comes after the exit.
 * Return: as kvm2_io_wait(); 0: nothing is left to flush.
 */
static int flush_all(struct kvm2_vcpu *v, bool may_wait)
{
	struct kvm2_vcpu_io *io = v->io;
	struct kvm2_xact *flush = &io->flush;
	int r;

	for (;;) {
		if (!flush->link) {
			flush->link = get_posted(v->vm, io->flushed,
						 io->access.link);
			if (!flush->link)
				return 0;
			flush->header = (struct kvm2_io_message) {
				.op = KVM2_IO_OP_FLUSH,
				.cookie = flush->link->cookie,
				.vcpu = v->id,
			};
		}
		r = kvm2_io_link_transact(v, flush, may_wait);
		if (r)
			return r;
		if (!flush->replied)
			note_failure(io, flush->link, flush->link->cookie);
		trace_kvm2_io_flush(v->vm->id, v->id, flush->header.cookie,
				    flush->header.id, flush->posted,
				    flush->sent ?
				    ktime_get_ns() - flush->start_ns : 0,
				    flush->replied ? 0 :
				    -READ_ONCE(flush->link->link.error));
		io->flushed = flush->link->serial;
		kvm2_io_link_forget(flush);
	}
}

/* Return: as kvm2_io_wait(). */
static int do_access(struct kvm2_vcpu *v, bool may_wait)
{
	struct kvm2_vcpu_io *io = v->io;
	struct kvm2_xact *access = &io->access;
	int r = kvm2_io_link_transact(v, access, may_wait);

	if (r)
		return r;
	io->state = access->replied ? KVM2_IO_DONE : KVM2_IO_DELIVER;
	if (!access->replied)
		note_failure(io, access->link, access->header.cookie);
	if (access->header.op != KVM2_IO_OP_POSTED_WRITE)
		trace_kvm2_io_reply(v->vm->id, v->id, access->header.cookie,
				    access->header.id, io->data,
				    access->replied ? access->reply_bytes : 0,
				    access->sent ?
				    ktime_get_ns() - access->start_ns : 0,
				    access->replied ? 0 :
				    -READ_ONCE(access->link->link.error));
	kvm2_io_link_forget(access);
	return 0;
}

int kvm2_io_wait(struct kvm2_vcpu *v, bool may_wait)
{
	struct kvm2_vcpu_io *io = v->io;
	int r;

	if (READ_ONCE(io->abandoned))
		forget(io);
	if (io->state == KVM2_IO_FLUSH) {
		r = flush_all(v, may_wait);
		if (r)
			return r;
		io->state = io->after;
	}
	if (io->state == KVM2_IO_ACCESS)
		return do_access(v, may_wait);
	return 0;
}

bool kvm2_io_finish(struct kvm2_vcpu *v)
{
	struct kvm2_vcpu_io *io = v->io;
	struct kvm_vcpu *vcpu = v->vcpu;
	bool done = io->state == KVM2_IO_DONE;

	if (io->abandoned || io->state == KVM2_IO_IDLE) {
		forget(io);
		return true;
	}
	if (done && io->access.reply_bytes) {
		if (vcpu->run->exit_reason == KVM_EXIT_IO)
			memcpy(vcpu->arch.pio_data, io->data,
			       io->access.reply_bytes);
		else
			memcpy(vcpu->run->mmio.data, io->data,
			       io->access.reply_bytes);
	}
	io->state = KVM2_IO_IDLE;
	return done;
}
