/* SPDX-License-Identifier: LGPL-2.1 */
/* The format of trace-cmd's files: what reader and writer have in common. */
#ifndef TRACE_FILE_FORMAT_H
#define TRACE_FILE_FORMAT_H

#define FILE_MAGIC		"\027\010\104tracing"
#define FILE_MAGIC_BYTES	10
/* From an event's thread to its name, and back. */
#define FILE_VERSION_WORDS	"kvm2trace " KVM2_VERSION

/* Options of version 6 and 7. */
enum file_option {
	FILE_OPTION_DONE = 0,
	FILE_OPTION_CPUSTAT = 2,
	FILE_OPTION_BUFFER = 3,
	FILE_OPTION_TRACECLOCK = 4,
	FILE_OPTION_UNAME = 5,
	FILE_OPTION_CPUCOUNT = 8,
	FILE_OPTION_VERSION = 9,
	FILE_OPTION_EVENT_FORMATS = 18,
	FILE_OPTION_FTRACE_EVENTS = 17,
	FILE_OPTION_CMDLINES = 21,
};

#endif /* TRACE_FILE_FORMAT_H */
