// SPDX-License-Identifier: LGPL-2.1
// From the events between an exit and the next entry to one fold.
#include <kvm2/trace_fold.h>

#include "decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FOLD_TEXT_SIZE		512
/* A power of two. */
#define FOLDS_INITIAL		16
/* When room is short, a thread that did nothing for so long is forgotten. */
#define IDLE_NS			UINT64_C(10000000000)

/* Where control is. */
enum where {
	WHERE_UNKNOWN,
	WHERE_GUEST,
	WHERE_KERNEL,
	WHERE_VMM,
};

/**
 * struct thread - a thread that runs a vcpu
 * @tid:	which; 0: this slot is free
 * @where:	control is
 * @is_open:	@fold has begun
 * @is_shown:	and has been given out unfinished
 * @is_broken:	and something within it was lost
 * @is_off:	not on a processor
 * @has_user:	the last event was the classic exit to user space
 * @since_ns:	up to then, time has been put to @fold
 * @off_ns:	not on a processor since then, as far as it has ended
 * @off_since_ns: if @is_off
 * @fold:	the present one
 * @text:	of @fold
 * @length:	of @text, or what it would be
 */
struct thread {
	int tid;
	enum where where;
	bool is_open;
	bool is_shown;
	bool is_broken;
	bool is_off;
	bool has_user;
	uint64_t since_ns;
	uint64_t off_ns;
	uint64_t off_since_ns;
	struct kvm2_trace_fold fold;
	char text[FOLD_TEXT_SIZE];
	size_t length;
};

/**
 * struct kvm2_trace_folds - the folds of all threads
 * @slots:	@nr_slots pointers, by tid
 * @nr:		threads
 */
struct kvm2_trace_folds {
	struct thread **slots;
	size_t nr_slots;
	size_t nr;
	bool has_text;
	kvm2_trace_fold_fn *take;
	void *context;
};

struct kvm2_trace_folds *kvm2_trace_folds_create(bool has_text,
						 kvm2_trace_fold_fn *take,
						 void *context)
{
	struct kvm2_trace_folds *folds = calloc(1, sizeof(*folds));

	if (!folds)
		return NULL;
	folds->slots = calloc(FOLDS_INITIAL, sizeof(*folds->slots));
	if (!folds->slots) {
		free(folds);
		return NULL;
	}
	folds->nr_slots = FOLDS_INITIAL;
	folds->has_text = has_text;
	folds->take = take;
	folds->context = context;
	return folds;
}

void kvm2_trace_folds_destroy(struct kvm2_trace_folds *folds)
{
	if (!folds)
		return;
	for (size_t i = 0; i < folds->nr_slots; i++)
		free(folds->slots[i]);
	free(folds->slots);
	free(folds);
}

/* ---- threads ---- */

static size_t slot_of(struct thread *const *slots, size_t nr_slots, int tid)
{
	size_t slot = (uint32_t)tid * UINT32_C(2654435761) & (nr_slots - 1);

	while (slots[slot] && slots[slot]->tid != tid)
		slot = (slot + 1) & (nr_slots - 1);
	return slot;
}

static int make_room(struct kvm2_trace_folds *folds, uint64_t now_ns)
{
	struct thread **old = folds->slots;
	const size_t nr_old = folds->nr_slots;
	size_t nr_kept = 0;

	for (size_t i = 0; i < nr_old; i++) {
		struct thread *thread = old[i];

		if (!thread)
			continue;
		nr_kept += thread->is_open ||
			   now_ns - thread->since_ns < IDLE_NS;
	}
	while (folds->nr_slots < nr_kept * 2 + 2)
		folds->nr_slots *= 2;
	folds->slots = calloc(folds->nr_slots, sizeof(*folds->slots));
	if (!folds->slots) {
		folds->slots = old;
		folds->nr_slots = nr_old;
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr_old; i++) {
		struct thread *thread = old[i];

		if (!thread)
			continue;
		if (thread->is_open || now_ns - thread->since_ns < IDLE_NS)
			folds->slots[slot_of(folds->slots, folds->nr_slots,
					     thread->tid)] = thread;
		else
			free(thread);
	}
	folds->nr = nr_kept;
	free(old);
	return 0;
}

static struct thread *find_thread(struct kvm2_trace_folds *folds, int tid)
{
	return folds->slots[slot_of(folds->slots, folds->nr_slots, tid)];
}

/* NULL: no memory. */
static struct thread *get_thread(struct kvm2_trace_folds *folds, int tid,
				 uint64_t now_ns)
{
	struct thread *thread = find_thread(folds, tid);

	if (thread)
		return thread;
	if (folds->nr >= folds->nr_slots / 2 && make_room(folds, now_ns))
		return NULL;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->tid = tid;
	thread->since_ns = now_ns;
	folds->slots[slot_of(folds->slots, folds->nr_slots, tid)] = thread;
	folds->nr++;
	return thread;
}

/* ---- time ---- */

/* Put the time up to now where it belongs. */
static void spend(struct thread *thread, uint64_t now_ns)
{
	const uint64_t elapsed = now_ns > thread->since_ns ?
				 now_ns - thread->since_ns : 0;
	const uint64_t off = thread->off_ns < elapsed ? thread->off_ns :
							elapsed;

	thread->fold.wait_ns += off;
	if (thread->where == WHERE_VMM)
		thread->fold.vmm_ns += elapsed - off;
	else
		thread->fold.kernel_ns += elapsed - off;
	thread->fold.total_ns += elapsed;
	thread->since_ns = now_ns;
	thread->off_ns = 0;
}

/* A switch of threads: it tells of two. */
static void switch_threads(struct kvm2_trace_folds *folds,
			   const struct kvm2_trace_event *event)
{
	const uint64_t now_ns = event->record.time_ns;
	struct thread *thread = find_thread(folds, (int)event->values[0]);

	if (thread && thread->is_open) {
		thread->is_off = true;
		thread->off_since_ns = now_ns;
	}
	thread = find_thread(folds, (int)event->values[1]);
	if (thread && thread->is_open && thread->is_off) {
		thread->is_off = false;
		thread->off_ns += now_ns - thread->off_since_ns;
	}
}

/* The halt has ended that has lasted for @ns. */
static void wake_up(struct thread *thread, uint64_t ns, bool waited)
{
	/* Most of it was seen already, if switches are traced. */
	if (waited && ns > thread->off_ns)
		thread->off_ns = ns;
}

/* ---- text ---- */

static void add_text(struct thread *thread, const char *from, size_t length)
{
	struct text text = { thread->text, FOLD_TEXT_SIZE, thread->length };

	text_bytes(&text, from, length);
	thread->length = text.length;
}

static void add_string(struct thread *thread, const char *from)
{
	add_text(thread, from, strlen(from));
}

static bool begins_with(const char *text, const char *word)
{
	return !strncmp(text, word, strlen(word));
}

/* "kvm_inj_virq" is "inj_virq" here. */
static void add_event(struct thread *thread,
		      const struct kvm2_trace_event *event, const char *text)
{
	const char *name = event->name;

	if (begins_with(name, "kvm_"))
		name += strlen("kvm_");
	add_string(thread, "; ");
	add_string(thread, name);
	if (*text)
		add_string(thread, " ");
	add_string(thread, text);
}

/* What kvm2_exit knows and kvm_exit has not told yet. */
static void add_kvm2_exit(struct thread *thread,
			  const struct kvm2_trace_event *event,
			  const char *text)
{
	static const char *const told[] = { "io", "mmio", "hlt", "msr" };
	const char *const reason = event->reason;

	if (!thread->has_user) {
		add_string(thread, " -> user ");
		add_string(thread, text);
		return;
	}
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (!strcmp(reason, told[i]))
			return;
	if (begins_with(text, reason) && strcmp(text, reason))
		add_string(thread, text + strlen(reason));
}

static bool same_word(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* What an event between exit and entry adds to the line. */
static void tell(struct kvm2_trace_folds *folds,
		 struct kvm2_trace_decoder *decoder, struct thread *thread,
		 const struct kvm2_trace_event *event, enum event_role role)
{
	const char *const reason = thread->fold.reason;
	const char *value;
	char text[FOLD_TEXT_SIZE];

	if (!folds->has_text || thread->length >= FOLD_TEXT_SIZE)
		return;
	kvm2_trace_text(decoder, event, false, text, sizeof(text));
	switch (role) {
	case EVENT_CPU_EXIT:
		add_string(thread, text);
		return;
	case EVENT_USER_EXIT:
		add_string(thread, " -> user");
		if (!same_word(reason, event->reason)) {
			add_string(thread, " ");
			add_string(thread, event->reason);
		}
		return;
	case EVENT_KVM2_EXIT:
		add_kvm2_exit(thread, event, text);
		return;
	case EVENT_PIO:
		value = strstr(text, " value=");
		if (same_word(reason, "io") && value) {
			add_string(thread, value);
			return;
		}
		break;
	case EVENT_PAGE_FAULT:
		/* The exit has told this already. */
		if (same_word(reason, "npf") ||
		    same_word(reason, "EPT_VIOLATION"))
			return;
		break;
	case EVENT_ENTRY:
		value = strstr(text, " injects");
		add_string(thread, value ? value : "");
		return;
	case EVENT_ENTER:
	case EVENT_FPU:
	case EVENT_WAKEUP:
		return;
	default:
		break;
	}
	add_event(thread, event, text);
}

/* ---- folds ---- */

static int give(struct kvm2_trace_folds *folds, struct thread *thread,
		enum kvm2_trace_fold_state state)
{
	const size_t last = thread->length < FOLD_TEXT_SIZE ? thread->length :
							      FOLD_TEXT_SIZE - 1;

	thread->fold.state = state;
	thread->text[last] = '\0';
	if (thread->length > last)
		memcpy(thread->text + last - 3, "...", 3);
	thread->fold.text = thread->text;
	return folds->take(&thread->fold, folds->context);
}

static int end_fold(struct kvm2_trace_folds *folds, struct thread *thread,
		    bool is_whole)
{
	thread->is_open = false;
	if (!is_whole || thread->is_broken)
		return give(folds, thread, KVM2_TRACE_FOLD_BROKEN);
	return give(folds, thread, thread->is_shown ?
		    KVM2_TRACE_FOLD_RESUMED : KVM2_TRACE_FOLD_WHOLE);
}

static void begin_fold(struct thread *thread,
		       const struct kvm2_trace_event *event)
{
	memset(&thread->fold, 0, sizeof(thread->fold));
	thread->fold.tid = thread->tid;
	thread->fold.cpu = event->record.cpu;
	thread->fold.start_ns = event->record.time_ns;
	thread->length = 0;
	thread->is_open = true;
	thread->is_shown = false;
	thread->is_broken = false;
	thread->is_off = false;
	thread->has_user = false;
	thread->since_ns = event->record.time_ns;
	thread->off_ns = 0;
	thread->where = WHERE_KERNEL;
}

static void learn(struct kvm2_trace_fold *fold,
		  const struct kvm2_trace_event *event)
{
	if (event->has_vm) {
		fold->has_vm = true;
		fold->vm = event->vm;
	}
	if (event->has_vcpu) {
		fold->has_vcpu = true;
		fold->vcpu = event->vcpu;
	}
	fold->events++;
}

static int add_cpu_exit(struct kvm2_trace_folds *folds,
			struct kvm2_trace_decoder *decoder,
			struct thread *thread,
			const struct kvm2_trace_event *event)
{
	int err = 0;

	/* The entry in between is not traced, or was lost. */
	if (thread->is_open)
		err = end_fold(folds, thread, false);
	begin_fold(thread, event);
	thread->fold.reason = event->reason;
	thread->fold.has_rip = true;
	thread->fold.rip = event->values[KVM_EXIT_RIP];
	learn(&thread->fold, event);
	tell(folds, decoder, thread, event, EVENT_CPU_EXIT);
	return err ? err : 1;
}

static int add_user_exit(struct kvm2_trace_folds *folds,
			 struct kvm2_trace_decoder *decoder,
			 struct thread *thread,
			 const struct kvm2_trace_event *event,
			 enum event_role role)
{
	if (!thread->is_open)
		begin_fold(thread, event);
	/* Of a kvm2 exit both are reported, and it is still the kernel. */
	if (role == EVENT_KVM2_EXIT && thread->has_user)
		thread->where = WHERE_KERNEL;
	spend(thread, event->record.time_ns);
	thread->where = WHERE_VMM;
	thread->fold.user = event->reason;
	learn(&thread->fold, event);
	tell(folds, decoder, thread, event, role);
	thread->has_user = role == EVENT_USER_EXIT;
	return 1;
}

static int add_entry(struct kvm2_trace_folds *folds,
		     struct kvm2_trace_decoder *decoder, struct thread *thread,
		     const struct kvm2_trace_event *event)
{
	int err = 0;

	if (thread->is_open) {
		spend(thread, event->record.time_ns);
		learn(&thread->fold, event);
		tell(folds, decoder, thread, event, EVENT_ENTRY);
		err = end_fold(folds, thread, true);
	}
	thread->since_ns = event->record.time_ns;
	thread->where = WHERE_GUEST;
	return err ? err : 1;
}

/* Does it tell that a thread which was in user space is back in KVM? */
static bool is_back(const struct kvm2_trace_event *event, enum event_role role)
{
	return role == EVENT_ENTER || (role == EVENT_FPU && event->values[0]);
}

static int add_inner(struct kvm2_trace_folds *folds,
		     struct kvm2_trace_decoder *decoder, struct thread *thread,
		     const struct kvm2_trace_event *event, enum event_role role)
{
	if (!thread || !thread->is_open)
		return role == EVENT_ENTER || role == EVENT_FPU ||
		       role == EVENT_WAKEUP;
	if (role == EVENT_WAKEUP)
		wake_up(thread, event->values[0], event->values[1]);
	if (thread->where == WHERE_VMM && is_back(event, role)) {
		spend(thread, event->record.time_ns);
		thread->where = WHERE_KERNEL;
	}
	thread->has_user = false;
	learn(&thread->fold, event);
	tell(folds, decoder, thread, event, role);
	return 1;
}

int kvm2_trace_folds_add(struct kvm2_trace_folds *folds,
			 struct kvm2_trace_decoder *decoder,
			 const struct kvm2_trace_event *event)
{
	const struct event_handler *handler = event->format ?
					      event->format->handler : NULL;
	const enum event_role role = handler ? handler->role : EVENT_PLAIN;
	struct thread *thread;

	if (role == EVENT_SWITCH) {
		switch_threads(folds, event);
		return 1;
	}
	if (!event->tid || !event->format || event->system[0] != 'k')
		return 0;
	if (role != EVENT_CPU_EXIT && role != EVENT_ENTRY &&
	    role != EVENT_USER_EXIT && role != EVENT_KVM2_EXIT)
		return add_inner(folds, decoder,
				 find_thread(folds, event->tid), event, role);
	thread = get_thread(folds, event->tid, event->record.time_ns);
	if (!thread)
		return -ENOMEM;
	if (role == EVENT_CPU_EXIT)
		return add_cpu_exit(folds, decoder, thread, event);
	if (role == EVENT_ENTRY)
		return add_entry(folds, decoder, thread, event);
	return add_user_exit(folds, decoder, thread, event, role);
}

void kvm2_trace_folds_lost(struct kvm2_trace_folds *folds)
{
	for (size_t i = 0; i < folds->nr_slots; i++)
		if (folds->slots[i])
			folds->slots[i]->is_broken = true;
}

int kvm2_trace_folds_advance(struct kvm2_trace_folds *folds, uint64_t now_ns,
			     uint64_t long_ns, uint64_t *oldest_ns)
{
	int ret = 0;

	*oldest_ns = now_ns;
	for (size_t i = 0; i < folds->nr_slots && !ret; i++) {
		struct thread *thread = folds->slots[i];

		if (!thread || !thread->is_open || thread->is_shown)
			continue;
		if (now_ns >= thread->fold.start_ns &&
		    now_ns - thread->fold.start_ns >= long_ns) {
			ret = give(folds, thread, KVM2_TRACE_FOLD_UNFINISHED);
			thread->is_shown = true;
			thread->length = 0;
		} else if (thread->fold.start_ns < *oldest_ns) {
			*oldest_ns = thread->fold.start_ns;
		}
	}
	return ret;
}
