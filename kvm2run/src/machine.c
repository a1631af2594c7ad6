// SPDX-License-Identifier: GPL-2.0
// The machine: put together, started, ended.
#include "machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* ---- putting it together ---- */

/* Without --name: the image's file name, as far as it fits. */
static void set_name(struct machine *machine, const struct options *options)
{
	const char *slash = strrchr(options->image, '/');
	const char *name = options->name ? options->name : slash ? slash + 1 : options->image;

	snprintf(machine->name, sizeof(machine->name), "%.*s", (int)sizeof(machine->name) - 1,
		 name);
}

static void end_by_device(void *context, struct ending ending)
{
	machine_end(context, ending);
}

static void end_by_console(void *context, int error)
{
	struct failure failure;

	failure_set(&failure, error, "standard output: write: %s", strerror(error));
	machine_fail(context, &failure);
}

static void device_interrupt(void *context, unsigned int input, bool high)
{
	struct machine *machine = context;

	if (machine->has_chipset)
		chipset_set(&machine->chipset, input, high);
}

static void serial_interrupt(void *context, bool high)
{
	device_interrupt(context, SERIAL_INPUT, high);
}

/* There is something to read: for the virtio console if there is one. */
static void console_arrived(void *context)
{
	struct machine *machine = context;

	if (machine->virtio.has_console)
		virtio_bus_input(&machine->virtio, &machine->ranges);
	else if (machine->has_serial_process)
		serial_process_input(&machine->serial_process);
	else
		ports_poke(&machine->ports, SERIAL_PORT);
}

static void serial_process_failed(void *context, const struct failure *failure)
{
	machine_fail(context, failure);
}

/* While there is nothing yet that it should not have. */
static int fork_serial(struct machine *machine, bool takes_input, struct failure *failure)
{
	struct serial_process *process = &machine->serial_process;

	serial_process_init(process);
	process->console = &machine->console;
	process->takes_input = takes_input;
	process->interrupt = serial_interrupt;
	process->failed = serial_process_failed;
	process->context = machine;
	machine->has_serial_process = true;
	return serial_process_fork(process, failure);
}

static void stop_serial(struct machine *machine)
{
	if (machine->has_serial_process)
		serial_process_stop(&machine->serial_process);
	machine->has_serial_process = false;
}

static bool read_nothing(void *context, bool take, uint8_t *byte)
{
	(void)context;
	(void)take;
	(void)byte;
	return false;
}

static int init_virtio(struct machine *machine, const struct options *options,
		       struct failure *failure)
{
	const struct virtio_host host = {
		.memory = &machine->memory,
		.ended = &machine->ended,
		.interrupt = device_interrupt,
		.context = machine,
	};
	const struct virtio_console_backend backend = {
		.write = console_write,
		.read = console_read,
		.context = &machine->console,
	};

	return virtio_bus_init(&machine->virtio, options, &host, &backend, failure);
}

static int add_devices(struct machine *machine, const struct options *options)
{
	const struct serial_backend line = {
		.write = console_write,
		.read = machine->virtio.has_console ? read_nothing : console_read,
		.context = &machine->console,
		.interrupt = serial_interrupt,
		.interrupt_context = machine,
	};
	const struct fw_cfg_facts facts = {
		.ram_bytes = options->ram_bytes,
		.cpus = (uint16_t)options->cpus,
		.initrd = machine->boot.initrd.data,
		.initrd_bytes = (uint32_t)machine->boot.initrd.len,
		.initrd_gpa = machine->boot.initrd_gpa,
		.cmdline = machine->boot.cmdline,
		.cmdline_gpa = machine->boot.cmdline_gpa,
	};
	uint64_t low_end = layout_low_end(&machine->layout);
	int err = 0;

	serial_init(&machine->serial, &line);
	fw_cfg_init(&machine->fw_cfg, &facts);
	cmos_init(&machine->cmos, low_end, options->ram_bytes - low_end, options->cpus, time);
	machine->power.end = end_by_device;
	machine->power.context = machine;

	if (!machine->has_serial_process)
		err = ports_add(&machine->ports, SERIAL_PORT, SERIAL_PORTS, &serial_ops,
				&machine->serial);
	if (!err)
		err = ports_add(&machine->ports, FW_CFG_PORT, FW_CFG_PORTS, &fw_cfg_ops,
				&machine->fw_cfg);
	if (!err)
		err = ports_add(&machine->ports, CMOS_PORT, CMOS_PORTS, &cmos_ops,
				&machine->cmos);
	if (!err)
		err = power_add_ports(&machine->power, &machine->ports);
	if (!err && machine->has_chipset)
		err = chipset_add(&machine->chipset, &machine->ports, &machine->ranges);
	if (!err)
		err = virtio_bus_add(&machine->virtio, &machine->ranges);
	return err;
}

int machine_init(struct machine *machine, const struct options *options, enum kvm2_api api,
		 struct failure *failure)
{
	int err;

	memset(machine, 0, sizeof(*machine));
	machine->end_fd = -1;
	machine->console.room_fd = -1;
	machine->nr_vcpus = options->cpus;
	set_name(machine, options);
	pthread_mutex_init(&machine->lock, NULL);
	pthread_cond_init(&machine->changed, NULL);
	ports_init(&machine->ports);
	ports_init(&machine->ranges);
	machine->has_chipset = api == KVM2_API_KVM2;
	machine->no_apic = options->no_apic;
	chipset_init(&machine->chipset, !options->no_apic);
	layout_init(&machine->layout, options->ram_bytes);

	if (options->device_process) {
		err = fork_serial(machine, !options->virtio_console, failure);
		if (err)
			return err;
	}
	machine->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (machine->end_fd < 0)
		return failure_set(failure, errno, "eventfd: %s", strerror(errno));
	err = console_init(&machine->console, machine->end_fd, end_by_console, console_arrived,
			   machine);
	if (err)
		return failure_set(failure, -err, "console: %s", strerror(-err));

	if (options->bpf_pit) {
		err = chipset_load_bpf(&machine->chipset, failure);
		if (err)
			return err;
	}
	err = memory_init(&machine->memory, &machine->layout, failure);
	if (err)
		return err;
	err = init_virtio(machine, options, failure);
	if (err)
		return err;
	err = boot_load(&machine->boot, options, machine->has_chipset, machine->virtio.places,
			machine->virtio.nr_devices, &machine->layout, &machine->memory, failure);
	if (err)
		return err;
	err = add_devices(machine, options);
	if (err)
		return failure_set(failure, -err, "I/O ports: %s", strerror(-err));
	return 0;
}

void machine_fini(struct machine *machine)
{
	stop_serial(machine);
	chipset_fini(&machine->chipset);
	kvm2_machine_destroy(machine->vm);
	virtio_bus_fini(&machine->virtio);
	ports_fini(&machine->ranges);
	ports_fini(&machine->ports);
	boot_fini(&machine->boot);
	console_fini(&machine->console);
	if (machine->end_fd >= 0)
		close(machine->end_fd);
	pthread_cond_destroy(&machine->changed);
	pthread_mutex_destroy(&machine->lock);
}

/* ---- start ---- */

static void wait_ready(struct machine *machine)
{
	pthread_mutex_lock(&machine->lock);
	while (machine->nr_ready < machine->nr_vcpus && !machine->ended)
		pthread_cond_wait(&machine->changed, &machine->lock);
	pthread_mutex_unlock(&machine->lock);
}

int machine_start(struct machine *machine, enum kvm2_api api, struct failure *failure)
{
	struct kvm2_vm_config config = { 0 };
	int err;

	memcpy(config.name, machine->name, sizeof(config.name));
	if (machine->no_apic)
		config.flags |= KVM2_VM_HIDDEN_APIC;
	err = kvm2_machine_create(api, &config, &machine->vm);
	if (err)
		return failure_set(failure, -err, "VM: create with the %s API: %s",
				   kvm2_api_name(api), strerror(-err));
	err = memory_map(&machine->memory, machine->vm, failure);
	if (err)
		return err;
	if (machine->has_chipset)
		err = chipset_start(&machine->chipset, failure);
	if (!err && machine->has_serial_process)
		err = serial_process_attach(&machine->serial_process, failure);
	if (err)
		return err;

	/* The last one first: when the first vcpu can run, the others exist. */
	for (unsigned int id = machine->nr_vcpus; id-- > 0;) {
		err = vcpu_start(&machine->vcpus[id], machine, id, failure);
		if (err) {
			machine_fail(machine, failure);
			return err;
		}
	}
	wait_ready(machine);
	return 0;
}

void machine_go(struct machine *machine)
{
	pthread_mutex_lock(&machine->lock);
	machine->go = true;
	pthread_cond_broadcast(&machine->changed);
	pthread_mutex_unlock(&machine->lock);
}

bool machine_vcpu_ready(struct machine *machine, struct vcpu *vcpu, struct kvm2_vcpu *handle)
{
	bool go;

	pthread_mutex_lock(&machine->lock);
	vcpu->tid = gettid();
	vcpu->handle = handle;
	machine->nr_ready++;
	pthread_cond_broadcast(&machine->changed);
	while (!machine->go && !machine->ended)
		pthread_cond_wait(&machine->changed, &machine->lock);
	go = !machine->ended;
	pthread_mutex_unlock(&machine->lock);
	return go;
}

/* ---- end ---- */

/* Return: this is the ending; the lock is held, and the caller may add to it. */
static bool begin_end(struct machine *machine, struct ending ending)
{
	pthread_mutex_lock(&machine->lock);
	if (machine->ended)
		return false;
	machine->ending = ending;
	return true;
}

/*
 * A vcpu looks at @ended before each entry. Whoever looked before it was set
 * is stopped by the kick, which an entry that is still to come sees as well.
 */
static void finish_end(struct machine *machine)
{
	if (!machine->ended) {
		machine->ended = true;
		for (unsigned int i = 0; i < machine->nr_vcpus; i++)
			vcpu_kick(&machine->vcpus[i]);
		eventfd_write(machine->end_fd, 1);
		pthread_cond_broadcast(&machine->changed);
	}
	pthread_mutex_unlock(&machine->lock);
}

void machine_end(struct machine *machine, struct ending ending)
{
	begin_end(machine, ending);
	finish_end(machine);
}

void machine_fail(struct machine *machine, const struct failure *failure)
{
	if (begin_end(machine, (struct ending){ ENDING_FAILURE, 0 }))
		machine->failure = *failure;
	finish_end(machine);
}

void machine_crash(struct machine *machine, uint32_t id, const char *report)
{
	if (begin_end(machine, (struct ending){ ENDING_CRASH, id }))
		snprintf(machine->report, sizeof(machine->report), "%s", report);
	finish_end(machine);
}

void machine_join(struct machine *machine)
{
	for (unsigned int i = 0; i < machine->nr_vcpus; i++)
		vcpu_join(&machine->vcpus[i]);
	stop_serial(machine);
}
