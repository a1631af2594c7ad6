// SPDX-License-Identifier: GPL-2.0
// The vcpus that there are: iterators' records and rows put together, and compared.
#include "vcpus.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN	256	/* a power of two */
#define GONE_PASSES	2

/**
 * struct known - a vcpu
 * @key:	its address, or VCPUS_THREAD_KEY; 0: a free place
 * @tgid:	its process
 * @seen:	the refresh in which an iterator has shown it last
 * @row_seen:	the refresh in which there was a row
 * @generation:	of its row
 * @has_base:	@base is known
 * @base:	KVM's count before the first exit that counts
 * @kernel:	KVM's count, from the iterator
 * @last_kernel, @last_exits, @last_user: as of the last refresh
 * @idle:	refreshes without an exit
 * @last_total:	of KVM's count since @base, what is in @sum_kernel
 * @sum_*:	what the model is told
 * @vcpu:	in the model, in the refresh @seen; or NULL
 * @kvm:	the address of its VM, as the iterator says
 * @stands_for:	in place of that, once a row without one was told
 * @first:	the counters when it was seen first, for tier 0
 */
struct known {
	uint64_t key;
	uint32_t tgid;
	uint64_t seen;
	uint64_t row_seen;
	uint64_t generation;
	bool has_base;
	bool is_fresh;
	uint64_t base;
	uint64_t kernel;
	uint64_t last_kernel;
	uint64_t last_exits;
	uint64_t last_user;
	uint64_t last_total;
	unsigned int idle;
	uint64_t sum_exits;
	uint64_t sum_user;
	uint64_t sum_kernel;
	struct vcpu *vcpu;
	uint64_t kvm;
	uint64_t stands_for;
	uint64_t first[NR_COUNTERS];
};

struct vcpus {
	struct known *places;
	size_t room;
	size_t used;
	uint64_t pass;
	int tier;
	uint64_t epoch;
	bool attaching;
	bool late;
	bool was_attached;	/* once: what is new since is really new */
	unsigned int alive;
	unsigned int alive_now;
};

struct vcpus *vcpus_create(void)
{
	struct vcpus *vcpus = calloc(1, sizeof(*vcpus));

	if (!vcpus)
		return NULL;
	vcpus->room = ROOM_MIN;
	vcpus->places = calloc(vcpus->room, sizeof(*vcpus->places));
	if (!vcpus->places) {
		free(vcpus);
		return NULL;
	}
	return vcpus;
}

void vcpus_destroy(struct vcpus *vcpus)
{
	if (!vcpus)
		return;
	free(vcpus->places);
	free(vcpus);
}

/* ---- the table ---- */

static struct known *place_of(struct known *places, size_t room, uint64_t key, uint32_t tgid)
{
	size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (room - 1);

	while (places[i].key && (places[i].key != key || places[i].tgid != tgid))
		i = (i + 1) & (room - 1);
	return &places[i];
}

static struct known *find(const struct vcpus *vcpus, uint64_t key, uint32_t tgid)
{
	struct known *known = place_of(vcpus->places, vcpus->room, key, tgid);

	return known->key ? known : NULL;
}

static bool is_needed(const struct vcpus *vcpus, const struct known *known)
{
	return known->key && (known->seen + GONE_PASSES >= vcpus->pass ||
			      known->row_seen + GONE_PASSES >= vcpus->pass);
}

/* Without those that have gone, with room for as many again. */
static int rebuild(struct vcpus *vcpus)
{
	struct known *places;
	size_t needed = 0;
	size_t room = ROOM_MIN;

	for (size_t i = 0; i < vcpus->room; i++)
		needed += is_needed(vcpus, &vcpus->places[i]);
	while (room < needed * 4)
		room *= 2;
	places = calloc(room, sizeof(*places));
	if (!places)
		return -1;
	for (size_t i = 0; i < vcpus->room; i++) {
		const struct known *known = &vcpus->places[i];

		if (is_needed(vcpus, known))
			*place_of(places, room, known->key, known->tgid) = *known;
	}
	free(vcpus->places);
	vcpus->places = places;
	vcpus->room = room;
	vcpus->used = needed;
	return 0;
}

static struct known *find_or_make(struct vcpus *vcpus, uint64_t key, uint32_t tgid, bool *made)
{
	struct known *known = find(vcpus, key, tgid);

	*made = !known;
	if (known)
		return known;
	if ((vcpus->used + 1) * 2 > vcpus->room && rebuild(vcpus) && vcpus->used + 1 >= vcpus->room)
		return NULL;
	known = place_of(vcpus->places, vcpus->room, key, tgid);
	memset(known, 0, sizeof(*known));
	known->key = key;
	known->tgid = tgid;
	/* So that it is needed from now on. */
	known->row_seen = vcpus->pass;
	vcpus->used++;
	return known;
}

/* ---- a refresh ---- */

void vcpus_attach(struct vcpus *vcpus, int tier, uint64_t epoch, bool late)
{
	vcpus->tier = tier;
	vcpus->epoch = epoch;
	vcpus->late = late;
	vcpus->attaching = true;
}

void vcpus_attached(struct vcpus *vcpus)
{
	vcpus->attaching = false;
	vcpus->was_attached = true;
	vcpus->alive = vcpus->alive_now;
}

void vcpus_begin(struct vcpus *vcpus)
{
	/* Reading them again is the same refresh. */
	if (!vcpus->attaching || !vcpus->pass)
		vcpus->pass++;
	vcpus->alive_now = 0;
}

static struct model_identity identity_of(const struct shared_vcpu *record)
{
	return (struct model_identity){
		.tgid = record->tgid,
		.start_ns = record->start_ns,
		.kvm = record->kvm,
		.is_kvm2 = record->is_kvm2,
		.vm = record->vm,
		.id = record->id,
		.tid = record->tid,
		.comm = record->comm,
	};
}

static const enum shared_counter tier0_reasons[] = {
	COUNTER_IO_EXITS, COUNTER_MMIO_EXITS, COUNTER_HALT_EXITS, COUNTER_IRQ_EXITS,
	COUNTER_IRQ_WINDOW_EXITS, COUNTER_NMI_WINDOW_EXITS, COUNTER_HYPERCALLS, COUNTER_PF_TAKEN,
	COUNTER_INSN_EMULATION, COUNTER_SIGNAL_EXITS, COUNTER_REQUEST_IRQ_EXITS,
};

static void tell_counters(struct model *model, struct vcpu *vcpu, const struct known *known,
			  const struct shared_vcpu *record)
{
	model_exits(model, vcpu, known->sum_exits, known->sum_user, known->sum_kernel);
	for (size_t i = 0; i < sizeof(tier0_reasons) / sizeof(tier0_reasons[0]); i++) {
		const uint32_t which = tier0_reasons[i];

		if (record->counters[which] != known->first[which])
			model_reason(model, vcpu, MODEL_COUNTER, 0, which, which,
				     record->counters[which] - known->first[which]);
	}
}

/* In the model, where it stays for the refresh after the one in which it was seen. */
static struct vcpu *vcpu_of(const struct vcpus *vcpus, struct model *model, const struct known *known,
			    const struct shared_vcpu *record)
{
	struct model_identity identity;

	if (known->vcpu && known->seen + 1 == vcpus->pass && known->kvm == record->kvm && known->vcpu->id == record->id) {
		model_vcpu_again(known->vcpu, record->tid);
		return known->vcpu;
	}
	identity = identity_of(record);
	return model_vcpu(model, &identity);
}

void vcpus_record(struct vcpus *vcpus, struct model *model, const struct shared_vcpu *record)
{
	const uint64_t exits = record->counters[COUNTER_EXITS];
	struct known *known;
	struct vcpu *vcpu;
	bool made;

	known = find_or_make(vcpus, record->vcpu, record->tgid, &made);
	if (!known) {
		if (model)
			model->no_memory = true;
		return;
	}
	vcpus->alive_now++;
	/* Somebody has cleared the statistics: as if it had never been. */
	if (!made && exits < known->kernel)
		known->base -= known->kernel - exits;
	if (made) {
		/* One that is there already has a past, but not one that came while nothing was attached. */
		known->is_fresh = vcpus->was_attached && (!vcpus->attaching || vcpus->late);
		if (!known->is_fresh)
			memcpy(known->first, record->counters, sizeof(known->first));
		known->last_kernel = known->is_fresh ? 0 : exits;
	}
	if (!known->has_base || (vcpus->attaching && !vcpus->late)) {
		known->has_base = true;
		known->base = known->is_fresh && (!vcpus->attaching || vcpus->late) ? 0 : exits;
	}
	if (vcpus->attaching)
		known->last_kernel = exits;
	known->kernel = exits;
	vcpu = model ? vcpu_of(vcpus, model, known, record) : NULL;
	known->seen = vcpus->pass;
	known->kvm = record->kvm;
	known->vcpu = vcpu;
	if (!vcpu)
		return;
	vcpu->cpu = record->cpu;
	model_counters(model, vcpu, record->counters, known->is_fresh);
	if (vcpus->tier)
		return;
	known->sum_exits += exits - known->last_kernel;
	known->sum_kernel += exits - known->last_kernel;
	known->last_kernel = exits;
	tell_counters(model, vcpu, known, record);
}

/*
 * What KVM has counted since the base: by the last exit seen, or by the
 * iterator where that is more, as then the exits after it are missing.
 */
static uint64_t kernel_count(const struct vcpus *vcpus, const struct known *known,
			     const struct shared_row *row, const struct vcpus_counts *counts)
{
	const bool is_listed = known->seen == vcpus->pass;
	uint64_t base = row->kernel_base;
	uint64_t count;

	if (!counts->kernel) {
		if (is_listed && known->kernel - known->base > counts->exits)
			return known->kernel - known->base;
		return counts->exits;
	}
	/* Those before the first one seen are missing, too; a kvm2 vcpu may have run for another thread. */
	if (known->has_base && !row->is_kvm2 && known->base < base)
		base = known->base;
	if (counts->kernel < base)
		return counts->exits;
	count = counts->kernel - base;
	if (is_listed && row->epoch == vcpus->epoch && known->kernel > counts->kernel + row->skipped)
		count += known->kernel - counts->kernel - row->skipped;
	return count;
}

static void add_kernel(struct known *known, uint64_t kernel)
{
	if (kernel <= known->last_total)
		return;
	known->sum_kernel += kernel - known->last_total;
	known->last_total = kernel;
}

struct vcpu *vcpus_row(struct vcpus *vcpus, struct model *model, const struct shared_row *row,
		       const struct vcpus_counts *counts)
{
	struct model_identity identity = {
		.tgid = row->tgid,
		.start_ns = row->start_ns,
		.kvm = row->kvm,
		.is_kvm2 = row->is_kvm2,
		.vm = row->vm,
		.id = row->id,
		.tid = row->tid,
		.comm = row->comm,
	};
	struct vcpu *vcpu = NULL;
	struct known *known;
	bool made;

	known = find_or_make(vcpus, row->vcpu, row->tgid, &made);
	/* The iterator will say of which VM it is, if that lives so long. */
	if (known && made && !row->kvm)
		return NULL;
	if (known && known->vcpu && known->seen == vcpus->pass && known->kvm == row->kvm && known->vcpu->id == row->id) {
		vcpu = known->vcpu;
	} else if (known && row->kvm) {
		vcpu = model_vcpu(model, &identity);
	} else if (known) {
		if (!known->stands_for)
			known->stands_for = known->kvm;
		vcpu = model_vcpu_of(model, &identity, &known->stands_for, row->vcpu);
	}
	if (!vcpu) {
		model->no_memory = true;
		return NULL;
	}
	/* Another row than before, and perhaps of another vcpu at the same address, whose count is lower. */
	if (known->generation && known->generation != row->generation) {
		model_rebase_vcpu(model, vcpu);
		known->base += known->last_total;
		known->last_exits = 0;
		known->last_user = 0;
		known->last_total = 0;
	}
	known->generation = row->generation;
	known->idle = counts->exits == known->last_exits ? known->idle + 1 : 0;
	known->sum_exits += counts->exits - known->last_exits;
	known->sum_user += counts->user - known->last_user;
	add_kernel(known, kernel_count(vcpus, known, row, counts));
	known->last_exits = counts->exits;
	known->last_user = counts->user;
	known->row_seen = vcpus->pass;
	model_exits(model, vcpu, known->sum_exits, known->sum_user, known->sum_kernel);
	return vcpu;
}

/* An exit makes a row before KVM counts it: one that has exits and no row is seen by nobody. */
static void tell_unseen(struct vcpus *vcpus, struct model *model)
{
	for (size_t i = 0; i < vcpus->room; i++) {
		struct known *known = &vcpus->places[i];

		if (!known->key || known->seen != vcpus->pass || known->row_seen == vcpus->pass || !known->vcpu ||
		    known->kernel <= known->base)
			continue;
		add_kernel(known, known->kernel - known->base);
		model_exits(model, known->vcpu, known->sum_exits, known->sum_user, known->sum_kernel);
	}
}

void vcpus_end(struct vcpus *vcpus, struct model *model)
{
	if (vcpus->tier)
		tell_unseen(vcpus, model);
	vcpus->alive = vcpus->alive_now;
	if (vcpus->room > ROOM_MIN && vcpus->used * 8 < vcpus->room)
		rebuild(vcpus);
}

bool vcpus_is_gone(const struct vcpus *vcpus, const struct shared_row *row)
{
	const struct known *known = find(vcpus, row->vcpu, row->tgid);

	return !known || (known->seen + GONE_PASSES < vcpus->pass && known->idle >= GONE_PASSES);
}

unsigned int vcpus_alive(const struct vcpus *vcpus)
{
	return vcpus->alive;
}
