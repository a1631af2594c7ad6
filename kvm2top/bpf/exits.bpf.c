// SPDX-License-Identifier: GPL-2.0
/*
 * Exits of all vcpus, counted where they happen. kvm2top attaches only what
 * the chosen tier needs:
 *   tier 1	count_*
 *   tier 2	time_*
 * *_btf take the tracepoint's arguments; *_raw take the record of the event
 * for where KVM is a module without BTF.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "clocks.h"
#include "reasons.h"
#include "rows.h"
#include "shared.h"

char licence[] SEC("license") = "GPL";

/* Where the members of records are. */
const volatile uint16_t exit_reason_at, exit_isa_at, exit_vcpu_at;
const volatile uint16_t user_reason_at, user_error_at;

uint32_t only_tgid;		/* 0: all */
uint64_t epoch;			/* which attachment this is */
/* Of one exit in 1024: how long counting it took. */
uint64_t cost_samples;
uint64_t cost_ns;

static __always_inline int take_exit(struct kvm_vcpu *vcpu, uint32_t isa, bool timed)
{
	uint64_t pid_tgid = bpf_get_current_pid_tgid();
	uint32_t tgid = pid_tgid >> 32;
	struct shared_row *row;
	uint32_t code;
	uint64_t begun = 0;
	uint64_t exits;
	uint64_t seed;
	int number;

	/* As a module's tracepoint gives it, the verifier wants it checked. */
	if (!vcpu || (only_tgid && only_tgid != tgid))
		return 0;
	/* KVM counts this one in a moment; where the event comes late, as with SVM in Linux 6.1, it has. */
	exits = vcpu->stat.exits - (vcpu->mode == OUTSIDE_GUEST_MODE);
	if (!(exits & 1023))
		begun = bpf_ktime_get_ns();
	code = reason_code(vcpu, isa);
	seed = (uint64_t)vcpu->arch.pio_data;
	number = find_row((uint64_t)vcpu, seed, tgid);
	if (number < 0) {
		number = claim_row((uint64_t)vcpu, seed, (uint64_t)vcpu->kvm, vcpu->vcpu_id);
		if (number < 0)
			return 0;
		row = row_at(number);
		if (!row)
			return 0;
		row->kernel_base = exits;
		row->skipped = 0;
		row->epoch = epoch;
	} else {
		row = row_at(number);
		if (!row)
			return 0;
		/* A thread may have many vcpus, a vcpu many threads. */
		if (row->tid != (uint32_t)pid_tgid ||
		    row_of_thread[BOUND(pid_tgid, THREADS)] != (uint32_t)number + 1) {
			row->tid = (uint32_t)pid_tgid;
			remember_row(number);
		}
	}
	if (row->epoch != epoch) {
		row->epoch = epoch;
		row->skipped += exits - row->kernel;
	}
	row->kernel = exits + 1;
	count_exit(row, isa, code);
	if (timed)
		begin_exit(number, code);
	if (begun) {
		__sync_fetch_and_add(&cost_ns, bpf_ktime_get_ns() - begun);
		__sync_fetch_and_add(&cost_samples, 1);
	}
	return 0;
}

SEC("tp_btf/kvm_exit")
int BPF_PROG(count_exit_btf, struct kvm_vcpu *vcpu, uint32_t isa)
{
	return take_exit(vcpu, isa, false);
}

SEC("tp_btf/kvm_exit")
int BPF_PROG(time_exit_btf, struct kvm_vcpu *vcpu, uint32_t isa)
{
	return take_exit(vcpu, isa, true);
}

SEC("tp_btf/kvm_entry")
int BPF_PROG(time_entry_btf, struct kvm_vcpu *vcpu)
{
	int number;

	if (!vcpu)
		return 0;
	number = find_row((uint64_t)vcpu, (uint64_t)vcpu->arch.pio_data,
			  bpf_get_current_pid_tgid() >> 32);
	if (number >= 0)
		end_exit(number);
	return 0;
}

/* A member of an event's record. */
#define RECORD(type, context, at)						\
({										\
	type value_ = 0;							\
	bpf_probe_read_kernel(&value_, sizeof(value_), (const char *)(context) + (at)); \
	value_;									\
})

/* Without its address a vcpu is its thread. */
static __always_inline uint64_t thread_key(uint32_t tid)
{
	return 1ULL << 62 | tid;
}

static __always_inline int take_exit_record(void *context, bool timed)
{
	uint64_t pid_tgid = bpf_get_current_pid_tgid();
	uint32_t tgid = pid_tgid >> 32;
	uint32_t tid = (uint32_t)pid_tgid;
	struct shared_row *row;
	uint32_t code;
	uint32_t isa;
	int number;

	if (only_tgid && only_tgid != tgid)
		return 0;
	code = RECORD(uint32_t, context, exit_reason_at);
	isa = RECORD(uint32_t, context, exit_isa_at);
	if (isa == SHARED_VMX)
		code &= 0xffff;
	number = find_row(thread_key(tid), tid, tgid);
	if (number < 0)
		number = claim_row(thread_key(tid), tid, 0,
				   RECORD(uint32_t, context, exit_vcpu_at));
	if (number < 0)
		return 0;
	row = row_at(number);
	if (!row)
		return 0;
	count_exit(row, isa, code);
	if (timed)
		begin_exit(number, code);
	return 0;
}

SEC("tp/kvm/kvm_exit")
int count_exit_raw(void *context)
{
	return take_exit_record(context, false);
}

SEC("tp/kvm/kvm_exit")
int time_exit_raw(void *context)
{
	return take_exit_record(context, true);
}

SEC("tp/kvm/kvm_entry")
int time_entry_raw(void *context)
{
	uint64_t pid_tgid = bpf_get_current_pid_tgid();
	int number = find_row(thread_key((uint32_t)pid_tgid), (uint32_t)pid_tgid,
			      pid_tgid >> 32);

	if (number >= 0)
		end_exit(number);
	return 0;
}

/* ---- exits to user space ---- */

/* kvm_userspace_exit comes for vcpus of both APIs, and kvm2 has reasons of its own. */
static __always_inline int take_user(uint32_t reason, int error, bool is_kvm2, bool timed)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct shared_clock *clock;
	struct shared_row *row;
	uint32_t number;

	row = row_of(task, &number);
	if (!row || !row->is_kvm2 != !is_kvm2)
		return 0;
	count_user(row, reason, error);
	if (timed) {
		clock = clock_at(number);
		if (clock)
			change_phase(clock, bpf_ktime_get_ns(), PHASE_USER);
	}
	return 0;
}

SEC("tp_btf/kvm_userspace_exit")
int BPF_PROG(count_user_btf, uint32_t reason, int error)
{
	return take_user(reason, error, false, false);
}

SEC("tp_btf/kvm_userspace_exit")
int BPF_PROG(time_user_btf, uint32_t reason, int error)
{
	return take_user(reason, error, false, true);
}

SEC("tp/kvm/kvm_userspace_exit")
int count_user_raw(void *context)
{
	return take_user(RECORD(uint32_t, context, user_reason_at),
			 RECORD(int, context, user_error_at), false, false);
}

SEC("tp/kvm/kvm_userspace_exit")
int time_user_raw(void *context)
{
	return take_user(RECORD(uint32_t, context, user_reason_at),
			 RECORD(int, context, user_error_at), false, true);
}

SEC("raw_tp/kvm2_exit")
int count_user_kvm2(uint64_t *values)
{
	return take_user((uint32_t)values[2], (int)values[3], true, false);
}

SEC("raw_tp/kvm2_exit")
int time_user_kvm2(uint64_t *values)
{
	return take_user((uint32_t)values[2], (int)values[3], true, true);
}

SEC("raw_tp/kvm2_enter")
int time_enter_kvm2(void *context)
{
	struct shared_clock *clock;
	uint32_t number;

	if (!row_of(bpf_get_current_task_btf(), &number))
		return 0;
	clock = clock_at(number);
	if (clock)
		change_phase(clock, bpf_ktime_get_ns(), PHASE_KERNEL);
	return 0;
}

/* ---- the processor, given and taken ---- */

static __always_inline bool is_halt(struct shared_row *row, uint64_t reason)
{
	return reason == (row->isa == SHARED_SVM ? 0x78 : 12);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(time_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	uint64_t now = bpf_ktime_get_ns();
	struct shared_clock *clock;
	struct shared_row *row;
	uint32_t number;

	row = row_of(prev, &number);
	clock = row ? clock_at(number) : NULL;
	if (clock && clock->phase <= PHASE_USER) {
		uint32_t phase = PHASE_SLEEP;

		if (preempt || !prev_state)
			phase = PHASE_READY;
		else if (clock->phase == PHASE_KERNEL && is_halt(row, clock->reason))
			phase = PHASE_HALT;
		clock->under = clock->phase;
		clock->wake_ns = 0;
		change_phase(clock, now, phase);
	}
	row = row_of(next, &number);
	clock = row ? clock_at(number) : NULL;
	if (clock && clock->phase > PHASE_USER) {
		if (clock->wake_ns > clock->since_ns)
			change_phase(clock, clock->wake_ns, PHASE_READY);
		change_phase(clock, now, clock->under);
	}
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(time_wakeup, struct task_struct *task)
{
	struct shared_clock *clock;
	uint32_t number;

	if (!row_of(task, &number))
		return 0;
	clock = clock_at(number);
	if (clock)
		clock->wake_ns = bpf_ktime_get_ns();
	return 0;
}
