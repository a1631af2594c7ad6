/* SPDX-License-Identifier: GPL-2.0 */
/* The frames of tracepoints as a trace file, which kvm2trace and trace-cmd read. */
#ifndef FRAMES_H
#define FRAMES_H

#include "vm.h"

/* Can there be a file? Return: 0 or a negative errno. */
int frames_try(const char *path);

/* All frames that a VM has, with their notes; what was there is replaced. Return: 0 or a negative errno. */
int frames_write(const char *path, const struct vm *vm);

#endif
