/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc says of a process. */
#ifndef KVM2TOP_PROCESS_H
#define KVM2TOP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All of a small file, as a text. */
bool process_read(const char *path, char *text, size_t size);

/* What follows the name, which may contain anything, in a file called stat. */
const char *process_behind_name(const char *stat);

/* The scheduler's ticks. */
uint64_t process_ticks_to_ns(unsigned long long ticks);

/* Since the start of the machine; 0: there is no such process. */
uint64_t process_start_ns(pid_t tgid);

/* Its name, cut off; unchanged if there is no such process. */
void process_comm(pid_t tgid, char *comm, size_t size);

#endif /* KVM2TOP_PROCESS_H */
