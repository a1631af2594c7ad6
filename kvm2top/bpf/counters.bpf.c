// SPDX-License-Identifier: GPL-2.0
// What the kernel counts of each vcpu anyway, read by iterators: tier 0, which costs nothing at an exit.
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "shared.h"

#define ANON_INODE_MAGIC	0x09041934

char licence[] SEC("license") = "GPL";

/*
 * Since Linux 6.2 the verifier takes our word for what is at an address, and its members can be loaded without a call
 * for each. kvm2top says whether it does.
 */
void *bpf_rdonly_cast(void *address, __u32 type) __ksym __weak;

const volatile bool may_cast = true;

#define CAST(type, address)							\
	((type *)(may_cast ? bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(type)) : (void *)(address)))

/* @pointer is by CAST(). */
#define READ(pointer, member)	(may_cast ? (pointer)->member : BPF_CORE_READ(pointer, member))

#define STAT(vcpu, member)	(bpf_core_field_exists((vcpu)->stat.member) ? READ(vcpu, stat.member) : 0)

static __always_inline void read_stats(struct kvm_vcpu *vcpu, uint64_t counters[NR_COUNTERS])
{
	counters[COUNTER_EXITS] = STAT(vcpu, exits);
	counters[COUNTER_IO_EXITS] = STAT(vcpu, io_exits);
	counters[COUNTER_MMIO_EXITS] = STAT(vcpu, mmio_exits);
	counters[COUNTER_HALT_EXITS] = STAT(vcpu, halt_exits);
	counters[COUNTER_IRQ_EXITS] = STAT(vcpu, irq_exits);
	counters[COUNTER_SIGNAL_EXITS] = STAT(vcpu, signal_exits);
	counters[COUNTER_REQUEST_IRQ_EXITS] = STAT(vcpu, request_irq_exits);
	counters[COUNTER_IRQ_WINDOW_EXITS] = STAT(vcpu, irq_window_exits);
	counters[COUNTER_NMI_WINDOW_EXITS] = STAT(vcpu, nmi_window_exits);
	counters[COUNTER_HYPERCALLS] = STAT(vcpu, hypercalls);
	counters[COUNTER_INSN_EMULATION] = STAT(vcpu, insn_emulation);
	counters[COUNTER_PF_TAKEN] = STAT(vcpu, pf_taken);
	counters[COUNTER_PF_FIXED] = STAT(vcpu, pf_fixed);
	counters[COUNTER_PF_EMULATE] = STAT(vcpu, pf_emulate);
	counters[COUNTER_IRQ_INJECTIONS] = STAT(vcpu, irq_injections);
	counters[COUNTER_NMI_INJECTIONS] = STAT(vcpu, nmi_injections);
	counters[COUNTER_TLB_FLUSH] = STAT(vcpu, tlb_flush);
	counters[COUNTER_PREEMPTION_REPORTED] = STAT(vcpu, preemption_reported);
	counters[COUNTER_NESTED_RUN] = STAT(vcpu, nested_run);
	counters[COUNTER_HALT_WAKEUP] = STAT(vcpu, generic.halt_wakeup);
	counters[COUNTER_HALT_POLL_NS] = STAT(vcpu, generic.halt_poll_success_ns) +
					 STAT(vcpu, generic.halt_poll_fail_ns);
	counters[COUNTER_HALT_WAIT_NS] = STAT(vcpu, generic.halt_wait_ns);
}

static __always_inline void read_task(struct task_struct *task, struct shared_vcpu *record)
{
	record->tid = READ(task, pid);
	record->counters[COUNTER_CPU_NS] = READ(task, se.sum_exec_runtime);
	record->counters[COUNTER_GUEST_NS] = READ(task, gtime);
	record->counters[COUNTER_STIME_NS] = READ(task, stime);
	record->counters[COUNTER_MIGRATIONS] = READ(task, se.nr_migrations);
	if (bpf_core_field_exists(task->sched_info.run_delay))
		record->counters[COUNTER_WAIT_NS] = READ(task, sched_info.run_delay);
}

/* The thread that ran the vcpu last: pid->tasks[PIDTYPE_PID]. */
static __always_inline struct task_struct *vcpu_task(struct kvm_vcpu *vcpu)
{
	struct pid *pid = READ(vcpu, pid);
	struct hlist_node *node = pid ? READ(pid, tasks[0].first) : NULL;

	if (!node)
		return NULL;
	return CAST(struct task_struct, (uint64_t)node - bpf_core_field_offset(struct task_struct, pid_links));
}

static __always_inline void fill(struct shared_vcpu *record, struct kvm_vcpu *vcpu,
				 struct task_struct *process)
{
	record->vcpu = (uint64_t)vcpu;
	record->kvm = (uint64_t)READ(vcpu, kvm);
	record->id = READ(vcpu, vcpu_id);
	record->cpu = READ(vcpu, cpu);
	record->tgid = process->tgid;
	record->start_ns = process->group_leader->start_boottime;
	bpf_probe_read_kernel(record->comm, sizeof(record->comm), process->group_leader->comm);
	read_stats(vcpu, record->counters);
}

/* Anybody may call a file so, but not on that file system. */
static __always_inline bool is_vcpu_file(struct file *file)
{
	static const char prefix[] = "kvm-vcpu:";
	char name[sizeof(prefix) - 1];
	struct dentry *dentry = file->f_path.dentry;

	if (dentry->d_sb->s_magic != ANON_INODE_MAGIC)
		return false;
	/* No name lies in less memory. */
	if (bpf_probe_read_kernel(name, sizeof(name), dentry->d_name.name))
		return false;
	/* anon_inode:kvm-vcpu:0 is called "kvm-vcpu:0" */
	for (unsigned int i = 0; i < sizeof(name); i++)
		if (name[i] != prefix[i])
			return false;
	return true;
}

SEC("iter/task_file")
int iter_files(struct bpf_iter__task_file *context)
{
	struct shared_vcpu record = {};
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct task_struct *thread;
	struct kvm_vcpu *vcpu;

	if (!task || !file || !is_vcpu_file(file))
		return 0;
	vcpu = CAST(struct kvm_vcpu, file->private_data);
	fill(&record, vcpu, task);
	thread = vcpu_task(vcpu);
	if (thread)
		read_task(thread, &record);
	bpf_seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}

SEC("iter/task")
int iter_tasks(struct bpf_iter__task *context)
{
	struct shared_vcpu record = {};
	struct task_struct *task = context->task;
	struct kvm2_vcpu *vcpu;

	if (!task || !bpf_core_field_exists(task->kvm2_vcpu))
		return 0;
	vcpu = task->kvm2_vcpu;
	if (!vcpu)
		return 0;
	fill(&record, CAST(struct kvm_vcpu, BPF_CORE_READ(vcpu, vcpu)), task);
	read_task(task, &record);
	record.is_kvm2 = 1;
	record.vm = BPF_CORE_READ(vcpu, vm, id);
	record.id = BPF_CORE_READ(vcpu, id);
	bpf_seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}
