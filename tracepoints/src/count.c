// SPDX-License-Identifier: LGPL-2.1
// Exits counted by VM, vcpu, kind and reason.
#include <kvm2/trace_fold.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A power of two. */
#define COUNTS_INITIAL		64

/* Whose exits a cell counts. */
struct key {
	int tid;
	enum kvm2_trace_kind kind;
	bool has_vm;
	bool has_vcpu;
	uint64_t vm;
	uint32_t vcpu;
	const char *reason;
};

/* Where the time of exits went. */
struct times {
	uint64_t timed;
	uint64_t kernel_ns;
	uint64_t vmm_ns;
	uint64_t wait_ns;
	uint64_t max_ns;
};

/**
 * struct cell - exits of one thread for one reason
 * @key:	which
 * @is_used:	this cell is not free
 * @has_pending: @pending is there
 * @pending:	of the cell of a thread itself (kind OTHER): the classic exit
 *		counted last, until it is known whether it was one of kvm2
 * @count:	since the beginning
 * @marked:	@count at the last mark
 * @times:	of those exits that were seen from exit to entry
 *
 * A classic exit does not say its VM, and one to user space not even its
 * vcpu; who the thread is may be learned later. So cells are by thread, and
 * put together when they are listed.
 */
struct cell {
	struct key key;
	bool is_used;
	bool has_pending;
	struct key pending;
	uint64_t count;
	uint64_t marked;
	struct times times;
};

/* A power of two. */
#define CACHE_SIZE		256

/* Most exits are for a reason of which there were some just before. */
struct cached {
	struct key key;
	struct cell *cell;
};

struct kvm2_trace_counts {
	struct cell *cells;
	size_t nr_cells;
	size_t nr;
	struct kvm2_trace_count *list;
	size_t list_size;
	struct cached cache[CACHE_SIZE];
};

/* What @task knows and @key does not. */
static void key_complete(struct key *key, const struct kvm2_trace_task *task)
{
	if (!key->has_vm && task->has_vm) {
		key->has_vm = true;
		key->vm = task->vm;
	}
	if (!key->has_vcpu && task->has_vcpu) {
		key->has_vcpu = true;
		key->vcpu = task->vcpu;
	}
}

static bool is_same(const struct key *a, const struct key *b)
{
	return a->tid == b->tid && a->kind == b->kind &&
	       a->has_vm == b->has_vm && a->vm == b->vm &&
	       a->has_vcpu == b->has_vcpu && a->vcpu == b->vcpu &&
	       (a->reason == b->reason || !strcmp(a->reason, b->reason));
}

/* The key's cell, or the free one where it belongs. */
static struct cell *find_cell(struct cell *cells, size_t nr_cells,
			      const struct key *key)
{
	uint64_t hash = (uint32_t)key->tid;
	size_t i;

	/* Equal reasons may be different strings: only their text counts. */
	for (const char *c = key->reason; *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	hash ^= key->vm * UINT64_C(0x9e3779b97f4a7c15);
	hash ^= (uint64_t)key->vcpu << 7 ^ (uint64_t)key->kind << 3;
	hash ^= hash >> 29;
	for (i = hash & (nr_cells - 1);
	     cells[i].is_used && !is_same(&cells[i].key, key);
	     i = (i + 1) & (nr_cells - 1))
		;
	return &cells[i];
}

struct kvm2_trace_counts *kvm2_trace_counts_create(void)
{
	struct kvm2_trace_counts *counts = calloc(1, sizeof(*counts));

	if (!counts)
		return NULL;
	counts->cells = calloc(COUNTS_INITIAL, sizeof(*counts->cells));
	if (!counts->cells) {
		free(counts);
		return NULL;
	}
	counts->nr_cells = COUNTS_INITIAL;
	return counts;
}

void kvm2_trace_counts_destroy(struct kvm2_trace_counts *counts)
{
	if (!counts)
		return;
	free(counts->list);
	free(counts->cells);
	free(counts);
}

static int counts_grow(struct kvm2_trace_counts *counts)
{
	const size_t nr_cells = counts->nr_cells * 2;
	struct cell *cells = calloc(nr_cells, sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	for (size_t i = 0; i < counts->nr_cells; i++)
		if (counts->cells[i].is_used)
			*find_cell(cells, nr_cells, &counts->cells[i].key) =
				counts->cells[i];
	free(counts->cells);
	counts->cells = cells;
	counts->nr_cells = nr_cells;
	memset(counts->cache, 0, sizeof(counts->cache));
	return 0;
}

/* The key's cell, made if there is none; NULL: no memory. */
static struct cell *get_new_cell(struct kvm2_trace_counts *counts,
				 const struct key *key)
{
	struct cell *cell = find_cell(counts->cells, counts->nr_cells, key);

	if (cell->is_used)
		return cell;
	if (counts->nr >= counts->nr_cells / 4 * 3) {
		if (counts_grow(counts))
			return NULL;
		cell = find_cell(counts->cells, counts->nr_cells, key);
	}
	cell->key = *key;
	cell->is_used = true;
	counts->nr++;
	return cell;
}

/* The same, sooner: the same string is the same reason. */
static struct cell *get_cell(struct kvm2_trace_counts *counts,
			     const struct key *key)
{
	const size_t slot = ((uintptr_t)key->reason >> 4 ^
			     (uint32_t)key->tid * 31) & (CACHE_SIZE - 1);
	struct cached *cached = &counts->cache[slot];
	struct cell *cell;

	if (cached->cell && cached->key.reason == key->reason &&
	    is_same(&cached->key, key))
		return cached->cell;
	cell = get_new_cell(counts, key);
	if (cell) {
		cached->key = *key;
		cached->cell = cell;
	}
	return cell;
}

static void uncount(struct kvm2_trace_counts *counts, const struct key *key)
{
	struct cell *cell = find_cell(counts->cells, counts->nr_cells, key);

	cell->count--;
	if (cell->marked > cell->count)
		cell->marked = cell->count;
}

/*
 * An exit of kvm2 is reported by the classic kvm_userspace_exit too, just
 * before. Take that back, so that every exit is counted once.
 */
static int settle_pending(struct kvm2_trace_counts *counts,
			  const struct kvm2_trace_event *event,
			  const struct key *key)
{
	const struct key thread = {
		.tid = event->tid, .kind = KVM2_TRACE_OTHER, .reason = "",
	};
	struct cell *cell = get_cell(counts, &thread);

	if (!cell)
		return -ENOMEM;
	if (cell->has_pending && event->has_vm)
		uncount(counts, &cell->pending);
	cell->has_pending = event->kind == KVM2_TRACE_EXIT_USER &&
			    !event->has_vm;
	cell->pending = *key;
	return 0;
}

int kvm2_trace_counts_add(struct kvm2_trace_counts *counts,
			  const struct kvm2_trace_event *event,
			  const struct kvm2_trace_task *task)
{
	struct key key = {
		.tid = event->tid,
		.kind = event->kind,
		.has_vm = event->has_vm,
		.has_vcpu = event->has_vcpu,
		.vm = event->vm,
		.vcpu = event->vcpu,
		.reason = event->reason,
	};
	struct cell *cell;

	if (event->kind == KVM2_TRACE_OTHER || !event->reason)
		return 0;
	if (task)
		key_complete(&key, task);
	cell = get_cell(counts, &key);
	if (!cell)
		return -ENOMEM;
	cell->count++;
	return settle_pending(counts, event, &key);
}

int kvm2_trace_counts_add_fold(struct kvm2_trace_counts *counts,
			       const struct kvm2_trace_fold *fold,
			       const struct kvm2_trace_task *task)
{
	struct key key = {
		.tid = fold->tid,
		.kind = fold->reason ? KVM2_TRACE_EXIT_CPU :
				       KVM2_TRACE_EXIT_USER,
		.has_vm = fold->has_vm,
		.has_vcpu = fold->has_vcpu,
		.vm = fold->vm,
		.vcpu = fold->vcpu,
		.reason = fold->reason ? fold->reason : fold->user,
	};
	struct times *times;
	struct cell *cell;

	if (!key.reason || (fold->state != KVM2_TRACE_FOLD_WHOLE &&
			    fold->state != KVM2_TRACE_FOLD_RESUMED))
		return 0;
	if (task)
		key_complete(&key, task);
	cell = get_cell(counts, &key);
	if (!cell)
		return -ENOMEM;
	times = &cell->times;
	times->timed++;
	times->kernel_ns += fold->kernel_ns;
	times->vmm_ns += fold->vmm_ns;
	times->wait_ns += fold->wait_ns;
	if (fold->total_ns > times->max_ns)
		times->max_ns = fold->total_ns;
	return 0;
}

void kvm2_trace_counts_mark(struct kvm2_trace_counts *counts)
{
	for (size_t i = 0; i < counts->nr_cells; i++)
		counts->cells[i].marked = counts->cells[i].count;
}

static void count_from(struct kvm2_trace_count *count, const struct cell *cell,
		       const struct kvm2_trace_tasks *tasks)
{
	const struct kvm2_trace_task *task;
	struct key key = cell->key;

	memset(count, 0, sizeof(*count));
	count->tgid = key.tid;
	task = tasks ? kvm2_trace_tasks_find(tasks, key.tid) : NULL;
	if (task) {
		key_complete(&key, task);
		count->tgid = task->tgid;
		memcpy(count->process, task->process, sizeof(count->process));
	}
	count->has_vm = key.has_vm;
	count->has_vcpu = key.has_vcpu;
	count->vm = key.vm;
	count->vcpu = key.vcpu;
	count->kind = key.kind;
	count->reason = key.reason;
	count->count = cell->count;
	count->recent = cell->count - cell->marked;
	count->timed = cell->times.timed;
	count->kernel_ns = cell->times.kernel_ns;
	count->vmm_ns = cell->times.vmm_ns;
	count->wait_ns = cell->times.wait_ns;
	count->max_ns = cell->times.max_ns;
}

/* The same row, from two cells. */
static void count_merge(struct kvm2_trace_count *into,
			const struct kvm2_trace_count *from)
{
	into->count += from->count;
	into->recent += from->recent;
	into->timed += from->timed;
	into->kernel_ns += from->kernel_ns;
	into->vmm_ns += from->vmm_ns;
	into->wait_ns += from->wait_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
}

#define COMPARE(a, b)	(((a) > (b)) - ((a) < (b)))

/* kvm2 VMs by id, then the others by process; the same row is 0. */
static int compare_rows(const struct kvm2_trace_count *a,
			const struct kvm2_trace_count *b)
{
	int order = COMPARE(b->has_vm, a->has_vm);

	order = order ? order : COMPARE(a->vm, b->vm);
	order = order ? order : COMPARE(a->tgid, b->tgid);
	order = order ? order : COMPARE(a->has_vcpu, b->has_vcpu);
	order = order ? order : COMPARE(a->vcpu, b->vcpu);
	order = order ? order : COMPARE(a->kind, b->kind);
	return order ? order : strcmp(a->reason, b->reason);
}

static int compare_keys(const void *a, const void *b)
{
	return compare_rows(a, b);
}

static int compare_for_people(const void *left, const void *right)
{
	const struct kvm2_trace_count *a = left;
	const struct kvm2_trace_count *b = right;
	struct kvm2_trace_count same_reason = *b;
	int order;

	same_reason.reason = a->reason;
	order = compare_rows(a, &same_reason);
	order = order ? order : COMPARE(b->count, a->count);
	return order ? order : strcmp(a->reason, b->reason);
}

ssize_t kvm2_trace_counts_list(struct kvm2_trace_counts *counts,
			       const struct kvm2_trace_tasks *tasks,
			       const struct kvm2_trace_count **list)
{
	size_t nr = 0;
	size_t out = 0;

	if (counts->list_size < counts->nr_cells) {
		void *grown = realloc(counts->list, counts->nr_cells *
				      sizeof(*counts->list));

		if (!grown)
			return -ENOMEM;
		counts->list = grown;
		counts->list_size = counts->nr_cells;
	}
	for (size_t i = 0; i < counts->nr_cells; i++)
		if (counts->cells[i].count || counts->cells[i].times.timed)
			count_from(&counts->list[nr++], &counts->cells[i], tasks);

	qsort(counts->list, nr, sizeof(*counts->list), compare_keys);
	for (size_t i = 0; i < nr; i++) {
		if (out && !compare_rows(&counts->list[out - 1],
					 &counts->list[i])) {
			count_merge(&counts->list[out - 1], &counts->list[i]);
			continue;
		}
		counts->list[out++] = counts->list[i];
	}
	/* Times without an exit: what was counted has been taken back. */
	nr = out;
	out = 0;
	for (size_t i = 0; i < nr; i++)
		if (counts->list[i].count)
			counts->list[out++] = counts->list[i];
	qsort(counts->list, out, sizeof(*counts->list), compare_for_people);
	*list = counts->list;
	return (ssize_t)out;
}
