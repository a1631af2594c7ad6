// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges that a BPF program answers for, within KVM.
 *
 * The program is of type BPF_PROG_TYPE_SYSCALL, so its context is plain
 * memory, it may use maps and helpers of tracing, and it may sleep for a
 * moment: it is called where KVM's own devices are.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/eventfd.h>
#include <linux/filter.h>
#include <linux/ktime.h>
#include <linux/kvm_host.h>
#include <linux/rcupdate_trace.h>
#include <trace/events/kvm2.h>

#include "apic.h"
#include "io.h"

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

/* Return: 0 with the answer in @access->data; -EOPNOTSUPP it passes on. */
static int run(struct kvm_vcpu *vcpu, struct kvm_io_device *device,
	       gpa_t address, int len, struct kvm2_io_access *access)
{
	struct kvm2_range *range = container_of(device, struct kvm2_range,
						device);

	if (address + len > range->io.address + range->io.size)
		return -EOPNOTSUPP;
	access->address = address;
	access->time_ns = ktime_get_ns();
	access->cookie = range->io.cookie;
	access->vcpu = vcpu->vcpu_id;
	access->size = len;
	access->ports = !!(range->io.flags & KVM2_IO_PORTS);

	rcu_read_lock_trace();
	bpf_prog_run_pin_on_cpu(range->prog, access);
	rcu_read_unlock_trace();

	trace_kvm2_bpf(range->vm->id, access);
	return access->verdict == KVM2_BPF_HANDLED ? 0 : -EOPNOTSUPP;
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
