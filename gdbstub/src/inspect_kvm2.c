// SPDX-License-Identifier: GPL-2.0
/*
 * A VM on the kvm2 system calls that is looked at, and never stopped: no
 * ptrace, no signal, nothing written. kvm_get_state() has a vcpu out of the
 * guest for as long as it takes to read it, so that the registers of one call
 * go together; those of another call, and memory, may be of another time.
 */
#include "inspect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "proc_kvm2.h"
#include "vmm_memory.h"

/* @pidfds: of its vcpus' threads */
struct inspected_kvm2 {
	struct inspected inspected;
	int pidfds[TARGET_VCPUS_MAX];
};

static struct inspected_kvm2 *of(struct target *target)
{
	return (struct inspected_kvm2 *)target;
}

/* As proc_kvm2_fn. */
static int take_vcpu(struct target *target, uint32_t id, pid_t tid)
{
	int ret = inspect_add_vcpu(target, id, tid);
	int pidfd;

	if (ret <= 0)
		return ret;
	pidfd = kvm2_thread_pidfd_open(tid);
	if (pidfd < 0) {
		target->nr_vcpus--;
		return pidfd;
	}
	of(target)->pidfds[target->nr_vcpus - 1] = pidfd;
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
	free(target->vcpus);
	free(target->regions);
	free(target);
}

static int get_state(struct target *target, unsigned int vcpu, void *records, size_t size, uint32_t flags)
{
	return kvm2_sys_get_state(of(target)->pidfds[vcpu], records, size, flags);
}

static void tell_age(struct target *target, unsigned int vcpu, char *text, size_t size)
{
	(void)target;
	(void)vcpu;
	snprintf(text, size, "the kernel has the vcpu out of the guest while it is read: registers are of that moment");
}

static const struct target_ops ops = {
	INSPECT_OPS,
	.name = "inspect",
	.detach = detach,
	.refresh = refresh,
	.next_event = inspect_next_event,
	.wait = inspect_wait,
	.get_state = get_state,
	.read = vmm_memory_read,
	.tell_age = tell_age,
};

int inspect_kvm2_attach(pid_t pid, struct target **attached)
{
	struct inspected_kvm2 *inspected = calloc(1, sizeof(*inspected));
	struct target *target;
	int err;

	if (!inspected)
		return -ENOMEM;
	target = &inspected->inspected.base;
	inspect_init(target, &ops, pid);
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
