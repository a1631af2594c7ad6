/* SPDX-License-Identifier: GPL-2.0 */
/* What all ways to run kvm2top have in common: refreshes, and waiting for them. */
#ifndef KVM2TOP_PROGRAM_H
#define KVM2TOP_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "collector.h"
#include "model.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "tree.h"

#define NS_PER_SECOND		UINT64_C(1000000000)
#define PROGRAM_DETAILS_MAX	4096

struct recorder;
struct serve;
struct symbols;
struct action;

/**
 * struct program - all that there is
 * @recorder:	writes each refresh down; NULL: nobody does
 * @action:	what to do when a condition holds; NULL: nothing
 * @details:	what the exits of the process that is watched are about; NULL:
 *		nobody asks
 * @signals:	an fd: somebody wants it to end
 * @used_ns, @used_at_ns: processor time at the last refresh
 */
struct program {
	struct options options;
	const struct collector_ops *ops;
	struct collector *collector;
	struct model model;
	struct names *names;
	struct symbols *symbols;
	struct tree tree;
	struct output output;
	struct recorder *recorder;
	struct action *action;
	struct collector_detail *details;
	FILE *file;
	int signals;
	uint64_t used_ns;
	uint64_t used_at_ns;
};

/* What has woken it. */
enum program_event { PROGRAM_TIME, PROGRAM_KEY, PROGRAM_END };

/**
 * program_refresh() - read the numbers, name what is new, write it down
 * Return: 0; 1 at the end of a recording; or a negative errno.
 */
int program_refresh(struct program *program);

/**
 * program_wait() - until a time (of collector_now_ns()), or an event
 * @keys: an fd; -1: none
 */
enum program_event program_wait(struct program *program, uint64_t until_ns, int keys);

/* Both return 0 or a negative errno. */
int run_batch(struct program *program, struct serve *serve);
int run_live(struct program *program);

#endif /* KVM2TOP_PROGRAM_H */
