/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * libkvm2trace: exits, each with all that happened until the guest ran again.
 *
 * A fold begins with the processor's exit from the guest (kvm:kvm_exit), or
 * where that is not traced with the exit to user space, and ends with the next
 * entry of the same thread (kvm:kvm_entry). Events of the thread in between
 * become a part of it. Its time is split in three:
 *   kernel	KVM worked
 *   vmm	control was in user space
 *   wait	the vcpu was halted, or its thread not on a processor: what
 *		sched:sched_switch and kvm:kvm_vcpu_wakeup tell, if traced
 */
#ifndef KVM2_TRACE_FOLD_H
#define KVM2_TRACE_FOLD_H

#include <kvm2/trace.h>

/**
 * enum kvm2_trace_fold_state - how much of it is known
 * @KVM2_TRACE_FOLD_WHOLE:	from exit to entry
 * @KVM2_TRACE_FOLD_UNFINISHED:	it has begun, long ago; the rest will follow
 * @KVM2_TRACE_FOLD_RESUMED:	the rest of one that was shown unfinished
 * @KVM2_TRACE_FOLD_BROKEN:	its end, or something within, was not seen: it
 *				has no times
 */
enum kvm2_trace_fold_state {
	KVM2_TRACE_FOLD_WHOLE,
	KVM2_TRACE_FOLD_UNFINISHED,
	KVM2_TRACE_FOLD_RESUMED,
	KVM2_TRACE_FOLD_BROKEN,
};

/**
 * struct kvm2_trace_fold - one exit
 * @state:	how much of it is known
 * @tid:	the vcpu's thread
 * @cpu:	where the exit was recorded
 * @has_vm:	@vm is in one of its events
 * @has_vcpu:	@vcpu is
 * @vm:		the VM's id
 * @vcpu:	the vcpu's id
 * @reason:	of the processor's exit, NULL: not traced
 * @user:	of the last exit to user space, NULL: there was none
 * @has_rip:	@rip is known
 * @rip:	where the guest was
 * @start_ns:	when it began
 * @total_ns:	until the guest ran again: the sum of the next three
 * @kernel_ns:	KVM worked
 * @vmm_ns:	control was in user space
 * @wait_ns:	halted, or not on a processor
 * @events:	events that it is made of, with those at its ends
 * @text:	what happened, for people; lives until the next call
 *
 * The strings @reason and @user live as long as the decoder.
 */
struct kvm2_trace_fold {
	enum kvm2_trace_fold_state state;
	int tid;
	int cpu;
	bool has_vm;
	bool has_vcpu;
	uint64_t vm;
	uint32_t vcpu;
	const char *reason;
	const char *user;
	bool has_rip;
	uint64_t rip;
	uint64_t start_ns;
	uint64_t total_ns;
	uint64_t kernel_ns;
	uint64_t vmm_ns;
	uint64_t wait_ns;
	uint64_t events;
	const char *text;
};

/**
 * kvm2_trace_fold_fn - take a fold
 * @fold:    borrowed for the call
 * @context: as given
 * Return: 0, or a negative errno, which the caller gets.
 */
typedef int kvm2_trace_fold_fn(const struct kvm2_trace_fold *fold,
			       void *context);

struct kvm2_trace_folds;

/**
 * kvm2_trace_folds_create() - no folds yet
 * @has_text: make their texts; without, they cost little
 * @take:     called for each
 * @context:  for @take
 * Return: NULL when there is no memory.
 */
struct kvm2_trace_folds *kvm2_trace_folds_create(bool has_text,
						 kvm2_trace_fold_fn *take,
						 void *context);
void kvm2_trace_folds_destroy(struct kvm2_trace_folds *folds);

/**
 * kvm2_trace_folds_add() - an event, in the order of time
 * @decoder: that has decoded @event
 * Return: 1 it is a part of a fold; 0 it is not: show it by itself; or a
 *	   negative errno.
 */
int kvm2_trace_folds_add(struct kvm2_trace_folds *folds,
			 struct kvm2_trace_decoder *decoder,
			 const struct kvm2_trace_event *event);

/* Events were lost: what is open now has no times. */
void kvm2_trace_folds_lost(struct kvm2_trace_folds *folds);

/**
 * kvm2_trace_folds_advance() - all events up to a time have been added
 * @now_ns:  that time
 * @long_ns: folds that are open for so long are given out as unfinished
 * @oldest_ns: out: later calls give out nothing that began before it
 * Return: 0, or a negative errno.
 */
int kvm2_trace_folds_advance(struct kvm2_trace_folds *folds, uint64_t now_ns,
			     uint64_t long_ns, uint64_t *oldest_ns);

/**
 * kvm2_trace_counts_add_fold() - put an exit's time to its count
 * @task: its thread as it is known now, or NULL
 *
 * The exit itself is counted by kvm2_trace_counts_add().
 *
 * Return: 0 or -ENOMEM.
 */
int kvm2_trace_counts_add_fold(struct kvm2_trace_counts *counts,
			       const struct kvm2_trace_fold *fold,
			       const struct kvm2_trace_task *task);

#endif /* KVM2_TRACE_FOLD_H */
