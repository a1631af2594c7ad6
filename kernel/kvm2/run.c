// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_enter_guest(): reads the reply to the last exit from the caller's run
 * structure, runs the vcpu, and writes the next exit there.
 *
 * KVM's own struct kvm_run is a page that user space never sees; it keeps an
 * exit until it has been delivered. Three flags of the vcpu say where it is:
 * pending     the exit reached user space and the next entry reads a reply
 * undelivered the exit did not reach user space; the next call tries again
 * neither     nothing is owed, a restarted call runs the guest at once
 *
 * An exit that goes to a socket (apic.c, io.c) is claimed by these. What it
 * has to wait for, it waits for at the top, with no lock held.
 */
#include "kvm2.h"

#include <linux/kvm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <trace/events/kvm.h>
#include <trace/events/kvm2.h>

#include "apic.h"
#include "io.h"
#include "x86.h"

/* Not an errno: the exit was consumed in the kernel, run the guest again. */
#define RUN_AGAIN	1

/* Something was claimed by apic.c or io.c and is not done with. */
static bool is_busy(const struct kvm2_vcpu *v)
{
	return kvm2_apic_is_busy(v) || kvm2_io_is_busy(v);
}

/* The part of struct kvm2_run that an exit writes, but for io.data. */
union exit_detail {
	struct kvm2_exit_unknown unknown;
	struct kvm2_exit_mmio mmio;
	struct kvm2_exit_hypercall hypercall;
	struct kvm2_exit_msr msr;
	struct kvm2_debug_event debug;
	struct kvm2_exit_fail_entry fail_entry;
	struct kvm2_exit_internal_error internal_error;
	struct kvm2_exit_exception exception;
	struct kvm2_exit_system_event system_event;
	struct kvm2_exit_notify notify;
	struct kvm2_exit_hyperv hyperv;
	struct kvm2_exit_memory_fault memory_fault;
	struct kvm2_exit_apic apic;
	struct kvm2_exit_device device;
	u64 word[2];	/* what the tracepoint shows */
};

/**
 * struct exit_type - how one KVM_EXIT_* goes to user space
 * @reason: enum kvm2_exit_reason
 * @size:   bytes of the detail that are written
 * @fill:   translates; NULL when there is no detail
 * @reply:  reads the reply from user space; NULL when there is none
 * @is_fatal: few guests survive it
 */
struct exit_type {
	u32 reason;
	u32 size;
	bool is_fatal;
	void (*fill)(const struct kvm_run *run, union exit_detail *detail);
	int (*reply)(struct kvm_vcpu *vcpu, const struct kvm2_run __user *urun);
};

static void fill_unknown(const struct kvm_run *run, union exit_detail *detail)
{
	detail->unknown.kvm_reason = run->exit_reason;
	detail->unknown.hardware_reason =
		run->exit_reason == KVM_EXIT_UNKNOWN ?
			run->hw.hardware_exit_reason : 0;
}

static void fill_mmio(const struct kvm_run *run, union exit_detail *detail)
{
	detail->mmio.gpa = run->mmio.phys_addr;
	detail->mmio.len = run->mmio.len;
	detail->mmio.is_write = run->mmio.is_write;
	memset(detail->mmio.data, 0, sizeof(detail->mmio.data));
	if (run->mmio.is_write)
		memcpy(detail->mmio.data, run->mmio.data,
		       min_t(u32, run->mmio.len, sizeof(detail->mmio.data)));
}

static int reply_mmio(struct kvm_vcpu *vcpu, const struct kvm2_run __user *urun)
{
	u64 data;

	if (vcpu->run->mmio.is_write)
		return 0;
	if (get_user(data, (const u64 __user *)urun->mmio.data))
		return -EFAULT;
	memcpy(vcpu->run->mmio.data, &data, sizeof(data));
	return 0;
}

static void fill_hypercall(const struct kvm_run *run, union exit_detail *detail)
{
	BUILD_BUG_ON(sizeof(detail->hypercall.args) !=
		     sizeof(run->hypercall.args));

	detail->hypercall.nr = run->hypercall.nr;
	detail->hypercall.ret = 0;
	memcpy(detail->hypercall.args, run->hypercall.args,
	       sizeof(detail->hypercall.args));
	detail->hypercall.flags = run->hypercall.flags;
}

static int reply_hypercall(struct kvm_vcpu *vcpu,
			   const struct kvm2_run __user *urun)
{
	return get_user(vcpu->run->hypercall.ret, &urun->hypercall.ret);
}

static void fill_msr(const struct kvm_run *run, union exit_detail *detail)
{
	detail->msr.index = run->msr.index;
	detail->msr.reason = run->msr.reason;
	detail->msr.data = run->msr.data;
	detail->msr.error = 0;
	detail->msr.reserved = 0;
}

static int reply_msr(struct kvm_vcpu *vcpu, const struct kvm2_run __user *urun)
{
	u32 error;
	u64 data;

	if (get_user(error, &urun->msr.error) ||
	    get_user(data, &urun->msr.data))
		return -EFAULT;
	vcpu->run->msr.error = !!error;
	if (vcpu->run->exit_reason == KVM_EXIT_X86_RDMSR)
		vcpu->run->msr.data = data;
	return 0;
}

static void fill_debug(const struct kvm_run *run, union exit_detail *detail)
{
	detail->debug.exception = run->debug.arch.exception;
	detail->debug.reserved = 0;
	detail->debug.pc = run->debug.arch.pc;
	detail->debug.dr6 = run->debug.arch.dr6;
	detail->debug.dr7 = run->debug.arch.dr7;
}

static void fill_fail_entry(const struct kvm_run *run,
			    union exit_detail *detail)
{
	detail->fail_entry.hardware_reason =
		run->fail_entry.hardware_entry_failure_reason;
	detail->fail_entry.cpu = run->fail_entry.cpu;
	detail->fail_entry.reserved = 0;
}

static void fill_data(u64 *to, const u64 *from, u32 count)
{
	memset(to, 0, KVM2_ERROR_DATA_MAX * sizeof(*to));
	memcpy(to, from, min_t(u32, count, KVM2_ERROR_DATA_MAX) * sizeof(*to));
}

static void fill_internal_error(const struct kvm_run *run,
				union exit_detail *detail)
{
	detail->internal_error.suberror = run->internal.suberror;
	detail->internal_error.ndata = run->internal.ndata;
	fill_data(detail->internal_error.data, run->internal.data,
		  run->internal.ndata);
}

static void fill_exception(const struct kvm_run *run, union exit_detail *detail)
{
	detail->exception.exception = run->ex.exception;
	detail->exception.error_code = run->ex.error_code;
}

static void fill_system_event(const struct kvm_run *run,
			      union exit_detail *detail)
{
	detail->system_event.type = run->system_event.type;
	detail->system_event.ndata = run->system_event.ndata;
	fill_data(detail->system_event.data, run->system_event.data,
		  run->system_event.ndata);
}

static void fill_notify(const struct kvm_run *run, union exit_detail *detail)
{
	detail->notify.flags = run->notify.flags;
}

static void fill_hyperv(const struct kvm_run *run, union exit_detail *detail)
{
	const struct kvm_hyperv_exit *from = &run->hyperv;
	struct kvm2_exit_hyperv *to = &detail->hyperv;

	memset(to, 0, sizeof(*to));
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
		to->params[0] = from->u.hcall.params[0];
		to->params[1] = from->u.hcall.params[1];
		break;
	case KVM_EXIT_HYPERV_SYNDBG:
		to->msr = from->u.syndbg.msr;
		to->input = from->u.syndbg.control;
		to->params[0] = from->u.syndbg.send_page;
		to->params[1] = from->u.syndbg.recv_page;
		to->params[2] = from->u.syndbg.pending_page;
		break;
	}
}

static int reply_hyperv(struct kvm_vcpu *vcpu,
			const struct kvm2_run __user *urun)
{
	struct kvm_hyperv_exit *hyperv = &vcpu->run->hyperv;
	u64 result;

	if (get_user(result, &urun->hyperv.result))
		return -EFAULT;
	if (hyperv->type == KVM_EXIT_HYPERV_HCALL)
		hyperv->u.hcall.result = result;
	else if (hyperv->type == KVM_EXIT_HYPERV_SYNDBG)
		hyperv->u.syndbg.status = result;
	return 0;
}

static void fill_memory_fault(const struct kvm_run *run,
			      union exit_detail *detail)
{
	bool known = run->exit_reason == KVM_EXIT_MEMORY_FAULT;

	detail->memory_fault.gpa = known ? run->memory_fault.gpa : ~0ULL;
	detail->memory_fault.size = known ? run->memory_fault.size : 0;
	detail->memory_fault.flags = known ? run->memory_fault.flags : 0;
}

/* The rest is in deliver_detail(). */
static void fill_apic(const struct kvm_run *run, union exit_detail *detail)
{
	bool is_eoi = run->exit_reason == KVM_EXIT_IOAPIC_EOI;

	detail->apic.type = is_eoi ? KVM2_APIC_EOI : KVM2_APIC_INTA;
	detail->apic.vector = is_eoi ? run->eoi.vector : KVM2_EXTINT_NONE;
	detail->apic.error = 0;
	detail->apic.reserved = 0;
}

#define EXIT_TYPE(name, member, reply_fn) {				\
	.reason = KVM2_EXIT_##name,					\
	.size = sizeof(((union exit_detail *)0)->member),		\
	.fill = fill_##member,						\
	.reply = reply_fn,						\
}

#define FATAL_EXIT_TYPE(name, member) {					\
	.reason = KVM2_EXIT_##name,					\
	.size = sizeof(((union exit_detail *)0)->member),		\
	.fill = fill_##member,						\
	.is_fatal = true,						\
}

static const struct exit_type unknown_exit =
	EXIT_TYPE(UNKNOWN, unknown, NULL);
static const struct exit_type memory_fault_exit =
	EXIT_TYPE(MEMORY_FAULT, memory_fault, NULL);

static const struct exit_type device_exit = {
	.reason = KVM2_EXIT_DEVICE,
	.size = sizeof(struct kvm2_exit_device),
};

static const struct exit_type exit_types[] = {
	[KVM_EXIT_MMIO]		= EXIT_TYPE(MMIO, mmio, reply_mmio),
	[KVM_EXIT_HYPERCALL]	= EXIT_TYPE(HYPERCALL, hypercall,
					    reply_hypercall),
	[KVM_EXIT_X86_RDMSR]	= EXIT_TYPE(RDMSR, msr, reply_msr),
	[KVM_EXIT_X86_WRMSR]	= EXIT_TYPE(WRMSR, msr, reply_msr),
	[KVM_EXIT_DEBUG]	= EXIT_TYPE(DEBUG, debug, NULL),
	[KVM_EXIT_SHUTDOWN]	= {
		.reason = KVM2_EXIT_SHUTDOWN,
		.is_fatal = true,
	},
	[KVM_EXIT_FAIL_ENTRY]	= FATAL_EXIT_TYPE(FAIL_ENTRY, fail_entry),
	[KVM_EXIT_INTERNAL_ERROR] = FATAL_EXIT_TYPE(INTERNAL_ERROR,
						    internal_error),
	[KVM_EXIT_EXCEPTION]	= EXIT_TYPE(EXCEPTION, exception, NULL),
	[KVM_EXIT_SYSTEM_EVENT]	= EXIT_TYPE(SYSTEM_EVENT, system_event, NULL),
	[KVM_EXIT_NOTIFY]	= EXIT_TYPE(NOTIFY, notify, NULL),
	[KVM_EXIT_X86_BUS_LOCK]	= { .reason = KVM2_EXIT_BUS_LOCK },
	[KVM_EXIT_HYPERV]	= EXIT_TYPE(HYPERV, hyperv, reply_hyperv),
	[KVM_EXIT_MEMORY_FAULT]	= EXIT_TYPE(MEMORY_FAULT, memory_fault, NULL),
	[KVM_EXIT_IOAPIC_EOI]	= EXIT_TYPE(APIC, apic, NULL),
	[KVM_EXIT_IRQ_WINDOW_OPEN] = EXIT_TYPE(APIC, apic, NULL),
};

static const struct exit_type *find_exit_type(u32 kvm_reason)
{
	if (kvm_reason < ARRAY_SIZE(exit_types) &&
	    exit_types[kvm_reason].reason != KVM2_EXIT_UNKNOWN)
		return &exit_types[kvm_reason];
	return &unknown_exit;
}

static void trace_io_exit(struct kvm2_vcpu *v)
{
	const struct kvm_run *run = v->vcpu->run;
	u32 bytes = run->io.size * run->io.count;
	u64 data = 0;

	if (run->io.direction == KVM_EXIT_IO_OUT)
		memcpy(&data, v->vcpu->arch.pio_data,
		       min_t(u32, bytes, sizeof(data)));
	trace_kvm2_exit(v->vm->id, v->id, KVM2_EXIT_IO, 0,
			run->io.port | (u64)run->io.size << 16 |
			(u64)run->io.direction << 24 |
			(u64)run->io.count << 32, data);
}

/* Port accesses are the most frequent exits, and the data is not in run. */
static __always_inline int deliver_io(struct kvm2_vcpu *v,
				      struct kvm2_run __user *urun)
{
	const struct kvm_run *run = v->vcpu->run;
	const u8 *data = v->vcpu->arch.pio_data;
	u32 bytes = run->io.size * run->io.count;

	BUILD_BUG_ON(KVM2_IO_IN != KVM_EXIT_IO_IN);
	BUILD_BUG_ON(KVM2_IO_OUT != KVM_EXIT_IO_OUT);

	if (WARN_ON_ONCE(bytes > KVM2_IO_DATA_MAX))
		return -EIO;
	v->pending = KVM2_EXIT_IO;
	v->undelivered = true;
	if (!user_write_access_begin(urun, offsetof(struct kvm2_run, io.data) +
						   KVM2_IO_DATA_MAX))
		return -EFAULT;
	unsafe_put_user(KVM2_EXIT_IO, &urun->exit_reason, fault);
	unsafe_put_user(run->io.port | run->io.size << 16 |
			run->io.direction << 24,
			(u32 __user *)&urun->io.port, fault);
	unsafe_put_user(run->io.count, &urun->io.count, fault);
	if (run->io.direction == KVM_EXIT_IO_OUT)
		unsafe_copy_to_user(urun->io.data, data, bytes, fault);
	user_write_access_end();
	v->undelivered = false;

	if (trace_kvm2_exit_enabled())
		trace_io_exit(v);
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
}

static int reply_io(struct kvm_vcpu *vcpu, const struct kvm2_run __user *urun)
{
	const struct kvm_run *run = vcpu->run;

	if (run->io.direction == KVM_EXIT_IO_OUT)
		return 0;
	if (copy_from_user(vcpu->arch.pio_data, urun->io.data,
			   run->io.size * run->io.count))
		return -EFAULT;
	return 0;
}

static int deliver_detail(struct kvm2_vcpu *v, struct kvm2_run __user *urun,
			  const struct exit_type *type)
{
	union exit_detail detail;

	detail.word[0] = 0;
	detail.word[1] = 0;
	if (type->fill)
		type->fill(v->vcpu->run, &detail);
	if (type->reason == KVM2_EXIT_APIC)
		detail.apic.error = kvm2_apic_error(v);
	else if (type->reason == KVM2_EXIT_DEVICE)
		detail.device = v->io->failure;
	if (put_user(type->reason, &urun->exit_reason) ||
	    (type->size && copy_to_user(&urun->unknown, &detail, type->size)))
		return -EFAULT;

	if (trace_kvm2_exit_enabled()) {
		u64 second = detail.word[1];

		if (type->reason == KVM2_EXIT_MMIO)
			memcpy(&second, detail.mmio.data, sizeof(second));
		else if (type->reason == KVM2_EXIT_HYPERCALL)
			second = detail.hypercall.args[0];
		trace_kvm2_exit(v->vm->id, v->id, type->reason, 0,
				type->reason == KVM2_EXIT_DEBUG ?
					detail.debug.pc : detail.word[0],
				type->reason == KVM2_EXIT_DEBUG ?
					detail.debug.dr6 : second);
	}
	return 0;
}

/* Return: the exit whose reply is due. */
static u32 deliver_apic(struct kvm2_vcpu *v, int r)
{
	if (v->vcpu->run->exit_reason == KVM_EXIT_IRQ_WINDOW_OPEN)
		return KVM2_EXIT_APIC;
	if (!r)
		v->inta.eoi = -1;
	return 0;
}

/* Write the exit in vcpu->run to user space. Return: 0 or -EFAULT. */
static noinline int deliver(struct kvm2_vcpu *v, struct kvm2_run __user *urun,
		   const struct exit_type *type)
{
	u32 kvm_reason = v->vcpu->run->exit_reason;
	int r;

	if (!type) {
		if (likely(kvm_reason == KVM_EXIT_IO))
			return deliver_io(v, urun);
		type = find_exit_type(kvm_reason);
	}
	r = deliver_detail(v, urun, type);
	if (type->reason == KVM2_EXIT_APIC)
		v->pending = deliver_apic(v, r);
	else
		v->pending = type->reply ? type->reason : 0;
	/*
	 * The vcpu has moved on already, so a failed delivery is kept. A
	 * memory fault has not: the guest simply runs into it again.
	 */
	v->undelivered = r && type != &memory_fault_exit;
	if (unlikely(type->is_fatal) && !r)
		kvm2_debug_stop_fatal(v);
	return r;
}

/* Read the reply that the pending exit waits for. */
static int read_reply(struct kvm2_vcpu *v, const struct kvm2_run __user *urun)
{
	struct kvm_vcpu *vcpu = v->vcpu;
	u32 vector;
	int r;

	if (v->pending == KVM2_EXIT_IO) {
		r = reply_io(vcpu, urun);
	} else if (v->pending == KVM2_EXIT_APIC) {
		r = get_user(vector, &urun->apic.vector);
		if (!r)
			kvm2_apic_reply(v, vector);
	} else {
		r = find_exit_type(vcpu->run->exit_reason)->reply(vcpu, urun);
	}
	if (!r)
		v->pending = 0;
	return r;
}

/*
 * What to do when the run ended without an exit. A kick is consumed by the
 * caller. Without a signal mask a restart is left to the signal code, so that
 * a ptrace stop or the freezer pass unseen; with one the mask that hid the
 * signal is gone already, and only the caller knows what was blocked.
 */
static int interrupted(const struct kvm_vcpu *vcpu, bool has_mask)
{
	if (!vcpu->wants_to_run)
		return -EINTR;
	if (test_thread_flag(TIF_NOTIFY_SIGNAL))
		return RUN_AGAIN;
	if (!has_mask && signal_pending(current))
		return -ERESTARTNOHAND;
	return -EINTR;
}

static int run_guest(struct kvm2_vcpu *v, struct kvm2_run __user *urun,
		     const sigset_t *mask, bool immediate)
{
	struct kvm_vcpu *vcpu = v->vcpu;
	const struct exit_type *type = NULL;
	int r;

	if (mask) {
		vcpu->sigset = *mask;
		vcpu->sigset_active = 1;
	}
	vcpu->run->exit_reason = KVM_EXIT_UNKNOWN;
	vcpu->run->hw.hardware_exit_reason = 0;
	vcpu->wants_to_run = !immediate;
	v->debug_event.exception = 0;

	r = kvm_arch_vcpu_ioctl_run(vcpu);

	trace_kvm_userspace_exit(vcpu->run->exit_reason, r);
	vcpu->sigset_active = 0;

	switch (r) {
	case 0:
		if (unlikely(vcpu->run->exit_reason == KVM_EXIT_DEBUG)) {
			r = kvm2_debug_trap(v);
			if (r)
				break;
		}
		if (kvm2_apic_claim(v) || kvm2_io_claim(v)) {
			r = RUN_AGAIN;
			break;
		}
		/* The most frequent one, in line. */
		if (likely(vcpu->run->exit_reason == KVM_EXIT_IO))
			return deliver_io(v, urun);
		return deliver(v, urun, NULL);
	case -EINTR:
		r = interrupted(vcpu, mask);
		break;
	case -EAGAIN:
		/* An AP woke up from INIT; it may run now. */
		r = RUN_AGAIN;
		break;
	case -EFAULT:
	case -EHWPOISON:
		/* Not the caller's pointer: memory behind the guest's. */
		type = &memory_fault_exit;
		return deliver(v, urun, type);
	}
	if (r == RUN_AGAIN)
		trace_kvm2_loop(v->vm->id, v->id, KVM2_TRACE_LOOP_RETRY);
	else
		trace_kvm2_exit(v->vm->id, v->id, KVM2_EXIT_UNKNOWN, r, 0, 0);
	return r;
}

/*
 * Deliver what the sockets could not answer.
 * Return: RUN_AGAIN: nothing, the vcpu goes on.
 */
static int finish_sockets(struct kvm2_vcpu *v, struct kvm2_run __user *urun)
{
	int r;

	if (kvm2_apic_is_busy(v) && !kvm2_apic_finish(v))
		return deliver(v, urun, NULL);
	if (!kvm2_io_is_busy(v))
		return RUN_AGAIN;
	/* Before the access that failed with it, which can be answered then. */
	if (v->io->report) {
		r = deliver_detail(v, urun, &device_exit);
		v->io->report = r;
		return r;
	}
	return kvm2_io_finish(v) ? RUN_AGAIN : deliver(v, urun, NULL);
}

static int enter_once(struct kvm2_vcpu *v, struct kvm2_run __user *urun,
		      const sigset_t *mask)
{
	u32 completes = v->pending;
	u32 flags;
	int r;

	r = kvm2_debug_check(v);
	if (r)
		return r;
	if (get_user(flags, &urun->flags))
		return -EFAULT;
	if (flags & ~KVM2_RUN_FLAGS)
		return -EINVAL;
	if (unlikely(v->vm->kvm->vm_dead))
		return -EIO;
	if (unlikely(v->undelivered))
		return deliver(v, urun, NULL);
	if (completes) {
		r = read_reply(v, urun);
		if (r)
			return r;
	} else if (unlikely(is_busy(v))) {
		r = finish_sockets(v, urun);
		if (r != RUN_AGAIN)
			return r;
	}
	trace_kvm2_enter(v->vm->id, v->id, flags & KVM2_RUN_IMMEDIATE_EXIT,
			 completes);
	return run_guest(v, urun, mask, flags & KVM2_RUN_IMMEDIATE_EXIT);
}

static int wait_sockets(struct kvm2_vcpu *v, bool may_wait)
{
	int r = kvm2_apic_wait(v, may_wait);

	return r ? r : kvm2_io_wait(v, may_wait);
}

/*
 * Wait for what was claimed, with the signals of @mask as in the guest.
 * Return: 0, or what kvm_enter_guest() returns.
 */
static int wait_outside(struct kvm2_vcpu *v, struct kvm2_run __user *urun,
			const sigset_t *mask)
{
	sigset_t new, old;
	bool may_wait;
	u32 flags;
	int r;

	if (get_user(flags, &urun->flags))
		return -EFAULT;
	may_wait = !(flags & KVM2_RUN_IMMEDIATE_EXIT);
	if (mask) {
		new = *mask;
		sigprocmask(SIG_SETMASK, &new, &old);
	}
	do {
		r = wait_sockets(v, may_wait);
	} while (r == -ERESTARTSYS && kvm2_take_kick());
	if (mask)
		sigprocmask(SIG_SETMASK, &old, NULL);

	if (r == -ERESTARTSYS)
		r = mask ? -EINTR : -ERESTARTNOHAND;
	else if (r == -EAGAIN)
		r = -EINTR;
	if (r)
		trace_kvm2_exit(v->vm->id, v->id, KVM2_EXIT_UNKNOWN, r, 0, 0);
	return r;
}

int kvm2_run_enter(struct kvm2_vcpu *v, struct kvm2_run __user *urun,
		   const sigset_t *mask)
{
	int r;

	for (;;) {
		if (!v->pending && !v->undelivered && unlikely(is_busy(v))) {
			r = wait_outside(v, urun, mask);
			if (r)
				return r;
		}
		r = kvm2_gate_enter(v);
		if (r)
			return r;
		r = enter_once(v, urun, mask);
		kvm2_gate_leave(v);
		if (likely(r != RUN_AGAIN))
			return r;
		kvm2_take_kick();
	}
}

u32 kvm2_run_pending(const struct kvm2_vcpu *v)
{
	if (v->pending || !is_busy(v))
		return v->pending;
	if (kvm2_apic_is_busy(v))
		return KVM2_EXIT_APIC;
	return v->vcpu->run->exit_reason == KVM_EXIT_IO ? KVM2_EXIT_IO :
	       v->vcpu->run->exit_reason == KVM_EXIT_MMIO ? KVM2_EXIT_MMIO : 0;
}
