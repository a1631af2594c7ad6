/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints whose costs are measured. Functions return 0 or a negative
 * errno.
 */
#ifndef TESTS_BENCH_TRACEPOINT_H
#define TESTS_BENCH_TRACEPOINT_H

#include <stdint.h>

/* KVM's own, which fires in every round trip, of either API. */
#define TRACEPOINT_PEER	"kvm_userspace_exit"

/* X(name) */
#define TRACEPOINTS(X)		\
	X(kvm2_enter)		\
	X(kvm2_exit)		\
	X(kvm2_loop)		\
	X(kvm2_state)		\
	X(kvm2_map)		\
	X(kvm2_map_region)	\
	X(kvm2_dirty)		\
	X(kvm2_debug_trap)	\
	X(kvm2_vcpu)		\
	X(kvm2_vm)

/**
 * tracepoint_init() - a trace instance of our own, with all events off
 * It goes with tracepoint_fini(), or with the lab.
 */
int tracepoint_init(void);
void tracepoint_fini(void);

/* Turn an event on or off. @system: "kvm" or "kvm2" */
int tracepoint_set(const char *system, const char *name, int on);

/* How many events have been recorded since tracepoint_init(). */
int tracepoint_count(uint64_t *events);

#endif /* TESTS_BENCH_TRACEPOINT_H */
