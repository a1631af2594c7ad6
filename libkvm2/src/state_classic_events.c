// SPDX-License-Identifier: LGPL-2.1
/*
 * EVENTS and MP on KVM_GET_VCPU_EVENTS, KVM_GET_MP_STATE and their
 * counterparts. No ioctl tells the vector of a pending SIPI or of an external
 * interrupt: they read as 0 and none.
 */
#include "state_classic.h"

#include <string.h>

#define NMI_VECTOR	2
#define NR_EXCEPTIONS	32

_Static_assert(KVM2_SHADOW_MOV_SS == KVM_X86_SHADOW_INT_MOV_SS &&
	       KVM2_SHADOW_STI == KVM_X86_SHADOW_INT_STI, "interrupt shadow");
_Static_assert(KVM2_MP_RUNNABLE == KVM_MP_STATE_RUNNABLE &&
	       KVM2_MP_UNINITIALIZED == KVM_MP_STATE_UNINITIALIZED &&
	       KVM2_MP_INIT_RECEIVED == KVM_MP_STATE_INIT_RECEIVED &&
	       KVM2_MP_HALTED == KVM_MP_STATE_HALTED &&
	       KVM2_MP_SIPI_RECEIVED == KVM_MP_STATE_SIPI_RECEIVED, "MP states");

/* ---- EVENTS ---- */

static struct kvm2_event_exception exception_from(const struct kvm_vcpu_events *events)
{
	struct kvm2_event_exception exception = { 0 };

	if (events->exception.injected)
		exception.state = KVM2_EXCEPTION_INJECTED;
	else if (events->exception.pending)
		exception.state = KVM2_EXCEPTION_PENDING;
	else
		return exception;
	exception.vector = events->exception.nr;
	exception.has_error_code = events->exception.has_error_code;
	if (exception.has_error_code)
		exception.error_code = events->exception.error_code;
	if (events->exception.pending && events->exception_has_payload) {
		exception.has_payload = 1;
		exception.payload = events->exception_payload;
	}
	return exception;
}

int kvm2_classic_events_fetch(struct classic_state *s, struct classic_values *values)
{
	union event_value *value = values->events;
	struct kvm_vcpu_events events;
	int ret = classic_vcpu_ioctl(s->vcpu, KVM_GET_VCPU_EVENTS, &events);

	if (ret < 0)
		return ret;
	memset(values->events, 0, sizeof(values->events));
	value[KVM2_EVENTS_EXCEPTION].exception = exception_from(&events);
	value[KVM2_EVENTS_INTERRUPT].interrupt = (struct kvm2_event_interrupt){
		.injected = events.interrupt.injected,
		.vector = events.interrupt.injected ? events.interrupt.nr : 0,
	};
	value[KVM2_EVENTS_NMI].nmi = (struct kvm2_event_nmi){
		.injected = events.nmi.injected,
		.pending = events.nmi.pending,
		.masked = events.nmi.masked,
	};
	value[KVM2_EVENTS_SHADOW].word = events.interrupt.shadow;
	value[KVM2_EVENTS_SMI].smi = (struct kvm2_event_smi){
		.in_smm = events.smi.smm,
		.pending = events.smi.pending,
		.inside_nmi = events.smi.smm_inside_nmi,
		.latched_init = events.smi.latched_init,
	};
	value[KVM2_EVENTS_TRIPLE_FAULT].word = events.triple_fault.pending;
	value[KVM2_EVENTS_EXTINT].word = KVM2_EXTINT_NONE;
	return 0;
}

static bool are_zero(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes[i])
			return false;
	return true;
}

static bool is_valid_exception(const struct kvm2_event_exception *exception)
{
	if (exception->reserved)
		return false;
	if (exception->state == KVM2_EXCEPTION_NONE)
		return true;
	return exception->state <= KVM2_EXCEPTION_INJECTED &&
	       exception->vector < NR_EXCEPTIONS && exception->vector != NMI_VECTOR &&
	       exception->has_error_code <= 1 && exception->has_payload <= 1 &&
	       (!exception->has_payload || exception->state == KVM2_EXCEPTION_PENDING);
}

static bool is_valid_event(const union event_value *value, unsigned int number)
{
	const struct kvm2_event_interrupt *interrupt = &value->interrupt;
	const struct kvm2_event_nmi *nmi = &value->nmi;
	const struct kvm2_event_smi *smi = &value->smi;

	switch (number) {
	case KVM2_EVENTS_EXCEPTION:
		return is_valid_exception(&value->exception);
	case KVM2_EVENTS_INTERRUPT:
		return interrupt->injected <= 1 && interrupt->soft <= 1 &&
		       are_zero(interrupt->reserved, sizeof(interrupt->reserved));
	case KVM2_EVENTS_NMI:
		/* One in delivery blocks the next, of which one is kept. */
		return nmi->injected <= 1 && nmi->pending <= 2 && nmi->masked <= 1 &&
		       are_zero(nmi->reserved, sizeof(nmi->reserved));
	case KVM2_EVENTS_SHADOW:
		return !(value->word & ~(uint32_t)(KVM2_SHADOW_MOV_SS | KVM2_SHADOW_STI));
	case KVM2_EVENTS_SMI:
		return smi->in_smm <= 1 && smi->pending <= 1 && smi->inside_nmi <= 1 &&
		       smi->latched_init <= 1 &&
		       are_zero(smi->reserved, sizeof(smi->reserved));
	case KVM2_EVENTS_TRIPLE_FAULT:
		return value->word <= 1;
	case KVM2_EVENTS_SIPI_VECTOR:
		return value->word <= UINT8_MAX;
	default:
		return value->word <= UINT8_MAX || value->word == KVM2_EXTINT_NONE;
	}
}

int kvm2_classic_events_check(struct classic_state *s)
{
	for (unsigned int number = 0; number <= KVM2_EVENTS_EXTINT; number++) {
		if (!classic_is_named(s, KVM2_SET_EVENTS, number) ||
		    is_valid_event(&s->now.events[number], number))
			continue;
		kvm2_classic_refuse(s, KVM2_SET_EVENTS, number);
		return -EINVAL;
	}
	return 0;
}

/* KVM leaves alone what has no flag here; others may change it meanwhile. */
static uint32_t named_flags(const struct classic_state *s)
{
	static const struct {
		unsigned int number;
		uint32_t flag;
	} flags[] = {
		{ KVM2_EVENTS_NMI, KVM_VCPUEVENT_VALID_NMI_PENDING },
		{ KVM2_EVENTS_SHADOW, KVM_VCPUEVENT_VALID_SHADOW },
		{ KVM2_EVENTS_SMI, KVM_VCPUEVENT_VALID_SMM },
		{ KVM2_EVENTS_TRIPLE_FAULT, KVM_VCPUEVENT_VALID_TRIPLE_FAULT },
		{ KVM2_EVENTS_SIPI_VECTOR, KVM_VCPUEVENT_VALID_SIPI_VECTOR },
	};
	uint32_t named = KVM_VCPUEVENT_VALID_PAYLOAD;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (classic_is_named(s, KVM2_SET_EVENTS, flags[i].number))
			named |= flags[i].flag;
	return named;
}

static int commit_extint(struct classic_state *s, const struct classic_values *values)
{
	struct kvm_interrupt interrupt = { .irq = values->events[KVM2_EVENTS_EXTINT].word };

	if (interrupt.irq == KVM2_EXTINT_NONE)
		return 0;
	return classic_vcpu_ioctl(s->vcpu, KVM_INTERRUPT, &interrupt);
}

int kvm2_classic_events_commit(struct classic_state *s, const struct classic_values *values)
{
	const union event_value *value = values->events;
	const struct kvm2_event_exception *exception = &value[KVM2_EVENTS_EXCEPTION].exception;
	const struct kvm2_event_interrupt *interrupt = &value[KVM2_EVENTS_INTERRUPT].interrupt;
	const struct kvm2_event_nmi *nmi = &value[KVM2_EVENTS_NMI].nmi;
	const struct kvm2_event_smi *smi = &value[KVM2_EVENTS_SMI].smi;
	struct kvm_vcpu_events events = {
		.exception.injected = exception->state == KVM2_EXCEPTION_INJECTED,
		.exception.pending = exception->state == KVM2_EXCEPTION_PENDING,
		.exception.nr = exception->vector,
		.exception.has_error_code = exception->has_error_code,
		.exception.error_code = exception->error_code,
		.exception_has_payload = exception->has_payload,
		.exception_payload = exception->payload,
		.interrupt.injected = interrupt->injected,
		.interrupt.nr = interrupt->vector,
		.interrupt.soft = interrupt->soft,
		.interrupt.shadow = (uint8_t)value[KVM2_EVENTS_SHADOW].word,
		.nmi.injected = nmi->injected,
		.nmi.pending = nmi->pending,
		.nmi.masked = nmi->masked,
		.smi.smm = smi->in_smm,
		.smi.pending = smi->pending,
		.smi.smm_inside_nmi = smi->inside_nmi,
		.smi.latched_init = smi->latched_init,
		.triple_fault.pending = (uint8_t)value[KVM2_EVENTS_TRIPLE_FAULT].word,
		.sipi_vector = value[KVM2_EVENTS_SIPI_VECTOR].word,
		.flags = named_flags(s),
	};
	int ret = classic_vcpu_ioctl(s->vcpu, KVM_SET_VCPU_EVENTS, &events);

	return ret < 0 ? ret : commit_extint(s, values);
}

/* ---- MP ---- */

int kvm2_classic_mp_fetch(struct classic_state *s, struct classic_values *values)
{
	struct kvm_mp_state mp;
	int ret = classic_vcpu_ioctl(s->vcpu, KVM_GET_MP_STATE, &mp);

	if (ret < 0)
		return ret;
	values->mp[KVM2_MP_STATE] = mp.mp_state;
	return 0;
}

int kvm2_classic_mp_check(struct classic_state *s)
{
	if (s->now.mp[KVM2_MP_STATE] <= KVM2_MP_SIPI_RECEIVED)
		return 0;
	kvm2_classic_refuse(s, KVM2_SET_MP, KVM2_MP_STATE);
	return -EINVAL;
}

int kvm2_classic_mp_commit(struct classic_state *s, const struct classic_values *values)
{
	struct kvm_mp_state mp = { .mp_state = (uint32_t)values->mp[KVM2_MP_STATE] };

	return classic_vcpu_ioctl(s->vcpu, KVM_SET_MP_STATE, &mp);
}
