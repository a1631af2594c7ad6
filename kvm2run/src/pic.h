/* SPDX-License-Identifier: GPL-2.0 */
/* The two 8259A interrupt controllers of a PC. Their owner has the lock. */
#ifndef KVM2RUN_PIC_H
#define KVM2RUN_PIC_H

#include <stdbool.h>
#include <stdint.h>

#define PIC_MASTER_PORT	0x20
#define PIC_SLAVE_PORT	0xa0
#define PIC_ELCR_PORT	0x4d0	/* which inputs are level triggered */
#define PIC_INPUTS	16

/* One controller of 8 inputs; a bit each. */
struct pic_chip {
	uint8_t level;		/* of the inputs */
	uint8_t irr;
	uint8_t isr;
	uint8_t imr;
	uint8_t elcr;
	uint8_t base;		/* vector of input 0 */
	uint8_t init_step;	/* the ICW that comes next, 0 for none */
	uint8_t lowest;		/* input of the lowest priority */
	bool need_icw4;
	bool auto_eoi;
	bool rotate_auto;
	bool special_mask;
	bool read_isr;
	bool poll;
};

struct pic {
	struct pic_chip chips[2];
	void (*output)(void *context, bool high);
	void *context;
	bool high;
};

void pic_init(struct pic *pic, void (*output)(void *context, bool high), void *context);
void pic_set(struct pic *pic, unsigned int input, bool high);

/* The processor acknowledges. Return: the vector; spurious if there is none. */
uint8_t pic_acknowledge(struct pic *pic);

/* @chip: 0 master, 1 slave; @offset: 0 or 1 */
uint8_t pic_read(struct pic *pic, unsigned int chip, unsigned int offset);
void pic_write(struct pic *pic, unsigned int chip, unsigned int offset, uint8_t value);
uint8_t pic_read_elcr(const struct pic *pic, unsigned int chip);
void pic_write_elcr(struct pic *pic, unsigned int chip, uint8_t value);

#endif
