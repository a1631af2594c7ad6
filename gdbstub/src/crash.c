// SPDX-License-Identifier: GPL-2.0
/* Exits that few guests survive, and what gdb is told of them. */
#include "crash.h"

#include <stddef.h>

#include <linux/kvm.h>

#include <kvm2/kvm2.h>

struct crash {
	uint32_t kvm2;
	uint32_t classic;
	const char *text;
};

static const struct crash crashes[] = {
	{ KVM2_EXIT_SHUTDOWN, KVM_EXIT_SHUTDOWN, "the guest has shut down, of a triple fault (KVM on AMD processors resets the vcpu then)" },
	{ KVM2_EXIT_FAIL_ENTRY, KVM_EXIT_FAIL_ENTRY, "the processor refuses to enter the guest with this state" },
	{ KVM2_EXIT_INTERNAL_ERROR, KVM_EXIT_INTERNAL_ERROR, "KVM cannot go on with the guest (internal error)" },
};

/* Return: true. */
static bool take(const struct crash *crash, uint32_t suberror, struct target_event *event)
{
	event->kind = TARGET_CRASHED;
	event->text = crash->text;
	event->is_emulation = crash->kvm2 == KVM2_EXIT_INTERNAL_ERROR && suberror == KVM_INTERNAL_ERROR_EMULATION;
	if (event->is_emulation)
		event->text = "KVM cannot emulate the guest's instruction (internal error)";
	return true;
}

bool crash_of_kvm2(uint32_t reason, uint32_t suberror, struct target_event *event)
{
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		if (crashes[i].kvm2 == reason)
			return take(&crashes[i], suberror, event);
	return false;
}

bool crash_of_classic(uint32_t reason, uint32_t suberror, struct target_event *event)
{
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		if (crashes[i].classic == reason)
			return take(&crashes[i], suberror, event);
	return false;
}
