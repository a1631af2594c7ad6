// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/PID/kvm2: the VM of a process, for those who may ptrace-read it.
 */
#include <linux/kvm2.h>
#include <linux/kvm2_core.h>
#include <linux/err.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>

int proc_pid_kvm2(struct seq_file *seq, struct pid_namespace *ns,
		  struct pid *pid, struct task_struct *task)
{
	struct mm_struct *mm = mm_access(task, PTRACE_MODE_READ_FSCREDS);
	struct kvm2_vm *vm;

	if (IS_ERR_OR_NULL(mm))
		return mm ? PTR_ERR(mm) : 0;
	/* The reference to the mm keeps the VM. */
	vm = smp_load_acquire(&mm->kvm2);
	if (vm)
		vm->ops->show(vm, seq, ns);
	mmput(mm);
	return 0;
}
