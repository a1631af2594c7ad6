/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF programs write and kvm2top reads, through shared memory or as
 * records of an iterator. All memory is fixed: a row for each vcpu.
 */
#ifndef KVM2TOP_SHARED_H
#define KVM2TOP_SHARED_H

#ifdef __bpf__
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef int int32_t;
typedef unsigned long long uint64_t;
#else
#include <stdint.h>
#endif

/*
 * Exit reasons, made dense: codes below SHARED_LOW are themselves, SVM's from
 * 0x400 follow, all others are one, SHARED_OTHER.
 */
#define SHARED_LOW		240
#define SHARED_HIGH_FIRST	0x400
#define SHARED_HIGH		15
#define SHARED_OTHER		255
#define SHARED_REASONS		256

/* Reasons to go to user space: KVM_EXIT_*, or KVM2_EXIT_* of a kvm2 VM. */
#define SHARED_USER_REASONS	64
#define SHARED_USER_SIGNAL	62	/* -EINTR: no reason, a signal */
#define SHARED_USER_OTHER	63

#define SHARED_COMM_SIZE	16
#define SHARED_PROBES		64	/* rows looked at for a vcpu */
#define SHARED_ROW_FREE		0
#define SHARED_ROW_GONE		1	/* was used, may be used again */

#define SHARED_SVM		2
#define SHARED_VMX		1

/* Where the time of a vcpu goes. */
enum shared_phase {
	PHASE_GUEST,
	PHASE_KERNEL,
	PHASE_USER,	/* the VMM, on a processor */
	PHASE_READY,	/* waits for a processor */
	PHASE_HALT,	/* the guest has halted it */
	PHASE_SLEEP,	/* the VMM or the kernel waits for something */
	NR_PHASES
};

/**
 * struct shared_row - exits of one vcpu
 * @vcpu:	its address in the kernel; SHARED_ROW_FREE, SHARED_ROW_GONE
 * @ready:	what follows is valid
 * @kvm:	its VM's address; 0: not known
 * @vm:		the id of a kvm2 VM
 * @start_ns:	when its process started; with @tgid it names the process
 * @tgid:	its process
 * @tid:	its thread, the last one
 * @id:		the vcpu's id
 * @isa:	how to read a code, SHARED_VMX or SHARED_SVM
 * @other:	the last code that was counted as SHARED_OTHER
 * @is_kvm2:	made by kvm_create_vcpu
 * @generation:	counts the uses of this row
 * @exits:	all exits
 * @user_exits:	all exits to user space
 * @kernel:	KVM's own count of exits, as of the last one seen
 * @kernel_base: the same, as of before the first one
 * @skipped:	of these, exits while nothing was attached
 * @epoch:	when this vcpu was seen last, as attachments count
 * @used:	bits of @counts that are not 0
 * @user_used:	bits of @user_counts
 */
struct shared_row {
	uint64_t vcpu;
	uint64_t ready;
	uint64_t kvm;
	uint64_t vm;
	uint64_t start_ns;
	uint32_t tgid;
	uint32_t tid;
	uint32_t id;
	uint32_t isa;
	uint32_t other;
	uint32_t is_kvm2;
	uint64_t generation;
	uint64_t exits;
	uint64_t user_exits;
	uint64_t kernel;
	uint64_t kernel_base;
	uint64_t skipped;
	uint64_t epoch;
	uint64_t used[SHARED_REASONS / 64];
	uint64_t user_used;
	char comm[SHARED_COMM_SIZE];
	uint64_t counts[SHARED_REASONS];
	uint64_t user_counts[SHARED_USER_REASONS];
};

/**
 * struct shared_clock - where the time of the vcpu of a row goes
 * @since_ns:	since when it is in @phase; 0: not known yet
 * @exit_ns:	when the exit that is being handled was; 0: none is
 * @wake_ns:	when its thread was woken last
 * @phase:	enum shared_phase
 * @under:	the phase to go back to with the processor
 * @reason:	of the exit that is being handled
 * @part_ns:	of that exit, so far
 * @total_ns:	of all time
 * @slots:	number of the struct shared_slot of each reason, 0: none
 */
struct shared_clock {
	uint64_t since_ns;
	uint64_t exit_ns;
	uint64_t wake_ns;
	uint32_t phase;
	uint32_t under;
	uint64_t reason;
	uint64_t part_ns[NR_PHASES];
	uint64_t total_ns[NR_PHASES];
	uint16_t slots[SHARED_REASONS];
};

/* Times from exit to entry: four steps to an octave, from 64 ns to 137 s. */
#define SHARED_HIST_FIRST	6
#define SHARED_HIST_STEPS	4
#define SHARED_HIST		124

/**
 * struct shared_slot - how long the exits of a vcpu for one reason take
 * @count:	exits from which the guest was entered again
 * @total_ns:	of all of them
 * @max_ns:	of the longest
 * @part_ns:	what they were spent on
 * @hist:	how many took how long
 */
struct shared_slot {
	uint64_t count;
	uint64_t total_ns;
	uint64_t max_ns;
	uint64_t part_ns[NR_PHASES];
	uint32_t hist[SHARED_HIST];
};

/* What the kernel counts anyway, and the iterators read. */
enum shared_counter {
	COUNTER_EXITS,
	COUNTER_IO_EXITS,
	COUNTER_MMIO_EXITS,
	COUNTER_HALT_EXITS,
	COUNTER_IRQ_EXITS,
	COUNTER_SIGNAL_EXITS,
	COUNTER_REQUEST_IRQ_EXITS,
	COUNTER_IRQ_WINDOW_EXITS,
	COUNTER_NMI_WINDOW_EXITS,
	COUNTER_HYPERCALLS,
	COUNTER_INSN_EMULATION,
	COUNTER_PF_TAKEN,
	COUNTER_PF_FIXED,
	COUNTER_PF_EMULATE,
	COUNTER_IRQ_INJECTIONS,
	COUNTER_NMI_INJECTIONS,
	COUNTER_TLB_FLUSH,
	COUNTER_PREEMPTION_REPORTED,
	COUNTER_NESTED_RUN,
	COUNTER_HALT_WAKEUP,
	COUNTER_HALT_POLL_NS,
	COUNTER_HALT_WAIT_NS,
	COUNTER_CPU_NS,		/* of the thread: on a processor */
	COUNTER_GUEST_NS,	/* of the thread: in the guest */
	COUNTER_STIME_NS,	/* of the thread: in the kernel */
	COUNTER_WAIT_NS,	/* of the thread: waiting for a processor */
	COUNTER_MIGRATIONS,	/* of the thread */
	NR_COUNTERS
};

/* What an iterator writes for each vcpu. */
struct shared_vcpu {
	uint64_t vcpu;
	uint64_t kvm;
	uint64_t vm;
	uint64_t start_ns;
	uint32_t tgid;
	uint32_t tid;
	uint32_t id;
	int32_t cpu;
	uint32_t is_kvm2;
	uint32_t unused;
	char comm[SHARED_COMM_SIZE];
	uint64_t counters[NR_COUNTERS];
};

/* What exits are about. */
enum shared_detail {
	DETAIL_PORT_READ,
	DETAIL_PORT_WRITE,
	DETAIL_MSR_READ,
	DETAIL_MSR_WRITE,
	DETAIL_MMIO_READ,
	DETAIL_MMIO_WRITE,
	DETAIL_PAGE_FAULT,
	DETAIL_HYPERCALL,
	DETAIL_CPUID,
	DETAIL_RIP,
	NR_DETAILS
};

struct shared_detail_key {
	uint64_t value;		/* port, MSR, page, number, leaf, rip */
	uint32_t tgid;
	uint32_t detail;	/* enum shared_detail */
};

#endif /* KVM2TOP_SHARED_H */
