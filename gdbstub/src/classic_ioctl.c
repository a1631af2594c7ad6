// SPDX-License-Identifier: GPL-2.0
/*
 * Ioctls of a VMM's vcpus. What KVM leaves in struct kvm_run at every exit is
 * taken from there, all else the vcpu's own thread asks for.
 */
#include "classic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "vmm_memory.h"
#include "x86.h"

/* In the vcpu's thread, which stands. */
static int make_ioctl(struct classic_vcpu *vcpu, unsigned long request, void *argument,
		      size_t size, size_t pointer_offset, unsigned long value)
{
	struct inject *inject = &vcpu->target->inject;
	uint64_t arguments[6] = { (uint64_t)vcpu->fd, request, value };
	uint64_t data;
	long ret;
	int err;

	if (vcpu->base.thread.state != THREAD_STOPPED || size > INJECT_DATA_BYTES)
		return vcpu->base.thread.state != THREAD_STOPPED ? -ESRCH : -E2BIG;
	err = inject_prepare(inject, &vcpu->base.thread);
	if (err)
		return err;
	data = inject_data(inject);
	if (argument) {
		arguments[2] = data;
		if (pointer_offset) {
			const uint64_t pointed = data + size - sizeof(uint64_t);

			memcpy((char *)argument + pointer_offset, &pointed, sizeof(pointed));
		}
		err = vmm_poke(inject->pid, data, argument, size);
		if (err)
			return err;
	}
	ret = inject_call(inject, &vcpu->base.thread, SYS_ioctl, arguments);
	if (argument && (_IOC_DIR(request) & _IOC_READ || pointer_offset) && ret >= 0) {
		err = vmm_peek(inject->pid, data, argument, size);
		if (err)
			return err;
	}
	return (int)ret;
}

/* Of those that KVM leaves in struct kvm_run. Return: it was one. */
static bool take_synced(const struct classic_vcpu *vcpu, unsigned long request,
			void *argument)
{
	const struct kvm_sync_regs *regs = &vcpu->run->s.regs;

	if (!vcpu->is_current)
		return false;
	switch (request) {
	case KVM_GET_REGS:
		memcpy(argument, &regs->regs, sizeof(regs->regs));
		/* As KVM hides it, also before it has taken what was written. */
		if (vcpu->steps)
			((struct kvm_regs *)argument)->rflags &= ~RFLAGS_TF;
		return true;
	case KVM_GET_SREGS2: {
		struct kvm_sregs2 *sregs = argument;
		const struct kvm_sregs *from = &regs->sregs;

		/* Only with PAE tables are there PDPTRs, which it lacks. */
		if (from->cr0 & 1ULL << 31 && from->cr4 & 1ULL << 5 && !(from->efer & 1ULL << 10))
			return false;
		memset(sregs, 0, sizeof(*sregs));
		memcpy(sregs, from, offsetof(struct kvm_sregs2, flags));
		return true;
	}
	case KVM_GET_VCPU_EVENTS:
		memcpy(argument, &regs->events, sizeof(regs->events));
		return true;
	default:
		return false;
	}
}

_Static_assert(offsetof(struct kvm_sregs2, apic_base) == offsetof(struct kvm_sregs, apic_base),
	       "the first members are the same");

/* Registers that KVM shall take from struct kvm_run when it is entered next. Return: it will. */
static bool give_synced(struct classic_vcpu *vcpu, unsigned long request, const void *argument)
{
	if (!vcpu->is_current || !vcpu->runs_again || request != KVM_SET_REGS)
		return false;
	memcpy(&vcpu->run->s.regs.regs, argument, sizeof(vcpu->run->s.regs.regs));
	vcpu->gives_regs = true;
	vcpu->run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
	return true;
}

/*
 * What follows may depend on registers that KVM does not have yet. That may be so also of a vcpu that was let go: it was
 * held again before its thread had come to KVM_RUN, which would take a step's trap flag for the guest's when the step is
 * not in force any more.
 */
static int flush_synced(struct classic_vcpu *vcpu)
{
	struct kvm_regs regs = vcpu->run->s.regs.regs;
	int ret;

	if (!vcpu->gives_regs || !(vcpu->run->kvm_dirty_regs & KVM_SYNC_X86_REGS))
		return 0;
	ret = make_ioctl(vcpu, KVM_SET_REGS, &regs, sizeof(regs), 0, 0);
	if (ret < 0)
		return ret;
	vcpu->run->kvm_dirty_regs &= ~(uint64_t)KVM_SYNC_X86_REGS;
	vcpu->gives_regs = false;
	return ret;
}

/* CPUID hardly ever changes, and is asked for with every vector register. */
static int get_cpuid(struct classic_vcpu *vcpu, void *argument, size_t size)
{
	int ret;

	if (vcpu->cpuid && vcpu->cpuid_bytes == size) {
		memcpy(argument, vcpu->cpuid, size);
		return 0;
	}
	ret = make_ioctl(vcpu, KVM_GET_CPUID2, argument, size, 0, 0);
	if (ret < 0)
		return ret;
	free(vcpu->cpuid);
	vcpu->cpuid = malloc(size);
	vcpu->cpuid_bytes = size;
	if (vcpu->cpuid)
		memcpy(vcpu->cpuid, argument, size);
	return ret;
}

int classic_ioctl(void *context, unsigned long request, void *argument, size_t size,
		  size_t pointer_offset, unsigned long value)
{
	struct classic_vcpu *vcpu = context;
	int ret;

	if (argument && (take_synced(vcpu, request, argument) || give_synced(vcpu, request, argument)))
		return 0;
	if (request == KVM_GET_CPUID2)
		return get_cpuid(vcpu, argument, size);
	if (request == KVM_SET_CPUID2) {
		free(vcpu->cpuid);
		vcpu->cpuid = NULL;
	}
	ret = flush_synced(vcpu);
	if (ret < 0)
		return ret;
	/* Whatever it writes, the copy may be the former state now. */
	if (_IOC_DIR(request) == _IOC_WRITE && request != KVM_SET_GUEST_DEBUG)
		vcpu->is_current = false;
	return make_ioctl(vcpu, request, argument, size, pointer_offset, value);
}
