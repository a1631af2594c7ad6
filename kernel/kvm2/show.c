// SPDX-License-Identifier: GPL-2.0
/*
 * The text of /proc/PID/kvm2: the VM, its memory map and its vcpus.
 *
 *	vm 3 vcpus 2 generation 5 name demo
 *	000000000000-00000009ffff rw log 7f0000000000
 *	vcpu 0 tid 4711 runnable
 *	vcpu 1 parked uninitialized
 */
#include "kvm2.h"

#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

static const char *const mp_state_names[] = {
#define X(value, name, text) [value] = text,
	KVM2_MP_STATES(X)
#undef X
};

static const char *mp_state_name(u32 state)
{
	return state < ARRAY_SIZE(mp_state_names) ? mp_state_names[state] :
						    "unknown";
}

static void show_map(struct kvm2_vm *vm, struct seq_file *seq)
{
	struct kvm *kvm = vm->kvm;
	struct kvm_memslots *slots;
	struct rb_node *node;
	int idx;

	/* Readers of memslots hold the srcu lock, as for any guest access. */
	idx = srcu_read_lock(&kvm->srcu);
	slots = kvm_memslots(kvm);
	for (node = rb_first(&slots->gfn_tree); node; node = rb_next(node)) {
		const struct kvm_memory_slot *slot;

		slot = container_of(node, struct kvm_memory_slot,
				    gfn_node[slots->node_idx]);
		if (slot->id >= KVM_USER_MEM_SLOTS)
			continue;
		seq_printf(seq, "%012llx-%012llx %s %s %lx\n",
			   gfn_to_gpa(slot->base_gfn),
			   gfn_to_gpa(slot->base_gfn + slot->npages) - 1,
			   slot->flags & KVM_MEM_READONLY ? "r-" : "rw",
			   slot->flags & KVM_MEM_LOG_DIRTY_PAGES ? "log" : "-",
			   slot->userspace_addr);
	}
	srcu_read_unlock(&kvm->srcu, idx);
}

static void show_vcpu(const struct kvm2_vcpu *v, struct seq_file *seq,
		      struct pid_namespace *ns)
{
	struct task_struct *task;

	seq_printf(seq, "vcpu %u ", v->id);
	rcu_read_lock();
	task = READ_ONCE(v->task);
	if (task)
		seq_printf(seq, "tid %d ", task_pid_nr_ns(task, ns));
	else
		seq_puts(seq, "parked ");
	rcu_read_unlock();
	seq_printf(seq, "%s\n", mp_state_name(v->vcpu->arch.mp_state));
}

void kvm2_show(struct kvm2_vm *vm, struct seq_file *seq,
	       struct pid_namespace *ns)
{
	const struct kvm2_vcpu *v;
	unsigned long id, count = 0;

	xa_for_each(&vm->vcpus, id, v)
		count++;
	seq_printf(seq, "vm %llu vcpus %lu generation %llu name ", vm->id,
		   count, READ_ONCE(vm->map_generation));
	seq_escape(seq, vm->name, " \t\n\\");
	seq_putc(seq, '\n');
	show_map(vm, seq);
	xa_for_each(&vm->vcpus, id, v)
		show_vcpu(v, seq, ns);
}
