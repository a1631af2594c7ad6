// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges that a BPF program answers for, within KVM.
 *
 * The program is of type BPF_PROG_TYPE_SYSCALL, so its context is plain
 * memory, it may use maps and helpers of tracing, and it may sleep for a
 * moment: it is called where KVM's own devices are.
 *
 * One of ports that calls nothing which could sleep is called earlier, as soon
 * as the guest has exited: most of an exit is what comes in between. If it
 * passes the access on then, it is not called again.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/eventfd.h>
#include <linux/filter.h>
#include <linux/ktime.h>
#include <linux/kvm2_fastpath.h>
#include <linux/kvm_host.h>
#include <linux/rcupdate_trace.h>
#include <trace/events/kvm2.h>

#include "apic.h"
#include "io.h"
#include "kvm_cache_regs.h"
#include "trace.h"
#include "x86.h"

/* ---- what programs can call besides BPF's helpers ---- */

__bpf_kfunc_start_defs();

/**
 * bpf_kvm2_eventfd_signal() - signal an eventfd
 * @fd:		of the process whose vcpu runs the program
 *
 * Return: 0; -EBADF; -EINVAL no eventfd.
 */
__bpf_kfunc int bpf_kvm2_eventfd_signal(int fd)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fdget(fd);

	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	eventfd_signal(eventfd);
	eventfd_ctx_put(eventfd);
	return 0;
}

/**
 * bpf_kvm2_apic_message() - send a message to the local APICs
 * @message:	as for kvm_apic_message()
 *
 * Return: as kvm_apic_message(); -ENXIO the thread has no vcpu; -EAGAIN the
 * VM has had no level triggered interrupt of that vector yet: to be ready for
 * the first one takes sleep, so that is for the VMM to send.
 */
__bpf_kfunc int
bpf_kvm2_apic_message(const struct kvm2_apic_message *message)
{
	struct kvm2_vcpu *v = current->kvm2_vcpu;

	if (!v)
		return -ENXIO;
	if (!kvm2_apic_can_deliver(v->vm, message))
		return -EAGAIN;
	return kvm2_apic_message(v->vm, message);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kvm2_kfuncs)
BTF_ID_FLAGS(func, bpf_kvm2_eventfd_signal)
BTF_ID_FLAGS(func, bpf_kvm2_apic_message)
BTF_KFUNCS_END(kvm2_kfuncs)

static const struct btf_kfunc_id_set kfunc_set = {
	.owner	= THIS_MODULE,
	.set	= &kvm2_kfuncs,
};

void kvm2_io_bpf_init(void)
{
	static bool registered;

	/* They stay when the vendor module is changed for another. */
	if (registered)
		return;
	registered = true;
	if (register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &kfunc_set))
		pr_warn("kvm2: BPF programs have no eventfds and no APIC bus\n");
}

/* ---- programs ---- */

struct bpf_prog *kvm2_io_bpf_get(int fd)
{
	struct bpf_prog *prog = bpf_prog_get_type_dev(fd, BPF_PROG_TYPE_SYSCALL,
						      false);

	if (IS_ERR(prog))
		return prog;
	/* It was checked for a context of this size, or of a smaller one. */
	if (prog->aux->max_ctx_offset > sizeof(struct kvm2_io_access)) {
		bpf_prog_put(prog);
		return ERR_PTR(-EINVAL);
	}
	return prog;
}

void kvm2_io_bpf_put(struct bpf_prog *prog)
{
	bpf_prog_put(prog);
}

/* ---- what a program calls ---- */

/*
 * Can @insn, if it is a call, be made with interrupts off? Of KVM's and BPF's
 * functions one can; those of maps that are arrays are no calls by now.
 */
static bool is_fast(const struct bpf_insn *insn)
{
	if (BPF_CLASS(insn->code) != BPF_JMP ||
	    (BPF_OP(insn->code) != BPF_CALL &&
	     BPF_OP(insn->code) != BPF_TAIL_CALL))
		return true;
	if (insn->code != (BPF_JMP | BPF_CALL))
		return false;
	return insn->src_reg == BPF_PSEUDO_CALL ||
	       (insn->src_reg == BPF_PSEUDO_KFUNC_CALL &&
		insn->imm == BPF_CALL_IMM(bpf_kvm2_eventfd_signal));
}

bool kvm2_io_bpf_is_fast(const struct bpf_prog *prog)
{
	u32 i;

	/* All its functions are in insnsi; each has been compiled. */
	for (i = 0; prog->jited && i < prog->len; i++) {
		if (!is_fast(&prog->insnsi[i]))
			return false;
	}
	return prog->jited;
}

/* ---- calling it ---- */

static void fill(const struct kvm2_range *range, const struct kvm_vcpu *vcpu,
		 u64 address, int len, struct kvm2_io_access *access)
{
	access->address = address;
	access->time_ns = ktime_get_ns();
	access->cookie = range->io.cookie;
	access->vcpu = vcpu->vcpu_id;
	access->size = len;
	access->ports = !!(range->io.flags & KVM2_IO_PORTS);
}

/* Return: the answer is in @access->data; false: it passes on. */
static bool is_handled(const struct kvm2_range *range,
		       const struct kvm2_io_access *access)
{
	trace_kvm2_bpf(range->vm->id, access);
	return access->verdict == KVM2_BPF_HANDLED;
}

/* Has it passed on this access already? */
static bool was_passed(const struct kvm_vcpu *vcpu,
		       const struct kvm2_range *range)
{
	struct kvm2_vcpu *v = current->kvm2_vcpu;

	if (!v || v->vcpu != vcpu || likely(v->io->passed != range))
		return false;
	v->io->passed = NULL;
	return true;
}

static int run(struct kvm_vcpu *vcpu, struct kvm_io_device *device,
	       gpa_t address, int len, struct kvm2_io_access *access)
{
	struct kvm2_range *range = container_of(device, struct kvm2_range,
						device);

	if (!kvm2_range_holds(range, address, len) || was_passed(vcpu, range))
		return -EOPNOTSUPP;
	fill(range, vcpu, address, len, access);

	rcu_read_lock_trace();
	bpf_prog_run_pin_on_cpu(range->prog, access);
	rcu_read_unlock_trace();

	return is_handled(range, access) ? 0 : -EOPNOTSUPP;
}

static int read(struct kvm_vcpu *vcpu, struct kvm_io_device *device,
		gpa_t address, int len, void *data)
{
	struct kvm2_io_access access = { };
	int r = run(vcpu, device, address, len, &access);

	if (!r)
		memcpy(data, &access.data, len);
	return r;
}

static int write(struct kvm_vcpu *vcpu, struct kvm_io_device *device,
		 gpa_t address, int len, const void *data)
{
	struct kvm2_io_access access = { .is_write = 1 };

	memcpy(&access.data, data, len);
	return run(vcpu, device, address, len, &access);
}

const struct kvm_io_device_ops kvm2_io_bpf_ops = {
	.read	= read,
	.write	= write,
};

/* ---- calling it early ---- */

/*
 * The range of the last access is likely that of the next. A range is detached
 * first, then counted in table->detached, and stays until KVM's SRCU says that
 * this is over: so as long as the count is the same, so is the range.
 * Context: kvm->srcu held.
 */
static struct kvm2_range *find_fast(struct kvm2_vcpu *v, u16 port, int size)
{
	struct kvm2_io_table *table = v->vm->io;
	struct kvm2_vcpu_io *io = v->io;
	unsigned long detached = smp_load_acquire(&table->detached);
	struct kvm2_range *range = io->last;

	if (io->last_detached != detached || !range ||
	    port < range->io.address || !kvm2_range_holds(range, port, size)) {
		range = mtree_load(&table->ranges[1], port);
		if (!range || !READ_ONCE(range->fast) ||
		    !kvm2_range_holds(range, port, size))
			return NULL;
		io->last = range;
		io->last_detached = detached;
	}
	return range;
}

/* Context: kvm->srcu held. */
static fastpath_t fast_pio(struct kvm2_vcpu *v, u16 port, int size, bool in)
{
	struct kvm2_range *range = find_fast(v, port, size);
	struct kvm_vcpu *vcpu = v->vcpu;
	const u64 mask = GENMASK_ULL(size * BITS_PER_BYTE - 1, 0);
	unsigned long rax = kvm_rax_read(vcpu);
	struct kvm2_io_access access;

	if (!range)
		return EXIT_FASTPATH_NONE;
	access.data = in ? 0 : rax & mask;
	access.is_write = !in;
	access.verdict = KVM2_BPF_PASS;
	access.reserved = 0;
	fill(range, vcpu, port, size, &access);
	bpf_prog_run(range->prog, &access);
	if (!is_handled(range, &access)) {
		v->io->passed = range;
		return EXIT_FASTPATH_NONE;
	}

	++vcpu->stat.io_exits;
	if (in) {
		/* As in KVM: 4 bytes clear the upper half of the register. */
		rax = (access.data & mask) | (size < 4 ? rax & ~mask : 0);
		kvm_rax_write(vcpu, rax);
	}
	trace_kvm_pio(in ? KVM_PIO_IN : KVM_PIO_OUT, port, size, 1, &rax);
	return kvm_skip_emulated_instruction(vcpu) ?
		EXIT_FASTPATH_REENTER_GUEST : EXIT_FASTPATH_EXIT_USERSPACE;
}

fastpath_t kvm2_fast_pio(struct kvm_vcpu *vcpu, u16 port, int size, bool in)
{
	struct kvm2_vcpu *v = current->kvm2_vcpu;
	fastpath_t r;

	BUILD_BUG_ON(sizeof(struct kvm2_io_access) != 56);

	if (!v || v->vcpu != vcpu || !READ_ONCE(v->vm->io->fast))
		return EXIT_FASTPATH_NONE;
	v->io->passed = NULL;
	kvm_vcpu_srcu_read_lock(vcpu);
	r = fast_pio(v, port, size, in);
	kvm_vcpu_srcu_read_unlock(vcpu);
	return r;
}
EXPORT_SYMBOL_GPL(kvm2_fast_pio);
