// SPDX-License-Identifier: LGPL-2.1
/* Vcpus on the classic ioctls: created, parked, adopted, entered. */
#include "classic.h"
#include "exit_classic.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What KVM_SET_SIGNAL_MASK reads: its header has no room for the set. */
struct signal_mask {
	struct kvm_signal_mask header;
	uint64_t set;
} __attribute__((packed));

_Static_assert(sizeof(struct signal_mask) == sizeof(uint32_t) + KVM2_SIGSET_SIZE, "layout");

/* Make room in the list, and the vcpu. Context: machine->lock held. */
static int new_vcpu(struct machine_classic *machine, uint32_t id,
		    struct vcpu_classic **vcpu)
{
	struct vcpu_classic *created = calloc(1, sizeof(*created));
	int ret;

	if (!created)
		return -ENOMEM;
	ret = classic_ioctl_value(machine->vm_fd, KVM_CREATE_VCPU, id);
	if (ret < 0)
		goto err_free;
	created->fd = ret;
	created->area = mmap(NULL, machine->area_bytes, PROT_READ | PROT_WRITE,
			     MAP_SHARED, created->fd, 0);
	if (created->area == MAP_FAILED) {
		ret = -errno;
		/* KVM has it for good, under an id that now cannot be reached. */
		close(created->fd);
		goto err_free;
	}
	created->base.id = id;
	created->machine = machine;
	created->next = machine->vcpus;
	machine->vcpus = created;
	*vcpu = created;
	return 0;

err_free:
	free(created);
	return ret;
}

static int create_locked(struct machine_classic *machine, uint32_t id,
			 uint32_t flags, struct vcpu_classic **vcpu)
{
	struct vcpu_classic *found = NULL;
	struct vcpu_classic *v;

	for (v = machine->vcpus; v; v = v->next) {
		if (v->tid == gettid())
			return -EBUSY;
		if (v->base.id == id)
			found = v;
	}
	if (!found)
		return new_vcpu(machine, id, vcpu);
	if (found->tid || flags & KVM2_VCPU_NEW)
		return -EEXIST;
	*vcpu = found;
	return 1;
}

int kvm2_classic_vcpu_create(struct kvm2_machine *base, uint32_t id,
			     uint32_t flags, struct kvm2_vcpu **vcpu)
{
	struct machine_classic *machine = classic_machine_of(base);
	struct vcpu_classic *created = NULL;
	int ret;

	if (flags & ~KVM2_VCPU_FLAGS)
		return -EINVAL;
	pthread_mutex_lock(&machine->lock);
	ret = create_locked(machine, id, flags, &created);
	if (ret >= 0) {
		created->tid = gettid();
		created->kicked = 0;
		*vcpu = &created->base;
	}
	pthread_mutex_unlock(&machine->lock);
	return ret;
}

void kvm2_classic_vcpu_destroy(struct kvm2_vcpu *base)
{
	struct vcpu_classic *vcpu = classic_vcpu_of(base);

	pthread_mutex_lock(&vcpu->machine->lock);
	vcpu->tid = 0;
	pthread_mutex_unlock(&vcpu->machine->lock);
}

void kvm2_classic_vcpus_free(struct machine_classic *machine)
{
	struct vcpu_classic *vcpu;

	while ((vcpu = machine->vcpus)) {
		machine->vcpus = vcpu->next;
		munmap(vcpu->area, machine->area_bytes);
		close(vcpu->fd);
		free(vcpu);
	}
}

/* KVM keeps a mask until it is told another: tell it only changes. */
static int apply_mask(struct vcpu_classic *vcpu, const sigset_t *mask)
{
	struct signal_mask request = { .header.len = KVM2_SIGSET_SIZE };
	int ret;

	if (!mask && !vcpu->has_mask)
		return 0;
	if (mask) {
		memcpy(&request.set, mask, sizeof(request.set));
		if (vcpu->has_mask && vcpu->mask == request.set)
			return 0;
	}
	ret = classic_ioctl(vcpu->fd, KVM_SET_SIGNAL_MASK, mask ? &request.header : NULL);
	if (ret < 0)
		return ret;
	vcpu->has_mask = mask;
	vcpu->mask = request.set;
	return 0;
}

/* Exits that the kvm2 kernel consumes, or that no event causes. */
static bool is_internal(const struct kvm_run *area)
{
	return area->exit_reason == KVM_EXIT_IOAPIC_EOI ||
	       area->exit_reason == KVM_EXIT_IRQ_WINDOW_OPEN;
}

static int run_once(const struct vcpu_classic *vcpu)
{
	int ret;

	do {
		vcpu->area->exit_reason = KVM_EXIT_UNKNOWN;
		vcpu->area->hw.hardware_exit_reason = 0;
		ret = classic_ioctl_value(vcpu->fd, KVM_RUN, 0);
		/* -EAGAIN: an AP woke up from INIT; it may run now. */
	} while (ret == -EAGAIN || (ret == 0 && is_internal(vcpu->area)));
	return ret;
}

int kvm2_classic_enter(struct kvm2_vcpu *base, struct kvm2_run *run,
		       const sigset_t *mask)
{
	struct vcpu_classic *vcpu = classic_vcpu_of(base);
	int ret;

	if (run->flags & ~KVM2_RUN_FLAGS)
		return -EINVAL;
	ret = apply_mask(vcpu, mask);
	if (ret < 0)
		return ret;
	if (vcpu->pending) {
		kvm2_reply_to_classic(vcpu->pending, run, vcpu->area);
		vcpu->pending = 0;
	}
	vcpu->event.exception = 0;

	/* A handler that runs after the store sets immediate_exit itself. */
	vcpu->area->immediate_exit = (run->flags & KVM2_RUN_IMMEDIATE_EXIT) != 0;
	atomic_signal_fence(memory_order_seq_cst);
	if (vcpu->kicked)
		vcpu->area->immediate_exit = 1;

	vcpu->has_run |= !vcpu->area->immediate_exit;
	ret = run_once(vcpu);
	switch (ret) {
	case 0:
		vcpu->pending = kvm2_exit_from_classic(vcpu->area, run);
		if (run->exit_reason == KVM2_EXIT_DEBUG)
			vcpu->event = run->debug;
		break;
	case -EFAULT:
	case -EHWPOISON:
		kvm2_exit_memory_fault(vcpu->area, run);
		ret = 0;
		break;
	case -EINTR:
		vcpu->kicked = 0;
		break;
	}
	return ret;
}

/* An access may be split into several exits: so many at most. */
#define EXITS_MAX	32

int kvm2_classic_complete(struct vcpu_classic *vcpu)
{
	int ret = 0;

	vcpu->area->immediate_exit = 1;
	for (int i = 0; i < EXITS_MAX && ret == 0; i++)
		ret = run_once(vcpu);
	vcpu->pending = 0;
	return ret == -EINTR ? 0 : ret < 0 ? ret : -EIO;
}

void kvm2_classic_kick(struct kvm2_vcpu *base)
{
	struct vcpu_classic *vcpu = classic_vcpu_of(base);

	vcpu->kicked = 1;
	atomic_signal_fence(memory_order_seq_cst);
	vcpu->area->immediate_exit = 1;
}
