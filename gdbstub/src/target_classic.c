// SPDX-License-Identifier: GPL-2.0
/*
 * A VM on the ioctls of /dev/kvm, in a VMM that knows nothing of us.
 *
 * Registers: struct kvm_run of each vcpu is mapped here, too, and KVM fills in
 * the general and system registers at every exit (kvm_valid_regs). All else is
 * read and written by ioctls that the vcpu's own thread makes for us while it
 * stands in a ptrace stop (inject.c).
 *
 * Debug exits: a BPF program sends the thread SIGSTOP before the VMM sees the
 * exit. Without the privileges for that, the thread stops at the end of every
 * system call while there is something to stop for.
 *
 * Memory: the slots are known by BPF. Without, they are guessed and the guess is
 * tried.
 */
#include "target_classic.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvm.h>

#include <kvm2/kvm2.h>
#include <kvm2/remote.h>

#include "classic_bpf.h"
#include "inject.h"
#include "journal.h"
#include "kvm_run.h"
#include "registers.h"
#include "thread.h"
#include "vmm_memory.h"
#include "vmm_scan.h"
#include "walk.h"

#define RUN_BYTES	4096

/* How long the VMM may take to come back to the guest. */
#define SETTLE_MS	2000

/**
 * struct vcpu_classic_target - a vcpu
 * @fd:		the VMM's file
 * @run_at:	the VMM's address of @run
 * @had_valid_regs: kvm_valid_regs as the VMM has it
 * @is_current:	@run has the registers of now
 * @settling:	it runs until KVM has had the reply to its last exit
 * @immediate_exit: as the VMM had it
 * @has_debug:	debug events may come
 * @cpuid:	as KVM_GET_CPUID2 gave it, NULL: not yet asked
 */
struct vcpu_classic_target {
	struct classic_target *target;
	struct thread thread;
	int fd;
	uint64_t run_at;
	struct kvm_run *run;
	uint64_t had_valid_regs;
	bool is_current;
	bool held;
	bool asked;
	bool settling;
	uint8_t immediate_exit;
	int64_t deadline_ms;
	bool has_debug;
	struct kvm2_remote *remote;
	void *cpuid;
	size_t cpuid_bytes;
};

/**
 * struct classic_target - the VM
 * @bpf:   NULL: not privileged
 * @vm:    as the records of @bpf tell VMs apart
 */
struct classic_target {
	struct target base;
	struct thread leader;
	bool has_leader;
	bool exited;
	int pidfd;
	int kvm_fd;
	struct classic_bpf *bpf;
	unsigned long long vm;
	struct inject inject;
	struct journal_vm *journal;
	struct vcpu_classic_target **vcpus;
	bool memory_is_guessed;
	bool more_slots;
};

static struct classic_target *of(struct target *target)
{
	return (struct classic_target *)target;
}

static struct vcpu_classic_target *vcpu_of(struct target *target, unsigned int vcpu)
{
	return of(target)->vcpus[vcpu];
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* ---- ioctls ---- */

/* In the vcpu's thread, which stands. */
static int make_ioctl(struct vcpu_classic_target *vcpu, unsigned long request, void *argument,
		      size_t size, size_t pointer_offset, unsigned long value)
{
	struct inject *inject = &vcpu->target->inject;
	uint64_t arguments[6] = { (uint64_t)vcpu->fd, request, value };
	uint64_t data;
	long ret;
	int err;

	if (vcpu->thread.state != THREAD_STOPPED || size > INJECT_DATA_BYTES)
		return vcpu->thread.state != THREAD_STOPPED ? -ESRCH : -E2BIG;
	if (!inject->page) {
		err = inject_prepare(inject, &vcpu->thread);
		if (err)
			return err;
		journal_set_page(vcpu->target->journal, inject->page);
	}
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
	ret = inject_call(inject, &vcpu->thread, SYS_ioctl, arguments);
	if (argument && (_IOC_DIR(request) & _IOC_READ || pointer_offset) && ret >= 0) {
		err = vmm_peek(inject->pid, data, argument, size);
		if (err)
			return err;
	}
	return (int)ret;
}

/* Of those that KVM leaves in struct kvm_run. Return: it was one. */
static bool take_synced(const struct vcpu_classic_target *vcpu, unsigned long request,
			void *argument)
{
	const struct kvm_sync_regs *regs = &vcpu->run->s.regs;

	if (!vcpu->is_current)
		return false;
	switch (request) {
	case KVM_GET_REGS:
		memcpy(argument, &regs->regs, sizeof(regs->regs));
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

/* CPUID hardly ever changes, and is asked for with every vector register. */
static int get_cpuid(struct vcpu_classic_target *vcpu, void *argument, size_t size)
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

/* For libkvm2. */
static int remote_ioctl(void *context, unsigned long request, void *argument, size_t size,
			size_t pointer_offset, unsigned long value)
{
	struct vcpu_classic_target *vcpu = context;

	if (argument && take_synced(vcpu, request, argument))
		return 0;
	if (request == KVM_GET_CPUID2)
		return get_cpuid(vcpu, argument, size);
	if (request == KVM_SET_CPUID2) {
		free(vcpu->cpuid);
		vcpu->cpuid = NULL;
	}
	/* Whatever it writes, the copy may be the former state now. */
	if (_IOC_DIR(request) == _IOC_WRITE && request != KVM_SET_GUEST_DEBUG)
		vcpu->is_current = false;
	return make_ioctl(vcpu, request, argument, size, pointer_offset, value);
}

static int get_state(struct target *target, unsigned int vcpu, void *records, size_t size,
		     uint32_t flags)
{
	return kvm2_remote_get_state(vcpu_of(target, vcpu)->remote, records, size, flags);
}

static int set_state(struct target *target, unsigned int vcpu, void *records, size_t size)
{
	return kvm2_remote_set_state(vcpu_of(target, vcpu)->remote, records, size, 0);
}

/* ---- vcpus ---- */

static bool knows(const struct target *base, pid_t tid)
{
	for (unsigned int i = 0; i < base->nr_vcpus; i++)
		if (base->vcpus[i].tid == tid && !base->vcpus[i].gone)
			return true;
	return false;
}

static int map_run(struct classic_target *target, struct vcpu_classic_target *vcpu)
{
	int fd = (int)syscall(SYS_pidfd_getfd, target->pidfd, vcpu->fd, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	vcpu->run = mmap(NULL, RUN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (vcpu->run == MAP_FAILED) {
		err = -errno;
		vcpu->run = NULL;
	}
	close(fd);
	return err;
}

static void free_vcpu(struct vcpu_classic_target *vcpu)
{
	if (vcpu->run)
		munmap(vcpu->run, RUN_BYTES);
	kvm2_remote_destroy(vcpu->remote);
	free(vcpu->cpuid);
	free(vcpu);
}

/* @thread: it is traced already, as one of a list. NULL: seize it. */
static int add_vcpu(struct classic_target *target, const struct vmm_vcpu *found, pid_t tid)
{
	struct target *base = &target->base;
	struct target_vcpu *public;
	struct vcpu_classic_target **vcpus;
	struct vcpu_classic_target *vcpu;
	int err;

	public = realloc(base->vcpus, (base->nr_vcpus + 1) * sizeof(*public));
	if (public)
		base->vcpus = public;
	vcpus = realloc(target->vcpus, (base->nr_vcpus + 1) * sizeof(*vcpus));
	if (vcpus)
		target->vcpus = vcpus;
	vcpu = calloc(1, sizeof(*vcpu));
	if (!public || !vcpus || !vcpu) {
		free(vcpu);
		return -ENOMEM;
	}
	vcpu->target = target;
	vcpu->fd = found->fd;
	vcpu->run_at = found->run;
	err = map_run(target, vcpu);
	if (!err)
		err = kvm2_remote_create(found->id, target->kvm_fd, remote_ioctl, vcpu,
					 &vcpu->remote);
	if (!err)
		err = thread_seize(&vcpu->thread, tid);
	if (err) {
		free_vcpu(vcpu);
		return err;
	}
	journal_add_classic_vcpu(target->journal, tid, vcpu->fd, vcpu->run_at);
	vcpu->had_valid_regs = vcpu->run->kvm_valid_regs;
	vcpu->run->kvm_valid_regs = KVM_SYNC_X86_VALID_FIELDS;
	vcpus[base->nr_vcpus] = vcpu;
	base->vcpus[base->nr_vcpus++] = (struct target_vcpu){ .id = found->id, .tid = tid };
	return 1;
}

/* ---- looking around, with BPF ---- */

/**
 * struct scan - a look at the VMM
 * @vcpus: what /proc tells
 * @tids:  the thread of each; 0: not known yet
 */
struct scan {
	struct classic_target *target;
	struct vmm_vcpu *vcpus;
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
		if (scan->tids[i] && !knows(&scan->target->base, scan->tids[i]) &&
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

	while (ret >= 0 && scan->target->base.nr_vcpus < TARGET_VCPUS_MAX &&
	       (i = next_new(scan)) >= 0) {
		ret = add_vcpu(scan->target, &scan->vcpus[i], scan->tids[i]);
		added += ret > 0;
	}
	return ret < 0 ? ret : added;
}

static int take_slot(struct classic_target *target, const struct classic_record *record)
{
	const struct target_region region = {
		.gpa = record->gpa, .size = record->bytes, .host = record->host,
		.read_only = record->flags & KVM_MEM_READONLY,
	};

	/* A file that is open twice tells all its slots twice. */
	for (unsigned int i = 0; i < target->base.nr_regions; i++)
		if (target->base.regions[i].gpa == region.gpa)
			return 0;
	return record->bytes ? vmm_memory_add(&target->base, &region) : 0;
}

static int take_record(void *context, const struct classic_record *record)
{
	struct scan *scan = context;
	struct classic_target *target = scan->target;

	if (!target->vm)
		target->vm = record->vm;
	if (record->vm != target->vm)
		return 0;
	switch (record->kind) {
	case CLASSIC_SLOT:
		return take_slot(target, record);
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
	if (!thread_interrupt(&thread) && thread_wait_stop(&thread, SETTLE_MS) != THREAD_NO_STOP &&
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
	int count = vmm_scan_threads(scan->target->base.pid, &tids);

	for (int i = 0; i < count; i++)
		if (!knows(&scan->target->base, tids[i]))
			note_thread(scan, running_vcpu(tids[i]), tids[i]);
	free(tids);
	return count < 0 ? count : 0;
}

static int find_threads(struct scan *scan)
{
	const struct timespec pause = { 0, 2000000 };
	const struct target *base = &scan->target->base;
	int err = 0;

	for (unsigned int i = 0; i < base->nr_vcpus; i++)
		if (!base->vcpus[i].gone)
			note_thread(scan, scan->target->vcpus[i]->fd, base->vcpus[i].tid);
	/* One that is in the VMM just now is not seen. */
	for (int i = 0; i < LOOKS && !err && !has_all(scan); i++) {
		err = look_at_threads(scan);
		nanosleep(&pause, NULL);
	}
	return err;
}

static int refresh(struct target *base)
{
	struct classic_target *target = of(base);
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

/* ---- memory without BPF ---- */

#define GIB		(1ULL << 30)
#define MAPPINGS	8

/* Where the VMMs there are end the memory below 4 GiB. */
static const uint64_t limits[] = { 3 * GIB, 2 * GIB, 0xe0000000, 0xd0000000 };

static int lay_out(struct target *base, const struct vmm_mapping *mapping, uint64_t limit)
{
	struct target_region low = { .size = mapping->size, .host = mapping->start };
	struct target_region high = { .gpa = 4 * GIB };
	int err;

	base->nr_regions = 0;
	if (mapping->size > limit) {
		low.size = limit;
		high.host = mapping->start + limit;
		high.size = mapping->size - limit;
	}
	err = vmm_memory_add(base, &low);
	return err || !high.size ? err : vmm_memory_add(base, &high);
}

static int read_table(void *context, uint64_t gpa, void *data, size_t size)
{
	return vmm_memory_read(context, gpa, data, size) == (ssize_t)size ? 0 : -EFAULT;
}

/* Do we find in this memory what KVM finds by the guest's page tables? */
static bool agrees(struct classic_target *target, const struct walk_mode *mode, uint64_t address)
{
	struct kvm_translation kvm = { .linear_address = address };
	struct walk_result ours;
	bool is_mapped;

	if (make_ioctl(target->vcpus[0], KVM_TRANSLATE, &kvm, sizeof(kvm), 0, 0) < 0)
		return false;
	is_mapped = walk(mode, address, read_table, &target->base, &ours) == 1;
	return kvm.valid ? is_mapped && ours.gpa == kvm.physical_address : !is_mapped;
}

/*
 * The guest's memory is the largest mapping of the VMM's, or one of the next,
 * and split as VMMs do. The right one holds the page tables that KVM walks;
 * without paging nothing can be tried, and it is the largest.
 */
static int guess_memory(struct classic_target *target)
{
	struct vmm_mapping mappings[MAPPINGS];
	int count = vmm_scan_mappings(target->base.pid, mappings, MAPPINGS);
	struct kvm_sregs2 sregs;
	struct walk_mode mode;
	struct kvm_regs regs;
	int err;

	target->memory_is_guessed = true;
	err = remote_ioctl(target->vcpus[0], KVM_GET_REGS, &regs, sizeof(regs), 0, 0);
	if (err >= 0)
		err = remote_ioctl(target->vcpus[0], KVM_GET_SREGS2, &sregs, sizeof(sregs), 0, 0);
	if (err < 0)
		return err;
	mode = (struct walk_mode){ sregs.cr0, sregs.cr3, sregs.cr4, sregs.efer };
	for (int i = 0; i < count; i++) {
		for (size_t j = 0; j < sizeof(limits) / sizeof(limits[0]); j++) {
			err = lay_out(&target->base, &mappings[i], limits[j]);
			if (err)
				return err;
			if (agrees(target, &mode, sregs.cs.base + regs.rip) &&
			    agrees(target, &mode, sregs.ss.base + regs.rsp) &&
			    agrees(target, &mode, sregs.idt.base) &&
			    agrees(target, &mode, sregs.gdt.base))
				return 0;
		}
	}
	target->base.nr_regions = 0;
	return -EFAULT;
}

/* Once the first vcpu stands. */
static void need_memory(struct target *base)
{
	struct classic_target *target = of(base);

	if (!target->bpf && !target->memory_is_guessed && target->vcpus[0]->held)
		guess_memory(target);
}

static ssize_t read_memory(struct target *base, uint64_t gpa, void *data, size_t size)
{
	need_memory(base);
	return vmm_memory_read(base, gpa, data, size);
}

static ssize_t write_memory(struct target *base, uint64_t gpa, const void *data, size_t size)
{
	need_memory(base);
	return vmm_memory_write(base, gpa, data, size);
}

/* ---- life ---- */

static void restore_run(struct vcpu_classic_target *vcpu)
{
	vcpu->run->kvm_valid_regs = vcpu->had_valid_regs;
	if (vcpu->settling)
		vcpu->run->immediate_exit = vcpu->immediate_exit;
}

static void detach(struct target *base)
{
	struct classic_target *target = of(base);

	for (unsigned int i = 0; i < base->nr_vcpus && target->inject.page; i++) {
		struct vcpu_classic_target *vcpu = target->vcpus[i];

		if (vcpu->thread.state == THREAD_STOPPED)
			inject_finish(&target->inject, &vcpu->thread);
	}
	classic_bpf_destroy(target->bpf);
	for (unsigned int i = 0; i < base->nr_vcpus; i++) {
		restore_run(target->vcpus[i]);
		thread_detach(&target->vcpus[i]->thread);
		free_vcpu(target->vcpus[i]);
	}
	if (target->has_leader)
		thread_detach(&target->leader);
	journal_close(target->journal);
	if (target->kvm_fd >= 0)
		close(target->kvm_fd);
	if (target->pidfd >= 0)
		close(target->pidfd);
	free(target->vcpus);
	free(base->vcpus);
	free(base->regions);
	free(target);
}

static void note_patch(struct target *base, uint64_t gpa, uint8_t original, bool inserted)
{
	journal_patch(of(base)->journal, vmm_memory_host(base, gpa), original, inserted);
}

/* ---- debug ---- */

#define DR7_FIXED	0x400

static uint32_t control_of(const struct target_debug *debug)
{
	uint32_t control = 0;

	if (debug->step)
		control |= KVM2_DEBUG_SINGLE_STEP;
	if (debug->block_irq)
		control |= KVM2_DEBUG_BLOCK_IRQ;
	if (debug->software)
		control |= KVM2_DEBUG_SW_BREAKPOINTS;
	if (debug->dr7 & 0xff)
		control |= KVM2_DEBUG_HW_BREAKPOINTS;
	return control ? control | KVM2_DEBUG_ENABLE : 0;
}

static int set_debug(struct target *target, unsigned int vcpu, const struct target_debug *debug)
{
	uint64_t data[7 * 3];
	struct kvm2_records records;
	uint32_t control = control_of(debug);
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, control, 4);
	for (unsigned int i = 0; i < TARGET_SLOTS; i++)
		kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG,
				     KVM2_GUEST_DEBUG_BREAKPOINT0 + i, debug->address[i], 8);
	kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT_DR7,
			     debug->dr7 | DR7_FIXED, 8);
	ret = set_state(target, vcpu, data, records.used);
	if (ret < 0)
		return ret;
	vcpu_of(target, vcpu)->has_debug = control;
	return 0;
}

static int reflect(struct target *target, unsigned int vcpu, const struct kvm2_debug_event *event)
{
	uint64_t data[3];
	struct kvm2_records records;
	uint64_t control;
	int ret;

	if (event->exception == 1) {
		ret = state_set_u64(target, vcpu, KVM2_SET_DEBUG, KVM2_DEBUG_DR6, 8, event->dr6);
		if (ret < 0)
			return ret;
	}
	ret = state_get_u64(target, vcpu, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, &control);
	if (ret < 0)
		return ret;
	control |= KVM2_DEBUG_ENABLE |
		   (event->exception == 3 ? KVM2_DEBUG_INJECT_BP : KVM2_DEBUG_INJECT_DB);
	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, control, 4);
	ret = set_state(target, vcpu, data, records.used);
	return ret < 0 ? ret : 0;
}

/* ---- stops ---- */

/* Exits whose reply KVM takes in with the next KVM_RUN. */
static bool owes_reply(const struct vcpu_classic_target *vcpu)
{
	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_IO:
	case KVM_EXIT_MMIO:
	case KVM_EXIT_HYPERCALL:
	case KVM_EXIT_XEN:
	case KVM_EXIT_HYPERV:
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		return true;
	default:
		return false;
	}
}

/* SIGSTOP of the BPF program's. */
static bool is_ours(const struct thread *thread)
{
	siginfo_t info;

	return thread->stop == THREAD_SIGNAL && thread->signal == SIGSTOP &&
	       !ptrace(PTRACE_GETSIGINFO, thread->tid, 0, &info) && info.si_code == SI_KERNEL;
}

static void take_debug_exit(struct vcpu_classic_target *vcpu, struct user_regs_struct *regs,
			    struct target_event *event)
{
	const struct kvm_debug_exit_arch *exit = &vcpu->run->debug.arch;

	kvm_run_again(regs);
	thread_set_regs(&vcpu->thread, regs);
	event->debug.exception = exit->exception;
	event->debug.pc = exit->pc;
	event->debug.dr6 = exit->dr6;
	event->debug.dr7 = exit->dr7;
	event->kind = TARGET_DEBUG;
	vcpu->is_current = true;
	vcpu->held = true;
	vcpu->asked = false;
}

static int go_on(struct vcpu_classic_target *vcpu)
{
	bool every_call = vcpu->settling || (vcpu->has_debug && !vcpu->target->bpf);

	return thread_resume(&vcpu->thread, every_call ? PTRACE_SYSCALL : PTRACE_CONT);
}

static void end_settling(struct vcpu_classic_target *vcpu)
{
	if (!vcpu->settling)
		return;
	vcpu->run->immediate_exit = vcpu->immediate_exit;
	vcpu->settling = false;
}

/*
 * The thread is somewhere in the VMM, with an exit whose reply KVM has not had.
 * Let it go on until it has, and no further: only then are the registers what
 * they will be.
 */
static void begin_settling(struct vcpu_classic_target *vcpu)
{
	vcpu->settling = true;
	vcpu->immediate_exit = vcpu->run->immediate_exit;
	vcpu->deadline_ms = now_ms() + SETTLE_MS;
	go_on(vcpu);
}

static bool give_held(struct vcpu_classic_target *vcpu, struct target_event *event)
{
	end_settling(vcpu);
	vcpu->held = true;
	vcpu->asked = false;
	event->kind = TARGET_HELD;
	return true;
}

/* At a system call while settling. Return: @event is one. */
static bool take_settling_call(struct vcpu_classic_target *vcpu, struct user_regs_struct *regs,
			       struct target_event *event)
{
	if (kvm_run_is_call(regs, vcpu->fd)) {
		if ((long)regs->rax == -ENOSYS) {
			vcpu->run->immediate_exit = 1;
		} else if ((long)regs->rax == -EINTR) {
			kvm_run_again(regs);
			thread_set_regs(&vcpu->thread, regs);
			vcpu->is_current = true;
			return give_held(vcpu, event);
		} else if (!regs->rax && vcpu->run->exit_reason == KVM_EXIT_DEBUG) {
			end_settling(vcpu);
			take_debug_exit(vcpu, regs, event);
			return true;
		} else if (!owes_reply(vcpu)) {
			/* For the VMM: it has it when it goes on. */
			vcpu->is_current = !regs->rax;
			return give_held(vcpu, event);
		}
	}
	go_on(vcpu);
	return false;
}

/* Return: @event is one. */
static bool take_stop(struct target *target, unsigned int index, enum thread_stop stop,
		      struct target_event *event)
{
	struct vcpu_classic_target *vcpu = vcpu_of(target, index);
	struct user_regs_struct regs;
	bool in_run;

	event->vcpu = index;
	if (stop == THREAD_ENDED) {
		target->vcpus[index].gone = true;
		event->kind = TARGET_VCPU_GONE;
		event->status = vcpu->thread.status;
		return true;
	}
	if (is_ours(&vcpu->thread))
		vcpu->thread.signal = 0;
	if (thread_get_regs(&vcpu->thread, &regs))
		return false;
	in_run = kvm_run_is_call(&regs, vcpu->fd);
	if (in_run && !regs.rax && vcpu->run->exit_reason == KVM_EXIT_DEBUG && vcpu->has_debug) {
		end_settling(vcpu);
		take_debug_exit(vcpu, &regs, event);
		return true;
	}
	if (!vcpu->asked || (stop == THREAD_SIGNAL && vcpu->thread.signal)) {
		/* Not for us: a signal, or a stop that came too late. */
		go_on(vcpu);
		return false;
	}
	if (vcpu->settling && stop == THREAD_SYSCALL)
		return take_settling_call(vcpu, &regs, event);
	if (in_run && (long)regs.rax == -EINTR) {
		kvm_run_again(&regs);
		thread_set_regs(&vcpu->thread, &regs);
		vcpu->is_current = true;
		return give_held(vcpu, event);
	}
	if (stop == THREAD_SYSCALL || stop == THREAD_SIGNAL) {
		go_on(vcpu);
		return false;
	}
	vcpu->is_current = false;
	if (stop == THREAD_GROUP_STOP || vcpu->settling || !owes_reply(vcpu))
		return give_held(vcpu, event);
	begin_settling(vcpu);
	return false;
}

/* A VMM that takes long stays as it is. */
static void check_deadlines(struct classic_target *target)
{
	for (unsigned int i = 0; i < target->base.nr_vcpus; i++) {
		struct vcpu_classic_target *vcpu = target->vcpus[i];

		if (vcpu->settling && vcpu->thread.state == THREAD_RUNNING &&
		    now_ms() > vcpu->deadline_ms)
			thread_interrupt(&vcpu->thread);
	}
}

static bool leader_event(struct classic_target *target, struct target_event *event)
{
	enum thread_stop stop = thread_take_stop(&target->leader);

	if (stop == THREAD_NO_STOP)
		return false;
	if (stop != THREAD_ENDED) {
		thread_resume(&target->leader, PTRACE_CONT);
		return false;
	}
	event->kind = TARGET_EXITED;
	event->status = target->leader.status;
	return true;
}

static int next_event(struct target *base, struct target_event *event)
{
	struct classic_target *target = of(base);

	*event = (struct target_event){ .kind = TARGET_NOTHING };
	if (target->exited)
		return 0;
	threads_collect();
	for (unsigned int i = 0; i < base->nr_vcpus; i++) {
		struct thread *thread = &target->vcpus[i]->thread;
		enum thread_stop stop;

		while ((stop = thread_take_stop(thread)) != THREAD_NO_STOP) {
			if (!take_stop(base, i, stop, event))
				continue;
			/* The first thread of a process is the last one to be reported. */
			if (event->kind == TARGET_VCPU_GONE && thread->tid == base->pid) {
				event->kind = TARGET_EXITED;
				target->exited = true;
			}
			return 1;
		}
	}
	check_deadlines(target);
	if (target->has_leader && leader_event(target, event)) {
		target->exited = true;
		return 1;
	}
	return 0;
}

static void wait_events(struct target *target, int ms)
{
	(void)target;
	threads_wait(ms);
}

static int interrupt(struct target *target, unsigned int vcpu)
{
	vcpu_of(target, vcpu)->asked = true;
	return thread_interrupt(&vcpu_of(target, vcpu)->thread);
}

static int resume(struct target *target, unsigned int vcpu)
{
	struct vcpu_classic_target *v = vcpu_of(target, vcpu);
	int err;

	v->asked = false;
	v->is_current = false;
	err = go_on(v);
	v->held = err != 0;
	return err;
}

static const struct target_ops classic_ops = {
	.name = "classic",
	.detach = detach,
	.refresh = refresh,
	.interrupt = interrupt,
	.resume = resume,
	.set_debug = set_debug,
	.reflect = reflect,
	.next_event = next_event,
	.wait = wait_events,
	.get_state = get_state,
	.set_state = set_state,
	.read = read_memory,
	.write = write_memory,
	.note_patch = note_patch,
};

static int attach(struct classic_target *target, const char **why)
{
	struct target *base = &target->base;
	int err;

	target->pidfd = (int)syscall(SYS_pidfd_open, base->pid, 0);
	if (target->pidfd < 0)
		return -errno;
	target->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	err = classic_bpf_create(base->pid, &target->bpf);
	if (!err) {
		/* Else nothing would hold debug exits back when we die. */
		err = journal_keep(target->journal, classic_bpf_link(target->bpf));
		if (err)
			return err;
	} else {
		target->bpf = NULL;
	}
	err = refresh(base);
	if (err < 0)
		return err;
	if (!base->nr_vcpus) {
		*why = "no vcpu of its VM has run yet";
		return -ESRCH;
	}
	if (knows(base, base->pid))
		return 0;
	err = thread_seize(&target->leader, base->pid);
	target->has_leader = !err;
	return err;
}

int target_classic_attach(pid_t pid, struct target **attached, const char **why)
{
	struct classic_target *target;
	struct vmm_vcpu *vcpus;
	int err = vmm_scan_vcpus(pid, &vcpus);

	if (err <= 0)
		return err ? (err == -ENOENT ? -ESRCH : err) : -ENOENT;
	free(vcpus);
	target = calloc(1, sizeof(*target));
	if (!target)
		return -ENOMEM;
	target->base.ops = &classic_ops;
	target->base.pid = pid;
	target->pidfd = -1;
	target->kvm_fd = -1;
	target->journal = journal_open(pid, JOURNAL_CLASSIC);
	inject_init(&target->inject, pid, 0, journal_saved(target->journal));
	err = attach(target, why);
	if (err < 0) {
		detach(&target->base);
		return err;
	}
	*attached = &target->base;
	return 0;
}
