// SPDX-License-Identifier: GPL-2.0
// The interactive program: refreshes, keys, and what the interface asks for.
#include "program.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "action.h"
#include "keys.h"
#include "screen.h"
#include "ui.h"

#define FIRST_NS	(NS_PER_SECOND / 4)	/* until there are rates */
#define MEMORY_MAX	4096

/**
 * struct live - the interactive program
 * @next_ns:	when there will be a refresh
 */
struct live {
	struct program *program;
	struct ui ui;
	struct canvas canvas;
	uint64_t next_ns;
	bool at_end;
	bool quit;
};

/* ---- refreshes ---- */

static bool is_past(const struct live *live)
{
	return live->program->ops->rewind;
}

static uint64_t time_between(const struct live *live)
{
	/* A recording goes as fast as it was made. */
	if (is_past(live) && live->program->model.interval_ns)
		return live->program->model.interval_ns;
	return live->program->options.delay_ns;
}

static void read_details(struct live *live)
{
	const struct program *program = live->program;

	if (program->output.watched)
		ui_details(&live->ui, program->details, program->output.nr_details);
}

static int refresh(struct live *live)
{
	const int status = program_refresh(live->program);
	const struct collector_past *past = live->program->output.status.past;

	if (status < 0)
		return status;
	live->at_end = status > 0;
	if (live->at_end)
		live->ui.paused = true;
	if (past) {
		live->ui.place = past->place;
		live->ui.places = past->places;
	}
	read_details(live);
	ui_refresh(&live->ui);
	live->next_ns = collector_now_ns() + time_between(live);
	return 0;
}

/* ---- recordings: another refresh, with the same lines open ---- */

/**
 * struct place - what a node is of, also when the model is made anew
 * @type:	of the node; what is below that does not count
 */
struct place {
	enum node_type type;
	bool has_vcpu;
	uint32_t tgid;
	uint64_t kvm;
	uint32_t vcpu;
	enum model_kind kind;
	uint32_t isa;
	uint32_t code;
};

/* The node may be NULL. */
static struct place place_of(const struct node *node)
{
	struct place place = { .type = node ? node->type : NODE_HOST };

	for (; node; node = node->parent) {
		const struct reason *reason = (const struct reason *)node;
		const struct vcpu *vcpu = (const struct vcpu *)node;
		const struct vm *vm = (const struct vm *)node;

		switch (node->type) {
		case NODE_REASON:
			place.kind = reason->kind;
			place.isa = reason->isa;
			place.code = reason->code;
			break;
		case NODE_VCPU:
			place.has_vcpu = true;
			place.vcpu = vcpu->id;
			break;
		case NODE_VM:
			place.tgid = vm->tgid;
			place.kvm = vm->kvm;
			break;
		case NODE_HOST:
			break;
		}
	}
	return place;
}

static struct node *reason_at(struct node *node, const struct place *place)
{
	struct reason *reason;

	for (reason = node->reasons; reason; reason = reason->next)
		if (reason->kind == place->kind && reason->isa == place->isa && reason->code == place->code)
			return &reason->node;
	return NULL;
}

/* NULL: it is not there. */
static struct node *node_at(struct model *model, const struct place *place)
{
	struct node *node = &model->host;
	struct vcpu *vcpu = NULL;
	struct vm *vm = model->vms;

	while (place->tgid && vm && (vm->tgid != place->tgid || vm->kvm != place->kvm))
		vm = vm->next;
	if (place->tgid)
		node = vm ? &vm->node : NULL;
	if (node && place->has_vcpu) {
		for (vcpu = vm->vcpus; vcpu && vcpu->id != place->vcpu; vcpu = vcpu->next)
			;
		node = vcpu ? &vcpu->node : NULL;
	}
	return node && place->type == NODE_REASON ? reason_at(node, place) : node;
}

/* What is looked at, and is to be looked at in another refresh. */
struct sight {
	struct place selected;
	struct place times_of;
	struct place details_of;
	struct place open[MEMORY_MAX];
	size_t nr_open;
};

static void remember(struct sight *sight, const struct live *live)
{
	const struct vm *vm;
	const struct vcpu *vcpu;

	sight->selected = place_of(live->ui.selected);
	sight->times_of = place_of(live->ui.view == KEYS_TIMES ? live->ui.times_of : NULL);
	sight->details_of = place_of(live->ui.view == KEYS_DETAILS ? live->ui.details_of : NULL);
	for (vm = live->program->model.vms; vm; vm = vm->next) {
		if (vm->node.expanded && sight->nr_open < MEMORY_MAX)
			sight->open[sight->nr_open++] = place_of(&vm->node);
		for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
			if (vcpu->node.expanded && sight->nr_open < MEMORY_MAX)
				sight->open[sight->nr_open++] = place_of(&vcpu->node);
	}
}

static void restore(struct live *live, const struct sight *sight)
{
	struct model *model = &live->program->model;

	for (size_t i = 0; i < sight->nr_open; i++) {
		struct node *node = node_at(model, &sight->open[i]);

		if (node)
			node->expanded = true;
	}
	live->ui.selected = node_at(model, &sight->selected);
	live->ui.times_of = node_at(model, &sight->times_of);
	live->ui.details_of = node_at(model, &sight->details_of);
}

/* Backwards is from the beginning: a recording tells what is added. */
static int seek(struct live *live, int64_t by)
{
	struct program *program = live->program;
	const int64_t place = (int64_t)live->ui.place + by;
	const uint64_t wanted = place < 1 ? 1 : (uint64_t)place;
	struct sight *sight = NULL;
	int status = 0;

	live->ui.paused |= by;
	if (by <= 0) {
		sight = calloc(1, sizeof(*sight));
		if (!sight)
			return -ENOMEM;
		remember(sight, live);
		model_fini(&program->model);
		model_init(&program->model);
		program->ops->rewind(program->collector);
		live->ui.place = 0;
		live->ui.nr_details = 0;
	}
	while (!status && live->ui.place < wanted && live->ui.place < live->ui.places) {
		status = program_refresh(program);
		if (!status)
			live->ui.place = program->output.status.past->place;
		read_details(live);
	}
	if (sight)
		restore(live, sight);
	free(sight);
	ui_refresh(&live->ui);
	live->next_ns = collector_now_ns() + time_between(live);
	return status < 0 ? status : 0;
}

/* ---- what the interface asks for ---- */

static void set_tier(struct live *live, int tier)
{
	struct program *program = live->program;
	const int error = program->ops->set_tier(program->collector, tier);

	program->ops->status(program->collector, &program->output.status);
	if (error == -EOPNOTSUPP)
		ui_say(&live->ui, "%s cannot do tier %d%s%s", program->ops->name, tier,
		       program->output.status.missing[0] ? "; for more: " : "", program->output.status.missing);
	else if (error)
		ui_say(&live->ui, "tier %d: %s", tier, strerror(-error));
	else
		live->next_ns = collector_now_ns() + FIRST_NS;
}

static void set_filter(struct live *live)
{
	struct program *program = live->program;
	char message[CONDITION_MESSAGE_SIZE] = "";
	struct condition *filter = NULL;

	if (live->ui.text[0]) {
		filter = condition_parse(live->ui.text, message);
		if (!filter) {
			ui_say(&live->ui, "%s", message);
			return;
		}
	}
	condition_destroy(program->options.filter);
	program->options.filter = filter;
	program->tree.filter = filter;
	memcpy(live->ui.filter, live->ui.text, sizeof(live->ui.filter));
	ui_refresh(&live->ui);
}

static int watch(struct live *live, pid_t pid)
{
	struct program *program = live->program;
	int error = -EOPNOTSUPP;

	if (program->ops->watch)
		error = program->ops->watch(program->collector, pid);
	program->output.watched = error ? 0 : pid;
	program->output.nr_details = 0;
	if (!pid)
		return 0;
	/* What was counted before this refresh, too. */
	if (!error)
		return is_past(live) ? seek(live, 0) : 0;
	live->ui.view = KEYS_TREE;
	ui_say(&live->ui, "there are no details: %s", error != -EOPNOTSUPP ? strerror(-error) :
	       is_past(live) ? "nobody has looked at them when it was recorded" : "this way to the numbers has none");
	return 0;
}

static int obey(struct live *live, struct ui_request request)
{
	switch (request.what) {
	case UI_GO_ON:
		break;
	case UI_QUIT:
		live->quit = true;
		break;
	case UI_SET_TIER:
		set_tier(live, (int)request.value);
		break;
	case UI_SET_DELAY:
		live->program->options.delay_ns = (uint64_t)request.value;
		live->next_ns = collector_now_ns() + (uint64_t)request.value;
		break;
	case UI_SET_FILTER:
		set_filter(live);
		break;
	case UI_WATCH:
		return watch(live, (pid_t)request.value);
	case UI_REFRESH:
		screen_redraw();
		return live->at_end ? 0 : refresh(live);
	case UI_RESET:
		model_reset(&live->program->model);
		ui_refresh(&live->ui);
		break;
	case UI_SEEK:
		return seek(live, request.value);
	}
	return 0;
}

static int take_keys(struct live *live)
{
	int error = 0;
	int x = 0;
	int y = 0;
	int key;

	while (!error && !live->quit && (key = screen_key(&x, &y))) {
		error = obey(live, ui_key(&live->ui, key, x, y));
		/* A list may be gone through faster than it is painted. */
		if (live->ui.view == KEYS_TREE)
			ui_draw(&live->ui, &live->canvas);
	}
	return error;
}

static int paint(struct live *live)
{
	int width;
	int height;
	int error;

	screen_size(&width, &height);
	error = canvas_clear(&live->canvas, width, height);
	if (error)
		return error;
	ui_draw(&live->ui, &live->canvas);
	screen_paint(&live->canvas);
	return 0;
}

static int loop(struct live *live)
{
	struct program *program = live->program;
	uint64_t shown = 0;
	int error = refresh(live);

	if (!is_past(live))
		live->next_ns = collector_now_ns() + (program->options.delay_ns < FIRST_NS ? program->options.delay_ns :
						      FIRST_NS);
	while (!error && !live->quit) {
		bool is_time = false;

		error = paint(live);
		if (error)
			break;
		switch (program_wait(program, live->ui.paused ? UINT64_MAX : live->next_ns, STDIN_FILENO)) {
		case PROGRAM_END:
			return 0;
		case PROGRAM_KEY:
			error = take_keys(live);
			break;
		case PROGRAM_TIME:
			is_time = true;
		}
		if (live->ui.paused || error)
			continue;
		if (is_time || collector_now_ns() >= live->next_ns) {
			error = refresh(live);
			shown++;
		}
		if (program->options.count && shown > program->options.count)
			break;
		if (program->action && action_wants_end(program->action))
			break;
	}
	return error;
}

int run_live(struct program *program)
{
	struct live live = { .program = program };
	int error;

	program->details = calloc(PROGRAM_DETAILS_MAX, sizeof(*program->details));
	if (!program->details)
		return -ENOMEM;
	program->output.details = program->details;
	canvas_init(&live.canvas, !strcmp(nl_langinfo(CODESET), "UTF-8"));
	error = ui_init(&live.ui, &program->model, &program->tree, &program->output, &program->options);
	live.ui.replay = is_past(&live);
	live.ui.symbols = program->symbols;
	if (program->options.filter_text)
		snprintf(live.ui.filter, sizeof(live.ui.filter), "%s", program->options.filter_text);
	if (!error)
		error = loop(&live);
	ui_fini(&live.ui);
	canvas_fini(&live.canvas);
	program->output.watched = 0;
	free(program->details);
	program->details = NULL;
	return error;
}
