// SPDX-License-Identifier: GPL-2.0
// The vcpu thread: set up, wait for the start, then entry and exit until the end.
#include "vcpu.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cpuid.h"
#include "entry.h"
#include "machine.h"

/* The kernel's limit for thread names, with the NUL. */
#define THREAD_NAME_BYTES 16

static int vcpu_failure(struct failure *failure, uint32_t id, const char *action, int error)
{
	return failure_set(failure, -error, "vcpu %u: %s: %s", id, action, strerror(-error));
}

/* ---- set-up ---- */

static int set_cpuid(struct kvm2_vcpu *handle, uint32_t cpus, bool has_apic)
{
	const uint32_t flags = KVM2_STATE_LIST | KVM2_STATE_SET(KVM2_SET_HOST_CPUID);
	struct kvm2_records host;
	struct kvm2_records guest;
	void *host_data = NULL;
	void *guest_data = NULL;
	int size = kvm2_vcpu_get_state(handle, NULL, 0, flags);
	int err = size;

	if (size < 0)
		goto out;
	err = -ENOMEM;
	host_data = malloc((size_t)size);
	guest_data = malloc((size_t)size + CPUID_ADDED_BYTES);
	if (!host_data || !guest_data)
		goto out;

	err = kvm2_vcpu_get_state(handle, host_data, (size_t)size, flags);
	if (err < 0)
		goto out;
	kvm2_records_init(&host, host_data, (size_t)size);
	host.used = (size_t)err;
	kvm2_records_init(&guest, guest_data, (size_t)size + CPUID_ADDED_BYTES);
	err = cpuid_build(&host, &guest, kvm2_vcpu_id(handle), cpus, has_apic);
	if (err)
		goto out;
	err = kvm2_vcpu_set_state(handle, guest.data, guest.used, 0);
out:
	free(guest_data);
	free(host_data);
	return err < 0 ? err : 0;
}

/* Local APIC: record numbers (offset >> 4) and what firmware writes there. */
#define LAPIC_LINT0		0x35
#define LAPIC_LINT1		0x36
#define LAPIC_MODE_EXTINT	0x700
#define LAPIC_MODE_NMI		0x400

/*
 * Virtual wire mode. Writing any local APIC state is what makes KVM (6.12)
 * enter a new vcpu into the map by which it finds the target of an INIT; else
 * it would be lost when no vcpu has changed its APIC in the meantime.
 */
static int set_lapic(struct kvm2_vcpu *handle)
{
	_Alignas(8) uint8_t data[2 * KVM2_RECORD_BYTES(4)];
	struct kvm2_records records;
	int err;

	kvm2_records_init(&records, data, sizeof(data));
	err = kvm2_records_add_u64(&records, KVM2_SET_LAPIC, LAPIC_LINT0, LAPIC_MODE_EXTINT, 4);
	if (!err)
		err = kvm2_records_add_u64(&records, KVM2_SET_LAPIC, LAPIC_LINT1, LAPIC_MODE_NMI,
					   4);
	if (err)
		return err;
	err = kvm2_vcpu_set_state(handle, data, records.used, 0);
	return err < 0 ? err : 0;
}

static int set_entry(struct kvm2_vcpu *handle, const struct boot *boot)
{
	_Alignas(8) uint8_t data[ENTRY_BYTES];
	struct kvm2_records records;
	int err;

	kvm2_records_init(&records, data, sizeof(data));
	err = entry_build(&boot->image, boot->info_gpa, &records);
	if (err)
		return err;
	err = kvm2_vcpu_set_state(handle, data, records.used, 0);
	return err < 0 ? err : 0;
}

static int set_up(struct vcpu *vcpu, struct kvm2_vcpu **handle, struct failure *failure)
{
	const struct machine *machine = vcpu->machine;
	int err;

	err = kvm2_vcpu_create(machine->vm, vcpu->id, KVM2_VCPU_NEW, handle);
	if (err < 0)
		return vcpu_failure(failure, vcpu->id, "create", err);
	err = set_cpuid(*handle, machine->nr_vcpus, !machine->no_apic);
	if (err)
		return vcpu_failure(failure, vcpu->id, "set CPUID", err);
	err = machine->no_apic ? 0 : set_lapic(*handle);
	if (err)
		return vcpu_failure(failure, vcpu->id, "set local APIC", err);
	/* The others wait for INIT and SIPI, in the state they were created in. */
	err = vcpu->id ? 0 : set_entry(*handle, &machine->boot);
	if (err)
		return vcpu_failure(failure, vcpu->id, "set registers", err);
	return 0;
}

/* ---- exits ---- */

/* What the report has of the vcpu: all registers of these sets. */
static const uint32_t report_sets[] = {
	KVM2_SET_GPR, KVM2_SET_CONTROL, KVM2_SET_SEGMENT, KVM2_SET_DESCRIPTOR,
};

static void report_state(const struct vcpu *vcpu, char *text, size_t size)
{
	_Alignas(8) uint8_t data[2048];
	struct kvm2_records records;
	int used;

	for (size_t i = 0; i < sizeof(report_sets) / sizeof(report_sets[0]); i++) {
		used = kvm2_vcpu_get_state(vcpu->handle, data, sizeof(data),
					   KVM2_STATE_LIST | KVM2_STATE_SET(report_sets[i]));
		if (used < 0) {
			snprintf(text, size, "(%s: cannot be read: %s)\n",
				 kvm2_set_name(report_sets[i]), strerror(-used));
		} else {
			kvm2_records_init(&records, data, sizeof(data));
			records.used = (size_t)used;
			report_registers(&records, text, size);
		}
		size -= strlen(text);
		text += strlen(text);
	}
}

/* The state that a processor has after a reset. */
static bool registers_are_lost(const struct vcpu *vcpu, const struct kvm2_run *run)
{
	uint64_t rip;

	return run->exit_reason == KVM2_EXIT_SHUTDOWN &&
	       !kvm2_vcpu_get_u64(vcpu->handle, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip) &&
	       rip == 0xfff0;
}

static void crash(struct vcpu *vcpu, const struct kvm2_run *run)
{
	char text[REPORT_BYTES];
	size_t length;

	report_exit(run, text, sizeof(text));
	length = strlen(text);
	snprintf(text + length, sizeof(text) - length, "%s\n",
		 registers_are_lost(vcpu, run) ? " (KVM on AMD processors resets the vcpu then: "
						 "these are not the guest's registers)" : "");
	length = strlen(text);
	report_state(vcpu, text + length, sizeof(text) - length);
	machine_crash(vcpu->machine, vcpu->id, text);
}

static void on_io(struct vcpu *vcpu, struct kvm2_run *run)
{
	ports_access(&vcpu->machine->ports, run->io.port, run->io.size, run->io.count,
		     run->io.direction == KVM2_IO_OUT, run->io.data);
}

static void on_mmio(struct vcpu *vcpu, struct kvm2_run *run)
{
	ports_access(&vcpu->machine->ranges, run->mmio.gpa, run->mmio.len, 1, run->mmio.is_write,
		     run->mmio.data);
}

/* The process of the serial port is the only one. */
static void on_device(struct vcpu *vcpu, struct kvm2_run *run)
{
	struct failure failure;

	serial_process_explain(&vcpu->machine->serial_process, (int)run->device.error, &failure);
	machine_fail(vcpu->machine, &failure);
}

/* Exits that need no answer. */
static void on_notice(struct vcpu *vcpu, struct kvm2_run *run)
{
	(void)vcpu;
	(void)run;
}

/* Exits that are not here end the run. */
static void (*const handlers[])(struct vcpu *vcpu, struct kvm2_run *run) = {
	[KVM2_EXIT_IO] = on_io,
	[KVM2_EXIT_MMIO] = on_mmio,
	[KVM2_EXIT_DEVICE] = on_device,
	[KVM2_EXIT_NOTIFY] = on_notice,
	[KVM2_EXIT_BUS_LOCK] = on_notice,
};

static void run_guest(struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;
	struct kvm2_run run = { 0 };
	struct failure failure;
	int err;

	while (!machine->ended) {
		err = kvm2_vcpu_enter(vcpu->handle, &run, NULL);
		if (err == -EINTR)
			continue;
		if (err < 0) {
			vcpu_failure(&failure, vcpu->id, "enter the guest", err);
			machine_fail(machine, &failure);
		} else if (run.exit_reason < sizeof(handlers) / sizeof(handlers[0]) &&
			   handlers[run.exit_reason]) {
			handlers[run.exit_reason](vcpu, &run);
		} else {
			crash(vcpu, &run);
		}
	}
}

/* ---- the thread ---- */

static void *vcpu_main(void *argument)
{
	struct vcpu *vcpu = argument;
	struct kvm2_vcpu *handle = NULL;
	struct failure failure;
	char name[THREAD_NAME_BYTES];

	snprintf(name, sizeof(name), "vcpu %u/%.8s", vcpu->id, vcpu->machine->name);
	prctl(PR_SET_NAME, name);

	if (set_up(vcpu, &handle, &failure))
		machine_fail(vcpu->machine, &failure);
	if (machine_vcpu_ready(vcpu->machine, vcpu, handle))
		run_guest(vcpu);
	return NULL;
}

static void ignore_kick(int signal)
{
	(void)signal;
}

int vcpu_start(struct vcpu *vcpu, struct machine *machine, uint32_t id, struct failure *failure)
{
	struct sigaction action = { .sa_handler = ignore_kick };
	sigset_t kick;
	sigset_t old;
	int err;

	vcpu->machine = machine;
	vcpu->id = id;

	/* The new thread takes kicks; all other signals are the main thread's. */
	sigemptyset(&action.sa_mask);
	sigaction(VCPU_KICK_SIGNAL, &action, NULL);
	sigemptyset(&kick);
	sigaddset(&kick, VCPU_KICK_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &kick, &old);
	err = pthread_create(&vcpu->thread, NULL, vcpu_main, vcpu);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return vcpu_failure(failure, id, "start thread", -err);
	vcpu->started = true;
	return 0;
}

void vcpu_kick(struct vcpu *vcpu)
{
	if (!vcpu->handle)
		return;
	kvm2_vcpu_kick(vcpu->handle);
	pthread_kill(vcpu->thread, VCPU_KICK_SIGNAL);
}

void vcpu_join(struct vcpu *vcpu)
{
	if (!vcpu->started)
		return;
	pthread_join(vcpu->thread, NULL);
	vcpu->started = false;
	kvm2_vcpu_destroy(vcpu->handle);
	vcpu->handle = NULL;
}
