// SPDX-License-Identifier: GPL-2.0
// The 8259A (Intel, 231468-003): two of them, the second on input 2 of the first.
#include "pic.h"

#include <string.h>

#define CASCADE		2
#define SPURIOUS	7

#define ICW1		0x10
#define ICW1_SINGLE	0x02
#define ICW1_NEED_ICW4	0x01
#define ICW4_AUTO_EOI	0x02

#define OCW3		0x08
#define OCW3_POLL	0x04
#define OCW3_READ	0x02
#define OCW3_READ_ISR	0x01
#define OCW3_SET_MASK	0x40
#define OCW3_MASK	0x20

#define POLL_PENDING	0x80

/* OCW2, bits 5 to 7 */
#define EOI_COMMAND	0x1
#define EOI_SPECIFIC	0x2
#define EOI_ROTATE	0x4

/* Inputs that are level triggered for good: timer, keyboard, cascade, clock, FPU are not. */
static const uint8_t elcr_writable[2] = { 0xf8, 0xde };

static void reset(struct pic_chip *chip)
{
	uint8_t level = chip->level;
	uint8_t elcr = chip->elcr;

	memset(chip, 0, sizeof(*chip));
	chip->level = level;
	chip->elcr = elcr;
	chip->irr = level & elcr;
	chip->lowest = 7;
}

/* How far an input is from the highest priority; 8 for none in @inputs. */
static unsigned int priority(const struct pic_chip *chip, uint8_t inputs)
{
	for (unsigned int i = 0; i < 8; i++)
		if (inputs & 1U << ((chip->lowest + 1 + i) & 7))
			return i;
	return 8;
}

/* Return: the input to be served now, or -1. */
static int pending(const struct pic_chip *chip, bool is_master)
{
	unsigned int wanted = priority(chip, chip->irr & (uint8_t)~chip->imr);
	uint8_t serving = chip->isr;

	if (chip->special_mask)
		serving &= (uint8_t)~chip->imr;
	/* The slave may have an input of a higher priority than it serves. */
	if (is_master && wanted < 8 && ((chip->lowest + 1 + wanted) & 7) == CASCADE)
		serving &= (uint8_t)~(1U << CASCADE);
	if (wanted == 8 || wanted >= priority(chip, serving))
		return -1;
	return (int)((chip->lowest + 1 + wanted) & 7);
}

static void set_input(struct pic_chip *chip, unsigned int input, bool high)
{
	uint8_t bit = (uint8_t)(1U << input);

	if (chip->elcr & bit)
		chip->irr = high ? chip->irr | bit : chip->irr & (uint8_t)~bit;
	else if (high && !(chip->level & bit))
		chip->irr |= bit;
	else if (!high)
		chip->irr &= (uint8_t)~bit;
	chip->level = high ? chip->level | bit : chip->level & (uint8_t)~bit;
}

static void update(struct pic *pic)
{
	bool high;

	set_input(&pic->chips[0], CASCADE, pending(&pic->chips[1], false) >= 0);
	high = pending(&pic->chips[0], true) >= 0;
	if (high == pic->high)
		return;
	pic->high = high;
	pic->output(pic->context, high);
}

void pic_init(struct pic *pic, void (*output)(void *context, bool high), void *context)
{
	memset(pic, 0, sizeof(*pic));
	pic->output = output;
	pic->context = context;
	for (unsigned int i = 0; i < 2; i++) {
		reset(&pic->chips[i]);
		pic->chips[i].imr = 0xff;
	}
}

void pic_set(struct pic *pic, unsigned int input, bool high)
{
	set_input(&pic->chips[input / 8], input % 8, high);
	update(pic);
}

static void serve(struct pic_chip *chip, unsigned int input)
{
	uint8_t bit = (uint8_t)(1U << input);

	if (chip->auto_eoi) {
		if (chip->rotate_auto)
			chip->lowest = (uint8_t)input;
	} else {
		chip->isr |= bit;
	}
	if (!(chip->elcr & bit))
		chip->irr &= (uint8_t)~bit;
}

uint8_t pic_acknowledge(struct pic *pic)
{
	struct pic_chip *master = &pic->chips[0];
	struct pic_chip *slave = &pic->chips[1];
	int input = pending(master, true);
	uint8_t vector;

	if (input < 0)
		return master->base | SPURIOUS;
	if (input == CASCADE) {
		int second = pending(slave, false);

		serve(master, CASCADE);
		vector = (uint8_t)(slave->base + (second < 0 ? SPURIOUS : second));
		if (second >= 0)
			serve(slave, (unsigned int)second);
	} else {
		vector = (uint8_t)(master->base + input);
		serve(master, (unsigned int)input);
	}
	update(pic);
	return vector;
}

/* ---- ports ---- */

static void end_of_interrupt(struct pic_chip *chip, uint8_t value)
{
	unsigned int command = value >> 5;
	unsigned int first = priority(chip, chip->isr);
	unsigned int input = command & EOI_SPECIFIC ? value & 7U : (chip->lowest + 1 + first) & 7;

	if (command == EOI_ROTATE || command == 0) {
		chip->rotate_auto = command == EOI_ROTATE;
		return;
	}
	if (command == (EOI_ROTATE | EOI_SPECIFIC)) {	/* set priority */
		chip->lowest = (uint8_t)input;
		return;
	}
	if (!(command & EOI_COMMAND) || (!(command & EOI_SPECIFIC) && first == 8))
		return;
	chip->isr &= (uint8_t)~(1U << input);
	if (command & EOI_ROTATE)
		chip->lowest = (uint8_t)input;
}

static void write_command(struct pic_chip *chip, uint8_t value)
{
	if (value & ICW1) {
		reset(chip);
		chip->init_step = 2;
		chip->need_icw4 = value & ICW1_NEED_ICW4;
	} else if (value & OCW3) {
		if (value & OCW3_POLL)
			chip->poll = true;
		if (value & OCW3_READ)
			chip->read_isr = value & OCW3_READ_ISR;
		if (value & OCW3_SET_MASK)
			chip->special_mask = value & OCW3_MASK;
	} else {
		end_of_interrupt(chip, value);
	}
}

static void write_data(struct pic_chip *chip, uint8_t value)
{
	switch (chip->init_step) {
	case 0:
		chip->imr = value;
		return;
	case 2:
		chip->base = value & 0xf8;
		chip->init_step = 3;
		return;
	case 3:
		chip->init_step = chip->need_icw4 ? 4 : 0;
		return;
	case 4:
		chip->auto_eoi = value & ICW4_AUTO_EOI;
		chip->init_step = 0;
		return;
	}
}

void pic_write(struct pic *pic, unsigned int chip, unsigned int offset, uint8_t value)
{
	if (offset)
		write_data(&pic->chips[chip], value);
	else
		write_command(&pic->chips[chip], value);
	update(pic);
}

uint8_t pic_read(struct pic *pic, unsigned int chip, unsigned int offset)
{
	struct pic_chip *c = &pic->chips[chip];

	if (c->poll) {
		int input = pending(c, chip == 0);

		c->poll = false;
		if (input < 0)
			return 0;
		serve(c, (unsigned int)input);
		update(pic);
		return (uint8_t)(POLL_PENDING | input);
	}
	if (offset)
		return c->imr;
	return c->read_isr ? c->isr : c->irr;
}

uint8_t pic_read_elcr(const struct pic *pic, unsigned int chip)
{
	return pic->chips[chip].elcr;
}

void pic_write_elcr(struct pic *pic, unsigned int chip, uint8_t value)
{
	pic->chips[chip].elcr = value & elcr_writable[chip];
	update(pic);
}
