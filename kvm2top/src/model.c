// SPDX-License-Identifier: GPL-2.0
// Host, VMs, vcpus, reasons: cumulative numbers in, totals and the last refresh out.
#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND	UINT64_C(1000000000)
#define KEEP_NS		(10 * NS_PER_SECOND)

_Static_assert(offsetof(struct reason, node) == 0 && offsetof(struct vm, node) == 0 &&
	       offsetof(struct vcpu, node) == 0, "a node is what it is the node of");

void model_init(struct model *model)
{
	memset(model, 0, sizeof(*model));
	model->host.type = NODE_HOST;
	model->host.expanded = true;
	model->host.accounts = &model->accounts;
	model->keep_ns = KEEP_NS;
}

static void free_reasons(struct node *node)
{
	struct reason *reason;

	while ((reason = node->reasons)) {
		node->reasons = reason->next;
		free(reason->times);
		free(reason->last_slot);
		free(reason->name);
		free(reason);
	}
}

static void free_vcpu(struct vcpu *vcpu)
{
	free_reasons(&vcpu->node);
	free(vcpu);
}

static void free_vm(struct vm *vm)
{
	struct vcpu *vcpu;

	while ((vcpu = vm->vcpus)) {
		vm->vcpus = vcpu->next;
		free_vcpu(vcpu);
	}
	free_reasons(&vm->node);
	free(vm);
}

void model_fini(struct model *model)
{
	struct vm *vm;

	while ((vm = model->vms)) {
		model->vms = vm->next;
		free_vm(vm);
	}
	free_reasons(&model->host);
}

/* ---- all nodes ---- */

typedef void node_fn(struct model *model, struct node *node);

static void for_node(struct model *model, struct node *node, node_fn *each)
{
	struct reason *reason;

	each(model, node);
	for (reason = node->reasons; reason; reason = reason->next)
		each(model, &reason->node);
}

static void for_all(struct model *model, node_fn *each)
{
	struct vm *vm;
	struct vcpu *vcpu;

	for_node(model, &model->host, each);
	for (vm = model->vms; vm; vm = vm->next) {
		for_node(model, &vm->node, each);
		for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
			for_node(model, &vcpu->node, each);
	}
}

/* ---- a refresh ---- */

static void forget_recent(struct model *model, struct node *node)
{
	struct reason *reason = model_reason_of_node(node);

	(void)model;
	memset(&node->recent, 0, sizeof(node->recent));
	if (node->accounts)
		memset(&node->accounts->recent, 0, sizeof(node->accounts->recent));
	if (reason && reason->times)
		memset(reason->times->recent, 0, sizeof(reason->times->recent));
}

void model_begin(struct model *model, uint64_t now_ns)
{
	struct vm *vm;
	struct vcpu *vcpu;

	model->last_ns = model->now_ns;
	model->now_ns = now_ns;
	if (!model->refreshes)
		model->begun_ns = now_ns;
	model->interval_ns = model->refreshes ? now_ns - model->last_ns : 0;
	for_all(model, forget_recent);
	for (vm = model->vms; vm; vm = vm->next) {
		vm->alive = false;
		for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
			vcpu->alive = false;
	}
}

/* Eight steps to an octave are finer than any sparkline. */
static uint8_t history_code(double rate)
{
	const double code = 8 * log2(1 + rate);

	return code > 255 ? 255 : (uint8_t)(code + 0.5);
}

double model_history(uint8_t code)
{
	return exp2(code / 8.0) - 1;
}

static void remember(struct model *model, struct node *node)
{
	uint64_t exits = node->recent.exits;
	uint8_t code;

	if (!model->interval_ns)
		return;
	if (!exits && node->type != NODE_REASON)
		exits = node->recent.kernel;
	code = exits ? history_code(model_rate(model, exits)) : 0;
	if (node->nr_history == MODEL_HISTORY) {
		memmove(node->history, node->history + 1, MODEL_HISTORY - 1);
		node->nr_history--;
	}
	node->history[node->nr_history++] = code;
}

/* Gone, and for long enough. */
static bool is_over(const struct model *model, bool alive, uint64_t *gone_ns)
{
	if (alive) {
		*gone_ns = 0;
		return false;
	}
	if (!*gone_ns)
		*gone_ns = model->now_ns;
	return model->now_ns - *gone_ns >= model->keep_ns;
}

static void remove_gone_vcpus(struct model *model, struct vm *vm)
{
	struct vcpu **link = &vm->vcpus;
	struct vcpu *vcpu;

	vm->found = NULL;
	vm->nr_vcpus = 0;
	while ((vcpu = *link)) {
		if (is_over(model, vcpu->alive, &vcpu->gone_ns)) {
			*link = vcpu->next;
			free_vcpu(vcpu);
			continue;
		}
		if (vcpu->alive) {
			vm->alive = true;
			vm->nr_vcpus++;
		}
		link = &vcpu->next;
	}
}

static struct vm **bucket_of(struct model *model, uint32_t tgid)
{
	return &model->buckets[tgid % MODEL_BUCKETS];
}

static void remove_from_bucket(struct model *model, struct vm *vm)
{
	struct vm **link = bucket_of(model, vm->tgid);

	while (*link != vm)
		link = &(*link)->next_same;
	*link = vm->next_same;
}

void model_end(struct model *model)
{
	struct vm **link = &model->vms;
	struct vm *vm;

	model->nr_vms = 0;
	model->nr_vcpus = 0;
	for_all(model, remember);
	while ((vm = *link)) {
		remove_gone_vcpus(model, vm);
		if (!vm->alive && !vm->gone_ns)
			model->ended_vms++;
		if (is_over(model, vm->alive, &vm->gone_ns)) {
			*link = vm->next;
			remove_from_bucket(model, vm);
			free_vm(vm);
			continue;
		}
		if (vm->alive) {
			model->nr_vms++;
			model->nr_vcpus += vm->nr_vcpus;
		}
		link = &vm->next;
	}
	model->refreshes++;
}

/* ---- who there is ---- */

static struct vm *find_vm(struct model *model, const struct model_identity *identity)
{
	struct vm *vm;

	for (vm = *bucket_of(model, identity->tgid); vm; vm = vm->next_same)
		if (vm->tgid == identity->tgid && vm->start_ns == identity->start_ns && vm->kvm == identity->kvm)
			return vm;
	for (vm = *bucket_of(model, identity->tgid); vm; vm = vm->next_same) {
		if (vm->tgid != identity->tgid || vm->start_ns != identity->start_ns)
			continue;
		/* A collector without addresses knows only the process. */
		if (!vm->kvm || !identity->kvm)
			return vm;
	}
	return NULL;
}

static struct vm *make_vm(struct model *model, const struct model_identity *identity)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	struct vm **link = &model->vms;

	if (!vm)
		return NULL;
	vm->node.type = NODE_VM;
	vm->node.accounts = &vm->accounts;
	vm->node.parent = &model->host;
	vm->tgid = identity->tgid;
	vm->start_ns = identity->start_ns;
	vm->kvm = identity->kvm;
	vm->is_kvm2 = identity->is_kvm2;
	vm->id = identity->vm;
	snprintf(vm->comm, sizeof(vm->comm), "%s", identity->comm ? identity->comm : "");
	while (*link)
		link = &(*link)->next;
	*link = vm;
	link = bucket_of(model, vm->tgid);
	vm->next_same = *link;
	*link = vm;
	return vm;
}

static struct vcpu *find_vcpu(struct vm *vm, const struct model_identity *identity)
{
	struct vcpu *vcpu = vm->found;

	/* They are asked for in order. */
	if (vcpu && vcpu->id != identity->id)
		vcpu = vcpu->next;
	if (vcpu && vcpu->id == identity->id)
		return vcpu;
	for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
		if (vcpu->id == identity->id)
			return vcpu;
	return NULL;
}

static struct vcpu *make_vcpu(struct vm *vm, const struct model_identity *identity)
{
	struct vcpu *vcpu = calloc(1, sizeof(*vcpu));
	struct vcpu **link = vm->found && vm->found->id < identity->id ? &vm->found->next : &vm->vcpus;

	if (!vcpu)
		return NULL;
	vcpu->node.type = NODE_VCPU;
	vcpu->node.accounts = &vcpu->accounts;
	vcpu->node.parent = &vm->node;
	vcpu->id = identity->id;
	vcpu->cpu = -1;
	while (*link && (*link)->id < identity->id)
		link = &(*link)->next;
	vcpu->next = *link;
	*link = vcpu;
	return vcpu;
}

void model_vcpu_again(struct vcpu *vcpu, uint32_t tid)
{
	if (tid)
		vcpu->tid = tid;
	vcpu->alive = true;
	model_vm_of(vcpu)->alive = true;
}

struct vcpu *model_vcpu(struct model *model, const struct model_identity *identity)
{
	struct vm *vm = find_vm(model, identity);
	struct vcpu *vcpu;

	if (!vm)
		vm = make_vm(model, identity);
	if (!vm) {
		model->no_memory = true;
		return NULL;
	}
	if (!vm->kvm)
		vm->kvm = identity->kvm;
	if (identity->is_kvm2) {
		vm->is_kvm2 = true;
		vm->id = identity->vm;
	}
	vcpu = find_vcpu(vm, identity);
	if (!vcpu)
		vcpu = make_vcpu(vm, identity);
	if (!vcpu) {
		model->no_memory = true;
		return NULL;
	}
	vm->found = vcpu;
	model_vcpu_again(vcpu, identity->tid);
	return vcpu;
}

struct vcpu *model_vcpu_of(struct model *model, struct model_identity *identity, uint64_t *kvm, uint64_t owner)
{
	struct vcpu *vcpu;

	identity->kvm = *kvm ? *kvm : MODEL_KVM_UNKNOWN;
	vcpu = model_vcpu(model, identity);
	if (vcpu && vcpu->owner && vcpu->owner != owner) {
		identity->kvm = owner;
		vcpu = model_vcpu(model, identity);
	}
	*kvm = identity->kvm;
	if (vcpu)
		vcpu->owner = owner;
	return vcpu;
}

struct vm *model_vm_of(const struct vcpu *vcpu)
{
	return (struct vm *)vcpu->node.parent;
}

/* ---- what was counted ---- */

/* How much has come since @last. */
static uint64_t since(uint64_t *last, uint64_t now)
{
	const uint64_t old = *last;

	*last = now;
	return now >= old ? now - old : now;
}

/* At this node and all above it. */
#define ADD(node_, member, value)					\
do {									\
	const uint64_t value_ = (value);				\
	struct node *up_;						\
									\
	if (!value_)							\
		break;							\
	for (up_ = (node_); up_; up_ = up_->parent) {			\
		up_->total.member += value_;				\
		up_->recent.member += value_;				\
	}								\
} while (0)

/* The same, of what a node's accounts have. */
#define ADD_ACCOUNT(node_, member, value)				\
do {									\
	const uint64_t value_ = (value);				\
	struct node *up_;						\
									\
	if (!value_)							\
		break;							\
	for (up_ = (node_); up_; up_ = up_->parent) {			\
		up_->accounts->total.member += value_;			\
		up_->accounts->recent.member += value_;			\
	}								\
} while (0)

void model_counters(struct model *model, struct vcpu *vcpu,
		    const uint64_t counters[static NR_COUNTERS], bool fresh)
{
	(void)model;
	if (!vcpu->has_counters && !fresh)
		memcpy(vcpu->last_counters, counters, sizeof(vcpu->last_counters));
	vcpu->has_counters = true;
	/* Most of very many vcpus are halted. */
	if (!memcmp(vcpu->last_counters, counters, sizeof(vcpu->last_counters)))
		return;
	for (int i = 0; i < NR_COUNTERS; i++)
		ADD_ACCOUNT(&vcpu->node, counters[i], since(&vcpu->last_counters[i], counters[i]));
}

void model_exits(struct model *model, struct vcpu *vcpu, uint64_t exits, uint64_t user,
		 uint64_t kernel)
{
	(void)model;
	ADD(&vcpu->node, exits, since(&vcpu->last_exits, exits));
	ADD(&vcpu->node, user, since(&vcpu->last_user, user));
	if (kernel != UINT64_MAX) {
		ADD(&vcpu->node, kernel, since(&vcpu->last_kernel, kernel));
		vcpu->has_kernel = true;
	}
}

void model_phases(struct model *model, struct vcpu *vcpu, const uint64_t phases[static NR_PHASES])
{
	(void)model;
	for (int i = 0; i < NR_PHASES; i++) {
		/* The running phase is an estimate, which may have been too high. */
		if (phases[i] > vcpu->last_phases[i])
			ADD_ACCOUNT(&vcpu->node, phase_ns[i], since(&vcpu->last_phases[i], phases[i]));
	}
}

static struct reason *find_reason(struct node *node, enum model_kind kind, uint32_t isa,
				  uint32_t code)
{
	struct reason **link = &node->reasons;
	struct reason *reason;

	while ((reason = *link)) {
		if (reason->code == code && reason->kind == kind && reason->isa == isa) {
			/* Asked for again soon, in the same order. */
			return reason;
		}
		link = &reason->next;
	}
	reason = calloc(1, sizeof(*reason));
	if (!reason)
		return NULL;
	reason->node.type = NODE_REASON;
	reason->node.parent = node;
	reason->kind = kind;
	reason->isa = isa;
	reason->code = code;
	*link = reason;
	return reason;
}

struct reason *model_reason(struct model *model, struct vcpu *vcpu, enum model_kind kind,
			    uint32_t isa, uint32_t code, uint32_t raw, uint64_t count)
{
	struct reason *reason = find_reason(&vcpu->node, kind, isa, code);
	struct reason *up = reason;
	uint64_t added;

	for (struct node *node = vcpu->node.parent; up && node; node = node->parent) {
		if (!up->up)
			up->up = find_reason(node, kind, isa, code);
		up = up->up;
	}
	if (!up) {
		model->no_memory = true;
		return NULL;
	}
	added = since(&reason->last_count, count);
	for (up = reason; up; up = up->up) {
		up->raw = raw;
		up->node.total.exits += added;
		up->node.recent.exits += added;
	}
	return reason;
}

static bool has_room_for_times(struct reason *reason)
{
	if (!reason->times)
		reason->times = calloc(1, sizeof(*reason->times));
	return reason->times;
}

/* Times are kept by reason; hosts, VMs and vcpus have the sums. */
static void add_times(struct node *node, uint64_t count, uint64_t total_ns,
		      const uint64_t parts[static NR_PHASES])
{
	node->total.timed += count;
	node->recent.timed += count;
	node->total.time_ns += total_ns;
	node->recent.time_ns += total_ns;
	for (int i = 0; i < NR_PHASES; i++) {
		node->total.part_ns[i] += parts[i];
		node->recent.part_ns[i] += parts[i];
	}
}

void model_times(struct model *model, struct reason *reason, const struct shared_slot *slot)
{
	struct shared_slot *last = reason->last_slot;
	uint64_t parts[NR_PHASES];
	uint32_t added[SHARED_HIST];
	struct reason *up;
	uint64_t total_ns;
	uint64_t count;

	if (!last)
		last = reason->last_slot = calloc(1, sizeof(*last));
	if (!last) {
		model->no_memory = true;
		return;
	}
	count = since(&last->count, slot->count);
	total_ns = since(&last->total_ns, slot->total_ns);
	if (!count)
		return;
	for (int i = 0; i < NR_PHASES; i++)
		parts[i] = since(&last->part_ns[i], slot->part_ns[i]);
	for (int i = 0; i < SHARED_HIST; i++) {
		added[i] = slot->hist[i] - last->hist[i];
		last->hist[i] = slot->hist[i];
	}
	for (up = reason; up; up = up->up) {
		if (!has_room_for_times(up)) {
			model->no_memory = true;
			return;
		}
		add_times(&up->node, count, total_ns, parts);
		add_times(up->node.parent, count, total_ns, parts);
		for (int i = 0; i < SHARED_HIST; i++) {
			up->times->total[i] += added[i];
			up->times->recent[i] += added[i];
		}
		if (slot->max_ns > up->times->max_ns)
			up->times->max_ns = slot->max_ns;
	}
}

static void rebase(struct model *model, struct node *node)
{
	struct reason *reason = model_reason_of_node(node);
	struct vcpu *vcpu = model_vcpu_of_node(node);

	(void)model;
	if (reason) {
		reason->last_count = 0;
		if (reason->last_slot)
			memset(reason->last_slot, 0, sizeof(*reason->last_slot));
	}
	if (vcpu) {
		vcpu->last_exits = 0;
		vcpu->last_user = 0;
		vcpu->last_kernel = 0;
		memset(vcpu->last_phases, 0, sizeof(vcpu->last_phases));
	}
}

void model_rebase(struct model *model)
{
	for_all(model, rebase);
}

void model_rebase_vcpu(struct model *model, struct vcpu *vcpu)
{
	const uint64_t exits = vcpu->last_exits;
	const uint64_t user = vcpu->last_user;
	const uint64_t kernel = vcpu->last_kernel;

	for_node(model, &vcpu->node, rebase);
	vcpu->last_exits = exits;
	vcpu->last_user = user;
	vcpu->last_kernel = kernel;
}

static void reset(struct model *model, struct node *node)
{
	struct reason *reason = model_reason_of_node(node);

	(void)model;
	memset(&node->total, 0, sizeof(node->total));
	memset(&node->recent, 0, sizeof(node->recent));
	node->nr_history = 0;
	if (node->accounts)
		memset(node->accounts, 0, sizeof(*node->accounts));
	if (reason && reason->times)
		memset(reason->times, 0, sizeof(*reason->times));
}

void model_reset(struct model *model)
{
	for_all(model, reset);
	model->lost = 0;
	model->begun_ns = model->now_ns;
}

/* ---- what can be read off ---- */

double model_rate(const struct model *model, uint64_t value)
{
	return model->interval_ns ? (double)value * (double)NS_PER_SECOND / (double)model->interval_ns : 0;
}

uint64_t model_hist_from(unsigned int index)
{
	const unsigned int octave = index / SHARED_HIST_STEPS;
	const unsigned int step = index % SHARED_HIST_STEPS;

	if (!index)
		return 0;
	return (uint64_t)(SHARED_HIST_STEPS + step) << (octave + SHARED_HIST_FIRST - 2);
}

uint64_t model_hist_to(unsigned int index)
{
	return model_hist_from(index + 1);
}

uint64_t model_percentile(const uint64_t hist[static SHARED_HIST], double share)
{
	uint64_t all = 0;
	uint64_t below = 0;

	for (unsigned int i = 0; i < SHARED_HIST; i++)
		all += hist[i];
	if (!all)
		return 0;
	for (unsigned int i = 0; i < SHARED_HIST; i++) {
		below += hist[i];
		if ((double)below >= share * (double)all)
			return model_hist_to(i);
	}
	return model_hist_to(SHARED_HIST - 1);
}

const struct reason *model_top_reason(const struct node *node)
{
	const struct reason *best = NULL;
	const struct reason *reason;

	for (reason = node->reasons; reason; reason = reason->next) {
		/* Exits to user space are exits of the processor, too. */
		if (reason->kind != MODEL_CPU && reason->kind != MODEL_COUNTER)
			continue;
		if (!best || reason->node.recent.exits > best->node.recent.exits ||
		    (reason->node.recent.exits == best->node.recent.exits &&
		     reason->node.total.exits > best->node.total.exits))
			best = reason;
	}
	return best && best->node.total.exits ? best : NULL;
}
