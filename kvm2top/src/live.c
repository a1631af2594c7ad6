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
 * @watched:	of a process what its exits are about; 0: none
 * @list:	for details
 */
struct live {
	struct program *program;
	struct ui ui;
	struct canvas canvas;
	uint64_t next_ns;
	pid_t watched;
	struct collector_detail *list;
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

	if (live->watched && program->ops->details)
		ui_details(&live->ui, live->list, program->ops->details(program->collector, live->list, UI_DETAILS_MAX));
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

struct remembered {
	uint32_t tgid;
	uint64_t kvm;
	uint32_t vcpu;
	bool is_vcpu;
	bool is_selected;
	bool is_expanded;
};

static void remember(struct remembered *list, size_t *nr, const struct vm *vm, const struct node *node,
		     const struct node *selected)
{
	const struct vcpu *vcpu = node->type == NODE_VCPU ? (const struct vcpu *)node : NULL;

	if ((!node->expanded && node != selected) || *nr == MEMORY_MAX)
		return;
	list[(*nr)++] = (struct remembered){
		.tgid = vm->tgid, .kvm = vm->kvm, .vcpu = vcpu ? vcpu->id : 0, .is_vcpu = vcpu,
		.is_selected = node == selected, .is_expanded = node->expanded,
	};
}

static void restore(struct live *live, const struct remembered *list, size_t nr)
{
	struct vm *vm;
	struct vcpu *vcpu;

	for (size_t i = 0; i < nr; i++) {
		for (vm = live->program->model.vms; vm; vm = vm->next) {
			struct node *node = NULL;

			if (vm->tgid != list[i].tgid || vm->kvm != list[i].kvm)
				continue;
			for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
				if (list[i].is_vcpu && vcpu->id == list[i].vcpu)
					node = &vcpu->node;
			if (!list[i].is_vcpu)
				node = &vm->node;
			if (!node)
				continue;
			node->expanded = list[i].is_expanded;
			if (list[i].is_selected)
				live->ui.selected = node;
		}
	}
}

/* Backwards is from the beginning: a recording tells what is added. */
static int seek(struct live *live, int64_t by)
{
	struct program *program = live->program;
	const int64_t place = (int64_t)live->ui.place + by;
	const uint64_t wanted = place < 1 ? 1 : (uint64_t)place;
	struct remembered *list = calloc(MEMORY_MAX, sizeof(*list));
	size_t nr = 0;
	int status = 0;

	if (!list)
		return -ENOMEM;
	live->ui.paused = true;
	if (by < 0) {
		const struct node *selected = live->ui.selected;
		const struct vm *vm;
		const struct vcpu *vcpu;

		for (vm = program->model.vms; vm; vm = vm->next) {
			remember(list, &nr, vm, &vm->node, selected);
			for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
				remember(list, &nr, vm, &vcpu->node, selected);
		}
		model_fini(&program->model);
		model_init(&program->model);
		program->ops->rewind(program->collector);
		live->ui.place = 0;
		if (live->ui.view != KEYS_HELP && live->ui.view != KEYS_LIST)
			live->ui.view = KEYS_TREE;
	}
	while (!status && live->ui.place < wanted && live->ui.place < live->ui.places) {
		status = program_refresh(program);
		if (!status)
			live->ui.place = program->output.status.past->place;
	}
	restore(live, list, nr);
	free(list);
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

static void watch(struct live *live, pid_t pid)
{
	const struct program *program = live->program;
	int error = -EOPNOTSUPP;

	if (program->ops->watch)
		error = program->ops->watch(program->collector, pid);
	live->watched = error ? 0 : pid;
	if (!error || !pid)
		return;
	live->ui.view = KEYS_TREE;
	ui_say(&live->ui, "there are no details: %s", error == -EOPNOTSUPP ?
	       "this way to the numbers has none" : strerror(-error));
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
		watch(live, (pid_t)request.value);
		break;
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

	live.list = calloc(UI_DETAILS_MAX, sizeof(*live.list));
	if (!live.list)
		return -ENOMEM;
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
	free(live.list);
	return error;
}
