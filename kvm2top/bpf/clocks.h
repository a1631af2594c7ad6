/* SPDX-License-Identifier: GPL-2.0 */
/* How long exits take, and where the time of a vcpu goes. */
#ifndef KVM2TOP_BPF_CLOCKS_H
#define KVM2TOP_BPF_CLOCKS_H

#include "reasons.h"

const volatile uint32_t nr_slots = 4096;
uint32_t used_slots;			/* the first one is none */
uint64_t slots_full;			/* exits without a slot */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, uint32_t);
	__type(value, struct shared_clock);
} clocks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4096);
	__type(key, uint32_t);
	__type(value, struct shared_slot);
} slots SEC(".maps");

static __always_inline uint32_t hist_index(uint64_t ns)
{
	uint32_t log = 0;
	uint64_t rest = ns;
	uint32_t index;

	if (rest >> 32) { log += 32; rest >>= 32; }
	if (rest >> 16) { log += 16; rest >>= 16; }
	if (rest >> 8) { log += 8; rest >>= 8; }
	if (rest >> 4) { log += 4; rest >>= 4; }
	if (rest >> 2) { log += 2; rest >>= 2; }
	if (rest >> 1)
		log++;
	if (log < SHARED_HIST_FIRST)
		return 0;
	index = (log - SHARED_HIST_FIRST) * SHARED_HIST_STEPS +
		((ns >> (log - 2)) & (SHARED_HIST_STEPS - 1));
	return index < SHARED_HIST ? index : SHARED_HIST - 1;
}

/* The time since the last change of phase, and the phase after it. */
static __always_inline void change_phase(struct shared_clock *clock, uint64_t now,
					 uint32_t phase)
{
	uint32_t old = BOUND(clock->phase, 8);

	if (clock->since_ns && old < NR_PHASES) {
		uint64_t spent = now - clock->since_ns;

		clock->total_ns[old] += spent;
		clock->part_ns[old] += spent;
	}
	clock->since_ns = now;
	clock->phase = phase;
}

static __always_inline struct shared_clock *clock_at(uint32_t number)
{
	return bpf_map_lookup_elem(&clocks, &number);
}

static __always_inline void begin_exit(uint32_t number, uint32_t code)
{
	struct shared_clock *clock = clock_at(number);
	uint64_t now = bpf_ktime_get_ns();

	if (!clock)
		return;
	change_phase(clock, now, PHASE_KERNEL);
	for (int i = 0; i < NR_PHASES; i++)
		clock->part_ns[i] = 0;
	clock->exit_ns = now;
	clock->reason = dense_reason(code);
}

static __always_inline struct shared_slot *slot_of(struct shared_clock *clock)
{
	uint32_t reason = BOUND(clock->reason, SHARED_REASONS);
	uint32_t number = clock->slots[reason];

	if (!number) {
		if (used_slots >= nr_slots) {
			__sync_fetch_and_add(&slots_full, 1);
			return NULL;
		}
		number = __sync_fetch_and_add(&used_slots, 1) + 1;
		if (number >= nr_slots || number > 0xffff) {
			__sync_fetch_and_add(&slots_full, 1);
			return NULL;
		}
		clock->slots[reason] = number;
	}
	return bpf_map_lookup_elem(&slots, &number);
}

static __always_inline void end_exit(uint32_t number)
{
	struct shared_clock *clock = clock_at(number);
	uint64_t now = bpf_ktime_get_ns();
	struct shared_slot *slot;
	uint64_t took;
	uint32_t index;

	if (!clock)
		return;
	change_phase(clock, now, PHASE_GUEST);
	if (!clock->exit_ns)
		return;
	took = now - clock->exit_ns;
	clock->exit_ns = 0;
	slot = slot_of(clock);
	if (!slot)
		return;
	slot->count++;
	slot->total_ns += took;
	if (took > slot->max_ns)
		slot->max_ns = took;
	for (int i = 0; i < NR_PHASES; i++)
		slot->part_ns[i] += clock->part_ns[i];
	index = BOUND(hist_index(took), 128);
	if (index < SHARED_HIST)
		slot->hist[index]++;
}

#endif /* KVM2TOP_BPF_CLOCKS_H */
