// SPDX-License-Identifier: GPL-2.0
// The columns: numbers of nodes, how they are written, and what they mean.
#include "columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- names ---- */

void column_node_name(const struct node *node, char *buffer, size_t size)
{
	const struct reason *reason;
	const struct vm *vm;

	switch (node->type) {
	case NODE_HOST:
		snprintf(buffer, size, "host");
		return;
	case NODE_VM:
		vm = (const struct vm *)node;
		snprintf(buffer, size, "%s", vm->name[0] ? vm->name : vm->comm);
		return;
	case NODE_VCPU:
		snprintf(buffer, size, "vcpu %u", ((const struct vcpu *)node)->id);
		return;
	case NODE_REASON:
		break;
	}
	reason = (const struct reason *)node;
	reason = model_root((struct reason *)reason);
	if (reason->name)
		snprintf(buffer, size, "%s%s", reason->kind == MODEL_USER ||
			 reason->kind == MODEL_USER_KVM2 ? "user:" : "", reason->name);
	else
		snprintf(buffer, size, "%u:0x%x", reason->isa, reason->code);
}

bool column_is_halt(const struct reason *reason)
{
	return reason->kind == MODEL_CPU &&
	       ((reason->isa == SHARED_SVM && reason->code == 0x78) ||
		(reason->isa == SHARED_VMX && reason->code == 12));
}

/* ---- values ---- */

static const struct reason *as_reason(const struct node *node)
{
	return node->type == NODE_REASON ? (const struct reason *)node : NULL;
}

static double rate(const struct model *model, uint64_t value)
{
	return model->interval_ns ? model_rate(model, value) : NAN;
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : NAN;
}

static double value_exits(const struct model *model, const struct node *node)
{
	return rate(model, node->recent.exits);
}

/* The siblings of a reason are those of its kind. */
static double share_of_kind(const struct reason *reason)
{
	const struct reason *other;
	uint64_t all = 0;

	for (other = reason->node.parent->reasons; other; other = other->next)
		if (other->kind == reason->kind)
			all += other->node.recent.exits;
	return percent((double)reason->node.recent.exits, (double)all);
}

static double value_share(const struct model *model, const struct node *node)
{
	const struct reason *reason = as_reason(node);

	(void)model;
	if (!node->parent)
		return node->recent.exits ? 100 : NAN;
	/* Counters of tier 0 do not add up to the exits. */
	if (reason && reason->kind == MODEL_COUNTER)
		return percent((double)node->recent.exits, (double)node->parent->recent.exits);
	return reason ? share_of_kind(reason) :
			percent((double)node->recent.exits, (double)node->parent->recent.exits);
}

static double value_user(const struct model *model, const struct node *node)
{
	return as_reason(node) ? NAN : rate(model, node->recent.user);
}

static double value_total(const struct model *model, const struct node *node)
{
	(void)model;
	return (double)node->total.exits;
}

static double value_user_total(const struct model *model, const struct node *node)
{
	(void)model;
	return as_reason(node) ? NAN : (double)node->total.user;
}

static double value_kernel(const struct model *model, const struct node *node)
{
	(void)model;
	return as_reason(node) || model->kernel_unknown ? NAN : (double)node->total.kernel;
}

static double value_lost(const struct model *model, const struct node *node)
{
	(void)model;
	return as_reason(node) || model->kernel_unknown ? NAN : (double)node->total.kernel - (double)node->total.exits;
}

/* Where the time goes: measured in tier 2, else what the scheduler knows. */
static double phase_percent(const struct model *model, const struct node *node,
			    enum shared_phase phase, double otherwise_ns)
{
	const struct account *recent = node->accounts ? &node->accounts->recent : NULL;
	double all = 0;
	unsigned int nr_vcpus = 1;

	if (as_reason(node))
		return percent((double)node->recent.part_ns[phase], (double)node->recent.time_ns);
	for (int i = 0; i < NR_PHASES; i++)
		all += (double)recent->phase_ns[i];
	if (all > 0) {
		double part = (double)recent->phase_ns[phase];

		/* Polling is a part of the time in the kernel that has a counter of its own. */
		if (phase == PHASE_KERNEL)
			part -= fmin((double)recent->counters[COUNTER_HALT_POLL_NS], part);
		return percent(part, all);
	}
	if (!model->interval_ns || isnan(otherwise_ns))
		return NAN;
	if (node->type == NODE_VM)
		nr_vcpus = ((const struct vm *)node)->nr_vcpus;
	if (node->type == NODE_HOST)
		nr_vcpus = model->nr_vcpus;
	return percent(fmax(otherwise_ns, 0), (double)model->interval_ns * (nr_vcpus ? nr_vcpus : 1));
}

/* Those before COUNTER_CPU_NS are KVM's. */
static double counter(const struct model *model, const struct node *node, enum shared_counter which)
{
	if (model->kernel_unknown && which < COUNTER_CPU_NS)
		return NAN;
	return node->accounts ? (double)node->accounts->recent.counters[which] : NAN;
}

static double known(double value)
{
	return isnan(value) ? 0 : value;
}

static double value_run(const struct model *model, const struct node *node)
{
	return phase_percent(model, node, PHASE_GUEST, counter(model, node, COUNTER_GUEST_NS));
}

static double value_kern(const struct model *model, const struct node *node)
{
	return phase_percent(model, node, PHASE_KERNEL,
			     counter(model, node, COUNTER_STIME_NS) - known(counter(model, node, COUNTER_HALT_POLL_NS)));
}

static double value_vmm(const struct model *model, const struct node *node)
{
	return phase_percent(model, node, PHASE_USER,
			     counter(model, node, COUNTER_CPU_NS) - counter(model, node, COUNTER_GUEST_NS) -
			     counter(model, node, COUNTER_STIME_NS));
}

static double value_ready(const struct model *model, const struct node *node)
{
	return phase_percent(model, node, PHASE_READY, counter(model, node, COUNTER_WAIT_NS));
}

static double value_halt(const struct model *model, const struct node *node)
{
	return phase_percent(model, node, PHASE_HALT, counter(model, node, COUNTER_HALT_WAIT_NS));
}

static double value_sleep(const struct model *model, const struct node *node)
{
	return phase_percent(model, node, PHASE_SLEEP, NAN);
}

static double value_poll(const struct model *model, const struct node *node)
{
	const double poll = counter(model, node, COUNTER_HALT_POLL_NS);
	double all = 0;

	if (isnan(poll) || !model->interval_ns)
		return NAN;
	for (int i = 0; i < NR_PHASES; i++)
		all += (double)node->accounts->recent.phase_ns[i];
	if (all > 0)
		return percent(fmin(poll, (double)node->accounts->recent.phase_ns[PHASE_KERNEL]), all);
	if (node->type == NODE_VM)
		return percent(poll, (double)model->interval_ns *
			       fmax(((const struct vm *)node)->nr_vcpus, 1));
	if (node->type == NODE_HOST)
		return percent(poll, (double)model->interval_ns * fmax(model->nr_vcpus, 1));
	return percent(poll, (double)model->interval_ns);
}

static void add_hist(const struct times *times, bool total, uint64_t hist[static SHARED_HIST])
{
	for (int i = 0; i < SHARED_HIST; i++)
		hist[i] += total ? times->total[i] : times->recent[i];
}

bool column_times(const struct node *node, bool total, uint64_t hist[static SHARED_HIST])
{
	const struct reason *reason = as_reason(node);
	bool any = false;

	memset(hist, 0, SHARED_HIST * sizeof(hist[0]));
	if (reason) {
		if (reason->times)
			add_hist(reason->times, total, hist);
		return reason->times;
	}
	for (reason = node->reasons; reason; reason = reason->next) {
		if (!reason->times || column_is_halt(reason))
			continue;
		any = true;
		add_hist(reason->times, total, hist);
	}
	return any;
}

static uint64_t add_parts(const struct node *node, bool total, uint64_t parts[static NR_PHASES])
{
	const struct tally *tally = total ? &node->total : &node->recent;

	for (int i = 0; i < NR_PHASES; i++)
		parts[i] += tally->part_ns[i];
	return tally->time_ns;
}

uint64_t column_parts(const struct node *node, bool total, uint64_t parts[static NR_PHASES])
{
	const struct reason *reason;
	uint64_t all = 0;

	memset(parts, 0, NR_PHASES * sizeof(parts[0]));
	if (as_reason(node))
		return add_parts(node, total, parts);
	for (reason = node->reasons; reason; reason = reason->next)
		if (reason->times && !column_is_halt(reason))
			all += add_parts(&reason->node, total, parts);
	return all;
}

static double value_max(const struct model *model, const struct node *node)
{
	const struct reason *reason = as_reason(node);
	uint64_t max = 0;

	(void)model;
	if (reason)
		return reason->times && reason->times->max_ns ? (double)reason->times->max_ns : NAN;
	for (reason = node->reasons; reason; reason = reason->next)
		if (reason->times && !column_is_halt(reason) && reason->times->max_ns > max)
			max = reason->times->max_ns;
	return max ? (double)max : NAN;
}

/* No longer than the longest, which is known to the ns. */
static double percentile(const struct model *model, const struct node *node, double share)
{
	uint64_t hist[SHARED_HIST];
	uint64_t ns;

	if (!column_times(node, false, hist))
		return NAN;
	ns = model_percentile(hist, share);
	return ns ? fmin((double)ns, value_max(model, node)) : NAN;
}

static double value_p50(const struct model *model, const struct node *node)
{
	return percentile(model, node, 0.5);
}

static double value_p99(const struct model *model, const struct node *node)
{
	return percentile(model, node, 0.99);
}

/* Handling without halts: count and time of a node. */
static void handling(const struct node *node, uint64_t *timed, uint64_t *time_ns)
{
	const struct reason *reason = as_reason(node);

	*timed = node->recent.timed;
	*time_ns = node->recent.time_ns;
	if (reason)
		return;
	for (reason = node->reasons; reason; reason = reason->next) {
		if (!column_is_halt(reason))
			continue;
		*timed -= reason->node.recent.timed;
		*time_ns -= reason->node.recent.time_ns;
	}
}

static double value_average(const struct model *model, const struct node *node)
{
	uint64_t timed;
	uint64_t time_ns;

	(void)model;
	handling(node, &timed, &time_ns);
	return timed ? (double)time_ns / (double)timed : NAN;
}

static double value_time(const struct model *model, const struct node *node)
{
	uint64_t timed;
	uint64_t time_ns;
	uint64_t all_ns;

	(void)model;
	if (!node->parent)
		return NAN;
	if (as_reason(node) && column_is_halt(as_reason(node)))
		return NAN;
	handling(node, &timed, &time_ns);
	if (!timed)
		return NAN;
	handling(node->parent, &timed, &all_ns);
	return percent((double)time_ns, (double)all_ns);
}

static double value_cpu_time(const struct model *model, const struct node *node)
{
	return model->interval_ns ? percent(counter(model, node, COUNTER_CPU_NS), (double)model->interval_ns) : NAN;
}

static double rate_of(const struct model *model, double value)
{
	return isnan(value) ? NAN : rate(model, (uint64_t)value);
}

static double counter_rate(const struct model *model, const struct node *node,
			   enum shared_counter which)
{
	return rate_of(model, counter(model, node, which));
}

#define COUNTER_VALUE(name, which)							\
static double value_##name(const struct model *model, const struct node *node)	\
{											\
	return counter_rate(model, node, which);					\
}

COUNTER_VALUE(irq, COUNTER_IRQ_INJECTIONS)
COUNTER_VALUE(fault, COUNTER_PF_TAKEN)
COUNTER_VALUE(emulated, COUNTER_INSN_EMULATION)
COUNTER_VALUE(hypercalls, COUNTER_HYPERCALLS)
COUNTER_VALUE(migrations, COUNTER_MIGRATIONS)
COUNTER_VALUE(tlb, COUNTER_TLB_FLUSH)
COUNTER_VALUE(signals, COUNTER_SIGNAL_EXITS)

static double value_cpu(const struct model *model, const struct node *node)
{
	(void)model;
	if (node->type != NODE_VCPU || ((const struct vcpu *)node)->cpu < 0)
		return NAN;
	return ((const struct vcpu *)node)->cpu;
}

static double value_pid(const struct model *model, const struct node *node)
{
	(void)model;
	while (node && node->type != NODE_VM)
		node = node->parent;
	return node ? ((const struct vm *)node)->tgid : NAN;
}

static double value_tid(const struct model *model, const struct node *node)
{
	(void)model;
	return node->type == NODE_VCPU ? ((const struct vcpu *)node)->tid : NAN;
}

static double value_vcpus(const struct model *model, const struct node *node)
{
	if (node->type == NODE_HOST)
		return model->nr_vcpus;
	return node->type == NODE_VM ? ((const struct vm *)node)->nr_vcpus : NAN;
}

static void text_name(const struct node *node, char *buffer, size_t size)
{
	column_node_name(node, buffer, size);
}

static void text_top(const struct node *node, char *buffer, size_t size)
{
	const struct reason *top = node->type == NODE_REASON ? NULL : model_top_reason(node);
	char name[MODEL_NAME_SIZE];

	buffer[0] = '\0';
	if (!top)
		return;
	column_node_name(&top->node, name, sizeof(name));
	if (node->recent.exits && top->node.recent.exits)
		snprintf(buffer, size, "%.12s %.0f%%", name,
			 100.0 * (double)top->node.recent.exits / (double)node->recent.exits);
	else
		snprintf(buffer, size, "%s", name);
}

static void text_kind(const struct node *node, char *buffer, size_t size)
{
	const struct vm *vm = (const struct vm *)node;

	buffer[0] = '\0';
	if (node->type == NODE_VM)
		snprintf(buffer, size, "%s", vm->kind[0] ? vm->kind : vm->is_kvm2 ? "kvm2" : "kvm");
}

/* ---- the table ---- */

const struct column columns[] = {
	{ "name", "NAME", 26, COLUMN_TEXT, 0, true, NULL, text_name,
	  "The host, a VM, a vcpu of it, or a reason why it has left the guest; user: "
	  "is a reason to go to the VMM." },
	{ "exits", "EXITS/s", 8, COLUMN_NUMBER, 0, true, value_exits, NULL,
	  "Exits from the guest in a second, in the last refresh." },
	{ "share", "%EXITS", 6, COLUMN_PERCENT, 0, true, value_share, NULL,
	  "Its part of the exits of the line above it." },
	{ "user", "USER/s", 7, COLUMN_NUMBER, 1, true, value_user, NULL,
	  "Exits to user space, that is to the VMM, in a second." },
	{ "history", "LAST MINUTE", 12, COLUMN_HISTORY, 0, true, value_exits, NULL,
	  "Exits a second over the last 60 refreshes, the newest at the right; as many as fit." },
	{ "time", "TIME%", 5, COLUMN_PERCENT, 2, true, value_time, NULL,
	  "Its part of the time that exits take, from exit to entry, halts left out." },
	{ "avg", "AVG", 7, COLUMN_TIME, 2, true, value_average, NULL,
	  "Mean time from exit to entry in the last refresh; of lines with reasons below them, without "
	  "halts." },
	{ "p50", "P50", 7, COLUMN_TIME, 2, false, value_p50, NULL,
	  "Half of the exits took no longer; from a histogram, so up to a quarter too high." },
	{ "p99", "P99", 7, COLUMN_TIME, 2, true, value_p99, NULL,
	  "99 of 100 exits took no longer; from a histogram, so up to a quarter too high." },
	{ "max", "MAX", 7, COLUMN_TIME, 2, true, value_max, NULL,
	  "The longest since the start." },
	{ "run", "RUN%", 5, COLUMN_PERCENT, 0, true, value_run, NULL,
	  "Time of the vcpus in the guest. RUN%, KERN%, VMM%, RDY%, HALT%, POLL% and SLP% are all of "
	  "their time and in tier 2 measured; below, they are what the scheduler knows." },
	{ "kern", "KERN%", 5, COLUMN_PERCENT, 0, true, value_kern, NULL,
	  "Time in the kernel on behalf of the guest, without polling." },
	{ "vmm", "VMM%", 5, COLUMN_PERCENT, 0, true, value_vmm, NULL,
	  "Time in the VMM, on a processor." },
	{ "ready", "RDY%", 5, COLUMN_PERCENT, 0, true, value_ready, NULL,
	  "Time spent waiting for a processor: what the guest sees as stolen." },
	{ "halt", "HALT%", 5, COLUMN_PERCENT, 0, true, value_halt, NULL,
	  "Time asleep because the guest has halted the vcpu." },
	{ "poll", "POLL%", 5, COLUMN_PERCENT, 0, false, value_poll, NULL,
	  "Time that the kernel kept a halted vcpu on the processor, looking for work." },
	{ "sleep", "SLP%", 5, COLUMN_PERCENT, 2, false, value_sleep, NULL,
	  "Time asleep in the VMM or in the kernel, for another cause than a halt." },
	{ "top", "TOP REASON", 18, COLUMN_TEXT, 0, true, NULL, text_top,
	  "The most frequent reason and its part of the exits." },
	{ "total", "EXITS", 10, COLUMN_ID, 0, false, value_total, NULL,
	  "Exits since kvm2top began." },
	{ "utotal", "USER", 9, COLUMN_ID, 1, false, value_user_total, NULL,
	  "Exits to user space since kvm2top began." },
	{ "kernel", "KVM", 10, COLUMN_ID, 0, false, value_kernel, NULL,
	  "KVM's own count of the same exits." },
	{ "lost", "LOST", 5, COLUMN_ID, 0, false, value_lost, NULL,
	  "Exits that KVM has counted and kvm2top has not seen." },
	{ "irq", "IRQ/s", 6, COLUMN_NUMBER, 0, false, value_irq, NULL,
	  "Interrupts given to the guest in a second." },
	{ "fault", "PF/s", 6, COLUMN_NUMBER, 0, false, value_fault, NULL,
	  "Page faults of the guest that KVM took, in a second." },
	{ "emulated", "EMUL/s", 6, COLUMN_NUMBER, 0, false, value_emulated, NULL,
	  "Instructions that KVM has emulated, in a second." },
	{ "hypercalls", "HCALL/s", 7, COLUMN_NUMBER, 0, false, value_hypercalls, NULL,
	  "Hypercalls in a second." },
	{ "tlb", "TLB/s", 6, COLUMN_NUMBER, 0, false, value_tlb, NULL,
	  "Flushes of the guest's TLB in a second." },
	{ "signals", "SIG/s", 6, COLUMN_NUMBER, 0, false, value_signals, NULL,
	  "Exits to user space because of a signal, in a second." },
	{ "cputime", "CPU%", 5, COLUMN_PERCENT, 0, false, value_cpu_time, NULL,
	  "Processor time of the vcpu threads; 100 is one processor." },
	{ "migrations", "MIGR/s", 6, COLUMN_NUMBER, 0, false, value_migrations, NULL,
	  "Moves of vcpu threads from one processor to another, in a second." },
	{ "cpu", "CPU", 3, COLUMN_ID, 0, false, value_cpu, NULL,
	  "The processor that ran the vcpu last." },
	{ "vcpus", "VCPUS", 5, COLUMN_ID, 0, false, value_vcpus, NULL,
	  "How many vcpus there are." },
	{ "pid", "PID", 7, COLUMN_ID, 0, false, value_pid, NULL,
	  "The process of the VM." },
	{ "tid", "TID", 7, COLUMN_ID, 0, false, value_tid, NULL,
	  "The thread of the vcpu." },
	{ "kind", "VMM", 12, COLUMN_TEXT, 0, false, NULL, text_kind,
	  "What runs the VM, as libvirt or firecracker." },
};

const size_t nr_columns = sizeof(columns) / sizeof(columns[0]);

const struct column *column_find(const char *key, size_t length)
{
	for (size_t i = 0; i < nr_columns; i++)
		if (strlen(columns[i].key) == length && !strncmp(columns[i].key, key, length))
			return &columns[i];
	return NULL;
}

/* ---- cells ---- */

void column_print_number(double value, char buffer[static COLUMN_CELL_SIZE])
{
	static const char units[] = " kMGTPE";
	size_t unit = 0;

	if (value < 99.95 && value != floor(value)) {
		snprintf(buffer, COLUMN_CELL_SIZE, "%.1f", value);
		return;
	}
	if (value < 99999.5) {
		snprintf(buffer, COLUMN_CELL_SIZE, "%.0f", value);
		return;
	}
	while (value >= 999.5 && unit < sizeof(units) - 2) {
		value /= 1000;
		unit++;
	}
	snprintf(buffer, COLUMN_CELL_SIZE, value < 99.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
}

void column_print_time(double ns, char buffer[static COLUMN_CELL_SIZE])
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	size_t unit = 0;

	while (ns >= 999.5 && unit < 3) {
		ns /= 1000;
		unit++;
	}
	snprintf(buffer, COLUMN_CELL_SIZE, !unit || ns >= 99.95 ? "%.0f%s" : "%.1f%s", ns, units[unit]);
}

void column_print(const struct column *column, const struct model *model,
		  const struct node *node, char buffer[static COLUMN_CELL_SIZE])
{
	double value;

	if (column->text) {
		column->text(node, buffer, COLUMN_CELL_SIZE);
		return;
	}
	value = column->value(model, node);
	if (isnan(value)) {
		snprintf(buffer, COLUMN_CELL_SIZE, "-");
		return;
	}
	switch (column->format) {
	case COLUMN_PERCENT:
		snprintf(buffer, COLUMN_CELL_SIZE, value < 99.95 ? "%.1f" : "%.0f", value);
		break;
	case COLUMN_TIME:
		column_print_time(value, buffer);
		break;
	case COLUMN_ID:
		snprintf(buffer, COLUMN_CELL_SIZE, "%.0f", value);
		break;
	default:
		column_print_number(value, buffer);
	}
}
