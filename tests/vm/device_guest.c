// SPDX-License-Identifier: GPL-2.0
// A guest that makes one access to a device after the other.
#include "device_guest.h"

#include <errno.h>
#include <string.h>

#include "guest.h"

extern const uint8_t device_code[];
extern const uint8_t device_code_end[];

static uint8_t *orders;

int device_guest_start(uint8_t *ram)
{
	uint64_t rip = DEVICE_CODE;
	int r;

	memcpy(ram + DEVICE_CODE, device_code, (size_t)(device_code_end - device_code));
	orders = ram + DEVICE_ORDER;
	r = guest_start(guest_halt, 0);
	return r ? r : guest_set(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip, sizeof(rip));
}

/* Return: the access has been made; false: the exit is the access. */
static bool is_end(const struct kvm2_run *run)
{
	return run->exit_reason == KVM2_EXIT_IO && run->io.port == GUEST_PORT_END;
}

int device_guest_access(struct kvm2_run *run, const struct device_order *order, uint32_t answer,
			uint32_t *result)
{
	int exits = 0;
	int r;

	memcpy(orders, order, sizeof(*order));
	for (;;) {
		r = guest_enter(run);
		if (r)
			return r;
		if (is_end(run))
			break;
		exits++;
		if (run->exit_reason == KVM2_EXIT_IO && run->io.direction == KVM2_IO_IN)
			memcpy(run->io.data, &answer, run->io.size);
		else if (run->exit_reason == KVM2_EXIT_MMIO && !run->mmio.is_write)
			memcpy(run->mmio.data, &answer, run->mmio.len);
		else if (run->exit_reason != KVM2_EXIT_IO && run->exit_reason != KVM2_EXIT_MMIO)
			return -EPROTO;
	}
	memcpy(result, run->io.data, sizeof(*result));
	return exits;
}
