/* SPDX-License-Identifier: GPL-2.0 */
/* Recording to a file, as the rings are: nothing is decoded meanwhile. */
#ifndef KVM2TRACE_RECORD_H
#define KVM2TRACE_RECORD_H

#include <kvm2/trace.h>
#include <kvm2/trace_file.h>

#include <stdbool.h>
#include <stdint.h>

#define RECORD_CPUS_MAX	8192

/**
 * struct record - a recording
 * @writer:	of the file
 * @tasks:	threads met up to now
 * @source:	where pages are from
 * @pages:	taken
 * @is_flight:	what is before the first page of a ring is no loss: it was to
 *		be overwritten
 * @since_ns:	pages that ended before are left out
 * @begun:	processors of which there is a page
 */
struct record {
	struct kvm2_trace_writer *writer;
	struct kvm2_trace_tasks *tasks;
	struct kvm2_trace_source *source;
	uint64_t pages;
	bool is_flight;
	uint64_t since_ns;
	bool begun[RECORD_CPUS_MAX];
};

/* Returns 0 or a negative errno. */
int record_init(struct record *record, struct kvm2_trace_source *source,
		const char *path);
void record_fini(struct record *record);

/* Write what there is. Returns 0 or a negative errno. */
int record_drain(struct record *record);

/* The file is complete afterwards. Returns 0 or a negative errno. */
int record_finish(struct record *record,
		  const struct kvm2_trace_decoder *decoder, uint64_t epoch_ns);

#endif /* KVM2TRACE_RECORD_H */
