/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints of kvm2. Entry to and exit from the guest in hardware are
 * traced by kvm:kvm_entry and kvm:kvm_exit already.
 *
 * Every event carries the VM's id as `vm`, and `vcpu` where there is one, so
 * that text tools, filters and histograms need no pointer. Names are printed
 * from the lists of uapi/linux/kvm2.h, whose values are literals, so that the
 * format files hold no enumerator that user space would have to know.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm2

#if !defined(_TRACE_KVM2_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_KVM2_H

#include <linux/tracepoint.h>
#include <uapi/linux/kvm2.h>

#ifndef _TRACE_KVM2_ENUMS
#define _TRACE_KVM2_ENUMS

/* X(value, NAME, "text"): what happened to a VM or a vcpu */
#define KVM2_TRACE_OPS(X)			\
	X(0, CREATE,		"create")	\
	X(1, ADOPT,		"adopt")	\
	X(2, PARK,		"park")		\
	X(3, DESTROY,		"destroy")

enum kvm2_trace_op {
#define X(value, name, text) KVM2_TRACE_##name = value,
	KVM2_TRACE_OPS(X)
#undef X
};

/* X(value, NAME, "text"): why the kernel went on after an exit by itself */
#define KVM2_TRACE_LOOPS(X)			\
	X(0, GATE,		"gate")		\
	X(1, DEBUG_TRAP,	"debug_trap")	\
	X(2, RETRY,		"retry")	\
	X(3, RESTART,		"restart")

enum kvm2_trace_loop {
#define X(value, name, text) KVM2_TRACE_LOOP_##name = value,
	KVM2_TRACE_LOOPS(X)
#undef X
};

/* The lists above as arguments of __print_symbolic() and __print_flags(). */
#define kvm2_trace_symbol(value, name, text)	, { value, text }
#define kvm2_trace_bit(bit, name, text)		, { 1 << bit, text }
#define kvm2_print_symbolic(...)		__print_symbolic(__VA_ARGS__)
#define kvm2_print_flags(...)			__print_flags(__VA_ARGS__)

/* The first 8 bytes of @length bytes at @bytes, little endian. */
static inline u64 kvm2_trace_value(const u8 *bytes, u32 length)
{
	u64 value = 0;

	memcpy(&value, bytes, min_t(u32, length, sizeof(value)));
	return value;
}

#endif /* _TRACE_KVM2_ENUMS */

TRACE_EVENT(kvm2_vm,
	TP_PROTO(u64 vm_id, u32 op),
	TP_ARGS(vm_id, op),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	op	)
	),

	TP_fast_assign(
		__entry->vm	= vm_id;
		__entry->op	= op;
	),

	TP_printk("vm=%llu op=%s", __entry->vm,
		kvm2_print_symbolic(__entry->op
				    KVM2_TRACE_OPS(kvm2_trace_symbol)))
);

/* tid: the thread that the vcpu is bound to, or was */
TRACE_EVENT(kvm2_vcpu,
	TP_PROTO(u64 vm_id, u32 vcpu_id, u32 op, pid_t tid),
	TP_ARGS(vm_id, vcpu_id, op, tid),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	vcpu	)
		__field(	u32,	op	)
		__field(	pid_t,	tid	)
	),

	TP_fast_assign(
		__entry->vm	= vm_id;
		__entry->vcpu	= vcpu_id;
		__entry->op	= op;
		__entry->tid	= tid;
	),

	TP_printk("vm=%llu vcpu=%u op=%s tid=%d", __entry->vm, __entry->vcpu,
		kvm2_print_symbolic(__entry->op
				    KVM2_TRACE_OPS(kvm2_trace_symbol)),
		__entry->tid)
);

/* completes: the exit whose reply this entry has read */
TRACE_EVENT(kvm2_enter,
	TP_PROTO(u64 vm_id, u32 vcpu_id, bool immediate, u32 completes),
	TP_ARGS(vm_id, vcpu_id, immediate, completes),

	TP_STRUCT__entry(
		__field(	u64,	vm		)
		__field(	u32,	vcpu		)
		__field(	u32,	completes	)
		__field(	bool,	immediate	)
	),

	TP_fast_assign(
		__entry->vm		= vm_id;
		__entry->vcpu		= vcpu_id;
		__entry->completes	= completes;
		__entry->immediate	= immediate;
	),

	TP_printk("vm=%llu vcpu=%u immediate=%u completes=%s",
		__entry->vm, __entry->vcpu, __entry->immediate,
		kvm2_print_symbolic(__entry->completes, { 0, "none" }
				    KVM2_EXIT_REASONS(kvm2_trace_symbol)))
);

/*
 * Control goes back to user space. reason is meaningful when ret is 0.
 * detail0, detail1:
 *   io		port | size << 16 | direction << 24 | count << 32;
 *		the first 8 bytes of data
 *   mmio	gpa; data
 *   rdmsr,	index | KVM2_MSR_EXIT_* << 32; data
 *   wrmsr
 *   debug	pc; dr6
 *   hypercall	nr; first argument
 *   others	the first two members of their structure
 */
TRACE_EVENT(kvm2_exit,
	TP_PROTO(u64 vm_id, u32 vcpu_id, u32 reason, int ret, u64 detail0,
		 u64 detail1),
	TP_ARGS(vm_id, vcpu_id, reason, ret, detail0, detail1),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	vcpu	)
		__field(	u32,	reason	)
		__field(	int,	ret	)
		__field(	u64,	detail0	)
		__field(	u64,	detail1	)
	),

	TP_fast_assign(
		__entry->vm		= vm_id;
		__entry->vcpu		= vcpu_id;
		__entry->reason		= reason;
		__entry->ret		= ret;
		__entry->detail0	= detail0;
		__entry->detail1	= detail1;
	),

	TP_printk("vm=%llu vcpu=%u reason=%s ret=%d detail0=0x%llx detail1=0x%llx",
		__entry->vm, __entry->vcpu,
		kvm2_print_symbolic(__entry->reason
				    KVM2_EXIT_REASONS(kvm2_trace_symbol)),
		__entry->ret, __entry->detail0, __entry->detail1)
);

/* An exit that the kernel has consumed: the vcpu goes on, unseen outside. */
TRACE_EVENT(kvm2_loop,
	TP_PROTO(u64 vm_id, u32 vcpu_id, u32 why),
	TP_ARGS(vm_id, vcpu_id, why),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	vcpu	)
		__field(	u32,	why	)
	),

	TP_fast_assign(
		__entry->vm	= vm_id;
		__entry->vcpu	= vcpu_id;
		__entry->why	= why;
	),

	TP_printk("vm=%llu vcpu=%u why=%s", __entry->vm, __entry->vcpu,
		kvm2_print_symbolic(__entry->why
				    KVM2_TRACE_LOOPS(kvm2_trace_symbol)))
);

/*
 * One record of kvm_get_state() or kvm_set_state(). @record is in kernel
 * memory and has its value, or at least 8 bytes of it. accessor: the thread
 * that makes the call. value: the first 8 bytes.
 */
TRACE_EVENT(kvm2_state,
	TP_PROTO(u64 vm_id, u32 vcpu_id, pid_t accessor_tid, bool is_set,
		 const struct kvm2_record *record, int err),
	TP_ARGS(vm_id, vcpu_id, accessor_tid, is_set, record, err),

	TP_STRUCT__entry(
		__field(	u64,	vm		)
		__field(	u32,	vcpu		)
		__field(	pid_t,	accessor	)
		__field(	u64,	number		)
		__field(	u64,	value		)
		__field(	u32,	size		)
		__field(	int,	err		)
		__field(	u16,	set		)
		__field(	bool,	is_set		)
	),

	TP_fast_assign(
		__entry->vm		= vm_id;
		__entry->vcpu		= vcpu_id;
		__entry->accessor	= accessor_tid;
		__entry->number		= record->number;
		__entry->value		= kvm2_trace_value(record->value,
							   record->size);
		__entry->size		= record->size;
		__entry->err		= err;
		__entry->set		= record->set;
		__entry->is_set		= is_set;
	),

	TP_printk("vm=%llu vcpu=%u accessor=%d op=%s set=%s number=0x%llx size=%u value=0x%llx err=%d",
		__entry->vm, __entry->vcpu, __entry->accessor,
		__entry->is_set ? "set" : "get",
		kvm2_print_symbolic(__entry->set KVM2_SETS(kvm2_trace_symbol)),
		__entry->number, __entry->size, __entry->value, __entry->err)
);

/* A memory map was committed, or refused with @err. */
TRACE_EVENT(kvm2_map,
	TP_PROTO(u64 vm_id, u64 generation, u32 kept, u32 added, u32 removed,
		 u32 harvested_runs, u64 duration_ns, int err),
	TP_ARGS(vm_id, generation, kept, added, removed, harvested_runs,
		duration_ns, err),

	TP_STRUCT__entry(
		__field(	u64,	vm		)
		__field(	u64,	generation	)
		__field(	u32,	kept		)
		__field(	u32,	added		)
		__field(	u32,	removed		)
		__field(	u32,	harvested_runs	)
		__field(	u64,	duration_ns	)
		__field(	int,	err		)
	),

	TP_fast_assign(
		__entry->vm		= vm_id;
		__entry->generation	= generation;
		__entry->kept		= kept;
		__entry->added		= added;
		__entry->removed	= removed;
		__entry->harvested_runs	= harvested_runs;
		__entry->duration_ns	= duration_ns;
		__entry->err		= err;
	),

	TP_printk("vm=%llu generation=%llu kept=%u added=%u removed=%u harvested_runs=%u duration_ns=%llu err=%d",
		__entry->vm, __entry->generation, __entry->kept,
		__entry->added, __entry->removed, __entry->harvested_runs,
		__entry->duration_ns, __entry->err)
);

/* Each region of the map of that generation. */
TRACE_EVENT(kvm2_map_region,
	TP_PROTO(u64 vm_id, u64 generation,
		 const struct kvm2_memory_region *region),
	TP_ARGS(vm_id, generation, region),

	TP_STRUCT__entry(
		__field(	u64,	vm		)
		__field(	u64,	generation	)
		__field(	u64,	gpa		)
		__field(	u64,	size		)
		__field(	u64,	address		)
		__field(	u32,	flags		)
	),

	TP_fast_assign(
		__entry->vm		= vm_id;
		__entry->generation	= generation;
		__entry->gpa		= region->gpa;
		__entry->size		= region->size;
		__entry->address	= region->address;
		__entry->flags		= region->flags;
	),

	TP_printk("vm=%llu generation=%llu gpa=0x%llx size=0x%llx address=0x%llx flags=%s",
		__entry->vm, __entry->generation, __entry->gpa, __entry->size,
		__entry->address,
		kvm2_print_flags(__entry->flags, "|"
				 KVM2_REGION_FLAG_NAMES(kvm2_trace_bit)))
);

/* gpa, size, max_pages: asked for; pages: reported; next: where to go on */
TRACE_EVENT(kvm2_dirty,
	TP_PROTO(u64 vm_id, u64 gpa, u64 size, u64 max_pages, u64 pages,
		 u64 next, int err),
	TP_ARGS(vm_id, gpa, size, max_pages, pages, next, err),

	TP_STRUCT__entry(
		__field(	u64,	vm		)
		__field(	u64,	gpa		)
		__field(	u64,	size		)
		__field(	u64,	max_pages	)
		__field(	u64,	pages		)
		__field(	u64,	next		)
		__field(	int,	err		)
	),

	TP_fast_assign(
		__entry->vm		= vm_id;
		__entry->gpa		= gpa;
		__entry->size		= size;
		__entry->max_pages	= max_pages;
		__entry->pages		= pages;
		__entry->next		= next;
		__entry->err		= err;
	),

	TP_printk("vm=%llu gpa=0x%llx size=0x%llx max_pages=%llu pages=%llu next=0x%llx err=%d",
		__entry->vm, __entry->gpa, __entry->size, __entry->max_pages,
		__entry->pages, __entry->next, __entry->err)
);

/* delivered: as SIGSTOP to the tracer; else an ordinary exit follows */
TRACE_EVENT(kvm2_debug_trap,
	TP_PROTO(u64 vm_id, u32 vcpu_id, const struct kvm2_debug_event *event,
		 bool delivered),
	TP_ARGS(vm_id, vcpu_id, event, delivered),

	TP_STRUCT__entry(
		__field(	u64,	vm		)
		__field(	u32,	vcpu		)
		__field(	u32,	exception	)
		__field(	u64,	pc		)
		__field(	u64,	dr6		)
		__field(	u64,	dr7		)
		__field(	bool,	delivered	)
	),

	TP_fast_assign(
		__entry->vm		= vm_id;
		__entry->vcpu		= vcpu_id;
		__entry->exception	= event->exception;
		__entry->pc		= event->pc;
		__entry->dr6		= event->dr6;
		__entry->dr7		= event->dr7;
		__entry->delivered	= delivered;
	),

	TP_printk("vm=%llu vcpu=%u exception=%u pc=0x%llx dr6=0x%llx dr7=0x%llx delivered=%u",
		__entry->vm, __entry->vcpu, __entry->exception, __entry->pc,
		__entry->dr6, __entry->dr7, __entry->delivered)
);

/*
 * A message of the APIC bus, or of kvm_apic_message(). out: from the local
 * APICs. ret: how many took it, or an error.
 */
TRACE_EVENT(kvm2_apic_bus,
	TP_PROTO(u64 vm_id, bool out, const struct kvm2_apic_message *message,
		 int ret),
	TP_ARGS(vm_id, out, message, ret),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	dest	)
		__field(	u32,	id	)
		__field(	int,	ret	)
		__field(	u16,	type	)
		__field(	u16,	flags	)
		__field(	u8,	mode	)
		__field(	u8,	vector	)
		__field(	u8,	pin	)
		__field(	bool,	out	)
	),

	TP_fast_assign(
		__entry->vm	= vm_id;
		__entry->dest	= message->dest;
		__entry->id	= message->id;
		__entry->ret	= ret;
		__entry->type	= message->type;
		__entry->flags	= message->flags;
		__entry->mode	= message->mode;
		__entry->vector	= message->vector;
		__entry->pin	= message->pin;
		__entry->out	= out;
	),

	TP_printk("vm=%llu %s type=%s dest=0x%x mode=%s vector=0x%x pin=%u flags=0x%x id=%u ret=%d",
		__entry->vm, __entry->out ? "out" : "in",
		kvm2_print_symbolic(__entry->type
				    KVM2_APIC_TYPES(kvm2_trace_symbol)),
		__entry->dest,
		kvm2_print_symbolic(__entry->mode
				    KVM2_DELIVERY_MODES(kvm2_trace_symbol)),
		__entry->vector, __entry->pin, __entry->flags, __entry->id,
		__entry->ret)
);

/* The level of a pin. ret: an interrupt or NMI was delivered by its edge. */
TRACE_EVENT(kvm2_lint,
	TP_PROTO(u64 vm_id, u32 vcpu_id, u32 pin, bool level, int ret),
	TP_ARGS(vm_id, vcpu_id, pin, level, ret),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	vcpu	)
		__field(	u32,	pin	)
		__field(	int,	ret	)
		__field(	bool,	level	)
	),

	TP_fast_assign(
		__entry->vm	= vm_id;
		__entry->vcpu	= vcpu_id;
		__entry->pin	= pin;
		__entry->ret	= ret;
		__entry->level	= level;
	),

	TP_printk("vm=%llu vcpu=%u pin=%u level=%u ret=%d", __entry->vm,
		__entry->vcpu, __entry->pin, __entry->level, __entry->ret)
);

/* A record to the socket of a range. value: the first 8 bytes of data */
TRACE_EVENT(kvm2_io_send,
	TP_PROTO(u64 vm_id, u32 vcpu_id, const struct kvm2_io_message *header,
		 const u8 *data),
	TP_ARGS(vm_id, vcpu_id, header, data),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	vcpu	)
		__field(	u32,	id	)
		__field(	u64,	cookie	)
		__field(	u64,	address	)
		__field(	u64,	value	)
		__field(	u32,	count	)
		__field(	u16,	op	)
		__field(	u8,	size	)
		__field(	bool,	ports	)
	),

	TP_fast_assign(
		__entry->vm	= vm_id;
		__entry->vcpu	= vcpu_id;
		__entry->id	= header->id;
		__entry->cookie	= header->cookie;
		__entry->address = header->address;
		__entry->value	= header->op == KVM2_IO_OP_WRITE ||
				  header->op == KVM2_IO_OP_POSTED_WRITE ?
			kvm2_trace_value(data, header->size * header->count) : 0;
		__entry->count	= header->count;
		__entry->op	= header->op;
		__entry->size	= header->size;
		__entry->ports	= header->ports;
	),

	TP_printk("vm=%llu vcpu=%u cookie=0x%llx id=%u op=%s space=%s address=0x%llx size=%u count=%u value=0x%llx",
		__entry->vm, __entry->vcpu, __entry->cookie, __entry->id,
		kvm2_print_symbolic(__entry->op KVM2_IO_OPS(kvm2_trace_symbol)),
		__entry->ports ? "ports" : "memory", __entry->address,
		__entry->size, __entry->count, __entry->value)
);

/* wait_ns: since it was sent. err: the process has failed, there is none. */
TRACE_EVENT(kvm2_io_reply,
	TP_PROTO(u64 vm_id, u32 vcpu_id, u64 cookie, u32 id, const u8 *data,
		 u32 bytes, u64 wait_ns, int err),
	TP_ARGS(vm_id, vcpu_id, cookie, id, data, bytes, wait_ns, err),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	vcpu	)
		__field(	u32,	id	)
		__field(	u64,	cookie	)
		__field(	u64,	value	)
		__field(	u64,	wait_ns	)
		__field(	u32,	bytes	)
		__field(	int,	err	)
	),

	TP_fast_assign(
		__entry->vm	= vm_id;
		__entry->vcpu	= vcpu_id;
		__entry->id	= id;
		__entry->cookie	= cookie;
		__entry->value	= kvm2_trace_value(data, bytes);
		__entry->wait_ns = wait_ns;
		__entry->bytes	= bytes;
		__entry->err	= err;
	),

	TP_printk("vm=%llu vcpu=%u cookie=0x%llx id=%u bytes=%u value=0x%llx wait_ns=%llu err=%d",
		__entry->vm, __entry->vcpu, __entry->cookie, __entry->id,
		__entry->bytes, __entry->value, __entry->wait_ns, __entry->err)
);

/* A posted write. err: -EAGAIN there is no room, so it leaves the guest. */
TRACE_EVENT(kvm2_io_posted,
	TP_PROTO(u64 vm_id, u32 vcpu_id, const struct kvm2_io_message *header,
		 const u8 *data, int err),
	TP_ARGS(vm_id, vcpu_id, header, data, err),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	vcpu	)
		__field(	u32,	size	)
		__field(	u64,	cookie	)
		__field(	u64,	address	)
		__field(	u64,	value	)
		__field(	int,	err	)
		__field(	bool,	ports	)
	),

	TP_fast_assign(
		__entry->vm	= vm_id;
		__entry->vcpu	= vcpu_id;
		__entry->size	= header->size;
		__entry->cookie	= header->cookie;
		__entry->address = header->address;
		__entry->value	= kvm2_trace_value(data, header->size);
		__entry->err	= err;
		__entry->ports	= header->ports;
	),

	TP_printk("vm=%llu vcpu=%u cookie=0x%llx space=%s address=0x%llx size=%u value=0x%llx err=%d",
		__entry->vm, __entry->vcpu, __entry->cookie,
		__entry->ports ? "ports" : "memory", __entry->address,
		__entry->size, __entry->value, __entry->err)
);

/* All posted writes of a socket, posted of them so far, are done. */
TRACE_EVENT(kvm2_io_flush,
	TP_PROTO(u64 vm_id, u32 vcpu_id, u64 cookie, u32 id, u64 posted,
		 u64 wait_ns, int err),
	TP_ARGS(vm_id, vcpu_id, cookie, id, posted, wait_ns, err),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	vcpu	)
		__field(	u32,	id	)
		__field(	u64,	cookie	)
		__field(	u64,	posted	)
		__field(	u64,	wait_ns	)
		__field(	int,	err	)
	),

	TP_fast_assign(
		__entry->vm	= vm_id;
		__entry->vcpu	= vcpu_id;
		__entry->id	= id;
		__entry->cookie	= cookie;
		__entry->posted	= posted;
		__entry->wait_ns = wait_ns;
		__entry->err	= err;
	),

	TP_printk("vm=%llu vcpu=%u cookie=0x%llx id=%u posted=%llu wait_ns=%llu err=%d",
		__entry->vm, __entry->vcpu, __entry->cookie, __entry->id,
		__entry->posted, __entry->wait_ns, __entry->err)
);

/* A program has seen an access. verdict: KVM2_BPF_* */
TRACE_EVENT(kvm2_bpf,
	TP_PROTO(u64 vm_id, const struct kvm2_io_access *access),
	TP_ARGS(vm_id, access),

	TP_STRUCT__entry(
		__field(	u64,	vm	)
		__field(	u32,	vcpu	)
		__field(	u32,	size	)
		__field(	u64,	cookie	)
		__field(	u64,	address	)
		__field(	u64,	value	)
		__field(	u32,	verdict	)
		__field(	bool,	is_write )
		__field(	bool,	ports	)
	),

	TP_fast_assign(
		__entry->vm	= vm_id;
		__entry->vcpu	= access->vcpu;
		__entry->size	= access->size;
		__entry->cookie	= access->cookie;
		__entry->address = access->address;
		__entry->value	= access->data;
		__entry->verdict = access->verdict;
		__entry->is_write = access->is_write;
		__entry->ports	= access->ports;
	),

	TP_printk("vm=%llu vcpu=%u cookie=0x%llx op=%s space=%s address=0x%llx size=%u value=0x%llx verdict=%u",
		__entry->vm, __entry->vcpu, __entry->cookie,
		__entry->is_write ? "write" : "read",
		__entry->ports ? "ports" : "memory", __entry->address,
		__entry->size, __entry->value, __entry->verdict)
);

#endif /* _TRACE_KVM2_H */

/* This part is read each time. */
#include <trace/define_trace.h>
