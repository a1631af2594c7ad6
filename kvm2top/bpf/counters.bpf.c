// SPDX-License-Identifier: GPL-2.0
// What the kernel counts of each vcpu anyway, read by iterators: tier 0, which costs nothing at an exit.
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "shared.h"

#define ANON_INODE_MAGIC	0x09041934
#define VCPU_NAME		0x757063762d6d766bULL	/* "kvm-vcpu" */

char licence[] SEC("license") = "GPL";

/* What an iterator has found, in memory that kvm2top sees; what has no room here it writes to its file. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, uint32_t);
	__type(value, struct shared_vcpu);
} listed SEC(".maps");

uint32_t nr_listed;		/* kvm2top sets it to 0 before it reads an iterator */

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

/* The two words at an address; without CAST() it is a call. */
static __always_inline int read_words(uint64_t words[2], uint64_t address)
{
	const struct pt_regs *at;

	if (!may_cast)
		return bpf_probe_read_kernel(words, 2 * sizeof(words[0]), (const void *)address);
	at = CAST(struct pt_regs, address);
	words[0] = at->r15;
	words[1] = at->r14;
	return 0;
}

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
	record->counters[COUNTER_WAIT_NS] = bpf_core_field_exists(task->sched_info.run_delay) ?
					    READ(task, sched_info.run_delay) : 0;
}

static __always_inline void no_task(struct shared_vcpu *record)
{
	record->tid = 0;
	record->counters[COUNTER_CPU_NS] = 0;
	record->counters[COUNTER_GUEST_NS] = 0;
	record->counters[COUNTER_STIME_NS] = 0;
	record->counters[COUNTER_MIGRATIONS] = 0;
	record->counters[COUNTER_WAIT_NS] = 0;
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
	const struct task_struct *leader = process->group_leader;

	record->vcpu = (uint64_t)vcpu;
	record->vm = 0;
	record->is_kvm2 = 0;
	record->unused = 0;
	record->kvm = (uint64_t)READ(vcpu, kvm);
	record->id = READ(vcpu, vcpu_id);
	record->cpu = READ(vcpu, cpu);
	record->tgid = process->tgid;
	record->start_ns = leader->start_boottime;
	read_words((uint64_t *)record->comm, (uint64_t)leader + bpf_core_field_offset(struct task_struct, comm));
	read_stats(vcpu, record->counters);
}

/* @written: where there is no room in the list */
static __always_inline struct shared_vcpu *next_record(struct shared_vcpu *written, bool *is_listed)
{
	uint32_t number = nr_listed;
	struct shared_vcpu *record = bpf_map_lookup_elem(&listed, &number);

	*is_listed = record;
	if (!record)
		return written;
	nr_listed = number + 1;
	return record;
}

/* Anybody may call a file so, but not on that file system. */
static __always_inline bool is_vcpu_file(struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;
	uint64_t name[2];

	/* anon_inode:kvm-vcpu:0 is called "kvm-vcpu:0"; no name lies in less memory. */
	return dentry->d_sb->s_magic == ANON_INODE_MAGIC && !read_words(name, (uint64_t)dentry->d_name.name) &&
	       name[0] == VCPU_NAME && (name[1] & 0xff) == ':';
}

SEC("iter/task_file")
int iter_files(struct bpf_iter__task_file *context)
{
	struct shared_vcpu written;
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct shared_vcpu *record;
	struct task_struct *thread;
	struct kvm_vcpu *vcpu;
	bool is_listed;

	if (!task || !file || !is_vcpu_file(file))
		return 0;
	vcpu = CAST(struct kvm_vcpu, file->private_data);
	record = next_record(&written, &is_listed);
	fill(record, vcpu, task);
	thread = vcpu_task(vcpu);
	if (thread)
		read_task(thread, record);
	else
		no_task(record);
	if (!is_listed)
		bpf_seq_write(context->meta->seq, &written, sizeof(written));
	return 0;
}

SEC("iter/task")
int iter_tasks(struct bpf_iter__task *context)
{
	struct shared_vcpu written;
	struct task_struct *task = context->task;
	struct shared_vcpu *record;
	struct kvm2_vcpu *vcpu;
	bool is_listed;

	if (!task || !bpf_core_field_exists(task->kvm2_vcpu))
		return 0;
	vcpu = task->kvm2_vcpu;
	if (!vcpu)
		return 0;
	record = next_record(&written, &is_listed);
	fill(record, CAST(struct kvm_vcpu, BPF_CORE_READ(vcpu, vcpu)), task);
	read_task(task, record);
	record->is_kvm2 = 1;
	record->vm = BPF_CORE_READ(vcpu, vm, id);
	record->id = BPF_CORE_READ(vcpu, id);
	if (!is_listed)
		bpf_seq_write(context->meta->seq, &written, sizeof(written));
	return 0;
}
