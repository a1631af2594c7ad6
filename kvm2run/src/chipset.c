// SPDX-License-Identifier: GPL-2.0
// The chipset: one lock, a thread for the timer, a thread for the bus.
#include "chipset.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

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

/* Wait until @until, or until something has changed. UINT64_MAX: for that alone. */
static void wait_timer(const struct chipset *chipset, uint64_t until)
{
	struct pollfd changed = { .fd = chipset->changed_fd, .events = POLLIN };
	uint64_t now = now_ns();
	uint64_t ns = until > now ? until - now : 0;
	struct timespec timeout = {
		.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S),
	};
	eventfd_t value;

	if (ppoll(&changed, 1, until == UINT64_MAX ? NULL : &timeout, NULL) > 0)
		eventfd_read(chipset->changed_fd, &value);
}

static void *timer_main(void *argument)
{
	struct chipset *chipset = argument;
	uint64_t last = now_ns();

	prctl(PR_SET_NAME, "timer");
	pthread_mutex_lock(&chipset->lock);
	while (!chipset->stop) {
		uint64_t next = pit_next_edge(chipset->pit, last);

		if (now_ns() < next) {
			pthread_mutex_unlock(&chipset->lock);
			wait_timer(chipset, next);
			pthread_mutex_lock(&chipset->lock);
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

/* The next edge of its output may be another one. */
static void timer_changed(const struct chipset *chipset)
{
	eventfd_write(chipset->changed_fd, 1);
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

static struct pit *set_clock(struct chipset *chipset)
{
	chipset->pit->now_ns = now_ns();
	return chipset->pit;
}

static uint32_t read_pit(void *device, uint16_t offset, unsigned int width)
{
	struct chipset *chipset = device;
	uint8_t value;

	(void)width;
	pthread_mutex_lock(&chipset->lock);
	value = pit_read(set_clock(chipset), offset);
	pthread_mutex_unlock(&chipset->lock);
	return value;
}

static void write_pit(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	struct chipset *chipset = device;

	(void)width;
	pthread_mutex_lock(&chipset->lock);
	pit_write(set_clock(chipset), offset, (uint8_t)value);
	pthread_mutex_unlock(&chipset->lock);
	timer_changed(chipset);
}

static uint32_t read_gate(void *device, uint16_t offset, unsigned int width)
{
	struct chipset *chipset = device;
	uint8_t value;

	(void)offset;
	(void)width;
	pthread_mutex_lock(&chipset->lock);
	value = pit_read_gate(set_clock(chipset));
	pthread_mutex_unlock(&chipset->lock);
	return value;
}

static void write_gate(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	struct chipset *chipset = device;

	(void)offset;
	(void)width;
	pthread_mutex_lock(&chipset->lock);
	pit_write_gate(set_clock(chipset), (uint8_t)value);
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

	memset(chipset, 0, sizeof(*chipset));
	chipset->has_apic = has_apic;
	pthread_mutex_init(&chipset->lock, NULL);
	chipset->changed_fd = -1;

	chipset->bus.fd = -1;
	chipset->bus.eoi = on_eoi;
	chipset->bus.inta = on_inta;
	chipset->bus.context = chipset;
	ioapic_init(&chipset->ioapic, &bus);
	pic_init(&chipset->pic, pic_output, chipset);
	pit_init(&chipset->own_pit);
	chipset->pit = &chipset->own_pit;
}

void chipset_fini(struct chipset *chipset)
{
	chipset_stop(chipset);
	bpf_pit_fini(&chipset->bpf);
	if (chipset->changed_fd >= 0)
		close(chipset->changed_fd);
	pthread_mutex_destroy(&chipset->lock);
}

static int open_changed(struct chipset *chipset, struct failure *failure)
{
	if (chipset->changed_fd < 0)
		chipset->changed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return chipset->changed_fd < 0 ?
	       failure_set(failure, errno, "timer: eventfd: %s", strerror(errno)) : 0;
}

int chipset_load_bpf(struct chipset *chipset, struct failure *failure)
{
	int err = open_changed(chipset, failure);

	if (!err)
		err = bpf_pit_load(&chipset->bpf, chipset->changed_fd, failure);
	if (err)
		return err;
	chipset->pit = bpf_pit_state(&chipset->bpf);
	pit_init(chipset->pit);
	return 0;
}

int chipset_start(struct chipset *chipset, struct failure *failure)
{
	int err = open_changed(chipset, failure);

	if (!err)
		err = apic_bus_start(&chipset->bus, failure);
	if (!err && chipset->pit != &chipset->own_pit)
		err = bpf_pit_attach(&chipset->bpf, failure);
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
		pthread_mutex_unlock(&chipset->lock);
		timer_changed(chipset);
		pthread_join(chipset->timer, NULL);
		chipset->timer_started = false;
	}
	apic_bus_stop(&chipset->bus);
}
