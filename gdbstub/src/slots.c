// SPDX-License-Identifier: GPL-2.0
/*
 * Debug registers: which of gdb's breakpoints are in which, and the guest's own
 * beside them.
 *
 * While gdb has any in use KVM heeds none of the guest's. So those that the
 * guest has enabled are put into the ones that gdb leaves free, of each vcpu its
 * own, and a hit of them is given to the guest as if of the register that it
 * wrote. Where that is not room enough gdb's make way, if something else serves
 * them: an int3, or the protection of pages.
 */
#include "vm.h"

#include <errno.h>
#include <string.h>

#include <kvm2/kvm2.h>

#include "x86.h"

#define DR7_EXECUTE	0
#define DR7_WRITE	1
#define DR7_ACCESS	3
#define DR7_EXACT	0x300

/* The guest's own are read again after so many steps and stops that gdb does not hear of. */
#define OWN_AGE_MAX	16

static bool is_enabled(uint64_t dr7, unsigned int slot)
{
	return dr7 & 3ULL << slot * 2;
}

/* The type and length of one, as four bits. */
static uint64_t kind(uint64_t dr7, unsigned int slot)
{
	return dr7 >> (16 + slot * 4) & 0xf;
}

static bool is_execute(uint64_t dr7, unsigned int slot)
{
	return (kind(dr7, slot) & 3) == DR7_EXECUTE;
}

static unsigned int count(unsigned int slots)
{
	return (unsigned int)__builtin_popcount(slots);
}

/* ---- gdb's ---- */

static unsigned int slots_in_use(const struct vm *vm)
{
	unsigned int slots = 0;

	for (unsigned int i = 0; i < vm->nr_breakpoints; i++)
		slots |= vm->breakpoints[i]->slots;
	return slots;
}

/* The longest aligned piece that begins at @address: 1, 2, 4 or 8. */
static unsigned int piece(uint64_t address, uint64_t size)
{
	unsigned int bytes = 8;

	while (bytes > 1 && (address % bytes || size < bytes))
		bytes /= 2;
	return bytes;
}

static unsigned int pieces(uint64_t address, uint64_t size)
{
	unsigned int found = 0;

	while (size && found <= TARGET_SLOTS) {
		unsigned int bytes = piece(address, size);

		address += bytes;
		size -= bytes;
		found++;
	}
	return found;
}

int slots_take_free(struct vm *vm, struct breakpoint *breakpoint)
{
	unsigned int wanted = breakpoint_is_execute(breakpoint) ? 1 :
			      pieces(breakpoint->address, breakpoint->size);
	unsigned int used = slots_in_use(vm);
	unsigned int slots = 0;

	for (unsigned int i = 0; i < TARGET_SLOTS && wanted; i++) {
		if (!(used & 1U << i)) {
			slots |= 1U << i;
			wanted--;
		}
	}
	if (wanted)
		return -ENOSPC;
	breakpoint->slots = slots;
	return 0;
}

/* One that is in a debug register by choice makes room. Return: there was one. */
static bool give_up_choice(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++)
		if (vm->breakpoints[i]->by_choice && !breakpoint_leave_slots(vm, vm->breakpoints[i]))
			return true;
	return false;
}

int slots_take(struct vm *vm, struct breakpoint *breakpoint)
{
	int err = slots_take_free(vm, breakpoint);

	while (err && give_up_choice(vm))
		err = slots_take_free(vm, breakpoint);
	return err;
}

/* DR7's bits for the length of a piece. */
static uint64_t length_bits(unsigned int bytes)
{
	return bytes == 8 ? 2 : bytes - 1;
}

static void add_slots(const struct breakpoint *breakpoint, struct target_debug *debug)
{
	uint64_t address = breakpoint->address;
	uint64_t left = breakpoint->size;

	for (unsigned int i = 0; i < TARGET_SLOTS; i++) {
		unsigned int bytes = 1;
		uint64_t type = DR7_EXECUTE;

		if (!(breakpoint->slots & 1U << i))
			continue;
		if (!breakpoint_is_execute(breakpoint)) {
			bytes = piece(address, left);
			type = breakpoint->type == BREAKPOINT_WRITE ? DR7_WRITE : DR7_ACCESS;
		}
		debug->address[i] = address;
		debug->dr7 |= DR7_EXACT | 2ULL << i * 2 |
			      (type | length_bits(bytes) << 2) << (16 + i * 4);
		address += bytes;
		left -= bytes;
	}
}

/* ---- the guest's own ---- */

/* Those of a vcpu that is held. What cannot be read is none. */
static void read_own(struct vm *vm, unsigned int vcpu)
{
	struct own_debug *own = &vm->vcpus[vcpu].own;
	struct target *target = vm->target;
	struct kvm2_records records;
	uint64_t data[(TARGET_SLOTS + 1) * 3];

	if (own->is_known)
		return;
	own->is_known = true;
	own->age = 0;
	own->dr7 = 0;
	kvm2_records_init(&records, data, sizeof(data));
	for (unsigned int i = 0; i < TARGET_SLOTS; i++)
		kvm2_records_add(&records, KVM2_SET_DEBUG, KVM2_DEBUG_DR0 + i, NULL, 8);
	kvm2_records_add(&records, KVM2_SET_DEBUG, KVM2_DEBUG_DR7, NULL, 8);
	if (target->ops->get_state(target, vcpu, data, records.used, 0) < 0)
		return;
	for (unsigned int i = 0; i < TARGET_SLOTS; i++)
		kvm2_records_get_u64(&records, KVM2_SET_DEBUG, KVM2_DEBUG_DR0 + i, &own->address[i]);
	kvm2_records_get_u64(&records, KVM2_SET_DEBUG, KVM2_DEBUG_DR7, &own->dr7);
}

static unsigned int enabled(uint64_t dr7)
{
	unsigned int slots = 0;

	for (unsigned int i = 0; i < TARGET_SLOTS; i++)
		if (is_enabled(dr7, i))
			slots |= 1U << i;
	return slots;
}

/* The vcpu is stepped over this one. */
static bool is_passed(const struct own_debug *own, unsigned int index)
{
	return own->passes && is_execute(own->dr7, index) && own->address[index] == own->passes_at;
}

static void add_own(struct own_debug *own, unsigned int index, unsigned int slot, struct target_debug *debug)
{
	own->in_slot[slot] = (uint8_t)(index + 1);
	debug->address[slot] = own->address[index];
	debug->dr7 |= (own->dr7 >> index * 2 & 3) << slot * 2 | kind(own->dr7, index) << (16 + slot * 4);
}

/* Beside gdb's; without any of gdb's they are in force by themselves. */
static void add_all_own(struct vm *vm, unsigned int vcpu, struct target_debug *debug)
{
	struct own_debug *own = &vm->vcpus[vcpu].own;
	unsigned int left = 0;

	memset(own->in_slot, 0, sizeof(own->in_slot));
	if (!enabled(debug->dr7))
		return;
	read_own(vm, vcpu);
	/* Those first that can stay in their place. */
	for (unsigned int i = 0; i < TARGET_SLOTS; i++) {
		if (!is_enabled(own->dr7, i) || is_passed(own, i))
			continue;
		if (is_enabled(debug->dr7, i))
			left |= 1U << i;
		else
			add_own(own, i, i, debug);
	}
	for (unsigned int slot = 0; slot < TARGET_SLOTS && left; slot++) {
		if (is_enabled(debug->dr7, slot))
			continue;
		add_own(own, (unsigned int)__builtin_ctz(left), slot, debug);
		left &= left - 1;
	}
}

void slots_debug(struct vm *vm, unsigned int vcpu, const struct breakpoint *without,
		 struct target_debug *debug)
{
	memset(debug, 0, sizeof(*debug));
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		const struct breakpoint *b = vm->breakpoints[i];

		/* One that is lifted comes back before the flag could. */
		if (b->inserted || b->is_lifted)
			debug->software = true;
		if (b->slots && b != without)
			add_slots(b, debug);
	}
	add_all_own(vm, vcpu, debug);
}

void slots_forget_own(struct vm *vm, unsigned int vcpu)
{
	vm->vcpus[vcpu].own.is_known = false;
}

void slots_age_own(struct vm *vm, unsigned int vcpu)
{
	struct own_debug *own = &vm->vcpus[vcpu].own;

	own->passes = false;
	if (++own->age >= OWN_AGE_MAX)
		own->is_known = false;
}

/* ---- before gdb's are in force ---- */

#define INSTRUCTION_BYTES	15

/* mov from or to a debug register. Other instructions that begin with what may be a prefix do no harm. */
static bool is_at_mov_dr(struct vm *vm, unsigned int vcpu)
{
	static const uint8_t prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3 };
	uint8_t code[INSTRUCTION_BYTES];
	uint64_t pc;
	size_t size = vm_pc(vm, vcpu, &pc) ? 0 : vm_read_linear(vm, vcpu, pc, code, sizeof(code));
	size_t at = 0;

	while (at < size && ((code[at] & 0xf0) == 0x40 || memchr(prefixes, code[at], sizeof(prefixes))))
		at++;
	return at + 1 < size && code[at] == 0x0f && (code[at + 1] & ~2) == 0x21;
}

bool slots_come_later(struct vm *vm, unsigned int vcpu, struct target_debug *debug)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	bool is_any = debug->step || debug->software || enabled(debug->dr7);

	/* One that stands there may do so still when it comes back: it was not let in. */
	if (!is_any || !v->is_debugged)
		v->is_debugged = is_any && !is_at_mov_dr(vm, vcpu);
	if (v->is_debugged || !enabled(debug->dr7))
		return false;
	debug->dr7 = 0;
	memset(debug->address, 0, sizeof(debug->address));
	memset(v->own.in_slot, 0, sizeof(v->own.in_slot));
	return true;
}

/* ---- making room ---- */

/* An int3 costs little, the protection of pages much. */
static bool is_cheap(const struct breakpoint *breakpoint)
{
	return breakpoint_is_execute(breakpoint);
}

static bool may_leave(const struct breakpoint *breakpoint)
{
	return breakpoint->slots && !breakpoint->stays &&
	       (breakpoint_is_execute(breakpoint) || breakpoint->type == BREAKPOINT_WRITE);
}

static struct breakpoint *find_leaving(const struct vm *vm)
{
	struct breakpoint *found = NULL;

	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		struct breakpoint *b = vm->breakpoints[i];

		if (may_leave(b) && (!found || (is_cheap(b) && !is_cheap(found)) ||
				     (b->by_choice && !found->by_choice)))
			found = b;
	}
	return found;
}

void slots_share(struct vm *vm)
{
	struct breakpoint *leaving;
	unsigned int most = 0;

	if (!slots_in_use(vm))
		return;
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		if (!vm->vcpus[i].running && vm->vcpus[i].want != WANT_HOLD && !vm->target->vcpus[i].gone)
			read_own(vm, i);
		if (count(enabled(vm->vcpus[i].own.dr7)) > most)
			most = count(enabled(vm->vcpus[i].own.dr7));
	}
	while (most + count(slots_in_use(vm)) > TARGET_SLOTS) {
		leaving = find_leaving(vm);
		if (!leaving)
			return;
		vm_hold(vm);
		if (vm->exited)
			return;
		leaving->stays = breakpoint_leave_slots(vm, leaving);
	}
}

/* ---- hits ---- */

/* Its number, of the register that a bit of DR6 is of; TARGET_SLOTS: it is gdb's. */
static unsigned int own_of(const struct vcpu *vcpu, unsigned int slot)
{
	if (!enabled(vcpu->debug.dr7))
		return slot;
	return vcpu->own.in_slot[slot] ? vcpu->own.in_slot[slot] - 1U : TARGET_SLOTS;
}

/* Is what was put into a register still the guest's wish? */
static bool is_in_force(const struct vcpu *vcpu, unsigned int slot)
{
	const struct target_debug *set = &vcpu->debug;
	unsigned int index = own_of(vcpu, slot);

	return is_enabled(vcpu->own.dr7, index) &&
	       (!enabled(set->dr7) || (vcpu->own.address[index] == set->address[slot] &&
				       kind(vcpu->own.dr7, index) == kind(set->dr7, slot)));
}

/* Some processors report others that match, too; and what a step comes upon the next one meets. */
static bool is_met(const struct own_debug *own, unsigned int index, const struct kvm2_debug_event *event)
{
	return !is_execute(own->dr7, index) ||
	       (own->address[index] == event->pc && !(event->dr6 & DR6_STEP));
}

bool slots_own_hits(struct vm *vm, unsigned int vcpu, const struct kvm2_debug_event *event,
		    unsigned int *hits)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	unsigned int slots = 0;

	*hits = 0;
	for (unsigned int i = 0; i < TARGET_SLOTS; i++)
		if (event->dr6 & 1U << i && own_of(v, i) < TARGET_SLOTS)
			slots |= 1U << i;
	if (!slots)
		return false;
	/* The guest may have changed them since. */
	v->own.is_known = false;
	read_own(vm, vcpu);
	for (unsigned int i = 0; i < TARGET_SLOTS; i++)
		if (slots & 1U << i && is_in_force(v, i) && is_met(&v->own, own_of(v, i), event))
			*hits |= 1U << own_of(v, i);
	return *hits || enabled(v->debug.dr7);
}

/* KVM does not heed RF where it emulates an instruction, and the guest would never get past it. */
static bool is_met_again(struct vm *vm, unsigned int vcpu, unsigned int hits)
{
	const struct vcpu *v = &vm->vcpus[vcpu];
	uint64_t flags;

	return enabled(v->debug.dr7) && is_execute(v->own.dr7, (unsigned int)__builtin_ctz(hits)) &&
	       !state_get_u64(vm->target, vcpu, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, &flags) &&
	       flags & RFLAGS_RF;
}

void slots_give_own(struct vm *vm, unsigned int vcpu, const struct kvm2_debug_event *event,
		    unsigned int hits)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	struct kvm2_debug_event own = *event;

	if (is_met_again(vm, vcpu, hits)) {
		v->own.passes = true;
		v->own.passes_at = event->pc;
		return;
	}
	own.dr6 = (event->dr6 & ~(uint64_t)DR6_HITS) | hits;
	if (v->debug.step)
		own.dr6 &= ~(uint64_t)DR6_STEP;
	vm->target->ops->reflect(vm->target, vcpu, &own);
	v->step_is_set = false;
}
