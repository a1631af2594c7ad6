/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects that the built-in part of kvm2 (virt/kvm2: system calls and
 * hooks) and the part in kvm.ko (virt/kvm/kvm2) share, and their calls.
 */
#ifndef _LINUX_KVM2_CORE_H
#define _LINUX_KVM2_CORE_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/signal_types.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <uapi/linux/kvm2.h>

struct file;
struct kvm;
struct kvm2_apic;
struct kvm2_io_table;
struct kvm2_vcpu;
struct kvm2_vcpu_io;
struct kvm2_vm;
struct kvm_vcpu;
struct module;
struct pid_namespace;
struct seq_file;
struct task_struct;

/* Who reads or writes the state of a vcpu. */
struct kvm2_accessor {
	pid_t tid;		/* for the tracepoint */
	bool is_tracer;		/* ptraces the vcpu thread */
	bool foreign;		/* not the vcpu thread itself */
};

/**
 * struct kvm2_ops - the calls of kvm.ko, while the vendor module is loaded
 * @owner: pinned by each VM
 *
 * All but @create_vm are called for a VM that pins @owner. They return 0 or
 * more, or a negative errno.
 */
struct kvm2_ops {
	struct module *owner;

	/* Returns a VM with one reference, or an ERR_PTR. */
	struct kvm2_vm *(*create_vm)(struct file *kvm_file,
				     const struct kvm2_vm_config *config);
	/* The last reference is gone. Context: work item. */
	void (*destroy_vm)(struct kvm2_vm *vm);
	int (*create_vcpu)(struct kvm2_vm *vm, u32 id, u32 flags);
	/* The vcpu thread is about to leave the vcpu. Context: the thread. */
	void (*park_vcpu)(struct kvm2_vcpu *vcpu);
	/* @mask: NULL for none */
	int (*enter_guest)(struct kvm2_vcpu *vcpu, struct kvm2_run __user *run,
			   const sigset_t *mask);
	int (*get_state)(struct kvm2_vcpu *vcpu,
			 const struct kvm2_accessor *accessor,
			 void __user *records, size_t size, u32 flags);
	int (*set_state)(struct kvm2_vcpu *vcpu,
			 const struct kvm2_accessor *accessor,
			 void __user *records, size_t size, u32 flags);
	int (*set_memory_map)(struct kvm2_vm *vm,
			      const struct kvm2_memory_map *map);
	/* Writes the out members of @ulog, whose copy @log is. */
	int (*get_dirty_log)(struct kvm2_vm *vm,
			     const struct kvm2_dirty_log *log,
			     struct kvm2_dirty_log __user *ulog);
	int (*attach_io)(struct kvm2_vm *vm, const struct kvm2_io *io);
	int (*attach_irq)(struct kvm2_vm *vm, const struct kvm2_irq *irq);
	int (*apic_message)(struct kvm2_vm *vm,
			    const struct kvm2_apic_message *message);
	/* Text of /proc/PID/kvm2; thread ids as @ns sees them. */
	void (*show)(struct kvm2_vm *vm, struct seq_file *seq,
		     struct pid_namespace *ns);
};

/**
 * struct kvm2_vm - a virtual machine, bound to an mm
 * @ops:	how to call kvm.ko
 * @kref:	held by the mm, and by calls from outside the mm
 * @id:		unique since boot; in tracepoints and /proc/PID/kvm2
 * @flags:	KVM2_VM_*
 * @kvm:	the KVM object; lives as long as this one
 * @lock:	guards @vcpus and which task a vcpu is attached to
 * @map_lock:	one memory map change at a time
 * @vcpus:	struct kvm2_vcpu by vcpu id; entries live as long as the VM
 * @gate:	number of reasons to keep all vcpus out of the guest
 * @gate_wait:	vcpu threads wait here for @gate and kvm2_vcpu.pause
 * @map_generation: memory maps set so far
 * @apic:	the bus, and routes of interrupts
 * @io:		ranges that sockets and programs answer for
 * @destroy_work: gives the VM back, see kvm2_vm_put()
 * @name:	from vm_config
 */
struct kvm2_vm {
	const struct kvm2_ops *ops;
	struct kref kref;
	u64 id;
	u64 flags;
	struct kvm *kvm;
	struct mutex lock;
	struct mutex map_lock;
	struct xarray vcpus;
	atomic_t gate;
	wait_queue_head_t gate_wait;
	u64 map_generation;
	struct kvm2_apic *apic;
	struct kvm2_io_table *io;
	struct work_struct destroy_work;
	char name[KVM2_VM_NAME_SIZE];
};

enum kvm2_inta_state {
	KVM2_INTA_NONE,
	KVM2_INTA_WANTED,	/* the message is to be sent */
	KVM2_INTA_SENT,
	KVM2_INTA_DONE,		/* @vector has come */
	KVM2_INTA_FAILED,	/* there is no bus, or it died */
};

/**
 * struct kvm2_inta - what a vcpu has to tell the bus, and waits for
 * @state:	enum kvm2_inta_state
 * @id:		of the last INTA
 * @vector:	the answer
 * @eoi:	a vector whose EOI is to be sent, -1 for none
 */
struct kvm2_inta {
	u32 state;
	u32 id;
	u32 vector;
	int eoi;
};

/**
 * struct kvm2_vcpu - a virtual cpu, bound to a task or parked
 * @vm:		borrowed: the vcpu does not outlive it
 * @vcpu:	the KVM object; its mutex guards the members below
 * @task:	the attached thread, NULL when parked. Written under vm->lock
 *		and task_lock(task), read under RCU.
 * @pause:	number of foreign accesses that hold the vcpu out of the guest
 * @running:	the task is inside kvm_enter_guest() and a kick reaches it
 * @pending:	the exit (enum kvm2_exit_reason) whose reply the next entry
 *		reads, 0 for none
 * @undelivered: the exit did not reach user space, deliver it again
 * @lint_lock:	guards @lint, @extint and @inta.state from SENT on
 * @lint:	level of the pins LINT0 and LINT1
 * @extint:	an EXTINT message holds LINT0 up until the INTA
 * @inta:	an interrupt of LINT0 being acknowledged, see apic.c
 * @io:		an access that a socket answers, see io.h
 * @debug_control: KVM2_DEBUG_*
 * @debug_breakpoints: in force while @debug_control says so
 * @debug_dr7:	of @debug_breakpoints
 * @debug_event: the last one; exception 0 for none
 */
struct kvm2_vcpu {
	struct kvm2_vm *vm;
	struct kvm_vcpu *vcpu;
	struct task_struct *task;
	atomic_t pause;
	bool running;
	u32 id;
	u32 pending;
	bool undelivered;
	spinlock_t lint_lock;
	bool lint[2];
	bool extint;
	struct kvm2_inta inta;
	struct kvm2_vcpu_io *io;
	u32 debug_control;
	u64 debug_breakpoints[4];
	u64 debug_dr7;
	struct kvm2_debug_event debug_event;
};

int kvm2_register(const struct kvm2_ops *ops);
void kvm2_unregister(const struct kvm2_ops *ops);
struct kvm2_vm *kvm2_vm_get(struct kvm2_vm *vm);
void kvm2_vm_put(struct kvm2_vm *vm);
void kvm2_kick_task(struct task_struct *task);
bool kvm2_take_kick(void);

#endif /* _LINUX_KVM2_CORE_H */
