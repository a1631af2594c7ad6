// SPDX-License-Identifier: GPL-2.0
// Names of exit reasons, from the kernel by way of libkvm2trace's decoder.
#include "names.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kvm2/trace.h>
#include <kvm2/trace_vm_name.h>
#include <linux/kvm2.h>

#include "format.h"

struct names {
	struct kvm2_trace_decoder *decoder;
	struct kvm2_trace_vm_rules *rules;
};

struct names *names_create(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->decoder = kvm2_trace_decoder_create();
	names->rules = kvm2_trace_vm_rules_create();
	if (!names->decoder || !names->rules) {
		names_destroy(names);
		return NULL;
	}
	return names;
}

void names_destroy(struct names *names)
{
	if (!names)
		return;
	if (names->decoder)
		kvm2_trace_decoder_destroy(names->decoder);
	if (names->rules)
		kvm2_trace_vm_rules_destroy(names->rules);
	free(names);
}

int names_add_format(struct names *names, const char *text)
{
	const int error = kvm2_trace_decoder_add(names->decoder, "kvm", text, strlen(text));

	return error == -EEXIST ? 0 : error;
}

void names_load(struct names *names)
{
	static const char *const events[] = { "kvm_exit", "kvm_userspace_exit" };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		char path[64];
		char *text;

		snprintf(path, sizeof(path), "kvm/%s", events[i]);
		text = format_load(path);
		if (text)
			names_add_format(names, text);
		free(text);
	}
	/* A rule that is wrong leaves the built-in ones. */
	kvm2_trace_vm_rules_load(names->rules, NULL, NULL);
}

/* ---- reasons ---- */

/* A number in place of a name is no name. */
static const char *word(const char *name)
{
	return name && (!strncmp(name, "0x", 2) || !strncmp(name, "UNKNOWN", 7)) ? NULL : name;
}

/* The words of KVM's statistics. */
static const char *const counter_names[NR_COUNTERS] = {
	[COUNTER_EXITS]			= "exits",
	[COUNTER_IO_EXITS]		= "io_exits",
	[COUNTER_MMIO_EXITS]		= "mmio_exits",
	[COUNTER_HALT_EXITS]		= "halt_exits",
	[COUNTER_IRQ_EXITS]		= "irq_exits",
	[COUNTER_SIGNAL_EXITS]		= "signal_exits",
	[COUNTER_REQUEST_IRQ_EXITS]	= "request_irq_exits",
	[COUNTER_IRQ_WINDOW_EXITS]	= "irq_window_exits",
	[COUNTER_NMI_WINDOW_EXITS]	= "nmi_window_exits",
	[COUNTER_HYPERCALLS]		= "hypercalls",
	[COUNTER_INSN_EMULATION]	= "insn_emulation",
	[COUNTER_PF_TAKEN]		= "pf_taken",
	[COUNTER_PF_FIXED]		= "pf_fixed",
	[COUNTER_PF_EMULATE]		= "pf_emulate",
	[COUNTER_IRQ_INJECTIONS]	= "irq_injections",
	[COUNTER_NMI_INJECTIONS]	= "nmi_injections",
	[COUNTER_TLB_FLUSH]		= "tlb_flush",
	[COUNTER_PREEMPTION_REPORTED]	= "preemption_reported",
	[COUNTER_NESTED_RUN]		= "nested_run",
	[COUNTER_HALT_WAKEUP]		= "halt_wakeup",
	[COUNTER_HALT_POLL_NS]		= "halt_poll_success_ns",
	[COUNTER_HALT_WAIT_NS]		= "halt_wait_ns",
};

const char *names_counter(enum shared_counter counter)
{
	return counter < NR_COUNTERS ? counter_names[counter] : NULL;
}

static const char *isa_name(uint32_t isa)
{
	return isa == SHARED_VMX ? "vmx" : isa == SHARED_SVM ? "svm" : NULL;
}

static void copy_lower(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; i + 1 < size && from[i]; i++)
		to[i] = from[i] == ' ' ? '_' : (char)tolower((unsigned char)from[i]);
	to[i] = '\0';
}

const char *names_reason(struct names *names, enum model_kind kind, uint32_t isa, uint32_t code,
			 uint32_t raw, char buffer[static MODEL_NAME_SIZE])
{
	const char *name = NULL;

	switch (kind) {
	case MODEL_COUNTER:
		name = names_counter((enum shared_counter)code);
		break;
	case MODEL_USER:
	case MODEL_USER_KVM2:
		if (code == SHARED_USER_SIGNAL)
			name = "signal";
		else if (code == SHARED_USER_OTHER)
			name = "error";
		else if (kind == MODEL_USER_KVM2)
			return kvm2_trace_exit_name(code, buffer);
		else
			name = word(kvm2_trace_user_exit_reason(names->decoder, code));
		break;
	default:
		if (code >= SHARED_LOW)
			code = code == SHARED_OTHER ? raw : code - SHARED_LOW + SHARED_HIGH_FIRST;
		name = word(kvm2_trace_cpu_exit_reason(names->decoder, isa, code));
	}
	if (name)
		copy_lower(buffer, MODEL_NAME_SIZE, name);
	else if (kind == MODEL_CPU && isa_name(isa))
		snprintf(buffer, MODEL_NAME_SIZE, "%s:0x%x", isa_name(isa), code);
	else if (kind == MODEL_CPU)
		snprintf(buffer, MODEL_NAME_SIZE, "isa%u:0x%x", isa, code);
	else
		snprintf(buffer, MODEL_NAME_SIZE, "%u", code);
	return buffer;
}

/* ---- details ---- */

static const char *const detail_kinds[NR_DETAILS] = {
	[DETAIL_PORT_READ]	= "port read",
	[DETAIL_PORT_WRITE]	= "port write",
	[DETAIL_MSR_READ]	= "msr read",
	[DETAIL_MSR_WRITE]	= "msr write",
	[DETAIL_MMIO_READ]	= "mmio read",
	[DETAIL_MMIO_WRITE]	= "mmio write",
	[DETAIL_PAGE_FAULT]	= "page fault",
	[DETAIL_HYPERCALL]	= "hypercall",
	[DETAIL_CPUID]		= "cpuid",
	[DETAIL_RIP]		= "rip",
};

const char *names_detail_kind(uint32_t detail)
{
	return detail < NR_DETAILS ? detail_kinds[detail] : "?";
}

const char *names_detail(uint32_t detail, uint64_t value, char buffer[static MODEL_NAME_SIZE])
{
	char name[KVM2_TRACE_NAME_SIZE];

	switch (detail) {
	case DETAIL_MSR_READ:
	case DETAIL_MSR_WRITE:
		/* The register's name comes with its set: "msr:lstar". */
		kvm2_trace_register_name(KVM2_SET_MSR, value, 8, name);
		snprintf(buffer, MODEL_NAME_SIZE, "%s", !strncmp(name, "msr:", 4) ? name + 4 : name);
		break;
	case DETAIL_RIP:
		if (value == UINT64_MAX) {
			snprintf(buffer, MODEL_NAME_SIZE, "not known");
			break;
		}
		/* fall through */
	default:
		snprintf(buffer, MODEL_NAME_SIZE, "0x%llx", (unsigned long long)value);
	}
	return buffer;
}

/* ---- all of a model ---- */

static void name_vm(struct names *names, struct vm *vm)
{
	struct kvm2_trace_vm_name name;

	if (kvm2_trace_vm_name(names->rules, (pid_t)vm->tgid, &name)) {
		/* It has ended: what is left is the name of its process. */
		snprintf(vm->name, sizeof(vm->name), "%.*s", (int)sizeof(vm->comm), vm->comm);
		return;
	}
	snprintf(vm->name, sizeof(vm->name), "%s", name.name);
	snprintf(vm->kind, sizeof(vm->kind), "%s", name.kind);
}

void names_fill(struct names *names, struct model *model)
{
	struct reason *reason;
	struct vm *vm;

	for (reason = model->host.reasons; reason; reason = reason->next) {
		char name[MODEL_NAME_SIZE];

		/* The last code that was counted as other may be another one by now. */
		if (reason->name && reason->code != SHARED_OTHER)
			continue;
		names_reason(names, reason->kind, reason->isa, reason->code, reason->raw, name);
		if (reason->name && !strcmp(reason->name, name))
			continue;
		free(reason->name);
		reason->name = strdup(name);
	}
	for (vm = model->vms; vm; vm = vm->next)
		if (!vm->name[0])
			name_vm(names, vm);
}
