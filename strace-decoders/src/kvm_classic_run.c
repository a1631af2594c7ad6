/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoder of the ioctl KVM_RUN: after its argument the vcpu's struct kvm_run,
 * as if it were one more, in the words of kvm_enter_guest:
 * "{reply to the last exit} => {the next exit}".
 */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm_classic_run.h"

#include "kvm2_compat.h"
#include "kvm2_exit.h"
#include "kvm2_options.h"
#include "kvm2_print.h"
#include "kvm2_task.h"
#include "kvm2_vectors.h"
#include "kvm2_xlat.h"
#include "kvm_classic_uapi.h"
#include "mmap_cache.h"
#include "xmalloc.h"

static const struct xlat_data xen_type_data[] = {
	{ 1,	"KVM_EXIT_XEN_HCALL" },
};
KVM2_XLAT_VALUES(xen_types, xen_type_data);

/* As much of struct kvm_run as says what the exit is. */
#define RUN_BYTES	offsetof(struct kvm_run, kvm_valid_regs)

/* ---- where a vcpu's struct kvm_run is ---- */

/* The dirty ring is another mapping of the same file, at an offset. */
static bool
is_run_mapping(struct mmap_cache_entry_t *entry, void *path)
{
	return entry->binary_filename && !entry->mmap_offset &&
	       !strcmp(entry->binary_filename, path);
}

/* "anon_inode:kvm-vcpu:3"; -1 if it is no such file. */
static int64_t
vcpu_of(const char *path)
{
	static const char prefix[] = "anon_inode:kvm-vcpu:";
	const char *number = STR_STRIP_PREFIX(path, prefix);

	return number == path ? -1 : string_to_uint(number);
}

/*
 * Two VMs of one process that have vcpus of the same number cannot be told
 * apart: their files have the same name.
 */
static bool
find_run(struct tcb *const tcp, struct kvm2_task *task)
{
	const int fd = tcp->u_arg[0];
	const struct mmap_cache_entry_t *entry;
	char path[PATH_MAX + 1];

	switch (mmap_cache_rebuild_if_invalid(tcp, __func__)) {
	case MMAP_CACHE_REBUILD_NOCACHE:
		return false;
	case MMAP_CACHE_REBUILD_READY:
		if (task->run_bytes && task->run_fd == fd)
			return true;
		break;
	case MMAP_CACHE_REBUILD_RENEWED:
		break;
	}
	task->run_bytes = 0;
	if (getfdpath(tcp, fd, path, sizeof(path)) < 0)
		return false;
	entry = mmap_cache_search_custom(tcp, is_run_mapping, path);
	if (!entry)
		return false;
	task->run_fd = fd;
	task->run_addr = entry->start_addr;
	task->run_bytes = entry->end_addr - entry->start_addr;
	task->vcpu = vcpu_of(path);
	return true;
}

/* ---- struct kvm_run in the words of struct kvm2_run ---- */

/* False if the data are not to be had. */
static bool
convert_io(struct tcb *const tcp, const struct kvm2_task *task,
	   const struct kvm_run *from, struct kvm2_run *to)
{
	const uint64_t offset = from->io.data_offset;
	const uint64_t bytes = MIN((uint64_t) from->io.size * from->io.count,
				   sizeof(to->io.data));

	to->io.port = from->io.port;
	to->io.size = from->io.size;
	to->io.direction = from->io.direction;
	to->io.count = from->io.count;
	/* Outside of the mapping there is nothing of the vcpu's. */
	return offset <= task->run_bytes && bytes <= task->run_bytes - offset &&
	       !umoven(tcp, task->run_addr + offset, bytes, to->io.data);
}

static void
convert_mmio(const struct kvm_run *from, struct kvm2_run *to)
{
	to->mmio.gpa = from->mmio.phys_addr;
	to->mmio.len = from->mmio.len;
	to->mmio.is_write = from->mmio.is_write;
	memcpy(to->mmio.data, from->mmio.data, sizeof(to->mmio.data));
}

static void
convert_hypercall(const struct kvm_run *from, struct kvm2_run *to)
{
	to->hypercall.nr = from->hypercall.nr;
	to->hypercall.ret = from->hypercall.ret;
	memcpy(to->hypercall.args, from->hypercall.args,
	       sizeof(to->hypercall.args));
	/* "longmode" in older headers, "flags" in newer ones. */
	memcpy(&to->hypercall.flags, &from->hypercall.ret + 1, sizeof(uint32_t));
}

static void
convert_hyperv(const struct kvm_hyperv_exit *from, struct kvm2_exit_hyperv *to)
{
	to->type = from->type;
	switch (from->type) {
	case KVM_EXIT_HYPERV_SYNIC:
		to->msr = from->u.synic.msr;
		to->input = from->u.synic.control;
		to->params[0] = from->u.synic.evt_page;
		to->params[1] = from->u.synic.msg_page;
		break;
	case KVM_EXIT_HYPERV_HCALL:
		to->input = from->u.hcall.input;
		to->result = from->u.hcall.result;
		to->params[0] = from->u.hcall.params[0];
		to->params[1] = from->u.hcall.params[1];
		break;
	case KVM_EXIT_HYPERV_SYNDBG:
		to->msr = from->u.syndbg.msr;
		to->input = from->u.syndbg.control;
		to->result = from->u.syndbg.status;
		to->params[0] = from->u.syndbg.send_page;
		to->params[1] = from->u.syndbg.recv_page;
		to->params[2] = from->u.syndbg.pending_page;
		break;
	}
}

static void
convert_memory_fault(const struct kvm_run *from, struct kvm2_run *to)
{
	struct classic_memory_fault fault;

	memcpy(&fault, from->padding, sizeof(fault));
	to->memory_fault.gpa = fault.gpa;
	to->memory_fault.size = fault.size;
	to->memory_fault.flags = fault.flags;
}

static void
convert(struct tcb *const tcp, const struct kvm2_task *task,
	const struct kvm_run *from, struct classic_exit *exit)
{
	struct kvm2_run *to = &exit->run;

	static_assert(sizeof(to->internal_error.data) ==
		      sizeof(from->internal.data), "internal_error.data");
	static_assert(sizeof(to->system_event.data) ==
		      sizeof(from->system_event.data), "system_event.data");

	switch (from->exit_reason) {
	case KVM_EXIT_IO:
		to->exit_reason = KVM2_EXIT_IO;
		if (!convert_io(tcp, task, from, to))
			exit->how |= KVM2_EXIT_NO_DATA;
		break;
	case KVM_EXIT_MMIO:
		to->exit_reason = KVM2_EXIT_MMIO;
		convert_mmio(from, to);
		break;
	case KVM_EXIT_HYPERCALL:
		to->exit_reason = KVM2_EXIT_HYPERCALL;
		convert_hypercall(from, to);
		break;
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		to->exit_reason = from->exit_reason == KVM_EXIT_X86_RDMSR ?
				  KVM2_EXIT_RDMSR : KVM2_EXIT_WRMSR;
		to->msr.index = from->msr.index;
		to->msr.reason = from->msr.reason;
		to->msr.data = from->msr.data;
		to->msr.error = from->msr.error;
		break;
	case KVM_EXIT_DEBUG:
		to->exit_reason = KVM2_EXIT_DEBUG;
		to->debug.exception = from->debug.arch.exception;
		to->debug.pc = from->debug.arch.pc;
		to->debug.dr6 = from->debug.arch.dr6;
		to->debug.dr7 = from->debug.arch.dr7;
		break;
	case KVM_EXIT_SHUTDOWN:
		to->exit_reason = KVM2_EXIT_SHUTDOWN;
		break;
	case KVM_EXIT_FAIL_ENTRY:
		to->exit_reason = KVM2_EXIT_FAIL_ENTRY;
		to->fail_entry.hardware_reason =
			from->fail_entry.hardware_entry_failure_reason;
		to->fail_entry.cpu = from->fail_entry.cpu;
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		to->exit_reason = KVM2_EXIT_INTERNAL_ERROR;
		to->internal_error.suberror = from->internal.suberror;
		to->internal_error.ndata = from->internal.ndata;
		memcpy(to->internal_error.data, from->internal.data,
		       sizeof(from->internal.data));
		break;
	case KVM_EXIT_EXCEPTION:
		to->exit_reason = KVM2_EXIT_EXCEPTION;
		to->exception.exception = from->ex.exception;
		to->exception.error_code = from->ex.error_code;
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		to->exit_reason = KVM2_EXIT_SYSTEM_EVENT;
		to->system_event.type = from->system_event.type;
		to->system_event.ndata = from->system_event.ndata;
		memcpy(to->system_event.data, from->system_event.data,
		       sizeof(from->system_event.data));
		break;
	case KVM_EXIT_NOTIFY:
		to->exit_reason = KVM2_EXIT_NOTIFY;
		to->notify.flags = from->notify.flags;
		break;
	case KVM_EXIT_X86_BUS_LOCK:
		to->exit_reason = KVM2_EXIT_BUS_LOCK;
		break;
	case KVM_EXIT_HYPERV:
		to->exit_reason = KVM2_EXIT_HYPERV;
		convert_hyperv(&from->hyperv, &to->hyperv);
		break;
	case CLASSIC_EXIT_MEMORY_FAULT:
		to->exit_reason = KVM2_EXIT_MEMORY_FAULT;
		convert_memory_fault(from, to);
		break;
	default:
		to->exit_reason = KVM2_EXIT_UNKNOWN;
	}
}

static bool
fetch_run(struct tcb *const tcp, struct kvm2_task *task, struct kvm_run *run)
{
	return find_run(tcp, task) && task->run_bytes >= RUN_BYTES &&
	       !umoven(tcp, task->run_addr, RUN_BYTES, run);
}

static void
make_exit(struct tcb *const tcp, const struct kvm2_task *task,
	  const struct kvm_run *from, struct classic_exit *exit)
{
	static_assert(sizeof(from->padding) == sizeof(exit->raw), "padding");
	memset(exit, 0, sizeof(*exit));
	exit->reason = from->exit_reason;
	exit->how = KVM2_EXIT_CLASSIC;
	memcpy(exit->raw, from->padding, sizeof(exit->raw));
	convert(tcp, task, from, exit);
}

int
kvm_classic_exit_fetch(struct tcb *const tcp, struct classic_exit *exit)
{
	struct kvm2_task *task = kvm2_task_get(tcp->pid);
	struct kvm_run run;

	if (!fetch_run(tcp, task, &run))
		return -1;
	make_exit(tcp, task, &run, exit);
	return 0;
}

const char *
kvm_classic_exit_name(uint32_t reason)
{
	return xlookup(kvm2_classic_exits, reason) ?: "KVM_EXIT_???";
}

/* ---- what is printed ---- */

static void
print_xen(const struct kvm_xen_exit *xen, bool full)
{
	tprints_field_name("xen");
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(*xen, type, xen_types, "KVM_EXIT_XEN_???");
	tprint_struct_next();
	PRINT_FIELD_U(xen->u.hcall, longmode);
	tprint_struct_next();
	PRINT_FIELD_U(xen->u.hcall, cpl);
	tprint_struct_next();
	PRINT_FIELD_X(xen->u.hcall, input);
	if (full) {
		tprint_struct_next();
		PRINT_FIELD_X(xen->u.hcall, result);
	}
	tprint_struct_next();
	PRINT_FIELD_X_ARRAY(xen->u.hcall, params);
	tprint_struct_end();
}

/* The details of an exit that kvm2 has not. */
static void
print_other(const struct classic_exit *exit, bool full)
{
	union {
		struct kvm_xen_exit xen;
		struct {
			uint64_t hardware_reason;
		} unknown;
		struct {
			uint64_t rip;
			uint32_t is_write;
		} tpr_access;
		struct {
			uint8_t vector;
		} eoi;
	} u;

	memcpy(&u, exit->raw, sizeof(u));
	switch (exit->reason) {
	case KVM_EXIT_HLT:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
	case KVM_EXIT_INTR:
	case KVM_EXIT_SET_TPR:
	case KVM_EXIT_NMI:
	case KVM_EXIT_WATCHDOG:
	case KVM_EXIT_DIRTY_RING_FULL:
	case KVM_EXIT_AP_RESET_HOLD:
		return;
	}
	tprint_struct_next();
	switch (exit->reason) {
	case KVM_EXIT_UNKNOWN:
		tprints_field_name("unknown");
		tprint_struct_begin();
		PRINT_FIELD_X(u.unknown, hardware_reason);
		tprint_struct_end();
		break;
	case KVM_EXIT_TPR_ACCESS:
		tprints_field_name("tpr_access");
		tprint_struct_begin();
		PRINT_FIELD_X(u.tpr_access, rip);
		tprint_struct_next();
		PRINT_FIELD_U(u.tpr_access, is_write);
		tprint_struct_end();
		break;
	case KVM_EXIT_IOAPIC_EOI:
		tprints_field_name("eoi");
		tprint_struct_begin();
		PRINT_FIELD_X(u.eoi, vector);
		tprint_struct_end();
		break;
	case KVM_EXIT_XEN:
		print_xen(&u.xen, full);
		break;
	default:
		tprints_field_name("data");
		kvm2_print_bytes(exit->raw, KVM2_EXIT_UNNAMED_BYTES, true);
	}
}

static void
print_exit(const struct classic_exit *exit, bool full)
{
	tprints_field_name("exit_reason");
	printxval_ex(kvm2_classic_exits, exit->reason, "KVM_EXIT_???",
		     XLAT_STYLE_FMT_U);
	if (exit->run.exit_reason != KVM2_EXIT_UNKNOWN)
		kvm2_exit_print_member(&exit->run, exit->how |
				       (full ? KVM2_EXIT_FULL : 0));
	else
		print_other(exit, full);
}

static bool
has_reply(const struct classic_exit *exit)
{
	return exit->run.exit_reason != KVM2_EXIT_UNKNOWN &&
	       kvm2_exit_has_reply(&exit->run);
}

/*
 * The kernel knows what the reply is to, whatever the VMM has made of the rest
 * since: the exit is that which was, and only the reply is what is there now.
 */
static void
take_reply(struct kvm_run *due, const struct kvm_run *now)
{
	switch (due->exit_reason) {
	case KVM_EXIT_MMIO:
		memcpy(due->mmio.data, now->mmio.data, sizeof(due->mmio.data));
		break;
	case KVM_EXIT_HYPERCALL:
		due->hypercall.ret = now->hypercall.ret;
		break;
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		due->msr.data = now->msr.data;
		due->msr.error = now->msr.error;
		break;
	case KVM_EXIT_HYPERV:
		if (due->hyperv.type == KVM_EXIT_HYPERV_HCALL)
			due->hyperv.u.hcall.result = now->hyperv.u.hcall.result;
		else
			due->hyperv.u.syndbg.status = now->hyperv.u.syndbg.status;
		break;
	}
}

static void
print_reply(struct tcb *const tcp, struct kvm2_task *task, struct kvm_run *run)
{
	struct classic_exit exit;

	if (task->reply == KVM2_REPLY_NONE)
		return;
	if (task->reply == KVM2_REPLY_DUE && task->due) {
		struct kvm_run due = *run;

		memcpy(&due, task->due, RUN_BYTES);
		take_reply(&due, run);
		make_exit(tcp, task, &due, &exit);
	} else {
		make_exit(tcp, task, run, &exit);
	}
	if (has_reply(&exit))
		kvm2_exit_print_reply(&exit.run, exit.how);
}

static void
print_before(struct tcb *const tcp, struct kvm2_task *task)
{
	const bool full = kvm2_full(tcp);
	struct kvm_run run;

	kvm2_next_arg("run");
	if (!verbose(tcp) || !fetch_run(tcp, task, &run)) {
		STRACE_PRINTS("???");
		return;
	}
	kvm2_print_vcpu(tcp);
	tprint_struct_begin();
	PRINT_FIELD_U(run, immediate_exit);
	if (full || run.request_interrupt_window) {
		tprint_struct_next();
		PRINT_FIELD_U(run, request_interrupt_window);
	}
	if (full) {
		struct classic_exit exit;

		make_exit(tcp, task, &run, &exit);
		tprint_struct_next();
		print_exit(&exit, true);
	} else {
		print_reply(tcp, task, &run);
	}
	tprint_struct_end();
}

/* False if there is none to be had. */
static bool
print_after(struct tcb *const tcp, struct kvm2_task *task)
{
	struct classic_exit exit;
	struct kvm_run run;

	if (!verbose(tcp) || !fetch_run(tcp, task, &run))
		return false;
	make_exit(tcp, task, &run, &exit);
	tprint_value_changed();
	tprint_struct_begin();
	print_exit(&exit, kvm2_full(tcp));
	tprint_struct_end();
	tcp->auxstr = kvm_classic_exit_name(exit.reason);
	if (has_reply(&exit)) {
		task->reply = KVM2_REPLY_DUE;
		if (!task->due)
			task->due = xmalloc(RUN_BYTES);
		memcpy(task->due, &run, RUN_BYTES);
	}
	return true;
}

bool
kvm_classic_run(struct tcb *const tcp, const uint64_t arg, int *const result)
{
	struct kvm2_task *task;

	if (!kvm2_options.classic)
		return false;
	task = kvm2_task_get(tcp->pid);
	if (entering(tcp)) {
		kvm2_next_arg("argp");
		PRINT_VAL_X(arg);
		print_before(tcp, task);
		*result = 0;
		return true;
	}
	*result = RVAL_IOCTL_DECODED;
	/* A signal comes after the reply has been taken in. */
	if (!syserror(tcp) || tcp->u_error == EINTR)
		task->reply = KVM2_REPLY_NONE;
	if (!syserror(tcp) && print_after(tcp, task))
		*result |= RVAL_STR;
	return true;
}
