/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random calls, valid and invalid, from threads and processes that are
 * signalled, traced, killed, and have their memory taken away meanwhile.
 *
 * A worker process has one VM and STRESS_THREADS threads. A thread does one
 * operation after the other, see stress_operations[]. Its successor takes its
 * slot when it ends, and the supervisor starts a process anew when that ends.
 */
#ifndef TESTS_VM_STRESS_H
#define TESTS_VM_STRESS_H

#include <linux/kvm2.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "guest_abi.h"

#define STRESS_PROCESSES	3
#define STRESS_THREADS		3
#define STRESS_CALLS		7
#define STRESS_KINDS		16	/* of operations, of each table */
#define STRESS_ERRNOS		134

/* Ends a guest that does not end by itself. No thread that runs one blocks it. */
#define STRESS_TICK		SIGRTMIN

/**
 * struct stress_slot - a thread, as the others see it
 * @tid:	0 when there is none
 * @since_ms:	when it began the call that it is in, 0 for none
 * @nr:		that call
 * @is_faulty:	whether the kernel lets an allocation or access of it fail
 */
struct stress_slot {
	atomic_int tid;
	atomic_long since_ms;
	atomic_int nr;
	atomic_bool is_faulty;
};

/**
 * struct stress_kind - what has been done of an operation
 * @done:	how often it was chosen
 * @calls:	made by it
 * @time_us:	of a processor that it took, without work items
 */
struct stress_kind {
	atomic_ulong done;
	atomic_ulong calls;
	atomic_ulong time_us;
};

/**
 * struct stress_board - shared by all processes
 * @calls:	made by workers so far
 * @waiting:	how many sleep until there are more
 * @injected:	those with an injected fault
 * @results:	by call, and errno or 0
 * @strange:	results that no call should have
 * @kinds:	of stress_calls[] and of stress_trouble[]
 * @stops:	ptrace stops seen by the tracer, and those for a debug event
 */
struct stress_board {
	atomic_ulong calls;
	atomic_int waiting;
	atomic_ulong injected;
	atomic_ulong results[STRESS_CALLS][STRESS_ERRNOS];
	atomic_ulong strange;
	struct stress_kind kinds[2][STRESS_KINDS];
	atomic_ulong stops;
	atomic_ulong traps;
	atomic_int pids[STRESS_PROCESSES];
	struct stress_slot slots[STRESS_PROCESSES][STRESS_THREADS];
};

extern struct stress_board *stress_board;

/* Can the kernel make allocations and user accesses fail? */
extern bool stress_has_faults;

#define STRESS_RECORDS_SIZE	65536

/**
 * struct stress_thread - a worker thread, as it sees itself
 * @fail_nth:	file in /proc, or -1
 * @calls:	made by it
 * @result:	of the last one, as -errno
 * @run:	what it enters the guest with, mostly
 */
struct stress_thread {
	uint64_t random;
	unsigned int process;
	unsigned int number;
	struct stress_slot *slot;
	int fail_nth;
	timer_t tick;
	bool ends;
	unsigned long calls;
	long result;
	struct kvm2_run run;
	uint64_t records[STRESS_RECORDS_SIZE / 8];
};

/**
 * struct stress_operation - something that a worker thread does
 * @weight:	how often it is chosen
 * @times_max:	up to so many times it is done then, each time anew: what costs
 *		little comes more often than what costs much
 */
struct stress_operation {
	const char *name;
	unsigned int weight;
	unsigned int times_max;
	void (*run)(struct stress_thread *t);
};

/* ---- stress_thread.c ---- */

/* A worker process. Never returns. */
void stress_work(unsigned int process, uint64_t seed)
	__attribute__((noreturn));

uint32_t stress_random(uint64_t *state, uint32_t limit);

/* Is this the one case of @cases? */
bool stress_once(struct stress_thread *t, uint32_t cases);

/* One call, with or without a fault, on the board. Return: as -errno. */
long stress_call(struct stress_thread *t, long nr, uint64_t a, uint64_t b,
		 uint64_t c, uint64_t d);

long stress_now_ms(void);

/*
 * Send the thread STRESS_TICK, again and again, or no more. Without end it
 * would be all that a slow kernel has time for.
 */
void stress_tick(struct stress_thread *t, bool on);

/* Sleep until a call has come back since there were @calls, for a while. */
void stress_await_call(unsigned long calls);

/* ---- stress_calls.c and stress_trouble.c ---- */

/* Mostly, give a new thread a vcpu, and its process a VM. */
void stress_begin(struct stress_thread *t);

extern const struct stress_operation stress_calls[];
extern const size_t stress_nr_calls;
extern const struct stress_operation stress_trouble[];
extern const size_t stress_nr_trouble;

/* RAM of the guests, with pages that come and go; its end is an edge. */
#define STRESS_RAM		(2 * (size_t)GUEST_RAM)

extern uint8_t *stress_ram;

/* Pages for run structures and buffers, which come and go, too. */
#define STRESS_SPARE		(4 * (size_t)4096)

extern uint8_t *stress_spare;

void stress_init_memory(void);

/* ---- stress_tracer.c: never return ---- */

/* Stops, steps and reads threads, and lets them go. */
void stress_trace(uint64_t seed) __attribute__((noreturn));

/* Signals, stops, freezes and kills. */
void stress_shake(uint64_t seed) __attribute__((noreturn));

#endif /* TESTS_VM_STRESS_H */
