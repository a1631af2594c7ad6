// SPDX-License-Identifier: GPL-2.0
/* A VMM held by ptrace. */
#include "vmm.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>

#include "protect.h"
#include "undo_classic.h"
#include "vmm_memory.h"

bool vmm_knows(const struct vmm *vmm, pid_t tid)
{
	const struct target *base = &vmm->base;

	for (unsigned int i = 0; i < base->nr_vcpus; i++)
		if (base->vcpus[i].tid == tid && !base->vcpus[i].gone)
			return true;
	return false;
}

int vmm_add_vcpu(struct vmm *vmm, uint32_t id, pid_t tid, struct vmm_vcpu *vcpu)
{
	struct target *base = &vmm->base;
	struct target_vcpu *public;
	struct vmm_vcpu **vcpus;
	int err;

	public = realloc(base->vcpus, (base->nr_vcpus + 1) * sizeof(*public));
	if (public)
		base->vcpus = public;
	vcpus = realloc(vmm->vcpus, (base->nr_vcpus + 1) * sizeof(struct vmm_vcpu *));
	if (vcpus)
		vmm->vcpus = vcpus;
	if (!public || !vcpus)
		return -ENOMEM;
	err = thread_seize(&vcpu->thread, tid);
	if (err)
		return err;
	vcpus[base->nr_vcpus] = vcpu;
	base->vcpus[base->nr_vcpus++] = (struct target_vcpu){ .id = id, .tid = tid };
	return 0;
}

int vmm_seize_leader(struct vmm *vmm)
{
	int err;

	if (vmm_knows(vmm, vmm->base.pid))
		return 0;
	err = thread_seize(&vmm->leader, vmm->base.pid);
	vmm->has_leader = !err;
	return err;
}

void vmm_release(struct vmm *vmm)
{
	protect_destroy(vmm);
	for (unsigned int i = 0; i < vmm->base.nr_vcpus; i++) {
		thread_detach(&vmm->vcpus[i]->thread);
		vmm->ops->free_vcpu(vmm->vcpus[i]);
	}
	if (vmm->has_leader)
		thread_detach(&vmm->leader);
	journal_close(vmm->journal);
	free(vmm->vcpus);
	free(vmm->base.vcpus);
	free(vmm->base.regions);
}

/* ---- events ---- */

bool vmm_give_held(struct vmm_vcpu *vcpu, struct target_event *event)
{
	vcpu->held = true;
	vcpu->asked = false;
	event->kind = vcpu->writes ? TARGET_WRITE : TARGET_HELD;
	event->gpa = vcpu->writes_at;
	vcpu->writes = false;
	return true;
}

bool vmm_give_ended(struct vmm *vmm, unsigned int index, struct target_event *event)
{
	const struct thread *thread = &vmm->vcpus[index]->thread;

	vmm->base.vcpus[index].gone = true;
	event->status = thread->status;
	/* The first thread of a process is the last one to be reported. */
	vmm->exited = thread->tid == vmm->base.pid;
	event->kind = vmm->exited ? TARGET_EXITED : TARGET_VCPU_GONE;
	return true;
}

static bool take_stop(struct vmm *vmm, unsigned int index, enum thread_stop stop,
		      struct target_event *event)
{
	event->vcpu = index;
	return stop == THREAD_ENDED ? vmm_give_ended(vmm, index, event) :
				      vmm->ops->take_stop(vmm, index, stop, event);
}

static bool leader_event(struct vmm *vmm, struct target_event *event)
{
	enum thread_stop stop = thread_take_stop(&vmm->leader);

	if (stop == THREAD_NO_STOP)
		return false;
	if (stop != THREAD_ENDED) {
		thread_resume(&vmm->leader, PTRACE_CONT);
		return false;
	}
	vmm->exited = true;
	event->kind = TARGET_EXITED;
	event->status = vmm->leader.status;
	return true;
}

int vmm_next_event(struct target *target, struct target_event *event)
{
	struct vmm *vmm = vmm_of(target);

	*event = (struct target_event){ .kind = TARGET_NOTHING };
	if (vmm->exited)
		return 0;
	threads_collect();
	for (unsigned int i = 0; i < target->nr_vcpus; i++) {
		enum thread_stop stop;

		while ((stop = thread_take_stop(&vmm->vcpus[i]->thread)) != THREAD_NO_STOP)
			if (take_stop(vmm, i, stop, event))
				return 1;
	}
	if (vmm->ops->poll)
		vmm->ops->poll(vmm);
	if (protect_next_event(vmm, event))
		return 1;
	return vmm->has_leader && leader_event(vmm, event);
}

void vmm_wait(struct target *target, int ms)
{
	(void)target;
	threads_wait(ms);
}

/* ---- who runs ---- */

int vmm_interrupt(struct target *target, unsigned int vcpu)
{
	struct vmm_vcpu *v = vmm_of(target)->vcpus[vcpu];

	v->asked = true;
	return thread_interrupt(&v->thread);
}

int vmm_resume(struct target *target, unsigned int vcpu)
{
	struct vmm *vmm = vmm_of(target);
	struct vmm_vcpu *v = vmm->vcpus[vcpu];
	int err;

	v->asked = false;
	v->writes = false;
	err = vmm->ops->go_on ? vmm->ops->go_on(v) : thread_resume(&v->thread, PTRACE_CONT);
	v->held = err != 0;
	return err;
}

int vmm_kill(struct target *target)
{
	return kill(target->pid, SIGKILL) ? -errno : 0;
}

void vmm_note_patch(struct target *target, uint64_t gpa, uint8_t original, bool inserted)
{
	journal_patch(vmm_of(target)->journal, vmm_memory_host(target, gpa), original, inserted);
}

void vmm_note_copy(struct target *target, unsigned int vcpu, uint64_t pc, uint64_t gpa)
{
	undo_note_copy(vmm_of(target)->vcpus[vcpu]->undo, pc, gpa ? vmm_memory_host(target, gpa) : 0);
}
