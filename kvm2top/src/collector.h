/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the numbers come from: one of several ways, each a collector_ops.
 *
 * A way that cannot be gone says why in one line, and what would help.
 */
#ifndef KVM2TOP_COLLECTOR_H
#define KVM2TOP_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model.h"

#define COLLECTOR_MESSAGE_SIZE	256

/**
 * struct collector_config - what to collect
 * @tier:	0 counters, 1 reasons, 2 times
 * @pid:	of one process; 0: all
 * @nr_rows:	how many vcpus there is room for
 * @recording:	the file of collector_replay
 * @why:	why a better way could not be gone; NULL
 * @idle_ns:	when there has been no VM for so long, KVM's module is not held
 *		any more; 0: it always is
 */
struct collector_config {
	int tier;
	pid_t pid;
	unsigned int nr_rows;
	const char *recording;
	const char *why;
	uint64_t idle_ns;
};

/**
 * struct collector_detail - what exits were about
 * @detail:	enum shared_detail
 * @value:	port, MSR, ...
 * @count:	since the watch began
 */
struct collector_detail {
	uint32_t detail;
	uint64_t value;
	uint64_t count;
};

/**
 * struct collector_past - a refresh of a recording
 * @collector:	where the numbers came from
 * @cpu_percent, @rss_bytes: of the kvm2top that has recorded it
 * @wall_ns:	time of day
 * @place, @places: which refresh, of how many
 */
struct collector_past {
	const char *collector;
	double cpu_percent;
	uint64_t rss_bytes;
	uint64_t wall_ns;
	uint64_t place;
	uint64_t places;
};

/**
 * struct collector_status - how it goes
 * @tier:	that is in use
 * @best:	the highest tier that it can be
 * @cost_ns:	of counting one exit, measured; 0: none or not known
 * @detached:	nothing is attached, because there is no VM
 * @missing:	what a better one would need; "" nothing
 * @past:	of a recording, what it says of itself; else NULL
 */
struct collector_status {
	int tier;
	int best;
	unsigned int cost_ns;
	bool detached;
	const char *missing;
	const struct collector_past *past;
};

struct collector;

/**
 * struct collector_ops - a way to the numbers
 * @name:	as shown
 * @open:	returns 0, or a negative errno and a @message
 * @set_tier:	returns 0 or a negative errno, and the tier is as it was
 * @read:	tells the model, between model_begin() and model_end(); 0, a
 *		negative errno, or 1: there is no more (of a recording)
 * @watch:	count what the exits of a process are about; 0: of none;
 *		NULL: it cannot
 * @details:	what was counted, unsorted; returns how many
 * @wake_fd:	readable when @wake should be called; -1, or NULL: none
 * @wake:	true: there should be a refresh; NULL: always
 * @now_ns:	the time of the next @read; NULL: now
 * @rewind:	of a recording: go to its first refresh, with a model that begins
 *		anew; NULL: it is none
 * @status:	always works
 * @close:	NULL is fine
 */
struct collector_ops {
	const char *name;
	int (*open)(struct collector **collector, const struct collector_config *config,
		    char message[static COLLECTOR_MESSAGE_SIZE]);
	int (*set_tier)(struct collector *collector, int tier);
	int (*read)(struct collector *collector, struct model *model);
	int (*watch)(struct collector *collector, pid_t pid);
	size_t (*details)(struct collector *collector, struct collector_detail *list, size_t room);
	int (*wake_fd)(struct collector *collector);
	bool (*wake)(struct collector *collector);
	uint64_t (*now_ns)(struct collector *collector);
	void (*rewind)(struct collector *collector);
	void (*status)(struct collector *collector, struct collector_status *status);
	void (*close)(struct collector *collector);
};

extern const struct collector_ops collector_bpf;
extern const struct collector_ops collector_hist;
extern const struct collector_ops collector_stream;
extern const struct collector_ops collector_stats;
extern const struct collector_ops collector_replay;

/* CLOCK_MONOTONIC. */
uint64_t collector_now_ns(void);

#endif /* KVM2TOP_COLLECTOR_H */
