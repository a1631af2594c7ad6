/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hooks of kvm2 in the life of an mm and a task, and its file in /proc.
 */
#ifndef _LINUX_KVM2_H
#define _LINUX_KVM2_H

#include <linux/mm_types.h>
#include <linux/sched.h>

struct pid;
struct pid_namespace;
struct seq_file;

#ifdef CONFIG_KVM2

void __kvm2_mm_release(struct mm_struct *mm);
void __kvm2_task_release(struct task_struct *task);
int proc_pid_kvm2(struct seq_file *seq, struct pid_namespace *ns,
		  struct pid *pid, struct task_struct *task);

/* The last user of @mm is gone, and so are its mappings. */
static inline void kvm2_mm_release(struct mm_struct *mm)
{
	if (unlikely(mm->kvm2))
		__kvm2_mm_release(mm);
}

/* @task, the current one, leaves its mm by exit or exec. */
static inline void kvm2_task_release(struct task_struct *task)
{
	if (unlikely(task->kvm2_vcpu))
		__kvm2_task_release(task);
}

#else

static inline void kvm2_mm_release(struct mm_struct *mm)
{
}

static inline void kvm2_task_release(struct task_struct *task)
{
}

#endif

#endif /* _LINUX_KVM2_H */
