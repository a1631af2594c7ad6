/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of -e kvm2=summary. Calls are counted beside the decoders, which
 * strace does not call under -c. Rows are in a tree by their keys.
 */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_summary.h"

#include "kvm2_exit.h"
#include "kvm2_options.h"
#include "kvm2_print.h"
#include "kvm2_task.h"
#include "kvm_classic_run.h"
#include "sen.h"
#include "xmalloc.h"
#include "xstring.h"

#include <inttypes.h>
#include <linux/kvm.h>
#include <linux/kvm2.h>
#include <search.h>
#include <time.h>

/* More rows than that are one, so that no guest can fill the memory. */
#define ROWS_MAX	4096

/* Not an exit: the call failed. */
#define NO_EXIT		UINT32_MAX
#define OTHERS		(UINT32_MAX - 1)

/* An exit of the ioctl KVM_RUN: its own number in the low bits. */
#define CLASSIC		(1U << 31)
#define IS_CLASSIC(reason_)	\
	((reason_) != NO_EXIT && (reason_) != OTHERS && ((reason_) & CLASSIC))

/**
 * struct row - one kind of exit of one vcpu
 * @kind:     the same exit as kvm2 has it: what @detail means
 * @detail:   port and direction, page and direction, or MSR
 * @guest_ns: from entry to exit
 * @vmm_ns:   from the exit to the next entry, in the same thread
 * @handled:  how many of @vmm_ns there are: not of the last exit
 */
struct row {
	int tgid;
	int64_t vcpu;
	uint32_t reason;
	uint32_t kind;
	uint64_t detail;
	uint64_t calls;
	uint64_t handled;
	uint64_t guest_ns;
	uint64_t vmm_ns;
	uint64_t vmm_max_ns;
};

/* What a thread did last; by strace's pid, in a tree. */
struct last {
	int pid;
	uint64_t entry_ns;
	uint64_t exit_ns;
	struct row *row;
};

static void *rows;
static void *lasts;
static size_t nr_rows;

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

#define COMPARE(a_, b_)	(((a_) > (b_)) - ((a_) < (b_)))

static int
compare_rows(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	int order = COMPARE(a->tgid, b->tgid);

	if (!order)
		order = COMPARE(a->vcpu, b->vcpu);
	if (!order)
		order = COMPARE(a->reason, b->reason);
	if (!order)
		order = COMPARE(a->detail, b->detail);
	return order;
}

static int
compare_lasts(const void *x, const void *y)
{
	const struct last *a = x, *b = y;

	return COMPARE(a->pid, b->pid);
}

static struct last *
get_last(int pid)
{
	struct last key = { .pid = pid };
	struct last **place = tfind(&key, &lasts, compare_lasts);
	struct last *last;

	if (place)
		return *place;
	last = xzalloc(sizeof(*last));
	last->pid = pid;
	if (!tsearch(last, &lasts, compare_lasts))
		error_msg_and_die("out of memory");
	return last;
}

static struct row *
get_row(struct row *key)
{
	struct row **place = tfind(key, &rows, compare_rows);
	struct row *row;

	if (place)
		return *place;
	if (nr_rows >= ROWS_MAX && key->reason != OTHERS) {
		key->reason = OTHERS;
		key->detail = 0;
		return get_row(key);
	}
	row = xzalloc(sizeof(*row));
	row->tgid = key->tgid;
	row->vcpu = key->vcpu;
	row->reason = key->reason;
	row->kind = key->kind;
	row->detail = key->detail;
	if (!tsearch(row, &rows, compare_rows))
		error_msg_and_die("out of memory");
	nr_rows++;
	return row;
}

static uint64_t
detail_of(const struct kvm2_run *run)
{
	switch (run->exit_reason) {
	case KVM2_EXIT_IO:
		return (uint64_t) run->io.port << 1 | (run->io.direction & 1);
	case KVM2_EXIT_MMIO:
		return (run->mmio.gpa & ~0xfffULL) | !!run->mmio.is_write;
	case KVM2_EXIT_RDMSR:
	case KVM2_EXIT_WRMSR:
		return run->msr.index;
	default:
		return 0;
	}
}

static void
print_detail(FILE *file, const struct row *row)
{
	char text[32] = "";
	const char *name;

	switch (row->kind) {
	case KVM2_EXIT_IO:
		xsprintf(text, "%s 0x%" PRIx64, row->detail & 1 ? "out" : "in",
			 row->detail >> 1);
		break;
	case KVM2_EXIT_MMIO:
		xsprintf(text, "%s 0x%" PRIx64,
			 row->detail & 1 ? "write" : "read",
			 row->detail & ~0xfffULL);
		break;
	case KVM2_EXIT_RDMSR:
	case KVM2_EXIT_WRMSR:
		name = kvm2_msr_name(row->detail);
		if (name)
			snprintf(text, sizeof(text), "%s", name);
		else
			xsprintf(text, "0x%" PRIx64, row->detail);
		break;
	}
	fprintf(file, " %-20s", text);
}

static bool
is_classic(struct tcb *const tcp)
{
	return tcp_sysent(tcp)->sen == SEN_ioctl &&
	       (unsigned int) tcp->u_arg[1] == KVM_RUN;
}

static bool
is_counted(struct tcb *const tcp)
{
	return kvm2_options.summary &&
	       (tcp_sysent(tcp)->sen == SEN_kvm_enter_guest || is_classic(tcp));
}

void
kvm2_summary_entering(struct tcb *const tcp)
{
	struct last *last;

	if (!is_counted(tcp))
		return;
	last = get_last(tcp->pid);
	last->entry_ns = now_ns();
	if (last->row) {
		const uint64_t vmm_ns = last->entry_ns - last->exit_ns;

		last->row->handled++;
		last->row->vmm_ns += vmm_ns;
		last->row->vmm_max_ns = MAX(last->row->vmm_max_ns, vmm_ns);
		last->row = NULL;
	}
}

static void
set_key(struct row *key, uint32_t reason, const struct kvm2_run *run)
{
	key->reason = reason;
	key->kind = run->exit_reason;
	key->detail = detail_of(run);
}

static void
get_classic_key(struct tcb *const tcp, struct row *key)
{
	struct classic_exit exit;

	if (!kvm_classic_exit_fetch(tcp, &exit))
		set_key(key, CLASSIC | exit.reason, &exit.run);
}

void
kvm2_summary_exiting(struct tcb *const tcp)
{
	struct row key = { .reason = NO_EXIT };
	struct kvm2_run run;
	struct last *last;

	if (!is_counted(tcp))
		return;
	last = get_last(tcp->pid);
	last->exit_ns = now_ns();
	if (!last->entry_ns)
		return;
	if (syserror(tcp))
		key.detail = tcp->u_error;
	else if (is_classic(tcp))
		get_classic_key(tcp, &key);
	else if (!kvm2_exit_fetch(tcp, tcp->u_arg[0], &run))
		set_key(&key, run.exit_reason, &run);
	key.tgid = kvm2_task_get(tcp->pid)->tgid;
	key.vcpu = kvm2_task_vcpu(tcp->pid);
	last->row = get_row(&key);
	last->row->calls++;
	last->row->guest_ns += last->exit_ns - last->entry_ns;
}

/* twalk() has no argument for its action. */
static struct row **sorted;
static size_t nr_sorted;

static void
collect(const void *node, VISIT visit, int depth)
{
	if (visit == postorder || visit == leaf)
		sorted[nr_sorted++] = *(struct row *const *) node;
}

/* By process and vcpu, then the most expensive first. */
static int
compare_for_print(const void *x, const void *y)
{
	const struct row *a = *(struct row *const *) x;
	const struct row *b = *(struct row *const *) y;
	int order = COMPARE(a->tgid, b->tgid);

	if (!order)
		order = COMPARE(a->vcpu, b->vcpu);
	if (!order)
		order = COMPARE(b->guest_ns + b->vmm_ns, a->guest_ns + a->vmm_ns);
	return order ?: compare_rows(a, b);
}

/* A call that the kernel is to restart fails with an errno of its own. */
static const char *
error_name(int error)
{
	const char *name = strerrorname_np(error);

	if (name)
		return name;
	switch (error) {
	case 512: return "ERESTARTSYS";
	case 513: return "ERESTARTNOINTR";
	case 514: return "ERESTARTNOHAND";
	case 516: return "ERESTART_RESTARTBLOCK";
	default:  return "error";
	}
}

static void
print_row(FILE *file, const struct row *row)
{
	fprintf(file, "%7d ", row->tgid);
	if (row->vcpu >= 0)
		fprintf(file, "%4" PRId64 " ", row->vcpu);
	else
		fprintf(file, "%4s ", "?");
	if (row->reason == NO_EXIT && row->detail)
		fprintf(file, "%-24s %-20s", error_name(row->detail), "");
	else if (row->reason == NO_EXIT || row->reason == OTHERS)
		fprintf(file, "%-24s %-20s",
			row->reason == OTHERS ? "(others)" : "(unreadable)", "");
	else {
		fprintf(file, "%-24s", IS_CLASSIC(row->reason) ?
			kvm_classic_exit_name(row->reason & ~CLASSIC) :
			kvm2_exit_name(row->reason));
		print_detail(file, row);
	}
	fprintf(file, " %9" PRIu64 " %12.1f %12.1f %12.1f %12.1f\n", row->calls,
		row->guest_ns / 1e3, row->guest_ns / 1e3 / row->calls,
		row->handled ? row->vmm_ns / 1e3 / row->handled : 0.0,
		row->vmm_max_ns / 1e3);
}

void
kvm2_summary_print(FILE *file)
{
	if (!kvm2_options.summary)
		return;
	sorted = xcalloc(nr_rows + 1, sizeof(*sorted));
	twalk(rows, collect);
	qsort(sorted, nr_sorted, sizeof(*sorted), compare_for_print);

	fprintf(file, "%7s %4s %-24s %-20s %9s %12s %12s %12s %12s\n", "process",
		"vcpu", "exit", "detail", "calls", "guest us", "guest avg us",
		"vmm avg us", "vmm max us");
	for (size_t i = 0; i < nr_sorted; i++)
		print_row(file, sorted[i]);
	if (!nr_sorted)
		fprintf(file, "neither kvm_enter_guest nor KVM_RUN was seen\n");
	free(sorted);
}
