/* SPDX-License-Identifier: LGPL-2.1 */
/* What a thread is called, and whose it is, also when it has ended. */
#ifndef TRACE_THREAD_H
#define TRACE_THREAD_H

#include <kvm2/trace.h>

#include <stdbool.h>

/* False: nobody knows it. */
bool thread_comm(int tid, char comm[static KVM2_TRACE_COMM_SIZE]);

/* @tid itself, if nobody knows it. */
int thread_process(int tid);

#endif /* TRACE_THREAD_H */
