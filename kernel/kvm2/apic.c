// SPDX-License-Identifier: GPL-2.0
/*
 * The local APICs and what is connected to them: the bus, which is a socket,
 * and the pins LINT0 and LINT1 of each vcpu.
 *
 * Inwards, a work item reads the bus as long as there is something to read.
 * Outwards, the vcpu thread sends. KVM leaves the guest for that, in two
 * cases: the guest has served a level interrupt (EOI), or LINT0 is high in
 * ExtINT mode and the vcpu can take an interrupt (INTA). Such an exit is
 * noted in v->inta. What cannot be done at once is done, or waited for, before
 * the next entry, without any lock: so a signal ends the wait, and the next
 * call goes on with it.
 */
#include "apic.h"

#include <linux/kvm_host.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <trace/events/kvm2.h>

#include "glue.h"
#include "irq.h"
#include "kvm2.h"
#include "lapic.h"
#include "link.h"
#include "x86.h"

/* One work item reads no more, so that nobody can occupy a worker for ever. */
#define MESSAGES_AT_ONCE	64

struct bus {
	struct kvm2_link link;
	struct kvm2_vm *vm;
	struct work_struct work;
	struct rcu_head rcu;
};

/**
 * struct kvm2_apic - of a VM
 * @lock:	one attach or detach at a time
 * @bus:	NULL for none
 */
struct kvm2_apic {
	struct mutex lock;
	struct bus __rcu *bus;
	struct kvm2_routes *routes;
};

static struct bus *get_bus(struct kvm2_vm *vm)
{
	struct bus *bus;

	rcu_read_lock();
	bus = rcu_dereference(vm->apic->bus);
	if (bus && !kref_get_unless_zero(&bus->link.kref))
		bus = NULL;
	rcu_read_unlock();
	return bus;
}

static void release_bus(struct kref *kref)
{
	struct bus *bus = container_of(kref, struct bus, link.kref);

	kvm2_link_fini(&bus->link);
	kfree_rcu(bus, rcu);
}

static void put_bus(struct bus *bus)
{
	kref_put(&bus->link.kref, release_bus);
}

/* ---- in: pins ---- */

static void wake_vcpu(struct kvm_vcpu *vcpu)
{
	kvm_make_request(KVM_REQ_UNBLOCK, vcpu);
	kvm_vcpu_kick(vcpu);
}

/*
 * KVM looks at this wish whenever the vcpu could take an interrupt, and
 * leaves the guest when its APIC lets LINT0 through as ExtINT.
 * Context: lint_lock held.
 */
static void update_window(struct kvm2_vcpu *v)
{
	bool wish = v->lint[0] || v->extint;

	if (v->vcpu->run->request_interrupt_window == wish)
		return;
	WRITE_ONCE(v->vcpu->run->request_interrupt_window, wish);
	if (wish)
		wake_vcpu(v->vcpu);
}

static int rising_edge(struct kvm2_vcpu *v, unsigned int pin)
{
	struct kvm_lapic *apic = v->vcpu->arch.apic;

	if (kvm_apic_hw_enabled(apic))
		return kvm_apic_local_deliver(apic, pin ? APIC_LVT1 : APIC_LVT0);
	if (pin) {
		kvm_inject_nmi(v->vcpu);
		kvm_vcpu_kick(v->vcpu);
	}
	/* Pin 0 without an APIC is INTR: see update_window(). */
	return pin;
}

static int set_pin(struct kvm2_vm *vm, const struct kvm2_apic_message *message)
{
	struct kvm2_vcpu *v = xa_load(&vm->vcpus, message->dest);
	bool level = message->flags & KVM2_APIC_ASSERT;
	bool rises;
	int r = 0;

	if (message->pin > 1 || message->flags & ~KVM2_APIC_ASSERT)
		return -EINVAL;
	if (!v)
		return -ENOENT;

	spin_lock(&v->lint_lock);
	rises = level && !v->lint[message->pin];
	v->lint[message->pin] = level;
	if (message->pin == 0)
		update_window(v);
	spin_unlock(&v->lint_lock);
	if (rises)
		r = rising_edge(v, message->pin);
	trace_kvm2_lint(vm->id, v->id, message->pin, level, r);
	return r;
}

/* An ExtINT message: the INTA that follows ends it. */
static int raise_extint(struct kvm2_vm *vm,
			const struct kvm2_apic_message *message)
{
	bool logical = message->flags & KVM2_APIC_LOGICAL;
	struct kvm2_vcpu *v;
	unsigned long id;
	int n = 0;

	xa_for_each(&vm->vcpus, id, v) {
		if (!kvm_apic_match_dest(v->vcpu, NULL, APIC_DEST_NOSHORT,
					 message->dest,
					 kvm_lapic_irq_dest_mode(logical)))
			continue;
		spin_lock(&v->lint_lock);
		n += !v->extint;
		v->extint = true;
		update_window(v);
		spin_unlock(&v->lint_lock);
	}
	return n;
}

/* ---- in: interrupts ---- */

static int deliver(struct kvm2_vm *vm, const struct kvm2_apic_message *message)
{
	bool logical = message->flags & KVM2_APIC_LOGICAL;
	bool level = message->flags & KVM2_APIC_LEVEL;
	struct kvm_lapic_irq irq = {
		.vector = message->vector,
		.delivery_mode = message->mode << 8,
		.dest_mode = kvm_lapic_irq_dest_mode(logical),
		.level = true,
		.trig_mode = level,
		.shorthand = APIC_DEST_NOSHORT,
		.dest_id = message->dest,
	};
	int r;

	BUILD_BUG_ON(KVM2_DELIVERY_LOWEST << 8 != APIC_DM_LOWEST);
	BUILD_BUG_ON(KVM2_DELIVERY_SMI << 8 != APIC_DM_SMI);
	BUILD_BUG_ON(KVM2_DELIVERY_NMI << 8 != APIC_DM_NMI);
	BUILD_BUG_ON(KVM2_DELIVERY_INIT << 8 != APIC_DM_INIT);
	BUILD_BUG_ON(KVM2_DELIVERY_STARTUP << 8 != APIC_DM_STARTUP);

	if (message->pin || message->flags & ~KVM2_APIC_FLAGS)
		return -EINVAL;
	switch (message->mode) {
	case KVM2_DELIVERY_FIXED:
	case KVM2_DELIVERY_LOWEST:
		if (message->vector < KVM2_FIRST_VECTOR)
			return -EINVAL;
		if (level) {
			r = kvm2_routes_add_level(vm->apic->routes,
						  message->vector);
			if (r)
				return r;
		}
		break;
	case KVM2_DELIVERY_INIT:
		irq.level = !level || message->flags & KVM2_APIC_ASSERT;
		break;
	case KVM2_DELIVERY_SMI:
	case KVM2_DELIVERY_NMI:
	case KVM2_DELIVERY_STARTUP:
		break;
	case KVM2_DELIVERY_EXTINT:
		return raise_extint(vm, message);
	default:
		return -EINVAL;
	}
	r = kvm_irq_delivery_to_apic(vm->kvm, NULL, &irq, NULL);
	return max(r, 0);
}

/* ---- in: the answer to an INTA ---- */

static int take_vector(struct kvm2_vm *vm,
		       const struct kvm2_apic_message *message,
		       struct kvm2_link *link)
{
	struct kvm2_vcpu *v = xa_load(&vm->vcpus, message->dest);
	int r = -ENOENT;

	if (message->pin || message->mode || message->flags)
		return -EINVAL;
	if (!v)
		return r;
	spin_lock(&v->lint_lock);
	if (v->inta.state == KVM2_INTA_SENT && v->inta.id == message->id) {
		v->inta.vector = message->vector;
		WRITE_ONCE(v->inta.state, KVM2_INTA_DONE);
		r = 1;
	}
	spin_unlock(&v->lint_lock);
	if (r > 0)
		wake_up_all(&link->wait);
	return r;
}

/* @link: the bus that it came by, NULL for kvm_apic_message() */
static int take_message(struct kvm2_vm *vm,
			const struct kvm2_apic_message *message,
			struct kvm2_link *link)
{
	int r = -EINVAL;

	if (message->reserved)
		goto out;
	switch (message->type) {
	case KVM2_APIC_INTERRUPT:
		r = deliver(vm, message);
		break;
	case KVM2_APIC_LINT:
		r = set_pin(vm, message);
		break;
	case KVM2_APIC_VECTOR:
		if (link)
			r = take_vector(vm, message, link);
		break;
	}
out:
	trace_kvm2_apic_bus(vm->id, false, message, r);
	return r;
}

bool kvm2_apic_can_deliver(struct kvm2_vm *vm,
			   const struct kvm2_apic_message *message)
{
	return message->type != KVM2_APIC_INTERRUPT ||
	       !(message->flags & KVM2_APIC_LEVEL) ||
	       kvm2_routes_has_level(vm->apic->routes, message->vector);
}

int kvm2_apic_message(struct kvm2_vm *vm,
		      const struct kvm2_apic_message *message)
{
	if (vm->kvm->vm_dead)
		return -EIO;
	return take_message(vm, message, NULL);
}

/* ---- the bus ---- */

/*
 * A record that is no message ends the bus: who sends such things cannot be
 * trusted with interrupts. A message that names nobody is only lost.
 */
static void read_bus(struct work_struct *work)
{
	struct bus *bus = container_of(work, struct bus, work);
	struct kvm2_apic_message message;
	int i, r;

	mutex_lock(&bus->link.read_lock);
	for (i = 0; i < MESSAGES_AT_ONCE; i++) {
		r = kvm2_link_receive(&bus->link, &message, sizeof(message));
		if (r < 0)
			goto out;
		if (r == sizeof(message))
			r = take_message(bus->vm, &message, &bus->link);
		else
			r = -EINVAL;
		if (r == -EINVAL) {
			kvm2_link_fail(&bus->link, EPROTO);
			goto out;
		}
	}
	queue_work(system_highpri_wq, work);
out:
	mutex_unlock(&bus->link.read_lock);
}

static void wake_bus(struct kvm2_link *link)
{
	struct bus *bus = container_of(link, struct bus, link);

	queue_work(system_highpri_wq, &bus->work);
}

static int attach_bus(struct kvm2_vm *vm, int fd)
{
	struct kvm2_apic *apic = vm->apic;
	struct bus *bus = kzalloc(sizeof(*bus), GFP_KERNEL_ACCOUNT);
	int r;

	if (!bus)
		return -ENOMEM;
	bus->vm = vm;
	INIT_WORK(&bus->work, read_bus);

	mutex_lock(&apic->lock);
	r = -EBUSY;
	if (rcu_access_pointer(apic->bus))
		goto err_unlock;
	r = kvm2_link_init(&bus->link, fd, wake_bus);
	if (r)
		goto err_unlock;
	rcu_assign_pointer(apic->bus, bus);
	mutex_unlock(&apic->lock);
	/* What is there already wakes nobody. */
	wake_bus(&bus->link);
	return 0;

err_unlock:
	mutex_unlock(&apic->lock);
	kfree(bus);
	return r;
}

static int detach_bus(struct kvm2_vm *vm)
{
	struct kvm2_apic *apic = vm->apic;
	struct bus *bus;

	mutex_lock(&apic->lock);
	bus = rcu_dereference_protected(apic->bus,
					lockdep_is_held(&apic->lock));
	RCU_INIT_POINTER(apic->bus, NULL);
	if (bus) {
		/* First the callback, then the work: it queues the work. */
		kvm2_link_stop(&bus->link);
		cancel_work_sync(&bus->work);
		put_bus(bus);
	}
	mutex_unlock(&apic->lock);
	return bus ? 0 : -ENOENT;
}

int kvm2_apic_attach(struct kvm2_vm *vm, const struct kvm2_irq *irq)
{
	bool detach = irq->flags & KVM2_DETACH;

	switch (irq->type) {
	case KVM2_IRQ_BUS:
		if (irq->data || irq->address || (detach && irq->fd != -1))
			return -EINVAL;
		return detach ? detach_bus(vm) : attach_bus(vm, irq->fd);
	case KVM2_IRQ_MSI:
		return detach ? kvm2_routes_detach_msi(vm->apic->routes,
						       irq->fd) :
				kvm2_routes_attach_msi(vm->apic->routes,
						       irq->fd, irq->address,
						       irq->data);
	}
	return -EINVAL;
}

int kvm2_apic_create(struct kvm2_vm *vm)
{
	struct kvm2_apic *apic = kzalloc(sizeof(*apic), GFP_KERNEL_ACCOUNT);

	if (!apic)
		return -ENOMEM;
	mutex_init(&apic->lock);
	apic->routes = kvm2_routes_create(vm->kvm);
	if (!apic->routes) {
		kfree(apic);
		return -ENOMEM;
	}
	vm->apic = apic;
	return 0;
}

void kvm2_apic_destroy(struct kvm2_vm *vm)
{
	if (!vm->apic)
		return;
	detach_bus(vm);
	kvm2_routes_destroy(vm->apic->routes);
	kfree(vm->apic);
}

/* ---- out: the vcpu thread ---- */

/* Return: 0; -EAGAIN; another errno: the bus has failed. */
static int send(struct kvm2_vcpu *v, struct bus *bus, u16 type, u8 vector,
		u32 id)
{
	const struct kvm2_apic_message message = {
		.type = type, .vector = vector, .dest = v->id, .id = id,
	};
	int r = kvm2_link_send(&bus->link, &message, sizeof(message), NULL, 0);

	if (r != -EAGAIN)
		trace_kvm2_apic_bus(v->vm->id, true, &message, r);
	return r;
}

static void set_inta(struct kvm2_vcpu *v, u32 state)
{
	spin_lock(&v->lint_lock);
	WRITE_ONCE(v->inta.state, state);
	spin_unlock(&v->lint_lock);
}

/* Return: 0 nothing is left to send; -EAGAIN no room; another: it failed. */
static int send_all(struct kvm2_vcpu *v, struct bus *bus)
{
	int r;

	if (v->inta.eoi >= 0) {
		r = send(v, bus, KVM2_APIC_EOI, v->inta.eoi, 0);
		if (r)
			return r;
		v->inta.eoi = -1;
	}
	if (v->inta.state == KVM2_INTA_WANTED) {
		/* The answer may be here before send() returns. */
		set_inta(v, KVM2_INTA_SENT);
		r = send(v, bus, KVM2_APIC_INTA, 0, v->inta.id);
		if (r) {
			set_inta(v, KVM2_INTA_WANTED);
			return r;
		}
	}
	return 0;
}

static bool was_level(struct kvm_vcpu *vcpu, u8 vector)
{
	u32 tmr = kvm_lapic_get_reg(vcpu->arch.apic,
				    APIC_TMR + vector / 32 * 0x10);

	return tmr & BIT(vector % 32);
}

bool __kvm2_apic_claim(struct kvm2_vcpu *v)
{
	const struct kvm_run *run = v->vcpu->run;
	struct bus *bus;

	switch (run->exit_reason) {
	case KVM_EXIT_IOAPIC_EOI:
		/* A vector that once was level triggered, and is so no more. */
		if (!was_level(v->vcpu, run->eoi.vector))
			return true;
		v->inta.eoi = run->eoi.vector;
		break;
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		/* The pin may have gone down in the meantime. */
		if (!READ_ONCE(run->request_interrupt_window))
			return true;
		v->inta.id++;
		set_inta(v, KVM2_INTA_WANTED);
		break;
	default:
		return false;
	}
	bus = get_bus(v->vm);
	if (bus) {
		send_all(v, bus);
		put_bus(bus);
	}
	return true;
}

static bool has_answer(const struct kvm2_vcpu *v)
{
	return v->inta.eoi < 0 && READ_ONCE(v->inta.state) != KVM2_INTA_WANTED &&
	       READ_ONCE(v->inta.state) != KVM2_INTA_SENT;
}

static int wait_bus(struct kvm2_vcpu *v, struct bus *bus, bool may_wait)
{
	struct kvm2_link *link = &bus->link;
	int r;

	for (;;) {
		r = send_all(v, bus);
		if (r && r != -EAGAIN)
			return 0;
		if (has_answer(v))
			return 0;
		if (!may_wait)
			return -EAGAIN;
		if (r)
			r = wait_event_interruptible(link->wait,
						     kvm2_link_can_send(link));
		else
			r = wait_event_interruptible(link->wait,
					has_answer(v) ||
					READ_ONCE(link->error));
		if (r)
			return r;
		if (READ_ONCE(link->error))
			return 0;
	}
}

int kvm2_apic_wait(struct kvm2_vcpu *v, bool may_wait)
{
	struct bus *bus;
	int r = 0;

	if (has_answer(v))
		return 0;
	bus = get_bus(v->vm);
	if (bus) {
		r = wait_bus(v, bus, may_wait);
		put_bus(bus);
	}
	return r;
}

u32 kvm2_apic_error(struct kvm2_vcpu *v)
{
	struct bus *bus = get_bus(v->vm);
	u32 error = 0;

	if (bus) {
		error = READ_ONCE(bus->link.error);
		put_bus(bus);
	}
	return error;
}

void kvm2_apic_reply(struct kvm2_vcpu *v, u32 vector)
{
	struct kvm_vcpu *vcpu = v->vcpu;

	spin_lock(&v->lint_lock);
	WRITE_ONCE(v->inta.state, KVM2_INTA_NONE);
	v->extint = false;
	update_window(v);
	spin_unlock(&v->lint_lock);
	if (vector > U8_MAX || vcpu->arch.pending_external_vector != -1)
		return;
	vcpu->arch.pending_external_vector = vector;
	kvm_make_request(KVM_REQ_EVENT, vcpu);
}

bool kvm2_apic_finish(struct kvm2_vcpu *v)
{
	if (v->inta.eoi >= 0)
		return false;
	switch (v->inta.state) {
	case KVM2_INTA_WANTED:
	case KVM2_INTA_SENT:
		return false;
	case KVM2_INTA_DONE:
		kvm2_apic_reply(v, v->inta.vector);
		break;
	}
	return true;
}
