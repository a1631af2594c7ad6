// SPDX-License-Identifier: GPL-2.0
/* A VM that is no more. */
#include "target_ended.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <kvm2/kvm2.h>

/* @is_told: somebody wants to know what it does */
struct ended {
	struct target base;
	int status;
	bool is_told;
};

static struct ended *of(struct target *target)
{
	return (struct ended *)target;
}

static void detach(struct target *target)
{
	free(target->vcpus);
	free(target);
}

static int refresh(struct target *target)
{
	(void)target;
	return 0;
}

static int interrupt(struct target *target, unsigned int vcpu)
{
	(void)target;
	(void)vcpu;
	return 0;
}

static int resume(struct target *target, unsigned int vcpu)
{
	(void)vcpu;
	of(target)->is_told = true;
	return 0;
}

static int set_debug(struct target *target, unsigned int vcpu, const struct target_debug *debug)
{
	(void)target;
	(void)vcpu;
	(void)debug;
	return 0;
}

static int next_event(struct target *target, struct target_event *event)
{
	if (!of(target)->is_told)
		return 0;
	of(target)->is_told = false;
	*event = (struct target_event){ .kind = TARGET_EXITED, .status = of(target)->status };
	return 1;
}

static void wait_for_event(struct target *target, int ms)
{
	(void)target;
	(void)ms;
}

/* gdb insists on knowing where a vcpu is: at 0, if it asks for that alone. */
static int get_state(struct target *target, unsigned int vcpu, void *data, size_t size, uint32_t flags)
{
	struct kvm2_records records = { .data = data, .size = size, .used = size };
	struct kvm2_record *record = kvm2_records_next(&records, NULL);

	(void)target;
	(void)vcpu;
	if (flags || !record || record->set != KVM2_SET_CONTROL || record->number != KVM2_CONTROL_RIP ||
	    kvm2_records_next(&records, record))
		return -ENODATA;
	memset(record->value, 0, record->size);
	return 1;
}

static int set_state(struct target *target, unsigned int vcpu, void *records, size_t size)
{
	(void)target;
	(void)vcpu;
	(void)records;
	(void)size;
	return -ENODATA;
}

static ssize_t read_memory(struct target *target, uint64_t gpa, void *data, size_t size)
{
	(void)target;
	(void)gpa;
	(void)data;
	(void)size;
	return -ENODATA;
}

static ssize_t write_memory(struct target *target, uint64_t gpa, const void *data, size_t size)
{
	(void)target;
	(void)gpa;
	(void)data;
	(void)size;
	return -ENODATA;
}

static const struct target_ops ended_ops = {
	.name = "ended",
	.detach = detach,
	.refresh = refresh,
	.interrupt = interrupt,
	.resume = resume,
	.set_debug = set_debug,
	.next_event = next_event,
	.wait = wait_for_event,
	.get_state = get_state,
	.set_state = set_state,
	.read = read_memory,
	.write = write_memory,
};

struct target *target_ended_create(const struct target *target, int status)
{
	struct ended *ended = calloc(1, sizeof(*ended));
	struct target_vcpu *vcpus = calloc(target->nr_vcpus, sizeof(*vcpus));

	if (!ended || !vcpus) {
		free(ended);
		free(vcpus);
		return NULL;
	}
	for (unsigned int i = 0; i < target->nr_vcpus; i++)
		vcpus[i] = (struct target_vcpu){ .id = target->vcpus[i].id, .tid = target->vcpus[i].tid };
	ended->status = status;
	ended->base = (struct target){
		.ops = &ended_ops, .pid = target->pid, .started = target->started, .is_started = target->is_started, .is_live = true,
		.has_ended = true, .vcpus = vcpus, .nr_vcpus = target->nr_vcpus,
	};
	memcpy(ended->base.name, target->name, sizeof(target->name));
	return &ended->base;
}
