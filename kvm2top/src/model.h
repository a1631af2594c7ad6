/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model: host, VMs, vcpus, exit reasons, with what was counted since
 * kvm2top began and since the last refresh. Pure: a collector tells it
 * cumulative numbers, the views read it.
 *
 * A refresh:
 *	model_begin(model, now);
 *	vcpu = model_vcpu(model, &identity);		for each vcpu
 *	model_counters(model, vcpu, counters, known);	what there is of it
 *	model_exits(...), model_phases(...), model_times(...)
 *	model_end(model);
 *
 * Numbers that are lower than before, of a counter that began anew, count as
 * they are; nothing goes backwards.
 */
#ifndef KVM2TOP_MODEL_H
#define KVM2TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared.h"

#define MODEL_NAME_SIZE		64
#define MODEL_HISTORY		60	/* refreshes in a sparkline */
#define MODEL_BUCKETS		1024

/* Of what kind a reason is. */
enum model_kind {
	MODEL_CPU,		/* the processor left the guest */
	MODEL_USER,		/* KVM_EXIT_*: control went to user space */
	MODEL_USER_KVM2,	/* KVM2_EXIT_* */
	MODEL_COUNTER,		/* tier 0: a counter of KVM, by shared_counter */
	MODEL_NR_KINDS
};

enum node_type { NODE_HOST, NODE_VM, NODE_VCPU, NODE_REASON };

/**
 * struct tally - what is counted of every node
 * @exits:	exits of the processor; of a reason, its own
 * @user:	exits to user space
 * @kernel:	KVM's own count of what @exits counts
 * @timed:	exits whose time is known
 * @time_ns:	of these together
 * @part_ns:	of these, what it was spent on
 */
struct tally {
	uint64_t exits;
	uint64_t user;
	uint64_t kernel;
	uint64_t timed;
	uint64_t time_ns;
	uint64_t part_ns[NR_PHASES];
};

/**
 * struct account - what is counted of a host, VM or vcpu besides
 * @phase_ns:	all time of the vcpus, by enum shared_phase
 * @counters:	by enum shared_counter
 */
struct account {
	uint64_t phase_ns[NR_PHASES];
	uint64_t counters[NR_COUNTERS];
};

struct accounts {
	struct account total;
	struct account recent;
};

/**
 * struct times - how long exits took
 * @total:	as struct shared_slot has it, since the start
 * @recent:	in the last refresh
 * @max_ns:	the longest since the start
 */
struct times {
	uint64_t total[SHARED_HIST];
	uint32_t recent[SHARED_HIST];
	uint64_t max_ns;
};

/**
 * struct node - what is shown as a line
 * @type:	of which structure this is the first member
 * @parent:	the node above, NULL of the host
 * @total:	since the start
 * @recent:	since the last refresh
 * @accounts:	not of a reason
 * @reasons:	a list; not of a reason
 * @history:	exits a second, coded by model_history(), oldest first
 * @nr_history:	how many of @history are there
 * @expanded:	what is below is shown
 */
struct node {
	enum node_type type;
	bool expanded;
	uint8_t nr_history;
	uint8_t history[MODEL_HISTORY];
	struct node *parent;
	struct tally total;
	struct tally recent;
	struct accounts *accounts;
	struct reason *reasons;
};

/**
 * struct reason - exits of a node that have the same code
 * @node:	what is shown of it
 * @kind:	enum model_kind
 * @isa:	SHARED_VMX, SHARED_SVM or what the kernel gives
 * @code:	the exit code, dense; see shared.h
 * @raw:	the code that was last counted as SHARED_OTHER
 * @up:		the same reason of the VM, of the host; NULL: this is the host's
 * @last_count:	what the collector has said last
 * @last_slot:	the same, of times; of a vcpu's, or NULL
 * @times:	or NULL
 * @name:	of a host's reason; NULL until somebody names it
 * @recorded:	of a host's reason: its number in a recording, and 1
 * @recorded_raw: which @raw is in the recording
 */
struct reason {
	struct node node;
	enum model_kind kind;
	uint32_t isa;
	uint32_t code;
	uint32_t raw;
	struct reason *next;
	struct reason *up;
	uint64_t last_count;
	struct shared_slot *last_slot;
	struct times *times;
	char *name;
	uint32_t recorded;
	uint32_t recorded_raw;
};

/**
 * struct model_identity - who a vcpu is
 * @tgid, @start_ns:	its process
 * @kvm:		its VM within the process; 0: it has only one
 * @id, @tid:		its id and thread
 * @vm:			id of a kvm2 VM
 */
struct model_identity {
	uint32_t tgid;
	uint64_t start_ns;
	uint64_t kvm;
	bool is_kvm2;
	uint64_t vm;
	uint32_t id;
	uint32_t tid;
	const char *comm;
};

struct vcpu {
	struct node node;
	struct accounts accounts;
	struct vcpu *next;
	uint32_t id;
	uint32_t tid;
	uint64_t owner;			/* see model_vcpu_of() */
	int cpu;
	bool alive;			/* seen in this refresh */
	uint64_t gone_ns;		/* since when it is not */
	uint64_t last_exits;
	uint64_t last_user;
	uint64_t last_kernel;
	bool has_kernel;
	uint64_t last_phases[NR_PHASES];
	uint64_t last_counters[NR_COUNTERS];
	bool has_counters;
	uint32_t recorded;		/* its number in a recording, and 1 */
	bool recorded_alive;
};

struct vm {
	struct node node;
	struct accounts accounts;
	struct vm *next;
	struct vm *next_same;		/* in a bucket */
	uint32_t tgid;
	uint64_t start_ns;
	uint64_t kvm;
	bool is_kvm2;
	uint64_t id;			/* of a kvm2 VM */
	bool alive;
	uint64_t gone_ns;
	unsigned int nr_vcpus;
	struct vcpu *vcpus;
	struct vcpu *found;		/* the last one that was asked for, in this refresh */
	char name[MODEL_NAME_SIZE];	/* "" until named */
	char kind[24];			/* of VMM, "" until named */
	char comm[SHARED_COMM_SIZE];
	uint32_t recorded;		/* its number in a recording, and 1 */
	bool recorded_name;
};

/**
 * struct model - all of it
 * @host:	the sum of all VMs, those that have ended too
 * @vms:	the VMs
 * @begun_ns, @last_ns, @now_ns: of the first, last, this refresh
 * @interval_ns: between the last two; 0 at the first
 * @keep_ns:	how long a VM or vcpu is kept when it has gone
 * @refreshes:	how many there were
 * @nr_vms, @nr_vcpus: those that are there now
 * @ended_vms:	those that have gone since the start
 * @lost:	exits the collector knows that it has not counted
 * @no_memory:	something could not be counted for lack of memory
 * @kernel_unknown: nobody can say what KVM itself counts
 */
struct model {
	struct node host;
	struct accounts accounts;
	struct vm *vms;
	struct vm *buckets[MODEL_BUCKETS];
	uint64_t begun_ns;
	uint64_t last_ns;
	uint64_t now_ns;
	uint64_t interval_ns;
	uint64_t keep_ns;
	uint64_t refreshes;
	unsigned int nr_vms;
	unsigned int nr_vcpus;
	uint64_t ended_vms;
	uint64_t lost;
	bool no_memory;
	bool kernel_unknown;
};

void model_init(struct model *model);
void model_fini(struct model *model);

void model_begin(struct model *model, uint64_t now_ns);
void model_end(struct model *model);

/**
 * model_vcpu() - the vcpu of that name, made if it is new
 * Return: borrowed until model_end(); NULL: no memory.
 */
struct vcpu *model_vcpu(struct model *model, const struct model_identity *identity);

/* The same, of one who was there in the refresh before and is still the same. */
void model_vcpu_again(struct vcpu *vcpu, uint32_t tid);

#define MODEL_KVM_UNKNOWN	1

/**
 * model_vcpu_of() - the same, for one who does not know the VM's address
 * @kvm:   0 at first; what it is set to goes on to stand for that VM
 * @owner: who tells its numbers, not 0
 *
 * Two vcpus with the same id in one process are of two VMs, and their numbers
 * must not meet.
 */
struct vcpu *model_vcpu_of(struct model *model, struct model_identity *identity, uint64_t *kvm, uint64_t owner);

struct vm *model_vm_of(const struct vcpu *vcpu);

/**
 * model_counters() - what KVM counts of a vcpu
 * @fresh: it began after kvm2top: all of it counts
 */
void model_counters(struct model *model, struct vcpu *vcpu,
		    const uint64_t counters[static NR_COUNTERS], bool fresh);

/**
 * model_exits() - what was seen of a vcpu
 * @exits, @user: cumulative, from 0
 * @kernel:	  KVM's own count for the same time; UINT64_MAX: not known
 */
void model_exits(struct model *model, struct vcpu *vcpu, uint64_t exits, uint64_t user,
		 uint64_t kernel);

/* Where a vcpu's time went, cumulative. */
void model_phases(struct model *model, struct vcpu *vcpu,
		  const uint64_t phases[static NR_PHASES]);

/**
 * model_reason() - so many exits of a vcpu had that reason, cumulative
 * Return: it, borrowed as the vcpu; NULL: no memory.
 */
struct reason *model_reason(struct model *model, struct vcpu *vcpu, enum model_kind kind,
			    uint32_t isa, uint32_t code, uint32_t raw, uint64_t count);

/* How long these took, cumulative. */
void model_times(struct model *model, struct reason *reason, const struct shared_slot *slot);

/* The collector begins anew from 0: what it said before no longer compares. */
void model_rebase(struct model *model);

/* The same of the reasons and times of one vcpu. */
void model_rebase_vcpu(struct model *model, struct vcpu *vcpu);

/* Drop what was counted, keep who there is. */
void model_reset(struct model *model);

/* ---- what can be read off ---- */

/* @value of the last refresh, a second; 0 without a refresh. */
double model_rate(const struct model *model, uint64_t value);

/* The upper end, in ns, of where @share of those in the histogram are; 0: empty. */
uint64_t model_percentile(const uint64_t hist[static SHARED_HIST], double share);

/* The rate that a byte of a history stands for. */
double model_history(uint8_t code);

/* From where to where the histogram's column goes, in ns. */
uint64_t model_hist_from(unsigned int index);
uint64_t model_hist_to(unsigned int index);

/* The most frequent reason of a node's last refresh, else since the start; or NULL. */
const struct reason *model_top_reason(const struct node *node);

static inline struct vm *model_vm(struct node *node)
{
	return node && node->type == NODE_VM ? (struct vm *)node : NULL;
}

static inline struct vcpu *model_vcpu_of_node(struct node *node)
{
	return node && node->type == NODE_VCPU ? (struct vcpu *)node : NULL;
}

static inline struct reason *model_reason_of_node(struct node *node)
{
	return node && node->type == NODE_REASON ? (struct reason *)node : NULL;
}

/* The reason of the host that this is one of. */
static inline struct reason *model_root(struct reason *reason)
{
	while (reason->up)
		reason = reason->up;
	return reason;
}

/* Is it an exit of the processor, and so part of its parent's @exits? */
static inline bool model_is_hardware(const struct reason *reason)
{
	return reason->kind == MODEL_CPU;
}

#endif /* KVM2TOP_MODEL_H */
