// SPDX-License-Identifier: GPL-2.0
// The collector that reads a recording, which anybody may have written: nothing of it is trusted.
#include "collector.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

#define FRAME_HEAD	5
#define TEXT_SIZE	256
#define KIND_SIZE	sizeof(((struct vm *)NULL)->kind)
#define NUMBERS_MAX	(1 << 20)

struct past_vm {
	struct model_identity identity;
	char comm[SHARED_COMM_SIZE];
	char name[MODEL_NAME_SIZE];
	char kind[KIND_SIZE];
};

struct past_vcpu {
	uint32_t vm;
	uint32_t id;
	uint32_t tid;
	bool is_there;
	struct vcpu *vcpu;	/* in this refresh */
};

struct past_reason {
	enum model_kind kind;
	uint32_t isa;
	uint32_t code;
	uint32_t raw;
	char name[MODEL_NAME_SIZE];
};

/* An array that grows. */
struct list {
	void *items;
	size_t nr;
	size_t room;
};

struct collector {
	const uint8_t *file;
	size_t size;
	size_t *frames;		/* where they begin */
	size_t nr_frames;
	size_t place;		/* the next one */
	struct list vms;
	struct list vcpus;
	struct list reasons;
	struct list details;	/* of the refresh, and of this process */
	pid_t details_of;
	pid_t watched;
	uint64_t now_ns;
	int tier;
	unsigned int cost_ns;
	bool detached;
	char name[TEXT_SIZE];
	char missing[TEXT_SIZE];
	struct collector_past past;
};

static void *list_add(struct list *list, size_t size)
{
	if (list->nr == list->room) {
		const size_t room = list->room ? list->room * 2 : 64;
		void *items = list->nr < NUMBERS_MAX ? reallocarray(list->items, room, size) : NULL;

		if (!items)
			return NULL;
		list->items = items;
		list->room = room;
	}
	memset((char *)list->items + list->nr * size, 0, size);
	return (char *)list->items + list->nr++ * size;
}

/* ---- bytes ---- */

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

static uint64_t get(struct reader *reader)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		const uint8_t byte = *reader->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	reader->failed = true;
	return 0;
}

static void get_text(struct reader *reader, char *text, size_t size)
{
	const uint64_t length = get(reader);

	text[0] = '\0';
	if (length > (uint64_t)(reader->end - reader->at)) {
		reader->failed = true;
		return;
	}
	snprintf(text, size, "%.*s", (int)(length < size ? length : size - 1), (const char *)reader->at);
	reader->at += length;
}

static void get_some(struct reader *reader, uint64_t *values, int nr)
{
	const uint64_t which = get(reader);

	for (int i = 0; i < 64; i++) {
		if (!(which >> i & 1))
			continue;
		if (i < nr)
			values[i] = get(reader);
		else
			get(reader);	/* of a newer version */
	}
}

static void *get_item(struct reader *reader, struct list *list, size_t size)
{
	const uint64_t number = get(reader);

	if (number < list->nr)
		return (char *)list->items + number * size;
	reader->failed = true;
	return NULL;
}

/* ---- entries ---- */

static void *new_item(struct reader *reader, struct list *list, size_t size)
{
	void *item = list_add(list, size);

	if (!item)
		reader->failed = true;
	return item;
}

static void read_vm(struct collector *collector, struct reader *reader)
{
	struct past_vm *vm = new_item(reader, &collector->vms, sizeof(*vm));

	if (!vm)
		return;
	vm->identity.tgid = (uint32_t)get(reader);
	vm->identity.start_ns = get(reader);
	vm->identity.kvm = get(reader);
	vm->identity.is_kvm2 = get(reader);
	vm->identity.vm = get(reader);
	get_text(reader, vm->comm, sizeof(vm->comm));
}

static void read_vm_name(struct collector *collector, struct reader *reader)
{
	struct past_vm *vm = get_item(reader, &collector->vms, sizeof(*vm));

	if (!vm)
		return;
	get_text(reader, vm->name, sizeof(vm->name));
	get_text(reader, vm->kind, sizeof(vm->kind));
}

static void read_vcpu(struct collector *collector, struct reader *reader)
{
	struct past_vcpu *vcpu = new_item(reader, &collector->vcpus, sizeof(*vcpu));

	if (!vcpu)
		return;
	vcpu->vm = (uint32_t)get(reader);
	vcpu->id = (uint32_t)get(reader);
	vcpu->tid = (uint32_t)get(reader);
	vcpu->is_there = true;
	reader->failed |= vcpu->vm >= collector->vms.nr;
}

static void read_reason(struct collector *collector, struct reader *reader)
{
	struct past_reason *reason = new_item(reader, &collector->reasons, sizeof(*reason));

	if (!reason)
		return;
	reason->kind = (enum model_kind)get(reader);
	reason->isa = (uint32_t)get(reader);
	reason->code = (uint32_t)get(reader);
	reason->raw = (uint32_t)get(reader);
	get_text(reader, reason->name, sizeof(reason->name));
	reader->failed |= reason->kind >= MODEL_NR_KINDS;
}

static void read_reason_name(struct collector *collector, struct reader *reader)
{
	struct past_reason *reason = get_item(reader, &collector->reasons, sizeof(*reason));

	if (reason)
		get_text(reader, reason->name, sizeof(reason->name));
}

/* The vcpu of the model; NULL: the recording is broken, or there is no memory. */
static struct vcpu *there(struct collector *collector, struct model *model, struct past_vcpu *past)
{
	struct past_vm *vms = collector->vms.items;
	struct model_identity identity;
	struct vm *vm;

	if (!past || past->vm >= collector->vms.nr)
		return NULL;
	if (past->vcpu)
		return past->vcpu;
	identity = vms[past->vm].identity;
	identity.comm = vms[past->vm].comm;
	identity.id = past->id;
	identity.tid = past->tid;
	past->vcpu = model_vcpu(model, &identity);
	if (!past->vcpu)
		return NULL;
	vm = model_vm_of(past->vcpu);
	snprintf(vm->name, sizeof(vm->name), "%s", vms[past->vm].name);
	snprintf(vm->kind, sizeof(vm->kind), "%s", vms[past->vm].kind);
	return past->vcpu;
}

static void read_counts(struct collector *collector, struct reader *reader, struct model *model)
{
	struct past_vcpu *past = get_item(reader, &collector->vcpus, sizeof(*past));
	const uint32_t tid = (uint32_t)get(reader);
	const int cpu = (int)get(reader) - 1;
	uint64_t counters[NR_COUNTERS] = { 0 };
	uint64_t phases[NR_PHASES] = { 0 };
	uint64_t counts[3];
	struct vcpu *vcpu;

	for (int i = 0; i < 3; i++)
		counts[i] = get(reader);
	get_some(reader, counters, NR_COUNTERS);
	get_some(reader, phases, NR_PHASES);
	if (past)
		past->tid = tid;
	vcpu = there(collector, model, past);
	if (!vcpu)
		return;
	vcpu->cpu = cpu;
	for (int i = 0; i < NR_COUNTERS; i++)
		counters[i] += vcpu->last_counters[i];
	for (int i = 0; i < NR_PHASES; i++)
		phases[i] += vcpu->last_phases[i];
	model_exits(model, vcpu, vcpu->last_exits + counts[0], vcpu->last_user + counts[1],
		    vcpu->last_kernel + counts[2]);
	model_counters(model, vcpu, counters, true);
	model_phases(model, vcpu, phases);
}

static struct reason *find_reason(struct collector *collector, struct reader *reader, struct model *model,
				  uint64_t *count)
{
	struct past_vcpu *past_vcpu = get_item(reader, &collector->vcpus, sizeof(*past_vcpu));
	struct past_reason *past = get_item(reader, &collector->reasons, sizeof(*past));
	struct vcpu *vcpu = there(collector, model, past_vcpu);
	struct reason *reason;
	struct reason *root;

	*count = get(reader);
	if (!vcpu || !past)
		return NULL;
	/* Told from zero again it adds nothing. */
	reason = model_reason(model, vcpu, past->kind, past->isa, past->code, past->raw, 0);
	if (!reason)
		return NULL;
	root = model_root(reason);
	if (!root->name || strcmp(root->name, past->name)) {
		free(root->name);
		root->name = strdup(past->name);
	}
	return reason;
}

static void read_exits(struct collector *collector, struct reader *reader, struct model *model)
{
	uint64_t count;
	struct reason *reason = find_reason(collector, reader, model, &count);

	if (reason)
		model_reason(model, model_vcpu_of_node(reason->node.parent), reason->kind, reason->isa, reason->code,
			     reason->raw, count);
}

static void read_times(struct collector *collector, struct reader *reader, struct model *model)
{
	struct shared_slot slot = { 0 };
	uint64_t count;
	struct reason *reason = find_reason(collector, reader, model, &count);
	uint64_t parts[NR_PHASES] = { 0 };
	uint64_t nr;
	uint64_t index = 0;

	if (reason && reason->last_slot)
		slot = *reason->last_slot;
	slot.count += count;
	slot.total_ns += get(reader);
	slot.max_ns = get(reader);
	get_some(reader, parts, NR_PHASES);
	for (int i = 0; i < NR_PHASES; i++)
		slot.part_ns[i] += parts[i];
	nr = get(reader);
	for (uint64_t i = 0; i < nr && i < SHARED_HIST && !reader->failed; i++) {
		index += get(reader);
		count = get(reader);
		if (index < SHARED_HIST)
			slot.hist[index] += (uint32_t)count;
		else
			reader->failed = true;
		index++;
	}
	if (reason && !reader->failed)
		model_times(model, reason, &slot);
}

static void read_details(struct collector *collector, struct reader *reader)
{
	uint64_t nr;

	collector->details_of = (pid_t)get(reader);
	nr = get(reader);
	while (nr-- && !reader->failed) {
		struct collector_detail *detail = new_item(reader, &collector->details, sizeof(*detail));

		if (!detail)
			return;
		detail->detail = (uint32_t)get(reader);
		detail->value = get(reader);
		detail->count = get(reader);
		reader->failed |= detail->detail >= NR_DETAILS;
	}
}

static void set_there(struct collector *collector, struct reader *reader, bool is_there)
{
	struct past_vcpu *vcpu = get_item(reader, &collector->vcpus, sizeof(*vcpu));

	if (vcpu)
		vcpu->is_there = is_there;
}

/* ---- frames ---- */

static void read_head(struct collector *collector, struct reader *reader, struct model *model)
{
	uint64_t flags;

	collector->past.wall_ns = get(reader);
	get(reader);
	flags = get(reader);
	collector->tier = (int)(get(reader) & 3);
	collector->cost_ns = (unsigned int)get(reader);
	collector->past.cpu_percent = (double)get(reader) / 1000;
	collector->past.rss_bytes = get(reader);
	if (flags & RECORD_RESET)
		model_reset(model);
	model->lost = get(reader);
	model->no_memory |= flags & RECORD_NO_MEMORY;
	collector->detached = flags & RECORD_DETACHED;
	get_text(reader, collector->name, sizeof(collector->name));
	get_text(reader, collector->missing, sizeof(collector->missing));
}

static struct reader reader_of(const struct collector *collector, size_t place)
{
	const uint8_t *frame = collector->file + collector->frames[place];
	const uint32_t length = (uint32_t)frame[1] | (uint32_t)frame[2] << 8 | (uint32_t)frame[3] << 16 |
				(uint32_t)frame[4] << 24;

	return (struct reader){ frame + FRAME_HEAD, frame + FRAME_HEAD + length, false };
}

static int read_frame(struct collector *collector, struct model *model)
{
	struct reader reader = reader_of(collector, collector->place);
	struct past_vcpu *vcpus;
	uint64_t entry;

	vcpus = collector->vcpus.items;
	for (size_t i = 0; i < collector->vcpus.nr; i++)
		vcpus[i].vcpu = NULL;
	collector->details.nr = 0;
	collector->details_of = 0;
	read_head(collector, &reader, model);
	while (!reader.failed && (entry = get(&reader)) != RECORD_END) {
		switch (entry) {
		case RECORD_VM:
			read_vm(collector, &reader);
			break;
		case RECORD_VM_NAME:
			read_vm_name(collector, &reader);
			break;
		case RECORD_VCPU:
			read_vcpu(collector, &reader);
			break;
		case RECORD_REASON:
			read_reason(collector, &reader);
			break;
		case RECORD_REASON_NAME:
			read_reason_name(collector, &reader);
			break;
		case RECORD_GONE:
		case RECORD_BACK:
			set_there(collector, &reader, entry == RECORD_BACK);
			break;
		case RECORD_COUNTS:
			read_counts(collector, &reader, model);
			break;
		case RECORD_EXITS:
			read_exits(collector, &reader, model);
			break;
		case RECORD_TIMES:
			read_times(collector, &reader, model);
			break;
		case RECORD_DETAILS:
			read_details(collector, &reader);
			break;
		default:
			reader.failed = true;
		}
	}
	vcpus = collector->vcpus.items;
	for (size_t i = 0; i < collector->vcpus.nr && !reader.failed; i++)
		if (vcpus[i].is_there)
			there(collector, model, &vcpus[i]);
	return reader.failed ? -EBADMSG : 0;
}

/* The frames that are there as a whole. */
static int find_frames(struct collector *collector)
{
	struct list frames = { 0 };
	size_t at = sizeof(RECORD_MAGIC) - 1;

	while (at + FRAME_HEAD <= collector->size && collector->file[at] == RECORD_FRAME) {
		const uint8_t *head = collector->file + at;
		const size_t length = (size_t)head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 |
				      (size_t)head[4] << 24;
		size_t *frame;

		if (length > collector->size - at - FRAME_HEAD)
			break;
		frame = list_add(&frames, sizeof(*frame));
		if (!frame) {
			free(frames.items);
			return -ENOMEM;
		}
		*frame = at;
		at += FRAME_HEAD + length;
	}
	collector->frames = frames.items;
	collector->nr_frames = frames.nr;
	return frames.nr ? 0 : -EBADMSG;
}

/* ---- the operations ---- */

static void close_replay(struct collector *collector)
{
	if (!collector)
		return;
	if (collector->file)
		munmap((void *)(uintptr_t)collector->file, collector->size);
	free(collector->frames);
	free(collector->vms.items);
	free(collector->vcpus.items);
	free(collector->reasons.items);
	free(collector->details.items);
	free(collector);
}

static int map_file(struct collector *collector, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	void *file;
	int error = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat))
		error = -errno;
	else if (stat.st_size < (off_t)sizeof(RECORD_MAGIC) - 1)
		error = -EBADMSG;
	if (!error) {
		file = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (file == MAP_FAILED) {
			error = -errno;
		} else {
			collector->file = file;
			collector->size = (size_t)stat.st_size;
		}
	}
	close(fd);
	if (!error && memcmp(collector->file, RECORD_MAGIC, sizeof(RECORD_MAGIC) - 1))
		error = -EBADMSG;
	return error;
}

static int open_replay(struct collector **out, const struct collector_config *config,
		       char message[static COLLECTOR_MESSAGE_SIZE])
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int error = -ENOMEM;

	if (!collector)
		return -ENOMEM;
	error = map_file(collector, config->recording);
	if (!error)
		error = find_frames(collector);
	if (error) {
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "%.150s: %s", config->recording,
			 error == -EBADMSG ? "no recording of kvm2top, or an empty one" : strerror(-error));
		close_replay(collector);
		return error;
	}
	collector->now_ns = UINT64_C(1000000000);
	*out = collector;
	return 0;
}

static int read_replay(struct collector *collector, struct model *model)
{
	int error;

	if (collector->place >= collector->nr_frames)
		return 1;
	error = read_frame(collector, model);
	if (error)
		return error;
	collector->place++;
	return 0;
}

/* Times of a recording count from its beginning. */
static uint64_t now_replay(struct collector *collector)
{
	struct reader reader;

	if (collector->place >= collector->nr_frames)
		return collector->now_ns;
	reader = reader_of(collector, collector->place);
	get(&reader);
	collector->now_ns += collector->place ? get(&reader) : 0;
	return collector->now_ns;
}

static void rewind_replay(struct collector *collector)
{
	collector->place = 0;
	collector->vms.nr = 0;
	collector->vcpus.nr = 0;
	collector->reasons.nr = 0;
	collector->now_ns = UINT64_C(1000000000);
}

/* There are details of what was looked at when it was made. */
static int watch(struct collector *collector, pid_t pid)
{
	bool has_details = !pid;

	for (size_t i = 0; i < collector->nr_frames && !has_details; i++) {
		struct reader reader = reader_of(collector, i);

		get(&reader);
		get(&reader);
		has_details = get(&reader) & RECORD_HAS_DETAILS;
	}
	if (!has_details)
		return -EOPNOTSUPP;
	collector->watched = pid;
	return 0;
}

static size_t details(struct collector *collector, struct collector_detail *list, size_t room)
{
	const size_t nr = collector->details.nr < room ? collector->details.nr : room;

	if (!collector->watched || collector->watched != collector->details_of)
		return 0;
	memcpy(list, collector->details.items, nr * sizeof(*list));
	return nr;
}

static int set_tier(struct collector *collector, int tier)
{
	(void)collector;
	(void)tier;
	return -EOPNOTSUPP;
}

static void status(struct collector *collector, struct collector_status *state)
{
	state->tier = collector->tier;
	state->best = collector->tier;
	state->cost_ns = collector->cost_ns;
	state->detached = collector->detached;
	state->missing = collector->missing;
	collector->past.collector = collector->name;
	collector->past.place = collector->place;
	collector->past.places = collector->nr_frames;
	state->past = &collector->past;
}

const struct collector_ops collector_replay = {
	.name = "replay",
	.open = open_replay,
	.set_tier = set_tier,
	.read = read_replay,
	.watch = watch,
	.details = details,
	.now_ns = now_replay,
	.rewind = rewind_replay,
	.status = status,
	.close = close_replay,
};
