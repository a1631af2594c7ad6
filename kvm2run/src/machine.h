/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's machine: memory, devices, vcpus, and how its run ends. */
#ifndef KVM2RUN_MACHINE_H
#define KVM2RUN_MACHINE_H

#include <kvm2/kvm2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "boot.h"
#include "chipset.h"
#include "cmos.h"
#include "console.h"
#include "ending.h"
#include "failure.h"
#include "fw_cfg.h"
#include "layout.h"
#include "memory.h"
#include "options.h"
#include "ports.h"
#include "power.h"
#include "report.h"
#include "serial.h"
#include "serial_process.h"
#include "vcpu.h"
#include "virtio_bus.h"

/**
 * struct machine - everything that lasts as long as the guest
 * @name:	of the VM
 * @ranges:	of guest physical memory that devices answer for
 * @has_chipset: there is a PC's interrupts and timer: only with kvm2
 * @has_serial_process: @serial_process answers for the serial port, @serial
 *		does not
 * @virtio:	the devices of the command line
 * @end_fd:	eventfd, readable once the run has ended
 * @ended:	the same, for vcpu threads between two entries
 * @lock:	protects what follows, and each vcpu's handle and tid
 * @changed:	nr_ready, go or ended did
 * @nr_ready:	vcpus that are set up
 * @go:		they may enter the guest
 * @ending:	why the run ended; set once
 * @failure:	with ENDING_FAILURE
 * @report:	with ENDING_CRASH: exit and registers
 */
struct machine {
	char name[KVM2_VM_NAME_SIZE];
	struct kvm2_machine *vm;
	struct layout layout;
	struct memory memory;
	struct boot boot;
	struct ports ports;
	struct ports ranges;
	struct chipset chipset;
	bool has_chipset;
	bool no_apic;
	struct serial serial;
	struct serial_process serial_process;
	bool has_serial_process;
	struct virtio_bus virtio;
	struct fw_cfg fw_cfg;
	struct cmos cmos;
	struct power power;
	struct console console;
	struct vcpu vcpus[OPTIONS_CPUS_MAX];
	unsigned int nr_vcpus;
	int end_fd;
	atomic_bool ended;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int nr_ready;
	bool go;
	struct ending ending;
	struct failure failure;
	char report[REPORT_BYTES];
};

/**
 * machine_init() - load the image and connect the devices
 * @machine:	for machine_fini(), also after an error
 * @options:	borrowed for the life of @machine
 * @api:	which will be given to machine_start()
 * Return: 0, or a negative errno with @failure set.
 */
int machine_init(struct machine *machine, const struct options *options, enum kvm2_api api,
		 struct failure *failure);

/**
 * machine_start() - create the VM, and the vcpus up to their first entry
 * Return: 0: they are ready, or the run has ended already; or a negative
 * errno with @failure set.
 */
int machine_start(struct machine *machine, enum kvm2_api api, struct failure *failure);

/* Let the vcpus enter the guest. */
void machine_go(struct machine *machine);

/* Wait for all vcpus, after the end. */
void machine_join(struct machine *machine);

/* Only after machine_join(), if anything was started. */
void machine_fini(struct machine *machine);

/* ---- for vcpu threads and devices ---- */

/* End the run; the first call says why. Context: any thread, also within port_ops. */
void machine_end(struct machine *machine, struct ending ending);

/* End it because kvm2run cannot go on. */
void machine_fail(struct machine *machine, const struct failure *failure);

/* End it because vcpu @id cannot go on; @report: exit and registers. */
void machine_crash(struct machine *machine, uint32_t id, const char *report);

/* This vcpu is set up. Return: it may enter the guest; false: the run has ended. */
bool machine_vcpu_ready(struct machine *machine, struct vcpu *vcpu, struct kvm2_vcpu *handle);

#endif
