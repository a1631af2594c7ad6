// SPDX-License-Identifier: GPL-2.0
/* What targets that are only looked at have in common. */
#include "inspect.h"

#include <errno.h>
#include <stdlib.h>

static struct inspected *of(struct target *target)
{
	return (struct inspected *)target;
}

void inspect_init(struct target *target, const struct target_ops *ops, pid_t pid)
{
	target->ops = ops;
	target->pid = pid;
	target->is_live = true;
}

int inspect_add_vcpu(struct target *target, uint32_t id, pid_t tid)
{
	struct target_vcpu *vcpus;

	for (unsigned int i = 0; i < target->nr_vcpus; i++)
		if (target->vcpus[i].tid == tid)
			return 0;
	if (target->nr_vcpus == TARGET_VCPUS_MAX)
		return 0;
	vcpus = realloc(target->vcpus, (target->nr_vcpus + 1) * sizeof(*vcpus));
	if (!vcpus)
		return -ENOMEM;
	target->vcpus = vcpus;
	vcpus[target->nr_vcpus++] = (struct target_vcpu){ .id = id, .tid = tid };
	return 1;
}

int inspect_interrupt(struct target *target, unsigned int vcpu)
{
	of(target)->asked[vcpu] = true;
	return 0;
}

int inspect_next_event(struct target *target, struct target_event *event)
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

/* Nothing ever comes. */
void inspect_wait(struct target *target, int ms)
{
	(void)target;
	(void)ms;
}

/* It never stood. */
int inspect_resume(struct target *target, unsigned int vcpu)
{
	(void)target;
	(void)vcpu;
	return 0;
}

/* ---- what would change something ---- */

int inspect_set_debug(struct target *target, unsigned int vcpu, const struct target_debug *debug)
{
	(void)target;
	(void)vcpu;
	(void)debug;
	return -EROFS;
}

int inspect_reflect(struct target *target, unsigned int vcpu, const struct kvm2_debug_event *debug)
{
	(void)target;
	(void)vcpu;
	(void)debug;
	return -EROFS;
}

int inspect_set_state(struct target *target, unsigned int vcpu, void *records, size_t size)
{
	(void)target;
	(void)vcpu;
	(void)records;
	(void)size;
	return -EROFS;
}

ssize_t inspect_write(struct target *target, uint64_t gpa, const void *data, size_t size)
{
	(void)target;
	(void)gpa;
	(void)data;
	(void)size;
	return -EROFS;
}

void inspect_note_patch(struct target *target, uint64_t gpa, uint8_t original, bool inserted)
{
	(void)target;
	(void)gpa;
	(void)original;
	(void)inserted;
}
