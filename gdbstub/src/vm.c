// SPDX-License-Identifier: GPL-2.0
/* The life of an inferior, and which vcpus it has; see vm.h. */
#include "vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <kvm2/kvm2.h>

#include "target_ended.h"
#include "trace.h"

static int add_vcpus(struct vm *vm)
{
	struct vcpu *vcpus;

	if (vm->target->nr_vcpus == vm->nr_vcpus)
		return 0;
	vcpus = realloc(vm->vcpus, vm->target->nr_vcpus * sizeof(*vcpus));
	if (!vcpus)
		return -ENOMEM;
	vm->vcpus = vcpus;
	while (vm->nr_vcpus < vm->target->nr_vcpus)
		vcpus[vm->nr_vcpus++] = (struct vcpu){ .want = WANT_CONTINUE, .running = true };
	return 0;
}

/* Which registers there are is asked of the first vcpu. */
static int list_registers(struct vm *vm, bool wide)
{
	const uint32_t flags = KVM2_STATE_LIST | KVM2_STATE_HEADERS;
	struct target *target = vm->target;
	int size = target->ops->get_state(target, 0, NULL, 0, flags);
	void *list;
	int ret;

	if (size <= 0)
		return size ? size : -EIO;
	list = calloc(1, (size_t)size);
	if (!list)
		return -ENOMEM;
	ret = target->ops->get_state(target, 0, list, (size_t)size, flags);
	if (ret >= 0)
		ret = registers_init(&vm->registers, wide, list, (size_t)ret);
	free(list);
	return ret;
}

int vm_create(struct target *target, bool wide, struct vm **created)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	int err;

	if (!vm) {
		target->ops->detach(target);
		return -ENOMEM;
	}
	vm->target = target;
	vm->over = -1;
	vm->block_irq = true;
	err = target->nr_vcpus ? add_vcpus(vm) : -ESRCH;
	if (!err) {
		vm_hold(vm);
		err = vm->exited ? -ESRCH : list_registers(vm, wide);
	}
	if (err) {
		vm_destroy(vm);
		return err;
	}
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i].want = WANT_HOLD;
	*created = vm;
	return 0;
}

void vm_destroy(struct vm *vm)
{
	struct target_debug none = { 0 };

	if (!vm)
		return;
	if (!vm->exited)
		vm_hold(vm);
	trace_destroy(vm);
	breakpoint_remove_all(vm);
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		if (!vm->exited && !vm->target->vcpus[i].gone &&
		    memcmp(&vm->vcpus[i].debug, &none, sizeof(none)))
			vm->target->ops->set_debug(vm->target, i, &none);
		free(vm->vcpus[i].cache);
	}
	vm->target->ops->detach(vm->target);
	registers_fini(&vm->registers);
	free(vm->vcpus);
	free(vm->pages);
	free(vm);
}

int vm_outlive_target(struct vm *vm)
{
	struct target *ended = target_ended_create(vm->target, vm->status);

	if (!ended)
		return -ENOMEM;
	trace_uninstall(vm);
	breakpoint_remove_all(vm);
	vm->target->ops->detach(vm->target);
	vm->target = ended;
	vm->exited = false;
	vm->exit_is_told = false;
	vm->over = -1;
	vm_forget_pages(vm);
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		free(vm->vcpus[i].cache);
		vm->vcpus[i] = (struct vcpu){ .want = WANT_HOLD };
	}
	return 0;
}

void vm_refresh(struct vm *vm)
{
	bool was_running = vm_is_running(vm);
	unsigned int before = vm->nr_vcpus;

	if (vm->exited || vm->target->ops->refresh(vm->target) <= 0 || add_vcpus(vm))
		return;
	if (vm->nr_vcpus == before)
		return;
	/* The new ones run, and know of no breakpoint. */
	for (unsigned int i = before; i < vm->nr_vcpus; i++)
		vm->vcpus[i].want = was_running ? WANT_CONTINUE : WANT_HOLD;
	vm_hold(vm);
	if (was_running)
		vm_go(vm);
}

bool vm_is_running(const struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		if (vm->vcpus[i].running)
			return true;
	return false;
}
