/* SPDX-License-Identifier: GPL-2.0 */
/* Who a thread is that writes to a guest's memory. */
#ifndef WRITER_H
#define WRITER_H

#include <sys/types.h>

#include "target.h"

/**
 * writer_find() - find a thread by its number
 * @pid:	the VMM
 * @number:	the thread's, as its own namespace of PIDs has it
 * @writer:	out: a thread of the VMM, or a foreign one; names have printable characters only
 */
void writer_find(pid_t pid, pid_t number, struct target_writer *writer);

#endif
