/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * libkvm2trace: which VMM a process is, and what its VM is called.
 *
 * There are rules, one a line, the first that fits wins:
 *
 *	KIND  PROGRAM  SOURCE [WORD...]
 *
 * kvm2_vm_names(5) describes them. Those of the administrator come before
 * the built-in ones.
 */
#ifndef KVM2_TRACE_VM_NAME_H
#define KVM2_TRACE_VM_NAME_H

#include <stddef.h>
#include <sys/types.h>

#define KVM2_TRACE_VM_KIND_SIZE		24
#define KVM2_TRACE_VM_NAME_SIZE		64

/* Where an administrator's rules are. */
#define KVM2_TRACE_VM_RULES_FILE	"/etc/kvm2/vm-names"

/**
 * struct kvm2_trace_vm_name - what to call a VM
 * @kind: of VMM, as "libvirt"; "process" when no rule fits
 * @name: of the VM, else of the process; never "" after success. Bytes that
 *	  a terminal might obey are shown as '?'.
 */
struct kvm2_trace_vm_name {
	char kind[KVM2_TRACE_VM_KIND_SIZE];
	char name[KVM2_TRACE_VM_NAME_SIZE];
};

struct kvm2_trace_vm_rules;

/* The built-in rules; NULL when there is no memory. */
struct kvm2_trace_vm_rules *kvm2_trace_vm_rules_create(void);
void kvm2_trace_vm_rules_destroy(struct kvm2_trace_vm_rules *rules);

/**
 * kvm2_trace_vm_rules_add() - put rules before those that are there
 * @text: rules, in their order
 * @size: bytes of @text
 * @line: out: the line that is wrong, from 1; may be NULL
 * Return: 0; -EINVAL, and none was added; -ENOMEM.
 */
int kvm2_trace_vm_rules_add(struct kvm2_trace_vm_rules *rules,
			    const char *text, size_t size, unsigned int *line);

/**
 * kvm2_trace_vm_rules_load() - the same, from a file
 * @path: NULL: KVM2_TRACE_VM_RULES_FILE, which need not be there
 * @line: as above; 0 if the file could not be read
 * Return: 0; -EINVAL; -EFBIG more than 1 MiB; or what reading it gave.
 */
int kvm2_trace_vm_rules_load(struct kvm2_trace_vm_rules *rules,
			     const char *path, unsigned int *line);

/**
 * kvm2_trace_vm_name() - name a VM by its process
 * @pid:  of the process; a thread of it will do, too
 * @name: out
 * Context: reads /proc, some small files: once for each new VM, not often.
 * Return: 0; -ESRCH there is no such process.
 */
int kvm2_trace_vm_name(const struct kvm2_trace_vm_rules *rules, pid_t pid,
		       struct kvm2_trace_vm_name *name);

#endif /* KVM2_TRACE_VM_NAME_H */
