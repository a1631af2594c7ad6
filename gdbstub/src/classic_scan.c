// SPDX-License-Identifier: GPL-2.0
/* The vcpus of a VMM, and with BPF its memory slots. */
#include "classic.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kvm_run.h"
#include "vmm_memory.h"
#include "vmm_scan.h"

/* ---- one vcpu ---- */

static int map_run(struct classic *target, struct classic_vcpu *vcpu)
{
	int fd = (int)syscall(SYS_pidfd_getfd, target->pidfd, vcpu->fd, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	vcpu->run = mmap(NULL, CLASSIC_RUN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (vcpu->run == MAP_FAILED) {
		err = -errno;
		vcpu->run = NULL;
	}
	close(fd);
	return err;
}

void classic_free_vcpu(struct vmm_vcpu *base)
{
	struct classic_vcpu *vcpu = (struct classic_vcpu *)base;

	if (vcpu->run)
		munmap(vcpu->run, CLASSIC_RUN_BYTES);
	kvm2_remote_destroy(vcpu->remote);
	free(vcpu->cpuid);
	free(vcpu);
}

static int add_vcpu(struct classic *target, const struct vmm_scan_vcpu *found, pid_t tid)
{
	struct classic_vcpu *vcpu = calloc(1, sizeof(*vcpu));
	int err;

	if (!vcpu)
		return -ENOMEM;
	vcpu->target = target;
	vcpu->fd = found->fd;
	vcpu->run_at = found->run;
	err = map_run(target, vcpu);
	if (!err)
		err = kvm2_remote_create(found->id, target->kvm_fd, classic_ioctl, vcpu,
					 &vcpu->remote);
	if (!err)
		err = vmm_add_vcpu(&target->vmm, found->id, tid, &vcpu->base);
	if (err) {
		classic_free_vcpu(&vcpu->base);
		return err;
	}
	vcpu->base.thread.before_signal = classic_before_signal;
	vcpu->base.undo = journal_add_classic_vcpu(target->vmm.journal, tid, vcpu->fd, vcpu->run_at);
	vcpu->had_valid_regs = vcpu->run->kvm_valid_regs;
	return 1;
}

/* ---- looking around, with BPF ---- */

/**
 * struct scan - a look at the VMM
 * @vcpus: what /proc tells
 * @tids:  the thread of each; 0: not known yet
 */
struct scan {
	struct classic *target;
	struct vmm_scan_vcpu *vcpus;
	pid_t *tids;
	int nr_vcpus;
};

/* The thread @tid uses the file @fd. */
static void note_thread(struct scan *scan, int fd, pid_t tid)
{
	for (int i = 0; i < scan->nr_vcpus; i++)
		if (scan->vcpus[i].fd == fd)
			scan->tids[i] = tid;
}

/* The next one of those that are new, by number. */
static int next_new(const struct scan *scan)
{
	int next = -1;

	for (int i = 0; i < scan->nr_vcpus; i++)
		if (scan->tids[i] && !vmm_knows(&scan->target->vmm, scan->tids[i]) &&
		    (next < 0 || scan->vcpus[i].id < scan->vcpus[next].id))
			next = i;
	return next;
}

/* Return: how many; a negative errno. */
static int add_new(struct scan *scan)
{
	int added = 0;
	int ret = 0;
	int i;

	while (ret >= 0 && scan->target->vmm.base.nr_vcpus < TARGET_VCPUS_MAX &&
	       (i = next_new(scan)) >= 0) {
		ret = add_vcpu(scan->target, &scan->vcpus[i], scan->tids[i]);
		added += ret > 0;
	}
	return ret < 0 ? ret : added;
}

int classic_add_slot(struct target *target, const struct classic_record *record)
{
	const struct target_region region = {
		.gpa = record->gpa, .size = record->bytes, .host = record->host,
		.read_only = record->flags & KVM_MEM_READONLY,
	};

	/* A file that is open twice tells all its slots twice. */
	for (unsigned int i = 0; i < target->nr_regions; i++)
		if (target->regions[i].gpa == region.gpa)
			return 0;
	return record->bytes ? vmm_memory_add(target, &region) : 0;
}

static int take_record(void *context, const struct classic_record *record)
{
	struct scan *scan = context;
	struct classic *target = scan->target;

	if (!target->vm_id)
		target->vm_id = record->vm;
	if (record->vm != target->vm_id)
		return 0;
	switch (record->kind) {
	case CLASSIC_SLOT:
		return classic_add_slot(&target->vmm.base, record);
	case CLASSIC_MORE:
		target->more_slots = true;
		return 0;
	case CLASSIC_VCPU:
		/* It has no thread until it is entered for the first time. */
		note_thread(scan, (int)record->fd, record->tid);
		return 0;
	default:
		return 0;
	}
}

/* ---- and without ---- */

#define LOOKS	50

/* A thread that stands, or runs, in KVM_RUN: its vcpu's file; -1: in none. */
static int running_vcpu(pid_t tid)
{
	struct user_regs_struct regs;
	struct thread thread;
	int fd = -1;

	if (thread_seize(&thread, tid))
		return -1;
	if (!thread_interrupt(&thread) && thread_wait_stop(&thread, CLASSIC_SETTLE_MS) != THREAD_NO_STOP &&
	    thread.state == THREAD_STOPPED && !thread_get_regs(&thread, &regs) &&
	    kvm_run_is_call(&regs, (int)regs.rdi)) {
		fd = (int)regs.rdi;
		if ((long)regs.rax == -EINTR && !thread.signal) {
			kvm_run_again(&regs);
			thread_set_regs(&thread, &regs);
		}
	}
	thread_detach(&thread);
	return fd;
}

static bool has_all(const struct scan *scan)
{
	for (int i = 0; i < scan->nr_vcpus; i++)
		if (!scan->tids[i])
			return false;
	return true;
}

static int look_at_threads(struct scan *scan)
{
	pid_t *tids;
	int count = vmm_scan_threads(scan->target->vmm.base.pid, &tids);

	for (int i = 0; i < count; i++)
		if (!vmm_knows(&scan->target->vmm, tids[i]))
			note_thread(scan, running_vcpu(tids[i]), tids[i]);
	free(tids);
	return count < 0 ? count : 0;
}

static int find_threads(struct scan *scan)
{
	const struct timespec pause = { 0, 2000000 };
	struct target *base = &scan->target->vmm.base;
	int err = 0;

	for (unsigned int i = 0; i < base->nr_vcpus; i++)
		if (!base->vcpus[i].gone)
			note_thread(scan, classic_vcpu_of(base, i)->fd, base->vcpus[i].tid);
	/* One that is in the VMM just now is not seen. */
	for (int i = 0; i < LOOKS && !err && !has_all(scan); i++) {
		err = look_at_threads(scan);
		nanosleep(&pause, NULL);
	}
	return err;
}

int classic_refresh(struct target *base)
{
	struct classic *target = classic_of(base);
	struct scan scan = { .target = target };
	int ret = vmm_scan_vcpus(base->pid, &scan.vcpus);

	if (ret < 0)
		return ret;
	scan.nr_vcpus = ret;
	scan.tids = calloc((size_t)ret + 1, sizeof(*scan.tids));
	if (!scan.tids) {
		ret = -ENOMEM;
	} else if (target->bpf) {
		base->nr_regions = 0;
		target->more_slots = false;
		ret = classic_bpf_scan(target->bpf, take_record, &scan);
	} else {
		ret = find_threads(&scan);
	}
	if (ret >= 0)
		ret = add_new(&scan);
	free(scan.tids);
	free(scan.vcpus);
	return ret;
}
