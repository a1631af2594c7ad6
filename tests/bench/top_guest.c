// SPDX-License-Identifier: GPL-2.0
/* A guest that executes CPUID. */
#include "top_guest.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "classic.h"

/* mov si, CPUIDS; cpuid; dec si; jnz cpuid; out 0x10, al; jmp to the first */
static const uint8_t program[] = {
	0xbe, TOP_GUEST_CPUIDS, 0, 0x0f, 0xa2, 0x4e, 0x75, 0xfb, 0xe6, 0x10, 0xeb, 0xf4,
};

static struct classic classic;

int top_guest_setup(void)
{
	static const struct guest_start start = { .mode = GUEST_REAL, .program = guest_real };
	static bool done;
	uint8_t *ram;
	int r;

	if (done)
		return 0;
	ram = guest_load();
	if (!ram)
		return -ENOMEM;
	memcpy(ram + guest_rip(guest_real), program, sizeof(program));
	r = classic_create(&classic, CLASSIC_NONE);
	if (!r)
		r = classic_map(&classic, 0, 0, GUEST_RAM, ram);
	if (!r)
		r = classic_start(&classic, &start);
	done = !r;
	return r;
}

int top_guest_round(void *unused)
{
	(void)unused;
	return classic_exit(&classic);
}
