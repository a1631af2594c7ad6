/* SPDX-License-Identifier: LGPL-2.1 */
/* The rules that name VMs, applied to what is known of a process. */
#ifndef TRACE_VM_RULES_H
#define TRACE_VM_RULES_H

#include <kvm2/trace_vm_name.h>

#include <stdbool.h>
#include <stddef.h>

/**
 * struct vm_facts - what rules look at; "" and 0 for what is not known
 * @program:	last part of the executable's path
 * @comm:	the process's name
 * @cgroup:	path of its cgroup, as /proc/PID/cgroup shows it
 * @kvm2:	name of its kvm2 VM
 * @has_kvm2:	it has a kvm2 VM
 * @args:	its command line, each argument ended by a NUL
 * @args_size:	bytes of @args
 */
struct vm_facts {
	char program[256];
	char comm[32];
	char cgroup[1024];
	char kvm2[64];
	bool has_kvm2;
	char args[16384];
	size_t args_size;
};

/* Name it by the first rule that fits; does no I/O. */
void vm_rules_apply(const struct kvm2_trace_vm_rules *rules,
		    const struct vm_facts *facts,
		    struct kvm2_trace_vm_name *name);

#endif /* TRACE_VM_RULES_H */
