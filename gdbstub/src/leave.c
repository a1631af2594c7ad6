// SPDX-License-Identifier: GPL-2.0
/* gdb goes and comes: what is traced on without it, and what was collected, which waits for it. */
#include "session.h"

#include <errno.h>
#include <string.h>

#include "trace.h"

/* "the guest has ended", in hexadecimal as gdb wants it. */
#define WHY_ENDED	"terror:7468652067756573742068617320656e646564"

#define WHY_LEFT	"tdisconnected"

/* ---- what was collected ---- */

static struct trace *pull(struct left *left, unsigned int index)
{
	struct trace *trace = left->traces[index].trace;

	left->nr_traces--;
	memmove(&left->traces[index], &left->traces[index + 1],
		(left->nr_traces - index) * sizeof(left->traces[0]));
	return trace;
}

static void keep_trace(struct left *left, struct vm *vm)
{
	if (left->nr_traces == SESSION_VMS_MAX)
		trace_free(pull(left, 0));
	left->traces[left->nr_traces++] = (struct left_trace){
		.pid = vm->target->pid, .started = vm->target->started, .register_bytes = trace_register_bytes(vm),
		.trace = trace_take(vm),
	};
}

void leave_find_trace(struct session *session, struct vm *vm)
{
	struct left *left = &session->left;

	for (unsigned int i = left->nr_traces; i-- && !vm->trace;)
		if (left->traces[i].pid == vm->target->pid && left->traces[i].started == vm->target->started &&
		    left->traces[i].register_bytes == trace_register_bytes(vm))
			vm->trace = pull(left, i);
}

/* ---- VMs ---- */

static bool is_traced_on(const struct session *session, const struct vm *vm)
{
	return session->host->comes_back && !vm->exited && vm->trace && vm->trace->is_running &&
	       vm->trace->outlives_gdb;
}

void leave_vm(struct session *session, struct vm *vm)
{
	if (!is_traced_on(session, vm)) {
		session_remove_vm(session, vm);
		return;
	}
	session_forget_vm(session, vm);
	vm->print = NULL;
	vm->trace->looked_at = -1;
	vm_leave(vm);
	session->left.vms[session->left.nr_vms++] = vm;
}

void leave_let_go(struct session *session, struct vm *vm)
{
	struct left *left = &session->left;
	const bool was_traced = vm->trace && vm->trace->started_us && !vm->target->has_ended;

	if (!vm->exited)
		vm_hold(vm);
	trace_stop(vm, vm->exited ? WHY_ENDED : WHY_LEFT, 0);
	session_save_frames(session, vm);
	if (was_traced && vm->exited && !vm_outlive_target(vm)) {
		vm->trace->looked_at = -1;
		left->vms[left->nr_vms++] = vm;
		return;
	}
	if (was_traced && !vm->exited && session->host->comes_back)
		keep_trace(left, vm);
	vm_destroy(vm);
}

static struct vm *pull_vm(struct left *left, unsigned int index)
{
	struct vm *vm = left->vms[index];

	left->nr_vms--;
	memmove(&left->vms[index], &left->vms[index + 1],
		(left->nr_vms - index) * sizeof(struct vm *));
	return vm;
}

/* It is gdb's again. */
static int take_back(struct session *session, unsigned int index)
{
	struct vm *vm = pull_vm(&session->left, index);

	vm_hold(vm);
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i].want = WANT_HOLD;
	vm_refresh(vm);
	return session_add_vm(session, vm);
}

int leave_take_back(struct session *session, pid_t pid)
{
	for (unsigned int i = 0; i < session->left.nr_vms; i++)
		if (session->left.vms[i]->target->pid == pid)
			return take_back(session, i);
	return -ENOENT;
}

/* Nothing more will be collected of one whose trace is full. */
void leave_poll(struct session *session)
{
	struct left *left = &session->left;

	for (unsigned int i = left->nr_vms; i--;) {
		struct vm *vm = left->vms[i];

		if (vm->target->has_ended)
			continue;
		vm_poll(vm);
		if (!is_traced_on(session, vm))
			leave_let_go(session, pull_vm(left, i));
	}
}

/* ---- conversations ---- */

void session_leave(struct session *session)
{
	const struct session_host *host = session->host;
	bool wide = session->wide;
	struct program *program;
	struct left left;

	/* Those whose end gdb was told of. */
	for (unsigned int i = session->left.nr_vms; i--;)
		if (session->left.vms[i]->target->has_ended)
			vm_destroy(pull_vm(&session->left, i));
	/* Of what was started session_fini() makes an end, if nobody comes for it. */
	for (unsigned int i = 0; i < session->nr_vms;)
		if (host->comes_back || !session->vms[i]->target->is_started)
			leave_vm(session, session->vms[i]);
		else
			i++;
	left = session->left;
	program = session->program;
	session->left = (struct left){ 0 };
	session->program = NULL;
	session_fini(session);
	session_init(session, host, wide);
	session->left = left;
	session->program = program;
}

void session_come(struct session *session)
{
	while (session->left.nr_vms)
		take_back(session, 0);
}

void leave_fini(struct session *session)
{
	struct left *left = &session->left;

	while (left->nr_vms) {
		struct vm *vm = pull_vm(left, 0);

		trace_stop(vm, WHY_LEFT, 0);
		session_save_frames(session, vm);
		vm_destroy(vm);
	}
	while (left->nr_traces)
		trace_free(pull(left, 0));
}
