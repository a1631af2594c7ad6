/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * libkvm2trace: KVM's trace events, live from the kernel and decoded.
 *
 * Four objects, each usable without the others:
 *   source	reads the events of an own tracefs instance in order of time
 *   decoder	turns the bytes of a record into an event and its text
 *   tasks	what is known of a thread: its process, name, VM and vcpu
 *   counts	exits counted by VM, vcpu and reason
 * Only the source does I/O.
 *
 * Functions return 0 or more, or a negative errno; none prints or exits.
 * An object is used by one thread at a time. Pointers that are handed in are
 * borrowed for the call, unless said otherwise.
 */
#ifndef KVM2_TRACE_H
#define KVM2_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- records: what a source gives and a decoder takes ---- */

/**
 * struct kvm2_trace_record - an event as the kernel wrote it, or a gap
 * @time_ns:	CLOCK_MONOTONIC; of a gap, the event after it
 * @cpu:	where it was recorded
 * @lost:	0, else a gap: so many events were lost on @cpu before
 *		@time_ns; KVM2_TRACE_LOST_UNKNOWN if the kernel does not say
 * @data:	the event's bytes, NULL for a gap
 * @size:	bytes at @data
 */
struct kvm2_trace_record {
	uint64_t time_ns;
	int cpu;
	uint64_t lost;
	const void *data;
	size_t size;
};

#define KVM2_TRACE_LOST_UNKNOWN		UINT64_MAX

/* ---- decoder ---- */

/**
 * enum kvm2_trace_kind - what an event is, for those who count
 * @KVM2_TRACE_OTHER:		no exit
 * @KVM2_TRACE_EXIT_CPU:	the processor left the guest
 * @KVM2_TRACE_EXIT_KERNEL:	kvm2 has dealt with an exit by itself
 * @KVM2_TRACE_EXIT_USER:	control went to user space
 */
enum kvm2_trace_kind {
	KVM2_TRACE_OTHER,
	KVM2_TRACE_EXIT_CPU,
	KVM2_TRACE_EXIT_KERNEL,
	KVM2_TRACE_EXIT_USER,
	KVM2_TRACE_NR_KINDS,
};

/* "other", "cpu", "kernel", "user"; NULL for another value. */
const char *kvm2_trace_kind_name(enum kvm2_trace_kind kind);

#define KVM2_TRACE_VALUES_MAX		10

struct kvm2_trace_format;

/**
 * struct kvm2_trace_event - a record decoded
 * @system:	as "kvm2"; "" when the format is not known
 * @name:	as "kvm2_exit"
 * @tid:	the thread that was running, 0 for the idle task
 * @kind:	for those who count
 * @has_vm:	@vm is in the event
 * @has_vcpu:	@vcpu is in the event
 * @vm:		the VM's id, unique since boot
 * @vcpu:	the vcpu's id
 * @reason:	of an exit: its name, else NULL
 * @values:	fields that the event's decoder has read, in its own order
 * @record:	the record
 * @format:	the decoder's
 *
 * All strings live as long as the decoder.
 */
struct kvm2_trace_event {
	const char *system;
	const char *name;
	int tid;
	enum kvm2_trace_kind kind;
	bool has_vm;
	bool has_vcpu;
	uint64_t vm;
	uint32_t vcpu;
	const char *reason;
	uint64_t values[KVM2_TRACE_VALUES_MAX];
	struct kvm2_trace_record record;
	const struct kvm2_trace_format *format;
};

struct kvm2_trace_decoder;

/* NULL when there is no memory. */
struct kvm2_trace_decoder *kvm2_trace_decoder_create(void);
void kvm2_trace_decoder_destroy(struct kvm2_trace_decoder *decoder);

/**
 * kvm2_trace_decoder_add() - teach the decoder an event
 * @system: as "kvm"
 * @text:   the event's format file
 * @size:   bytes of @text
 * Return: 0; -EEXIST it knows an event of this number; -EINVAL @text is no
 *	   format file; -ENOMEM.
 */
int kvm2_trace_decoder_add(struct kvm2_trace_decoder *decoder,
			   const char *system, const char *text, size_t size);

/**
 * kvm2_trace_decode() - make an event of a record
 * @event: out; borrows the record's bytes
 *
 * A record of an event that was never added is decoded too, with @system ""
 * and @name "unknown".
 *
 * Return: 0; -EINVAL the record is a gap, or too short for its format.
 */
int kvm2_trace_decode(struct kvm2_trace_decoder *decoder,
		      const struct kvm2_trace_record *record,
		      struct kvm2_trace_event *event);

/**
 * kvm2_trace_text() - an event's fields, for people
 * @raw:    the words of the kernel, for every event
 * @buffer: out: NUL-terminated, one line, cut off at @size
 * @size:   not 0; 512 is plenty for what KVM has
 *
 * The record must still be there.
 *
 * Return: the length that the text has, or would have.
 */
size_t kvm2_trace_text(struct kvm2_trace_decoder *decoder,
		       const struct kvm2_trace_event *event, bool raw,
		       char *buffer, size_t size);

/**
 * struct kvm2_trace_field - a field of an event, as it was recorded
 * @name:	as "exit_reason"
 * @is_common:	every event has it, its name begins with common_
 * @is_number:	@number is its value; else @bytes are
 * @is_signed:	@number is an int64_t
 * @is_text:	@bytes are characters, without a NUL
 * @number:	its value
 * @bytes:	a part of the record; NULL: the record is broken
 * @size:	bytes at @bytes
 */
struct kvm2_trace_field {
	const char *name;
	bool is_common;
	bool is_number;
	bool is_signed;
	bool is_text;
	uint64_t number;
	const void *bytes;
	size_t size;
};

/**
 * kvm2_trace_event_field() - read a field by its number
 * @index: from 0, in the order of the format file
 * @field: out
 * Return: true; false: the event has not so many fields.
 */
bool kvm2_trace_event_field(const struct kvm2_trace_event *event,
			    unsigned int index, struct kvm2_trace_field *field);

/* Read a number by its name; false: the event has no such number. */
bool kvm2_trace_event_number(const struct kvm2_trace_event *event,
			     const char *name, uint64_t *number);

/*
 * Names without an event, in the running kernel's words where it has any, so
 * that a new reason needs no new version of the library. They live as long as
 * the decoder; NULL: it does not know the format of kvm:kvm_exit, or
 * kvm:kvm_userspace_exit.
 */

/* @isa: 1 VMX, 2 SVM; @code: exit_reason of the event. As "hlt". */
const char *kvm2_trace_cpu_exit_reason(struct kvm2_trace_decoder *decoder,
				       uint32_t isa, uint32_t code);

/* @reason: KVM_EXIT_* of linux/kvm.h. As "io". */
const char *kvm2_trace_user_exit_reason(struct kvm2_trace_decoder *decoder,
					uint32_t reason);

/* ---- names, from the lists of linux/kvm2.h and linux/kvm2_names.h ---- */

/* Room for any name that the next functions write, with its NUL. */
#define KVM2_TRACE_NAME_SIZE		40

/* "io"; "UNKNOWN(99)" for a value without a name. Returns @buffer. */
const char *kvm2_trace_exit_name(uint32_t reason,
				 char buffer[static KVM2_TRACE_NAME_SIZE]);

/* "EINTR" for 4 and -4; the number for one without a name. */
const char *kvm2_trace_errno_name(int error,
				  char buffer[static KVM2_TRACE_NAME_SIZE]);

/**
 * kvm2_trace_register_name() - a register as people call it
 * @set:    enum kvm2_set
 * @number: which of the set
 * @size:   bytes of its value: a vector register of 16 bytes is an xmm
 * @buffer: out
 *
 * A word alone ("rax", "cr0", "xmm3"), or for the sets that number their
 * registers otherwise the name of the set and, after a colon, a word or a
 * number: "msr:lstar", "msr:0x1234", "cpuid:0x7.1", "lapic:tpr".
 *
 * Return: @buffer
 */
const char *kvm2_trace_register_name(uint32_t set, uint64_t number,
				     uint32_t size,
				     char buffer[static KVM2_TRACE_NAME_SIZE]);

/* ---- tasks ---- */

#define KVM2_TRACE_COMM_SIZE		16
#define KVM2_TRACE_PROCESS_SIZE		32

/**
 * struct kvm2_trace_task - what is known of a thread
 * @tid:	the thread
 * @tgid:	its process; @tid as long as it is not known
 * @comm:	its name; "" as long as it is not known
 * @process:	the name of its VM, else that of its process, else ""
 * @has_vm:	it runs, or ran, a vcpu of @vm
 * @has_vcpu:	it runs, or ran, @vcpu
 * @vm:		the VM's id
 * @vcpu:	the vcpu's id
 */
struct kvm2_trace_task {
	int tid;
	int tgid;
	char comm[KVM2_TRACE_COMM_SIZE];
	char process[KVM2_TRACE_PROCESS_SIZE];
	bool has_vm;
	bool has_vcpu;
	uint64_t vm;
	uint32_t vcpu;
};

/**
 * kvm2_trace_task_lookup_fn - tell who a thread is
 * @task:    its @tid is given; @tgid, @comm, @process are written if known
 * @context: as given
 */
typedef void kvm2_trace_task_lookup_fn(struct kvm2_trace_task *task,
				       void *context);

struct kvm2_trace_tasks;

/**
 * kvm2_trace_tasks_create() - an empty table
 * @lookup:  called once for each thread met; NULL: none
 * @context: for @lookup
 * Return: the table, NULL when there is no memory.
 */
struct kvm2_trace_tasks *kvm2_trace_tasks_create(
		kvm2_trace_task_lookup_fn *lookup, void *context);
void kvm2_trace_tasks_destroy(struct kvm2_trace_tasks *tasks);

/**
 * kvm2_trace_tasks_note() - learn from an event who its thread is
 * Return: the thread, borrowed until the next call; NULL: no memory.
 */
const struct kvm2_trace_task *kvm2_trace_tasks_note(
		struct kvm2_trace_tasks *tasks,
		const struct kvm2_trace_event *event);

/* The thread, borrowed until the next note; NULL if none was noted. */
const struct kvm2_trace_task *kvm2_trace_tasks_find(
		const struct kvm2_trace_tasks *tasks, int tid);

/**
 * kvm2_trace_who() - whom an event is about, for people
 * @task:   its thread, may be NULL
 * @buffer: out: "vm1/0" VM and vcpu, "vm1", else "comm-tid"
 * Return: the length that the text has, or would have.
 */
size_t kvm2_trace_who(const struct kvm2_trace_event *event,
		      const struct kvm2_trace_task *task, char *buffer,
		      size_t size);

/* ---- counts ---- */

/**
 * struct kvm2_trace_count - exits of one vcpu for one reason
 * @tgid:	the VM's process
 * @process:	the VM's name, else that of the process, else ""
 * @has_vm:	@vm is known: a kvm2 VM
 * @has_vcpu:	@vcpu is known
 * @vm:		the VM's id
 * @vcpu:	the vcpu's id
 * @kind:	what kind of exit
 * @reason:	lives as long as the decoder
 * @count:	events since the counts were made
 * @recent:	those of them since kvm2_trace_counts_mark()
 * @timed:	exits whose times are known: what kvm2_trace_counts_add_fold()
 *		(kvm2/trace_fold.h) got
 * @kernel_ns:	of these, in KVM
 * @vmm_ns:	in user space
 * @wait_ns:	halted, or not on a processor
 * @max_ns:	the longest
 */
struct kvm2_trace_count {
	int tgid;
	char process[KVM2_TRACE_PROCESS_SIZE];
	bool has_vm;
	bool has_vcpu;
	uint64_t vm;
	uint32_t vcpu;
	enum kvm2_trace_kind kind;
	const char *reason;
	uint64_t count;
	uint64_t recent;
	uint64_t timed;
	uint64_t kernel_ns;
	uint64_t vmm_ns;
	uint64_t wait_ns;
	uint64_t max_ns;
};

struct kvm2_trace_counts;

/* NULL when there is no memory. */
struct kvm2_trace_counts *kvm2_trace_counts_create(void);
void kvm2_trace_counts_destroy(struct kvm2_trace_counts *counts);

/**
 * kvm2_trace_counts_add() - count an event, if it is an exit
 * @task: its thread as it is known now, or NULL
 * Return: 0 or -ENOMEM.
 */
int kvm2_trace_counts_add(struct kvm2_trace_counts *counts,
			  const struct kvm2_trace_event *event,
			  const struct kvm2_trace_task *task);

/* Begin a new interval for @recent. */
void kvm2_trace_counts_mark(struct kvm2_trace_counts *counts);

/**
 * kvm2_trace_counts_list() - all counts, in order
 * @tasks: tells the VM and the vcpu of those that were not known yet
 * @list:  out: sorted by VM, vcpu, kind, and count (the largest first);
 *	   borrowed until the next call with @counts
 * Return: number of counts, or -ENOMEM.
 */
ssize_t kvm2_trace_counts_list(struct kvm2_trace_counts *counts,
			       const struct kvm2_trace_tasks *tasks,
			       const struct kvm2_trace_count **list);

/* ---- source ---- */

#define KVM2_TRACE_PREFIX_MAX		32

/* Room for a filter. */
#define KVM2_TRACE_FILTER_SIZE		3072

/**
 * kvm2_trace_filter_fn - what of an event the kernel is to record
 * @decoder: has the event's format
 * @system:  as "kvm"
 * @name:    as "kvm_exit"
 * @text:    out: a filter, in the kernel's language
 * @size:    of @text: KVM2_TRACE_FILTER_SIZE
 * @context: as given
 * Return: 1 what is in @text; 0 all of them; a negative number: none.
 */
typedef int kvm2_trace_filter_fn(struct kvm2_trace_decoder *decoder,
				 const char *system, const char *name,
				 char *text, size_t size, void *context);

/**
 * struct kvm2_trace_config - what to trace
 * @prefix:	name of the program, as "kvm2trace": the tracefs instance is
 *		PREFIX-PID, and those of dead processes are removed
 * @events:	patterns SYSTEM:EVENT with *, ? and []; "kvm" is "kvm:*"
 * @nr_events:	number of @events
 * @required:	patterns that match nothing are an error
 * @pids:	processes or threads: only their threads, and those that they
 *		create, are traced
 * @nr_pids:	number of @pids; 0: all
 * @buffer_kb:	KiB for each processor; 0: 2048
 * @switches:	trace sched:sched_switch too, of the traced threads; without
 *		@pids of those that kvm2_trace_source_follow() names
 * @filter:	called for each event that matches @events; NULL: record all
 * @filter_context: for @filter
 */
struct kvm2_trace_config {
	const char *prefix;
	const char *const *events;
	size_t nr_events;
	bool required;
	const pid_t *pids;
	size_t nr_pids;
	size_t buffer_kb;
	bool switches;
	kvm2_trace_filter_fn *filter;
	void *filter_context;
};

/**
 * struct kvm2_trace_stats - is all accounted for?
 * @read:	events that were read from the kernel
 * @left:	events that are recorded and not read
 * @lost:	events that the kernel overwrote before they were read, or
 *		could not record
 */
struct kvm2_trace_stats {
	uint64_t read;
	uint64_t left;
	uint64_t lost;
};

struct kvm2_trace_source;

/* NULL when there is no memory. */
struct kvm2_trace_source *kvm2_trace_source_create(void);

/* Stops, and removes the tracefs instance. */
void kvm2_trace_source_destroy(struct kvm2_trace_source *source);

/**
 * kvm2_trace_source_open() - make the tracefs instance and start tracing
 * @source:  once
 * @config:  what to trace
 * @decoder: learns the formats of the events
 * Context: root, or whoever may write to tracefs.
 * Return: number of patterns of @config that match an event; or a negative
 *	   errno, and kvm2_trace_source_message() tells people what to do.
 */
int kvm2_trace_source_open(struct kvm2_trace_source *source,
			   const struct kvm2_trace_config *config,
			   struct kvm2_trace_decoder *decoder);

/**
 * kvm2_trace_source_follow() - trace when a thread leaves its processor
 * @tid: of a vcpu; the last KVM2_TRACE_FOLLOWED_MAX are followed
 *
 * Takes effect with the next read. Nothing happens unless the source was
 * opened with @switches and without @pids.
 */
void kvm2_trace_source_follow(struct kvm2_trace_source *source, int tid);

#define KVM2_TRACE_FOLLOWED_MAX		64

/* What failed, why, and the remedy; lives as long as @source. */
const char *kvm2_trace_source_message(const struct kvm2_trace_source *source);

/* Is an event that matches pattern number @index of the config traced? */
bool kvm2_trace_source_matched(const struct kvm2_trace_source *source,
			       size_t index);

/**
 * kvm2_trace_record_fn - take the next record
 * @record:  borrowed for the call
 * @context: as given
 * Return: 0: go on; more: stop reading here, this record has been taken;
 *	   a negative errno: the same, and give it back.
 */
typedef int kvm2_trace_record_fn(const struct kvm2_trace_record *record,
				 void *context);

/**
 * kvm2_trace_source_read() - read what has been recorded, in order of time
 * @until_ns: later events are left for the next call; UINT64_MAX: read all
 *
 * Processors are merged by time. An event may need a moment from its time
 * stamp until it can be read, so keep @until_ns a little behind the clock.
 * Does not wait.
 *
 * Return: 0 all read; 1 stopped by @take; or a negative errno.
 */
int kvm2_trace_source_read(struct kvm2_trace_source *source,
			   uint64_t until_ns, kvm2_trace_record_fn *take,
			   void *context);

/* Record no more; what has been recorded can still be read. */
int kvm2_trace_source_stop(struct kvm2_trace_source *source);

/* Record again after a stop. */
int kvm2_trace_source_start(struct kvm2_trace_source *source);

/* Return: 0 or a negative errno. */
int kvm2_trace_source_stats(struct kvm2_trace_source *source,
			    struct kvm2_trace_stats *stats);

/*
 * Who a thread is, from /proc, or from what the kernel has saved of a thread
 * that has ended: a kvm2_trace_task_lookup_fn, whose context is the source.
 */
void kvm2_trace_source_lookup(struct kvm2_trace_task *task, void *source);

#endif /* KVM2_TRACE_H */
