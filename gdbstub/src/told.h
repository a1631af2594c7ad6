/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Values of registers that gdb was told. After a call of the guest's functions
 * it writes back all registers, whatever target.xml says of them; of those that
 * cannot be written, or that go on by themselves, that is for nobody.
 */
#ifndef TOLD_H
#define TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOLD_MAX	128
#define TOLD_BYTES	32

/**
 * struct told - the newest
 * @next: where the next one goes
 */
struct told {
	struct {
		const void *whose;
		unsigned int index;
		uint8_t value[TOLD_BYTES];
	} values[TOLD_MAX];
	unsigned int next;
};

/* @whose: the VM; longer values are not kept */
void told_add(struct told *told, const void *whose, unsigned int index, const uint8_t *value,
	      size_t size);
bool told_has(const struct told *told, const void *whose, unsigned int index, const uint8_t *value,
	      size_t size);

#endif
