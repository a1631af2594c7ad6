/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What of the events is wanted: terms "name=value,value-value,...", or with
 * "name=!..." all others, which have to be true together.
 *
 *	reason	words: why the processor left the guest
 *	user	words: why control went to user space
 *	vm	numbers, or names of VMs, with * and ? and []
 *	vcpu	numbers
 *	took	a time: exits that lasted so long, or longer
 *	others	numbers, of a field of that name: for an exit it is enough that
 *		one of its events has it
 *
 * Some of that the kernel can check before it records an event; all of it is
 * checked here again.
 */
#ifndef KVM2TRACE_FILTER_H
#define KVM2TRACE_FILTER_H

#include <kvm2/trace.h>
#include <kvm2/trace_fold.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_TERMS_MAX	16
#define FILTER_VALUES_MAX	16
#define FILTER_NAME_SIZE	64

enum filter_kind {
	FILTER_REASON,
	FILTER_USER,
	FILTER_VM,
	FILTER_VCPU,
	FILTER_TOOK,
	FILTER_FIELD,
};

/**
 * struct filter_value - one of a term's values
 * @word:	of the command line, @length characters
 * @is_number:	it is one, or two: @low to @high
 */
struct filter_value {
	const char *word;
	size_t length;
	bool is_number;
	uint64_t low;
	uint64_t high;
};

/**
 * struct filter_term - one condition
 * @kind:	what it is about
 * @name:	as given: that of the field
 * @text:	all of it, as given
 * @is_not:	all but these
 * @values:	@nr_values of them
 * @took_ns:	of FILTER_TOOK
 * @nr_pushed:	events that the kernel checks for it
 */
struct filter_term {
	enum filter_kind kind;
	char name[FILTER_NAME_SIZE];
	const char *text;
	bool is_not;
	struct filter_value values[FILTER_VALUES_MAX];
	size_t nr_values;
	uint64_t took_ns;
	unsigned int nr_pushed;
};

/* Bits of the fields that an exit's events have had. */
struct filter_seen {
	int tid;
	uint32_t terms;
};

/**
 * struct filter - all terms
 * @terms:	@nr_terms of them
 * @has_folds:	what is shown are exits
 * @seen:	for each thread, @nr_seen slots, used: @used
 */
struct filter {
	struct filter_term terms[FILTER_TERMS_MAX];
	size_t nr_terms;
	bool has_folds;
	struct filter_seen *seen;
	size_t nr_seen;
	size_t used;
};

/* Add "name=values"; borrows @text. Returns 0 or -EINVAL. */
int filter_parse(struct filter *filter, const char *text);
void filter_fini(struct filter *filter);

/* Is there a term of that kind? */
bool filter_has(const struct filter *filter, enum filter_kind kind);

/* Is an event wanted that is shown by itself, or counted? */
bool filter_event(const struct filter *filter,
		  const struct kvm2_trace_event *event,
		  const struct kvm2_trace_task *task);

/* Remember what the event, which is a part of an exit, says of its thread. */
int filter_note(struct filter *filter, const struct kvm2_trace_event *event);

/* Is an exit wanted? With its end, what was noted is forgotten. */
bool filter_fold(struct filter *filter, const struct kvm2_trace_fold *fold,
		 const struct kvm2_trace_task *task);

/* A kvm2_trace_filter_fn, whose context is the filter. */
int filter_push(struct kvm2_trace_decoder *decoder, const char *system,
		const char *name, char *text, size_t size, void *filter);

#endif /* KVM2TRACE_FILTER_H */
