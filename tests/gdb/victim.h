/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest of tests/guests/held and its VMM, seen without a debugger: what one
 * has done to them, and whether it has left anything.
 */
#ifndef TESTS_GDB_VICTIM_H
#define TESTS_GDB_VICTIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define VICTIM_CODE_BYTES	16

struct debugged;

/**
 * struct victim - a guest
 * @counters, @stop, @loop, @compare, @end: its symbols
 * @memory:	where its memory begins in the VMM
 * @code:	of its loop, as it was built
 * @maps, @files, @programs: as they were before anybody came: the VMM's mappings, its files, the system's programs for BPF
 * @debugged:	tells what vcpus stop for; NULL: it is on kvm2, which tells itself
 */
struct victim {
	pid_t pid;
	uint64_t counters, stop, loop, compare, end;
	uint64_t memory;
	uint8_t code[VICTIM_CODE_BYTES];
	char *maps;
	unsigned int files;
	unsigned int programs;
	struct debugged *debugged;
};

/* What may be found. */
enum victim_trace {
	VICTIM_INT3,		/* its code is not its own */
	VICTIM_DEBUG,		/* a vcpu stops for debug events */
	VICTIM_PROTECTED,	/* writes to a page are held back */
	VICTIM_MAPPED,		/* the VMM has a mapping more, or one less */
	VICTIM_FILE,		/* or a file */
	VICTIM_PROGRAM,		/* the system has a BPF program or link more */
	VICTIM_TRACED,		/* a thread is traced, or stands */
	VICTIM_SYNCED,		/* KVM copies registers at each exit, or ends each entry at once */
	VICTIM_STANDS,		/* a vcpu does not count */
	VICTIM_TRACES,
};

/* In words. */
extern const char *const victim_trace_names[VICTIM_TRACES];

/* Ends the test if it cannot. */
void victim_open(struct victim *victim, pid_t pid, const char *guest);

bool victim_has(const struct victim *victim, enum victim_trace trace);

/*
 * Wait until nothing is left, and both vcpus count. Nobody is there any more to put anything in order; only the kernel
 * may, of what it had begun. Return: what was left all the time, VICTIM_TRACES: nothing.
 */
enum victim_trace victim_recovers(const struct victim *victim);

/* How its threads are, as notes. */
void victim_tell(const struct victim *victim);

#endif
