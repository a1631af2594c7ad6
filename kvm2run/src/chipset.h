/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts and the timer of a PC, all of it here in user space: PIC, I/O
 * APIC and PIT, joined to the local APICs by the APIC bus.
 */
#ifndef KVM2RUN_CHIPSET_H
#define KVM2RUN_CHIPSET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "apic_bus.h"
#include "bpf_pit.h"
#include "failure.h"
#include "ioapic.h"
#include "pic.h"
#include "pit.h"
#include "ports.h"

#define CHIPSET_INPUTS		IOAPIC_PINS
#define CHIPSET_TIMER_PIN	2	/* where input 0 goes on the I/O APIC */

/**
 * struct chipset - the chipset
 * @lock:	of all but @bus; taken last
 * @changed_fd:	eventfd: the PIT was set, or @stop
 * @has_apic:	an I/O APIC is there; else the PIC alone
 * @bpf:	the PIT is a program in the kernel; @pit is what it has written
 */
struct chipset {
	struct apic_bus bus;
	bool has_apic;
	pthread_mutex_t lock;
	int changed_fd;
	struct ioapic ioapic;
	struct pic pic;
	struct bpf_pit bpf;
	struct pit *pit;
	struct pit own_pit;
	pthread_t timer;
	bool timer_started;
	bool stop;
};

void chipset_init(struct chipset *chipset, bool has_apic);
void chipset_fini(struct chipset *chipset);

/**
 * chipset_load_bpf() - have the PIT in the kernel, as a BPF program
 * Context: before chipset_add().
 * Return: 0, or a negative errno with @failure set.
 */
int chipset_load_bpf(struct chipset *chipset, struct failure *failure);

/*
 * Give it its ports and addresses; before the guest runs.
 * Return: 0 or a negative errno of ports_add().
 */
int chipset_add(struct chipset *chipset, struct ports *ports, struct ports *memory);

/**
 * chipset_start() - connect the bus and start the timer
 * Context: the VM is there.
 * Return: 0, or a negative errno with @failure set.
 */
int chipset_start(struct chipset *chipset, struct failure *failure);
void chipset_stop(struct chipset *chipset);

/* The level of an interrupt line. Any thread. */
void chipset_set(struct chipset *chipset, unsigned int input, bool high);

#endif
