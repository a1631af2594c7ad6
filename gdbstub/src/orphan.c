// SPDX-License-Identifier: GPL-2.0
/*
 * A debug event that its debugger did not live to deal with: the guest's part.
 *
 * What was gdb's is for nobody. What the guest has asked for by its own debug
 * registers or trap flag it is to have: a trap comes after the instruction, which
 * is not made again. Breakpoints are met again by themselves, as they come before.
 */
#include "orphan.h"

#include <stdbool.h>

#include "x86.h"

#define DR7_EXECUTE	0

static bool is_enabled(uint64_t dr7, unsigned int slot)
{
	return dr7 & 3ULL << slot * 2;
}

/* Type and length. */
static uint64_t kind(uint64_t dr7, unsigned int slot)
{
	return dr7 >> (16 + slot * 4) & 0xf;
}

static bool is_trap(uint64_t dr7, unsigned int slot)
{
	return is_enabled(dr7, slot) && (kind(dr7, slot) & 3) != DR7_EXECUTE;
}

static bool has_any(uint64_t dr7)
{
	return dr7 & 0xff;
}

/* Where they are put beside gdb's is known by what they are. One of gdb's that is the same is met with it. */
static bool is_same(const struct target_debug *set, unsigned int slot, uint64_t own, uint64_t own_dr7, unsigned int index)
{
	return is_enabled(set->dr7, slot) && set->address[slot] == own &&
	       kind(set->dr7, slot) == kind(own_dr7, index);
}

uint64_t orphan_dr6(const struct target_debug *set, const struct kvm2_debug_event *event,
		    const uint64_t own[static TARGET_SLOTS], uint64_t own_dr7)
{
	/* Whoever steps takes the trap flag for his. */
	uint64_t dr6 = event->dr6 & ~(uint64_t)(set->step ? DR6_HITS | DR6_STEP : DR6_HITS);
	uint64_t hits = 0;

	if (event->exception != VECTOR_DB)
		return 0;
	for (unsigned int i = 0; i < TARGET_SLOTS; i++) {
		if (!is_trap(own_dr7, i))
			continue;
		for (unsigned int slot = 0; slot < TARGET_SLOTS; slot++)
			if (event->dr6 & 1ULL << slot &&
			    (has_any(set->dr7) ? is_same(set, slot, own[i], own_dr7, i) : slot == i))
				hits |= 1ULL << i;
	}
	return hits || dr6 & DR6_STEP ? dr6 | hits : 0;
}
