/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rows: each vcpu has one and writes to it alone, on the one processor
 * where it runs: no atomics, no copies for each processor, and nothing to
 * fetch.
 */
#ifndef KVM2TOP_BPF_ROWS_H
#define KVM2TOP_BPF_ROWS_H

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "shared.h"

const volatile uint32_t nr_rows = 1024;	/* a power of two */
uint64_t rows_full;			/* exits of vcpus without a row, or whose thread has none */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, uint32_t);
	__type(value, struct shared_row);
} rows SEC(".maps");

/* The row of a thread's vcpu, and 1. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, uint32_t);
} row_of_task SEC(".maps");

/* What the thread's task storage says, to be looked at without asking for it; threads may share a place. */
#define THREADS	4096
uint32_t row_of_thread[THREADS];

/* Keep @number below @limit, a power of two, where the verifier sees it and the compiler does not. */
#define BOUND(number, limit)							\
({										\
	uint32_t bound_ = (number);						\
	asm volatile("" : "+r"(bound_));					\
	bound_ & ((limit) - 1);							\
})

static __always_inline struct shared_row *row_at(uint32_t number)
{
	return bpf_map_lookup_elem(&rows, &number);
}

/* The verifier lets nobody calculate with the address of a vcpu: @seed stands for it. */
static __always_inline uint64_t row_hash(uint64_t seed)
{
	return seed * 0x9e3779b97f4a7c15ULL;
}

/*
 * The rows to look at for a vcpu, one after the other. Each vcpu has a stride
 * of its own: rows side by side fill up in clusters, and then a table that is
 * half full has no row for one of 500 vcpus. An odd stride comes to all rows.
 */
static __always_inline uint32_t row_number(uint64_t hash, uint32_t probe)
{
	return ((uint32_t)(hash >> 40) + probe * ((uint32_t)(hash >> 24) | 1)) & (nr_rows - 1);
}

/* Without it exits to user space and times of the thread would be missing: that is told, and tried again. */
static __noinline void remember_row(uint32_t number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	uint32_t *row = bpf_task_storage_get(&row_of_task, task, NULL,
					     BPF_LOCAL_STORAGE_GET_F_CREATE);

	struct shared_row *own;

	if (row) {
		*row = number + 1;
		row_of_thread[BOUND(bpf_get_current_pid_tgid(), THREADS)] = number + 1;
		return;
	}
	__sync_fetch_and_add(&rows_full, 1);
	own = row_at(number);
	if (own)
		own->tid = 0;
}

/* Take a row for a vcpu that has none. Return: its number, or -1. */
static __always_inline int claim_row(uint64_t vcpu, uint64_t seed, uint64_t kvm, uint32_t id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	uint64_t pid_tgid = bpf_get_current_pid_tgid();
	uint64_t hash = row_hash(seed);

	for (int i = 0; i < SHARED_PROBES; i++) {
		uint32_t number = row_number(hash, i);
		struct shared_row *row = row_at(number);
		uint64_t old;

		if (!row)
			return -1;
		old = row->vcpu;
		if (old > SHARED_ROW_GONE)
			continue;
		if (__sync_val_compare_and_swap(&row->vcpu, old, vcpu) != old)
			continue;
		row->kvm = kvm;
		row->vm = 0;
		row->is_kvm2 = 0;
		row->id = id;
		row->tgid = pid_tgid >> 32;
		row->tid = (uint32_t)pid_tgid;
		row->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
		row->exits = 0;
		row->user_exits = 0;
		row->kernel = 0;
		row->generation++;
		if (bpf_core_field_exists(task->kvm2_vcpu) && BPF_CORE_READ(task, kvm2_vcpu)) {
			row->is_kvm2 = 1;
			row->vm = BPF_CORE_READ(task, kvm2_vcpu, vm, id);
			row->id = BPF_CORE_READ(task, kvm2_vcpu, id);
		}
		bpf_get_current_comm(row->comm, sizeof(row->comm));
		remember_row(number);
		/* Readers look at it after all that was written. */
		__sync_fetch_and_add(&row->ready, 1);
		return number;
	}
	__sync_fetch_and_add(&rows_full, 1);
	return -1;
}

/* Return: the number of the vcpu's row, or -1. */
static __always_inline int find_row(uint64_t vcpu, uint64_t seed, uint32_t tgid)
{
	uint64_t hash = row_hash(seed);

	for (int i = 0; i < SHARED_PROBES; i++) {
		uint32_t number = row_number(hash, i);
		struct shared_row *row = row_at(number);

		if (!row || row->vcpu == SHARED_ROW_FREE)
			return -1;
		/* An address may come back as another process's vcpu. */
		if (row->vcpu == vcpu && row->tgid == tgid)
			return number;
	}
	return -1;
}

static __always_inline struct shared_row *row_of(struct task_struct *task, uint32_t *number)
{
	uint32_t *row = bpf_task_storage_get(&row_of_task, task, NULL, 0);

	if (!row || !*row)
		return NULL;
	*number = *row - 1;
	return row_at(*number);
}

#endif /* KVM2TOP_BPF_ROWS_H */
