/* SPDX-License-Identifier: GPL-2.0 */
/* One vcpu and the thread that runs it. */
#ifndef KVM2RUN_VCPU_H
#define KVM2RUN_VCPU_H

#include <kvm2/kvm2.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "failure.h"

struct machine;

/* Interrupts an entry; its handler does nothing. */
#define VCPU_KICK_SIGNAL SIGUSR1

/**
 * struct vcpu - a vcpu
 * @tid:	set when the thread is ready
 * @handle:	NULL until then; under the machine's lock
 * @started:	there is a thread to join
 */
struct vcpu {
	struct machine *machine;
	uint32_t id;
	pid_t tid;
	struct kvm2_vcpu *handle;
	pthread_t thread;
	bool started;
};

/**
 * vcpu_start() - start the thread, which gets ready and then waits
 * Return: 0 or a negative errno with @failure set. What goes wrong in the
 * thread ends the run, see machine_fail().
 */
int vcpu_start(struct vcpu *vcpu, struct machine *machine, uint32_t id, struct failure *failure);

/* Make it leave the guest, once the run has ended. Under the machine's lock. */
void vcpu_kick(struct vcpu *vcpu);

/* Wait for the end of the thread; then the vcpu is gone. */
void vcpu_join(struct vcpu *vcpu);

#endif
