// SPDX-License-Identifier: GPL-2.0
/*
 * Vcpu state: pending and injected events, and whether the vcpu runs, is
 * halted, or waits for INIT or SIPI.
 */
#include "state.h"

#include <linux/kvm.h>

#include "glue.h"
#include "lapic.h"
#include "smm.h"
#include "x86.h"

/* ---- EVENTS ---- */

static bool is_named(const struct kvm2_state *s, unsigned int number)
{
	return kvm2_state_is_named(s, KVM2_SET_EVENTS, number);
}

static struct kvm2_event_exception
exception_from_kvm(const struct kvm_vcpu_events *events)
{
	struct kvm2_event_exception exception = {};

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

int kvm2_events_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	union kvm2_event_value *value = values->events;
	struct kvm_vcpu *vcpu = s->vcpu;
	struct kvm_vcpu_events events;

	BUILD_BUG_ON(KVM2_SHADOW_MOV_SS != KVM_X86_SHADOW_INT_MOV_SS);
	BUILD_BUG_ON(KVM2_SHADOW_STI != KVM_X86_SHADOW_INT_STI);

	kvm2_state_load(s);
	kvm2_glue_get_events(vcpu, &events);

	value[KVM2_EVENTS_EXCEPTION].exception = exception_from_kvm(&events);
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
	value[KVM2_EVENTS_SIPI_VECTOR].word = lapic_in_kernel(vcpu) ?
					      vcpu->arch.apic->sipi_vector : 0;
	value[KVM2_EVENTS_EXTINT].word = vcpu->arch.pending_external_vector;
	return 0;
}

static bool is_valid_exception(const struct kvm2_event_exception *exception)
{
	if (exception->reserved)
		return false;
	if (exception->state == KVM2_EXCEPTION_NONE)
		return true;
	return exception->state <= KVM2_EXCEPTION_INJECTED &&
	       exception->vector < 32 && exception->vector != NMI_VECTOR &&
	       exception->has_error_code <= 1 && exception->has_payload <= 1 &&
	       (!exception->has_payload ||
		exception->state == KVM2_EXCEPTION_PENDING);
}

static bool is_valid_interrupt(const struct kvm2_event_interrupt *interrupt)
{
	return interrupt->injected <= 1 && interrupt->soft <= 1 &&
	       !memchr_inv(interrupt->reserved, 0, sizeof(interrupt->reserved));
}

static bool is_valid_nmi(const struct kvm2_event_nmi *nmi)
{
	/* One in delivery blocks the next, of which one is kept. */
	return nmi->injected <= 1 && nmi->pending <= 2 && nmi->masked <= 1 &&
	       !memchr_inv(nmi->reserved, 0, sizeof(nmi->reserved));
}

static bool is_valid_smi(const struct kvm2_state *s,
			 const struct kvm2_event_smi *smi)
{
	if (smi->in_smm > 1 || smi->pending > 1 || smi->inside_nmi > 1 ||
	    smi->latched_init > 1 ||
	    memchr_inv(smi->reserved, 0, sizeof(smi->reserved)))
		return false;
	if (!IS_ENABLED(CONFIG_KVM_SMM) &&
	    (smi->in_smm || smi->pending || smi->inside_nmi))
		return false;
	/* INIT is latched in SMM, so a vcpu cannot be in both. */
	return !((smi->in_smm || smi->pending) &&
		 s->vcpu->arch.mp_state == KVM_MP_STATE_INIT_RECEIVED);
}

static bool is_valid_event(const struct kvm2_state *s, unsigned int number)
{
	const union kvm2_event_value *value = &s->now.events[number];

	switch (number) {
	case KVM2_EVENTS_EXCEPTION:
		return is_valid_exception(&value->exception);
	case KVM2_EVENTS_INTERRUPT:
		return is_valid_interrupt(&value->interrupt);
	case KVM2_EVENTS_NMI:
		return is_valid_nmi(&value->nmi);
	case KVM2_EVENTS_SHADOW:
		return !(value->word & ~(KVM2_SHADOW_MOV_SS | KVM2_SHADOW_STI));
	case KVM2_EVENTS_SMI:
		return is_valid_smi(s, &value->smi);
	case KVM2_EVENTS_TRIPLE_FAULT:
		return value->word <= 1;
	case KVM2_EVENTS_SIPI_VECTOR:
		return value->word <= U8_MAX;
	default:
		return value->word <= U8_MAX ||
		       value->word == KVM2_EXTINT_NONE;
	}
}

int kvm2_events_check(struct kvm2_state *s)
{
	unsigned int number;

	for (number = 0; number < ARRAY_SIZE(s->now.events); number++) {
		if (is_named(s, number) && !is_valid_event(s, number)) {
			kvm2_state_refuse(s, KVM2_SET_EVENTS, number);
			return -EINVAL;
		}
	}
	return 0;
}

/* KVM leaves alone what has no flag here; others may change it meanwhile. */
static u32 named_flags(const struct kvm2_state *s)
{
	u32 flags = KVM_VCPUEVENT_VALID_PAYLOAD;

	if (is_named(s, KVM2_EVENTS_NMI))
		flags |= KVM_VCPUEVENT_VALID_NMI_PENDING;
	if (is_named(s, KVM2_EVENTS_SHADOW))
		flags |= KVM_VCPUEVENT_VALID_SHADOW;
	if (is_named(s, KVM2_EVENTS_SMI))
		flags |= KVM_VCPUEVENT_VALID_SMM;
	if (is_named(s, KVM2_EVENTS_TRIPLE_FAULT))
		flags |= KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
	if (is_named(s, KVM2_EVENTS_SIPI_VECTOR))
		flags |= KVM_VCPUEVENT_VALID_SIPI_VECTOR;
	return flags;
}

int kvm2_events_commit(struct kvm2_state *s, const struct kvm2_values *values)
{
	const union kvm2_event_value *value = values->events;
	const struct kvm2_event_exception *exception =
		&value[KVM2_EVENTS_EXCEPTION].exception;
	const struct kvm2_event_interrupt *interrupt =
		&value[KVM2_EVENTS_INTERRUPT].interrupt;
	const struct kvm2_event_nmi *nmi = &value[KVM2_EVENTS_NMI].nmi;
	const struct kvm2_event_smi *smi = &value[KVM2_EVENTS_SMI].smi;
	struct kvm_vcpu_events events = {
		.exception.injected =
			exception->state == KVM2_EXCEPTION_INJECTED,
		.exception.pending = exception->state == KVM2_EXCEPTION_PENDING,
		.exception.nr = exception->vector,
		.exception.has_error_code = exception->has_error_code,
		.exception.error_code = exception->error_code,
		.exception_has_payload = exception->has_payload,
		.exception_payload = exception->payload,
		.interrupt.injected = interrupt->injected,
		.interrupt.nr = interrupt->vector,
		.interrupt.soft = interrupt->soft,
		.interrupt.shadow = value[KVM2_EVENTS_SHADOW].word,
		.nmi.injected = nmi->injected,
		.nmi.pending = nmi->pending,
		.nmi.masked = nmi->masked,
		.smi.smm = smi->in_smm,
		.smi.pending = smi->pending,
		.smi.smm_inside_nmi = smi->inside_nmi,
		.smi.latched_init = smi->latched_init,
		.triple_fault.pending = value[KVM2_EVENTS_TRIPLE_FAULT].word,
		.sipi_vector = value[KVM2_EVENTS_SIPI_VECTOR].word,
		.flags = named_flags(s),
	};
	int r;

	r = kvm2_glue_set_events(s->vcpu, &events);
	if (r)
		return r;
	if (is_named(s, KVM2_EVENTS_EXTINT))
		s->vcpu->arch.pending_external_vector =
			value[KVM2_EVENTS_EXTINT].word;
	return 0;
}

/* ---- MP ---- */

static bool has_pending_sipi(const struct kvm_vcpu *vcpu)
{
	return test_bit(KVM_APIC_SIPI, &vcpu->arch.apic->pending_events);
}

/*
 * Not KVM_GET_MP_STATE: that makes the vcpu accept a pending INIT or SIPI. A
 * SIPI that has not been accepted shows as SIPI_RECEIVED, an INIT in EVENTS.
 */
int kvm2_mp_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	const struct kvm_vcpu *vcpu = s->vcpu;
	u32 state = vcpu->arch.mp_state;

	BUILD_BUG_ON(KVM2_MP_RUNNABLE != KVM_MP_STATE_RUNNABLE);
	BUILD_BUG_ON(KVM2_MP_UNINITIALIZED != KVM_MP_STATE_UNINITIALIZED);
	BUILD_BUG_ON(KVM2_MP_INIT_RECEIVED != KVM_MP_STATE_INIT_RECEIVED);
	BUILD_BUG_ON(KVM2_MP_HALTED != KVM_MP_STATE_HALTED);
	BUILD_BUG_ON(KVM2_MP_SIPI_RECEIVED != KVM_MP_STATE_SIPI_RECEIVED);

	if (state == KVM_MP_STATE_HALTED && vcpu->arch.pv.pv_unhalted)
		state = KVM2_MP_RUNNABLE;
	else if (state == KVM_MP_STATE_INIT_RECEIVED && has_pending_sipi(vcpu))
		state = KVM2_MP_SIPI_RECEIVED;
	values->mp[KVM2_MP_STATE] = state;
	return 0;
}

int kvm2_mp_check(struct kvm2_state *s)
{
	const struct kvm2_event_smi *smi =
		&s->now.events[KVM2_EVENTS_SMI].smi;
	struct kvm_vcpu *vcpu = s->vcpu;
	u32 state = s->now.mp[KVM2_MP_STATE];
	bool init_blocked;

	if (state > KVM2_MP_SIPI_RECEIVED)
		goto refuse;
	if (state != KVM2_MP_INIT_RECEIVED && state != KVM2_MP_SIPI_RECEIVED)
		return 0;
	init_blocked = vcpu->arch.smi_pending ||
		       !kvm_apic_init_sipi_allowed(vcpu);
	if (s->fetched & BIT(KVM2_GROUP_EVENTS))
		init_blocked = init_blocked || smi->in_smm || smi->pending;
	if (!init_blocked)
		return 0;
refuse:
	kvm2_state_refuse(s, KVM2_SET_MP, KVM2_MP_STATE);
	return -EINVAL;
}

int kvm2_mp_commit(struct kvm2_state *s, const struct kvm2_values *values)
{
	struct kvm_vcpu *vcpu = s->vcpu;
	struct kvm_mp_state state = { .mp_state = values->mp[KVM2_MP_STATE] };
	int r;

	r = kvm_arch_vcpu_ioctl_set_mpstate(vcpu, &state);
	if (r)
		return r;
	vcpu->arch.pv.pv_unhalted = false;
	if (state.mp_state == KVM_MP_STATE_INIT_RECEIVED)
		clear_bit(KVM_APIC_SIPI, &vcpu->arch.apic->pending_events);
	return 0;
}
