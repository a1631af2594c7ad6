// SPDX-License-Identifier: GPL-2.0
/*
 * A VM on the kvm2 system calls: state by thread pidfds, stops by ptrace,
 * debug events as SIGSTOP, memory as /proc/PID/kvm2 says.
 */
#include "target_kvm2.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "journal.h"
#include "thread.h"
#include "vmm_memory.h"

/* The kernel's own, for calls that a signal interrupted; not in errno.h. */
#define ERESTARTSYS_MIN	(-516)
#define ERESTARTSYS_MAX	(-512)

#define SYSCALL_BYTES	2

/* How long a vcpu thread may take to come back to the guest. */
#define SETTLE_MS	1000

struct vcpu_kvm2 {
	struct thread thread;
	int pidfd;
	bool held;
	bool asked;
};

/**
 * struct kvm2_target - the VM
 * @leader: the VMM's first thread, if that is no vcpu: tells when it ends
 * @vcpus:  as target.vcpus; pointers, since threads are in a list
 */
struct kvm2_target {
	struct target base;
	struct thread leader;
	bool has_leader;
	bool exited;
	struct vcpu_kvm2 **vcpus;
	struct journal_vm *journal;
};

static struct kvm2_target *of(struct target *target)
{
	return (struct kvm2_target *)target;
}

static struct vcpu_kvm2 *vcpu_of(struct target *target, unsigned int vcpu)
{
	return of(target)->vcpus[vcpu];
}

/* ---- /proc/PID/kvm2 ---- */

static int read_proc(pid_t pid, char **text)
{
	size_t size = 0;
	size_t used = 0;
	char path[64];
	char *data = NULL;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/kvm2", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT && !access("/proc/self/kvm2", F_OK) ? -ESRCH : -errno;
	for (;;) {
		if (size - used < 4096) {
			char *more = realloc(data, size + 65536);

			if (!more) {
				got = -ENOMEM;
				break;
			}
			data = more;
			size += 65536;
		}
		got = read(fd, data + used, size - used - 1);
		if (got <= 0) {
			got = got < 0 ? -errno : 0;
			break;
		}
		used += (size_t)got;
	}
	close(fd);
	if (got < 0) {
		free(data);
		return (int)got;
	}
	data[used] = 0;
	*text = data;
	return used ? 0 : -ENOENT;
}

static int add_vcpu(struct kvm2_target *target, uint32_t id, pid_t tid)
{
	struct target *base = &target->base;
	struct target_vcpu *public;
	struct vcpu_kvm2 **vcpus;
	struct vcpu_kvm2 *vcpu;
	int err;

	public = realloc(base->vcpus, (base->nr_vcpus + 1) * sizeof(*public));
	if (public)
		base->vcpus = public;
	vcpus = realloc(target->vcpus, (base->nr_vcpus + 1) * sizeof(struct vcpu_kvm2 *));
	if (vcpus)
		target->vcpus = vcpus;
	vcpu = calloc(1, sizeof(*vcpu));
	if (!public || !vcpus || !vcpu) {
		free(vcpu);
		return -ENOMEM;
	}
	err = thread_seize(&vcpu->thread, tid);
	if (err) {
		free(vcpu);
		return err;
	}
	vcpu->pidfd = kvm2_thread_pidfd_open(tid);
	if (vcpu->pidfd < 0) {
		err = vcpu->pidfd;
		thread_detach(&vcpu->thread);
		free(vcpu);
		return err;
	}
	vcpus[base->nr_vcpus] = vcpu;
	base->vcpus[base->nr_vcpus++] = (struct target_vcpu){ .id = id, .tid = tid };
	journal_add_vcpu(target->journal, tid);
	return 1;
}

static bool knows(const struct target *base, pid_t tid)
{
	for (unsigned int i = 0; i < base->nr_vcpus; i++)
		if (base->vcpus[i].tid == tid && !base->vcpus[i].gone)
			return true;
	return false;
}

static int refresh(struct target *base)
{
	struct kvm2_target *target = of(base);
	char *text = NULL;
	char *rest = NULL;
	char *line;
	int added = 0;
	int err = read_proc(base->pid, &text);

	if (err) {
		free(text);
		return err;
	}
	base->nr_regions = 0;
	for (line = strtok_r(text, "\n", &rest); line && err >= 0;
	     line = strtok_r(NULL, "\n", &rest)) {
		unsigned long long start, end, host;
		unsigned int id;
		char access[8];
		char log[8];
		char name[64];
		int tid;

		if (sscanf(line, "%llx-%llx %7s %7s %llx", &start, &end, access, log, &host) == 5) {
			const struct target_region region = {
				.gpa = start, .size = end - start + 1, .host = host,
				.read_only = access[1] != 'w',
			};

			err = vmm_memory_add(base, &region);
		} else if (sscanf(line, "vcpu %u tid %d", &id, &tid) == 2) {
			if (!knows(base, tid) && base->nr_vcpus < TARGET_VCPUS_MAX) {
				err = add_vcpu(target, id, tid);
				added += err > 0;
			}
		} else if (sscanf(line, "vm %*u vcpus %*u generation %*u name %63s", name) == 1) {
			memcpy(base->name, name, sizeof(base->name));
		}
	}
	free(text);
	return err < 0 ? err : added;
}

/* ---- life ---- */

static void detach(struct target *base)
{
	struct kvm2_target *target = of(base);

	for (unsigned int i = 0; i < base->nr_vcpus; i++) {
		struct vcpu_kvm2 *vcpu = target->vcpus[i];

		thread_detach(&vcpu->thread);
		close(vcpu->pidfd);
		free(vcpu);
	}
	if (target->has_leader)
		thread_detach(&target->leader);
	journal_close(target->journal);
	free(target->vcpus);
	free(base->vcpus);
	free(base->regions);
	free(target);
}

static void note_patch(struct target *base, uint64_t gpa, uint8_t original, bool inserted)
{
	journal_patch(of(base)->journal, vmm_memory_host(base, gpa), original, inserted);
}

/* ---- state ---- */

static int get_state(struct target *target, unsigned int vcpu, void *records, size_t size,
		     uint32_t flags)
{
	return kvm2_sys_get_state(vcpu_of(target, vcpu)->pidfd, records, size, flags);
}

static int set_state(struct target *target, unsigned int vcpu, void *records, size_t size)
{
	return kvm2_sys_set_state(vcpu_of(target, vcpu)->pidfd, records, size, 0);
}

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
	return control ? control | KVM2_DEBUG_ENABLE | KVM2_DEBUG_STOP : 0;
}

#define DR7_FIXED	0x400

static int set_debug(struct target *target, unsigned int vcpu, const struct target_debug *debug)
{
	uint64_t data[7 * 3];
	struct kvm2_records records;
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
			     control_of(debug), 4);
	for (unsigned int i = 0; i < TARGET_SLOTS; i++)
		kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG,
				     KVM2_GUEST_DEBUG_BREAKPOINT0 + i, debug->address[i], 8);
	kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_BREAKPOINT_DR7,
			     debug->dr7 | DR7_FIXED, 8);
	ret = set_state(target, vcpu, data, records.used);
	return ret < 0 ? ret : 0;
}

static int reflect(struct target *target, unsigned int vcpu, const struct kvm2_debug_event *event)
{
	uint64_t data[2 * 3];
	struct kvm2_records records;
	uint64_t control;
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, NULL, 4);
	ret = get_state(target, vcpu, data, records.used, 0);
	if (ret < 0)
		return ret;
	kvm2_records_get_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, &control);
	control |= KVM2_DEBUG_ENABLE |
		   (event->exception == 3 ? KVM2_DEBUG_INJECT_BP : KVM2_DEBUG_INJECT_DB);
	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, control, 4);
	if (event->exception == 1)
		kvm2_records_add_u64(&records, KVM2_SET_DEBUG, KVM2_DEBUG_DR6, event->dr6, 8);
	ret = set_state(target, vcpu, data, records.used);
	return ret < 0 ? ret : 0;
}

/* ---- stops ---- */

/* At the end of kvm_enter_guest(), to be called again: all is complete. */
static bool is_in_guest(const struct thread *thread, struct user_regs_struct *regs)
{
	long ret;

	if (thread_get_regs(thread, regs) || regs->orig_rax != __NR_kvm_enter_guest)
		return false;
	ret = (long)regs->rax;
	return ret == -EINTR || (ret >= ERESTARTSYS_MIN && ret <= ERESTARTSYS_MAX);
}

/*
 * With a signal mask the call ends with -EINTR whatever interrupted it. We
 * did, so nobody need know: it is made again.
 */
static void hide_interruption(const struct thread *thread, struct user_regs_struct *regs)
{
	if ((long)regs->rax != -EINTR || thread->signal)
		return;
	regs->rip -= SYSCALL_BYTES;
	regs->rax = regs->orig_rax;
	regs->orig_rax = ~0ULL;
	thread_set_regs(thread, regs);
}

static bool owes_reply(struct target *target, unsigned int vcpu)
{
	uint64_t data[3];
	struct kvm2_records records;
	uint64_t pending = 0;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT, NULL, 4);
	if (get_state(target, vcpu, data, records.used, 0) < 0)
		return false;
	kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_PENDING_EXIT, &pending);
	return pending;
}

static void set_run_flag(pid_t pid, uint64_t run, bool on)
{
	uint64_t address = run + offsetof(struct kvm2_run, flags);
	uint32_t flags;

	if (vmm_peek(pid, address, &flags, sizeof(flags)))
		return;
	flags = on ? flags | KVM2_RUN_IMMEDIATE_EXIT : flags & ~KVM2_RUN_IMMEDIATE_EXIT;
	vmm_poke(pid, address, &flags, sizeof(flags));
}

/* The entry stop of kvm_enter_guest(): let it complete the exit, and no more. */
static enum thread_stop complete(pid_t pid, struct thread *thread, struct user_regs_struct *regs)
{
	uint64_t run = regs->rdi;
	enum thread_stop stop;

	set_run_flag(pid, run, true);
	stop = thread_resume(thread, PTRACE_SYSCALL) ? THREAD_NO_STOP :
						       thread_wait_stop(thread, SETTLE_MS);
	set_run_flag(pid, run, false);
	return stop;
}

/*
 * The thread is stopped somewhere in the VMM, with an exit whose reply the
 * kernel has not had. Let it run until it has, and no further: only then are
 * the registers what they will be. A VMM that takes long stays as it is.
 */
static enum thread_stop settle(struct target *target, struct thread *thread)
{
	enum thread_stop stop = thread->stop;
	struct user_regs_struct regs;

	for (int i = 0; i < 1000; i++) {
		if (thread_resume(thread, PTRACE_SYSCALL))
			return THREAD_ENDED;
		stop = thread_wait_stop(thread, SETTLE_MS);
		if (stop == THREAD_NO_STOP) {
			thread_interrupt(thread);
			return thread_wait_stop(thread, SETTLE_MS);
		}
		if (stop == THREAD_ENDED || stop == THREAD_GROUP_STOP)
			return stop;
		if (stop != THREAD_SYSCALL || thread_get_regs(thread, &regs) ||
		    regs.orig_rax != __NR_kvm_enter_guest || (long)regs.rax != -ENOSYS)
			continue;
		stop = complete(target->pid, thread, &regs);
		if (stop == THREAD_SYSCALL && !thread_get_regs(thread, &regs) &&
		    (long)regs.rax == -EINTR) {
			hide_interruption(thread, &regs);
			return THREAD_INTERRUPTED;
		}
		if (stop != THREAD_SYSCALL)
			return stop;
	}
	return stop;
}

/* SIGSTOP that the kernel sent for a debug event, and nobody else. */
static bool is_debug_stop(const struct thread *thread)
{
	struct user_regs_struct regs;
	siginfo_t info;

	return thread->stop == THREAD_SIGNAL && thread->signal == SIGSTOP &&
	       !ptrace(PTRACE_GETSIGINFO, thread->tid, 0, &info) &&
	       info.si_code == SI_KERNEL && is_in_guest(thread, &regs);
}

static int take_debug_event(struct target *target, unsigned int vcpu, struct target_event *event)
{
	uint64_t data[KVM2_RECORD_BYTES(sizeof(event->debug)) / 8];
	struct kvm2_records records;
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, NULL,
			 sizeof(event->debug));
	ret = get_state(target, vcpu, data, records.used, 0);
	if (ret < 0)
		return ret;
	kvm2_records_get(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, &event->debug,
			 sizeof(event->debug));
	event->kind = TARGET_DEBUG;
	vcpu_of(target, vcpu)->held = true;
	vcpu_of(target, vcpu)->thread.signal = 0;
	return 1;
}

/* Return: @event is one. */
static bool take_stop(struct target *target, unsigned int index, enum thread_stop stop,
		      struct target_event *event)
{
	struct vcpu_kvm2 *vcpu = vcpu_of(target, index);
	struct user_regs_struct regs;

	event->vcpu = index;
	for (;;) {
		if (stop == THREAD_ENDED) {
			target->vcpus[index].gone = true;
			event->kind = TARGET_VCPU_GONE;
			event->status = vcpu->thread.status;
			return true;
		}
		if (is_debug_stop(&vcpu->thread))
			return take_debug_event(target, index, event) > 0;
		if (!vcpu->asked) {
			/* Not for us: a signal, or a stop that came too late. */
			thread_resume(&vcpu->thread, PTRACE_CONT);
			return false;
		}
		if (is_in_guest(&vcpu->thread, &regs)) {
			hide_interruption(&vcpu->thread, &regs);
			break;
		}
		if (stop == THREAD_GROUP_STOP || !owes_reply(target, index))
			break;
		stop = settle(target, &vcpu->thread);
		if (stop == THREAD_INTERRUPTED || stop == THREAD_NO_STOP)
			break;
	}
	vcpu->held = true;
	vcpu->asked = false;
	event->kind = TARGET_HELD;
	return true;
}

static int leader_event(struct kvm2_target *target, struct target_event *event)
{
	enum thread_stop stop = thread_take_stop(&target->leader);

	if (stop == THREAD_NO_STOP)
		return 0;
	if (stop != THREAD_ENDED) {
		thread_resume(&target->leader, PTRACE_CONT);
		return 0;
	}
	event->kind = TARGET_EXITED;
	event->status = target->leader.status;
	return 1;
}

static int next_event(struct target *base, struct target_event *event)
{
	struct kvm2_target *target = of(base);

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
	struct vcpu_kvm2 *v = vcpu_of(target, vcpu);
	int err;

	v->asked = false;
	err = thread_resume(&v->thread, PTRACE_CONT);
	v->held = err != 0;
	return err;
}

static const struct target_ops kvm2_ops = {
	.name = "kvm2",
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
	.read = vmm_memory_read,
	.write = vmm_memory_write,
	.note_patch = note_patch,
};

int target_kvm2_attach(pid_t pid, struct target **attached)
{
	struct kvm2_target *target = calloc(1, sizeof(*target));
	int err;

	if (!target)
		return -ENOMEM;
	target->base.ops = &kvm2_ops;
	target->base.pid = pid;
	target->journal = journal_open(pid, JOURNAL_KVM2);
	err = refresh(&target->base);
	if (err >= 0 && !target->base.nr_vcpus)
		err = -ENOENT;
	if (err >= 0 && !knows(&target->base, pid)) {
		err = thread_seize(&target->leader, pid);
		target->has_leader = !err;
	}
	if (err < 0) {
		detach(&target->base);
		return err;
	}
	*attached = &target->base;
	return 0;
}
