// SPDX-License-Identifier: GPL-2.0
/* Agent expressions that are evaluated for a vcpu: what they read, set, and collect. */
#include "vm.h"

#include <errno.h>
#include <string.h>

#include "agent.h"
#include "trace.h"

struct evaluation {
	struct vm *vm;
	unsigned int vcpu;
};

static int evaluate_register(void *context, unsigned int number, uint64_t *value)
{
	const struct evaluation *e = context;
	uint8_t bytes[REGISTER_BYTES_MAX];
	int size = vm_read_register(e->vm, e->vcpu, number, bytes);

	if (size < 0)
		return size;
	*value = 0;
	memcpy(value, bytes, size > 8 ? 8 : (size_t)size);
	return 0;
}

static int evaluate_memory(void *context, uint64_t address, void *data, size_t size)
{
	const struct evaluation *e = context;
	long got = vm_read(e->vm, e->vcpu, address, data, size);

	return got == (long)size ? 0 : got < 0 ? (int)got : -EFAULT;
}

static int get_variable(void *context, unsigned int number, uint64_t *value)
{
	const struct evaluation *e = context;
	const struct trace_variable *variable = e->vm->trace ? trace_variable(e->vm->trace, number) : NULL;

	*value = variable ? variable->value : 0;
	return variable ? 0 : -EINVAL;
}

static int set_variable(void *context, unsigned int number, uint64_t value)
{
	const struct evaluation *e = context;
	struct trace_variable *variable = e->vm->trace ? trace_variable(e->vm->trace, number) : NULL;

	if (!variable)
		return -EINVAL;
	variable->value = value;
	return 0;
}

static int collect_memory(void *context, uint64_t address, uint64_t size)
{
	const struct evaluation *e = context;

	return trace_add_memory(e->vm, e->vcpu, address, size);
}

static int collect_variable(void *context, unsigned int number, uint64_t value)
{
	const struct evaluation *e = context;

	return trace_add_variable(e->vm, number, value);
}

static void print_out(void *context, const char *text, size_t length)
{
	const struct evaluation *e = context;

	if (e->vm->print)
		e->vm->print(e->vm->print_context, text, length);
}

int vm_evaluate(struct vm *vm, unsigned int vcpu, const struct expression *expression, bool collect,
		uint64_t *value)
{
	struct evaluation evaluation = { vm, vcpu };
	const struct agent_access access = {
		.context = &evaluation,
		.read_register = evaluate_register,
		.read_memory = evaluate_memory,
		.get_variable = get_variable,
		.set_variable = set_variable,
		.print = print_out,
		.trace = collect ? collect_memory : NULL,
		.trace_variable = collect ? collect_variable : NULL,
	};

	return agent_evaluate(expression->code, expression->size, &access, value);
}
