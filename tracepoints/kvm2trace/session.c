// SPDX-License-Identifier: GPL-2.0
// What becomes of records: events, exits, counts, and what is shown of them.
#include "session.h"

#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS	UINT64_C(1000000)
/* An exit that takes so long is shown before it has ended. */
#define LONG_NS		(100 * NS_PER_MS)
#define TEXT_SIZE	512
#define WHO_SIZE	64
/* The kernel numbers events with 16 bits. */
#define EVENT_IDS	(1 << 16)

/* A classic VM has no number: its name and process tell it from others. */
static void get_who(const struct kvm2_trace_event *event,
		    const struct kvm2_trace_task *task, char *who, size_t size)
{
	struct text text = { who, size, 0 };

	if (event->has_vm || !task || task->has_vm || !*task->process ||
	    (!event->has_vcpu && !task->has_vcpu)) {
		kvm2_trace_who(event, task, who, size);
		return;
	}
	text_string(&text, task->process);
	text_char(&text, '-');
	text_signed(&text, task->tgid);
	text_char(&text, '/');
	text_decimal(&text, event->has_vcpu ? event->vcpu : task->vcpu);
	text_end(&text);
}

/* "main+0x12"; "" if the address has no name. */
static void name_address(const struct session *session, uint64_t address,
			 struct text *text)
{
	uint64_t offset;
	const char *name = session->symbols ?
		kvm2_trace_symbols_find(session->symbols, address, &offset) :
		NULL;

	if (!name)
		return;
	text_string(text, name);
	if (!offset)
		return;
	text_char(text, '+');
	text_hex(text, offset);
}

/* Put names behind the addresses of a text: "rip=0x1234 (main+0x12)". */
static const char *name_rips(const struct session *session, const char *from,
			     char *buffer, size_t size)
{
	static const char mark[] = "rip=0x";
	struct text text = { buffer, size, 0 };
	const char *rip;

	if (!session->symbols)
		return from;
	while ((rip = strstr(from, mark))) {
		char *end;
		const uint64_t address = strtoull(rip + strlen("rip="), &end,
						  16);
		size_t before;

		text_bytes(&text, from, (size_t)(end - from));
		from = end;
		before = text.length;
		text_string(&text, " (");
		name_address(session, address, &text);
		if (text.length == before + 2)
			text.length = before;
		else
			text_char(&text, ')');
	}
	text_string(&text, from);
	text_end(&text);
	return buffer;
}

static bool is_json(const struct session *session)
{
	return session->json.out;
}

/* Returns whether it is known where the guest's kernel is. */
static bool learn(struct session *session, const char *reason, uint64_t rip)
{
	uint64_t offset;

	if (!session->symbols)
		return false;
	if (kvm2_trace_symbols_offset(session->symbols, &offset))
		return true;
	if (!kvm2_trace_symbols_learn(session->symbols, reason, rip))
		return false;
	kvm2_trace_symbols_offset(session->symbols, &offset);
	fprintf(stderr, "kvm2trace: the guest's kernel was found: --kaslr 0x%llx\n",
		(unsigned long long)offset);
	return true;
}

/* A kvm2_trace_fold_fn. */
static int take_fold(const struct kvm2_trace_fold *fold, void *context)
{
	struct session *session = context;
	const struct kvm2_trace_event event = {
		.tid = fold->tid,
		.has_vm = fold->has_vm,
		.vm = fold->vm,
		.has_vcpu = fold->has_vcpu,
		.vcpu = fold->vcpu,
	};
	struct kvm2_trace_fold named = *fold;
	const struct kvm2_trace_task *task;
	char symbol[TEXT_SIZE];
	struct text name = { symbol, sizeof(symbol), 0 };
	char text[2 * TEXT_SIZE];
	char who[WHO_SIZE];

	task = kvm2_trace_tasks_find(session->tasks, fold->tid);
	learn(session, fold->reason, fold->rip);
	if (session->met)
		session->met(fold->tid, session->met_context);
	if (!filter_fold(&session->filter, fold, task))
		return 0;
	if (session->options->count &&
	    kvm2_trace_counts_add_fold(session->counts, fold, task))
		return -ENOMEM;
	if (session->options->count && !session->options->tail)
		return 0;
	get_who(&event, task, who, sizeof(who));
	if (is_json(session)) {
		name_address(session, fold->rip, &name);
		text_end(&name);
		json_fold(&session->json, fold, task, who, symbol);
	} else {
		named.text = name_rips(session, fold->text, text, sizeof(text));
		view_fold(&session->view, &named, who);
	}
	return 0;
}

static int load_symbols(struct session *session)
{
	const struct options *options = session->options;
	ssize_t nr;

	if (!options->symbols)
		return 0;
	session->symbols = kvm2_trace_symbols_create();
	if (!session->symbols)
		return -ENOMEM;
	nr = kvm2_trace_symbols_load(session->symbols, options->symbols);
	if (nr < 0) {
		fprintf(stderr, "kvm2trace: %s: %s\n", options->symbols,
			nr == -EINVAL ? "no symbols in it" :
					strerror((int)-nr));
		return (int)nr;
	}
	if (options->has_offset)
		kvm2_trace_symbols_move(session->symbols, options->offset);
	return 0;
}

int session_learn(const struct kvm2_trace_record *record, void *context)
{
	struct session *session = context;
	struct kvm2_trace_event event;
	uint64_t rip;

	return record->data &&
	       !kvm2_trace_decode(session->decoder, record, &event) &&
	       event.kind == KVM2_TRACE_EXIT_CPU &&
	       kvm2_trace_event_number(&event, "guest_rip", &rip) &&
	       learn(session, event.reason, rip);
}

int session_init(struct session *session, const struct options *options,
		 FILE *out, kvm2_trace_task_lookup_fn *lookup, void *context)
{
	const bool shows_lines = !options->count || options->tail;
	int err;

	memset(session, 0, sizeof(*session));
	session->options = options;
	session->filter = options->filter;
	session->out = out;
	err = load_symbols(session);
	if (err)
		return err;
	err = view_init(&session->view, out, options->tail, options->every_ns);
	if (err)
		return err;
	session->view.stamp = options->stamp;
	session->view.has_total = options->total;
	session->view.is_sorted = options->folds && shows_lines;
	if (options->json || options->perfetto) {
		session->json.out = out;
		session->json.is_trace = options->perfetto;
	}
	if (options->is_report && options->nr_events) {
		session->wanted = calloc(EVENT_IDS, 1);
		if (!session->wanted)
			return -ENOMEM;
	}
	session->decoder = kvm2_trace_decoder_create();
	session->tasks = kvm2_trace_tasks_create(lookup, context);
	session->counts = kvm2_trace_counts_create();
	if (options->folds)
		session->folds = kvm2_trace_folds_create(shows_lines, take_fold,
							 session);
	return session->decoder && session->tasks && session->counts &&
	       (!options->folds || session->folds) ? 0 : -ENOMEM;
}

void session_close_view(struct session *session)
{
	if (session->view.out)
		view_fini(&session->view);
}

void session_fini(struct session *session)
{
	session_close_view(session);
	free(session->wanted);
	kvm2_trace_symbols_destroy(session->symbols);
	filter_fini(&session->filter);
	kvm2_trace_folds_destroy(session->folds);
	kvm2_trace_counts_destroy(session->counts);
	kvm2_trace_tasks_destroy(session->tasks);
	kvm2_trace_decoder_destroy(session->decoder);
}

static void show_event(struct session *session,
		       const struct kvm2_trace_event *event,
		       const struct kvm2_trace_task *task, bool is_broken)
{
	char named[2 * TEXT_SIZE];
	char text[TEXT_SIZE];
	char who[WHO_SIZE];

	get_who(event, task, who, sizeof(who));
	if (is_broken)
		snprintf(text, sizeof(text), "%zu bytes, too few for its format",
			 event->record.size);
	else
		kvm2_trace_text(session->decoder, event, session->options->raw,
				text, sizeof(text));
	if (is_json(session))
		json_event(&session->json, event, task, who, text);
	else
		view_event(&session->view, event, who,
			   name_rips(session, text, named, sizeof(named)));
}

/* Is it one of -e? The kernel sees to that live, but a file has them all. */
static bool is_chosen(struct session *session,
		      const struct kvm2_trace_event *event)
{
	enum { UNKNOWN, YES, NO };
	uint16_t id;

	if (!session->wanted || event->record.size < sizeof(id))
		return true;
	memcpy(&id, event->record.data, sizeof(id));
	if (session->wanted[id] == UNKNOWN)
		session->wanted[id] = options_want_event(session->options,
				event->system, event->name) ? YES : NO;
	return session->wanted[id] == YES;
}

/* Is it one of the processes that were asked for? Others may be traced, too. */
static bool is_wanted(const struct session *session,
		      const struct kvm2_trace_task *task)
{
	const struct options *options = session->options;

	if (!options->nr_pids || options->follow || !task)
		return true;
	for (size_t i = 0; i < options->nr_pids; i++)
		if (options->pids[i] == task->tgid ||
		    options->pids[i] == task->tid)
			return true;
	return false;
}

static int take_event(struct session *session,
		      const struct kvm2_trace_record *record)
{
	const bool shows_lines = !session->options->count ||
				 session->options->tail;
	const struct kvm2_trace_task *task;
	struct kvm2_trace_event event;
	const int err = kvm2_trace_decode(session->decoder, record, &event);
	bool is_filtered;
	int ret = 0;

	task = kvm2_trace_tasks_note(session->tasks, &event);
	if (!is_wanted(session, task) || !is_chosen(session, &event))
		return 0;
	session->events++;
	is_filtered = err || !filter_event(&session->filter, &event, task);
	if (!is_filtered && session->options->count &&
	    kvm2_trace_counts_add(session->counts, &event, task))
		return -ENOMEM;
	if (!err && session->folds)
		ret = filter_note(&session->filter, &event);
	if (!err && session->folds && !ret)
		ret = kvm2_trace_folds_add(session->folds, session->decoder,
					   &event);
	if (ret < 0)
		return ret;
	if (!ret && shows_lines && (!is_filtered || (err && !session->filter.nr_terms)))
		show_event(session, &event, task, err);
	return 0;
}

static bool has_enough(const struct session *session)
{
	const uint64_t limit = session->options->limit;

	if (!limit)
		return false;
	return (session->options->count || is_json(session) ?
		session->events : session->view.lines) >= limit;
}

int session_record(const struct kvm2_trace_record *record, void *context)
{
	struct session *session = context;
	int err;

	session->now_ns = record->time_ns;
	if (record->data) {
		err = take_event(session, record);
		if (err)
			return err;
	} else {
		if (session->folds)
			kvm2_trace_folds_lost(session->folds);
		if (record->lost != KVM2_TRACE_LOST_UNKNOWN)
			session->lost += record->lost;
		else
			session->lost_more = true;
		if (is_json(session))
			json_gap(&session->json, record);
		else if (!session->options->count || session->options->tail)
			view_gap(&session->view, record);
	}
	return has_enough(session);
}

int session_advance(struct session *session, uint64_t now_ns)
{
	uint64_t oldest_ns = now_ns;
	int err = 0;

	if (session->folds)
		err = kvm2_trace_folds_advance(session->folds, now_ns,
					       is_json(session) ? UINT64_MAX :
					       LONG_NS, &oldest_ns);
	view_release(&session->view, oldest_ns);
	return err;
}

int session_finish(struct session *session)
{
	uint64_t oldest_ns;
	int err = 0;

	/* What is open now stays unfinished. */
	if (session->folds && !has_enough(session))
		err = kvm2_trace_folds_advance(session->folds, UINT64_MAX, 0,
					       &oldest_ns);
	view_release(&session->view, UINT64_MAX);
	if (is_json(session))
		json_end(&session->json);
	return err;
}

int session_table(struct session *session, uint64_t now_ns, bool is_last)
{
	const struct kvm2_trace_count *counts;
	const struct view_totals totals = {
		.elapsed_ns = now_ns - session->start_ns,
		.interval_ns = is_last ? 0 : now_ns - session->mark_ns,
		.events = session->events,
		.lost = session->lost,
	};
	ssize_t nr;

	nr = kvm2_trace_counts_list(session->counts, session->tasks, &counts);
	if (nr < 0)
		return (int)nr;
	view_table(&session->view, &totals, counts, (size_t)nr);
	kvm2_trace_counts_mark(session->counts);
	session->mark_ns = now_ns;
	return 0;
}

void session_flush(struct session *session)
{
	errno = 0;
	if ((fflush(session->out) || ferror(session->out)) &&
	    !session->write_err)
		session->write_err = errno ? -errno : -EIO;
}
