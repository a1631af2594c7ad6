/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gdb's agent expressions: bytecode for a stack of 64-bit numbers, by which
 * gdb leaves the conditions and commands of breakpoints to the stub.
 */
#ifndef AGENT_H
#define AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_BYTES_MAX		65535
#define AGENT_STACK		256
#ifndef AGENT_STEPS_MAX
#define AGENT_STEPS_MAX		1000000
#endif

/* What an expression may see. Each returns 0 or -errno. */
struct agent_access {
	void *context;
	int (*read_register)(void *context, unsigned int number, uint64_t *value);
	int (*read_memory)(void *context, uint64_t address, void *data, size_t size);
	int (*get_variable)(void *context, unsigned int number, uint64_t *value);
	int (*set_variable)(void *context, unsigned int number, uint64_t value);
	/* what `dprintf` prints */
	void (*print)(void *context, const char *text, size_t length);
	/* memory to be collected by a tracepoint; may be NULL */
	int (*trace)(void *context, uint64_t address, uint64_t size);
	/* the same of a variable; may be NULL */
	int (*trace_variable)(void *context, unsigned int number, uint64_t value);
};

/**
 * agent_evaluate() - run an expression
 * @code, @size: as gdb sent it; whatever it is, nothing but @access is touched
 * @value: out: what is on top of the stack at its end, 0 if that is empty
 * Return: 0; -EINVAL not an expression; -EOVERFLOW too deep or too long a run;
 *	   -EDOM a division by zero; else what @access returned.
 */
int agent_evaluate(const uint8_t *code, size_t size, const struct agent_access *access,
		   uint64_t *value);

#endif
