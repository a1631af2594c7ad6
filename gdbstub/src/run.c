// SPDX-License-Identifier: GPL-2.0
/* Who runs, who is held, and what a debug event means; see vm.h. */
#include "vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <kvm2/kvm2.h>

#include "clock.h"
#include "trace.h"
#include "x86.h"

/* How long vm_hold() waits between two looks. */
#define HOLD_MS		20

/* How often breakpoints are looked after that may have none in the guest. */
#define PLACE_MS	100

/* How long a process may take to end that is killed. */
#define KILL_MS		5000

/* ---- what an event means ---- */

/*
 * Does a breakpoint that was met stop? With conditions only if one holds, or
 * cannot be evaluated. Its commands print, and let the guest go on.
 */
static bool breakpoint_stops(struct vm *vm, unsigned int vcpu, struct breakpoint *breakpoint)
{
	bool holds = !breakpoint->nr_conditions;
	uint64_t value;

	vm->vcpus[vcpu].acted = breakpoint;
	if (breakpoint->is_traced)
		trace_hit(vm, vcpu, breakpoint->address);
	if (!breakpoint->is_gdbs)
		return false;
	breakpoint->hits++;
	for (unsigned int i = 0; i < breakpoint->nr_conditions && !holds; i++)
		holds = vm_evaluate(vm, vcpu, &breakpoint->conditions[i], false, &value) || value;
	if (!holds)
		return false;
	for (unsigned int i = 0; i < breakpoint->nr_commands; i++)
		if (vm_evaluate(vm, vcpu, &breakpoint->commands[i], false, &value))
			return true;
	return !breakpoint->nr_commands;
}

static bool gives_stop(struct vm *vm, unsigned int vcpu, enum stop_reason reason, uint64_t address)
{
	vm->vcpus[vcpu].stop = (struct stop){ .reason = reason, .address = address };
	return true;
}

/* A watchpoint that is made by its pages: others may have written, or this vcpu if it @steps. */
static void gives_watch_stop(struct vm *vm, unsigned int vcpu, const struct breakpoint *hit, bool steps)
{
	gives_stop(vm, vcpu, STOP_WATCH, hit->address);
	watch_tell_writers(vm, hit, steps ? (int)vcpu : -1, vm->vcpus[vcpu].stop.writers);
}

/* As gdb set it, whatever serves it. */
static enum stop_reason reason_of(const struct breakpoint *breakpoint)
{
	return breakpoint->type == BREAKPOINT_SOFTWARE ? STOP_SWBREAK : STOP_HWBREAK;
}

/* Of a watchpoint: did what it watches change? Then a read it was not. */
static bool has_changed(struct vm *vm, unsigned int vcpu, struct breakpoint *breakpoint)
{
	uint8_t now[sizeof(breakpoint->old)];
	size_t size = breakpoint->size < sizeof(now) ? breakpoint->size : sizeof(now);

	if (vm_read(vm, vcpu, breakpoint->address, now, size) != (long)size ||
	    !memcmp(now, breakpoint->old, size))
		return false;
	memcpy(breakpoint->old, now, size);
	return true;
}

/* Debug registers. Return: gdb is to be told; @ours: they were gdb's. */
static bool take_slots_event(struct vm *vm, unsigned int vcpu,
			     const struct kvm2_debug_event *debug, bool *ours)
{
	const struct target_debug *set = &vm->vcpus[vcpu].debug;
	unsigned int hit = 0;

	for (unsigned int i = 0; i < TARGET_SLOTS; i++)
		if (debug->dr6 & 1 << i && set->dr7 & 3ULL << i * 2)
			hit |= 1U << i;
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		struct breakpoint *b = vm->breakpoints[i];

		if (!(b->slots & hit))
			continue;
		/* Some processors report others in DR6 that match, too. */
		if (b->type <= BREAKPOINT_HARDWARE && b->address != debug->pc)
			continue;
		*ours = true;
		switch (b->type) {
		case BREAKPOINT_SOFTWARE:
		case BREAKPOINT_HARDWARE:
			if (breakpoint_is_meant(vm, vcpu, b) && breakpoint_stops(vm, vcpu, b))
				return gives_stop(vm, vcpu, reason_of(b), 0);
			/* What its commands print they shall print once. */
			vm->vcpus[vcpu].passes = b->nr_commands ? NULL : b;
			break;
		case BREAKPOINT_WRITE:
			if (breakpoint_stops(vm, vcpu, b))
				return gives_stop(vm, vcpu, STOP_WATCH, b->address);
			break;
		case BREAKPOINT_READ:
			if (!has_changed(vm, vcpu, b) && breakpoint_stops(vm, vcpu, b))
				return gives_stop(vm, vcpu, STOP_RWATCH, b->address);
			break;
		case BREAKPOINT_ACCESS:
			if (breakpoint_stops(vm, vcpu, b))
				return gives_stop(vm, vcpu, STOP_AWATCH, b->address);
			break;
		}
	}
	return false;
}

/* A step is done. Return: gdb is to be told. */
static bool take_step(struct vm *vm, unsigned int vcpu, uint64_t pc)
{
	struct vcpu *v = &vm->vcpus[vcpu];

	switch (v->want) {
	case WANT_RANGE:
		if (pc >= v->range_start && pc < v->range_end)
			return false;
		return gives_stop(vm, vcpu, STOP_STEP, 0);
	case WANT_STEP:
		return gives_stop(vm, vcpu, STOP_STEP, 0);
	case WANT_HOLD:
	case WANT_CONTINUE:
		break;
	}
	return false;
}

/* A step that nobody hears of led to a breakpoint, which the next one would pass. */
static bool comes_upon(struct vm *vm, unsigned int vcpu, uint64_t pc)
{
	struct breakpoint *b = pc == vm->vcpus[vcpu].stood_at ? NULL : breakpoint_at_pc(vm, vcpu, pc);

	return b && breakpoint_stops(vm, vcpu, b) && gives_stop(vm, vcpu, reason_of(b), 0);
}

static bool take_debug(struct vm *vm, unsigned int vcpu, const struct kvm2_debug_event *debug)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	struct breakpoint *b;
	unsigned int hits;
	bool stepping = v->debug.step;
	bool ours = false;
	bool own;
	bool told;

	v->pc = debug->pc;
	v->pc_is_valid = true;
	v->is_debugged = true;
	if (v->probes)
		v->probes->rf = debug->dr6 & DR6_STEP ? RF_WORKS : RF_FAILS;
	if (debug->exception == VECTOR_BP) {
		b = breakpoint_at_pc(vm, vcpu, debug->pc);
		if (b)
			return breakpoint_stops(vm, vcpu, b) &&
			       gives_stop(vm, vcpu, reason_of(b), 0);
	} else {
		told = take_slots_event(vm, vcpu, debug, &ours);
		own = slots_own_hits(vm, vcpu, debug, &hits);
		if (hits)
			slots_give_own(vm, vcpu, debug, hits);
		if (told)
			return true;
		if (debug->dr6 & DR6_STEP && stepping) {
			trace_stepped(vm, vcpu);
			return take_step(vm, vcpu, debug->pc) ||
			       (!ours && comes_upon(vm, vcpu, debug->pc));
		}
		if (ours || own)
			return false;
	}
	/* The guest's own. */
	vm->target->ops->reflect(vm->target, vcpu, debug);
	v->step_is_set = false;
	return false;
}

/* The vcpu that stepped over a breakpoint is held again. */
static void end_over(struct vm *vm)
{
	vm->over = -1;
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		struct breakpoint *b = vm->breakpoints[i];

		if (b->is_lifted) {
			b->is_lifted = false;
			breakpoint_put(vm, b);
		}
	}
}

static void interrupt(struct vm *vm, unsigned int vcpu)
{
	struct vcpu *v = &vm->vcpus[vcpu];

	if (!v->running || v->interrupting)
		return;
	v->interrupting = true;
	vm->target->ops->interrupt(vm->target, vcpu);
}

/* Let it pass. A vcpu may wait for it, one that nobody names: each is stepped. */
static void take_others_write(struct vm *vm, const struct target_event *event)
{
	watch_open(vm, event->gpa);
	watch_note_writer(vm, event);
	vm->writer = event->vcpu;
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		if (!vm->vcpus[i].running)
			continue;
		vm->vcpus[i].writes = true;
		vm->vcpus[i].writes_at = event->gpa;
		interrupt(vm, i);
	}
}

/* Whatever it stands for. */
static void end_step(struct vm *vm, const struct target_event *event)
{
	uint64_t pc = event->debug.pc;

	if (vm->vcpus[event->vcpu].debug.step && event->kind != TARGET_VCPU_GONE &&
	    (event->kind == TARGET_DEBUG || !vm_pc(vm, event->vcpu, &pc)))
		trap_flag_end(vm, event->vcpu, pc);
}

/* Held where a breakpoint is that it has not met yet: to step over that would be to miss it. */
static bool is_about_to_meet(struct vm *vm, unsigned int vcpu)
{
	uint64_t pc;

	return vm->nr_breakpoints && !vm_pc(vm, vcpu, &pc) && pc != vm->vcpus[vcpu].stood_at &&
	       breakpoint_at_pc(vm, vcpu, pc);
}

static bool is_at_int3(struct vm *vm, unsigned int vcpu, uint64_t *pc)
{
	const struct breakpoint *b = vm_pc(vm, vcpu, pc) ? NULL : breakpoint_at_pc(vm, vcpu, *pc);

	return b && b->inserted;
}

/* Return: 0, or a negative errno. */
static int retract(struct vm *vm, unsigned int vcpu, bool is_emulation)
{
	int err = vm->target->ops->retract(vm->target, vcpu);

	/* KVM has #UD queued for the guest then. */
	if (!err && is_emulation)
		err = state_set_u64(vm->target, vcpu, KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, 8, KVM2_EXCEPTION_NONE);
	vm_forget(vm, vcpu);
	return err;
}

void vm_retract(struct vm *vm, unsigned int vcpu)
{
	struct vcpu *v = &vm->vcpus[vcpu];

	/* Of one that is still to be told gdb says nothing. */
	if (v->crash && v->stop.reason == STOP_NONE && !retract(vm, vcpu, v->crash_is_emulation))
		v->crash = NULL;
}

/* @is_over: it was stepping over a breakpoint, which is back since. */
static void take_crash(struct vm *vm, const struct target_event *event, bool is_over)
{
	struct kvm2_debug_event debug = { .exception = VECTOR_BP };
	struct vcpu *v = &vm->vcpus[event->vcpu];
	char text[256];
	uint64_t pc;
	int length;

	/* KVM's emulator has no int3 but in real mode: it gives up at ours. */
	if (event->is_emulation && !is_over && is_at_int3(vm, event->vcpu, &pc) && !retract(vm, event->vcpu, true)) {
		debug.pc = pc;
		if (!take_debug(vm, event->vcpu, &debug) && v->stop_asked)
			v->stop.reason = STOP_REQUESTED;
		return;
	}
	/* Nobody is there to look: it is the VMM's. */
	if (!vm->print)
		return;
	v->crash = event->text;
	v->crash_is_emulation = event->is_emulation;
	v->stop.reason = STOP_CRASH;
	length = snprintf(text, sizeof(text), "kvm2gdb: CPU %u: %s\nThe VMM does not know yet: continue tells it, signal 0 enters the guest again.\n",
			  vm->target->vcpus[event->vcpu].id, event->text);
	vm->print(vm->print_context, text, (size_t)length);
}

static void take_event(struct vm *vm, const struct target_event *event)
{
	struct vcpu *v = &vm->vcpus[event->vcpu];
	const bool is_over = vm->over == (int)event->vcpu;
	struct breakpoint *hit = NULL;

	if (event->kind == TARGET_EXITED) {
		vm->exited = true;
		vm->status = event->status;
		for (unsigned int i = 0; i < vm->nr_vcpus; i++)
			vm->vcpus[i].running = false;
		return;
	}
	if (event->vcpu >= vm->nr_vcpus)
		return;
	if (event->kind == TARGET_OTHERS_WRITE) {
		take_others_write(vm, event);
		return;
	}
	v->running = false;
	/* It stands, whatever for: nothing follows of a stop that was asked for. */
	v->interrupting = false;
	vm_forget(vm, event->vcpu);
	vm_forget_pages(vm);
	if (is_over) {
		end_over(vm);
		/* A write that crosses pages is held back once for each. */
		if (event->kind != TARGET_WRITE && watch_is_open(vm))
			hit = watch_close(vm, event->vcpu, breakpoint_stops);
	}
	v->passes = NULL;
	end_step(vm, event);
	switch (event->kind) {
	case TARGET_DEBUG:
		if (!take_debug(vm, event->vcpu, &event->debug) && v->stop_asked)
			v->stop.reason = STOP_REQUESTED;
		break;
	case TARGET_WRITE:
		v->writes = true;
		v->writes_at = event->gpa;
		if (v->stop_asked)
			v->stop.reason = STOP_REQUESTED;
		break;
	case TARGET_HELD:
		if (v->stop_asked)
			v->stop.reason = STOP_REQUESTED;
		else
			v->is_moved = is_about_to_meet(vm, event->vcpu);
		break;
	case TARGET_CRASHED:
		take_crash(vm, event, is_over);
		break;
	case TARGET_VCPU_GONE:
		v->want = WANT_HOLD;
		if (v->stop_asked)
			v->stop.reason = STOP_GONE;
		break;
	case TARGET_NOTHING:
	case TARGET_EXITED:
	case TARGET_OTHERS_WRITE:
		break;
	}
	v->probes = NULL;
	if (hit)
		gives_watch_stop(vm, event->vcpu, hit, true);
	if (v->stop.reason != STOP_NONE)
		v->stop_asked = false;
}

static void take_events(struct vm *vm)
{
	struct target_event event;

	while (!vm->exited && vm->target->ops->next_event(vm->target, &event) > 0)
		take_event(vm, &event);
}

/* ---- stopping ---- */

void vm_hold(struct vm *vm)
{
	bool outermost = !vm->holding;

	vm->holding = true;
	take_events(vm);
	while (vm_is_running(vm) && !vm->exited) {
		for (unsigned int i = 0; i < vm->nr_vcpus; i++)
			interrupt(vm, i);
		take_events(vm);
		if (vm_is_running(vm) && !vm->exited) {
			vm->target->ops->wait(vm->target, HOLD_MS);
			take_events(vm);
		}
	}
	if (outermost)
		vm->holding = false;
}

int vm_kill(struct vm *vm)
{
	const int64_t end = clock_ms() + KILL_MS;
	struct target *target = vm->target;
	int err;

	if (vm->exited || !target->ops->kill)
		return 0;
	err = target->ops->kill(target);
	take_events(vm);
	while (!err && !vm->exited && clock_ms() < end) {
		target->ops->wait(target, HOLD_MS);
		take_events(vm);
	}
	return err || vm->exited ? err : -ETIMEDOUT;
}

void vm_request_stop(struct vm *vm, unsigned int vcpu)
{
	struct vcpu *v = &vm->vcpus[vcpu];

	if (v->stop.reason != STOP_NONE || vm->target->vcpus[vcpu].gone)
		return;
	if (v->running) {
		v->stop_asked = true;
		interrupt(vm, vcpu);
	} else if (v->want != WANT_HOLD) {
		/* It waits for another one that steps over a breakpoint. */
		v->stop.reason = STOP_REQUESTED;
	}
}

int vm_pending(const struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		if (vm->vcpus[i].stop.reason != STOP_NONE && vm->vcpus[i].want != WANT_HOLD)
			return (int)i;
	return -1;
}

struct stop vm_take_stop(struct vm *vm, unsigned int vcpu)
{
	struct stop stop = vm->vcpus[vcpu].stop;

	vm->vcpus[vcpu].stop = (struct stop){ 0 };
	vm->vcpus[vcpu].want = WANT_HOLD;
	if (stop.reason >= STOP_WATCH && stop.reason <= STOP_AWATCH) {
		vm->watch_stop = stop;
		vm->watch_vcpu = vcpu;
	}
	return stop;
}

void vm_leave(struct vm *vm)
{
	vm_hold(vm);
	breakpoint_remove_gdbs(vm);
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		vm->vcpus[i].stop = (struct stop){ 0 };
		vm->vcpus[i].stop_asked = false;
		vm_want(vm, i, WANT_CONTINUE, 0, 0);
	}
	vm_go(vm);
}

/* ---- going on ---- */

/* A stop that was never told, and has lost its reason since. */
static bool is_stale(struct vm *vm, unsigned int vcpu)
{
	const struct stop *stop = &vm->vcpus[vcpu].stop;
	uint64_t pc;

	switch (stop->reason) {
	case STOP_SWBREAK:
	case STOP_HWBREAK:
		return vm_pc(vm, vcpu, &pc) || !breakpoint_at_pc(vm, vcpu, pc);
	case STOP_REQUESTED:
	case STOP_STEP:
		return true;
	default:
		return false;
	}
}

void vm_want(struct vm *vm, unsigned int vcpu, enum want want, uint64_t start, uint64_t end)
{
	struct vcpu *v = &vm->vcpus[vcpu];

	if (vm->target->vcpus[vcpu].gone)
		return;
	if (v->stop.reason != STOP_NONE && is_stale(vm, vcpu))
		v->stop = (struct stop){ 0 };
	if (want == WANT_CONTINUE)
		slots_forget_own(vm, vcpu);
	v->want = want;
	v->range_start = start;
	v->range_end = end;
}

static bool can_go(const struct vm *vm, unsigned int vcpu)
{
	const struct vcpu *v = &vm->vcpus[vcpu];

	return v->want != WANT_HOLD && !v->running && v->stop.reason == STOP_NONE &&
	       !vm->target->vcpus[vcpu].gone;
}

static int set_debug(struct vm *vm, unsigned int vcpu, const struct target_debug *debug)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	int err = vm->target->ops->set_debug(vm->target, vcpu, debug);

	v->debug = *debug;
	v->step_is_set = debug->step;
	v->flag_is_lost = false;
	return err;
}

int vm_expect_int3(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		struct target_debug debug = vm->vcpus[i].debug;
		int err;

		if (debug.software || vm->target->vcpus[i].gone)
			continue;
		if (vm->vcpus[i].running)
			return -EBUSY;
		debug.software = true;
		err = set_debug(vm, i, &debug);
		if (err)
			return err;
	}
	return 0;
}

static void resume(struct vm *vm, unsigned int vcpu, const struct breakpoint *without)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	bool step = vm->over == (int)vcpu || v->probes || v->own.passes || v->trace_steps ||
		    v->want == WANT_STEP || v->want == WANT_RANGE;
	struct target_debug debug;
	int err = 0;

	slots_debug(vm, vcpu, without, &debug);
	debug.step = step;
	if (slots_come_later(vm, vcpu, &debug))
		debug.step = step = true;
	debug.block_irq = step && vm->block_irq;
	if (step)
		trap_flag_begin(vm, vcpu);
	if (memcmp(&debug, &v->debug, sizeof(debug)) || (step && !v->step_is_set) ||
	    (step && v->flag_is_lost && trap_flag_set(vm, vcpu)))
		err = set_debug(vm, vcpu, &debug);
	slots_age_own(vm, vcpu);
	v->stood_at = v->pc_is_valid && !v->is_moved ? v->pc : ~0ULL;
	vm_forget(vm, vcpu);
	vm_forget_pages(vm);
	if (!err)
		err = vm->target->ops->resume(vm->target, vcpu);
	v->running = !err;
	v->crash = NULL;
	v->acted = NULL;
	v->has_rf = false;
	v->is_moved = false;
	/* It cannot go on: a thread that is gone says so by an event. */
	if (err && err != -ESRCH)
		v->stop.reason = STOP_CRASH;
}

/* Once in so many times it is stepped over all the same, should RF have failed. */
#define PASSES_MAX	64

/* A vcpu that stands on @breakpoint need not step over it. */
static bool passes_by_rf(struct vm *vm, unsigned int vcpu, struct breakpoint *breakpoint)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	uint64_t flags;

	if (v->has_rf)
		return true;
	if (v->passes != breakpoint || v->want != WANT_CONTINUE || breakpoint->rf == RF_FAILS ||
	    ++breakpoint->passed % PASSES_MAX == 0)
		return false;
	if (state_get_u64(vm->target, vcpu, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, &flags) ||
	    state_set_u64(vm->target, vcpu, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 8, flags | RFLAGS_RF))
		return false;
	v->has_rf = true;
	if (breakpoint->rf == RF_UNKNOWN)
		v->probes = breakpoint;
	return true;
}

/* Return: the first vcpu that has to step over a breakpoint, -1: none. */
static int find_over(struct vm *vm, struct breakpoint **breakpoint)
{
	uint64_t pc;

	if (!vm->nr_breakpoints)
		return -1;
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		if (!can_go(vm, i) || vm_pc(vm, i, &pc))
			continue;
		/* One that sleeps waits for an interrupt, and writes nothing. */
		vm->vcpus[i].writes = vm->vcpus[i].writes && !vm_is_halted(vm, i);
		*breakpoint = vm->vcpus[i].is_moved ? NULL : breakpoint_at_pc(vm, i, pc);
		if (vm->vcpus[i].writes || (*breakpoint && !passes_by_rf(vm, i, *breakpoint)))
			return (int)i;
	}
	return -1;
}

/* It has nothing else to tell. */
static bool can_tell(const struct vm *vm, unsigned int vcpu)
{
	return vm->vcpus[vcpu].stop.reason == STOP_NONE && !vm->target->vcpus[vcpu].gone;
}

/* Of a write by nobody known a vcpu tells that gdb lets run; where it lets none, when it does. */
static unsigned int find_teller(const struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		if (!can_go(vm, vm->writer) && can_go(vm, i))
			return i;
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		if (!can_tell(vm, vm->writer) && can_tell(vm, i))
			return i;
	return vm->writer;
}

/* Writes of others have passed. */
static void close_for_others(struct vm *vm)
{
	struct breakpoint *hit;
	unsigned int teller;

	if (!watch_is_open(vm))
		return;
	watch_give_others_time(vm);
	vm_hold(vm);
	if (vm->exited)
		return;
	teller = find_teller(vm);
	hit = watch_close(vm, teller, breakpoint_stops);
	if (hit && can_tell(vm, teller))
		gives_watch_stop(vm, teller, hit, false);
}

static void begin_over(struct vm *vm, unsigned int vcpu, struct breakpoint *breakpoint)
{
	vm_hold(vm);
	/* What happened until all were held may have made it needless. */
	if (vm->exited || !can_go(vm, vcpu))
		return;
	if (vm->vcpus[vcpu].writes)
		watch_open(vm, vm->vcpus[vcpu].writes_at);
	vm->vcpus[vcpu].writes = false;
	if (breakpoint && breakpoint->inserted) {
		breakpoint_lift(vm, breakpoint);
		breakpoint->is_lifted = true;
	}
	/* A step of gdb's may have led here, which takes the breakpoint for met and leaves its commands to us. */
	if (breakpoint && vm->vcpus[vcpu].acted != breakpoint && (breakpoint->nr_commands || breakpoint->is_traced))
		breakpoint_stops(vm, vcpu, breakpoint);
	vm->over = (int)vcpu;
	resume(vm, vcpu, breakpoint);
}

void vm_go(struct vm *vm)
{
	struct breakpoint *breakpoint;
	int over;

	if (!vm->exited && vm->over < 0)
		slots_share(vm);
	/* While one steps over a breakpoint the others wait. */
	while (!vm->exited && vm->over < 0) {
		over = find_over(vm, &breakpoint);
		if (over < 0)
			break;
		begin_over(vm, (unsigned int)over, breakpoint);
	}
	if (vm->exited || vm->over >= 0)
		return;
	close_for_others(vm);
	if (vm->exited)
		return;
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		if (can_go(vm, i))
			resume(vm, i, NULL);
}

/*
 * Where no page was, and no debug register free, there may be a page now; and a kernel that boots or patches itself writes over
 * an int3.
 */
static void place_waiting(struct vm *vm)
{
	if (vm->exited || vm->over >= 0 || !vm_is_running(vm) || clock_ms() < vm->place_ms || !breakpoint_waits(vm))
		return;
	vm->place_ms = clock_ms() + PLACE_MS;
	vm_hold(vm);
	for (unsigned int i = 0; i < vm->nr_vcpus && !vm->exited && breakpoint_waits(vm); i++)
		if (!vm->target->vcpus[i].gone)
			breakpoint_refresh(vm, i);
}

void vm_poll(struct vm *vm)
{
	take_events(vm);
	if (vm->holding)
		return;
	place_waiting(vm);
	vm_go(vm);
}
