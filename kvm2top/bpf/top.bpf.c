// SPDX-License-Identifier: GPL-2.0
/*
 * Exits of all vcpus, counted where they happen.
 *
 * A vcpu has a row of a table in shared memory and writes to it alone, on the
 * one processor where it runs: no atomics, no copies for each processor, and
 * nothing to fetch. kvm2top attaches only what the chosen tier needs:
 *   tier 0	iter_files, iter_tasks: nothing at an exit
 *   tier 1	count_*
 *   tier 2	time_*
 * *_btf take the tracepoint's arguments; *_raw take the record of the event
 * for where KVM is a module without BTF.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "shared.h"

#define ANON_INODE_MAGIC	0x09041934

char licence[] SEC("license") = "GPL";

/* ---- settings, fixed when loaded ---- */

const volatile uint32_t nr_rows = 1024;	/* a power of two */
const volatile uint32_t nr_slots = 4096;
/* Where the members of records are. */
const volatile uint16_t exit_reason_at, exit_isa_at, exit_vcpu_at;
const volatile uint16_t user_reason_at, user_error_at;

/* ---- settings that change while it runs, and what could not be counted ---- */

uint32_t only_tgid;		/* 0: all */
uint32_t detail_tgid;		/* whose details are counted */
uint32_t used_slots;		/* the first one is none */
uint64_t epoch;			/* which attachment this is */
uint64_t rows_full;		/* exits of vcpus without a row */
uint64_t slots_full;		/* exits without a slot */
uint64_t details_full;
/* Of one exit in 1024: how long counting it took. */
uint64_t cost_samples;
uint64_t cost_ns;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, uint32_t);
	__type(value, struct shared_row);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, uint32_t);
	__type(value, struct shared_clock);
} clocks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4096);
	__type(key, uint32_t);
	__type(value, struct shared_slot);
} slots SEC(".maps");

/* The row of a thread's vcpu, and 1. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, uint32_t);
} row_of_task SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct shared_detail_key);
	__type(value, uint64_t);
} details SEC(".maps");

/* Keep @number below @limit, a power of two, where the verifier sees it and the compiler does not. */
#define BOUND(number, limit)							\
({										\
	uint32_t bound_ = (number);						\
	asm volatile("" : "+r"(bound_));					\
	bound_ & ((limit) - 1);							\
})

/* ---- rows ---- */

static __always_inline struct shared_row *row_at(uint32_t number)
{
	return bpf_map_lookup_elem(&rows, &number);
}

/* The verifier lets nobody calculate with the address of a vcpu: @seed stands for it. */
static __always_inline uint32_t first_row(uint64_t seed)
{
	return (uint32_t)((seed * 0x9e3779b97f4a7c15ULL) >> 40) & (nr_rows - 1);
}

static __noinline void remember_row(uint32_t number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	uint32_t *row = bpf_task_storage_get(&row_of_task, task, NULL,
					     BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (row)
		*row = number + 1;
}

/* Take a row for a vcpu that has none. Return: its number, or -1. */
static __always_inline int claim_row(uint64_t vcpu, uint64_t seed, uint64_t kvm, uint32_t id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	uint64_t pid_tgid = bpf_get_current_pid_tgid();
	uint32_t first = first_row(seed);

	for (int i = 0; i < SHARED_PROBES; i++) {
		uint32_t number = (first + i) & (nr_rows - 1);
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
	uint32_t first = first_row(seed);

	for (int i = 0; i < SHARED_PROBES; i++) {
		uint32_t number = (first + i) & (nr_rows - 1);
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

/* ---- reasons ---- */

static __always_inline uint32_t reason_code(struct kvm_vcpu *vcpu, uint32_t isa)
{
	if (isa == SHARED_SVM && bpf_core_type_exists(struct vcpu_svm))
		return BPF_CORE_READ((struct vcpu_svm *)vcpu, vmcb, control.exit_code);
	if (isa != SHARED_VMX)
		return ~0U;
	if (bpf_core_field_exists(((struct vcpu_vmx___vt *)vcpu)->vt))
		return BPF_CORE_READ((struct vcpu_vmx___vt *)vcpu, vt.exit_reason.full) & 0xffff;
	if (bpf_core_type_exists(struct vcpu_vmx))
		return BPF_CORE_READ((struct vcpu_vmx *)vcpu, exit_reason.full) & 0xffff;
	return ~0U;
}

static __always_inline uint32_t dense_reason(uint32_t code)
{
	if (code < SHARED_LOW)
		return code;
	if (code - SHARED_HIGH_FIRST < SHARED_HIGH)
		return SHARED_LOW + (code - SHARED_HIGH_FIRST);
	return SHARED_OTHER;
}

static __always_inline void count_exit(struct shared_row *row, uint32_t isa, uint32_t code)
{
	uint32_t reason = BOUND(dense_reason(code), SHARED_REASONS);

	row->isa = isa;
	if (reason == SHARED_OTHER)
		row->other = code;
	if (!row->counts[reason])
		row->used[reason / 64] |= 1ULL << (reason % 64);
	row->counts[reason]++;
	row->exits++;
}

static __always_inline void count_user(struct shared_row *row, uint32_t reason, int error)
{
	if (error)
		reason = error == -4 ? SHARED_USER_SIGNAL : SHARED_USER_OTHER;
	else if (reason >= SHARED_USER_SIGNAL)
		reason = SHARED_USER_OTHER;
	reason = BOUND(reason, SHARED_USER_REASONS);
	row->user_used |= 1ULL << reason;
	row->user_counts[reason]++;
	row->user_exits++;
}

/* ---- time ---- */

static __always_inline uint32_t hist_index(uint64_t ns)
{
	uint32_t log = 0;
	uint64_t rest = ns;
	uint32_t index;

	if (rest >> 32) { log += 32; rest >>= 32; }
	if (rest >> 16) { log += 16; rest >>= 16; }
	if (rest >> 8) { log += 8; rest >>= 8; }
	if (rest >> 4) { log += 4; rest >>= 4; }
	if (rest >> 2) { log += 2; rest >>= 2; }
	if (rest >> 1)
		log++;
	if (log < SHARED_HIST_FIRST)
		return 0;
	index = (log - SHARED_HIST_FIRST) * SHARED_HIST_STEPS +
		((ns >> (log - 2)) & (SHARED_HIST_STEPS - 1));
	return index < SHARED_HIST ? index : SHARED_HIST - 1;
}

/* The time since the last change of phase, and the phase after it. */
static __always_inline void change_phase(struct shared_clock *clock, uint64_t now,
					 uint32_t phase)
{
	uint32_t old = BOUND(clock->phase, 8);

	if (clock->since_ns && old < NR_PHASES) {
		uint64_t spent = now - clock->since_ns;

		clock->total_ns[old] += spent;
		clock->part_ns[old] += spent;
	}
	clock->since_ns = now;
	clock->phase = phase;
}

static __always_inline struct shared_clock *clock_at(uint32_t number)
{
	return bpf_map_lookup_elem(&clocks, &number);
}

static __always_inline void begin_exit(uint32_t number, uint32_t code)
{
	struct shared_clock *clock = clock_at(number);
	uint64_t now = bpf_ktime_get_ns();

	if (!clock)
		return;
	change_phase(clock, now, PHASE_KERNEL);
	for (int i = 0; i < NR_PHASES; i++)
		clock->part_ns[i] = 0;
	clock->exit_ns = now;
	clock->reason = dense_reason(code);
}

static __always_inline struct shared_slot *slot_of(struct shared_clock *clock)
{
	uint32_t reason = BOUND(clock->reason, SHARED_REASONS);
	uint32_t number = clock->slots[reason];

	if (!number) {
		if (used_slots >= nr_slots) {
			__sync_fetch_and_add(&slots_full, 1);
			return NULL;
		}
		number = __sync_fetch_and_add(&used_slots, 1) + 1;
		if (number >= nr_slots || number > 0xffff) {
			__sync_fetch_and_add(&slots_full, 1);
			return NULL;
		}
		clock->slots[reason] = number;
	}
	return bpf_map_lookup_elem(&slots, &number);
}

static __always_inline void end_exit(uint32_t number)
{
	struct shared_clock *clock = clock_at(number);
	uint64_t now = bpf_ktime_get_ns();
	struct shared_slot *slot;
	uint64_t took;
	uint32_t index;

	if (!clock)
		return;
	change_phase(clock, now, PHASE_GUEST);
	if (!clock->exit_ns)
		return;
	took = now - clock->exit_ns;
	clock->exit_ns = 0;
	slot = slot_of(clock);
	if (!slot)
		return;
	slot->count++;
	slot->total_ns += took;
	if (took > slot->max_ns)
		slot->max_ns = took;
	for (int i = 0; i < NR_PHASES; i++)
		slot->part_ns[i] += clock->part_ns[i];
	index = BOUND(hist_index(took), 128);
	if (index < SHARED_HIST)
		slot->hist[index]++;
}

/* ---- exits ---- */

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
	exits = vcpu->stat.exits;
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
		if (row->tid != (uint32_t)pid_tgid) {
			row->tid = (uint32_t)pid_tgid;
			remember_row(number);
		}
	}
	if (row->epoch != epoch) {
		row->epoch = epoch;
		row->skipped += exits - row->kernel;
	}
	/* KVM counts this one in a moment. */
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

/* ---- what exits are about ---- */

static __always_inline int take_detail(uint32_t detail, uint64_t value)
{
	struct shared_detail_key key = {
		.value = value,
		.tgid = bpf_get_current_pid_tgid() >> 32,
		.detail = detail,
	};
	uint64_t one = 1;
	uint64_t *count;

	if (key.tgid != detail_tgid)
		return 0;
	count = bpf_map_lookup_elem(&details, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else if (bpf_map_update_elem(&details, &key, &one, BPF_NOEXIST))
		__sync_fetch_and_add(&details_full, 1);
	return 0;
}

/* In their order, the arguments of the tracepoints. */

SEC("raw_tp/kvm_pio")
int detail_pio(uint64_t *values)
{
	return take_detail(values[0] ? DETAIL_PORT_WRITE : DETAIL_PORT_READ, values[1]);
}

SEC("raw_tp/kvm_msr")
int detail_msr(uint64_t *values)
{
	return take_detail(values[0] ? DETAIL_MSR_WRITE : DETAIL_MSR_READ, values[1]);
}

/* A read is reported when it is asked for, and again when it is answered. */
SEC("raw_tp/kvm_mmio")
int detail_mmio(uint64_t *values)
{
	if (!values[0])
		return 0;
	return take_detail(values[0] == 2 ? DETAIL_MMIO_WRITE : DETAIL_MMIO_READ, values[2]);
}

SEC("raw_tp/kvm_page_fault")
int detail_fault(uint64_t *values)
{
	return take_detail(DETAIL_PAGE_FAULT, values[1] & ~0xfffULL);
}

SEC("raw_tp/kvm_hypercall")
int detail_hypercall(uint64_t *values)
{
	return take_detail(DETAIL_HYPERCALL, values[0]);
}

SEC("raw_tp/kvm_cpuid")
int detail_cpuid(uint64_t *values)
{
	return take_detail(DETAIL_CPUID, (uint32_t)values[0]);
}

/* With VMX the kernel has not always read it: then it is ~0. */
SEC("raw_tp/kvm_exit")
int detail_rip(uint64_t *values)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)values[0];

	if (!(BPF_CORE_READ(vcpu, arch.regs_avail) & 1 << 16))
		return take_detail(DETAIL_RIP, ~0ULL);
	return take_detail(DETAIL_RIP, BPF_CORE_READ(vcpu, arch.regs[16]));
}

/* ---- what the kernel counts anyway ---- */

#define STAT(vcpu, member)							\
	(bpf_core_field_exists((vcpu)->stat.member) ? BPF_CORE_READ((vcpu), stat.member) : 0)

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
	record->tid = BPF_CORE_READ(task, pid);
	record->counters[COUNTER_CPU_NS] = BPF_CORE_READ(task, se.sum_exec_runtime);
	record->counters[COUNTER_GUEST_NS] = BPF_CORE_READ(task, gtime);
	record->counters[COUNTER_STIME_NS] = BPF_CORE_READ(task, stime);
	record->counters[COUNTER_MIGRATIONS] = BPF_CORE_READ(task, se.nr_migrations);
	if (bpf_core_field_exists(task->sched_info.run_delay))
		record->counters[COUNTER_WAIT_NS] = BPF_CORE_READ(task, sched_info.run_delay);
}

/* The thread that ran the vcpu last: pid->tasks[PIDTYPE_PID]. */
static __always_inline struct task_struct *vcpu_task(struct kvm_vcpu *vcpu)
{
	struct hlist_node *node = BPF_CORE_READ(vcpu, pid, tasks[0].first);

	if (!node)
		return NULL;
	return (void *)node - bpf_core_field_offset(struct task_struct, pid_links);
}

static __always_inline void fill(struct shared_vcpu *record, struct kvm_vcpu *vcpu,
				 struct task_struct *process)
{
	record->vcpu = (uint64_t)vcpu;
	record->kvm = (uint64_t)BPF_CORE_READ(vcpu, kvm);
	record->id = BPF_CORE_READ(vcpu, vcpu_id);
	record->cpu = BPF_CORE_READ(vcpu, cpu);
	record->blocking = STAT(vcpu, generic.blocking);
	record->tgid = BPF_CORE_READ(process, tgid);
	record->start_ns = BPF_CORE_READ(process, group_leader, start_boottime);
	BPF_CORE_READ_STR_INTO(&record->comm, process, group_leader, comm);
	read_stats(vcpu, record->counters);
}

/* Anybody may call a file so, but not on that file system. */
static __always_inline bool is_vcpu_file(struct file *file)
{
	static const char prefix[] = "kvm-vcpu:";
	char name[sizeof(prefix)];
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);

	if (BPF_CORE_READ(dentry, d_sb, s_magic) != ANON_INODE_MAGIC)
		return false;
	if (bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name)) < 0)
		return false;
	/* anon_inode:kvm-vcpu:0 is called "kvm-vcpu:0" */
	for (unsigned int i = 0; i < sizeof(prefix) - 1; i++)
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
	vcpu = BPF_CORE_READ(file, private_data);
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
	vcpu = BPF_CORE_READ(task, kvm2_vcpu);
	if (!vcpu)
		return 0;
	fill(&record, BPF_CORE_READ(vcpu, vcpu), task);
	read_task(task, &record);
	record.is_kvm2 = 1;
	record.vm = BPF_CORE_READ(vcpu, vm, id);
	record.id = BPF_CORE_READ(vcpu, id);
	bpf_seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}
