// SPDX-License-Identifier: GPL-2.0
/*
 * Breakpoints: an int3 in guest physical memory, or debug registers.
 *
 * An int3 whose page is not mapped yet is served by a debug register; when
 * none is free it waits, and is tried again at every stop.
 */
#include "vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INT3	0xcc

static struct breakpoint *find(const struct vm *vm, enum breakpoint_type type, uint64_t address,
			       uint64_t size)
{
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		struct breakpoint *b = vm->breakpoints[i];

		if (b->type == type && b->address == address &&
		    (type <= BREAKPOINT_HARDWARE || b->size == size))
			return b;
	}
	return NULL;
}

struct breakpoint *breakpoint_at_gpa(const struct vm *vm, uint64_t gpa)
{
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++)
		if (vm->breakpoints[i]->inserted && vm->breakpoints[i]->gpa == gpa)
			return vm->breakpoints[i];
	return NULL;
}

bool breakpoint_is_execute(const struct breakpoint *breakpoint)
{
	return breakpoint->type == BREAKPOINT_SOFTWARE || breakpoint->type == BREAKPOINT_HARDWARE;
}

/* Whenever no debug register serves it. */
static bool is_by_int3(const struct breakpoint *breakpoint)
{
	return breakpoint->type == BREAKPOINT_SOFTWARE || breakpoint->has_left;
}

struct breakpoint *breakpoint_at_pc(struct vm *vm, unsigned int vcpu, uint64_t pc)
{
	struct walk_result result;

	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		struct breakpoint *b = vm->breakpoints[i];

		if (breakpoint_is_execute(b) && b->slots && b->address == pc)
			return b;
	}
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++)
		/* Only a page with an int3 in the same place is worth a walk. */
		if (vm->breakpoints[i]->inserted && !((vm->breakpoints[i]->gpa ^ pc) & 0xfff))
			return vm_translate_linear(vm, vcpu, pc, &result) == 1 ?
				breakpoint_at_gpa(vm, result.gpa) : NULL;
	return NULL;
}

/* Is the int3 there, or only away for a step over it? */
static bool is_served(const struct vm *vm, uint64_t gpa)
{
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++)
		if (vm->breakpoints[i]->is_lifted && vm->breakpoints[i]->gpa == gpa)
			return true;
	return breakpoint_at_gpa(vm, gpa);
}

/* With the int3 of one gone, another one at the same place needs its own. */
static void put_other(struct vm *vm, uint64_t gpa)
{
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		struct breakpoint *b = vm->breakpoints[i];

		if (is_by_int3(b) && !b->inserted && !b->slots && b->gpa == gpa) {
			breakpoint_put(vm, b);
			return;
		}
	}
}

/* ---- int3 ---- */

static void note(struct vm *vm, const struct breakpoint *breakpoint)
{
	if (vm->target->ops->note_patch)
		vm->target->ops->note_patch(vm->target, breakpoint->gpa, breakpoint->original,
					    breakpoint->inserted);
}

int breakpoint_put(struct vm *vm, struct breakpoint *breakpoint)
{
	const uint8_t int3 = INT3;
	ssize_t done;
	int err;

	if (vm->exited)
		return -ESRCH;
	/* What is there is the guest's only where no int3 of ours is. */
	if (breakpoint_at_gpa(vm, breakpoint->gpa))
		return 0;
	err = vm_expect_int3(vm);
	if (err)
		return err;
	done = vm->target->ops->read(vm->target, breakpoint->gpa, &breakpoint->original, 1);
	if (done != 1)
		return -EFAULT;
	/* Whoever cleans up must know before it is there. */
	breakpoint->inserted = true;
	note(vm, breakpoint);
	done = watch_write(vm, breakpoint->gpa, &int3, 1);
	if (done == 1)
		return 0;
	breakpoint->inserted = false;
	note(vm, breakpoint);
	return -EFAULT;
}

static int put_original(struct vm *vm, const struct breakpoint *breakpoint)
{
	uint8_t now;
	ssize_t done = vm->target->ops->read(vm->target, breakpoint->gpa, &now, 1);

	/* What the guest has written there in the meantime stays. */
	if (done == 1 && now == INT3)
		done = watch_write(vm, breakpoint->gpa, &breakpoint->original, 1);
	return done == 1 ? 0 : -EFAULT;
}

int breakpoint_lift(struct vm *vm, struct breakpoint *breakpoint)
{
	int err = 0;

	if (!breakpoint->inserted)
		return 0;
	/* The number of one that is gone may be another process's by now. */
	if (!vm->exited)
		err = put_original(vm, breakpoint);
	breakpoint->inserted = false;
	note(vm, breakpoint);
	return err;
}

/* ---- int3 or debug register ---- */

void breakpoint_prefer_slot(struct vm *vm, struct breakpoint *breakpoint)
{
	if (!breakpoint->inserted || !breakpoint->nr_conditions || breakpoint->nr_commands ||
	    vm->physical || slots_take_free(vm, breakpoint))
		return;
	breakpoint->by_choice = true;
	breakpoint_lift(vm, breakpoint);
	put_other(vm, breakpoint->gpa);
}

bool breakpoint_is_meant(struct vm *vm, unsigned int vcpu, const struct breakpoint *breakpoint)
{
	struct walk_result result;

	return !breakpoint->by_choice || vm_translate(vm, vcpu, breakpoint->address, &result) != 1 ||
	       result.gpa == breakpoint->gpa;
}

/* One in a debug register, where it was by choice or is mapped now. */
static int put_instead(struct vm *vm, struct breakpoint *breakpoint)
{
	struct walk_result result;

	if (!breakpoint->by_choice) {
		if (vm_translate_linear(vm, breakpoint->vcpu, breakpoint->address, &result) != 1)
			return -EFAULT;
		breakpoint->gpa = result.gpa;
	}
	return is_served(vm, breakpoint->gpa) ? 0 : breakpoint_put(vm, breakpoint);
}

int breakpoint_leave_slots(struct vm *vm, struct breakpoint *breakpoint)
{
	unsigned int slots = breakpoint->slots;
	const char *why;
	int err;

	breakpoint->slots = 0;
	err = breakpoint_is_execute(breakpoint) ? put_instead(vm, breakpoint) :
						  watch_begin(vm, breakpoint->vcpu, breakpoint, &why);
	if (err) {
		breakpoint->slots = slots;
		return err;
	}
	breakpoint->by_choice = false;
	breakpoint->has_left = true;
	return 0;
}

static int place(struct vm *vm, unsigned int vcpu, struct breakpoint *breakpoint,
		 const char **why)
{
	struct walk_result result;
	int ret;

	if (!breakpoint_is_execute(breakpoint) || !is_by_int3(breakpoint)) {
		ret = slots_take(vm, breakpoint);
		if (ret && !breakpoint_is_execute(breakpoint))
			return watch_begin(vm, vcpu, breakpoint, why);
		if (ret)
			*why = "all debug registers are in use";
		return ret;
	}
	ret = vm_translate(vm, vcpu, breakpoint->address, &result);
	if (ret == 1) {
		breakpoint->gpa = result.gpa;
		/* A second name for the same byte: one int3 serves both. */
		ret = is_served(vm, result.gpa) ? 0 : breakpoint_put(vm, breakpoint);
		if (!ret)
			return 0;
		*why = "this memory cannot be written";
		return slots_take(vm, breakpoint) ? ret : 0;
	}
	/* Not mapped: a debug register needs no page. Else it waits. */
	slots_take(vm, breakpoint);
	return 0;
}

/* The guest has written over it, as a loader does. */
static bool is_overwritten(struct vm *vm, const struct breakpoint *b)
{
	uint8_t now;

	return b->inserted && vm->target->ops->read(vm->target, b->gpa, &now, 1) == 1 && now != INT3;
}

bool breakpoint_waits(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		const struct breakpoint *b = vm->breakpoints[i];

		if (!is_by_int3(b) || !breakpoint_is_execute(b) || b->is_lifted)
			continue;
		if (is_overwritten(vm, b) || (!b->inserted && !b->slots && !is_served(vm, b->gpa)))
			return true;
	}
	return false;
}

void breakpoint_refresh(struct vm *vm, unsigned int vcpu)
{
	const char *why;

	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		struct breakpoint *b = vm->breakpoints[i];

		if (!is_by_int3(b) || !breakpoint_is_execute(b) || b->is_lifted)
			continue;
		if (!b->inserted && !b->slots) {
			vm_hold(vm);
			place(vm, vcpu, b, &why);
		} else if (is_overwritten(vm, b)) {
			/* What was there is of old. */
			b->inserted = false;
			note(vm, b);
			breakpoint_put(vm, b);
		}
	}
}

/* ---- the list ---- */

static int insert(struct vm *vm, unsigned int vcpu, enum breakpoint_type type, uint64_t address,
		  uint64_t size, struct breakpoint **breakpoint, const char **why)
{
	struct breakpoint *b = find(vm, type, address, size);
	struct breakpoint **list;
	int ret;

	*why = NULL;
	*breakpoint = b;
	if (vm->exited)
		return -ESRCH;
	if (b)
		return 0;
	if (!size && type > BREAKPOINT_HARDWARE)
		return -EINVAL;
	if (vm->nr_breakpoints == BREAKPOINTS_MAX) {
		*why = "too many breakpoints";
		return -ENOSPC;
	}
	list = realloc(vm->breakpoints, (vm->nr_breakpoints + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	vm->breakpoints = list;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->type = type;
	b->address = address;
	b->size = size;
	b->vcpu = vcpu;
	ret = place(vm, vcpu, b, why);
	if (ret) {
		free(b);
		return ret;
	}
	if (type == BREAKPOINT_READ)
		vm_read(vm, vcpu, address, b->old, size < sizeof(b->old) ? size : sizeof(b->old));
	list[vm->nr_breakpoints++] = b;
	*breakpoint = b;
	return 0;
}

void breakpoint_forget_expressions(struct breakpoint *breakpoint)
{
	while (breakpoint->nr_conditions)
		free(breakpoint->conditions[--breakpoint->nr_conditions].code);
	while (breakpoint->nr_commands)
		free(breakpoint->commands[--breakpoint->nr_commands].code);
}

int expression_add(struct expression *list, unsigned int *count, const uint8_t *code, size_t size)
{
	uint8_t *copy;

	if (*count == EXPRESSIONS_MAX)
		return -E2BIG;
	copy = malloc(size ? size : 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, code, size);
	list[(*count)++] = (struct expression){ copy, size };
	return 0;
}

static void destroy(struct vm *vm, unsigned int index)
{
	struct breakpoint *b = vm->breakpoints[index];
	uint64_t gpa = b->gpa;
	bool was_inserted = b->inserted;

	breakpoint_lift(vm, b);
	watch_end(vm, b);
	breakpoint_forget_expressions(b);
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		if (vm->vcpus[i].acted == b)
			vm->vcpus[i].acted = NULL;
		if (vm->vcpus[i].passes == b)
			vm->vcpus[i].passes = NULL;
		if (vm->vcpus[i].probes == b)
			vm->vcpus[i].probes = NULL;
	}
	free(b);
	vm->breakpoints[index] = vm->breakpoints[--vm->nr_breakpoints];
	if (was_inserted)
		put_other(vm, gpa);
}

int breakpoint_insert(struct vm *vm, unsigned int vcpu, enum breakpoint_type type,
		      uint64_t address, uint64_t size, struct breakpoint **breakpoint,
		      const char **why)
{
	int err = insert(vm, vcpu, type, address, size, breakpoint, why);

	if (!err)
		(*breakpoint)->is_gdbs = true;
	return err;
}

/* If it is nobody's any more. */
static void put(struct vm *vm, const struct breakpoint *breakpoint)
{
	unsigned int i = 0;

	if (breakpoint->is_gdbs || breakpoint->is_traced)
		return;
	while (vm->breakpoints[i] != breakpoint)
		i++;
	destroy(vm, i);
}

int breakpoint_remove(struct vm *vm, enum breakpoint_type type, uint64_t address, uint64_t size)
{
	struct breakpoint *b = find(vm, type, address, size);

	if (!b || !b->is_gdbs)
		return -ENOENT;
	b->is_gdbs = false;
	breakpoint_forget_expressions(b);
	put(vm, b);
	return 0;
}

void breakpoint_remove_gdbs(struct vm *vm)
{
	/* Whichever takes the place of one that goes has been seen. */
	for (unsigned int i = vm->nr_breakpoints; i--;) {
		struct breakpoint *b = vm->breakpoints[i];

		b->is_gdbs = false;
		breakpoint_forget_expressions(b);
		put(vm, b);
	}
}

int breakpoint_trace(struct vm *vm, unsigned int vcpu, uint64_t address, bool on)
{
	struct breakpoint *b = find(vm, BREAKPOINT_SOFTWARE, address, 1);
	const char *why;
	int err = 0;

	if (on)
		err = insert(vm, vcpu, BREAKPOINT_SOFTWARE, address, 1, &b, &why);
	if (err || !b)
		return err;
	b->is_traced = on;
	put(vm, b);
	return 0;
}

void breakpoint_remove_all(struct vm *vm)
{
	while (vm->nr_breakpoints)
		destroy(vm, vm->nr_breakpoints - 1);
	free(vm->breakpoints);
	free(vm->watched);
	vm->breakpoints = NULL;
	vm->watched = NULL;
}
