// SPDX-License-Identifier: GPL-2.0
// What of the events is wanted, and which part of that the kernel can check.
#include "filter.h"

#include "decode.h"
#include "text.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A power of two. */
#define SEEN_INITIAL	64
/* Of kvm_exit, for each kind of processor: beyond are no reasons. */
#define VMX_CODES	128
#define SVM_CODES	0x410

/* ---- parsing ---- */

/* "12", "0x1f", "1-5"; false: it is a word. */
static bool parse_number(struct filter_value *value)
{
	char text[48];
	char *end;

	if (value->length >= sizeof(text) || *value->word < '0' ||
	    *value->word > '9')
		return false;
	memcpy(text, value->word, value->length);
	text[value->length] = '\0';
	errno = 0;
	value->low = strtoull(text, &end, 0);
	value->high = value->low;
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		value->high = strtoull(end + 1, &end, 0);
	return !errno && !*end && value->low <= value->high;
}

/* "50us", "1ms", "0.5s"; 0 is an error. */
static uint64_t parse_time(const char *text)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
	};
	double value;
	char *end;

	if ((*text < '0' || *text > '9') && *text != '.')
		return 0;
	value = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(end, units[i].name) && value * units[i].ns >= 1 &&
		    value * units[i].ns < 1e18)
			return (uint64_t)(value * units[i].ns);
	return 0;
}

static int parse_values(struct filter_term *term, const char *text)
{
	const bool has_words = term->kind == FILTER_REASON ||
			       term->kind == FILTER_USER ||
			       term->kind == FILTER_VM;

	for (;;) {
		struct filter_value *value = &term->values[term->nr_values++];

		value->word = text;
		value->length = strcspn(text, ",");
		value->is_number = parse_number(value);
		if (!value->length || (!has_words && !value->is_number))
			return -EINVAL;
		text += value->length;
		if (!*text)
			return 0;
		text++;
		if (term->nr_values == FILTER_VALUES_MAX)
			return -EINVAL;
	}
}

int filter_parse(struct filter *filter, const char *text)
{
	static const char *const names[] = {
		[FILTER_REASON] = "reason", [FILTER_USER] = "user",
		[FILTER_VM] = "vm", [FILTER_VCPU] = "vcpu",
		[FILTER_TOOK] = "took",
	};
	struct filter_term *term = &filter->terms[filter->nr_terms];
	const size_t length = strcspn(text, "=");

	if (filter->nr_terms == FILTER_TERMS_MAX || !length ||
	    text[length] != '=' || length >= sizeof(term->name))
		return -EINVAL;
	memset(term, 0, sizeof(*term));
	memcpy(term->name, text, length);
	term->text = text;
	term->kind = FILTER_FIELD;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(term->name, names[i]))
			term->kind = (enum filter_kind)i;
	text += length + 1;
	if (term->kind == FILTER_TOOK) {
		term->took_ns = parse_time(text);
		filter->nr_terms += term->took_ns != 0;
		return term->took_ns ? 0 : -EINVAL;
	}
	term->is_not = *text == '!';
	if (parse_values(term, text + term->is_not))
		return -EINVAL;
	filter->nr_terms++;
	return 0;
}

void filter_fini(struct filter *filter)
{
	free(filter->seen);
	filter->seen = NULL;
}

bool filter_has(const struct filter *filter, enum filter_kind kind)
{
	for (size_t i = 0; i < filter->nr_terms; i++)
		if (filter->terms[i].kind == kind)
			return true;
	return false;
}

/* ---- checking ---- */

static bool has_word(const struct filter_term *term, const char *word)
{
	const size_t length = word ? strlen(word) : 0;

	for (size_t i = 0; word && i < term->nr_values; i++)
		if (term->values[i].length == length &&
		    !strncasecmp(term->values[i].word, word, length))
			return true;
	return false;
}

static bool has_number(const struct filter_term *term, uint64_t number)
{
	for (size_t i = 0; i < term->nr_values; i++)
		if (term->values[i].is_number &&
		    number >= term->values[i].low &&
		    number <= term->values[i].high)
			return true;
	return false;
}

static bool has_name(const struct filter_term *term, const char *name)
{
	for (size_t i = 0; i < term->nr_values; i++) {
		char pattern[64];

		snprintf(pattern, sizeof(pattern), "%.*s",
			 (int)term->values[i].length, term->values[i].word);
		if (!fnmatch(pattern, name, 0))
			return true;
	}
	return false;
}

/* A VM's number is that of kvm2; a classic VM has a name alone. */
static bool is_of_vm(const struct filter_term *term, bool has_vm, uint64_t vm,
		     const struct kvm2_trace_task *task)
{
	if (!has_vm && task && task->has_vm) {
		has_vm = true;
		vm = task->vm;
	}
	return ((has_vm && has_number(term, vm)) ||
		(task && *task->process && has_name(term, task->process))) !=
	       term->is_not;
}

static bool is_of_vcpu(const struct filter_term *term, bool has_vcpu,
		       uint32_t vcpu, const struct kvm2_trace_task *task)
{
	if (!has_vcpu && task && task->has_vcpu) {
		has_vcpu = true;
		vcpu = task->vcpu;
	}
	return has_vcpu && has_number(term, vcpu) != term->is_not;
}

static bool has_field(const struct filter_term *term,
		      const struct kvm2_trace_event *event)
{
	uint64_t number;

	return kvm2_trace_event_number(event, term->name, &number) &&
	       has_number(term, number) != term->is_not;
}

bool filter_event(const struct filter *filter,
		  const struct kvm2_trace_event *event,
		  const struct kvm2_trace_task *task)
{
	bool is_wanted = true;

	for (size_t i = 0; i < filter->nr_terms && is_wanted; i++) {
		const struct filter_term *term = &filter->terms[i];

		switch (term->kind) {
		case FILTER_REASON:
			is_wanted = event->kind == KVM2_TRACE_EXIT_CPU &&
				has_word(term, event->reason) != term->is_not;
			break;
		case FILTER_USER:
			is_wanted = event->kind == KVM2_TRACE_EXIT_USER &&
				has_word(term, event->reason) != term->is_not;
			break;
		case FILTER_VM:
			is_wanted = is_of_vm(term, event->has_vm, event->vm,
					     task);
			break;
		case FILTER_VCPU:
			is_wanted = is_of_vcpu(term, event->has_vcpu,
					       event->vcpu, task);
			break;
		case FILTER_TOOK:
			is_wanted = false;
			break;
		case FILTER_FIELD:
			is_wanted = has_field(term, event);
			break;
		}
	}
	return is_wanted;
}

/* ---- the fields of an exit's events ---- */

static struct filter_seen *find_seen(struct filter_seen *seen, size_t nr,
				     int tid)
{
	size_t slot = (uint32_t)tid * UINT32_C(2654435761) & (nr - 1);

	while (seen[slot].tid && seen[slot].tid != tid)
		slot = (slot + 1) & (nr - 1);
	return &seen[slot];
}

static int grow_seen(struct filter *filter)
{
	const size_t nr = filter->nr_seen ? filter->nr_seen * 2 : SEEN_INITIAL;
	struct filter_seen *seen = calloc(nr, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	for (size_t i = 0; i < filter->nr_seen; i++)
		if (filter->seen[i].tid)
			*find_seen(seen, nr, filter->seen[i].tid) =
				filter->seen[i];
	free(filter->seen);
	filter->seen = seen;
	filter->nr_seen = nr;
	return 0;
}

int filter_note(struct filter *filter, const struct kvm2_trace_event *event)
{
	struct filter_seen *seen;
	uint32_t terms = 0;

	for (size_t i = 0; i < filter->nr_terms; i++)
		if (filter->terms[i].kind == FILTER_FIELD &&
		    has_field(&filter->terms[i], event))
			terms |= UINT32_C(1) << i;
	if (!terms || !event->tid)
		return 0;
	if (filter->used * 2 >= filter->nr_seen && grow_seen(filter))
		return -ENOMEM;
	seen = find_seen(filter->seen, filter->nr_seen, event->tid);
	filter->used += !seen->tid;
	seen->tid = event->tid;
	seen->terms |= terms;
	return 0;
}

bool filter_fold(struct filter *filter, const struct kvm2_trace_fold *fold,
		 const struct kvm2_trace_task *task)
{
	struct filter_seen *seen = filter->nr_seen ?
		find_seen(filter->seen, filter->nr_seen, fold->tid) : NULL;
	const uint32_t terms = seen ? seen->terms : 0;
	bool is_wanted = true;

	for (size_t i = 0; i < filter->nr_terms && is_wanted; i++) {
		const struct filter_term *term = &filter->terms[i];

		switch (term->kind) {
		case FILTER_REASON:
			is_wanted = fold->reason &&
				has_word(term, fold->reason) != term->is_not;
			break;
		case FILTER_USER:
			is_wanted = fold->user &&
				has_word(term, fold->user) != term->is_not;
			break;
		case FILTER_VM:
			is_wanted = is_of_vm(term, fold->has_vm, fold->vm,
					     task);
			break;
		case FILTER_VCPU:
			is_wanted = is_of_vcpu(term, fold->has_vcpu,
					       fold->vcpu, task);
			break;
		case FILTER_TOOK:
			is_wanted = fold->total_ns >= term->took_ns &&
				(fold->state == KVM2_TRACE_FOLD_WHOLE ||
				 fold->state == KVM2_TRACE_FOLD_RESUMED);
			break;
		case FILTER_FIELD:
			is_wanted = terms >> i & 1;
			break;
		}
	}
	if (seen && fold->state != KVM2_TRACE_FOLD_UNFINISHED)
		seen->terms = 0;
	return is_wanted;
}

/* ---- what the kernel can check ---- */

static void put_or(struct text *text, bool *has_one)
{
	text_string(text, *has_one ? "||" : "");
	*has_one = true;
}

/* "exit_reason==120&&isa==2||...": false: not all words are reasons. */
static bool push_codes(const struct filter_term *term,
		       struct kvm2_trace_decoder *names, uint32_t isa,
		       uint32_t codes, struct text *text, bool *has_one,
		       uint32_t *found)
{
	for (uint32_t code = 0; code < codes; code++) {
		const char *name = kvm2_trace_cpu_exit_reason(names, isa, code);

		for (size_t i = 0; name && i < term->nr_values; i++) {
			const struct filter_value *value = &term->values[i];

			if (strlen(name) != value->length ||
			    strncasecmp(name, value->word, value->length))
				continue;
			*found |= UINT32_C(1) << i;
			put_or(text, has_one);
			text_printf(text, "(isa==%u&&exit_reason==%u)", isa,
				    code);
		}
	}
	return *found == (UINT32_C(1) << term->nr_values) - 1;
}

static bool push_reasons(const struct filter_term *term,
			 const struct kvm2_trace_format *format,
			 struct text *text)
{
	/* Its own, so that the other one remembers only what happens. */
	struct kvm2_trace_decoder *names = kvm2_trace_decoder_create();
	bool has_one = false;
	uint32_t found = 0;
	bool is_whole = false;

	if (names && !kvm2_trace_decoder_add(names, "kvm", format->text,
					     format->text_size)) {
		push_codes(term, names, 1, VMX_CODES, text, &has_one, &found);
		is_whole = push_codes(term, names, 2, SVM_CODES, text, &has_one,
				      &found);
	}
	kvm2_trace_decoder_destroy(names);
	return is_whole;
}

static bool push_numbers(const struct filter_term *term, const char *field,
			 struct text *text)
{
	bool has_one = false;

	for (size_t i = 0; i < term->nr_values; i++) {
		const struct filter_value *value = &term->values[i];

		if (!value->is_number)
			return false;
		put_or(text, &has_one);
		if (value->low == value->high)
			text_printf(text, "%s==%llu", field,
				    (unsigned long long)value->low);
		else
			text_printf(text, "(%s>=%llu&&%s<=%llu)", field,
				    (unsigned long long)value->low, field,
				    (unsigned long long)value->high);
	}
	return true;
}

/* The field that the kernel compares; NULL: the event has none. */
static const struct format_field *find_field(
		const struct kvm2_trace_format *format,
		const struct filter_term *term)
{
	const struct format_field *field = NULL;

	if (term->kind == FILTER_VM)
		field = format->vm;
	else if (term->kind == FILTER_VCPU)
		field = format->vcpu;
	else if (term->kind == FILTER_FIELD)
		field = format_find(format->format, term->name);
	return field && field->kind == FORMAT_NUMBER ? field : NULL;
}

/* Returns 1 it is in @text; 0 the kernel cannot tell; -1 it is never true. */
static int push_term(const struct filter *filter,
		     const struct filter_term *term,
		     const struct kvm2_trace_format *format, struct text *text)
{
	const struct format_field *field = find_field(format, term);

	switch (term->kind) {
	case FILTER_REASON:
		if (!format->handler ||
		    format->handler->kind != KVM2_TRACE_EXIT_CPU)
			return filter->has_folds ? 0 : -1;
		return push_reasons(term, format, text);
	case FILTER_VM:
	case FILTER_VCPU:
		return field && push_numbers(term, field->name, text);
	case FILTER_FIELD:
		/* An exit is wanted with all its events, if one has it. */
		if (filter->has_folds)
			return 0;
		return field ? push_numbers(term, field->name, text) : -1;
	case FILTER_USER:
		return filter->has_folds || (format->handler &&
		       format->handler->kind == KVM2_TRACE_EXIT_USER) ? 0 : -1;
	default:
		return 0;
	}
}

static const struct kvm2_trace_format *find_format(
		const struct kvm2_trace_decoder *decoder, const char *system,
		const char *name)
{
	const struct kvm2_trace_format *format;
	size_t index = 0;

	do
		format = decoder_next(decoder, &index);
	while (format && (strcmp(format->system, system) ||
			  strcmp(format->format->name, name)));
	return format;
}

int filter_push(struct kvm2_trace_decoder *decoder, const char *system,
		const char *name, char *buffer, size_t size, void *context)
{
	struct filter *filter = context;
	const struct kvm2_trace_format *format = find_format(decoder, system,
							     name);
	struct text text = { buffer, size, 0 };
	uint32_t pushed = 0;

	for (size_t i = 0; format && i < filter->nr_terms; i++) {
		const size_t before = text.length;
		int ret;

		text_string(&text, before ? "&&" : "");
		text_string(&text, filter->terms[i].is_not ? "!(" : "(");
		ret = push_term(filter, &filter->terms[i], format, &text);
		if (ret < 0)
			return -1;
		text_char(&text, ')');
		/* What does not fit is checked here. */
		if (!ret || text.length >= size) {
			text.length = before;
			continue;
		}
		pushed |= UINT32_C(1) << i;
	}
	for (size_t i = 0; i < filter->nr_terms; i++)
		filter->terms[i].nr_pushed += pushed >> i & 1;
	text_end(&text);
	return pushed != 0;
}
