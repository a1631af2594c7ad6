/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The serial port in a process of its own (--device-process): the kernel
 * sends it the guest's accesses over one socket, and over another, the line,
 * it gives us what the guest writes and the level of its interrupt.
 *
 * Both ends are in this file. The process has no guest memory, no VM, and no
 * file but the two sockets.
 */
#ifndef KVM2RUN_SERIAL_PROCESS_H
#define KVM2RUN_SERIAL_PROCESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "console.h"
#include "failure.h"

/**
 * struct serial_process - our side of it
 * @pid:	0: there is none
 * @io_fd:	transactions; until they are the kernel's
 * @line_fd:	the line
 * @console:	what the line leads to
 * @takes_input: its input is for the serial port
 * @interrupt:	the level of the interrupt line has changed
 * @failed:	the process has ended before its time
 * @context:	of both; called by a thread of @line_fd
 * @lock:	protects @wants_input, and the order of input
 */
struct serial_process {
	pid_t pid;
	int io_fd;
	int line_fd;
	struct console *console;
	bool takes_input;
	void (*interrupt)(void *context, bool high);
	void (*failed)(void *context, const struct failure *failure);
	void *context;
	pthread_t thread;
	bool started;
	atomic_bool stopping;
	pthread_mutex_t lock;
	bool wants_input;
};

void serial_process_init(struct serial_process *process);

/**
 * serial_process_fork() - start the process
 * Context: no VM and no thread is there yet, and no guest memory.
 * Return: 0, or a negative errno with @failure set.
 */
int serial_process_fork(struct serial_process *process, struct failure *failure);

/**
 * serial_process_attach() - give it the port of the calling process' VM
 * @process:	console, interrupt, failed and context are set
 * Return: 0, or a negative errno with @failure set.
 */
int serial_process_attach(struct serial_process *process, struct failure *failure);

/* The console has something to read. Any thread. */
void serial_process_input(struct serial_process *process);

/*
 * The kernel says that it cannot go on with the process: @error, see struct
 * kvm2_exit_device. Return: -@error, with what is known of it in @failure.
 */
int serial_process_explain(const struct serial_process *process, int error,
			   struct failure *failure);

/* Ends it, when no vcpu is left; all that the guest wrote is written then. */
void serial_process_stop(struct serial_process *process);

#endif
