/* SPDX-License-Identifier: LGPL-2.1 */
/* Machines and vcpus on the ioctls of /dev/kvm: what their files share. */
#ifndef KVM2_CLASSIC_H
#define KVM2_CLASSIC_H

#include "machine.h"
#include "map_plan.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <errno.h>

/* Address spaces of a VM: ordinary, and that of SMM where KVM has one. */
#define NR_SPACES_MAX	2

struct vcpu_classic;
struct kvm2_remote;

/**
 * struct machine_classic - a VM
 * @kvm_fd:	/dev/kvm, for what only that tells
 * @lock:	guards the members below
 * @vcpus:	all that were ever created, in use or parked; owned
 * @slots:	the memory map, sorted by address; owned
 * @map_is_lost: undoing failed: nobody knows what the map is
 */
struct machine_classic {
	struct kvm2_machine base;
	int kvm_fd;
	int vm_fd;
	unsigned int nr_spaces;
	uint32_t max_slots;
	size_t area_bytes;	/* of a vcpu's struct kvm_run */
	size_t xsave_bytes;
	pthread_mutex_t lock;
	struct vcpu_classic *vcpus;
	struct kvm2_slot *slots;
	size_t nr_slots;
	bool map_is_lost;
};

/**
 * struct vcpu_classic - a vcpu, in use or parked
 * @next:	list of machine->vcpus
 * @area:	the structure that KVM_RUN fills, mapped
 * @tid:	the thread that uses it; 0: parked
 * @kicked:	also written by signal handlers of that thread
 * @has_mask, @mask: what KVM_SET_SIGNAL_MASK was told
 * @has_run:	the guest may have been entered: CPUID is frozen
 * @pending:	enum kvm2_exit_reason whose reply the next entry reads; 0: none
 * @debug_control, @debug_breakpoints, @debug_dr7: what KVM_SET_GUEST_DEBUG was
 *		told, as the registers of set GUEST_DEBUG
 * @event:	the last debug event, exception 0: none
 * @remote:	who makes the ioctls, for a vcpu of another process; else NULL
 */
struct vcpu_classic {
	struct kvm2_vcpu base;
	struct machine_classic *machine;
	struct vcpu_classic *next;
	int fd;
	struct kvm_run *area;
	pid_t tid;
	volatile sig_atomic_t kicked;
	bool has_mask;
	uint64_t mask;
	bool has_run;
	uint32_t pending;
	uint32_t debug_control;
	uint64_t debug_breakpoints[4];
	uint64_t debug_dr7;
	struct kvm2_debug_event event;
	struct kvm2_remote *remote;
};

static inline struct machine_classic *classic_machine_of(struct kvm2_machine *base)
{
	return container_of(base, struct machine_classic, base);
}

static inline struct vcpu_classic *classic_vcpu_of(struct kvm2_vcpu *base)
{
	return container_of(base, struct vcpu_classic, base);
}

/* An ioctl with errno as the return value. */
static inline int classic_ioctl(int fd, unsigned long request, void *argument)
{
	int ret = ioctl(fd, request, argument);

	return ret < 0 ? -errno : ret;
}

/* The same for requests that take a number, or nothing (0). */
static inline int classic_ioctl_value(int fd, unsigned long request, unsigned long value)
{
	int ret = ioctl(fd, request, value);

	return ret < 0 ? -errno : ret;
}

/* remote_classic.c: an ioctl on a vcpu of another process */
int kvm2_classic_remote_ioctl(const struct vcpu_classic *vcpu, unsigned long request,
			      void *argument);
int kvm2_classic_remote_ioctl_value(const struct vcpu_classic *vcpu, unsigned long request,
				    unsigned long value);

/* On a vcpu, whoever has it. */
static inline int classic_vcpu_ioctl(const struct vcpu_classic *vcpu, unsigned long request,
				     void *argument)
{
	return vcpu->remote ? kvm2_classic_remote_ioctl(vcpu, request, argument) :
			      classic_ioctl(vcpu->fd, request, argument);
}

static inline int classic_vcpu_ioctl_value(const struct vcpu_classic *vcpu,
					   unsigned long request, unsigned long value)
{
	return vcpu->remote ? kvm2_classic_remote_ioctl_value(vcpu, request, value) :
			      classic_ioctl_value(vcpu->fd, request, value);
}

/* memory_classic.c */
int kvm2_classic_set_memory_map(struct kvm2_machine *base,
				const struct kvm2_memory_map *map);
int kvm2_classic_get_dirty_log(struct kvm2_machine *base,
			       struct kvm2_dirty_log *log);

/* vcpu_classic.c */
int kvm2_classic_vcpu_create(struct kvm2_machine *base, uint32_t id,
			     uint32_t flags, struct kvm2_vcpu **vcpu);
void kvm2_classic_vcpu_destroy(struct kvm2_vcpu *base);
int kvm2_classic_enter(struct kvm2_vcpu *base, struct kvm2_run *run,
		       const sigset_t *mask);
void kvm2_classic_kick(struct kvm2_vcpu *base);
/* Finish the instruction whose exit waits for a reply; none is needed. */
int kvm2_classic_complete(struct vcpu_classic *vcpu);
/* Give back the vcpus of a machine that ends. */
void kvm2_classic_vcpus_free(struct machine_classic *machine);

/* state_classic.c */
int kvm2_classic_get_state(struct kvm2_vcpu *base, void *records, size_t size,
			   uint32_t flags);
int kvm2_classic_set_state(struct kvm2_vcpu *base, void *records, size_t size,
			   uint32_t flags);

#endif /* KVM2_CLASSIC_H */
