// SPDX-License-Identifier: LGPL-2.1
/* Translates exits and replies between struct kvm_run and struct kvm2_run. */
#include "exit_classic.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Newer than the linux/kvm.h of the oldest system that builds this. */
#define EXIT_MEMORY_FAULT	39	/* KVM_EXIT_MEMORY_FAULT */

struct memory_fault {
	__u64 flags;
	__u64 gpa;
	__u64 size;
};

_Static_assert(KVM2_IO_IN == KVM_EXIT_IO_IN && KVM2_IO_OUT == KVM_EXIT_IO_OUT, "directions");

static size_t io_bytes(const struct kvm_run *run)
{
	size_t bytes = (size_t)run->io.size * run->io.count;

	return bytes < KVM2_IO_DATA_MAX ? bytes : KVM2_IO_DATA_MAX;
}

static void from_unknown(const struct kvm_run *from, struct kvm2_run *to)
{
	to->unknown.kvm_reason = from->exit_reason;
	to->unknown.hardware_reason = from->exit_reason == KVM_EXIT_UNKNOWN ?
				      from->hw.hardware_exit_reason : 0;
}

static void from_io(const struct kvm_run *from, struct kvm2_run *to)
{
	to->io.port = from->io.port;
	to->io.size = from->io.size;
	to->io.direction = from->io.direction;
	to->io.count = from->io.count;
	if (from->io.direction == KVM_EXIT_IO_OUT)
		memcpy(to->io.data, (const char *)from + from->io.data_offset,
		       io_bytes(from));
}

static void reply_io(const struct kvm2_run *from, struct kvm_run *to)
{
	if (to->io.direction == KVM_EXIT_IO_IN)
		memcpy((char *)to + to->io.data_offset, from->io.data, io_bytes(to));
}

static void from_mmio(const struct kvm_run *from, struct kvm2_run *to)
{
	size_t len = from->mmio.len < sizeof(to->mmio.data) ? from->mmio.len : sizeof(to->mmio.data);

	to->mmio.gpa = from->mmio.phys_addr;
	to->mmio.len = from->mmio.len;
	to->mmio.is_write = from->mmio.is_write;
	memset(to->mmio.data, 0, sizeof(to->mmio.data));
	if (from->mmio.is_write)
		memcpy(to->mmio.data, from->mmio.data, len);
}

static void reply_mmio(const struct kvm2_run *from, struct kvm_run *to)
{
	if (!to->mmio.is_write)
		memcpy(to->mmio.data, from->mmio.data, sizeof(to->mmio.data));
}

static void from_hypercall(const struct kvm_run *from, struct kvm2_run *to)
{
	to->hypercall.nr = from->hypercall.nr;
	to->hypercall.ret = 0;
	memcpy(to->hypercall.args, from->hypercall.args, sizeof(to->hypercall.args));
	/* The member is named longmode in older headers, flags in newer ones. */
	to->hypercall.flags = 0;
	memcpy(&to->hypercall.flags, &from->hypercall.ret + 1, sizeof(__u32));
}

static void reply_hypercall(const struct kvm2_run *from, struct kvm_run *to)
{
	to->hypercall.ret = from->hypercall.ret;
}

static void from_msr(const struct kvm_run *from, struct kvm2_run *to)
{
	to->msr.index = from->msr.index;
	to->msr.reason = from->msr.reason;
	to->msr.data = from->msr.data;
	to->msr.error = 0;
	to->msr.reserved = 0;
}

static void reply_msr(const struct kvm2_run *from, struct kvm_run *to)
{
	to->msr.error = from->msr.error != 0;
	if (to->exit_reason == KVM_EXIT_X86_RDMSR)
		to->msr.data = from->msr.data;
}

static void from_debug(const struct kvm_run *from, struct kvm2_run *to)
{
	to->debug.exception = from->debug.arch.exception;
	to->debug.reserved = 0;
	to->debug.pc = from->debug.arch.pc;
	to->debug.dr6 = from->debug.arch.dr6;
	to->debug.dr7 = from->debug.arch.dr7;
}

static void from_fail_entry(const struct kvm_run *from, struct kvm2_run *to)
{
	to->fail_entry.hardware_reason = from->fail_entry.hardware_entry_failure_reason;
	to->fail_entry.cpu = from->fail_entry.cpu;
	to->fail_entry.reserved = 0;
}

static void copy_data(__u64 *to, const __u64 *from, uint32_t count)
{
	if (count > KVM2_ERROR_DATA_MAX)
		count = KVM2_ERROR_DATA_MAX;
	memset(to, 0, KVM2_ERROR_DATA_MAX * sizeof(*to));
	memcpy(to, from, count * sizeof(*to));
}

static void from_internal_error(const struct kvm_run *from, struct kvm2_run *to)
{
	to->internal_error.suberror = from->internal.suberror;
	to->internal_error.ndata = from->internal.ndata;
	copy_data(to->internal_error.data, from->internal.data, from->internal.ndata);
}

static void from_exception(const struct kvm_run *from, struct kvm2_run *to)
{
	to->exception.exception = from->ex.exception;
	to->exception.error_code = from->ex.error_code;
}

static void from_system_event(const struct kvm_run *from, struct kvm2_run *to)
{
	to->system_event.type = from->system_event.type;
	to->system_event.ndata = from->system_event.ndata;
	copy_data(to->system_event.data, from->system_event.data, from->system_event.ndata);
}

static void from_notify(const struct kvm_run *from, struct kvm2_run *to)
{
	to->notify.flags = from->notify.flags;
}

static void from_hyperv(const struct kvm_run *from, struct kvm2_run *to)
{
	const struct kvm_hyperv_exit *exit = &from->hyperv;
	struct kvm2_exit_hyperv *hyperv = &to->hyperv;

	memset(hyperv, 0, sizeof(*hyperv));
	hyperv->type = exit->type;
	switch (exit->type) {
	case KVM_EXIT_HYPERV_SYNIC:
		hyperv->msr = exit->u.synic.msr;
		hyperv->input = exit->u.synic.control;
		hyperv->params[0] = exit->u.synic.evt_page;
		hyperv->params[1] = exit->u.synic.msg_page;
		break;
	case KVM_EXIT_HYPERV_HCALL:
		hyperv->input = exit->u.hcall.input;
		hyperv->params[0] = exit->u.hcall.params[0];
		hyperv->params[1] = exit->u.hcall.params[1];
		break;
	case KVM_EXIT_HYPERV_SYNDBG:
		hyperv->msr = exit->u.syndbg.msr;
		hyperv->input = exit->u.syndbg.control;
		hyperv->params[0] = exit->u.syndbg.send_page;
		hyperv->params[1] = exit->u.syndbg.recv_page;
		hyperv->params[2] = exit->u.syndbg.pending_page;
		break;
	}
}

static void reply_hyperv(const struct kvm2_run *from, struct kvm_run *to)
{
	if (to->hyperv.type == KVM_EXIT_HYPERV_HCALL)
		to->hyperv.u.hcall.result = from->hyperv.result;
	else if (to->hyperv.type == KVM_EXIT_HYPERV_SYNDBG)
		to->hyperv.u.syndbg.status = from->hyperv.result;
}

void kvm2_exit_memory_fault(const struct kvm_run *from, struct kvm2_run *to)
{
	struct memory_fault fault;

	memcpy(&fault, from->padding, sizeof(fault));
	to->exit_reason = KVM2_EXIT_MEMORY_FAULT;
	if (from->exit_reason == EXIT_MEMORY_FAULT) {
		to->memory_fault.gpa = fault.gpa;
		to->memory_fault.size = fault.size;
		to->memory_fault.flags = fault.flags;
	} else {
		to->memory_fault.gpa = ~0ULL;
		to->memory_fault.size = 0;
		to->memory_fault.flags = 0;
	}
}

/* An exit without a member has no @from, one without a reply no @reply. */
static const struct exit_type {
	uint32_t reason;
	void (*from)(const struct kvm_run *from, struct kvm2_run *to);
	void (*reply)(const struct kvm2_run *from, struct kvm_run *to);
} exit_types[] = {
	[KVM_EXIT_IO]		= { KVM2_EXIT_IO, from_io, reply_io },
	[KVM_EXIT_MMIO]		= { KVM2_EXIT_MMIO, from_mmio, reply_mmio },
	[KVM_EXIT_HYPERCALL]	= { KVM2_EXIT_HYPERCALL, from_hypercall, reply_hypercall },
	[KVM_EXIT_X86_RDMSR]	= { KVM2_EXIT_RDMSR, from_msr, reply_msr },
	[KVM_EXIT_X86_WRMSR]	= { KVM2_EXIT_WRMSR, from_msr, reply_msr },
	[KVM_EXIT_DEBUG]	= { KVM2_EXIT_DEBUG, from_debug, NULL },
	[KVM_EXIT_SHUTDOWN]	= { KVM2_EXIT_SHUTDOWN, NULL, NULL },
	[KVM_EXIT_FAIL_ENTRY]	= { KVM2_EXIT_FAIL_ENTRY, from_fail_entry, NULL },
	[KVM_EXIT_INTERNAL_ERROR] = { KVM2_EXIT_INTERNAL_ERROR, from_internal_error, NULL },
	[KVM_EXIT_EXCEPTION]	= { KVM2_EXIT_EXCEPTION, from_exception, NULL },
	[KVM_EXIT_SYSTEM_EVENT]	= { KVM2_EXIT_SYSTEM_EVENT, from_system_event, NULL },
	[KVM_EXIT_NOTIFY]	= { KVM2_EXIT_NOTIFY, from_notify, NULL },
	[KVM_EXIT_X86_BUS_LOCK]	= { KVM2_EXIT_BUS_LOCK, NULL, NULL },
	[KVM_EXIT_HYPERV]	= { KVM2_EXIT_HYPERV, from_hyperv, reply_hyperv },
	[EXIT_MEMORY_FAULT]	= { KVM2_EXIT_MEMORY_FAULT, kvm2_exit_memory_fault, NULL },
};

static const struct exit_type unknown_exit = { KVM2_EXIT_UNKNOWN, from_unknown, NULL };

static const struct exit_type *find_type(uint32_t kvm_reason)
{
	if (kvm_reason < sizeof(exit_types) / sizeof(exit_types[0]) &&
	    exit_types[kvm_reason].reason != KVM2_EXIT_UNKNOWN)
		return &exit_types[kvm_reason];
	return &unknown_exit;
}

uint32_t kvm2_exit_from_classic(const struct kvm_run *from, struct kvm2_run *to)
{
	const struct exit_type *type = find_type(from->exit_reason);

	to->exit_reason = type->reason;
	if (type->from)
		type->from(from, to);
	return type->reply ? type->reason : 0;
}

void kvm2_reply_to_classic(uint32_t pending, const struct kvm2_run *from,
			   struct kvm_run *to)
{
	const struct exit_type *type = find_type(to->exit_reason);

	if (type->reason == pending && type->reply)
		type->reply(from, to);
}
