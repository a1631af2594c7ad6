/* SPDX-License-Identifier: LGPL-2.1 */
/* The events that the library knows more about than their format files say. */
#ifndef TRACE_EVENTS_H
#define TRACE_EVENTS_H

#include <kvm2/trace.h>

#include "text.h"

#include <stddef.h>

/* What an event means to the course of a vcpu: see fold.c. */
enum event_role {
	EVENT_PLAIN,
	EVENT_CPU_EXIT,		/* the processor left the guest */
	EVENT_ENTRY,		/* and goes there */
	EVENT_USER_EXIT,	/* to user space, in the words of classic KVM */
	EVENT_KVM2_EXIT,	/* the same, in those of kvm2 */
	EVENT_ENTER,		/* from user space: kvm2 */
	EVENT_FPU,		/* the guest's registers go in, or out */
	EVENT_WAKEUP,		/* a halt has ended */
	EVENT_SWITCH,		/* another thread runs */
	EVENT_PIO,
	EVENT_PAGE_FAULT,
};

/**
 * struct event_handler - what is special about one event
 * @system:	of the event
 * @name:	of the event
 * @kind:	for those who count
 * @role:	for folds
 * @fields:	read into event->values, in this order. An event that lacks
 *		one is treated as if it had no handler, unless its name begins
 *		with '?': then the value is 0.
 * @nr_reason:	the first so many of @fields determine the reason
 * @words_from:	number of the first argument of the print format that is a
 *		part of the reason's name
 * @nr_words:	so many of them
 * @reason:	make the name of those words: called once for each value of
 *		these fields. NULL: the words are the name.
 * @print:	text for people; NULL: the kernel's
 */
struct event_handler {
	const char *system;
	const char *name;
	enum kvm2_trace_kind kind;
	enum event_role role;
	const char *fields[KVM2_TRACE_VALUES_MAX];
	unsigned int nr_reason;
	unsigned int words_from;
	unsigned int nr_words;
	void (*reason)(const uint64_t values[static KVM2_TRACE_VALUES_MAX],
		       const char *words,
		       char name[static KVM2_TRACE_NAME_SIZE]);
	void (*print)(const struct kvm2_trace_event *event, struct text *text);
};

/* NULL when there is nothing special about it. */
const struct event_handler *event_handler_find(const char *system,
					       const char *name);

/* All of them, from @index 0 on; NULL: no more. */
const struct event_handler *event_handler_at(size_t index);

/* Printers of events_kvm2.c and events_kvm.c, for the table. */
void print_kvm2_exit(const struct kvm2_trace_event *event, struct text *text);
void print_kvm2_enter(const struct kvm2_trace_event *event, struct text *text);
void print_kvm2_state(const struct kvm2_trace_event *event, struct text *text);
void print_kvm_exit(const struct kvm2_trace_event *event, struct text *text);
void print_kvm_entry(const struct kvm2_trace_event *event, struct text *text);
void print_nested_vmexit_inject(const struct kvm2_trace_event *event,
				struct text *text);
void print_kvm_pio(const struct kvm2_trace_event *event, struct text *text);
void print_kvm_mmio(const struct kvm2_trace_event *event, struct text *text);
void print_kvm_msr(const struct kvm2_trace_event *event, struct text *text);
void print_kvm_cr(const struct kvm2_trace_event *event, struct text *text);
void print_kvm_cpuid(const struct kvm2_trace_event *event, struct text *text);
void print_kvm_apic(const struct kvm2_trace_event *event, struct text *text);
void print_kvm_page_fault(const struct kvm2_trace_event *event,
			  struct text *text);
void print_kvm_inj_exception(const struct kvm2_trace_event *event,
			     struct text *text);
void print_kvm_hypercall(const struct kvm2_trace_event *event,
			 struct text *text);
void print_kvm_hv_hypercall(const struct kvm2_trace_event *event,
			    struct text *text);
void print_kvm_xen_hypercall(const struct kvm2_trace_event *event,
			     struct text *text);
void print_kvm_vmgexit(const struct kvm2_trace_event *event, struct text *text);
void print_kvm_userspace_exit(const struct kvm2_trace_event *event,
			      struct text *text);

/* Values of kvm:kvm_exit, in the order of its fields in the table. */
enum {
	KVM_EXIT_REASON, KVM_EXIT_ISA, KVM_EXIT_INFO1, KVM_EXIT_INFO2,
	KVM_EXIT_INTR_INFO, KVM_EXIT_ERROR_CODE, KVM_EXIT_RIP,
	KVM_EXIT_REQUESTS,
};

/* Values of kvm2:kvm2_exit. */
enum { EXIT_REASON, EXIT_RET, EXIT_DETAIL0, EXIT_DETAIL1 };

/* Values of kvm2:kvm2_enter. */
enum { ENTER_IMMEDIATE, ENTER_COMPLETES };

#endif /* TRACE_EVENTS_H */
