/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Refreshes written to a file, and read again by collector_replay.
 *
 * The file: RECORD_MAGIC, then for each refresh a frame: RECORD_FRAME, the
 * length of what follows as four bytes (the lowest first), and that. All
 * numbers in a frame are of seven bits a byte, the lowest first, the highest
 * bit telling that there is more; texts are a length and the bytes. A frame is
 *
 *	time of day, ns	| time between refreshes, ns | flags | tier | cost, ns
 *	processor time of kvm2top, 1/1000 % | its memory | lost exits
 *	| collector | missing
 *
 * and then entries: enum record_entry, and its numbers. Counts are what has
 * come since the refresh before. VMs, vcpus and reasons are numbered as they
 * appear. A file that ends within a frame, as after a crash, ends before it.
 */
#ifndef KVM2TOP_RECORD_H
#define KVM2TOP_RECORD_H

#include <stdint.h>
#include <stdio.h>

#include "model.h"
#include "output.h"

#define RECORD_MAGIC	"kvm2top\001"
#define RECORD_FRAME	0xf5

/* Flags of a frame. */
#define RECORD_RESET		1	/* counts begin from zero again */
#define RECORD_DETACHED		2
#define RECORD_NO_MEMORY	4
#define RECORD_HAS_DETAILS	8

enum record_entry {
	RECORD_END,
	RECORD_VM,		/* tgid start_ns kvm is_kvm2 id comm */
	RECORD_VM_NAME,		/* VM name kind */
	RECORD_VCPU,		/* VM id tid */
	RECORD_REASON,		/* kind isa code raw name */
	RECORD_REASON_NAME,	/* reason name */
	RECORD_GONE,		/* vcpu: it is not there in this refresh */
	RECORD_BACK,		/* vcpu: it is there again */
	RECORD_COUNTS,		/* vcpu tid cpu+1 exits user kernel, counters, phases: which, and each */
	RECORD_EXITS,		/* vcpu reason exits */
	RECORD_TIMES,		/* vcpu reason count total max, parts: which, and each; buckets: how many,
				 * and for each how many are skipped, and its count */
	RECORD_DETAILS,		/* process; how many, and for each detail value count, since the watch began */
};

struct recorder;

/* Writes the head of the file. NULL: no memory; @file is borrowed. */
struct recorder *recorder_create(FILE *file);
void recorder_destroy(struct recorder *recorder);

/* Write a refresh. Return: 0 or a negative errno. */
int recorder_write(struct recorder *recorder, const struct output *output, struct model *model);

#endif /* KVM2TOP_RECORD_H */
