/* SPDX-License-Identifier: GPL-2.0 */
/* Showing what was recorded. */
#ifndef KVM2TRACE_REPORT_H
#define KVM2TRACE_REPORT_H

#include "options.h"

/* Says what is wrong on stderr. Returns an exit status. */
int report_run(const struct options *options);

#endif /* KVM2TRACE_REPORT_H */
