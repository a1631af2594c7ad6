/* SPDX-License-Identifier: GPL-2.0 */
/* Tracing what happens now. */
#ifndef KVM2TRACE_LIVE_H
#define KVM2TRACE_LIVE_H

#include "options.h"

/* Until it ends; says what is wrong on stderr. Returns an exit status. */
int live_run(struct options *options);

#endif /* KVM2TRACE_LIVE_H */
