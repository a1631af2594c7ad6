/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of kvm2 in kvm.ko, and what they use of each other and of the
 * statics of kvm_main.c, x86.c and cpuid.c (through the glue files).
 */
#ifndef _KVM2_KVM2_H
#define _KVM2_KVM2_H

#include <linux/kvm2_core.h>
#include <linux/kvm_host.h>

/* main.c: life cycle */
int kvm2_init(struct module *owner);
void kvm2_exit(void);

/* run.c: kvm_enter_guest() */
int kvm2_run_enter(struct kvm2_vcpu *v, struct kvm2_run __user *urun,
		   const sigset_t *mask);

/* The exit whose reply the next entry reads or waits for, 0 for none. */
u32 kvm2_run_pending(const struct kvm2_vcpu *v);

/* gate.c: keep vcpus out of the guest */
int kvm2_gate_close(struct kvm2_vm *vm);
void kvm2_gate_open(struct kvm2_vm *vm);
int kvm2_gate_wait(struct kvm2_vcpu *v);
int kvm2_vcpu_hold(struct kvm2_vcpu *v);
void kvm2_vcpu_release(struct kvm2_vcpu *v);

static inline bool kvm2_gate_is_closed(const struct kvm2_vcpu *v)
{
	return atomic_read(&v->vm->gate) || atomic_read(&v->pause);
}

/*
 * Return: 0 with v->vcpu->mutex held and the gate open; -ERESTARTNOHAND
 * when a signal came, -EINTR when killed.
 */
static inline int kvm2_gate_enter(struct kvm2_vcpu *v)
{
	if (mutex_lock_killable(&v->vcpu->mutex))
		return -EINTR;
	smp_store_mb(v->running, true);
	return unlikely(kvm2_gate_is_closed(v)) ? kvm2_gate_wait(v) : 0;
}

static inline void kvm2_gate_leave(struct kvm2_vcpu *v)
{
	WRITE_ONCE(v->running, false);
	mutex_unlock(&v->vcpu->mutex);
}

/* debug.c: debug events as exits or stops */
int kvm2_debug_trap(struct kvm2_vcpu *v);
int kvm2_debug_check_tracer(void);
void kvm2_debug_stop_fatal(const struct kvm2_vcpu *v);

static inline int kvm2_debug_check(const struct kvm2_vcpu *v)
{
	if (likely(!(v->debug_control & KVM2_DEBUG_STOP)))
		return 0;
	return kvm2_debug_check_tracer();
}

/* access.c: kvm_get_state() and kvm_set_state(), own and foreign */
int kvm2_access_get(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		    void __user *records, size_t size, u32 flags);
int kvm2_access_set(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		    void __user *records, size_t size, u32 flags);

/*
 * state.c: records in a kernel buffer to and from a vcpu.
 * Context: vcpu->mutex held, the vcpu not loaded, current->mm == kvm->mm.
 * Return: bytes used or needed, else a negative errno; then @failed is the
 * offset of the record refused, or -1 when it is none in particular.
 */
int kvm2_state_get(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		   void *records, size_t size, ssize_t *failed);
int kvm2_state_list(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		    void *records, size_t size, u32 flags);
int kvm2_state_set(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		   void *records, size_t size, ssize_t *failed);
/* Once for each vendor module, before there is a VM. */
void kvm2_state_init(void);

/* map.c and dirty.c: guest memory */
int kvm2_map_set(struct kvm2_vm *vm, const struct kvm2_memory_map *map);
int kvm2_dirty_get(struct kvm2_vm *vm, const struct kvm2_dirty_log *log,
		   struct kvm2_dirty_log __user *ulog);

/* show.c: /proc/PID/kvm2 */
void kvm2_show(struct kvm2_vm *vm, struct seq_file *seq,
	       struct pid_namespace *ns);

#endif /* _KVM2_KVM2_H */
