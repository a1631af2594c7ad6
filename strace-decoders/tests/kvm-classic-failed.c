/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Check decoding of the ioctls of /dev/kvm that fail. */
#define RETVAL -1
#include "kvm-classic.c"
