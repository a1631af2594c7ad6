// SPDX-License-Identifier: GPL-2.0
// A recording: what each refresh has added to the model.
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN	4096

struct recorder {
	FILE *file;
	uint8_t *bytes;
	size_t length;
	size_t room;
	bool failed;
	uint64_t begun_ns;
	uint32_t nr_vms;
	uint32_t nr_vcpus;
	uint32_t nr_reasons;
};

struct recorder *recorder_create(FILE *file)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		return NULL;
	recorder->file = file;
	fwrite(RECORD_MAGIC, 1, sizeof(RECORD_MAGIC) - 1, file);
	return recorder;
}

void recorder_destroy(struct recorder *recorder)
{
	if (!recorder)
		return;
	free(recorder->bytes);
	free(recorder);
}

/* ---- numbers and texts ---- */

static void put_byte(struct recorder *recorder, uint8_t byte)
{
	if (recorder->length == recorder->room) {
		const size_t room = recorder->room ? recorder->room * 2 : ROOM_MIN;
		uint8_t *bytes = realloc(recorder->bytes, room);

		if (!bytes) {
			recorder->failed = true;
			return;
		}
		recorder->bytes = bytes;
		recorder->room = room;
	}
	recorder->bytes[recorder->length++] = byte;
}

static void put(struct recorder *recorder, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		put_byte(recorder, (uint8_t)(0x80 | (value & 0x7f)));
	put_byte(recorder, (uint8_t)value);
}

static void put_text(struct recorder *recorder, const char *text)
{
	const size_t length = strlen(text);

	put(recorder, length);
	for (size_t i = 0; i < length; i++)
		put_byte(recorder, (uint8_t)text[i]);
}

/* Which of them are not 0, and these. */
static void put_some(struct recorder *recorder, const uint64_t *values, int nr)
{
	uint64_t which = 0;

	for (int i = 0; i < nr; i++)
		which |= (uint64_t)(values[i] != 0) << i;
	put(recorder, which);
	for (int i = 0; i < nr; i++)
		if (values[i])
			put(recorder, values[i]);
}

/* ---- who there is ---- */

static void put_vm(struct recorder *recorder, struct vm *vm)
{
	if (!vm->recorded) {
		vm->recorded = ++recorder->nr_vms;
		put(recorder, RECORD_VM);
		put(recorder, vm->tgid);
		put(recorder, vm->start_ns);
		put(recorder, vm->recorded);	/* its address is nobody's business */
		put(recorder, vm->is_kvm2);
		put(recorder, vm->id);
		put_text(recorder, vm->comm);
		vm->recorded_name = false;
	}
	if (vm->recorded_name || !vm->name[0])
		return;
	vm->recorded_name = true;
	put(recorder, RECORD_VM_NAME);
	put(recorder, vm->recorded - 1);
	put_text(recorder, vm->name);
	put_text(recorder, vm->kind);
}

/* Is it there? */
static bool put_vcpu(struct recorder *recorder, const struct vm *vm, struct vcpu *vcpu)
{
	if (!vcpu->recorded) {
		vcpu->recorded = ++recorder->nr_vcpus;
		vcpu->recorded_alive = true;
		put(recorder, RECORD_VCPU);
		put(recorder, vm->recorded - 1);
		put(recorder, vcpu->id);
		put(recorder, vcpu->tid);
	}
	if (vcpu->recorded_alive != vcpu->alive) {
		vcpu->recorded_alive = vcpu->alive;
		put(recorder, vcpu->alive ? RECORD_BACK : RECORD_GONE);
		put(recorder, vcpu->recorded - 1);
	}
	return vcpu->alive;
}

static uint32_t put_reason(struct recorder *recorder, struct reason *reason)
{
	struct reason *root = model_root(reason);
	const char *name = root->name ? root->name : "";

	if (!root->recorded) {
		root->recorded = ++recorder->nr_reasons;
		put(recorder, RECORD_REASON);
		put(recorder, root->kind);
		put(recorder, root->isa);
		put(recorder, root->code);
		put(recorder, root->raw);
		put_text(recorder, name);
		root->recorded_raw = root->raw;
	} else if (root->recorded_raw != root->raw) {
		root->recorded_raw = root->raw;
		put(recorder, RECORD_REASON_NAME);
		put(recorder, root->recorded - 1);
		put_text(recorder, name);
	}
	return root->recorded - 1;
}

/* ---- what was counted ---- */

static void put_counts(struct recorder *recorder, const struct vcpu *vcpu)
{
	const struct tally *recent = &vcpu->node.recent;

	put(recorder, RECORD_COUNTS);
	put(recorder, vcpu->recorded - 1);
	put(recorder, vcpu->tid);
	put(recorder, (uint64_t)(vcpu->cpu + 1));
	put(recorder, recent->exits);
	put(recorder, recent->user);
	put(recorder, recent->kernel);
	put_some(recorder, vcpu->accounts.recent.counters, NR_COUNTERS);
	put_some(recorder, vcpu->accounts.recent.phase_ns, NR_PHASES);
}

static void put_hist(struct recorder *recorder, const uint32_t hist[static SHARED_HIST])
{
	uint64_t nr = 0;
	int last = -1;

	for (int i = 0; i < SHARED_HIST; i++)
		nr += hist[i] != 0;
	put(recorder, nr);
	for (int i = 0; i < SHARED_HIST; i++) {
		if (!hist[i])
			continue;
		put(recorder, (uint64_t)(i - last - 1));
		put(recorder, hist[i]);
		last = i;
	}
}

static void put_exits(struct recorder *recorder, const struct vcpu *vcpu, struct reason *reason)
{
	const struct tally *recent = &reason->node.recent;
	uint32_t number;

	if (!recent->exits && !recent->timed)
		return;
	number = put_reason(recorder, reason);
	if (recent->exits) {
		put(recorder, RECORD_EXITS);
		put(recorder, vcpu->recorded - 1);
		put(recorder, number);
		put(recorder, recent->exits);
	}
	if (!recent->timed || !reason->times)
		return;
	put(recorder, RECORD_TIMES);
	put(recorder, vcpu->recorded - 1);
	put(recorder, number);
	put(recorder, recent->timed);
	put(recorder, recent->time_ns);
	put(recorder, reason->times->max_ns);
	put_some(recorder, recent->part_ns, NR_PHASES);
	put_hist(recorder, reason->times->recent);
}

static void put_details(struct recorder *recorder, const struct output *output)
{
	if (!output->watched)
		return;
	put(recorder, RECORD_DETAILS);
	put(recorder, (uint64_t)output->watched);
	put(recorder, output->nr_details);
	for (size_t i = 0; i < output->nr_details; i++) {
		put(recorder, output->details[i].detail);
		put(recorder, output->details[i].value);
		put(recorder, output->details[i].count);
	}
}

static void put_head(struct recorder *recorder, const struct output *output, const struct model *model)
{
	uint64_t flags = 0;

	if (recorder->begun_ns && recorder->begun_ns != model->begun_ns)
		flags |= RECORD_RESET;
	recorder->begun_ns = model->begun_ns;
	if (output->status.detached)
		flags |= RECORD_DETACHED;
	if (model->no_memory)
		flags |= RECORD_NO_MEMORY;
	if (output->watched)
		flags |= RECORD_HAS_DETAILS;
	put(recorder, output->wall_ns);
	put(recorder, model->interval_ns);
	put(recorder, flags);
	put(recorder, (uint64_t)output->status.tier);
	put(recorder, output->status.cost_ns);
	put(recorder, (uint64_t)(output->cpu_percent * 1000 + 0.5));
	put(recorder, output->rss_bytes);
	put(recorder, model->lost);
	put_text(recorder, output->collector);
	put_text(recorder, output->status.missing);
}

int recorder_write(struct recorder *recorder, const struct output *output, struct model *model)
{
	uint8_t head[5] = { RECORD_FRAME };
	struct reason *reason;
	struct vcpu *vcpu;
	struct vm *vm;

	recorder->length = 0;
	recorder->failed = false;
	put_head(recorder, output, model);
	for (vm = model->vms; vm; vm = vm->next) {
		put_vm(recorder, vm);
		for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next) {
			if (!put_vcpu(recorder, vm, vcpu))
				continue;
			put_counts(recorder, vcpu);
			for (reason = vcpu->node.reasons; reason; reason = reason->next)
				put_exits(recorder, vcpu, reason);
		}
	}
	put_details(recorder, output);
	put(recorder, RECORD_END);
	if (recorder->failed)
		return -ENOMEM;
	for (int i = 0; i < 4; i++)
		head[i + 1] = (uint8_t)(recorder->length >> (8 * i));
	if (fwrite(head, sizeof(head), 1, recorder->file) != 1 ||
	    fwrite(recorder->bytes, 1, recorder->length, recorder->file) != recorder->length || fflush(recorder->file))
		return errno ? -errno : -EIO;
	return 0;
}
