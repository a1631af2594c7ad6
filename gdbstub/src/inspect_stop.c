// SPDX-License-Identifier: GPL-2.0
/*
 * A VM on the classic API that is looked at by stops as short as can be: the
 * vcpu's thread is stopped for each look, and goes on as soon as it is read.
 * It takes no more than ptrace, and has all registers.
 */
#include "inspect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "target_classic.h"

/* How long a vcpu may take to stand. */
#define LOOK_MS		5000
#define WAIT_MS		20

/**
 * struct stopping - the VM
 * @inner:	that holds it
 * @exited, @status: the VMM has ended so; @has_told: as has been told
 * @looks, @longest_ns: stops, the longest of them
 */
struct stopping {
	struct inspected inspected;
	struct target *inner;
	bool exited;
	bool has_told;
	int status;
	unsigned long looks;
	int64_t longest_ns;
};

static struct stopping *of(struct target *target)
{
	return (struct stopping *)target;
}

static void mirror(struct stopping *stopping)
{
	struct target *base = &stopping->inspected.base;
	const struct target *inner = stopping->inner;

	base->vcpus = inner->vcpus;
	base->nr_vcpus = inner->nr_vcpus;
	base->regions = inner->regions;
	base->nr_regions = inner->nr_regions;
}

static int refresh(struct target *target)
{
	int ret = of(target)->inner->ops->refresh(of(target)->inner);

	mirror(of(target));
	return ret;
}

/* What happens while nobody looks, or to others: only the end is of interest. */
static int take_event(struct stopping *stopping, struct target_event *event)
{
	struct target *inner = stopping->inner;
	int ret = stopping->exited ? 0 : inner->ops->next_event(inner, event);

	if (ret > 0 && event->kind == TARGET_EXITED) {
		stopping->exited = true;
		stopping->status = event->status;
	}
	return ret;
}

static int hold(struct stopping *stopping, unsigned int vcpu)
{
	struct target *inner = stopping->inner;
	int64_t deadline = clock_ns() + LOOK_MS * 1000000LL;
	struct target_event event;
	int err;

	if (stopping->exited || inner->vcpus[vcpu].gone)
		return -ESRCH;
	err = inner->ops->interrupt(inner, vcpu);
	while (!err && clock_ns() < deadline) {
		while (take_event(stopping, &event) > 0) {
			if (stopping->exited || inner->vcpus[vcpu].gone)
				return -ESRCH;
			if (event.kind == TARGET_HELD && event.vcpu == vcpu)
				return 0;
		}
		inner->ops->wait(inner, WAIT_MS);
	}
	return err ? err : -ETIMEDOUT;
}

static void let_go(struct stopping *stopping, unsigned int vcpu, int64_t since)
{
	int64_t took;

	stopping->inner->ops->resume(stopping->inner, vcpu);
	took = clock_ns() - since;
	stopping->looks++;
	if (took > stopping->longest_ns)
		stopping->longest_ns = took;
}

static int get_state(struct target *target, unsigned int vcpu, void *records, size_t size, uint32_t flags)
{
	struct stopping *stopping = of(target);
	int64_t since = clock_ns();
	int ret = hold(stopping, vcpu);

	if (ret)
		return ret;
	ret = stopping->inner->ops->get_state(stopping->inner, vcpu, records, size, flags);
	let_go(stopping, vcpu, since);
	return ret;
}

static ssize_t read_memory(struct target *target, uint64_t gpa, void *data, size_t size)
{
	return of(target)->inner->ops->read(of(target)->inner, gpa, data, size);
}

static int next_event(struct target *target, struct target_event *event)
{
	struct stopping *stopping = of(target);

	if (inspect_next_event(target, event) > 0)
		return 1;
	while (take_event(stopping, event) > 0)
		if (event->kind == TARGET_VCPU_GONE)
			return 1;
	if (!stopping->exited || stopping->has_told)
		return 0;
	stopping->has_told = true;
	*event = (struct target_event){ .kind = TARGET_EXITED, .status = stopping->status };
	return 1;
}

static void wait_for_event(struct target *target, int ms)
{
	of(target)->inner->ops->wait(of(target)->inner, ms);
}

static void tell_age(struct target *target, unsigned int vcpu, char *text, size_t size)
{
	const struct stopping *stopping = of(target);

	(void)vcpu;
	snprintf(text, size, "each look stops the vcpu's thread for a moment, and registers are of that moment; "
		 "%lu looks, the longest took %lld us", stopping->looks, (long long)stopping->longest_ns / 1000);
}

static void detach(struct target *target)
{
	of(target)->inner->ops->detach(of(target)->inner);
	free(target);
}

static const struct target_ops ops = {
	INSPECT_OPS,
	.name = "inspect",
	.detach = detach,
	.refresh = refresh,
	.next_event = next_event,
	.wait = wait_for_event,
	.get_state = get_state,
	.read = read_memory,
	.tell_age = tell_age,
};

/* Without BPF the memory is found while a vcpu stands. */
static void find_memory(struct stopping *stopping)
{
	int64_t since = clock_ns();
	char byte;

	if (hold(stopping, 0))
		return;
	read_memory(&stopping->inspected.base, 0, &byte, 1);
	let_go(stopping, 0, since);
}

int inspect_stop_attach(pid_t pid, struct target **attached, const char **why)
{
	struct stopping *stopping = calloc(1, sizeof(*stopping));
	int err;

	if (!stopping)
		return -ENOMEM;
	err = target_classic_attach(pid, &stopping->inner, why);
	if (err) {
		free(stopping);
		return err;
	}
	inspect_init(&stopping->inspected.base, &ops, pid);
	find_memory(stopping);
	mirror(stopping);
	*attached = &stopping->inspected.base;
	return 0;
}
