// SPDX-License-Identifier: GPL-2.0
/* Values of registers that gdb was told. */
#include "told.h"

#include <string.h>

bool told_has(const struct told *told, const void *whose, unsigned int index, const uint8_t *value,
	      size_t size)
{
	for (unsigned int i = 0; i < TOLD_MAX && size <= TOLD_BYTES; i++)
		if (told->values[i].whose == whose && told->values[i].index == index &&
		    !memcmp(told->values[i].value, value, size))
			return true;
	return false;
}

void told_add(struct told *told, const void *whose, unsigned int index, const uint8_t *value,
	      size_t size)
{
	if (size > TOLD_BYTES || told_has(told, whose, index, value, size))
		return;
	told->values[told->next].whose = whose;
	told->values[told->next].index = index;
	memcpy(told->values[told->next].value, value, size);
	told->next = (told->next + 1) % TOLD_MAX;
}
