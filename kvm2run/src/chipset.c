// SPDX-License-Identifier: GPL-2.0
// The chipset: one lock, a thread for the timer, a thread for the bus.
#include "chipset.h"

#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define NS_PER_S 1000000000ULL

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ---- lines ---- */

/* The lock is held. */
static void set_input(struct chipset *chipset, unsigned int input, bool high)
{
	if (input < PIC_INPUTS)
		pic_set(&chipset->pic, input, high);
	if (chipset->has_apic)
		ioapic_set(&chipset->ioapic, input ? input : CHIPSET_TIMER_PIN, high);
}

void chipset_set(struct chipset *chipset, unsigned int input, bool high)
{
	pthread_mutex_lock(&chipset->lock);
	set_input(chipset, input, high);
	pthread_mutex_unlock(&chipset->lock);
}

/* INTR of the PIC is LINT0 of the first vcpu. */
static void pic_output(void *context, bool high)
{
	struct chipset *chipset = context;

	apic_bus_lint(&chipset->bus, 0, 0, high);
}

static void ioapic_output(void *context, uint32_t dest, bool logical, uint8_t mode,
			  uint8_t vector, bool level)
{
	struct chipset *chipset = context;

	apic_bus_interrupt(&chipset->bus, dest, logical, mode, vector, level);
}

static void on_eoi(void *context, uint8_t vector)
{
	struct chipset *chipset = context;

	pthread_mutex_lock(&chipset->lock);
	ioapic_eoi(&chipset->ioapic, vector);
	pthread_mutex_unlock(&chipset->lock);
}

static uint8_t on_inta(void *context)
{
	struct chipset *chipset = context;
	uint8_t vector;

	pthread_mutex_lock(&chipset->lock);
	vector = pic_acknowledge(&chipset->pic);
	pthread_mutex_unlock(&chipset->lock);
	return vector;
}

/* ---- the timer ---- */

static void *timer_main(void *argument)
{
	struct chipset *chipset = argument;
	uint64_t last = now_ns();

	prctl(PR_SET_NAME, "timer");
	pthread_mutex_lock(&chipset->lock);
	while (!chipset->stop) {
		uint64_t next = pit_next_edge(&chipset->pit, last);
		struct timespec until = {
			.tv_sec = (time_t)(next / NS_PER_S), .tv_nsec = (long)(next % NS_PER_S),
		};

		if (next == UINT64_MAX) {
			pthread_cond_wait(&chipset->changed, &chipset->lock);
			continue;
		}
		if (now_ns() < next) {
			pthread_cond_timedwait(&chipset->changed, &chipset->lock, &until);
			continue;
		}
		/* Edges that were missed are one: the guest could not tell. */
		last = now_ns();
		set_input(chipset, 0, false);
		set_input(chipset, 0, true);
	}
	pthread_mutex_unlock(&chipset->lock);
	return NULL;
}

/* ---- ports and addresses; the lock is taken by the range's operations ---- */

static uint32_t read_pic(struct chipset *chipset, unsigned int chip, uint16_t offset)
{
	uint8_t value;

	pthread_mutex_lock(&chipset->lock);
	value = pic_read(&chipset->pic, chip, offset);
	pthread_mutex_unlock(&chipset->lock);
	return value;
}

static void write_pic(struct chipset *chipset, unsigned int chip, uint16_t offset, uint32_t value)
{
	pthread_mutex_lock(&chipset->lock);
	pic_write(&chipset->pic, chip, offset, (uint8_t)value);
	pthread_mutex_unlock(&chipset->lock);
}

static uint32_t read_master(void *device, uint16_t offset, unsigned int width)
{
	(void)width;
	return read_pic(device, 0, offset);
}

static void write_master(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	(void)width;
	write_pic(device, 0, offset, value);
}

static uint32_t read_slave(void *device, uint16_t offset, unsigned int width)
{
	(void)width;
	return read_pic(device, 1, offset);
}

static void write_slave(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	(void)width;
	write_pic(device, 1, offset, value);
}

static uint32_t read_elcr(void *device, uint16_t offset, unsigned int width)
{
	struct chipset *chipset = device;
	uint8_t value;

	(void)width;
	pthread_mutex_lock(&chipset->lock);
	value = pic_read_elcr(&chipset->pic, offset);
	pthread_mutex_unlock(&chipset->lock);
	return value;
}

static void write_elcr(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	struct chipset *chipset = device;

	(void)width;
	pthread_mutex_lock(&chipset->lock);
	pic_write_elcr(&chipset->pic, offset, (uint8_t)value);
	pthread_mutex_unlock(&chipset->lock);
}

static uint32_t read_pit(void *device, uint16_t offset, unsigned int width)
{
	struct chipset *chipset = device;
	uint8_t value;

	(void)width;
	pthread_mutex_lock(&chipset->lock);
	value = pit_read(&chipset->pit, offset);
	pthread_mutex_unlock(&chipset->lock);
	return value;
}

static void write_pit(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	struct chipset *chipset = device;

	(void)width;
	pthread_mutex_lock(&chipset->lock);
	pit_write(&chipset->pit, offset, (uint8_t)value);
	pthread_cond_broadcast(&chipset->changed);
	pthread_mutex_unlock(&chipset->lock);
}

static uint32_t read_gate(void *device, uint16_t offset, unsigned int width)
{
	struct chipset *chipset = device;
	uint8_t value;

	(void)offset;
	(void)width;
	pthread_mutex_lock(&chipset->lock);
	value = pit_read_gate(&chipset->pit);
	pthread_mutex_unlock(&chipset->lock);
	return value;
}

static void write_gate(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	struct chipset *chipset = device;

	(void)offset;
	(void)width;
	pthread_mutex_lock(&chipset->lock);
	pit_write_gate(&chipset->pit, (uint8_t)value);
	pthread_mutex_unlock(&chipset->lock);
}

static uint32_t read_ioapic(void *device, uint16_t offset, unsigned int width)
{
	struct chipset *chipset = device;
	uint32_t value;

	(void)width;
	pthread_mutex_lock(&chipset->lock);
	value = ioapic_read(&chipset->ioapic, offset);
	pthread_mutex_unlock(&chipset->lock);
	return value;
}

static void write_ioapic(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	struct chipset *chipset = device;

	(void)width;
	pthread_mutex_lock(&chipset->lock);
	ioapic_write(&chipset->ioapic, offset, value);
	pthread_mutex_unlock(&chipset->lock);
}

static const struct port_ops master_ops = { .widths = 1, .read = read_master, .write = write_master };
static const struct port_ops slave_ops = { .widths = 1, .read = read_slave, .write = write_slave };
static const struct port_ops elcr_ops = { .widths = 1, .read = read_elcr, .write = write_elcr };
static const struct port_ops pit_ops = { .widths = 1, .read = read_pit, .write = write_pit };
static const struct port_ops gate_ops = { .widths = 1, .read = read_gate, .write = write_gate };
static const struct port_ops ioapic_ops = { .widths = 4, .read = read_ioapic,
					    .write = write_ioapic };

static const struct {
	uint16_t base;
	uint16_t len;
	const struct port_ops *ops;
} chipset_ports[] = {
	{ PIC_MASTER_PORT, 2, &master_ops },
	{ PIC_SLAVE_PORT, 2, &slave_ops },
	{ PIC_ELCR_PORT, 2, &elcr_ops },
	{ PIT_PORT, PIT_PORTS, &pit_ops },
	{ PIT_GATE_PORT, 1, &gate_ops },
};

int chipset_add(struct chipset *chipset, struct ports *ports, struct ports *memory)
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(chipset_ports) / sizeof(chipset_ports[0]); i++)
		err = ports_add(ports, chipset_ports[i].base, chipset_ports[i].len,
				chipset_ports[i].ops, chipset);
	if (!err && chipset->has_apic)
		err = ports_add(memory, IOAPIC_GPA, IOAPIC_BYTES, &ioapic_ops, chipset);
	return err;
}

/* ---- life ---- */

void chipset_init(struct chipset *chipset, bool has_apic)
{
	const struct ioapic_bus bus = { .interrupt = ioapic_output, .context = chipset };
	pthread_condattr_t attributes;

	memset(chipset, 0, sizeof(*chipset));
	chipset->has_apic = has_apic;
	pthread_mutex_init(&chipset->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&chipset->changed, &attributes);
	pthread_condattr_destroy(&attributes);

	chipset->bus.fd = -1;
	chipset->bus.eoi = on_eoi;
	chipset->bus.inta = on_inta;
	chipset->bus.context = chipset;
	ioapic_init(&chipset->ioapic, &bus);
	pic_init(&chipset->pic, pic_output, chipset);
	pit_init(&chipset->pit, now_ns);
}

void chipset_fini(struct chipset *chipset)
{
	chipset_stop(chipset);
	pthread_cond_destroy(&chipset->changed);
	pthread_mutex_destroy(&chipset->lock);
}

int chipset_start(struct chipset *chipset, struct failure *failure)
{
	int err = apic_bus_start(&chipset->bus, failure);

	if (err)
		return err;
	err = pthread_create(&chipset->timer, NULL, timer_main, chipset);
	if (err)
		return failure_set(failure, err, "timer: start thread: %s", strerror(err));
	chipset->timer_started = true;
	return 0;
}

void chipset_stop(struct chipset *chipset)
{
	if (chipset->timer_started) {
		pthread_mutex_lock(&chipset->lock);
		chipset->stop = true;
		pthread_cond_broadcast(&chipset->changed);
		pthread_mutex_unlock(&chipset->lock);
		pthread_join(chipset->timer, NULL);
		chipset->timer_started = false;
	}
	apic_bus_stop(&chipset->bus);
}
