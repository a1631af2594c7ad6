/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A conversation with gdb, without I/O: bytes go in by session_input(), what
 * is to be sent is in session->out.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buffer.h"
#include "hex.h"
#include "packet.h"
#include "told.h"
#include "vm.h"

#define SESSION_VMS_MAX		16

/* Files that gdb may have open at once. */
#define SESSION_FILES_MAX	16

/* The longest packet either side sends, without its frame. */
#define SESSION_PACKET_BYTES	(128 * 1024)

struct kernel;
struct program;
struct session;

/* What the session needs of its surroundings. Each returns 0 or -errno. */
struct session_host {
	/* Attach to the guest of a process. @why: for people, on an error. */
	int (*attach)(void *context, pid_t pid, bool wide, struct vm **vm, const char **why);
	/* The same for a program that is started for it, with its guest before the first instruction. NULL: none is. */
	int (*start)(void *context, char *const arguments[], bool wide, struct vm **vm, const char **why);
	/* What is started when gdb names no program; NULL: nothing. */
	char *const *program;
	/* The rows of `info os vms`, as XML. May be NULL. */
	int (*vms)(void *context, struct buffer *xml);
	/* What KVM counts of a guest, for people. May be NULL. */
	int (*exits)(void *context, pid_t pid, struct buffer *text);
	/* The folder whose files gdb may read; -1: none. */
	int folder;
	/* The guest's kernel with its symbols, NULL: not known. */
	const struct kernel *kernel;
	/* Write the frames of a run that has stopped to the file that there is for them. NULL: none. */
	int (*save_frames)(void *context, const struct vm *vm);
	/* After one conversation there may be another. */
	bool comes_back;
	void *context;
};

/* Which vcpu a packet is about. */
struct place {
	struct vm *vm;
	unsigned int vcpu;
};

/**
 * struct left_trace - what was collected of a VM that has been let go
 * @started:	of the process, which tells it from others of the same number
 * @register_bytes: as trace_register_bytes()
 */
struct left_trace {
	pid_t pid;
	uint64_t started;
	size_t register_bytes;
	struct trace *trace;
};

/**
 * struct left - what gdb has nothing to do with just now
 * @vms:	they are traced on, or were until they ended
 * @traces:	of others, for when they are attached to again
 */
struct left {
	struct vm *vms[SESSION_VMS_MAX];
	unsigned int nr_vms;
	struct left_trace traces[SESSION_VMS_MAX];
	unsigned int nr_traces;
};

/**
 * struct session - a conversation
 * @reply:	of the packet at work
 * @no_reply:	it gets none, or not yet
 * @last:	what was sent last, framed, in case it got lost
 * @resumed:	all-stop: the stop reply is owed
 * @tracing:	gdb takes console output before the reply to the packet at work
 * @told:	non-stop: gdb was told of a stop, and has not asked for more
 * @one_by_one:	and is to hear of others by another notification
 * @general, @control: of Hg and Hc
 * @files:	that gdb has open, -1: free
 * @values_told: of registers that gdb cannot write, or that are volatile
 * @left:	what gdb has nothing to do with just now
 * @program:	that gdb had started last, NULL: none
 * @is_last:	no other is to follow
 * @ended:	gdb is done (D, k, the end of its bytes)
 */
struct session {
	const struct session_host *host;
	struct packet_reader reader;
	struct buffer out;
	struct buffer reply;
	struct buffer last;
	struct buffer document;
	struct vm *vms[SESSION_VMS_MAX];
	unsigned int nr_vms;
	struct place general;
	struct place control;
	unsigned int listed;
	bool wide;
	bool no_reply;
	bool no_ack;
	bool start_no_ack;
	bool extended;
	bool multiprocess;
	bool error_message;
	bool swbreak;
	bool hwbreak;
	bool non_stop;
	bool resumed;
	bool tracing;
	bool told;
	bool one_by_one;
	bool ended;
	int interrupt_signal;
	int files[SESSION_FILES_MAX];
	struct told values_told;
	struct left left;
	struct program *program;
	bool is_last;
};

int session_init(struct session *session, const struct session_host *host, bool wide);

/* Detach from all guests. */
void session_fini(struct session *session);

/* Debug a VM; the session owns it then. */
int session_add_vm(struct session *session, struct vm *vm);
void session_remove_vm(struct session *session, struct vm *vm);

/* The one that gdb knows by this number. Return: NULL: there is none. */
struct vm *session_find_vm(const struct session *session, uint64_t pid);

/* It is still there, but gdb has nothing to do with it. */
void session_forget_vm(struct session *session, const struct vm *vm);

/*
 * gdb has gone, and all is ready for another one: guests that are traced on stay
 * and run, others are let go.
 */
void session_leave(struct session *session);

/* Another gdb is there: what is traced is held, and debugged again. */
void session_come(struct session *session);

/* Bytes from gdb. */
void session_input(struct session *session, const uint8_t *data, size_t size);

/* Something may have happened to a guest. */
void session_poll(struct session *session);

/* Does any vcpu run, or may do so without gdb? */
bool session_is_running(const struct session *session);

/* ---- leave.c ---- */

/* gdb detaches from a VM, which may be traced on. */
void leave_vm(struct session *session, struct vm *vm);

/* Nobody debugs it any more. What was collected stays, if anybody may ask for it. */
void leave_let_go(struct session *session, struct vm *vm);

/* One that has been attached to: it has again what was collected before. */
void leave_find_trace(struct session *session, struct vm *vm);

/* One that is there is gdb's again. Return: 0; -ENOENT there is none of this process. */
int leave_take_back(struct session *session, pid_t pid);

/* Let those be traced on that are. */
void leave_poll(struct session *session);

void leave_fini(struct session *session);

/* ---- program.c ---- */

/* End a guest that was started for gdb. Return: 0; a negative errno, and it is let go. */
int program_end(struct session *session, struct vm *vm);

void program_fini(struct session *session);

/* ---- for the packets' files ---- */

/* Take the packet in @cursor; the reply is in session->reply. */
void session_command(struct session *session, struct cursor cursor);

void reply_ok(struct session *session);
void reply_errno(struct session *session, int error);
void reply_error(struct session *session, int error, const char *text);

/* A thread id as gdb writes it. Return: false: malformed, or no such thread. */
bool parse_thread(const struct session *session, struct cursor *cursor, struct place *place,
		  bool *all_vms, bool *all_vcpus);
void print_thread(const struct session *session, struct buffer *text, struct place place);

/* All vcpus of all VMs that are there, in order. @at: 0 first. */
bool next_place(const struct session *session, unsigned int *at, struct place *place);

/* The vcpu that packets are about, and it is held. Return: false, and it is replied. */
bool has_vcpu(struct session *session, struct place *place);

/* What is past cannot be changed. Return: true, and it is replied. */
bool is_past(struct session *session, struct place place);

/* "ADDRESS,SIZE" */
bool parse_range(struct cursor *cursor, uint64_t *address, uint64_t *size);

/* Why @place stopped. */
void append_stop(struct session *session, struct buffer *text, struct place place,
		 struct stop stop);

/* The frames of a run that has stopped, if it is one of which they are to be kept. */
void session_save_frames(struct session *session, struct vm *vm);

/* Say something on gdb's console while the guest runs, or while a packet of tracepoints is at work. */
void session_print(void *session, const char *text, size_t length);

/* xfer.c: qXfer; @cursor is behind the colon. */
void command_xfer(struct session *session, struct cursor *cursor);

/* files.c: vFile; @cursor is behind the colon. */
void command_file(struct session *session, struct cursor *cursor);
void files_close(struct session *session);

/* register_packets.c */
void command_get_all(struct session *session, struct cursor *cursor);
void command_set_all(struct session *session, struct cursor *cursor);
void command_get_one(struct session *session, struct cursor *cursor);
void command_set_one(struct session *session, struct cursor *cursor);

/* memory_packets.c */
void command_read(struct session *session, struct cursor *cursor);
void command_read_binary(struct session *session, struct cursor *cursor);
void command_write(struct session *session, struct cursor *cursor);
void command_write_binary(struct session *session, struct cursor *cursor);
void command_search(struct session *session, struct cursor *cursor);
void command_crc(struct session *session, struct cursor *cursor);

/* trace_packets.c; cursors are behind the colon. */
void command_trace_define(struct session *session, struct cursor *cursor);
void command_trace_variable(struct session *session, struct cursor *cursor);
void command_trace_enable(struct session *session, struct cursor *cursor);
void command_trace_disable(struct session *session, struct cursor *cursor);
void command_trace_init(struct session *session, struct cursor *cursor);
void command_trace_start(struct session *session, struct cursor *cursor);
void command_trace_stop(struct session *session, struct cursor *cursor);
void command_trace_ignored(struct session *session, struct cursor *cursor);
void command_trace_disconnected(struct session *session, struct cursor *cursor);
void command_trace_save(struct session *session, struct cursor *cursor);
void command_trace_set_buffer(struct session *session, struct cursor *cursor);
void command_trace_status(struct session *session, struct cursor *cursor);
void command_trace_point_status(struct session *session, struct cursor *cursor);
void command_trace_value(struct session *session, struct cursor *cursor);
void command_trace_frame(struct session *session, struct cursor *cursor);
void command_trace_get_buffer(struct session *session, struct cursor *cursor);
void command_trace_source(struct session *session, struct cursor *cursor);
void command_trace_first_point(struct session *session, struct cursor *cursor);
void command_trace_next_point(struct session *session, struct cursor *cursor);
void command_trace_first_variable(struct session *session, struct cursor *cursor);
void command_trace_next_variable(struct session *session, struct cursor *cursor);

/* program.c; cursors are behind the semicolon. */
void command_run(struct session *session, struct cursor *cursor);
void command_kill(struct session *session, struct cursor *cursor);
void command_kill_all(struct session *session, struct cursor *cursor);

/* resume.c */
void command_vcont(struct session *session, struct cursor *cursor);
void command_vcont_query(struct session *session, struct cursor *cursor);
void command_continue(struct session *session, struct cursor *cursor);
void command_step(struct session *session, struct cursor *cursor);
void command_why(struct session *session, struct cursor *cursor);
void command_stopped(struct session *session, struct cursor *cursor);
void command_interrupt(struct session *session, struct cursor *cursor);

#endif
