/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts: messages to and from the local APICs, the bus that carries
 * them, the pins LINT0 and LINT1, and eventfds that send MSIs.
 */
#ifndef _KVM2_APIC_H
#define _KVM2_APIC_H

#include <linux/kvm2_core.h>
#include <linux/kvm_host.h>

/* Context: before the VM is used; after its last use. */
int kvm2_apic_create(struct kvm2_vm *vm);
void kvm2_apic_destroy(struct kvm2_vm *vm);

int kvm2_apic_message(struct kvm2_vm *vm,
		      const struct kvm2_apic_message *message);
/* Within KVM, that is without sleep. */
bool kvm2_apic_can_deliver(struct kvm2_vm *vm,
			   const struct kvm2_apic_message *message);
int kvm2_apic_attach(struct kvm2_vm *vm, const struct kvm2_irq *irq);

bool __kvm2_apic_claim(struct kvm2_vcpu *v);

/*
 * For the vcpu thread. An exit of KVM that asks for a vector or reports an
 * EOI is claimed: noted in v->inta and sent if that can be done at once.
 * Context: vcpu->mutex held.
 */
static inline bool kvm2_apic_claim(struct kvm2_vcpu *v)
{
	u32 reason = v->vcpu->run->exit_reason;

	if (likely(reason != KVM_EXIT_IOAPIC_EOI &&
		   reason != KVM_EXIT_IRQ_WINDOW_OPEN))
		return false;
	return __kvm2_apic_claim(v);
}

static inline bool kvm2_apic_is_busy(const struct kvm2_vcpu *v)
{
	return v->inta.eoi >= 0 || READ_ONCE(v->inta.state) != KVM2_INTA_NONE;
}

/*
 * Send what was claimed, and wait for the answer. @may_wait: else only look.
 * Context: the vcpu thread, no vcpu->mutex held.
 * Return: 0 for kvm2_apic_finish(); -ERESTARTSYS interrupted; -EAGAIN.
 */
int kvm2_apic_wait(struct kvm2_vcpu *v, bool may_wait);

/*
 * Take the answer to the vcpu.
 * Context: vcpu->mutex held.
 * Return: it goes on; false: there is no bus, the exit is for user space.
 */
bool kvm2_apic_finish(struct kvm2_vcpu *v);

/* The reply to an exit that asked for a vector; KVM2_EXTINT_NONE for none. */
void kvm2_apic_reply(struct kvm2_vcpu *v, u32 vector);

/* Why the bus cannot be used: 0 there is none, else a positive errno. */
u32 kvm2_apic_error(struct kvm2_vcpu *v);

/* routes.c: KVM's table of interrupt routes */
struct kvm2_routes;

/* Lower vectors are exceptions, which no APIC delivers. */
#define KVM2_FIRST_VECTOR	16
#define KVM2_LEVEL_ROUTES	(256 - KVM2_FIRST_VECTOR)

struct kvm2_routes *kvm2_routes_create(struct kvm *kvm);
void kvm2_routes_destroy(struct kvm2_routes *routes);
/* From now on, EOIs of @vector, delivered as level, leave the guest. */
int kvm2_routes_add_level(struct kvm2_routes *routes, u8 vector);
bool kvm2_routes_has_level(const struct kvm2_routes *routes, u8 vector);
int kvm2_routes_attach_msi(struct kvm2_routes *routes, int fd, u64 address,
			   u32 data);
int kvm2_routes_detach_msi(struct kvm2_routes *routes, int fd);

#endif /* _KVM2_APIC_H */
