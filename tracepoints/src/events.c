// SPDX-License-Identifier: LGPL-2.1
// The table of the events that get more than their format file's text.
#include "events.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LLU(value) ((unsigned long long)(value))

/* What the kernel's __print_symbolic() writes for a value without a name. */
static bool is_nameless(const char *words)
{
	return !*words || !strncmp(words, "0x", 2);
}

static void kvm2_exit_reason(const uint64_t values[static KVM2_TRACE_VALUES_MAX],
			     const char *words,
			     char name[static KVM2_TRACE_NAME_SIZE])
{
	if ((int64_t)values[EXIT_RET] < 0)
		kvm2_trace_errno_name((int)values[EXIT_RET], name);
	else if (is_nameless(words))
		kvm2_trace_exit_name((uint32_t)values[EXIT_REASON], name);
	else
		snprintf(name, KVM2_TRACE_NAME_SIZE, "%s", words);
}

/* An exit that this kernel has no name for: "svm:0x65", "isa3:0x1". */
static void kvm_exit_reason(const uint64_t values[static KVM2_TRACE_VALUES_MAX],
			    const char *words,
			    char name[static KVM2_TRACE_NAME_SIZE])
{
	if (!is_nameless(words))
		snprintf(name, KVM2_TRACE_NAME_SIZE, "%s", words);
	else if (values[KVM_EXIT_ISA] == 1 || values[KVM_EXIT_ISA] == 2)
		snprintf(name, KVM2_TRACE_NAME_SIZE, "%s:0x%llx",
			 values[KVM_EXIT_ISA] == 1 ? "vmx" : "svm",
			 LLU(values[KVM_EXIT_REASON]));
	else
		snprintf(name, KVM2_TRACE_NAME_SIZE, "isa%llu:0x%llx",
			 LLU(values[KVM_EXIT_ISA]),
			 LLU(values[KVM_EXIT_REASON]));
}

/* Values of kvm:kvm_userspace_exit. */
enum { USERSPACE_EXIT_REASON, USERSPACE_EXIT_ERRNO };

/* KVM_EXIT_X86_RDMSR is "rdmsr": the words of kvm2 where there are any. */
static void kvm_userspace_exit_reason(
		const uint64_t values[static KVM2_TRACE_VALUES_MAX],
		const char *words, char name[static KVM2_TRACE_NAME_SIZE])
{
	static const char prefix[] = "KVM_EXIT_";
	static const char x86[] = "X86_";
	const char *from = words;

	if ((int64_t)values[USERSPACE_EXIT_ERRNO] < 0) {
		kvm2_trace_errno_name((int)values[USERSPACE_EXIT_ERRNO], name);
		return;
	}
	if (strncmp(from, prefix, strlen(prefix))) {
		snprintf(name, KVM2_TRACE_NAME_SIZE, "UNKNOWN(%llu)",
			 LLU(values[USERSPACE_EXIT_REASON]));
		return;
	}
	from += strlen(prefix);
	if (!strncmp(from, x86, strlen(x86)))
		from += strlen(x86);
	snprintf(name, KVM2_TRACE_NAME_SIZE, "%s", from);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

#define EXIT_FIELDS	{ "exit_reason", "isa", "?info1", "?info2", \
			  "?intr_info", "?error_code", "guest_rip", \
			  "?requests" }

static const struct event_handler handlers[] = {
	{
		.system = "kvm", .name = "kvm_exit",
		.kind = KVM2_TRACE_EXIT_CPU, .role = EVENT_CPU_EXIT,
		.fields = EXIT_FIELDS,
		.nr_reason = 2, .words_from = 1, .nr_words = 3,
		.reason = kvm_exit_reason,
		.print = print_kvm_exit,
	}, {
		.system = "kvm", .name = "kvm_entry", .role = EVENT_ENTRY,
		.fields = { "rip", "?immediate_exit", "?intr_info",
			    "?error_code" },
		.print = print_kvm_entry,
	}, {
		.system = "kvm", .name = "kvm_userspace_exit",
		.kind = KVM2_TRACE_EXIT_USER, .role = EVENT_USER_EXIT,
		.fields = { "reason", "errno" },
		.nr_reason = 2, .words_from = 0, .nr_words = 1,
		.reason = kvm_userspace_exit_reason,
		.print = print_kvm_userspace_exit,
	}, {
		.system = "kvm2", .name = "kvm2_exit",
		.kind = KVM2_TRACE_EXIT_USER, .role = EVENT_KVM2_EXIT,
		.fields = { "reason", "ret", "detail0", "detail1" },
		.nr_reason = 2, .words_from = 2, .nr_words = 1,
		.reason = kvm2_exit_reason,
		.print = print_kvm2_exit,
	}, {
		.system = "kvm", .name = "kvm_fpu", .role = EVENT_FPU,
		.fields = { "load" },
	}, {
		.system = "kvm", .name = "kvm_vcpu_wakeup", .role = EVENT_WAKEUP,
		.fields = { "ns", "waited" },
	}, {
		.system = "sched", .name = "sched_switch", .role = EVENT_SWITCH,
		.fields = { "prev_pid", "next_pid" },
	}, {
		.system = "kvm2", .name = "kvm2_loop",
		.kind = KVM2_TRACE_EXIT_KERNEL,
		.fields = { "why" },
		.nr_reason = 1, .words_from = 2, .nr_words = 1,
	}, {
		.system = "kvm2", .name = "kvm2_enter", .role = EVENT_ENTER,
		.fields = { "immediate", "completes" },
		.print = print_kvm2_enter,
	}, {
		.system = "kvm2", .name = "kvm2_state",
		.fields = { "accessor", "is_set", "set", "number", "size",
			    "value", "err" },
		.print = print_kvm2_state,
	}, {
		.system = "kvm", .name = "kvm_nested_vmexit",
		.fields = EXIT_FIELDS,
		.nr_reason = 2, .words_from = 1, .nr_words = 3,
		.reason = kvm_exit_reason,
		.print = print_kvm_exit,
	}, {
		.system = "kvm", .name = "kvm_nested_vmexit_inject",
		.fields = { "exit_code", "isa", "exit_info1", "exit_info2",
			    "exit_int_info", "exit_int_info_err" },
		.nr_reason = 2, .words_from = 0, .nr_words = 3,
		.reason = kvm_exit_reason,
		.print = print_nested_vmexit_inject,
	}, {
		.system = "kvm", .name = "kvm_pio", .role = EVENT_PIO,
		.fields = { "rw", "port", "size", "count", "val" },
		.print = print_kvm_pio,
	}, {
		.system = "kvm", .name = "kvm_mmio",
		.fields = { "type", "len", "gpa", "val" },
		.print = print_kvm_mmio,
	}, {
		.system = "kvm", .name = "kvm_msr",
		.fields = { "write", "ecx", "data", "exception" },
		.print = print_kvm_msr,
	}, {
		.system = "kvm", .name = "kvm_cr",
		.fields = { "rw", "cr", "val" },
		.print = print_kvm_cr,
	}, {
		.system = "kvm", .name = "kvm_cpuid",
		.fields = { "function", "index", "rax", "rbx", "rcx", "rdx",
			    "found", "?used_max_basic" },
		.print = print_kvm_cpuid,
	}, {
		.system = "kvm", .name = "kvm_apic",
		.fields = { "rw", "reg", "val" },
		.print = print_kvm_apic,
	}, {
		.system = "kvm", .name = "kvm_page_fault", .role = EVENT_PAGE_FAULT,
		.fields = { "fault_address", "error_code", "?guest_rip" },
		.print = print_kvm_page_fault,
	}, {
		.system = "kvm", .name = "kvm_inj_exception",
		.fields = { "exception", "has_error", "error_code",
			    "?reinjected" },
		.print = print_kvm_inj_exception,
	}, {
		.system = "kvm", .name = "kvm_hypercall",
		.fields = { "nr", "a0", "a1", "a2", "a3" },
		.print = print_kvm_hypercall,
	}, {
		.system = "kvm", .name = "kvm_hv_hypercall",
		.fields = { "code", "fast", "?var_cnt", "rep_cnt", "rep_idx",
			    "ingpa", "outgpa" },
		.print = print_kvm_hv_hypercall,
	}, {
		.system = "kvm", .name = "kvm_xen_hypercall",
		.fields = { "nr", "a0", "a1", "a2", "a3", "a4", "a5", "?cpl" },
		.print = print_kvm_xen_hypercall,
	}, {
		.system = "kvm", .name = "kvm_vmgexit_enter",
		.fields = { "exit_reason", "info1", "info2" },
		.print = print_kvm_vmgexit,
	}, {
		.system = "kvm", .name = "kvm_vmgexit_exit",
		.fields = { "exit_reason", "info1", "info2" },
		.print = print_kvm_vmgexit,
	},
};

const struct event_handler *event_handler_find(const char *system,
					       const char *name)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (!strcmp(handlers[i].system, system) &&
		    !strcmp(handlers[i].name, name))
			return &handlers[i];
	return NULL;
}

const struct event_handler *event_handler_at(size_t index)
{
	return index < sizeof(handlers) / sizeof(handlers[0]) ?
	       &handlers[index] : NULL;
}
