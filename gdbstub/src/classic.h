/* SPDX-License-Identifier: GPL-2.0 */
/* A VM on the ioctls of /dev/kvm: what the files of that target share. */
#ifndef CLASSIC_H
#define CLASSIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

#include <kvm2/remote.h>

#include "classic_bpf.h"
#include "inject.h"
#include "vmm.h"

#define CLASSIC_RUN_BYTES	4096

/* How long the VMM may take to come back to the guest. */
#define CLASSIC_SETTLE_MS	2000

/* For so long after a debug exit the next one is expected. */
#define CLASSIC_SYNC_MS		100

/**
 * struct classic_vcpu - a vcpu
 * @fd:		the VMM's file
 * @run_at:	the VMM's address of @run
 * @had_valid_regs: kvm_valid_regs as the VMM has it
 * @is_current:	@run has the registers of now
 * @runs_again:	the next thing it does is KVM_RUN
 * @gives_regs:	KVM may not have taken yet what we have put into @run
 * @settling:	it runs until KVM has had the reply to its last exit
 * @immediate_exit: as the VMM had it
 * @is_parked:	it is held, and its thread has registers of inject_park(); base.undo has its own
 * @has_debug:	debug events may come
 * @steps:	the next one after one instruction
 * @had_debug_exit: the stop that comes next is for one
 * @debug_exit_ms: when the last one was
 * @cpuid:	as KVM_GET_CPUID2 gave it, NULL: not yet asked
 */
struct classic_vcpu {
	struct vmm_vcpu base;
	struct classic *target;
	int fd;
	uint64_t run_at;
	struct kvm_run *run;
	uint64_t had_valid_regs;
	bool is_current;
	bool runs_again;
	bool gives_regs;
	bool settling;
	uint8_t immediate_exit;
	int64_t deadline_ms;
	bool is_parked;
	bool has_debug;
	bool steps;
	bool had_debug_exit;
	int64_t debug_exit_ms;
	struct kvm2_remote *remote;
	void *cpuid;
	size_t cpuid_bytes;
};

/**
 * struct classic - the VM
 * @bpf:   NULL: not privileged
 * @vm_id: as the records of @bpf tell VMs apart
 */
struct classic {
	struct vmm vmm;
	int pidfd;
	int kvm_fd;
	struct classic_bpf *bpf;
	unsigned long long vm_id;
	struct inject inject;
	bool memory_is_guessed;
	bool more_slots;
};

static inline struct classic *classic_of(struct target *target)
{
	return (struct classic *)target;
}

static inline struct classic_vcpu *classic_vcpu_of(struct target *target, unsigned int vcpu)
{
	return (struct classic_vcpu *)vmm_of(target)->vcpus[vcpu];
}

/* ---- classic_ioctl.c ---- */

/* Made by the vcpu's own thread, which stands; as of struct kvm2_remote. */
int classic_ioctl(void *vcpu, unsigned long request, void *argument, size_t size,
		  size_t pointer_offset, unsigned long value);

/* ---- classic_scan.c ---- */

/* As target_ops.refresh. */
int classic_refresh(struct target *target);

/* A region of @target, as a record of kind CLASSIC_SLOT says. Return: 0; -ENOMEM. */
int classic_add_slot(struct target *target, const struct classic_record *record);

/* As vmm_ops.free_vcpu. */
void classic_free_vcpu(struct vmm_vcpu *vcpu);

/* ---- target_classic.c ---- */

/* As thread.before_signal. */
void classic_before_signal(struct thread *thread);

/* ---- classic_memory.c ---- */

/* As target_ops.read and .write; without BPF once the first vcpu is held. */
ssize_t classic_read(struct target *target, uint64_t gpa, void *data, size_t size);
ssize_t classic_write(struct target *target, uint64_t gpa, const void *data, size_t size);

#endif
