/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flight recorder: the rings are left alone, so that the kernel keeps what
 * happened last, until a guest dies or somebody wants to know.
 */
#ifndef KVM2TRACE_FLIGHT_H
#define KVM2TRACE_FLIGHT_H

#include "options.h"

#include <kvm2/trace.h>

/**
 * struct flight - what watches for deaths
 * @options:	what the user wants
 * @alarm:	a source of its own, with nothing but deaths
 * @decoder:	of these
 * @why:	of a death that was seen, "" if there was none
 * @tid:	the thread that it happened to
 * @files:	written up to now
 */
struct flight {
	const struct options *options;
	struct kvm2_trace_source *alarm;
	struct kvm2_trace_decoder *decoder;
	char why[KVM2_TRACE_NAME_SIZE];
	int tid;
	unsigned int files;
};

/* Begin to watch; returns 0 or an error, which has been told on stderr. */
int flight_init(struct flight *flight, const struct options *options);
void flight_fini(struct flight *flight);

/* Has a guest died? Returns 1, 0, or a negative errno. */
int flight_look(struct flight *flight);

/*
 * Write what @source has of the last seconds, and go on recording. @why is
 * told on stderr. Returns 0 or a negative errno.
 */
int flight_write(struct flight *flight, struct kvm2_trace_source *source,
		 const struct kvm2_trace_decoder *decoder, uint64_t epoch_ns,
		 const char *why);

#endif /* KVM2TRACE_FLIGHT_H */
