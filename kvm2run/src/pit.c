// SPDX-License-Identifier: GPL-2.0
// The 8254 (Intel, 231164-005). What a counter holds follows from when it was started.
#include "pit.h"

#define NS_PER_S	1000000000ULL

#define CONTROL		3	/* offset of the control word */
#define READ_BACK	3	/* counter in the control word */
#define READ_NO_COUNT	0x20
#define READ_NO_STATUS	0x10

#define STATUS_OUTPUT	0x80
#define STATUS_NULL	0x40

#define GATE_ENABLE	0x01
#define GATE_SPEAKER	0x02
#define GATE_REFRESH	0x10
#define GATE_OUTPUT	0x20

void pit_init(struct pit *pit)
{
	*pit = (struct pit){ 0 };
	for (unsigned int i = 0; i < 3; i++) {
		pit->counters[i].reload = 0x10000;
		pit->counters[i].access = 3;
		pit->counters[i].mode = 3;
		pit->counters[i].gate = i != 2;
	}
}

/* Seconds apart from the rest, so that no product is too large. */
static uint64_t ticks_of(uint64_t ns)
{
	return ns / NS_PER_S * PIT_HZ + ns % NS_PER_S * PIT_HZ / NS_PER_S;
}

/* The first nanosecond of a tick. */
static uint64_t ns_of(uint64_t ticks)
{
	return ticks / PIT_HZ * NS_PER_S + (ticks % PIT_HZ * NS_PER_S + PIT_HZ - 1) / PIT_HZ;
}

static uint64_t ticks_since(const struct pit *pit, const struct pit_counter *c)
{
	return ticks_of(pit->now_ns - c->start_ns);
}

static bool is_periodic(const struct pit_counter *c)
{
	return c->mode == 2 || c->mode == 3;
}

static bool output_at(const struct pit_counter *c, uint64_t ticks)
{
	uint32_t n = c->reload;

	if (!c->armed)
		return c->mode != 0;
	switch (c->mode) {
	case 2:
		return !c->gate || ticks % n != n - 1;
	case 3:
		return !c->gate || ticks % n < (n + 1) / 2;
	case 4:
	case 5:
		return ticks != n;
	default:
		return ticks >= n;
	}
}

bool pit_output(const struct pit *pit, unsigned int counter)
{
	const struct pit_counter *c = &pit->counters[counter];

	return output_at(c, c->armed ? ticks_since(pit, c) : 0);
}

static uint16_t to_bcd(uint32_t value)
{
	return (uint16_t)(value % 10 | value / 10 % 10 << 4 | value / 100 % 10 << 8 |
			  value / 1000 % 10 << 12);
}

static uint32_t from_bcd(uint16_t value)
{
	return (value & 0xfU) + (value >> 4 & 0xfU) * 10 + (value >> 8 & 0xfU) * 100 +
	       (value >> 12 & 0xfU) * 1000;
}

static uint16_t count(const struct pit *pit, const struct pit_counter *c)
{
	uint64_t ticks = c->armed ? ticks_since(pit, c) : 0;
	uint32_t n = c->reload;
	uint32_t value;

	if (c->mode == 3)
		value = n - (uint32_t)(2 * ticks % n);
	else if (c->mode == 2)
		value = n - (uint32_t)(ticks % n);
	else
		value = (uint32_t)(n - ticks) & 0xffff;
	return c->bcd ? to_bcd(value % 10000) : (uint16_t)value;
}

static void latch_count(const struct pit *pit, struct pit_counter *c)
{
	if (c->latched)
		return;
	c->latch = count(pit, c);
	c->latched = true;
}

static void latch_status(const struct pit *pit, unsigned int counter)
{
	struct pit_counter *c = (struct pit_counter *)&pit->counters[counter];

	if (c->status_latched)
		return;
	c->status = (uint8_t)((pit_output(pit, counter) ? STATUS_OUTPUT : 0) |
			      (c->armed ? 0 : STATUS_NULL) | c->access << 4 | c->mode << 1 |
			      (c->bcd ? 1 : 0));
	c->status_latched = true;
}

static void write_control(struct pit *pit, uint8_t value)
{
	unsigned int counter = value >> 6;
	struct pit_counter *c;

	if (counter == READ_BACK) {
		for (unsigned int i = 0; i < 3; i++) {
			if (!(value & 2U << i))
				continue;
			if (!(value & READ_NO_COUNT))
				latch_count(pit, &pit->counters[i]);
			if (!(value & READ_NO_STATUS))
				latch_status(pit, i);
		}
		return;
	}
	c = &pit->counters[counter];
	if (!(value & 0x30)) {
		latch_count(pit, c);
		return;
	}
	c->access = value >> 4 & 3;
	c->mode = value >> 1 & 7;
	if (c->mode > 5)
		c->mode &= 3;	/* x10 is mode 2, x11 mode 3 */
	c->bcd = value & 1;
	c->armed = false;
	c->write_high = c->read_high = c->access == 2;
	c->latched = c->status_latched = false;
}

static void load(struct pit *pit, struct pit_counter *c, uint16_t value)
{
	uint32_t n = c->bcd ? from_bcd(value) : value;

	c->reload = n ? n : c->bcd ? 10000 : 0x10000;
	/* A periodic counter that runs takes it up at its end: soon enough. */
	c->start_ns = pit->now_ns;
	c->armed = true;
}

void pit_write(struct pit *pit, unsigned int offset, uint8_t value)
{
	struct pit_counter *c = &pit->counters[offset];

	if (offset == CONTROL) {
		write_control(pit, value);
		return;
	}
	switch (c->access) {
	case 1:
		load(pit, c, value);
		break;
	case 2:
		load(pit, c, (uint16_t)(value << 8));
		break;
	default:
		if (c->write_high)
			load(pit, c, (uint16_t)(c->written_low | value << 8));
		c->written_low = value;
		c->write_high = !c->write_high;
		/* In mode 0 the first byte stops the count. */
		if (c->write_high && c->mode == 0)
			c->armed = false;
		break;
	}
}

uint8_t pit_read(struct pit *pit, unsigned int offset)
{
	struct pit_counter *c = &pit->counters[offset];
	uint16_t value;
	bool high;

	if (offset == CONTROL)
		return 0xff;
	if (c->status_latched) {
		c->status_latched = false;
		return c->status;
	}
	high = c->access == 2 || (c->access == 3 && c->read_high);
	value = c->latched ? c->latch : count(pit, c);
	if (c->access == 3)
		c->read_high = !c->read_high;
	if (c->access != 3 || high)
		c->latched = false;
	return (uint8_t)(high ? value >> 8 : value);
}

uint8_t pit_read_gate(const struct pit *pit)
{
	/* The refresh bit toggles every 15 microseconds. */
	return (uint8_t)((pit->counters[2].gate ? GATE_ENABLE : 0) |
			 (pit->now_ns / 15000 & 1 ? GATE_REFRESH : 0) |
			 (pit_output(pit, 2) ? GATE_OUTPUT : 0));
}

void pit_write_gate(struct pit *pit, uint8_t value)
{
	struct pit_counter *c = &pit->counters[2];
	bool gate = value & GATE_ENABLE;

	/* Its rise starts the counter again, but in modes 0 and 4. */
	if (gate && !c->gate && c->mode != 0 && c->mode != 4)
		c->start_ns = pit->now_ns;
	c->gate = gate;
}

uint64_t pit_next_edge(const struct pit *pit, uint64_t after_ns)
{
	const struct pit_counter *c = &pit->counters[0];
	uint64_t n = c->reload;
	uint64_t ticks;

	if (!c->armed)
		return UINT64_MAX;
	if (is_periodic(c)) {
		ticks = after_ns <= c->start_ns ? 0 : ticks_of(after_ns - c->start_ns);
		ticks = (ticks / n + 1) * n;
	} else {
		/* Mode 4 strobes low for one tick; it rises after it. */
		ticks = n + (c->mode >= 4);
	}
	return c->start_ns + ns_of(ticks) > after_ns ? c->start_ns + ns_of(ticks) : UINT64_MAX;
}
