/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Storms: many rounds of something that ends vcpus or VMs at a bad moment.
 */
#ifndef TESTS_VM_STORM_H
#define TESTS_VM_STORM_H

#include <linux/kvm2.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STORM_VCPUS	3

/* Argument of the program that storm_exec() starts: this one, again. */
#define STORM_AFTER_EXEC	"--after-exec"

/*
 * Each runs @rounds rounds, from number @first on, in the calling process
 * and its children. Return: whether all went as they should; if not, notes
 * have said what did not.
 */
bool storm_kill(unsigned int first, unsigned int rounds); /* storm_process.c */
bool storm_exec(unsigned int first, unsigned int rounds);
bool storm_fork(unsigned int first, unsigned int rounds);
bool storm_exit(unsigned int first, unsigned int rounds);
bool storm_adopt(unsigned int first, unsigned int rounds); /* storm_vcpu.c */
bool storm_dying(unsigned int first, unsigned int rounds);

/* What the program does that storm_exec() starts. Return: exit status. */
int storm_after_exec(void);

/* ---- storm_victim.c ---- */

/**
 * struct storm_board - what a storm and its children tell each other
 * @running:	vcpus that are about to enter the guest
 * @accesses:	reads and writes that storm_dying() got through
 */
struct storm_board {
	atomic_uint running;
	atomic_uint accesses;
};

extern struct storm_board *storm_board;

/* Before the first round. @board: shared; @seed: for storm_random() */
void storm_init(struct storm_board *board, unsigned int seed);

/* A number below @limit, the same for each run from one seed. */
unsigned int storm_random(unsigned int limit);

/*
 * Start @count threads with the vcpus @first and up, each in a guest that
 * does something else and never ends. With @here the last one is run by the
 * calling thread, and the function does not return.
 */
void storm_run_vcpus(unsigned int first, unsigned int count, bool here);

/* Create a VM, run storm_run_vcpus(), and never return. */
void storm_be_victim(unsigned int count) __attribute__((noreturn));

/* Wait until @count vcpus have been in the guest. Return: whether they were. */
bool storm_wait_running(unsigned int count);

/*
 * Reap a child. Return: its status as waitpid() gives it; -1 with a note on
 * what it hangs in when it has not ended after half a minute.
 */
int storm_reap(pid_t pid);

#endif /* TESTS_VM_STORM_H */
