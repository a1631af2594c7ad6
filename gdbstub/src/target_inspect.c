// SPDX-License-Identifier: GPL-2.0
/*
 * A VM on the kvm2 system calls that is looked at, and never stopped: no
 * ptrace, no signal, nothing written. kvm_get_state() has a vcpu out of the
 * guest for as long as it takes to read it, so that the registers of one call
 * go together; those of another call, and memory, may be of another time.
 */
#include "target_inspect.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "proc_kvm2.h"
#include "vmm_memory.h"

/**
 * struct inspected - the VM
 * @pidfds: of its vcpus' threads
 * @asked:  vcpus that were to stop: they are told to stand
 */
struct inspected {
	struct target base;
	int *pidfds;
	bool *asked;
};

static struct inspected *of(struct target *target)
{
	return (struct inspected *)target;
}

/* As proc_kvm2_fn. */
static int take_vcpu(struct target *target, uint32_t id, pid_t tid)
{
	struct inspected *inspected = of(target);
	const size_t count = target->nr_vcpus + 1;
	struct target_vcpu *vcpus;
	bool *asked;
	int *pidfds;
	int pidfd;

	for (unsigned int i = 0; i < target->nr_vcpus; i++)
		if (target->vcpus[i].tid == tid)
			return 0;
	if (target->nr_vcpus == TARGET_VCPUS_MAX)
		return 0;
	vcpus = realloc(target->vcpus, count * sizeof(*vcpus));
	if (vcpus)
		target->vcpus = vcpus;
	pidfds = realloc(inspected->pidfds, count * sizeof(*pidfds));
	if (pidfds)
		inspected->pidfds = pidfds;
	asked = realloc(inspected->asked, count * sizeof(*asked));
	if (asked)
		inspected->asked = asked;
	if (!vcpus || !pidfds || !asked)
		return -ENOMEM;
	pidfd = kvm2_thread_pidfd_open(tid);
	if (pidfd < 0)
		return pidfd;
	pidfds[count - 1] = pidfd;
	asked[count - 1] = false;
	vcpus[count - 1] = (struct target_vcpu){ .id = id, .tid = tid };
	target->nr_vcpus++;
	return 1;
}

static int refresh(struct target *target)
{
	return proc_kvm2_read(target, take_vcpu);
}

static void detach(struct target *target)
{
	for (unsigned int i = 0; i < target->nr_vcpus; i++)
		close(of(target)->pidfds[i]);
	free(of(target)->pidfds);
	free(of(target)->asked);
	free(target->vcpus);
	free(target->regions);
	free(target);
}

static int interrupt(struct target *target, unsigned int vcpu)
{
	of(target)->asked[vcpu] = true;
	return 0;
}

static int next_event(struct target *target, struct target_event *event)
{
	for (unsigned int i = 0; i < target->nr_vcpus; i++) {
		if (!of(target)->asked[i])
			continue;
		of(target)->asked[i] = false;
		*event = (struct target_event){ .kind = TARGET_HELD, .vcpu = i };
		return 1;
	}
	return 0;
}

static void wait_for_event(struct target *target, int ms)
{
	(void)target;
	(void)ms;
}

static int get_state(struct target *target, unsigned int vcpu, void *records, size_t size, uint32_t flags)
{
	return kvm2_sys_get_state(of(target)->pidfds[vcpu], records, size, flags);
}

/* It never stood. */
static int resume(struct target *target, unsigned int vcpu)
{
	(void)target;
	(void)vcpu;
	return 0;
}

/* ---- what would change something ---- */

static int no_debug(struct target *target, unsigned int vcpu, const struct target_debug *debug)
{
	(void)target;
	(void)vcpu;
	(void)debug;
	return -EROFS;
}

static int no_reflect(struct target *target, unsigned int vcpu, const struct kvm2_debug_event *debug)
{
	(void)target;
	(void)vcpu;
	(void)debug;
	return -EROFS;
}

static int no_set_state(struct target *target, unsigned int vcpu, void *records, size_t size)
{
	(void)target;
	(void)vcpu;
	(void)records;
	(void)size;
	return -EROFS;
}

static ssize_t no_write(struct target *target, uint64_t gpa, const void *data, size_t size)
{
	(void)target;
	(void)gpa;
	(void)data;
	(void)size;
	return -EROFS;
}

static void no_note(struct target *target, uint64_t gpa, uint8_t original, bool inserted)
{
	(void)target;
	(void)gpa;
	(void)original;
	(void)inserted;
}

static const struct target_ops inspect_ops = {
	.name = "inspect",
	.detach = detach,
	.refresh = refresh,
	.interrupt = interrupt,
	.resume = resume,
	.set_debug = no_debug,
	.reflect = no_reflect,
	.next_event = next_event,
	.wait = wait_for_event,
	.get_state = get_state,
	.set_state = no_set_state,
	.read = vmm_memory_read,
	.write = no_write,
	.note_patch = no_note,
};

int target_inspect_attach(pid_t pid, struct target **attached)
{
	struct inspected *inspected = calloc(1, sizeof(*inspected));
	struct target *target;
	int err;

	if (!inspected)
		return -ENOMEM;
	target = &inspected->base;
	target->ops = &inspect_ops;
	target->pid = pid;
	target->is_live = true;
	err = refresh(target);
	if (err >= 0 && !target->nr_vcpus)
		err = -ENOENT;
	if (err < 0) {
		detach(target);
		return err;
	}
	*attached = target;
	return 0;
}
